#include <algorithm>

#include "base/limits.h"
#include "catch.h"
#include "conf/files.h"
#include "conf/load.h"
#include "conf/own.h"
#include "conf/schema.h"

using namespace reeve;

namespace {

std::string joined(const Words& words) {
    std::string text;
    for (const std::string_view word : words) text.append(text.empty() ? "" : "|").append(word);
    return text;
}

std::string names_of(const Catalog& catalog) {
    std::string text;
    for (const Loaded& each : catalog.services) {
        text.append(text.empty() ? "" : " ").append(each.name.view());
        text.append(each.version.empty() ? "" : "/").append(each.version.view());
    }
    return text;
}

}  // namespace

TEST_CASE("sockets of listen are held as they are written, and each of them once") {
    const auto service = definition_of("exec = a\nlisten = tcp:127.0.0.1:80\n"
                                       "listen = unix:/run/%n.sock,mode=660\n");
    REQUIRE(service);
    CHECK(joined(service->policy->listen) == "tcp:127.0.0.1:80|unix:/run/web.sock,mode=660");
    CHECK(problems_of("exec = a\nlisten = tcp:*:80\nlisten = tcp::80,name=x\n") ==
          "/etc/reeve/web:3: listen = tcp::80,name=x: that is there already");
    CHECK(problems_of("exec = a\nlisten = unix:/s\nlisten = unix:/s,mode=600\n") ==
          "/etc/reeve/web:3: listen = unix:/s,mode=600: that is there already");
    std::string text = "exec = a\n";
    for (int port = 1; port <= 33; ++port) text += "listen = tcp:*:" + std::to_string(port) + "\n";
    CHECK(problems_of(text) ==
          "/etc/reeve/web:34: listen = tcp:*:33: there are 32 already, as many as may be");
}

TEST_CASE("a control group is one of its own, and the last value of a file of it counts") {
    const auto web =
        definition_of("exec = a\ncgroup = /shop/%n\ncgroup_set = memory.max   200M\n"
                      "cgroup_set = cpu.max 50000 100000\ncgroup_set = memory.max 1G\n");
    REQUIRE(web);
    CHECK(web->policy->cgroup == "/shop/web");
    CHECK(joined(web->policy->cgroup_set) == "cpu.max 50000 100000|memory.max 1G");
    CHECK(definition_of("exec = a\ncgroup = yes\n")->policy->cgroup == "yes");
    const auto none = definition_of("exec = a\ncgroup = no\n");
    CHECK(none->policy->cgroup.empty());
    CHECK(none->digest == definition_of("exec = a\n")->digest);
}

TEST_CASE("what would not be a group of its own, or break supervision, is refused") {
    const std::string path = ": expected yes, no, or the path of a group, without an empty part, . "
                             "or .., or one that begins with cgroup.";
    for (const auto& [wrong, column] : {std::pair("/", 2),
                                        {"a/../b", 3},
                                        {"..", 1},
                                        {"a//b", 3},
                                        {"/a/", 4},
                                        {"/a/cgroup.procs", 4},
                                        {"./a", 1}}) {
        INFO(wrong);
        CHECK(problems_of(std::string("exec = a\ncgroup = ") + wrong + "\n") ==
              "/etc/reeve/web:2: cgroup = " + std::string(wrong) + ": column " +
                  std::to_string(column) + path);
    }
    CHECK(problems_of("exec = a\ncgroup = " + std::string(256, 'a') + "\n")
              .find("longer than 255 bytes") != std::string::npos);
    const auto problem_of = [](const std::string& setting) {
        return problems_of("exec = a\ncgroup = yes\ncgroup_set = " + setting + "\n");
    };
    for (const char* file : {"cgroup.procs", "cgroup.kill", "cgroup.subtree_control",
                             "cgroup.freeze", "cgroup.threads", "cgroup.type"})
        CHECK(problem_of(std::string(file) + " 1").find("is not to be written but by reeve") !=
              std::string::npos);
    for (const char* file : {"memory", "memory/max.x", ".max", "../memory.max"})
        CHECK(problem_of(std::string(file) + " 1").find("is no file of a control group") !=
              std::string::npos);
    CHECK(problem_of("memory.max") == "/etc/reeve/web:3: cgroup_set = memory.max: expected FILE "
                                      "VALUE, such as memory.max 200M");
    CHECK(problem_of("cgroup.max.depth 3").empty());
    CHECK(problems_of("exec = a\ncgroup_set = pids.max 9\n") ==
          "/etc/reeve/web:2: cgroup_set: only what has cgroup = yes, or a path, has files to write "
          "to");
}

