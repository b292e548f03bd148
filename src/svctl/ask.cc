// ask: the commands that ask reeve, or what it last wrote.
#include "svctl/ask.h"

#include <algorithm>
#include <cerrno>

#include "base/fields.h"
#include "base/list.h"
#include "base/parse.h"
#include "base/result.h"
#include "conf/load.h"
#include "core/object.h"
#include "ctl/client.h"
#include "files/rundir.h"
#include "files/status.h"
#include "files/trust.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "svctl/logs.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;
void append_socket_path(Path& path, const Session& session) {
    append(path, session.invocation.run_directory, "/control");
}

}  // namespace

bool is_strangers(const Session& session) {
    struct stat status {};
    const Text path = session.invocation.run_directory;
    return sys::stat(path.c_str(), &status) == 0 && !is_trusted_owner(status.st_uid);
}

Question::Question(const Session& session, size_t first) {
    const Invocation& invocation = session.invocation;
    request.command = session.row.command;
    request.timeout = invocation.timeout;
    request.waits = invocation.waits;
    request.follows = invocation.follows;
    request.now = invocation.now;
    request.until = invocation.until;
    // An argument is one name: what no name has stands for blanks in it.
    for (size_t i = first; i < session.arguments.size(); ++i) {
        if (i > first) names << ' ';
        for (const char c : session.arguments[i]) names << (c == ' ' || c == '\t' ? '?' : c);
    }
    request.names = names.view();
}

bool is_absent(int code) { return code == ENOENT || code == ENOTDIR || code == ECONNREFUSED; }

Outcome no_answer(const Session& session, int code) {
    Path path;
    append_socket_path(path, session);
    if (is_absent(code)) {
        warn("reeve is not running (no answer at ", path,
             "; start it, or name its run directory with -r; reeve -- CMD alone hears nobody, "
             "with -r it does)");
        return Outcome::no_reeve;
    }
    switch (code) {
    case ENAMETOOLONG: {
        Buffer<128> advice;
        append_socket_advice(advice);
        warn("no reeve can be at ", path, advice);
        return Outcome::no_reeve;
    }
    case EACCES:
        warn("not permitted: only root and the user that reeve runs as may use ", path);
        return Outcome::not_permitted;
    case EPERM:
        // Where there is no socket it is the directory that says so.
        warn("not permitted: ",
             sys::access(path.c_str(), F_OK) == 0 ? path.view() : session.invocation.run_directory,
             " is another user's (ask as that user, or name a "
             "run directory with -r)");
        return Outcome::not_permitted;
    case ETIMEDOUT:
        warn("reeve has more clients than it serves at once");
        return Outcome::timed_out;
    case ETIME: warn("reeve does not answer"); return Outcome::timed_out;
    default: warn("connect ", path, ": ", errno_text(code)); return Outcome::failed;
    }
}

