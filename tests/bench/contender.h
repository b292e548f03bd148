// contender: the supervisors that are measured, each as one row of a table: how it is configured
// and started, and what its control program is called with.
#pragma once

#include <csignal>
#include <span>
#include <string>

#include "support/process.h"

namespace reeve::bench {

using test::Strings;

// Where our own programs are.
struct Programs {
    std::string reeve;
    std::string svctl;
    std::string raw;       // raw.c
    std::string service;   // service.c
    std::string nothing;   // nothing.c
    std::string listener;  // listener.c
};

// Where one run of a supervisor takes place.
struct Site {
    std::string directory;  // its own, on a tmpfs, empty at first
    const Programs* programs = nullptr;
    int services = 0;

    std::string operator/(const std::string& name) const { return directory + "/" + name; }
};

// The name of the N-th service, from 1 on.
std::string service_name(int number);

struct Contender {
    enum class Kind {
        supervisor,  // of many services, in any process
        init,        // of many services, and PID 1 or nothing
        entrypoint,  // of the one program on its command line, as PID 1
    };

    std::string name;
    Strings programs;  // its own, found in PATH; the first is the one that is started
    Kind kind = Kind::supervisor;
    // Writes what it reads; null: nothing is to be written.
    void (*configure)(const Site&) = nullptr;
    // Words after the program's name. An entrypoint's own program follows them.
    Strings (*arguments)(const Site&) = nullptr;
    // NAME=value for it and its control program.
    Strings (*environment)(const Site&) = nullptr;
    // A command, null where it has none: what does the service do? And: start it anew.
    Strings (*status)(const Site&, const std::string& service) = nullptr;
    Strings (*restart)(const Site&, const std::string& service) = nullptr;
    // Ends it and all of its services; 0: no signal does.
    int end_signal = SIGTERM;
    // A limit of its own; 0: none that matters here.
    int services_max = 0;
};

// All that we know how to run, installed or not. The first one is the raw loop.
std::span<const Contender> supervisors();
std::span<const Contender> entrypoints();

}  // namespace reeve::bench
