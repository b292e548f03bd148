// What the tests of conf share: files made of text, and their definitions or problems as text.
#pragma once

#include <string>
#include <vector>

#include "conf/load.h"

namespace reeve {

inline SourceFile file_of(std::string name, std::string text, mode_t mode = 0644) {
    SourceFile file;
    file.path = {"/etc/reeve/", name};
    file.text = std::move(text);
    file.mode = mode;
    return file;
}

inline Catalog load_files(List<SourceFile> files, const LoadContext& context = {}) {
    List<List<SourceFile>> directories;
    directories.push_back(std::move(files));
    return load(directories, context);
}

// The problems of all files, described, a line each; reeve.conf's first.
inline std::string problems_of(const Catalog& catalog) {
    std::string text;
    const auto add = [&](const List<Problem>& problems) {
        for (const Problem& problem : problems) text.append(describe(problem).view()) += '\n';
    };
    add(catalog.problems);
    for (const Loaded& loaded : catalog.services) add(loaded.problems);
    if (!text.empty()) text.pop_back();
    return text;
}

// Of the one file "web" with this text.
inline std::string problems_of(const std::string& text) {
    return problems_of(load_files({file_of("web", text)}));
}

// The definition of the file "web" with this text; null where it has problems.
inline Ref<const Definition> definition_of(const std::string& text, const std::string& conf = "") {
    List<SourceFile> files{file_of("web", text)};
    if (!conf.empty()) files.push_back(file_of("reeve.conf", conf));
    return load_files(std::move(files)).services.front().definition;
}

}  // namespace reeve
