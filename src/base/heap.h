// heap: memory in blocks of any size; operator new's in the product (runtime.cc). A tenth of the
// code of libc's malloc, and less around each block.
//
// A small block is a number of grains, its header included, cut from a large piece of memory. Free
// ones are on a list for each size; where that is empty, the next larger one is cut in two. They
// are never joined again: what a program needs of each size at its peak is what it keeps. A large
// block has pages of its own, and gives them back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reeve {

class Heap {
  public:
    // Where pages come from: zeroed or not, aligned to 16 at least. take: null, there are none.
    struct Pages {
        void* (*take)(size_t bytes);
        void (*give_back)(void* place, size_t bytes);
    };
    explicit constexpr Heap(Pages pages) : pages_(pages) {}

    // Memory aligned to 16 bytes; null where there is none.
    void* allocate(size_t bytes);
    // What allocate() gave, once; or null.
    void release(void* memory);

    static constexpr size_t grain_bytes = 16;
    static constexpr size_t small_max_bytes = 1024;  // of a block, its header included
    static constexpr size_t piece_bytes = 65536;     // small blocks are cut from these

  private:
    // Stands 8 bytes before a multiple of 16; what follows `size` is the owner's, of a free block
    // its place on the list.
    struct alignas(8) Block {
        uint64_t size;  // in bytes, the header included; odd: free
        Block* next;
    };
    static_assert(sizeof(Block) == grain_bytes);

    void put(Block* block, size_t grains);
    Block* take(size_t grains);
    Block* cut(size_t grains);
    void* allocate_pages(size_t bytes);

    Pages pages_;
    Block* free_[small_max_bytes / grain_bytes] = {};  // [n]: of n+1 grains
    uint64_t sizes_ = 0;                               // bit n: free_[n] is not empty
    Block* piece_ = nullptr;                           // what is left of the latest piece
    size_t piece_grains_ = 0;
};

}  // namespace reeve