namespace {

// A reply, as far as it came.
struct Reply {
    enum class Kind : uint8_t {
        whole,
        silent,  // reeve holds the connection and says nothing
        cut,     // the connection ended before it
        again,   // reeve executes itself again, and is to be asked once more
        begun,   // it is to be asked once more for what came of it, of these names
    };
    Kind kind = Kind::whole;
    Outcome outcome = Outcome::done;
    Text names;
};

Reply read_reply(Session& session, const Request& request, Client& client, Mono end, Take take,
                 List<Text>& objects) {
    using enum Reply::Kind;
    // What is wrong with reeve is no answer to who wants services for something else.
    const bool is_by_the_way = request.command == Command::status && session.row.run != run_status;
    LongText object;
    bool ending = false;
    for (;;) {
        std::string_view line;
        const Mono patience = sys::mono_now() + milliseconds(answer_grace_ms);
        const Client::Got got = client.read_line(line, std::max(end, patience));
        if (got == Client::Got::too_late) return {silent, Outcome::timed_out, {}};
        if (got == Client::Got::nothing_more) return {ending ? whole : cut, Outcome::done, {}};
        const auto said = parse_reply_line(line);
        if (!said) {
            warn("what answers does not speak as reeve does");
            return {whole, Outcome::failed, {}};
        }
        switch (said->kind) {
        case ReplyLine::Kind::field: append(object, said->text, '\n'); break;
        case ReplyLine::Kind::gap:
            take(session, object, objects);
            object.clear();
            break;
        case ReplyLine::Kind::warning:
            if (!is_by_the_way) warn(said->text);
            break;
        case ReplyLine::Kind::ending: ending = true; break;
        case ReplyLine::Kind::again: return {again, Outcome::done, {}};
        case ReplyLine::Kind::begun: return {begun, said->outcome, said->text};
        case ReplyLine::Kind::end:
            if (!said->text.empty()) warn(said->text);
            return {whole, said->outcome, {}};
        }
    }
}

// What asking comes to.
enum class Effect : uint8_t {
    none,        // reeve only tells; once it has ended, its files may tell instead
    idempotent,  // may be asked for twice, where it is not known whether it was done
    once,
};

Effect effect_of(Command command) {
    switch (command) {
    case Command::status:
    case Command::next:
    case Command::why:
    case Command::plan:
    case Command::events:
    case Command::boot: return Effect::none;
    // Nothing tells instead which they were: what follows would be done to the default one.
    case Command::directories:
    case Command::up:
    case Command::down:
    case Command::wait:
    case Command::scale:
    case Command::rotate: return Effect::idempotent;
    case Command::restart:
    case Command::run:
    case Command::signal:
    case Command::reload:
    case Command::exit:
    case Command::reexec: return Effect::once;
    }
    return Effect::once;
}

// It will be told once more. What was there before was not told.
void forget_told(List<Text>& objects, size_t count_before) {
    while (objects.size() > count_before) objects.pop_back();
}

}  // namespace

Outcome ask_reeve(Session& session, const Request& first, Take take, List<Text>& objects,
                  int& code) {
    Path path;
    append_socket_path(path, session);
    const Mono begin = sys::mono_now();
    const bool waits = first.waits && first.command != Command::status;
    Mono end = begin + milliseconds(answer_grace_ms);
    if (waits) end = end + first.timeout;
    if (first.follows) end = no_deadline;
    Request request = first;
    Text names;
    Outcome told = Outcome::done;
    const Effect effect = effect_of(first.command);
    const size_t count_before = objects.size();
    bool was_cut = false;
    for (;;) {
        const Mono now = sys::mono_now();
        const Duration waited = now - begin;
        request.timeout = milliseconds(std::max<int64_t>(first.timeout.ms - waited.ms, 0));
        Buffer<request_max_bytes> line;
        append_request(line, request);
        if (line.truncated()) {
            code = 0;
            warn("that is more than one request can hold");
            return Outcome::usage;
        }
        const Mono patience = now + milliseconds(answer_grace_ms);
        Client client;
        code = is_strangers(session) ? EPERM : client.connect(path.c_str(), patience);
        if (was_cut && is_absent(code) && effect != Effect::none) break;
        if (code != 0) return Outcome::no_reeve;
        client.send(line.view(), patience);  // where that fails there may still be an answer
        const Reply reply = read_reply(session, request, client, end, take, objects);
        switch (reply.kind) {
        case Reply::Kind::whole: return worse(told, reply.outcome);
        case Reply::Kind::silent: code = ETIME; return reply.outcome;
        case Reply::Kind::cut:
            forget_told(objects, count_before);
            // While it dies its socket may still take connections, and end them too.
            if (was_cut && effect == Effect::none) {
                code = ECONNREFUSED;
                return Outcome::no_reeve;
            }
            if (was_cut || effect == Effect::once) {
                warn("reeve ended before it had answered");
                return Outcome::no_reeve;
            }
            was_cut = true;
            break;
        case Reply::Kind::again: forget_told(objects, count_before); break;
        case Reply::Kind::begun:
            told = worse(told, reply.outcome);
            names = reply.names;
            request.names = names;
            request.again = true;
            break;
        }
    }
    code = 0;
    warn("reeve ended before it had answered");
    return Outcome::no_reeve;
}

bool is_meant(std::string_view word, std::string_view object) {
    if (!word.starts_with('@')) {
        const FullNameText full(full_name_of(object));
        return word == find_field(object, "name") || word == full.view();
    }
    if (word == "@all") return find_field(object, "name") != svlog_name;
    std::string_view labels = find_field(object, "group");
    for (auto label = take_word(labels); !label.empty(); label = take_word(labels))
        if (label == word.substr(1)) return true;
    return false;
}

