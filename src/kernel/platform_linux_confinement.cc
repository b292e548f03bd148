// platform_linux's fourth part: what a process may do, and when its turn is. Each is one system
// call, for the one thread that there is (musl has none for schedulers).
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/platform.h"

namespace reeve::platform {

namespace {

constexpr unsigned capabilities_max_count = 64;

// linux/capability.h, which is not musl's: version 3, which has two parts of each set.
struct CapabilityHead {
    uint32_t version = 0x20080522;
    int pid = 0;  // the caller
};
struct CapabilityPart {
    uint32_t effective = 0;
    uint32_t permitted = 0;
    uint32_t inheritable = 0;
};

int ok_or_error(long answer) { return answer < 0 ? -1 : 0; }

}  // namespace

// What is out of it already takes no right.
int bound_capabilities(uint64_t most) {
    for (unsigned i = 0; i < capabilities_max_count; ++i) {
        const int bounded = ::prctl(PR_CAPBSET_READ, long{i}, 0L, 0L, 0L);
        if (bounded < 0) break;  // the kernel has no more of them
        if (bounded == 0 || (most >> i & 1) != 0) continue;
        if (::prctl(PR_CAPBSET_DROP, long{i}, 0L, 0L, 0L) < 0) return -1;
    }
    return 0;
}

int keep_capabilities() { return ok_or_error(::prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L)); }

int set_capabilities(uint64_t set) {
    const auto low = static_cast<uint32_t>(set);
    const auto high = static_cast<uint32_t>(set >> 32);
    CapabilityHead head;
    const CapabilityPart parts[] = {{low, low, low}, {high, high, high}};
    if (::syscall(SYS_capset, &head, parts) < 0) return -1;
    for (unsigned i = 0; i < capabilities_max_count; ++i)
        if ((set >> i & 1) != 0 &&
            ::prctl(PR_CAP_AMBIENT, long{PR_CAP_AMBIENT_RAISE}, long{i}, 0L, 0L) < 0)
            return -1;
    return 0;
}

uint64_t own_capabilities() {
    CapabilityHead head;
    CapabilityPart parts[2];
    if (::syscall(SYS_capget, &head, parts) < 0) return 0;
    return uint64_t{parts[1].permitted} << 32 | parts[0].permitted;
}

// linux/ioprio.h
int set_io_priority(uint16_t priority) {
    constexpr int of_process = 1;  // IOPRIO_WHO_PROCESS
    return ok_or_error(::syscall(SYS_ioprio_set, of_process, 0, int{priority}));
}

int set_scheduler(uint16_t scheduler) {
    struct sched_param parameters {};
    parameters.sched_priority = scheduler & 255;
    return ok_or_error(::syscall(SYS_sched_setscheduler, 0, scheduler >> 8, &parameters));
}

}  // namespace reeve::platform
