// What an edit makes of a file's text: what was asked for, and nothing else.

#include "base/limits.h"
#include "catch.h"
#include "conf/edit.h"
#include "conf/files.h"

using namespace reeve;

namespace {

using Words = std::vector<std::string_view>;

// The text after the edits, or "error: " and what is wrong.
std::string edited(LongText text, const Words& words, FileForm form = FileForm::definition) {
    Buffer<512> problem;
    if (edit_text(text, form, words, problem)) {
        CHECK(problem.size() == 0);
        return std::string(text.view());
    }
    return "error: " + std::string(problem.view());
}

// "key=value" of each pair, in order.
std::vector<std::string> pairs_of(std::string_view text, FileForm form = FileForm::definition) {
    std::vector<std::string> pairs;
    KeyValue found;
    for (KeyValueReader reader(text, form); reader.next(found);)
        pairs.push_back(std::string(found.key) + "=" + std::string(found.value));
    return pairs;
}

struct Case {
    const char* what;
    std::string before;
    Words words;
    std::string after;
};

void check_all(const std::vector<Case>& cases, FileForm form = FileForm::definition) {
    for (const Case& each : cases) {
        INFO(each.what);
        CHECK(edited(each.before, each.words, form) == each.after);
    }
}

}  // namespace

TEST_CASE("KEY=VALUE replaces the value in its line, and leaves every other byte") {
    check_all({
        {"the line keeps its shape",
         "# a\n\texec  =\tsleep 1  \n\n# b\n",
         {"exec=sleep 2"},
         "# a\n\texec  =\tsleep 2  \n\n# b\n"},
        {"blanks around it are dropped", "exec=a\n", {" exec = b c "}, "exec=b c\n"},
        {"the value may have '=' and '#' in it",
         "exec = a\n",
         {"exec=a=b # c"},
         "exec = a=b # c\n"},
        {"other keys stay",
         "nice = 1\nexec = a\numask = 022\n",
         {"exec=b"},
         "nice = 1\nexec = b\numask = 022\n"},
        {"a line that sets nothing yet",
         "exec =\nnice=\n",
         {"exec=b", "nice=3"},
         "exec = b\nnice=3\n"},
        {"several at once",
         "exec = a\nnice = 1\n",
         {"nice=2", "exec=b", "umask=022"},
         "exec = b\nnice = 2\numask = 022\n"},
        {"the same value changes nothing", "exec =  a\n", {"exec=a"}, "exec =  a\n"},
        {"what is not UTF-8 is a value too", "exec = a\n", {"exec=\xFF"}, "exec = \xFF\n"},
        {"an empty file", "", {"exec=a"}, "exec = a\n"},
        {"a comment is not the key",
         "# nice = 1\nexec = a\n# end\n",
         {"nice=2"},
         "# nice = 1\nexec = a\n# end\nnice = 2\n"},
        {"lines that are wrong stay",
         "nonsense\n= b\nexec = a\n",
         {"exec=b"},
         "nonsense\n= b\nexec = b\n"},
        {"a key that is wrong can be put right",
         "restat = always\nexec = a\n",
         {"restat=never"},
         "restat = never\nexec = a\n"},
    });
}

TEST_CASE("KEY=VALUE of a key that repeats leaves one line, where the first was") {
    check_all({
        {"three lines",
         "env = A=1\nexec = a\nenv = B=2\n# c\nenv = C=3\n",
         {"env=D=4"},
         "env = D=4\nexec = a\n# c\n"},
        {"a second one adds to it",
         "env = A=1\nexec = a\nenv = B=2\n",
         {"env=C=3", "env=D=4"},
         "env = C=3\nenv = D=4\nexec = a\n"},
        {"a list",
         "depends_on = db cache\ndepends_on = x\n",
         {"depends_on=y z"},
         "depends_on = y z\n"},
        {"emptied, then filled",
         "env = A=1\nenv = B=2\nexec = a\n",
         {"env=", "env=C=3"},
         "exec = a\nenv = C=3\n"},
    });
}

TEST_CASE("KEY= takes the lines of the key out") {
    check_all({
        {"one line", "nice = 1\nexec = a\n", {"nice="}, "exec = a\n"},
        {"all of them", "env = A=1\nexec = a\nenv = B=2\nenv =\n", {"env="}, "exec = a\n"},
        {"none", "exec = a\n", {"nice="}, "exec = a\n"},
        {"the last, which ends in nothing", "exec = a\nnice = 1", {"nice= "}, "exec = a\n"},
        {"a key that is wrong", "restat = always\nexec = a\n", {"restat="}, "exec = a\n"},
        {"a wrong key that is not there",
         "exec = a\n",
         {"restat="},
         "error: unknown key 'restat' (did you mean restart?)"},
        {"as many as there are", "nice = 1\n", {"nice=", "exec=a"}, "exec = a\n"},
    });
}