TEST_CASE("readiness is told on no descriptor that a socket has") {
    CHECK(problems_of("exec = a\nready = fd:4\nlisten = tcp:*:80\nlisten = tcp:*:81\n") ==
          "/etc/reeve/web:2: ready = fd:4: the sockets of listen begin at 3; take fd:5 or a later "
          "one");
    CHECK(definition_of("exec = a\nready = fd:4\nlisten = tcp:*:80\n"));
}

TEST_CASE("two services with a socket at one address are warned of, two versions of one are not") {
    const std::string text = "exec = a\nlisten = tcp:*:80\n";
    const Catalog catalog = load_files({file_of("web", text), file_of("web+v2", text),
                                        file_of("shop", "exec = a\nlisten = tcp::80\n"),
                                        file_of("other", "exec = a\nlisten = tcp:*:81\n")});
    CHECK(problems_of(catalog).empty());
    std::string warnings;
    for (const Problem& warning : catalog.warnings)
        warnings.append(describe(warning).view()) += '\n';
    CHECK(warnings == "/etc/reeve/web: listen = tcp:*:80: shop has the same, and only one of "
                      "them can run\n");
}

TEST_CASE("a file with every key becomes a definition that holds them all") {
    const auto service = definition_of(
        "description = the shop's web server, 100%% of %n\n"
        "exec = /usr/sbin/nginx -g 'daemon off;' %n\n"
        "type = oneshot\nenabled = no\ngroup = front shop\ngroup = front www\n"
        "on_change = restart\non_end = poweroff\nuser = www:data\nworkdir = /srv/%n\n"
        "umask = 027\nnice = -5\nchroot = /jail\nenv = PORT=8080\nenv = _A1=b=c # d\n"
        "env_file = /etc/a\nenv_file = -/etc/%n.env\nenv_clear = yes\nlimit = nofile 1K:2K\n"
        "limit = core unlimited\noom_score_adj = -100\nno_new_privs = yes\nstdin = /dev/zero\n"
        "capabilities = kill CAP_CHOWN\nioprio = realtime:0\nsched = fifo:10\n"
        "restart = on-failure\nsuccess = 0 3 SIGHUP\nfatal = 78 79\nrestart_delay = 1s\n"
        "restart_delay_max = 2m\nrestart_factor = 1.5\nreset_after = 3s\nretries = 4\n"
        "stop_signal = QUIT\nstop_timeout = 5s\nkill_mode = process\nstop_command = stop %n 50%\n"
        "reload_signal = 10\nreload_command = reload\ndepends_on = db cache@1\ndepends_on = db "
        "net\n"
        "after = syslog\ncascade = yes\nready = fd:3\nstart_check = test -e %x\n"
        "start_check_timeout = 6s\nstart_check_interval = 7s\nstart_timeout = 8s\npre_start = a\n"
        "post_stop = b\non_fail = c\nhook_timeout = 9s\nlog = null\nlog_keep = 3\n");
    REQUIRE(service);
    CHECK(service->name.view() == "web");
    CHECK(service->version.empty());
    CHECK(service->file.text().view() == "/etc/reeve/web");
    CHECK(service->description.view() == "the shop's web server, 100% of web");
    CHECK(joined(service->exec) == "/usr/sbin/nginx|-g|daemon off;|web");
    CHECK(service->workdir.view() == "/srv/web");
    CHECK(joined(service->env) == "PORT=8080|_A1=b=c # d");
    CHECK(joined(service->env_file) == "/etc/a|-/etc/web.env");
    CHECK(joined(service->groups) == "front|shop|www");
    CHECK(joined(service->depends_on) == "db|cache@1|net");
    CHECK(joined(service->after) == "syslog");
    const Policy& policy = *service->policy;
    CHECK(policy.type == Type::oneshot);
    CHECK_FALSE(policy.enabled);
    CHECK(policy.on_change == OnChange::restart);
    CHECK(policy.on_end == OnEnd::poweroff);
    CHECK(policy.user.view() == "www:data");
    CHECK(policy.umask == 027);
    CHECK(policy.nice == int8_t{-5});
    CHECK(policy.chroot.view() == "/jail");
    CHECK(policy.env_clear);
    CHECK(policy.limits[0] == Limit{true, 1024, 2048});
    CHECK(policy.limits[1] == Limit{true, unlimited, unlimited});
    CHECK_FALSE(policy.limits[2].set);
    CHECK(policy.oom_score_adj == int16_t{-100});
    CHECK(policy.no_new_privs);
    CHECK(policy.capabilities == uint64_t{1 << 5 | 1});
    CHECK(policy.io_priority == uint16_t{1 << 13});
    CHECK(policy.scheduler == uint16_t{1 << 8 | 10});
    CHECK(policy.input.view() == "/dev/zero");
    CHECK(policy.restart == Restart::on_failure);
    CHECK(policy.success.has_code(3));
    CHECK(policy.success.has_signal(1));
    CHECK_FALSE(policy.success.has_code(1));
    CHECK(policy.fatal.has_code(78));
    CHECK(policy.restart_delay == seconds(1));
    CHECK(policy.restart_delay_max == seconds(120));
    CHECK(policy.restart_factor_percent == 150);
    CHECK(policy.reset_after == seconds(3));
    CHECK(policy.retries == 4);
    CHECK(policy.stop_signal == 3);
    CHECK(policy.stop_timeout == seconds(5));
    CHECK(policy.kill_mode == KillMode::process);
    CHECK(policy.stop_command.view() == "stop %n 50%");
    CHECK(policy.reload_signal == 10);
    CHECK(policy.reload_command.view() == "reload");
    CHECK(policy.cascade);
    CHECK(policy.ready == Ready{ReadyKind::fd, 3, {}});
    CHECK(policy.start_check.view() == "test -e %x");
    CHECK(policy.start_check_timeout == seconds(6));
    CHECK(policy.start_check_interval == seconds(7));
    CHECK(policy.start_timeout == seconds(8));
    CHECK(policy.pre_start.view() == "a");
    CHECK(policy.post_stop.view() == "b");
    CHECK(policy.on_fail.view() == "c");
    CHECK(policy.hook_timeout == seconds(9));
    CHECK(policy.log == Log::null);
    CHECK(policy.log_keep == 3);
}

