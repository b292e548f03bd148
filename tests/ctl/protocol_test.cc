#include "catch.h"
#include "ctl/protocol.h"

using namespace reeve;

namespace {

std::string line_of(const Request& request) {
    Buffer<request_max_bytes> line;
    append_request(line, request);
    return std::string(line.view());
}

std::string problem_with(std::string_view line) {
    Buffer<256> problem;
    CHECK_FALSE(parse_request(line, problem));
    return std::string(problem.view());
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a request is read as it was meant") {
    Request request;
    request.command = Command::wait;
    request.timeout = milliseconds(1500);
    request.until = State::backoff;
    request.names = "web db@1 @shop";
    const std::string line = line_of(request);
    CHECK(line == "reeve/1 wait timeout=1500 state=backoff web db@1 @shop\n");
    Buffer<256> problem;
    const auto read = parse_request(std::string_view(line).substr(0, line.size() - 1), problem);
    REQUIRE(read);
    CHECK(read->command == Command::wait);
    CHECK(read->timeout == milliseconds(1500));
    CHECK(read->until == State::backoff);
    CHECK(read->waits);
    CHECK(read->names == "web db@1 @shop");
}

TEST_CASE("every command goes there and back") {
    for (size_t i = 0; i < command_count; ++i) {
        Request request;
        request.command = static_cast<Command>(i);
        request.waits = false;
        request.number = 15;
        const bool of_all = request.command == Command::plan ||
                            request.command == Command::events ||
                            request.command == Command::boot || request.command == Command::exit ||
                            request.command == Command::reexec;
        if (!of_all) request.names = "web";
        const std::string line = line_of(request);
        Buffer<256> problem;
        const auto read = parse_request(std::string_view(line).substr(0, line.size() - 1), problem);
        INFO(line << problem.view());
        REQUIRE(read);
        CHECK(read->command == request.command);
        CHECK(read->number == 15);
        CHECK_FALSE(read->waits);
    }
}

TEST_CASE("a svctl of another version is told so") {
    CHECK(mentions(problem_with("reeve/2 status"), "different versions"));
    CHECK(mentions(problem_with("GET / HTTP/1.1"), "different versions"));
    CHECK(mentions(problem_with(""), "different versions"));
}

TEST_CASE("what is no request is refused, with the reason") {
    CHECK(mentions(problem_with("reeve/1"), "command"));
    CHECK(mentions(problem_with("reeve/1 frobnicate"), "frobnicate"));
    CHECK(mentions(problem_with("reeve/1 up colour=red web"), "colour=red"));
    CHECK(mentions(problem_with("reeve/1 up timeout=soon web"), "timeout=soon"));
    CHECK(mentions(problem_with("reeve/1 up timeout=-1 web"), "timeout=-1"));
    CHECK(mentions(problem_with("reeve/1 up timeout=99999999999999999999 web"), "timeout="));
    CHECK(mentions(problem_with("reeve/1 wait state=happy web"), "state=happy"));
    CHECK(mentions(problem_with("reeve/1 signal number=300 web"), "number=300"));
    CHECK(mentions(problem_with("reeve/1 up web timeout=5"), "before"));
    CHECK(mentions(problem_with("reeve/1 up"), "which service"));
    CHECK(mentions(problem_with("reeve/1 signal web"), "which one"));
    CHECK(mentions(problem_with("reeve/1 exit web"), "no names"));
    CHECK(mentions(problem_with("reeve/1 up we\33b"), "control character"));
    CHECK(mentions(problem_with(std::string("reeve/1 up a\0b", 14)), "control character"));
}

TEST_CASE("what a problem quotes is cut") {
    CHECK(problem_with("reeve/1 " + std::string(4000, 'x')).size() < 200);
}

TEST_CASE("lines of a reply are told apart") {
    using Kind = ReplyLine::Kind;
    CHECK(parse_reply_line("")->kind == Kind::gap);
    CHECK(parse_reply_line("ending")->kind == Kind::ending);
    const auto field = parse_reply_line("memory_bytes=12 = 13");
    CHECK(field->kind == Kind::field);
    CHECK(field->text == "memory_bytes=12 = 13");
    const auto warning = parse_reply_line("warn web:1: no = here");
    CHECK(warning->kind == Kind::warning);
    CHECK(warning->text == "web:1: no = here");
    const auto end = parse_reply_line("end 4 no such service: x=y");
    CHECK(end->kind == Kind::end);
    CHECK(end->outcome == Outcome::no_such_service);
    CHECK(end->text == "no such service: x=y");
    CHECK(parse_reply_line("end 0")->text.empty());
}

TEST_CASE("what is no line of a reply is none") {
    for (const char* line : {"end", "end 8", "end -1", "end x", "hello", "Name=x", "=x", "warnx",
                             "name=\33[31m", "end 0 \33"})
        CHECK_FALSE(parse_reply_line(line));
}

TEST_CASE("the last line has no second") {
    Buffer<100> line;
    append_end(line, Outcome::failed, "a\nend 0");
    CHECK(line.view() == "end 1 a\\x0aend 0\n");
}

TEST_CASE("of several outcomes the worst is told") {
    const Outcome from_good_to_bad[] = {
        Outcome::done,          Outcome::not_running,     Outcome::timed_out,
        Outcome::failed,        Outcome::no_such_service, Outcome::usage,
        Outcome::not_permitted, Outcome::no_reeve};
    for (size_t i = 0; i < std::size(from_good_to_bad); ++i) {
        for (size_t j = i; j < std::size(from_good_to_bad); ++j) {
            CHECK(worse(from_good_to_bad[i], from_good_to_bad[j]) == from_good_to_bad[j]);
            CHECK(worse(from_good_to_bad[j], from_good_to_bad[i]) == from_good_to_bad[j]);
        }
    }
}
