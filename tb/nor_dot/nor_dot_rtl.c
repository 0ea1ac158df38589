// SPDX-License-Identifier: Apache-2.0
#include "nor_dot_rtl.h"

#include "stream.h"

#include <stdlib.h>
#include <string.h>

enum { FETCH = 1, WRITE_A = 2, WRITE_B = 4, PRESET = 8, NOR = 16, READ = 32 };

/* Where a job is: rounds, and steps of a round, counted up. */
struct cursor {
    size_t job;
    unsigned round, step;
};

static _Thread_local struct {
    struct pm_nor_dot_cfg cfg;
    const struct pm_nor_dot_job *job;
    size_t jobs, stored;
    unsigned units, arrays, lanes, lane_words, m8, aw, work;
    uint8_t *storage;                 /* [arrays][rows][cols / 8] */
    uint8_t *latch;                   /* [arrays][cols / 8] */
    uint32_t *cell;                   /* [arrays][rows][a, b, result][lane_words] */
    struct cursor strobe, x_at, y_at; /* of the strobe that is due, of the stream's items */
    unsigned due, row;                /* the strobe, and the row to multiply in */
    size_t rounds_read;
    uint64_t first, last;
    struct pm_nor_dot_cost cost;
    struct pm_stream_out jobs_in, x;
    struct pm_stream_in y;
} run;

static bool is_wide(size_t job) {
    return run.job[job].kind == PM_NOR_DOT_VALUES;
}
static struct pm_nor_dot_plan plan_of(size_t job) {
    return pm_nor_dot_plan(&run.cfg, run.job[job].kind, run.job[job].n);
}
static unsigned items_of(size_t job) {
    return is_wide(job) ? run.cfg.dim : (unsigned)run.job[job].n;
}
static unsigned terms_of(size_t job) {
    return is_wide(job) ? (unsigned)run.job[job].n : run.cfg.dim;
}
/* Units at work in a round. */
static unsigned units_of(size_t job, unsigned round) {
    const unsigned left = items_of(job) - round * run.units;
    return left < run.units ? left : run.units;
}

/* The rows of storage: of each kind of job the first one, and those of a round, which are all that the stored
 * tokens take. */
static unsigned stride_of(size_t job) {
    return pm_nor_dot_plan(&run.cfg, run.job[job].kind, run.stored).fetches;
}
static unsigned first_row(size_t job) {
    const struct pm_nor_dot_plan k = pm_nor_dot_plan(&run.cfg, PM_NOR_DOT_SCORES, run.stored);
    return is_wide(job) ? k.rounds * k.fetches : 0;
}

static void advance(struct cursor *c, bool whole_rounds) {
    const struct pm_nor_dot_plan p = plan_of(c->job);
    if (!whole_rounds && ++c->step < p.steps)
        return;
    c->step = 0;
    if (++c->round < p.rounds)
        return;
    c->round = 0;
    c->job++;
}

static uint8_t *storage_row(unsigned array, unsigned row) {
    return run.storage + ((size_t)array * PM_NOR_DOT_ROWS + row) * (run.cfg.cols / 8);
}
static uint32_t *cells(unsigned array, unsigned row, unsigned which) {
    return run.cell + (((size_t)array * PM_NOR_DOT_ROWS + row) * 3 + which) * run.lane_words;
}

/* Stores the terms of an item, b[terms] `stride` elements apart, where a job looks for them. */
static void store(enum pm_nor_dot_kind kind, unsigned first, unsigned item, unsigned head, const int8_t *b,
                  size_t stride, unsigned terms) {
    const struct pm_nor_dot_plan p = pm_nor_dot_plan(&run.cfg, kind, run.stored);
    for (unsigned t = 0; t < terms; t++) {
        const unsigned step = t / p.mults;
        uint8_t *row = storage_row(item % run.units * run.cfg.heads + head,
                                   first + item / run.units * p.fetches + step / p.words);
        row[step % p.words * p.mults + t % p.mults] = (uint8_t)b[t * stride];
    }
}

