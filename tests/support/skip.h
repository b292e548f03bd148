// skip: tests that cannot run here.
#pragma once

#include <string>

namespace reeve::test {

// Where `able` is false says so on stderr, for tests/run.sh to count, and returns true: the test
// then returns.
//
//     if (cannot_run(is_root(), "needs root")) return;
bool cannot_run(bool able, const std::string& why);

// Has the reeve that is tested a sanitizer in it? Its calls and its memory are reeve's too.
bool is_sanitized();
bool is_root();
// May we make PID namespaces with unshare(1)?
bool has_namespaces();
// Are there pseudo terminals? A chroot may lack /dev/pts.
bool has_terminals();
// Is there such a program?
bool has_program(const std::string& name);

}  // namespace reeve::test
