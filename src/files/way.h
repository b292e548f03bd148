// way: what the kernel passes on the way to a file, as it follows links.
#pragma once

#include <string_view>
#include <sys/stat.h>

namespace reeve {

// Calls see(context, path, status) for each directory that a name is looked up in on the way to an
// absolute path, from the root directory down, and for each link that is followed, until it says
// false or there is nothing to be found. No link leads to any of these paths.
void follow_way(std::string_view path,
                bool (*see)(void* context, const char* path, const struct stat& status),
                void* context);

template <typename See>
void follow_way(std::string_view path, See& see) {
    auto call = [](void* context, const char* point, const struct stat& status) {
        return (*static_cast<See*>(context))(point, status);
    };
    follow_way(path, call, &see);
}

}  // namespace reeve
