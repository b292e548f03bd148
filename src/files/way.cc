#include "files/way.h"

#include <algorithm>

#include "base/format.h"
#include "base/limits.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr int links_max_count = 40;  // as Linux follows

}  // namespace

// Goes down from the root directory, one name after another, as the kernel does.
void follow_way(std::string_view path,
                bool (*see)(void* context, const char* path, const struct stat& status),
                void* context) {
    Buffer<path_max_bytes> way;  // where it is; empty: the root directory
    LongText rest = path;
    size_t place = 0;
    for (int links = 0; place < rest.size() && !way.truncated();) {
        const std::string_view left = rest.view().substr(place);
        const std::string_view name = left.substr(0, left.find('/'));
        place += std::min(name.size() + 1, left.size());
        if (name.empty() || name == ".") continue;
        const size_t length = way.size();
        if (name == "..") {
            way.cut(std::min(way.view().rfind('/'), length));
            continue;
        }
        struct stat status {};
        const char* directory = way.empty() ? "/" : way.c_str();
        if (sys::stat(directory, &status) < 0 || !see(context, directory, status)) return;
        append(way, '/', name);
        if (sys::lstat(way.c_str(), &status) < 0) return;
        if (!S_ISLNK(status.st_mode)) continue;
        if (!see(context, way.c_str(), status)) return;
        char target[path_max_bytes];
        const ssize_t count = sys::readlink(way.c_str(), target, sizeof target);
        if (count <= 0 || ++links > links_max_count) return;
        const std::string_view leads_to(target, static_cast<size_t>(count));
        way.cut(leads_to.starts_with('/') ? 0 : length);
        const LongText behind = rest.view().substr(place);
        rest = leads_to;
        append(rest, '/', behind);
        place = 0;
    }
}

}  // namespace reeve
