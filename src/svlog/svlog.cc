#include "svlog/svlog.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>

#include "base/parse.h"
#include "base/version.h"
#include "files/place.h"
#include "files/trust.h"
#include "files/zone.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/stamp.h"

namespace reeve {

namespace {

// Behind a block there is room for the rest of a mark.
char in[log_block_bytes + log_mark_bytes];
char out_place[log_block_bytes];

constexpr int ready_fd = 3;

// Will it stay so? Room and descriptors, which may be wanting now, come back.
bool is_lasting(int code) {
    return code != ENOSPC && code != EDQUOT && code != EMFILE && code != ENFILE && code != ENOMEM &&
           code != EIO;
}

bool is_mark(std::string_view bytes) {
    return bytes.size() == log_mark_bytes && find_mark(bytes).place == 0;
}

// A full disk is full for all services.
bool is_full(int code) { return code == ENOSPC || code == EDQUOT; }

}  // namespace

int Svlog::run() {
    read_plan();
    folder_.keep_bound();
    for (bool busy = true; !ends() || (busy && sys::mono_now() < ends_by_);) {
        const bool ends_now = !ends() && signals::take(SIGTERM) > 0;
        if (ends_now) ends_by_ = sys::mono_now() + milliseconds(log_drain_max_ms);
        if (signals::take(SIGHUP) > 0 || ends_now) read_plan();
        busy = turn();
    }
    // What is in the pipes yet the next svlog reads: reeve waits no longer.
    for (Stream& stream : streams_) {
        write_held(stream);
        conclude(stream);
    }
    console_.flush();
    return 0;
}

// One wait, and what comes of it. False: there was nothing to be done.
bool Svlog::turn() {
    set_.clear();
    signals::watch(set_);
    bool held_up = false;
    for (Stream& stream : streams_) {
        held_up = held_up || stream.trouble != 0;
        const bool waits = stream.trouble != 0 || (stream.to_console() && console_.blocked());
        if (!waits) stream.pipe.watch(set_);
    }
    if (console_.blocked()) set_.add(1, POLLOUT);
    const Mono now = sys::mono_now();
    const bool may_end = ends() && !console_.blocked() && !held_up;
    set_.wait(may_end ? now : std::min(retry_at_, ends_by_), now);
    const bool at_once = sys::mono_now() - now <= milliseconds(1);
    signals::drain();
    bool busy = console_.blocked() || held_up;
    console_.flush();
    for (Stream& stream : streams_)
        if (stream.pipe.result(set_) != 0) busy = pump(stream) || busy;
    console_.flush();
    if (sys::mono_now() >= retry_at_) retry({sys::mono_now(), {}});
    let_gather(at_once);
    return busy;
}

// Small writes, one right behind the other: each would wake us, and that is what they cost. They
// are left to gather in their pipe for a moment, the longer the less comes together, and never so
// long that a pipe may fill up and its service has to wait.
void Svlog::let_gather(bool at_once) {
    constexpr int64_t least_us = 50;
    if (!at_once || fullest_ == 0)
        gather_us_ = 0;
    else if (fullest_ > log_pipe_bytes / 2)
        gather_us_ /= 2;
    else if (fullest_ < log_pipe_bytes / 4)
        gather_us_ = std::clamp(2 * gather_us_, least_us, log_gather_max_us);
    fullest_ = 0;
    if (gather_us_ >= least_us) sys::sleep(gather_us_);
}

// Reads a block at most. Where it ends within a mark, the rest of the mark is read as well.
std::string_view Svlog::read_pipe(const Stream& stream, size_t room) {
    const ssize_t got = sys::read(stream.pipe.get(), in, room);
    if (got <= 0) return {};
    const size_t begun = begun_mark({in, static_cast<size_t>(got)});
    const ssize_t rest =
        begun > 0 ? sys::read(stream.pipe.get(), in + got, log_mark_bytes - begun) : 0;
    return {in, static_cast<size_t>(got + std::max<ssize_t>(rest, 0))};
}

// Reads what there is, up to a bound: others are to have their turn. False: there is nothing.
bool Svlog::pump(Stream& stream) {
    const size_t room = stream.to_console() ? log_block_bytes / 16 : log_block_bytes;
    size_t sum = 0;
    bool emptied = false;
    for (size_t i = 0; i < log_blocks_a_turn_count; ++i) {
        const std::string_view bytes = read_pipe(stream, room);
        if (bytes.empty() && i == 0) return false;
        if (i == 0) prepare(stream, is_mark(bytes));
        set_stamp(stream);
        feed(stream, bytes);
        sum += bytes.size();
        emptied = bytes.size() < room;
        if (emptied || stream.trouble != 0 || stream.to_console()) break;
    }
    if (sum > log_block_bytes / 4 && !stream.enlarged)
        stream.enlarged = platform::enlarge_pipe(stream.pipe.get(), log_pipe_bytes);
    // What the kernel gives a pipe at first is a quarter of that.
    const size_t share = stream.enlarged ? sum : 4 * sum;
    fullest_ = std::max(fullest_, emptied ? share : log_pipe_bytes);
    return true;
}

void Svlog::set_stamp(const Stream& stream) {
    now_us_ = sys::wall_now_us();
    stamp_.clear();
    const int64_t now_s = now_us_ / 1000000;
    if (stream.time == LogTime::local && !local_.holds(now_s)) {
        Buffer<reason_max_bytes> problem;  // then it is UTC
        if (!zone_) zone_ = find_zone("", problem);
        local_ = zone_->period_at(now_s);
    }
    append_stamp(stamp_, stream.time, now_us_, local_.offset_s);
}

// Is there a file to write to? Where there can be none, that is looked at again every second.
// A service that has said nothing yet, but a mark perhaps, gets none.
void Svlog::prepare(Stream& stream, bool silent) {
    if (stream.log == Log::console || (silent && !stream.file.is_there(folder_, stream.name)))
        return;
    const int64_t now_us = sys::wall_now_us();
    const int64_t since = now_us - stream.looked_us;
    const bool due = since < 0 || since >= log_look_us;
    if (stream.no_file && !due) return;
    if (due) {
        stream.looked_us = now_us;
        stream.file.check_place(folder_, stream.name);
    }
    int code = stream.file.open(folder_, stream.name);
    if (code == EMFILE || code == ENFILE) {
        for (Stream& other : streams_) other.file.close();
        code = stream.file.open(folder_, stream.name);
    }
    if (code != 0 && is_lasting(code)) return use_console(stream, code);
    if (stream.no_file && !stream.held.empty()) put_to_console(stream, "\n");
    stream.no_file = false;
    if (!stream.known && code == 0) {
        stream.length = stream.file.in_mid_line() ? 1 : 0;
        stream.known = true;
    }
}

// Sends its lines to the console, for there can be no file now. The one that was open is closed:
// the next look is for another.
void Svlog::use_console(Stream& stream, int code) {
    stream.file.close();
    if (!stream.no_file) tell(stream, code, "its lines go to the console");
    stream.no_file = true;
}

void Svlog::tell(const Stream& stream, int code, const char* what) const {
    complain("svlog: ", folder_.path(), "/", stream.name, ": ", errno_text(code), "; ", what);
}

void Svlog::feed(Stream& stream, std::string_view bytes) {
    while (!bytes.empty()) {
        const FoundMark found = find_mark(bytes);
        add_text(stream, bytes.substr(0, found.place));
        if (found.mark == LogMark::none) return;
        heed(stream, found.mark);
        bytes.remove_prefix(found.place + log_mark_bytes);
    }
}

// Does what reeve asks for by a mark.
void Svlog::heed(Stream& stream, LogMark mark) {
    if (mark == LogMark::end) end_line(stream);
    if (mark == LogMark::rotate && !stream.to_console())
        stream.file.rotate(folder_, stream.name, stream.rules);
}

void Svlog::end_line(Stream& stream) {
    if (stream.length > 0) put(stream, "\n");
    stream.length = 0;
    stream.skips = false;
}

// Adds what the service itself wrote: splits lines that are too long, and leaves out the end of one
// whose beginning was dropped.
void Svlog::add_text(Stream& stream, std::string_view text) {
    if (stream.skips) {
        const size_t newline = text.find('\n');
        stream.skips = newline == std::string_view::npos;
        text.remove_prefix(stream.skips ? text.size() : newline + 1);
    }
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, span_until_split(text, stream.length));
        put(stream, piece);
        stream.length = open_length(piece, stream.length);
        text.remove_prefix(piece.size());
        if (text.empty()) return;
        put(stream, split_line_end);
        stream.length = 0;
    }
}

