// record: the journal's lines, encoded and decoded. Pure text; files/journal keeps the file.
//
//   reeve N boot=ID uid=ID #SUM            first record: the version of all that follow, and which
//                                          boot and whose run directory they are about
//   service NAME[@I] key=value... #SUM     all of a service that outlives reeve; absent keys: 0
//   child NAME[@I] pid=N start=N #SUM      written by the child itself, before its exec
//   hook NAME[@I] HOOK pid=N start=N #SUM  the same, of a hook
//   text NAME[@I] WHICH TEXT #SUM          what the service's last record has no number for
//   cgroup NAME[@I] PATH #SUM              the control group of its run
//   timer NAME[@I] key=value... #SUM       what the clock owes it; absent keys: 0
//   gone NAME[@I] #SUM                     its file is gone, and nothing of it is left
//   note TEXT #SUM                         for people: why there is nothing before it
//   end #SUM                               reeve ended in order
//
// A key or a kind that is not known here is of a later reeve, and passed over; what would be wrong
// without it is a new version.
//
// SUM is the 64-bit FNV-1a of what stands before " #", in hexadecimal. A record ends with a
// newline; NULs between records are room that was reserved and not used.
#pragma once

#include <optional>
#include <string_view>

#include "model/service.h"
#include "model/timer.h"

namespace reeve {

constexpr uint32_t record_version = 1;  // versions before it are understood

struct Header {
    std::string_view boot;
    std::string_view uid;
    uint32_t version = record_version;
};

// The name of the service that a Reason blames, where it blames one.
struct Blamed {
    std::string_view reason;
};

void append_header_record(Sink& out, const Header& header);
void append_service_record(Sink& out, const Service& service, const Blamed& blamed);
void append_process_record(Sink& out, std::string_view name, std::optional<Hook> hook,
                           Process process);
// What a service has in words, each in a record of its own behind the service's: nothing where it
// has none.
constexpr size_t service_text_count = 3;
void append_text_record(Sink& out, const Service& service, size_t which);
void append_control_group_record(Sink& out, const Service& service, std::string_view path);
void append_timer_record(Sink& out, std::string_view name, const Timer& timer);
void append_gone_record(Sink& out, std::string_view name);
void append_note_record(Sink& out, std::string_view text);
void append_end_record(Sink& out);

enum class RecordKind : uint8_t {
    header,
    service,
    text,
    control_group,
    timer,
    child,
    hook,
    gone,
    note,
    end
};

struct Record {
    RecordKind kind = RecordKind::end;
    Header header;                      // header
    std::string_view name;              // those of a service: NAME[@I]
    std::string_view blamed;            // service: NAME[@I], or empty
    std::string_view version;           // service: of its definition
    uint64_t digest = 0;                // service: of its definition; 0: it has none
    State state_then = State::stopped;  // service
    Phase phase_then = Phase::idle;     // service: one of that state
    Hook hook = Hook::pre_start;        // hook
    Text Service::*member = nullptr;    // text: which of the service's
    std::string_view text;              // text; control_group: its path
    Timer timer;                        // timer
    Process process;                    // child, hook
};

// One line without its newline. Of a service record, `service` takes the fields and its name,
// but for its state and phase: see restore() of core/transition. Views
// point into `line`. nullopt: torn or corrupt. What is of an unknown kind comes as a note.
std::optional<Record> decode_record(std::string_view line, Service& service);

}  // namespace reeve
