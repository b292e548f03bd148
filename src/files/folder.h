// folder: RUNDIR/status, RUNDIR/history and RUNDIR/input, with a file for each service, NAME[@I].
// Where a path or a text is put together there is one place for all: an end that leads to a restart
// needs no heap for it, and no more than two pages of memory.
#pragma once

#include <cerrno>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/text.h"
#include "kernel/platform.h"

namespace reeve {

class Folder {
  public:
    // `folder`: "/status/".
    constexpr explicit Folder(std::string_view folder) : folder_(folder) {}

    // The path of a file, until the next call of any of these; "": of the folder.
    const char* path(std::string_view run_directory, std::string_view name) const;
    // Replaces a file, or makes it, by rename. The folder is made where it is gone.
    bool replace(std::string_view run_directory, std::string_view name,
                 std::string_view text) const;
    bool make(std::string_view run_directory) const;
    // Calls see(name) for each file that is not hidden. An errno value, or 0.
    template <typename See>
    int each(std::string_view run_directory, See see) const {
        const Fd directory = open(run_directory);
        if (!directory) return errno;
        const auto see_visible = [&](const char* name) {
            if (name[0] != '.') see(name);
            return true;
        };
        return platform::each_entry(directory.get(), see_visible) < 0 ? errno : 0;
    }

    // Where a text is put together, or read into; touched only as far as it is used.
    static std::span<char> text_place();

  private:
    Fd open(std::string_view run_directory) const;

    std::string_view folder_;
};

// The FIFOs of stdin = fifo, and one that is open.
constexpr Folder input_folder("/input/");
struct OpenInput {
    Text name;
    Fd fifo;
};

}  // namespace reeve
