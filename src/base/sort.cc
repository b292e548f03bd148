#include "base/sort.h"

#include <utility>

namespace reeve {

void sort_items(const Items& items) {
    const auto at = [&](size_t n) {
        return static_cast<char*>(items.first) + n * items.item_bytes;
    };
    const auto before = [&](size_t a, size_t b) {
        return items.before(at(a), at(b), items.context);
    };
    const auto swap = [&](size_t a, size_t b) {
        for (size_t i = 0; i < items.item_bytes; ++i) std::swap(at(a)[i], at(b)[i]);
    };
    size_t sorted = 1;
    while (sorted < items.count && !before(sorted, sorted - 1)) ++sorted;
    if (sorted >= items.count) return;
    // First each item is made a parent that no child comes after; then the first, which is the
    // last in order, goes to the end of what is left, again and again.
    size_t root = items.count / 2;
    for (size_t end = items.count; end > 1;) {
        if (root > 0) {
            --root;
        } else {
            --end;
            swap(0, end);
        }
        size_t parent = root;
        for (size_t child = 2 * parent + 1; child < end; child = 2 * parent + 1) {
            if (child + 1 < end && before(child, child + 1)) ++child;
            if (!before(parent, child)) break;
            swap(parent, child);
            parent = child;
        }
    }
}

}  // namespace reeve
