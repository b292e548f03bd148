// digest: FNV-1a, 64 bits. For change detection of definitions and checksums of records; not for
// hash tables, and no defence against who means harm.
#pragma once

#include <cstdint>
#include <string_view>

namespace reeve {

constexpr uint64_t digest_start = 14695981039346656037ull;

// Goes on from `seed`, the digest of what comes before.
inline uint64_t digest(std::string_view bytes, uint64_t seed = digest_start) {
    for (const char c : bytes) {
        seed ^= static_cast<unsigned char>(c);
        seed *= 1099511628211ull;
    }
    return seed;
}

}  // namespace reeve
