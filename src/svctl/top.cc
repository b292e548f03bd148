// top: the table, live: what reeve says every two seconds, with what has happened since the last
// time it said so. On a terminal with keys, elsewhere one table below the other.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/result.h"
#include "base/sort.h"
#include "base/spelling.h"
#include "core/object.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "svctl/ask.h"
#include "svctl/frame.h"

namespace reeve {

namespace {

constexpr Duration look_interval = seconds(2);

// What acts on a service, once a person has said yes.
struct Act {
    char key;
    Command command;
    const char* verb;
};
constexpr Act acts[] = {
    {'u', Command::up, "start"},
    {'d', Command::down, "stop"},
    {'r', Command::restart, "restart"},
};

enum class Order : uint8_t { name, cpu, memory };
constexpr const char* order_names[] = {"name", "CPU", "memory"};

uint64_t number_of(std::string_view object, std::string_view key) {
    return parse_unsigned(find_field(object, key), INT64_MAX / 1000).value_or(0);
}

bool is_same_run(std::string_view object, std::string_view other) {
    return full_name_of(object) == full_name_of(other) &&
           find_field(object, "pid") == find_field(other, "pid");
}

// The object with another share of a processor.
Text with_share(std::string_view object, uint64_t tenths) {
    LongText out;
    while (!object.empty()) {
        const std::string_view line = take_line(object);
        if (line.starts_with("cpu_percent="))
            append(out, "cpu_percent=", tenths / 10, '.', tenths % 10, '\n');
        else
            append(out, line, '\n');
    }
    return out.view();
}

// What is known of the services, and since when.
struct View {
    List<Text> objects;  // in reeve's order, as it told of them
    Mono taken{};
    bool is_current = false;
    LongText problem;  // why reeve said nothing, or not all

    // Asks once more. What was known stays where there is no answer. `code` as of ask_reeve().
    Outcome look(Session& session, int& code);
    // The objects with what each has used since `before`; of a run that is newer, since it began.
    List<Text> with_rates(const View& before) const;
};

Outcome View::look(Session& session, int& code) {
    List<Text> told;
    problem.clear();
    gathered_warnings = &problem;
    const Mono now = sys::mono_now();
    const Outcome outcome = ask_reeve(session, Question(session, 0).request, keep, told, code);
    if (code != 0) no_answer(session, code);
    gathered_warnings = nullptr;
    is_current = code == 0 && outcome != Outcome::no_reeve;
    if (!is_current) return outcome;
    objects = std::move(told);
    taken = now;
    return outcome;
}

List<Text> View::with_rates(const View& before) const {
    List<Text> result;
    const int64_t passed_ms = (taken - before.taken).ms;
    size_t place = 0;
    for (const Text& object : objects) {
        // Services come and go at any place; what both lists have is in the same order.
        size_t other = place;
        while (other < before.objects.size() && !is_same_run(object, before.objects[other]))
            ++other;
        const bool found = other < before.objects.size() && passed_ms > 0;
        if (found) place = other + 1;
        const uint64_t used = number_of(object, "cpu_ms");
        const uint64_t was = found ? number_of(before.objects[other], "cpu_ms") : 0;
        if (!found || find_field(object, "cpu_ms").empty()) {
            result.push_back(object);
            continue;
        }
        const uint64_t more = used > was ? used - was : 0;
        result.push_back(with_share(object, more * 1000 / static_cast<uint64_t>(passed_ms)));
    }
    return result;
}

// "12 services: 10 running, 1 backoff, 1 stopped", the limits where there is room, and the time at
// the right.
void print_heading(Printer& printer, const List<Text>& objects, size_t width) {
    size_t counts[state_count] = {};
    for (const Text& object : objects)
        if (const auto state = parse_state(find_field(object, "state")))
            ++counts[static_cast<size_t>(*state)];
    Buffer<256> line;
    append(line, objects.size(), objects.size() == 1 ? " service" : " services");
    const char* separator = ": ";
    for (size_t i = 0; i < state_count; ++i) {
        if (counts[i] == 0) continue;
        append(line, separator, counts[i], ' ', name_of(static_cast<State>(i)));
        separator = ", ";
    }
    Buffer<40> time;
    append_short_time(time, sys::wall_now().ms / 1000);
    const std::string_view clock = time.view().substr(11);
    const size_t room = width > clock.size() + 1 ? width - clock.size() - 1 : 0;
    Buffer<128> limits;
    if (!objects.empty()) append_limits(limits, objects.front());
    if (!limits.empty() && (width == 0 || line.size() + limits.size() + 2 <= room))
        append(line, "; ", limits);
    if (width > 0 && line.size() <= room) {
        while (line.size() <= room) line << ' ';
        line << clock;
    }
    print_cut(printer, line.view(), width == 0 ? SIZE_MAX : width);
    printer << '\n';
}

class Top {
  public:
    Top(Session& session, View& first) : session_(session), view_(first) {}

