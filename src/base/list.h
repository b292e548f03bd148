// List<T>: std::vector's members, as far as they are needed, in a third of its code: how it grows
// is the same code for all types, and its count needs no division. Items are moved byte by byte: of
// types that hold no pointer to themselves, so not std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace reeve {

// The part of a List that does not depend on its type: room for items, and how many there are.
class ListRoom {
  public:
    ListRoom() = default;
    ListRoom(const ListRoom&) = delete;
    ListRoom& operator=(const ListRoom&) = delete;
    ~ListRoom() { ::operator delete(room_); }

    bool empty() const { return size_ == 0; }
    size_t size() const { return size_; }

  protected:
    // Room for one more item behind the last, which counts from now on.
    void* add(size_t item_bytes);
    void make_room(size_t count, size_t item_bytes);
    // Closes the gap that `count` items leave, whose destructors have run.
    void close_gap(void* first, size_t count, size_t item_bytes);
    void copy(const ListRoom& other, size_t item_bytes);
    void swap(ListRoom& other);

    void* room_ = nullptr;
    uint32_t size_ = 0;

  private:
    uint32_t capacity_ = 0;
};

template <typename T>
class List : public ListRoom {
    static_assert(!std::is_same_v<T, std::string> && alignof(T) <= alignof(std::max_align_t));

  public:
    using value_type = T;

    List() = default;
    explicit List(size_t count, const T& value = {}) { assign(count, value); }
    List(std::initializer_list<T> items) { assign(items); }
    explicit List(std::span<const T> items) {
        for (const T& item : items) push_back(item);
    }
    List(const List& other) {
        if constexpr (std::is_trivially_copyable_v<T>) {
            copy(other, sizeof(T));
        } else {
            make_room(other.size(), sizeof(T));
            for (const T& item : other) push_back(item);
        }
    }
    List(List&& other) noexcept { swap(other); }
    List& operator=(List other) noexcept {
        swap(other);
        return *this;
    }
    ~List() { clear(); }

    T* data() { return static_cast<T*>(room_); }
    const T* data() const { return static_cast<const T*>(room_); }
    T* begin() { return data(); }
    const T* begin() const { return data(); }
    T* end() { return data() + size_; }
    const T* end() const { return data() + size_; }
    T& operator[](size_t place) { return all()[place]; }
    const T& operator[](size_t place) const { return all()[place]; }
    T& front() { return all().front(); }
    const T& front() const { return all().front(); }
    T& back() { return all().back(); }
    const T& back() const { return all().back(); }

    void reserve(size_t count) { make_room(count, sizeof(T)); }
    // `item` is not one of this list's own: there may be no such item any more once there is room.
    void push_back(const T& item) { new (add(sizeof(T))) T(item); }
    void push_back(T&& item) { new (add(sizeof(T))) T(std::move(item)); }
    template <typename... Arguments>
    T& emplace_back(Arguments&&... arguments) {
        return *new (add(sizeof(T))) T{std::forward<Arguments>(arguments)...};
    }
    void pop_back() {
        --size_;
        end()->~T();
    }
    void clear() {
        std::destroy(begin(), end());
        size_ = 0;
    }
    void resize(size_t count) {
        reserve(count);
        while (size_ < count) emplace_back();
        while (size_ > count) pop_back();
    }
    void assign(size_t count, const T& value) {
        clear();
        reserve(count);
        while (size_ < count) push_back(value);
    }
    void assign(std::initializer_list<T> items) {
        clear();
        reserve(items.size());
        for (const T& item : items) push_back(item);
    }
    // The item that is in the place of `first` now.
    T* erase(T* first, T* last) {
        std::destroy(first, last);
        close_gap(first, static_cast<size_t>(last - first), sizeof(T));
        return first;
    }
    T* erase(T* item) { return erase(item, item + 1); }

  private:
    // With the library's assertions on, as in the tests, a span knows its bounds.
    std::span<T> all() { return {data(), size_}; }
    std::span<const T> all() const { return {data(), size_}; }

    friend bool operator==(const List& a, const List& b) {
        if (a.size_ != b.size_) return false;
        for (size_t place = 0; place < a.size_; ++place)
            if (!(a[place] == b[place])) return false;
        return true;
    }
};

// For short lists: each item that goes moves all that follow.
template <typename T, typename Condition>
void erase_if(List<T>& list, Condition condition) {
    for (T* item = list.begin(); item != list.end();)
        item = condition(*item) ? list.erase(item) : item + 1;
}

}  // namespace reeve
