# The house rules; see house.sh. POSIX awk. Reads every file of a tree once, line by line; what
# needs code alone looks at `code`: the line without comments, and with strings emptied.

BEGIN {
    # Rooms of one number never meet.
    rank["base"] = 0; rank["model"] = 1; rank["conf"] = rank["core"] = rank["kernel"] = 2
    rank["files"] = 3; rank["logs"] = 4; rank["process"] = 5; rank["ctl"] = 6
    rank["reeve"] = rank["svcheck"] = rank["svctl"] = rank["svlog"] = 7

    split("iostream istream ostream sstream fstream iomanip cstdio stdio.h regex locale " \
          "filesystem thread mutex shared_mutex condition_variable future stdexcept exception " \
          "typeinfo unordered_map unordered_set pwd.h syslog.h netdb.h", list, " ")
    for (i in list) banned_header[list[i]] = 1

    split("throw try catch dynamic_cast typeid shared_ptr make_shared printf fprintf sprintf " \
          "snprintf vprintf vfprintf vsprintf vsnprintf dprintf vdprintf puts fputs fopen fclose " \
          "cout cerr clog endl system popen getpwnam getpwuid getgrnam getgrgid initgroups " \
          "getaddrinfo gethostbyname", list, " ")
    for (i in list) banned_word[list[i]] = 1

    # Calls that a pure room (model, conf, core) has no business with. Names that are likely for a
    # function of ours (open, read, wait...) are found where they are written ::open.
    split("fork vfork execv execve execvp posix_spawn waitpid wait4 openat pipe2 accept4 dup2 " \
          "dup3 ioctl fcntl usleep nanosleep clock_gettime gettimeofday getenv getpid sigaction " \
          "sigprocmask", list, " ")
    for (i in list) system_call[list[i]] = 1

    systems = "__(linux|linux__|gnu_linux__|APPLE__|MACH__|FreeBSD__|NetBSD__|OpenBSD__|GLIBC__)"
}

function report(line, rule, what) {
    print FILENAME ":" line ": " rule ": " what
    found = 1
}

# --- One file after another ----------------------------------------------------------------------

FNR == 1 {
    end_of_file()
    file = FILENAME
    is_code = file ~ /^(src|tests)\/.*\.(cc|c|h)$/
    in_src = file ~ /^src\//
    split(file, part, "/")
    room = in_src ? part[2] : ""
    pure = room == "model" || room == "conf" || room == "core"
    platform = file ~ /^src\/kernel\/platform_/
    in_comment = 0
    raw_end = ""
    depth = 0
    container = 0
    text = ""
    text_line = 0
    continued = 0
}

{
    lines = FNR
    check_text()
}

is_code {
    code = strip($0)
    check_include()
    check_words()
    check_functions()
}

END {
    end_of_file()
    find_cycles()
    exit found
}