TEST_CASE("stdin is a path that is opened, the FIFO that reeve makes, or neither") {
    const auto plain = definition_of("exec = a\n");
    CHECK_FALSE(plain->policy->opens_input());
    CHECK_FALSE(plain->policy->reads_fifo());
    CHECK_FALSE(plain->policy->input_keep);
    const auto path = definition_of("exec = a\nstdin = /run/%n\n");
    CHECK(path->policy->opens_input());
    CHECK_FALSE(path->policy->reads_fifo());
    const auto fifo = definition_of("exec = a\nstdin = fifo\ninput_keep = yes\n");
    CHECK_FALSE(fifo->policy->opens_input());
    CHECK(fifo->policy->reads_fifo());
    CHECK(fifo->policy->input_keep);
    CHECK(fifo->process_digest != plain->process_digest);
}

TEST_CASE("values at their bounds are taken") {
    for (const char* line : {"umask = 0",
                             "umask = 777",
                             "umask = 0022",
                             "nice = -20",
                             "nice = 19",
                             "log_keep = 0",
                             "log_keep = 100000",
                             "retries = 1",
                             "retries = 1000000",
                             "retries = unlimited",
                             "restart_factor = 1",
                             "restart_factor = 100",
                             "restart_factor = 1.05",
                             "ready = fd:63",
                             "ready = after 0",
                             "ready = after 1h30m",
                             "ready = notify",
                             "restart_delay = 0",
                             "stop_timeout = 3650d",
                             "start_check_interval = 10ms",
                             "start_timeout = 1ms",
                             "oom_score_adj = -1000",
                             "oom_score_adj = 1000",
                             "success = 255",
                             "success = SIG40",
                             "limit = cpu 0",
                             "limit = as 1:unlimited",
                             "stop_signal = 64",
                             "user = 0:0",
                             "depends_on = a:b-c_1",
                             "description = a = b # c"}) {
        INFO(line);
        CHECK(problems_of("exec = a\n" + std::string(line) + "\n").empty());
    }
    const std::string longest(name_max_bytes, 'n');
    CHECK(problems_of("exec = a\ndepends_on = " + longest + "@" + longest + "\n").empty());
}

TEST_CASE("setting success replaces what it was") {
    const auto service = definition_of("exec = a\nsuccess = 3\n");
    CHECK_FALSE(service->policy->success.has_code(0));
    CHECK(service->policy->success.has_code(3));
}

TEST_CASE("the last of several limits of one name holds") {
    const auto service = definition_of("exec = a\nlimit = nofile 1\nlimit = nofile 2:3\n");
    CHECK(service->policy->limits[0] == Limit{true, 2, 3});
}

