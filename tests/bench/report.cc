#include "bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace reeve::bench {

namespace {

constexpr double tail = 0.99;
constexpr double third_quartile = 0.75;

// Three figures that count, and no more than the sample has.
std::string number(double value) {
    const double size = std::fabs(value);
    const int digits = size >= 99.95 || value == std::floor(value) ? 0 : size >= 9.995 ? 1 : 2;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

const Row* find(const Table& table, const std::string& name) {
    for (const Row& row : table.rows)
        if (row.name == name && !row.samples.empty()) return &row;
    return nullptr;
}

std::optional<double> ratio(const Row& row, const Row* base, double part) {
    const double below = base == nullptr ? 0 : quantile(base->samples, part);
    if (below <= 0) return std::nullopt;
    return quantile(row.samples, part) / below;
}

// What a goal's ratio is to: the raw loop, or the fastest of the peers that are here.
const Row* base_of(const Table& table, const Goal& goal) {
    if (goal.peers.empty()) return find(table, "raw");
    const Row* best = nullptr;
    for (const std::string& name : goal.peers) {
        const Row* row = find(table, name);
        if (row != nullptr && (best == nullptr || median(row->samples) < median(best->samples)))
            best = row;
    }
    return best;
}

struct Verdict {
    std::string goal;     // "at most 1.3 x raw"
    std::string outcome;  // "missed by 12 %"
    double value = 0;
    bool met = false;
};

std::optional<Verdict> judge(const Table& table, const Goal& goal) {
    const Row* ours = find(table, "reeve");
    if (ours == nullptr) return std::nullopt;
    const bool is_value = goal.of == Goal::Of::value;
    const double part = goal.of == Goal::Of::tail_ratio       ? tail
                        : goal.of == Goal::Of::quartile_ratio ? third_quartile
                                                              : 0.5;
    const Row* base = base_of(table, goal);
    const std::optional<double> value =
        is_value ? std::optional(median(ours->samples)) : ratio(*ours, base, part);
    if (!value) return std::nullopt;
    Verdict verdict;
    verdict.value = *value;
    verdict.met = *value <= goal.at_most;
    const char* of = part == tail ? "p99 " : part == third_quartile ? "third quartile " : "";
    verdict.goal = std::string(of) + "at most " + number(goal.at_most);
    if (!is_value) verdict.goal += " x " + base->name;
    if (is_value && table.unit != "count") verdict.goal += " " + table.unit;
    verdict.outcome = verdict.met ? "met" : "missed";
    if (!verdict.met && goal.at_most > 0)
        verdict.outcome += " by " + number((*value / goal.at_most - 1) * 100) + " %";
    return verdict;
}

std::string cell(const std::optional<double>& value) { return value ? number(*value) : "-"; }

std::string spread(const Row& row) {
    if (row.samples.size() < 2) return "-";
    return number(quantile(row.samples, 0.25)) + " .. " + number(quantile(row.samples, 0.75));
}

std::string markdown_row(const Table& table, const Row& row, const Row* raw) {
    std::string line = "| " + row.name + " | " + number(median(row.samples)) + " | " + spread(row);
    if (table.tail) line += " | " + number(quantile(row.samples, tail));
    line += " | " + std::to_string(row.samples.size());
    if (raw != nullptr) line += " | " + cell(ratio(row, raw, 0.5));
    if (raw != nullptr && table.tail) line += " | " + cell(ratio(row, raw, tail));
    return line + " |\n";
}

std::string markdown_table(const Table& table) {
    const Row* raw = find(table, "raw");
    std::string head = "| " + table.unit + " | median | quartiles";
    if (table.tail) head += " | p99";
    head += " | n";
    if (raw != nullptr) head += " | x raw";
    if (raw != nullptr && table.tail) head += " | p99 x raw";
    head += " |\n";
    std::string rule = "|---";
    for (size_t i = 1; i + 2 < static_cast<size_t>(std::count(head.begin(), head.end(), '|')) + 1;
         ++i)
        rule += "|--:";
    std::string text = "### " + table.title + "\n\n" + head + rule + "|\n";
    for (const Row& row : table.rows)
        if (!row.samples.empty()) text += markdown_row(table, row, raw);
    text += '\n';
    for (const std::string& note : table.notes) text += "- " + note + "\n";
    return text + "\n";
}

std::string summary(const std::deque<Table>& tables) {
    std::string text = "### Goals\n\n| measure | goal | reeve |  |\n|---|---|--:|---|\n";
    for (const Table& table : tables)
        for (const Goal& goal : table.goals)
            if (const auto verdict = judge(table, goal))
                text += "| " + table.title + " | " + verdict->goal + " | " +
                        number(verdict->value) + " | " + verdict->outcome + " |\n";
    return text + "\n";
}

// Our own strings: printable, and only what stands before a quote needs care.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result + "\"";
}

template <typename List, typename F>
std::string list(const List& values, F print) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + print(value);
    return "[" + text + "]";
}

std::string exact(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string json_row(const Row& row, const Row* raw) {
    const std::optional<double> times = ratio(row, raw, 0.5);
    return "\n    {\"name\": " + quoted(row.name) + ", \"median\": " + exact(median(row.samples)) +
           ", \"q1\": " + exact(quantile(row.samples, 0.25)) +
           ", \"q3\": " + exact(quantile(row.samples, 0.75)) +
           ", \"p99\": " + exact(quantile(row.samples, tail)) +
           ", \"raw_ratio\": " + (times ? exact(*times) : "null") +
           ", \"samples\": " + list(row.samples, exact) + "}";
}

std::string json_table(const Table& table) {
    std::vector<Row> rows(table.rows.begin(), table.rows.end());
    std::erase_if(rows, [](const Row& row) { return row.samples.empty(); });
    std::vector<Verdict> verdicts;
    for (const Goal& goal : table.goals)
        if (const auto verdict = judge(table, goal)) verdicts.push_back(*verdict);
    const auto print_row = [&](const Row& row) { return json_row(row, find(table, "raw")); };
    const auto print_verdict = [](const Verdict& verdict) {
        return "{\"goal\": " + quoted(verdict.goal) + ", \"value\": " + exact(verdict.value) +
               ", \"met\": " + (verdict.met ? "true" : "false") + "}";
    };
    return "\n  {\"id\": " + quoted(table.id) + ", \"title\": " + quoted(table.title) +
           ", \"unit\": " + quoted(table.unit) +
           ",\n   \"goals\": " + list(verdicts, print_verdict) +
           ",\n   \"rows\": " + list(rows, print_row) + "}";
}

}  // namespace

Row& Table::row(const std::string& name) {
    for (Row& row : rows)
        if (row.name == name) return row;
    return rows.emplace_back(Row{name, {}});
}

void Report::skip(const std::string& why) {
    if (std::find(skipped_.begin(), skipped_.end(), why) != skipped_.end()) return;
    skipped_.push_back(why);
    std::fprintf(stderr, "skipped: %s\n", why.c_str());
}

Table& Report::table(const Table& empty) { return tables_.emplace_back(empty); }

std::string Report::markdown() const {
    std::string text;
    for (const std::string& line : remarks_) text += line + "\n";
    text += '\n';
    for (const Table& table : tables_)
        if (!table.rows.empty()) text += markdown_table(table);
    text += summary(tables_);
    for (const std::string& why : skipped_) text += "skipped: " + why + "\n";
    return text;
}

std::string Report::json() const {
    return "{\"remarks\": " + list(remarks_, quoted) +
           ",\n \"skipped\": " + list(skipped_, quoted) +
           ",\n \"tables\": " + list(tables_, json_table) + "}\n";
}

}  // namespace reeve::bench
