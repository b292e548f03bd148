// graph: what depends on what, as a tree or for Graphviz.
#include <algorithm>

#include "base/fields.h"
#include "base/list.h"
#include "base/parse.h"
#include "core/object.h"
#include "svctl/ask.h"

namespace reeve {

namespace {

// How the branches of a tree are drawn.
struct Branches {
    const char* more;   // a member that others follow
    const char* last;   // the last one
    const char* trunk;  // beside what is below a member that others follow
    const char* gap;    // below the last one
};
constexpr Branches unicode_branches = {"\u251c\u2500 ", "\u2514\u2500 ", "\u2502  ", "   "};
constexpr Branches ascii_branches = {"|- ", "`- ", "|  ", "   "};

class Tree {
  public:
    Tree(Session& session, const List<Text>& objects)
        : session_(session), objects_(objects), shown_(objects.size()),
          branches_(session.screen.unicode ? unicode_branches : ascii_branches) {}

    // Everything that nothing depends on, and below it what it needs.
    void print_all() {
        List<uint8_t> needed(objects_.size());
        for (const Text& object : objects_) {
            std::string_view words = find_field(object, "depends_on");
            for (auto word = take_word(words); !word.empty(); word = take_word(words))
                for (size_t i = 0; i < objects_.size(); ++i)
                    needed[i] |= is_meant(word, objects_[i]);
        }
        for (size_t i = 0; i < objects_.size(); ++i)
            if (!needed[i]) print_root(i);
        // What is left over: dependencies in files that a dead reeve left may go in circles.
        for (size_t i = 0; i < objects_.size(); ++i)
            if (!shown_[i]) print_root(i);
    }

    void print_root(size_t index) {
        prefix_.clear();
        print(index);
    }

  private:
    void print(size_t index) {
        const std::string_view object = objects_[index];
        Printer& printer = session_.printer;
        const FullNameText name(full_name_of(object));
        append(printer, name, "  ");
        print_state(printer, find_field(object, "state"), session_.screen);
        const bool again = shown_[index];
        shown_[index] = true;
        const bool has_more =
            !find_field(object, "depends_on").empty() || !find_field(object, "after").empty();
        if (again && has_more) printer << "  (see above)";
        const std::string_view reason = find_field(object, "reason");
        if (!again && is_worth_a_reason(object) && !reason.empty()) {
            // A branch is three columns wide, and in UTF-8 has more bytes.
            const size_t used = 3 * depth_ + name.size() + find_field(object, "state").size() + 4;
            const size_t screen = session_.screen.width;
            printer << "  ";
            print_cut(printer, reason, screen == 0 ? SIZE_MAX : screen - std::min(screen, used));
        }
        printer << '\n';
        if (again) return;
        ++depth_;
        print_below(object);
        --depth_;
    }

    static bool is_worth_a_reason(std::string_view object) {
        const std::string_view state = find_field(object, "state");
        return state != "running" && state != "done";
    }

    void print_below(std::string_view object) {
        std::string_view needs = find_field(object, "depends_on");
        std::string_view after = find_field(object, "after");
        List<size_t> below;
        for (auto word = take_word(needs); !word.empty(); word = take_word(needs))
            for (size_t i = 0; i < objects_.size(); ++i)
                if (is_meant(word, objects_[i])) below.push_back(i);
        for (size_t i = 0; i < below.size(); ++i) {
            const bool last = i + 1 == below.size() && after.empty();
            const size_t length = begin_member(last);
            print(below[i]);
            prefix_.cut(length);
        }
        for (auto word = take_word(after); !word.empty(); word = take_word(after)) {
            const size_t length = begin_member(trim(after).empty());
            print_after(word);
            prefix_.cut(length);
        }
    }

    // What it only comes after has a tree of its own.
    void print_after(std::string_view word) {
        Printer& printer = session_.printer;
        append(printer, "after ", word);
        const auto other = std::find_if(objects_.begin(), objects_.end(),
                                        [&](const Text& each) { return is_meant(word, each); });
        if (other != objects_.end()) {
            printer << "  ";
            print_state(printer, find_field(*other, "state"), session_.screen);
        }
        printer << '\n';
    }

