#include "ctl/server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "host/platform.h"
#include "host/sys.h"

namespace reeve {

namespace {

constexpr int backlog = 128;

// Who may not even ask gets a line, if it fits, and nothing else.
void turn_away(int fd) {
    Buffer<160> line;
    append_end(line, Outcome::not_permitted,
               "only root and the user that reeve runs as may control it");
    sys::sendto(fd, line.data(), line.size(), MSG_NOSIGNAL, nullptr, 0);
}

bool may_connect(int fd) {
    const auto peer = platform::peer_uid(fd);
    return peer && (*peer == 0 || *peer == geteuid());
}

}  // namespace

// Made under another name and renamed, so that there is always one. Nobody can connect before
// listen(), when the mode is as it should be whatever the umask is.
Status Server::open(const std::string& path) {
    path_ = path;
    const std::string new_path = path + ".new";
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (new_path.size() >= sizeof address.sun_path) return Error{"bind", path, ENAMETOOLONG};
    std::memcpy(address.sun_path, new_path.c_str(), new_path.size() + 1);
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
    const bool accepts = listener_ && !pauses_ && client_count_ < clients_max_count;
    place_ = accepts ? set.add(listener_.get(), POLLIN) : SIZE_MAX;
    each_client([&](Client& client) {
        client.place = set.add(client.socket.get(), client.writes() ? POLLOUT : POLLIN);
    });
}

void Server::serve(const PollSet& set, Now now) {
    each_client([&](Client& client) {
        const short result = client.place == SIZE_MAX ? short{0} : set.result(client.place);
        client.place = SIZE_MAX;
        if (result != 0) serve_client(client, result, now);
    });
    if (place_ != SIZE_MAX && set.result(place_) != 0) accept_clients(now);
    place_ = SIZE_MAX;
    drop_finished();
}

void Server::accept_clients(Now now) {
    while (client_count_ < clients_max_count) {
        Fd socket(sys::accept(listener_.get()));
        if (!socket) {
            if (errno == ECONNABORTED) continue;
            // Out of descriptors or memory: the listener stays readable, and is left alone a while.
            pauses_ = errno != EAGAIN && errno != EWOULDBLOCK;
            accept_again_ = now.mono + milliseconds(accept_pause_ms);
            return;
        }
        if (!may_connect(socket.get())) {
            turn_away(socket.get());
            continue;
        }
        auto slot = clients_.begin();
        while (*slot) ++slot;
        slot->reset(new Client);
        ++client_count_;
        (*slot)->socket = std::move(socket);
        (*slot)->idle_until = now.mono + milliseconds(client_idle_max_ms);
    }
}

void Server::serve_client(Client& client, short result, Now now) {
    if (!client.answer) return receive(client, now);
    if (client.writes()) {
        if ((result & (POLLERR | POLLNVAL)) != 0) return client.socket.reset();
        return pump(client, now);
    }
    client.socket.reset();  // it waits, and has gone away or spoken out of turn
}

void Server::receive(Client& client, Now now) {
    char bytes[1024];
    const ssize_t got = sys::read(client.socket.get(), bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return client.socket.reset();
    client.input.append(bytes, static_cast<size_t>(got));
    const bool whole = client.input.find('\n') != std::string::npos;
    if (whole || client.input.size() >= request_max_bytes) begin(client, now);
}

void Server::begin(Client& client, Now now) {
    Answer& answer = client.answer.emplace(supervisor_, controls_);
    const size_t end = client.input.find('\n');
    if (end >= request_max_bytes) {
        answer.refuse(Outcome::usage, "the request is too long");
    } else {
        Buffer<256> problem;
        const auto request = parse_request(std::string_view(client.input).substr(0, end), problem);
        if (request)
            answer.begin(*request, now);
        else
            answer.refuse(Outcome::usage, problem.view());
    }
    std::string().swap(client.input);
    client.more = true;
    pump(client, now);
}

// Makes as much of the answer as there is room for, and sends what the client takes: at most one
// buffer a turn, however fast it reads.
void Server::pump(Client& client, Now now) {
    client.more = false;
    if (client.output.empty()) client.idle_until = now.mono + milliseconds(client_idle_max_ms);
    while (!client.over) {
        if (client.output.size() >= reply_buffer_max_bytes) {
            client.more = true;
            break;
        }
        const Answer::Step step = client.answer->next(client.output, now);
        if (step == Answer::Step::waits) break;
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
    if (client.over) client.socket.reset();
}

void Server::settle(Now now) {
    if (pauses_ && now.mono >= accept_again_) pauses_ = false;
    std::vector<Entry>& entries = supervisor_.entries();
    each_client([&](Client& client) {
        if (client.answer) client.answer->entered(entries);
        if (client.must_act()) {
            if (now.mono >= client.idle_until) client.socket.reset();
            return;
        }
        client.answer->pass_deadline(now);
        pump(client, now);
    });
    entries.clear();
    drop_finished();
}

Mono Server::next_deadline() const {
    Mono next = pauses_ ? accept_again_ : no_deadline;
    for (const std::unique_ptr<Client>& client : clients_) {
        if (!client) continue;
        next = std::min(next,
                        client->must_act() ? client->idle_until : client->answer->next_deadline());
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
