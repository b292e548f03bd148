# reeve: build, test, check, install. GNU make (gmake on the BSDs).
#
#   make                          build/reeve (static, stripped) and build/svctl, a link to it
#   make check [SANITIZE=address|undefined]    every test; unit, sim and system are its parts
#   make sim SEED=7 STEPS=1000000 DEPTH=5      one run of the simulator, deeper than check's
#   make system POINTS=1          reeve is killed at each of its system calls, not at one of some
#   make fuzz [FUZZ_SECONDS=30]   build the fuzzers (clang++), and run each that long
#   make bench [BENCH="restart idle"] [REPEAT=5] [IDLE=10]     measure it beside its peers
#   make tidy / make format       format, clang-tidy, house rules, man pages / reformat
#   make man                      write the schema's keys into man/reeve-service.5
#   make completions              write svctl's tables into contrib/completions
#   make install DESTDIR= PREFIX=/usr/local    what was built, with whatever flags; else it is now
#   make uninstall, clean
#
# To set: CXX, BUILD (output folder), PLATFORM (linux, posix), LIBC (below), WERROR, STRIP (empty:
# build/reeve keeps its symbols), and the usual CXXFLAGS, CPPFLAGS, LDFLAGS, which come last and so
# win.

BUILD  ?= build
PREFIX ?= /usr/local
ifeq ($(origin CXX),default)
CXX    := g++
endif

all: $(BUILD)/reeve $(BUILD)/svctl
.PHONY: all check unit sim system fuzz bench man completions tidy format install uninstall \
        clean FORCE
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# --- What there is -------------------------------------------------------------------------------

SYSTEM   := $(shell uname -s)
PLATFORM ?= $(if $(filter Linux,$(SYSTEM)),linux,posix)

# The files of one platform are built. runtime.cc is the product's alone, main() no test's.
sources      := $(filter-out src/kernel/platform_%.cc,$(wildcard src/*.cc src/*/*.cc)) \
                $(wildcard src/kernel/platform_$(PLATFORM)*.cc)
lib_sources  := $(filter-out src/base/runtime.cc src/main.cc,$(sources))
support      := tests/catch_main.cc $(wildcard tests/support/*.cc)
sim_tests    := $(wildcard tests/core/sim_*.cc)
unit_tests   := $(filter-out $(sim_tests),$(wildcard \
                $(patsubst src/%/,tests/%/*.cc,$(wildcard src/*/))))
