# Perimeter. `make run` is the main job, `make test` everything that must pass; see README.md.
SHELL := /bin/sh
BUILD ?= build
CC := $(if $(shell command -v ccache),ccache )gcc
BLOCKS := $(sort $(filter-out common,$(notdir $(wildcard rtl/*))))
BLOCK ?=

CFLAGS ?= -O3 -march=native
PM_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wconversion -Werror -ffp-contract=off -fopenmp -MMD -MP \
    -Icmodel -Itb/common -Isrc -DPM_SOURCE_DIR='"$(CURDIR)"'
LIBS := -fopenmp -lcjson -lopenblas -lz -lm -ldl
ASAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIB_SRC := $(wildcard cmodel/*.c cmodel/analog/*.c cmodel/net/*.c)
SRC_SRC := $(filter-out src/main.c,$(wildcard src/*.c))
TESTS := $(patsubst tests/%.c,%,$(wildcard tests/*_test.c))
BENCHES := $(patsubst tb/%/,%,$(sort $(dir $(wildcard $(foreach b,$(BLOCKS),tb/$(b)/$(b)_tb.c)))))

.PHONY: all test run lint unit bench-rtl formal synth-check cli waves clean setup
all: setup
	@$(MAKE) --no-print-directory $(BUILD)/perimeter $(BUILD)/libperimeter.a $(BUILD)/perimeter.pc

setup:
	@scripts/setup.sh

# Objects, once as built and once under the sanitizers.
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(CFLAGS) -fPIC -c -o $@ $<
$(BUILD)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(ASAN) -c -o $@ $<
-include $(shell find $(BUILD)/obj $(BUILD)/asan -name '*.d' 2>/dev/null)

$(BUILD)/libperimeter.a: $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/perimeter: $(BUILD)/obj/src/main.o $(SRC_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/libperimeter.a
	$(CC) -o $@ $^ $(LIBS)
$(BUILD)/asan/perimeter: $(BUILD)/asan/src/main.o $(SRC_SRC:%.c=$(BUILD)/asan/%.o) $(LIB_SRC:%.c=$(BUILD)/asan/%.o)
	$(CC) -fsanitize=address,undefined -o $@ $^ $(LIBS)
$(BUILD)/perimeter.pc: scripts/perimeter.pc.in Makefile
	@mkdir -p $(@D)
	sed -e 's|@ROOT@|$(CURDIR)|' -e 's|@BUILD@|$(abspath $(BUILD))|' $< >$@

# C unit tests run under ASan and UBSan.
$(BUILD)/tests/%: $(BUILD)/asan/tests/%.o $(LIB_SRC:%.c=$(BUILD)/asan/%.o) $(SRC_SRC:%.c=$(BUILD)/asan/%.o)
	@mkdir -p $(@D)
	$(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka $(LIBS)
$(BUILD)/tb/%_tb: $(BUILD)/obj/tb/common/bench.o $(BUILD)/obj/src/rtl.o $(BUILD)/libperimeter.a
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(CFLAGS) -Itb/$* -o $@ tb/$*/$*_tb.c $^ $(LIBS)

.SECONDARY:
