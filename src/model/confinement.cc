#include "model/confinement.h"

#include "base/parse.h"

namespace reeve {

namespace {

constexpr char io_classes[] = "none realtime best-effort idle";
constexpr unsigned io_level_default = 4;  // ionice(1)
constexpr unsigned io_level_max = 7;

constexpr char schedulers[] = "other fifo rr batch - idle";
constexpr unsigned priority_max = 99;

// The place of a word among others.
std::optional<unsigned> place_of(std::string_view word, std::string_view words) {
    unsigned place = 0;
    for (auto each = take_word(words); !each.empty(); each = take_word(words), ++place)
        if (each == word && each != "-") return place;
    return std::nullopt;
}

std::string_view word_at_place(std::string_view words, unsigned place) {
    while (place-- > 0) take_word(words);
    return take_word(words);
}

// What stands behind the colon; `otherwise` where there is none.
std::optional<unsigned> number_behind(std::string_view text, unsigned most,
                                      std::optional<unsigned> otherwise) {
    const size_t colon = text.find(':');
    if (colon == text.npos) return otherwise;
    const auto number = parse_unsigned(text.substr(colon + 1), most);
    return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

}  // namespace

// linux/capability.h
const char capability_names[] =
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable "
    "net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio "
    "sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time "
    "sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog "
    "wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore";

std::optional<unsigned> parse_capability(std::string_view word) {
    Buffer<32> name;
    for (const char c : word) name << (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    std::string_view lower = name.view();
    if (lower.starts_with("cap_")) lower.remove_prefix(4);
    if (name.truncated()) return std::nullopt;
    return place_of(lower, capability_names);
}

void append_capabilities(Sink& out, uint64_t set) {
    const char* separator = "";
    std::string_view names = capability_names;
    for (auto name = take_word(names); !name.empty(); name = take_word(names), set >>= 1) {
        if ((set & 1) == 0) continue;
        append(out, separator, name);
        separator = " ";
    }
}

// Only these two have levels.
std::optional<uint16_t> parse_io_priority(std::string_view text) {
    const auto io_class = place_of(text.substr(0, text.find(':')), io_classes);
    const bool has_level = io_class && (*io_class == 1 || *io_class == 2);
    const auto level =
        number_behind(text, io_level_max, has_level ? std::optional(io_level_default) : 0u);
    if (!io_class || !level || (!has_level && text.find(':') != text.npos)) return std::nullopt;
    return static_cast<uint16_t>(*io_class << io_class_shift | *level);
}

void append_io_priority(Sink& out, uint16_t priority) {
    const unsigned io_class = static_cast<unsigned>(priority) >> io_class_shift;
    out << word_at_place(io_classes, io_class);
    if (io_class == 1 || io_class == 2) append(out, ':', static_cast<int>(priority & io_level_max));
}

// Those of real time have a priority.
std::optional<uint16_t> parse_scheduler(std::string_view text) {
    const auto policy = place_of(text.substr(0, text.find(':')), schedulers);
    const bool has_priority = policy && (*policy == 1 || *policy == 2);
    const auto priority =
        number_behind(text, priority_max, has_priority ? std::nullopt : std::optional(0u));
    if (!policy || !priority || has_priority != (text.find(':') != text.npos)) return std::nullopt;
    if (has_priority && *priority == 0) return std::nullopt;
    return static_cast<uint16_t>(*policy << 8 | *priority);
}

void append_scheduler(Sink& out, uint16_t scheduler) {
    out << word_at_place(schedulers, static_cast<unsigned>(scheduler) >> 8);
    if (const int priority = scheduler & 255; priority > 0) append(out, ':', priority);
}

}  // namespace reeve
