// The service that all supervisors are measured with: says when it began, then does nothing until a
// signal ends it.
#include <unistd.h>

#include "bench/helper.h"
#include "bench/mark.h"

int main(void) {
    leave_mark(mark_service);
    for (;;) pause();
}
