// logs: what tests of svlog ask of the files that it writes.
#pragma once

#include <iosfwd>
#include <string>

#include "support/supervisor.h"

namespace reeve::test {

// Keys of a service whose lines are in its files as it wrote them, and which is started again at
// once.
constexpr char plain[] = "log = file\nlog_time = none\nrestart_delay = 0\nreset_after = 0\n";

// A service that runs `--helper lines`.
std::string counts(const std::string& word, int count);

std::string current_of(const Reeve& reeve, const std::string& service);
Strings files_of(const Reeve& reeve, const std::string& service);

// Waits for the text in the service's log, or in reeve's standard error.
bool says(const Reeve& reeve, const std::string& service, const std::string& text);
// Waits for more in the service's log.
bool grows(const Reeve& reeve, const std::string& service);
bool complains(Reeve& reeve, const std::string& text);
// Is there room in a pipe? By a descriptor for writing.
bool takes_more(int pipe);

// What `--helper lines` has written, as it is in the files.
struct Numbers {
    size_t whole = 0;   // lines
    size_t broken = 0;  // that are none of its
    size_t gaps = 0;
    size_t missing = 0;
    size_t back = 0;  // a number that was there before

    Numbers(const std::string& text, const std::string& word);
    bool are_whole() const { return broken == 0 && gaps == 0 && back == 0; }
};
std::ostream& operator<<(std::ostream& out, const Numbers& numbers);
bool has_numbers(const Reeve& reeve, const std::string& service, size_t count);

}  // namespace reeve::test
