// Result<T>: a value, or the operating error that kept it from being. Operating errors only: a
// user's configuration errors are lists (conf/load.h), bugs end in check.h.
#pragma once

#include <optional>
#include <utility>

#include "base/text.h"

namespace reeve {

// What was tried, on what, and the errno that came of it.
struct Error {
    const char* operation = "";  // "open", "bind"
    Text path;                   // may be empty
    int code = 0;                // an errno value, never 0 in a real error
};

// "open /run/reeve/lock: Permission denied"
Text describe(const Error& error);

// The C library's words for an errno value; never allocates, valid for ever.
const char* errno_text(int code);

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : value_(std::move(value)) {}
    Result(Error error) : error_(std::move(error)) {}

    explicit operator bool() const { return value_.has_value(); }
    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return &*value_; }
    const Error& error() const { return error_; }

  private:
    std::optional<T> value_;
    Error error_;
};

struct Nothing {};
using Status = Result<Nothing>;

}  // namespace reeve
