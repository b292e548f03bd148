#include "model/signals.h"

#include <csignal>

#include "base/parse.h"

namespace reeve {

namespace {

struct SignalName {
    char name[7];
    unsigned char number;
};

// Their numbers differ between processors. Where two names have one number, the first is printed.
// Real-time signals go by number: what RTMIN is depends on the C library of whom one asks.
constexpr SignalName names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"SYS", SIGSYS},
#ifdef SIGWINCH
    {"WINCH", SIGWINCH},
#endif
#ifdef SIGIO
    {"IO", SIGIO},
#endif
#ifdef SIGPOLL
    {"POLL", SIGPOLL},
#endif
#ifdef SIGPWR
    {"PWR", SIGPWR},
#endif
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
#ifdef SIGINFO
    {"INFO", SIGINFO},
#endif
#ifdef SIGEMT
    {"EMT", SIGEMT},
#endif
#ifdef SIGIOT
    {"IOT", SIGIOT},
#endif
};

// Is `text` the name, which is upper case, in either case?
bool same_name(std::string_view text, std::string_view name) {
    if (text.size() != name.size()) return false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != name[i]) return false;
    }
    return true;
}

}  // namespace

std::optional<int> parse_signal(std::string_view text) {
    if (same_name(text.substr(0, 3), "SIG")) text.remove_prefix(3);
    if (const auto number = parse_unsigned(text, signal_max)) {
        if (*number == 0) return std::nullopt;
        return static_cast<int>(*number);
    }
    for (const SignalName& each : names)
        if (same_name(text, each.name)) return each.number;
    return std::nullopt;
}

void append_signal(Sink& out, int number) {
    for (const SignalName& each : names) {
        if (each.number == number) {
            out << each.name;
            return;
        }
    }
    out << number;
}

}  // namespace reeve
