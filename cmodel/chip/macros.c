// SPDX-License-Identifier: Apache-2.0
/* Khwa's engines, the 6T-MRAM macro and crossbars: what their golden functions count, of shapes alone. */
#include "chip/chip.h"

#include "nmc.h"
#include "pva_gemv.h"
#include "wake.h"
#include "xbar.h"

#include <stdlib.h>

static double ceiling(int64_t a, int64_t b) {
    return (double)((a + b - 1) / b);
}

/* The clock of these, 200 MHz: what their blocks are mapped for. */
static struct pm_figure clock_ns(const struct pm_chip_config *c) {
    return pm_figure(c->sar_clock_ns, PM_CHIP_MEASURED);
}

/* A layer's clocks, arrays of a matrix side by side, matrices of a stage too, vectors one after the other. */
static void add_time(struct pm_chip_part *part, struct pm_figure clocks, struct pm_figure ns) {
    const struct pm_figure t = pm_figure_times(clocks, ns);
    part->interval_ns = pm_figure_plus(part->interval_ns, t);
    part->latency_ns = part->interval_ns;
}

/* ---- Khwa ---- */

static pm_status put_wake(const struct pm_chip_job *job, const int64_t *bits, const int64_t *clocks, size_t n,
                          struct pm_chip_part *part, struct pm_error *e) {
    const struct pm_wake_cfg cfg = {.pwr = 1000, .bus = job->config->bus, .cap = 0};
    int64_t *end = calloc(n + 1, sizeof *end);
    pm_status status = end ? PM_OK : pm_fail(e, PM_ENOMEM, "chip", "out of memory");
    if (status == PM_OK && pm_wake(&cfg, bits, clocks, n, end, NULL) != PM_OK)
        status =
            pm_fail(e, PM_ERANGE, "khwa", "clocks from wake-up beyond 64 bits, or a bus of no power of two");
    if (status == PM_OK) {
        pm_chip_put(part, "wake_clocks", (double)end[n - 1], "clocks", PM_CHIP_ASSUMED);
        pm_chip_put(part, "wake_us", (double)end[n - 1] * clock_ns(job->config).value / 1e3, "us",
                    PM_CHIP_ASSUMED);
    }
    free(end);
    return status;
}

pm_status pm_chip_khwa(const struct pm_chip_job *job, struct pm_chip_part *part, struct pm_chip_bill *bill,
                       struct pm_error *e) {
    const struct pm_chip_config *c = job->config;
    const struct pm_chip_shape *s = job->shape;
    const struct pm_pva_cfg cfg = pm_pva_default((unsigned)c->xbits, (unsigned)c->wbits);
    int64_t *bits = calloc(2 * (size_t)s->matrices, sizeof *bits), *clocks = bits + s->matrices;
    double accesses = 0, conversions = 0, planes = 0, cells = 0, units = 0;
    size_t n = 0;
    pm_status status = bits ? PM_OK : pm_fail(e, PM_ENOMEM, "chip", "out of memory");
    for (unsigned k = 0; k < s->matrices && status == PM_OK; k++) {
        const struct pm_chip_matrix *m = &s->matrix[k];
        if (job->system[k] != PM_CHIP_KHWA)
            continue;
        if (m->rows > 65536) {
            status = pm_fail(e, PM_ERANGE, m->name, "khwa has at most 65536 rows, this has %lld",
                             (long long)m->rows);
            break;
        }
        const double vectors = (double)m->vectors, cols = (double)(m->cols * m->groups);
        const struct pm_chip_counted *run =
            c->sram ? NULL : pm_chip_counted(job->measured, m->name, "memristor");
        const double a = c->sram ? 0
                         : run && run->accesses >= 0
                             ? run->accesses
                             : vectors * (double)pm_pva_accesses(&cfg, (unsigned)m->rows, false),
                     p = c->sram ? vectors * (double)c->xbits : 0;
        const double conv = run && run->conversions >= 0 ? run->conversions : 2 * a * cols;
        accesses += a;
        planes += p;
        conversions += conv;
        units += a * cols + p * ceiling(m->rows, 2) * cols;
        cells +=
            (double)m->rows * cols * (c->sram ? (double)c->wbits : 2 * pm_pva_digits((unsigned)c->wbits));
        bits[n] = c->sram ? m->rows * m->cols * m->groups * c->wbits : 0;
        clocks[n] = (int64_t)((a + p) * (double)s->items);
        n++;
        add_time(part, pm_figure(a + p, s->kind), clock_ns(c));
        const struct pm_chip_action actions[] = {
            {m->layer, "access", a * (double)m->groups, 0, NAN, s->kind},
            {m->layer, "conversion", conv, 0, NAN, s->kind},
            {m->layer, "plane", p * cols * ceiling(m->rows, 2), 0, NAN, s->kind}};
        for (int i = 0; i < 3 && status == PM_OK; i++)
            if (actions[i].count > 0)
                status = pm_chip_act(bill, job, PM_CHIP_KHWA, &actions[i], NULL, 1, e);
    }
    part->area_mm2 = status == PM_OK ? pm_chip_area(job->table[PM_CHIP_KHWA], "") : part->area_mm2;
    pm_chip_put(part, "khwa_accesses", accesses, "accesses", s->kind);
    pm_chip_put(part, "khwa_conversions", conversions, "conversions", s->kind);
    pm_chip_put(part, "khwa_planes", planes, "planes", s->kind);
    pm_chip_put(part, "khwa_units", units, "units", PM_CHIP_ASSUMED);
    pm_chip_put(part, "khwa_cells", cells, "cells", s->kind);
    if (status == PM_OK)
        status = put_wake(job, bits, clocks, n, part, e);
    free(bits);
    return status;
}

