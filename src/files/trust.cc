#include "files/trust.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/format.h"
#include "base/limits.h"
#include "files/way.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;

constexpr mode_t others_write = S_IWGRP | S_IWOTH;

bool may_others_write(const char* path, const struct stat& status) {
    return (status.st_mode & others_write) != 0 && !sys::is_read_only(path);
}

// Whoever owns the root directory is as mighty as root here: in a user namespace that is whom root
// outside of it appears as.
uid_t owner_of_root() {
    struct stat status {};
    return sys::stat("/", &status) == 0 ? status.st_uid : 0;
}

bool may_be_above(uid_t owner) { return is_trusted_owner(owner) || owner == owner_of_root(); }

// What is wrong with a directory on the way to another one.
Text find_flaw_on_the_way(const char* path, const struct stat& status) {
    if (!may_be_above(status.st_uid) && !sys::is_read_only(path)) {
        Buffer<24> owner;
        owner << static_cast<uint64_t>(status.st_uid);
        return Text::join(path, ": uid ", owner,
                          " owns it and may rename what is in it: chown root ", path);
    }
    if ((status.st_mode & S_ISVTX) == 0 && may_others_write(path, status))
        return Text::join(path, ": group or others may rename what is in it: chmod go-w ", path,
                          " (or chmod +t)");
    return {};
}

}  // namespace

bool is_trusted_owner(uid_t owner) { return owner == 0 || owner == geteuid(); }

Fd open_trusted(const char* path) {
    Fd file(sys::open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
    struct stat status {};
    if (!file || sys::fstat(file.get(), &status) < 0) return {};
    if (S_ISREG(status.st_mode) && is_trusted_owner(status.st_uid)) return file;
    file.reset();
    errno = EPERM;
    return file;
}

Text find_flaw(std::string_view directory) {
    const Text path = directory;
    struct stat status {};
    if (sys::stat(path.c_str(), &status) < 0) return {};
    if (!is_trusted_owner(status.st_uid)) {
        Buffer<96> text;
        append(text, ": owned by uid ", static_cast<uint64_t>(status.st_uid), "; chown it to root");
        if (geteuid() != 0) append(text, " or to uid ", static_cast<uint64_t>(geteuid()));
        return Text::join(path, text);
    }
    if (!may_others_write(path.c_str(), status)) return {};
    return Text::join(path, ": group or others may write to it: chmod go-w ", path);
}

Text find_flaw_above(std::string_view directory) {
    Text flaw;
    auto see = [&](const char* path, const struct stat& status) {
        if (!S_ISLNK(status.st_mode))
            flaw = find_flaw_on_the_way(path, status);
        else if (!may_be_above(status.st_uid))
            flaw = Text::join(path, ": another user's link: rm ", path);
        return flaw.empty();
    };
    follow_way(directory, see);
    return flaw;
}

bool is_mount_point(const char* directory) {
    Path above;
    append(above, directory, "/..");
    struct stat own {};
    struct stat parent {};
    return sys::stat(directory, &own) == 0 && sys::stat(above.c_str(), &parent) == 0 &&
           own.st_dev != parent.st_dev;
}

Judgement judge_service_directory(std::string_view directory, bool in_container) {
    if (Text flaw = find_flaw(directory); !flaw.empty()) {
        const Text path = directory;
        return {!in_container || !is_mount_point(path.c_str()), std::move(flaw)};
    }
    Text flaw = find_flaw_above(directory);
    const bool refused = !flaw.empty() && geteuid() == 0 && !in_container;
    return {refused, std::move(flaw)};
}

Text private_run_directory(const Text& path) {
    struct stat status {};
    if (sys::stat(path.c_str(), &status) < 0 || !is_mount_point(path.c_str())) return path;
    if (status.st_uid == geteuid() && (status.st_mode & others_write) == 0) return path;
    Buffer<32> name;
    append(name, "/reeve-", static_cast<uint64_t>(geteuid()));
    return Text::join(path, name);
}

}  // namespace reeve
