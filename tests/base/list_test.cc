#include <string>
#include <string_view>
#include <vector>

#include "base/list.h"
#include "base/text.h"
#include "catch.h"

using namespace reeve;

TEST_CASE("a list grows, and keeps its items and their order") {
    List<Text> texts;
    CHECK(texts.empty());
    for (int n = 0; n < 100; ++n) texts.push_back(std::to_string(n));
    REQUIRE(texts.size() == 100);
    for (size_t n = 0; n < 100; ++n) CHECK(texts[n] == std::to_string(n));
    CHECK(texts.front() == "0");
    CHECK(texts.back() == "99");
}

TEST_CASE("a copy of a list is a list of its own") {
    List<Text> texts{"a", "b"};
    List<int> numbers{1, 2, 3};
    List<Text> other_texts = texts;
    List<int> other_numbers = numbers;
    texts.clear();
    numbers[0] = 7;
    CHECK(other_texts == List<Text>{"a", "b"});
    CHECK(other_numbers == List<int>{1, 2, 3});
    CHECK_FALSE(other_numbers == numbers);
    CHECK(List<int>(List<int>{}).empty());
}

TEST_CASE("a list that was moved from is empty, and can be used again") {
    List<Text> from{"a", "b"};
    List<Text> to{"c"};
    to = std::move(from);
    CHECK(to == List<Text>{"a", "b"});
    from = {};
    from.push_back("d");
    CHECK(from == List<Text>{"d"});
}

TEST_CASE("a list of lists owns them, however often it moves them") {
    List<List<Text>> lists;
    for (int n = 0; n < 20; ++n) lists.emplace_back().push_back(std::to_string(n));
    REQUIRE(lists.size() == 20);
    for (size_t n = 0; n < 20; ++n) CHECK(lists[n].front() == std::to_string(n));
}

TEST_CASE("resizing and assigning make items, or end them") {
    List<int> numbers(3, 5);
    CHECK(numbers == List<int>{5, 5, 5});
    numbers.resize(4);
    CHECK(numbers == List<int>{5, 5, 5, 0});
    numbers.resize(1);
    CHECK(numbers == List<int>{5});
    numbers.assign(2, 8);
    CHECK(numbers == List<int>{8, 8});
    List<Text> texts(2);
    texts.resize(3);
    CHECK(texts == List<Text>{"", "", ""});
    texts.assign({"x", "y"});
    texts.pop_back();
    CHECK(texts == List<Text>{"x"});
}

TEST_CASE("room that was made is used: what is pushed there moves nothing") {
    List<int> numbers;
    numbers.reserve(10);
    numbers.push_back(0);
    const int* first = numbers.data();
    for (int n = 1; n < 10; ++n) numbers.push_back(n);
    CHECK(numbers.data() == first);
    numbers.clear();
    numbers.push_back(1);
    CHECK(numbers.data() == first);
}

TEST_CASE("erasing closes the gap") {
    List<Text> texts{"a", "b", "c", "d", "e"};
    Text* next = texts.erase(texts.begin() + 1, texts.begin() + 3);
    CHECK(*next == "d");
    CHECK(texts == List<Text>{"a", "d", "e"});
    next = texts.erase(texts.begin() + 2, texts.end());
    CHECK(next == texts.end());
    CHECK(texts == List<Text>{"a", "d"});
    texts.erase(texts.begin(), texts.begin());
    CHECK(texts.size() == 2);
}

TEST_CASE("what meets a condition goes, the rest stays in order") {
    List<int> numbers{1, 2, 2, 3, 4, 6};
    erase_if(numbers, [](int n) { return n % 2 == 0; });
    CHECK(numbers == List<int>{1, 3});
    erase_if(numbers, [](int) { return true; });
    CHECK(numbers.empty());
}
