// ask: asking reeve, and its files where it does not answer.
#pragma once

#include <string_view>

#include "base/limits.h"
#include "base/list.h"
#include "svctl/svctl.h"

namespace reeve {

// The command with its options and, from `first` on, its names.
struct Question {
    Request request;
    Buffer<request_max_bytes> names;

    Question(const Session& session, size_t first);
};

// What becomes of each object of a reply.
using Take = void (*)(Session& session, std::string_view object, List<Text>& objects);
// It is kept.
void keep(Session& session, std::string_view object, List<Text>& objects);

// One line for the outcome of one service, at once: they are told as they get there.
void show_outcome(Session& session, std::string_view object, List<Text>& objects);

// What a service said last while it was told to reload; `object` says where and since when.
LongText last_said(std::string_view object);

// Sends a request, and takes what is answered. `code`: the errno for which there is no answer, for
// no_answer(), or 0.
Outcome ask_reeve(Session& session, const Request& request, Take take, List<Text>& objects,
                  int& code);
// Does the run directory belong to neither root nor us? Whatever is in it is not to be believed.
bool is_strangers(const Session& session);
// Does that errno mean that no reeve is running?
bool is_absent(int code);
// Says why there is no answer, and what to do about it.
Outcome no_answer(const Session& session, int code);

// Those of the services that the arguments mean, or all, in their order by name. no_such_service:
// one of the arguments means none.
Outcome choose_services(const Session& session, const List<Text>& services, List<Text>& objects);

// The services that the arguments mean, or all, in their order by name; from the status files where
// reeve does not answer; without these, for `logs`, by the names of their logs. False: there is
// nothing to learn, and `outcome` says why. Whether they run is no part of the outcome.
bool learn_services(Session& session, List<Text>& objects, Outcome& outcome);

// What is known of services without reeve: their status files; of `logs`, where there are none or
// it is to read LOGDIR only, the names of their logs.
List<Text> read_known(const Session& session);

// Does NAME, NAME@I or @LABEL mean this service?
bool is_meant(std::string_view word, std::string_view object);

// The end of the JSON array, if that is what was printed, and out with it.
void finish(Session& session);

}  // namespace reeve
