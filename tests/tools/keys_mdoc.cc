// Writes the list of keys of the man page, mdoc(7), from the schema: `keys_mdoc` for the keys of
// service files, `keys_mdoc conf` for those of reeve.conf.

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>

#include "conf/schema.h"

using namespace reeve;

namespace {

// Text for a macro's line or a text line: a backslash would begin an escape.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else {
            out += c;
        }
    }
    return out;
}

// Sentences, each on a line of its own, as mdoc wants them.
void print_sentences(std::string_view text) {
    while (!text.empty()) {
        const size_t end = std::min(text.find(". "), text.size() - 1);
        const std::string sentence = escaped(text.substr(0, end + 1));
        const bool control = sentence.front() == '.' || sentence.front() == '\'';
        std::cout << (control ? "\\&" : "") << sentence << '\n';
        text.remove_prefix(std::min(end + 2, text.size()));
    }
}

// What the page says of a key at length, where the program has one short line.
struct AtLength {
    std::string_view key;
    std::string_view doc;
};
constexpr AtLength at_length[] = {
    {"on_change",
     "What a reload does to it where a change needs a new process: keep it and mark it "
     "stale, or restart it."},
    {"on_end", "What reeve does when it has ended for good; shutdown stops all and exits with "
               "its code, shutdown-on-failure does so where it failed."},
    {"restart", "Whether it runs again after it has ended: always, or never for a oneshot, where "
                "it is not set."},
    {"success", "The exit codes and signals that are not failures, instead of 0. Being stopped by "
                "reeve always counts as success."},
    {"stop_command",
     "A shell line that asks it to end, REEVE_PID being its process; the stop signal "
     "follows if something is left. It undoes what a oneshot did that is done, once "
     "that is taken down or reeve ends."},
    {"depends_on", "Services that must be running (a oneshot: done) before it starts, and that are "
                   "brought up with it."},
    {"ready", "When it counts as running: once exec succeeded, after a time, at a newline on "
              "descriptor N, or at sd_notify's READY=1."},
    {"log", "Where its output goes: file is LOGDIR/NAME/current, stamped and rotated by "
            "svlog(8); run is a file for each run, LOGDIR/NAME/UNIXTIME.log; console is "
            "reeve's own output, each line with the service's name before it; inherit is that "
            "as it comes; null is nowhere."},
    {"trust", "A later service directory, whose files are taken whatever their mode and owner: "
              "for mounts that show all files as 0777."},
    {"default.KEY",
     "The default of any key of service files but exec and command; where KEY repeats, "
     "the services' own lines append to it."},
    {"report", "What reeve says of services on its own output: failures is a line when one "
               "fails, is retried for the first time, gives up or has recovered, and at most "
               "once a minute of one that goes on failing; all is every change of state."},
};

std::string_view doc_of(const Key& key, bool of_service) {
    for (const AtLength& row : at_length)
        if (row.key == key.name && (row.key != "log" || of_service)) return row.doc;
    return key.doc;
}

void print_key(const Key& key, bool of_service) {
    Buffer<128> type;
    append_type(type, key);
    std::cout << ".It Ic " << key.name << '\n';
    std::cout << "Type: " << escaped(type.view());
    if (*key.default_text != '\0') std::cout << "; default: " << escaped(key.default_text);
    if (key.repeats) std::cout << "; may repeat";
    if (of_service) std::cout << "; applies: " << name_of(key.applies);
    std::cout << ".\n.br\n";
    print_sentences(doc_of(key, of_service));
}

}  // namespace

int main(int argc, char** argv) {
    const bool conf = argc > 1 && argv[1] == std::string_view("conf");
    std::cout << ".Bl -tag -width Ds\n";
    for (const Key& key : conf ? settings_keys : service_keys) print_key(key, !conf);
    std::cout << ".El\n";
    return std::cout.flush() ? 0 : 1;
}
