#!/bin/sh
# The test of house.sh: for each rule a tree with one violation, and exactly that finding; and a
# clean tree with what resembles a violation, and none.

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
passed=0

# Empties the tree; then `file PATH` writes a file from stdin.
fresh() {
    rm -rf "${tree:?}"/*
}
file() {
    mkdir -p "$tree/$(dirname "$1")"
    cat >"$tree/$1"
}
# expect TITLE FINDINGS: what house.sh says of the tree, sorted, is that and no more.
expect() {
    got=$(sh "$here/house.sh" "$tree" 2>&1)
    status=$?
    wanted=0
    [ -z "$2" ] || wanted=1
    if [ "$got" = "$2" ] && [ "$status" -eq "$wanted" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'house_test: %s\n  expected (status %s): %s\n  got (status %s): %s\n' \
            "$1" "$wanted" "$2" "$status" "$got"
    fi
    fresh
}
# violates FINDING FILE LINE...: a file of these lines has that one finding, in its last line.
violates() {
    finding=$1
    path=$2
    shift 2
    printf '%s\n' "$@" | file "$path"
    expect "$finding" "$path:$#: $finding"
}
# clean FILE LINE...: no finding.
clean() {
    path=$1
    shift
    printf '%s\n' "$@" | file "$path"
    expect "clean $path: $*" ''
}
repeat() {
    awk -v line="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; ++i) print line }'
}
mark=TO
mark=${mark}DO

# Rooms and includes.
violates 'layer: base may not include model' src/base/a.h '#include "model/b.h"'
violates 'layer: conf may not include core' src/conf/a.cc '#include "core/b.h"'
violates 'layer: core may not include conf' src/core/a.cc '#include "conf/b.h"'
violates 'layer: core may not include kernel' src/core/a.cc '// x' '#include "kernel/b.h"'
violates 'layer: kernel may not include files' src/kernel/a.cc '#include "files/b.h"'
violates 'layer: process may not include ctl' src/process/a.cc '#include "ctl/b.h"'
violates 'layer: ctl may not include reeve' src/ctl/a.cc '#include "reeve/b.h"'
violates 'layer: svctl may not include reeve' src/svctl/a.cc '#include "reeve/b.h"'
violates 'include: "b.h" does not begin with the name of a room' src/base/a.cc '#include "b.h"'
violates 'include: "tests/b.h" does not begin with the name of a room' src/base/a.cc \
    '#include "tests/b.h"'
violates 'banned-include: <iostream>' src/base/a.cc '#include <iostream>'
violates 'banned-include: <stdio.h>' src/reeve/a.cc '# include <stdio.h> // why not'
violates 'pure-room: <unistd.h> in core' src/core/a.cc '#include <unistd.h>'
violates 'pure-room: <sys/stat.h> in conf' src/conf/a.cc '#include <sys/stat.h>'
clean src/model/a.h '#include <sys/types.h>' '#include <sys/wait.h>' '#include "base/b.h"' \
    '#include "model/c.h"'
clean src/reeve/a.cc '#include <unistd.h>' '#include "base/b.h"' '#include "ctl/c.h"' \
    '// #include <iostream>'
clean tests/core/a.cc '#include <iostream>' '#include "reeve/b.h"' '#include "catch.h"'

echo '#include "base/b.h"' | file src/base/a.h
echo '#include "base/c.h"' | file src/base/b.h
printf '%s\n' '// c' '#include "base/b.h"' | file src/base/c.h
expect 'a cycle is told once' 'src/base/c.h:2: cycle: src/base/b.h -> src/base/c.h -> src/base/b.h'
echo '#include "base/b.h"' | file src/base/a.h
echo '#include "base/b.h"' | file src/base/c.h
echo '#include <vector>' | file src/base/b.h
expect 'two ways to one header are no cycle' ''

# Words.
violates 'banned-word: throw' src/base/a.cc 'void f() {' '    throw 1;'
violates 'banned-word: catch' src/base/a.cc '} catch (...) {'
violates 'banned-word: dynamic_cast' src/base/a.cc 'auto* b = dynamic_cast<B*>(a);'
violates 'banned-word: snprintf' src/base/a.cc 'int n = snprintf(buffer, size, "%d", 1);'
violates 'banned-word: snprintf' src/base/a.cc 'int n = std::snprintf(buffer, size, "%d", 1);'
violates 'banned-word: cout' src/base/a.cc 'std::cout << 1;'
violates 'banned-word: getpwnam' src/kernel/a.cc 'auto* user = ::getpwnam(name);'
violates 'banned-word: throw' src/base/a.cc 'auto a = R"(' '" )"; throw 1;'
violates 'banned-word: throw' src/base/a.cc '/* a' '// */ throw 1;'
violates 'banned-word: throw' src/base/a.cc "auto a = '\"'; throw '\"';"
violates 'banned-word: throw' src/base/a.cc "auto a = 1'000'000; throw 1;"
clean src/base/a.cc '// throw, try and catch' 'auto a = "throw \" try";' 'bool catch_up = true;' \
    'auto b = R"(throw' 'try)";' '/* throw' 'try */ int c;' "char d = '\"'; /* throw */" \
    'out.puts(x);' 'writer::puts(x);' 'int rethrow = 1;'
violates "unfinished: a mark of unfinished work" src/base/a.cc "// $mark: more"
violates "unfinished: a mark of unfinished work" man/a.5 "This is not implemented."
clean contrib/a.sh 'mktemp /tmp/a.XXXXXX'

# Systems.
violates 'system-ifdef: belongs in src/kernel/platform_*' src/kernel/a.cc '#ifdef __linux__'
violates 'system-ifdef: belongs in src/kernel/platform_*' src/base/a.h \
    '#if defined(__FreeBSD__) || defined(X)'
violates 'system-ifdef: belongs in src/kernel/platform_*' src/base/a.h '#ifndef __GLIBC__'
clean src/kernel/platform_posix.cc '#ifdef __APPLE__' '#endif'
clean src/musl/shim.h '#ifndef __GLIBC_PREREQ' '#endif' '#ifdef __linux__' '#endif'
clean src/base/a.cc '#ifdef __GLIBCXX__' '#endif'

# State.
violates 'state: is assigned in src/core/transition.cc alone' src/core/a.cc \
    'service.state = State::running;'
violates 'state: is assigned in src/core/transition.cc alone' src/kernel/a.cc \
    'list[0]->state = State::running;'
for form in 'Service a{.state = State::done};' '    .state = State::done,' \
    'bool take(std::string_view text, State& state);' 'auto place = &Service::state;' \
    'std::swap(a.state, b->state);' 'f(&service.state);'; do
    violates 'state: is assigned in src/core/transition.cc alone' src/core/a.cc "$form"
done
clean src/core/transition.cc 'service.state = State::running;'
clean src/core/a.cc 'if (service.state == State::running) f();' \
    'service.state_of = 1;' 'f(a.state, &b);' 'const char* name_of(State state);'

# System calls.
violates 'raw-close: is for src/base/fd and src/kernel/sys alone' src/reeve/a.cc '    ::close(number);'
violates 'raw-close: is for src/base/fd and src/kernel/sys alone' src/reeve/a.cc \
    'void f() {' '    return close(number);'
violates 'raw-kill: is for src/base/fd and src/kernel/sys alone' src/kernel/a.cc \
    'if (kill(pid, 0) < 0) {'
clean src/base/fd.cc '::close(number);'
violates 'raw-close: is for src/base/fd and src/kernel/sys alone' src/kernel/platform_linux.cc \
    '::close(number);'
clean src/kernel/platform_linux.cc '::kill(pid, 0);' "facts.state = 'Z';"
clean src/kernel/sys.cc 'return ::kill(pid, number);'
clean src/kernel/a.cc 'sys::kill(pid, number);' 'file.close();' 'file->close();' \
    'void close(Fd& fd);' 'Result<void> close(Fd fd);' 'int Fd::close() {' \
    'bool may_close(int n);' \
    '// close(1)'
violates 'pure-room: fork() in core' src/core/a.cc 'auto pid = fork();'
violates 'pure-room: open() in conf' src/conf/a.cc 'int n = ::open(path, 0);'
violates 'pure-room: clock_gettime() in model' src/model/a.cc \
    'if (clock_gettime(CLOCK_REALTIME, &t) == 0) {'
clean src/core/a.cc 'int open(int n);' 'int m = open(1);' 'auto t = reeve::now(1);' \
    'std::move(a);' 'auto u = ::reeve::name_of(State::done);' 'Result<int> fork(int n);'
clean src/kernel/a.cc 'auto pid = ::fork();'

# Lengths and blanks.
{ echo 'void f() {'; repeat '    g();' 69; echo '}'; } | file src/base/a.cc
expect 'a function of 71 lines' 'src/base/a.cc:1: function-length: 71 lines, more than 70'
{ echo 'void f() {'; repeat '    g();' 68; echo '}'; } | file src/base/a.cc
expect 'a function of 70 lines' ''
{
    printf '%s\n' 'namespace reeve {' 'namespace {' 'class A {' '  public:' '    template <class T>'
    printf '%s\n' '    int f(T t) const {' '        if (t) {' '            h({1, 2});' '        }'
    repeat '        g();' 70
    printf '%s\n' '    }' '};' '}' '}'
} | file src/base/a.h
expect 'a member of a class in two namespaces' \
    'src/base/a.h:5: function-length: 76 lines, more than 70'
{
    echo 'namespace reeve {'
    echo 'constexpr Row rows[] = {'
    repeat '    {1, "{", f(2)},' 80
    echo '};'
    echo 'const Table table{'
    repeat '    {1},' 80
    echo '};'
    echo 'class A {'
    repeat '    int f(int n) { return n; }' 80
    echo '};'
    echo 'enum class B {'
    repeat '    b,' 80
    echo '};'
    echo '}'
} | file src/base/a.cc
expect 'tables, classes and enums are no functions' ''
{ echo 'TEST_CASE("a") {'; repeat '    g();' 99; echo '}'; } | file tests/base/a.cc
expect 'a test of 101 lines' 'tests/base/a.cc:1: function-length: 101 lines, more than 100'
repeat '// a' 501 | file src/base/a.cc
expect 'a file of 501 lines' 'src/base/a.cc:501: file-length: 501 lines, more than 500'
repeat '// a' 500 | file src/base/a.cc
expect 'a file of 500 lines' ''
repeat '// a' 801 | file tests/base/a.cc
expect 'a test of 801 lines' 'tests/base/a.cc:801: file-length: 801 lines, more than 800'
hundred=$(repeat '123456789.' 10 | tr -d '\n')
violates 'width: 101 columns, more than 100' src/base/a.cc '// a' "${hundred}1"
clean src/base/a.cc "$hundred"
clean src/base/a.cc "// ä…${hundred#12345}"
violates 'blanks: at the end of the line' src/base/a.cc 'int a; '
violates 'blanks: at the end of the line' README.md 'word '
violates 'blanks: a tab' src/base/a.cc '	int a;'
clean Makefile '	echo a'

echo "house rules' test: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
