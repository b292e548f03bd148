// journal: what a journal holds, for tests.
#pragma once

#include <string>

#include "files/journal.h"

namespace reeve::test {

// Its lines, each with its end; empty where it cannot be read.
inline std::string journal_lines(const std::string& path) {
    std::string lines;
    const auto add = [](void* context, std::string_view line) {
        static_cast<std::string*>(context)->append(line).push_back('\n');
    };
    [[maybe_unused]] const Status read = Journal::each_line(path.c_str(), add, &lines);
    return lines;
}

}  // namespace reeve::test
