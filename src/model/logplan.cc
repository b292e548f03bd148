#include "model/logplan.h"

#include "base/limits.h"
#include "base/parse.h"

namespace reeve {

namespace {

constexpr std::string_view head = "svlog 1 ";
constexpr std::string_view time_words[] = {"utc", "local", "unix", "none"};

}  // namespace

void append_plan_head(Sink& out, uint64_t total) { append(out, head, total, '\n'); }

void append_plan(Sink& out, const LogPlan& plan) {
    append(out, plan.name, plan.log == Log::console ? " console " : " file ", plan.max_size, ' ',
           plan.keep, ' ', time_words[static_cast<size_t>(plan.time)], '\n');
}

std::optional<uint64_t> parse_plan_head(std::string_view line) {
    if (!line.starts_with(head)) return std::nullopt;
    return parse_unsigned(line.substr(head.size()), UINT64_MAX);
}

// The name becomes part of a path.
std::optional<LogPlan> parse_plan(std::string_view line) {
    LogPlan plan;
    plan.name = take_word(line);
    const std::string_view log = take_word(line);
    const auto size = parse_unsigned(take_word(line), UINT64_MAX);
    const auto keep = parse_unsigned(take_word(line), log_keep_max_count);
    const std::string_view time = take_word(line);
    const bool fits = !plan.name.empty() && plan.name.size() <= 2 * name_max_bytes + 1 &&
                      plan.name[0] != '.' && plan.name.find('/') == std::string_view::npos;
    if (!fits || (log != "file" && log != "console") || !size || *size == 0 || !keep)
        return std::nullopt;
    if (log == "console") plan.log = Log::console;
    plan.max_size = *size;
    plan.keep = static_cast<uint32_t>(*keep);
    for (size_t i = 0; i < std::size(time_words); ++i) {
        if (time != time_words[i]) continue;
        plan.time = static_cast<LogTime>(i);
        return plan;
    }
    return std::nullopt;
}

}  // namespace reeve
