// keyvalue: the text of a service file to (line, key, value). Knows no key.
#pragma once

#include <string_view>

#include "base/format.h"

namespace reeve {

enum class LineProblem : uint8_t { none, no_equals_sign, section, too_long, nul_byte };
void append_problem(Sink& out, LineProblem problem);

struct KeyValue {
    int line = 0;  // counted from 1
    std::string_view key;
    std::string_view value;
    LineProblem problem = LineProblem::none;  // where there is one, key and value are empty
};

// What some editors put before a text in UTF-8; it is passed over.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// `key = value` stands on lines of its own, or in an executable's lines `#reeve: key = value`.
enum class FileForm : uint8_t { definition, executable };

class KeyValueReader {
  public:
    // `text` must outlive the reader and what it returns.
    KeyValueReader(std::string_view text, FileForm form);

    // The next pair, or line that should have been one; false at the end.
    bool next(KeyValue& found);

  private:
    std::string_view rest_;
    FileForm form_;
    int line_ = 0;
};

}  // namespace reeve
