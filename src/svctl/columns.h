// columns: some fields of objects in columns, for people.
#pragma once

#include <initializer_list>

#include "base/list.h"
#include "svctl/svctl.h"

namespace reeve {

// Every column but the last is as wide as its widest cell; one that has nothing in it is left out.
class Columns {
  public:
    Columns(std::initializer_list<const char*> keys) : keys_(keys) {}

    void print(Session& session, const List<Text>& objects) const;

  private:
    void print_row(Session& session, std::string_view object, const List<size_t>& widths) const;

    std::initializer_list<const char*> keys_;
};

}  // namespace reeve
