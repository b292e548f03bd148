#include "files/status.h"

#include <cerrno>

#include "base/fd.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/parse.h"
#include "core/object.h"
#include "files/folder.h"
#include "files/history.h"
#include "files/journal.h"
#include "files/trust.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr Folder folder("/status/");

// Empty where it cannot be read or is too large. A FIFO put there cannot stall us.
std::string_view read_text(const char* path) {
    const std::span<char> place = Folder::text_place();
    const Fd file = open_trusted(path);
    const ssize_t got = file ? sys::read(file.get(), place.data(), place.size()) : -1;
    if (got <= 0 || got == static_cast<ssize_t>(place.size())) return {};
    return {place.data(), static_cast<size_t>(got)};
}

// What is true of a service whose file was written before the shutdown that it ended in.
Text end_of(std::string_view text) {
    const auto state = parse_state(find_field(text, "state"));
    const bool is_over = state == State::stopped || state == State::done ||
                         state == State::failed || state == State::invalid;
    if (is_over) return text;
    LongText ended;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::string_view key = line.substr(0, line.find('=') + 1);
        if (key == "state=")
            ended << "state=stopped";
        else if (key == "reason=")
            ended << "reason=reeve shuts down";
        else
            ended << (key == "pid=" || key == "start_time=" || key == "next=" ? key : line);
        ended << '\n';
    }
    return Text(ended.view());
}

}  // namespace

bool write_status_file(const Text& run_directory, const Supervisor& supervisor,
                       const Service& service, Now now) {
    const std::span<char> place = Folder::text_place();
    Sink text(place.data(), place.size());
    append_object(text, supervisor, service, Reader::file, now);
    const FullNameText name(service.full_name());
    return folder.replace(run_directory, name.view(), text.view());
}

void remove_status_file(const Text& run_directory, std::string_view name) {
    sys::unlink(folder.path(run_directory, name));
}

void prune_service_files(const Text& run_directory, const Supervisor& supervisor) {
    List<ServiceId> selected;
    const auto is_foreign = [&](const char* name) {
        selected.clear();
        supervisor.select(name, selected);
        return selected.empty();
    };
    folder.each(run_directory, [&](const char* name) {
        if (is_foreign(name)) remove_status_file(run_directory, name);
    });
    history_folder.each(run_directory, [&](const char* name) {
        if (is_foreign(name))
            remove_history(run_directory, name);
        else
            bound_history(run_directory, name);
    });
}

int read_status_files(std::string_view run_directory, List<Text>& texts, WantedStatus wanted,
                      const void* context) {
    int passing = 0;
    const int code = folder.each(run_directory, [&](const char* name) {
        if (wanted != nullptr && !wanted(context, name)) return;
        errno = 0;
        const std::string_view text = read_text(folder.path(run_directory, name));
        if (text.empty() && sys::is_passing(errno)) passing = errno;
        if (text.starts_with("name=")) texts.push_back(text);
    });
    return code != 0 ? code : passing;
}

List<Text> read_last_status(std::string_view run_directory) {
    const bool has_ended = Journal::has_ended(Text::join(run_directory, "/journal"));
    List<Text> texts;
    read_status_files(run_directory, texts);
    if (has_ended)
        for (Text& text : texts) text = end_of(text);
    return texts;
}

}  // namespace reeve
