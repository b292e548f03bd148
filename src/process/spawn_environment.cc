#include "process/spawn_environment.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/result.h"
#include "base/sort.h"
#include "conf/keyvalue.h"
#include "kernel/sys.h"
#include "model/listen.h"

namespace reeve {

namespace {

constexpr char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::string_view listen_pid = "LISTEN_PID=";

// What is meant for reeve alone, or is told to each service anew.
constexpr std::string_view not_inherited[] = {
    "REEVE_SERVICE", "REEVE_INSTANCE", "REEVE_INSTANCES", "REEVE_PID",      "PWD",
    "OLDPWD",        "REEVE_EXIT",     "REEVE_SIGNAL",    "NOTIFY_SOCKET",  "WATCHDOG_PID",
    "WATCHDOG_USEC", "LISTEN_PID",     "LISTEN_FDS",      "LISTEN_FDNAMES", "REEVE_DIR",
    "REEVE_LOG",     "REEVE_STATE",    "container",
};

constexpr std::string_view too_many_names =
    "too many variables (the env_files of a service have at most 4096)";
static_assert(env_file_names_max_count == 4096 && env_file_max_bytes == 65536);  // in words

// The order of two entries by their names.
int compare_names(const char* a, const char* b) {
    while (*a == *b && *a != '=' && *a != '\0') ++a, ++b;
    const auto value = [](char c) { return c == '=' ? 0 : int{static_cast<unsigned char>(c)}; };
    return value(*a) - value(*b);
}

// Is the entry about the variable of that name? Most differ in their first byte, and this is asked
// hundreds of times for each start.
bool is_about(const char* entry, std::string_view name) {
    return entry[0] == name.data()[0] && std::strncmp(entry, name.data(), name.size()) == 0 &&
           (entry[name.size()] == '=' || entry[name.size()] == '\0');
}

class Builder {
  public:
    Builder(const SpawnRequest& request, SpawnPlan& plan, PrepareError& error)
        : request_(request), plan_(plan), error_(error) {}

    bool add_inherited();
    bool add_user(const Credentials& user);
    bool add_files();
    bool add_notify();
    bool add_instance();
    bool add_own();
    bool add_sockets();
    const char* make_listen_pid(uint64_t pid);
    // Leaves of each variable the entry that was set last.
    bool drop_replaced();
    bool rewrite_listen_pid();

  private:
    // Sets a variable; what it was before is dropped at the end. The entry is "NAME=value".
    bool set(const char* entry);
    // The same of "NAME=" and the value, put together in the scratch.
    bool set(std::string_view name, std::string_view value);
    bool add_file(const char* path);
    bool read_file(const char* path, Fd& fd, std::span<char>& text);
    bool parse_file(const char* path, std::span<char> text);
    bool set_line(std::span<char> line);

