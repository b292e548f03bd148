// What is resolved in the parent: the environment, the program, shell lines, bounds.
#include "catch.h"
#include "process/spawn_plan.h"
#include "spawn_fixture.h"
#include "support/allocations.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// The environment of the plan, as the child gets it.
std::map<std::string, std::string> variables(const SpawnPlan& plan) {
    std::map<std::string, std::string> all;
    for (const char* entry : plan.environment) {
        if (entry == nullptr) break;
        std::string text = entry;
        REQUIRE(all.count(text.substr(0, text.find('='))) == 0);  // none twice
        all[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    return all;
}

std::vector<std::string> strings(const Strings& list) {
    std::vector<std::string> all;
    for (const char* each : list)
        if (each != nullptr) all.push_back(each);
    return all;
}

using Expected = std::vector<std::string>;

}  // namespace

TEST_CASE("env beats env_file beats what is inherited") {
    SpawnFixture child;
    std::vector<const char*> inherited{"PATH=/bin", "A=inherited", "B=inherited", "C=inherited",
                                       nullptr};
    child.request.environment = inherited.data();
    child.set_exec({"/bin/true"});
    child.definition->env_file.append(child.directory.file("one", "B=file\nC=file\n"));
    child.definition->env_file.append(child.directory.file("two", "D=second\nB=second\n"));
    child.definition->env.append("C=env");
    child.definition->env.append("C=later");
    REQUIRE(child.prepare());
    auto all = variables(child.plan);
    CHECK(all["A"] == "inherited");
    CHECK(all["B"] == "second");
    CHECK(all["C"] == "later");
    CHECK(all["D"] == "second");
    CHECK(all["REEVE_SERVICE"] == "web");
    CHECK(all.count("REEVE_INSTANCE") == 0);
}

TEST_CASE("env_clear leaves a path and what is reeve's to say") {
    SpawnFixture child;
    std::vector<const char*> inherited{"PATH=/odd", "A=inherited", nullptr};
    child.request.environment = inherited.data();
    child.policy->env_clear = true;
    child.service.instance = "7";
    child.request.instances = 12;
    child.request.run_directory = "/run/other";
    child.request.notify_socket = "/run/other/notify";
    const std::string_view extra[] = {"REEVE_PID=12", "REEVE_EXIT=1"};
    child.request.extra_environment = extra;
    child.set_exec({"/bin/true"});
    REQUIRE(child.prepare());
    auto all = variables(child.plan);
    std::map<std::string, std::string> expected{
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"REEVE_SERVICE", "web"},
        {"REEVE_INSTANCE", "7"},
        {"REEVE_INSTANCES", "12"},
        {"REEVE_RUN", "/run/other"},
        {"NOTIFY_SOCKET", "/run/other/notify"},
        {"REEVE_PID", "12"},
        {"REEVE_EXIT", "1"},
    };
    CHECK(all == expected);
}

TEST_CASE("what was meant for reeve alone is not inherited by a service") {
    SpawnFixture child;
    std::vector<const char*> inherited{
        "REEVE_INSTANCE=outer", "REEVE_RUN=/run/outer",      "NOTIFY_SOCKET=/run/systemd/notify",
        "WATCHDOG_USEC=1",      "REEVE_INSTANCES_OF_MINE=1", nullptr};
    child.request.environment = inherited.data();
    child.set_exec({"/bin/true"});
    REQUIRE(child.prepare());
    auto all = variables(child.plan);
    CHECK(all.count("REEVE_INSTANCE") == 0);
    CHECK(all.count("REEVE_RUN") == 0);
    CHECK(all.count("NOTIFY_SOCKET") == 0);
    CHECK(all.count("WATCHDOG_USEC") == 0);
    CHECK(all.count("REEVE_INSTANCES_OF_MINE") == 1);
    child.request.mode = SpawnMode::main;
    REQUIRE(child.prepare());
    CHECK(variables(child.plan)["NOTIFY_SOCKET"] == "/run/systemd/notify");
    CHECK(variables(child.plan).count("PATH") == 0);  // CMD's environment is its own
}

