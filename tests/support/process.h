// process: programs that a test starts. What they say is collected, and nothing of them outlives
// the test, whatever they did to get away.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace reeve::test {

using Strings = std::vector<std::string>;

// How long a test waits for what is bound to happen. A machine that builds other things is slow.
constexpr std::chrono::seconds patience{60};

// Looks every few milliseconds; false where it has not come true in time.
bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience);

struct Launch {
    Strings arguments;                               // the program first, looked up in PATH
    Strings environment{};                           // NAME=value: beside and instead of our own
    bool empty_environment = false;                  // nothing of our own
    std::optional<uid_t> uid{};                      // and the same number as its only group
    std::string directory{};                         // empty: ours
    std::string input{};                             // a path; empty: /dev/null
    std::string terminal{};                          // a path: controlling terminal, and 0 to 2
    std::vector<std::pair<int, int>> descriptors{};  // ours, and the number it has there
    std::function<void()> prepare{};                 // the last thing before exec
};

class Process {
  public:
    // The child is in a session of its own. Its standard output and error go to files.
    explicit Process(const Launch& launch);
    // Kills it and all that descends from it.
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    // The exit code, or 128 + N for signal N; nothing where it has not ended in time.
    std::optional<int> wait(std::chrono::milliseconds limit = patience);
    bool running() { return !wait(std::chrono::milliseconds(0)); }

    std::string out() const { return read_from_start(out_); }
    std::string err() const { return read_from_start(err_); }

  private:
    static std::string read_from_start(int fd);

    pid_t pid_ = 0;
    std::optional<int> status_;
    int out_ = -1;
    int err_ = -1;
};

struct Output {
    int status = -1;  // -1: it had to be killed
    std::string out;
    std::string err;
};

// Runs it to its end.
Output run(const Launch& launch, std::chrono::milliseconds limit = patience);
Output run(const Strings& arguments);

// The path of a program; empty where PATH has none of that name.
std::string find_program(const std::string& name);

// This test program, which is also what tests run as a service; see helper.h.
std::string own_program();

}  // namespace reeve::test