    const SpawnRequest& request_;
    SpawnPlan& plan_;
    PrepareError& error_;
    size_t from_files_ = 0;  // variables
};

bool too_large(PrepareError& error) {
    return error.fail(SpawnStep::prepare, E2BIG, "arguments and environment are too large");
}

bool Builder::set(const char* entry) {
    if (entry == nullptr) return too_large(error_);
    plan_.environment.push_back(entry);
    return true;
}

bool Builder::set(std::string_view name, std::string_view value) {
    return set(plan_.scratch.join({name, value}));
}

// reeve's own environment goes on as it is but to a service, which gets what is its business.
bool Builder::add_inherited() {
    const Definition& definition = *plan_.definition;
    bool is_main = plan_.mode == SpawnMode::main;
    if (request_.environment != nullptr && !definition.policy->env_clear) {
        for (const char* const* entry = request_.environment; *entry != nullptr; ++entry) {
            bool wanted = !is_about(*entry, "REEVE_RUN");
            for (std::string_view name : not_inherited)
                if (!is_main && is_about(*entry, name)) wanted = false;
            if (wanted) plan_.environment.push_back(*entry);
        }
    }
    // The kernel gives PID 1 none.
    if (!is_main && find_value(plan_.environment, "PATH") == nullptr) return set(default_path);
    return true;
}

bool Builder::add_user(const Credentials& user) {
    if (user.name.empty()) return true;
    std::string_view shell = !user.shell.empty() ? user.shell.view() : "/bin/sh";
    return set("HOME=", user.home.view()) && set("USER=", user.name.view()) &&
           set("LOGNAME=", user.name.view()) && set("SHELL=", shell);
}

bool Builder::add_files() {
    for (std::string_view path : plan_.definition->env_file)
        if (!add_file(path.data())) return false;
    return true;
}

// Without WATCHDOG_PID each process of its own may answer (sd_watchdog_enabled(3)).
bool Builder::add_notify() {
    if (!set("NOTIFY_SOCKET=", request_.notify_socket)) return false;
    const HealthRules* health = plan_.definition->health.get();
    if (health == nullptr || health->watchdog.ms == 0) return true;
    Buffer<24> us;
    us << health->watchdog.ms * 1000;
    return set("WATCHDOG_USEC=", us.view());
}

bool Builder::add_instance() {
    Buffer<16> count;
    count << uint64_t{request_.instances};
    return set("REEVE_INSTANCE=", request_.service->instance) &&
           set("REEVE_INSTANCES=", count.view());
}

bool Builder::add_own() {
    for (std::string_view entry : plan_.definition->env)
        if (!set(entry.data())) return false;
    const Service& service = *request_.service;
    if (!set("REEVE_SERVICE=", service.name)) return false;
    if (!service.instance.empty() && !add_instance()) return false;
    if (!request_.run_directory.empty() && !set("REEVE_RUN=", request_.run_directory)) return false;
    if (!request_.notify_socket.empty() && !add_notify()) return false;
    for (std::string_view entry : request_.extra_environment)
        if (!set(entry, "")) return false;
    return plan_.mode != SpawnMode::service || plan_.policy->listen.empty() || add_sockets();
}

// sd_listen_fds(3). The child writes its pid. The names are separated by colons, which a service's
// own name may have.
bool Builder::add_sockets() {
    Buffer<listen_max_count*(name_max_bytes + 1)> names;
    Buffer<8> count;
    for (const std::string_view value : plan_.policy->listen) {
        const Listen listen = listen_of(value);
        if (!names.empty()) names << ':';
        const std::string_view name =
            listen.name.empty() ? request_.service->name.view() : listen.name;
        for (const char c : name) names << (c == ':' ? '_' : c);
    }
    count << static_cast<uint64_t>(plan_.policy->listen.count());
    return set("LISTEN_FDS=", count.view()) && set("LISTEN_FDNAMES=", names.view()) &&
           set(make_listen_pid(0));
}

// An entry that says it for now, with room for what the child writes there.
const char* Builder::make_listen_pid(uint64_t pid) {
    constexpr size_t size = listen_pid.size() + listen_pid_digits_max;
    char* entry = plan_.scratch.take(size);
    if (entry == nullptr) return nullptr;
    Sink out(entry, size);
    append(out, listen_pid, pid);
    plan_.listen_pid = entry + listen_pid.size();
    return out.c_str();
}

// systemd and its like name us in LISTEN_PID; the descriptors are for CMD, which must find itself.
bool Builder::rewrite_listen_pid() {
    if (plan_.mode != SpawnMode::main) return true;
    for (const char*& each : plan_.environment) {
        if (!std::string_view(each).starts_with(listen_pid)) continue;
        const auto pid = parse_unsigned(each + listen_pid.size(), INT32_MAX);
        if (!pid || static_cast<pid_t>(*pid) != ::getpid()) return true;
        each = make_listen_pid(*pid);
        if (each == nullptr) return too_large(error_);
    }
    return true;
}

// In the order in which they were set. To look for each among all that are there already would take
// a second for the names that fit into an env_file, and reeve stands still meanwhile.
bool Builder::drop_replaced() {
    Strings& all = plan_.environment;
    List<uint32_t>& order = plan_.environment_order;
    order.clear();
    for (uint32_t i = 0; i < all.size(); ++i) order.push_back(i);
    sort(std::span<uint32_t>(order), [&](uint32_t a, uint32_t b) {
        const int difference = compare_names(all[a], all[b]);
        return difference < 0 || (difference == 0 && a < b);
    });
    for (size_t i = 0; i + 1 < order.size(); ++i)
        if (compare_names(all[order[i]], all[order[i + 1]]) == 0) order[i] = UINT32_MAX;
    sort(std::span<uint32_t>(order), [](uint32_t a, uint32_t b) { return a < b; });
    size_t kept = 0;
    for (const uint32_t place : order)
        if (place != UINT32_MAX) all[kept++] = all[place];
    all.resize(kept);
    return true;
}

// "-PATH" may be missing.
bool Builder::add_file(const char* path) {
    bool may_be_missing = path[0] == '-';
    if (may_be_missing) ++path;
    Fd fd(sys::open(path, O_RDONLY | O_NONBLOCK));
    if (!fd) {
        int code = errno;
        if (code == ENOENT && may_be_missing) return true;
        return error_.fail(SpawnStep::env_file, code, "env_file ", path, ": ", errno_text(code));
    }
    std::span<char> text;
    return read_file(path, fd, text) && parse_file(path, text);
}

// Reads the whole file into the scratch, with room for a NUL behind it.
bool Builder::read_file(const char* path, Fd& fd, std::span<char>& text) {
    auto refuse = [&](int code, std::string_view why) {
        return error_.fail(SpawnStep::env_file, code, path, ": ", why);
    };
    struct stat status {};
    if (sys::fstat(fd.get(), &status) < 0) {
        int code = errno;
        return refuse(code, errno_text(code));
    }
    if (!S_ISREG(status.st_mode)) return refuse(EINVAL, "it is not a regular file");
    if (status.st_size > static_cast<off_t>(env_file_max_bytes))
        return refuse(EFBIG, "it is too large (an env_file has at most 64K)");
    if (std::string_view(path).ends_with(".secret") && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return refuse(EPERM, "it holds secrets, and others may read it: chmod 600");
    size_t size = static_cast<size_t>(status.st_size);
    char* place = plan_.scratch.take(size + 1);
    if (place == nullptr) return too_large(error_);
    size_t filled = 0;
    while (filled < size) {
        ssize_t count = sys::read(fd.get(), place + filled, size - filled);
        if (count < 0) {
            int code = errno;
            return refuse(code, errno_text(code));
        }
        if (count == 0) break;
        filled += static_cast<size_t>(count);
    }
    text = {place, filled};
    return true;
}

// file = { [ line ] newline }
// line = # any | [ export blank ] NAME = value ; blanks around line and value are dropped
// value = ' any ' | " any " | any
// The entries stay where they were read. What a line says is never shown: it may be a secret.
bool Builder::parse_file(const char* path, std::span<char> text) {
    int line_number = 0;
    if (std::string_view(text.data(), text.size()).starts_with(byte_order_mark))
        text = text.subspan(byte_order_mark.size());
    while (!text.empty()) {
        ++line_number;
        auto* end = static_cast<char*>(std::memchr(text.data(), '\n', text.size()));
        size_t length = end == nullptr ? text.size() : static_cast<size_t>(end - text.data());
        if (!set_line(text.first(length))) {
            Buffer<16> number;
            number << line_number;
            return error_.fail(SpawnStep::env_file, EINVAL, path, ":", number.view(),
                               ": this is not NAME=value");
        }
        if (from_files_ > env_file_names_max_count)
            return error_.fail(SpawnStep::env_file, E2BIG, path, ": ", too_many_names);
        text = text.subspan(end == nullptr ? length : length + 1);
    }
    return true;
}

// There is a byte behind the line that may be overwritten. False: it is no assignment.
bool Builder::set_line(std::span<char> line) {
    std::string_view text(line.data(), line.size());
    if (text.ends_with('\r')) text.remove_suffix(1);
    text = trim(text);
    if (text.empty() || text.front() == '#') return true;
    constexpr std::string_view prefix = "export ";
    if (text.starts_with(prefix)) text = trim(text.substr(prefix.size()));
    size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos) return false;
    if (text.find_first_of(" \t") < equals || text.find('\0') != text.npos) return false;
    std::string_view value = trim(text.substr(equals + 1));
    bool quoted = value.size() >= 2 && value.front() == value.back() &&
                  (value.front() == '"' || value.front() == '\'');
    if (quoted) value = value.substr(1, value.size() - 2);
    char* entry = line.data() + (text.data() - line.data());
    if (!value.empty()) std::memmove(entry + equals + 1, value.data(), value.size());
    entry[equals + 1 + value.size()] = '\0';
    ++from_files_;
    return set(entry);
}

}  // namespace

const char* find_value(const Strings& environment, std::string_view name) {
    for (const char* entry : environment)
        if (is_about(entry, name) && entry[name.size()] == '=') return entry + name.size() + 1;
    return nullptr;
}

bool build_environment(const SpawnRequest& request, const Credentials* user, SpawnPlan& plan,
                       PrepareError& error) {
    plan.environment.clear();
    plan.listen_pid = nullptr;
    Builder builder(request, plan, error);
    return builder.add_inherited() && (user == nullptr || builder.add_user(*user)) &&
           builder.add_files() && builder.add_own() && builder.drop_replaced() &&
           builder.rewrite_listen_pid();
}

}  // namespace reeve
