// main: which of the programs this is: by the name it was called by, or by its first argument.
#include <string_view>

namespace reeve {

int reeve_main(int argc, char** argv);
int svcheck_main(int argc, char** argv);
int svctl_main(int argc, char** argv);
int svlog_main(int argc, char** argv);

}  // namespace reeve

namespace {

struct Applet {
    std::string_view name;
    int (*main)(int argc, char** argv);
};

constexpr Applet applets[] = {
    {"svcheck", reeve::svcheck_main},
    {"svctl", reeve::svctl_main},
    {"svlog", reeve::svlog_main},
};

std::string_view base_name(const char* path) {
    const std::string_view whole = path == nullptr ? "" : path;
    return whole.substr(whole.rfind('/') + 1);
}

}  // namespace

int main(int argc, char** argv) {
    for (const Applet& applet : applets) {
        if (argc > 0 && base_name(argv[0]) == applet.name) return applet.main(argc, argv);
        if (argc > 1 && applet.name == argv[1]) return applet.main(argc - 1, argv + 1);
    }
    return reeve::reeve_main(argc, argv);
}
