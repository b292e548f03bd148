#include "ctl/server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr int backlog = 128;

// Who may not even ask gets a line, if it fits, and nothing else.
void turn_away(int fd, bool is_known) {
    Buffer<160> line;
    if (is_known)
        append_end(line, Outcome::not_permitted,
                   "only root and the user that reeve runs as may control it");
    else
        append_end(line, Outcome::failed, "reeve could not tell who asks (getsockopt): ask again");
    sys::sendto(fd, line.data(), line.size(), MSG_NOSIGNAL, nullptr, 0);
}

bool may_connect(int fd) {
    const auto peer = platform::peer_uid(fd);
    const bool may = peer && (*peer == 0 || *peer == geteuid());
    if (!may) turn_away(fd, peer.has_value());
    return may;
}

}  // namespace

// Made under another name and renamed, so that there is always one. Nobody can connect before
// listen(), when the mode is as it should be whatever the umask is.
Status Server::open(const Text& path) {
    path_ = path;
    const Text new_path = Text::join(path, ".new");
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (new_path.view().size() >= sizeof address.sun_path) return Error{"bind", path, ENAMETOOLONG};
    std::memcpy(address.sun_path, new_path.c_str(), new_path.view().size() + 1);
    Fd listener(sys::socket(AF_UNIX, SOCK_STREAM));
    if (!listener) return Error{"socket", path, errno};
    sys::unlink(new_path.c_str());
    if (sys::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return Error{"bind", new_path, errno};
    struct stat file = {};
    if (sys::chmod(new_path.c_str(), 0600) < 0) return Error{"chmod", new_path, errno};
    if (sys::listen(listener.get(), backlog) < 0) return Error{"listen", new_path, errno};
    if (sys::lstat(new_path.c_str(), &file) < 0) return Error{"stat", new_path, errno};
    if (sys::rename(new_path.c_str(), path.c_str()) < 0) return Error{"rename", path, errno};
    device_ = static_cast<uint64_t>(file.st_dev);
    inode_ = static_cast<uint64_t>(file.st_ino);
    listener_ = std::move(listener);
    return Nothing{};
}

void Server::take(const Text& path, Fd listener) {
    path_ = path;
    struct stat file = {};
    if (sys::lstat(path.c_str(), &file) < 0) return;
    device_ = static_cast<uint64_t>(file.st_dev);
    inode_ = static_cast<uint64_t>(file.st_ino);
    listener_ = std::move(listener);
}

bool Server::is_ours() const {
    struct stat file = {};
    return listener_ && sys::lstat(path_.c_str(), &file) == 0 &&
           static_cast<uint64_t>(file.st_dev) == device_ &&
           static_cast<uint64_t>(file.st_ino) == inode_;
}

Status Server::reopen() {
    if (path_.empty() || is_ours()) return Nothing{};
    return open(path_);
}

template <typename F>
void Server::each_client(F visit) {
    for (const std::unique_ptr<Client>& client : clients_)
        if (client) visit(*client);
}

void Server::watch(PollSet& set) {
    const bool accepts = listener_ && !pauses_ && client_count_ < places_;
    if (accepts) listener_.watch(set);
    each_client(
        [&](Client& client) { client.socket.watch(set, client.writes() ? POLLOUT : POLLIN); });
}

void Server::serve(const PollSet& set, Now now) {
    each_client([&](Client& client) {
        const short result = client.socket.result(set);
        if (result != 0) serve_client(client, result, now);
    });
    if (listener_.result(set) != 0) accept_clients(now);
    drop_finished();
}

void Server::accept_clients(Now now) {
    while (client_count_ < places_) {
        Fd socket(sys::accept(listener_.get()));
        if (!socket) {
            if (errno == ECONNABORTED) continue;
            // Out of descriptors or memory: the listener stays readable, and is left alone a while.
            pauses_ = errno != EAGAIN && errno != EWOULDBLOCK;
            accept_again_ = now.mono + milliseconds(accept_pause_ms);
            return;
        }
        if (!may_connect(socket.get())) continue;
        auto slot = clients_.begin();
        while (*slot) ++slot;
        slot->reset(new Client);
        ++client_count_;
        (*slot)->socket = std::move(socket);
        (*slot)->idle_until = now.mono + milliseconds(client_idle_max_ms);
    }
}

// What there is to say is said in settle(): whoever is told that something is done finds it in the
// status files as well.
void Server::serve_client(Client& client, short result, Now now) {
    if (!client.answer) return receive(client, now);
    const bool failed = (result & (POLLERR | POLLNVAL)) != 0;
    // One that waits has gone away, or spoken out of turn.
    if (failed || !client.writes()) return client.socket.reset();
    client.blocked = false;
}

void Server::receive(Client& client, Now now) {
    char bytes[1024];
    const ssize_t got = sys::read(client.socket.get(), bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return client.socket.reset();
    client.input << std::string_view(bytes, static_cast<size_t>(got));
    const bool whole = client.input.view().find('\n') != std::string_view::npos;
    if (whole || client.input.size() >= request_max_bytes) begin(client, now);
}

void Server::begin(Client& client, Now now) {
    Answer& answer = client.answer.emplace(supervisor_, controls_);
    const size_t end = client.input.view().find('\n');
    if (end >= request_max_bytes) {
        answer.refuse(Outcome::usage, "the request is too long");
    } else {
        Buffer<256> problem;
        const auto request = parse_request(client.input.view().substr(0, end), problem);
        if (request) {
            answer.begin(*request, now);
            tell_others(client, *request);
        } else {
            answer.refuse(Outcome::usage, problem.view());
        }
    }
    client.input = {};
    client.more = true;
    client.idle_until = now.mono + milliseconds(client_idle_max_ms);
}

// Who waits for the contrary of what this client wants hears of it, and of whom.
void Server::tell_others(const Client& client, const Request& request) {
    Buffer<256> who;
    append(who, "svctl ", name_of(request.command));
    if (!request.names.empty()) append(who, ' ', request.names.substr(0, shown_max_bytes));
    if (const auto user = platform::peer_uid(client.socket.get())) append(who, ", user ", *user);
    const pid_t process = platform::peer_pid(client.socket.get());
    if (process > 0) append(who, ", process ", static_cast<int64_t>(process));
    each_client([&](Client& other) {
        if (&other != &client && other.answer) other.answer->note_overtaker(who.view());
    });
}

// However many wait, reeve can still be asked what is wrong.
bool Server::may_wait(Client& client) {
    if (client.waits) return true;
    size_t waiting = 0;
    each_client([&](const Client& other) { waiting += other.waits; });
    client.waits = waiting + std::min(clients_spare_count, places_ / 2) < places_;
    if (client.waits) return true;
    Buffer<160> why;
    append(why, "no place for another client that waits, besides ", waiting,
           ": try again later; what was begun goes on");
    client.answer->stop_waiting(why.view());
    return false;
}

// Makes as much of the answer as there is room for, and sends what the client takes: at most one
// buffer a turn, however fast it reads.
void Server::pump(Client& client, Now now) {
    client.more = false;
    client.blocked = true;
    if (client.output.empty()) client.idle_until = now.mono + milliseconds(client_idle_max_ms);
    while (!client.over) {
        if (client.output.size() >= reply_buffer_max_bytes) {
            client.more = true;
            break;
        }
        const Answer::Step step = client.answer->next(client.output, now);
        if (step == Answer::Step::waits && may_wait(client)) break;
        client.over = step == Answer::Step::closed;
    }
    while (client.sent < client.output.size()) {
        const ssize_t sent =
            sys::sendto(client.socket.get(), client.output.data() + client.sent,
                        client.output.size() - client.sent, MSG_NOSIGNAL, nullptr, 0);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) client.socket.reset();
            return;
        }
        client.sent += static_cast<size_t>(sent);
        client.idle_until = now.mono + milliseconds(client_idle_max_ms);
    }
    client.output.clear();
    client.sent = 0;
    client.blocked = client.more;
    if (client.over) client.socket.reset();
}

