// Fuzzes load(): whatever is in the files, it ends, says something of each file, and a definition
// that it made can be written down and read back as the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/limits.h"
#include "conf/load.h"
#include "conf/schema.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

Catalog load_pair(const std::string& text, mode_t mode, const std::string& conf) {
    List<List<SourceFile>> directories(1);
    SourceFile file;
    file.path = {"/etc/reeve/", "web+v1"};
    file.text = text;
    file.mode = mode;
    directories[0].push_back(file);
    if (!conf.empty()) {
        file.path.name = "reeve.conf";
        file.text = conf;
        file.mode = 0644;
        directories[0].push_back(file);
    }
    return load(directories, {});
}

// The file that says the same in canonical form; empty where it cannot be written, for quoting has
// made a line or the file too long.
std::string written(const Definition& definition) {
    std::string text;
    for (const Key& key : service_keys) {
        LongText all;
        append_value(all, key, {&definition, definition.policy.get(), nullptr});
        const std::string values(all.view());
        if (values == key.default_text) continue;
        for (size_t start = 0; start < values.size();) {
            const size_t end = std::min(values.find('\n', start), values.size());
            const std::string line =
                std::string(key.name) + " = " + values.substr(start, end - start);
            if (line.size() > line_max_bytes) return {};
            text += line + '\n';
            start = end + 1;
        }
    }
    return text.size() > service_file_max_bytes ? std::string() : text;
}

}  // namespace

// The first byte chooses the mode; a byte 0xFF ends the service's file and begins reeve.conf.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const bool executable = (data[0] & 1) != 0;
    const std::string all(reinterpret_cast<const char*>(data) + 1, size - 1);
    const size_t middle = std::min(all.find('\xFF'), all.size());
    const std::string text = all.substr(0, middle);
    const std::string conf = middle < all.size() ? all.substr(middle + 1) : "";

    const Catalog catalog = load_pair(text, executable ? 0755 : 0644, conf);
    for (const Problem& problem : catalog.problems) require(!describe(problem).empty());
    require(catalog.problems.size() <= errors_per_file_max_count + 1);
    if (catalog.services.empty()) {
        require(text.starts_with("#!"));
        return 0;
    }
    const Loaded& loaded = catalog.services[0];
    require(static_cast<bool>(loaded.definition) == loaded.problems.empty());
    for (const Problem& problem : loaded.problems) require(!problem.text.empty());
    if (!loaded.definition) return 0;

    const std::string again = written(*loaded.definition);
    if (again.empty()) return 0;
    const Catalog second = load_pair(again, 0644, "");
    require(!second.services.empty());
    require(second.services[0].problems.empty());
    require(second.services[0].definition->digest == loaded.definition->digest);
    require(second.services[0].definition->process_digest == loaded.definition->process_digest);
    return 0;
}