system_tests := $(wildcard tests/system/*.cc)
fuzzers      := $(patsubst tests/fuzz/%.cc,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.cc))
bench        := $(wildcard tests/bench/*.cc) \
                $(patsubst %,tests/support/%.cc,guard loopback process procfs tempdir)

# --- The compiler --------------------------------------------------------------------------------

# Asks the preprocessor ('\043' is '#', which make would take for a comment).
ask       = $(shell printf '$(1)\n' | $(CXX) $(CPPFLAGS) -E -P -x c++ - 2>/dev/null)
kind     := \043ifdef __clang__\nclang __clang_major__\n\043else\ngcc __GNUC__\n\043endif
compiler := $(call ask,$(kind))
is_gcc   := $(filter gcc,$(compiler))

# A warning stops the build with the compilers that are known to give none. One that we have not
# met yet may warn of more than they do, which must not stop who only wants to use reeve.
WERROR   ?= $(if $(filter gcc-12 clang-14,$(subst $() ,-,$(strip $(compiler)))),-Werror)
# -Wswitch (in -Wall) wants every State and Event named; -Wconversion is left out, for byte and
# flag arithmetic needs too many casts that hide what happens; missing-field-initializers too, for
# {.kind = x} leaves the rest at its default on purpose.
warnings := -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wundef \
            -Wimplicit-fallthrough -Wvla -Wno-missing-field-initializers $(WERROR)

# The defines give 32-bit glibc a 64-bit time_t; elsewhere they change nothing.
common   := -std=c++20 -fno-exceptions -Isrc -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 $(warnings)

# --- The product ---------------------------------------------------------------------------------
# LIBC says what it is linked against:
#   musl    Debian's musl-tools with Debian's g++: the smallest by far (glibc's floor is 670 KB)
#   native  the system's own libc, statically; musl on Alpine, glibc where musl-tools is missing
#   shared  the system's own libc, dynamically: where there is no static one (macOS)

triplet   := $(shell $(CXX) -print-multiarch 2>/dev/null)
musl_name := $(subst -linux-gnu,-linux-musl,$(triplet))
musl_spec := $(if $(is_gcc),$(if $(triplet),$(wildcard /usr/lib/$(musl_name)/musl-gcc.specs)))
LIBC      ?= $(if $(filter Darwin,$(SYSTEM)),shared,$(if $(musl_spec),musl,native))

# Size is a feature, and chosen before hardening where hardening buys little:
# - no PIE: the specs of musl-tools cannot link a static one;
# - no RELRO: a static program has no PLT, and no GOT that is written to;
# - no stack protector (6 %): buffers have bounds in their types, and what strangers can reach
#   (svhttp) is an unprivileged process of its own;
# - noseparate-code: saves two pages of padding, common-page-size most of a third. The stack stays
#   non-executable.
# What g++ inlines at -Oz is no larger than the call; one instruction more lets in what gets smaller
# with its argument known, such as the length of a literal (3 %). Without aliasing rules it keeps
# fewer copies of what it has read (1 %). One region for the register allocator, and no value that
# is saved around a call only to stay in its register, give 0.4 %.
size := $(if $(is_gcc),-Oz -fno-inline-functions-called-once -fno-jump-tables \
        --param max-inline-insns-size=1 -fno-strict-aliasing -ftree-slp-vectorize \
        -fira-region=one -fira-hoist-pressure -fno-caller-saves,-Os) -fno-rtti \
        -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables \
        -fno-threadsafe-statics -fno-stack-protector -fomit-frame-pointer \
        $(if $(is_gcc),-flto -flto-partition=one)

# Of STRIP only whether it is empty counts: packagers set it to a program.
STRIP ?= yes
strip_flag := $(if $(STRIP),-s)
comma := ,
ifeq ($(LIBC),shared)
product_ldflags := $(if $(filter Darwin,$(SYSTEM)),-Wl$(comma)-dead_strip,$(strip_flag) \
                   -Wl$(comma)--gc-sections)
else
size            += -fno-pie
product_ldflags := -static $(if $(is_gcc),-no-pie) $(strip_flag) \
                   -Wl,--gc-sections,--build-id=none,-z,noseparate-code,-z,norelro \
                   -Wl,-z,common-page-size=64
endif

ifeq ($(LIBC),musl)
# libstdc++'s headers over musl's libc, and no libstdc++ at all: EXTERN_TEMPLATE=0 instantiates its
# strings here, runtime.cc is the rest. (Hence std::map and list, whose code is in the library, do
# not link.) The specs drop the compiler's folders of C++ headers: ask where they are, and put them
# back.
cxx_headers     := $(shell $(CXX) -E -v -x c++ /dev/null 2>&1 >/dev/null | \
                     sed -n '/include <...>/,/^End/s,^ \(.*/c++/[^/]*\)$$,\1,p')
size            += -specs=$(musl_spec) -nostdinc++ $(addprefix -isystem ,$(cxx_headers)) \
                   -D_GLIBCXX_EXTERN_TEMPLATE=0
shim            := -include src/musl/shim.h
product_ldflags += -nodefaultlibs
product_libs    := -Wl,--start-group -lc -lgcc -Wl,--end-group
endif

# --- The variants --------------------------------------------------------------------------------
# product   what is installed
# test      the tests against the system's libc, with the library's own assertions
# address, undefined    the same with a sanitizer, or both, and a reeve of its own

