#include "conf/edit.h"

#include "base/limits.h"
#include "base/parse.h"
#include "conf/schema.h"

namespace reeve {

namespace {

using Way = Edit::Way;

// What a value is written behind, in an executable.
constexpr std::string_view directive = "#reeve: ";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// Is it read back as this key, known or not? A '#' would make a comment of its line, and bytes
// beyond ASCII a byte order mark.
bool can_be_key(std::string_view key) {
    for (const char c : key)
        if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) return false;
    return !key.empty() && key.front() != '#';
}

bool has_control(std::string_view value) {
    for (const char c : value)
        if (is_control(c)) return true;
    return false;
}

bool is_list(const Key* key) {
    return key != nullptr && (key->kind == &kind::labels || key->kind == &kind::services);
}

void append_unknown(Sink& problem, std::string_view key) {
    problem << "unknown key '";
    append_shown(problem, key);
    problem << '\'';
    const std::string_view nearest = nearest_key(service_keys, key);
    if (!nearest.empty()) append(problem, " (did you mean ", nearest, "?)");
}

// The pairs of a text, each with the line it is from: from `start` to behind its newline.
class Lines {
  public:
    Lines(std::string_view text, FileForm form) : text_(text), reader_(text, form) {
        if (text.starts_with(byte_order_mark)) end = byte_order_mark.size();
    }

    bool next() {
        if (!reader_.next(found)) return false;
        for (; line_ < found.line; ++line_) {
            start = end;
            const size_t newline = text_.find('\n', start);
            end = newline == text_.npos ? text_.size() : newline + 1;
        }
        return true;
    }

    KeyValue found;
    size_t start = 0;
    size_t end = 0;

  private:
    std::string_view text_;
    KeyValueReader reader_;
    int line_ = 0;
};

// One edit on its way through a text.
class Editor {
  public:
    Editor(std::string_view text, FileForm form, const Edit& edit, const Key* key)
        : text_(text), form_(form), edit_(edit), key_(key) {}

    // False: what is to be taken away is not there.
    bool edit(LongText& result);

  private:
    std::string_view new_value(std::string_view value);
    std::string_view without_word(std::string_view list);
    void replace(const Lines& line, std::string_view value);
    void copy(size_t end);
    void insert_line(size_t at);

    std::string_view text_;
    FileForm form_;
    const Edit& edit_;
    const Key* key_;        // null: not known
    LongText out_;          // what has become of text_ ...
    size_t copied_ = 0;     // ... up to here
    bool matched_ = false;  // a line was set, or has lost something
    LongText list_;         // what without_word() returns
};

// The list less the word, and less the blanks before what follows it; else as it was.
std::string_view Editor::without_word(std::string_view list) {
    list_.clear();
    size_t gap = 0;
    std::string_view rest = list;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const size_t at = list.size() - rest.size() - word.size();
        if (word != edit_.value) {
            if (!list_.empty()) list_ << list.substr(gap, at - gap);
            list_ << word;
        }
        gap = at + word.size();
    }
    return list_;
}

// What becomes of the value of one of the key's lines; empty: the line goes.
std::string_view Editor::new_value(std::string_view value) {
    switch (edit_.way) {
    case Way::add: return value;
    case Way::set: {
        const bool is_first = !matched_;
        matched_ = true;
        return is_first ? edit_.value : std::string_view();
    }
    case Way::take: {
        std::string_view rest = value == edit_.value ? std::string_view() : value;
        if (is_list(key_)) rest = without_word(value);
        matched_ = matched_ || rest != value;
        return rest;
    }
    }
    return value;
}

// The line with another value in it, for the rest as it was.
void Editor::replace(const Lines& line, std::string_view value) {
    const std::string_view before = line.found.value;
    size_t at = text_.find('=', line.start) + 1;
    if (!before.empty()) at = static_cast<size_t>(before.data() - text_.data());
    copy(at);
    if (before.empty() && text_[at - 2] == ' ') out_ << ' ';
    out_ << value;
    copied_ = at + before.size();
}

// What stands between what was copied and `end`.
void Editor::copy(size_t end) {
    out_ << text_.substr(copied_, end - copied_);
    copied_ = end;
}

