// logplan: RUNDIR/log/plan, in which reeve tells svlog what to do. Text, pure, replaced as a whole.
//
//   svlog 1 TOTAL                              the format; log_max_total in bytes
//   NAME[@I] MODE MAX_SIZE KEEP TIME           a line for each pipe NAME[@I].fifo beside it
//   MODE  = "file" | "console"                 TIME = "utc" | "local" | "unix" | "none"
#pragma once

#include <optional>
#include <string_view>

#include "base/format.h"
#include "model/definition.h"

namespace reeve {

struct LogPlan {
    std::string_view name;
    Log log = Log::file;  // file or console
    LogTime time = LogTime::utc;
    uint32_t keep = 0;
    uint64_t max_size = 0;
};

void append_plan_head(Sink& out, uint64_t total);
void append_plan(Sink& out, const LogPlan& plan);

// A line without its newline; nothing: it is none of ours.
std::optional<uint64_t> parse_plan_head(std::string_view line);
std::optional<LogPlan> parse_plan(std::string_view line);

}  // namespace reeve
