#include "bench/session.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/interrupt.h"
#include "support/procfs.h"

namespace reeve::bench {

namespace {

// The slowest peer takes a third of this for a thousand services.
constexpr double patience_ms = 120'000;

double milliseconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

bool same_file(const std::string& one, const std::string& other) {
    struct stat first;
    struct stat second;
    return stat(one.c_str(), &first) == 0 && stat(other.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace

int64_t now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

void pause_for(double milliseconds) {
    stop_if_interrupted();
    const auto nanoseconds = static_cast<int64_t>(milliseconds * 1e6);
    const timespec time{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    nanosleep(&time, nullptr);
    stop_if_interrupted();
}

Marks::Marks(std::string path) : path_(std::move(path)) { test::write_file(path_, "", 0666); }

size_t Marks::count() const {
    struct stat status;
    if (stat(path_.c_str(), &status) < 0) return 0;
    return static_cast<size_t>(status.st_size) / sizeof(Mark);
}

Mark Marks::at(size_t place) const {
    Mark mark{};
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const off_t offset = static_cast<off_t>(place * sizeof mark);
    const bool read = fd >= 0 && pread(fd, &mark, sizeof mark, offset) == sizeof mark;
    close(fd);
    if (!read) throw Failure("no mark where one was");
    return mark;
}

// Looks seldom where much is to come, so that the one who looks takes nothing from who works.
bool Marks::reach(size_t wanted, double milliseconds) const {
    const int64_t deadline = now() + static_cast<int64_t>(milliseconds * 1e6);
    for (size_t have; (have = count()) < wanted;) {
        if (now() > deadline) return false;
        pause_for(wanted - have > 10 ? 2 : 0.1);
    }
    return true;
}

std::string resolve(const Programs& programs, const std::string& name) {
    if (name == "raw") return programs.raw;
    if (name == "reeve") return programs.reeve;
    if (name == "svctl") return programs.svctl;
    return name.find('/') == name.npos ? test::find_program(name) : name;
}

std::vector<Timing> time_command(const Programs& programs, int times, const Strings& command,
                                 const Strings& environment) {
    Strings words = {programs.raw, "spawn", std::to_string(times)};
    words.insert(words.end(), command.begin(), command.end());
    words[3] = resolve(programs, words[3]);
    const test::Output output =
        test::run({.arguments = words, .environment = environment}, std::chrono::minutes(2));
    stop_if_interrupted();
    std::vector<Timing> timings;
    std::istringstream lines(output.out);
    Timing timing;
    for (int status; lines >> timing.begin >> timing.end >> status;) {
        if (status != 0) throw Failure(command.front() + ": wait status " + std::to_string(status));
        timings.push_back(timing);
    }
    if (timings.size() != static_cast<size_t>(times))
        throw Failure(command.front() + ": cut short");
    return timings;
}

Session::Session(const Programs& programs, const Contender& contender, int services)
    : programs_(programs), contender_(contender), site_{directory_.path(), &programs, services},
      marks_(directory_ / "marks") {
    if (contender.configure != nullptr) contender.configure(site_);
    Strings words = {programs.raw, "exec"};
    if (contender.kind != Contender::Kind::supervisor)
        words = {programs.raw, "namespace",
                 test::exists(site_ / "etc") ? site_ / "etc" : std::string("-")};
    words.push_back(resolve(programs, contender.programs.front()));
    for (const std::string& word : contender.arguments(site_)) words.push_back(word);
    if (contender.kind == Contender::Kind::entrypoint) words.push_back(programs.service);
    words_ = words;
    process_ = std::make_unique<test::Process>(
        test::Launch{.arguments = words_, .environment = environment()});
    const size_t wanted = static_cast<size_t>(services) + 1;
    if (!marks_.reach(wanted, patience_ms))
        throw Failure(contender.name + ": only " + std::to_string(marks_.count()) + " of " +
                      std::to_string(wanted) +
                      " processes began: " + process_->err().substr(0, 200));
}

// The supervisor first: it shall start nothing any more. What it leaves behind becomes ours,
// parents before their children.
Session::~Session() {
    const pid_t started = process_->pid();
    const std::vector<pid_t> left = test::descendants_of(started);
    siginfo_t info;
    process_->signal(SIGKILL);
    waitid(P_PID, static_cast<id_t>(started), &info, WEXITED | WNOWAIT);
    for (const pid_t pid : left) kill(pid, SIGKILL);
    for (const pid_t pid : left) waitpid(pid, nullptr, 0);
}

Strings Session::environment() const {
    Strings entries = {BENCH_MARKS "=" + marks_.path()};
    if (contender_.environment != nullptr)
        for (const std::string& entry : contender_.environment(site_)) entries.push_back(entry);
    return entries;
}

double Session::bring_up_ms() const {
    int64_t begin = 0;
    int64_t last = 0;
    for (size_t i = 0; i <= static_cast<size_t>(site_.services); ++i) {
        const Mark mark = marks_.at(i);
        if (mark.kind == mark_exec)
            begin = mark.nanoseconds;
        else
            last = std::max(last, mark.nanoseconds);
    }
    return milliseconds(last - begin);
}

bool Session::is_service(pid_t pid) const {
    return same_file("/proc/" + std::to_string(pid) + "/exe", programs_.service);
}

pid_t Session::supervisor() const {
    if (contender_.kind == Contender::Kind::supervisor) return process_->pid();
    const std::vector<pid_t> children = test::children_of(process_->pid());
    if (children.empty()) throw Failure(contender_.name + " has ended: " + process_->err());
    return children.front();
}

std::vector<pid_t> Session::service_pids() const {
    std::vector<pid_t> pids = test::descendants_of(supervisor());
    std::erase_if(pids, [&](pid_t pid) { return !is_service(pid); });
    return pids;
}

std::vector<pid_t> Session::own_pids() const {
    std::vector<pid_t> pids = test::descendants_of(supervisor());
    pids.push_back(supervisor());
    std::erase_if(pids, [&](pid_t pid) { return is_service(pid); });
    return pids;
}

double Session::shut_down_ms() {
    const pid_t target = supervisor();
    std::vector<pid_t> left = test::descendants_of(target);
    const int64_t begin = now();
    kill(target, contender_.end_signal);
    siginfo_t info;
    while (waitid(P_PID, static_cast<id_t>(process_->pid()), &info, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR)
        stop_if_interrupted();
    int64_t end = now();
    // Orphans have become our children.
    const auto is_gone = [](pid_t pid) {
        return waitpid(pid, nullptr, WNOHANG) == pid || kill(pid, 0) < 0;
    };
    while (std::erase_if(left, is_gone), !left.empty()) {
        if (milliseconds(end - begin) > patience_ms)
            throw Failure(contender_.name + ": does not end");
        pause_for(0.1);
        end = now();
    }
    return milliseconds(end - begin);
}

double Session::take_over_ms() {
    const size_t before = marks_.count();
    const Strings command = contender_.status(site_, service_name(site_.services));
    process_->signal(SIGKILL);
    process_->wait();
    process_ = std::make_unique<test::Process>(
        test::Launch{.arguments = words_, .environment = environment()});
    if (!marks_.reach(before + 1, patience_ms)) throw Failure(contender_.name + ": no exec");
    const int64_t begin = marks_.at(before).nanoseconds;
    std::vector<Timing> answer;
    while (answer.empty()) {
        try {
            answer = time_command(programs_, 1, command, environment());
        } catch (const Failure&) {  // it is not there yet
            if (milliseconds(now() - begin) > patience_ms) throw;
        }
    }
    if (marks_.count() > before + 1) throw Failure(contender_.name + ": started one twice");
    return milliseconds(answer.front().end - begin);
}

double Session::reexec_ms() {
    const size_t before = marks_.count();
    const Strings command = {programs_.svctl, "-r", site_ / "run", "reexec"};
    const Timing whole = time_command(programs_, 1, command, environment()).front();
    if (marks_.count() > before) throw Failure(contender_.name + ": started one again");
    return milliseconds(whole.end - whole.begin);
}

double Session::command_us(const std::string& service) {
    const size_t before = marks_.count();
    const Strings command = contender_.restart(site_, service);
    const Timing timing = time_command(programs_, 1, command, environment()).front();
    if (!marks_.reach(before + 1, 10'000)) throw Failure(contender_.name + ": no restart");
    return static_cast<double>(marks_.at(before).nanoseconds - timing.begin) / 1e3;
}

double Session::restart_us(pid_t service) {
    const size_t before = marks_.count();
    const int64_t begin = now();
    kill(service, SIGKILL);
    if (!marks_.reach(before + 1, patience_ms)) throw Failure(contender_.name + ": no restart");
    return static_cast<double>(marks_.at(before).nanoseconds - begin) / 1e3;
}

}  // namespace reeve::bench
