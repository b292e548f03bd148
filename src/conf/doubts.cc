#include "conf/doubts.h"

#include "base/format.h"

namespace reeve {

// A shutdown does not wait for what it has no time for. One line for all of them: it may be
// reeve.conf that sets it for each.
void warn_of_short_shutdown(Catalog& catalog) {
    constexpr size_t named_max_count = 8;
    const Duration total = catalog.settings.stop_timeout_total;
    Buffer<512> text;
    const Loaded* first = nullptr;
    size_t count = 0;
    for (const Loaded& loaded : catalog.services) {
        if (!loaded.definition || loaded.definition->policy->type == Type::fake) continue;
        const Duration timeout = loaded.definition->policy->stop_timeout;
        if (total.ms == 0 || timeout <= total) continue;
        if (++count == 1) {
            first = &loaded;
            text << "stop_timeout (";
            append_span(text, timeout);
            text << ") is longer than stop_timeout_total (";
            append_span(text, total);
            text << "), at whose end a shutdown kills what is left: raise that in reeve.conf";
        } else if (count <= named_max_count) {
            append(text, count == 2 ? "; so is that of " : ", ", loaded.name);
        }
    }
    if (count == 0) return;
    if (count > named_max_count)
        append(text, " and ", static_cast<uint64_t>(count - named_max_count), " more");
    catalog.warnings.push_back({first->file.text(), 0, text.view()});
}

}  // namespace reeve
