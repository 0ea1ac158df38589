// SPDX-License-Identifier: Apache-2.0
// Clocks a verilated bench (class Vtb, ports clk_i and rst_ni); the C interface is pm_sim.h.
#include "pm_sim.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "Vtb.h"
#include "verilated.h"
#if VM_COVERAGE
#include <unistd.h>

#include "Vtb__Syms.h"
#include "verilated_cov.h"
#endif
#if VM_TRACE_VCD
#include "verilated_vcd_c.h"
using Wave = VerilatedVcdC;
#elif VM_TRACE
#include "verilated_fst_c.h"
using Wave = VerilatedFstC;
#endif

namespace {
struct Sim {
    uint64_t rng;
    uint32_t noise;
    uint64_t clock;
    uint64_t last_progress;
    unsigned pattern;
    bool stalls;
    bool waits;
    bool finished;
    pm_status status;
};
thread_local Sim sim;

constexpr uint64_t HangClocks = 20000;
constexpr int ResetClocks = 4;

// xorshift64*: stall patterns only, replayed from the seed.
uint64_t next_random() {
    sim.rng ^= sim.rng >> 12;
    sim.rng ^= sim.rng << 25;
    sim.rng ^= sim.rng >> 27;
    return sim.rng * 0x2545F4914F6CDD1DULL;
}
} // namespace

#if VM_COVERAGE
// The points that all runs of this model reached, written when the model is unloaded: $PERIMETER_COVERAGE-<process>-<address>.dat. A
// run's own counters go with it, so that they are kept here. Bit 0 of a point: it was counted at all, which is enough for a line;
// bit 1, for a toggle: it was counted after the reset, or has another value there in another run, as configuration has.
// All bits are 0 at first, so that the lowest bit of a count is the value.
namespace {
struct Coverage {
    static constexpr size_t Points = sizeof(Vtb__Syms::__Vcoverage) / sizeof(Vtb__Syms::__Vcoverage[0]);
    bool counted[Points] = {}, toggled[Points] = {}, seen[2][Points] = {};
    void reset_done(const Vtb &top) {
        for (size_t i = 0; i < Points; i++) {
            auto &count = top.rootp->vlSymsp->__Vcoverage[i];
            counted[i] |= count != 0;
            seen[count & 1][i] = true;
            count = 0;
        }
    }
    void run_done(const Vtb &top) {
        for (size_t i = 0; i < Points; i++) {
            const bool count = top.rootp->vlSymsp->__Vcoverage[i] != 0;
            counted[i] |= count;
            toggled[i] |= count;
        }
    }
    ~Coverage() {
        VerilatedContext context;
        Vtb top{&context};
        for (size_t i = 0; i < Points; i++)
            top.rootp->vlSymsp->__Vcoverage[i] = counted[i] + 2 * (toggled[i] || (seen[0][i] && seen[1][i]));
        const char *prefix = getenv("PERIMETER_COVERAGE");
        const std::string stem = std::string(prefix ? prefix : "coverage") + "-" + std::to_string(getpid()) + "-" +
                                 std::to_string(reinterpret_cast<uintptr_t>(this));
        context.coveragep()->write((stem + ".tmp").c_str());
        rename((stem + ".tmp").c_str(), (stem + ".dat").c_str());
    }
};
Coverage coverage;
} // namespace
#endif

extern "C" void pm_sim_finish(pm_status status) {
    if (!sim.finished)
        sim.status = status;
    sim.finished = true;
}

extern "C" void pm_sim_progress(void) {
    sim.last_progress = sim.clock;
}

extern "C" uint64_t pm_sim_clock(void) {
    return sim.clock;
}

extern "C" uint32_t pm_sim_noise(void) {
    if (!sim.stalls)
        return 0x5a5a5a5a;
    sim.noise = sim.noise * 1664525 + 1013904223;
    return sim.noise ^ sim.noise >> 16; // a power of two's low bits repeat soon
}

extern "C" bool pm_sim_stall(void) {
    if (!sim.stalls)
        return false;
    uint64_t r = next_random();
    if (r >> 57 == 0)
        sim.pattern = r & 3;
    static const unsigned stalled_of_8[4] = {0, 1, 4, 7};
    return (r >> 40 & 7) < stalled_of_8[sim.pattern];
}

// Which mutant a mutated design is (flow/mutate.py); 0: none.
extern "C" int pm_mutant(void) {
    const char *m = getenv("PERIMETER_MUTANT");
    return m ? atoi(m) : 0;
}

#if VM_TRACE
// Where a run's waveform goes, or nowhere. PERIMETER_WAVES=STEM numbers those of runs that name no file: STEM1, STEM2 and so on.
static std::string wave_of(const pm_sim_opts *opts) {
    static unsigned runs;
    const char *stem = getenv("PERIMETER_WAVES");
    return opts->wave ? opts->wave : stem ? stem + std::to_string(++runs) : "";
}
#endif

extern "C" bool pm_sim_ready(bool valid) {
    return !pm_sim_stall() && (valid || !sim.waits);
}

extern "C" pm_status pm_sim_run(const pm_sim_opts *opts, uint64_t *clocks) {
    sim = Sim{};
    sim.stalls = opts->seed != 0;
    sim.rng = opts->seed * 0x9E3779B97F4A7C15ULL | 1;
    sim.pattern = opts->seed & 3;
    sim.waits = opts->seed & 4;
    VerilatedContext context;
    // Registers that nothing resets start with random values: a result must not depend on them. A random value is not a toggle, though,
    // and no other simulator starts with the same.
    context.randReset(VM_COVERAGE || getenv("PERIMETER_WAVES") ? 0 : 2);
    context.randSeed(static_cast<int>(opts->seed % 0x7fffffff) + 1);
    Vtb top{&context};
#if VM_TRACE
    Wave wave;
    const std::string file = wave_of(opts);
    if (!file.empty()) {
        context.traceEverOn(true);
        top.trace(&wave, 99);
        wave.open((file + ".tmp").c_str());
    }
#endif
    uint64_t time = 0;
    auto half = [&](bool clk) {
        top.clk_i = clk;
        top.eval();
#if VM_TRACE
        if (!file.empty())
            wave.dump(time);
#endif
        context.timeInc(1);
        time++;
    };
    top.rst_ni = 0;
    for (int i = 0; i < ResetClocks; i++) {
        half(false);
        half(true);
    }
    half(false);
#if VM_COVERAGE
    coverage.reset_done(top);
#endif
    top.rst_ni = 1;
    while (!sim.finished) {
        half(true);
        half(false);
        sim.clock++;
        if (sim.clock - sim.last_progress > HangClocks)
            pm_sim_finish(PM_EHANG);
    }
#if VM_COVERAGE
    coverage.run_done(top);
#endif
    top.final();
#if VM_TRACE
    if (!file.empty()) { // whole, or not there
        wave.close();
        rename((file + ".tmp").c_str(), file.c_str());
    }
#endif
    if (clocks)
        *clocks = sim.clock;
    return sim.status;
}
