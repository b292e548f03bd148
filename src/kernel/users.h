// users: the user and the groups that a service runs with, read from /etc/passwd and /etc/group
// ourselves: the C library's own readers want NSS, which a static program cannot have.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <sys/types.h>

#include "base/format.h"
#include "base/limits.h"

namespace reeve {

struct UserFiles {
    const char* passwd = "/etc/passwd";
    const char* group = "/etc/group";
};

struct Credentials {
    uid_t uid = 0;
    gid_t gid = 0;
    std::array<gid_t, groups_max_count> groups{};  // the primary one first
    size_t group_count = 0;
    // Of /etc/passwd; all empty where the user has no entry there.
    Buffer<account_field_max_bytes + 1> name;
    Buffer<account_field_max_bytes + 1> home;
    Buffer<account_field_max_bytes + 1> shell;

    std::span<const gid_t> all_groups() const { return {groups.data(), group_count}; }
};

// Resolves "user[:group]", each a name or a number. A name that looks like a number is tried as a
// name first, as chown(1) does. A number needs no entry where the group is given too; a missing
// file counts as an empty one. The supplementary groups are those of the user's name, also where a
// group is given. Returns 0, or an errno value, with the whole sentence in `problem`: "user 'www'
// is not in /etc/passwd". Does not allocate.
int resolve_user(std::string_view user, Credentials& out, Sink& problem,
                 const UserFiles& files = {});

}  // namespace reeve
