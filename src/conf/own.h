// own: the definitions that come from no file.
#pragma once

#include <string_view>

#include "base/ref.h"
#include "model/definition.h"

namespace reeve {

// The definition of svlog. `program`, svlog's binary or its name, writes what is in the pipes of
// `pipes`, a directory, to `logs`. `user`: whom it runs as; empty: who reeve is.
Ref<const Definition> svlog_definition(std::string_view program, std::string_view pipes,
                                       std::string_view logs, std::string_view user);

// The definition of `-- CMD`: service `main`; argv is taken as it stands, nothing is expanded.
// Descriptors and directory are reeve's own; ends reeve with its exit code.
Ref<const Definition> main_definition(const char* const* argv);

}  // namespace reeve
