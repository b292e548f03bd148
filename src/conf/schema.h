// schema: the one table of keys. Parsing, defaults, digests, `svctl keys` and the man page all come
// from it; a key is added by adding its row (schema_table.cc).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "base/format.h"
#include "conf/kind.h"
#include "model/definition.h"

namespace reeve {

// The object whose member holds the value.
enum class Owner : uint8_t { definition, policy, timing, health, settings, nobody };

// What a reload does with a change of the value.
enum class Applies : uint8_t { live, next_start };

// What the system must have for a file to set the key.
enum class Needs : uint8_t { nothing, oom_score_adj, no_new_privs, usage, confinement };

struct Key {
    const char* name;
    const char* default_text;  // as it stands in a file; "": none, or as `doc` says
    const char* doc;
    const char* words;  // of a choice or limit, by value; a first "-": not to be written
    const void* (*place)(const void* owner);  // where the value is in its owner; null: nowhere
    const Kind* kind;
    int32_t min;  // numbers, and durations in milliseconds
    int32_t max;  // numbers
    Owner owner;
    Applies applies;
    Needs needs;
    bool repeats;  // further lines append
};

// Parts of one array, so that a key's distance from service_keys[0] numbers it.
extern const std::span<const Key> service_keys;
extern const std::span<const Key> settings_keys;  // reeve.conf's, behind those of services

// Null where there is no such key.
const Key* find_key(std::span<const Key> keys, std::string_view name);

// The key that was most likely meant; empty where none is near.
std::string_view nearest_key(std::span<const Key> keys, std::string_view name);

// "duration", "yes|no", "number 0..100".
void append_type(Sink& out, const Key& key);
const char* name_of(Applies applies);  // "live", "next start"

// The objects that values are in; settings may be null where only service keys are looked at.
struct Values {
    const Definition* definition;
    const Policy* policy;
    const Timing* timing;
    const HealthRules* health;
    const Settings* settings;
};

// The one that holds the key's value, as place() takes it; null for Owner::nobody.
const void* owner_of(const Key& key, const Values& values);

// A definition in the making: its own policy is not in its place yet.
struct Draft {
    Ref<Policy> policy;  // made before the definition: most are freed again, and used for the next
    Ref<Definition> definition;
    Ref<Timing> timing;
    Ref<HealthRules> health;
    Settings settings;

    Draft();  // with the default of every key
    // With these defaults, which are not read again for each file.
    Draft(const Policy& default_policy, const Settings& default_settings);
    Values values() const {
        return {definition.get(), policy.get(), timing.get(), health.get(), &settings};
    }
};

// Reads a value into the draft: replaces what was there, or appends where the key repeats. %n is
// the definition's name. False: nothing has changed, and `problem` says what is wrong with it, the
// key and (where it is no secret) the value included.
bool set_value(const Key& key, std::string_view value, Origin origin, Draft& draft, Sink& problem);

// The value in its canonical form, so that set_value reads it back as the same. For keys that
// repeat one line for each `key = value` it takes; empty for none.
void append_value(Sink& out, const Key& key, const Values& values);

// Over the canonical values of the service's keys that are not at their defaults: a reeve with more
// keys than this one comes to the same digests.
struct Digests {
    uint64_t all = digest_start;
    uint64_t process = digest_start;  // keys that apply at the next start
    uint64_t policy = digest_start;   // keys that Policy holds
    uint64_t timing = digest_start;   // keys that Timing holds
    uint64_t health = digest_start;   // keys that HealthRules holds
};
Digests digests_of(const Values& values);

// Completes the draft's definition but for the policy.
Digests seal(const Draft& draft);

}  // namespace reeve
