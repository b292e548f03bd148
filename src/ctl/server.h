// server: the control socket RUNDIR/control and its clients. Nothing a client does, or does not do,
// makes it wait or grow: input and output are bounded, and long answers are made as they are read.
// A client that is silent for client_idle_max_ms is dropped, and earlier where others wait for its
// place. A client that waits for a service may stay; some places are kept for the others.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "base/fd.h"
#include "base/limits.h"
#include "base/result.h"
#include "ctl/answer.h"
#include "ctl/controls.h"
#include "kernel/pollset.h"

namespace reeve {

class Server {
  public:
    Server(Supervisor& supervisor, Controls& controls)
        : supervisor_(supervisor), controls_(controls) {}

    // Makes the socket, mode 0600, in place of what may be there: to be called by the holder of the
    // lock. Without it the rest does nothing.
    Status open(const Text& path);
    // Goes on with the socket that an earlier program has made at `path`.
    void take(const Text& path, Fd listener);
    // No more clients than this at a time, where descriptors are scarce.
    void limit_clients(size_t most) { places_ = most; }
    // Makes the socket again where it is no longer there. Clients stay connected.
    Status reopen();

    // In each turn of the loop: before the wait, after it, and once all events are handled. What
    // the clients asked for is then in the supervisor's actions.
    void watch(PollSet& set);
    void serve(const PollSet& set, Now now);
    // Tells waiting clients what has come to pass, and drops the silent ones. Takes the
    // supervisor's entries.
    void settle(Now now);
    Mono next_deadline() const;

    // reeve executes itself again: tells all clients to ask again.
    void hand_over(Now now);

    // reeve ends: answers whoever waits, and removes the socket. Who waits for the end itself hears
    // of it from the kernel, when the process and its lock are gone.
    void close();

    size_t client_count() const { return client_count_; }

  private:
    struct Client {
        PolledFd socket;  // none: to be dropped
        Mono idle_until;  // while its request, or its reading, is waited for
        LongText input;   // the request so far
        LongText output;  // of the answer what it has not read yet, from `sent` on
        size_t sent = 0;
        std::optional<Answer> answer;  // none: the request is not complete yet
        bool more = false;             // the answer goes on as soon as there is room
        bool waits = false;            // for what may never come about
        bool over = false;             // nothing comes after `output`
        bool blocked = false;          // nothing is said before the socket takes it

        bool writes() const { return !output.empty() || more; }
        bool must_act() const { return !answer || writes(); }
    };

    bool is_ours() const;
    void accept_clients(Now now);
    void serve_client(Client& client, short result, Now now);
    void receive(Client& client, Now now);
    void begin(Client& client, Now now);
    void tell_others(const Client& client, const Request& request);
    bool may_wait(Client& client);
    void pump(Client& client, Now now);
    Mono patience_end(const Client& client) const;
    void drop_finished();
    // Calls visit(client) for each.
    template <typename F>
    void each_client(F visit);

    Supervisor& supervisor_;
    Controls& controls_;
    Text path_;
    PolledFd listener_;
    uint64_t device_ = 0;  // of the socket's file, to know it again
    uint64_t inode_ = 0;
    Mono accept_again_{0};  // after descriptors ran out
    bool pauses_ = false;
    std::array<std::unique_ptr<Client>, clients_max_count> clients_;
    size_t client_count_ = 0;
    size_t places_ = clients_max_count;  // how many there may be
};

}  // namespace reeve
