# conclave: one file, no recursion, one build directory per flavour.
#   make            both programs, build/conclaved and build/conclave
#   make demo       see it: a server, two companions, and you
#   make test       every test; ends with "N passed, N failed"
#   make asan       the same tests under ASan and UBSan
#   make faults     every allocation fails once: all of it
#   make tsan       the same tests under ThreadSanitizer
#   make valgrind   the same under memcheck (ONLY=unit, fuzz or e2e: a part)
#   make coverage   what the tests reach, and whether it is enough (gcovr)
#   make model      a model of the room, checked by Spin (tests/model)
#   make fuzz       each fuzz target for SECONDS=60 (clang)
#   make soak       KILLS=1000 kills while people talk: nothing is lost (tests/soak)
#   make prove      Frama-C: the parsers have no run-time error
#   make analyze    gcc -fanalyzer, clang's analyzer, cppcheck (ONLY=one)
#   make ct         valgrind on poisoned secrets, and a t-test of times
#   make ct-admission   the same of a server's answers to wrong passwords
#   make bench      what a delivery costs, beside others (QUICK=1: shorter)
#   make bench-client   what the client's full screen costs
#   make bench-parts    what a handshake, a record and a new key consist of
#   make bench-files    files, beside scp, and chat beside files (MIB=1024)
#   make bench-verify   how long a transcript takes to check (ENTRIES=100000)
#   make install    PREFIX=/usr/local DESTDIR=
#   make distro-test    all tests in a fresh DISTRO=trixie (or another), as root
#   make uninstall  removes what make install put there
#   make clean      removes the build directory
# O= is the build directory, SAN= sanitizers, WERROR=1 makes warnings errors,
# V=1 shows the commands, NODEPS=1 never installs a package.

.DEFAULT_GOAL = all
CC        ?= cc
O         ?= build
PREFIX    ?= /usr/local
DESTDIR   ?=
MANDIR    ?= $(PREFIX)/share/man
BASHDIR   ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR    ?= $(PREFIX)/share/zsh/site-functions
UNITDIR   ?= $(PREFIX)/lib/systemd/system
FISHDIR   ?= $(PREFIX)/share/fish/vendor_completions.d
CFLAGS    ?= -O2 -g
PYTHON    ?= /usr/bin/python3
INSTALL   ?= install
PKGCONFIG ?= pkg-config
Q          = $(if $(V),,@)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)

WARN    = -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes \
	  -Wstrict-prototypes -Wformat=2 -Wvla $(if $(WERROR),-Werror)
HARDEN ?= -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	  -fstack-clash-protection -fcf-protection=full \
	  -ftrivial-auto-var-init=zero $(HARDEN_CC)
