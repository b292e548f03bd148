// Lets Debian's libstdc++ headers, which were configured for glibc, compile against musl's.
// The Makefile force-includes it (-include) before everything else where musl-tools is used;
// nothing else may include it.
#pragma once

#include <features.h>
#include <locale.h>

// libstdc++ asks for glibc's version; there is none to speak of.
#ifndef __GLIBC_PREREQ
#define __GLIBC_PREREQ(major, minor) 0
#endif

// glibc's inner name of the type.
#define __locale_t locale_t

// glibc's classes of characters, which <bits/ctype_base.h> takes for its masks. reeve uses no
// std::locale: the names must exist, and their values never matter.
enum {
    _ISupper = 1 << 0,
    _ISlower = 1 << 1,
    _ISalpha = 1 << 2,
    _ISdigit = 1 << 3,
    _ISxdigit = 1 << 4,
    _ISspace = 1 << 5,
    _ISprint = 1 << 6,
    _ISgraph = 1 << 7,
    _ISblank = 1 << 8,
    _IScntrl = 1 << 9,
    _ISpunct = 1 << 10,
    _ISalnum = 1 << 11
};

// Calls of glibc's pthread that musl lacks.
#include <bits/c++config.h>
#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
#undef _GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK
#undef _GLIBCXX_USE_PTHREAD_RWLOCK_CLOCKLOCK
