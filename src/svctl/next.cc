// next: what the clock will bring, as a list.
#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "core/timetable.h"
#include "kernel/sys.h"
#include "svctl/ask.h"
#include "svctl/columns.h"
#include "svctl/coming.h"

namespace reeve {

void append_what(Sink& out, What what, std::string_view version) {
    if (what != What::in_force) {
        out << (what == What::start ? "start" : "stop");
        return;
    }
    append(out, "in force", version.empty() ? "" : " ", version);
}

void append_relative(Sink& out, Duration left) {
    if (left.ms > 0) out << "in ";
    append_span(out, left.ms > 0 ? left : Duration{});
}

namespace {

// For people in local time.
Text object_of(const Coming& coming, const Outlook& outlook, bool json, Now now) {
    Buffer<2 * reason_max_bytes> object;
    object << "time=";
    if (json)
        append_time(object, coming.time);
    else
        append_local_time(object, coming.time.ms / 1000, local_zone());
    object << '\n';
    const FullName name = FullName::split(outlook.name);
    append_field(object, "name", name.name);
    append_field(object, "instance", name.instance);
    object << "what=";
    append_what(object, coming.what, outlook.version);
    object << '\n';
    if (json) return object.view();
    object << "when=";
    append_relative(object, coming.time - now.wall);
    object << '\n';
    return object.view();
}

}  // namespace

void show_coming(Session& session, const List<Coming>& coming, const List<Outlook>& outlooks,
                 Now now) {
    List<Text> objects;
    const bool json = session.invocation.json;
    for (const Coming& each : coming)
        objects.push_back(object_of(each, outlooks[each.outlook], json, now));
    if (!json) return Columns{"time", "when", "name", "what"}.print(session, objects);
    for (const Text& object : objects) session.printer.json_object(object);
}

namespace {

void list_coming(Session& session, List<Outlook>& outlooks, std::optional<uint64_t> count,
                 Now now) {
    const bool week = session.invocation.week;
    const Wall until = week ? now.wall + milliseconds(7 * 86400000) : Wall{no_moment.ms - 1};
    const size_t most = count.value_or(week ? next_max_count : next_default_count);
    const List<Coming> coming = take_coming(outlooks, most, until, now);
    if (coming.empty() && !session.invocation.json)
        session.printer << "nothing is scheduled\n";
    else
        show_coming(session, coming, outlooks, now);
}

}  // namespace

Outcome run_next(Session& session) {
    std::optional<uint64_t> count;
    if (!session.arguments.empty()) count = parse_unsigned(session.arguments[0], UINT64_MAX);
    if (count && (*count == 0 || *count > next_max_count)) {
        warn("next: N is a number from 1 to ", uint64_t{next_max_count});
        return Outcome::usage;
    }
    const bool pictures = session.invocation.week && !session.invocation.json;
    if (pictures && count) {
        warn("next: --week shows all that comes in seven days, and not N of it");
        return Outcome::usage;
    }
    Question question(session, count ? 1 : 0);
    List<Text> objects;
    int code = 0;
    const Outcome outcome = ask_reeve(session, question.request, keep, objects, code);
    if (code != 0) return no_answer(session, code);
    const Now now{sys::mono_now(), sys::wall_now()};
    List<Outlook> outlooks = read_outlooks(objects, now);
    if (now.wall < clock_set_from) warn("the clock is not set: only intervals (every) can be told");
    drop_idle(outlooks);
    if (pictures && !outlooks.empty())
        print_week(session.printer, outlooks, session.screen, now);
    else if (outcome == Outcome::done || !outlooks.empty())
        list_coming(session, outlooks, count, now);
    finish(session);
    return outcome;
}

}  // namespace reeve