    // Prints the branch, and adds to the prefix of what is below. Returns the prefix's length.
    size_t begin_member(bool last) {
        const size_t length = prefix_.size();
        append(session_.printer, prefix_, last ? branches_.last : branches_.more);
        prefix_ << (last ? branches_.gap : branches_.trunk);
        return length;
    }

    Session& session_;
    const List<Text>& objects_;
    List<uint8_t> shown_;
    const Branches& branches_;
    LongText prefix_;
    size_t depth_ = 0;
};

// Chooses as well what the chosen ones need, and what they come after.
void choose_below(const List<Text>& objects, List<uint8_t>& chosen) {
    List<size_t> open;
    for (size_t i = 0; i < objects.size(); ++i)
        if (chosen[i]) open.push_back(i);
    while (!open.empty()) {
        const std::string_view object = objects[open.back()];
        open.pop_back();
        for (const char* key : {"depends_on", "after"}) {
            std::string_view words = find_field(object, key);
            for (auto word = take_word(words); !word.empty(); word = take_word(words))
                for (size_t i = 0; i < objects.size(); ++i) {
                    if (chosen[i] || !is_meant(word, objects[i])) continue;
                    chosen[i] = true;
                    open.push_back(i);
                }
        }
    }
}

// No name holds a quote or a backslash.
void print_dot(Printer& printer, const List<Text>& objects, const List<uint8_t>& chosen) {
    printer << "digraph services {\n";
    for (size_t i = 0; i < objects.size(); ++i) {
        if (!chosen[i]) continue;
        const std::string_view object = objects[i];
        const FullNameText name(full_name_of(object));
        append(printer, "    \"", name, "\" [label=\"", name, "\\n", find_field(object, "state"),
               "\"];\n");
        const auto print_edges = [&](const char* key, const char* style) {
            std::string_view words = find_field(object, key);
            for (auto word = take_word(words); !word.empty(); word = take_word(words))
                for (const Text& other : objects) {
                    if (!is_meant(word, other)) continue;
                    const FullNameText to(full_name_of(other));
                    append(printer, "    \"", name, "\" -> \"", to, "\"", style, ";\n");
                }
        };
        print_edges("depends_on", "");
        print_edges("after", " [style=dashed]");
    }
    printer << "}\n";
}

void print_json(Session& session, std::string_view object) {
    Buffer<object_max_bytes> brief;
    brief << "name=";
    brief << full_name_of(object);
    brief << '\n';
    for (const char* key : {"state", "depends_on", "after"})
        append_field(brief, key, find_field(object, key));
    session.printer.json_object(brief.view());
}

}  // namespace

// All services are asked for: what a named one depends on has not been named.
Outcome run_graph(Session& session) {
    const std::span<const std::string_view> wanted = session.arguments;
    session.arguments = {};
    List<Text> objects;
    Outcome outcome;
    if (!learn_services(session, objects, outcome)) return outcome;
    Tree tree(session, objects);
    List<uint8_t> chosen(objects.size(), wanted.empty());
    for (const std::string_view word : wanted) {
        bool found = false;
        for (size_t i = 0; i < objects.size(); ++i)
            if (is_meant(word, objects[i])) chosen[i] = found = true;
        if (found) continue;
        warn("no such service: ", word);
        outcome = worse(outcome, Outcome::no_such_service);
    }
    if (session.invocation.dot || session.invocation.json) choose_below(objects, chosen);
    if (session.invocation.dot) {
        print_dot(session.printer, objects, chosen);
    } else if (wanted.empty() && !session.invocation.json) {
        tree.print_all();
    } else {
        for (size_t i = 0; i < objects.size(); ++i) {
            if (!chosen[i]) continue;
            if (session.invocation.json)
                print_json(session, objects[i]);
            else
                tree.print_root(i);
        }
    }
    finish(session);
    return outcome;
}

}  // namespace reeve
