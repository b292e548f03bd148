// The commands for services of which there are several: svctl scale and restart --rolling.
#include "base/list.h"
#include "base/parse.h"
#include "svctl/ask.h"

namespace reeve {

namespace {

void show_and_keep(Session& session, std::string_view object, List<Text>& objects) {
    objects.push_back(object);
    show_outcome(session, object, objects);
}

Request request_for(const Session& session, Command command, std::string_view names) {
    Request request;
    request.command = command;
    request.timeout = session.invocation.timeout;
    request.waits = session.invocation.waits;
    request.watches = true;
    request.names = names;
    return request;
}

// Says which have their turn no more.
void name_untouched(const List<Text>& objects, size_t first) {
    LongText names;
    for (size_t i = first; i < objects.size(); ++i)
        append(names, i > first ? " " : "", FullNameText(full_name_of(objects[i])).view());
    if (!names.empty()) warn("not restarted: ", names);
}

}  // namespace

Outcome run_scale(Session& session) {
    const std::string_view name = session.arguments[0];
    const auto count = parse_unsigned(session.arguments[1], instances_max_count);
    if (!count || *count == 0) {
        warn("no number from 1 to ", uint64_t{instances_max_count}, ": ", session.arguments[1],
             " (svctl scale NAME N; svctl down NAME stops all)");
        return Outcome::usage;
    }
    if (!is_name(name)) {
        warn("scale: '", name, "' is no name of a service, such as web");
        return Outcome::usage;
    }
    Request request = request_for(session, Command::scale, name);
    request.number = static_cast<int>(*count);
    List<Text> told;
    int code = 0;
    const Outcome outcome = ask_reeve(session, request, show_and_keep, told, code);
    if (code != 0) return no_answer(session, code);
    if (told.empty() && outcome == Outcome::done && !session.invocation.json)
        append(session.printer, name, ": as many as before, ", *count, '\n');
    finish(session);
    return outcome;
}

Outcome run_restart(Session& session) {
    if (!session.invocation.rolling) return run_request(session);
    if (!session.invocation.waits) {
        warn("--rolling waits for each of them: it does not go with -n");
        return Outcome::usage;
    }
    Question question(session, 0);
    question.request.command = Command::status;
    List<Text> objects;
    int code = 0;
    Outcome outcome = ask_reeve(session, question.request, keep, objects, code);
    if (code != 0) return no_answer(session, code);
    if (outcome == Outcome::no_such_service) return outcome;
    outcome = Outcome::done;
    sort_objects(objects, {});
    for (size_t i = 0; i < objects.size() && outcome == Outcome::done; ++i) {
        const FullNameText name(full_name_of(objects[i]));
        List<Text> none;
        outcome = ask_reeve(session, request_for(session, Command::restart, name.view()),
                            show_outcome, none, code);
        if (code != 0) outcome = no_answer(session, code);
        if (outcome != Outcome::done) name_untouched(objects, i + 1);
    }
    finish(session);
    return outcome;
}

}  // namespace reeve
