# jamlog: `make demo` shows it work, `make check` proves it. README.md lists every target.
# SPDX-License-Identifier: GPL-3.0-or-later

VERSION = 0.1.0
CC ?= cc
CLANG ?= clang
PREFIX ?= /usr/local
VARIANT ?= release
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
# most tests wait for something most of the time
TEST_JOBS ?= $(shell expr $(JOBS) + 1)
WERROR ?= $(if $(CI),-Werror)
FUZZ_SECONDS ?= 60
# of make eval: seeds, scenario files or folders of them, and how much faster than the wall clock
SEEDS ?= 1 2 3 4 5
SCENARIOS ?= tests/data/scenarios/eval
SPEED ?= 40
# V=1 shows whole command lines
Q = $(if $(V),,@)
SAY = @$(if $(V),:,echo)

BUILD = build/$(VARIANT)
EPOCH := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile))

# --- what has to be installed; .ci/need does it ---
BUILD_NEEDS = gcc libc6-dev make pkg-config git libglib2.0-dev libqmi-glib-dev libmbim-glib-dev libgps-dev libsqlite3-dev libsodium-dev \
	libgudev-1.0-dev libcurl4-openssl-dev libc-ares-dev libnl-3-dev libnl-route-3-dev libnftables-dev libssl-dev
DEMO_NEEDS = $(BUILD_NEEDS) gpsd iproute2 util-linux dnsmasq-base nginx-light openssl sqlite3
CHECK_NEEDS = $(DEMO_NEEDS) perl python3 python3-cryptography sqlite3 gdal-bin python3-gdal gpsd-clients libqmi-utils libqmi-proxy \
	libmbim-utils libmbim-proxy faketime strace jq umockdev libumockdev-dev dbus modemmanager udev systemd curl tcpdump openvpn \
	wireguard-go wireguard-tools nftables bind9-dnsutils e2fsprogs mount
ASAN_NEEDS = $(CHECK_NEEDS) libasan8 libubsan1
COVERAGE_NEEDS = $(CHECK_NEEDS) gcovr
LINT_NEEDS = $(BUILD_NEEDS) python3 universal-ctags cppcheck shellcheck mandoc
BENCH_NEEDS = $(CHECK_NEEDS) time
TORTURE_NEEDS = $(CHECK_NEEDS)
EVAL_NEEDS = $(DEMO_NEEDS) python3 faketime
FUZZ_NEEDS = $(BUILD_NEEDS) clang libclang-rt-dev

# --- how to compile ---
PACKAGES = qmi-glib mbim-glib gudev-1.0 libgps sqlite3 glib-2.0 gio-unix-2.0 libsodium
# of jamlog-probe alone: the recorder links none of these
PROBE_PACKAGES = libcurl libcares libnl-3.0 libnl-route-3.0 libnftables libcrypto
SIM_PACKAGES = glib-2.0 gio-unix-2.0
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) $(PROBE_PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
PROBE_LIBS := $(shell pkg-config --libs glib-2.0 gio-unix-2.0 libsodium $(PROBE_PACKAGES) 2>/dev/null)
UMOCKDEV_LIBS = $(shell pkg-config --libs umockdev-1.0 2>/dev/null)
SIM_LIBS := $(shell pkg-config --libs $(SIM_PACKAGES) 2>/dev/null) -lm

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion -Wswitch-enum \
	-Wformat=2 -Wimplicit-fallthrough $(WERROR)
HARDENING = -fstack-protector-strong -fstack-clash-protection -fPIE -D_FORTIFY_SOURCE=2
LINK_HARDENING = -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

OPT_release = -O2 -g $(HARDENING)
LINK_release = $(LINK_HARDENING)
OPT_asan = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LINK_asan = -fsanitize=address,undefined
OPT_coverage = -O0 -g --coverage
LINK_coverage = --coverage
OPT_fuzz = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LINK_fuzz = -fsanitize=address,undefined

BASE_CFLAGS = -std=c17 -D_GNU_SOURCE -DG_LOG_DOMAIN='"jamlog"' -DJAMLOG_VERSION='"$(VERSION)"' -Iinclude -Isrc
ALL_CFLAGS = $(BASE_CFLAGS) $(WARNINGS) $(OPT_$(VARIANT)) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_$(VARIANT)) $(LDFLAGS)

