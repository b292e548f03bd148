// svctl_ask: the commands that ask reeve, or what it last wrote.
#include <algorithm>
#include <cerrno>

#include "apps/svctl.h"
#include "base/limits.h"
#include "base/result.h"
#include "core/object.h"
#include "ctl/client.h"
#include "host/statusfile.h"
#include "host/sys.h"
#include "model/signals.h"

namespace reeve {

namespace {

// What becomes of each object of a reply.
using Take = void (*)(Session& session, std::string_view object, std::vector<Text>& objects);

// The command with its options and, from `first` on, its names. Usage error: it says so.
struct Question {
    Request request;
    Buffer<request_max_bytes> names;

    Question(const Session& session, size_t first) {
        const Invocation& invocation = session.invocation;
        request.command = session.row.command;
        request.timeout = invocation.timeout;
        request.waits = invocation.waits;
        request.until = invocation.until;
        for (size_t i = first; i < session.arguments.size(); ++i)
            names << (i > first ? " " : "") << session.arguments[i];
        request.names = names.view();
    }
};

using Path = Buffer<path_max_bytes>;

void append_socket_path(Path& path, const Session& session) {
    path << session.invocation.run_directory << "/control";
}

// Why there is no answer, and what to do about it. `code`: an errno.
Outcome no_answer(const Session& session, int code) {
    Path path;
    append_socket_path(path, session);
    switch (code) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        warn({"reeve is not running (no answer at ", path.view(), ")"});
        return Outcome::no_reeve;
    case EACCES:
        warn({"not permitted: only root and the user that reeve runs as may use ", path.view()});
        return Outcome::not_permitted;
    case EPERM:
        warn({"not permitted: ", path.view(), " is another user's; choose with -r"});
        return Outcome::not_permitted;
    case ETIMEDOUT:
        warn({"reeve has more clients than it serves at once"});
        return Outcome::timed_out;
    case ETIME: warn({"reeve does not answer"}); return Outcome::timed_out;
    default: warn({"connect ", path.view(), ": ", errno_text(code)}); return Outcome::failed;
    }
}

// Reads the reply up to its end. `code` is ETIME where reeve holds the connection and says nothing.
Outcome read_reply(Session& session, Client& client, Mono end, Take take,
                   std::vector<Text>& objects, int& code) {
    std::string object;
    bool ending = false;
    for (;;) {
        std::string_view line;
        const Mono patience = sys::mono_now() + milliseconds(answer_grace_ms);
        const Client::Got got = client.read_line(line, std::max(end, patience));
        if (got == Client::Got::too_late) {
            code = ETIME;
            return Outcome::timed_out;
        }
        if (got == Client::Got::nothing_more) {
            if (ending) return Outcome::done;
            warn({"reeve ended before it had answered"});
            return Outcome::no_reeve;
        }
        const auto said = parse_reply_line(line);
        if (!said) {
            warn({"what answers does not speak as reeve does"});
            return Outcome::failed;
        }
        switch (said->kind) {
        case ReplyLine::Kind::field: object.append(said->text).append(1, '\n'); break;
        case ReplyLine::Kind::gap:
            take(session, object, objects);
            object.clear();
            break;
        case ReplyLine::Kind::warning: warn({said->text}); break;
        case ReplyLine::Kind::ending: ending = true; break;
        case ReplyLine::Kind::end:
            if (!said->text.empty()) warn({said->text});
            return said->outcome;
        }
    }
}

// `code`: the errno for which there is no answer (no_answer() knows them), or 0.
Outcome ask(Session& session, const Question& question, Take take, std::vector<Text>& objects,
            int& code) {
    const Request& request = question.request;
    Buffer<request_max_bytes> line;
    append_request(line, request);
    code = 0;
    if (line.truncated() || question.names.truncated()) {
        warn({"that is more than one request can hold"});
        return Outcome::usage;
    }
    Path path;
    append_socket_path(path, session);
    const Mono patience = sys::mono_now() + milliseconds(answer_grace_ms);
    Client client;
    code = client.connect(path.c_str(), patience);
    if (code != 0) return Outcome::no_reeve;
    client.send(line.view(), patience);  // where that fails there may still be an answer to read
    const bool waits = request.waits && request.command != Command::status;
    return read_reply(session, client, waits ? patience + request.timeout : patience, take, objects,
                      code);
}

// Does NAME, NAME@I or @LABEL mean this service?
bool is_meant(std::string_view word, std::string_view object) {
    if (!word.starts_with('@')) {
        Buffer<2 * name_max_bytes + 1> full;
        append_full_name(full, object);
        return word == find_field(object, "name") || word == full.view();
    }
    std::string_view labels = find_field(object, "group");
    for (auto label = take_word(labels); !label.empty(); label = take_word(labels))
        if (label == word.substr(1)) return true;
    return false;
}

// All status files, once it is said where the answer comes from. None: the outcome says why.
std::vector<Text> read_remains(const Session& session, int code, Outcome& outcome) {
    std::vector<Text> files;
    read_status_files(session.invocation.run_directory, files);
    if (files.empty()) {
        outcome = no_answer(session, code);
        return files;
    }
    const bool forbidden = code == EACCES || code == EPERM;
    const bool silent = code == ETIME || code == ETIMEDOUT;
    warn({forbidden ? "not permitted to ask reeve"
          : silent  ? "reeve does not answer"
                    : "reeve is not running",
          "; this is what it last wrote"});
    outcome = Outcome::no_reeve;
    sort_objects(files, {});
    return files;
}

// The next of the files that an argument means, from `place` on; null: there is none.
const Text* next_meant(std::string_view word, const std::vector<Text>& files, size_t& place) {
    while (place < files.size()) {
        const Text& file = files[place++];
        if (is_meant(word, file)) return &file;
    }
    return nullptr;
}

// Adds to `objects` what one status file, one of all `files`, has to say.
using KeepFromFile = void (*)(const std::vector<Text>& files, std::string_view file,
                              std::vector<Text>& objects);

// Calls show(file) for each service that the arguments mean, or for all.
void each_meant(const Session& session, const std::vector<Text>& files, KeepFromFile show,
                std::vector<Text>& objects) {
    if (session.arguments.empty())
        for (const Text& file : files) show(files, file, objects);
    for (const std::string_view word : session.arguments) {
        size_t place = 0;
        const Text* file = next_meant(word, files, place);
        if (file == nullptr && !files.empty()) warn({"no such service: ", word});
        for (; file != nullptr; file = next_meant(word, files, place)) show(files, *file, objects);
    }
}

void keep_file(const std::vector<Text>&, std::string_view file, std::vector<Text>& objects) {
    objects.push_back(file);
}

// What `why` says of a service and those that it waits for, of all that their files say.
void keep_causes(const std::vector<Text>& files, std::string_view file,
                 std::vector<Text>& objects) {
    for (size_t links = 0; links < files.size(); ++links) {
        Buffer<2 * name_max_bytes + reason_max_bytes + 64> brief;
        brief << "name=";
        append_full_name(brief, file);
        brief << '\n';
        append_field(brief, "state", find_field(file, "state"));
        append_field(brief, "reason", find_field(file, "reason"));
        objects.push_back(brief.view());
        const std::string_view blamed = find_field(file, "blames");
        size_t place = 0;
        const Text* next = blamed.empty() ? nullptr : next_meant(blamed, files, place);
        if (next == nullptr) return;
        file = *next;
    }
}

void keep(Session&, std::string_view object, std::vector<Text>& objects) {
    objects.push_back(object);
}

// Asks reeve; where there is no answer, what its files say is kept by `keep_from_file`. False:
// there is nothing to learn, and `outcome` says why.
bool learn(Session& session, KeepFromFile keep_from_file, std::vector<Text>& objects,
           Outcome& outcome) {
    int code = 0;
    outcome = ask(session, {session, 0}, keep, objects, code);
    if (code == 0) return true;
    objects.clear();
    const std::vector<Text> files = read_remains(session, code, outcome);
    if (files.empty()) return false;
    each_meant(session, files, keep_from_file, objects);
    return true;
}

// At once: services are told as they get there.
void show_outcome(Session& session, std::string_view object, std::vector<Text>&) {
    if (session.invocation.json) return session.printer.json_object(object);
    Buffer<request_max_bytes> line;
    const bool good = find_field(object, "result") == "0";
    if (good && session.row.command == Command::signal) {
        append_full_name(line, object);
        line << ": " << session.arguments[0] << " sent";
    } else {
        append_outcome(line, object);
    }
    if (!good) return warn({line.view()});
    session.printer << line.view() << '\n';
    session.printer.flush();
}

void finish(Session& session) {
    if (session.invocation.json) session.printer.end_json();
    session.printer.flush();
}

void show_services(Session& session, std::vector<Text>& objects) {
    Printer& printer = session.printer;
    sort_objects(objects, session.screen);
    if (session.invocation.json) {
        for (const Text& object : objects) printer.json_object(object);
    } else if (session.arguments.empty() || session.row.name[0] == 'l') {
        print_table(printer, objects, session.screen);
    } else {
        for (const Text& object : objects) {
            if (&object != &objects.front()) printer << '\n';
            print_details(printer, object, session.screen);
        }
    }
}

}  // namespace

