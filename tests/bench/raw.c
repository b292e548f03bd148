// The raw loops: what the kernel alone takes for what a supervisor does.
//
//   raw supervise N PROGRAM   starts it N times, and again whenever one ends; TERM ends all
//   raw spawn N CMD...        runs it N times, one after another; prints begin and end of each
//   raw exec CMD...           becomes CMD, and leaves a mark right before
//   raw namespace ETC CMD...  CMD as PID 1 of a PID namespace of its own, marked likewise, with the
//                             folder ETC in the place of /etc where ETC is not "-"
//   raw init CMD...           the least that PID 1 can be: starts CMD, reaps all, ends with it
//   raw lines N BATCH         writes N lines of 100 bytes, BATCH of them at a time
//   raw copy N DIR            copies its input to DIR/current, renamed every N bytes
//   raw tick N                writes the time every N milliseconds, in seconds, to its output
//   raw loop N                keeps a processor busy for N seconds
//   raw orphans N             leaves N orphans, which end at once, and waits until none is left
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/helper.h"
#include "bench/mark.h"

extern char** environ;

enum { services_max = 100000 };

static void fail(const char* what) {
    perror(what);
    _exit(98);
}

static pid_t start(char** arguments) {
    pid_t pid = vfork();
    if (pid == 0) {
        execve(arguments[0], arguments, environ);
        _exit(127);
    }
    if (pid < 0) fail("vfork");
    return pid;
}

// --- supervise -----------------------------------------------------------------------------------

static pid_t services[services_max];
static int service_count;
static volatile sig_atomic_t ending;

static void end_services(int number) {
    ending = 1;
    for (int i = 0; i < service_count; ++i)
        if (services[i] > 0) kill(services[i], number);
}

// TERM is taken for the end of the measurement: it does not come while something is started.
static void supervise(int count, char** arguments) {
    for (; service_count < count; ++service_count) services[service_count] = start(arguments);
    signal(SIGTERM, end_services);
    for (;;) {
        pid_t pid = waitpid(-1, NULL, 0);
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return;
        int i = 0;
        while (i < count && services[i] != pid) ++i;
        if (i < count) services[i] = ending ? 0 : start(arguments);
    }
}

// --- spawn ---------------------------------------------------------------------------------------

// The output of CMD is not wanted: /dev/null.
static void spawn(int count, char** arguments) {
    int output = fcntl(1, F_DUPFD_CLOEXEC, 10);
    int null = open("/dev/null", O_RDWR);
    if (output < 0 || null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) fail("/dev/null");
    for (int i = 0; i < count; ++i) {
        int64_t begin = nanoseconds();
        pid_t pid = start(arguments);
        int status = 0;
        while (waitpid(pid, &status, 0) < 0) {}
        dprintf(output, "%lld %lld %d\n", (long long)begin, (long long)nanoseconds(), status);
    }
}

// --- namespace -----------------------------------------------------------------------------------

static void become(char** arguments) {
    leave_mark(mark_exec);
    execve(arguments[0], arguments, environ);
    fail(arguments[0]);
}

static void enter_namespace(const char* etc, char** arguments) {
    // As fork(), but for the new namespaces.
    long pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0) fail("clone");
    if (pid == 0) {
        if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
            fail("mount /proc");
        if (strcmp(etc, "-") != 0 && mount(etc, "/etc", NULL, MS_BIND, NULL) < 0)
            fail("mount /etc");
        become(arguments);
    }
    int status = 0;
    while (waitpid((pid_t)pid, &status, 0) < 0) {}
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// --- logs ----------------------------------------------------------------------------------------

enum { line_size = 100, batch_max = 1000 };

static void write_whole(int fd, const char* bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0) fail("write");
        bytes += written;
        count -= (size_t)written;
    }
}

static void write_lines(int count, int batch) {
    static char text[batch_max * line_size];
    memset(text, '.', sizeof text);
    for (int number = 0; number < count;) {
        int lines = 0;
        for (; lines < batch && number < count; ++lines, ++number) {
            char* line = text + lines * line_size;
            for (int digit = 7, rest = number; digit >= 0; --digit, rest /= 10)
                line[digit] = (char)('0' + rest % 10);
            line[8] = ' ';
            line[line_size - 1] = '\n';
        }
        write_whole(1, text, (size_t)lines * line_size);
    }
}

static void copy_lines(size_t bound, const char* directory) {
    static char block[65536];
    if (chdir(directory) < 0) fail(directory);
    size_t size = 0;
    int fd = open("current", O_WRONLY | O_CREAT | O_APPEND, 0644);
    for (int files = 0;;) {
        ssize_t got = read(0, block, sizeof block);
        if (got <= 0) return;
        write_whole(fd, block, (size_t)got);
        size += (size_t)got;
        if (size < bound) continue;
        char name[16];
        snprintf(name, sizeof name, "%d", files++);
        rename("current", name);
        close(fd);
        fd = open("current", O_WRONLY | O_CREAT | O_APPEND, 0644);
        size = 0;
    }
}

static void tick(int milliseconds) {
    for (;;) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        char line[64];
        int length =
            snprintf(line, sizeof line, "%lld.%06ld\n", (long long)now.tv_sec, now.tv_nsec / 1000);
        write_whole(1, line, (size_t)length);
        usleep((useconds_t)milliseconds * 1000);
    }
}

static void loop(int seconds) {
    alarm((unsigned)seconds);
    for (volatile int turns = 0;; ++turns) {}
}

// --- PID 1, and what it has to do ----------------------------------------------------------------

static void be_init(char** arguments) {
    pid_t program = start(arguments);
    for (;;) {
        int status = 0;
        if (waitpid(-1, &status, 0) == program) _exit(WEXITSTATUS(status));
    }
}

// Both are vforks, so that it is PID 1 that is measured rather than the copying of our memory.
static void leave_orphan(void) {
    pid_t middle = vfork();
    if (middle == 0) {
        if (vfork() < 0) _exit(1);
        _exit(0);  // the orphan as well
    }
    int status = 0;
    if (middle < 0 || waitpid(middle, &status, 0) < 0 || status != 0) fail("vfork");
}

static void leave_orphans(int count) {
    for (int i = 0; i < count; ++i) leave_orphan();
    // Everything but us and PID 1: zombies count, until they are reaped.
    while (kill(-1, 0) == 0) usleep(100);
}

int main(int argc, char** argv) {
    const char* what = argc > 2 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(what, "supervise") == 0 && argc > 3 && count <= services_max)
        supervise(count, argv + 3);
    else if (strcmp(what, "spawn") == 0 && argc > 3)
        spawn(count, argv + 3);
    else if (strcmp(what, "exec") == 0)
        become(argv + 2);
    else if (strcmp(what, "namespace") == 0 && argc > 3)
        enter_namespace(argv[2], argv + 3);
    else if (strcmp(what, "init") == 0)
        be_init(argv + 2);
    else if (strcmp(what, "lines") == 0 && argc > 3 && atoi(argv[3]) <= batch_max)
        write_lines(count, atoi(argv[3]));
    else if (strcmp(what, "copy") == 0 && argc > 3)
        copy_lines((size_t)count, argv[3]);
    else if (strcmp(what, "tick") == 0)
        tick(count);
    else if (strcmp(what, "loop") == 0)
        loop(count);
    else if (strcmp(what, "orphans") == 0)
        leave_orphans(count);
    else
        return 2;
    return 0;
}
