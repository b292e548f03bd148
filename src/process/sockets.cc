#include "process/sockets.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sys/un.h>

#include "base/limits.h"
#include "core/takeover.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "kernel/users.h"
#include "process/notify.h"
#include "process/resume.h"

namespace reeve {

namespace {

constexpr auto nobody = static_cast<uid_t>(-1);

bool has_ended(State state) {
    return state == State::stopped || state == State::done || state == State::failed ||
           state == State::invalid;
}

struct LocalAddress : sockaddr_un {
    explicit LocalAddress(std::string_view path) : sockaddr_un{} {
        sun_family = AF_UNIX;
        std::memcpy(sun_path, path.data(), path.size());
    }
    const sockaddr* any() const { return reinterpret_cast<const sockaddr*>(this); }
};

// Opens one socket. What fails says why, with the value.
class Opener {
  public:
    Opener(std::string_view value, uid_t user, PrepareError& error)
        : value_(value), listen_(listen_of(value)), user_(user), error_(error) {}

    bool open() { return listen_.path.empty() ? open_tcp() : open_local(); }
    bool refuse(int code, std::string_view more = {}) {
        return error_.fail(SpawnStep::listen, code, "listen ", value_, ": ", errno_text(code),
                           more);
    }
    Fd fd;

  private:
    int make(int family);
    int bind(const sockaddr* address, socklen_t size);
    int bind_tcp(const Listen& listen);
    bool open_tcp();
    int bind_local(const LocalAddress& address);
    bool clear(const LocalAddress& address);
    bool find_owner();
    bool open_local();
    bool refuse_taken(pid_t holder);

    std::string_view value_;
    Listen listen_;
    uid_t user_;            // of the service
    uid_t owner_ = nobody;  // of a Unix socket, and its group; -1: as it is made
    gid_t group_ = nobody;
    PrepareError& error_;
};

// These give an errno value, or 0.
int Opener::make(int family) {
    fd = Fd(sys::socket(family, SOCK_STREAM));
    if (!fd) return errno;
    return may_be_held(fd.get()) ? 0 : EMFILE;
}

int Opener::bind(const sockaddr* address, socklen_t size) {
    return sys::bind(fd.get(), address, size) < 0 ? errno : 0;
}

// Connections of a run before do not keep the port.
int Opener::bind_tcp(const Listen& listen) {
    const Endpoint::Address& address = listen.address;
    const bool is_v6 = address.any.sa_family == AF_INET6;
    if (const int code = make(address.any.sa_family); code != 0) return code;
    sys::set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (is_v6 && sys::set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, listen.both ? 0 : 1) < 0)
        return errno;
    return bind(&address.any, is_v6 ? sizeof address.v6 : sizeof address.v4);
}

// With the mode that it is to have from the beginning: whose the directory is may put something
// else in its place as soon as it is there. A fault would take the umask along.
int Opener::bind_local(const LocalAddress& address) {
    if (const int code = make(AF_UNIX); code != 0) return code;
    hold_faults(true);
    const mode_t before = ::umask(static_cast<mode_t>(0777 & ~listen_.mode));
    const int code = bind(address.any(), sizeof(sockaddr_un));
    ::umask(before);
    hold_faults(false);
    return code;
}

bool Opener::refuse_taken(pid_t holder) {
    refuse(EADDRINUSE);
    if (holder <= 0) return false;
    append(error_.detail, " (process ", int64_t{holder}, ' ');
    platform::append_program(error_.detail, holder);
    error_.detail << " listens there)";
    return false;
}

// As long a queue as the system allows: all who connect during a restart are in it.
bool Opener::open_tcp() {
    int code = bind_tcp(listen_);
    if (code == EAFNOSUPPORT && listen_.both) code = bind_tcp(listen_.without_ipv6());
    if (code == 0 && sys::listen(fd.get(), INT_MAX) < 0) code = errno;
    // Of IPv6 the port is in the same place.
    if (code == EADDRINUSE)
        return refuse_taken(platform::listener_on(ntohs(listen_.address.v4.sin_port)));
    if (code == EACCES)
        return refuse(code, " (for ports below 1024 reeve is to be root, or have "
                            "CAP_NET_BIND_SERVICE)");
    return code == 0 || refuse(code);
}

bool Opener::open_local() {
    if (listen_.path.size() >= sizeof sockaddr_un{}.sun_path) return refuse(ENAMETOOLONG);
    const LocalAddress address(listen_.path);
    if (!find_owner()) return false;
    int code = bind_local(address);
    if (code == EADDRINUSE) {
        if (!clear(address)) return false;
        code = bind_local(address);
    }
    if (code != 0) return refuse(code);
    const bool is_given = owner_ != nobody || group_ != nobody;
    if ((!is_given || platform::give_socket(address.sun_path, owner_, group_) == 0) &&
        sys::listen(fd.get(), INT_MAX) == 0)
        return true;
    refuse(errno, errno == EPERM ? " (only root may give it to another)" : "");
    sys::unlink(address.sun_path);
    return false;
}

bool Opener::find_owner() {
    if (listen_.user.empty() && listen_.group.empty()) return true;
    Buffer<2 * account_field_max_bytes> name;
    name << listen_.user;
    if (listen_.user.empty()) name << uint64_t{geteuid()};
    if (!listen_.group.empty()) append(name, ':', listen_.group);
    Credentials credentials;
    Buffer<prepare_detail_max_bytes> problem;
    const int code = resolve_user(name.view(), credentials, problem);
    if (!listen_.user.empty()) owner_ = credentials.uid;
    group_ = credentials.gid;
    return code == 0 || error_.fail(SpawnStep::listen, code, "listen ", value_, ": ", problem);
}

// Takes away a socket that nobody listens on, of one that it may be of.
bool Opener::clear(const LocalAddress& address) {
    struct stat state;
    if (sys::lstat(address.sun_path, &state) < 0) return errno == ENOENT || refuse(errno);
    if (!S_ISSOCK(state.st_mode))
        return refuse(EEXIST, " and is no socket: remove it, or name another path");
    int code = make(AF_UNIX);
    if (code != 0) return refuse(code);
    code = sys::connect(fd.get(), address.any(), sizeof(sockaddr_un)) < 0 ? errno : 0;
    if (code == ENOENT) return true;
    if (code == 0 || code == EAGAIN || code == EPROTOTYPE)
        return refuse_taken(code == 0 ? platform::peer_pid(fd.get()) : 0);
    if (code != ECONNREFUSED) return refuse(code);
    if (state.st_uid != geteuid() && state.st_uid != user_ && state.st_uid != owner_)
        return refuse(EEXIST, ", another user's: remove it, or name another path");
    return sys::unlink(address.sun_path) == 0 || errno == ENOENT || refuse(errno);
}

}  // namespace

