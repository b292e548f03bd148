#include "files/dirwatch.h"

#include "kernel/sys.h"

namespace reeve {

bool DirWatch::has_changed() {
    struct stat state;
    if (sys::stat(path_.c_str(), &state) < 0) return false;
    if (settled_ && state.st_mtime == changed_s_) return false;
    changed_s_ = state.st_mtime;
    // What comes within the same second does not show.
    settled_ = sys::wall_now().ms / 1000 > changed_s_ + 1;
    return true;
}

}  // namespace reeve