/* ---- the 6T-MRAM macro ---- */

pm_status pm_chip_nmc(const struct pm_chip_job *job, struct pm_chip_part *part, struct pm_chip_bill *bill,
                      struct pm_error *e) {
    const struct pm_chip_shape *s = job->shape;
    double operations = 0, accesses = 0, reads = 0, macros = 0, toggles = 0;
    bool seen = job->measured != NULL;
    for (unsigned k = 0; k < s->matrices; k++) {
        const struct pm_chip_matrix *m = &s->matrix[k];
        if (job->system[k] != PM_CHIP_NMC)
            continue;
        const double tiles = ceiling(m->rows, PM_NMC_COLS), at = tiles * (double)(m->cols * m->groups),
                     ops = at * (double)m->vectors;
        const struct pm_chip_counted *run =
            job->measured ? pm_chip_counted(job->measured, m->name, "mac") : NULL;
        const double a = run && run->accesses >= 0 ? run->accesses : ops * PM_NMC_ACCESSES,
                     r = run && run->reads >= 0 ? run->reads : ops * PM_NMC_ROWS;
        const enum pm_chip_kind kind = run ? PM_CHIP_MEASURED : s->kind;
        operations += ops;
        accesses += a;
        reads += r;
        macros += at;
        seen = seen && run && !isnan(run->toggles);
        toggles += seen ? run->toggles : 0;
        const double clocks = run && run->clocks >= 0 ? run->clocks : (double)m->vectors * PM_NMC_ACCESSES;
        add_time(part, pm_figure(clocks, kind), clock_ns(job->config));
        const double columns = m->rows < PM_NMC_COLS ? (double)m->rows : PM_NMC_COLS;
        const struct pm_chip_action actions[] = {{m->layer, "access", a, 0, columns, kind},
                                                 {m->layer, "row_read", r, 0, columns, kind}};
        for (int i = 0; i < 2; i++) {
            const pm_status status = pm_chip_act(bill, job, PM_CHIP_NMC, &actions[i], NULL, 1, e);
            if (status != PM_OK)
                return status;
        }
    }
    const enum pm_chip_kind kind = job->measured ? PM_CHIP_MEASURED : s->kind;
    part->area_mm2 = pm_figure_scaled(pm_chip_area(job->table[PM_CHIP_NMC], ""), macros);
    pm_chip_put(part, "nmc_operations", operations, "operations", s->kind);
    pm_chip_put(part, "nmc_accesses", accesses, "accesses", kind);
    pm_chip_put(part, "nmc_reads", reads, "reads", kind);
    pm_chip_put(part, "nmc_macros", macros, "macros", s->kind);
    pm_chip_put(part, "nmc_toggles", seen ? toggles : NAN, "toggles", kind);
    return PM_OK;
}

/* ---- crossbars ---- */

pm_status pm_chip_xbar(const struct pm_chip_job *job, struct pm_chip_part *part, struct pm_chip_bill *bill,
                       struct pm_error *e) {
    const struct pm_chip_config *c = job->config;
    const struct pm_chip_shape *s = job->shape;
    const struct pm_xbar_chip chip = {.cell = (unsigned)c->cell,
                                      .rows = c->rows,
                                      .cols = c->cols,
                                      .write = c->write_tenths,
                                      .mvm = c->mvm_tenths,
                                      .map = PM_XBAR_DC};
    double writes = 0, mvms = 0, inference = 0;
    for (unsigned k = 0; k < s->matrices; k++) {
        const struct pm_chip_matrix *m = &s->matrix[k];
        const struct pm_xbar_layer l = {m->rows, m->cols, m->vectors * s->items, m->groups};
        int64_t t, tiles;
        if (job->system[k] != PM_CHIP_XBAR)
            continue;
        pm_status status = pm_xbar_cost(&chip, &l, (unsigned)c->wbits, (unsigned)c->xbits, &t, &tiles);
        if (status != PM_OK)
            return pm_fail(e, status, m->name, "time on crossbars beyond 64 bits");
        const double planes = (double)tiles * (double)c->xbits * (double)m->vectors;
        inference += (double)t;
        writes += (double)tiles;
        mvms += planes * (double)s->items;
        add_time(part, pm_figure((double)t * 100 / (double)s->items, pm_worst(s->kind, PM_CHIP_SOURCE)),
                 pm_figure(1, PM_CHIP_SOURCE));
        const struct pm_chip_action actions[] = {
            {m->layer, "write", (double)tiles / (double)s->items, (double)c->write_tenths * 100, NAN,
             s->kind},
            {m->layer, "mvm", planes, (double)c->mvm_tenths * 100, NAN, s->kind}};
        for (int i = 0; i < 2 && status == PM_OK; i++)
            status = pm_chip_act(bill, job, PM_CHIP_XBAR, &actions[i], NULL, 1, e);
        if (status != PM_OK)
            return status;
    }
    part->area_mm2 = pm_chip_area(job->table[PM_CHIP_XBAR], "");
    pm_chip_put(part, "xbar_writes", writes, "tiles/inference", s->kind);
    pm_chip_put(part, "xbar_mvms", mvms, "mvms/inference", s->kind);
    pm_chip_put(part, "xbar_inference_us", inference / 10, "us", pm_worst(s->kind, PM_CHIP_SOURCE));
    return PM_OK;
}
