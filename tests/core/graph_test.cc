#include "catch.h"
#include "core/graph.h"
#include "support/definitions.h"

namespace {

using namespace reeve;
using test::define;

struct Row {
    std::string_view name;
    std::vector<std::string_view> depends_on;
    std::vector<std::string_view> after;
};

// A graph over services, and what keeps their definitions.
struct Built {
    explicit Built(const std::vector<Row>& rows) {
        for (const Row& row : rows) {
            kept.push_back(define(row.name, [&](Definition& definition, Policy&) {
                for (std::string_view name : row.depends_on) definition.depends_on.append(name);
                for (std::string_view name : row.after) definition.after.append(name);
            }));
            const size_t at = row.name.find('@');
            const bool instance = at != std::string_view::npos;
            nodes.push_back({row.name.substr(0, at), instance ? row.name.substr(at + 1) : "",
                             kept.back().get()});
        }
        graph.build(nodes);
    }

    std::string names(std::span<const ServiceId> ids) const {
        std::string text;
        for (ServiceId id : ids) {
            if (!text.empty()) text += ' ';
            text += nodes[id.index].name;
            if (!nodes[id.index].instance.empty())
                text.append("@").append(nodes[id.index].instance);
        }
        return text;
    }
    std::string cycle() const { return names(graph.find_cycle()); }

    std::vector<Ref<const Definition>> kept;
    std::vector<Node> nodes;
    Graph graph;
};

}  // namespace

TEST_CASE("a graph knows what needs what, in both directions") {
    const Built built({{"cache", {}, {}}, {"db", {}, {}}, {"web", {"db", "cache"}, {}}});
    CHECK(built.names(built.graph.needs({2})) == "db cache");
    CHECK(built.names(built.graph.needed_by({1})) == "web");
    CHECK(built.names(built.graph.needed_by({2})).empty());
    CHECK(built.graph.missing().empty());
}

TEST_CASE("after is an edge of its own kind") {
    const Built built({{"a", {}, {}}, {"b", {}, {"a"}}});
    CHECK(built.names(built.graph.after({1})) == "a");
    CHECK(built.names(built.graph.before({0})) == "b");
    CHECK(built.names(built.graph.needs({1})).empty());
}

TEST_CASE("a name means all instances, name@instance one") {
    const Built built({{"db@1", {}, {}}, {"db@2", {}, {}}, {"x", {"db"}, {}}, {"y", {"db@2"}, {}}});
    CHECK(built.names(built.graph.needs({2})) == "db@1 db@2");
    CHECK(built.names(built.graph.needs({3})) == "db@2");
}

TEST_CASE("what depends_on names and is not there is missing, what after names is not") {
    const Built built({{"db@1", {}, {}}, {"web", {"nothing", "db@9"}, {"nobody"}}});
    REQUIRE(built.graph.missing().size() == 2);
    CHECK(built.graph.missing()[0].reference == "nothing");
    CHECK(built.graph.missing()[1].reference == "db@9");
    CHECK(built.graph.missing()[0].id == ServiceId{1});
}

TEST_CASE("nodes without definition, and free slots, need nothing") {
    const std::vector<Node> nodes{{"", "", nullptr}, {"web", "", nullptr}};
    Graph graph;
    graph.build(nodes);
    CHECK(graph.needs({1}).empty());
    CHECK(graph.needed_by({0}).empty());
    CHECK(graph.find_cycle().empty());
}

TEST_CASE("a graph built again forgets the one before") {
    Built built({{"a", {"b"}, {}}, {"b", {}, {}}});
    const std::vector<Node> none;
    built.graph.build(none);
    CHECK(built.graph.needs({0}).empty());
    CHECK(built.graph.missing().empty());
}

TEST_CASE("an acyclic graph has no cycle, however its paths join") {
    CHECK(Built({{"a", {}, {}}, {"b", {"a"}, {}}, {"c", {"a"}, {}}, {"d", {"b", "c"}, {"a"}}})
              .cycle()
              .empty());
}

TEST_CASE("a cycle is told in order, and without what only leads to it") {
    CHECK(Built({{"entry", {"a"}, {}}, {"a", {"b"}, {}}, {"b", {"c"}, {}}, {"c", {"a"}, {}}})
              .cycle() == "a b c");
}

TEST_CASE("a service that needs itself is a cycle of one") {
    CHECK(Built(std::vector<Row>{{"a", {"a"}, {}}}).cycle() == "a");
}

TEST_CASE("depends_on and after make cycles together") {
    CHECK(Built({{"a", {"b"}, {}}, {"b", {}, {"a"}}}).cycle() == "a b");
}

TEST_CASE("a chain of ten thousand services is searched without recursion") {
    std::vector<std::string> names;
    for (int i = 0; i < 10000; ++i) names.push_back("s" + std::to_string(i));
    std::vector<Row> rows;
    for (size_t i = 0; i < names.size(); ++i)
        rows.push_back({names[i], {names[(i + 1) % names.size()]}, {}});
    CHECK(Built(rows).graph.find_cycle().size() == names.size());
    rows.back().depends_on.clear();
    CHECK(Built(rows).cycle().empty());
}
