#include "conf/doubts.h"

#include <algorithm>

#include "base/digest.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/sort.h"
#include "conf/problems.h"
#include "model/listen.h"
#include "model/schedule.h"

namespace reeve {

namespace {

// How long it is from one start to the next, at most.
Duration gap_of(const Timing& timing) {
    Duration gap = timing.every.ms > 0 ? timing.every : milliseconds(INT64_MAX);
    auto start = next_activation(timing, clock_set_from_s);
    for (size_t i = 0; start && i < gaps_looked_at_count; ++i) {
        const auto next = next_activation(timing, start->time_s);
        if (next) gap = std::min(gap, seconds(next->time_s - start->time_s));
        start = next;
    }
    return gap;
}

// Has it starts of cron and dates, of which its window lets none through?
bool is_shut(const Timing& timing) {
    if (!timing.has_window() || next_activation(timing, clock_set_from_s)) return false;
    Timing always = timing;
    always.start_s = always.stop_s = std::nullopt;
    always.week_days = all_week_days;
    return next_activation(always, clock_set_from_s).has_value();
}

}  // namespace

void warn_of_doubts(const Loaded& loaded, const int* lines, List<Problem>& warnings) {
    if (!loaded.definition || loaded.definition->policy->type == Type::fake) return;
    const Timing* timing = loaded.definition->timing.get();
    const HealthRules* health = loaded.definition->health.get();
    const auto line_of = [&](const char* key) {
        return lines[find_key(service_keys, key) - service_keys.data()];
    };
    Buffer<256> text;
    const auto warn = [&](int line) {
        warnings.push_back({loaded.file.text(), line, text.view()});
        text.clear();
    };
    const auto warn_unused = [&](std::initializer_list<const char*> keys, const char* needed) {
        for (const char* key : keys) {
            if (line_of(key) == 0) continue;
            append(text, key, " means nothing without ", needed, ": set one, or drop it");
            warn(line_of(key));
        }
    };
    if (health != nullptr && health->check.empty())
        warn_unused({"check_interval", "check_timeout", "check_retries", "check_action"}, "check");
    if (health != nullptr && health->max_memory == 0 && health->max_cpu == 0)
        warn_unused({"max_for", "limit_action"}, "max_memory or max_cpu");
    if (timing == nullptr) return;
    if (!timing->has_schedule())
        return warn_unused({"overlap", "catch_up", "jitter"}, "cron, every or at");
    const Duration gap = timing->jitter.ms > 0 ? gap_of(*timing) : milliseconds(INT64_MAX);
    if (timing->jitter >= gap) {
        text << "jitter (";
        append_span(text, timing->jitter);
        text << ") is not below the time between two starts (";
        append_span(text, gap);
        text << "): some are lost; make it shorter";
        warn(line_of("jitter"));
    }
    if (is_shut(*timing)) {
        text << "no start of cron or at is in the window of start_time, stop_time and week_days, "
                "so none is run: change one of them";
        warn(std::max({line_of("start_time"), line_of("stop_time"), line_of("week_days")}));
    }
}

void refuse_taken_descriptor(const Policy& policy, int line, Problems& problems) {
    const int fd = policy.ready.fd;
    const int end = first_listen_fd + static_cast<int>(policy.listen.count());
    if (policy.ready.kind != ReadyKind::fd || fd < first_listen_fd || fd >= end) return;
    append(problems.add(line), "ready = fd:", fd,
           ": the sockets of listen begin at 3; take fd:", end, " or a later one");
}

// Two services that are up at the same time cannot both have a socket at one address.
void warn_of_shared_sockets(Catalog& catalog) {
    struct Named {
        uint64_t where;  // a digest
        const Loaded* loaded;
        std::string_view value;
    };
    List<Named> all;
    for (const Loaded& loaded : catalog.services) {
        if (!loaded.definition || loaded.definition->policy->type == Type::fake) continue;
        for (const std::string_view value : loaded.definition->policy->listen) {
            all.push_back({digest(listen_of(value).where()), &loaded, value});
        }
    }
    sort(std::span(all.data(), all.size()), [](const Named& a, const Named& b) {
        return a.where != b.where ? a.where < b.where : a.loaded < b.loaded;
    });
    const Named* one = nullptr;
    for (const Named& other : all) {
        if (one != nullptr && one->where == other.where &&
            !(one->loaded->name == other.loaded->name))
            catalog.warnings.push_back(
                {other.loaded->file.text(), 0,
                 Text::join("listen = ", other.value, ": ", one->loaded->name,
                            " has the same, and only one of them can run")});
        one = &other;
    }
}

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

void refuse_lone_values(const Policy& policy, const Key* key, const int* lines,
                        Problems& problems) {
    const auto line_of = [&](const Key* each) { return lines[each - service_keys.data()]; };
    if (key != nullptr && policy.instances.empty())
        problems.add(line_of(key))
            << key->name << ": '%i' has no meaning here: the service has no instances";
    if (!policy.cgroup_set.empty() && policy.cgroup.empty())
        problems.add(line_of(find_key(service_keys, "cgroup_set")))
            << "cgroup_set: only what has cgroup = yes, or a path, has files to write to";
}

void refuse_crowd(Catalog& catalog) {
    size_t count = 0;
    for (Loaded& loaded : catalog.services) {
        ++count;
        if (!loaded.definition || loaded.definition->policy->instances.empty()) continue;
        const size_t more = loaded.definition->policy->instances.count() - 1;
        count += more;
        if (count <= services_max_count) continue;
        count -= more;
        Problems(loaded.problems, loaded.file).add(0)
            << "instances: with these there are more than " << uint64_t{services_max_count}
            << " services";
        loaded.definition = {};
    }
}

void refuse_equal_dates(Catalog& catalog) {
    const auto date_of = [](const Loaded& loaded) {
        const bool counts = loaded.definition && loaded.definition->timing &&
                            loaded.definition->policy->type != Type::fake;
        return counts ? force_begins(*loaded.definition->timing) : std::nullopt;
    };
    for (size_t i = 0; i < catalog.services.size(); ++i) {
        Loaded& one = catalog.services[i];
        const auto date = date_of(one);
        if (!date) continue;
        bool is_alone = true;
        for (size_t j = i + 1; j < catalog.services.size(); ++j) {
            Loaded& other = catalog.services[j];
            if (!(other.name == one.name)) break;
            if (date_of(other) != date) continue;
            const auto refuse = [](Loaded& refused, const FilePath& rival) {
                refused.problems.push_back(
                    {refused.file.text(), 0,
                     Text::join("apply_on: ", rival.text(), " has the same date")});
            };
            refuse(other, one.file);
            if (is_alone) refuse(one, other.file);
            other.definition = {};
            is_alone = false;
        }
        if (!is_alone) one.definition = {};
    }
}

}  // namespace reeve
