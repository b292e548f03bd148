// A server with a real supervisor and a real socket, whose loop a test turns by hand; and clients
// that speak the protocol, or do not.
#pragma once

#include <cstring>
#include <functional>
#include <sys/un.h>

#include "core/object.h"
#include "core/rig.h"
#include "ctl/server.h"
#include "support/kernel_fixture.h"

namespace reeve::test {

class FakeControls final : public Controls {
  public:
    Reloaded reload(Now) override {
        ++reloads;
        return on_reload ? on_reload() : Reloaded{};
    }
    Forecast forecast(Now) override { return on_forecast ? on_forecast() : Forecast{}; }
    std::span<const Text> directories() const override { return places; }
    bool trusts(const Text& directory) const override { return directory == trusted; }
    Text trusted;
    int signal(ServiceId id, int number) override {
        signals.push_back({id.index, number});
        return signal_result;
    }
    int rotate(ServiceId id, Rotation&) override {
        rotated.push_back(id.index);
        return rotate_result;
    }
    bool is_rotated(ServiceId, Rotation&) override { return rotation_is_over; }
    void renew_log(ServiceId id) override { renewed.push_back(id.index); }
    void end(int code, Now) override { end_code = code; }
    Text begin_reexec(Now) override { return why_no_reexec; }
    const Text& reexec_failure() const override { return failure; }
    void make_room(size_t more) override { room += more; }
    size_t room = 0;  // that was made
    void leave_safe_mode() override { ++bold; }
    List<Text> warnings() const override { return wrong; }

    std::function<Reloaded()> on_reload;
    std::function<Forecast()> on_forecast;
    List<Text> places{"/etc/reeve", "/srv/own services"};
    int reloads = 0;
    int signal_result = 0;
    int rotate_result = 0;
    bool rotation_is_over = true;
    std::vector<uint32_t> renewed;
    std::vector<uint32_t> rotated;
    int end_code = -1;
    Text why_no_reexec;
    Text failure;
    int bold = 0;
    List<Text> wrong;
    std::vector<std::pair<uint32_t, int>> signals;
};

// A connection that reads only when it is told to.
class Peer {
  public:
    explicit Peer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        connected_ =
            ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    }
    bool connected() const { return connected_; }
    int fd() const { return fd_.get(); }
    ssize_t say(std::string_view text) {
        return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    // What has come since; `at_end` tells whether that was all.
    std::string hear(size_t most = SIZE_MAX) {
        std::string text;
        char bytes[4096];
        while (text.size() < most) {
            const ssize_t got = ::recv(fd_.get(), bytes, std::min(sizeof bytes, most), 0);
            if (got <= 0) {
                at_end = got == 0 || (errno != EAGAIN && errno != EINTR);
                break;
            }
            text.append(bytes, static_cast<size_t>(got));
        }
        return text;
    }
    void leave() { fd_.reset(); }
    bool at_end = false;

  private:
    Fd fd_;
    bool connected_ = false;
};

struct Bench {
    TemporaryDirectory directory;
    Rig rig;
    FakeControls controls;
    Server server{rig.core, controls};
    PollSet set;
    std::string path = directory / "control";

    explicit Bench(std::vector<Ref<const Definition>> definitions = {})
        : rig(std::move(definitions)) {
        REQUIRE(server.open(path));
    }

    // One turn of the loop; nothing is waited for.
    void turn() {
        server.settle(rig.now);
        set.clear();
        server.watch(set);
        set.wait(rig.now.mono, rig.now.mono);
        server.serve(set, rig.now);
        server.settle(rig.now);
    }
    void turns(int count) {
        while (count-- > 0) turn();
    }
    void pass(Duration duration) {
        rig.now.mono = rig.now.mono + duration;
        rig.now.wall.ms += duration.ms;
        turn();
    }

    // The whole answer to a request; empty where there is none within so many turns.
    std::string ask(const std::string& request) {
        Peer peer(path);
        peer.say(request + "\n");
        return rest_of(peer);
    }
    std::string rest_of(Peer& peer, int most_turns = 5000) {
        std::string answer;
        for (int i = 0; i < most_turns && !peer.at_end; ++i) {
            turn();
            answer += peer.hear();
        }
        return peer.at_end ? answer : "NO END: " + answer;
    }
    std::string last_line(const std::string& answer) {
        const size_t start = answer.rfind('\n', answer.size() - 2);
        return answer.substr(start == answer.npos ? 0 : start + 1);
    }
};

}  // namespace reeve::test
