#include "conf/schema.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/spelling.h"

namespace reeve {

const Key* find_key(std::span<const Key> keys, std::string_view name) {
    for (const Key& key : keys)
        if (key.name == name) return &key;
    return nullptr;
}

// As others call it (systemd, supervisord, dinit, compose), in small letters, where no key of ours
// is near.
constexpr std::string_view foreign_keys =
    "group user "
    "execstart exec execstartpre pre_start execstartpost post_start execstop stop_command "
    "execstoppost post_stop "
    "execreload reload_command workingdirectory workdir environmentfile env_file environment env "
    "requires depends_on wants depends_on needs depends_on need depends_on dependencies "
    "depends_on killsignal stop_signal timeoutstopsec stop_timeout restartsec restart_delay "
    "limitnofile limit standardoutput log standardinput stdin directory workdir autostart enabled "
    "startretries retries retry retries stopwaitsecs stop_timeout stdout_logfile log logfile log "
    "output log stdout log stderr log waits_for after before after cwd workdir chdir workdir dir "
    "workdir cmd command run command start command script command program exec args exec argv "
    "exec entrypoint exec finish post_stop username user gid user runas user variables env export "
    "env listenstream listen socket_listen listen priority nice signal stop_signal timeout "
    "stop_timeout delay restart_delay exitcodes "
    "success successexitstatus success comment description tags group label group notify ready";

std::string_view nearest_key(std::span<const Key> keys, std::string_view name) {
    const std::string_view translated = translate(foreign_keys, name);
    if (find_key(keys, translated) != nullptr) return translated;
    Nearest nearest(name);
    for (const Key& key : keys) nearest.offer(key.name);
    return nearest.found();
}

void append_type(Sink& out, const Key& key) {
    const Kind& kind = *key.kind;
    if (kind.type != nullptr) {
        out << kind.type;
        if (kind.is_bounded) append(out, ' ', key.min, "..", key.max);
        return;
    }
    std::string_view words = key.words;
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        if (word == "-") continue;
        append(out, separator, word);
        separator = "|";
    }
}

const char* name_of(Applies applies) { return applies == Applies::live ? "live" : "next start"; }

Draft::Draft()
    : policy(new Policy), definition(new Definition), timing(new Timing), health(new HealthRules) {
    Buffer<shown_max_bytes * 4> problem;
    for (const Key& key : service_keys)
        if (*key.default_text != '\0')
            check(set_value(key, key.default_text, Origin::shared, *this, problem));
    for (const Key& key : settings_keys)
        if (key.owner == Owner::settings && *key.default_text != '\0')
            check(set_value(key, key.default_text, Origin::shared, *this, problem));
}

// What a definition, its timing and its health rules hold is as they begin, by default.
Draft::Draft(const Policy& default_policy, const Settings& default_settings)
    : policy(copy_of(default_policy)), definition(new Definition), timing(new Timing),
      health(new HealthRules), settings(default_settings) {}

const void* owner_of(const Key& key, const Values& values) {
    switch (key.owner) {
    case Owner::definition: return values.definition;
    case Owner::policy: return values.policy;
    case Owner::timing: return values.timing;
    case Owner::health: return values.health;
    case Owner::settings: return values.settings;
    case Owner::nobody: break;
    }
    return nullptr;
}

}  // namespace reeve
