// problems: what is wrong with one file, as it is found.
#pragma once

#include "base/format.h"
#include "base/list.h"
#include "conf/load.h"

namespace reeve {

// Takes down problems, of one file at most errors_per_file_max_count and then their number.
class Problems {
  public:
    Problems(List<Problem>& list, const FilePath& path) : list_(list), path_(path) {}
    Problems(const Problems&) = delete;
    Problems& operator=(const Problems&) = delete;
    ~Problems();

    // Begins a problem: its text is what is written to the sink before the next one begins.
    Sink& add(int line);
    bool none() const { return count_ == 0; }

  private:
    void finish();

    List<Problem>& list_;
    const FilePath& path_;
    Text file_;  // the path, once there is a problem
    size_t count_ = 0;
    int line_ = 0;
    Buffer<512> text_;
};

}  // namespace reeve
