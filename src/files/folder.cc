#include "files/folder.h"

#include <cerrno>
#include <fcntl.h>

#include "base/format.h"
#include "base/limits.h"
#include "files/replace.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

char paths[2 * path_max_bytes];
char text_room[object_max_bytes];

// The new file until it is renamed. One name does for all: there is one writer.
constexpr char new_name[] = ".new";

}  // namespace

std::span<char> Folder::text_place() { return text_room; }

const char* Folder::path(std::string_view run_directory, std::string_view name) const {
    Sink out(paths, path_max_bytes);
    append(out, run_directory, folder_, name);
    return out.c_str();
}

bool Folder::replace(std::string_view run_directory, std::string_view name,
                     std::string_view text) const {
    for (bool again = false;; again = true) {
        const char* to = path(run_directory, name);
        Sink from(paths + std::string_view(to).size() + 1, path_max_bytes);
        append(from, run_directory, folder_, new_name);
        if (replace_text(from.c_str(), to, text)) return true;
        if (again || errno != ENOENT || !make(run_directory)) return false;
    }
}

bool Folder::make(std::string_view run_directory) const {
    return sys::mkdir(path(run_directory, ""), 0755) == 0;
}

Fd Folder::open(std::string_view run_directory) const {
    Sink out(paths, path_max_bytes);
    append(out, run_directory, folder_.substr(0, folder_.size() - 1));
    return Fd(sys::open(out.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
}

}  // namespace reeve
