// input: what is said to a service, into the FIFO that it reads (stdin = fifo). Who may write to
// that needs no reeve for it: reeve is asked what a name means, and why nobody reads.
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "base/fields.h"
#include "files/folder.h"
#include "kernel/signals.h"
#include "kernel/stream.h"
#include "kernel/sys.h"
#include "svctl/ask.h"

namespace reeve {

namespace {

// Opens a service's FIFO, which somebody must read. An errno value, or 0.
int open_input(const Session& session, std::string_view name, List<OpenInput>& inputs) {
    const std::string_view run_directory = session.invocation.run_directory;
    struct stat state;
    if (is_strangers(session)) return EPERM;
    constexpr int flags = O_WRONLY | O_NONBLOCK | O_NOFOLLOW;
    Fd fifo(sys::open(input_folder.path(run_directory, name), flags));
    if (!fifo || sys::fstat(fifo.get(), &state) < 0) return errno;
    if (!S_ISFIFO(state.st_mode)) return ENXIO;
    inputs.push_back({name, std::move(fifo)});
    return 0;
}

Outcome refuse(const Session& session, std::string_view name) {
    warn("not permitted: only root, and the owner and group of ",
         input_folder.path(session.invocation.run_directory, name));
    return Outcome::not_permitted;
}

// Says why nobody reads what is said to a service, and what to do about it.
Outcome explain(std::string_view object) {
    std::string_view why = find_field(object, "reason");
    if (find_field(object, "stdin") != "fifo")
        why = "it has no stdin = fifo (svctl set NAME stdin=fifo, then svctl restart NAME)";
    else if (!find_field(object, "pid").empty())
        why = "its input is closed or gone, or it began without stdin = fifo (svctl restart NAME)";
    warn(FullNameText(full_name_of(object)), ": ", find_field(object, "state"), ": ", why);
    return Outcome::not_running;
}

// Opens what the first argument means: by its name, or as reeve knows it.
Outcome open_inputs(Session& session, List<OpenInput>& inputs) {
    const std::string_view word = session.arguments.front();
    if (word.empty()) {
        warn("input: which service?");
        return Outcome::usage;
    }
    const int code = is_full_name(word) ? open_input(session, word, inputs) : ENOENT;
    if (code == 0) return Outcome::done;
    if (code == EACCES) return refuse(session, word);
    session.arguments = session.arguments.first(1);
    List<Text> objects;
    Outcome outcome;
    if (!learn_services(session, objects, outcome)) return outcome;
    // Who is heard needs no reeve.
    const Outcome learnt = std::exchange(outcome, Outcome::done);
    for (const Text& object : objects) {
        const FullNameText name(full_name_of(object));
        const int problem = open_input(session, name.view(), inputs);
        if (problem == EACCES)
            outcome = worse(outcome, refuse(session, name.view()));
        else if (problem != 0)
            outcome = worse(worse(outcome, learnt), explain(object));
    }
    return objects.empty() ? learnt : outcome;
}

struct Speech {
    List<OpenInput> inputs;  // one that takes no more is closed
    Duration patience;       // with one that takes nothing
    Outcome outcome;
    uint64_t said = 0;  // bytes, before

    // False: nobody is left who listens.
    bool say(std::string_view text);
    void say_standard_input();
};

// As much as goes in, waiting for room as long as there is some now and then. An errno value, or 0.
int write_all(int fd, std::string_view& text, Duration patience) {
    while (!text.empty()) {
        const ssize_t written = sys::write(fd, text.data(), text.size());
        if (written > 0)
            text.remove_prefix(static_cast<size_t>(written));
        else if (errno != EAGAIN)
            return errno;
        else if (!wait_for(fd, POLLOUT, sys::mono_now() + patience))
            return ETIMEDOUT;
    }
    return 0;
}

bool Speech::say(std::string_view text) {
    bool listens = false;
    for (OpenInput& input : inputs) {
        if (!input.fifo) continue;
        std::string_view rest = text;
        const int code = write_all(input.fifo.get(), rest, patience);
        listens = listens || code == 0;
        if (code == 0) continue;
        input.fifo.reset();
        const bool late = code == ETIMEDOUT;
        warn(input.name, late ? ": not in time: it does not read; " : ": it reads no more; ",
             said + text.size() - rest.size(), " bytes were written");
        outcome = worse(outcome, late ? Outcome::timed_out : Outcome::not_running);
    }
    said += text.size();
    return listens;
}

// What others write at the same time comes between writes of this size, so that each is to end
// with a line.
void Speech::say_standard_input() {
    char bytes[PIPE_BUF];
    size_t filled = 0;
    for (ssize_t got = 1; got > 0 && !inputs.empty();) {
        got = sys::read(0, bytes + filled, sizeof bytes - filled);
        if (got < 0) {
            warn("standard input: ", errno_text(errno));
            outcome = worse(outcome, Outcome::failed);
            return;
        }
        filled += static_cast<size_t>(got);
        const std::string_view text(bytes, filled);
        size_t whole = text.rfind('\n') + 1;
        if (got == 0 || (whole == 0 && filled == sizeof bytes)) whole = filled;
        if (whole > 0 && !say(text.substr(0, whole))) return;
        filled -= whole;
        std::memmove(bytes, bytes + whole, filled);
    }
}

}  // namespace

Outcome run_input(Session& session) {
    signals::ignore(SIGPIPE);
    const std::span<const std::string_view> words = session.arguments.subspan(1);
    Speech speech;
    speech.patience = session.invocation.waits ? session.invocation.timeout : Duration{};
    speech.outcome = open_inputs(session, speech.inputs);
    if (words.empty()) {
        speech.say_standard_input();
    } else {
        LongText line;
        for (size_t i = 0; i < words.size(); ++i) append(line, i > 0 ? " " : "", words[i]);
        line << '\n';
        speech.say(line);
    }
    finish(session);
    return speech.outcome;
}

}  // namespace reeve
