// How the values of keys are put into a definition, printed from it, and digested.

#include "base/digest.h"
#include "base/escape.h"
#include "base/limits.h"
#include "base/parse.h"
#include "conf/schema.h"

namespace reeve {

namespace {

// %n and %% in `value`, written to `out`.
bool expand(std::string_view value, std::string_view service, Sink& out, Sink& problem) {
    for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '%') {
            out << value[i];
            continue;
        }
        const std::string_view code = value.substr(i++, 2);
        if (code == "%n") {
            out << service;
        } else if (code == "%%") {
            out << '%';
        } else if (code == "%i") {
            problem << "'%i' has no meaning here: the service has no instances";
            return false;
        } else {
            problem << '\'';
            append_shown(problem, code);
            problem << "' is not known; write %% for a percent sign";
            return false;
        }
    }
    return true;
}

// With % doubled, as set_value halves it.
void append_doubled(Sink& out, std::string_view text) {
    for (const char c : text) {
        if (c == '%') out << '%';
        out << c;
    }
}

}  // namespace

bool set_value(const Key& key, std::string_view value, Origin origin, Draft& draft, Sink& problem) {
    value = trim(value);
    if (value.empty()) {
        append(problem, key.name, ": the value is missing");
        return false;
    }
    // The owner is ours to change; `place` only looks.
    const void* owner = owner_of(key, draft.values());
    void* place = owner == nullptr ? nullptr : const_cast<void*>(key.place(owner));
    const std::string_view service = draft.definition->name;
    Buffer<256> reason;
    LongText expanded;
    std::string_view meant = value;
    bool good = true;
    if (key.kind != &kind::shell_line && value.find('%') != value.npos) {
        good = expand(value, service, expanded, reason);
        meant = expanded;
    }
    size_t column = 0;
    if (good && key.kind->read({key, meant, place, service, origin, reason, column})) return true;
    problem << key.name;
    if (key.kind->is_shown) {
        problem << " = ";
        append_shown(problem, value);
    }
    problem << ": ";
    // What is shown is the value as it was written.
    if (meant.data() == value.data()) append_column(problem, column);
    problem << reason.view();
    if (value.find(" #") != value.npos) problem << " (a comment is a line of its own)";
    return false;
}

void append_value(Sink& out, const Key& key, const Values& values) {
    const void* owner = owner_of(key, values);
    const size_t start = out.size();
    key.kind->print(out, key, owner == nullptr ? nullptr : key.place(owner));
    if (key.kind == &kind::shell_line || out.view().find('%', start) == std::string_view::npos)
        return;
    const LongText text = out.view().substr(start);
    out.cut(start);
    append_doubled(out, text);
}

Digests digests_of(const Values& values) {
    Digests digests;
    LongText value;
    LongText line;
    for (const Key& key : service_keys) {
        value.clear();
        append_value(value, key, values);
        if (value.view() == key.default_text) continue;
        line.clear();
        append(line, key.name, '=', value, '\n');
        digests.all = digest(line, digests.all);
        if (key.applies == Applies::next_start) digests.process = digest(line, digests.process);
        if (key.owner == Owner::policy) digests.policy = digest(line, digests.policy);
        if (key.owner == Owner::timing) digests.timing = digest(line, digests.timing);
        if (key.owner == Owner::health) digests.health = digest(line, digests.health);
    }
    return digests;
}

Digests seal(const Draft& draft) {
    const Digests digests = digests_of(draft.values());
    draft.definition->digest = digests.all;
    draft.definition->process_digest = digests.process;
    if (digests.timing != digest_start)
        draft.definition->timing = Ref<const Timing>(draft.timing.get());
    if (digests.health != digest_start)
        draft.definition->health = Ref<const HealthRules>(draft.health.get());
    return digests;
}

}  // namespace reeve
