// instances: several of one service, each with a name of its own, and what their definition says of
// each of them by %i.
#pragma once

#include <string_view>

#include "base/ref.h"
#include "base/text.h"
#include "model/definition.h"

namespace reeve {

// Stands in the values of a definition for the instance's name, until there is one. No text in
// UTF-8 has it.
constexpr char instance_mark = '\xff';

// "1", "2" and so on.
Words numbered_instances(size_t count);
// Are they the numbers from 1 on, as `instances = N` makes them?
bool are_numbered(const Words& instances);

// What is common to all as the instance has it: its name in the place of each mark. Nothing is
// copied where there is no mark.
Ref<const Definition> definition_of(const Ref<const Definition>& common, std::string_view instance);

}  // namespace reeve
