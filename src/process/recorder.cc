#include "process/recorder.h"

#include <algorithm>
#include <cerrno>

#include "base/limits.h"
#include "files/history.h"
#include "files/starts.h"
#include "files/status.h"
#include "kernel/complain.h"
#include "model/record.h"
#include "process/past.h"

namespace reeve {

namespace {

// Whose record a child writes: set before the fork, read after it.
struct Child {
    const Service* service;
    const Hook* hook;  // null: it is the service's leader
};
Child child;

size_t format_child_record(char* out, size_t capacity, const void* context, pid_t pid,
                           uint64_t start_time) {
    const auto& whose = *static_cast<const Child*>(context);
    const FullNameText name(whose.service->full_name());
    std::optional<Hook> hook;
    if (whose.hook != nullptr) hook = *whose.hook;
    Sink line(out, capacity);
    append_process_record(line, name.view(), hook, {pid, start_time});
    return line.size();
}

}  // namespace

// On its way to exec a child is on record by what it writes itself. One that has not written is not
// run once its reeve is gone, and must not be held for one that was: neither the journal nor a
// status file tells of it before.
bool Recorder::tells_itself(ServiceId id) const {
    return supervisor_.at(id).phase == Phase::executing && runs_.is_unborn(id);
}

void Recorder::record() {
    if (supervisor_.timetable().take_started()) write_starts();
    Records records;
    for (ServiceId id : supervisor_.dirty()) {
        if (!supervisor_.at(id).used()) continue;
        groups_.learn_start_time(id);
        if (!tells_itself(id)) append_service(records, id);
    }
    write(records);
    pass_dirty();
    for (const Text& name : supervisor_.forgotten()) forget(name);
    if (!supervisor_.forgotten().empty()) logs_.mark_changed();
    supervisor_.forgotten().clear();
}

// The status file goes first: none may tell of what the journal does not know.
void Recorder::forget(const Text& name) {
    if (!at_.run_directory.empty()) {
        remove_status_file(at_.run_directory, name);
        remove_history(at_.run_directory, name);
    }
    inputs_.forget(name);
    sockets_.forget(supervisor_, name);
    Buffer<record_max_bytes> line;
    append_gone_record(line, name);
    journal_.append(line.view());
}

// They are on record; their status files follow.
void Recorder::pass_dirty() {
    is_stale_.resize(supervisor_.services().size());
    for (ServiceId id : supervisor_.dirty()) {
        Service& service = supervisor_.at(id);
        service.dirty = false;
        logs_.look_at(id);
        if (service.used()) sockets_.look_at(supervisor_, service);
        const bool looks_other = service.looks_other;
        service.looks_other = false;
        if (!service.used() || !looks_other || is_stale_[id.index]) continue;
        is_stale_[id.index] = true;
        stale_.push_back(id);
    }
    supervisor_.dirty().clear();
}

void Recorder::append_service(Records& records, ServiceId id) {
    if (!journal_.enabled()) return;
    const Service& service = supervisor_.at(id);
    const ServiceId other = service.reason.other;
    const bool is_there = other && supervisor_.at(other).used();
    const FullNameText blamed(is_there ? supervisor_.at(other).full_name() : FullName());
    if (records.capacity() - records.size() < record_max_bytes) write(records);
    append_service_record(records, service, {blamed.view()});
    for (size_t i = 0; i < service_text_count; ++i) {
        if (records.capacity() - records.size() < record_max_bytes) write(records);
        append_text_record(records, service, i);
    }
    const Text* group = service.group > 0 ? groups_.control().path_of(id) : nullptr;
    if (group != nullptr) {
        if (records.capacity() - records.size() < record_max_bytes) write(records);
        append_control_group_record(records, service, *group);
    }
    const Timer* timer = supervisor_.timetable().find(id);
    if (timer == nullptr) return;
    if (records.capacity() - records.size() < record_max_bytes) write(records);
    append_timer_record(records, FullNameText(service.full_name()).view(), *timer);
}

// A start is remembered before it comes about: a crash of the machine must not run it twice.
void Recorder::write_starts() {
    if (at_.state_directory.empty()) return;
    const Status written = reeve::write_starts(at_.state_directory, supervisor_);
    if (!written && !starts_failure_said_)
        complain(Text::join(describe(written.error()),
                            ": after a reboot catch_up will not know what was started"));
    starts_failure_said_ = !written;
}

void Recorder::write(Records& records) {
    if (!records.empty()) journal_.append(records.view());
    records.clear();
}

// Without a place the child runs unrecorded by itself: the record that reeve writes once it has
// forked must do, when there is room again.
RecordWriter Recorder::record_of_child(const Service& service, const Hook* hook) {
    child = {&service, hook};
    char longest[child_record_max_bytes];
    const size_t size = format_child_record(longest, sizeof longest, &child, INT32_MAX, UINT64_MAX);
    const off_t place = journal_.reserve(size);
    if (place < 0) return {};
    return {journal_.fd(), place, format_child_record, &child};
}

void Recorder::write_history() {
    List<EndedRun>& ended = supervisor_.ended_runs();
    for (const EndedRun& run : ended)
        if (at_.keeps_history && supervisor_.at(run.id).used())
            append_history(at_.run_directory, supervisor_, run);
    ended.clear();
}

void Recorder::write_status_files(Now now) {
    if (at_.run_directory.empty()) stale_.clear();
    if (!has_status_files(now.mono)) return;
    size_t kept = 0;
    int problem = 0;
    for (ServiceId id : stale_) {
        const Service& service = supervisor_.at(id);
        const bool written = !service.used() || write_status_file(id, now);
        if (!written) problem = errno;
        is_stale_[id.index] = !written;
        if (!written) stale_[kept++] = id;
    }
    stale_.resize(kept);
    // In a small directory a moment without room is nothing special.
    status_failures_ = problem != 0 ? status_failures_ + 1 : 0;
    status_problem_ = problem;
    if (status_failures_ == 2) complain(status_warning());
    if (kept > 0) status_retry_ = now.mono + seconds(1);
}

bool Recorder::write_status_file(ServiceId id, Now now) const {
    const Service& service = supervisor_.at(id);
    const auto write = [&](const Service& shown) {
        return reeve::write_status_file(at_.run_directory, supervisor_, shown, now);
    };
    if (!tells_itself(id)) return write(service);
    Service unborn = service;
    unborn.leader = {};
    unborn.group = 0;
    return write(unborn);
}

Text Recorder::status_warning() const {
    if (status_problem_ == 0) return {};
    return Text::join(at_.run_directory, "/status cannot be written (", errno_text(status_problem_),
                      "): who reads it, and svctl once reeve is gone, sees what was before");
}

// A child may still have to write into the old journal. Where it has been long in getting to its
// program (a FIFO for input) it has done so: that comes first. What reeve has heard of is in the
// new one in any case.
bool Recorder::renew_journal(Now now, bool in_flight, bool anyway) {
    if (!journal_.enabled() || (!anyway && !journal_.wants_renewal(now.mono))) return false;
    if (in_flight && !anyway) {
        if (renewal_due_ == no_deadline)
            renewal_due_ = now.mono + milliseconds(journal_renewal_wait_max_ms);
        if (now.mono < renewal_due_) return false;
    }
    renewal_due_ = no_deadline;
    Status made = journal_.begin_new();
    if (made) {
        write_all();
        made = journal_.finish_new();
        if (made) pass_dirty();
    }
    const bool failed = !made;
    if (failed == journal_failure_said_) return false;
    journal_failure_said_ = failed;
    complain(failed ? Text::join(describe(made.error()), "; going on without, and trying again")
                    : Text("the journal is whole again"));
    return !failed;
}

// All that a new journal holds.
void Recorder::write_all() {
    Buffer<record_max_bytes> line;
    append_header_record(line, {boot_id(), at_.uid});
    if (!at_.journal_note.empty()) append_note_record(line, at_.journal_note);
    journal_.append(line.view());
    Records records;
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i) {
        const Service& service = supervisor_.at(ServiceId{i});
        if (!service.used()) continue;
        groups_.learn_start_time(ServiceId{i});
        append_service(records, ServiceId{i});
    }
    write(records);
    hooks_.learn_start_times();
    hooks_.each([&](ServiceId id, Hook hook, Process process) {
        append_process(records, supervisor_.at(id), hook, process);
    });
    write(records);
}

void Recorder::append_process(Records& records, const Service& service, std::optional<Hook> hook,
                              Process process) {
    const FullNameText name(service.full_name());
    if (records.capacity() - records.size() < record_max_bytes) write(records);
    append_process_record(records, name.view(), hook, process);
}

void Recorder::lose() {
    journal_.lose();
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i)
        if (supervisor_.at(ServiceId{i}).used()) supervisor_.mark_changed(ServiceId{i});
    status_retry_ = {};
}

Mono Recorder::next_deadline() const {
    const Mono next = journal_.next_deadline();
    return stale_.empty() ? next : std::min(next, status_retry_);
}

}  // namespace reeve
