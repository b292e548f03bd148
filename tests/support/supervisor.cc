#include "support/supervisor.h"

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

#include "catch.h"
#include "ctl/client.h"
#include "kernel/sys.h"
#include "support/procfs.h"
#include "support/skip.h"

namespace reeve::test {

std::string reeve_binary() {
    const char* given = std::getenv("REEVE_BIN");
    char path[PATH_MAX];
    if (realpath(given != nullptr ? given : "build/reeve", path) == nullptr)
        throw std::runtime_error("REEVE_BIN names no program, and there is no build/reeve");
    return path;
}

Reeve::Reeve() {
    make_directory(services());
    make_directory(run_directory());
    make_directory(logs());
    write_file(services() + "/reeve.conf", "log = run\n");
}

// It goes on after a crash as if nothing had been: that must not hide one from us.
Reeve::~Reeve() {
    if (!process_ || may_crash) return;
    const std::string said = process_->err();
    if (said.find("reeve: crashed (SIG") != said.npos) FAIL_CHECK(said);
}

std::string Reeve::fill_in(std::string_view text) const {
    std::string result(text);
    const std::pair<std::string, std::string> values[] = {
        {"{dir}", directory()}, {"{self}", own_program()}, {"{reeve}", reeve_binary()}};
    for (const auto& [mark, value] : values)
        for (size_t at = 0; (at = result.find(mark, at)) != result.npos; at += value.size())
            result.replace(at, mark.size(), value);
    return result;
}

void Reeve::service(std::string_view name, std::string_view text) const {
    write_file(services() + "/" + std::string(name), fill_in(text));
}

void Reeve::script(std::string_view name, std::string_view text) const {
    write_file(services() + "/" + std::string(name), fill_in(text), 0755);
}

void Reeve::give_to(uid_t uid) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory()))
        if (lchown(entry.path().c_str(), uid, uid) < 0) throw std::runtime_error("chown");
    if (chown(directory().c_str(), uid, uid) < 0) throw std::runtime_error("chown");
}

Launch Reeve::launch(const Strings& words) const {
    Launch result{
        .arguments = {reeve_binary(), "-d", services(), "-r", run_directory(), "-l", logs()}};
    for (const std::string& word : words) result.arguments.push_back(fill_in(word));
    return result;
}

void Reeve::start(const Strings& words) { start(launch(words)); }

void Reeve::start(const Launch& launch, bool waits) {
    uid_ = launch.uid;
    process_ = std::make_unique<Process>(launch);
    const std::string socket = run_directory() + "/control";
    const auto& words = launch.arguments;
    if (std::find(words.begin(), words.end(), "--") != words.end()) waits = false;
    const bool answers = wait_until([&] {
        return !waits || !process_->running() || (exists(socket) && svctl({"list"}).status != 7);
    });
    if (!answers) FAIL("reeve does not answer\n" << describe());
}

