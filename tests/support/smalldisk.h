// smalldisk: file systems that are soon full.
#pragma once

#include <fstream>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "support/process.h"

namespace reeve::test {

// Mounts of our own, which end with this process. May we have any? Another process tries it first:
// where a mount is refused, we are not left behind in a namespace that nobody else sees into.
inline bool has_mounts() {
    const auto enter = [] {
        return unshare(CLONE_NEWNS) == 0 &&
               mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    };
    const auto may_mount = [&] {
        const pid_t child = fork();
        if (child == 0) _exit(enter() && mount("none", "/tmp", "tmpfs", 0, nullptr) == 0 ? 0 : 1);
        int status = 1;
        return child > 0 && waitpid(child, &status, 0) == child && status == 0;
    };
    static const bool able = may_mount() && enter();
    return able;
}

// A small file system over a directory, for as long as it lives.
class SmallDisk {
  public:
    SmallDisk(const std::string& path, const char* options) : path_(path) {
        if (mount("none", path.c_str(), "tmpfs", 0, options) != 0)
            throw std::runtime_error("mount tmpfs");
    }
    ~SmallDisk() { umount2(path_.c_str(), MNT_DETACH); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    // Takes all room, or all files there may be. What reeve was writing meanwhile may leave some:
    // called again they take that too.
    void fill_room() const {
        const std::string zeros(4096, '\0');
        std::ofstream ballast(path_ + "/ballast", std::ios::app);
        while (ballast.write(zeros.data(), 4096).flush()) {}
    }
    void fill_files() const {
        for (int i = 0; i < 1000; ++i)
            if (!std::ofstream(path_ + "/ballast" + std::to_string(i))) break;
    }
    void empty() const { REQUIRE(run({"sh", "-c", "rm " + path_ + "/ballast*"}).status == 0); }

  private:
    std::string path_;
};

}  // namespace reeve::test
