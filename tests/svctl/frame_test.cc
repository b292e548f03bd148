#include <string>

#include "catch.h"
#include "svctl/frame.h"

using namespace reeve;

namespace {

std::string decoded(std::string_view bytes) {
    Keys keys;
    std::string result;
    for (const char byte : bytes)
        if (const char key = keys.decode(byte)) result += key;
    return result;
}

}  // namespace

TEST_CASE("arrows and their like are the keys of less, however terminals send them") {
    CHECK(decoded("\33[A\33OA\33[B\33OB") == "kkjj");
    CHECK(decoded("\33[5~\33[6~") == "bf");
    CHECK(decoded("\33[H\33OH\33[1~\33[7~") == "gggg");
    CHECK(decoded("\33[F\33OF\33[4~\33[8~") == "GGGG");
    CHECK(decoded("\33[1;5A") == "k");
}

TEST_CASE("a key that means nothing here is no other key") {
    CHECK(decoded("\33[15~q") == "q");
    CHECK(decoded("\33[2~\33[Zq") == "q");
    CHECK(decoded("\33\33[Aq") == "kq");
    CHECK(decoded("\33q") == "q");
}
