// full_name: "web", or "web@1" where a service has instances.
#pragma once

#include <string_view>

#include "base/format.h"
#include "base/limits.h"

namespace reeve {

// Points into what it was made of.
struct FullName {
    std::string_view name;
    std::string_view instance;  // empty: none was said

    static FullName split(std::string_view text);
    friend auto operator<=>(const FullName&, const FullName&) = default;
};
Sink& operator<<(Sink& out, const FullName& name);

// Is each of its parts a name, and is there something behind its '@'?
bool is_full_name(std::string_view text);

// One as text, by itself.
class FullNameText : public Buffer<2 * name_max_bytes + 1> {
  public:
    explicit FullNameText(const FullName& name);
};

}  // namespace reeve
