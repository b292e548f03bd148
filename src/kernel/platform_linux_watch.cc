// What happens to files, as inotify(7) tells.

#include <cstring>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve::platform {

namespace {

constexpr uint32_t of_itself = IN_MOVE_SELF | IN_DELETE_SELF | IN_MASK_ADD;
constexpr uint32_t of_arrivals = of_itself | IN_CREATE | IN_MOVED_TO | IN_ATTRIB;
constexpr uint32_t of_all = of_arrivals | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE;
constexpr uint32_t losses = IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT | IN_IGNORED | IN_Q_OVERFLOW;

Happening happening_of(uint32_t mask) {
    if ((mask & losses) != 0) return Happening::lost;
    if ((mask & IN_MODIFY) != 0) return Happening::written;
    return (mask & IN_DELETE) != 0 ? Happening::removed : Happening::changed;
}

}  // namespace

// musl's tries an older call as well.
int open_watch() {
    return static_cast<int>(::syscall(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK));
}

int watch_path(int watch, const char* path, WatchFor what) {
    constexpr uint32_t masks[] = {of_itself | IN_DONT_FOLLOW, of_arrivals | IN_DONT_FOLLOW, of_all};
    return ::inotify_add_watch(watch, path, masks[static_cast<size_t>(what)]);
}

// One that writes on and on does not keep us.
void read_watch(int watch, void (*see)(void* context, Happening what, const char* name),
                void* context) {
    alignas(struct inotify_event) char place[4096];
    for (int i = 0; i < watch_reads_max_count; ++i) {
        const ssize_t count = sys::read(watch, place, sizeof place);
        if (count <= 0) return;
        struct inotify_event event;
        for (ssize_t at = 0; at < count; at += static_cast<ssize_t>(sizeof event + event.len)) {
            std::memcpy(&event, place + at, sizeof event);
            const char* name = event.len > 0 ? place + at + sizeof event : "";
            see(context, happening_of(event.mask), name);
        }
    }
}

}  // namespace reeve::platform