bool Sockets::open(const Service& service, uid_t user, List<Placement>& descriptors,
                   PrepareError& error) {
    const Words& values = service.policy().listen;
    if (values.empty() && held_.empty()) return true;
    close_others(service.name, values);
    int to = first_listen_fd;
    for (const std::string_view value : values) {
        const Held* held = take(service.name, value);
        if (held == nullptr) {
            Opener opener(value, user, error);
            for (const Held& other : held_)
                if (other.listen.where() == listen_of(value).where())
                    return opener.refuse(EADDRINUSE,
                                         Text::join(" (by the service ", other.service, ')'));
            if (!opener.open()) return false;
            held = &hold(service.name, value, std::move(opener.fd));
        }
        // What the run before has made of it is not for the next one, which expects to wait.
        if (service.instance.empty()) sys::fcntl(held->fd.get(), F_SETFL, 0);
        descriptors.push_back({held->fd.get(), to++});
    }
    return true;
}

const Sockets::Held* Sockets::take(std::string_view service, std::string_view value) {
    const Listen listen = listen_of(value);
    for (const Held& held : held_)
        if (held.service == service && held.listen.is_like(listen)) return &held;
    Fd fd = kept_.take_listener(listen);
    return fd ? &hold(service, value, std::move(fd)) : nullptr;
}

const Sockets::Held& Sockets::hold(std::string_view service, std::string_view value, Fd fd) {
    Held& held = held_.emplace_back();
    held.service = service;
    held.value = value;
    held.listen = listen_of(held.value);
    held.fd = std::move(fd);
    if (!held.listen.path.empty()) held.is_in_place(true);
    return held;
}

// Where that cannot be told now, it is.
bool Sockets::Held::is_in_place(bool from_now_on) {
    struct stat state {};
    if (sys::lstat(LocalAddress(listen.path).sun_path, &state) < 0) return errno != ENOENT;
    if (from_now_on) device = state.st_dev, inode = state.st_ino;
    return device == state.st_dev && inode == state.st_ino;
}

// The name of a Unix socket goes as well, where it is still that of this one. One that has lost its
// name cannot stay.
void Sockets::close_others(std::string_view service, const Words& values) {
    erase_if(held_, [&](Held& held) {
        if (!(held.service == service)) return false;
        const bool is_local = !held.listen.path.empty();
        const bool is_there = !is_local || held.is_in_place(false);
        const bool is_named =
            std::any_of(values.begin(), values.end(), [&](std::string_view value) {
                return listen_of(value).is_like(held.listen);
            });
        if (is_there && is_named) return false;
        if (is_there && is_local) sys::unlink(LocalAddress(held.listen.path).sun_path);
        return true;
    });
}

void Sockets::look_at(const Supervisor& supervisor, const Service& service) {
    if (!held_.empty() && has_ended(service.state)) forget(supervisor, service.name);
}

void Sockets::forget(const Supervisor& supervisor, std::string_view full_name) {
    if (held_.empty()) return;
    const std::string_view name = FullName::split(full_name).name;
    for (const ServiceId id : supervisor.instances_of(name))
        if (supervisor.at(id).used() && !has_ended(supervisor.at(id).state)) return;
    close_others(name, {});
}

void Sockets::close() {
    while (!held_.empty()) close_others(Text(held_.back().service), {});
}

// A definition that is not known, for its file cannot be read or has errors now, may name any.
void Sockets::settle(const Supervisor& supervisor) {
    if (is_settled_) return;
    is_settled_ = true;
    for (const Service& service : supervisor.services()) {
        if (!service.used() || has_ended(service.state)) continue;
        if (!service.definition || stands_in(*service.definition))
            is_settled_ = false;
        else if (!claim(service) && service.leader && !service.leader_gone)
            take_from_process(service);
    }
    if (is_settled_)
        kept_.close();
    else
        kept_.keep_listeners();
}

// False: some are not there.
bool Sockets::claim(const Service& service) {
    bool all = true;
    for (const std::string_view value : service.policy().listen)
        all = take(service.name, value) != nullptr && all;
    return all;
}

// What an earlier reeve has opened died with it, but for the copies in the process that it ran.
void Sockets::take_from_process(const Service& service) {
    const Fd process(platform::open_process(service.leader.pid));
    constexpr int end = first_listen_fd + static_cast<int>(listen_max_count);
    for (int number = first_listen_fd; process && number < end; ++number) {
        const int copy = platform::copy_descriptor(process.get(), number);
        if (copy >= 0) kept_.take_over({&copy, 1});
    }
    claim(service);
}

}  // namespace reeve
