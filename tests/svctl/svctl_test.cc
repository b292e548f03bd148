// svctl's own part: its command line, and what it prints. What it does is tests/system's.
#include "base/parse.h"
#include "catch.h"
#include "support/json.h"
#include "svctl/svctl.h"

using namespace reeve;
using test::is_json;
using test::json_member;

namespace {

struct Parsed {
    bool understood;
    Invocation invocation;
    std::string problem;
};

Parsed parse(std::vector<std::string> words) {
    static std::vector<std::string> kept;  // views point into it
    kept = std::move(words);
    kept.insert(kept.begin(), "svctl");
    std::vector<char*> argv;
    for (std::string& word : kept) argv.push_back(word.data());
    Parsed parsed;
    Buffer<256> problem;
    parsed.understood =
        parse_invocation(static_cast<int>(argv.size()), argv.data(), parsed.invocation, problem);
    parsed.problem = problem.view();
    return parsed;
}

using Arguments = List<std::string_view>;

std::string json_of(std::string_view lines) {
    Printer printer;
    printer.json_object(lines);
    printer.end_json();
    return std::string(printer.gathered());
}

std::string table_of(List<Text> objects, const Screen& screen = {}) {
    Printer printer;
    sort_objects(objects, screen);
    print_table(printer, objects, screen);
    return std::string(printer.gathered());
}

const char web[] = "name=web\ninstance=\nstate=running\nreason=ready\npid=812\nrestarts=0\n"
                   "stale=no\nuptime_s=63\ncpu_percent=0.3\nmemory_bytes=12582912\n";
const char flaky[] = "name=flaky\ninstance=2\nstate=backoff\nreason=exit 1, 4th failure\npid=\n"
                     "restarts=12\nstale=no\nuptime_s=\ncpu_percent=\nmemory_bytes=\n";

}  // namespace

TEST_CASE("options stand before or behind the command") {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"-r", "/run/x", "--json", "-t", "5s", "-n", "up", "web", "db"},
          std::vector<std::string>{"up", "-r/run/x", "web", "-t5s", "db", "-n", "--json"}}) {
        const Parsed parsed = parse(words);
        INFO(parsed.problem);
        REQUIRE(parsed.understood);
        CHECK(parsed.invocation.run_directory == "/run/x");
        CHECK(parsed.invocation.json);
        CHECK_FALSE(parsed.invocation.waits);
        CHECK(parsed.invocation.timeout == seconds(5));
        CHECK(parsed.invocation.words == Arguments{"up", "web", "db"});
    }
}

TEST_CASE("a state is given in two ways") {
    CHECK(parse({"wait", "--state", "failed", "web"}).invocation.until == State::failed);
    CHECK(parse({"wait", "--state=failed", "web"}).invocation.until == State::failed);
}

TEST_CASE("directories are as many as are given, up to the bound") {
    CHECK(parse({"check"}).invocation.directories.empty());
    CHECK(parse({"-d", "/a", "check", "-d/b"}).invocation.directories == Arguments{"/a", "/b"});
    std::vector<std::string> words(directories_max_count, "-d/a");
    CHECK(parse(words).understood);
    words.push_back("-d/a");
    CHECK(parse(words).problem == "more than 16 directories");
    CHECK_FALSE(parse(words).understood);
}

TEST_CASE("--now is an option, KEY-=VALUE is none") {
    CHECK(parse({"enable", "--now", "web"}).invocation.now);
    const Invocation edit = parse({"set", "web", "env-=-A=1", "exec=-x"}).invocation;
    CHECK_FALSE(edit.now);
    CHECK(edit.words == Arguments{"set", "web", "env-=-A=1", "exec=-x"});
}

TEST_CASE("behind -- nothing is an option") {
    CHECK(parse({"up", "--", "-n", "--"}).invocation.words == Arguments{"up", "-n", "--"});
    CHECK(parse({"up", "--", "-n"}).invocation.waits);
}

TEST_CASE("a command line that is wrong says how in one line") {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--frobnicate"},
                                                  {"-x"},
                                                  {"-t"},
                                                  {"-t", "soon"},
                                                  {"-r"},
                                                  {"-d"},
                                                  {"--state"},
                                                  {"--state=happy"},
                                                  {"--states=failed"},
                                                  {"-"
                                                   "-json=yes"}}) {
        const Parsed parsed = parse(words);
        INFO(words.front());
        CHECK_FALSE(parsed.understood);
        CHECK_FALSE(parsed.problem.empty());
        CHECK(parsed.problem.find('\n') == std::string::npos);
    }
}

