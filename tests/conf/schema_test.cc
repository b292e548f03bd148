#include <set>

#include "base/limits.h"
#include "catch.h"
#include "conf/files.h"
#include "conf/schema.h"

using namespace reeve;

namespace {

std::string value_of(const Key& key, const Draft& draft) {
    LongText text;
    append_value(text, key, draft.values());
    return std::string(text.view());
}

std::string type_of(const char* name) {
    Buffer<128> out;
    append_type(out, *find_key(service_keys, name));
    return std::string(out.view());
}

// A line for every key, in its canonical form, that sets it to something that is not its default.
const char* const changes[] = {
    "description = d",
    "exec = b",
    "command = b",
    "type = oneshot",
    "instances = tty1 ttyS0",
    "enabled = no",
    "group = g",
    "apply_on = 2027-01-01T00:00",
    "on_change = restart",
    "on_end = reboot",
    "user = www",
    "workdir = /srv",
    "umask = 002",
    "nice = 1",
    "chroot = /c",
    "env = A=1",
    "env_file = -/e",
    "env_clear = yes",
    "limit = as 1:2",
    "oom_score_adj = 0",
    "no_new_privs = yes",
    "capabilities = kill net_raw",
    "ioprio = best-effort:7",
    "sched = rr:1",
    "cgroup = /shop/web",
    "cgroup_set = memory.max 200M",
    "stdin = /i",
    "input_keep = yes",
    "listen = tcp:*:80",
    "tty = /dev/tty1",
    "restart = always",
    "success = 0 SIGTERM",
    "fatal = 1 2",
    "restart_delay = 1s",
    "restart_delay_max = 1s",
    "restart_factor = 1.05",
    "reset_after = 1s",
    "retries = 1",
    "stop_signal = KILL",
    "stop_timeout = 1s",
    "kill_mode = process",
    "stop_command = s %",
    "reload_signal = USR1",
    "reload_command = r",
    "depends_on = db",
    "after = db@1",
    "cascade = yes",
    "ready = after 1s",
    "start_check = c",
    "start_check_timeout = 1s",
    "start_check_interval = 1m",
    "start_timeout = 1s",
    "check = c %",
    "check_interval = 1m",
    "check_timeout = 1s",
    "check_retries = 2",
    "check_action = none",
    "watchdog = 1s",
    "max_memory = 200M",
    "max_cpu = 150",
    "max_for = 1s",
    "limit_action = stop",
    "pre_start = p",
    "post_start = p",
    "post_stop = p",
    "on_fail = f",
    "hook_timeout = 1s",
    "cron = 5 4 * * mon",
    "every = 1m",
    "at = 2027-01-01T00:00",
    "overlap = queue",
    "catch_up = yes",
    "jitter = 1s",
    "timezone = CET-1",
    "max_runtime = 1h",
    "start_time = 08:00",
    "stop_time = 17:30:15",
    "week_days = mon tue",
    "log = null",
    "log_max_size = 2M",
    "log_keep = 1",
    "log_time = none",
};

// What only a new process can have, from BEHAVIOUR: the end of "Keys".
const std::set<std::string> process_bound{
    "exec",   "command", "type",     "user",      "workdir",   "umask",         "nice",
    "chroot", "env",     "env_file", "env_clear", "limit",     "oom_score_adj", "no_new_privs",
    "stdin",  "tty",     "ready",    "log",       "watchdog",  "input_keep",    "capabilities",
    "ioprio", "sched",   "listen",   "cgroup",    "cgroup_set"};

std::string key_of(std::string_view line) { return std::string(line.substr(0, line.find(' '))); }

}  // namespace

TEST_CASE("every key's default is printed as it stands in the table") {
    const Draft draft;
    for (const auto keys : {service_keys, settings_keys})
        for (const Key& key : keys) {
            INFO(key.name);
            CHECK(value_of(key, draft) == key.default_text);
        }
}

TEST_CASE("every key's default can be written in a file, and changes nothing") {
    const auto plain = definition_of("exec = a\n");
    for (const Key& key : service_keys) {
        if (*key.default_text == '\0') continue;
        INFO(key.name);
        const auto written =
            definition_of("exec = a\n" + std::string(key.name) + " = " + key.default_text + "\n");
        REQUIRE(written);
        CHECK(written->digest == plain->digest);
        CHECK(written->process_digest == plain->process_digest);
    }
}

