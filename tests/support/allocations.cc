#include "support/allocations.h"

#include <cstdlib>
#include <new>

static size_t made = 0;

size_t allocations_made() { return made; }

// glibc has its own malloc under another name too, for who stands in for it.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

extern "C" void* __libc_malloc(size_t size);
extern "C" void* __libc_calloc(size_t count, size_t size);
extern "C" void* __libc_realloc(void* memory, size_t size);

extern "C" void* malloc(size_t size) {
    ++made;
    return __libc_malloc(size);
}
extern "C" void* calloc(size_t count, size_t size) {
    ++made;
    return __libc_calloc(count, size);
}
extern "C" void* realloc(void* memory, size_t size) {
    ++made;
    return __libc_realloc(memory, size);
}

#endif

static void* count_and_allocate(std::size_t size) {
    ++made;
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

void* operator new(std::size_t size) { return count_and_allocate(size); }
void* operator new[](std::size_t size) { return count_and_allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++made;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
