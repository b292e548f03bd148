#include <cstring>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "catch.h"
#include "kernel/platform.h"
#include "process/notify.h"
#include "support/kernel_fixture.h"

using namespace reeve;

TEST_CASE("an sd_notify message may hold several assignments") {
    const Notification said = parse_notification("READY=1\nSTATUS=serving\nMAINPID=123\nX=1");
    CHECK(said.ready);
    CHECK_FALSE(said.stopping);
    CHECK(said.main_pid == 123);
    CHECK(said.status == "serving");
}

TEST_CASE("only the exact assignments of sd_notify mean something") {
    for (const char* message :
         {"", "\n\n", "READY=0", "READY=11", " READY=1", "ready=1", "STOPPING"}) {
        INFO(message);
        const Notification said = parse_notification(message);
        CHECK_FALSE(said.ready);
        CHECK_FALSE(said.stopping);
    }
    CHECK(parse_notification("STOPPING=1\n").stopping);
}

TEST_CASE("a MAINPID that is no process of a service is passed over") {
    for (const char* message :
         {"MAINPID=0", "MAINPID=1", "MAINPID=-5", "MAINPID=x", "MAINPID=", "MAINPID=99999999999"}) {
        INFO(message);
        CHECK_FALSE(parse_notification(message).main_pid);
    }
}

TEST_CASE("a notify socket takes datagrams of anybody, and tells who sent each") {
    const TemporaryDirectory directory;
    const std::string path = directory / "web.notify";
    Result<Fd> socket = open_notify_socket(path.c_str(), geteuid());
    REQUIRE(socket);
    struct stat state = {};
    REQUIRE(stat(path.c_str(), &state) == 0);
    CHECK((state.st_mode & 0777) == 0666);

    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    const Fd sender(::socket(AF_UNIX, SOCK_DGRAM, 0));
    REQUIRE(connect(sender.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(send(sender.get(), "READY=1", 7, 0) == 7);
    char message[32];
    std::optional<platform::Sender> told;
    REQUIRE(platform::receive(socket->get(), message, told) == 7);
    REQUIRE(told);
    CHECK(told->pid == getpid());
    CHECK(told->user == geteuid());
    CHECK(platform::receive(socket->get(), message, told) == -1);
    CHECK_FALSE(told);
}

TEST_CASE("descriptors that come along with a message are closed") {
    const TemporaryDirectory directory;
    const std::string path = directory / "web.notify";
    Result<Fd> socket = open_notify_socket(path.c_str(), geteuid());
    REQUIRE(socket);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    const Fd sender(::socket(AF_UNIX, SOCK_DGRAM, 0));
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const Fd theirs(ends[0]);
    Fd ours(ends[1]);
    iovec part = {const_cast<char*>("FDSTORE=1"), 9};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message = {};
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &ends[1], sizeof(int));
    REQUIRE(sendmsg(sender.get(), &message, 0) == 9);
    char text[32];
    std::optional<platform::Sender> told;
    REQUIRE(platform::receive(socket->get(), text, told) == 9);
    ours.reset();
    CHECK(sys::read(theirs.get(), text, sizeof text) == 0);  // nobody has the other end any more
}

TEST_CASE("a notify socket replaces what stood at its path before") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("web.notify", "left over");
    CHECK(open_notify_socket(path.c_str(), geteuid()));
}

TEST_CASE("a path that is too long for a socket is said to be so") {
    const Result<Fd> socket =
        open_notify_socket(("/tmp/" + std::string(200, 'x')).c_str(), geteuid());
    REQUIRE_FALSE(socket);
    CHECK(socket.error().code == ENAMETOOLONG);
}

TEST_CASE("a newline on a readiness descriptor is found, whatever comes before it") {
    const TemporaryDirectory directory;
    for (const std::string& path : {directory / "web.ready", std::string()}) {
        INFO("path '" << path << "'");
        Result<ReadyChannel> channel = open_ready_channel(path.c_str());
        REQUIRE(channel);
        CHECK(read_ready(channel->ours.get()) == ReadyWord::none);
        REQUIRE(write(channel->theirs.get(), "up", 2) == 2);
        CHECK(read_ready(channel->ours.get()) == ReadyWord::none);
        REQUIRE(write(channel->theirs.get(), " now\nmore", 9) == 9);
        CHECK(read_ready(channel->ours.get()) == ReadyWord::newline);
    }
}

TEST_CASE("who never stops talking is heard a little at a time") {
    const TemporaryDirectory directory;
    Result<ReadyChannel> channel = open_ready_channel((directory / "web.ready").c_str());
    REQUIRE(channel);
    const std::string talk(16384, 'x');
    REQUIRE(write(channel->theirs.get(), talk.data(), talk.size()) == 16384);
    CHECK(read_ready(channel->ours.get()) == ReadyWord::none);
    int left = 0;
    REQUIRE(ioctl(channel->ours.get(), FIONREAD, &left) == 0);
    CHECK(left > 8192);
}

TEST_CASE("without a path a readiness descriptor that was closed without a word is found out") {
    Result<ReadyChannel> channel = open_ready_channel("");
    REQUIRE(channel);
    channel->theirs.reset();
    CHECK(read_ready(channel->ours.get()) == ReadyWord::closed);
}

TEST_CASE("a service that speaks after reeve has stopped listening gets no SIGPIPE") {
    const TemporaryDirectory directory;
    Result<ReadyChannel> channel = open_ready_channel((directory / "web.ready").c_str());
    REQUIRE(channel);
    channel->ours.reset();
    CHECK(write(channel->theirs.get(), "\n", 1) == 1);
}
