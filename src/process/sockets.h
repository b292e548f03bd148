// sockets: what services listen on (`listen`). reeve opens a socket before the first start of its
// service and holds it until that is stopped, done or failed: who connects while nothing runs waits
// for the next run. They are a name's, not a process's.
#pragma once

#include <string_view>
#include <sys/types.h>

#include "base/list.h"
#include "core/supervisor.h"
#include "kernel/inherited.h"
#include "model/listen.h"
#include "process/spawn_plan.h"

namespace reeve {

class Sockets {
  public:
    explicit Sockets(Inherited& kept) : kept_(kept) {}

    // Places what the service listens on, as sd_listen_fds(3) has it, for a new process of its,
    // which will be that user. What is not open yet is opened, what its file does not name any
    // more is closed. False: `error` says why.
    bool open(const Service& service, uid_t user, List<Placement>& descriptors,
              PrepareError& error);
    // The service is in another state, perhaps, and listens no more once no instance of it does.
    void look_at(const Supervisor& supervisor, const Service& service);
    // NAME[@I] is no more.
    void forget(const Supervisor& supervisor, std::string_view full_name);
    // reeve ends.
    void close();

    // Takes what services have from before: what this reeve was, or by a copy from a process that
    // an earlier one has left. What nobody names is closed, once the definitions of all are known.
    void settle(const Supervisor& supervisor);

  private:
    struct Held {
        Text service;
        Text value;     // of `listen`
        Listen listen;  // points into it
        Fd fd;
        dev_t device;  // of the file, where it is a Unix socket
        ino_t inode;

        bool is_in_place(bool from_now_on);
    };

    // What the service has already, or has from before.
    const Held* take(std::string_view service, std::string_view value);
    const Held& hold(std::string_view service, std::string_view value, Fd fd);
    void close_others(std::string_view service, const Words& values);
    bool claim(const Service& service);
    void take_from_process(const Service& service);

    Inherited& kept_;
    List<Held> held_;
    bool is_settled_ = false;
};

}  // namespace reeve
