#include "model/full_name.h"

#include "model/definition.h"

namespace reeve {

FullName FullName::split(std::string_view text) {
    const size_t at = text.find('@');
    return {text.substr(0, at), at == text.npos ? std::string_view() : text.substr(at + 1)};
}

Sink& operator<<(Sink& out, const FullName& name) {
    out << name.name;
    if (!name.instance.empty()) out << '@' << name.instance;
    return out;
}

FullNameText::FullNameText(const FullName& name) { *this << name; }

bool is_full_name(std::string_view text) {
    const FullName name = FullName::split(text);
    return is_name(name.name) && (text.size() == name.name.size() || is_name(name.instance));
}

}  // namespace reeve
