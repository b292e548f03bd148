#include "files/directory.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/sort.h"
#include "base/spelling.h"
#include "base/text.h"
#include "conf/load.h"
#include "files/trust.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr mode_t others_write = S_IWGRP | S_IWOTH;

// The wanted names in a directory, in no order. An errno value, or 0.
int list_names(const char* path, List<Text>& names) {
    Fd fd(sys::open(path, O_RDONLY | O_DIRECTORY));
    if (!fd) return errno;
    int code = 0;
    const auto note = [&](const char* name) {
        if (!is_wanted(name)) return true;
        if (names.size() == services_max_count) code = E2BIG;
        if (code == 0) names.push_back(name);
        return code == 0;
    };
    return platform::each_entry(fd.get(), note) < 0 ? errno : code;
}

void take_status(const struct stat& status, SourceFile& file) {
    file.owner = status.st_uid;
    file.mode = status.st_mode & 07777;
}

// Reads at most one byte more than is allowed. An errno value, or 0.
int read_text(int fd, SourceFile& file) {
    bool executable = (file.mode & 0111) != 0;
    size_t limit = executable ? executable_head_bytes : service_file_max_bytes;
    char place[4096];
    while (file.text.size() <= limit) {
        ssize_t count = sys::read(fd, place, sizeof place);
        if (count < 0) return errno;
        if (count == 0) break;
        file.text << std::string_view(place, static_cast<size_t>(count));
    }
    if (file.text.size() > limit) {
        file.text.cut(limit);
        file.too_large = !executable;
    }
    return 0;
}

// False: it is no regular file, or it has vanished since the directory was listed.
bool read_file(SourceFile& file) {
    const Text text = file.path.text();
    const char* path = text.c_str();
    struct stat status {};
    std::optional<uid_t> link_owner;
    if (sys::lstat(path, &status) < 0) {
        file.read_error = errno;
        return errno != ENOENT;
    }
    file.linked = S_ISLNK(status.st_mode);
    if (file.linked) {
        if (!is_trusted_owner(status.st_uid)) link_owner = status.st_uid;
        // One that leads nowhere is an error, and said to be one.
        if (sys::stat(path, &status) < 0) {
            file.read_error = errno;
            char target[path_max_bytes];
            const ssize_t length = sys::readlink(path, target, sizeof target);
            if (length > 0) file.text << std::string_view(target, static_cast<size_t>(length));
            return true;
        }
    }
    take_status(status, file);
    if (!S_ISREG(status.st_mode)) return false;
    Fd fd(sys::open(path, O_RDONLY | O_NONBLOCK));
    if (!fd) {
        file.read_error = errno;
        return file.read_error != ENOENT;
    }
    // What was opened may be another file than the one asked about.
    if (sys::fstat(fd.get(), &status) < 0) {
        file.read_error = errno;
        return true;
    }
    take_status(status, file);
    if (link_owner) file.owner = *link_owner;
    if ((file.mode & others_write) != 0 && sys::is_read_only(path)) file.mode &= ~others_write;
    if (!S_ISREG(status.st_mode)) return false;
    file.read_error = read_text(fd.get(), file);
    if (file.read_error != 0) file.text.clear();
    return true;
}

}  // namespace

bool is_wanted(std::string_view name) { return name == "reeve.conf" || is_service_file_name(name); }

const char* advice_on_directory(const Error& error) {
    switch (error.code) {
    case ENOENT: return " (make it, or name the service directory with -d)";
    case ENOTDIR: return " (name the directory that it is in)";
    default: return "";
    }
}

bool may_be_read_later(std::span<const List<SourceFile>> directories) {
    for (const List<SourceFile>& files : directories)
        for (const SourceFile& file : files)
            if (file.may_be_read_later()) return true;
    return false;
}

Result<List<SourceFile>> read_directory(std::string_view path, bool trusted) {
    const Text shared = Text::join(path, path.empty() || path.ends_with('/') ? "" : "/");
    List<Text> names;
    if (int code = list_names(shared.c_str(), names); code != 0)
        return Error{"read directory", path, code};
    auto before = [](const Text& a, const Text& b) { return is_before(a, b); };
    sort(std::span(names), before);

    List<SourceFile> files;
    files.reserve(names.size());
    for (const Text& name : names) {
        SourceFile file;
        file.path = {shared, name};
        file.trusted = trusted;
        if (read_file(file)) files.push_back(std::move(file));
    }
    return files;
}

}  // namespace reeve
