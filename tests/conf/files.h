// What the tests of conf share: files made of text, and their definitions or problems as text.
#pragma once

#include <string>
#include <vector>

#include "conf/load.h"

namespace reeve {

inline SourceFile file_of(std::string name, std::string text, mode_t mode = 0644) {
    SourceFile file;
    file.path = "/etc/reeve/" + name;
    file.name = std::move(name);
    file.text = std::move(text);
    file.mode = mode;
    return file;
}

inline Catalog load_files(std::vector<SourceFile> files, const LoadContext& context = {}) {
    std::vector<std::vector<SourceFile>> directories;
    directories.push_back(std::move(files));
    return load(directories, context);
}

// The problems of all files, described, a line each; reeve.conf's first.
inline std::string problems_of(const Catalog& catalog) {
    std::string text;
    for (const Problem& problem : catalog.problems) text += describe(problem) + "\n";
    for (const Loaded& loaded : catalog.services)
        for (const Problem& problem : loaded.problems) text += describe(problem) + "\n";
    if (!text.empty()) text.pop_back();
    return text;
}

// Of the one file "web" with this text.
inline std::string problems_of(const std::string& text) {
    return problems_of(load_files({file_of("web", text)}));
}

// The definition of the file "web" with this text; null where it has problems.
inline Ref<const Definition> definition_of(const std::string& text, const std::string& conf = "") {
    std::vector<SourceFile> files{file_of("web", text)};
    if (!conf.empty()) files.push_back(file_of("reeve.conf", conf));
    return load_files(std::move(files)).services.at(0).definition;
}

}  // namespace reeve