TEST_CASE("an env_file has comments, blanks, quotes and export") {
    SpawnFixture child;
    child.request.environment = nullptr;
    child.set_exec({"/bin/true"});
    child.definition->env_file.append(child.directory.file("file", "# a comment\n"
                                                                   "\n"
                                                                   "  PLAIN = \n"
                                                                   "  A=one two  \n"
                                                                   "B='single # quoted '\n"
                                                                   "C=\"double \\n $HOME\"\n"
                                                                   "export D=exported\r\n"
                                                                   "E=\n"
                                                                   "F='\n"
                                                                   "G=a=b\n"
                                                                   "H=last"));
    REQUIRE(!child.prepare());  // PLAIN has a blank before its =
    CHECK(child.error.step == SpawnStep::env_file);
    CHECK(child.detail() == child.directory / "file" + ":3: this is not NAME=value");
    child.directory.file("file", "# a comment\n\n  A=one two  \nB='single # quoted '\n"
                                 "C=\"double \\n $HOME\"\nexport D=exported\r\nE=\nF='\nG=a=b\n"
                                 "H=last");
    REQUIRE(child.prepare());
    auto all = variables(child.plan);
    CHECK(all["A"] == "one two");
    CHECK(all["B"] == "single # quoted ");
    CHECK(all["C"] == "double \\n $HOME");
    CHECK(all["D"] == "exported");
    CHECK(all["E"].empty());
    CHECK(all["F"] == "'");
    CHECK(all["G"] == "a=b");
    CHECK(all["H"] == "last");
}

TEST_CASE("an env_file may be missing only where a dash says so") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    std::string path = child.directory / "none";
    child.definition->env_file.append("-" + path);
    CHECK(child.prepare());
    child.definition->env_file.append(path);
    REQUIRE(!child.prepare());
    CHECK(child.error.step == SpawnStep::env_file);
    CHECK(child.error.code == ENOENT);
    CHECK(child.detail() == "env_file " + path + ": No such file or directory");
}

TEST_CASE("a dash does not excuse an env_file that cannot be read") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    child.definition->env_file.append("-" + child.directory.file("file", "A=1\n"));
    {
        Fault fault(sys::Call::open, EACCES);
        CHECK(!child.prepare());
        CHECK(child.error.code == EACCES);
    }
    Fault fault(sys::Call::read, EIO);
    CHECK(!child.prepare());
    CHECK(child.error.code == EIO);
}

TEST_CASE("secrets that others may read are refused") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    std::string path = child.directory.file("db.secret", "PASSWORD=hunter2\n", 0640);
    child.definition->env_file.append(path);
    REQUIRE(!child.prepare());
    CHECK(child.error.step == SpawnStep::env_file);
    CHECK(child.error.code == EPERM);
    CHECK(child.detail().starts_with(path));
    ::chmod(path.c_str(), 0600);
    REQUIRE(child.prepare());
    CHECK(variables(child.plan)["PASSWORD"] == "hunter2");
}

TEST_CASE("what an env_file says is never in an error") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    child.definition->env_file.append(child.directory.file("file", "A=1\nhunter2\n"));
    REQUIRE(!child.prepare());
    CHECK(child.detail().find("hunter2") == std::string::npos);
    CHECK(child.detail().find(":2:") != std::string::npos);
}

TEST_CASE("an env_file at its bound is read, one byte more is refused, and so is a FIFO") {
    SpawnFixture child;
    child.request.environment = nullptr;
    child.set_exec({"/bin/true"});
    std::string full = "A=" + std::string(env_file_max_bytes - 2, 'x');
    std::string path = child.directory.file("file", full);
    child.definition->env_file.append(path);
    REQUIRE(child.prepare());
    CHECK(variables(child.plan)["A"].size() == env_file_max_bytes - 2);
    child.directory.file("file", full + "x");
    REQUIRE(!child.prepare());
    CHECK(child.error.code == EFBIG);
    ::unlink(path.c_str());
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    REQUIRE(!child.prepare());
    CHECK(child.error.code == EINVAL);
}