static void store_all(const int8_t *k, const int8_t *v) {
    const struct pm_nor_dot_cfg *c = &run.cfg;
    const struct pm_nor_dot_plan p = pm_nor_dot_plan(c, PM_NOR_DOT_SCORES, run.stored);
    const size_t token = (size_t)c->kv_heads * c->dim;
    for (unsigned h = 0; h < c->heads; h++) {
        const size_t at = (size_t)(h / (c->heads / c->kv_heads)) * c->dim;
        for (unsigned j = 0; j < run.stored && k != NULL; j++)
            store(PM_NOR_DOT_SCORES, 0, j, h, k + j * token + at, 1, c->dim);
        for (unsigned i = 0; i < c->dim && v != NULL; i++)
            store(PM_NOR_DOT_VALUES, p.rounds * p.fetches, i, h, v + at + i, token, (unsigned)run.stored);
    }
}

/* One clock of the arrays at work. A NOR can only switch a preset result from 1 to 0 (MAGIC). */
static void operate(unsigned array, unsigned strobes, unsigned row, const uint32_t *data) {
    uint32_t *a = cells(array, row, 0), *b = cells(array, row, 1), *result = cells(array, row, 2);
    if (strobes == FETCH)
        memcpy(run.latch + (size_t)array * (run.cfg.cols / 8), storage_row(array, row), run.cfg.cols / 8);
    for (unsigned k = 0; k < run.lane_words; k++) {
        const unsigned width = run.lanes - 32 * k < 32 ? run.lanes - 32 * k : 32;
        if (strobes == WRITE_A)
            a[k] = pm_get_bits(data, (size_t)array * run.lanes + 32 * k, width);
        else if (strobes == WRITE_B)
            b[k] = pm_get_bits(data, (size_t)array * run.lanes + 32 * k, width);
        else if (strobes == PRESET)
            result[k] = UINT32_MAX;
        else if (strobes == NOR)
            result[k] &= ~(a[k] | b[k]);
    }
}

/* Whether this is the strobe that is due, of the arrays and in the row that it is due for. */
static void see_strobe(unsigned strobes, unsigned row, unsigned word, const uint32_t *active) {
    if (run.strobe.job >= run.jobs) {
        pm_sim_need(strobes == 0);
        return;
    }
    const struct pm_nor_dot_plan p = plan_of(run.strobe.job);
    const bool last_step = run.strobe.step == p.steps - 1;
    if (strobes == 0) { /* for a job, operands, or a result that waits */
        pm_sim_need(run.due == WRITE_A || (run.due == READ && last_step) ||
                    (run.due == FETCH && run.strobe.step == 0 && run.strobe.round == 0));
        return;
    }
    pm_sim_need(strobes == run.due);
    for (unsigned u = 0; u < run.units; u++)
        pm_sim_need(pm_get_bits(active, u, 1) == (u < units_of(run.strobe.job, run.strobe.round)));
    pm_sim_need(row == (strobes == FETCH
                            ? first_row(run.strobe.job) + run.strobe.round * stride_of(run.strobe.job) +
                                  run.strobe.step / p.words
                            : run.row));
    pm_sim_need(strobes != WRITE_B || word == run.strobe.step % p.words);
    run.first = run.first ? run.first : pm_sim_clock() + 1;
    run.last = pm_sim_clock() + 1;
    run.due = strobes << 1;
    if (strobes != READ)
        return;
    run.row = run.row == PM_NOR_DOT_ROWS - 1 ? run.work : run.row + 1;
    run.rounds_read += last_step;
    advance(&run.strobe, false);
    const bool again = run.strobe.job < run.jobs && run.strobe.step % plan_of(run.strobe.job).words != 0;
    run.due = again ? WRITE_A : FETCH;
}

static void count(unsigned strobes, unsigned arrays, bool wide) {
    const struct pm_nor_layout l = pm_nor_layout(run.cfg.cols, wide ? PM_NOR_DOT_WEIGHT_BITS : 8, 8);
    run.cost.fetches += strobes == FETCH ? arrays : 0;
    run.cost.nors += strobes == NOR ? arrays : 0;
    if (strobes & (WRITE_A | WRITE_B | PRESET | NOR))
        run.cost.writes += (uint64_t)arrays * l.mults * l.products;
}

