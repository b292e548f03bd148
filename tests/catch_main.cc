// main() of the test programs. Ours, for they can also be run as a test's helper.
#define CATCH_CONFIG_RUNNER
#include "catch.h"
#include "support/helper.h"

int main(int argc, char** argv) {
    const int code = reeve::test::run_helper(argc, argv);
    return code >= 0 ? code : Catch::Session().run(argc, argv);
}