TEST_CASE("arguments and environment have a bound, but not those that reeve was given itself") {
    SpawnFixture child;
    child.request.environment = nullptr;
    std::string big(arguments_max_bytes - 400, 'x');
    child.set_exec({"/bin/true", big.c_str()});
    CHECK(child.prepare());
    std::string bigger(arguments_max_bytes, 'x');
    child.set_exec({"/bin/true", bigger.c_str()});
    REQUIRE(!child.prepare());
    CHECK(child.error.code == E2BIG);
    CHECK(child.detail() == "arguments and environment are too large");
    child.request.mode = SpawnMode::main;
    CHECK(child.prepare());
    child.request.mode = SpawnMode::service;
    const std::string inherited = "INHERITED=" + std::string(2 * arguments_max_bytes, 'x');
    const char* const environment[] = {inherited.c_str(), nullptr};
    child.request.environment = environment;
    child.set_exec({"/bin/true", big.c_str()});
    CHECK(child.prepare());
}

TEST_CASE("more env_files than there is room for are refused") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    std::string path = child.directory.file("file", "#" + std::string(env_file_max_bytes - 1, 'x'));
    for (size_t i = 0; i <= spawn_scratch_bytes / env_file_max_bytes; ++i)
        child.definition->env_file.append(path);
    REQUIRE(!child.prepare());
    CHECK(child.error.code == E2BIG);
}

TEST_CASE("as many variables as env_files may have are read at once, one more is refused") {
    SpawnFixture child;
    child.request.environment = nullptr;
    child.set_exec({"/bin/true"});
    const auto lines = [](const std::string& prefix, size_t count) {
        std::string text;
        for (size_t i = 0; i < count; ++i) text += prefix + std::to_string(i) + "=1\n";
        return text;
    };
    const size_t half = env_file_names_max_count / 2;
    child.definition->env_file.append(child.directory.file("one", lines("A", half)));
    child.definition->env_file.append(child.directory.file("two", lines("B", half)));
    child.definition->env.append("A7=env");
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) REQUIRE(child.prepare());
    const auto took = std::chrono::steady_clock::now() - begun;
    auto all = variables(child.plan);
    CHECK(all.size() == 2 * half + 2);  // PATH and REEVE_SERVICE
    CHECK(all["A7"] == "env");
    CHECK(all["B7"] == "1");
    // To compare each with each takes 8 million looks a start, more than ten times as long.
    CHECK(took < std::chrono::milliseconds(20 * 100));
    child.directory.file("two", lines("B", half + 1));
    REQUIRE(!child.prepare());
    CHECK(child.error.code == E2BIG);
    CHECK(child.detail().find("at most 4096") != std::string::npos);
}

TEST_CASE("a program is looked for along the service's own PATH, in order") {
    SpawnFixture child;
    child.set_exec({"tool", "-x"});
    child.definition->env.append("PATH=/one:/two::/three");
    REQUIRE(child.prepare());
    CHECK(strings(child.plan.programs) ==
          Expected{"/one/tool", "/two/tool", "./tool", "/three/tool"});
    CHECK(strings(child.plan.arguments) == Expected{"tool", "-x"});
    child.set_exec({"./tool"});
    REQUIRE(child.prepare());
    CHECK(strings(child.plan.programs) == Expected{"./tool"});
}

TEST_CASE("a PATH of a file's own counts for the program") {
    SpawnFixture child;
    std::filesystem::create_directory(child.directory / "bin");
    child.directory.file("bin/tool", "#!/bin/sh\necho found $0\n", 0755);
    std::string file = child.directory.file("env", "PATH=/nonexistent:" + child.directory / "bin");
    child.definition->env_file.append(file);
    child.set_exec({"tool"});
    CHECK(child.output() == "found " + child.directory / "bin/tool" + "\n");
}

TEST_CASE("a program that is nowhere was not found, one that may not run is named before that") {
    SpawnFixture child;
    std::filesystem::create_directory(child.directory / "bin");
    child.definition->env.append("PATH=" + child.directory / "bin" + ":/nonexistent");
    child.set_exec({"tool"});
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::exec);
    CHECK(child.failure.code == ENOENT);
    CHECK(child.exit_code() == 127);
    child.directory.file("bin/tool", "#!/bin/sh\n", 0644);
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.code == EACCES);
    CHECK(child.exit_code() == 126);
}

TEST_CASE("a program that may not run does not hide one further on") {
    SpawnFixture child;
    child.directory.file("sh", "", 0644);
    child.definition->env.append("PATH=" + child.directory.path() + ":/bin");
    child.set_exec({"sh", "-c", "exit 5"});
    CHECK(child.start() == ExecStatus::done);
    CHECK(child.exit_code() == 5);
}

