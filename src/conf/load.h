// load: the text of service files to Definitions, or every error in them.
#pragma once

#include <string_view>
#include <vector>

#include "base/list.h"
#include "base/ref.h"
#include "conf/source.h"
#include "model/definition.h"

namespace reeve {

// One mistake of the user's: "FILE:LINE: text" (line 0: the file as a whole, "FILE: text").
struct Problem {
    Text file;
    int line = 0;
    Text text;
};
Text describe(const Problem& problem);

// One version of one service: its definition, or what is wrong with its file.
struct Loaded {
    Text name;
    Text version;  // empty for the file without "+VERSION"
    FilePath file;
    Ref<const Definition> definition;  // null where problems is not empty
    List<Problem> problems;
    bool unread = false;  // what is in the file is not known (SourceFile::may_be_read_later)
};

// All that the service directories hold.
struct Catalog {
    Settings settings;  // reeve.conf's, as far as its lines are right; else the defaults
    // reeve.conf's. Where it is not known what it sets for all services, no service has a
    // definition: without its `user`, say, none may run. Also one problem where there are more than
    // services_max_count files; those beyond are left out.
    List<Problem> problems;
    List<Problem> warnings;      // of lines that are right, and yet may not mean what they say
    List<Loaded> services;       // sorted by name, then version
    bool refuses_files = false;  // for their mode or owner
};

// `directories`: the files of each directory, in the order of -d; a later one's file replaces an
// earlier one's of the same name. Files that are no definitions (BEHAVIOUR section 2: names,
// scripts without the execute bit) are passed over.
Catalog load(List<List<SourceFile>> directories, const LoadContext& context);

// Is the file itself the program? Of one that is taken whatever its mode its text decides.
bool is_executable(const SourceFile& file);

// Adds the directories that a reeve.conf trusts, where it may be trusted itself.
void append_trusted(const SourceFile& settings, const LoadContext& context,
                    List<Text>& directories);

// Is this the name of a service file: NAME or NAME+VERSION, of letters, digits, '_', '-', ':', each
// at most name_max_bytes?
bool is_service_file_name(std::string_view file_name);

// A policy with the default of every key.
Ref<const Policy> default_policy();

// The name of the service that reeve itself defines (conf/own): no file may have it.
constexpr char svlog_name[] = "svlog";

}  // namespace reeve
