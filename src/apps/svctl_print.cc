#include "apps/svctl_print.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "apps/json.h"
#include "base/limits.h"
#include "core/object.h"
#include "host/sys.h"

namespace reeve {

namespace {

enum Column : size_t { name, state, pid, uptime, restarts, cpu, memory, reason, column_count };

struct Heading {
    const char* title;
    bool right;  // numbers
};

constexpr Heading headings[column_count] = {
    {"NAME", false},    {"STATE", false}, {"PID", true},    {"UPTIME", true},
    {"RESTARTS", true}, {"CPU", true},    {"MEMORY", true}, {"REASON", false},
};

using Cells = std::array<std::string, column_count>;

bool is_unwell(std::string_view state) {
    return state == "failed" || state == "invalid" || state == "backoff";
}

// SGR sequences (ECMA-48); empty: the terminal's own colour.
std::string_view colour_of(std::string_view state) {
    if (state == "failed" || state == "invalid") return "\33[31m";
    if (state == "running" || state == "done") return "\33[32m";
    if (state == "stopped") return {};
    return "\33[33m";
}

std::string coloured(std::string_view text, std::string_view state, const Screen& screen) {
    const std::string_view colour = screen.colour ? colour_of(state) : std::string_view();
    std::string result(colour);
    result += text;
    if (!colour.empty()) result += "\33[0m";
    return result;
}

// A number among the fields, or nothing.
std::optional<uint64_t> number_of(std::string_view object, std::string_view key) {
    return parse_unsigned(find_field(object, key), INT64_MAX / 1000);
}

// The same words in the table and the details.
std::string uptime_of(std::string_view object) {
    Buffer<32> text;
    if (const auto s = number_of(object, "uptime_s"))
        append_span(text, seconds(static_cast<int64_t>(*s)));
    return std::string(text.view());
}

std::string memory_of(std::string_view object) {
    Buffer<32> text;
    if (const auto bytes = number_of(object, "memory_bytes")) append_size(text, *bytes);
    return std::string(text.view());
}

std::string cpu_of(std::string_view object) {
    std::string text(find_field(object, "cpu_percent"));
    return text.empty() ? text : text + '%';
}

Cells cells_of(std::string_view object) {
    Cells cells{full_name_of(object),
                std::string(find_field(object, "state")),
                std::string(find_field(object, "pid")),
                uptime_of(object),
                std::string(find_field(object, "restarts")),
                cpu_of(object),
                memory_of(object),
                std::string(find_field(object, "reason"))};
    if (find_field(object, "stale") == "yes") cells[reason] += "; stale";
    for (size_t i = 0; i < reason; ++i)
        if (cells[i].empty()) cells[i] = "-";
    return cells;
}

// The text cut to so many characters, "..." at its end where it was.
std::string_view cut(std::string_view text, size_t width, bool& was_cut) {
    const size_t kept = width > 3 ? width - 3 : 0;
    size_t count = 0;
    size_t end = text.size();  // where `kept` characters end
    for (size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;  // UTF-8, not a first
        if (count == kept) end = i;
        ++count;
    }
    was_cut = count > width;
    return was_cut ? text.substr(0, end) : text;
}

void append_row(std::string& out, const Cells& cells, const std::array<size_t, reason>& widths,
                const Screen& screen) {
    size_t used = 0;
    for (size_t i = 0; i < reason; ++i) {
        const std::string padding(widths[i] - cells[i].size(), ' ');
        if (headings[i].right) out += padding;
        out += i == state ? coloured(cells[i], cells[state], screen) : cells[i];
        if (!headings[i].right) out += padding;
        out += "  ";
        used += widths[i] + 2;
    }
    bool was_cut = false;
    const size_t left = screen.width > used ? screen.width - used : 0;
    out += screen.width == 0 ? cells[reason] : cut(cells[reason], left, was_cut);
    if (was_cut && left >= 3) out += "...";
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
}

}  // namespace

std::string table_of(std::vector<std::string>& objects, const Screen& screen) {
    const auto rank = [&](const std::string& object) {
        return screen.terminal && is_unwell(find_field(object, "state")) ? 0 : 1;
    };
    // Each begins with its name, and its instance.
    const auto before = [&](const std::string& a, const std::string& b) {
        return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
    };
    std::make_heap(objects.begin(), objects.end(), before);
    std::sort_heap(objects.begin(), objects.end(), before);

    std::vector<Cells> rows(1);
    for (size_t i = 0; i < column_count; ++i) rows[0][i] = headings[i].title;
    for (const std::string& object : objects) rows.push_back(cells_of(object));
    std::array<size_t, reason> widths{};
    for (const Cells& cells : rows)
        for (size_t i = 0; i < reason; ++i) widths[i] = std::max(widths[i], cells[i].size());
    std::string out;
    Screen plain = screen;
    plain.colour = false;
    for (size_t i = 0; i < rows.size(); ++i)
        append_row(out, rows[i], widths, i == 0 ? plain : screen);
    return out;
}

std::string details_of(std::string_view object, const Screen& screen) {
    constexpr size_t key_width = 13;
    std::string out;
    std::string_view rest = object;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos || equals + 1 == line.size()) continue;
        std::string_view key = line.substr(0, equals);
        std::string value(line.substr(equals + 1));
        if (key == "state") value = coloured(value, value, screen);
        if (key == "uptime_s") key = "uptime", value = uptime_of(object);
        if (key == "cpu_percent") key = "cpu", value = cpu_of(object);
        if (key == "memory_bytes") key = "memory", value = memory_of(object);
        out += key;
        out.append(key.size() < key_width ? key_width - key.size() : 1, ' ');
        out.append(value).append("\n");
    }
    return out;
}

