// graph: who depends on whom, in which order, and the cycles in that.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/list.h"
#include "model/service.h"

namespace reeve {

// One service as far as order matters. Several nodes may bear one name: its instances.
struct Node {
    std::string_view name;
    std::string_view instance;
    const Definition* definition;  // null: it has none, so it needs nothing
    bool leaves = false;           // by NAME it is not meant where another instance stays
};

class Graph {
  public:
    // `nodes` are indexed as ServiceId is; one without a name is a free slot.
    void build(std::span<const Node> nodes);

    // A name in depends_on that no node bears. (In `after` it means nothing: there is no order to
    // keep with what does not exist.)
    struct Missing {
        ServiceId id;
        std::string_view reference;
    };
    std::span<const Missing> missing() const { return missing_; }

    std::span<const ServiceId> needs(ServiceId id) const { return row(needs_, id); }
    std::span<const ServiceId> needed_by(ServiceId id) const { return row(needed_by_, id); }
    std::span<const ServiceId> after(ServiceId id) const { return row(after_, id); }
    std::span<const ServiceId> before(ServiceId id) const { return row(before_, id); }
    // All that are to be up before it, and all that it is to be up before, as two rows.
    using Rows = std::array<std::span<const ServiceId>, 2>;
    Rows ahead(ServiceId id) const { return {needs(id), after(id)}; }
    Rows behind(ServiceId id) const { return {needed_by(id), before(id)}; }

    // A cycle through depends_on and after, in order, its first member not repeated; empty: none.
    List<ServiceId> find_cycle() const;

  private:
    // All edges of one kind, those of a node side by side: node i has to[first[i] .. first[i+1]).
    // Where there is none at all, which is common, `first` is empty too.
    struct Edges {
        List<uint32_t> first;
        List<ServiceId> to;
    };
    std::span<const ServiceId> row(const Edges& edges, ServiceId id) const {
        if (id.index + 1 >= edges.first.size()) return {};
        return std::span(edges.to).subspan(edges.first[id.index],
                                           edges.first[id.index + 1] - edges.first[id.index]);
    }
    static Edges reversed(const Edges& edges);

    Edges needs_, needed_by_, after_, before_;
    List<Missing> missing_;
};

}  // namespace reeve
