#include "ctl/protocol.h"

#include "base/escape.h"
#include "base/parse.h"
#include "core/object.h"

namespace reeve {

namespace {

constexpr std::string_view version = "reeve/1";

constexpr const char* command_names[command_count] = {
    "status", "why",    "up",   "down",        "restart", "run",  "signal", "reload", "wait",
    "plan",   "events", "boot", "directories", "rotate",  "exit", "reexec", "next",   "scale",
};

bool has_control(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    return false;
}

bool set_command(Request& request, std::string_view name) {
    for (size_t i = 0; i < command_count; ++i) {
        request.command = static_cast<Command>(i);
        if (name == command_names[i]) return true;
    }
    return false;
}

bool set_option(Request& request, std::string_view key, std::string_view value) {
    if (key == "timeout") {
        const auto ms = parse_unsigned(value, duration_max_ms);
        if (ms) request.timeout = milliseconds(static_cast<int64_t>(*ms));
        return ms.has_value();
    }
    if (key == "wait") {
        request.waits = value != "no";
        return value == "no" || value == "yes";
    }
    if (key == "watch") return request.watches = value == "yes";
    if (key == "follow") return request.follows = value == "yes";
    if (key == "now") return request.now = value == "yes";
    if (key == "again") return request.again = value == "yes";
    if (key == "state") {
        request.until = parse_state(value);
        return request.until.has_value();
    }
    if (key == "number") {
        const bool counts = request.command == Command::scale;
        const auto number = parse_unsigned(value, counts ? instances_max_count : 255);
        if (number) request.number = static_cast<int>(*number);
        return number.has_value();
    }
    return false;
}

// Which words a command needs.
const char* missing_in(const Request& request) {
    const bool lacks_names = request.names.empty();
    switch (request.command) {
    case Command::signal:
        if (request.number == 0) return "signal: which one?";
        return lacks_names ? "signal: of which service?" : nullptr;
    case Command::scale:
        if (request.number == 0) return "scale: to how many?";
        return request.again || is_full_name(request.names) ? nullptr : "scale: of which service?";
    case Command::up:
    case Command::down:
    case Command::restart:
    case Command::run:
    case Command::wait: return lacks_names ? "which service?" : nullptr;
    case Command::status:
    case Command::next:
    case Command::why:
    case Command::reload:
    case Command::rotate:
    case Command::directories: return nullptr;
    case Command::plan:
    case Command::events:
    case Command::boot:
    case Command::exit:
    case Command::reexec: return lacks_names ? nullptr : "it takes no names";
    }
    return nullptr;
}

}  // namespace

const char* name_of(Command command) { return command_names[static_cast<size_t>(command)]; }

std::optional<Request> parse_request(std::string_view line, Sink& problem) {
    const auto refuse = [&](const char* why, std::string_view what = {}) {
        append(problem, why, what.substr(0, shown_max_bytes));
        return std::nullopt;
    };
    if (has_control(line)) return refuse("the request has a control character in it");
    const std::string_view theirs = take_word(line);
    if (theirs != version)
        return refuse("svctl and this reeve are of different versions: it speaks reeve/1, not ",
                      theirs);
    Request request;
    const std::string_view name = take_word(line);
    if (!set_command(request, name)) return refuse("this reeve does not know the command ", name);
    for (line = trim(line); !line.empty(); line = trim(line)) {
        std::string_view rest = line;
        const std::string_view word = take_word(rest);
        const size_t equals = word.find('=');
        if (equals == std::string_view::npos) break;
        if (!set_option(request, word.substr(0, equals), word.substr(equals + 1)))
            return refuse("this reeve does not understand ", word);
        line = rest;
    }
    request.names = line;
    if (line.find('=') != std::string_view::npos) return refuse("options stand before names");
    if (const char* missing = missing_in(request)) return refuse(missing);
    return request;
}

void append_request(Sink& out, const Request& request) {
    append(out, version, ' ', name_of(request.command), " timeout=", request.timeout.ms);
    if (!request.waits) out << " wait=no";
    if (request.watches) out << " watch=yes";
    if (request.follows) out << " follow=yes";
    if (request.now) out << " now=yes";
    if (request.again) out << " again=yes";
    if (request.until) append(out, " state=", name_of(*request.until));
    if (request.number != 0) append(out, " number=", request.number);
    if (!request.names.empty()) append(out, ' ', request.names);
    out << '\n';
}

std::optional<ReplyLine> parse_reply_line(std::string_view line) {
    using Kind = ReplyLine::Kind;
    if (has_control(line)) return std::nullopt;
    if (line.empty()) return ReplyLine{.kind = Kind::gap};
    const size_t key = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (key != std::string_view::npos && key > 0 && line[key] == '=')
        return ReplyLine{.kind = Kind::field, .text = line};
    if (line == "ending") return ReplyLine{.kind = Kind::ending};
    if (line == "again") return ReplyLine{.kind = Kind::again};
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (word == "warn") return ReplyLine{.kind = Kind::warning, .text = trim(rest)};
    if (word != "end" && word != "begun") return std::nullopt;
    const auto outcome = parse_unsigned(take_word(rest), outcome_count - 1);
    if (!outcome) return std::nullopt;
    return ReplyLine{.kind = word == "end" ? Kind::end : Kind::begun,
                     .outcome = static_cast<Outcome>(*outcome),
                     .text = trim(rest)};
}

void append_end(Sink& out, Outcome outcome, std::string_view text) {
    append(out, "end ", static_cast<int>(outcome));
    if (!text.empty()) out << ' ';
    append_escaped(out, text);
    out << '\n';
}

}  // namespace reeve
