#include "files/zone.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/result.h"
#include "conf/kind.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr const char* directories[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                       "/usr/share/lib/zoneinfo"};

// True: there is such a file. Then the zone is what it says, or null, and `problem` says why. A
// FIFO is not waited for, and of a file that is no zone's no more is read than of one that is.
bool take_file(const char* path, Ref<const Zone>& zone, Sink& problem) {
    const Fd fd(sys::open(path, O_RDONLY | O_NONBLOCK));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return false;
    const size_t before = problem.size();
    append(problem, path, ": ");
    struct stat status {};
    char bytes[zone_file_max_bytes + 1];
    ssize_t count = -1;
    if (fd && sys::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode))
        count = sys::read(fd.get(), bytes, sizeof bytes);
    if (status.st_mode != 0 && !S_ISREG(status.st_mode))
        problem << "it is no regular file";
    else if (count < 0)
        problem << errno_text(errno);
    else if (count > static_cast<ssize_t>(zone_file_max_bytes))
        problem << "it is too large for a zone";
    else
        zone = parse_zone_file({bytes, static_cast<size_t>(count)}, problem);
    if (zone) problem.cut(before);
    return true;
}

// Of printable characters, and no way out of the directory, nor to what is hidden in it.
bool is_zone_name(std::string_view name) {
    char before = '/';
    for (const char c : name) {
        if (c <= ' ' || c > '~' || (before == '/' && (c == '/' || c == '.'))) return false;
        before = c;
    }
    return before != '/' && name.size() <= zone_name_max_bytes;
}

Ref<const Zone> find_named(std::string_view name, Sink& problem, const ZonePlaces& places) {
    if (name == "UTC") return Ref(new const Zone);
    if (!is_zone_name(name)) {
        append_shown(problem, name);
        problem << " is no name of a zone (such as Europe/Madrid)";
        return {};
    }
    Ref<const Zone> zone;
    bool is_installed = false;
    for (const char* directory : places.directories) {
        Buffer<path_max_bytes> path;
        append(path, directory, '/', name);
        if (take_file(path.c_str(), zone, problem)) return zone;
        struct stat status {};
        if (sys::stat(directory, &status) == 0) is_installed = true;
    }
    Buffer<prepare_detail_max_bytes> why;
    zone = parse_posix_zone(name, why);
    if (zone) return zone;
    if (is_installed) {
        problem << "there is no zone ";
        append_shown(problem, name);
        append(problem, ", and it is ", why);
    } else {
        problem << "there is no zoneinfo on this machine: install tzdata, or write a POSIX zone "
                   "such as CET-1CEST,M3.5.0,M10.5.0/3";
    }
    return {};
}

// POSIX.1, XBD 8.3: what begins with a colon is the system's own matter, here and everywhere a name
// or a path. Who sets the environment may name any file.
Ref<const Zone> find_local(Sink& problem, const ZonePlaces& places) {
    const char* variable = std::getenv("TZ");
    const char* name = variable != nullptr ? variable : places.local;
    if (*name == ':') ++name;
    Ref<const Zone> zone;
    if (*name != '/' && *name != '\0')
        zone = find_named(name, problem, places);
    else if (*name == '/' && !take_file(name, zone, problem) && variable != nullptr)
        append(problem, name, ": ", errno_text(ENOENT));
    if (variable != nullptr && !problem.empty()) problem << " (TZ)";
    return zone ? zone : Ref(new const Zone);
}

}  // namespace

const ZonePlaces system_zones = {directories, "/etc/localtime"};

Ref<const Zone> find_zone(std::string_view name, Sink& problem, const ZonePlaces& places) {
    return name.empty() ? find_local(problem, places) : find_named(name, problem, places);
}

Ref<const Zone> ZoneCache::find(std::string_view name, Sink& problem) {
    for (const Known& known : known_)
        if (known.name == name) return known.zone;
    Ref<const Zone> zone = find_zone(name, problem);
    if (zone) known_.push_back({name, zone});
    return zone;
}

}  // namespace reeve
