#include "files/journal.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/limits.h"
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
    const Result<LongText> text = read(path);
    if (!text) return false;
    std::string_view records = (*text).view();
    records = records.substr(0, records.find_last_not_of('\n') + 1);
    Service service;
    const auto last = decode_record(records.substr(records.rfind('\n') + 1), service);
    return last && last->kind == RecordKind::end;
}

Result<LongText> Journal::read(const Text& path) {
    const Fd file = open_trusted(path.c_str());
    if (!file) return Error{"open", path, errno};
    LongText text;
    char bytes[4096];
    for (;;) {
        const ssize_t got = sys::read(file.get(), bytes, sizeof bytes);
        if (got < 0) return Error{"read", path, errno};
        if (got == 0) break;
        std::replace(bytes, bytes + got, '\0', '\n');
        text << std::string_view(bytes, static_cast<size_t>(got));
    }
    return text;
}

}  // namespace reeve
