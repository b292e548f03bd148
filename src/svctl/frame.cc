#include "svctl/frame.h"

#include <cerrno>

#include "base/format.h"
#include "base/parse.h"

namespace reeve {

namespace {

// ECMA-48, and of xterm's what others pass over: a screen of its own, which leaves what was there
// before untouched.
constexpr std::string_view own_screen = "\33[?1049h\33[?25l";
constexpr std::string_view former_screen = "\33[?25h\33[?1049l";
constexpr std::string_view empty_screen = "\33[H\33[2J";
constexpr ScreenSize vt100{24, 80};

}  // namespace

int Frame::enter() {
    const int code = keyboard_.begin(0);
    if (code != 0) return code;
    entered_ = true;
    write_all(1, own_screen);
    return clear() ? 0 : EIO;
}

void Frame::leave() {
    if (!entered_) return;
    entered_ = false;
    // Where there is no other screen the prompt comes behind what was drawn.
    Buffer<32> end;
    append(end, "\33[", size().rows, ";1H\33[K");
    write_all(1, end.view());
    write_all(1, former_screen);
    keyboard_.end();
}

bool Frame::clear() {
    lines_.clear();
    return write_all(1, empty_screen) == 0;
}

bool Frame::draw(std::string_view text) {
    LongText out;
    size_t row = 0;
    for (; !text.empty() || row < lines_.size(); ++row) {
        const std::string_view line = take_line(text);
        if (row == lines_.size()) lines_.emplace_back();
        if (lines_[row] == line) continue;
        lines_[row] = line;
        append(out, "\33[", row + 1, ";1H\33[K", line);
    }
    return write_all(1, out) == 0;
}

ScreenSize Frame::size() const {
    const ScreenSize size = screen_size(1);
    return size.rows == 0 || size.columns == 0 ? vt100 : size;
}

char Keys::decode(char byte) {
    const Part part = part_;
    part_ = Part::none;
    if (byte == '\33') {
        part_ = Part::escape;
        return 0;
    }
    if (part == Part::none) return byte;
    if (part == Part::escape) {
        if (byte != '[' && byte != 'O') return byte;
        part_ = Part::sequence;
        number_ = 0;
        return 0;
    }
    if ((byte >= '0' && byte <= '9') || byte == ';') {
        part_ = Part::sequence;
        number_ = number_ == 0 ? byte : ';';
        return 0;
    }
    switch (byte) {
    case 'A': return 'k';
    case 'B': return 'j';
    case 'H': return 'g';
    case 'F': return 'G';
    case '~': break;
    default: return 0;
    }
    switch (number_) {
    case '1':
    case '7': return 'g';
    case '4':
    case '8': return 'G';
    case '5': return 'b';
    case '6': return 'f';
    default: return 0;
    }
}

}  // namespace reeve