void pm_nor_dot_array(int strobes, int row, int word, const uint32_t *active, const uint32_t *data,
                      uint32_t *b, uint32_t *result) {
    pm_pins_noise(b, (size_t)run.arrays * 8 * run.m8);
    pm_pins_noise(result, (size_t)run.arrays * run.lanes);
    const size_t job = run.strobe.job < run.jobs ? run.strobe.job : run.jobs - 1;
    const unsigned round = run.strobe.round, bytes = is_wide(job) ? plan_of(job).mults : run.m8;
    see_strobe((unsigned)strobes, (unsigned)row, (unsigned)word, active);
    if (strobes == 0)
        return;
    count((unsigned)strobes, units_of(job, round) * run.cfg.heads, is_wide(job));
    for (unsigned k = 0; k < units_of(job, round) * run.cfg.heads; k++) {
        operate(k, (unsigned)strobes, (unsigned)row & (PM_NOR_DOT_ROWS - 1), data);
        const uint8_t *latch = run.latch + (size_t)k * (run.cfg.cols / 8) + (unsigned)word * bytes;
        for (unsigned m = 0; m < bytes && strobes == WRITE_A; m++) /* written in the next clock */
            pm_set_bits(b, ((size_t)k * run.m8 + m) * 8, 8, latch[m]);
        for (unsigned i = 0; i < run.lane_words && strobes == READ; i++)
            pm_set_bits(result, (size_t)k * run.lanes + 32 * i,
                        run.lanes - 32 * i < 32 ? run.lanes - 32 * i : 32, cells(k, (unsigned)row, 2)[i]);
    }
}

static void put_x(uint32_t *x) {
    const struct cursor *c = &run.x_at;
    const struct pm_nor_dot_job *job = &run.job[c->job];
    const unsigned mults = plan_of(c->job).mults, width = is_wide(c->job) ? PM_NOR_DOT_WEIGHT_BITS : 8;
    for (size_t i = 0; i < (run.cfg.heads * run.aw + 31) / 32; i++)
        x[i] = (uint32_t)pm_pins_padding(run.x.taken * 64 + i);
    for (unsigned h = 0; h < run.cfg.heads; h++)
        for (unsigned m = 0; m < mults && c->step * mults + m < terms_of(c->job); m++) {
            const size_t at = (size_t)h * terms_of(c->job) + c->step * mults + m;
            pm_set_bits(x, h * run.aw + m * width, width, is_wide(c->job) ? job->a[at] : (uint8_t)job->q[at]);
        }
}

static void collect(const uint32_t *y, unsigned acc_w, bool last) {
    const size_t job = run.y_at.job;
    const unsigned first = run.y_at.round * run.units;
    for (unsigned u = 0; u < units_of(job, run.y_at.round); u++)
        for (unsigned h = 0; h < run.cfg.heads; h++) {
            const int64_t sum = pm_get_signed(y, (size_t)(u * run.cfg.heads + h) * acc_w, acc_w);
            if (is_wide(job)) {
                run.job[job].y[(size_t)h * run.cfg.dim + first + u] = sum;
            } else {
                pm_sim_need(sum == (int32_t)sum);
                run.job[job].s[h * run.job[job].n + first + u] = (int32_t)sum;
            }
        }
    advance(&run.y_at, true);
    pm_sim_need(last == (run.y_at.job != job));
}

