#include "model/instances.h"

#include "base/format.h"

namespace reeve {

namespace {

using Number = Buffer<24>;

void fill_in(Text& text, std::string_view instance) {
    const std::string_view before = text;
    if (before.find(instance_mark) == before.npos) return;
    LongText filled;
    for (const char each : before) {
        if (each == instance_mark)
            filled << instance;
        else
            filled << each;
    }
    text = filled.view();
}

void fill_in(Words& words, std::string_view instance) {
    Words filled;
    for (const std::string_view word : words) {
        Text text = word;
        fill_in(text, instance);
        filled.append(text);
    }
    words = std::move(filled);
}

bool has_mark(const Text& text) {
    return text.view().find(instance_mark) != std::string_view::npos;
}

}  // namespace

Words numbered_instances(size_t count) {
    Words words;
    for (size_t i = 1; i <= count; ++i) {
        Number number;
        number << uint64_t{i};
        words.append(number.view());
    }
    return words;
}

bool are_numbered(const Words& instances) {
    uint64_t next = 1;
    for (const std::string_view word : instances) {
        Number number;
        number << next++;
        if (word != number.view()) return false;
    }
    return true;
}

Ref<const Definition> definition_of(const Ref<const Definition>& common,
                                    std::string_view instance) {
    if (!common || !common->names_instance) return common;
    const Ref<Definition> own = copy_of(*common);
    for (Text* text : {&own->description, &own->workdir}) fill_in(*text, instance);
    for (Words* words :
         {&own->exec, &own->env, &own->env_file, &own->groups, &own->depends_on, &own->after})
        fill_in(*words, instance);
    own->names_instance = false;
    const Policy& policy = *own->policy;
    if (!has_mark(policy.user) && !has_mark(policy.chroot) && !has_mark(policy.input) &&
        !has_mark(policy.tty) && !has_mark(policy.cgroup))
        return Ref<const Definition>(own.get());
    const Ref<Policy> filled = copy_of(policy);
    for (Text* text :
         {&filled->user, &filled->chroot, &filled->input, &filled->tty, &filled->cgroup})
        fill_in(*text, instance);
    own->policy = Ref<const Policy>(filled.get());
    return Ref<const Definition>(own.get());
}

}  // namespace reeve