TEST_CASE("an option belongs to its commands, wherever it stands") {
    CHECK(parse({"-f", "logs", "web"}).invocation.follows);
    CHECK(parse({"events", "-f"}).invocation.follows);
    CHECK(parse({"graph", "--dot"}).invocation.dot);
    for (const std::vector<std::string>& words : {std::vector<std::string>{"-f", "status"},
                                                  {"status", "-f"},
                                                  {"-f"},
                                                  {"--dot", "list"},
                                                  {"up", "--state", "done", "web"}}) {
        const Parsed parsed = parse(words);
        INFO(words.front());
        CHECK_FALSE(parsed.understood);
        CHECK(parsed.problem.find(" is an option of: ") != std::string::npos);
    }
    CHECK(parse({"--dot", "list"}).problem == "--dot is an option of: graph");
    CHECK(parse({"-f", "list"}).problem == "-f is an option of: logs events");
}

TEST_CASE("-n is a number of lines for logs, and does not wait for all others") {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"logs", "-n", "20", "web"},
          {"-n20", "logs", "web"},
          {"logs", "web", "-n", "20"}}) {
        const Parsed parsed = parse(words);
        INFO(words.front() << ": " << parsed.problem);
        REQUIRE(parsed.understood);
        CHECK(parsed.invocation.lines == size_t{20});
        CHECK(parsed.invocation.waits);
        CHECK(parsed.invocation.words == Arguments{"logs", "web"});
    }
    // Before the command it is not known yet whose -n it is.
    CHECK(parse({"-n", "20", "logs", "web"}).invocation.words == Arguments{"20", "logs", "web"});
    const Parsed up = parse({"up", "-n", "web"});
    REQUIRE(up.understood);
    CHECK_FALSE(up.invocation.waits);
    CHECK_FALSE(up.invocation.lines);
    CHECK(up.invocation.words == Arguments{"up", "web"});
    CHECK(parse({"logs", "-n", "all", "web"}).problem == "-n takes a number of lines");
    CHECK(parse({"logs", "web", "-n"}).problem == "-n needs a value");
    CHECK(parse({"up", "-n5", "web"}).problem == "-n takes no value");
}

TEST_CASE("every option that a table names belongs to commands that there are") {
    for (const OptionRow& option : option_rows()) {
        std::string_view commands = option.commands;
        for (auto word = take_word(commands); !word.empty(); word = take_word(commands)) {
            INFO(option.name << ' ' << word);
            CHECK(std::any_of(command_rows().begin(), command_rows().end(),
                              [&](const CommandRow& row) { return word == row.name; }));
        }
    }
}

TEST_CASE("a line of a stream is one object, whose line is text and empty rather than null") {
    const auto line_of = [](std::string_view lines) {
        Printer printer;
        printer.json_line(lines);
        printer.json_line(lines);
        return std::string(printer.gathered());
    };
    const std::string once = "{\"time\": null, \"name\": \"web\", \"line\": \"42\"}\n";
    CHECK(line_of("time=\nname=web\nline=42\n") == once + once);
    CHECK(line_of("line=\n") == "{\"line\": \"\"}\n{\"line\": \"\"}\n");
    CHECK(line_of("line=a=b \"c\"\tx\n") ==
          "{\"line\": \"a=b \\\"c\\\"\\u0009x\"}\n{\"line\": \"a=b \\\"c\\\"\\u0009x\"}\n");
    CHECK(is_json(line_of("line=\xff\xfe\n").substr(0, 24)));
}

TEST_CASE("what is cut ends in dots, and no character is cut in two") {
    const auto cut = [](std::string_view text, size_t width) {
        Printer printer;
        print_cut(printer, text, width);
        return std::string(printer.gathered());
    };
    CHECK(cut("needs db", 8) == "needs db");
    CHECK(cut("needs db", 7) == "need...");
    CHECK(cut("grün €𝄞x", 8) == "grün €𝄞x");
    CHECK(cut("grün €𝄞x", 7) == "grün...");
    CHECK(cut("needs db", 3).empty());
    CHECK(cut("", 0).empty());
}

TEST_CASE("a JSON object has numbers, flags, lists and nulls where they belong") {
    const std::string json = json_of("name=web\ninstance=\npid=812\ncpu_percent=0.3\nexit=\n"
                                     "enabled=yes\nstale=no\ngroup=shop front\ndepends_on=\n");
    CHECK(json == "[{\"name\": \"web\", \"instance\": null, \"pid\": 812, \"cpu_percent\": 0.3, "
                  "\"exit\": null, \"enabled\": true, \"stale\": false, "
                  "\"group\": [\"shop\", \"front\"], \"depends_on\": []}]\n");
    CHECK(is_json(json));
}

