// supervisor: a reeve of a test's own: its directories, its service files, the process, svctl.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/process.h"
#include "support/tempdir.h"

namespace reeve::test {

// The program under test: REEVE_BIN, else build/reeve.
std::string reeve_binary();

// For the environment of a reeve under strace, where LeakSanitizer cannot look.
constexpr char no_leak_check[] = "ASAN_OPTIONS=detect_leaks=0";

class Reeve {
  public:
    Reeve();
    ~Reeve();

    // The test makes it crash; else that is a failure.
    bool may_crash = false;

    // Directories of its own, made and empty: service files, run files, logs, what services write.
    // reeve.conf says log = run, so that svlog is there where a test has something to do with it: a
    // reeve.conf of its own, or a service that says otherwise.
    const std::string& directory() const { return directory_.path(); }
    std::string services() const { return directory_ / "services"; }
    std::string run_directory() const { return directory_ / "run"; }
    std::string logs() const { return directory_ / "log"; }
    std::string file(std::string_view name) const { return directory_ / name; }

    // Writes the service file, or the executable one. "{dir}" in the text is directory(), "{self}"
    // this test program, "{reeve}" reeve.
    void service(std::string_view name, std::string_view text) const;
    void script(std::string_view name, std::string_view text) const;
    // The text with what those stand for.
    std::string fill_in(std::string_view text) const;
    // The directories and all in them are this user's from now on.
    void give_to(uid_t uid) const;

    // reeve with this service, run and log directory, and these words.
    Launch launch(const Strings& words = {}) const;
    // Starts it; without `-- CMD` waits until it answers on its control socket.
    void start(const Strings& words = {});
    void start(const Launch& launch, bool waits = true);
    // As PID 1 of a PID namespace with a /proc of its own.
    void start_as_pid_1(const Strings& words = {}, const Strings& environment = {});
    // The same by a launch of the test's own, which begins with unshare(1).
    void start_behind_unshare(const Launch& launch, bool waits);

    Process& process() { return *process_; }
    // reeve itself, also where it is behind unshare(1); 0: it has ended there.
    pid_t pid() const;
    void signal(int number) const;
    // Its exit code, when it has ended by itself or by what the test has sent it.
    std::optional<int> wait(std::chrono::milliseconds limit = patience) {
        return process_->wait(limit);
    }
    // TERM, and its exit code.
    std::optional<int> stop();
    // KILL, to reeve alone.
    void kill();
    // reeve executes itself again, asked to (0) or by a crash of this signal, and has done so by
    // the time that svctl has an answer; or it is killed (SIGKILL), and there is another one.
    void go_on(int way);

    // As the user whose reeve it is.
    Output svctl(const Strings& words, const Strings& environment = {}) const;

    // "NAME=" of the service's status file, as it is now and not as it was a moment ago.
    std::string field(std::string_view service, std::string_view name) const;
    std::string state(std::string_view service) const { return field(service, "state"); }
    pid_t pid_of(std::string_view service) const;
    // Once it has one: on a busy machine that is some time behind the start of `starting`.
    pid_t first_pid_of(std::string_view service) const;
    // As wait_until(), but no longer than until reeve has ended.
    bool comes_true(const std::function<bool()>& condition) const;
    // Waits for the state; where it does not come, what is known is shown with the failure.
    bool reaches(std::string_view service, std::string_view state) const;
    // Waits until the service runs as another process than `before`, and is ready.
    bool runs_anew(std::string_view service, pid_t before) const;

    // Waits until a file in directory() has that many lines.
    bool has_lines(std::string_view file, int lines) const;
    std::string text_of(std::string_view file_name) const { return read_file(file(file_name)); }
    // What the service wrote in all its runs, the oldest first.
    std::string log_of(std::string_view service) const;

    // Everything that helps to understand a failure.
    std::string describe() const;

  private:
    void have_files_written() const;

    TempDir directory_;
    std::unique_ptr<Process> process_;
    bool behind_unshare_ = false;
    std::optional<uid_t> uid_{};  // whose reeve it is; root's svctl asks no other user's
};

}  // namespace reeve::test
