// Fuzzes both ends of the control socket's protocol: whatever comes is read or refused, and what
// was read, written again, is read as the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ctl/protocol.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void read_as_request(std::string_view line) {
    Buffer<256> problem;
    const auto request = parse_request(line, problem);
    require(request.has_value() == (problem.size() == 0));
    if (!request) return;
    Buffer<request_max_bytes + 256> written;
    append_request(written, *request);
    if (written.truncated()) return;
    const auto again = parse_request(written.view().substr(0, written.size() - 1), problem);
    require(again.has_value());
    require(again->command == request->command && again->timeout == request->timeout &&
            again->waits == request->waits && again->number == request->number &&
            again->until == request->until && again->names == request->names);
}

void read_as_reply(std::string_view line) {
    const auto said = parse_reply_line(line);
    if (!said || said->kind != ReplyLine::Kind::end) return;
    Buffer<request_max_bytes + 256> written;
    append_end(written, said->outcome, said->text);
    if (written.truncated()) return;
    const auto again = parse_reply_line(written.view().substr(0, written.size() - 1));
    require(again && again->outcome == said->outcome && again->text == said->text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    read_as_request(line);
    read_as_reply(line);
    return 0;
}
