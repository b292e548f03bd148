#include <cerrno>

#include "base/result.h"
#include "catch.h"

using namespace reeve;

TEST_CASE("an error is described by what was tried, on what, and why it failed") {
    CHECK(describe(Error{"open", "/run/reeve/lock", EACCES}) ==
          "open /run/reeve/lock: Permission denied");
    CHECK(describe(Error{"fork", "", ENOMEM}) == std::string("fork: ") + errno_text(ENOMEM));
}
