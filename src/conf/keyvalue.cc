#include "conf/keyvalue.h"

#include "base/limits.h"
#include "base/parse.h"

namespace reeve {

namespace {

constexpr std::string_view directive = "#reeve:";

}  // namespace

void append_problem(Sink& out, LineProblem problem) {
    switch (problem) {
    case LineProblem::none: return;
    case LineProblem::no_equals_sign: out << "expected key = value"; return;
    case LineProblem::section:
        out << "there are no sections: a service is a file of its own";
        return;
    case LineProblem::too_long:
        append(out, "the line is longer than ", static_cast<uint64_t>(line_max_bytes), " bytes");
        return;
    case LineProblem::nul_byte: out << "the line holds a NUL byte; is this a text file?"; return;
    }
}

KeyValueReader::KeyValueReader(std::string_view text, FileForm form) : rest_(text), form_(form) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
}

// file        = line { "\n" line }          each line may end in "\r"
// line        = blanks [ "#" anything | key blanks "=" blanks value blanks ]
// executable  = as file, but of its lines only those that read  blanks "#reeve:" line
// The key ends at the first "="; the value runs to the end of the line, "#" and "=" included.
bool KeyValueReader::next(KeyValue& found) {
    while (!rest_.empty()) {
        const size_t end = rest_.find('\n');
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
        ++line_;
        const bool too_long = line.size() > line_max_bytes;

        line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
        line = trim(line);
        if (form_ == FileForm::executable) {
            if (!line.starts_with(directive)) continue;
            line = trim(line.substr(directive.size()));
        }
        const bool has_nul = line.find('\0') != line.npos;
        if (!too_long && !has_nul && (line.empty() || line.front() == '#')) continue;

        found = {.line = line_, .key = {}, .value = {}};
        const size_t equals = line.find('=');
        if (too_long) {
            found.problem = LineProblem::too_long;
        } else if (has_nul) {
            found.problem = LineProblem::nul_byte;
        } else if (equals == line.npos || equals == 0) {
            found.problem =
                line.front() == '[' ? LineProblem::section : LineProblem::no_equals_sign;
        } else {
            found.key = trim(line.substr(0, equals));
            found.value = trim(line.substr(equals + 1));
        }
        return true;
    }
    return false;
}

}  // namespace reeve
