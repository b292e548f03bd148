#include "svctl/columns.h"

#include <algorithm>

#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "svctl/print.h"

namespace reeve {

namespace {

// Of no object: the heading. The name is the whole one, times are to the second.
std::string_view cell(std::string_view object, std::string_view key) {
    static Buffer<reason_max_bytes + 64> place;
    place.clear();
    const std::string_view title = key.substr(0, key.find('_'));
    const std::string_view value = find_field(object, key);
    const bool is_time = key == "start" || key == "end";
    const auto ms = parse_unsigned(value, INT64_MAX);
    if (object.empty())
        for (const char c : title) place << static_cast<char>(c - 'a' + 'A');
    else if (key == "name")
        place << full_name_of(object);
    else if (key == "took_ms" && ms)
        append_span(place, milliseconds(static_cast<int64_t>(*ms)));
    else if (is_time && value.find('.') != std::string_view::npos)
        append(place, value.substr(0, value.find('.')), 'Z');
    else
        place << value;
    return place.view();
}

}  // namespace

void Columns::print(Session& session, const List<Text>& objects) const {
    List<size_t> widths;
    for (const char* key : keys_) {
        size_t width = cell({}, key).size();
        for (const Text& object : objects) width = std::max(width, cell(object, key).size());
        bool empty = true;
        for (const Text& object : objects) empty = empty && find_field(object, key).empty();
        widths.push_back(empty ? 0 : width);
    }
    if (!objects.empty()) print_row(session, {}, widths);
    for (const Text& object : objects) print_row(session, object, widths);
}

void Columns::print_row(Session& session, std::string_view object,
                        const List<size_t>& widths) const {
    Printer& printer = session.printer;
    // What is amiss with a run, in the colour of a state that is.
    const bool is_run = !find_field(object, "took_ms").empty();
    const char* state = "stopped";
    if (is_run && find_field(object, "pid").empty()) state = "waiting";
    if (find_field(object, "failed") == "yes") state = "failed";
    size_t owed = 0;  // blanks, which nothing may follow
    for (size_t i = 0; i < widths.size(); ++i) {
        if (widths[i] == 0) continue;
        const std::string_view text = cell(object, keys_.begin()[i]);
        if (!text.empty()) {
            printer.blanks(owed);
            owed = 0;
            const std::string_view key = keys_.begin()[i];
            if (key == "reason" || key == "_bar")
                print_as(printer, text, state, session.screen);
            else
                printer << text;
        }
        owed += widths[i] - text.size() + 2;
    }
    printer << '\n';
}

}  // namespace reeve
