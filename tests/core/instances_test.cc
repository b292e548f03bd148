// Which instances there are, whatever is asked for and whatever becomes of files and of reeve: a
// walk at random beside a model that says in a few lines which they should be.
#include <map>
#include <random>
#include <set>

#include "base/limits.h"
#include "catch.h"
#include "core/rig.h"
#include "core/takeover.h"
#include "core/transition.h"
#include "model/instances.h"
#include "model/record.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;

using Names = std::set<std::string>;

// A file of web's: its number of instances; 0: it has none.
Ref<const Definition> web(size_t count, bool marked = true) {
    return define("web", [&](Definition& definition, Policy& policy) {
        policy.instances = numbered_instances(count);
        definition.names_instance = marked;
        if (marked) definition.env.append("I=\xff");
        definition.digest = 100 + count;
    });
}

class Walk : public Rig {
  public:
    explicit Walk(uint32_t seed) : random_(seed) {}

    void reload() {
        core.apply(candidates(), now);
        settle();
    }

    void scale(uint32_t count) {
        List<Change> changes;
        const InstanceProblem problem = core.scale("web", count, changes, now);
        const bool able = file_ > 0 && !broken_ && present_;
        CHECK((problem == InstanceProblem::none) == able);
        if (able) {
            scaled_ = count == file_ ? 0 : count;
            scaled_from_ = file_;
        }
        settle();
    }

    void add(const std::string& instance) {
        if (known_.count(instance) > 0) return;
        const InstanceProblem problem = core.add_instance({"web", instance}, now);
        CHECK((problem == InstanceProblem::none) == (file_ > 0 && !broken_ && present_));
        if (problem == InstanceProblem::none) made_.insert(instance);
        settle();
    }

    void take_down(const std::string& instance) {
        if (made_.erase(instance) == 0) return;
        known_.erase(instance);
        down("web@" + instance);
        settle();
    }

    void edit(size_t count) { file_ = count; }
    void set_broken(bool broken) { broken_ = broken; }
    void set_present(bool present) { present_ = present; }

    // Another reeve goes on from what is on record.
    void be_reborn() {
        std::vector<PastService> past;
        for (const Service& service : core.services()) {
            if (!service.used()) continue;
            Buffer<record_max_bytes> line;
            append_service_record(line, service, {});
            PastService& was = past.emplace_back();
            const auto record = decode_record(line.view().substr(0, line.size() - 1), was.service);
            REQUIRE(record);
            restore(was.service, record->state_then, record->phase_then);
            was.digest = record->digest;
            was.leader = service.leader ? Fact::alive : Fact::gone;
            was.group_left = static_cast<bool>(service.leader);
        }
        core = Supervisor();
        const Ref<const Policy> defaults(new Policy(test::default_policy()));
        core.take_over(past, defaults, candidates(), now);
        settle();
    }

    void step() {
        const auto number = [&](uint32_t below) { return random_() % below; };
        const char* const instances[] = {"a", "b", "7"};
        switch (number(9)) {
        case 0: return scale(1 + number(6));
        case 1:
        case 2: return add(instances[number(2)]);
        case 3: return take_down(instances[number(2)]);
        case 4: edit(1 + number(5)); return reload();
        case 5: set_broken(number(2) == 0); return reload();
        case 6: set_present(number(4) > 0); return reload();
        case 7: return be_reborn();
        case 8: return reload();
        }
    }

    void check_all() {
        Names there;
        for (const Service& service : core.services()) {
            if (!service.used()) continue;
            INFO(service.instance.view());
            there.insert(std::string(service.instance));
            CHECK_FALSE(service.removed);
            CHECK(service.state == (service.definition ? State::running : State::invalid));
            if (service.definition && !stands_in(*service.definition))
                CHECK(service.definition->env.contains("I=" + std::string(service.instance)));
            const auto before = pids_.find(std::string(service.instance));
            if (before != pids_.end()) CHECK(before->second == service.leader.pid);
        }
        CHECK(there == known_);
        pids_.clear();
        for (const Service& service : core.services())
            if (service.used() && service.leader)
                pids_[std::string(service.instance)] = service.leader.pid;
    }

  private:
    std::vector<Candidate> candidates() {
        // The file has the last word over the number that was asked for before it changed.
        if (present_ && !broken_ && scaled_from_ != file_) scaled_ = 0;
        if (!present_) {
            known_.clear();
            made_.clear();
            scaled_ = 0;
        } else if (broken_) {
            if (known_.empty()) known_.insert("");
        } else {
            renew();
        }
        if (!present_) return {};
        if (broken_) return {{.name = "web", .problem = "web:1: broken"}};
        return {{.name = "web", .definition = web(file_)}};
    }

    void renew() {
        known_ = made_;
        for (size_t i = 1; i <= (scaled_ > 0 ? scaled_ : file_); ++i)
            known_.insert(std::to_string(i));
    }

    // All that starts runs, and all that is to stop ends.
    void settle() {
        if (present_ && !broken_ && file_ > 0) renew();
        for (int round = 0; round < 50; ++round) {
            bool any = false;
            for (uint32_t i = 0; i < core.services().size(); ++i) {
                const Service& service = core.at(ServiceId{i});
                if (!service.used()) continue;
                const std::string name(service.full_text());
                any = any || service.state == State::starting || service.state == State::stopping;
                if (service.state == State::starting && !service.leader)
                    run(name);
                else if (service.state == State::stopping && service.leader)
                    exited(name, 0);
            }
            if (!any) break;
        }
        for (Text& gone : core.forgotten()) gone = {};
        core.forgotten().clear();
        core.dirty().clear();
    }

    std::mt19937 random_;
    size_t file_ = 2;
    bool broken_ = false;
    bool present_ = true;
    size_t scaled_ = 0;
    size_t scaled_from_ = 0;
    Names made_;
    Names known_;
    std::map<std::string, pid_t> pids_;
};

}  // namespace

TEST_CASE("the instances are those that were asked for, and who stays is not touched") {
    const auto seed = GENERATE(range(1u, 41u));
    CAPTURE(seed);
    Walk walk(seed);
    walk.reload();
    for (int i = 0; i < 100; ++i) {
        walk.step();
        CAPTURE(i);
        walk.check_all();
    }
}