SANITIZE ?=
variant  := $(BUILD)/$(or $(subst $(comma),-,$(SANITIZE)),test)
ifdef SANITIZE
# -O1 with a sanitizer makes g++ see uninitialized values where there are none. The tests start
# thousands of processes: half of what each takes would be to relocate what tells of the source.
sanitize := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer \
            $(if $(is_gcc),-Wno-maybe-uninitialized -fno-pie -no-pie -static-libasan -static-libubsan)
reeve    := $(variant)/reeve
else
reeve    := $(BUILD)/reeve
endif
# Exceptions are the tests' alone. RTTI lets a test derive from a class of src.
test_flags := -O1 -g1 -D_GLIBCXX_ASSERTIONS $(sanitize)
# Catch2 3 is a library, 2 a header.
catch_3    := \043if __has_include(<catch2/catch_all.hpp>)\n-lCatch2Main -lCatch2\n\043endif
catch_libs  = $(call ask,$(catch_3))

product_cxx = $(CXX) $(common) $(size)
src_cxx     = $(CXX) $(common) $(test_flags)
# Most of what a test is compiled to runs once: not optimized it is made in a third of the time. The
# simulator and its rig run for millions of steps.
tests_cxx   = $(CXX) $(common) -fexceptions -Itests $(test_flags) $(tests_level)
tests_level = $(if $(filter-out tests/core/sim_%,$(filter %_test.cc $(catch),$<)),-O0)
# Catch2 is a third of what the compiler reads of a test: g++ reads it once for all of them.
catch      := $(variant)/precompiled.h
use_catch   = $(if $(is_gcc),$(if $(tests_level),-include $(catch)))
fuzz_cxx    = clang++ $(common) -Itests -O1 -g -D_GLIBCXX_ASSERTIONS
user        = $(CPPFLAGS) $(CXXFLAGS)

product_objects := $(sources:%.cc=$(BUILD)/product/%.o)
lib_objects     := $(lib_sources:%.cc=$(variant)/%.o)
support_objects := $(support:%.cc=$(variant)/%.o)
main_object     := $(variant)/src/main.o
fuzz_objects    := $(lib_sources:%.cc=$(BUILD)/fuzz/%.o)
bench_objects   := $(bench:%.cc=$(variant)/%.o)
bench_helpers   := $(addprefix $(BUILD)/bench/,raw service nothing listener)
# The tests of the whole program need no sanitizer: the program has it.
system_program  := $(if $(SANITIZE),$(BUILD)/test,$(variant))/system
programs        := $(addprefix $(variant)/,unit sim) $(system_program)
test_objects    := $(patsubst %.cc,$(variant)/%.o,$(unit_tests) $(sim_tests) $(system_tests))

# An object is made again when the flags it was made with change: each variant keeps them in a file
# that is written only when they differ.
flags_file = $(1)/.flags
define remember
$(call flags_file,$(1)): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(2)' | cmp -s - $$@ || printf '%s\n' '$(2)' >$$@
endef
$(eval $(call remember,$(BUILD)/product,$(product_cxx) $(shim) $(product_ldflags) $(user)))
$(eval $(call remember,$(variant),$(tests_cxx) $(user) $(LDFLAGS)))
$(eval $(call remember,$(BUILD)/fuzz,$(fuzz_cxx) $(user)))

# Called with the compiler's command; link also with flags and libraries.
compile = @mkdir -p $(@D) && echo "  C++   $@" && $(1) -MMD -MP $(user) -c $< -o $@
link    = @mkdir -p $(@D) && echo "  LINK  $@" && \
          $(1) $(user) $(filter %.o,$^) -o $@ $(2) $(LDFLAGS) $(3)

$(BUILD)/product/%.o: %.cc $(BUILD)/product/.flags
	$(call compile,$(product_cxx) $(shim))
$(BUILD)/reeve: $(product_objects)
	$(call link,$(product_cxx),$(product_ldflags),$(product_libs))
$(BUILD)/svctl: $(BUILD)/reeve
	@ln -sf reeve $@