# --- the rooms of src/ (see include/). The simulator sees core alone; main.c is apart so that tests link the rest. ---
ROOMS = core devices source probe record journal keys store sync import analysis export cmd
LIB_SRC := $(filter-out src/probe/main.c,$(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c src/$(room)/*/*.c)))
CORE_SRC := $(filter-out src/core/config.c,$(wildcard src/core/*.c))
SIM_SRC := $(filter-out src/sim/main.c,$(wildcard src/sim/*.c src/sim/*/*.c))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
# loaded before a program
SHIM_SRC := tests/helper/fail_calls.c tests/helper/step_clock.c
HELPER_SRC := $(filter-out $(SHIM_SRC),$(wildcard tests/helper/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
SCRIPTS := $(filter-out %_common.py,$(wildcard tests/flow/*.sh tests/flow/*.py tests/cli/*.sh tests/cli/*.py \
	tests/torture/*.py))

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
bin = $(patsubst %.c,$(BUILD)/%,$(1))
PROGRAMS = $(BUILD)/jamlog $(BUILD)/jamlog-probe $(BUILD)/jamlog-sim
REPLAY_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/replay_%,$(FUZZ_SRC))
FUZZ_BIN = $(patsubst tests/fuzz/%.c,build/fuzz/tests/fuzz/%,$(FUZZ_SRC))
# What computes all the time comes last: beside it, tests whose clock goes many times as fast would fall behind theirs.
BUSY = tests/flow/custody.py tests/flow/journal_attacks.py tests/flow/journal_honest.py tests/flow/journal_kill.py \
	tests/flow/journal_second.py tests/flow/sync.py $(wildcard tests/torture/*.py)
ALL_TESTS = $(call bin,$(UNIT_SRC)) $(filter-out $(BUSY),$(SCRIPTS)) $(BUSY)
# make coverage COVER=journal: the tests named after that room, or after what is in it, and its figures
COVER_ALSO_journal = checkpoint verify
COVER_WORDS = $(COVER) $(COVER_ALSO_$(COVER))
is_covering = $(strip $(foreach word,$(COVER_WORDS),$(findstring $(word),$(notdir $(1)))))
TESTS = $(if $(COVER),$(foreach test,$(ALL_TESTS),$(if $(call is_covering,$(test)),$(test))) tests/flow/fuzz_corpus.sh,$(ALL_TESTS))
# of which make check runs a short form
TORTURE_TESTS = $(filter tests/torture/%,$(SCRIPTS)) tests/flow/journal_kill.py $(BUILD)/tests/unit/test_journal_every_bit

.PHONY: all check check-asan coverage torture fuzz bench soak eval lint demo install uninstall clean need-% test-programs run-tests run-coverage run-fuzz FORCE
.SECONDARY:
all: $(PROGRAMS)

need-%:
	@sh .ci/need $($*_NEEDS)

# --- the goals that set everything up; each starts make anew, so that it sees what was just installed ---
demo: need-DEMO
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@exec env BUILD=$(BUILD) bash tests/demo.sh

check: need-CHECK
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@$(MAKE) --no-print-directory run-tests

check-asan: need-ASAN
	@$(MAKE) --no-print-directory VARIANT=asan -j$(JOBS) all test-programs
	@$(MAKE) --no-print-directory VARIANT=asan run-tests

coverage: need-COVERAGE
	@$(MAKE) --no-print-directory VARIANT=coverage -j$(JOBS) all test-programs
	@$(MAKE) --no-print-directory VARIANT=coverage run-tests run-coverage

torture: need-TORTURE
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@BUILD=$(BUILD) TORTURE=full prove --failures --comments --jobs $(JOBS) --timer --exec tests/run-one $(TORTURE_TESTS)

bench: need-BENCH
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@set -e; for b in tests/bench/bench_*; do echo "== $$b"; BUILD=$(BUILD) ./$$b; done

soak: need-CHECK
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@BUILD=$(BUILD) tests/bench/soak.py

# Its recordings and stores stay in build/eval; what is recorded there already is not recorded again.
eval: need-EVAL
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@BUILD=$(BUILD) tests/eval/evaluate.py --seeds "$(SEEDS)" --speed $(SPEED) --jobs $(JOBS) --traces $(SCENARIOS)

fuzz: need-FUZZ
	@$(MAKE) --no-print-directory VARIANT=fuzz CC=$(CLANG) -j$(JOBS) $(FUZZ_BIN)
	@$(MAKE) --no-print-directory run-fuzz

lint: need-LINT
	@bash .ci/lint

# --- programs ---
$(BUILD)/jamlog: $(BUILD)/src/main.o $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(BUILD)/jamlog-probe: $(BUILD)/src/probe/main.o $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PROBE_LIBS)
$(BUILD)/jamlog-sim: $(BUILD)/src/sim/main.o $(BUILD)/libsim.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS)
$(BUILD)/libjamlog.a: $(call obj,$(LIB_SRC))
$(BUILD)/libsim.a: $(call obj,$(SIM_SRC) $(CORE_SRC))
$(BUILD)/%.a:
	@rm -f $@
	@$(AR) qcs $@ $^ # not "r", which knows members by their last name alone

$(BUILD)/%.o: %.c Makefile
	$(if $(PKG_CFLAGS),,$(error libraries are missing: run "make demo" or "make check", which install them, or: sudo apt install $(BUILD_NEEDS)))
	@mkdir -p $(@D)
	$(SAY) "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/tests/helper/udev_testbed.o: ALL_CFLAGS += $(shell pkg-config --cflags umockdev-1.0 2>/dev/null)
$(BUILD)/src/core/clock.o: ALL_CFLAGS += -DJAMLOG_BUILD_EPOCH=$(EPOCH)
$(BUILD)/src/probe/targets.o: ALL_CFLAGS += -DJAMLOG_SHARE='"$(PREFIX)/share/jamlog"'
$(BUILD)/src/probe/targets.o: $(BUILD)/prefix
$(BUILD)/prefix: FORCE # changes when PREFIX does
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@

# --- tests. Those named probe_* need the prober's libraries, those named sim_* are of the simulator's rooms, all others of jamlog's. ---
test-programs: $(call bin,$(UNIT_SRC) $(HELPER_SRC)) $(SHIM_SRC:%.c=$(BUILD)/%.so) $(REPLAY_BIN)
$(BUILD)/%.so: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(BASE_CFLAGS) $(WARNINGS) -O2 -g -fPIC -shared -o $@ $<
$(BUILD)/tests/unit/test_sim_%: $(BUILD)/tests/unit/test_sim_%.o $(BUILD)/libsim.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS)
$(BUILD)/tests/unit/test_probe_%: $(BUILD)/tests/unit/test_probe_%.o $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PROBE_LIBS)
SCRIPTED_MODEM = $(BUILD)/tests/unit/scripted_modem.o $(BUILD)/tests/unit/scripted_pty.o
SCRIPTED_MBIM = $(BUILD)/tests/unit/scripted_mbim.o $(BUILD)/tests/unit/scripted_pty.o
$(BUILD)/tests/unit/test_mbim_%: $(BUILD)/tests/unit/test_mbim_%.o $(SCRIPTED_MBIM) $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(BUILD)/tests/unit/test_qmi_%: $(BUILD)/tests/unit/test_qmi_%.o $(SCRIPTED_MODEM) $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(BUILD)/tests/helper/sim_%: $(BUILD)/tests/helper/sim_%.o $(BUILD)/libsim.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS)
$(BUILD)/tests/helper/udev_testbed: $(BUILD)/tests/helper/udev_testbed.o
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(UMOCKDEV_LIBS)
# With libmbim's own words for a message, which jamlog does without (src/source/mbim/mbim.c)
$(BUILD)/tests/helper/mbim_watch: $(BUILD)/tests/helper/mbim_watch.o
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
build/fuzz/tests/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)
$(BUILD)/tests/fuzz/replay_fuzz_qmi_decode: $(SCRIPTED_MODEM)
build/fuzz/tests/fuzz/fuzz_qmi_decode: $(patsubst $(BUILD)/%,build/fuzz/%,$(SCRIPTED_MODEM))
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libjamlog.a
	$(SAY) "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

run-tests:
	@BUILD=$(BUILD) ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
		prove --failures --jobs $(TEST_JOBS) --timer --exec tests/run-one $(TESTS)

run-coverage:
	@gcovr --root . --object-directory build/coverage --filter src/$(COVER) --branches --print-summary | tee build/coverage/summary.txt

run-fuzz:
	@set -e; for f in $(notdir $(FUZZ_BIN)); do \
		mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/tests/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) build/fuzz/corpus/$$f tests/fuzz/corpus/$${f#fuzz_}; done

# --- installation ---
install: all
	install -Dm755 $(BUILD)/jamlog $(DESTDIR)$(PREFIX)/bin/jamlog
	install -Dm755 $(BUILD)/jamlog-probe $(DESTDIR)$(PREFIX)/bin/jamlog-probe
	install -Dm755 $(BUILD)/jamlog-sim $(DESTDIR)$(PREFIX)/bin/jamlog-sim
	install -Dm644 src/probe/targets.conf $(DESTDIR)$(PREFIX)/share/jamlog/targets.conf
	install -Dm644 src/man/jamlog.1 $(DESTDIR)$(PREFIX)/share/man/man1/jamlog.1
	install -Dm644 src/man/jamlog-sim.1 $(DESTDIR)$(PREFIX)/share/man/man1/jamlog-sim.1
	install -Dm644 README.md $(DESTDIR)$(PREFIX)/share/doc/jamlog/README.md
	install -d $(DESTDIR)$(PREFIX)/share/jamlog/scenarios
	install -m644 tests/data/scenarios/*.scenario $(DESTDIR)$(PREFIX)/share/jamlog/scenarios
	install -Dm644 udev/61-jamlog-own.rules $(DESTDIR)$(PREFIX)/share/jamlog/61-jamlog-own.rules
	install -Dm644 udev/jamlog-probe.conf $(DESTDIR)$(PREFIX)/share/jamlog/jamlog-probe.conf
	install -Dm644 udev/60-jamlog.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-jamlog.rules
	install -Dm644 udev/jamlog.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/jamlog.conf
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|' udev/jamlog-record.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/jamlog-record.service
	@$(if $(DESTDIR),:,sh udev/activate.sh)

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/jamlog $(DESTDIR)$(PREFIX)/bin/jamlog-probe $(DESTDIR)$(PREFIX)/bin/jamlog-sim \
		$(DESTDIR)$(PREFIX)/share/man/man1/jamlog.1 $(DESTDIR)$(PREFIX)/share/man/man1/jamlog-sim.1 \
		$(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-jamlog.rules $(DESTDIR)$(PREFIX)/lib/sysusers.d/jamlog.conf \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/jamlog-record.service
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/jamlog $(DESTDIR)$(PREFIX)/share/jamlog

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