    Outcome run();

  private:
    void look();
    void arrange();
    bool draw();
    void print_rows(Printer& printer, size_t rows);
    void print_bottom(Printer& printer, size_t width);
    void wait();
    void heed_signals();
    void press(char key);
    void move(ptrdiff_t by);
    void begin(const Act& act);
    void answer(char key);
    void show_log();
    bool reads_key(Mono deadline);

    Session& session_;
    View& view_;
    Frame frame_;
    Keys keys_;
    List<Text> rows_;  // the services as they are shown
    Order order_ = Order::name;
    Text selected_;     // its full name
    size_t place_ = 0;  // among the rows
    size_t first_ = 0;  // the row at the top
    Mono due_{};
    const Act* asked_ = nullptr;
    LongText message_;  // what came of the last key
    char typed_[32];
    size_t typed_count_ = 0;
    bool over_ = false;
};

void Top::look() {
    const View before = view_;
    int code = 0;
    view_.look(session_, code);
    if (view_.is_current) rows_ = view_.with_rates(before);
    due_ = sys::mono_now() + look_interval;
    arrange();
}

// Puts the rows in order, and finds the selected one again.
void Top::arrange() {
    sort_objects(rows_, session_.screen);
    if (order_ != Order::name) {
        const char* key = order_ == Order::cpu ? "cpu_percent" : "memory_bytes";
        const auto amount = [&](const Text& object) {
            const std::string_view value = find_field(object, key);
            const size_t point = std::min(value.find('.'), value.size());
            const uint64_t whole =
                parse_unsigned(value.substr(0, point), INT32_MAX * 1024LL).value_or(0);
            const std::string_view rest = value.substr(std::min(point + 1, value.size()));
            return whole * 10 + parse_unsigned(rest, 9).value_or(0);
        };
        sort(std::span(rows_), [&](const Text& a, const Text& b) {
            const uint64_t first = amount(a);
            const uint64_t second = amount(b);
            return first != second ? first > second : is_before(a, b);
        });
    }
    size_t place = 0;
    while (place < rows_.size() && !(FullNameText(full_name_of(rows_[place])).view() == selected_))
        ++place;
    if (place < rows_.size()) place_ = place;
    move(0);
}

void Top::move(ptrdiff_t by) {
    const auto last = static_cast<ptrdiff_t>(rows_.size()) - 1;
    const ptrdiff_t place =
        std::clamp(static_cast<ptrdiff_t>(place_) + by, ptrdiff_t{0}, std::max(last, ptrdiff_t{0}));
    place_ = static_cast<size_t>(place);
    selected_ = rows_.empty() ? Text() : Text(FullNameText(full_name_of(rows_[place_])).view());
}

// The rows that fit, the selected one among them.
void Top::print_rows(Printer& printer, size_t rows) {
    if (place_ < first_) first_ = place_;
    if (place_ >= first_ + rows) first_ = place_ + 1 - rows;
    first_ = std::min(first_, rows_.size() > rows ? rows_.size() - rows : 0);
    const Table table(rows_, session_.screen);
    table.print_headings(printer);
    for (size_t i = first_; i < first_ + rows; ++i) {
        if (i >= rows_.size()) {
            printer << '\n';
            continue;
        }
        if (i == place_) printer.raw("\33[7m");
        table.print_row(printer, rows_[i], session_.screen.colour && i != place_);
    }
}

// What the selected service says of itself, and what can be done.
void Top::print_bottom(Printer& printer, size_t width) {
    LongText line;
    if (!rows_.empty()) append_sentence(line, rows_[place_]);
    print_cut(printer, line, width);
    printer << '\n';
    line.clear();
    if (!view_.problem.empty())
        line << view_.problem.view();
    else if (asked_ != nullptr)
        append(line, asked_->verb, ' ', selected_, "? y: yes, any other key: no");
    else if (!message_.empty())
        line << message_.view();
    else
        append(line, "q quit  j k select  u up  d down  r restart  l log  o order: ",
               order_names[static_cast<size_t>(order_)]);
    print_cut(printer, line, width);
}

bool Top::draw() {
    const ScreenSize size = frame_.size();
    session_.screen.width = size.columns;
    Printer printer;
    printer.for_terminal = true;
    constexpr size_t other_rows = 4;  // heading, titles, sentence, keys
    print_heading(printer, rows_, size.columns);
    print_rows(printer, size.rows > other_rows ? size.rows - other_rows : 1);
    print_bottom(printer, size.columns);
    // The selected row ends with the end of its colours, at the end of its line.
    LongText text;
    std::string_view rest = printer.gathered();
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        append(text, line, line.starts_with("\33[7m") ? "\33[0m\n" : "\n");
    }
    return frame_.draw(text);
}

// Is there a key, before the deadline and before a signal?
bool Top::reads_key(Mono deadline) {
    PollSet set;
    signals::watch(set);
    const size_t place = set.add(0, POLLIN);
    set.wait(deadline, sys::mono_now());
    signals::drain();
    if (set.result(place, 0) == 0) return false;
    const ssize_t got = sys::read(0, typed_, sizeof typed_);
    // At the end of a line that was cut there is nothing to read, again and again.
    over_ = over_ || got == 0 || (got < 0 && errno != EAGAIN);
    typed_count_ = got > 0 ? static_cast<size_t>(got) : 0;
    return typed_count_ > 0;
}

void Top::wait() {
    if (!reads_key(due_)) return;
    for (size_t i = 0; i < typed_count_ && !over_; ++i)
        if (const char key = keys_.decode(typed_[i])) press(key);
}

void Top::heed_signals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
        if (signals::take(number) > 0) over_ = true;
    if (signals::take(SIGTSTP) > 0 && !over_) {
        frame_.leave();
        signals::stop_group(SIGTSTP);
        over_ = frame_.enter() != 0;
        due_ = {};
    }
    if (signals::take(SIGWINCH) > 0) frame_.clear();
}