TEST_CASE("KEY+=VALUE adds a line behind the others of the key") {
    check_all({
        {"behind the last one",
         "env = A=1\nenv = B=2\nexec = a\n",
         {"env+=C=3"},
         "env = A=1\nenv = B=2\nenv = C=3\nexec = a\n"},
        {"the first one goes to the end",
         "exec = a\n# end\n",
         {"env += A=b c"},
         "exec = a\n# end\nenv = A=b c\n"},
        {"a list",
         "depends_on = db\nexec = a\n",
         {"depends_on+=cache x"},
         "depends_on = db\ndepends_on = cache x\nexec = a\n"},
        {"two",
         "env = A=1\nexec = a\n",
         {"env+=B=2", "env+=C=3"},
         "env = A=1\nenv = B=2\nenv = C=3\nexec = a\n"},
        {"not to a key that may not repeat",
         "exec = a\n",
         {"nice+=1"},
         "error: nice may not repeat: write nice=VALUE"},
        {"not nothing", "exec = a\n", {"env+="}, "error: env: the value is missing"},
    });
}

TEST_CASE("KEY-=VALUE takes the line with that value out") {
    check_all({
        {"one of several",
         "env = A=1\nenv = B=2\nexec = a\n",
         {"env-=A=1"},
         "env = B=2\nexec = a\n"},
        {"the value has to be the whole",
         "env = A=1\n",
         {"env-=A"},
         "error: env: no line has the value that is to be taken away"},
        {"a limit",
         "limit = nofile 64\nlimit = core 0\n",
         {"limit-=core 0"},
         "limit = nofile 64\n"},
        {"twice there", "env = A=1\nexec = a\nenv = A=1\n", {"env-=A=1"}, "exec = a\n"},
        {"not from a key that may not repeat",
         "exec = a\n",
         {"exec-=a"},
         "error: exec may not repeat: write exec=VALUE"},
        {"not nothing", "env = A=1\n", {"env-="}, "error: env: the value is missing"},
        {"a wrong key with that value", "envv = A=1\nexec = a\n", {"envv-=A=1"}, "exec = a\n"},
        {"a wrong key without",
         "env = A=1\n",
         {"envv-=A=1"},
         "error: unknown key 'envv' (did you mean env?)"},
    });
}

TEST_CASE("KEY-=VALUE takes words out of a list") {
    check_all({
        {"the first", "depends_on =  db cache\n", {"depends_on-=db"}, "depends_on =  cache\n"},
        {"the last", "depends_on = db  cache \n", {"depends_on-=cache"}, "depends_on = db \n"},
        {"one between", "after = a\tb  c d\n", {"after-=b"}, "after = a  c d\n"},
        {"the only one", "exec = a\ngroup = shop\n", {"group-=shop"}, "exec = a\n"},
        {"several", "group = a b c d\n", {"group-=d b"}, "group = a c\n"},
        {"from every line",
         "group = a b\nexec = x\ngroup = b\ngroup = b c\n",
         {"group-=b"},
         "group = a\nexec = x\ngroup = c\n"},
        {"not a part of a word",
         "group = shop\n",
         {"group-=sho"},
         "error: group: 'sho' is not in it"},
        {"all of them have to be there",
         "group = a b\n",
         {"group-=a c"},
         "error: group: 'c' is not in it"},
        {"nothing is there", "exec = a\n", {"group-=a"}, "error: group: 'a' is not in it"},
        {"an empty line stays", "group =\ngroup = a\n", {"group-=a"}, "group =\n"},
    });
}

TEST_CASE("lines end as those of the file do") {
    check_all({
        {"CR LF, replaced", "exec = a\r\nnice = 1\r\n", {"exec=b"}, "exec = b\r\nnice = 1\r\n"},
        {"CR LF, added",
         "exec = a\r\nnice = 1\r\n",
         {"umask=022"},
         "exec = a\r\nnice = 1\r\numask = 022\r\n"},
        {"CR LF, taken", "exec = a\r\nnice = 1\r\n", {"exec="}, "nice = 1\r\n"},
        {"no newline at the end, replaced", "nice = 1\nexec = a", {"exec=b"}, "nice = 1\nexec = b"},
        {"no newline at the end, added", "exec = a", {"nice=1"}, "exec = a\nnice = 1\n"},
        {"no newline at the end, CR LF",
         "exec = a\r\nnice = 1",
         {"umask=022"},
         "exec = a\r\nnice = 1\r\numask = 022\r\n"},
        {"no newline behind the key's last line",
         "exec = a\nenv = A=1",
         {"env+=B=2"},
         "exec = a\nenv = A=1\nenv = B=2\n"},
        {"a byte order mark",
         "\xEF\xBB\xBF"
         "exec = a\n",
         {"exec=b"},
         "\xEF\xBB\xBF"
         "exec = b\n"},
        {"a byte order mark before the line that goes",
         "\xEF\xBB\xBF"
         "nice = 1\nexec = a\n",
         {"nice="},
         "\xEF\xBB\xBF"
         "exec = a\n"},
        {"a byte order mark and nothing else",
         "\xEF\xBB\xBF",
         {"exec=b"},
         "\xEF\xBB\xBF\nexec = b\n"},
        {"empty lines at the end", "exec = a\n\n\n", {"nice=1"}, "exec = a\n\n\nnice = 1\n"},
    });
}

