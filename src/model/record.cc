#include "model/record.h"

#include <algorithm>
#include <iterator>

#include "base/digest.h"
#include "base/limits.h"
#include "base/parse.h"

namespace reeve {

namespace {

// A field of a service that is recorded, as a number, and what it may be. The one list for both
// directions.
struct Field {
    const char* key;
    int64_t (*get)(const Service&);
    void (*set)(Service&, int64_t);  // null: it goes into the Record
    int64_t low;
    int64_t high;
};

// Far from where a delay could be added to it that makes it another.
constexpr int64_t time_max_ms = INT64_MAX / 4;
constexpr int64_t count_max = UINT32_MAX;

template <typename Enum>
constexpr int64_t number_of(Enum last) {
    return static_cast<int64_t>(last);
}

#define NUMBER(key, member, low, high)                                                         \
    {                                                                                          \
        key, [](const Service& s) { return static_cast<int64_t>(s.member); },                  \
            [](Service& s, int64_t n) { s.member = static_cast<decltype(s.member)>(n); }, low, \
            high                                                                               \
    }

// A point in time: 0 for none, so that "no deadline" is not written.
#define DEADLINE(key, member)                                                                     \
    {                                                                                             \
        key, [](const Service& s) { return s.member == no_deadline ? int64_t{0} : s.member.ms; }, \
            [](Service& s, int64_t n) { s.member = n == 0 ? no_deadline : Mono{n}; }, 0,          \
            time_max_ms                                                                           \
    }

#define REASON(key, member)                                                                       \
    {key, [](const Service& s) { return static_cast<int64_t>(s.member.code); },                   \
     [](Service& s, int64_t n) { s.member.code = static_cast<ReasonCode>(n); }, 0,                \
     number_of(reason_code_last)},                                                                \
        {key "_detail", [](const Service& s) { return static_cast<int64_t>(s.member.detail); },   \
         [](Service& s, int64_t n) { s.member.detail = static_cast<uint8_t>(n); }, 0, UINT8_MAX}, \
    {                                                                                             \
        key "_value", [](const Service& s) { return static_cast<int64_t>(s.member.value); },      \
            [](Service& s, int64_t n) { s.member.value = static_cast<int32_t>(n); }, INT32_MIN,   \
            INT32_MAX                                                                             \
    }

constexpr Field fields[] = {
    NUMBER("want", want, 0, number_of(Want::up)),
    {"state", [](const Service& s) { return number_of(s.state); }, nullptr, 0, state_count - 1},
    {"phase", [](const Service& s) { return number_of(s.phase); }, nullptr, 0, phase_count - 1},
    NUMBER("known", known, 0, 1),
    NUMBER("restart", restart_for, 0, number_of(reason_code_last)),
    NUMBER("killed", killed, 0, 1),
    NUMBER("cgroup", in_control_group, 0, 1),
    {"reaped", [](const Service& s) { return int64_t{s.leader && s.leader_gone}; },
     [](Service& s, int64_t n) { s.leader_gone = n != 0; }, 0, 1},
    NUMBER("hooks", hooks, 0, (1 << hook_count) - 1),
    NUMBER("pid", leader.pid, 0, INT32_MAX),
    NUMBER("start", leader.start_time, 0, INT64_MAX),
    NUMBER("group", group, 0, INT32_MAX),
    NUMBER("digest", run_digest, INT64_MIN, INT64_MAX),
    NUMBER("since", since.ms, -time_max_ms, time_max_ms),
    NUMBER("changed", changed.ms, 0, time_max_ms),
    NUMBER("started", started.ms, 0, time_max_ms),
    NUMBER("started_wall", started_wall.ms, -time_max_ms, time_max_ms),
    DEADLINE("deadline", deadline),
    DEADLINE("start_by", start_by),
    DEADLINE("stop_by", stop_by),
    NUMBER("runs", runs, 0, count_max),
    NUMBER("attempts", attempts, 0, count_max),
    NUMBER("failures", failures, 0, count_max),
    NUMBER("check_failures", check_failures, 0, check_retries_max_count),
    NUMBER("ad_hoc", ad_hoc, 0, 1),
    NUMBER("scaled", scaled, 0, int64_t{instances_max_count}),
    NUMBER("scaled_from", scaled_from, 0, int64_t{instances_max_count}),
    NUMBER("exit_kind", exit.kind, 0, number_of(ExitStatus::Kind::unknown)),
    NUMBER("exit", exit.value, 0, UINT8_MAX),
    // From 1 up: 0 is a process that nobody can name.
    {"stranger", [](const Service& s) { return s.stranger ? int64_t{*s.stranger} + 1 : 0; },
     [](Service& s, int64_t n) {
         if (n > 0) s.stranger = static_cast<pid_t>(n - 1);
     },
     0, INT32_MAX},
    REASON("reason", reason),
    REASON("verdict", verdict),
    REASON("end", end),
    REASON("hook_failure", hook_failure),
};

#undef NUMBER
#undef DEADLINE
#undef REASON

// What is recorded of a service in words.
constexpr struct {
    const char* which;
    Text Service::*member;
} texts[] = {
    {"status", &Service::status_text}, {"end", &Service::end_note}, {"log", &Service::log_note}};
static_assert(std::size(texts) == service_text_count);

// To the end of the record: no newline, nor a NUL, which is room that was not used.
void append_words(Sink& out, std::string_view text) {
    for (const char each : text.substr(0, note_max_bytes))
        out << (static_cast<unsigned char>(each) < ' ' ? ' ' : each);
}

// Ends the record that began at `start`: its sum, and a newline.
void seal(Sink& out, size_t start) {
    const uint64_t sum = digest(out.view().substr(start));
    out << " #";
    for (int shift = 60; shift >= 0; shift -= 4) out << "0123456789abcdef"[sum >> shift & 15];
    out << '\n';
}

// The record without its sum, or nullopt where the sum does not fit.
std::optional<std::string_view> verified(std::string_view line) {
    constexpr size_t seal_bytes = 18;  // " #" and 16 digits
    if (line.size() < seal_bytes) return std::nullopt;
    const std::string_view body = line.substr(0, line.size() - seal_bytes);
    Buffer<seal_bytes + 1> expected;
    const uint64_t sum = digest(body);
    expected << " #";
    for (int shift = 60; shift >= 0; shift -= 4) expected << "0123456789abcdef"[sum >> shift & 15];
    if (line.substr(body.size()) != expected.view()) return std::nullopt;
    return body;
}

// Takes the word "key=value" off `rest`; the value, or nullopt where it has another key.
std::optional<std::string_view> take_value(std::string_view& rest, std::string_view key) {
    const std::string_view word = take_word(rest);
    if (word.size() <= key.size() || !word.starts_with(key) || word[key.size()] != '=')
        return std::nullopt;
    return word.substr(key.size() + 1);
}

// Signals go to these numbers: 0 and 1 would be reeve's own group and all there is, or PID 1's.
bool is_signallable(pid_t pid) { return pid > 1; }

bool take_process(std::string_view& rest, Process& process) {
    const auto pid = take_value(rest, "pid");
    const auto start = take_value(rest, "start");
    if (!pid || !start) return false;
    const auto pid_number = parse_unsigned(*pid, INT32_MAX);
    const auto start_number = parse_unsigned(*start, UINT64_MAX);
    if (!pid_number || !start_number || !is_signallable(static_cast<pid_t>(*pid_number)))
        return false;
    process = {static_cast<pid_t>(*pid_number), *start_number};
    return true;
}

void set_name(Service& service, std::string_view name) {
    const FullName full = FullName::split(name);
    service.name = full.name;
    service.instance = full.instance;
}

bool is_active(State state) {
    return state == State::starting || state == State::running || state == State::stopping;
}

// The state that a phase is part of; idle is part of all that are not active.
State state_of(Phase phase, State idle) {
    switch (phase) {
    case Phase::idle: return is_active(idle) ? State::stopped : idle;
    case Phase::pre_start:
    case Phase::executing:
    case Phase::readying:
    case Phase::checking:
    case Phase::check_pause: return State::starting;
    case Phase::up: return State::running;
    case Phase::stop_command:
    case Phase::terminating:
    case Phase::killing:
    case Phase::cancelling:
    case Phase::post_stop: return State::stopping;
    }
    return State::invalid;
}

// Does the phase go with a process group? Nothing: either way.
std::optional<bool> has_group(Phase phase) {
    switch (phase) {
    case Phase::idle:
    case Phase::pre_start:
    case Phase::cancelling:
    case Phase::post_stop: return false;
    case Phase::readying:
    case Phase::checking:
    case Phase::check_pause:
    case Phase::up:
    case Phase::terminating:
    case Phase::killing: return true;
    case Phase::executing:     // until it is forked
    case Phase::stop_command:  // of what has no process
        break;
    }
    return std::nullopt;
}

// What no reeve would have written is not to be gone by, whatever its sum says.
bool can_be(const Service& service, State state, Phase phase) {
    const bool has_process = service.group != 0;
    if (has_process != (service.leader.pid != 0)) return false;
    if (has_process && !(is_signallable(service.group) && is_signallable(service.leader.pid)))
        return false;
    if (has_group(phase).value_or(has_process) != has_process) return false;
    const bool runs = phase >= Phase::executing && phase <= Phase::up;
    if (has_process && runs && service.leader_gone) return false;
    return state == state_of(phase, state);
}

// A timer's fields, in their order in the record; all times in ms.
constexpr std::string_view timer_keys[] = {"handled", "forced_until", "tick", "owed"};

bool decode_timer(std::string_view rest, Timer& timer) {
    int64_t numbers[std::size(timer_keys)] = {};
    while (!rest.empty()) {
        const std::string_view word = take_word(rest);
        const size_t equals = word.find('=');
        if (equals == word.npos) return false;
        const auto number = parse_integer(word.substr(equals + 1), -time_max_ms, time_max_ms);
        if (!number) return false;
        for (size_t i = 0; i < std::size(timer_keys); ++i)
            if (word.substr(0, equals) == timer_keys[i]) numbers[i] = *number;
    }
    const auto [handled, forced_until, tick, owed] = numbers;
    if (tick < 0 || owed < 0 || owed > runs_owed_max_count) return false;
    timer.handled = Wall{handled};
    timer.forced_until = Wall{forced_until};
    timer.tick = tick == 0 ? no_deadline : Mono{tick};
    timer.owed = static_cast<uint32_t>(owed);
    return true;
}

std::optional<Record> decode_service(std::string_view rest, Record record, Service& service) {
    service = Service{};
    service.leader_gone = false;  // an absent key is 0
    set_name(service, record.name);
    while (!rest.empty()) {
        const std::string_view word = take_word(rest);
        const size_t equals = word.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view key = word.substr(0, equals);
        const std::string_view value = word.substr(equals + 1);
        if (key == "other") {
            record.blamed = value;
            continue;
        }
        if (key == "version") {
            record.version = value;
            continue;
        }
        if (key == "definition") {
            const auto number = parse_unsigned(value, UINT64_MAX);
            if (!number) return std::nullopt;
            record.digest = *number;
            continue;
        }
        const auto number = parse_integer(value, INT64_MIN, INT64_MAX);
        if (!number) return std::nullopt;
        for (const Field& field : fields) {  // a key of a later version is passed over
            if (key != field.key) continue;
            if (*number < field.low || *number > field.high) return std::nullopt;
            if (field.set != nullptr)
                field.set(service, *number);
            else if (key == "state")
                record.state_then = static_cast<State>(*number);
            else
                record.phase_then = static_cast<Phase>(*number);
        }
    }
    if (!can_be(service, record.state_then, record.phase_then)) return std::nullopt;
    if (!service.leader) service.leader_gone = true;
    return record;
}

}  // namespace

void append_header_record(Sink& out, const Header& header) {
    const size_t start = out.size();
    append(out, "reeve ", header.version, " boot=", header.boot, " uid=", header.uid);
    seal(out, start);
}

void append_service_record(Sink& out, const Service& service, const Blamed& blamed) {
    const size_t start = out.size();
    out << "service ";
    out << service.full_name();
    for (const Field& field : fields) {
        const int64_t value = field.get(service);
        if (value != 0) append(out, ' ', field.key, '=', value);
    }
    if (service.definition) {
        append(out, " definition=", service.definition->digest);
        if (!service.definition->version.empty())
            append(out, " version=", service.definition->version);
    }
    if (!blamed.reason.empty()) append(out, " other=", blamed.reason);
    seal(out, start);
}

void append_process_record(Sink& out, std::string_view name, std::optional<Hook> hook,
                           Process process) {
    const size_t start = out.size();
    append(out, hook ? "hook " : "child ", name);
    if (hook) append(out, ' ', name_of(*hook));
    append(out, " pid=", static_cast<int64_t>(process.pid), " start=", process.start_time);
    seal(out, start);
}

void append_text_record(Sink& out, const Service& service, size_t which) {
    const Text& text = service.*texts[which].member;
    if (text.empty()) return;
    const size_t start = out.size();
    out << "text ";
    out << service.full_name();
    append(out, ' ', texts[which].which, ' ');
    append_words(out, text);
    seal(out, start);
}

void append_control_group_record(Sink& out, const Service& service, std::string_view path) {
    const size_t start = out.size();
    out << "cgroup ";
    out << service.full_name();
    append(out, ' ', path);
    seal(out, start);
}

void append_timer_record(Sink& out, std::string_view name, const Timer& timer) {
    const size_t start = out.size();
    append(out, "timer ", name);
    const int64_t numbers[] = {timer.handled.ms, timer.forced_until.ms,
                               timer.tick == no_deadline ? 0 : timer.tick.ms, timer.owed};
    for (size_t i = 0; i < std::size(timer_keys); ++i)
        if (numbers[i] != 0) append(out, ' ', timer_keys[i], '=', numbers[i]);
    seal(out, start);
}

void append_gone_record(Sink& out, std::string_view name) {
    const size_t start = out.size();
    append(out, "gone ", name);
    seal(out, start);
}

void append_note_record(Sink& out, std::string_view text) {
    const size_t start = out.size();
    out << "note ";
    append_words(out, text);
    seal(out, start);
}

void append_end_record(Sink& out) {
    const size_t start = out.size();
    out << "end";
    seal(out, start);
}

std::optional<Record> decode_record(std::string_view line, Service& service) {
    const auto body = verified(line);
    if (!body) return std::nullopt;
    std::string_view rest = *body;
    const std::string_view kind = take_word(rest);
    Record record;
    if (kind == "end") return record;
    if (kind == "reeve") {
        record.kind = RecordKind::header;
        const auto version = parse_unsigned(take_word(rest), UINT32_MAX);
        if (!version) return std::nullopt;
        const auto boot = take_value(rest, "boot");
        const auto uid = take_value(rest, "uid");
        record.header = {boot.value_or(""), uid.value_or(""), static_cast<uint32_t>(*version)};
        return record;
    }
    record.kind = RecordKind::note;
    constexpr std::string_view of_services[] = {"gone", "service", "text",  "timer",
                                                "hook", "child",   "cgroup"};
    if (std::find(std::begin(of_services), std::end(of_services), kind) == std::end(of_services))
        return record;
    record.name = take_word(rest);
    if (!is_full_name(record.name)) return std::nullopt;
    if (kind == "gone") {
        record.kind = RecordKind::gone;
        return record;
    }
    if (kind == "service") {
        record.kind = RecordKind::service;
        return decode_service(rest, record, service);
    }
    if (kind == "text") {
        const std::string_view which = take_word(rest);
        for (const auto& each : texts)
            if (which == each.which) record.member = each.member;
        if (record.member == nullptr) return record;
        record.kind = RecordKind::text;
        record.text = rest.substr(rest.empty() ? 0 : 1);
        return record;
    }
    if (kind == "cgroup") {
        record.kind = RecordKind::control_group;
        record.text = rest.substr(rest.empty() ? 0 : 1);
        return record;
    }
    if (kind == "timer") {
        record.kind = RecordKind::timer;
        if (!decode_timer(rest, record.timer)) return std::nullopt;
        return record;
    }
    if (kind == "hook") {
        record.kind = RecordKind::hook;
        const std::string_view name = take_word(rest);
        size_t i = 0;
        while (i < hook_count && name != name_of(static_cast<Hook>(i))) ++i;
        if (i == hook_count) return std::nullopt;
        record.hook = static_cast<Hook>(i);
    } else {
        record.kind = RecordKind::child;
    }
    if (!take_process(rest, record.process)) return std::nullopt;
    return record;
}

}  // namespace reeve
