#include "process/inputs.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/platform.h"
#include "kernel/pollset.h"
#include "kernel/sys.h"
#include "process/notify.h"

namespace reeve {

// Of what cannot be read now it is not known whether it is to be kept.
void Inputs::take_over(const Service& service, Inherited& kept) {
    if (run_directory_.empty() || (service.definition && !service.policy().reads_fifo())) return;
    used_ = true;
    if (service.definition && !service.policy().input_keep) return;
    const char* path = path_of(service);
    Fd fifo = kept.take_file(path);
    if (!fifo) fifo = Fd(platform::open_fifo(path));
    hold(path, std::move(fifo));
}

bool Inputs::open(const Service& service, uid_t user, Fd& theirs, PrepareError& error) {
    const Policy& policy = service.policy();
    if (!policy.reads_fifo()) {
        if (used_) remove(path_of(service));
        return true;
    }
    used_ = !run_directory_.empty();
    const char* path = used_ ? path_of(service) : "fifo without a run directory";
    errno = ENOENT;
    Fd ours;
    if (used_) ours = find(service, user);
    if (ours) theirs = Fd(platform::open_fifo(path));
    if (theirs && policy.input_keep && !may_be_held(ours.get())) {
        theirs.reset();
        errno = EMFILE;
    }
    if (!theirs) {
        error.step = SpawnStep::input;
        error.code = errno;
        append(error.detail, "stdin ", path, ": ", errno_text(error.code));
        return false;
    }
    sys::fcntl(theirs.get(), F_SETFL, 0);
    if (!policy.input_keep) ours.reset();
    hold(path, std::move(ours));
    return true;
}

// Until the next path in one of these folders.
const char* Inputs::path_of(const Service& service) const {
    const FullNameText name(service.full_name());
    return input_folder.path(run_directory_, name.view());
}

// None, and errno: it cannot be made. Whoever has the one that is there open may write to it, so
// that it is to be this user's, who may open it as /dev/stdin.
Fd Inputs::find(const Service& service, uid_t user) const {
    for (bool made = false;;) {
        const char* path = path_of(service);
        struct stat state;
        Fd fifo(platform::open_fifo(path));
        const bool is_good = fifo && sys::fstat(fifo.get(), &state) == 0 &&
                             S_ISFIFO(state.st_mode) && state.st_uid == user;
        if (made || is_good) return fifo;
        if (sys::unlink(path) < 0 && errno != ENOENT) sys::rmdir(path);
        made = sys::mkfifo(path, 0600) == 0;
        if (!made && (errno != ENOENT || !input_folder.make(run_directory_))) return {};
        if (made && user != geteuid() && sys::chown(path, user, static_cast<gid_t>(-1)) == 0)
            sys::chmod(path, 0660);
    }
}

void Inputs::end(const Service& service) const {
    const bool is_dropped = used_ && service.definition && service.policy().reads_fifo() &&
                            !service.policy().input_keep;
    if (!is_dropped) return;
    const char* path = path_of(service);
    const Fd fifo(platform::open_fifo(path));
    if (fifo && ready_now(fifo.get(), POLLIN) != 0) sys::unlink(path);
}

// In the place that it had: a restart takes no memory.
void Inputs::hold(const char* path, Fd fifo) {
    OpenInput* place = nullptr;
    for (OpenInput& held : held_)
        if (held.name == path || (place == nullptr && !held.fifo)) place = &held;
    if (place == nullptr) {
        if (!fifo) return;
        place = &held_.emplace_back();
    }
    if (!(place->name == path)) place->name = path;
    place->fifo = std::move(fifo);
}

void Inputs::forget(std::string_view name) {
    if (!run_directory_.empty()) remove(input_folder.path(run_directory_, name));
}

void Inputs::remove(const char* path) {
    hold(path, {});
    sys::unlink(path);
}

}  // namespace reeve