TEST_CASE("a file that is no program ends the search") {
    SpawnFixture child;
    child.directory.file("sh", "no program at all", 0755);
    child.definition->env.append("PATH=" + child.directory.path() + ":/bin");
    child.set_exec({"sh", "-c", "exit 5"});
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.code == ENOEXEC);
    CHECK(child.exit_code() == 126);
}

TEST_CASE("svctl and svcheck are reeve's own program where PATH has none") {
    SpawnFixture child;
    child.definition->env.append("PATH=/nonexistent");
    child.request.own_program = "/sbin/reeve";
    child.set_exec({"svcheck", "tcp", "80"});
    REQUIRE(child.prepare());
    CHECK(strings(child.plan.programs) == Expected{"/nonexistent/svcheck", "/sbin/reeve"});
    CHECK(strings(child.plan.arguments) == Expected{"svcheck", "tcp", "80"});
    child.set_exec({"svlog"});
    REQUIRE(child.prepare());
    CHECK(strings(child.plan.programs) == Expected{"/nonexistent/svlog"});
    // In a shell line too, where the program is there.
    child.request.own_program = "/bin/sh";
    child.request.mode = SpawnMode::hook;
    child.request.shell_line = "svctl  up  db";
    REQUIRE(child.prepare());
    CHECK(strings(child.plan.arguments) == Expected{"svctl", "up", "db"});
}

TEST_CASE("a shell line without shell characters runs directly where PATH knows its program") {
    SpawnFixture child;
    child.definition->env.append("PATH=/bin:/usr/bin");
    child.request.mode = SpawnMode::hook;
    child.request.shell_line = "  sleep\t 0 ";
    REQUIRE(child.prepare());
    CHECK(strings(child.plan.arguments) == Expected{"sleep", "0"});
    CHECK(strings(child.plan.programs) == Expected{"/bin/sleep", "/usr/bin/sleep"});
    for (std::string line : {"exit 3", "sleep 0; true", "sleep $X", "A=1 sleep 0", "sleep '0'",
                             "nosuchprogram", "cd /", "./sleep 0", "", "   "}) {
        CAPTURE(line);
        child.request.shell_line = line;
        REQUIRE(child.prepare());
        CHECK(strings(child.plan.arguments) == Expected{"/bin/sh", "-c", line});
        CHECK(strings(child.plan.programs) == Expected{"/bin/sh"});
    }
}

TEST_CASE("the command of a service is a shell line") {
    SpawnFixture child;
    child.definition->command = "echo $REEVE_SERVICE-$((1 + 2))";
    CHECK(child.output() == "web-3\n");
    child.definition->command = "echo a  b";
    CHECK(child.output() == "a b\n");
}

TEST_CASE("a user who is not there keeps the service from being prepared") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    std::string passwd = child.directory.file("passwd", "root:x:0:0::/:/bin/sh\n");
    child.request.user_files.passwd = passwd.c_str();
    child.policy->user = "www";
    REQUIRE(!child.prepare());
    CHECK(child.error.step == SpawnStep::user);
    CHECK(child.error.code == EINVAL);
    CHECK(child.detail() == "user 'www' is not in " + passwd);
}

TEST_CASE("a second start of the same service does not allocate") {
    SpawnFixture child;
    child.set_exec({"sh", "-c", "exit 0"});
    child.definition->env_file.append(child.directory.file("file", "A=1\nB=2\n"));
    child.definition->env.append("C=3");
    child.policy->user = "54321:54322";
    REQUIRE(child.prepare());
    REQUIRE(child.prepare());  // vectors may have grown while the first was being made
    size_t before = allocations_made();
    bool prepared = child.prepare();
    size_t after = allocations_made();
    CHECK(prepared);
    CHECK(after == before);
    // Nor does a plan that served a larger one in between.
    child.request.mode = SpawnMode::hook;
    child.request.shell_line = "true";
    REQUIRE(child.prepare());
    before = allocations_made();
    prepared = child.prepare();
    auto spawned =
        prepared ? spawn(child.plan, child.pace) : Result<Spawned>(Error{"", {}, EINVAL});
    after = allocations_made();
    CHECK(after == before);
    REQUIRE(spawned);
    ::waitpid(spawned->pid, nullptr, 0);
}