void Top::press(char key) {
    message_.clear();
    if (asked_ != nullptr) return answer(key);
    const auto page = static_cast<ptrdiff_t>(std::max(frame_.size().rows, size_t{6}) - 5);
    switch (key) {
    case 'q': over_ = true; return;
    case 'j': return move(1);
    case 'k': return move(-1);
    case 'f': return move(page);
    case 'b': return move(-page);
    case 'g': return move(-static_cast<ptrdiff_t>(rows_.size()));
    case 'G': return move(static_cast<ptrdiff_t>(rows_.size()));
    case 'o':
        order_ = static_cast<Order>((static_cast<size_t>(order_) + 1) % std::size(order_names));
        return arrange();
    case 'l': return show_log();
    case ' ': due_ = {}; return;
    case '\f':  // as everywhere: the screen was written on by others
        frame_.clear();
        return;
    default: break;
    }
    for (const Act& act : acts)
        if (act.key == key && !rows_.empty()) asked_ = &act;
}

// The answer to "stop web?".
void Top::answer(char key) {
    const Act& act = *std::exchange(asked_, nullptr);
    if (key != 'y' && key != 'Y') return;
    Request request;
    request.command = act.command;
    request.waits = false;
    request.names = selected_;
    List<Text> told;
    int code = 0;
    gathered_warnings = &message_;
    ask_reeve(session_, request, keep, told, code);
    if (code != 0) no_answer(session_, code);
    gathered_warnings = nullptr;
    for (const Text& object : told) {
        if (!message_.empty()) message_ << "; ";
        append_outcome(message_, object);
    }
    due_ = {};
}

