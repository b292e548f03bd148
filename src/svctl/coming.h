// coming: what the clock has in store for services, one thing after another.
#pragma once

#include <string_view>

#include "base/list.h"
#include "base/ref.h"
#include "base/text.h"
#include "files/zone.h"
#include "model/timing.h"
#include "svctl/svctl.h"

namespace reeve {

enum class What : uint8_t { start, stop, in_force };

// A version of a service, and what is to come of it.
struct Outlook {
    Text name;  // NAME, NAME@I or NAME+VERSION
    Text version;
    Ref<const Timing> timing;  // never null
    bool is_later = false;     // the version in force is another outlook
    bool runs = false;         // as far as its window goes
    bool is_to_come = false;   // its coming into force is told still
    Wall from{};               // when that is; 0: it is in force
    Wall until = no_moment;    // when the next version does
    int64_t after_s = 0;       // starts up to then are told, but for
    uint32_t left = 0;         // so many of that second
    Mono tick = no_deadline;   // when `every` is due next

    Wall next = no_moment;  // what comes next, and when; no_moment: nothing
    What what = What::start;

    // To what is first, or next.
    void advance(Now now);
};

// What is to come of a service that is loaded now.
Outlook outlook_of(std::string_view name, std::string_view version, const Ref<const Timing>& timing,
                   Now now);

// What reeve's answer (core/object.h, append_coming) comes to: by name, a service's versions in the
// order in which they come into force.
List<Outlook> read_outlooks(const List<Text>& objects, Now now);

// Those that have a schedule or a window, or another version.
void drop_idle(List<Outlook>& outlooks);

// The first things to come of all, up to then, in the order of their time.
struct Coming {
    Wall time;
    What what;
    uint32_t outlook;  // whose
};
List<Coming> take_coming(List<Outlook>& outlooks, size_t count, Wall until, Now now);

// "start", "in force v2".
void append_what(Sink& out, What what, std::string_view version);
// "in 3h2m".
void append_relative(Sink& out, Duration left);
// Seven days of them in a calendar.
void print_week(Printer& printer, const List<Outlook>& outlooks, const Screen& screen, Now now);
// A line or an object each.
void show_coming(Session& session, const List<Coming>& coming, const List<Outlook>& outlooks,
                 Now now);

}  // namespace reeve
