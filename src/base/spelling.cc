#include "base/spelling.h"

#include <algorithm>
#include <cstdint>

#include "base/parse.h"

namespace reeve {

static char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c == '-' ? '_' : c;
}

size_t edit_distance(std::string_view a, std::string_view b) {
    constexpr size_t longest = 64;
    if (a.size() > longest || b.size() > longest) return std::max(a.size(), b.size());
    uint8_t to[longest + 1][longest + 1];  // to[i][j]: of a's first i characters to b's first j
    for (size_t i = 0; i <= a.size(); ++i) {
        for (size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                to[i][j] = static_cast<uint8_t>(i + j);
                continue;
            }
            const char x = folded(a[i - 1]);
            const char y = folded(b[j - 1]);
            int least =
                std::min({to[i - 1][j - 1] + (x == y ? 0 : 1), to[i][j - 1] + 1, to[i - 1][j] + 1});
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]))
                least = std::min(least, to[i - 2][j - 2] + 1);
            to[i][j] = static_cast<uint8_t>(least);
        }
    }
    return to[a.size()][b.size()];
}

std::string_view translate(std::string_view pairs, std::string_view word) {
    for (;;) {
        const std::string_view foreign = take_word(pairs);
        const std::string_view ours = take_word(pairs);
        const bool same = foreign.size() == word.size() && edit_distance(foreign, word) == 0;
        if (same || foreign.empty()) return ours;
    }
}

Nearest::Nearest(std::string_view wrong) : wrong_(wrong.substr(wrong.rfind('/') + 1)) {
    if (const size_t dot = wrong_.find('.'); dot > 0) wrong_ = wrong_.substr(0, dot);
    distance_ = (wrong_.size() + 2) / 3 + (wrong_.size() > 1 ? 1 : 0);
}

void Nearest::offer(std::string_view candidate) {
    const size_t distance = edit_distance(wrong_, candidate);
    if (distance >= distance_) return;
    distance_ = distance;
    best_ = candidate;
}

bool is_before(std::string_view a, std::string_view b) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto take_number = [&](std::string_view& text) {
        size_t zeros = 0;
        while (zeros < text.size() && text[zeros] == '0') ++zeros;
        size_t end = zeros;
        while (end < text.size() && is_digit(text[end])) ++end;
        const std::string_view number = text.substr(zeros, end - zeros);
        text.remove_prefix(end);
        return number;
    };
    const std::string_view whole_a = a;
    const std::string_view whole_b = b;
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view x = take_number(a);
            const std::string_view y = take_number(b);
            if (x.size() != y.size()) return x.size() < y.size();
            if (const int order = x.compare(y); order != 0) return order < 0;
            continue;
        }
        if (a.front() != b.front())
            return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front());
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    if (a.empty() != b.empty()) return a.empty();
    return whole_a < whole_b;  // 01 and 1
}

}  // namespace reeve