std::string sentence_of(std::string_view object) {
    Buffer<reason_max_bytes * 2> line;
    append_sentence(line, full_name_of(object), find_field(object, "state"),
                    find_field(object, "reason"));
    return std::string(line.view()) + '\n';
}

std::string outcome_of(std::string_view object) {
    const std::string_view result = find_field(object, "result");
    const std::string_view action = find_field(object, "action");
    const std::string_view current = find_field(object, "state");
    std::string line = full_name_of(object);
    line += ": ";
    if (result == "3") line += "not running: ";
    if (result == "5") line += "not in time: ";
    line += action;
    if (!action.empty() && !current.empty()) line += ", ";
    line += current;
    const std::string_view why = find_field(object, "reason");
    if (result != "0" && !why.empty()) line.append(": ").append(why);
    return line += '\n';
}

void append_size(Sink& out, uint64_t bytes) {
    const char* unit = "KMGT";
    if (bytes < 1024) {
        out << bytes;
        return;
    }
    for (; bytes >= 1024 * 1024 && unit[1] != '\0'; ++unit) bytes /= 1024;
    out << bytes / 1024;
    if (bytes < 10 * 1024) out << '.' << bytes % 1024 * 10 / 1024;
    out << *unit;
}

std::string full_name_of(std::string_view object) {
    std::string full(find_field(object, "name"));
    const std::string_view instance = find_field(object, "instance");
    if (!instance.empty()) full.append("@").append(instance);
    return full;
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = sys::write(fd, text.data(), text.size());
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {  // a terminal may be so
            pollfd poll{fd, POLLOUT, 0};
            sys::poll({&poll, 1}, -1);
            continue;
        }
        if (written <= 0) return;
        text.remove_prefix(static_cast<size_t>(written));
    }
}

void Printer::json_object(std::string_view lines) {
    out_ += begun_ ? ",\n" : "[";
    begun_ = true;
    append_json_object(out_, lines);
}

void Printer::flush() {
    write_all(1, out_);
    out_.clear();
}

void Printer::finish() {
    if (json_) out_ += begun_ ? "]\n" : "[]\n";
    flush();
}

}  // namespace reeve