// `at`: where a line begins, or the end.
void Editor::insert_line(size_t at) {
    copy(at);
    const bool is_crlf = text_.substr(0, text_.find('\n')).ends_with('\r');
    const std::string_view newline = is_crlf ? "\r\n" : "\n";
    if (!out_.empty() && !out_.view().ends_with('\n')) out_ << newline;
    if (form_ == FileForm::executable) out_ << directive;
    append(out_, edit_.key, " = ", edit_.value, newline);
}

bool Editor::edit(LongText& result) {
    const bool executable = form_ == FileForm::executable;
    size_t keys_end = text_.npos;  // behind the last line of this key
    size_t end = text_.size();     // where a new key goes
    if (executable) end = std::min(text_.find('\n'), text_.size() - 1) + 1;
    for (Lines line(text_, form_); line.next();) {
        if (executable) end = line.end;
        if (line.found.problem != LineProblem::none || line.found.key != edit_.key) continue;
        keys_end = line.end;
        const std::string_view value = new_value(line.found.value);
        const bool goes = value.empty() && (edit_.way == Way::set || !line.found.value.empty());
        if (goes) {
            copy(line.start);
            copied_ = line.end;
        } else if (value != line.found.value) {
            replace(line, value);
        }
    }
    const bool inserts =
        edit_.way == Way::add || (edit_.way == Way::set && !matched_ && !edit_.value.empty());
    if (inserts) insert_line(keys_end == text_.npos ? end : keys_end);
    copy(text_.size());
    result = std::move(out_);
    return matched_ || inserts || (edit_.way == Way::set && key_ != nullptr);
}

bool apply(LongText& text, FileForm form, const Edit& edit, const Key* key, Sink& problem) {
    LongText result;
    if (!Editor(text, form, edit, key).edit(result)) {
        if (key == nullptr) {
            append_unknown(problem, edit.key);
        } else if (is_list(key)) {
            append(problem, edit.key, ": '");
            append_shown(problem, edit.value);
            problem << "' is not in it";
        } else {
            append(problem, edit.key, ": no line has the value that is to be taken away");
        }
        return false;
    }
    text = std::move(result);
    return true;
}

}  // namespace

// edit = key [ "+" | "-" ] "=" value        blanks around key and value are dropped
bool parse_edit(std::string_view word, Edit& edit, Sink& problem) {
    const size_t equals = word.find('=');
    std::string_view key = trim(word.substr(0, equals));
    edit.way = Way::set;
    if (equals != word.npos && (key.ends_with('+') || key.ends_with('-'))) {
        edit.way = key.ends_with('+') ? Way::add : Way::take;
        key = trim(key.substr(0, key.size() - 1));
    }
    if (equals == word.npos || !can_be_key(key)) {
        problem << "expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not '";
        append_shown(problem, word);
        problem << '\'';
        return false;
    }
    edit.key = key;
    edit.value = trim(word.substr(equals + 1));
    const Key* known = find_key(service_keys, key);
    if (has_control(edit.value)) {
        append(problem, key, ": a newline, a tab or another control character is in the value");
    } else if (edit.way != Way::set && known != nullptr && !known->repeats) {
        append(problem, key, " may not repeat: write ", key, "=VALUE");
    } else if (edit.way != Way::set && edit.value.empty()) {
        append(problem, key, ": the value is missing");
    } else {
        return true;
    }
    return false;
}

bool edit_text(LongText& text, FileForm form, std::span<const std::string_view> edits,
               Sink& problem) {
    for (const std::string_view& word : edits) {
        Edit edit;
        if (!parse_edit(word, edit, problem)) return false;
        const Key* key = find_key(service_keys, edit.key);
        for (const std::string_view* other = edits.data(); other != &word; ++other) {
            Edit before;
            parse_edit(*other, before, problem);
            if (edit.way != Way::set || before.way != Way::set || before.key != edit.key) continue;
            if (key == nullptr || !key->repeats || edit.value.empty()) {
                append(problem, edit.key, " is given twice");
                return false;
            }
            edit.way = Way::add;
        }
        std::string_view words = edit.value;
        const bool by_word = edit.way == Way::take && is_list(key);
        do {
            if (by_word) edit.value = take_word(words);
            if (!apply(text, form, edit, key, problem)) return false;
        } while (by_word && !words.empty());
    }
    return true;
}

}  // namespace reeve
