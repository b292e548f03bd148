#include "base/packed.h"

#include <cstring>

namespace reeve {

Text::Text(std::string_view value) {
    if (value.empty()) return;
    data_ = new char[value.size() + 1];
    std::memcpy(data_, value.data(), value.size());
    data_[value.size()] = '\0';
}

Text::~Text() { delete[] data_; }

Words::Iterator& Words::Iterator::operator++() {
    at_ += std::strlen(at_) + 1;
    return *this;
}

Words::Words(const Words& other) : length_(other.length_) {
    if (length_ == 0) return;
    data_ = new char[length_];
    std::memcpy(data_, other.data_, length_);
}

Words::~Words() { delete[] data_; }

void Words::append(std::string_view word) {
    char* grown = new char[length_ + word.size() + 1];
    if (length_ > 0) std::memcpy(grown, data_, length_);
    if (!word.empty()) std::memcpy(grown + length_, word.data(), word.size());
    grown[length_ + word.size()] = '\0';
    delete[] data_;
    data_ = grown;
    length_ += word.size() + 1;
}

size_t Words::count() const {
    size_t n = 0;
    for ([[maybe_unused]] std::string_view word : *this) ++n;
    return n;
}

bool Words::contains(std::string_view word) const {
    for (std::string_view each : *this)
        if (each == word) return true;
    return false;
}

bool operator==(const Words& a, const Words& b) {
    return a.length_ == b.length_ &&
           (a.length_ == 0 || std::memcmp(a.data_, b.data_, a.length_) == 0);
}

}  // namespace reeve
