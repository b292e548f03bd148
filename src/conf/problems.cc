#include "conf/problems.h"

#include "base/limits.h"

namespace reeve {

Problems::~Problems() {
    finish();
    if (count_ <= errors_per_file_max_count) return;
    const size_t more = count_ - errors_per_file_max_count;
    count_ = 0;
    add(0) << static_cast<uint64_t>(more) << " more errors";
    finish();
}

Sink& Problems::add(int line) {
    finish();
    line_ = line;
    ++count_;
    return text_;
}

// Puts the problem that is being written, if there is one, on the list.
void Problems::finish() {
    if (!text_.empty() && count_ <= errors_per_file_max_count) {
        if (file_.empty()) file_ = path_.text();
        list_.push_back({file_, line_, text_.view()});
    }
    text_.clear();
}

}  // namespace reeve
