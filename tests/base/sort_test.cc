#include <cstdint>
#include <vector>

#include "base/sort.h"
#include "base/text.h"
#include "catch.h"

using namespace reeve;

TEST_CASE("numbers of every count come in order") {
    uint32_t random = 1;
    for (size_t count = 0; count < 70; ++count) {
        std::vector<uint32_t> numbers(count);
        for (uint32_t& number : numbers) number = (random = random * 1664525 + 1013904223) >> 27;
        uint64_t sum = 0;
        for (uint32_t number : numbers) sum += number;
        sort(std::span(numbers), [](uint32_t a, uint32_t b) { return a < b; });
        for (size_t i = 1; i < count; ++i) REQUIRE(numbers[i - 1] <= numbers[i]);
        for (uint32_t number : numbers) sum -= number;
        CHECK(sum == 0);
    }
}

TEST_CASE("texts are moved, not lost") {
    std::vector<Text> texts;
    for (const char* each : {"web", "", "db", "cache", "web", "api"}) texts.emplace_back(each);
    sort(std::span(texts), [](const Text& a, const Text& b) { return a.view() < b.view(); });
    std::vector<std::string_view> found(texts.begin(), texts.end());
    CHECK(found == std::vector<std::string_view>{"", "api", "cache", "db", "web", "web"});
}
