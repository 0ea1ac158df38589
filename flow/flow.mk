# SPDX-License-Identifier: Apache-2.0
# Targets of the flow: proofs, evidence, synthesis, pages and figures. Included by the Makefile.
formal: setup
	@echo $(or $(BLOCK),$(patsubst formal/%/targets,%,$(wildcard formal/*/targets))) | xargs -n 1 -P $(JOBS) flow/prove.py; \
	    status=$$?; $(if $(BLOCK),,flow/prove.py summary &&) exit $$status

# Evidence that takes hours; what is done already is kept. See docs/verification.md.
MUTATED = $(or $(BLOCK),$(patsubst tb/%/mutants,%,$(wildcard tb/*/mutants)))
mutate: all
	@$(MAKE) --no-print-directory -s $(MUTATED:%=$(BUILD)/tb/%_tb)
	@echo $(MUTATED) | xargs -n 1 -P $(JOBS) flow/mutate.py
	@flow/mutate.py summary $(BLOCK)
coverage: all
	@$(MAKE) --no-print-directory -s $(BENCHES:%=$(BUILD)/tb/%_tb) $(BUILD)/obj/tests/avx512_emulated.o
	@flow/coverage.py $(BLOCK)
fuzz: all
	@flow/fuzz.py
regress: all
	@$(MAKE) --no-print-directory -s $(BENCHES:%=$(BUILD)/tb/%_tb)
	@flow/regress.py
	@flow/replay.py --all

# Area and timing: every configuration, what is checked on its netlist, data and pages. Long configurations when they are named:
# flow/synth.py map bitsift-d4096.
# Another library of cells: make synth LIBERTY=file.lib, or .lib.gz; NAND2=, DRIVER=, LOAD= and CLOCK= where flow/liberty.py would choose otherwise.
ifneq ($(LIBERTY),)
synth power: export PERIMETER_LIBERTY = $(abspath $(LIBERTY)) $(foreach v,NAND2 DRIVER LOAD CLOCK,$(if $($(v)),$(v)=$($(v))))
endif
SYNTH = $(or $(BLOCK),flare_attention bitsift $(filter-out flare_attention bitsift,$(patsubst synth/%/configs,%,$(wildcard synth/*/configs))))
synth: all
	$(if $(LIBERTY),@flow/liberty.py $$PERIMETER_LIBERTY)
	@$(MAKE) --no-print-directory -s $(if $(BLOCK),$(BUILD)/tb/$(BLOCK)_tb,$(BENCHES:%=$(BUILD)/tb/%_tb) $(BUILD)/accesses $(BUILD)/synth/vectors)
	@flow/synth.py map --jobs $(JOBS) $(BLOCK); status=$$?; \
	    echo $(SYNTH) | xargs -n 1 | xargs -I {} -P $(JOBS) flow/tap.py run $(BUILD)/$(if $(LIBERTY),liberty,synth)/netlist-{}.tap flow/netlist.py {}; \
	    flow/synth.py report $(BLOCK) && flow/pages.py $(if $(BLOCK)$(LIBERTY),,&& flow/plot.py synthesis) && exit $$status
# Placed, routed, extracted, checked and timed on OSU018; 20 minutes of a core at most each.
layout: setup $(BUILD)/router
	@scripts/setup.sh graywolf magic netgen-lvs
	@flow/layout.py make $(BLOCK) && flow/layout.py figure $(BLOCK); status=$$?; flow/layout.py pages && exit $$status
# Mapped by today's Yosys, from PyPI.
current: setup
	@flow/current.py $(BLOCK); status=$$?; flow/current.py pages && exit $$status
# The proofs once more, by PyPI's Bitwuzla.
second: setup
	@flow/second.py $(BLOCK)
power: all
	@$(MAKE) --no-print-directory -s $(BUILD)/synth/vectors
	@flow/power.py
# A block in plain Verilog-2001 for other simulators: make verilog BLOCK=bitsift Rows=128
verilog: setup
	$(need-block)
	@flow/verilog.py $(BLOCK) $(filter-out BLOCK=% BUILD=% CC=% CFLAGS=% SETUP=% WERROR=%,$(MAKEOVERRIDES))
# What the pages have from RTL, results, logs and the ops' declarations.
docs: all
	@flow/registers.py
	@python3 flow/pages.py
	@python3 flow/catalogue.py
	@flow/synth.py pages
	@flow/evidence.py
	@flow/power.py pages
	@flow/layout.py pages
	@flow/second.py pages
	@flow/current.py pages
	@flow/sources.py
	@flow/systems.py
	@flow/chip.py
	@flow/components.py
	@flow/completion.py
# Schematics from the RTL, timing diagrams from simulations.
figures: all
	@python3 flow/schematic.py $(BLOCK)
	@python3 flow/timing.py $(BLOCK)
# A waveform of a block's sample, with the ports in the page's groups, for GTKWave and Surfer.
waves: all
	$(need-block)
	@scripts/setup.sh gtkwave
	@flow/waves.py $(BLOCK)
# What the network's layer 1 sees in the first image of the test set, for accesses and power; and other helpers of the flow.
$(BUILD)/network_vectors $(BUILD)/macro_vectors $(BUILD)/accesses $(BUILD)/sar_linearity $(BUILD)/sfu_error: $(BUILD)/%: $(BUILD)/obj/tools/%.o $(SRC_SRC:%.c=$(BUILD)/obj/%.o) $(LIBRARIES)
	$(CC) -o $@ $^ $(LIBS)
# Routes layouts.
$(BUILD)/router: $(BUILD)/obj/tools/router.o
	$(CC) -o $@ $^
$(BUILD)/synth/vectors: $(BUILD)/network_vectors $(BUILD)/macro_vectors
	@mkdir -p $@
	@$< models/fashion-vit $(DATA) 1 $@
	@for net in fashion-cnn fashion-cnn-ggd; do $(BUILD)/macro_vectors models/$$net $(DATA) head 4 $@/$$net || exit 1; done
	@touch $@
# The special function unit's errors beside steps in binary16, on synthetic operands and on a network's layers.
.PHONY: sfu-error
sfu-error: $(BUILD)/sfu_error
	@$< models/fashion-vit $(DATA) 2