// Shows what the selected service writes, as svctl logs -f does, until a key is typed.
void Top::show_log() {
    if (rows_.empty()) return;
    const std::string_view name = selected_;
    Invocation invocation;
    invocation.run_directory = session_.invocation.run_directory;
    invocation.log_directory = session_.invocation.log_directory;
    invocation.lines = std::max(frame_.size().rows, size_t{3}) - 2;
    invocation.follows = true;
    const CommandRow* row = command_rows().data();
    while (row->run != run_logs) ++row;
    Session logs{invocation, *row, {&name, 1}, session_.screen, {}};
    logs.printer.for_terminal = true;
    Buffer<name_max_bytes + 64> title;
    append(title, "\33[7mlog of ", name, "; any key goes back\33[0m\n");
    frame_.clear();
    write_all(1, title.view());
    const auto follow = [](const void* context) {
        signals::be_child();
        Session session = *static_cast<const Session*>(context);
        _exit(static_cast<int>(run_logs(session)));
    };
    const pid_t child = sys::fork(sys::Memory::copied, follow, &logs);
    if (child < 0) {
        append(message_, "log of ", name, ": fork: ", errno_text(errno));
    } else {
        const auto signalled = [] {
            for (const int number : {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH})
                if (signals::is_pending(number)) return true;
            return signals::take(SIGINT) > 0;
        };
        while (!over_ && !signalled() && !reads_key(no_deadline)) {}
        sys::kill(child, SIGTERM);
        sys::waitpid(child, nullptr, 0);
    }
    typed_count_ = 0;
    frame_.clear();
    due_ = {};
}

Outcome Top::run() {
    const Status opened = signals::open();
    if (!opened) {
        warn(describe(opened.error()));
        return Outcome::failed;
    }
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH})
        signals::count(number);
    signals::ignore(SIGPIPE);
    if (const int code = frame_.enter()) {
        warn("terminal: ", errno_text(code));
        return Outcome::failed;
    }
    rows_ = view_.objects;
    due_ = sys::mono_now() + look_interval;
    arrange();
    while (!over_) {
        if (!draw()) break;
        wait();
        heed_signals();
        if (!over_ && sys::mono_now() >= due_) look();
    }
    return Outcome::done;
}

// One table below the other, as long as somebody reads them and reeve is there.
Outcome refresh(Session& session, View& view) {
    List<Text> shares = view.objects;
    for (;;) {
        sort_objects(shares, session.screen);
        print_heading(session.printer, shares, 0);
        print_table(session.printer, shares, session.screen);
        session.printer << '\n';
        session.printer.flush();
        if (session.printer.failed() || !pause_for_reader(1, look_interval)) return Outcome::done;
        const View before = view;
        int code = 0;
        const Outcome outcome = view.look(session, code);
        if (!view.is_current) {
            warn(view.problem);
            return outcome;
        }
        shares = view.with_rates(before);
    }
}

bool has_screen() {
    const char* kind = getenv("TERM");
    return isatty(0) == 1 && isatty(1) == 1 && kind != nullptr && *kind != '\0' &&
           std::string_view(kind) != "dumb";
}

}  // namespace

Outcome run_top(Session& session) {
    if (session.invocation.json) {
        warn("top has no JSON: svctl --json status");
        return Outcome::usage;
    }
    session.screen.live = true;
    View view;
    int code = 0;
    const Outcome outcome = view.look(session, code);
    if (!view.is_current || outcome == Outcome::no_such_service) {
        warn(view.problem);
        return outcome;
    }
    if (!has_screen()) return refresh(session, view);
    return Top(session, view).run();
}

}  // namespace reeve