TEST_CASE("several objects are one array, and so is none") {
    Printer printer;
    printer.json_object("name=a\n");
    printer.json_object("name=b\n");
    printer.json_object("");
    printer.end_json();
    CHECK(printer.gathered() == "[{\"name\": \"a\"},\n{\"name\": \"b\"},\n{}]\n");
    Printer empty;
    empty.end_json();
    CHECK(empty.gathered() == "[]\n");
}

TEST_CASE("strings are escaped, and what is no UTF-8 is replaced") {
    const auto string = [](std::string_view value) {
        return *json_member(json_of(std::string("reason=").append(value)), "reason");
    };
    CHECK(string("a \"b\" \\c") == "a \\\"b\\\" \\\\c");
    CHECK(string("tab\there") == "tab\\u0009here");
    CHECK(string("grün €𝄞") == "grün €𝄞");
    CHECK(string("\xff") == "\\ufffd");
    CHECK(string("a\xc3") == "a\\ufffd");                      // cut off
    CHECK(string("\xc0\xaf") == "\\ufffd\\ufffd");             // overlong
    CHECK(string("\xed\xa0\x80") == "\\ufffd\\ufffd\\ufffd");  // a surrogate
    CHECK(string("\xf5\x80\x80\x80x") == "\\ufffd\\ufffd\\ufffd\\ufffdx");
    CHECK(string("12") == "12");
    CHECK(json_of("reason=12") == "[{\"reason\": \"12\"}]\n");
    CHECK(json_of("pid=1x") == "[{\"pid\": \"1x\"}]\n");
}

TEST_CASE("the table is aligned, with numbers to the right and the reason last") {
    CHECK(table_of({web, flaky}) ==
          "NAME     STATE    PID  UPTIME  RESTARTS   CPU  MEMORY  REASON\n"
          "flaky@2  backoff    -       -        12     -       -  exit 1, 4th failure\n"
          "web      running  812    1m3s         0  0.3%     12M  ready\n");
}

TEST_CASE("on a terminal the unwell come first, and reasons are cut to its width") {
    const Screen screen{.terminal = true, .width = 80};
    const char broken[] = "name=zoo\nstate=failed\nreason=grünes €uro ist hier zu lang\n";
    CHECK(table_of({web, flaky, broken}, screen) ==
          "NAME     STATE    PID  UPTIME  RESTARTS   CPU  MEMORY  REASON\n"
          "flaky@2  backoff    -       -        12     -       -  exit 1, 4th failure\n"
          "zoo      failed     -       -         -     -       -  grünes €uro ist hier z...\n"
          "web      running  812    1m3s         0  0.3%     12M  ready\n"
          "2 of 3 are not well: 1 failed, 1 backoff; svctl why tells more\n");
}

TEST_CASE("on a narrow screen the numbers give way to the reason") {
    Screen screen{.width = 46};
    CHECK(table_of({web, flaky}, screen) == "NAME     STATE    PID  REASON\n"
                                            "flaky@2  backoff    -  exit 1, 4th failure\n"
                                            "web      running  812  ready\n");
    screen.width = 30;
    CHECK(table_of({web, flaky}, screen) == "NAME     STATE    REASON\n"
                                            "flaky@2  backoff  exit 1, 4...\n"
                                            "web      running  ready\n");
    screen.width = 12;  // no room at all for a reason
    CHECK(table_of({web}, screen).find("ready") == std::string::npos);
}

TEST_CASE("colours are the state's, and do not shift the columns") {
    const Screen screen{.terminal = true, .colour = true};
    CHECK(
        table_of({web, flaky}, screen) ==
        "NAME     STATE    PID  UPTIME  RESTARTS   CPU  MEMORY  REASON\n"
        "flaky@2  \33[33mbackoff\33[0m    -       -        12     -       -  exit 1, 4th failure\n"
        "web      \33[32mrunning\33[0m  812    1m3s         0  0.3%     12M  ready\n"
        "1 of 2 is not well: 1 \33[33mbackoff\33[0m; svctl why tells more\n");
}

TEST_CASE("what runs under an old definition is called stale") {
    CHECK(table_of({"name=web\nstate=running\nreason=ready\nstale=yes\n"}).find("ready; stale\n") !=
          std::string::npos);
}

