#include "base/text.h"

#include <cstdint>
#include <cstring>

namespace reeve {

namespace {

using Owners = uint32_t;

Owners& owners_of(char* data) { return *reinterpret_cast<Owners*>(data - sizeof(Owners)); }

// Uninitialized room for a text, its NUL included, and one owner.
char* new_text(size_t length) {
    char* room = new char[sizeof(Owners) + length + 1];
    char* data = room + sizeof(Owners);
    owners_of(data) = 1;
    data[length] = '\0';
    return data;
}

}  // namespace

Text::Text(std::string_view value) {
    if (value.empty()) return;
    data_ = new_text(value.size());
    std::memcpy(data_, value.data(), value.size());
}

Text::Text(const Text& other) : data_(other.data_) {
    if (data_ != nullptr) ++owners_of(data_);
}

Text::~Text() {
    if (data_ != nullptr && --owners_of(data_) == 0) delete[](data_ - sizeof(Owners));
}

Text Text::join_pieces(uint64_t kinds, ...) {
    LongText text;
    va_list pieces;
    va_start(pieces, kinds);
    append_pieces(text, kinds, pieces);
    va_end(pieces);
    return text.view();
}

Sink& operator<<(Sink& out, const Text& text) { return out << text.view(); }

Words::Iterator& Words::Iterator::operator++() {
    at_ += std::strlen(at_) + 1;
    return *this;
}

Words::Words(const Words& other) {
    if (other.empty()) return;
    const size_t size = sizeof(uint32_t) + other.bytes().size();
    list_ = new char[size];
    std::memcpy(list_, other.list_, size);
}

Words::~Words() { delete[] list_; }

std::string_view Words::bytes() const {
    if (list_ == nullptr) return {};
    uint32_t length = 0;
    std::memcpy(&length, list_, sizeof length);
    return {list_ + sizeof length, length};
}

void Words::append(std::string_view word) {
    const std::string_view old = bytes();
    const auto length = static_cast<uint32_t>(old.size() + word.size() + 1);
    char* grown = new char[sizeof length + length];
    char* at = grown + sizeof length;
    std::memcpy(grown, &length, sizeof length);
    if (!old.empty()) std::memcpy(at, old.data(), old.size());
    at += old.size();
    if (!word.empty()) std::memcpy(at, word.data(), word.size());
    at[word.size()] = '\0';
    delete[] list_;
    list_ = grown;
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

bool operator==(const Words& a, const Words& b) { return a.bytes() == b.bytes(); }

}  // namespace reeve
