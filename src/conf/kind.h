// kind: how values are written. A kind is one row: what it is called, and the functions that read
// and print its values; a new kind is a new row, in kind_text.cc or kind_number.cc. Two values are
// equal where they print the same.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/format.h"
#include "base/text.h"
#include "base/time.h"
#include "model/definition.h"

namespace reeve {

struct Key;

// Whether a line stands in the service's own file or is a default for all services.
enum class Origin : uint8_t { own, shared };

// A value to be read. read() stores it, or says what is wrong with it.
struct Input {
    const Key& key;
    std::string_view value;  // never empty; % is expanded already, %i to the mark for it
    void* place;             // the member, of the type that goes with the kind
    std::string_view service;
    Origin origin;
    Sink& problem;
    size_t& column;  // of the value, from 1 on, where it goes wrong; 0: as a whole

    template <typename T>
    bool store(T value_read) const {
        *static_cast<T*>(place) = std::move(value_read);
        return true;
    }
    bool wrong(const char* text) const {
        problem << text;
        return false;
    }
    bool wrong_at(std::string_view part, const char* text) const;    // of the value
    bool wrong_word(std::string_view word, const char* text) const;  // "'WORD' is no name"
};

struct Kind {
    const char* type;  // as people are shown it; null: the key's words, one of which it is
    bool (*read)(const Input& in);
    // In the canonical form, so that read() makes the same of it; nothing for none. Values of keys
    // that repeat go on lines of their own.
    void (*print)(Sink& out, const Key& key, const void* place);
    bool is_bounded = false;         // by the key's min and max, which are shown with its type
    bool is_shown = true;            // in messages: it is short, and never secret
    bool may_name_instance = false;  // %i may stand in it
};

// A kind whose values are held as T; void: nowhere.
template <typename T>
struct KindOf : Kind {};

// What stands for all enums of one byte.
enum class Choice : uint8_t {};

namespace kind {

extern const KindOf<Text> text;            // anything
extern const KindOf<Text> shell_line;      // anything, and no % is expanded in it
extern const KindOf<Text> path;            // absolute
extern const KindOf<Text> input;           // absolute, or `fifo`
extern const KindOf<Text> user;            // user[:group]
extern const KindOf<Text> identifier;      // letters, digits, _ and -
extern const KindOf<Words> argv;           // words, quoted as in sh
extern const KindOf<Words> variable;       // NAME=value
extern const KindOf<Words> variable_file;  // PATH or -PATH
extern const KindOf<Words> labels;         // words
extern const KindOf<Words> services;       // words: NAME or NAME@I
extern const KindOf<Words> listen;         // a socket
extern const KindOf<Words> instances;      // a number, or words
extern const KindOf<void> directory;       // absolute
extern const KindOf<void> format;          // 1: the format of the files
extern const KindOf<void> any;             // default.KEY: what KEY takes
extern const KindOf<bool> flag;            // yes or no
extern const KindOf<Choice> choice;        // one of the key's words
extern const KindOf<Duration> duration;
extern const KindOf<uint64_t> bytes;  // a size, at least one
extern const KindOf<int32_t> number;
extern const KindOf<std::optional<int8_t>> nice;            // a small number, or none
extern const KindOf<std::optional<int16_t>> score;          // a number, or none
extern const KindOf<std::optional<uint64_t>> capabilities;  // names, or `-`
extern const KindOf<std::optional<uint16_t>> io_priority;   // CLASS[:LEVEL]
extern const KindOf<std::optional<uint16_t>> scheduler;     // POLICY[:PRIORITY]
extern const KindOf<Text> cgroup;                           // yes, no or a path
extern const KindOf<Words> cgroup_set;                      // FILE VALUE
extern const KindOf<int32_t> retries;                       // a number or `unlimited`
extern const KindOf<int32_t> factor;                        // a decimal, held in percent
extern const KindOf<int32_t> signal;
extern const KindOf<int32_t> umask;                         // octal
extern const KindOf<std::array<Limit, limit_count>> limit;  // one of the key's words, SOFT[:HARD]
extern const KindOf<EndSet> ends;                           // exit codes and signals
extern const KindOf<EndSet> codes;                          // exit codes
extern const KindOf<Ready> ready;                           // exec, after DURATION, fd:N, notify
extern const KindOf<Words> cron;                            // five fields, or @hourly and its like
extern const KindOf<Words> dates;                           // a date
extern const KindOf<Text> date;                             // the same, once
extern const KindOf<Text> timezone;                         // its name, or a POSIX TZ string
extern const KindOf<std::optional<int32_t>> time_of_day;    // HH:MM[:SS], held in seconds
extern const KindOf<uint8_t> week_days;                     // mon-fri, mon wed, all

}  // namespace kind

// As Kind::print: a text, the default where it is empty; words, each on a line of its own.
void print_text(Sink& out, const Key& key, const void* place);
void print_lines(Sink& out, const Key& key, const void* place);

// "column 5: ", where a message has one.
void append_column(Sink& out, size_t column);

// User's text for a message: cut to shown_max_bytes, and escaped.
void append_shown(Sink& out, std::string_view text);

// The n-th of blank-separated words.
std::string_view word_at(std::string_view words, size_t n);

}  // namespace reeve
