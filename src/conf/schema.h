// schema: the one table of keys. Parsing, defaults, digests, `svctl keys` and the man page all come
// from it; a key is added by adding its row (schema_table.cc).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "base/format.h"
#include "model/definition.h"

namespace reeve {

// How a value is written. The type of the member that holds it limits the choice: `fits` in
// schema_table.cc.
enum class Kind : uint8_t {
    text,           // anything
    shell_line,     // anything, and no % is expanded in it
    path,           // absolute
    user,           // user[:group]
    identifier,     // letters, digits, _ and -
    argv,           // words, quoted as in sh
    variable,       // NAME=value
    variable_file,  // PATH or -PATH
    directory,      // absolute
    labels,         // words
    services,       // words: NAME or NAME@I
    flag,           // yes or no
    choice,         // one of `words`
    duration,
    bytes,  // a size, at least one
    number,
    nice,     // a small number, or none
    score,    // a number, or none
    retries,  // a number or `unlimited`
    factor,   // a decimal, held in percent
    signal,
    umask,   // octal
    limit,   // one of `words`, then SOFT[:HARD]
    ends,    // exit codes and signals
    codes,   // exit codes
    ready,   // exec, after DURATION, fd:N, notify
    format,  // 1: the format of the files
    any,     // default.KEY: what KEY takes
};

// The object whose member holds the value.
enum class Owner : uint8_t { definition, policy, settings, nobody };

// What a reload does with a change of the value.
enum class Applies : uint8_t { live, next_start };

// What the system must have for a file to set the key.
enum class Needs : uint8_t { nothing, oom_score_adj, no_new_privs };

struct Key {
    const char* name;
    const char* default_text;  // as it stands in a file; "": none, or as `doc` says
    const char* doc;
    const char* words;  // kinds choice and limit: by value; a first "-": not to be written
    const void* (*place)(const void* owner);  // where the value is in its owner; null: nowhere
    int32_t min;                              // numbers, and durations in milliseconds
    int32_t max;                              // numbers
    Kind kind;
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
    const Settings* settings;
};

// The one that holds the key's value, as place() takes it; null for Owner::nobody.
const void* owner_of(const Key& key, const Values& values);

// A definition in the making: its own policy is not in its place yet.
struct Draft {
    Ref<Policy> policy;  // made before the definition: most are freed again, and used for the next
    Ref<Definition> definition;
    Settings settings;

    Draft();  // with the default of every key
    // The same from another one's: the defaults are not read again for each file.
    Draft(const Policy& default_policy, const Settings& default_settings);
    Values values() const { return {definition.get(), policy.get(), &settings}; }
};

// Whether a line stands in the service's own file or is a default for all services.
enum class Origin : uint8_t { own, shared };

// Reads a value into the draft: replaces what was there, or appends where the key repeats. %n is
// the definition's name. False: nothing has changed, and `problem` says what is wrong with it, the
// key and (where it is no secret) the value included.
bool set_value(const Key& key, std::string_view value, Origin origin, Draft& draft, Sink& problem);

// The value in its canonical form, so that set_value reads it back as the same. For keys that
// repeat one line for each `key = value` it takes; empty for none.
void append_value(Sink& out, const Key& key, const Values& values);

// Over the canonical values of the service's keys that are not at their defaults, so that a reeve
// with more keys than this one comes to the same.
struct Digests {
    uint64_t all = digest_start;
    uint64_t process = digest_start;  // keys that apply at the next start
    uint64_t policy = digest_start;   // keys that Policy holds
};
Digests digests_of(const Values& values);

// User's text for a message: cut to shown_max_bytes, and escaped.
void append_shown(Sink& out, std::string_view text);

}  // namespace reeve
