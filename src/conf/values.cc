// How the values of keys are put into a definition, printed from it, and digested.

#include "base/digest.h"
#include "base/escape.h"
#include "base/limits.h"
#include "base/parse.h"
#include "conf/schema.h"
#include "model/instances.h"

namespace reeve {

namespace {

// %n, %i and %% in `value`, written to `out`.
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
            out << instance_mark;
        } else {
            problem << '\'';
            append_shown(problem, code);
            problem << "' is not known; write %% for a percent sign";
            return false;
        }
    }
    return true;
}

// As set_value takes it: with % doubled, and %i for what stands for the instance.
void append_unexpanded(Sink& out, std::string_view text, bool names_instance) {
    for (const char c : text) {
        if (c == '%' || (c == instance_mark && names_instance)) out << '%';
        out << (c == instance_mark && names_instance ? 'i' : c);
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
    bool names_instance = false;
    if (key.kind != &kind::shell_line && value.find('%') != value.npos) {
        good = expand(value, service, expanded, reason);
        meant = expanded;
        names_instance = good && meant.find(instance_mark) != meant.npos;
        if (names_instance && (!key.kind->may_name_instance || origin == Origin::shared)) {
            reason << "'%i' has no meaning here: it is the same for all instances";
            good = false;
        }
    }
    size_t column = 0;
    if (good && key.kind->read({key, meant, place, service, origin, reason, column})) {
        if (names_instance) draft.definition->names_instance = true;
        return true;
    }
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
    const bool names_instance = values.definition->names_instance;
    if (key.kind == &kind::shell_line ||
        (out.view().find('%', start) == std::string_view::npos && !names_instance))
        return;
    const LongText text = out.view().substr(start);
    out.cut(start);
    append_unexpanded(out, text, names_instance);
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
