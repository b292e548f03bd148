// The C++ run-time that the product needs, instead of libstdc++'s: operator new and delete over a
// heap of our own, and what the library calls where it would throw. Both end in a message and
// abort(), and keep the unwinder, its tables and the demangler (60 KB) out of the binary. Tests and
// sanitized builds link libstdc++ as it is, and never this file.

#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

#include "base/check.h"
#include "base/heap.h"

namespace {

[[noreturn]] void die(const char* what) { reeve::abort_saying(what); }

void* take_pages(std::size_t bytes) {
    void* place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED ? nullptr : place;
}

void give_pages_back(void* place, std::size_t bytes) { munmap(place, bytes); }

constinit reeve::Heap heap({take_pages, give_pages_back});

void* allocate(std::size_t size) {
    void* memory = heap.allocate(size);
    if (memory == nullptr) reeve::abort_without_memory();
    return memory;
}

void release(void* memory) { heap.release(memory); }

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return heap.allocate(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }

#ifdef __GLIBCXX__  // libstdc++; libc++ aborts by itself where exceptions are off

namespace std {

const nothrow_t nothrow{};

// Declared in <bits/functexcept.h>. All of that header's that a container or string may call are
// here: one that is missing would draw libstdc++'s own, and the unwinder with it.
void __throw_bad_alloc() { reeve::abort_without_memory(); }
void __throw_bad_array_new_length() { die("array too long"); }
void __throw_bad_cast() { die("bad cast"); }
void __throw_bad_function_call() { die("empty function called"); }
void __throw_logic_error(const char* what) { die(what); }
void __throw_domain_error(const char* what) { die(what); }
void __throw_invalid_argument(const char* what) { die(what); }
void __throw_length_error(const char* what) { die(what); }
void __throw_out_of_range(const char* what) { die(what); }
void __throw_out_of_range_fmt(const char* format, ...) { die(format); }
void __throw_runtime_error(const char* what) { die(what); }
void __throw_range_error(const char* what) { die(what); }
void __throw_overflow_error(const char* what) { die(what); }
void __throw_underflow_error(const char* what) { die(what); }

}  // namespace std

// The compiler's own calls: a pure virtual function, and new T[n] with an n that cannot be.
extern "C" [[noreturn]] void __cxa_pure_virtual();
extern "C" [[noreturn]] void __cxa_throw_bad_array_new_length();

void __cxa_pure_virtual() { die("pure virtual function called"); }
void __cxa_throw_bad_array_new_length() { die("array too long"); }

#endif