TEST_CASE("the details leave out what is absent") {
    Printer printer;
    print_details(printer, web, {});
    CHECK(printer.gathered() ==
          "name         web\nstate        running\nreason       ready\npid          812\n"
          "restarts     0\nstale        no\nuptime       1m3s\ncpu          0.3%\n"
          "memory       12M\n");
}

TEST_CASE("a link of the chain is a sentence") {
    Printer printer;
    print_sentence(printer, flaky, {});
    print_sentence(printer, "name=web\nstate=stopped\nreason=\n", {});
    CHECK(printer.gathered() == "flaky@2 is in backoff: exit 1, 4th failure\nweb is stopped\n");
}

TEST_CASE("an outcome says what kept it from being, if anything did") {
    const auto outcome = [](std::string_view object) {
        Buffer<200> line;
        append_outcome(line, object);
        return std::string(line.view());
    };
    CHECK(outcome("name=web\nstate=running\nreason=ready\nresult=0\n") == "web: running");
    CHECK(outcome("name=web\nstate=failed\nreason=exit 1\nresult=1\n") == "web: failed: exit 1");
    CHECK(outcome("name=web\nstate=stopped\nreason=\nresult=3\n") == "web: not running: stopped");
    CHECK(outcome("name=web\nstate=starting\nreason=awaiting READY=1\nresult=5\n") ==
          "web: not in time: starting: awaiting READY=1");
    CHECK(outcome("name=web\naction=stale\nstate=running\nreason=ready\nresult=0\n") ==
          "web: stale: restart it to apply (svctl restart web)");
    CHECK(outcome("name=old\naction=remove\nreason=\nresult=0\n") == "old: removed");
    CHECK(outcome("name=new\naction=add\nstate=starting\nreason=\nresult=0\n") ==
          "new: added, starting");
    CHECK(outcome("name=web\naction=refuse\nstate=running\nreason=ready\nresult=1\n") ==
          "web: refused: it keeps its earlier definition, running");
    CHECK(outcome("name=web\naction=refuse\nstate=invalid\nreason=x\nresult=1\n") ==
          "web: refused: invalid");
}

TEST_CASE("what is too long for a line goes on in the next, at blanks where there are any") {
    const auto wrapped = [](std::string_view text, size_t width) {
        Printer printer;
        print_wrapped(printer, text, {.width = width}, 2);
        return std::string(printer.gathered());
    };
    CHECK(wrapped("one two", 0) == "one two\n");
    CHECK(wrapped("", 20) == "\n");
    CHECK(wrapped("one two three four five six", 20) == "one two three four\n  five six\n");
    CHECK(wrapped("one two three four x five", 20) == "one two three four x\n  five\n");
    CHECK(wrapped(std::string(25, 'x'), 20) == std::string(20, 'x') + "\n  xxxxx\n");
    CHECK(wrapped("  indented " + std::string(20, 'x'), 20) ==
          "  indented\n  " + std::string(18, 'x') + "\n  xx\n");
    CHECK(wrapped("a bc", 1) == "a\nb\nc\n");
}

TEST_CASE("columns that are empty or the same everywhere go first where a reason would be cut") {
    const char first[] = "name=a\nstate=failed\npid=\nuptime_s=\nrestarts=3\nreason=exit 1\n";
    const char second[] = "name=b\nstate=failed\npid=\nuptime_s=60\nrestarts=3\nreason=exit 2\n";
    CHECK(table_of({first, second}, {.width = 32}) == "NAME  STATE   UPTIME  REASON\n"
                                                      "a     failed       -  exit 1\n"
                                                      "b     failed      1m  exit 2\n");
}

TEST_CASE("names are listed by the numbers in them") {
    List<Text> objects;
    for (const char* object :
         {"name=web10\n", "name=web9\n", "name=web\ninstance=10\n", "name=web\ninstance=9\n"})
        objects.push_back(object);
    sort_objects(objects, {});
    std::string order;
    for (const Text& object : objects) order.append(object.view());
    CHECK(order == "name=web\ninstance=9\nname=web\ninstance=10\nname=web9\nname=web10\n");
}

TEST_CASE("sizes are short") {
    const auto size = [](uint64_t bytes) {
        Buffer<32> text;
        append_size(text, bytes);
        return std::string(text.view());
    };
    CHECK(size(0) == "0");
    CHECK(size(1023) == "1023");
    CHECK(size(1024) == "1.0K");
    CHECK(size(1536) == "1.5K");
    CHECK(size(10240) == "10K");
    CHECK(size(uint64_t{1610612736}) == "1.5G");
    CHECK(size(UINT64_MAX) == "16777215T");
}