# A file's length; file and lines are those of the file that has just ended.
function end_of_file(    limit) {
    if (file == "" || file !~ /\.(cc|c|h|sh|awk)$/ || file !~ /^(src|tests)\//) return
    limit = file ~ /^src\// ? 500 : 800
    if (lines > limit) {
        print file ":" lines ": file-length: " lines " lines, more than " limit
        found = 1
    }
}

# --- Lines as they are: width, blanks, unfinished work -------------------------------------------

function check_text(    bare) {
    if ($0 ~ /[ \t\r]$/) report(FNR, "blanks", "at the end of the line")
    if (is_code && $0 ~ /\t/) report(FNR, "blanks", "a tab")
    if ($0 ~ /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/ ||
        tolower($0) ~ /not (yet )?implemented/)
        report(FNR, "unfinished", "a mark of unfinished work")
    if (is_code || file ~ /\.sh$/ || file == "Makefile") {
        bare = $0
        gsub(/[\200-\277]/, "", bare)  # the second and later bytes of a UTF-8 character
        if (length(bare) > 100) report(FNR, "width", length(bare) " columns, more than 100")
    }
}

# The line without comments, and with "..." for every string and '' for every character.
function strip(line,    out, at, two, rest) {
    out = ""
    while (line != "") {
        if (in_comment) {
            at = index(line, "*/")
            if (!at) return out
            line = substr(line, at + 2)
            in_comment = 0
        } else if (raw_end != "") {
            at = index(line, raw_end)
            if (!at) return out
            line = substr(line, at + length(raw_end))
            raw_end = ""
        } else if (!match(line, /\/\/|\/\*|"|'/)) {
            return out line
        } else {
            at = RSTART
            two = substr(line, at, 2)
            out = out substr(line, 1, at - 1)
            rest = substr(line, at)
            if (two == "//") return out
            if (two == "/*") {
                in_comment = 1
                line = substr(rest, 3)
            } else if (substr(two, 1, 1) == "'") {
                if (out ~ /[0-9a-fA-F]$/ && rest ~ /^'[0-9a-fA-F]/ && rest !~ /^'.'/) {
                    line = substr(rest, 2)  # 1'000'000
                } else {
                    if (!match(rest, /^'([^'\\]|\\.)*'/)) RLENGTH = length(rest)
                    out = out "''"
                    line = substr(rest, RLENGTH + 1)
                }
            } else if (out ~ /(^|[^A-Za-z0-9_])(u8|u|U|L)?R$/ && match(rest, /^"[^(]*\(/)) {
                raw_end = ")" substr(rest, 2, RLENGTH - 2) "\""
                out = out "\"\""
                line = substr(rest, RLENGTH + 1)
            } else {
                if (!match(rest, /^"([^"\\]|\\.)*"/)) RLENGTH = length(rest)
                # An include's name is code.
                out = out (out ~ /^[ \t]*#[ \t]*include/ ? substr(rest, 1, RLENGTH) : "\"\"")
                line = substr(rest, RLENGTH + 1)
            }
        }
    }
    return out
}

# --- Includes: what is banned, and the order of the rooms ----------------------------------------

function check_include(    name, target) {
    if (!in_src || code !~ /^[ \t]*#[ \t]*include/) return
    name = code
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
    sub(/[ \t]*$/, "", name)
    if (name ~ /^</) {
        gsub(/[<>]/, "", name)
        if (name in banned_header) report(FNR, "banned-include", "<" name ">")
        if (pure && (name ~ /^(unistd|fcntl|poll)\.h$/ || name ~ /^sys\//) &&
            name !~ /^sys\/(types|wait)\.h$/)  # for pid_t, and for WIFEXITED and its kin
            report(FNR, "pure-room", "<" name "> in " room)
        return
    }
    gsub(/"/, "", name)
    target = name
    if (!sub(/\/.*/, "", target) || !(target in rank)) {
        report(FNR, "include", "\"" name "\" does not begin with the name of a room")
        return
    }
    edges[file] = edges[file] " src/" name
    edge_line[file, "src/" name] = FNR
    if (room in rank && room != target && rank[target] >= rank[room])
        report(FNR, "layer", room " may not include " target)
}

# --- Words ---------------------------------------------------------------------------------------

function check_words(    rest, word, before, after) {
    if (!in_src) return
    if (code ~ /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)/ && code ~ systems && !platform &&
        room != "musl")
        report(FNR, "system-ifdef", "belongs in src/kernel/platform_*")
    if (code ~ /^[ \t]*#/) return

    # (A platform reads states of the kernel's processes, and asks with signal 0 what is there.)
    if (file != "src/core/transition.cc" && !platform &&
        (code ~ /[])A-Za-z0-9_](\.|->)state *=([^=]|$)/ || code ~ /(^|[^])A-Za-z0-9_> ]) *\.state *=/ ||
         code ~ /(^|[^A-Za-z0-9_])State *&/ || code ~ /&[A-Za-z0-9_]+(::|\.|->)state([^A-Za-z0-9_]|$)/ ||
         code ~ /swap *\(.*(\.|->)state([^A-Za-z0-9_]|$)/))
        report(FNR, "state", "is assigned in src/core/transition.cc alone")

    # Each identifier, with what stands before and after it.
    rest = code
    before = ""
    while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
        before = before substr(rest, 1, RSTART - 1)
        word = substr(rest, RSTART, RLENGTH)
        after = substr(rest, RSTART + RLENGTH)
        check_word(word, before, after)
        before = before word
        rest = after
    }
}

function check_word(word, before, after,    global, call) {
    global = before ~ /(^|[^A-Za-z0-9_>])::$/
    # Also as std::word and ::word; but not as a member, or a name of our own namespaces.
    if (word in banned_word && before !~ /(\.|->)$/ &&
        (before !~ /[A-Za-z0-9_]::$/ || before ~ /std::$/))
        report(FNR, "banned-word", word)

    if (after !~ /^[ \t]*\(/) return
    call = global || is_free_call(before)
    if ((word == "close" || word == "kill") && call && file !~ /^src\/base\/fd\./ &&
        file !~ /^src\/kernel\/sys\./ && !(platform && word == "kill"))
        report(FNR, "raw-" word, "is for src/base/fd and src/kernel/sys alone")
    if (pure && (global && word ~ /^[a-z]/ || call && word in system_call))
        report(FNR, "pure-room", word "() in " room)
}

# Whether what stands before a name and its parenthesis makes it the call of a free function: not a
# member's, not one qualified by a name, and no declaration (a type stands before that).
function is_free_call(before,    word) {
    sub(/[ \t]+$/, "", before)
    if (before ~ /(\.|->|::|>|[A-Za-z0-9_][*&]|~)$/) return 0
    if (match(before, /[A-Za-z_][A-Za-z0-9_]*$/)) {
        word = substr(before, RSTART)
        return word ~ /^(return|else|do|case|co_return)$/
    }
    return 1
}

# --- Length of functions -------------------------------------------------------------------------
# A brace opens a container (namespace, class, extern "C") or a function: text with a parenthesis
# that does not end in "=". Anything deeper is a function's, or a table's, own.

function check_functions(    rest, c, at, limit) {
    if (continued || code ~ /^[ \t]*#/) {
        continued = code ~ /\\$/
        return
    }
    rest = code
    while (match(rest, /[;{}]/)) {
        c = substr(rest, RSTART, 1)
        at = RSTART
        add_text(substr(rest, 1, at - 1))
        rest = substr(rest, at + 1)
        if (c == ";") {
            if (depth == container) clear_text()
        } else if (c == "{") {
            if (depth == container) {
                function_line = is_function(text) ? text_line : 0
                if (is_container(text)) ++container
                clear_text()
            }
            ++depth
        } else {
            if (depth == container && container > 0) --container
            if (depth > 0) --depth
            if (depth == container) {
                limit = in_src ? 70 : 100
                if (function_line && FNR - function_line + 1 > limit)
                    report(function_line, "function-length",
                           FNR - function_line + 1 " lines, more than " limit)
                function_line = 0
                clear_text()
            }
        }
    }
    add_text(rest)
}

function add_text(more) {
    if (depth != container) return
    sub(/^[ \t]*(public|private|protected)[ \t]*:/, "", more)
    if (text_line == 0 && more ~ /[^ \t]/) text_line = FNR
    text = text " " more
}

function clear_text() {
    text = ""
    text_line = 0
}

# Drops what stands between < and >, for "template <class T>" is no class.
function without_template(text,    at, depth_of, i, c) {
    while (match(text, /template[ ]*</)) {
        depth_of = 0
        for (i = RSTART + RLENGTH - 1; i <= length(text); ++i) {
            c = substr(text, i, 1)
            if (c == "<") ++depth_of
            if (c == ">" && --depth_of == 0) break
        }
        text = substr(text, 1, RSTART - 1) substr(text, i + 1)
    }
    return text
}

function is_container(text) {
    text = without_template(text)
    return text ~ /(^|[^A-Za-z0-9_])namespace([^A-Za-z0-9_]|$)/ || text ~ /extern ""[ ]*$/ ||
           text ~ /(^|[^A-Za-z0-9_])(class|struct|union)[^A-Za-z0-9_]/ && text !~ /[)=]/
}

function is_function(text) {
    return !is_container(text) && text ~ /\(/ && text !~ /=[ ]*$/
}

# --- Cycles of includes: each is told once, from its first file ----------------------------------

function find_cycles(    start, file_of, sorted, n, i) {
    n = 0
    for (start in edges) sorted[++n] = start
    sort(sorted, n)
    for (i = 1; i <= n; ++i)
        if (!(sorted[i] in visited)) visit(sorted[i], "")
}

function sort(array, n,    i, j, value) {
    for (i = 2; i <= n; ++i) {
        value = array[i]
        for (j = i - 1; j > 0 && array[j] > value; --j) array[j + 1] = array[j]
        array[j + 1] = value
    }
}

function visit(node, path,    next_of, n, i, cycle) {
    visited[node] = 1
    on_path[node] = 1
    path = path (path == "" ? "" : " -> ") node
    n = split(edges[node], next_of, " ")
    for (i = 1; i <= n; ++i) {
        if (on_path[next_of[i]]) {
            cycle = substr(path, index(path, next_of[i])) " -> " next_of[i]
            print node ":" edge_line[node, next_of[i]] ": cycle: " cycle
            found = 1
        } else if (!(next_of[i] in visited)) {
            visit(next_of[i], path)
        }
    }
    on_path[node] = 0
}
