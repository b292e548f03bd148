#include "core/graph.h"

#include <algorithm>

#include "base/list.h"
#include "base/sort.h"

namespace reeve {

namespace {

// Nodes by name, for look-ups while edges are made.
List<uint32_t> sorted_by_name(std::span<const Node> nodes) {
    List<uint32_t> order(nodes.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    sort(std::span(order), [&](uint32_t a, uint32_t b) { return nodes[a].name < nodes[b].name; });
    return order;
}

// Calls `use` with each node that "NAME" or "NAME@I" means; false where there is none.
template <typename Use>
bool for_each_named(std::span<const Node> nodes, const List<uint32_t>& order,
                    std::string_view reference, Use use) {
    const size_t at = reference.find('@');
    const std::string_view name = reference.substr(0, at);
    const std::string_view instance =
        at == std::string_view::npos ? std::string_view() : reference.substr(at + 1);
    auto place =
        std::lower_bound(order.begin(), order.end(), name,
                         [&](uint32_t i, std::string_view n) { return nodes[i].name < n; });
    auto end = place;
    bool any_stays = false;
    for (; end != order.end() && nodes[*end].name == name; ++end)
        any_stays = any_stays || !nodes[*end].leaves;
    bool found = false;
    for (; place != end; ++place) {
        if (at == std::string_view::npos ? nodes[*place].leaves && any_stays
                                         : nodes[*place].instance != instance)
            continue;
        use(ServiceId{*place});
        found = true;
    }
    return found;
}

}  // namespace

void Graph::build(std::span<const Node> nodes) {
    const List<uint32_t> order = sorted_by_name(nodes);
    needs_ = after_ = {};
    missing_.clear();
    for (const Node& node : nodes) {
        needs_.first.push_back(static_cast<uint32_t>(needs_.to.size()));
        after_.first.push_back(static_cast<uint32_t>(after_.to.size()));
        if (node.definition == nullptr) continue;
        const ServiceId self{static_cast<uint32_t>(&node - nodes.data())};
        for (std::string_view name : node.definition->depends_on)
            if (!for_each_named(nodes, order, name, [&](ServiceId id) { needs_.to.push_back(id); }))
                missing_.push_back({self, name});
        for (std::string_view name : node.definition->after)
            for_each_named(nodes, order, name, [&](ServiceId id) { after_.to.push_back(id); });
    }
    needs_.first.push_back(static_cast<uint32_t>(needs_.to.size()));
    after_.first.push_back(static_cast<uint32_t>(after_.to.size()));
    for (Edges* edges : {&needs_, &after_})
        if (edges->to.empty()) *edges = {};
    needed_by_ = reversed(needs_);
    before_ = reversed(after_);
}

Graph::Edges Graph::reversed(const Edges& edges) {
    Edges result;
    result.first.assign(edges.first.size(), 0);
    result.to.resize(edges.to.size());
    for (ServiceId to : edges.to) ++result.first[to.index + 1];
    for (size_t i = 1; i < result.first.size(); ++i) result.first[i] += result.first[i - 1];
    List<uint32_t> next = result.first;
    for (uint32_t from = 0; from + 1 < edges.first.size(); ++from)
        for (uint32_t e = edges.first[from]; e < edges.first[from + 1]; ++e)
            result.to[next[edges.to[e].index]++] = ServiceId{from};
    return result;
}

// Depth first, with the path kept by hand: a chain of services may be longer than a stack is deep.
List<ServiceId> Graph::find_cycle() const {
    enum class Mark : uint8_t { unseen, on_path, finished };
    struct Visit {
        ServiceId id;
        size_t next_edge;
    };
    const size_t count = std::max({needs_.first.size(), after_.first.size(), size_t{1}}) - 1;
    List<Mark> marks(count, Mark::unseen);
    List<Visit> path;
    for (uint32_t root = 0; root < count; ++root) {
        if (marks[root] != Mark::unseen) continue;
        path.push_back({ServiceId{root}, 0});
        marks[root] = Mark::on_path;
        while (!path.empty()) {
            Visit& visit = path.back();
            const auto first = needs(visit.id);
            const auto second = after(visit.id);
            if (visit.next_edge == first.size() + second.size()) {
                marks[visit.id.index] = Mark::finished;
                path.pop_back();
                continue;
            }
            const size_t edge = visit.next_edge++;
            const ServiceId to = edge < first.size() ? first[edge] : second[edge - first.size()];
            if (marks[to.index] == Mark::on_path) {
                List<ServiceId> cycle;
                auto begin = std::find_if(path.begin(), path.end(),
                                          [&](const Visit& v) { return v.id == to; });
                for (; begin != path.end(); ++begin) cycle.push_back(begin->id);
                return cycle;
            }
            if (marks[to.index] == Mark::unseen) {
                marks[to.index] = Mark::on_path;
                path.push_back({to, 0});
            }
        }
    }
    return {};
}

}  // namespace reeve
