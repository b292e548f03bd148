// replace: a file's text replaced whole or not at all, by one writer at a time.
#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace reeve {

// The text goes to `from`, which then takes the place of `path`, in the same directory. False, and
// errno: it is as it was. For one writer, of what need not outlast the power.
bool replace_text(const char* from, const char* path, std::string_view text);

// While it lives, nobody else has one for the same file. The new text goes to a file beside the old
// one, ".NAME.new": locked, it also tells others to wait. No reeve takes a name with a dot for a
// service's. Where the writer dies on the way the old file stands, and the next one begins anew.
class Replacement {
  public:
    Replacement() = default;
    Replacement(Replacement&& other) noexcept = default;
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement();

    // Where the file is a link, `follows` chooses what it leads to. Waits for another writer, but
    // no longer than until `deadline`: EBUSY.
    Status begin(std::string_view path, bool follows, Mono deadline);

    // The file has this text, on disk, and the owner and mode that it had; a new one is ours, 0644.
    Status write(std::string_view text);

    // The file is gone.
    Status remove() const;

  private:
    Error failed(const char* operation) const;  // with errno, on the new file
    Status fill(std::string_view text) const;
    void sync_directory() const;

    Text path_;
    Text new_path_;
    Fd file_;  // the new one; none: nothing is begun, or all is done
};

}  // namespace reeve
