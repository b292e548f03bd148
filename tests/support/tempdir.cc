#include "support/tempdir.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace reeve::test {

namespace {

[[noreturn]] void give_up(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace

TempDir::TempDir() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent != nullptr && *parent != '\0' ? parent : "/tmp") + "/reeve.XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) give_up("mkdtemp " + path_);
    chmod(path_.c_str(), 0755);
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
}

std::string read_file(const std::string& path) {
    std::string text;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    char bytes[4096];
    for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;)
        text.append(bytes, static_cast<size_t>(got));
    close(fd);
    return text;
}

void write_file(const std::string& path, std::string_view text, mode_t mode) {
    const std::string temporary = path + ".new";
    const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) give_up("open " + temporary);
    const ssize_t written = write(fd, text.data(), text.size());
    fchmod(fd, mode);
    close(fd);
    if (written != static_cast<ssize_t>(text.size())) give_up("write " + temporary);
    if (rename(temporary.c_str(), path.c_str()) < 0) give_up("rename " + temporary);
}

void make_directory(const std::string& path, mode_t mode) {
    if (mkdir(path.c_str(), mode) < 0 && errno != EEXIST) give_up("mkdir " + path);
    chmod(path.c_str(), mode);
}

bool exists(const std::string& path) {
    struct stat status;
    return lstat(path.c_str(), &status) == 0;
}

int count_lines(std::string_view text) { return count(text, "\n"); }

int count(std::string_view text, std::string_view part) {
    int found = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

}  // namespace reeve::test
