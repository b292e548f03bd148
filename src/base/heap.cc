#include "base/heap.h"

#include <bit>

#include "base/check.h"

namespace reeve {

namespace {

constexpr size_t header_bytes = sizeof(uint64_t);
constexpr size_t page_bytes = 4096;  // a system's own may be larger: it rounds up

}  // namespace

void* Heap::allocate(size_t bytes) {
    if (bytes > PTRDIFF_MAX) return nullptr;
    if (bytes > small_max_bytes - header_bytes) return allocate_pages(bytes);
    const size_t grains = bytes / grain_bytes + (bytes % grain_bytes > header_bytes ? 2 : 1);
    Block* block = take(grains);
    if (block == nullptr) return nullptr;
    block->size = grains * grain_bytes;
    return &block->next;
}

void Heap::release(void* memory) {
    if (memory == nullptr) return;
    Block* block = reinterpret_cast<Block*>(static_cast<char*>(memory) - header_bytes);
    const size_t size = static_cast<size_t>(block->size);
    check(size > 0 && size % grain_bytes == 0);  // else it is free already, or was overrun
    if (size <= small_max_bytes) return put(block, size / grain_bytes);
    pages_.give_back(reinterpret_cast<char*>(block) - header_bytes, size);
}

void Heap::put(Block* block, size_t grains) {
    const size_t list = grains - 1;
    block->size = grains * grain_bytes | 1;
    block->next = free_[list];
    free_[list] = block;
    sizes_ |= uint64_t{1} << list;
}

// The smallest that is free and large enough, or a new one.
Heap::Block* Heap::take(size_t grains) {
    const uint64_t fitting = sizes_ >> (grains - 1) << (grains - 1);
    if (fitting == 0) return cut(grains);
    const auto list = static_cast<size_t>(std::countr_zero(fitting));
    Block* block = free_[list];
    free_[list] = block->next;
    if (block->next == nullptr) sizes_ &= ~(uint64_t{1} << list);
    const size_t rest = list + 1 - grains;
    if (rest > 0) put(block + grains, rest);
    return block;
}

// Off the piece, or a new piece; the rest of the old one, which is too small, is a free block.
Heap::Block* Heap::cut(size_t grains) {
    if (grains > piece_grains_) {
        char* place = static_cast<char*>(pages_.take(piece_bytes));
        if (place == nullptr) return nullptr;
        if (piece_grains_ > 0) put(piece_, piece_grains_);
        piece_ = reinterpret_cast<Block*>(place + header_bytes);
        piece_grains_ = piece_bytes / grain_bytes - 1;
    }
    Block* block = piece_;
    piece_ += grains;
    piece_grains_ -= grains;
    return block;
}

void* Heap::allocate_pages(size_t bytes) {
    const size_t size = (bytes + grain_bytes + page_bytes - 1) / page_bytes * page_bytes;
    char* place = static_cast<char*>(pages_.take(size));
    if (place == nullptr) return nullptr;
    Block* block = reinterpret_cast<Block*>(place + header_bytes);
    block->size = size;
    return &block->next;
}

}  // namespace reeve
