#include <string>

#include "catch.h"
#include "model/confinement.h"

using namespace reeve;

namespace {

template <typename T>
std::string words_of(void (*append_words)(Sink&, T), T value) {
    Buffer<1024> out;
    append_words(out, value);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("a capability is named in either case, with or without CAP_") {
    CHECK(parse_capability("chown") == 0u);
    CHECK(parse_capability("net_bind_service") == 10u);
    CHECK(parse_capability("CAP_SYS_NICE") == 23u);
    CHECK(parse_capability("cap_Checkpoint_Restore") == 40u);
    for (const char* wrong : {"", "-", "cap_", "chow", "chown ", "10", "CAP_CAP_CHOWN",
                              "cap_a_name_that_is_longer_than_all_of_them_are"})
        CHECK_FALSE(parse_capability(wrong));
}

TEST_CASE("a set of capabilities is written by its names, in the order of their numbers") {
    CHECK(words_of(append_capabilities, uint64_t{0}).empty());
    CHECK(words_of(append_capabilities, uint64_t{1} << 40 | 1 << 10 | 1) ==
          "chown net_bind_service checkpoint_restore");
    // What has no name here is of a later kernel.
    CHECK(words_of(append_capabilities, uint64_t{1} << 41).empty());
}

TEST_CASE("I/O priorities are read as ionice names them, and written so that they are read back") {
    CHECK(parse_io_priority("none") == uint16_t{0});
    CHECK(parse_io_priority("realtime:0") == uint16_t{1 << 13});
    CHECK(parse_io_priority("best-effort") == uint16_t{2 << 13 | 4});
    CHECK(parse_io_priority("best-effort:7") == uint16_t{2 << 13 | 7});
    CHECK(parse_io_priority("idle") == uint16_t{3 << 13});
    for (const char* wrong : {"", ":", "idle:", "idle:0", "none:1", "realtime:", "realtime:8",
                              "realtime:-1", "best-effort:1:2", "best effort", "Idle", "0"})
        CHECK_FALSE(parse_io_priority(wrong));
    for (const char* text : {"none", "realtime:0", "best-effort:4", "best-effort:7", "idle"})
        CHECK(words_of(append_io_priority, *parse_io_priority(text)) == text);
}

TEST_CASE("schedulers are read, and written so that they are read back") {
    CHECK(parse_scheduler("other") == uint16_t{0});
    CHECK(parse_scheduler("fifo:1") == uint16_t{1 << 8 | 1});
    CHECK(parse_scheduler("rr:99") == uint16_t{2 << 8 | 99});
    CHECK(parse_scheduler("batch") == uint16_t{3 << 8});
    CHECK(parse_scheduler("idle") == uint16_t{5 << 8});
    for (const char* wrong : {"", "-", "fifo", "fifo:", "fifo:0", "fifo:100", "rr:1 ",
                              "idle:", "other:0", "deadline", "rr:1:2", "FIFO:1"})
        CHECK_FALSE(parse_scheduler(wrong));
    for (const char* text : {"other", "batch", "idle", "fifo:1", "rr:99"})
        CHECK(words_of(append_scheduler, *parse_scheduler(text)) == text);
}
