#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/heap.h"
#include "catch.h"

using namespace reeve;

namespace {

// Pages that are counted, and run out when the test says so.
std::map<void*, size_t> taken;
size_t taken_bytes = 0;
size_t allowed_bytes = SIZE_MAX;

void* take(size_t bytes) {
    if (bytes > allowed_bytes - taken_bytes) return nullptr;
    void* place = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    taken[place] = bytes;
    taken_bytes += bytes;
    return place;
}

void give_back(void* place, size_t bytes) {
    REQUIRE(taken.count(place) == 1);
    REQUIRE(taken[place] == bytes);
    taken.erase(place);
    taken_bytes -= bytes;
    std::free(place);
}

// A heap of its own for each test; its pages end with it.
struct Fixture {
    Fixture() { allowed_bytes = SIZE_MAX; }
    ~Fixture() {
        for (const auto& [place, bytes] : taken) std::free(place);
        taken.clear();
        taken_bytes = 0;
    }
    Heap heap{{take, give_back}};
};

struct Block {
    unsigned char* place;
    size_t size;
    unsigned char filling;

    bool whole() const {
        for (size_t i = 0; i < size; ++i)
            if (place[i] != filling) return false;
        return true;
    }
};

bool aligned(const void* place) { return reinterpret_cast<uintptr_t>(place) % 16 == 0; }

}  // namespace

TEST_CASE("blocks of all sizes keep what is in them while others come and go") {
    Fixture fixture;
    std::vector<Block> blocks;
    uint32_t random = 1;
    const auto next = [&] { return (random = random * 1664525 + 1013904223) >> 8; };
    for (int i = 0; i < 200000; ++i) {
        if (!blocks.empty() && next() % 100 < 49) {
            std::swap(blocks[next() % blocks.size()], blocks.back());
            REQUIRE(blocks.back().whole());
            fixture.heap.release(blocks.back().place);
            blocks.pop_back();
            continue;
        }
        const size_t size = next() % 8 == 0 ? next() % 9000 : next() % 300;
        auto* place = static_cast<unsigned char*>(fixture.heap.allocate(size));
        REQUIRE(place != nullptr);
        REQUIRE(aligned(place));
        blocks.push_back({place, size, static_cast<unsigned char>(next())});
        std::memset(place, blocks.back().filling, size);
    }
    for (const Block& block : blocks) {
        REQUIRE(block.whole());
        fixture.heap.release(block.place);
    }
    for (const auto& [place, bytes] : taken) CHECK(bytes == Heap::piece_bytes);
}

TEST_CASE("each size has room for all its bytes") {
    Fixture fixture;
    for (size_t size = 1; size <= 5000; ++size) {
        auto* one = static_cast<char*>(fixture.heap.allocate(size));
        auto* other = static_cast<char*>(fixture.heap.allocate(size));
        REQUIRE(aligned(one));
        std::memset(one, 1, size);
        std::memset(other, 2, size);
        CHECK((one[0] == 1 && one[size - 1] == 1));
        // Not released: the next ones lie behind them.
    }
}

TEST_CASE("what was freed is used again, in parts where nothing smaller is free") {
    Fixture fixture;
    void* large = fixture.heap.allocate(200);
    void* rest =
        fixture.heap.allocate(Heap::piece_bytes / 64);  // so that nothing follows by chance
    fixture.heap.release(large);
    CHECK(fixture.heap.allocate(200) == large);
    fixture.heap.release(large);
    void* first = fixture.heap.allocate(20);
    void* second = fixture.heap.allocate(20);
    CHECK(first == large);
    CHECK(second == static_cast<char*>(first) + 32);
    fixture.heap.release(rest);
}

TEST_CASE("a large block gives its pages back") {
    Fixture fixture;
    void* small = fixture.heap.allocate(Heap::small_max_bytes - 8);
    CHECK(taken_bytes == Heap::piece_bytes);
    void* large = fixture.heap.allocate(Heap::small_max_bytes);
    CHECK(taken_bytes > Heap::piece_bytes);
    CHECK(aligned(large));
    fixture.heap.release(large);
    CHECK(taken_bytes == Heap::piece_bytes);
    fixture.heap.release(small);
    fixture.heap.release(nullptr);
}

TEST_CASE("a heap that finds no pages says so, and goes on with what it has") {
    Fixture fixture;
    allowed_bytes = Heap::piece_bytes;
    CHECK(fixture.heap.allocate(SIZE_MAX) == nullptr);
    CHECK(fixture.heap.allocate(SIZE_MAX / 2) == nullptr);
    CHECK(fixture.heap.allocate(2 * Heap::piece_bytes) == nullptr);
    std::vector<void*> blocks;
    while (void* block = fixture.heap.allocate(100)) blocks.push_back(block);
    CHECK(blocks.size() == (Heap::piece_bytes - 16) / 112);
    CHECK(fixture.heap.allocate(2000) == nullptr);
    fixture.heap.release(blocks.back());
    CHECK(fixture.heap.allocate(90) == blocks.back());
}

TEST_CASE("a block that is freed twice ends the program") {
    Fixture fixture;
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // the test framework's own handler reports it
        close(2);
        void* block = fixture.heap.allocate(40);
        fixture.heap.release(block);
        fixture.heap.release(block);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
}