TEST_CASE("a fake service needs nothing that runs") {
    CHECK(definition_of("type = fake\n"));
    CHECK(definition_of("type = fake\nexec = a\n"));
}

TEST_CASE("an executable is a service whose command is the file") {
    std::string text("\x7f"
                     "ELF\0\0#reeve: user = no\n",
                     24);
    text += "#reeve: user = www\n#reeve:env=A=1\nexec = no\n";
    const mode_t mode = GENERATE(as<mode_t>{}, 0755, 0700, 0610, 0601);
    const Catalog catalog = load_files({file_of("we%n", text, mode), file_of("web", text, mode)});
    REQUIRE(catalog.services.size() == 1);
    CHECK(problems_of(catalog).empty());
    const auto& service = catalog.services[0].definition;
    REQUIRE(service);
    CHECK(joined(service->exec) == "/etc/reeve/web");
    CHECK(service->policy->user.view() == "www");
    CHECK(joined(service->env) == "A=1");
}

TEST_CASE("nothing is expanded in an executable's path") {
    SourceFile file = file_of("web", "#!/bin/sh\n", 0755);
    file.path = {"/etc/%n/a b/", "web"};
    const Catalog catalog = load_files({file});
    CHECK(joined(catalog.services[0].definition->exec) == "/etc/%n/a b/web");
}

TEST_CASE("only the beginning of a large executable is read, up to its last whole line") {
    SourceFile file = file_of("web", "#!/bin/sh\n#reeve: user = www\n#reeve: workdir = /sr", 0755);
    file.too_large = true;
    const Catalog catalog = load_files({file});
    CHECK(problems_of(catalog).empty());
    CHECK(catalog.services[0].definition->policy->user.view() == "www");
    CHECK(catalog.services[0].definition->workdir.empty());
}

TEST_CASE("a script without the execute bit is no definition") {
    CHECK(load_files({file_of("web", "#!/bin/sh\n")}).services.empty());
    CHECK(load_files({file_of("web", "#!/bin/sh\n", 0666)}).services.empty());
}

TEST_CASE("file names decide what is a service") {
    const std::string longest(name_max_bytes, 'n');
    for (const std::string& name : {std::string("web"), std::string("a-b_c:1"), longest,
                                    std::string("web+v2"), longest + "+" + longest})
        CHECK(is_service_file_name(name));
    for (const std::string& name :
         {std::string(), std::string("web.conf"), std::string("web~"), std::string(".web"),
          std::string("web@1"), std::string("web+"), std::string("+v2"), std::string("a+b+c"),
          std::string("a b"), std::string("w\xC3\xA9"), longest + "n", "web+" + longest + "n",
          std::string("reeve.conf"), std::string("a\0b", 3)})
        CHECK_FALSE(is_service_file_name(name));
    CHECK(load_files({file_of("web.bak", "x"), file_of("web~", "x")}).services.empty());
}

TEST_CASE("services are sorted by name, then version") {
    const std::string text = "exec = a\n";
    const Catalog catalog = load_files(
        {file_of("web-a", text), file_of("web+v2", text), file_of("db", text), file_of("web", text),
         file_of("web+v10", text), file_of("web+v1", text), file_of("web2", text)});
    CHECK(names_of(catalog) == "db web web/v1 web/v2 web/v10 web-a web2");
    CHECK(catalog.services[2].definition->name.view() == "web");
    CHECK(catalog.services[2].definition->version.view() == "v1");
}

TEST_CASE("a later directory's file replaces an earlier one's") {
    const List<List<SourceFile>> directories{
        {file_of("web", "exec = first\n"), file_of("db", "exec = first\n"),
         file_of("gone", "exec = first\n"), file_of("reeve.conf", "uid = first\n")},
        {file_of("web", "exec = second\n"), file_of("gone", "#!/bin/sh\n")},
        {file_of("web", "exec = third\n"), file_of("reeve.conf", "uid = third\n")}};
    const Catalog catalog = load(directories, {});
    CHECK(names_of(catalog) == "db web");
    CHECK(joined(catalog.services[0].definition->exec) == "first");
    CHECK(joined(catalog.services[1].definition->exec) == "third");
    CHECK(catalog.settings.uid.view() == "third");
}

TEST_CASE("a bad file harms its own service only") {
    const Catalog catalog = load_files({file_of("a", "exec = a\n"), file_of("b", "x\n")});
    CHECK(catalog.services[0].definition);
    CHECK_FALSE(catalog.services[1].definition);
    CHECK(catalog.services[1].problems.size() == 2);
}