void Server::settle(Now now) {
    const std::span<const Entry> entries = supervisor_.new_entries();
    each_client([&](Client& client) {
        if (client.answer) client.answer->entered(entries);
        if (!client.answer || client.blocked) {
            if (now.mono >= patience_end(client)) client.socket.reset();
            return;
        }
        client.answer->pass_deadline(now);
        pump(client, now);
    });
    supervisor_.pass_entries();
    drop_finished();
    if (pauses_ && now.mono >= accept_again_) pauses_ = false;
}

// When a client is dropped whose request or reading is waited for.
Mono Server::patience_end(const Client& client) const {
    const bool crowded = pauses_ || client_count_ == places_;
    if (!crowded) return client.idle_until;
    return Mono{client.idle_until.ms - client_idle_max_ms + client_idle_crowded_max_ms};
}

Mono Server::next_deadline() const {
    Mono next = pauses_ ? accept_again_ : no_deadline;
    for (const std::unique_ptr<Client>& client : clients_) {
        if (!client) continue;
        next = std::min(next, client->must_act() ? patience_end(*client)
                                                 : client->answer->next_deadline());
    }
    return next;
}

void Server::drop_finished() {
    for (std::unique_ptr<Client>& client : clients_) {
        if (!client || client->socket) continue;
        client.reset();
        --client_count_;
    }
}

void Server::hand_over(Now now) {
    each_client([&](Client& client) {
        client.over = true;
        if (client.answer) {
            client.answer->append_handover(client.output);
        } else {
            // Nothing is begun any more. What it has said is read: else it would be told nothing.
            char bytes[request_max_bytes];
            sys::read(client.socket.get(), bytes, sizeof bytes);
            client.output << "again\n";
        }
        pump(client, now);
        client.socket.reset();
    });
    drop_finished();
}

void Server::close() {
    const Now now{sys::mono_now(), sys::wall_now()};
    if (is_ours()) sys::unlink(path_.c_str());
    listener_.reset();
    each_client([&](Client& client) {
        if (client.answer && client.answer->awaits_end()) {
            client.socket.release();
        } else if (client.answer) {
            client.answer->conclude();
            do pump(client, now);
            while (client.socket && client.more && client.output.empty());
        }
        client.socket.reset();
    });
    drop_finished();
}

}  // namespace reeve
