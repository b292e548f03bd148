// Text and Words: an owned string, and an owned list of strings, in the size of one pointer each.
// A thousand definitions hold tens of thousands of them, nearly all empty; an empty one owns
// nothing. A Text never changes, so its copies share their characters: a service's name is in
// memory once, wherever it stands.
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "base/format.h"

namespace reeve {

class Text {
  public:
    Text() = default;
    Text(std::string_view value);
    Text(const char* value) : Text(std::string_view(value)) {}
    Text(const std::string& value) : Text(std::string_view(value)) {}
    Text(const Text& other);
    Text(Text&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    Text& operator=(Text other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    ~Text();
    // Of pieces as append() takes them.
    template <typename... T>
    static Text join(const T&... pieces) {
        return join_pieces(kinds_of<T...>(), handed_over(pieces)...);
    }

    bool empty() const { return data_ == nullptr; }
    const char* c_str() const { return data_ != nullptr ? data_ : ""; }
    std::string_view view() const { return c_str(); }
    operator std::string_view() const { return view(); }
    friend bool operator==(const Text& a, std::string_view b) { return a.view() == b; }
    friend bool operator==(const Text& a, const char* b) { return a.view() == b; }
    friend bool operator==(const Text& a, const std::string& b) { return a.view() == b; }
    friend bool operator==(const Text& a, const Text& b) { return a.view() == b.view(); }

  private:
    static Text join_pieces(uint64_t kinds, ...);

    char* data_ = nullptr;  // NUL-terminated; before it the number of owners; null where empty
};

Sink& operator<<(Sink& out, const Text& text);

// Where a file is, in two parts: those of one directory share the first.
struct FilePath {
    Text directory;  // with a slash at its end
    Text name;

    bool empty() const { return name.empty(); }
    Text text() const { return Text::join(directory, name); }
};

// Strings one behind the other, each NUL-terminated. No string of a list holds a NUL.
class Words {
  public:
    class Iterator {
      public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string_view*;
        using reference = std::string_view;
        explicit Iterator(const char* at) : at_(at) {}
        std::string_view operator*() const { return at_; }
        Iterator& operator++();
        bool operator==(const Iterator&) const = default;

      private:
        const char* at_;
    };

    Words() = default;
    Words(const Words& other);
    Words(Words&& other) noexcept : list_(std::exchange(other.list_, nullptr)) {}
    Words& operator=(Words other) noexcept {
        std::swap(list_, other.list_);
        return *this;
    }
    ~Words();

    void append(std::string_view word);
    bool empty() const { return list_ == nullptr; }
    size_t count() const;
    std::string_view front() const { return *begin(); }  // of a list that is not empty
    bool contains(std::string_view word) const;
    Iterator begin() const { return Iterator(bytes().data()); }
    Iterator end() const { return Iterator(bytes().data() + bytes().size()); }
    friend bool operator==(const Words& a, const Words& b);

  private:
    // All of them, the NULs included.
    std::string_view bytes() const;

    char* list_ = nullptr;  // how many bytes follow, as a uint32_t, then those; null: no word
};

}  // namespace reeve
