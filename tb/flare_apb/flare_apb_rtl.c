// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_flare_apb_tb: a processor that runs the driver as a coroutine of the simulation, a bus that
 * carries its transfers, and the arrays. */
#include "flare_apb_rtl.h"

#include "flare_apb_registers.h"
#include "flare_driver.h"
#include "stream.h"

#include <string.h>
#include <ucontext.h>

enum { STACK = 256 * 1024, WORDS = 0x8000 / 4 };

/* A transfer: asked for by the processor, on the pins, done. */
enum phase { IDLE, ASKED, SETUP, ACCESS };

struct run {
    const struct pm_attention_cfg *cfg;
    const struct pm_attention_weights *w;
    const int8_t *x;
    const int32_t *ex;
    const uint8_t *keep;
    unsigned n, prefill, max_tokens;
    int8_t *y;
    int32_t *e;
    const struct pm_attention_trace *trace;
    struct pm_flare_arrays arrays;
    struct pm_stream_in wr;
    bool irq, hostile;
    /* The transfer at hand. */
    enum phase phase;
    bool write, refused;
    uint32_t address, strobes, wdata, rdata;
    /* What each word was written to, if it was. */
    uint32_t word[WORDS];
    bool written[WORDS];
    /* The processor. */
    ucontext_t processor, simulation;
    char *stack;
    bool running;
    struct pm_flare_flags flags;
    uint64_t first, last;
    pm_status status;
};
static _Thread_local struct run *run;

/* A transfer of the processor's, which sleeps until it is done; whether it was refused. */
static bool transfer(bool write, uint32_t address, uint32_t strobes, uint32_t data) {
    run->write = write;
    run->address = address;
    run->strobes = strobes;
    run->wdata = data;
    run->phase = ASKED;
    swapcontext(&run->processor, &run->simulation);
    return run->refused;
}

/* What is refused at any time, or during a run. A result that waits and a token that left are the driver's.
 */
static void attack(bool busy) {
    static const struct {
        bool write, busy;
        uint32_t address, strobes;
    } rogue[] = {
        {true, false, PM_FLARE_APB_ID_AT, 15},
        {true, false, PM_FLARE_APB_STATUS_AT, 15},
        {true, false, PM_FLARE_APB_FLAGS_AT, 15},
        {true, false, PM_FLARE_APB_Y_AT, 15},
        {false, false, PM_FLARE_APB_CONTROL_AT, 0},
        {false, false, PM_FLARE_APB_LUT_AT, 0},
        {false, false, PM_FLARE_APB_X_AT, 0},
        {false, false, PM_FLARE_APB_BIAS_O_AT, 0},
        {false, false, PM_FLARE_APB_TOKENS_AT + 1, 0},
        {true, false, PM_FLARE_APB_KEEP_AT + 2, 15},
        {true, false, PM_FLARE_APB_TOKENS_AT, 7},
        {true, false, PM_FLARE_APB_MODE_AT, 1},
        {true, false, PM_FLARE_APB_X_AT, 14},
        {true, false, 0x003c, 15},
        {false, false, 0x7ffc, 0},
        {false, false, 0x0c00, 0},
        {true, true, PM_FLARE_APB_TOKENS_AT, 15},
        {true, true, PM_FLARE_APB_MODE_AT, 15},
        {true, true, PM_FLARE_APB_SHIFT_AT, 15},
        {true, true, PM_FLARE_APB_E0_AT, 15},
        {true, true, PM_FLARE_APB_KEEP_AT, 15},
        {true, true, PM_FLARE_APB_LUT_AT + 4, 15},
        {true, true, PM_FLARE_APB_BIAS_V_AT, 15},
        {true, true, PM_FLARE_APB_CONTROL_AT, 15},
    };
    const size_t pick = pm_sim_noise() % (sizeof rogue / sizeof *rogue);
    if (busy || !rogue[pick].busy)
        pm_sim_need(
            transfer(rogue[pick].write, rogue[pick].address, rogue[pick].strobes, pm_sim_noise() | 1) &&
            (rogue[pick].write || run->rdata == 0));
}

/* What was written is there, where it can be read. */
static void look(void) {
    const uint32_t heads = run->cfg->heads, keeps = (run->max_tokens + 31) / 32,
                   pick = pm_sim_noise() % (heads + keeps + 4);
    static const uint32_t single[] = {PM_FLARE_APB_TOKENS_AT, PM_FLARE_APB_MODE_AT, PM_FLARE_APB_SHIFT_AT,
                                      PM_FLARE_APB_IRQ_ENABLE_AT};
    const uint32_t address = pick < 4           ? single[pick]
                             : pick < 4 + heads ? PM_FLARE_APB_E0_AT + 4 * (pick - 4)
                                                : PM_FLARE_APB_KEEP_AT + 4 * (pick - 4 - heads);
    const uint32_t bits = pick >= 4 && pick < 4 + heads ? 0xffff : UINT32_MAX;
    if (run->written[address / 4])
        pm_sim_need(!transfer(false, address, 0, pm_sim_noise()) &&
                    run->rdata == (run->word[address / 4] & bits));
}

static pm_status bus_read(void *ctx, uint32_t address, uint32_t *data) {
    (void)ctx;
    const bool refused = transfer(false, address, 0, pm_sim_noise());
    *data = run->rdata;
    return refused ? PM_EDIFFER : PM_OK;
}

static pm_status bus_write(void *ctx, uint32_t address, uint32_t data) {
    (void)ctx;
    if (run->hostile && pm_sim_noise() % 8 == 0)
        attack(address == PM_FLARE_APB_PUSH_AT || address == PM_FLARE_APB_POP_AT);
    if (run->hostile && pm_sim_noise() % 8 == 0)
        look();
    pm_sim_progress();
    return transfer(true, address, 15, data) ? PM_EDIFFER : PM_OK;
}

/* Interrupts: of a run's end, seen, cleared and gone. */
static pm_status end_of_run(void) {
    uint32_t irq;
    pm_status status = bus_read(NULL, PM_FLARE_APB_IRQ_AT, &irq);
    pm_sim_need(run->irq && irq == 1u << PM_FLARE_APB_IRQ_DONE_LSB);
    if (status == PM_OK)
        status = bus_write(NULL, PM_FLARE_APB_IRQ_AT, irq);
    if (status == PM_OK)
        status = bus_read(NULL, PM_FLARE_APB_IRQ_AT, &irq);
    pm_sim_need(!run->irq && irq == 0);
    return status;
}

static pm_status program(void) {
    const struct pm_attention_cfg *c = run->cfg;
    const struct pm_flare_bus bus = {bus_read, bus_write, NULL};
    struct pm_flare_device dev;
    pm_status status = pm_flare_probe(&bus, &dev);
    if (status == PM_OK)
        status = pm_flare_load(&dev, c, run->w);
    if (status == PM_OK)
        status = bus_write(NULL, PM_FLARE_APB_IRQ_ENABLE_AT, 1u << PM_FLARE_APB_IRQ_ENABLE_DONE_LSB);
    run->first = pm_sim_clock();
    for (unsigned at = 0, end = run->prefill; at < run->n && status == PM_OK; at = end++) {
        struct pm_flare_flags flags = {false, false, false};
        status = pm_flare_run(&dev, run->x + (size_t)at * c->width, run->ex + at, run->keep, end - at, at > 0,
                              run->y + (size_t)at * c->width, run->e + at, &flags);
        run->flags.z_zero |= flags.z_zero;
        run->flags.k_sat |= flags.k_sat;
        run->flags.v_sat |= flags.v_sat;
        if (status == PM_OK)
            status = end_of_run();
    }
    return status;
}

static void processor(void) {
    run->status = program();
    run->last = pm_sim_clock();
    run->running = false;
}

void pm_fp_elaborated(int d, int heads, int kvb, int max_tokens, int max_shl) {
    const struct pm_attention_cfg *c = run->cfg;
    bool fits = (unsigned)d == c->width && (unsigned)heads == c->heads && (unsigned)kvb == c->kvb &&
                (unsigned)max_tokens == run->max_tokens;
    for (unsigned t = 0; t < run->n; t++)
        fits = fits && (max_shl == 31 || run->ex[t] >= -max_shl);
    if (!fits)
        pm_sim_finish(PM_EINVAL);
}