void Reeve::start_as_pid_1(const Strings& words, const Strings& environment) {
    Launch inner = launch(words);
    Launch outer{.arguments = {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"},
                 .environment = environment};
    outer.arguments.insert(outer.arguments.end(), inner.arguments.begin(), inner.arguments.end());
    start_behind_unshare(outer, true);
}

void Reeve::start_behind_unshare(const Launch& launch, bool waits) {
    behind_unshare_ = true;
    start(launch, waits);
}

pid_t Reeve::pid() const {
    if (!behind_unshare_) return process_->pid();
    pid_t found = 0;
    comes_true([&] {
        const std::vector<pid_t> children = children_of(process_->pid());
        if (!children.empty()) found = children.front();
        return found != 0;
    });
    return found;
}

void Reeve::signal(int number) const {
    const pid_t inner = behind_unshare_ ? pid() : 0;
    if (inner > 0)
        ::kill(inner, number);
    else
        process_->signal(number);
}

std::optional<int> Reeve::stop() {
    signal(SIGTERM);
    const std::optional<int> status = wait();
    if (!status) UNSCOPED_INFO("reeve did not stop\n" << describe());
    return status;
}

void Reeve::kill() {
    signal(SIGKILL);
    wait();
}

void Reeve::go_on(int way) {
    INFO(way);
    may_crash = true;
    if (way == SIGKILL) {
        kill();
        return start();
    }
    if (way != 0)
        signal(way);
    else if (is_sanitized())  // whose new program may take longer than it has
        CHECK(comes_true([&] { return svctl({"reexec"}).status == 0; }));
    else
        CHECK(svctl({"reexec"}).status == 0);
    CHECK(comes_true([&] { return svctl({"list"}).status != 7; }));
    CHECK(read_file("/proc/" + std::to_string(pid()) + "/cmdline").find("--resume=") !=
          std::string::npos);
}

Output Reeve::svctl(const Strings& words, const Strings& environment) const {
    Launch launch{.arguments = {reeve_binary(), "svctl"}, .environment = environment};
    launch.environment.push_back("REEVE_RUN=" + run_directory());
    // To look for leaks takes longer than svctl does, and nothing outlives it.
    if (const char* options = std::getenv("ASAN_OPTIONS"); options != nullptr)
        launch.environment.push_back("ASAN_OPTIONS=" + std::string(options) + ":detect_leaks=0");
    for (const std::string& word : words) launch.arguments.push_back(fill_in(word));
    launch.uid = uid_;
    return run(launch, std::chrono::seconds(70));
}

// Status files follow behind what happens, but before any client has its answer.
void Reeve::have_files_written() const {
    if (uid_) {
        svctl({"list"});
        return;
    }
    const Mono until = sys::mono_now() + milliseconds(300);
    Client client;
    std::string_view line;
    const bool asked = client.connect((run_directory() + "/control").c_str(), until) == 0 &&
                       client.send("reeve/1 directories\n", until);
    if (asked) client.read_line(line, until);
}

std::string Reeve::field(std::string_view service, std::string_view name) const {
    have_files_written();
    const std::string text = "\n" + read_file(run_directory() + "/status/" + std::string(service));
    const std::string label = "\n" + std::string(name) + "=";
    const size_t at = text.find(label);
    if (at == text.npos) return {};
    const size_t value = at + label.size();
    return text.substr(value, text.find('\n', value) - value);
}

bool Reeve::comes_true(const std::function<bool()>& condition) const {
    bool true_now = false;
    wait_until([&] {
        const bool ended = !process_ || !process_->running();
        true_now = condition();
        return true_now || ended;
    });
    return true_now;
}

pid_t Reeve::pid_of(std::string_view service) const {
    return std::atoi(field(service, "pid").c_str());
}

pid_t Reeve::first_pid_of(std::string_view service) const {
    comes_true([&] { return pid_of(service) > 0; });
    return pid_of(service);
}

bool Reeve::reaches(std::string_view service, std::string_view wanted) const {
    const bool reached = comes_true([&] { return state(service) == wanted; });
    if (!reached) {
        UNSCOPED_INFO(service << " is " << state(service) << ", not " << wanted << "\n"
                              << describe());
    }
    return reached;
}

bool Reeve::runs_anew(std::string_view service, pid_t before) const {
    const bool runs = comes_true([&] {
        const pid_t pid = pid_of(service);
        return pid != 0 && pid != before && state(service) == "running";
    });
    if (!runs) UNSCOPED_INFO(service << " does not run anew\n" << describe());
    return runs;
}

bool Reeve::has_lines(std::string_view file_name, int lines) const {
    const bool there = comes_true([&] { return count_lines(text_of(file_name)) >= lines; });
    if (!there) UNSCOPED_INFO(file_name << ":\n" << text_of(file_name) << describe());
    return there;
}

std::string Reeve::log_of(std::string_view service) const {
    Strings paths;
    std::error_code none;
    const std::string directory = logs() + "/" + std::string(service);
    for (const auto& entry : std::filesystem::directory_iterator(directory, none))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::string text;
    for (const std::string& path : paths) text += read_file(path);
    return text;
}

std::string Reeve::describe() const {
    std::string text;
    if (process_) text += "reeve says:\n" + process_->out() + process_->err();
    std::error_code none;
    const std::string directory = run_directory() + "/status";
    for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
        const std::string name = entry.path().filename();
        text += name + ": " + state(name) + ", " + field(name, "reason") + "\n";
        const std::string log = log_of(name);
        if (!log.empty())
            text +=
                "  its log ends: " + log.substr(log.size() - std::min<size_t>(log.size(), 500)) +
                "\n";
    }
    return text;
}

}  // namespace reeve::test