# clang 14 calls the zero value of that flag by a longer name as well.
HARDEN_CC := $(shell $(CC) --version 2>/dev/null | grep -q 'clang version 1[0-5]' && \
	  echo -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
LDHARDEN ?= -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
SAN     ?=

PKGS_SHARED = libssl libcrypto libsodium jansson libutf8proc libseccomp inih
PKGS_SERVER = sqlite3
PKGS_CLIENT = ncursesw
PKGS_TEST   = cmocka vterm
pkg = $(shell $(PKGCONFIG) $(1) $(2) 2>/dev/null)
# Each of these asks pkg-config at its first use, as make deps may have installed
# the packages, and only then: not for each of a thousand files.
CFLAGS_PKGS = $(eval CFLAGS_PKGS := $(call pkg,--cflags,$(PKGS_SHARED) $(PKGS_SERVER) $(PKGS_CLIENT)))$(CFLAGS_PKGS)
LIBS_SHARED = $(eval LIBS_SHARED := $(call pkg,--libs,$(PKGS_SHARED)))$(LIBS_SHARED)
# zxcvbn estimates how guessable a password is; it has no pkg-config file.
LIBS_CLIENT = $(eval LIBS_CLIENT := $(call pkg,--libs,$(PKGS_CLIENT)) -lzxcvbn)$(LIBS_CLIENT)
LIBS_CMOCKA = $(eval LIBS_CMOCKA := $(call pkg,--libs,$(PKGS_TEST)))$(LIBS_CMOCKA)

CPPFLAGS_ALL = -I. -D_GNU_SOURCE -DOPENSSL_API_COMPAT=30000 \
	  -DOPENSSL_NO_DEPRECATED $(CPPFLAGS)
# Two clones in two folders build the same bytes.
REPRODUCE = -ffile-prefix-map=$(CURDIR)=.
CFLAGS_ALL = -std=c11 $(WARN) $(REPRODUCE) -fPIE -pthread $(CFLAGS) $(HARDEN) $(SAN) -MMD -MP \
	  $(CFLAGS_PKGS)
LDFLAGS_ALL = -pthread $(LDHARDEN) $(SAN) $(LDFLAGS)
LIBS_SERVER = $(eval LIBS_SERVER := $(call pkg,--libs,$(PKGS_SERVER)) -lzxcvbn)$(LIBS_SERVER)
LIBS_TEST   = $(LIBS_CMOCKA) -lutil -lm

SHARED_SRC = $(wildcard shared/*/*.c)
SERVER_SRC = $(filter-out server/main.c server/admin/ctl.c,$(wildcard server/*.c server/*/*.c))
CLIENT_SRC = $(filter-out client/main.c,$(wildcard client/*.c client/*/*.c client/ui/tui/*.c))
# A unit test is named for what it links: test_shared_, test_server_,
# test_client_, test_both_. What all of them use is in check.c.
TEST_SRC   = $(wildcard tests/unit/test_*.c)
# fake_store*.c take the place of the server's own store in some of them.
FAKE_STORE_SRC = tests/unit/fake_store.c tests/unit/fake_store_read.c
TEST_LIB   = $(filter-out $(TEST_SRC) $(FAKE_STORE_SRC),$(wildcard tests/unit/*.c))

# Faults: allocations and calls that fail. Programs with sweeps have malloc in
# their own hands; under a sanitizer, which owns it, by the linker.
FAULT_SRC  = $(wildcard tests/fault/test_fault_*.c)
FAULT_LIB  = tests/fault/fail_alloc.c tests/fault/sweep.c
FAULT_BIN  = $(if $(filter -fsanitize=%,$(SAN)),$(O)/fault/conclaved $(O)/fault/conclave,$(O)/fault/fail_alloc.so $(O)/fault/fail_io.so)
FAULT_LD   = $(if $(filter -fsanitize=%,$(SAN)),-Wl$(comma)--wrap=malloc$(comma)--wrap=calloc$(comma)--wrap=realloc$(comma)--wrap=reallocarray$(comma)--wrap=free$(comma)--wrap=strdup$(comma)--wrap=mmap)
comma      = ,
PRELOAD    = $(O)/fault/clock.so $(O)/fault/redirect.so $(O)/fault/landlock.so \
	  $(O)/fault/known.so $(O)/fault/power.so

# A fuzz target is tests/fuzz/fuzz_NAME.c; what they share is beside them. Linked
# with replay.c it shows the corpus again (make test), with libFuzzer it looks
# for more (make fuzz). The linker puts the seams of some files there in the
# place of the real functions, whose names are taken from them.
FUZZ_SRC  = $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_LIB  = tests/fuzz/fuzz.c tests/fuzz/plain_crypto.c tests/fuzz/plain_agree.c tests/fuzz/mix.c \
	  tests/fuzz/quick_handshake.c \
	  tests/fuzz/memory_store.c tests/fuzz/memory_sockets.c \
	  tests/fuzz/people_of.c
FUZZ_SESSION = tests/fuzz/session_link.c tests/fuzz/session_server.c \
	  tests/fuzz/session_rooms.c tests/fuzz/session_reads.c \
	  tests/fuzz/session_seals.c tests/fuzz/session_direct.c
MUTATE_SRC = tests/fuzz/mutate.c tests/fuzz/hostile_peer.c tests/fuzz/bend.c tests/fuzz/fuzz.c \
	  tests/fuzz/people_of.c
FUZZ_WRAP := $(shell grep -oh '__wrap_[a-z0-9_]*' tests/fuzz/*.c | sort -u | \
	  sed 's/__wrap_/-Wl,--wrap=/')
FUZZ_REPLAY = $(patsubst tests/fuzz/fuzz_%.c,$(O)/fuzz/replay_%,$(FUZZ_SRC))
FUZZ_TARGET = $(patsubst tests/fuzz/fuzz_%.c,$(O)/fuzz/fuzz_%,$(FUZZ_SRC))
FUZZ_LIBS = $(call obj,$(FUZZ_LIB)) $(O)/libserver.a $(O)/libclient.a \
	  $(O)/libshared.a

# What measures is built by the bench alone.
BENCH_SRC  = $(filter-out tests/bench/floor.c tests/bench/parts.c tests/bench/heap.c tests/bench/fill.c tests/bench/transcript.c tests/bench/files.c,\
	  $(wildcard tests/bench/*.c))

obj = $(patsubst %.c,$(O)/%.o,$(1))
TESTS = $(patsubst tests/unit/%.c,$(O)/tests/%,$(TEST_SRC)) \
	$(patsubst tests/fault/%.c,$(O)/tests/%,$(FAULT_SRC))
ALL_OBJ = $(call obj,$(SHARED_SRC) $(SERVER_SRC) $(CLIENT_SRC) server/main.c \
	  server/admin/ctl.c client/main.c $(TEST_SRC) $(TEST_LIB) $(FAKE_STORE_SRC) $(BENCH_SRC) tests/bench/floor.c \
	  tests/bench/parts.c tests/bench/fill.c tests/bench/transcript.c tests/bench/files.c \
	  $(FAULT_SRC) $(FAULT_LIB) tests/fault/cheap_scrypt.c $(FUZZ_SRC) $(FUZZ_LIB) tests/fuzz/replay.c \
	  tests/fuzz/server_world.c tests/fuzz/server_members.c tests/fuzz/server_people.c $(FUZZ_SESSION) \
	  $(MUTATE_SRC))

# What is missing is installed before anything is compiled, also under -j.
$(ALL_OBJ): | deps

.PHONY: all build tests deps demo test check unit e2e fuzz fuzz-targets \
	fuzz-replay soak bench bench-client bench-parts bench-files bench-verify bench-deps asan tsan \
	valgrind coverage model faults prove analyze ct ct-admission distro-test install \
	uninstall clean
all: build

build: $(O)/conclaved $(O)/conclave $(O)/conclavectl
tests: $(TESTS) $(FUZZ_REPLAY) $(O)/fuzz/mutate $(FAULT_BIN)

deps:
	@NODEPS='$(NODEPS)' CC='$(CC)' sh .ci/deps

$(O)/libshared.a: $(call obj,$(SHARED_SRC))
$(O)/libserver.a: $(call obj,$(SERVER_SRC))
$(O)/libclient.a: $(call obj,$(CLIENT_SRC))
$(O)/libtest.a: $(call obj,$(TEST_LIB))
$(O)/%.a:
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(O)/conclaved: $(call obj,server/main.c) $(O)/libserver.a $(O)/libshared.a
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SERVER) $(LIBS_SHARED)
$(O)/conclavectl: $(call obj,server/admin/ctl.c) $(O)/libserver.a $(O)/libshared.a
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SERVER) $(LIBS_SHARED)
$(O)/conclave: $(call obj,client/main.c) $(O)/libclient.a $(O)/libshared.a
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_CLIENT) $(LIBS_SHARED)

$(O)/tests/test_shared_%: $(O)/tests/unit/test_shared_%.o $(O)/libtest.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_TEST) $(LIBS_SHARED)
$(O)/tests/test_server_%: $(O)/tests/unit/test_server_%.o $(O)/libtest.a $(O)/libserver.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS_TEST) $(LIBS_SERVER) $(LIBS_SHARED)
$(O)/tests/test_client_%: $(O)/tests/unit/test_client_%.o $(O)/libtest.a $(O)/libclient.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_TEST) $(LIBS_CLIENT) $(LIBS_SHARED)
$(O)/tests/test_both_%: $(O)/tests/unit/test_both_%.o $(O)/libtest.a $(O)/libserver.a $(O)/libclient.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_TEST) $(LIBS_SERVER) $(LIBS_CLIENT) $(LIBS_SHARED)

# These say themselves when something is on disk.
FAKE_STORE = $(patsubst %,$(O)/tests/test_server_%,remember watermark reading)
$(FAKE_STORE): $(call obj,$(FAKE_STORE_SRC))

# This one looks into the epochs of the session that it makes.
$(O)/tests/test_client_session: LDFLAGS_ALL += -Wl,--wrap=epochs_new
# There every seal is watched: see the test.
$(O)/tests/test_client_nonces: LDFLAGS_ALL += -Wl,--wrap=crypto_seal

$(O)/tests/test_fault_shared: LDFLAGS_ALL += -Wl,--wrap=PKCS5_pbe2_set_scrypt
$(O)/tests/test_fault_shared: $(call obj,tests/fault/cheap_scrypt.c)

$(O)/tests/test_fault_%: $(O)/tests/fault/test_fault_%.o $(call obj,$(FAULT_LIB)) $(O)/libtest.a $(O)/libserver.a $(O)/libclient.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) $(FAULT_LD) -o $@ $^ $(LIBS_TEST) $(LIBS_SERVER) $(LIBS_CLIENT) $(LIBS_SHARED)

# To be preloaded under the real programs; or these with it inside.
$(O)/fault/conclaved: $(call obj,server/main.c tests/fault/fail_alloc.c) $(O)/libserver.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) $(FAULT_LD) -o $@ $^ $(LIBS_SERVER) $(LIBS_SHARED)
$(O)/fault/conclave: $(call obj,client/main.c tests/fault/fail_alloc.c) $(O)/libclient.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) $(FAULT_LD) -o $@ $^ $(LIBS_CLIENT) $(LIBS_SHARED)
$(O)/fault/%.so: tests/fault/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -shared -fPIC -o $@ $< -ldl

FUZZ_LINK = $(CC) $(LDFLAGS_ALL) $(FUZZ_WRAP) -o $@ $(filter %.o,$^) \
	  $(O)/libserver.a $(O)/libclient.a $(O)/libshared.a $(LIBS_SERVER) $(LIBS_CLIENT) $(LIBS_SHARED)
$(O)/fuzz/replay_server $(O)/fuzz/fuzz_server: $(call obj,tests/fuzz/server_world.c tests/fuzz/server_members.c tests/fuzz/server_people.c)
$(O)/fuzz/replay_session $(O)/fuzz/fuzz_session: $(call obj,$(FUZZ_SESSION))
$(O)/fuzz/replay_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/replay.o $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(FUZZ_LINK)
$(O)/fuzz/mutate: $(call obj,$(MUTATE_SRC)) $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SHARED)
$(O)/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(FUZZ_LINK) -fsanitize=fuzzer

# The code of the tests is as much as the programs, and compiling it took longer
# than running it saves.
$(O)/tests/unit/%.o $(O)/tests/fault/%.o $(O)/tests/fuzz/%.o: CFLAGS := $(CFLAGS:-O2=-O1)
$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC      $<')
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

# Tests find their data through the working directory and the programs of the
# same flavour through CONCLAVE_BUILD.
test: deps
	@NODEPS='$(NODEPS)' sh tests/deps
	@$(MAKE) --no-print-directory check
check: build tests $(PRELOAD)
	@CONCLAVE_BUILD=$(O) PYTHON=$(PYTHON) sh tests/run arrows unit fuzz e2e
unit: build tests
	@CONCLAVE_BUILD=$(O) PYTHON=$(PYTHON) sh tests/run unit
e2e: build $(PRELOAD)
	@CONCLAVE_BUILD=$(O) PYTHON=$(PYTHON) sh tests/run e2e

# The sanitizers of libFuzzer's own build; build/fuzz.txt has the numbers.
fuzz: deps
	@$(MAKE) --no-print-directory O=build/libfuzzer CC=clang HARDEN= LDHARDEN=-pie \
	  CFLAGS='-O2 -g -fno-omit-frame-pointer' \
	  SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-sanitize-coverage=trace-cmp' \
	  fuzz-targets
	@SECONDS_EACH=$(or $(SECONDS),60) ONLY='$(ONLY)' $(PYTHON) tests/fuzz/run.py
fuzz-targets: $(FUZZ_TARGET)
fuzz-replay: tests
	@CONCLAVE_BUILD=$(O) PYTHON=$(PYTHON) sh tests/run fuzz

soak: build $(O)/fault/known.so $(O)/fault/power.so
	@CONCLAVE_BUILD=$(O) $(PYTHON) tests/soak/soak.py $(if $(POWER),--power) --kills $(or $(KILLS),1000) \
	  --messages $(or $(MESSAGES),100000) --seed $(or $(SEED),1) $(or $(FOLDER),$(O)/soak)

bench: deps build $(O)/bench/load $(O)/bench/floor $(O)/bench/parts $(O)/bench/heap.so \
	  $(O)/bench/fill
	@CONCLAVE_BUILD=$(O) QUICK=$(QUICK) SCALE=$(SCALE) $(PYTHON) tests/bench/bench.py
bench-client: deps build
	@CONCLAVE_BUILD=$(O) QUICK=$(QUICK) $(PYTHON) tests/bench/client.py
bench-parts: deps $(O)/bench/parts
	@CONCLAVE_BUILD=$(O) $(PYTHON) tests/bench/parts.py $(PARTS)
bench-verify: deps build $(O)/bench/transcript
	@CONCLAVE_BUILD=$(O) ENTRIES=$(ENTRIES) $(PYTHON) tests/bench/verify.py
bench-files: deps build $(O)/bench/files
	@sh tests/bench/deps openssh-server
	@CONCLAVE_BUILD=$(O) $(PYTHON) tests/bench/files.py $(or $(MIB),1024)
bench-deps: deps
	@sh tests/bench/deps
$(O)/bench/load: $(call obj,$(BENCH_SRC)) $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SHARED)
$(O)/bench/files: $(call obj,tests/bench/files.c) $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SHARED)
$(O)/bench/heap.so: tests/bench/heap.c
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(CFLAGS_ALL) -fPIC -shared -o $@ $<
$(O)/bench/parts: $(call obj,tests/bench/parts.c) $(O)/libserver.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SHARED)
$(O)/bench/transcript: $(call obj,tests/bench/transcript.c tests/unit/scribe.c) $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SHARED)
$(O)/bench/fill: $(call obj,tests/bench/fill.c) $(O)/libserver.a $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SERVER) $(LIBS_SHARED)
$(O)/bench/floor: $(call obj,tests/bench/floor.c)
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_SHARED)

# Without address space randomisation: some kernels leave TSan no room.
tsan: deps
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp allocator_may_return_null=1 $(TSAN_OPTIONS)" \
	  setarch -R $(MAKE) --no-print-directory O=build/tsan HARDEN= \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer' LDHARDEN=-pie \
	  SAN=-fsanitize=thread check

coverage: deps
	@sh tests/coverage.deps
	@$(MAKE) --no-print-directory O=build/cov CC=gcc HARDEN= LDHARDEN=-pie \
	  CPPFLAGS=-DCONCLAVE_COVERAGE \
	  CFLAGS='-O0 -g' SAN='--coverage -fprofile-update=atomic' build tests
	@$(PYTHON) tests/coverage build/cov

model:
	@$(PYTHON) tests/model/run.py

# All of the sweeps, which takes more than an hour, most of it the client's four
# thousand starts; `make test` has a part of them.
faults: build tests
	@for t in $(FAULT_SRC:tests/fault/%.c=$(O)/tests/%); do FAULT_ALL=1 $$t || exit 1; done
	@FAULT_ALL=1 CONCLAVE_BUILD=$(O) $(PYTHON) -m pytest -q -s \
	  -p no:cacheprovider tests/e2e/test_fault_alloc.py tests/e2e/test_fault_io.py

asan: deps
	@$(MAKE) --no-print-directory O=build/asan HARDEN= \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer' LDHARDEN=-pie \
	  SAN='-fsanitize=address,undefined -fno-sanitize-recover=undefined' check

# Without what the compiler fills with zeros otherwise, so that memcheck sees
# what nobody has set. What it leaves out is in tests/valgrind/left_out.
valgrind: deps
	@sh tests/valgrind/deps
	@$(MAKE) --no-print-directory O=build/valgrind/real HARDEN= \
	  CPPFLAGS=-DCONCLAVE_SLOW=4 CFLAGS='-O1 -g -fno-omit-frame-pointer' LDHARDEN=-pie \
	  build tests build/valgrind/real/fault/clock.so build/valgrind/real/fault/known.so
	@PYTHON=$(PYTHON) sh tests/valgrind/farm build/valgrind
	@CONCLAVE_BUILD=build/valgrind PYTHON=$(PYTHON) SLOW=4 E2E_JOBS=$(or $(E2E_JOBS),2) \
	  sh tests/run $(or $(ONLY),unit fuzz e2e) memcheck

# What is proved, and what is not: tests/prove/README.md.
prove:
	@sh tests/prove/deps
	@O=$(O) $(PYTHON) tests/prove/run.py

# What the analysers find, and why it is no flaw: tests/analyze/README.md.
analyze: deps
	@sh tests/analyze/deps
	@O=$(O) ONLY='$(ONLY)' FLAGS='$(CPPFLAGS_ALL) $(CFLAGS_PKGS)' \
	  $(PYTHON) tests/analyze/run.py $(FILES)

# Constant time: tests/ct/README.md. Needs valgrind.
ct: $(O)/ct/poison $(O)/ct/timing
	@$(PYTHON) tests/ct/run.py $(O)/ct/poison
	@$(O)/ct/timing
# Whether a server's answers tell who has an account: 90,000 logins, some minutes.
ct-admission: build $(O)/ct/admission
	@CONCLAVE_BUILD=$(O) $(PYTHON) tests/ct/admission.py
$(O)/ct/%: tests/ct/%.c $(O)/libshared.a
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK    $@')
	$(Q)$(CC) $(CPPFLAGS_ALL) -std=c11 $(WARN) $(CFLAGS) -o $@ $^ $(LIBS_SHARED) -lm -pthread

# In a fresh system of another release: tests/distro says what it needs.
distro-test:
	@O=$(O) sh tests/distro $(or $(DISTRO),trixie)

demo: build
	@CONCLAVE_BUILD=$(O) sh tests/demo

install: build
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin \
	  $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man8 \
	  $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR) \
	  $(DESTDIR)$(UNITDIR)
	$(INSTALL) -m 644 client/completions/conclave.bash $(DESTDIR)$(BASHDIR)/conclave
	$(INSTALL) -m 644 client/completions/_conclave $(DESTDIR)$(ZSHDIR)/_conclave
	$(INSTALL) -m 644 client/completions/conclave.fish $(DESTDIR)$(FISHDIR)/conclave.fish
	$(INSTALL) -m 755 $(O)/conclave $(DESTDIR)$(PREFIX)/bin/conclave
	$(INSTALL) -m 755 $(O)/conclaved $(DESTDIR)$(PREFIX)/sbin/conclaved
	$(INSTALL) -m 755 $(O)/conclavectl $(DESTDIR)$(PREFIX)/sbin/conclavectl
	$(INSTALL) -m 644 server/completions/conclavectl.bash $(DESTDIR)$(BASHDIR)/conclavectl
	$(INSTALL) -m 644 server/completions/_conclavectl $(DESTDIR)$(ZSHDIR)/_conclavectl
	$(INSTALL) -m 644 server/completions/conclavectl.fish $(DESTDIR)$(FISHDIR)/conclavectl.fish
	$(INSTALL) -m 644 server/conclavectl.8 $(DESTDIR)$(MANDIR)/man8/conclavectl.8
	$(INSTALL) -m 644 client/conclave.1 $(DESTDIR)$(MANDIR)/man1/conclave.1
	$(INSTALL) -m 644 server/conclaved.8 $(DESTDIR)$(MANDIR)/man8/conclaved.8
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' server/conclaved.service \
	  >$(DESTDIR)$(UNITDIR)/conclaved.service
	chmod 644 $(DESTDIR)$(UNITDIR)/conclaved.service

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/conclave $(DESTDIR)$(PREFIX)/sbin/conclaved \
	  $(DESTDIR)$(PREFIX)/sbin/conclavectl $(DESTDIR)$(MANDIR)/man8/conclavectl.8 \
	  $(DESTDIR)$(BASHDIR)/conclavectl $(DESTDIR)$(ZSHDIR)/_conclavectl \
	  $(DESTDIR)$(FISHDIR)/conclavectl.fish \
	  $(DESTDIR)$(MANDIR)/man1/conclave.1 $(DESTDIR)$(MANDIR)/man8/conclaved.8 \
	  $(DESTDIR)$(BASHDIR)/conclave $(DESTDIR)$(ZSHDIR)/_conclave \
	  $(DESTDIR)$(FISHDIR)/conclave.fish \
	  $(DESTDIR)$(UNITDIR)/conclaved.service

clean:
	rm -rf $(O)

-include $(ALL_OBJ:.o=.d)
