// Fuzzes what svlog reads: the bytes of services, which it cuts into lines and finds marks in, and
// the plan.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "model/logline.h"
#include "model/logplan.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// No piece has a line that is too long, whatever came before, and all pieces are the whole.
void cut(std::string_view bytes, size_t length) {
    while (!bytes.empty()) {
        const size_t count = span_until_split(bytes, length);
        require(count <= bytes.size());
        const std::string_view piece = bytes.substr(0, count);
        size_t longest = length;
        for (const char c : piece) {
            require(c == '\n' || longest < log_line_max_bytes);
            longest = c == '\n' ? 0 : longest + 1;
        }
        require(open_length(piece, length) == longest);
        require(count == bytes.size() || longest == log_line_max_bytes);
        const size_t whole = whole_lines(piece, piece.size() / 2);
        require(whole == 0 || piece[whole - 1] == '\n');
        bytes.remove_prefix(count);
        length = bytes.empty() ? longest : 0;
    }
}

void find(std::string_view bytes) {
    const FoundMark found = find_mark(bytes);
    require(found.place <= bytes.size());
    require((found.mark == LogMark::none) == (found.place == bytes.size()));
    // Cut in the middle of a mark, its beginning is known for one.
    if (found.mark == LogMark::none) return;
    Buffer<log_mark_bytes> mark;
    append_mark(mark, found.mark);
    require(bytes.substr(found.place, log_mark_bytes) == mark.view());
    for (size_t i = 1; i < log_mark_bytes; ++i)
        require(begun_mark(bytes.substr(0, found.place + i)) == i);
}

void plan(std::string_view line) {
    parse_plan_head(line);
    const auto read = parse_plan(line);
    if (!read) return;
    Buffer<512> written;
    append_plan(written, *read);
    const auto again = parse_plan(written.view().substr(0, written.size() - 1));
    require(again && again->name == read->name && again->log == read->log &&
            again->time == read->time && again->keep == read->keep &&
            again->max_size == read->max_size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const size_t length = (data[0] * size_t{256} + data[1]) % (log_line_max_bytes + 1);
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    cut(text, length);
    // Lines that are long enough to be split.
    std::string stretched;
    for (const char c : text.substr(0, 64))
        stretched += c == '\n' ? std::string("\n") : std::string(size_t{1} << (c & 13), c);
    cut(stretched, length);
    find(text);
    plan(text);
    return 0;
}