void Svlog::put(Stream& stream, std::string_view text) {
    if (stream.to_console()) return put_to_console(stream, text);
    if (stream.time == LogTime::none) return write(stream, text);
    put_stamped(stream, text);
}

void Svlog::put_stamped(Stream& stream, std::string_view text) {
    Sink place(out_place, sizeof out_place);
    bool begins = stream.length == 0;
    while (!text.empty()) {
        const void* newline = std::memchr(text.data(), '\n', text.size());
        size_t count = text.size();
        if (newline != nullptr)
            count = static_cast<size_t>(static_cast<const char*>(newline) - text.data()) + 1;
        if (count + stamp_.size() > place.capacity() - place.size()) {
            write(stream, place.view());
            place.clear();
        }
        if (begins) place << stamp_.view();
        place << text.substr(0, count);
        text.remove_prefix(count);
        begins = true;
    }
    write(stream, place.view());
}

void Svlog::put_to_console(Stream& stream, std::string_view text) {
    while (!text.empty()) {
        const size_t newline = text.find('\n');
        if (newline == std::string_view::npos) {
            stream.held << text;
            return;
        }
        console_.add(stream.name, stream.held, text.substr(0, newline + 1));
        stream.held.clear();
        text.remove_prefix(newline + 1);
    }
}