Outcome run_status(Session& session) {
    std::vector<Text> objects;
    Outcome outcome;
    if (!learn(session, keep_file, objects, outcome)) return outcome;
    if (!objects.empty())
        show_services(session, objects);
    else if (outcome == Outcome::done)
        warn({"there are no services"});
    finish(session);
    return outcome;
}

Outcome run_why(Session& session) {
    std::vector<Text> objects;
    Outcome outcome;
    if (!learn(session, keep_causes, objects, outcome)) return outcome;
    for (const Text& object : objects) {
        if (session.invocation.json)
            session.printer.json_object(object);
        else
            print_sentence(session.printer, object);
    }
    finish(session);
    return outcome;
}

Outcome run_request(Session& session) {
    const bool signals = session.row.command == Command::signal;
    const bool exits = session.row.command == Command::exit;
    Question question(session, signals || exits ? 1 : 0);
    if ((signals || exits) && !session.arguments.empty()) {
        const std::string_view word = session.arguments[0];
        const int number = signals ? parse_signal(word).value_or(-1)
                                   : static_cast<int>(parse_integer(word, 0, 255).value_or(-1));
        if (number < 0) {
            warn({signals ? "there is no such signal: " : "no exit code from 0 to 255: ", word});
            return Outcome::usage;
        }
        question.request.number = number;
    }
    std::vector<Text> none;
    int code = 0;
    const Outcome outcome = ask(session, question, show_outcome, none, code);
    if (code != 0) return no_answer(session, code);
    finish(session);
    return outcome;
}

}  // namespace reeve
