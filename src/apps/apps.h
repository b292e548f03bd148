// apps: the programs in this binary. main.cc chooses.
#pragma once

#define REEVE_VERSION "0.1.0"

namespace reeve {

int reeve_main(int argc, char** argv);
int svctl_main(int argc, char** argv);
int svlog_main(int argc, char** argv);

}  // namespace reeve
