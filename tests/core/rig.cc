#include "core/rig.h"

#include <algorithm>
#include <stdexcept>

#include "base/parse.h"
#include "core/explain.h"

namespace reeve::test {

namespace {

const char* name_of(ActionKind kind) {
    switch (kind) {
    case ActionKind::spawn: return "spawn";
    case ActionKind::run_hook: return "run_hook";
    case ActionKind::cancel_hook: return "cancel_hook";
    case ActionKind::signal_group: return "signal_group";
    case ActionKind::signal_leader: return "signal_leader";
    case ActionKind::listen: return "listen";
    case ActionKind::measure: return "measure";
    case ActionKind::check_group: return "check_group";
    case ActionKind::end_run: return "end_run";
    case ActionKind::end_reeve: return "end_reeve";
    }
    return "?";
}

void append_item(std::string& list, std::string_view item) {
    if (!list.empty()) list.append(", ");
    list.append(item);
}

}  // namespace

// The changes, as "add web, stale db".
std::string Rig::load(std::vector<Ref<const Definition>> definitions,
                      std::vector<std::string_view> broken) {
    std::string told;
    for (const Change& change : apply(std::move(definitions), std::move(broken)))
        append_item(told, std::string(name_of(change.kind)).append(" ").append(change.name.view()));
    return told;
}

List<Change> Rig::apply(std::vector<Ref<const Definition>> definitions,
                        std::vector<std::string_view> broken) {
    std::vector<Candidate> candidates;
    for (const auto& definition : definitions)
        candidates.push_back({definition->name, definition->version, definition, ""});
    for (std::string_view name : broken) candidates.push_back({name, "", {}, "FILE:1: broken"});
    const auto before = [](const Candidate& a, const Candidate& b) {
        return a.name.view() < b.name.view();
    };
    std::stable_sort(candidates.begin(), candidates.end(), before);
    List<Change> changes = core.apply(candidates, now);
    note();
    return changes;
}

void Rig::event(std::string_view name, const Event& event) {
    core.handle(id(name), event, now);
    note();
}

void Rig::spawned(std::string_view name) {
    ++pid_;
    event(name, {.kind = EventKind::spawned, .process = {pid_, static_cast<uint64_t>(pid_)}});
}

void Rig::exited(std::string_view name, uint8_t code, bool group_left) {
    event(name, {.kind = EventKind::exited,
                 .group_left = group_left,
                 .status = {ExitStatus::Kind::exited, code}});
}

void Rig::died(std::string_view name, uint8_t signal, bool group_left) {
    event(name, {.kind = EventKind::exited,
                 .group_left = group_left,
                 .status = {ExitStatus::Kind::signalled, signal}});
}

void Rig::hook(std::string_view name, Hook hook, HookResult result) {
    event(name, {.kind = EventKind::hook_ended, .hook = hook, .result = result});
}

void Rig::fork_fails(std::string_view name, int code) {
    event(name, {.kind = EventKind::spawn_failed,
                 .detail = static_cast<uint8_t>(SpawnStep::fork),
                 .value = code,
                 .status = {ExitStatus::Kind::exited, 126}});
}

void Rig::pass(Duration duration) {
    now.mono.ms += duration.ms;
    now.wall.ms += duration.ms;
    core.pass_deadlines(now);
    note();
}

std::string Rig::asked() { return std::exchange(asked_, {}); }

std::string Rig::states() const {
    std::string text;
    for (const Service& service : core.services()) {
        if (!service.used()) continue;
        std::string item(service.name.view());
        append_item(text, item.append(" ").append(reeve::name_of(service.state)));
    }
    return text;
}

Service& Rig::operator[](std::string_view name) { return core.at(id(name)); }

std::string Rig::reason(std::string_view name) {
    Buffer<400> words;
    append_reason(words, core, (*this)[name]);
    return std::string(words.view());
}

int64_t Rig::deadline(std::string_view name) {
    const Mono at = (*this)[name].deadline;
    return at == no_deadline ? -1 : (at - now.mono).ms;
}

// "a b" are two services.
std::vector<ServiceId> Rig::ids(std::string_view names) const {
    std::vector<ServiceId> found;
    while (!names.empty()) found.push_back(id(take_word(names)));
    return found;
}

ServiceId Rig::id(std::string_view name) const {
    List<ServiceId> found;
    core.select(name, found);
    if (found.size() != 1) throw std::runtime_error(std::string("no service ").append(name));
    return found.front();
}

void Rig::note() {
    for (const Action& action : core.actions()) {
        std::string item(name_of(action.kind));
        item.append(" ").append(core.at(action.service).name.view());
        const bool hook =
            action.kind == ActionKind::run_hook || action.kind == ActionKind::cancel_hook;
        if (hook) item.append(" ").append(reeve::name_of(action.hook));
        if (action.kind == ActionKind::signal_group || action.kind == ActionKind::signal_leader)
            item.append(" ").append(std::to_string(action.value));
        append_item(asked_, item);
    }
    core.actions().clear();
    for (const EndedRun& run : core.ended_runs()) ended_runs_.push_back(run);
    core.ended_runs().clear();
    core.forgotten().clear();
}

}  // namespace reeve::test
