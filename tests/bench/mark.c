#include "bench/mark.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/helper.h"

int64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * (int64_t)1000000000 + time.tv_nsec;
}

void leave_mark(int kind) {
    struct Mark mark = {nanoseconds(), getpid(), kind};
    const char* path = getenv(BENCH_MARKS);
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || write(fd, &mark, sizeof mark) != sizeof mark) _exit(99);
    close(fd);
}
