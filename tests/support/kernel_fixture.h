// What tests of the kernel's side need: files in a directory of their own, faults, deadlines.
#pragma once

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/sys.h"
#include "support/skip.h"
#include "support/tempdir.h"

class TemporaryDirectory : public reeve::test::TempDir {
  public:
    // Writes a file and returns its path.
    std::string file(const std::string& name, const std::string& text, mode_t mode = 0644) const {
        std::string path = *this / name;
        reeve::test::write_file(path, text, mode);
        return path;
    }
};

// Makes one kind of call fail while it lives: the first `passes` of them go through.
class Fault {
  public:
    Fault(reeve::sys::Call call, int code, int passes = 0) {
        call_ = call;
        code_ = code;
        passes_ = passes;
        reeve::sys::fault = [](reeve::sys::Call made) {
            if (made != call_ || passes_-- > 0) return 0;
            return code_;
        };
    }
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;
    ~Fault() { reeve::sys::fault = nullptr; }

  private:
    inline static reeve::sys::Call call_;
    inline static int code_;
    inline static int passes_;
};

// Asks until it is so, for ten seconds at most; false: it never was.
template <typename F>
bool eventually(F is_so) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > end) return false;
        ::poll(nullptr, 0, 2);
    }
    return true;
}
