// Fuzzes what reads points in time: of lines of logs, names of log files, and dates. What is read,
// written again, is read as the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "model/stamp.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void read_again(Stamp stamp) {
    Buffer<64> out;
    append_stamp(out, stamp);
    require(!out.truncated());
    std::string_view text = out.view();
    // A zone can carry a date out of the years that a stamp can have.
    if (text.size() != 27 || text[0] == '-') return;
    require(take_stamp(text) == stamp && text.empty());
    out.clear();
    append_old_name(out, stamp);
    require(parse_old_name(out.view()) == stamp);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string_view line = text;
    const auto stamp = take_stamp(line);
    require(text.ends_with(line) && (stamp || line.size() == text.size()));
    if (stamp) read_again(*stamp);
    if (const auto name = parse_old_name(text)) read_again(*name);
    if (const auto date = parse_date(text)) read_again(stamp_of(*date, date->offset_s.value_or(0)));
    return 0;
}