TEST_CASE("the defaults are those of the contract") {
    const std::pair<const char*, const char*> defaults[] = {{"type", "daemon"},
                                                            {"enabled", "yes"},
                                                            {"on_change", "keep"},
                                                            {"on_end", "nothing"},
                                                            {"workdir", "/"},
                                                            {"stdin", "/dev/null"},
                                                            {"input_keep", "no"},
                                                            {"success", "0"},
                                                            {"restart_delay", "100ms"},
                                                            {"restart_delay_max", "1m"},
                                                            {"restart_factor", "2"},
                                                            {"reset_after", "10s"},
                                                            {"retries", "unlimited"},
                                                            {"stop_signal", "TERM"},
                                                            {"stop_timeout", "7s"},
                                                            {"kill_mode", "group"},
                                                            {"reload_signal", "HUP"},
                                                            {"cascade", "no"},
                                                            {"ready", "exec"},
                                                            {"start_check_timeout", "10s"},
                                                            {"start_check_interval", "1s"},
                                                            {"start_timeout", "1m"},
                                                            {"check_interval", "30s"},
                                                            {"check_timeout", "10s"},
                                                            {"check_retries", "3"},
                                                            {"check_action", "restart"},
                                                            {"watchdog", "0s"},
                                                            {"max_cpu", "0"},
                                                            {"max_for", "30s"},
                                                            {"limit_action", "restart"},
                                                            {"hook_timeout", "30s"},
                                                            {"every", "0s"},
                                                            {"overlap", "skip"},
                                                            {"catch_up", "no"},
                                                            {"jitter", "0s"},
                                                            {"max_runtime", "0s"},
                                                            {"week_days", "all"},
                                                            {"log", "file"},
                                                            {"log_max_size", "1M"},
                                                            {"log_keep", "10"},
                                                            {"log_time", "utc"},
                                                            {"env_clear", "no"},
                                                            {"no_new_privs", "no"},
                                                            {"cgroup", "no"}};
    size_t found = 0;
    for (const Key& key : service_keys)
        if (*key.default_text != '\0') ++found;
    CHECK(found == std::size(defaults));
    for (const auto& [name, text] : defaults) {
        INFO(name);
        CHECK(std::string(find_key(service_keys, name)->default_text) == text);
    }
}

TEST_CASE("every key is printed as it was set") {
    CHECK(std::size(changes) == service_keys.size());
    for (const std::string line : changes) {
        INFO(line);
        const Key* key = find_key(service_keys, key_of(line));
        REQUIRE(key != nullptr);
        Draft draft;
        Buffer<128> problem;
        CHECK(set_value(*key, line.substr(line.find('=') + 2), Origin::own, draft, problem));
        CHECK(problem.view().empty());
        CHECK(value_of(*key, draft) == line.substr(line.find('=') + 2));
    }
}

TEST_CASE("every key changes the digest, and the process-bound ones the digest of the process") {
    for (const std::string line : changes) {
        INFO(line);
        const std::string name = key_of(line);
        const bool runs = name == "exec" || name == "command";
        // With a schedule a type that is not set is another one.
        const std::string type = name == "type"         ? ""
                                 : name == "watchdog"   ? "type = oneshot\nready = notify\n"
                                 : name == "cgroup_set" ? "type = oneshot\ncgroup = yes\n"
                                                        : "type = oneshot\n";
        const auto before = definition_of(type + "exec = a\n");
        const auto after = definition_of(type + (runs ? "" : "exec = a\n") + line + "\n");
        REQUIRE(after);
        CHECK(after->digest != before->digest);
        CHECK((after->process_digest != before->process_digest) == process_bound.contains(name));
        CHECK((find_key(service_keys, name)->applies == Applies::next_start) ==
              process_bound.contains(name));
    }
}

TEST_CASE("the digest depends on what is meant, not on how it is written") {
    const auto a = definition_of("exec = a 'b c'\nstop_timeout = 90s\nlimit = core 1K\n");
    const auto b =
        definition_of("# x\nlimit = core 1024:1024\nstop_timeout=1m30s\nexec = a b\\ c\n");
    CHECK(a->digest == b->digest);
    CHECK(a->process_digest == b->process_digest);
    CHECK(definition_of("exec = 'a b'\n")->digest != definition_of("exec = a b\n")->digest);
    CHECK(definition_of("exec = a\nenv = A=1\nenv = B=2\n")->digest !=
          definition_of("exec = a\nenv = B=2\nenv = A=1\n")->digest);
}

TEST_CASE("values that need quotes or percent signs are printed so that they are read back") {
    for (const std::string line :
         {"exec = 'a b' '' '%%' 'it'\\''s'", "description = 100%% sure", "env = A=%%n",
          "workdir = /100%%", "limit = nofile 1:2", "success = 0 2 SIGHUP SIG40"}) {
        INFO(line);
        const Key* key = find_key(service_keys, key_of(line));
        Draft draft;
        Buffer<128> problem;
        REQUIRE(set_value(*key, line.substr(line.find('=') + 2), Origin::own, draft, problem));
        const std::string text = value_of(*key, draft);
        Draft again;
        REQUIRE(set_value(*key, text, Origin::own, again, problem));
        CHECK(value_of(*key, again) == text);
        CHECK(digests_of(again.values()).all == digests_of(draft.values()).all);
    }
}

