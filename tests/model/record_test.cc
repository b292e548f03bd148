#include <string>

#include "base/digest.h"
#include "base/limits.h"
#include "catch.h"
#include "model/record.h"

using namespace reeve;

namespace {

Service busy_service() {
    Service service;
    service.name = "web";
    service.instance = "2";
    service.want = Want::up;
    service.state = State::stopping;
    service.phase = Phase::terminating;
    service.known = true;
    service.restart_for = ReasonCode::restart_command;
    service.killed = true;
    service.leader_gone = false;
    service.hooks = 5;
    service.leader = {4711, 123456789};
    service.group = 4700;
    service.run_digest = 0xfedcba9876543210;
    service.since = {1795180000123};
    service.changed = {998877};
    service.started = {998800};
    service.started_wall = {1795180000000};
    service.deadline = {1000000};
    service.stop_by = {1000001};
    service.runs = 7;
    service.attempts = 3;
    service.failures = 2;
    service.exit = {ExitStatus::Kind::signalled, 9};
    service.reason = {ReasonCode::dependency_down, 0, 0, {}};
    service.verdict = {ReasonCode::stopped_on_request, 0, 1, {}};
    service.end = {ReasonCode::exec_failed, 16, 2, {}};
    return service;
}

std::string encoded(const Service& service, std::string_view blamed = "") {
    Buffer<record_max_bytes> line;
    append_service_record(line, service, {blamed});
    REQUIRE_FALSE(line.truncated());
    return std::string(line.view());
}

std::string without_newline(std::string line) {
    REQUIRE(line.back() == '\n');
    line.pop_back();
    return line;
}

std::string sealed(const std::string& body) {
    Buffer<record_max_bytes> line;
    append(line, body, " #");
    const uint64_t sum = digest(body);
    for (int shift = 60; shift >= 0; shift -= 4) line << "0123456789abcdef"[sum >> shift & 15];
    return std::string(line.view());
}

}  // namespace

TEST_CASE("a service record holds all that outlives reeve") {
    const Service before = busy_service();
    Service after;
    const std::string line = without_newline(encoded(before, "db@1"));
    const auto record = decode_record(line, after);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::service);
    CHECK(record->name == "web@2");
    CHECK(record->blamed == "db@1");
    CHECK(after.name == "web");
    CHECK(after.instance == "2");
    after.state = record->state_then;
    after.phase = record->phase_then;
    CHECK(encoded(after, "db@1") == encoded(before, "db@1"));
    CHECK(after.run_digest == before.run_digest);
    CHECK(after.leader == before.leader);
    CHECK(after.group == before.group);
    CHECK_FALSE(after.leader_gone);
    CHECK(after.deadline == before.deadline);
    CHECK(after.start_by == no_deadline);
    CHECK(after.verdict == before.verdict);
    CHECK(after.end == before.end);
    CHECK(after.exit == before.exit);
}

TEST_CASE("the control group of a run comes back, blanks and all") {
    Service service;
    service.name = "web";
    service.instance = "2";
    Buffer<record_max_bytes> line;
    append_control_group_record(line, service, "/sys/fs/cgroup/a b");
    const std::string encoded = without_newline(std::string(line.view()));
    Service none;
    const auto record = decode_record(encoded, none);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::control_group);
    CHECK(record->name == "web@2");
    CHECK(record->text == "/sys/fs/cgroup/a b");
}

TEST_CASE("what a service has in words comes back, each from a record of its own") {
    Service service;
    service.name = "web";
    service.instance = "2";
    service.status_text = "serving  12 clients";
    service.end_note = "user 'www' is not in /etc/passwd";
    service.log_note = "console (mkdir\n/var/log: no room)";
    std::vector<std::string> found;
    for (size_t i = 0; i < service_text_count; ++i) {
        Buffer<record_max_bytes> line;
        append_text_record(line, service, i);
        Service none;
        const std::string encoded = without_newline(std::string(line.view()));
        const auto record = decode_record(encoded, none);
        REQUIRE(record);
        CHECK(record->kind == RecordKind::text);
        CHECK(record->name == "web@2");
        none.*record->member = record->text;
        CHECK((i == 1 || none.end_note.empty()));
        found.emplace_back(record->text);
    }
    CHECK(found == std::vector<std::string>{"serving  12 clients",
                                            "user 'www' is not in /etc/passwd",
                                            "console (mkdir /var/log: no room)"});
    Buffer<record_max_bytes> line;
    append_text_record(line, Service{}, 0);
    CHECK(line.empty());
}