TEST_CASE("there are at most so many services, and the next one is told of") {
    List<SourceFile> files;
    for (size_t i = 0; i < services_max_count + 2; ++i)
        files.push_back(file_of("s" + std::to_string(100000 + i), "exec = a\n"));
    const Catalog catalog = load_files(std::move(files));
    CHECK(catalog.services.size() == services_max_count);
    CHECK(problems_of(catalog) ==
          "/etc/reeve/s116384: there are more than 16384 services; this one and those that sort "
          "after it are left out");
}

TEST_CASE("reeve.conf holds the settings of reeve") {
    const Settings none = load_files({}).settings;
    CHECK(none.uid.empty());
    CHECK(none.max_starting == 0);
    CHECK(none.stop_timeout_total == seconds(8));
    CHECK_FALSE(none.exit_when_idle);
    CHECK_FALSE(none.watch);
    const Catalog catalog = load_files({file_of(
        "reeve.conf", "format = 1\nuid = shop_1-A\nmax_starting = 4\nstop_timeout_total = 20s\n"
                      "exit_when_idle = yes\nwatch = yes\n")});
    CHECK(problems_of(catalog).empty());
    CHECK(catalog.settings.uid.view() == "shop_1-A");
    CHECK(catalog.settings.max_starting == 4);
    CHECK(catalog.settings.stop_timeout_total == seconds(20));
    CHECK(catalog.settings.exit_when_idle);
    CHECK(catalog.settings.watch);
}

TEST_CASE("a default is what a service has that does not set the key") {
    const std::string conf = "log = inherit\ndefault.user = www\ndefault.restart = never\n"
                             "default.env = A=%n\ndefault.success = 3\n";
    const auto service = definition_of("exec = a\nuser = root\nenv = B=2\n", conf);
    REQUIRE(service);
    CHECK(service->policy->user.view() == "root");
    CHECK(service->policy->restart == Restart::never);
    CHECK(service->policy->log == Log::inherit);
    CHECK(joined(service->env) == "A=web|B=2");
    CHECK(service->policy->success.has_code(3));
    CHECK_FALSE(service->policy->success.has_code(0));
}

TEST_CASE("a default zone or overlap holds for every schedule") {
    const std::string conf = "default.timezone = CET-1\ndefault.overlap = queue\n";
    const auto job = definition_of("exec = a\ncron = @daily\n", conf);
    REQUIRE(job);
    REQUIRE(job->timing);
    CHECK(job->timing->overlap == Overlap::queue);
    CHECK(job->timing->zone->offset_at(0) == 3600);
    const auto other = definition_of("exec = a\nevery = 1m\ntimezone = UTC0\n", conf);
    REQUIRE(other);
    CHECK(other->timing->zone->offset_at(0) == 0);
}

TEST_CASE("a default dependency passes over the service itself") {
    const auto service = definition_of("exec = a\n", "default.after = syslog web\n");
    REQUIRE(service);
    CHECK(joined(service->after) == "syslog");
}

TEST_CASE("a default that only one service makes wrong is told of reeve.conf's line") {
    const auto conf = file_of("reeve.conf", "# variables\ndefault.env = %n=1\n");
    const Catalog catalog =
        load_files({conf, file_of("a-b", "exec = a\n"), file_of("ab", "exec = a\n")});
    CHECK(problems_of(catalog) == "/etc/reeve/reeve.conf:2: default.env: 'a-b' is no variable's "
                                  "name: letters, digits, _ and dots, no digit or dot first");
    CHECK(catalog.services[1].definition);
}

TEST_CASE("an error in what reeve.conf sets for all services keeps all of them from running") {
    const std::string line =
        GENERATE(as<std::string>(), "default.usre = www", "defaults.user = www", "default.nice = x",
                 "log = nowhere", "default.user www");
    INFO(line);
    const Catalog catalog = load_files(
        {file_of("reeve.conf", "max_starting = 3\n" + line + "\n"), file_of("web", "exec = a\n")});
    CHECK(catalog.problems.size() == 1);
    CHECK(catalog.settings.max_starting == 3);
    REQUIRE(catalog.services.size() == 1);
    CHECK_FALSE(catalog.services[0].definition);
    REQUIRE(catalog.services[0].problems.size() == 1);
    CHECK(describe(catalog.services[0].problems[0]) ==
          "/etc/reeve/web: not in force: /etc/reeve/reeve.conf has errors in what it sets for all "
          "services");
}