List<Text> read_known(const Session& session) {
    const Invocation& invocation = session.invocation;
    List<Text> known;
    if (!invocation.reads_log_directory) known = read_last_status(invocation.run_directory);
    if (known.empty() && session.row.run == run_logs)
        read_log_directories(invocation.log_directory, known);
    return known;
}

namespace {

// What is known, once it is said where the answer comes from. Nothing: the outcome says why.
List<Text> read_remains(const Session& session, int code, Outcome& outcome) {
    List<Text> files = read_known(session);
    if (files.empty()) {
        outcome = no_answer(session, code);
        return files;
    }
    const bool forbidden = code == EACCES || code == EPERM;
    const bool silent = code == ETIME || code == ETIMEDOUT;
    warn(forbidden ? "not permitted to ask reeve"
         : silent  ? "reeve does not answer"
                   : "reeve is not running",
         "; this is what it last wrote");
    outcome = Outcome::no_reeve;
    sort_objects(files, {});
    return files;
}

// The next of the files that an argument means, from `place` on; null: there is none.
const Text* next_meant(std::string_view word, const List<Text>& files, size_t& place) {
    while (place < files.size()) {
        const Text& file = files[place++];
        if (is_meant(word, file)) return &file;
    }
    return nullptr;
}

// Adds to `objects` what one status file, one of all `files`, has to say.
using KeepFromFile = void (*)(const List<Text>& files, std::string_view file, List<Text>& objects);

// Calls show(file) for each service that the arguments mean, or for all. False: one means none.
bool each_meant(const Session& session, const List<Text>& files, KeepFromFile show,
                List<Text>& objects) {
    bool found = true;
    if (session.arguments.empty())
        for (const Text& file : files) show(files, file, objects);
    for (const std::string_view word : session.arguments) {
        size_t place = 0;
        const Text* file = next_meant(word, files, place);
        found = found && file != nullptr;
        if (file == nullptr) warn("no such service: ", word);
        for (; file != nullptr; file = next_meant(word, files, place)) show(files, *file, objects);
    }
    return found;
}

void keep_file(const List<Text>&, std::string_view file, List<Text>& objects) {
    objects.push_back(file);
}

// What `why` says of a service and those that it waits for, of all that their files say; `once`:
// down to the first that was told of before.
void keep_chain(const List<Text>& files, std::string_view file, List<Text>& objects, bool once) {
    for (size_t links = 0; links < files.size(); ++links) {
        Buffer<2 * name_max_bytes + reason_max_bytes + path_max_bytes + 128> brief;
        append(brief, "name=", FullNameText(full_name_of(file)), '\n');
        for (const Text& told : objects)
            if (once && told.view().starts_with(brief.view())) return;
        append_field(brief, "state", find_field(file, "state"));
        append_field(brief, "reason", find_field(file, "reason"));
        append_field(brief, "started", find_field(file, "started"));
        append_field(brief, "log", find_field(file, "log"));
        objects.push_back(brief.view());
        const std::string_view blamed = find_field(file, "blames");
        size_t place = 0;
        const Text* next = blamed.empty() ? nullptr : next_meant(blamed, files, place);
        if (next == nullptr) return;
        file = *next;
    }
}

void keep_causes(const List<Text>& files, std::string_view file, List<Text>& objects) {
    keep_chain(files, file, objects, false);
}

// Keeps a service's object and those of its causes, where it is not as it should be.
void keep_amiss(const List<Text>& files, std::string_view file, List<Text>& objects) {
    const std::string_view state = find_field(file, "state");
    const bool by_clock = !find_field(file, "next").empty() && find_field(file, "blames").empty();
    const bool settled = state == "running" || state == "done" || state == "stopped" ||
                         (state == "waiting" && by_clock);
    if (!settled || find_field(file, "stale") == "yes" || !find_field(file, "problem").empty())
        keep_chain(files, file, objects, true);
}

// Asks reeve; where there is no answer, what its files say is kept by `keep_from_file`. False:
// there is nothing to learn, and `outcome` says why.
bool learn(Session& session, KeepFromFile keep_from_file, List<Text>& objects, Outcome& outcome) {
    int code = 0;
    outcome = ask_reeve(session, Question(session, 0).request, keep, objects, code);
    if (code == 0) return true;
    objects.clear();
    const List<Text> files = read_remains(session, code, outcome);
    if (files.empty()) return false;
    each_meant(session, files, keep_from_file, objects);
    return true;
}

}  // namespace

