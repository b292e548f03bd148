#include "kernel/users.h"

#include <cerrno>
#include <fcntl.h>
#include <optional>

#include "base/fd.h"
#include "base/parse.h"
#include "base/result.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr uint64_t id_max = UINT32_MAX - 1;  // the highest means "none" to chown and setresuid

template <typename... T>
int fail(Sink& problem, int code, const T&... pieces) {
    append(problem, pieces...);
    return code;
}

// Reads a file field by field through a fixed buffer: lines may be of any length (groups with a
// thousand members), fields no longer than account_field_max_bytes.
class Fields {
  public:
    explicit Fields(std::string_view separators) : separators_(separators) {}

    // 0, or an errno value. A file that does not exist is empty.
    int open(const char* path) {
        fd_ = Fd(sys::open(path, O_RDONLY));
        return fd_ || errno == ENOENT ? 0 : errno;
    }

    // Reads the next field. False: there is none, for the file ended or error() says why.
    bool next() {
        field_.clear();
        for (;;) {
            if (at_ == filled_ && !fill()) {
                bool within_line = !field_.empty() || ending_ != '\n';
                ending_ = '\n';  // the last line need not have one
                return within_line && error_ == 0;
            }
            char c = place_[at_++];
            if (c == '\n' || separators_.find(c) != std::string_view::npos) {
                ending_ = c;
                return true;
            }
            field_ << c;
        }
    }

    std::string_view text() const { return field_.view(); }
    bool cut() const { return field_.truncated(); }
    bool ends_line() const { return ending_ == '\n'; }
    bool is(std::string_view name) const { return !cut() && text() == name; }
    std::optional<uint64_t> number() const {
        return cut() ? std::nullopt : parse_unsigned(text(), id_max);
    }
    int error() const { return error_; }

  private:
    bool fill() {
        if (!fd_ || error_ != 0) return false;
        ssize_t count = sys::read(fd_.get(), place_, sizeof place_);
        if (count < 0) error_ = errno;
        at_ = 0;
        filled_ = count > 0 ? static_cast<size_t>(count) : 0;
        return filled_ > 0;
    }

    Fd fd_;
    std::string_view separators_;
    Buffer<account_field_max_bytes> field_;
    char place_[1024];
    size_t at_ = 0;
    size_t filled_ = 0;
    char ending_ = '\n';
    int error_ = 0;
};

struct Search {
    int code = 0;  // an errno value: the file could not be read
    bool found = false;
};

// Finds an account by its name or, where `uid` is given, by its number.
// A line: name:password:uid:gid:comment:home:shell
Search find_account(const char* path, std::string_view name, std::optional<uint64_t> uid,
                    Credentials& out) {
    Fields fields(":");
    if (int code = fields.open(path); code != 0) return {code};
    int column = 0;
    bool matches = false;
    while (fields.next()) {
        if (column == 0) {
            out.name.clear();
            out.home.clear();
            out.shell.clear();
            matches = !fields.text().empty() && !fields.cut() && (uid || fields.is(name));
            out.name << fields.text();
        } else if (column == 2) {
            auto number = fields.number();
            if (!number || (uid && *number != *uid)) matches = false;
            out.uid = static_cast<uid_t>(number.value_or(0));
        } else if (column == 3) {
            auto number = fields.number();
            if (!number) matches = false;
            out.gid = static_cast<gid_t>(number.value_or(0));
        } else if (column == 5 && !fields.cut()) {
            out.home << fields.text();
        } else if (column == 6 && !fields.cut()) {
            out.shell << fields.text();
        }
        if (fields.ends_line() && matches && column >= 3) return {0, true};
        column = fields.ends_line() ? 0 : column + 1;
    }
    out.name.clear();
    out.home.clear();
    out.shell.clear();
    return {fields.error(), false};
}

// Finds a group by its name. A line: name:password:gid:member,member
Search find_group(const char* path, std::string_view name, gid_t& out) {
    Fields fields(":");
    if (int code = fields.open(path); code != 0) return {code};
    int column = 0;
    bool matches = false;
    while (fields.next()) {
        if (column == 0) matches = fields.is(name);
        auto number = fields.number();
        if (column == 2 && matches && number) {
            out = static_cast<gid_t>(*number);
            return {0, true};
        }
        column = fields.ends_line() ? 0 : column + 1;
    }
    return {fields.error(), false};
}

// Adds a group to those of the user, once. False: there is no room left.
bool add_group(Credentials& out, gid_t group) {
    for (gid_t each : out.all_groups())
        if (each == group) return true;
    if (out.group_count == out.groups.size()) return false;
    out.groups[out.group_count++] = group;
    return true;
}

// Adds the groups that have the user among their members.
int add_groups(const char* path, Credentials& out, Sink& problem) {
    Fields fields(":,");
    int code = fields.open(path);
    int column = 0;  // commas count too: the members are the columns from 3 on
    uint64_t group = 0;
    bool valid = false;
    while (code == 0 && fields.next()) {
        if (column == 2) {
            valid = fields.number().has_value();
            group = fields.number().value_or(0);
        }
        if (column >= 3 && valid && fields.is(out.name.view()) &&
            !add_group(out, static_cast<gid_t>(group))) {
            return fail(problem, E2BIG, "user '", out.name, "' is in too many groups");
        }
        if (fields.ends_line()) valid = false;
        column = fields.ends_line() ? 0 : column + 1;
    }
    if (code == 0) code = fields.error();
    if (code != 0) return fail(problem, code, "read ", path, ": ", errno_text(code));
    return 0;
}

// Resolves the group's name or number into out.gid.
int resolve_group(std::string_view group, Credentials& out, Sink& problem, const char* path) {
    Search search = find_group(path, group, out.gid);
    if (search.found) return 0;
    auto number = parse_unsigned(group, id_max);
    if (number) {
        out.gid = static_cast<gid_t>(*number);
        return 0;
    }
    if (search.code != 0)
        return fail(problem, search.code, "read ", path, ": ", errno_text(search.code));
    return fail(problem, EINVAL, "group '", group, "' is not in ", path);
}

}  // namespace

int resolve_user(std::string_view user, Credentials& out, Sink& problem, const UserFiles& files) {
    size_t colon = user.find(':');
    std::string_view name = user.substr(0, colon);
    std::string_view group = colon < user.size() ? user.substr(colon + 1) : std::string_view();
    if (name.empty() || (colon < user.size() && group.empty()))
        return fail(problem, EINVAL, "user '", user, "' is not USER or USER:GROUP");

    auto number = parse_unsigned(name, id_max);
    Search search = find_account(files.passwd, name, std::nullopt, out);
    if (!search.found && search.code == 0 && number)
        search = find_account(files.passwd, name, number, out);
    if (!search.found) {
        // A number and a group are all there is to know, whatever is wrong with the file.
        if (!number && search.code != 0)
            return fail(problem, search.code, "read ", files.passwd, ": ", errno_text(search.code));
        if (!number || group.empty())
            return fail(problem, EINVAL, "user '", name, "' is not in ", files.passwd,
                        number ? ": give the group as well, as in UID:GID" : "");
        out.uid = static_cast<uid_t>(*number);
    }
    if (!group.empty()) {
        if (int code = resolve_group(group, out, problem, files.group); code != 0) return code;
    }
    out.group_count = 0;
    add_group(out, out.gid);
    return !out.name.empty() ? add_groups(files.group, out, problem) : 0;
}

}  // namespace reeve
