// svcheck: is something there, and does it answer? For the checks of services, and for images that
// have no curl.
#include <span>

#include "base/escape.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/version.h"
#include "kernel/sys.h"
#include "kernel/terminal.h"
#include "svcheck/probe.h"

namespace reeve {

namespace {

enum ExitCode : int { well = 0, ill = 1, usage = 2 };

constexpr char help[] =
    "usage: svcheck [-t TIMEOUT] tcp ADDR:PORT\n"
    "       svcheck [-t TIMEOUT] unix PATH\n"
    "       svcheck [-t TIMEOUT] http://ADDR[:PORT][/PATH] [--status FIRST[-LAST]] [--contains "
    "TEXT]\n"
    "       svcheck file PATH [--newer AGE]\n"
    "       svcheck pid PATH\n"
    "ADDR is a number, [::1] too, or localhost. Exit status: 0 all is well, 1 it is not, 2 usage.\n"
    "See svcheck(8).\n";

void say(std::string_view text) {
    Buffer<1024> line;
    line << "svcheck: ";
    append_escaped(line, text);
    line.cut(std::min(line.size(), line.capacity() - 1));
    line << '\n';
    write_all(2, line.view());
}

struct Options {
    Duration timeout = milliseconds(probe_timeout_ms);
    Statuses statuses;
    std::string_view contains;
    Duration newer{};
    std::string_view words[2];  // what is looked at
    size_t count = 0;
    bool has_statuses = false;  // --status was given
};

// What a value of an option comes to. Null: all is well.
using Setter = const char* (*)(Options& options, std::string_view value);

const char* set_timeout(Options& options, std::string_view value) {
    const auto timeout = parse_duration(value);
    options.timeout = timeout.value_or(Duration{});
    return options.timeout.ms > 0 ? nullptr : "-t takes a duration above 0: 500ms, 5s, 1m";
}

const char* set_statuses(Options& options, std::string_view value) {
    const auto statuses = parse_statuses(value);
    options.has_statuses = true;
    if (statuses) options.statuses = *statuses;
    return statuses ? nullptr : "--status takes a code or a range of them: 204, 200-399";
}

const char* set_contains(Options& options, std::string_view value) {
    options.contains = value;
    return value.empty() ? "--contains takes the text that is to be there" : nullptr;
}

const char* set_newer(Options& options, std::string_view value) {
    const auto newer = parse_duration(value);
    options.newer = newer.value_or(Duration{});
    return options.newer.ms > 0 ? nullptr : "--newer takes a duration above 0: 30s, 5m, 1h";
}

constexpr struct {
    std::string_view name;
    Setter set;
} rows[] = {{"-t", set_timeout},
            {"--status", set_statuses},
            {"--contains", set_contains},
            {"--newer", set_newer}};

// Takes the option at `place`, and its value. What is wrong with it; null: nothing.
const char* take_option(Options& options, std::span<char*> words, size_t& place) {
    const std::string_view word = words[place];
    for (const auto& row : rows) {
        if (!word.starts_with(row.name)) continue;
        std::string_view value = word.substr(row.name.size());
        const bool is_long = row.name[1] == '-';
        if (is_long && !value.empty() && value.front() != '=') continue;
        if (is_long && !value.empty())
            value.remove_prefix(1);
        else if (value.empty() && place + 1 < words.size())
            value = words[++place];
        return row.set(options, value);
    }
    return "there is no such option; svcheck -h lists them";
}

ExitCode refuse(std::string_view word, std::string_view why) {
    Buffer<512> line;
    append(line, word, word.empty() ? "" : ": ", why);
    say(line.view());
    return usage;
}

// The probe's answer, told where it is none that is hoped for.
ExitCode tell(bool is_well, const Options& options, const Sink& why) {
    if (is_well) return well;
    Buffer<1024> line;
    append(line, options.words[0]);
    if (options.count > 1) append(line, ' ', options.words[1]);
    append(line, ": ", why);
    say(line.view());
    return ill;
}

ExitCode run(const Options& options) {
    const std::string_view what = options.words[0];
    const std::string_view where = options.words[1];
    const bool is_url = what.starts_with("http://");
    const Mono deadline = sys::mono_now() + options.timeout;
    Buffer<512> why;
    if (what.starts_with("https://"))
        return refuse(what, "svcheck knows no TLS: ask the port that has none, or use curl");
    if (!is_url && (options.has_statuses || !options.contains.empty()))
        return refuse(what, "--status and --contains are for http://");
    if (what != "file" && options.newer.ms > 0) return refuse(what, "--newer is for file");
    if (options.count != (is_url ? 1 : 2))
        return refuse(what, options.count < 2 ? "what is to be looked at? (svcheck -h)"
                                              : "one word too many (svcheck -h)");
    if (is_url) {
        const auto url = parse_url(what);
        if (!url)
            return refuse(what, "no address that svcheck knows: http://ADDR[:PORT][/PATH], where "
                                "ADDR is a number, [::1] too, or localhost");
        return tell(probe_http(*url, options.statuses, options.contains, deadline, why), options,
                    why);
    }
    if (what == "tcp") {
        const auto endpoint = parse_endpoint(where, 0);
        if (!endpoint)
            return refuse(where, "no address and port that svcheck knows: ADDR:PORT, where ADDR "
                                 "is a number, [::1] too, or localhost");
        return tell(probe_tcp(*endpoint, deadline, why), options, why);
    }
    if (what == "unix") return tell(probe_unix(where, deadline, why), options, why);
    if (what == "file") return tell(probe_file(where, options.newer, why), options, why);
    if (what == "pid") return tell(probe_pid(where, why), options, why);
    return refuse(what, "no probe: tcp, unix, http://..., file or pid");
}

}  // namespace

int svcheck_main(int argc, char** argv) {
    Options options;
    const std::span<char*> words(argv, static_cast<size_t>(argc));
    bool has_options = true;
    for (size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const bool is_option = has_options && word.size() > 1 && word[0] == '-';
        if (is_option && word == "--") {
            has_options = false;
        } else if (is_option && (word == "-h" || word == "--help")) {
            return write_all(1, help) == 0 ? well : ill;
        } else if (is_option && (word == "-V" || word == "--version")) {
            return write_all(1, "svcheck " REEVE_VERSION "\n") == 0 ? well : ill;
        } else if (is_option) {
            if (const char* wrong = take_option(options, words, i)) return refuse(word, wrong);
        } else if (options.count == std::size(options.words)) {
            return refuse(word, "one word too many (svcheck -h)");
        } else {
            options.words[options.count++] = word;
        }
    }
    if (options.count == 0) return refuse({}, "what is to be looked at? (svcheck -h)");
    return run(options);
}

}  // namespace reeve