void show_outcome(Session& session, std::string_view object, List<Text>&) {
    if (session.invocation.json) return session.printer.json_object(object);
    Buffer<request_max_bytes> line;
    const bool good = find_field(object, "result") == "0";
    if (good && session.row.command == Command::signal) {
        line << full_name_of(object);
        append(line, ": ", session.arguments[0], " sent");
    } else if (good && session.row.command == Command::rotate) {
        line << full_name_of(object) << ": a new file begins with the next line";
    } else {
        append_outcome(line, object);
    }
    if (!good) {
        LongText said;
        if (!find_field(object, "log").empty()) said = last_said(object);
        return warn(line, said.empty() ? "" : "; last line: ", said);
    }
    append(session.printer, line, '\n');
    session.printer.flush();
}

namespace {

void show_services(Session& session, List<Text>& objects) {
    Printer& printer = session.printer;
    sort_objects(objects, session.screen);
    const bool table = session.arguments.empty() || session.row.name[0] == 'l';
    for (Text& object : objects) {
        if (table) break;
        LongText whole(object.view());
        append_last_lines(whole, object, Lines::of_all);
        object = whole.view();
    }
    if (session.invocation.json) {
        for (const Text& object : objects) printer.json_object(object);
    } else if (table) {
        print_table(printer, objects, session.screen);
    } else {
        for (const Text& object : objects) {
            if (&object != &objects.front()) printer << '\n';
            print_details(printer, object, session.screen);
        }
    }
}

}  // namespace

void keep(Session&, std::string_view object, List<Text>& objects) { objects.push_back(object); }

Outcome choose_services(const Session& session, const List<Text>& services, List<Text>& objects) {
    const bool found = each_meant(session, services, keep_file, objects);
    sort_objects(objects, {});
    return found ? Outcome::done : Outcome::no_such_service;
}

bool learn_services(Session& session, List<Text>& objects, Outcome& outcome) {
    if (!learn(session, keep_file, objects, outcome)) return false;
    sort_objects(objects, {});
    if (outcome == Outcome::not_running) outcome = Outcome::done;
    return true;
}

void finish(Session& session) {
    if (session.invocation.json) session.printer.end_json();
    session.printer.flush();
}

Outcome run_status(Session& session) {
    List<Text> objects;
    Outcome outcome;
    if (!learn(session, keep_file, objects, outcome)) return outcome;
    if (!objects.empty())
        show_services(session, objects);
    else if (outcome == Outcome::done)
        warn("there are no services (svctl add makes one; svctl check looks at the files)");
    finish(session);
    return outcome;
}

namespace {

// What a link of the chain has to say, and if it fell ill what it said last.
void show_cause(Session& session, std::string_view object) {
    LongText shown;
    for (const char* key : {"name", "state", "reason"})
        append_field(shown, key, find_field(object, key));
    const std::string_view state = find_field(object, "state");
    if (state == "failed" || state == "backoff")
        append_last_lines(shown, object, Lines::of_last_run);
    if (session.invocation.json) return session.printer.json_object(shown);
    print_sentence(session.printer, shown, session.screen);
    print_last_lines(session.printer, shown, session.screen, 2);
}

}  // namespace

Outcome run_why(Session& session) {
    List<Text> objects;
    Outcome outcome;
    const bool all = session.arguments.empty();
    if (!learn(session, all ? keep_amiss : keep_causes, objects, outcome)) return outcome;
    for (const Text& object : objects) show_cause(session, object);
    if (all && objects.empty() && outcome == Outcome::done && !session.invocation.json)
        session.printer << "everything is as it should be\n";
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
            warn(signals ? "there is no such signal: " : "no exit code from 0 to 255: ", word,
                 signals ? " (svctl signal SIG NAME; SIG is such as HUP or 15)" : "");
            return Outcome::usage;
        }
        question.request.number = number;
    }
    List<Text> none;
    int code = 0;
    const Outcome outcome = ask_reeve(session, question.request, show_outcome, none, code);
    if (code != 0) return no_answer(session, code);
    finish(session);
    return outcome;
}

}  // namespace reeve
