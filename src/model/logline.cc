#include "model/logline.h"

#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "base/limits.h"

namespace reeve {

namespace {

// A mark is this, its letter, and a newline.
constexpr std::string_view mark_head{"\0svlog", 6};
static_assert(mark_head.size() + 2 == log_mark_bytes);

}  // namespace

void append_mark(Sink& out, LogMark mark) { append(out, mark_head, static_cast<char>(mark), '\n'); }

FoundMark find_mark(std::string_view bytes) {
    for (size_t at = 0; at < bytes.size(); ++at) {
        const void* found = std::memchr(bytes.data() + at, '\0', bytes.size() - at);
        if (found == nullptr) break;
        at = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
        const std::string_view mark = bytes.substr(at, log_mark_bytes);
        if (mark.size() < log_mark_bytes || !mark.starts_with(mark_head) || mark[7] != '\n')
            continue;
        for (const LogMark each : {LogMark::end, LogMark::rotate})
            if (mark[6] == static_cast<char>(each)) return {at, each};
    }
    return {bytes.size(), LogMark::none};
}

size_t begun_mark(std::string_view bytes) {
    for (size_t count = std::min(bytes.size(), log_mark_bytes - 1); count > 0; --count) {
        const std::string_view end = bytes.substr(bytes.size() - count);
        if (end.starts_with(mark_head.substr(0, count))) return count;
    }
    return 0;
}

// From one window to the next: the last newline in it is all that matters.
size_t span_until_split(std::string_view bytes, size_t length) {
    size_t begin = 0;  // of the line's rest
    while (bytes.size() - begin > log_line_max_bytes - length) {
        const size_t window = log_line_max_bytes - length;
        // A line may be as long as that, and its newline stand behind it.
        const size_t newline = bytes.substr(begin, window + 1).rfind('\n');
        if (newline == std::string_view::npos) return begin + window;
        begin += newline + 1;
        length = 0;
    }
    return bytes.size();
}

size_t whole_lines(std::string_view bytes, size_t room) {
    return bytes.substr(0, room).rfind('\n') + 1;
}

size_t open_length(std::string_view bytes, size_t before) {
    const size_t newline = bytes.rfind('\n');
    return newline == std::string_view::npos ? before + bytes.size() : bytes.size() - newline - 1;
}

size_t count_lines(std::string_view bytes) {
    return static_cast<size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

// All colours but black and white, of which one or the other is what they stand on.
void append_prefix(Sink& out, std::string_view name, bool colour) {
    if (colour) append(out, "\33[3", digest(name) % 6 + 1, 'm');
    append(out, name, " | ");
    if (colour) out << "\33[0m";
}

}  // namespace reeve