TEST_CASE("a key that repeats is printed as a line for each time it is set") {
    Draft draft;
    Buffer<128> problem;
    const Key* env = find_key(service_keys, "env");
    const Key* limit = find_key(service_keys, "limit");
    const Key* group = find_key(service_keys, "group");
    CHECK(set_value(*env, "A=1 2", Origin::own, draft, problem));
    CHECK(set_value(*env, "B=", Origin::own, draft, problem));
    CHECK(set_value(*limit, "stack 1M:unlimited", Origin::own, draft, problem));
    CHECK(set_value(*limit, "nofile 5", Origin::own, draft, problem));
    CHECK(set_value(*group, "a  b", Origin::own, draft, problem));
    CHECK(set_value(*group, "c b", Origin::own, draft, problem));
    CHECK(value_of(*env, draft) == "A=1 2\nB=");
    CHECK(value_of(*limit, draft) == "nofile 5\nstack 1048576:unlimited");
    CHECK(value_of(*group, draft) == "a b c");
}

TEST_CASE("a value that is wrong leaves the draft as it was") {
    Draft draft;
    const uint64_t before = digests_of(draft.values()).all;
    for (const Key& key : service_keys) {
        INFO(key.name);
        for (const char* value : {"", "  ", "%", "a 'b", "/ok -/ %i", "0 1 2 x"}) {
            Buffer<256> problem;
            Draft scratch;
            if (set_value(key, value, Origin::own, scratch, problem)) continue;
            CHECK_FALSE(problem.view().empty());
            CHECK(digests_of(scratch.values()).all == before);
        }
    }
}

TEST_CASE("every code and signal fits where ends are printed") {
    Draft draft;
    for (int code = 0; code < 256; ++code) draft.policy->success.add_code(code);
    for (int number = 1; number <= 64; ++number) draft.policy->success.add_signal(number);
    CHECK(value_of(*find_key(service_keys, "success"), draft).ends_with(" SIG64"));
}

TEST_CASE("every row of the table is complete") {
    std::set<std::string> names;
    for (const auto keys : {service_keys, settings_keys}) {
        names.clear();
        for (const Key& key : keys) {
            INFO(key.name);
            CHECK(names.insert(key.name).second);
            CHECK(find_key(keys, key.name) == &key);
            const std::string doc = key.doc;
            CHECK(doc.size() > 10);
            CHECK(doc.ends_with('.'));
            CHECK((key.kind == &kind::choice || key.kind == &kind::limit) == (*key.words != '\0'));
            Buffer<128> type;
            append_type(type, key);
            CHECK_FALSE(type.view().empty());
            CHECK((key.place == nullptr) == (key.owner == Owner::nobody));
        }
    }
    CHECK(service_keys.size() + settings_keys.size() <= keys_max_count);
    CHECK(find_key(service_keys, "uid") == nullptr);
    CHECK(find_key(settings_keys, "exec") == nullptr);
    CHECK(find_key(service_keys, "") == nullptr);
}

TEST_CASE("types are told in a word or two") {
    CHECK(type_of("restart") == "always|on-failure|never");
    CHECK(type_of("enabled") == "yes|no");
    CHECK(type_of("nice") == "number -20..19");
    CHECK(type_of("retries") == "number|unlimited");
    CHECK(type_of("restart_factor") == "decimal");
    CHECK(type_of("start_check_interval") == "duration");
    CHECK(type_of("command") == "shell line");
    CHECK(std::string(name_of(Applies::live)) == "live");
    CHECK(std::string(name_of(Applies::next_start)) == "next start");
}

TEST_CASE("the nearest key is offered only where it is near") {
    const std::pair<const char*, const char*> known[] = {{"dependson", "depends_on"},
                                                         {"depend_on", "depends_on"},
                                                         {"exc", "exec"},
                                                         {"comand", "command"},
                                                         {"work_dir", "workdir"},
                                                         {"reset_afer", "reset_after"},
                                                         {"uesr", "user"},
                                                         {"xyzzy", ""},
                                                         {"", ""},
                                                         {"a", ""},
                                                         {"healthcheck_url", ""}};
    for (const auto& [wrong, near] : known) {
        INFO(wrong);
        CHECK(nearest_key(service_keys, wrong) == near);
    }
}

TEST_CASE(
    "a user's text is shown with its control characters escaped, and cut at whole characters") {
    const auto shown = [](std::string_view text) {
        Buffer<128> out;
        append_shown(out, text);
        return std::string(out.view());
    };
    CHECK(shown("a\x1b[1m\x7f\tb") == R"(a\x1b[1m\x7f\x09b)");
    CHECK(shown("\xC3\xA9") == "\xC3\xA9");
    CHECK(shown(std::string(60, 'a')) == std::string(60, 'a'));
    CHECK(shown(std::string(61, 'a')) == std::string(60, 'a') + "...");
    CHECK(shown(std::string(59, 'a') + "\xC3\xA9") == std::string(59, 'a') + "...");
}
