#include <csignal>
#include <string>

#include "catch.h"
#include "model/signals.h"

using namespace reeve;

TEST_CASE("a signal has a name with or without SIG, in either case, and a number") {
    for (const char* text : {"TERM", "SIGTERM", "term", "sigterm", "SigTerm", "15", "SIG15"}) {
        INFO(text);
        CHECK(parse_signal(text) == SIGTERM);
    }
    CHECK(parse_signal("USR1") == SIGUSR1);
    CHECK(parse_signal("WINCH") == SIGWINCH);
    CHECK(parse_signal("IOT") == SIGABRT);
    CHECK(parse_signal("1") == 1);
    CHECK(parse_signal("64") == 64);
}

TEST_CASE("what names no signal is none") {
    for (const char* text :
         {"", "SIG", "TERMX", "TER", "SIGSIGTERM", "0", "65", "-1", "15 ", "T"}) {
        INFO(text);
        CHECK_FALSE(parse_signal(text).has_value());
    }
}

TEST_CASE("every signal is printed so that it is read back") {
    for (int number = 1; number <= signal_max; ++number) {
        Buffer<16> out;
        append_signal(out, number);
        INFO(number);
        CHECK_FALSE(out.view().empty());
        CHECK(parse_signal(out.view()) == number);
    }
}

TEST_CASE("signals are printed without SIG, and by number where they have no name") {
    Buffer<32> out;
    append_signal(out, SIGTERM);
    out << ' ';
    append_signal(out, SIGABRT);
    out << ' ';
    append_signal(out, 40);
    CHECK(out.view() == "TERM ABRT 40");
}