void Svlog::write(Stream& stream, std::string_view bytes) {
    if (bytes.empty()) return;
    size_t taken = 0;
    if (stream.trouble == 0) {
        taken = stream.file.append(folder_, stream.name, bytes, stream.rules);
        if (taken == bytes.size()) return;
        const int code = errno;
        if (is_lasting(code)) {
            use_console(stream, code);
            return put_to_console(stream, bytes.substr(taken));
        }
        stream.trouble = code;
        retry_at_ = std::min(retry_at_, sys::mono_now() + milliseconds(log_retry_ms));
        tell(stream, code, "its newest lines wait");
    }
    stream.held << bytes.substr(taken);
}

// --- While the disk is full ----------------------------------------------------------------------

// Tries again what could not be opened or written. Where the disk is full for one service, no other
// one's file is tried.
void Svlog::retry(Now now) {
    retry_at_ = no_deadline;
    bool full = false;
    for (Stream& stream : streams_) {
        if (stream.shut) open_pipe(stream);
        if (stream.trouble == 0) continue;
        if (!full) full = is_full(write_held(stream));
        if (stream.trouble == 0) continue;
        drop_oldest(stream);
        retry_at_ = now.mono + milliseconds(log_retry_ms);
    }
}

// There is room again: says in the log itself how many lines were lost meanwhile.
void Svlog::tell_lost(Stream& stream) {
    Buffer<128> line;
    append(line, "svlog: ", uint64_t{stream.lost}, stream.lost == 1 ? " line" : " lines",
           " lost: ", errno_text(stream.trouble), '\n');
    stream.trouble = 0;
    if (stream.lost == 0) return;
    stream.lost = 0;
    set_stamp(stream);
    const bool skips = stream.skips;
    end_line(stream);
    put(stream, line.view());
    stream.skips = skips;
}

// Drops and counts the oldest lines in a full pipe whose log cannot be written, so that its service
// does not hang for it.
void Svlog::drop_oldest(Stream& stream) {
    if (ready_now(stream.pipe.get(), POLLOUT) != 0) return;
    std::string_view bytes = read_pipe(stream, log_block_bytes);
    while (!bytes.empty()) {
        const FoundMark found = find_mark(bytes);
        const std::string_view text = bytes.substr(0, found.place);
        if (!text.empty()) {
            stream.lost += count_lines(text) - (stream.skips ? 1 : 0);
            stream.skips = text.back() != '\n';
            stream.lost += stream.skips ? 1 : 0;
        }
        if (found.mark == LogMark::none) return;
        heed(stream, found.mark);
        bytes.remove_prefix(found.place + log_mark_bytes);
    }
}

// --- The plan ------------------------------------------------------------------------------------

void Svlog::read_plan() {
    const Text path = Text::join(pipes_, "/plan");
    const Fd file = open_trusted(path.c_str());
    if (!file && errno == ENOENT) return;  // reeve writes one as soon as there is a pipe
    LongText text;
    for (ssize_t got; (got = sys::read(file.get(), in, sizeof in)) > 0;)
        text << std::string_view(in, static_cast<size_t>(got));
    std::string_view rest = text;
    const auto total = parse_plan_head(take_line(rest));
    if (!total) return complain("svlog: no plan of ours: ", path);
    folder_.set_bound(*total);
    for (Stream& stream : streams_) stream.listed = false;
    next_ = 0;
    while (!rest.empty())
        if (const auto plan = parse_plan(take_line(rest))) follow(stream_of(plan->name), *plan);
    for (Stream& stream : streams_)
        if (!stream.listed) finish(stream);
    erase_if(streams_, [](const Stream& stream) { return !stream.listed; });
}

// Finds it, or adds one. The plan names services in the same order each time, so that the one after
// the last is looked at first.
Stream& Svlog::stream_of(std::string_view name) {
    for (size_t i = 0; i < streams_.size(); ++i, ++next_) {
        Stream& stream = streams_[next_ % streams_.size()];
        if (stream.name == name) return ++next_, stream;
    }
    Stream& fresh = streams_.emplace_back();
    fresh.name = name;
    return fresh;
}

