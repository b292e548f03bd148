#include "bench/statistics.h"

#include <algorithm>
#include <cmath>

namespace reeve::bench {

double quantile(Samples samples, double part) {
    if (samples.empty()) return 0;
    std::sort(samples.begin(), samples.end());
    const double place = part * static_cast<double>(samples.size() - 1);
    const size_t below = static_cast<size_t>(std::floor(place));
    const size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] + (place - std::floor(place)) * (samples[above] - samples[below]);
}

}  // namespace reeve::bench
