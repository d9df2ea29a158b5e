# jamlog: `make demo` shows it work, `make check` proves it. README.md lists every target.
# SPDX-License-Identifier: GPL-3.0-or-later

VERSION = 0.1.0
CC ?= cc
PREFIX ?= /usr/local
VARIANT ?= release
WERROR ?= $(if $(CI),-Werror)

BUILD = build/$(VARIANT)
EPOCH := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile))

PACKAGES = qmi-glib mbim-glib libgps sqlite3 glib-2.0 gio-unix-2.0 libsodium
SIM_PACKAGES = glib-2.0 gio-unix-2.0
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
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

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DG_LOG_DOMAIN='"jamlog"' -DJAMLOG_VERSION='"$(VERSION)"' -Iinclude -Isrc \
	$(WARNINGS) $(OPT_$(VARIANT)) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_$(VARIANT)) $(LDFLAGS)

# The rooms of src/ (see include/). The simulator sees core alone; the main programs are apart so that tests link the rest.
ROOMS = core source record journal store sync export cmd
LIB_SRC := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c))
CORE_SRC := $(wildcard src/core/*.c)
SIM_SRC := $(filter-out src/sim/main.c,$(wildcard src/sim/*.c))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
HELPER_SRC := $(wildcard tests/helper/*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SRC))
HELPER_BIN = $(patsubst tests/helper/%.c,$(BUILD)/tests/helper/%,$(HELPER_SRC))
PROGRAMS = $(BUILD)/jamlog $(BUILD)/jamlog-sim

.PHONY: all check-unit clean
all: $(PROGRAMS)

$(BUILD)/jamlog: $(BUILD)/src/main.o $(BUILD)/libjamlog.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(BUILD)/jamlog-sim: $(BUILD)/src/sim/main.o $(BUILD)/libsim.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS)
$(BUILD)/libjamlog.a: $(call obj,$(LIB_SRC))
$(BUILD)/libsim.a: $(call obj,$(SIM_SRC) $(CORE_SRC))
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

# A unit test named test_sim_*.c is of the simulator's rooms, every other one of jamlog's. The same goes for helpers sim_*.c.
$(BUILD)/tests/unit/test_sim_%: $(BUILD)/tests/unit/test_sim_%.o $(BUILD)/libsim.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS)
$(BUILD)/tests/helper/sim_%: $(BUILD)/tests/helper/sim_%.o $(BUILD)/libsim.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS)
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libjamlog.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/src/core/clock.o: ALL_CFLAGS += -DJAMLOG_BUILD_EPOCH=$(EPOCH)
.SECONDARY:

check-unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do $$t --tap; done

clean:
	rm -rf build

-include $(shell find build/$(VARIANT) -name '*.d' 2>/dev/null)