/* Bits of words from an address on, as they were written. */
static void hold(const uint32_t *bits, uint32_t address, size_t words, unsigned width) {
    for (size_t i = 0; i < words; i++)
        if (run->written[address / 4 + i])
            pm_sim_need(pm_get_bits(bits, i * width, width) ==
                        (run->word[address / 4 + i] & (width < 32 ? (1u << width) - 1 : UINT32_MAX)));
}

/* The engine takes a token: with it everything that it is configured by. */
void pm_fp_token(const uint32_t *x, const uint32_t *ex, const uint32_t *e0, const uint32_t *keep,
                 const uint32_t *lut, const uint32_t *bias) {
    static const uint32_t biases[] = {PM_FLARE_APB_BIAS_K_AT, PM_FLARE_APB_BIAS_V_AT, PM_FLARE_APB_BIAS_Q_AT,
                                      PM_FLARE_APB_BIAS_O_AT};
    const size_t d = run->cfg->width;
    hold(x, PM_FLARE_APB_X_AT, d / 4, 32);
    hold(ex, PM_FLARE_APB_PUSH_AT, 1, 16);
    hold(e0, PM_FLARE_APB_E0_AT, run->cfg->heads, 16);
    hold(keep, PM_FLARE_APB_KEEP_AT, (run->max_tokens + 31) / 32,
         run->max_tokens < 32 ? run->max_tokens : 32);
    hold(lut, PM_FLARE_APB_LUT_AT, (size_t)run->cfg->heads * 24, 32);
    for (size_t m = 0; m < 4; m++)
        hold(bias + m * d, biases[m], d, 32);
}

/* The processor's own clocks, up to its next transfer. */
static void resume(void) {
    if (run->running)
        swapcontext(&run->simulation, &run->processor);
    if (!run->running)
        pm_sim_finish(run->status);
}

void pm_fp_step(uint8_t pready, const uint32_t *prdata, uint8_t pslverr, uint8_t irq, uint8_t *psel,
                uint8_t *penable, uint8_t *pwrite, uint32_t *paddr, uint32_t *pstrb, uint32_t *pwdata,
                uint8_t wr_valid, uint8_t *wr_ready, const uint32_t *wr_token, const uint32_t *wr_k,
                const uint32_t *wr_v, uint32_t *w_ready, uint32_t *k_ready, uint32_t *v_ready) {
    const size_t kv_bits = (size_t)run->cfg->width * run->cfg->kvb;
    if (pm_stream_take(&run->wr, wr_valid,
                       pm_stream_hash(pm_stream_hash(*wr_token, wr_k, kv_bits), wr_v, kv_bits), run->n)) {
        int16_t row_k[PM_MAX_WIDTH], row_v[PM_MAX_WIDTH];
        const size_t d = run->cfg->width;
        if (*wr_token != run->wr.taken - 1) {
            pm_sim_finish(PM_EDIFFER);
            return;
        }
        pm_flare_arrays_write(&run->arrays, *wr_token, wr_k, wr_v, row_k, row_v);
        if (run->trace && run->trace->k)
            memcpy(run->trace->k + *wr_token * d, row_k, d * sizeof *row_k);
        if (run->trace && run->trace->v)
            memcpy(run->trace->v + *wr_token * d, row_v, d * sizeof *row_v);
    }
    run->irq = irq;
    /* The protocol: no error but in a transfer's last clock. */
    pm_sim_need(!pslverr || run->phase == ACCESS);
    if (run->phase == ACCESS && pready) {
        run->rdata = run->write ? 0 : *prdata;
        run->refused = pslverr;
        if (run->write && !pslverr) {
            run->word[run->address / 4] = run->wdata;
            run->written[run->address / 4] = true;
        }
        run->phase = IDLE;
        resume();
    } else if (run->phase == IDLE) {
        resume();
    } else if (run->phase == SETUP) {
        run->phase = ACCESS;
    }
    if (run->phase == ASKED && !pm_sim_stall())
        run->phase = SETUP;
    *psel = run->phase == SETUP || run->phase == ACCESS;
    *penable = run->phase == ACCESS;
    if (*psel) {
        *pwrite = run->write;
        *paddr = run->address;
        *pstrb = run->strobes;
        *pwdata = run->wdata;
    } else {
        *pwrite = pm_sim_noise() & 1;
        *penable = pm_sim_noise() >> 1 & 1;
        pm_pins_noise(paddr, 15);
        pm_pins_noise(pstrb, 4);
        pm_pins_noise(pwdata, 32);
    }
    *wr_ready = pm_stream_ready(&run->wr, wr_valid);
    pm_flare_arrays_ready(PM_FLARE_MRAM - 1, run->cfg->heads, w_ready, k_ready, v_ready);
}