TEST_CASE("an idle service's record is short and comes back idle") {
    Service service;
    service.name = "web";
    CHECK(encoded(service).size() < 40);
    Service after = busy_service();
    const auto record = decode_record(without_newline(encoded(service)), after);
    REQUIRE(record);
    CHECK(record->state_then == State::stopped);
    CHECK(record->phase_then == Phase::idle);
    CHECK(after.leader_gone);
    CHECK(after.deadline == no_deadline);
}

TEST_CASE("the largest record there can be fits") {
    Service service = busy_service();
    service.name = std::string(name_max_bytes, 'n');
    service.instance = std::string(name_max_bytes, 'i');
    for (int64_t* number :
         {&service.since.ms, &service.changed.ms, &service.started.ms, &service.started_wall.ms,
          &service.deadline.ms, &service.start_by.ms, &service.stop_by.ms})
        *number = INT64_MAX - 1;
    service.runs = service.attempts = service.failures = UINT32_MAX;
    service.leader = {INT32_MAX, INT64_MAX};
    service.group = INT32_MAX;
    for (Reason* reason : {&service.reason, &service.verdict, &service.end})
        *reason = {ReasonCode::start_timed_out, 255, INT32_MIN, {}};
    const std::string blamed(2 * name_max_bytes + 1, 'b');
    service.stranger = INT32_MAX - 1;
    CHECK(encoded(service, blamed).size() < record_max_bytes);
    service.log_note = std::string(path_max_bytes, 'x');
    Buffer<record_max_bytes> line;
    append_text_record(line, service, 2);
    CHECK_FALSE(line.truncated());
}

TEST_CASE("a child's record names its process, a hook's the hook too") {
    Buffer<child_record_max_bytes> line;
    append_process_record(line, "web@2", std::nullopt, {4711, UINT64_MAX});
    Service unused;
    auto record = decode_record(without_newline(std::string(line.view())), unused);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::child);
    CHECK(record->process == Process{4711, UINT64_MAX});

    line.clear();
    append_process_record(line, "web", Hook::post_stop, {12, 34});
    const std::string text = without_newline(std::string(line.view()));
    record = decode_record(text, unused);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::hook);
    CHECK(record->hook == Hook::post_stop);
    CHECK(record->name == "web");
}

TEST_CASE("the longest child record fits into the room that is reserved for it") {
    const std::string name(2 * name_max_bytes + 1, 'n');
    Buffer<1024> line;
    append_process_record(line, name, Hook::reload_command, {INT32_MAX, UINT64_MAX});
    CHECK(line.size() <= child_record_max_bytes);
}

TEST_CASE("a header says which boot and whose run directory") {
    Buffer<record_max_bytes> line;
    append_header_record(line, {"0d5e-11", "a1b2"});
    Service unused;
    const std::string text = without_newline(std::string(line.view()));
    const auto record = decode_record(text, unused);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::header);
    CHECK(record->header.boot == "0d5e-11");
    CHECK(record->header.uid == "a1b2");
}

TEST_CASE("a record that was cut off or changed anywhere is not believed") {
    const std::string line = without_newline(encoded(busy_service(), "db"));
    Service unused;
    REQUIRE(decode_record(line, unused));
    for (size_t length = 0; length < line.size(); ++length) {
        INFO("cut off at " << length);
        CHECK_FALSE(decode_record(line.substr(0, length), unused));
    }
    for (size_t place = 0; place < line.size(); ++place) {
        std::string changed = line;
        changed[place] = static_cast<char>(changed[place] ^ 1);
        INFO("changed at " << place);
        CHECK_FALSE(decode_record(changed, unused));
    }
}

TEST_CASE("a note is words in a line, however long they are") {
    Buffer<record_max_bytes> line;
    append_note_record(line, "one\ntwo " + std::string(2000, 'x'));
    Service unused;
    const auto record = decode_record(without_newline(std::string(line.view())), unused);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::note);
    CHECK(line.view().starts_with("note one two xxx"));
}

