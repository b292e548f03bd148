// statistics: what a handful of samples says.
#pragma once

#include <vector>

namespace reeve::bench {

using Samples = std::vector<double>;

// The value that the given part (0 to 1) of the samples does not exceed, interpolated between two
// neighbours. Zero where there is none.
double quantile(Samples samples, double part);

inline double median(const Samples& samples) { return quantile(samples, 0.5); }

}  // namespace reeve::bench
