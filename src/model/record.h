// record: the journal's lines, encoded and decoded. Pure text; host/journal keeps the file.
//
//   reeve 1 boot=ID uid=ID #SUM            first record: what wrote the journal, on which boot
//   service NAME[@I] key=value... #SUM     all of a service that outlives reeve; absent keys: 0
//   child NAME[@I] pid=N start=N #SUM      written by the child itself, before its exec
//   hook NAME[@I] HOOK pid=N start=N #SUM  the same, of a hook
//   gone NAME[@I] #SUM                     its file is gone, and nothing of it is left
//   end #SUM                               reeve ended in order
//
// SUM is the 64-bit FNV-1a of what stands before " #", in hexadecimal. A record ends with a
// newline; NULs between records are room that was reserved and not used.
#pragma once

#include <optional>
#include <string_view>

#include "model/service.h"

namespace reeve {

struct Header {
    std::string_view boot;
    std::string_view uid;
};

// The name of the service that a Reason blames, where it blames one.
struct Blamed {
    std::string_view reason;
};

void append_header_record(Sink& out, const Header& header);
void append_service_record(Sink& out, const Service& service, const Blamed& blamed);
void append_process_record(Sink& out, std::string_view name, std::optional<Hook> hook,
                           Process process);
void append_gone_record(Sink& out, std::string_view name);
void append_end_record(Sink& out);

enum class RecordKind : uint8_t { header, service, child, hook, gone, end };

struct Record {
    RecordKind kind = RecordKind::end;
    Header header;                // header
    std::string_view name;        // the others: NAME[@I]
    std::string_view blamed;      // service: NAME[@I], or empty
    Hook hook = Hook::pre_start;  // hook
    Process process;              // child, hook
};

// One line without its newline. Of a service record, `service` takes the fields and its name. Views
// point into `line`. nullopt: torn, corrupt, or of a version that is not understood.
std::optional<Record> decode_record(std::string_view line, Service& service);

}  // namespace reeve