$(variant)/src/%.o: src/%.cc $(variant)/.flags
	$(call compile,$(src_cxx))
# It has a setjmp, and with both sanitizers g++ sees clobbered what is not used again.
ifdef SANITIZE
$(variant)/tests/core/sim_search.o: private user += $(if $(is_gcc),-Wno-clobbered)
endif
$(catch): $(variant)/.flags
	@echo '#include "catch.h"' >$@
$(catch).gch: $(catch)
	$(call compile,$(tests_cxx) -x c++-header)
$(filter %_test.o,$(test_objects)): $(if $(is_gcc),$(catch).gch)
$(variant)/tests/%.o: tests/%.cc $(variant)/.flags
	$(call compile,$(tests_cxx) $(use_catch))
$(variant)/unit:   $(unit_tests:%.cc=$(variant)/%.o)
$(variant)/sim:    $(sim_tests:%.cc=$(variant)/%.o)
$(variant)/system: $(system_tests:%.cc=$(variant)/%.o)
$(addprefix $(variant)/,unit sim system): $(lib_objects) $(support_objects)
	$(call link,$(tests_cxx),,$(catch_libs))
ifdef SANITIZE
$(system_program): FORCE
	@$(MAKE) --no-print-directory SANITIZE= $@
$(variant)/reeve: $(lib_objects) $(main_object)
	$(call link,$(src_cxx))
$(variant)/svctl: $(variant)/reeve
	@ln -sf reeve $@
endif

# --- Tests ---------------------------------------------------------------------------------------
# The system tests run the program that REEVE_BIN names.

export ASAN_OPTIONS  ?= detect_leaks=1:exitcode=99:detect_stack_use_after_return=1
export UBSAN_OPTIONS ?= print_stacktrace=1
POINTS    ?= $(if $(SANITIZE),40)
run_tests = REEVE_BIN='$(abspath $(reeve))' $(if $(SANITIZE),REEVE_SANITIZE='$(SANITIZE)') \
            $(if $(SEED),REEVE_SIM_SEED='$(SEED)') \
            $(if $(STEPS),REEVE_SIM_STEPS='$(STEPS)') \
            $(if $(DEPTH),REEVE_SIM_DEPTH='$(DEPTH)') \
            $(if $(POINTS),REEVE_POINTS='$(POINTS)') sh tests/run.sh $(variant)

check: $(programs) $(reeve) $(reeve:%/reeve=%/svctl)
	@$(run_tests) $(programs)
unit: $(variant)/unit
	@$(run_tests) $<
sim: $(variant)/sim
	@$(run_tests) $<
system: $(system_program) $(reeve) $(reeve:%/reeve=%/svctl)
	@$(run_tests) $<

$(BUILD)/fuzz/src/%.o: src/%.cc $(BUILD)/fuzz/.flags
	$(call compile,$(fuzz_cxx) -fsanitize=fuzzer-no-link$(comma)address)
$(BUILD)/fuzz/tests/%.o: tests/%.cc $(BUILD)/fuzz/.flags
	$(call compile,$(fuzz_cxx) -fsanitize=fuzzer-no-link$(comma)address)
$(fuzzers): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(fuzz_objects)
	$(call link,$(fuzz_cxx) -fsanitize=fuzzer$(comma)address)

ifeq ($(shell command -v clang++),)
fuzz:
	@echo "fuzz: skipped: no clang++ here"
