#include <vector>

#include "catch.h"
#include "reeve/options.h"

using namespace reeve;

namespace {

struct Parsed {
    bool understood;
    Options options;
    Text problem;
};

Parsed parse(std::vector<const char*> words) {
    static std::vector<const char*> arguments;  // options.command points into it
    arguments = {"reeve"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    arguments.push_back(nullptr);
    Parsed parsed{};
    parsed.understood =
        parse_options(static_cast<int>(arguments.size() - 1), const_cast<char**>(arguments.data()),
                      parsed.options, parsed.problem);
    return parsed;
}

}  // namespace

TEST_CASE("reeve without arguments is understood") {
    const Parsed parsed = parse({});
    CHECK(parsed.understood);
    CHECK(parsed.options.directories.empty());
    CHECK(parsed.options.command == nullptr);
}

TEST_CASE("paths may follow their option at once or as the next word, and -d repeats") {
    const Parsed parsed = parse({"-d", "/a", "-d/b", "-r", "/run/x", "-l/log", "-q", "-g"});
    REQUIRE(parsed.understood);
    CHECK(parsed.options.directories == List<Text>{"/a", "/b"});
    CHECK(parsed.options.run_directory == "/run/x");
    CHECK(parsed.options.log_directory == "/log");
    CHECK(parsed.options.quiet);
    CHECK(parsed.options.whole_group);
}

TEST_CASE("everything after -- is the command's, options of reeve's too") {
    const Parsed parsed = parse({"-q", "--", "ls", "-q", "--", "-d"});
    REQUIRE(parsed.understood);
    REQUIRE(parsed.options.command != nullptr);
    CHECK(std::string(parsed.options.command[0]) == "ls");
    CHECK(std::string(parsed.options.command[2]) == "--");
    CHECK(parsed.options.directories.empty());
}

TEST_CASE("a wrong command line is answered with what is wrong and what to do") {
    struct Mistake {
        std::vector<const char*> words;
        const char* problem;
    };
    const Mistake mistakes[] = {
        {{"--frobnicate"}, "unknown option --frobnicate (reeve --help shows what there is)"},
        {{"-x"}, "unknown option -x (reeve --help shows what there is)"},
        {{"nginx"}, "unexpected word nginx (reeve -- CMD runs one; svctl controls services)"},
        {{"-d"}, "-d needs a directory"},
        {{"-q", "--"}, "no command after -- (reeve -- CMD ARG...)"},
        {{"--", "", "x"}, "the command after -- is an empty word (reeve -- CMD ARG...)"},
    };
    for (const Mistake& mistake : mistakes) {
        const Parsed parsed = parse(mistake.words);
        CHECK_FALSE(parsed.understood);
        CHECK(parsed.problem == mistake.problem);
    }
}

TEST_CASE("more service directories than there may be are refused") {
    std::vector<const char*> words;
    for (int i = 0; i < 16; ++i) words.push_back("-d/x");
    CHECK(parse(words).understood);
    words.push_back("-d/x");
    CHECK_FALSE(parse(words).understood);
}
