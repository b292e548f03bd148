#include <string>

#include "base/limits.h"
#include "catch.h"
#include "conf/keyvalue.h"
#include "conf/words.h"

using namespace reeve;

namespace {

// "1:[key][value] 2:expected key = value"
std::string pairs_of(std::string_view text, FileForm form = FileForm::definition) {
    std::string out;
    KeyValue found;
    for (KeyValueReader reader(text, form); reader.next(found);) {
        Buffer<128> problem;
        append_problem(problem, found.problem);
        if (!out.empty()) out += ' ';
        out += std::to_string(found.line) + ':';
        if (found.problem == LineProblem::none) {
            out.append("[").append(found.key).append("][").append(found.value).append("]");
        } else {
            out += problem.view();
        }
    }
    return out;
}

std::string words_of(std::string_view text) {
    Words words;
    if (const char* problem = split_words(text, words)) return problem;
    std::string out;
    for (const std::string_view word : words) out.append("[").append(word).append("]");
    return out;
}

}  // namespace

TEST_CASE("a line is a key, an equals sign and a value to the end of the line") {
    CHECK(pairs_of("a = b\n") == "1:[a][b]");
    CHECK(pairs_of("  a\t=\t b c  \n") == "1:[a][b c]");
    CHECK(pairs_of("a=b=c # d\n") == "1:[a][b=c # d]");
    CHECK(pairs_of("a =\n") == "1:[a][]");
    CHECK(pairs_of("a b = c") == "1:[a b][c]");
}

TEST_CASE("comments and empty lines are passed over, and counted") {
    CHECK(pairs_of("# a = b\n\n \t\n  # c\nd = e\n") == "5:[d][e]");
    CHECK(pairs_of("").empty());
    CHECK(pairs_of("\n\n").empty());
}

TEST_CASE("lines may end in CR LF, and the last one in nothing") {
    CHECK(pairs_of("a = b\r\nc = d\r\n\r\ne = f") == "1:[a][b] 2:[c][d] 4:[e][f]");
    CHECK(pairs_of("a = b\r") == "1:[a][b]");
    CHECK(pairs_of("a = b\rc\n") == "1:[a][b\rc]");
}

TEST_CASE("a byte order mark is passed over") {
    CHECK(pairs_of("\xEF\xBB\xBF"
                   "a = b\n") == "1:[a][b]");
}

TEST_CASE("what is not UTF-8 is a value like any other") {
    CHECK(pairs_of("a = \xFF\xFE\n") == "1:[a][\xFF\xFE]");
}

TEST_CASE("a line that is no pair is named") {
    CHECK(pairs_of("abc\na = b\n= c\n") ==
          "1:expected key = value 2:[a][b] 3:expected key = value");
    CHECK(pairs_of(std::string_view("a = b\0c\nd = e\n", 14)) ==
          "1:the line holds a NUL byte; is this a text file? 2:[d][e]");
    CHECK(pairs_of(std::string_view("#\0\n", 3)) ==
          "1:the line holds a NUL byte; is this a text file?");
}

TEST_CASE("a line may have as many bytes as the bound, and not one more") {
    const std::string longest = "a = " + std::string(line_max_bytes - 4, 'x');
    CHECK(pairs_of(longest + "\n").starts_with("1:[a][xxx"));
    CHECK(pairs_of(longest + "x\nb = c\n") == "1:the line is longer than 8192 bytes 2:[b][c]");
    CHECK(pairs_of("#" + longest + "\n") == "1:the line is longer than 8192 bytes");
}

TEST_CASE("in an executable only its #reeve: lines count") {
    CHECK(pairs_of("#!/bin/sh\n#reeve: a = b\n x=1\n #reeve:c=d\n# reeve: e = f\n#reeve:\n",
                   FileForm::executable) == "2:[a][b] 4:[c][d]");
    CHECK(pairs_of("#reeve: a\n", FileForm::executable) == "1:expected key = value");
    CHECK(pairs_of("#reeve: # a = b\n", FileForm::executable).empty());
    CHECK(pairs_of(std::string(line_max_bytes + 1, '\0') + "\n#reeve: a = b\n",
                   FileForm::executable) == "2:[a][b]");
}

TEST_CASE("words are split at blanks and quoted as in sh") {
    CHECK(words_of("nginx -g 'daemon off;'") == "[nginx][-g][daemon off;]");
    CHECK(words_of("  a\t b ") == "[a][b]");
    CHECK(words_of("a\"b c\"'d e'f") == "[ab cd ef]");
    CHECK(words_of("'' \"\"") == "[][]");
    CHECK(words_of(R"(a\ b \\ \" \' \n)") == R"([a b][\]["]['][n])");
    CHECK(words_of(R"("a\"b\\c\$d\`e\nf\'g")") == R"([a"b\c$d`e\nf\'g])");
    CHECK(words_of(R"('a\b' '"')") == R"([a\b]["])");
    CHECK(words_of("\"a\\\nb\"") == "[ab]");
    CHECK(words_of("$HOME *.c a;b # c > d ~") == "[$HOME][*.c][a;b][#][c][>][d][~]");
    CHECK(words_of("").empty());
}

TEST_CASE("a quote that is not closed is an error") {
    CHECK(words_of("a 'b") == "a ' is not closed");
    CHECK(words_of("a \"b") == "a \" is not closed");
    CHECK(words_of("a \"b\\\"") == "a \" is not closed");
    CHECK(words_of("a \"b\\") == "a \" is not closed");
    CHECK(words_of("a b\\") == "a \\ at the end does not continue the line");
}

TEST_CASE("a quoted word is split back into itself") {
    for (const char* word : {"a", "", "a b", "it's", "\"", "\\", "a\tb", "''", "a\nb", "%n", "#"}) {
        LongText text;
        append_quoted(text, word);
        INFO(text.view());
        CHECK(words_of(text) == "[" + std::string(word) + "]");
    }
}
