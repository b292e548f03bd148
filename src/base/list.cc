#include "base/list.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace reeve {

void* ListRoom::add(size_t item_bytes) {
    if (size_ == capacity_) make_room(std::max<size_t>(size_t{2} * size_, 1), item_bytes);
    return static_cast<char*>(room_) + size_++ * item_bytes;
}

void ListRoom::make_room(size_t count, size_t item_bytes) {
    if (count <= capacity_) return;
    check(count <= UINT32_MAX);
    void* larger = ::operator new(count* item_bytes);
    if (size_ > 0) std::memcpy(larger, room_, size_ * item_bytes);
    ::operator delete(room_);
    room_ = larger;
    capacity_ = static_cast<uint32_t>(count);
}

void ListRoom::close_gap(void* first, size_t count, size_t item_bytes) {
    char* at = static_cast<char*>(first);
    const char* rest = at + count * item_bytes;
    const char* end = static_cast<const char*>(room_) + size_ * item_bytes;
    if (rest != end) std::memmove(at, rest, static_cast<size_t>(end - rest));
    size_ -= static_cast<uint32_t>(count);
}

void ListRoom::copy(const ListRoom& other, size_t item_bytes) {
    make_room(other.size_, item_bytes);
    if (other.size_ > 0) std::memcpy(room_, other.room_, other.size_ * item_bytes);
    size_ = other.size_;
}

void ListRoom::swap(ListRoom& other) {
    std::swap(room_, other.room_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
}

}  // namespace reeve
