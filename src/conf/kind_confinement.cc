// The kinds of what confines a process: model/confinement has their words.

#include "base/limits.h"
#include "base/parse.h"
#include "base/spelling.h"
#include "conf/kind.h"
#include "model/confinement.h"

namespace reeve {

namespace {

// "'net_bind' is no capability of Linux's (did you mean net_bind_service?)"
bool wrong_capability(const Input& in, std::string_view word) {
    Nearest nearest(word.substr(word.starts_with("CAP_") || word.starts_with("cap_") ? 4 : 0));
    std::string_view names = capability_names;
    for (auto name = take_word(names); !name.empty(); name = take_word(names)) nearest.offer(name);
    in.wrong_word(word, "is no capability of Linux's, such as net_bind_service");
    if (!nearest.found().empty()) append(in.problem, " (did you mean ", nearest.found(), "?)");
    return false;
}

bool read_capabilities(const Input& in) {
    uint64_t set = 0;
    std::string_view rest = in.value == "-" ? "" : in.value;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const auto number = parse_capability(word);
        if (!number) return wrong_capability(in, word);
        set |= uint64_t{1} << *number;
    }
    return in.store(std::optional(set));
}

bool read_io_priority(const Input& in) {
    const auto priority = parse_io_priority(in.value);
    if (!priority)
        return in.wrong("expected realtime or best-effort, either with :0 to :7, idle or none");
    return in.store(priority);
}

bool read_scheduler(const Input& in) {
    const auto scheduler = parse_scheduler(in.value);
    if (!scheduler)
        return in.wrong("expected other, batch, idle, or fifo:N or rr:N, N from 1 to 99");
    return in.store(scheduler);
}

// Is it one that the kernel has in each group, and that it takes for no group's name?
bool is_kernels(std::string_view name) { return name.starts_with("cgroup."); }

// Its words stay below the length of a record.
bool read_cgroup(const Input& in) {
    if (in.value == "no") return in.store(Text());
    std::string_view rest = in.value;
    if (rest.size() > cgroup_path_max_bytes) return in.wrong("longer than 255 bytes");
    if (rest.starts_with('/')) rest.remove_prefix(1);
    for (bool more = true; more;) {
        const size_t slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        more = slash != rest.npos;
        if (part.empty() || part == "." || part == ".." || is_kernels(part))
            return in.wrong_at(part, "expected yes, no, or the path of a group, without an empty "
                                     "part, . or .., or one that begins with cgroup.");
        if (more) rest.remove_prefix(slash + 1);
    }
    return in.store(Text(in.value));
}
static_assert(cgroup_path_max_bytes == 255);  // in words

// Those by which reeve itself, or the service, puts processes into groups, ends and freezes them.
bool is_reeves(std::string_view file) {
    return is_kernels(file) && !file.starts_with("cgroup.max.") && file != "cgroup.pressure";
}

bool read_cgroup_set(const Input& in) {
    std::string_view value = in.value;
    const std::string_view file = take_word(value);
    const size_t dot = file.find('.');
    if (dot == 0 || dot == file.npos || file.find('/') != file.npos)
        return in.wrong_word(file, "is no file of a control group, such as memory.max or cpu.max");
    if (is_reeves(file)) return in.wrong_word(file, "is not to be written but by reeve");
    value = trim(value);
    if (value.empty()) return in.wrong("expected FILE VALUE, such as memory.max 200M");
    if (in.value.size() > cgroup_path_max_bytes) return in.wrong("longer than 255 bytes");
    // The later value of a file is the one that counts: its own, behind one that all services have.
    Words words;
    for (std::string_view word : *static_cast<const Words*>(in.place))
        if (std::string_view rest = word; take_word(rest) != file) words.append(word);
    Buffer<cgroup_path_max_bytes + 1> line;
    append(line, file, ' ', value);
    words.append(line.view());
    return in.store(std::move(words));
}

template <typename T, void (*append_words)(Sink&, T)>
void print_if_set(Sink& out, const Key&, const void* place) {
    if (const auto& value = *static_cast<const std::optional<T>*>(place)) append_words(out, *value);
}

void append_set(Sink& out, uint64_t set) {
    append_capabilities(out, set);
    if (set == 0) out << '-';
}

}  // namespace

namespace kind {

constinit const KindOf<std::optional<uint64_t>> capabilities{
    {"names|-", read_capabilities, print_if_set<uint64_t, append_set>}};
constinit const KindOf<std::optional<uint16_t>> io_priority{
    {"class[:level]", read_io_priority, print_if_set<uint16_t, append_io_priority>}};
constinit const KindOf<std::optional<uint16_t>> scheduler{
    {"policy[:priority]", read_scheduler, print_if_set<uint16_t, append_scheduler>}};
constinit const KindOf<Text> cgroup{{"yes|no|path", read_cgroup, print_text, false, true, true}};
constinit const KindOf<Words> cgroup_set{{"FILE VALUE", read_cgroup_set, print_lines}};

}  // namespace kind

}  // namespace reeve
