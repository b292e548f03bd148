#include "process/past.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/parse.h"
#include "base/sort.h"
#include "core/object.h"
#include "files/journal.h"
#include "files/status.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "model/record.h"
#include "process/control_groups.h"
#include "process/resume.h"
#include "process/watched.h"

namespace reeve {

namespace {

Status read_journal(const Text& path, Past& past) {
    past = {};
    const auto see = [](void* context, std::string_view line) {
        static_cast<Past*>(context)->take(line);
    };
    return Journal::each_line(path, see, &past);
}

Fact find_fact(Process process) {
    Fact fact = Fact::gone;
    sys::persist([&] {
        errno = 0;
        fact = fact_on_record(process);
        return fact == Fact::unverified ? errno : 0;
    });
    return fact;
}

void find_facts(PastService& was) {
    const Service& service = was.service;
    const Process leader = was.child ? was.child : service.leader;
    if (leader && !(service.leader && service.leader_gone)) was.leader = find_fact(leader);
    const pid_t group = was.child ? was.child.pid : service.group;
    if (group > 0 && was.leader == Fact::gone)
        was.group_left = left_behind(group, leader) || is_populated(was.control_group);
    for (size_t i = 0; i < hook_count; ++i)
        if (service.hook_runs(static_cast<Hook>(i)))
            was.hooks[i].fact = find_fact(was.hooks[i].process);
}

// Forgets the children that have taken back their records since the journal was read. False: one
// of those that are on record lives, and may do so still.
bool forget_withdrawn(const Text& path, Past& past) {
    Past again;
    if (!read_journal(path, again)) return true;  // there is nothing more to learn
    bool is_decided = true;
    for (PastService& was : past.services()) {
        if (!was.child) continue;
        const auto same = std::find_if(
            again.services().begin(), again.services().end(), [&](const PastService& each) {
                return each.service.full_name() == was.service.full_name();
            });
        const bool is_withdrawn = same != again.services().end() && !same->child;
        if (is_withdrawn) was.child = {};
        if (is_withdrawn || was.leader == Fact::alive) find_facts(was);
        is_decided = is_decided && !(was.child && was.leader == Fact::alive);
    }
    return is_decided;
}

// A child that its reeve did not outlive was never run: it takes its record back before it ends.
// On a busy machine it may be long about it.
void await_withdrawals(const Text& path, Past& past) {
    const bool any =
        std::any_of(past.services().begin(), past.services().end(),
                    [](const PastService& was) { return static_cast<bool>(was.child); });
    for (int i = 0; any && i < record_wait_max_ms && !forget_withdrawn(path, past); ++i)
        sys::sleep(1000);
}

// The group is not in there.
void find_facts_of_status(PastService& was) {
    find_facts(was);
    const pid_t group = getpgid(was.service.leader.pid);
    const bool lives = was.leader == Fact::alive || was.leader == Fact::child;
    if (lives && group > 1 && group != getpgrp()) was.service.group = group;
}

// What the status files tell, with facts.
Past read_status(const Text& run_directory, WantedStatus wanted = nullptr,
                 const void* context = nullptr) {
    List<Text> files;
    sys::persist([&] {
        files.clear();
        return read_status_files(run_directory, files, wanted, context);
    });
    Past past;
    for (const Text& file : files) past.take_status(file);
    for (PastService& was : past.services()) find_facts_of_status(was);
    return past;
}

struct Known {
    Text name;
    bool lives;
};

// In a list that is sorted by name; null: it is not there.
const Known* find_known(std::span<const Known> list, std::string_view name) {
    const auto place = std::lower_bound(
        list.begin(), list.end(), name,
        [](const Known& each, std::string_view wanted) { return each.name.view() < wanted; });
    return place != list.end() && place->name == name ? &*place : nullptr;
}

// Status files follow the journal, and what is forgotten has none any more: a service that it does
// not know, or that lives by the one and not by the other, was cut off with its end. The files of
// those that live by the journal are not even read.
bool is_cut_short(const Past& past, const Text& run_directory) {
    const auto name_of = [](const PastService& each) {
        const FullNameText name(each.service.full_name());
        return Text(name.view());
    };
    List<Known> known;
    for (const PastService& each : past.services()) known.push_back({name_of(each), each.lives()});
    const std::span<Known> all = known;
    sort(all, [](const Known& a, const Known& b) { return a.name.view() < b.name.view(); });
    const auto is_wanted = [](const void* context, std::string_view name) {
        const Known* found = find_known(*static_cast<const std::span<Known>*>(context), name);
        return found == nullptr || !found->lives;
    };
    const Past status = read_status(run_directory, is_wanted, &all);
    // A child that has ended counts as ours until its end is dealt with; by the journal that may be
    // so already.
    const auto runs = [](const PastService& each) {
        return each.lives() && fact_of(each.service.leader) != Fact::gone;
    };
    return std::any_of(status.services().begin(), status.services().end(),
                       [&](const PastService& each) {
                           return runs(each) || find_known(all, name_of(each)) == nullptr;
                       });
}

// Empty: not known yet.
Buffer<128> known_boot;

int read_boot() {
    return known_boot.empty() && platform::append_boot_id(known_boot) < 0 ? errno : 0;
}

// Whether the journal is of this boot; a resumed reeve may see /proc only by now, but it is.
SameBoot find_boot(const Past& past, int& code) {
    code = sys::persist(read_boot);
    if (!past.has_header() || past.of_later_version()) return SameBoot::yes;
    if (!resumption().begun) return compare_boots(past.boot(), known_boot.view());
    if (known_boot.empty()) known_boot << past.boot();
    return SameBoot::yes;
}

template <typename... T>
void add_complaint(Text& complaint, const T&... pieces) {
    complaint = Text::join(complaint, complaint.empty() ? "" : "; ", pieces...);
}

}  // namespace

std::string_view boot_id() {
    read_boot();
    return known_boot.view();
}

Past read_past(const Text& run_directory, Text& complaint) {
    // Whatever ran here before had another PID 1, and ended with it.
    if (getpid() == 1 && !resumption().resumed) return {};
    const Text path = Text::join(run_directory, "/journal");
    Past past;
    const int journal_code = sys::persist([&] {
        const Status read = read_journal(path, past);
        return read ? 0 : read.error().code;
    });
    const bool is_gone = journal_code == ENOENT;
    int boot_code = 0;
    const SameBoot same_boot = find_boot(past, boot_code);
    // A header is the first thing in a journal, and is in it before it has its name.
    const bool is_lost = past.of_later_version() || past.corrupt() || !past.has_header();
    if (is_lost && !is_gone) {
        const Text bad = Text::join(path, ".bad");
        sys::rename(path.c_str(), bad.c_str());
        add_complaint(complaint,
                      past.of_later_version() ? "the journal is of a later version of reeve"
                                              : "the journal was damaged",
                      " (it is ", bad, " now); going by the status files");
    }
    if (past.ended() || same_boot == SameBoot::no) return {};
    for (PastService& was : past.services()) find_facts(was);
    if (!is_lost && !resumption().resumed) await_withdrawals(path, past);
    const bool is_cut = !is_lost && is_cut_short(past, run_directory);
    if (is_lost || is_cut) {
        Past status = read_status(run_directory);
        if ((is_gone || is_cut) && !status.empty())
            add_complaint(complaint, "the journal ", is_cut ? "has lost its end" : "is gone",
                          "; going by the status files");
        if (!past.of_later_version()) status.fill_in(std::move(past));
        past = std::move(status);
    }
    if (same_boot == SameBoot::unknown) {
        for (PastService& was : past.services()) doubt(was);
        if (!past.empty())
            add_complaint(complaint,
                          "whether the machine was started again cannot be told (boot id: ",
                          boot_code != 0 ? errno_text(boot_code) : "not on record",
                          "); what may still run is left alone, as unknown");
    }
    return past;
}

bool can_read_past(const char* run_directory) {
    Past past;
    if (!read_journal(Text::join(run_directory, "/journal"), past)) return false;
    return past.has_header() && !past.of_later_version() && !past.corrupt();
}

}  // namespace reeve
