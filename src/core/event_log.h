// event_log: the states that services have entered, the newest of them: at least
// events_kept_max_count, if there were so many.
#pragma once

#include <span>

#include "base/list.h"
#include "model/service.h"

namespace reeve {

// A state that was entered, and why, for events and waiting clients.
struct Entry {
    ServiceId id;  // none: its service is no more, and another has its place
    State from;
    State to;
    uint16_t failures = 0;  // Service::failures, as far as it goes
    Wall time{};
    Reason reason{};
    Reason end{};  // how the run ended that the reason is about
    Reason hook_failure{};
    // What the words are about, as it was: the definition, and what was known besides.
    Ref<const Definition> definition{};
    Text note{};   // Service's problem, status_text or end_note, whichever the reason shows
    Text other{};  // the name of reason.other, and its instance
    Text other_instance{};
};

class EventLog {
  public:
    // Room for one of each of so many services before pass() is called.
    void reserve(size_t services);
    void add(Entry&& entry) { entries_.push_back(std::move(entry)); }

    // All that are kept. Each has a number, and they follow one another.
    std::span<const Entry> entries() const { return entries_; }
    uint64_t first_number() const { return first_number_; }
    // Those since pass(), which makes all of them old and drops the oldest.
    std::span<const Entry> fresh() const { return std::span(entries_).subspan(passed_); }
    void pass();

    // Their services are no more, and have no name any more.
    template <typename IsGone>
    void disown(IsGone is_gone) {
        for (Entry& entry : entries_)
            if (entry.id && is_gone(entry.id)) entry.id = {};
    }

  private:
    List<Entry> entries_;
    uint64_t first_number_ = 0;
    size_t passed_ = 0;
};

}  // namespace reeve
