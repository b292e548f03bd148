// tempdir: a directory of a test's own, and files in it.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

namespace reeve::test {

// Made by mkdtemp in TMPDIR or /tmp, readable for every user, removed with all that is in it.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const;

  private:
    std::string path_;
};

// Empty where there is no such file, or none that may be read.
std::string read_file(const std::string& path);

// Replaces the file. `mode` holds whatever the umask is.
void write_file(const std::string& path, std::string_view text, mode_t mode = 0644);

void make_directory(const std::string& path, mode_t mode = 0755);

bool exists(const std::string& path);

int count_lines(std::string_view text);

// How often `part` is in `text`.
int count(std::string_view text, std::string_view part);

}  // namespace reeve::test
