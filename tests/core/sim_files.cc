#include "core/sim_files.h"

#include <algorithm>
#include <array>

#include "core/sim_dates.h"
#include "support/definitions.h"

namespace reeve::sim {

namespace {

// Names that stay, for candidates hold views of them.
const std::array<std::string, files_max_count + 1>& names() {
    static const auto made = [] {
        std::array<std::string, files_max_count + 1> result;
        for (size_t i = 0; i < result.size(); ++i)
            result[i] = std::string("s") + char('0' + i / 10 % 10) + char('0' + i % 10);
        result[files_max_count] = "nothing";
        return result;
    }();
    return made;
}

Policy policy_of(const Shape& shape) {
    Policy policy = test::default_policy();
    policy.type = shape.type;
    policy.enabled = shape.enabled;
    policy.on_change = shape.on_change;
    policy.restart = shape.restart;
    policy.retries = shape.retries;
    if (shape.fatal) policy.fatal.add_code(3);
    policy.restart_delay = milliseconds(shape.restart_delay_ms);
    policy.ready = {shape.ready, 3, seconds(2)};
    if (shape.start_check) policy.start_check = "check";
    if (shape.pre_start) policy.pre_start = "prepare";
    if (shape.post_start) policy.post_start = "greet";
    if (shape.post_stop) policy.post_stop = "clean";
    if (shape.on_fail) policy.on_fail = "alarm";
    if (shape.stop_command) policy.stop_command = "leave";
    if (shape.reload_command) policy.reload_command = "reread";
    policy.kill_mode = shape.kill_mode;
    policy.cascade = shape.cascade;
    if (shape.control_group) policy.cgroup = "yes";
    return policy;
}

// Seldom enough for an hour of peace to have an end.
Ref<const HealthRules> health_of(const Shape& shape) {
    if (!shape.check) return {};
    auto* health = new HealthRules;
    health->check = "check";
    health->check_interval = seconds(300);
    health->check_retries = 2;
    health->check_action = shape.check_action;
    return Ref<const HealthRules>(health);
}

Ref<const Definition> definition_of(const File& file, uint32_t number, std::string_view version,
                                    bool fake) {
    return test::define(name_of_file(number), [&](Definition& definition, Policy& policy) {
        policy = policy_of(file.shape);
        definition.timing = timing_of(file, !version.empty());
        definition.health = health_of(file.shape);
        if (definition.has_schedule()) policy.type = Type::oneshot;
        if (fake) policy.type = Type::fake;
        definition.version = version;
        for (uint32_t to : file.shape.depends_on) definition.depends_on.append(name_of_file(to));
        for (uint32_t to : file.shape.after) definition.after.append(name_of_file(to));
        definition.process_digest = 1 + file.process_edits;
        definition.digest = definition.process_digest * 1000 + file.live_edits;
    });
}

void toggle(std::vector<uint32_t>& list, uint32_t number) {
    const auto place = std::find(list.begin(), list.end(), number);
    if (place == list.end())
        list.push_back(number);
    else
        list.erase(place);
}

}  // namespace

const char* name_of(Edit edit) {
    switch (edit) {
    case Edit::remove: return "remove";
    case Edit::restore: return "restore";
    case Edit::break_it: return "break";
    case Edit::mend: return "mend";
    case Edit::live: return "live";
    case Edit::process: return "process";
    case Edit::on_change: return "on_change";
    case Edit::depend: return "depend";
    case Edit::depend_on_nothing: return "depend_on_nothing";
    case Edit::independent: return "independent";
    case Edit::second: return "second";
    case Edit::second_fake: return "second_fake";
    case Edit::second_broken: return "second_broken";
    case Edit::no_second: return "no_second";
    case Edit::type: return "type";
    case Edit::enabled: return "enabled";
    case Edit::cascade: return "cascade";
    case Edit::when: return "when";
    case Edit::hours: return "hours";
    case Edit::catch_up: return "catch_up";
    case Edit::apply_on: return "apply_on";
    }
    return "?";
}

void apply_edit(std::vector<File>& files, uint32_t number, Edit edit, uint32_t other) {
    File& file = files[number];
    Shape& shape = file.shape;
    switch (edit) {
    case Edit::remove: file.present = false; return;
    case Edit::restore: file.present = true; return;
    case Edit::break_it: file.broken = true; return;
    case Edit::mend: file.broken = false; return;
    case Edit::live: break;
    case Edit::process: ++file.process_edits; return;
    case Edit::on_change:
        shape.on_change = shape.on_change == OnChange::keep ? OnChange::restart : OnChange::keep;
        break;
    case Edit::depend: toggle(shape.depends_on, other); break;
    case Edit::depend_on_nothing: toggle(shape.depends_on, files_max_count); break;
    case Edit::independent:
        shape.depends_on.clear();
        shape.after.clear();
        break;
    case Edit::second: file.second = Second::real; return;
    case Edit::second_fake: file.second = Second::fake; return;
    case Edit::second_broken: file.second = Second::broken; return;
    case Edit::no_second: file.second = Second::none; return;
    case Edit::type:
        shape.type = shape.type == Type::daemon ? Type::oneshot : Type::daemon;
        ++file.process_edits;
        return;
    case Edit::enabled: shape.enabled = !shape.enabled; break;
    case Edit::cascade: shape.cascade = !shape.cascade; break;
    case Edit::when: shape.when = static_cast<When>(other % when_count); break;
    case Edit::hours: shape.hours = static_cast<Hours>(other % hours_count); break;
    case Edit::catch_up: shape.catch_up = !shape.catch_up; break;
    case Edit::apply_on:
        file.second = Second::real;
        file.second_on_s = first_day_s + other * 3 * 86400;
        break;
    }
    ++file.live_edits;
}

std::string_view name_of_file(uint32_t number) { return names()[number]; }

uint32_t number_of(std::string_view name) {
    return static_cast<uint32_t>((name[1] - '0') * 10 + (name[2] - '0'));
}

std::vector<Candidate> read_files(const std::vector<File>& files) {
    std::vector<Candidate> candidates;
    for (uint32_t i = 0; i < files.size(); ++i) {
        const File& file = files[i];
        if (!file.present) continue;
        const std::string_view name = name_of_file(i);
        if (file.broken)
            candidates.push_back({name, "", {}, "FILE:1: broken"});
        else
            candidates.push_back({name, "", definition_of(file, i, "", false), ""});
        if (file.second == Second::none) continue;
        if (file.second == Second::broken) {
            candidates.push_back({name, "v2", {}, "FILE+v2:1: broken"});
            continue;
        }
        const bool fake = file.second == Second::fake;
        candidates.push_back({name, "v2", definition_of(file, i, "v2", fake), ""});
    }
    return candidates;
}

std::string describe(const File& file, uint32_t number) {
    const Shape& shape = file.shape;
    constexpr const char* types[] = {"daemon", "oneshot", "fake"};
    constexpr const char* restarts[] = {"by_type", "always", "on_failure", "never"};
    constexpr const char* readies[] = {"exec", "after", "fd", "notify"};
    std::string text(name_of_file(number));
    text.append(": ").append(types[static_cast<size_t>(shape.type)]);
    text.append(" restart=").append(restarts[static_cast<size_t>(shape.restart)]);
    text.append(" ready=").append(readies[static_cast<size_t>(shape.ready)]);
    text.append(" delay=").append(std::to_string(shape.restart_delay_ms)).append("ms");
    if (shape.retries > 0) text.append(" retries=").append(std::to_string(shape.retries));
    const auto flag = [&](bool on, const char* word) {
        if (on) text.append(" ").append(word);
    };
    flag(!shape.enabled, "disabled");
    flag(shape.on_change == OnChange::restart, "on_change=restart");
    flag(shape.fatal, "fatal");
    flag(shape.start_check, "start_check");
    flag(shape.pre_start, "pre_start");
    flag(shape.post_start, "post_start");
    flag(shape.post_stop, "post_stop");
    flag(shape.on_fail, "on_fail");
    flag(shape.stop_command, "stop_command");
    flag(shape.reload_command, "reload_command");
    flag(shape.check, "check");
    flag(shape.check_action == CheckAction::stop, "check_action=stop");
    flag(shape.check_action == CheckAction::none, "check_action=none");
    flag(shape.kill_mode == KillMode::process, "kill_mode=process");
    flag(shape.control_group, "cgroup=yes");
    flag(shape.cascade, "cascade");
    flag(!file.present, "(absent)");
    flag(file.broken, "(broken)");
    flag(file.second == Second::real, "(+v2)");
    flag(file.second == Second::fake, "(+v2 fake)");
    flag(file.second == Second::broken, "(+v2 broken)");
    append_timing(text, file);
    for (uint32_t to : shape.depends_on) text.append(" needs ").append(name_of_file(to));
    for (uint32_t to : shape.after) text.append(" after ").append(name_of_file(to));
    return text;
}

}  // namespace reeve::sim
