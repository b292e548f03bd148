// version: what `reeve --version` and its like print.
#pragma once

#define REEVE_VERSION "0.1.0"