TEST_CASE("an error in a setting of reeve itself leaves services and other settings alone") {
    const Catalog catalog =
        load_files({file_of("reeve.conf", "uid = a\nmax_startng = 3\ndefault.user = www\n"),
                    file_of("web", "exec = a\n")});
    CHECK(catalog.problems.size() == 1);
    CHECK(catalog.settings.uid == "a");
    REQUIRE(catalog.services[0].definition);
    CHECK(catalog.services[0].definition->policy->user == "www");
}

TEST_CASE("services that are treated alike share one policy") {
    const Catalog catalog =
        load_files({file_of("a", "exec = a\nuser = www\n"),
                    file_of("b", "user = www\nexec = b\ndepends_on = a\n"),
                    file_of("c", "exec = c\n"), file_of("d", "command = d\nuser = www\n")});
    const auto policy = [&](size_t i) { return catalog.services[i].definition->policy.get(); };
    CHECK(policy(0) == policy(1));
    CHECK(policy(0) == policy(3));
    CHECK(policy(0) != policy(2));
    CHECK(policy(0)->owners == 3);
}

TEST_CASE("services of one schedule share it, and one without has none") {
    const Catalog catalog = load_files({file_of("a", "exec = a\ncron = @daily\n"),
                                        file_of("b", "cron = @daily\nexec = b\nuser = www\n"),
                                        file_of("c", "exec = c\n"),
                                        file_of("d", "exec = d\ncron = @daily\njitter = 1m\n")});
    const auto timing = [&](size_t i) { return catalog.services[i].definition->timing.get(); };
    REQUIRE(timing(0) != nullptr);
    CHECK(timing(0) == timing(1));
    CHECK(timing(0)->owners == 2);
    CHECK(timing(2) == nullptr);
    REQUIRE(timing(3) != nullptr);
    CHECK(timing(3) != timing(0));
}

TEST_CASE("policies beyond those looked back at are right, if not shared") {
    List<SourceFile> files;
    for (size_t i = 0; i < 2 * parts_back_max_count + 1; ++i)
        files.push_back(file_of("s" + std::to_string(1000 + i),
                                "exec = a\nlog_keep = " + std::to_string(i) + "\n"));
    files.push_back(file_of("z", "exec = a\nlog_keep = 0\n"));
    const Catalog catalog = load_files(std::move(files));
    for (size_t i = 0; i + 1 < catalog.services.size(); ++i)
        CHECK(catalog.services[i].definition->policy->log_keep == static_cast<int32_t>(i));
    CHECK(catalog.services.back().definition->policy->log_keep == 0);
}

TEST_CASE("the service of -- CMD runs it as it stands") {
    const char* argv[] = {"prog", "a b", "%n", "'x", "", nullptr};
    const auto service = main_definition(argv);
    CHECK(service->name.view() == "main");
    CHECK(service->file.empty());
    CHECK(joined(service->exec) == "prog|a b|%n|'x|");
    CHECK(service->workdir.view() == ".");
    CHECK(service->policy->log == Log::inherit);
    CHECK(service->policy->restart == Restart::never);
    CHECK(service->policy->on_end == OnEnd::shutdown);
    CHECK(service->policy->enabled);
    CHECK(service->policy->stop_timeout == seconds(7));
    CHECK(service->policy->success.has_code(0));
    CHECK(service->digest != 0);
    argv[0] = "other";
    const auto other = main_definition(argv);
    CHECK(other->digest != service->digest);
    CHECK(other->process_digest != service->process_digest);
}

TEST_CASE("svlog is reeve's own service, and no file may have its name") {
    const auto service =
        svlog_definition("/sbin/reeve", "/run/reeve/log", "/var/log/reeve", "logs");
    CHECK(service->name.view() == svlog_name);
    CHECK(joined(service->exec) == "/sbin/reeve|svlog|/run/reeve/log|/var/log/reeve");
    CHECK(service->writes_logs);
    CHECK(service->policy->user.view() == "logs");
    CHECK(service->policy->log == Log::inherit);
    CHECK(restart_of(*service->policy) == Restart::always);
    CHECK(service->policy->retries == 0);
    const auto other = svlog_definition("/sbin/reeve", "/run/reeve/log", "/log", "logs");
    CHECK(other->process_digest != service->process_digest);
    CHECK(problems_of(load_files({file_of("svlog", "exec = a\n")})) ==
          "/etc/reeve/svlog: the name svlog is taken: it is reeve's own log writer's");
}
