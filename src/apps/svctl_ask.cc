// svctl_ask: the commands that ask reeve, or what it last wrote.
#include <algorithm>
#include <cerrno>

#include "apps/svctl.h"
#include "base/limits.h"
#include "core/object.h"
#include "ctl/client.h"
#include "host/statusfile.h"
#include "host/sys.h"
#include "model/signals.h"

namespace reeve {

namespace {

using Take = void (*)(Session& session, std::string& object, std::vector<std::string>& objects);

std::string join(const std::vector<std::string_view>& words, size_t first) {
    std::string joined;
    for (size_t i = first; i < words.size(); ++i)
        joined.append(joined.empty() ? "" : " ").append(words[i]);
    return joined;
}

Request request_of(const Session& session) {
    Request request;
    request.command = session.row.command;
    request.timeout = session.invocation.timeout;
    request.waits = session.invocation.waits;
    request.until = session.invocation.until;
    return request;
}

// Why there is no answer, and what to do about it.
Outcome no_answer(const Session& session, const Error& error) {
    const std::string path = session.invocation.run_directory + "/control";
    switch (error.code) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        warn("reeve is not running (no answer at " + path + ")");
        return Outcome::no_reeve;
    case EACCES:
        warn("not permitted: only root and the user that reeve runs as may use " + path);
        return Outcome::not_permitted;
    case EPERM:
        warn("not permitted: " + path + " is another user's; say which one is meant with -r");
        return Outcome::not_permitted;
    case ETIMEDOUT:
        warn("no answer at " + path + " in time: reeve has more clients than it serves at once");
        return Outcome::timed_out;
    default: warn(describe(error)); return Outcome::failed;
    }
}

// Reads the reply to its end, and has take() have each object. Whoever asks is told more than the
// outcome on standard error.
Outcome read_reply(Session& session, Client& client, Mono end, Take take,
                   std::vector<std::string>& objects) {
    std::string object;
    bool ending = false;
    for (;;) {
        std::string_view line;
        const Mono patience = sys::mono_now() + milliseconds(answer_grace_ms);
        const Client::Got got = client.read_line(line, std::max(end, patience));
        if (got == Client::Got::too_late) {
            warn("reeve does not answer");
            return Outcome::timed_out;
        }
        if (got == Client::Got::nothing_more) {
            if (ending) return Outcome::done;
            warn("reeve ended before it had answered");
            return Outcome::no_reeve;
        }
        const auto said = parse_reply_line(line);
        if (!said) {
            warn("what is there does not speak as reeve does");
            return Outcome::failed;
        }
        switch (said->kind) {
        case ReplyLine::Kind::field: object.append(said->text).append("\n"); break;
        case ReplyLine::Kind::gap:
            take(session, object, objects);
            object.clear();
            break;
        case ReplyLine::Kind::warning: warn(said->text); break;
        case ReplyLine::Kind::ending: ending = true; break;
        case ReplyLine::Kind::end:
            if (!said->text.empty()) warn(said->text);
            return said->outcome;
        }
    }
}

// `unanswered`: errno of the connection that could not be had; 0: there was one.
Outcome ask(Session& session, const Request& request, Take take, std::vector<std::string>& objects,
            Error* unanswered) {
    Buffer<request_max_bytes> line;
    append_request(line, request);
    if (line.truncated()) return usage_error("that is more than one request can hold");
    const Mono patience = sys::mono_now() + milliseconds(answer_grace_ms);
    Client client;
    const Status connected =
        client.connect(session.invocation.run_directory + "/control", patience);
    if (!connected) {
        *unanswered = connected.error();
        return Outcome::no_reeve;
    }
    client.send(line.view(), patience);  // where that fails there may still be an answer to read
    const bool waits = request.waits && request.command != Command::status;
    return read_reply(session, client, waits ? patience + request.timeout : patience, take,
                      objects);
}

// Does NAME, NAME@I or @LABEL mean this service?
bool is_meant(std::string_view word, std::string_view object) {
    if (!word.starts_with('@'))
        return word == find_field(object, "name") || word == full_name_of(object);
    std::string_view labels = find_field(object, "group");
    for (auto label = take_word(labels); !label.empty(); label = take_word(labels))
        if (label == word.substr(1)) return true;
    return false;
}

// All status files, once it is said where the answer comes from. Empty where there is none.
std::vector<std::string> read_remains(const Session& session, const Error& error,
                                      Outcome& outcome) {
    Result<std::vector<std::string>> files = read_status_files(session.invocation.run_directory);
    if (!files || files->empty()) {
        outcome = no_answer(session, error);
        return {};
    }
    const bool forbidden = error.code == EACCES || error.code == EPERM;
    warn(forbidden ? "not permitted to ask reeve; this is what it last wrote"
                   : "reeve is not running; this is what it last wrote");
    outcome = Outcome::no_reeve;
    return std::move(*files);
}

// Those of the files that the arguments mean, in the order of the arguments.
std::vector<std::string> chosen(const Session& session, const std::vector<std::string>& files) {
    if (session.arguments.empty()) return files;
    std::vector<std::string> objects;
    for (const std::string_view word : session.arguments) {
        bool found = false;
        for (const std::string& file : files) {
            if (!is_meant(word, file)) continue;
            found = true;
            if (std::find(objects.begin(), objects.end(), file) == objects.end())
                objects.push_back(file);
        }
        if (!found) warn("no such service: " + std::string(word));
    }
    return objects;
}

// What `why` says of a service, of all that its file says.
std::string brief_of(std::string_view object) {
    std::string lines = "name=" + full_name_of(object);
    lines.append("\nstate=").append(find_field(object, "state"));
    return lines.append("\nreason=").append(find_field(object, "reason")).append("\n");
}

void append_causes(const std::vector<std::string>& files, std::string_view object,
                   std::vector<std::string>& objects) {
    for (size_t links = 0; links < files.size(); ++links) {
        objects.push_back(brief_of(object));
        const std::string_view blamed = find_field(object, "blames");
        const auto next = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
            return !blamed.empty() && full_name_of(file) == blamed;
        });
        if (next == files.end()) return;
        object = *next;
    }
}