TEST_CASE("what a later version adds to a record, or to their kinds, is passed over") {
    Service service;
    const std::string header = sealed("reeve 2 boot=x uid=y moon=full");
    REQUIRE(decode_record(header, service));
    CHECK(decode_record(header, service)->header.version == 2);
    CHECK_FALSE(decode_record(sealed("reeve two boot=x uid=y"), service));
    REQUIRE(decode_record(sealed("surprise web"), service));
    CHECK(decode_record(sealed("surprise web"), service)->kind == RecordKind::note);
    CHECK_FALSE(decode_record(sealed("service web state=99"), service));
    const auto record = decode_record(
        sealed("service web state=3 phase=6 pid=9 group=9 sunshine=7 runs=2"), service);
    REQUIRE(record);
    CHECK(record->state_then == State::running);
    CHECK(service.runs == 2);
}

TEST_CASE("a record of what cannot be is not believed, though its sum is right") {
    Service service;
    const std::string runs = "service web want=1 state=3 phase=6 known=1 start=5";
    REQUIRE(decode_record(sealed(runs + " pid=4711 group=4711"), service));
    for (const char* numbers :
         {"pid=4711 group=1", "pid=1 group=1", "pid=4711 group=-1", "pid=-4711 group=4711",
          "pid=4711 group=4294967298", "pid=4711", "group=4711", "pid=4711 group=4711 reaped=1"}) {
        INFO(numbers);
        CHECK_FALSE(decode_record(sealed(runs + ' ' + numbers), service));
    }
    for (const char* body : {"want=2",
                             "known=2",
                             "hooks=256",
                             "hooks=-1",
                             "exit_kind=4",
                             "exit=256",
                             "reason=200",
                             "verdict=-1",
                             "end_detail=256",
                             "end_value=2147483648",
                             "runs=4294967296",
                             "runs=-1",
                             "since=-9223372036854775808",
                             "changed=-1",
                             "started=9223372036854775807",
                             "deadline=-1",
                             "stop_by=9223372036854775807",
                             "state=3",
                             "state=1 phase=6",
                             "phase=2",
                             "state=4 phase=9",
                             "pid=7 group=7"}) {
        INFO(body);
        CHECK_FALSE(decode_record(sealed(std::string("service web ") + body), service));
    }
    for (const char* body : {"service ../web", "service web@", "gone we/b",
                             "child web pid=1 start=4", "child web pid=0 start=4",
                             "hook web pre_start pid=-3 start=4", "child web@a/b pid=4 start=4"}) {
        INFO(body);
        CHECK_FALSE(decode_record(sealed(body), service));
    }
}

TEST_CASE("there is a reason for each number that a record may have") {
    Service service;
    const auto last = std::to_string(static_cast<int>(reason_code_last));
    const auto next = std::to_string(static_cast<int>(reason_code_last) + 1);
    CHECK(decode_record(sealed("service web reason=" + last), service));
    CHECK_FALSE(decode_record(sealed("service web reason=" + next), service));
}

TEST_CASE("a timer comes back from its record") {
    Timer timer;
    timer.handled = Wall{1795180000123};
    timer.forced_until = Wall{1795190000000};
    timer.tick = Mono{123456789};
    timer.owed = 3;
    Buffer<record_max_bytes> line;
    append_timer_record(line, "web@2", timer);
    CHECK(line.view().starts_with(
        "timer web@2 handled=1795180000123 forced_until=1795190000000 tick=123456789 owed=3 #"));
    Service service;
    const auto record = decode_record(line.view().substr(0, line.size() - 1), service);
    REQUIRE(record);
    CHECK(record->kind == RecordKind::timer);
    CHECK(record->name == "web@2");
    CHECK(is_same_on_record(record->timer, timer));
}

TEST_CASE("of a timer what is nothing is left out of its record, and comes back") {
    Buffer<record_max_bytes> line;
    append_timer_record(line, "web", {});
    CHECK(line.view().starts_with("timer web #"));
    Service service;
    const auto record = decode_record(line.view().substr(0, line.size() - 1), service);
    REQUIRE(record);
    CHECK(is_same_on_record(record->timer, {}));
    CHECK(record->timer.tick == no_deadline);
}

TEST_CASE("a record of a timer that makes no sense is none") {
    Service service;
    const auto decoded = [&](const std::string& body) {
        return decode_record(sealed(body), service).has_value();
    };
    CHECK(decoded("timer web handled=1 owed=180"));
    CHECK(decoded("timer web handled=1 from_later=2"));
    CHECK(decoded("timer web handled=-1"));
    for (const char* body : {"timer", "timer /web handled=1", "timer web handled",
                             "timer web handled=x", "timer web owed=181", "timer web owed=-1",
                             "timer web tick=-1", "timer web handled=99999999999999999999"}) {
        CAPTURE(body);
        CHECK_FALSE(decoded(body));
    }
}
