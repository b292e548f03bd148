#include "svcheck/probe.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/un.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/result.h"
#include "base/text.h"
#include "conf/kind.h"
#include "kernel/platform.h"
#include "kernel/stream.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

// On the loopback interface a socket may be given the port that it connects to, and meet itself
// (RFC 9293, 3.5, simultaneous open).
bool is_own_peer(int socket) {
    Endpoint::Address own = {};
    Endpoint::Address peer = {};
    socklen_t own_length = sizeof own;
    socklen_t peer_length = sizeof peer;
    return ::getsockname(socket, &own.any, &own_length) == 0 &&
           ::getpeername(socket, &peer.any, &peer_length) == 0 && own_length == peer_length &&
           std::memcmp(&own, &peer, own_length) == 0;
}

int connect_to(const Endpoint& endpoint, Mono deadline, Fd& socket) {
    int code = 0;
    for (uint8_t i = 0; i < endpoint.count; ++i) {
        const Endpoint::Address& address = endpoint.addresses[i];
        const socklen_t length =
            address.any.sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6;
        int failure = connect_stream(&address.any, length, deadline, socket);
        if (failure == 0 && !is_own_peer(socket.get())) return 0;
        if (failure == 0) failure = ECONNREFUSED;
        // Of both loopback addresses the first is the one that people mean.
        if (i == 0) code = failure;
    }
    return code;
}

void append_unconnected(Sink& why, int code) {
    if (code == ETIMEDOUT)
        why << "no connection in time";
    else
        append(why, "connect: ", errno_text(code));
}

// Sends the request. False: `why` says why not.
bool ask(int socket, const Url& url, Mono deadline, Sink& why) {
    LongText request;
    // A reply to HTTP/1.0 comes in one piece, whose end is that of the connection.
    append(request, "GET ", url.path.empty() ? "/" : url.path, " HTTP/1.0\r\nHost: ", url.host,
           "\r\nUser-Agent: svcheck\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    const int code = send_all(socket, request, deadline);
    if (code == ETIMEDOUT)
        why << "the request was not taken in time";
    else if (code != 0)
        append(why, "send: ", errno_text(code));
    return code == 0;
}

// Adds what has come to the reply. 0: that was all. Below 0: errno says why there is no more.
ssize_t take_more(int socket, LongText& reply, Mono deadline) {
    char block[4096];
    for (;;) {
        const ssize_t count = sys::read(socket, block, sizeof block);
        if (count > 0) reply << std::string_view(block, static_cast<size_t>(count));
        if (count >= 0 || errno != EAGAIN) return count;
        if (wait_for(socket, POLLIN, deadline)) continue;
        errno = ETIMEDOUT;
        return -1;
    }
}

void append_unanswered(Sink& why, ssize_t last, std::string_view reply) {
    if (last < 0 && errno == ETIMEDOUT)
        why << "no answer in time";
    else if (last < 0)
        append(why, "read: ", errno_text(errno));
    else if (reply.empty())
        why << "the connection was closed without an answer";
    else {
        why << "no HTTP answer: ";
        append_shown(why, reply.substr(0, reply.find_first_of("\r\n")));
    }
}

// Where the body begins; npos: the fields are not there whole yet.
size_t body_of(std::string_view reply) {
    const size_t strict = reply.find("\r\n\r\n");
    const size_t plain = reply.find("\n\n");
    if (strict < plain) return strict + 4;
    return plain == reply.npos ? reply.npos : plain + 2;
}

// Is the text in the body? `before`: so much of the reply was looked at already.
bool has_text(std::string_view reply, size_t before, std::string_view text) {
    const size_t body = body_of(reply);
    if (body == reply.npos) return false;
    return reply.find(text, std::max(body, before - std::min(before, text.size()))) != reply.npos;
}

}  // namespace

bool probe_tcp(const Endpoint& endpoint, Mono deadline, Sink& why) {
    Fd socket;
    const int code = connect_to(endpoint, deadline, socket);
    if (code != 0) append_unconnected(why, code);
    return code == 0;
}

bool probe_unix(std::string_view path, Mono deadline, Sink& why) {
    Fd socket;
    const int code = connect_stream(path, deadline, socket);
    if (code == ENAMETOOLONG) {
        append(why, "the path is longer than a socket's may be (",
               uint64_t{sizeof sockaddr_un::sun_path - 1}, " bytes)");
        return false;
    }
    if (code != 0) append_unconnected(why, code);
    return code == 0;
}

bool probe_http(const Url& url, const Statuses& statuses, std::string_view contains, Mono deadline,
                Sink& why) {
    Fd socket;
    if (const int code = connect_to(url.endpoint, deadline, socket); code != 0) {
        append_unconnected(why, code);
        return false;
    }
    if (!ask(socket.get(), url, deadline, why)) return false;
    LongText reply;
    std::optional<int> status;
    ssize_t last = 1;
    while (last > 0 && reply.size() < probe_reply_max_bytes) {
        const size_t before = reply.size();
        last = take_more(socket.get(), reply, deadline);
        if (!status) status = status_of(reply);
        const bool is_well = status && *status >= statuses.first && *status <= statuses.last;
        if (status && !is_well) {
            append(why, "answered ", *status);
            return false;
        }
        if (is_well && (contains.empty() || has_text(reply, before, contains))) return true;
    }
    if (!status) {
        append_unanswered(why, last, reply);
        return false;
    }
    why << "its body has no ";
    append_shown(why, contains);
    if (last < 0) append(why, ", as far as it came: ", errno_text(errno));
    if (last > 0) append(why, " in its first ", uint64_t{probe_reply_max_bytes}, " bytes");
    return false;
}

bool probe_file(std::string_view path, Duration newer, Sink& why) {
    const Text name = path;
    struct stat status {};
    if (sys::stat(name.c_str(), &status) < 0) {
        why << errno_text(errno);
        return false;
    }
    const Duration age = sys::wall_now() - wall_of(status.st_mtime);
    if (newer.ms == 0 || age <= newer) return true;
    why << "last written ";
    append_span(why, age);
    why << " ago";
    return false;
}

bool probe_pid(std::string_view path, Sink& why) {
    const Text name = path;
    // A FIFO would keep us.
    const Fd file(sys::open(name.c_str(), O_RDONLY | O_NONBLOCK));
    char text[64];
    const ssize_t count = file ? sys::read(file.get(), text, sizeof text) : -1;
    if (count < 0) {
        why << errno_text(errno);
        return false;
    }
    std::string_view rest(text, static_cast<size_t>(count));
    const auto pid = parse_unsigned(trim(take_line(rest)), INT32_MAX);
    if (pid.value_or(0) == 0) {
        why << "it names no process";
        return false;
    }
    const auto process = static_cast<pid_t>(*pid);
    // Whose it is does not matter.
    const bool is_there = sys::kill(process, 0) == 0 || errno == EPERM;
    if (is_there && !platform::is_zombie(process)) return true;
    append(why, "process ", *pid, is_there ? " has ended" : " is not there");
    return false;
}

}  // namespace reeve
