// The simulator's reeve dies and another one takes over: from what is on record, and from what the
// fake kernel says of the processes. What processes do meanwhile is part of it.
#include <utility>

#include "base/limits.h"
#include "base/parse.h"
#include "core/object.h"
#include "core/sim_world.h"
#include "model/record.h"
#include "support/definitions.h"

namespace reeve::sim {

namespace {

constexpr size_t journal_bytes_max = 16384;  // then it is made anew

// Of each line its beginning and its end, the newline included.
std::vector<std::pair<size_t, size_t>> lines_of(const std::string& text) {
    std::vector<std::pair<size_t, size_t>> lines;
    for (size_t begin = 0; begin < text.size(); begin = lines.back().second)
        lines.emplace_back(begin, std::min(text.find('\n', begin), text.size() - 1) + 1);
    return lines;
}

Past replay(const std::string& text) {
    Past past;
    for (const auto& [begin, end] : lines_of(text)) {
        const bool is_whole = text[end - 1] == '\n';
        past.take(std::string_view(text).substr(begin, end - begin - is_whole));
    }
    return past;
}

}  // namespace

Process process_of(uint32_t number, Hook hook) {
    const size_t place = number * hook_count + static_cast<size_t>(hook);
    return {static_cast<pid_t>(100000 + place), 1};
}

// As the host does: what changed, then who is gone.
void World::record() {
    const bool few = supervisor.services().size() <= 2;
    records.resize(supervisor.services().size());
    Buffer<record_max_bytes> line;
    for (const ServiceId id : supervisor.dirty()) {
        Service& s = supervisor.at(id);
        s.dirty = false;
        records[id.index].clear();
        if (!s.used()) continue;
        const ServiceId other = s.reason.other;
        line.clear();
        append_service_record(line, s, {other ? supervisor.at(other).name.view() : ""});
        if (line.truncated()) fail("a record that is too long", name(id));
        records[id.index] = line.view();
        append_to_journal(line.view());
        Buffer<record_max_bytes> timer_line;
        if (const Timer* timer = supervisor.timetable().find(id)) {
            append_timer_record(timer_line, s.name, *timer);
            append_to_journal(timer_line.view());
            records[id.index].append(timer_line.view());
        }
        if (!few && steps % 64 != 0) continue;
        Service read;
        const auto found = decode_record(line.view().substr(0, line.size() - 1), read);
        if (found) restore(read, found->state_then, found->phase_then);
        if (!found || found->kind != RecordKind::service || !same_record(s, read))
            fail("a record that does not restore its service", records[id.index]);
    }
    supervisor.dirty().clear();
    for (const std::string& gone : forgotten) {
        line.clear();
        append_gone_record(line, gone);
        append_to_journal(line.view());
    }
    forgotten.clear();
    if (journal.size() > journal_bytes_max && !is_torn) renew_journal();
}

void World::append_to_journal(std::string_view line) {
    if (is_torn) return;
    is_torn = dies_writing > 0 && --dies_writing == 0;
    journal.append(line.substr(0, is_torn ? line.size() / 2 : line.size()));
}

void World::renew_journal() {
    Buffer<record_max_bytes> line;
    append_header_record(line, {"boot", "uid"});
    journal = line.view();
    for (uint32_t i = 0; i < supervisor.services().size(); ++i)
        if (supervisor.at({i}).used()) supervisor.mark_changed({i});
    const uint32_t writing = std::exchange(dies_writing, 0);  // then the old one still stands
    record();
    dies_writing = writing;
    for (uint32_t number = 0; number < files.size(); ++number) {
        for (size_t h = 0; h < hook_count; ++h) {
            if (!hooks[number][h].runs) continue;
            const auto hook = static_cast<Hook>(h);
            line.clear();
            append_process_record(line, name_of_file(number), hook, process_of(number, hook));
            journal.append(line.view());
        }
    }
}

// At every prefix, for reeve may die at any: the records give what memory had. (But for that of
// which the record was being written, or was to be written next.)
void World::check_replay(const Past& past) {
    if (past.corrupt() || past.uid() != "uid") fail("the journal is not whole", "");
    if (is_torn || !supervisor.dirty().empty() || !forgotten.empty()) return;
    size_t count = 0;
    for (const Service& s : supervisor.services()) count += s.used();
    if (past.services().size() != count) fail("the journal has other services than memory", "");
    for (const PastService& each : past.services()) {
        const Service* s = service(number_of(each.service.name));
        if (s == nullptr || !same_record(*s, each.service))
            fail("the journal does not give what memory had",
                 std::string(each.service.name.view()));
        if (s == nullptr) continue;
        const Timer* timer = supervisor.timetable().find(supervisor.id_of(*s));
        if (timer != nullptr && !(each.timer && is_same_on_record(*each.timer, *timer)))
            fail("the journal does not give the timer that memory had",
                 std::string(each.service.name.view()));
    }
}

// A child that has not executed its program yet ends when it finds its parent gone; one that has is
// on its own. What ends is reaped by others, and nobody hears of it.
void World::live_on(uint32_t number, bool unlucky) {
    for (RunningHook& hook : hooks[number]) {
        if (unlucky || hook.cancelled) hook = {};
        if (hook.runs) hook.give_up = now.mono + seconds(30);
    }
    if (!groups[number]) return;
    Group& group = *groups[number];
    if (group.exec_pending && !group.program_runs && unlucky) group.state = Group::Leader::zombie;
    group.exec_pending = false;
    group.orphaned = true;
    if (group.state == Group::Leader::zombie) {
        group.state = Group::Leader::reaped;
        if (group.leader != group.id) free_pids_.push_back(group.leader);
    }
    if (group.empty()) bury(number);
}

void World::find_facts(Past& past) const {
    for (PastService& was : past.services()) {
        Service& s = was.service;
        const uint32_t number = number_of(s.name);
        const std::optional<Group>& group = groups[number];
        const Process leader = was.child ? was.child : s.leader;
        // A status file does not tell the group; the system does.
        if (group && s.since.ms == 0 && leader == Process{group->leader, group->start_time})
            s.group = group->id;
        const bool same = group && group->id == (was.child ? leader.pid : s.group);
        const bool leads = same && group->state == Group::Leader::alive;
        const bool is_leader = leads && leader == Process{group->leader, group->start_time};
        if (is_leader) was.leader = Fact::alive;
        // A leader that is not on record is one of those whom the system finds in the group.
        was.group_left = same && (group->members > 0 || (leads && !is_leader));
        for (size_t h = 0; h < hook_count; ++h)
            if (hooks[number][h].runs && was.hooks[h].process) was.hooks[h].fact = Fact::alive;
    }
}

// Of all services that have a file under status/: not of the unlucky ones, but for one.
Past World::read_status(uint32_t unlucky, uint32_t spared) const {
    static char place[object_max_bytes];
    Past past;
    for (const Service& s : supervisor.services()) {
        if (!s.used()) continue;
        const uint32_t number = number_of(s.name);
        if ((unlucky >> number % 32 & 1) != 0 && number != spared) continue;
        Sink text(place, sizeof place);
        append_object(text, supervisor, s, Reader::file, now);
        past.take_status(text.view());
    }
    return past;
}

// The journal with one record damaged that is not the last, which is about `number`.
std::string World::damaged_journal(uint32_t which, uint32_t& number) const {
    const auto lines = lines_of(journal);
    const auto [begin, end] = lines[1 + which % (lines.size() - 2)];
    std::string_view rest = std::string_view(journal).substr(begin, end - begin);
    take_word(rest);
    number = number_of(take_word(rest));
    std::string text = journal;
    text[begin + (end - begin) / 2] ^= 1;
    return text;
}

// What may be another boot's is left alone: reeve does not know it for its own any more, and hears
// of its end.
void World::lose_sight(const Past& past) {
    for (const PastService& each : past.services()) {
        const uint32_t number = number_of(each.service.name);
        if (each.leader != Fact::unverified && !each.group_doubted) continue;
        unsure[number] = groups[number];
        groups[number].reset();
    }
}

// The record from before reeve was unsure may be the one that counts.
void World::recognize(const Past& past) {
    for (const PastService& each : past.services()) {
        const uint32_t number = number_of(each.service.name);
        const pid_t group = each.child ? each.child.pid : each.service.group;
        if (!unsure[number] || unsure[number]->id != group) continue;
        groups[number] = unsure[number];
        unsure[number].reset();
    }
}

// MAINPID= was heard and is not on record: the leader is but one of the others again.
void World::demote_leader(const PastService& was) {
    const uint32_t number = number_of(was.service.name);
    std::optional<Group>& group = groups[number];
    if (!group || !was.group_left || was.leader == Fact::alive) return;
    if (group->state != Group::Leader::alive || group->leader == group->id) return;
    const Process leader = was.child ? was.child : was.service.leader;
    group->state = Group::Leader::reaped;
    group->leader = leader.pid;
    group->start_time = leader.start_time;
    ++group->members;
}

// What runs and is not known any more: nobody may signal it, and its number stays taken.
void World::let_strays_go(const Past& past, bool knows_nothing) {
    for (uint32_t number = 0; number < files.size(); ++number) {
        const PastService* known = nullptr;
        for (const PastService& each : past.services())
            if (each.service.name == name_of_file(number)) known = &each;
        std::optional<Group>& group = groups[number];
        const bool is_known =
            known != nullptr && (known->leader == Fact::alive || known->group_left);
        if (group && !is_known) {
            if (group->state == Group::Leader::alive && !knows_nothing)
                fail("what runs was forgotten", std::string(name_of_file(number)));
            group.reset();
        }
        for (size_t h = 0; h < hook_count; ++h) {
            const bool found = known != nullptr && known->hooks[h].fact == Fact::alive &&
                               known->service.hook_runs(static_cast<Hook>(h));
            if (!found) hooks[number][h] = {};
        }
    }
}

// `luck`: a bit for each service, by number modulo 32: set, what can go wrong with it does.
void World::rebirth(MoveKind kind, uint32_t luck) {
    check_replay(replay(journal));
    Past past;
    Past damaged;
    if (kind == MoveKind::rebirth_damaged && lines_of(journal).size() >= 3) {
        uint32_t number = 0;
        damaged = replay(damaged_journal(luck >> 16, number));
        if (!damaged.corrupt()) fail("damage that nobody sees", "");
        past = read_status(luck, number);
    } else if (kind == MoveKind::rebirth_without_journal) {
        past = read_status(0, 0);
    } else if (kind != MoveKind::rebirth_blank) {
        past = replay(journal);
        if (kind != MoveKind::rebirth_unsure) kind = MoveKind::rebirth;
    }
    recognize(past);
    recognize(damaged);
    for (uint32_t i = 0; i < files.size(); ++i) live_on(i, (luck >> i % 32 & 1) != 0);
    if (luck % 2 != 0) free_pids_.clear();  // strangers have them now
    find_facts(past);
    find_facts(damaged);
    past.fill_in(std::move(damaged));
    for (const PastService& each : past.services()) demote_leader(each);
    if (kind == MoveKind::rebirth_unsure) {
        for (PastService& each : past.services()) doubt(each);
        lose_sight(past);
    } else if (kind != MoveKind::rebirth) {
        let_strays_go(past, kind == MoveKind::rebirth_blank);
    }
    if (kind == MoveKind::rebirth_blank)
        for (auto& group : unsure) group.reset();

    forget_reeve();
    for (const PastService& was : past.services()) states.push_back(was.service.state);
    const Ref<const Policy> defaults(new Policy(test::default_policy()));
    const std::vector<Candidate> candidates = read_files(files);
    supervisor.take_over(past.services(), defaults, candidates, now);
    is_rebased = true;
    is_corrected = false;
    find_slots();
    rebuild_edges(*this);
    find_in_place();
    after_core();
    renew_journal();
    perform_all();
    hear_of_ended();
}

void World::forget_reeve() {
    supervisor = Supervisor();
    supervisor.configure(spawn_slots, max_starting);
    kill_at = no_deadline;
    is_hastened = false;
    actions_seen_ = 0;
    dies_after = dies_writing = 0;
    is_torn = false;
    records.clear();
    forgotten.clear();
    asking.assign(files.size(), std::nullopt);  // their connections went with it
    clocked.assign(files.size(), std::nullopt);
    states.clear();
    asked.clear();
    List<Remembered> remembered;
    for (uint32_t number = 0; number < files.size(); ++number)
        if (starts[number].ms != 0) remembered.push_back({name_of_file(number), starts[number]});
    supervisor.timetable().set_remembered(std::move(remembered));
}

// Nothing of before is left but what was started last.
void World::begin_again(uint32_t value) {
    for (uint32_t number = 0; number < files.size(); ++number) {
        if (groups[number]) bury(number);
        unsure[number].reset();
        hooks[number] = {};
        in_place[number] = false;
    }
    forget_reeve();
    now.mono = Mono{1000000};
    now.wall.ms += int64_t{value / 2} * 60000;
    seen = now;
    load();
    for (uint32_t number = 0; number < files.size(); ++number) {
        const std::optional<Clocked>& it = clocked[number];
        if (!it || !it->definition->timing->catch_up || starts[number].ms == 0) continue;
        if (now.wall.ms >= clock_set_from_s * 1000 &&
            it->timer.handled != std::min(starts[number], now.wall))
            fail("what was started last was forgotten", std::string(name_of_file(number)));
    }
    renew_journal();
    perform_all();
}

// As the host does, which looks at what may be a service's process.
void World::hear_of_ended() {
    for (uint32_t number = 0; number < files.size(); ++number) {
        const Service* s = service(number);
        if (s != nullptr && s->state == State::unknown && s->reason.value != 0 && !unsure[number])
            deliver(number, {.kind = EventKind::retry_now});
    }
}

}  // namespace reeve::sim
