// pty: a terminal, and what is at the far end of its line.
#pragma once

#include <string>
#include <string_view>

namespace reeve::test {

class Pty {
  public:
    Pty();
    ~Pty();
    Pty(const Pty&) = delete;
    Pty& operator=(const Pty&) = delete;

    // The path of the terminal itself.
    const std::string& path() const { return path_; }

    void type(std::string_view text) const;
    void set_width(unsigned short columns) const;
    // All that was written to the terminal so far; does not wait.
    const std::string& screen();

  private:
    int master_ = -1;
    int keep_open_ = -1;
    std::string path_;
    std::string screen_;
};

}  // namespace reeve::test
