// The test framework, whichever of its two shapes is installed: Catch2 3 (a library) or 2 (one
// header). Tests include this file and nothing of catch2/.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