void Svlog::follow(Stream& stream, const LogPlan& plan) {
    stream.listed = true;
    if (stream.log != plan.log) {
        finish(stream);
        stream.no_file = false;
    }
    stream.log = plan.log;
    stream.time = plan.time;
    stream.rules = {plan.max_size, plan.keep};
    stream.file.check_place(folder_, stream.name);
    Buffer<path_max_bytes> path;
    append(path, pipes_, '/', stream.name, ".fifo");
    if (stream.pipe && is_still_at(stream.pipe.get(), path.c_str())) return;
    // Somebody took it away, and reeve has made another one.
    if (stream.pipe) finish(stream);
    open_pipe(stream);
}

// Where there is none any more reeve makes another one, and says so; what cannot be opened is tried
// again, for its service would have to wait.
void Svlog::open_pipe(Stream& stream) {
    Buffer<path_max_bytes> path;
    append(path, pipes_, '/', stream.name, ".fifo");
    Fd fresh(platform::open_fifo(path.c_str()));
    const int code = fresh ? 0 : errno;
    const bool shut = code != 0 && code != ENOENT;
    struct stat state;
    if (fresh && (sys::fstat(fresh.get(), &state) < 0 || !S_ISFIFO(state.st_mode))) fresh.reset();
    // At once after a new log_user this one may be about to end: then there is nothing to tell.
    if (shut && stream.shut && !stream.told)
        complain("svlog: ", path, ": ", errno_text(code), "; it is tried again");
    stream.told = shut && stream.shut;
    stream.shut = shut;
    if (shut) retry_at_ = std::min(retry_at_, sys::mono_now() + milliseconds(log_retry_ms));
    if (fresh || !stream.pipe) stream.pipe = std::move(fresh);
    stream.enlarged = false;
}

// All that is left in its pipe, behind what waits; no more than the console takes meanwhile.
void Svlog::finish(Stream& stream) {
    write_held(stream);
    const Mono by = sys::mono_now() + milliseconds(log_retry_ms);
    while (stream.pipe && stream.trouble == 0 && sys::mono_now() < by) {
        if (stream.to_console() && console_.blocked()) {
            set_.clear();
            set_.add(1, POLLOUT);
            set_.wait(by, sys::mono_now());
            console_.flush();
        } else if (!pump(stream)) {
            break;
        }
    }
    conclude(stream);
}

// Writes what waits for room. 0, or the errno for which it still waits.
int Svlog::write_held(Stream& stream) {
    if (stream.trouble == 0) return 0;
    const size_t taken = stream.file.append(folder_, stream.name, stream.held, stream.rules);
    const int code = taken < stream.held.size() ? errno : 0;
    stream.held.drop(taken);
    if (code != 0 && !is_lasting(code)) return code;
    if (code != 0) {
        use_console(stream, code);
        const LongText rest = std::move(stream.held);
        stream.held.clear();
        put_to_console(stream, rest);
    }
    tell_lost(stream);
    return 0;
}

// Says the last of a service: ends its line on the console, and counts the lines that have found no
// room.
void Svlog::conclude(Stream& stream) {
    if (stream.to_console() && !stream.held.empty()) put_to_console(stream, "\n");
    if (stream.trouble == 0) return;
    stream.lost += count_lines(stream.held);
    if (stream.lost > 0) {
        Buffer<64> what;
        append(what, uint64_t{stream.lost}, stream.lost == 1 ? " line lost" : " lines lost");
        tell(stream, stream.trouble, what.c_str());
    }
    stream.held.clear();
    stream.lost = 0;
    stream.trouble = 0;
}

int svlog_main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--version") {
        constexpr std::string_view version = "svlog " REEVE_VERSION "\n";
        return sys::write(1, version.data(), version.size()) < 0 ? 1 : 0;
    }
    if (argc != 3) {
        complain("usage: svlog PIPES LOGDIR (reeve starts it; see svlog(8))");
        return 2;
    }
    for (const int number : {SIGTERM, SIGHUP}) signals::count(number);
    for (const int number : {SIGPIPE, SIGINT, SIGXFSZ}) signals::ignore(number);
    // From now on it can be told to end, and loses nothing.
    {
        const Fd ready(ready_fd);
        sys::write(ready_fd, "\n", 1);
    }
    if (!signals::open()) return 1;
    // A pipe and a file for each of a thousand services.
    sys::raise_descriptor_limit();
    // As long as the process lives: there is nothing to tear down.
    static Svlog& svlog = *new Svlog(argv[1], argv[2]);
    return svlog.run();
}

}  // namespace reeve