void pm_nor_dot_step(int acc_w, unsigned char job_ready, unsigned char x_ready, unsigned char y_valid,
                     const uint32_t *y, unsigned char y_last, unsigned char *job_valid, unsigned char *wide,
                     int *rounds, int *units, int *terms, int *row, int *stride, int *work,
                     unsigned char *x_valid, uint32_t *x, unsigned char *y_ready) {
    const size_t y_bits = (size_t)run.arrays * (unsigned)acc_w;
    pm_stream_fired(&run.jobs_in, job_ready);
    if (pm_stream_fired(&run.x, x_ready))
        advance(&run.x_at, false);
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(y_last, y, y_bits), run.rounds_read))
        collect(y, (unsigned)acc_w, y_last);
    pm_stream_end(&run.y, 0);
    *job_valid = pm_stream_offer(&run.jobs_in);
    const size_t job = run.jobs_in.taken;
    *wide = *job_valid ? is_wide(job) : pm_sim_noise() & 1;
    *rounds = *job_valid ? (int)plan_of(job).rounds - 1 : (int)pm_sim_noise();
    *units = *job_valid ? (int)units_of(job, plan_of(job).rounds - 1) : (int)pm_sim_noise();
    *terms = *job_valid ? (int)terms_of(job) : (int)pm_sim_noise();
    *row = *job_valid ? (int)first_row(job) : (int)pm_sim_noise();
    *stride = *job_valid ? (int)stride_of(job) : (int)pm_sim_noise();
    *work = (int)run.work;
    *x_valid = pm_stream_offer(&run.x);
    if (*x_valid)
        put_x(x);
    else
        pm_pins_noise(x, (size_t)run.cfg.heads * run.aw);
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

static pm_status begin(const struct pm_nor_dot_cfg *cfg, const int8_t *k, const int8_t *v, size_t stored,
                       const struct pm_nor_dot_job *job, size_t jobs) {
    memset(&run, 0, sizeof run);
    run.cfg = *cfg;
    run.job = job;
    run.jobs = jobs;
    run.stored = stored;
    run.units = cfg->arrays / cfg->heads;
    run.arrays = run.units * cfg->heads;
    run.lanes = cfg->cols / PM_NOR_COLUMNS;
    run.lane_words = (run.lanes + 31) / 32;
    run.m8 = pm_nor_layout(cfg->cols, 8, 8).mults;
    const unsigned m12 = pm_nor_layout(cfg->cols, PM_NOR_DOT_WEIGHT_BITS, 8).mults;
    run.aw = 8 * run.m8 > 12 * m12 ? 8 * run.m8 : 12 * m12;
    run.work = run.row = pm_nor_dot_rows(cfg, stored);
    run.due = FETCH;
    const size_t rows = (size_t)run.arrays * PM_NOR_DOT_ROWS;
    run.storage = calloc(rows, cfg->cols / 8);
    run.latch = calloc(run.arrays, cfg->cols / 8);
    run.cell = calloc(rows * 3, run.lane_words * sizeof *run.cell);
    if (!run.storage || !run.latch || !run.cell)
        return PM_ENOMEM;
    store_all(k, v);
    run.jobs_in.items = jobs;
    for (size_t i = 0; i < jobs; i++) {
        run.x.items += plan_of(i).rounds * plan_of(i).steps;
        run.y.items += plan_of(i).rounds;
        run.cost.products += (uint64_t)items_of(i) * cfg->heads * terms_of(i);
    }
    return PM_OK;
}

pm_status pm_nor_dot_rtl(const struct pm_sim_opts *opts, const struct pm_nor_dot_cfg *cfg, const int8_t *k,
                         const int8_t *v, size_t stored, const struct pm_nor_dot_job *job, size_t jobs,
                         struct pm_nor_dot_cost *cost) {
    pm_status status = pm_nor_dot_check(cfg, stored);
    for (size_t i = 0; i < jobs && status == PM_OK; i++)
        if (job[i].n < 1 || job[i].n > stored)
            status = PM_ERANGE;
    if (status != PM_OK || jobs == 0)
        return status;
    status = begin(cfg, k, v, stored, job, jobs);
    if (status == PM_OK)
        status = pm_sim_run(opts, NULL);
    if (cost != NULL && status == PM_OK) {
        cost->products += run.cost.products;
        cost->nors += run.cost.nors;
        cost->fetches += run.cost.fetches;
        cost->writes += run.cost.writes;
        cost->clocks += run.last - run.first + 1;
    }
    free(run.storage);
    free(run.latch);
    free(run.cell);
    return status;
}
