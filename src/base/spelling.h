// spelling: names of services, keys and commands as people write and read them: which one was
// meant, and which comes first.
#pragma once

#include <cstddef>
#include <string_view>

namespace reeve {

// Levenshtein distance, for "did you mean"; bounded by the lengths of names and keys (64). Two
// neighbours exchanged are one step; capitals, and - where _ is meant, cost nothing.
size_t edit_distance(std::string_view a, std::string_view b);

// Of "foreign ours foreign ours ...", what follows `word`, by edit_distance the same; empty: it is
// not there.
std::string_view translate(std::string_view pairs, std::string_view word);

// Of the names offered the one that a misspelt one was most likely meant to be; of "/etc/reeve/web"
// and "web.service" that is web.
class Nearest {
  public:
    explicit Nearest(std::string_view wrong);
    void offer(std::string_view candidate);
    std::string_view found() const { return best_; }  // empty: none is near

  private:
    std::string_view wrong_;
    std::string_view best_;
    size_t distance_;  // of the best; before there is one, just beyond what is near
};

// Less than, of names: digits count as the number they are, so that v2 comes before v10.
bool is_before(std::string_view a, std::string_view b);

}  // namespace reeve
