// spawn_plan: everything that a child needs, resolved in the parent before the fork: its arguments,
// its environment, where its program may be, whom it runs as. The child then only reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/format.h"
#include "base/limits.h"
#include "base/list.h"
#include "kernel/users.h"
#include "model/service.h"

namespace reeve {

enum class SpawnMode : uint8_t {
    service,  // in a session of its own
    main,     // `-- CMD`: in a process group of its own, with reeve's stdio, directory, descriptors
    hook,     // a shell line, in a session of its own, with the service's user, directory, limits
};

// A descriptor of ours, and its number in the program. The same number: it is passed on as it is.
struct Placement {
    int from = -1;
    int to = -1;
};
constexpr int null_device = -1;  // in the place of `from`: /dev/null
constexpr size_t placements_max_count = inherited_fds_max_count + 4;  // 0 to 2 and readiness
static_assert(listen_max_count <= inherited_fds_max_count);  // who has the one has not the other

// The record that the child appends to the journal before it executes anything: one write. The
// program does not run where that fails.
struct RecordWriter {
    int fd = -1;  // -1: no journal
    off_t offset = 0;
    // Formats the record and returns its length; called in the child: async-signal-safe.
    size_t (*format)(char* out, size_t capacity, const void* context, pid_t pid,
                     uint64_t start_time) = nullptr;
    const void* context = nullptr;
};

// What is to be started. All that it points to must live until spawn() has returned.
struct SpawnRequest {
    const Service* service = nullptr;  // with a definition
    SpawnMode mode = SpawnMode::service;
    std::string_view shell_line;  // mode hook: what runs
    uint32_t instances = 0;       // how many there are of the service
    // NAME=value each; beats everything else.
    std::span<const std::string_view> extra_environment;
    std::string_view notify_socket;  // NOTIFY_SOCKET; empty: none
    std::string_view run_directory;  // REEVE_RUN; empty: the default one
    std::string_view own_program;    // the path of reeve, for svctl and svcheck; empty: not known
    const char* const* environment = nullptr;  // reeve's own; null: empty
    // Placed in this order. What 0 is the mode and the definition say; with stdin = fifo it is one
    // of these. Where 1 and 2 are not they are the service's terminal, or else reeve's own.
    std::span<const Placement> descriptors;
    RecordWriter record;
    const struct rlimit* nofile = nullptr;  // the limit reeve was given; null: it has it still
    UserFiles user_files;
};

// A fixed room for strings: what is in it never moves. Its memory is taken once and only touched
// as far as it is used.
class Scratch {
  public:
    void clear() { used_ = 0; }
    // Null where there is no room left.
    char* take(size_t count);
    // The parts in one string, NUL-terminated; null where there is no room left.
    char* join(std::initializer_list<std::string_view> parts);

  private:
    std::unique_ptr<char[]> bytes_;
    size_t used_ = 0;
};

// Room for LISTEN_PID's digits and the NUL.
constexpr size_t listen_pid_digits_max = 20;

// Strings, each NUL-terminated, that live elsewhere.
using Strings = List<const char*>;

// Plain data for the child; made by prepare() alone. One plan may serve all services in turn:
// preparing allocates only where it needs more than it ever did before.
struct SpawnPlan {
    SpawnMode mode = SpawnMode::service;
    const Definition* definition = nullptr;
    const Policy* policy = nullptr;

    Strings arguments;                 // a null at the end
    Strings environment;               // a null at the end
    List<uint32_t> environment_order;  // while it is made
    Strings programs;                  // paths to try in order
    char* listen_pid = nullptr;        // where in the environment the child's pid belongs

    bool switch_user = false;
    uid_t uid = 0;
    gid_t gid = 0;
    std::array<gid_t, groups_max_count> groups{};
    size_t group_count = 0;

    bool take_foreground = false;  // mode main: the terminal's foreground is to be the child's
    std::span<const Placement> descriptors;
    int control_group = -1;  // cgroup.procs of the child's own; -1: it stays in reeve's
    RecordWriter record;
    pid_t parent = 0;
    const struct rlimit* nofile = nullptr;

    Scratch scratch;
};

// Why a child could not be prepared.
struct PrepareError {
    SpawnStep step = SpawnStep::prepare;
    int code = 0;                             // an errno value
    Buffer<prepare_detail_max_bytes> detail;  // the whole sentence: "user 'www' is not in ..."

    // Fills all three; the detail is the parts in one. Returns false.
    template <typename... T>
    bool fail(SpawnStep failed, int cause, const T&... pieces) {
        step = failed;
        code = cause;
        detail.clear();
        append(detail, pieces...);
        return false;
    }
};

// Resolves the request. False: `error` says why, and the plan is of no use.
[[nodiscard]] bool prepare(const SpawnRequest& request, SpawnPlan& plan, PrepareError& error);

}  // namespace reeve