else
fuzz: $(fuzzers)
	@for fuzzer in $(if $(FUZZ_SECONDS),$(fuzzers)); do \
	    corpus=$$fuzzer.corpus; seeds=tests/fuzz/$${fuzzer##*/}.seeds; mkdir -p $$corpus; \
	    echo "  FUZZ  $$fuzzer"; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$$fuzzer. -print_final_stats=1 \
	        $$corpus $$(test ! -d $$seeds || echo $$seeds) >$$fuzzer.log 2>&1 \
	        || { tail -n 40 $$fuzzer.log; exit 1; }; \
	    grep number_of_executed_units $$fuzzer.log; \
	done
endif

# --- Bench ---------------------------------------------------------------------------------------
# What is measured, beside what: plain C, as small and as static as there is.

bench_cc := $(or $(shell command -v musl-gcc),$(CC)) -std=gnu11 -Os -s -static -Itests \
            -Wall -Wextra $(WERROR)

$(bench_helpers): $(BUILD)/bench/%: tests/bench/%.c tests/bench/mark.c $(wildcard tests/bench/*.h)
	@mkdir -p $(@D) && echo "  CC    $@" && $(bench_cc) $(filter %.c,$^) -o $@
$(BUILD)/bench/bench: $(bench_objects) $(lib_objects)
	@mkdir -p $(@D)
	$(call link,$(tests_cxx))

bench: $(reeve) $(reeve:%/reeve=%/svctl) $(BUILD)/bench/bench $(bench_helpers)
	@$(BUILD)/bench/bench $(abspath $(reeve) $(BUILD)/bench) $(BUILD)/bench.json \
	    $(REPEAT:%=repeat=%) $(IDLE:%=idle=%) $(BENCH)

# --- Man pages: what the schema knows of each key is generated ------------------------------------

keys_page := man/reeve-service.5
keys_tool := $(and $(wildcard tests/tools/keys_mdoc.cc),$(wildcard $(keys_page)), \
               $(variant)/keys_mdoc)

$(variant)/keys_mdoc: $(variant)/tests/tools/keys_mdoc.o $(lib_objects)
	$(call link,$(src_cxx))
man: $(keys_tool)
	@$(if $(keys_tool),sh tests/tidy/keys.sh $(keys_tool) $(keys_page) >$(BUILD)/keys.new && \
	    { cmp -s $(BUILD)/keys.new $(keys_page) || cp $(BUILD)/keys.new $(keys_page); }, \
	    echo "man: skipped: needs tests/tools/keys_mdoc.cc and $(keys_page)")

# --- Completions: what svctl's tables know of each command and option is generated ----------------

completions      := bash=svctl.bash zsh=_svctl fish=svctl.fish
completions_tool := $(variant)/completions
# Called with a command for each: $$shell, $$page the file, $$new the file as it should be.
each_completion  = for pair in $(completions); do \
    shell=$${pair%%=*}; page=contrib/completions/$${pair\#*=}; new=$(BUILD)/completion.new; \
    sh tests/tidy/completions.sh $(completions_tool) $$shell $$page >$$new || exit 1; \
    $(1); done

$(completions_tool): $(variant)/tests/tools/completions.o $(lib_objects)
	$(call link,$(src_cxx))
completions: $(completions_tool)
	@$(call each_completion,cmp -s $$new $$page || cp $$new $$page)

# --- Tidy: make -k tidy goes on past the first that finds something -------------------------------

tidy: tidy-house tidy-size tidy-format tidy-man tidy-completions tidy-clang
.PHONY: tidy-house tidy-size tidy-format tidy-man tidy-completions tidy-clang

# The checker's own test comes first.
tidy-house:
	@echo "  TIDY  house rules"
	@sh tests/tidy/house_test.sh
	@sh tests/tidy/house.sh .

# The ratchet, tests/tidy/size, holds for the compiler and libc that it was measured with.
ifeq ($(LIBC) $(strip $(compiler)) $(triplet) $(strip_flag),musl gcc 12 x86_64-linux-gnu -s)
tidy-size: $(BUILD)/reeve
	@echo "  TIDY  size"
	@sh tests/tidy/size.sh $(BUILD)/reeve
else
tidy-size:
	@echo "tidy-size: skipped: its figure is for g++ 12 with musl on x86_64, stripped"
endif

tidy-format:
	@echo "  TIDY  clang-format"
	@find src tests -name '*.cc' -o -name '*.[ch]' | xargs clang-format --dry-run -Werror

tidy-man: $(keys_tool)
	@echo "  TIDY  man pages"
	@$(if $(keys_tool),sh tests/tidy/keys.sh $(keys_tool) $(keys_page) | diff $(keys_page) - || \
	    { echo "$(keys_page) is not what the schema says: run make man"; exit 1; },:)
	@$(if $(wildcard man/*.[1-8]),mandoc -T lint -W warning $(wildcard man/*.[1-8]),:)

# A shell that is not here checks nothing.
tidy-completions: $(completions_tool)
	@echo "  TIDY  completions"
	@$(call each_completion,diff $$page $$new || \
	    { echo "$$page is not what svctl's tables say: run make completions"; exit 1; }; \
	    if command -v $$shell >/dev/null; then $$shell -n $$page || exit 1; \
	    else echo "$$page: skipped: no $$shell here"; fi)

tidy-clang:
	@echo "  TIDY  clang-tidy"
	@printf '%s\n' $(lib_sources) $(wildcard src/main.cc) | \
	    xargs -n 4 -P 2 sh -c 'out=$$(clang-tidy --quiet "$$@" -- $(common) 2>/dev/null) || \
	        { printf "%s\n" "$$out"; exit 1; }' clang-tidy

format:
	@find src tests -name '*.cc' -o -name '*.[ch]' | xargs clang-format -i

# --- Install -------------------------------------------------------------------------------------

# DESTDIR goes before all of these. uninstall takes away the files and leaves the directories, for
# others may have made them, or count on them.

BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

# The programs that the binary has.
links := $(shell sed -n 's/^ *{"\([a-z]*\)", reeve::[a-z]*_main},$$/\1/p' src/main.cc)
pages := $(wildcard man/*.[1-8])
put   := install -m 644

# What was built is installed as it is: by root, say, who does not give the compiler's flags again.
install: $(if $(wildcard $(BUILD)/reeve),,all)
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(BASHDIR)" "$(DESTDIR)$(ZSHDIR)" \
	    "$(DESTDIR)$(FISHDIR)"
	install -m 755 "$(BUILD)/reeve" "$(DESTDIR)$(BINDIR)/reeve"
	for name in $(links); do ln -sf reeve "$(DESTDIR)$(BINDIR)/$$name" || exit 1; done
	for page in $(pages); do \
	    folder="$(DESTDIR)$(MANDIR)/man$${page##*.}"; \
	    install -d "$$folder" && $(put) $$page "$$folder/" || exit 1; \
	done
	$(put) contrib/completions/svctl.bash "$(DESTDIR)$(BASHDIR)/svctl"
	ln -sf svctl "$(DESTDIR)$(BASHDIR)/reeve"
	$(put) contrib/completions/_svctl "$(DESTDIR)$(ZSHDIR)/_svctl"
	$(put) contrib/completions/svctl.fish "$(DESTDIR)$(FISHDIR)/svctl.fish"
	ln -sf svctl.fish "$(DESTDIR)$(FISHDIR)/reeve.fish"

uninstall:
	for name in reeve $(links); do rm -f "$(DESTDIR)$(BINDIR)/$$name" || exit 1; done
	for page in $(pages); do \
	    rm -f "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}" || exit 1; \
	done
	rm -f "$(DESTDIR)$(BASHDIR)/svctl" "$(DESTDIR)$(BASHDIR)/reeve" \
	    "$(DESTDIR)$(ZSHDIR)/_svctl" "$(DESTDIR)$(FISHDIR)/svctl.fish" \
	    "$(DESTDIR)$(FISHDIR)/reeve.fish"

clean:
	rm -rf $(BUILD)

-include $(patsubst %.o,%.d,$(product_objects) $(lib_objects) $(support_objects) $(test_objects) \
    $(catch).d $(main_object) $(fuzz_objects) \
    $(fuzzers:$(BUILD)/fuzz/%=$(BUILD)/fuzz/tests/fuzz/%.o) \
    $(variant)/tests/tools/keys_mdoc.o $(variant)/tests/tools/completions.o $(bench_objects))
