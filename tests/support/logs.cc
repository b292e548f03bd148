#include "support/logs.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <poll.h>

#include "catch.h"

namespace reeve::test {

std::string current_of(const Reeve& reeve, const std::string& service) {
    return read_file(reeve.logs() + "/" + service + "/current");
}

Strings files_of(const Reeve& reeve, const std::string& service) {
    Strings names;
    std::error_code none;
    const std::string directory = reeve.logs() + "/" + service;
    for (const auto& entry : std::filesystem::directory_iterator(directory, none))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

bool says(const Reeve& reeve, const std::string& service, const std::string& text) {
    const bool there =
        reeve.comes_true([&] { return reeve.log_of(service).find(text) != std::string::npos; });
    if (!there) UNSCOPED_INFO(service << ":\n" << reeve.log_of(service) << reeve.describe());
    return there;
}

bool grows(const Reeve& reeve, const std::string& service) {
    const size_t before = reeve.log_of(service).size();
    return reeve.comes_true([&] { return reeve.log_of(service).size() > before; });
}

bool complains(Reeve& reeve, const std::string& text) {
    const bool there =
        reeve.comes_true([&] { return reeve.process().err().find(text) != std::string::npos; });
    if (!there) UNSCOPED_INFO(reeve.process().err());
    return there;
}

bool takes_more(int pipe) {
    pollfd look = {.fd = pipe, .events = POLLOUT, .revents = 0};
    return poll(&look, 1, 0) > 0;
}

Numbers::Numbers(const std::string& text, const std::string& word) {
    long next = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        if (line.size() != 99 || line.compare(0, word.size() + 1, word + " ") != 0) {
            ++broken;
            continue;
        }
        ++whole;
        const long number = std::atol(line.c_str() + word.size() + 1);
        if (number < next) ++back;
        if (number > next) {
            ++gaps;
            missing += static_cast<size_t>(number - next);
        }
        next = number + 1;
    }
}

std::ostream& operator<<(std::ostream& out, const Numbers& numbers) {
    return out << numbers.whole << " lines, " << numbers.broken << " broken, " << numbers.gaps
               << " gaps, " << numbers.missing << " missing, " << numbers.back << " back";
}

std::string counts(const std::string& word, int count) {
    return "exec = {self} --helper lines " + word + " " + std::to_string(count) + "\n" + plain;
}

bool has_numbers(const Reeve& reeve, const std::string& service, size_t count) {
    return reeve.comes_true([&] { return Numbers(reeve.log_of(service), service).whole >= count; });
}

}  // namespace reeve::test
