#include "svctl/printer.h"

#include <cerrno>

#include "base/escape.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/result.h"
#include "ctl/json.h"

namespace reeve {

// Out of line, as all that appends: its calls are many.
[[gnu::noinline]] Printer& Printer::operator<<(std::string_view text) {
    if (for_terminal)
        append_for_terminal(out_, text);
    else
        out_ << text;
    return *this;
}

[[gnu::noinline]] Printer& Printer::operator<<(const char* text) {
    return *this << std::string_view(text);
}

void Printer::append_pieces(uint64_t kinds, ...) {
    LongText text;
    va_list pieces;
    va_start(pieces, kinds);
    reeve::append_pieces(text, kinds, pieces);
    va_end(pieces);
    *this << text.view();
}

[[gnu::noinline]] void Printer::blanks(size_t count) {
    for (; count > 0; --count) out_ << ' ';
}

void Printer::json_object(std::string_view lines) {
    out_ << (json_begun_ ? ",\n" : "[");
    json_begun_ = true;
    append_json(out_, lines);
}

void Printer::json_line(std::string_view lines) {
    append_json_of_text(out_, lines);
    out_ << '\n';
}

void Printer::end_json() { out_ << (json_begun_ ? "]\n" : "[]\n"); }

void Printer::flush() {
    const int code = write_all(1, out_);
    out_.clear();
    if (code == 0 || code == EPIPE || failed_) return;
    failed_ = true;
    warn("write to standard output: ", errno_text(code));
}

Sink* gathered_warnings = nullptr;

void warn_pieces(uint64_t kinds, ...) {
    Buffer<request_max_bytes> text;
    va_list pieces;
    va_start(pieces, kinds);
    append_pieces(text, kinds, pieces);
    va_end(pieces);
    if (gathered_warnings != nullptr) {
        if (!gathered_warnings->empty()) *gathered_warnings << ' ';
        *gathered_warnings << text.view();
        return;
    }
    Buffer<2 * request_max_bytes> line;
    line << "svctl: ";
    append_escaped(line, text.view());
    line << '\n';
    write_all(2, line.view());
}

}  // namespace reeve
