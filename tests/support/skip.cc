#include "support/skip.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "catch.h"
#include "support/process.h"

namespace reeve::test {

bool cannot_run(bool able, const std::string& why) {
    if (able) return false;
    const std::string name = Catch::getResultCapture().getCurrentTestName();
    std::fprintf(stderr, "SKIPPED: %s: %s\n", name.c_str(), why.c_str());
    return true;
}

bool is_sanitized() { return std::getenv("REEVE_SANITIZE") != nullptr; }

bool is_root() { return geteuid() == 0; }

bool has_namespaces() {
    static const bool able =
        run({"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "true"}).status == 0;
    return able;
}

bool has_terminals() {
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const bool able = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 &&
                      ptsname(master) != nullptr && access(ptsname(master), R_OK | W_OK) == 0;
    if (master >= 0) close(master);
    return able;
}

bool has_program(const std::string& name) { return !find_program(name).empty(); }

}  // namespace reeve::test