void pm_fp_read_w(int m, uint8_t access, const uint32_t *wl, const uint32_t *dwl, const uint32_t *side,
                  uint32_t *cmp) {
    pm_flare_arrays_read_w(&run->arrays, m, access, wl, *dwl, *side, cmp);
}

void pm_fp_read_k(int h, uint8_t access, const uint32_t *wl, const uint32_t *dwl, const uint32_t *side,
                  uint32_t *cmp) {
    pm_flare_arrays_read_k(&run->arrays, h, access, wl, *dwl, *side, cmp);
}

void pm_fp_read_v(int h, uint8_t access, const uint32_t *wl, const uint32_t *dwl, const uint32_t *side,
                  uint32_t *cmp) {
    pm_flare_arrays_read_v(&run->arrays, h, access, wl, *dwl, *side, cmp);
}

static pm_status simulate(struct run *r, const struct pm_sim_opts *opts) {
    r->stack = malloc(STACK);
    if (!r->stack || getcontext(&r->processor))
        return PM_ENOMEM;
    r->processor.uc_stack.ss_sp = r->stack;
    r->processor.uc_stack.ss_size = STACK;
    r->processor.uc_link = &r->simulation;
    makecontext(&r->processor, processor, 0);
    r->running = true;
    run = r;
    const pm_status status = pm_sim_run(opts, NULL);
    run = NULL;
    return status;
}

pm_status pm_flare_apb_rtl(const struct pm_sim_opts *opts, const struct pm_attention_cfg *cfg,
                           const struct pm_attention_weights *w, unsigned max_tokens, uint32_t array_id,
                           const int8_t *x, const int32_t *ex, const uint8_t *keep, unsigned n,
                           unsigned prefill, uint32_t first_vector, int8_t *y, int32_t *e,
                           const struct pm_attention_trace *trace, struct pm_attention_rtl_result *result) {
    if (cfg->norm != PM_NORM_RECIP)
        return PM_EMODE;
    if (pm_attention_check(cfg) != PM_OK || n < 1 || n > max_tokens || prefill < 1 || prefill > n)
        return PM_EINVAL;
    struct run r = {.cfg = cfg,
                    .w = w,
                    .x = x,
                    .ex = ex,
                    .keep = keep,
                    .n = n,
                    .prefill = prefill,
                    .max_tokens = max_tokens,
                    .y = y,
                    .e = e,
                    .trace = trace,
                    .hostile = opts->seed != 0,
                    .wr = {.items = n}};
    *result = (struct pm_attention_rtl_result){0};
    pm_status status = pm_flare_arrays_begin(&r.arrays, cfg, w, max_tokens, array_id, first_vector);
    if (status == PM_OK)
        status = simulate(&r, opts);
    result->tokens_in = 2 * n;
    result->tokens_out = n;
    result->z_zero = r.flags.z_zero;
    result->k_sat = r.flags.k_sat;
    result->v_sat = r.flags.v_sat;
    result->clocks = r.last - r.first;
    memcpy(result->accesses, r.arrays.accesses, sizeof result->accesses);
    pm_flare_arrays_end(&r.arrays);
    free(r.stack);
    return status;
}
