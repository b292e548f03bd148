#include "files/starts.h"

#include <cerrno>

#include "base/limits.h"
#include "base/parse.h"
#include "files/place.h"
#include "files/replace.h"
#include "files/trust.h"
#include "kernel/sys.h"
#include "model/calendar.h"
#include "model/full_name.h"
#include "model/zone.h"

namespace reeve {

namespace {

Text path_of(const Text& state_directory) { return Text::join(state_directory, "/starts"); }

// "NAME[@I]=DATE", whose zone is UTC. False: it says nothing.
bool take_start(std::string_view line, List<Remembered>& starts) {
    const size_t equals = line.find('=');
    const std::string_view name = line.substr(0, equals);
    if (equals == line.npos || !is_full_name(name)) return false;
    const auto date = parse_date(line.substr(equals + 1));
    if (!date || !date->offset_s) return false;
    starts.push_back({name, wall_of(instant_of(*date, Zone()))});
    return true;
}

// Until the clock was set it says nothing.
bool is_telling(const Timer& timer) { return timer.handled >= clock_set_from; }

void append_start(Sink& out, std::string_view name, Wall time) {
    append(out, name, '=');
    append_whole_time(out, time);
    out << '\n';
}

}  // namespace

List<Remembered> read_starts(const Text& state_directory, Text& complaint) {
    List<Remembered> starts;
    const Text path = path_of(state_directory);
    const auto complain_of = [&](std::string_view what) {
        complaint = Text::join(path, ": ", what, "; starts that were missed are not made up for");
    };
    const Fd file = open_trusted(path.c_str());
    if (!file) {
        if (errno == EPERM || errno == ELOOP)
            complain_of("no regular file of root or of its own user");
        else if (errno != ENOENT && errno != ENOTDIR)
            complain_of(errno_text(errno));
        return starts;
    }
    struct stat status {};
    if (sys::fstat(file.get(), &status) < 0 || (status.st_mode & 0022) != 0) {
        complain_of("writable by others (chmod go-w)");
        return starts;
    }
    LongText text;
    char block[4096];
    ssize_t got = 0;
    while ((got = sys::read(file.get(), block, sizeof block)) > 0 &&
           text.size() < remembered_max_bytes)
        text << std::string_view(block, static_cast<size_t>(got));
    if (got < 0) complain_of(errno_text(errno));
    if (got > 0) complain_of("it is larger than any reeve wrote it");
    if (got != 0) return starts;
    size_t damaged = 0;
    std::string_view rest = text;
    while (!rest.empty())
        if (!take_start(take_line(rest), starts)) ++damaged;
    if (damaged > 0) complain_of("it is damaged in part");
    return starts;
}

Status write_starts(const Text& state_directory, const Supervisor& supervisor) {
    LongText text;
    const Timetable& timetable = supervisor.timetable();
    for (const Timetable::Row& row : timetable.rows()) {
        const Service& service = supervisor.at(row.id);
        if (service.definition && service.definition->timing &&
            service.definition->timing->catch_up && is_telling(row))
            append_start(text, FullNameText(service.full_name()).view(), row.handled);
    }
    // What is not in force for now, for its file has errors, is to be made up for once it is; so is
    // what waits for the clock to be set.
    List<ServiceId> found;
    for (const Remembered& each : timetable.remembered()) {
        found.clear();
        supervisor.select(each.name, found);
        if (found.size() != 1) continue;
        const Timer* timer = timetable.find(found.front());
        const bool waits = timer != nullptr && !is_telling(*timer);
        if (waits || !supervisor.at(found.front()).definition)
            append_start(text, each.name, each.time);
    }
    if (Status made = make_directories(state_directory, 0755); !made) return made;
    const Text path = path_of(state_directory);
    if (!replace_text(Text::join(path, ".new").c_str(), path.c_str(), text))
        return Error{"write", path, errno};
    return Nothing{};
}

}  // namespace reeve