TEST_CASE("in an executable the lines #reeve: are edited") {
    check_all(
        {
            {"the first goes behind #!",
             "#!/bin/sh\nexec sleep 1\n",
             {"nice=1", "umask=022"},
             "#!/bin/sh\n#reeve: nice = 1\n#reeve: umask = 022\nexec sleep 1\n"},
            {"others behind the last",
             "#!/bin/sh\n#reeve: nice=1\n# c\n #reeve:umask = 022\nx=1\n",
             {"restart=never"},
             "#!/bin/sh\n#reeve: nice=1\n# c\n #reeve:umask = 022\n#reeve: restart = never\nx=1\n"},
            {"behind the last of the key",
             "#!/bin/sh\n#reeve: env = A=1\n#reeve: nice = 1\nx\n",
             {"env+=B=2"},
             "#!/bin/sh\n#reeve: env = A=1\n#reeve: env = B=2\n#reeve: nice = 1\nx\n"},
            {"replaced",
             "#!/bin/sh\nnice=5\n\t#reeve:nice=1 \n",
             {"nice=2"},
             "#!/bin/sh\nnice=5\n\t#reeve:nice=2 \n"},
            {"taken",
             "#!/bin/sh\n#reeve: group = a b\n#reeve: nice = 1\nx\n",
             {"group-=a", "nice="},
             "#!/bin/sh\n#reeve: group = b\nx\n"},
            {"nothing but the #! line", "#!/bin/sh", {"nice=1"}, "#!/bin/sh\n#reeve: nice = 1\n"},
            {"the script's own lines are none",
             "#!/bin/sh\nnice = 1\n",
             {"nice="},
             "#!/bin/sh\nnice = 1\n"},
        },
        FileForm::executable);
}

TEST_CASE("what is no edit is refused") {
    check_all({
        {"no equals sign",
         "",
         {"exec"},
         "error: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not 'exec'"},
        {"no key", "", {"=a"}, "error: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not '=a'"},
        {"a key of nothing but a sign",
         "",
         {"+=a"},
         "error: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not '+=a'"},
        {"a comment",
         "",
         {"#exec=a"},
         "error: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not '#exec=a'"},
        {"a newline in the key",
         "",
         {"a\nexec=a"},
         "error: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not 'a\\x0aexec=a'"},
        {"a key beyond ASCII",
         "",
         {"\xEF\xBB\xBF"
          "exec=a"},
         "error: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not '\xEF\xBB\xBF"
         "exec=a'"},
        {"a newline in the value",
         "",
         {"env=A=1\nexec=x"},
         "error: env: a newline, a tab or another control character is in the value"},
        {"a carriage return",
         "",
         {"exec=a\rb"},
         "error: exec: a newline, a tab or another control character is in the value"},
        {"a key twice", "nice = 1\n", {"nice=1", "nice=2"}, "error: nice is given twice"},
        {"a key once with a value and once without",
         "",
         {"env=A=1", "env="},
         "error: env is given twice"},
        {"an unknown key twice", "", {"foo=1", "foo=2"}, "error: foo is given twice"},
    });
}

TEST_CASE("after every edit the file says what was asked, and every other line is as it was") {
    const std::string files[] = {
        "",
        "# web\nexec = a\n\nenv = A=1\n  env=B=2\n# mid\ndepends_on = db cache\ngroup = x\n# end",
        "exec = a\r\nenv = A=1\r\n\r\nnice = 3\r\n",
        "junk\nnice = 1\nnice = 2\nenv =\n",
    };
    for (const std::string& before : files) {
        for (const char* key : {"exec", "env", "nice", "group", "umask"}) {
            const std::string word = std::string(key) + "=new";
            const std::string after = edited(before, {word});
            INFO(before << "--\n" << word << "\n--\n" << after);
            std::vector<std::string> wanted;
            bool set = false;
            for (const std::string& pair : pairs_of(before)) {
                const bool same = pair.starts_with(std::string(key) + "=");
                if (!same) wanted.push_back(pair);
                if (same && !set) wanted.push_back(word);
                set = set || same;
            }
            if (!set) wanted.push_back(word);
            CHECK(pairs_of(after) == wanted);
            // Taken out again, the other lines are what is left.
            const std::string cleared = edited(before, {std::string(key) + "="});
            if (set) CHECK(edited(after, {std::string(key) + "="}) == cleared);
            for (const std::string& pair : pairs_of(before))
                if (!pair.starts_with(std::string(key) + "="))
                    CHECK(cleared.find(pair.substr(pair.find('=') + 1)) != std::string::npos);
        }
    }
}

TEST_CASE("an edit of a long file takes no longer than reading it a few times") {
    std::string text;
    while (text.size() + 8 < service_file_max_bytes) text += "env=A=1\n";
    CHECK(edited(text, {"env=B=2"}) == "env=B=2\n");
    CHECK(edited(text, {"env-=A=1"}).empty());
    CHECK(edited(text + "exec = a\n", {"exec=b"}) == text + "exec = b\n");
}
