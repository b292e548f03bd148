// platform: what POSIX does not say, or says too late. platform_linux.cc and platform_posix.cc
// each hold all of it; the Makefile chooses. What a system lacks fails with ENOTSUP, or is named
// false below. Nothing here allocates; what a child may call between fork and exec says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <sys/resource.h>
#include <sys/types.h>
#include <type_traits>

#include "base/format.h"
#include "base/time.h"

namespace reeve::platform {

extern const bool has_oom_score_adj;
extern const bool has_no_new_privs;
extern const bool has_usage;         // each_use()
extern const bool has_confinement;   // capabilities, I/O priorities and schedulers
extern const bool can_share_memory;  // fork_sharing()

// Processes.

// When a process started, in the platform's own unit since boot; 0: not known, or no such process.
// Of a zombie it is still known. The two agree on one process.
uint64_t start_time_of(pid_t pid);
uint64_t own_start_time();  // between fork and exec too

// The start time of a process that starts now; 0: not known. The second one is that of the caller's
// child, or of the caller, which was forked since start_time_now() gave `before`: where no tick of
// the clock has passed meanwhile, it is known without a look into /proc.
uint64_t start_time_now();
uint64_t start_time_since(uint64_t before, pid_t pid);

// Has it ended without anybody having asked for its exit status yet? False where the system does
// not tell.
bool is_zombie(pid_t pid);

// Is its end under way, or over? By that its descriptors are closed as well, before it is a zombie.
bool is_ending(pid_t pid);

// A descriptor that becomes readable when the process ends, whoever its parent is. -1 and errno:
// there is no such process, or the system cannot tell. Through it a process is signalled that can
// be no other; 0, or -1 and errno.
int open_process(pid_t pid);
int signal_process(int descriptor, int number);

// What tells this run of the kernel, and of the container, from every other one (core/takeover
// compares). 0, or -1 and errno, and nothing is written: it is not known, perhaps only now.
int append_boot_id(Sink& out);

// Forks; the child calls child(context), which must not return. It shares our memory, and we stand
// still until it has executed its program or ended. A pid, or -1 and errno.
pid_t fork_sharing(void (*child)(const void*), const void* context);

// Orphans among our descendants become our children. 0, or -1 and errno.
int become_subreaper();

// Is something of this process group alive? Zombies do not count where the system can tell them
// from the living; where it cannot, reap first.
bool group_has_live_members(pid_t group);

struct Member {
    pid_t pid = 0;
    pid_t parent = 0;
    uint64_t start_time = 0;
    bool is_alive = false;  // no zombie
};

// Calls see(context, member) for each member of a process group, until it says false. 0; or -1 and
// errno: the system does not tell, or one of them could not be looked at.
int each_member(pid_t group, bool (*see)(void* context, const Member& member), void* context);

template <typename Search>
int each_member(pid_t group, Search& search) {
    auto call = [](void* context, const Member& member) {
        return static_cast<Search*>(context)->see(member);
    };
    return each_member(group, call, &search);
}

// Sends the signal to each of our children that has not ended; to none where the system does not
// tell who they are.
void signal_children(int number);

// Our children, ended ones among them, as many as there is room for; returns how many. None where
// the system does not tell.
size_t children_of_self(std::span<pid_t> children);

// The environment that a process was started with, strings that each end with a NUL. The bytes
// read, or -1 where it cannot be.
ssize_t environment_of(pid_t pid, std::span<char> place);

// What a process uses.
struct Usage {
    uint64_t resident_bytes = 0;
    uint64_t cpu_ms = 0;  // since it started, user and system
};

// Calls see(context, group, usage) for each process of the system, with its process group; its CPU
// time is with that of the children it has waited for. False: the system does not tell.
bool each_use(void (*see)(void* context, pid_t group, const Usage& usage), void* context);

template <typename See>
bool each_use(See& see) {
    auto call = [](void* context, pid_t group, const Usage& usage) {
        (*static_cast<See*>(context))(group, usage);
    };
    return each_use(call, &see);
}

// How many processes there may be in our group of them (a cgroup, or one above it), where there are
// that many; nothing: it is not full, or the system has none.
std::optional<uint64_t> full_group_limit();

// What such a group, or one above it, lets those in it have together; 0: there is no bound, or the
// system does not tell.
struct GroupLimits {
    uint64_t memory_bytes = 0;
    uint64_t cpu_percent = 0;  // of one processor
    uint64_t processes = 0;
};
GroupLimits group_limits();

// The directory of a process's control group (version 2); `top`: how much of it is where the
// hierarchy begins. False: there is no such hierarchy.
bool find_control_group(pid_t pid, Sink& directory, size_t& top);
// Is the process in the group with this path below the top, or below that?
bool is_in_control_group(pid_t pid, std::string_view path);

// How many processes of our group the kernel has killed for want of memory.
struct MemoryKills {
    uint64_t count = 0;
    bool only_ours = false;  // nobody else's are among them
};
// Nothing: the system does not tell.
std::optional<MemoryKills> memory_kills();

// As fork, but libc need not make ready for more than a child between fork and exec.
pid_t fork_child();

// Of the calling process; between fork and exec too. 0, or -1 and errno. There is one thread: what
// libc does to change all of them is left out.
int set_oom_score_adj(int value);
int set_no_new_privs();
// Sets of capabilities, I/O priorities and schedulers are as model/confinement has them.
int bound_capabilities(uint64_t most);  // what it, and what comes of it, can ever have
int keep_capabilities();                // over a change of user
int set_capabilities(uint64_t set);     // to these, through exec too
uint64_t own_capabilities();            // those it may use; not between fork and exec alone
int set_io_priority(uint16_t priority);
int set_scheduler(uint16_t scheduler);
// Of the caller's session as a whole, where the system shares the processor among sessions first:
// beside other sessions a process's own niceness has no effect then. May take a second.
void set_session_nice(int value);
int set_user(uid_t user);  // real, effective and saved, as setuid of root's
int set_group(gid_t group);
int set_groups(std::span<const gid_t> groups);
int set_limit(int resource, const struct rlimit& limit);

// The working directory's path, NUL-terminated. 0, or -1 and errno.
int get_directory(std::span<char> path);

// Gives signal `to` the disposition of `from`, also where libc keeps `to` for itself (musl 32 to
// 34, of which 34 is everybody else's first real-time signal); between fork and exec too. 0, or -1
// and errno.
int copy_disposition(int from, int to);

// Blocks every signal, also those that libc keeps for itself and leaves out of sigfillset.
// Async-signal-safe.
void block_all_signals();

// Descriptors.

// Marks all open descriptors from 3 up close-on-exec. Those that were not yet so are written to
// `found`, lowest first, as many as there is room for; returns how many were written.
size_t seal_descriptors(std::span<int> found);

// Takes that mark away again from those that are open for reading and writing. Async-signal-safe.
void unseal_descriptors();

// As pipe2, socket and accept4 do with CLOEXEC and NONBLOCK. A descriptor or 0, or -1 and errno.
int open_pipe(int ends[2]);
int open_socket(int domain, int type);
int accept_socket(int fd);

// Calls see(context, name) for each name in a directory that is open for reading, "." and ".."
// perhaps among them, until it says false. 0, or -1 and errno where the directory cannot be read.
int each_entry(int directory, bool (*see)(void* context, const char* name), void* context);

// The same for whatever can be called with a name.
template <typename See>
int each_entry(int directory, See& see) {
    auto call = [](void* context, const char* name) { return (*static_cast<See*>(context))(name); };
    return each_entry(directory, call, const_cast<std::remove_const_t<See>*>(&see));
}

// The signal that comes when a file is taken out of a watched directory, one that nothing else
// uses; 0: the system cannot tell.
extern const int removal_signal;
// Asks for it, for as long as the descriptor is open. -1 and errno.
int watch_removals(const char* directory);

// A descriptor that poll(2) finds in POLLERR once for each change of what is mounted. -1 and errno
// where the system cannot tell.
int watch_mounts();

// What is to be told of a path.
enum class WatchFor : uint8_t {
    itself,    // that it is moved or removed
    arrivals,  // and what comes to be in it, a directory
    all,       // and whatever happens to it and in it; links are followed
};

enum class Happening : uint8_t {
    changed,
    written,  // perhaps not to its end
    removed,
    lost,  // what was watched itself is elsewhere or gone, or more has happened than could be told
};

// A descriptor that is readable once something has happened to what is watched through it. -1 and
// errno: ENOTSUP where the system does not tell.
int open_watch();
// A number, greater than all before, where this is not watched yet; or -1 and errno.
int watch_path(int watch, const char* path, WatchFor what);
// Calls see(context, what, name) for all that has happened since; the name is that of something in
// a watched directory, or empty.
void read_watch(int watch, void (*see)(void* context, Happening what, const char* name),
                void* context);

template <typename See>
void read_watch(int watch, See& see) {
    auto call = [](void* context, Happening what, const char* name) {
        (*static_cast<See*>(context))(what, name);
    };
    read_watch(watch, call, &see);
}

// A descriptor that is readable once the wall clock shows the moment it was set to, and once that
// clock is set; no_moment: not until it is set to another. -1 and errno where the system has none.
int open_wall_timer();
int set_wall_timer(int timer, Wall moment);

// A FIFO for both reading and writing, non-blocking: the one descriptor keeps it, and what is in
// it, whoever else comes and goes. POSIX leaves it undefined. -1 and errno.
int open_fifo(const char* path);

// Room for so many bytes in a pipe or FIFO. False: the system does not let us.
bool enlarge_pipe(int fd, size_t bytes);

// posix_fallocate, but with -1 and errno.
int reserve_room(int fd, off_t offset, off_t length);

// Who is at the other end of a connected Unix socket?
std::optional<uid_t> peer_uid(int socket);
// Its process; 0: that is not known.
pid_t peer_pid(int socket);

// Who sent a datagram, as the kernel knows it.
struct Sender {
    pid_t pid = 0;  // 0: in no PID namespace of ours
    uid_t user = 0;
};

// Makes a datagram socket that is not bound yet tell who sends to it. 0, or -1 and errno where the
// system cannot.
int ask_for_senders(int socket);

// The next datagram, and its sender if the socket tells. Descriptors that come along are closed.
// Its length, or -1 and errno.
ssize_t receive(int socket, std::span<char> place, std::optional<Sender>& sender);

// A copy of another process's descriptor, as if it had sent it to us; `process` is of
// open_process(). -1 and errno where there is none, or we may not have it.
int copy_descriptor(int process, int number);

// Gives the socket that we have made at this path to somebody; nothing else that may be there by
// now. -1 for who stays as it is. 0, or -1 and errno.
int give_socket(const char* path, uid_t user, gid_t group);

// A process that listens for TCP connections on that port, of whatever address; 0: not known.
pid_t listener_on(uint16_t port);
// What a process calls itself; nothing where that is not known.
void append_program(Sink& out, pid_t pid);

// Is it a child of `ancestor`, a child's child, and so on? False where the system does not tell,
// and beyond ancestors_max_count.
bool is_descendant(pid_t pid, pid_t ancestor);

// The machine.

// What asks PID 1 of a container to stop all and end, beside TERM and INT: the stop signals that
// images name.
extern const std::span<const int> container_stop_signals;

// Is there a sign that we run in a container? The PID namespace is not the first one, `container`
// is in the environment, or a container runtime left its mark in the root directory.
bool in_container();

enum class PowerAction : uint8_t { reboot, poweroff, halt };
// Syncs the disks, then does it; returns only where it failed, with -1 and errno.
int power(PowerAction action);

// Makes the kernel send INT to PID 1 at ctrl-alt-del instead of rebooting. 0, or -1 and errno.
int catch_ctrl_alt_del();

}  // namespace reeve::platform
