// The kinds of what confines a process: model/confinement has their words.

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

}  // namespace kind

}  // namespace reeve