void keep(Session&, std::string& object, std::vector<std::string>& objects) {
    objects.push_back(std::move(object));
}

void show_outcome(Session& session, std::string& object, std::vector<std::string>&) {
    if (session.invocation.json) return session.printer.json_object(object);
    const std::string line = outcome_of(object);
    if (find_field(object, "result") == "0") {
        session.printer.text(line);
        session.printer.flush();
    } else {
        warn(std::string_view(line).substr(0, line.size() - 1));
    }
}

// The end of every command that shows objects.
Outcome finish(Session& session, Outcome outcome, const std::vector<std::string>& objects) {
    if (session.invocation.json)
        for (const std::string& object : objects) session.printer.json_object(object);
    session.printer.finish();
    return outcome;
}

}  // namespace

Outcome run_status(Session& session) {
    const std::string names = join(session.arguments, 0);
    Request request = request_of(session);
    request.names = names;
    std::vector<std::string> objects;
    Error error;
    Outcome outcome = ask(session, request, keep, objects, &error);
    if (error.code != 0) {
        objects = chosen(session, read_remains(session, error, outcome));
        if (objects.empty()) return outcome;
    }
    if (session.invocation.json) return finish(session, outcome, objects);
    const bool details = !session.arguments.empty() && session.row.name == std::string_view("status");
    if (objects.empty()) {
        if (outcome == Outcome::done) warn("there are no services");
    } else if (!details) {
        session.printer.text(table_of(objects, session.screen));
    }
    for (size_t i = 0; details && i < objects.size(); ++i) {
        if (i > 0) session.printer.text("\n");
        session.printer.text(details_of(objects[i], session.screen));
    }
    return finish(session, outcome, {});
}

Outcome run_why(Session& session) {
    const std::string names = join(session.arguments, 0);
    Request request = request_of(session);
    request.names = names;
    std::vector<std::string> objects;
    Error error;
    Outcome outcome = ask(session, request, keep, objects, &error);
    if (error.code != 0) {
        const std::vector<std::string> files = read_remains(session, error, outcome);
        for (const std::string& file : chosen(session, files)) append_causes(files, file, objects);
        if (objects.empty()) return outcome;
    }
    if (!session.invocation.json)
        for (const std::string& object : objects) session.printer.text(sentence_of(object));
    return finish(session, outcome, objects);
}

Outcome run_request(Session& session) {
    Request request = request_of(session);
    size_t first = 0;  // of the names among the arguments
    if (request.command == Command::signal) {
        const auto number = parse_signal(session.arguments[0]);
        if (!number)
            return usage_error("there is no signal " + std::string(session.arguments[0]));
        request.number = *number;
        first = 1;
    } else if (request.command == Command::exit && !session.arguments.empty()) {
        const auto code = parse_unsigned(session.arguments[0], 255);
        if (!code) return usage_error("an exit code is a number from 0 to 255");
        request.number = static_cast<int>(*code);
        first = 1;
    }
    const std::string names = join(session.arguments, first);
    request.names = names;
    std::vector<std::string> none;
    Error error;
    const Outcome outcome = ask(session, request, show_outcome, none, &error);
    if (error.code != 0) return no_answer(session, error);
    return finish(session, outcome, none);
}

}  // namespace reeve
