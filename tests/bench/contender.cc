#include "bench/contender.h"

#include <cstdio>
#include <unistd.h>

#include "support/tempdir.h"

namespace reeve::bench {

using test::make_directory;
using test::write_file;

namespace {

// --- One service, one file -----------------------------------------------------------------------

void configure_reeve(const Site& site) {
    make_directory(site / "services");
    const std::string text =
        "exec = " + site.programs->service + "\nlog = null\nrestart_delay = 0\n";
    for (int i = 1; i <= site.services; ++i) write_file(site / "services/" + service_name(i), text);
}

Strings svctl(const Site& site, const std::string& command, const std::string& service) {
    return {site.programs->svctl, "-r", site / "run", command, service};
}

void configure_busybox(const Site& site) {
    // Without a word that tells them apart it would take them all for one.
    std::string text;
    for (int i = 1; i <= site.services; ++i)
        text += "::respawn:" + site.programs->service + " " + service_name(i) + "\n";
    make_directory(site / "etc");
    write_file(site / "etc/inittab", text);
}

void configure_supervisor(const Site& site) {
    const std::string directory = site.directory;
    std::string text = "[unix_http_server]\nfile=" + directory +
                       "/socket\n"
                       "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\n"
                       "pidfile=" +
                       directory + "/pid\nuser=" + std::to_string(getuid()) +
                       "\nminfds=10000\nnocleanup=true\nchildlogdir=" + directory +
                       "\n"
                       "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory="
                       "supervisor.rpcinterface:make_main_rpcinterface\n"
                       "[supervisorctl]\nserverurl=unix://" +
                       directory + "/socket\n";
    for (int i = 1; i <= site.services; ++i)
        text += "[program:" + service_name(i) + "]\ncommand=" + site.programs->service +
                "\nautorestart=true\nredirect_stderr=true\nstdout_logfile=NONE\n";
    write_file(site / "conf", text);
}

Strings supervisorctl(const Site& site, const std::string& command, const std::string& service) {
    return {"supervisorctl", "-c", site / "conf", command, service};
}

void configure_dinit(const Site& site) {
    make_directory(site / "services");
    const std::string text = "type = process\ncommand = " + site.programs->service +
                             "\nrestart = true\nrestart-delay = 0\nrestart-limit-count = 0\n";
    std::string boot = "type = internal\n";
    for (int i = 1; i <= site.services; ++i) {
        write_file(site / "services/" + service_name(i), text);
        boot += "waits-for: " + service_name(i) + "\n";
    }
    write_file(site / "services/boot", boot);
}

Strings dinitctl(const Site& site, const std::string& command, const std::string& service) {
    return {"dinitctl", "-p", site / "socket", command, service};
}

// --- One service, one folder with a program "run" ------------------------------------------------

// The program itself: no shell has to begin each run.
void configure_folders(const Site& site) {
    make_directory(site / "services");
    for (int i = 1; i <= site.services; ++i) {
        const std::string folder = site / "services/" + service_name(i);
        make_directory(folder);
        if (symlink(site.programs->service.c_str(), (folder + "/run").c_str()) < 0)
            std::perror(folder.c_str());
    }
}

std::string folder(const Site& site, const std::string& service) {
    return site / "services/" + service;
}

// --- The tables ----------------------------------------------------------------------------------

using Kind = Contender::Kind;

const Contender supervisor_table[] = {
    {
        .name = "raw",
        .programs = {"raw"},
        .arguments =
            [](const Site& site) {
                return Strings{"supervise", std::to_string(site.services), site.programs->service};
            },
    },
    {
        .name = "reeve",
        .programs = {"reeve", "svctl"},
        .configure = configure_reeve,
        .arguments =
            [](const Site& site) {
                return Strings{"-d", site / "services", "-r", site / "run", "-l", site / "log"};
            },
        .status = [](const Site& site,
                     const std::string& name) { return svctl(site, "status", name); },
        .restart = [](const Site& site,
                      const std::string& name) { return svctl(site, "restart", name); },
    },
    {
        .name = "runit",
        .programs = {"runsvdir", "runsv", "sv"},
        .configure = configure_folders,
        .arguments = [](const Site& site) { return Strings{site / "services"}; },
        .status =
            [](const Site& site, const std::string& name) {
                return Strings{"sv", "status", folder(site, name)};
            },
        .restart =
            [](const Site& site, const std::string& name) {
                return Strings{"sv", "restart", folder(site, name)};
            },
        .end_signal = SIGHUP,
        .services_max = 1000,
    },
    {
        .name = "s6",
        .programs = {"s6-svscan", "s6-supervise", "s6-svc", "s6-svstat"},
        .configure = configure_folders,
        .arguments =
            [](const Site& site) {
                return Strings{"-c", "2000", site / "services"};
            },
        .status =
            [](const Site& site, const std::string& name) {
                return Strings{"s6-svstat", folder(site, name)};
            },
        .restart =
            [](const Site& site, const std::string& name) {
                return Strings{"s6-svc", "-r", folder(site, name)};
            },
    },
    {
        .name = "daemontools",
        .programs = {"svscan", "supervise", "svc", "svstat"},
        .configure = configure_folders,
        .arguments = [](const Site& site) { return Strings{site / "services"}; },
        .status =
            [](const Site& site, const std::string& name) {
                return Strings{"svstat", folder(site, name)};
            },
        .restart =
            [](const Site& site, const std::string& name) {
                return Strings{"svc", "-t", folder(site, name)};
            },
        .end_signal = 0,
        .services_max = 1000,
    },
    {
        .name = "supervisor",
        .programs = {"supervisord", "supervisorctl"},
        .configure = configure_supervisor,
        .arguments =
            [](const Site& site) {
                return Strings{"-c", site / "conf"};
            },
        .status = [](const Site& site,
                     const std::string& name) { return supervisorctl(site, "status", name); },
        .restart = [](const Site& site,
                      const std::string& name) { return supervisorctl(site, "restart", name); },
    },
    {
        .name = "busybox init",
        .programs = {"busybox"},
        .kind = Kind::init,
        .configure = configure_busybox,
        .arguments = [](const Site&) { return Strings{"init"}; },
        .end_signal = SIGUSR2,
    },
    {
        .name = "dinit",
        .programs = {"dinit", "dinitctl"},
        .configure = configure_dinit,
        .arguments =
            [](const Site& site) {
                return Strings{"-q", "-d", site / "services", "-p", site / "socket", "boot"};
            },
        .status = [](const Site& site,
                     const std::string& name) { return dinitctl(site, "status", name); },
        .restart = [](const Site& site,
                      const std::string& name) { return dinitctl(site, "restart", name); },
    },
    {
        .name = "nitro",
        .programs = {"nitro", "nitroctl"},
        .configure = configure_folders,
        .arguments = [](const Site& site) { return Strings{site / "services"}; },
        .environment = [](const Site& site) { return Strings{"NITRO_SOCK=" + site / "socket"}; },
        .status =
            [](const Site&, const std::string& name) {
                return Strings{"nitroctl", "check", name};
            },
        .restart =
            [](const Site&, const std::string& name) {
                return Strings{"nitroctl", "restart", name};
            },
    },
};

const Contender entrypoint_table[] = {
    {
        .name = "raw",
        .programs = {"raw"},
        .kind = Kind::entrypoint,
        .arguments = [](const Site&) { return Strings{"init"}; },
    },
    {
        .name = "reeve",
        .programs = {"reeve"},
        .kind = Kind::entrypoint,
        .arguments = [](const Site&) { return Strings{"--"}; },
    },
    {
        .name = "reeve -r",  // with state of its own
        .programs = {"reeve"},
        .kind = Kind::entrypoint,
        .arguments =
            [](const Site& site) {
                return Strings{"-r", site / "run", "--"};
            },
    },
    {
        .name = "tini",
        .programs = {"tini"},
        .kind = Kind::entrypoint,
        .arguments = [](const Site&) { return Strings{"--"}; },
    },
    {
        .name = "dumb-init",
        .programs = {"dumb-init"},
        .kind = Kind::entrypoint,
        .arguments = [](const Site&) { return Strings{"--"}; },
    },
    {
        .name = "catatonit",
        .programs = {"catatonit"},
        .kind = Kind::entrypoint,
        .arguments = [](const Site&) { return Strings{"--"}; },
    },
};

}  // namespace

std::string service_name(int number) {
    char text[16];
    std::snprintf(text, sizeof text, "s%04d", number);
    return text;
}

std::span<const Contender> supervisors() { return supervisor_table; }
std::span<const Contender> entrypoints() { return entrypoint_table; }

}  // namespace reeve::bench
