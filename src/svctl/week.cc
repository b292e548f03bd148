// week: what seven days will bring, as a calendar with a row for each service.
#include <algorithm>

#include "base/civil.h"
#include "base/limits.h"
#include "core/timetable.h"
#include "model/schedule.h"
#include "svctl/coming.h"
#include "svctl/print.h"

namespace reeve {

namespace {

constexpr int64_t day_s = 86400;
constexpr size_t name_max_width = 16;
constexpr uint32_t many = 10;  // starts in a cell that are not counted any more

// Cells of some hours, seven days of them, from the one that it is now.
struct Grid {
    size_t name_width = 0;
    int64_t cells_a_day = 0;
    int64_t local_begin_s = 0;

    int64_t count() const { return 7 * cells_a_day; }
    int64_t local_s(int64_t cell) const { return local_begin_s + cell * (day_s / cells_a_day); }
    int64_t begin_s(int64_t cell) const { return instant_of_local(local_s(cell), local_zone()); }
    bool begins_day(int64_t cell) const { return local_s(cell) % day_s == 0; }
    // Left of the first cell of a day there is a line.
    size_t column_of(int64_t cell) const {
        const int64_t days = local_s(cell) / day_s - (local_begin_s - 1) / day_s;
        return name_width + 1 + static_cast<size_t>(cell + days);
    }
};

Grid lay_out(const List<Outlook>& outlooks, const Screen& screen, Now now) {
    Grid grid;
    for (const Outlook& each : outlooks)
        grid.name_width =
            std::max(grid.name_width, std::min(each.name.view().size(), name_max_width));
    const size_t width = screen.width > 0 ? screen.width : 80;
    for (const int64_t cells : {24, 12, 8, 4}) {
        grid.cells_a_day = cells;
        // A blank behind the name, and a line before each day.
        if (grid.name_width + 8 + static_cast<size_t>(grid.count()) <= width) break;
    }
    const int64_t now_s = now.wall.ms / 1000;
    const int64_t local_s = now_s + local_zone().offset_at(now_s);
    grid.local_begin_s = local_s - local_s % (day_s / grid.cells_a_day);
    return grid;
}

uint32_t count_starts(const Outlook& at, int64_t begin_s, int64_t end_s, Now now) {
    const Timing& timing = *at.timing;
    uint32_t count = 0;
    for (auto next = next_activation(timing, begin_s - 1);
         next && next->time_s < end_s && count < many; next = next_activation(timing, next->time_s))
        count += next->count;
    if (at.tick == no_deadline) return count;
    const auto wall_of = [&](Mono tick) { return now.wall + (tick - now.mono); };
    Mono tick = at.tick;
    const int64_t early = begin_s * 1000 - wall_of(tick).ms;
    const int64_t every = timing.every.ms;
    if (early > 0) tick = tick + milliseconds((early + every - 1) / every * every);
    for (; count < many; ++count, tick = tick + timing.every) {
        tick = first_tick(timing, tick, now);
        if (tick == no_deadline || wall_of(tick).ms >= end_s * 1000) break;
    }
    return count;
}

// What a cell shows of a version that is in force then, at least for a part of it.
char mark_of(const Outlook& at, int64_t begin_s, int64_t end_s, Now now) {
    const Timing& timing = *at.timing;
    if (timing.has_schedule()) {
        const uint32_t count = count_starts(at, begin_s, end_s, now);
        if (count < 2) return count == 0 ? ' ' : '*';
        return count < many ? static_cast<char>('0' + count) : '#';
    }
    const auto edge = next_edge(timing, begin_s);
    const bool changes = edge && *edge < end_s;
    if (changes) return '-';
    return is_in_window(timing, begin_s) ? '=' : ' ';
}

// Of all its versions, `first` to `last`.
char mark_of(const Outlook* first, const Outlook* last, int64_t begin_s, int64_t end_s, Now now) {
    char mark = ' ';
    begin_s = std::max(begin_s, now.wall.ms / 1000);
    for (const Outlook* at = first; at != last; ++at) {
        const int64_t from_s = at->from.ms / 1000;
        if (from_s >= begin_s && from_s < end_s && from_s > 0) return 'v';
        const int64_t begin = std::max(begin_s, from_s);
        const int64_t end = std::min(end_s, at->until.ms / 1000);
        if (begin < end) mark = mark_of(*at, begin, end, now);
    }
    return mark;
}

// A line of the calendar, in columns.
class Line {
  public:
    explicit Line(const Grid& grid) : size_(grid.column_of(grid.count())) {
        std::fill_n(text_, size_, ' ');
        for (int64_t cell = 0; cell < grid.count(); ++cell)
            if (grid.begins_day(cell)) text_[grid.column_of(cell) - 1] = '|';
    }
    void put(size_t column, std::string_view text) { text.copy(text_ + column, size_ - column); }
    void print(Printer& printer) const {
        std::string_view text(text_, size_);
        text.remove_suffix(size_ - 1 - text.find_last_not_of(' '));
        append(printer, text, '\n');
    }

  private:
    char text_[256];
    size_t size_;
};

// Days above, hours below.
void print_heading(Printer& printer, const Grid& grid) {
    constexpr size_t label_width = 6;
    Line days(grid);
    Line hours(grid);
    const int64_t between_s = (grid.cells_a_day < 24 ? 12 : 6) * int64_t{3600};
    for (int64_t cell = 0; cell < grid.count(); ++cell) {
        const size_t column = grid.column_of(cell);
        const int64_t local_s = grid.local_s(cell);
        const int64_t day = local_s / day_s;
        const bool has_room = grid.count() - cell >= static_cast<int64_t>(label_width);
        if (grid.begins_day(cell) && has_room) {
            Buffer<label_width> label;
            append(label, day_names[weekday_of(day)], grid.cells_a_day < 8 ? "" : " ");
            if (grid.cells_a_day >= 8) label << civil_of(day).day;
            days.put(column, label.view());
        }
        if (local_s % between_s != 0 || grid.count() - cell < 2) continue;
        Buffer<2> hour;
        hour << local_s % day_s / 3600;
        hours.put(column, hour.view());
    }
    days.print(printer);
    hours.print(printer);
}

}  // namespace

void print_week(Printer& printer, const List<Outlook>& outlooks, const Screen& screen, Now now) {
    const Grid grid = lay_out(outlooks, screen, now);
    print_heading(printer, grid);
    for (const Outlook* first = outlooks.begin(); first != outlooks.end();) {
        const Outlook* last = first + 1;
        while (last != outlooks.end() && last->name == first->name) ++last;
        Line line(grid);
        line.put(0, first->name.view().substr(0, grid.name_width));
        for (int64_t cell = 0; cell < grid.count(); ++cell) {
            const char mark = mark_of(first, last, grid.begin_s(cell), grid.begin_s(cell + 1), now);
            line.put(grid.column_of(cell), {&mark, 1});
        }
        line.print(printer);
        first = last;
    }
    printer << "*, 2 to 9: starts; #: more; =: in its window, -: for a part of it; v: a version\n";
}

}  // namespace reeve
