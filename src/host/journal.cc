#include "host/journal.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/limits.h"
#include "host/sys.h"
#include "model/record.h"

namespace reeve {

Status Journal::begin_new() {
    const std::string temporary = path_ + ".new";
    Fd file(sys::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644));
    if (!file) return Error{"open", temporary, errno};
    file_ = std::move(file);
    end_ = room_ = 0;
    whole_ = true;
    return Nothing{};
}

Status Journal::finish_new() {
    const std::string temporary = path_ + ".new";
    const bool room = make_room(1);
    if (!whole_ || !room) {
        const int code = errno;
        sys::unlink(temporary.c_str());
        whole_ = false;
        return Error{"write", path_, code};
    }
    if (sys::rename(temporary.c_str(), path_.c_str()) < 0) {
        whole_ = false;
        return Error{"rename", path_, errno};
    }
    new_end_ = end_;
    return Nothing{};
}

void Journal::append(std::string_view record) {
    if (!enabled() || !whole_) return;
    if (!make_room(record.size()) || sys::pwrite(file_.get(), record.data(), record.size(), end_) !=
                                         static_cast<ssize_t>(record.size())) {
        whole_ = false;
        return;
    }
    end_ += static_cast<off_t>(record.size());
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
    const off_t chunk = static_cast<off_t>(journal_chunk_bytes);
    const off_t wanted = (needed + chunk - 1) / chunk * chunk;
    if (sys::fallocate(file_.get(), room_, wanted - room_) == 0) {
        room_ = wanted;
        return true;
    }
    // A small file system: take what is needed, not a chunk.
    if (sys::fallocate(file_.get(), room_, needed - room_) < 0) return false;
    room_ = needed;
    return true;
}

bool Journal::wants_renewal(Mono now) const {
    if (!enabled()) return false;
    if (whole_)
        return end_ > std::max<off_t>(static_cast<off_t>(journal_chunk_bytes), 3 * new_end_);
    if (now < retry_) return false;
    retry_ = now + seconds(1);
    return true;
}

Result<std::string> Journal::read(const std::string& path) {
    const Fd file(sys::open(path.c_str(), O_RDONLY));
    if (!file) return Error{"open", path, errno};
    std::string text;
    char bytes[4096];
    for (;;) {
        const ssize_t got = sys::read(file.get(), bytes, sizeof bytes);
        if (got < 0) return Error{"read", path, errno};
        if (got == 0) break;
        text.append(bytes, static_cast<size_t>(got));
    }
    std::replace(text.begin(), text.end(), '\0', '\n');
    return text;
}

}  // namespace reeve
