// listen: a socket that reeve opens for a service, as a value of `listen` says it. Pure.
//
//   value  = "tcp:" address ":" port [ "," option ]... | "unix:" path [ "," option ]...
//   option = "name=" NAME | of a Unix socket: "mode=" OCTAL | "user=" USER | "group=" GROUP
//
// An address is numeric, that of IPv6 in brackets and for IPv6 alone; "*" or none at all is all of
// both versions. In a path there is no comma, and no blank.
#pragma once

#include <string_view>

#include "base/format.h"
#include "model/endpoint.h"

namespace reeve {

// Views are into the value.
struct Listen {
    Endpoint::Address address{};  // where there is no path
    bool both = false;            // the address is that of all IPv6 ones, and IPv4's are wanted too
    int mode = 0666;              // of a Unix socket
    std::string_view path;        // of a Unix socket; empty: it is TCP
    std::string_view user;        // that it is to belong to; empty: reeve's own
    std::string_view group;       // empty: the user's
    std::string_view name;        // in LISTEN_FDNAMES; empty: the service's

    // What two sockets that cannot be open at once have in common: a path, or an address and a
    // port.
    std::string_view where() const;
    // Of all addresses, where the system has none of IPv6.
    Listen without_ipv6() const;
    // Can a socket of the one be the other's as it is?
    bool is_like(const Listen& other) const {
        return where() == other.where() && both == other.both && mode == other.mode &&
               user == other.user && group == other.group;
    }
};

// False, with what is wrong with it.
bool parse_listen(std::string_view value, Listen& listen, Sink& problem);
// Of a value with which nothing is wrong.
Listen listen_of(std::string_view value);

}  // namespace reeve
