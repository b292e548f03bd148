#include "files/journal.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/limits.h"
#include "base/parse.h"
#include "files/trust.h"
#include "kernel/sys.h"
#include "model/record.h"

namespace reeve {

Status Journal::begin_new() {
    Fd file(sys::open(new_path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    if (!file) {
        const int code = errno;
        if (!file_) whole_ = false;
        return Error{"open", new_path_, code};
    }
    file_ = std::move(file);
    const uint64_t around = sys::room_around(file_.get());
    const uint64_t share = around == 0 ? journal_chunk_bytes : around / 4;
    chunk_ = static_cast<off_t>(
        std::clamp<uint64_t>(share, journal_chunk_min_bytes, journal_chunk_bytes));
    end_ = room_ = 0;
    whole_ = true;
    return Nothing{};
}

Status Journal::finish_new() {
    const bool room = make_room(1);
    if (!whole_ || !room) {
        const int code = errno;
        sys::unlink(new_path_.c_str());
        whole_ = false;
        return Error{"write", path_, code};
    }
    if (sys::rename(new_path_.c_str(), path_.c_str()) < 0) {
        whole_ = false;
        return Error{"rename", path_, errno};
    }
    new_end_ = end_;
    return Nothing{};
}

void Journal::append(std::string_view records) {
    if (!enabled() || !whole_) return;
    if (!make_room(records.size()) || sys::pwrite(file_.get(), records.data(), records.size(),
                                                  end_) != static_cast<ssize_t>(records.size())) {
        whole_ = false;
        return;
    }
    end_ += static_cast<off_t>(records.size());
}

void Journal::end() {
    Buffer<record_max_bytes> line;
    append_end_record(line);
    append(line.view());
}

off_t Journal::reserve(size_t bytes) {
    if (!enabled() || !whole_) return -1;
    if (!make_room(bytes)) {
        whole_ = false;
        return -1;
    }
    const off_t place = end_;
    end_ += static_cast<off_t>(bytes);
    return place;
}

bool Journal::make_room(size_t bytes) {
    const off_t needed = end_ + static_cast<off_t>(bytes);
    if (needed <= room_) return true;
    const off_t wanted = (needed + chunk_ - 1) / chunk_ * chunk_;
    if (sys::fallocate(file_.get(), room_, wanted - room_) == 0) {
        room_ = wanted;
        return true;
    }
    // A small file system: take what is needed, not a chunk.
    if (sys::fallocate(file_.get(), room_, needed - room_) < 0) return false;
    room_ = needed;
    return true;
}

void Journal::lose() {
    whole_ = false;
    retry_ = {};
}

bool Journal::wants_renewal(Mono now) const {
    if (!enabled()) return false;
    if (whole_) return end_ > std::max<off_t>(chunk_, 3 * new_end_);
    if (now < retry_) return false;
    retry_ = now + seconds(1);
    return true;
}

bool Journal::has_ended(const Text& path) {
    bool ended = false;
    const auto see = [](void* context, std::string_view line) {
        Service service;
        const auto record = decode_record(line, service);
        *static_cast<bool*>(context) = record && record->kind == RecordKind::end;
    };
    return each_line(path, see, &ended) && ended;
}

Status Journal::each_line(const Text& path, void (*see)(void* context, std::string_view line),
                          void* context) {
    const Fd file = open_trusted(path.c_str());
    if (!file) return Error{"open", path, errno};
    char bytes[4 * record_max_bytes];
    size_t filled = 0;
    for (;;) {
        const ssize_t got = sys::read(file.get(), bytes + filled, sizeof bytes - filled);
        if (got < 0) return Error{"read", path, errno};
        std::replace(bytes + filled, bytes + filled + got, '\0', '\n');
        std::string_view rest(bytes, filled + static_cast<size_t>(got));
        // What fills the whole place is no record, and has no end that matters.
        const bool is_last =
            got == 0 || (rest.size() == sizeof bytes && rest.find('\n') == rest.npos);
        while (!rest.empty() && (is_last || rest.find('\n') != rest.npos))
            if (const std::string_view line = take_line(rest); !line.empty()) see(context, line);
        if (got == 0) return Nothing{};
        std::copy(rest.begin(), rest.end(), bytes);
        filled = rest.size();
    }
}

}  // namespace reeve
