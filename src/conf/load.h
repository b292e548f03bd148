// load: the text of service files to Definitions, or every error in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ref.h"
#include "conf/source.h"
#include "model/definition.h"

namespace reeve {

// One mistake of the user's: "FILE:LINE: text" (line 0: the file as a whole, "FILE: text").
struct Problem {
    std::string file;
    int line = 0;
    std::string text;
};
std::string describe(const Problem& problem);

// One version of one service: its definition, or what is wrong with its file.
struct Loaded {
    std::string name;
    std::string version;  // empty for the file without "+VERSION"
    std::string file;
    Ref<const Definition> definition;  // null where problems is not empty
    std::vector<Problem> problems;
};

// All that the service directories hold.
struct Catalog {
    Settings settings;  // reeve.conf's, as far as its lines are right; else the defaults
    // reeve.conf's. Where it is not known what it sets for all services, no service has a
    // definition: without its `user`, say, none may run. Also one problem where there are more than
    // services_max_count files; those beyond are left out.
    std::vector<Problem> problems;
    std::vector<Loaded> services;  // sorted by name, then version
};

// `directories`: the files of each directory, in the order of -d; a later one's file replaces an
// earlier one's of the same name. Files that are no definitions (BEHAVIOUR section 2: names,
// scripts without the execute bit) are passed over.
Catalog load(std::vector<std::vector<SourceFile>> directories, const LoadContext& context);

// Is this the name of a service file: NAME or NAME+VERSION, of letters, digits, '_', '-', ':', each
// at most name_max_bytes?
bool is_service_file_name(std::string_view file_name);

// The definition of `-- CMD`: service `main`; argv is taken as it stands, nothing is expanded.
// Descriptors and directory are reeve's own; ends reeve with its exit code.
Ref<const Definition> main_definition(const char* const* argv);

}  // namespace reeve
