// Clocks a verilated bench (class Vtb, ports clk_i and rst_ni); the C interface is pm_sim.h.
#include "pm_sim.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "Vtb.h"
#include "verilated.h"
#if VM_COVERAGE
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

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
// The points of all runs of this model, added up; written when the model is unloaded:
// $PM_COVERAGE-<process>-<time>.dat. Each run has a context of its own, whose points go with it.
namespace {
struct Coverage {
    std::map<std::string, uint64_t> points;
    std::string stem = std::string(getenv("PM_COVERAGE") ? getenv("PM_COVERAGE") : "coverage") + "-" +
                       std::to_string(getpid()) + "-" + std::to_string(time(nullptr)) + "-" +
                       std::to_string(reinterpret_cast<uintptr_t>(this));
    void add(VerilatedContext &context) {
        context.coveragep()->write((stem + ".tmp").c_str());
        std::ifstream run(stem + ".tmp");
        for (std::string line; std::getline(run, line);) {
            const size_t space = line.rfind(' ');
            if (line[0] == 'C')
                points[line.substr(0, space)] += std::stoull(line.substr(space));
        }
    }
    ~Coverage() {
        std::ofstream all(stem + ".tmp");
        all << "# SystemC::Coverage-3\n";
        for (const auto &p : points)
            all << p.first << ' ' << p.second << '\n';
        all.close();
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

extern "C" bool pm_sim_stall(void) {
    if (!sim.stalls)
        return false;
    uint64_t r = next_random();
    if (r >> 57 == 0)
        sim.pattern = r & 3;
    static const unsigned stalled_of_8[4] = {0, 1, 4, 7};
    return (r >> 40 & 7) < stalled_of_8[sim.pattern];
}

// Which mutant a mutated design is (scripts/mutate.sh); 0: none.
extern "C" int pm_mutant(void) {
    const char *m = getenv("PM_MUTANT");
    return m ? atoi(m) : 0;
}

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
    // Registers that nothing resets start with random values: a result must not depend on them.
    context.randReset(2);
    context.randSeed(static_cast<int>(opts->seed % 0x7fffffff) + 1);
    Vtb top{&context};
#if VM_TRACE
    Wave wave;
    if (opts->wave) {
        context.traceEverOn(true);
        top.trace(&wave, 99);
        wave.open((std::string(opts->wave) + ".tmp").c_str());
    }
#endif
    uint64_t time = 0;
    auto half = [&](bool clk) {
        top.clk_i = clk;
        top.eval();
#if VM_TRACE
        if (opts->wave)
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
    top.rst_ni = 1;
    while (!sim.finished) {
        half(true);
        half(false);
        sim.clock++;
        if (sim.clock - sim.last_progress > HangClocks)
            pm_sim_finish(PM_EHANG);
    }
    top.final();
#if VM_TRACE
    if (opts->wave) { // whole, or not there
        wave.close();
        rename((std::string(opts->wave) + ".tmp").c_str(), opts->wave);
    }
#endif
#if VM_COVERAGE
    coverage.add(context);
#endif
    if (clocks)
        *clocks = sim.clock;
    return sim.status;
}
