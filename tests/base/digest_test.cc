#include "base/digest.h"
#include "catch.h"

using namespace reeve;

TEST_CASE("the digest is FNV-1a and goes on where it was left") {
    CHECK(digest("") == digest_start);
    CHECK(digest("a") == 0xaf63dc4c8601ec8cull);
    CHECK(digest("foobar") == 0x85944171f73967e8ull);
    CHECK(digest("bar", digest("foo")) == digest("foobar"));
}
