#include "support/zones.h"

#include <cstdlib>
#include <ctime>

#include "support/tempdir.h"

namespace reeve::test {

std::string zone_bytes(const std::string& name) {
    const std::string bytes = read_file("/usr/share/zoneinfo/" + name);
    return bytes.starts_with("TZif") ? bytes : std::string();
}

Ref<const Zone> zone_of(const std::string& name) {
    Buffer<200> problem;
    const std::string bytes = zone_bytes(name);
    return bytes.empty() ? parse_posix_zone(name, problem) : parse_zone_file(bytes, problem);
}

LocalZone::LocalZone(const std::string& name) {
    if (const char* before = ::getenv("TZ")) {
        before_ = before;
        was_set_ = true;
    }
    ::setenv("TZ", name.c_str(), 1);
    ::tzset();
}

LocalZone::~LocalZone() {
    if (was_set_)
        ::setenv("TZ", before_.c_str(), 1);
    else
        ::unsetenv("TZ");
    ::tzset();
}

int32_t LocalZone::offset_s(int64_t time_s) const {
    const auto time = static_cast<time_t>(time_s);
    struct tm local {};
    ::localtime_r(&time, &local);
    return static_cast<int32_t>(local.tm_gmtoff);
}

}  // namespace reeve::test
