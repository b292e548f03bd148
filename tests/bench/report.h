// report: the results, as Markdown for people and as JSON for programs.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "bench/statistics.h"

namespace reeve::bench {

struct Row {
    std::string name;
    Samples samples;  // in the table's unit
};

// What is demanded of reeve. Ratios are to the row "raw", or to the fastest of the rows in `peers`.
struct Goal {
    enum class Of { ratio, quartile_ratio, tail_ratio, value };  // quartile: the third

    Of of = Of::ratio;
    double at_most = 0;
    std::vector<std::string> peers{};
};

struct Table {
    std::string id;     // in the JSON file
    std::string title;  // one line
    std::string unit;
    std::vector<std::string> notes{};  // sentences below the table
    bool tail = false;                 // p99 beside the median
    std::vector<Goal> goals{};
    std::deque<Row> rows{};  // in the order of the first sample; references to them stay valid

    // The row of that name, made where there is none.
    Row& row(const std::string& name);
    void add(const std::string& name, double sample) { row(name).samples.push_back(sample); }
};

class Report {
  public:
    // Something that there is to say about the whole: the machine, for instance.
    void remark(const std::string& line) { remarks_.push_back(line); }
    // Why there is no figure: "dinit is not installed". Told once, and on stderr at once.
    void skip(const std::string& why);
    // Stays valid.
    Table& table(const Table& empty);

    std::string markdown() const;
    std::string json() const;

  private:
    std::vector<std::string> remarks_;
    std::vector<std::string> skipped_;
    std::deque<Table> tables_;
};

}  // namespace reeve::bench
