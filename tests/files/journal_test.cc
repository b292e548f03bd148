#include <sys/stat.h>

#include "base/limits.h"
#include "catch.h"
#include "files/journal.h"
#include "support/journal.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using reeve::test::journal_lines;

namespace {

std::string lines_of(const std::string& path) { return journal_lines(path); }

// Complete, and empty.
struct NewJournal : Journal {
    NewJournal() {
        set_path(path);
        make();
    }
    void make(const char* text = "") {
        REQUIRE(begin_new());
        append(text);
        REQUIRE(finish_new());
    }

    TemporaryDirectory directory;
    std::string path = directory / "journal";
};

}  // namespace

TEST_CASE("a journal without a path takes everything and does nothing") {
    Journal journal;
    journal.append("service web\n");
    CHECK(journal.reserve(10) == -1);
    CHECK_FALSE(journal.wants_renewal({0}));
}

TEST_CASE("a new journal takes the old one's place only when it is complete") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("journal", "the old one\n");
    Journal journal;
    journal.set_path(path);
    REQUIRE(journal.begin_new());
    journal.append("first\n");
    CHECK(lines_of(path) == "the old one\n");
    REQUIRE(journal.finish_new());
    CHECK(lines_of(path) == "first\n");
    journal.append("second\n");
    CHECK(lines_of(path) == "first\nsecond\n");
}

TEST_CASE("a child's record stands in the room that was reserved before later records") {
    NewJournal journal;
    const off_t unused = journal.reserve(64);
    const off_t place = journal.reserve(64);
    REQUIRE(unused >= 0);
    journal.append("later\n");
    REQUIRE(pwrite(journal.fd(), "child\n", 6, place) == 6);
    CHECK(lines_of(journal.path) == "child\nlater\n");
}

TEST_CASE("room is reserved before it is written to") {
    NewJournal journal;
    struct stat state = {};
    REQUIRE(stat(journal.path.c_str(), &state) == 0);
    CHECK(static_cast<size_t>(state.st_size) == journal_chunk_bytes);
    {
        const Fault full(sys::Call::fallocate, ENOSPC);
        const off_t place = journal.reserve(child_record_max_bytes);
        CHECK(place >= 0);
        CHECK(journal.whole());
    }
}

TEST_CASE("a journal without room goes on without, and wants renewal once a second") {
    NewJournal journal;
    {
        const Fault full(sys::Call::fallocate, ENOSPC);
        while (journal.whole()) journal.append(std::string(1000, 'x') + "\n");
        CHECK(journal.reserve(10) == -1);
    }
    CHECK(journal.wants_renewal({10000}));
    CHECK_FALSE(journal.wants_renewal({10001}));
    CHECK(journal.wants_renewal({11000}));
    journal.make("all of it\n");
    CHECK(journal.whole());
    CHECK(lines_of(journal.path) == "all of it\n");
}

TEST_CASE("a journal whose file was taken away is made anew at once, or tried again in a second") {
    NewJournal journal;
    CHECK(journal.next_deadline() == no_deadline);
    journal.lose();
    CHECK(journal.next_deadline() <= Mono{0});
    CHECK(journal.wants_renewal({5000}));
    CHECK(journal.next_deadline() == Mono{6000});
    journal.make();
    CHECK(journal.next_deadline() == no_deadline);
}

TEST_CASE("a journal that could not even be begun wants to be tried again") {
    const TemporaryDirectory directory;
    Journal journal;
    journal.set_path(directory / "nowhere/journal");
    CHECK_FALSE(journal.begin_new());
    CHECK_FALSE(journal.whole());
    CHECK(journal.wants_renewal({1000}));
}

TEST_CASE("a new journal that cannot be completed leaves the old one") {
    const TemporaryDirectory directory;
    Journal journal;
    journal.set_path(directory / "journal");
    REQUIRE(journal.begin_new());
    journal.append("old\n");
    REQUIRE(journal.finish_new());
    REQUIRE(journal.begin_new());
    {
        const Fault full(sys::Call::fallocate, ENOSPC);
        journal.append("new\n");
        CHECK_FALSE(journal.finish_new());
    }
    CHECK(lines_of(directory / "journal") == "old\n");
    CHECK_FALSE(reeve::test::exists(directory / "journal.new"));
}

TEST_CASE("a journal wants to be made anew when it has grown to three times its beginning") {
    NewJournal journal;
    size_t written = 0;
    while (!journal.wants_renewal({0})) {
        journal.append(std::string(99, 'x') + "\n");
        written += 100;
        REQUIRE(written <= 2 * journal_chunk_bytes);
    }
    CHECK(written > journal_chunk_bytes);
}
