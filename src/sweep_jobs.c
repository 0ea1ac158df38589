// SPDX-License-Identifier: Apache-2.0
#include "sweep_jobs.h"

#include "analog/array.h"
#include "analog/random.h"
#include "bitsift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- network: perimeter run in golden C ---- */

static bool network_draws(const struct pm_run_job *job, const struct pm_sweep_point *p) {
    return pm_plan_draws(&p->plan, job->network.graph);
}

static pm_status network_check(struct pm_run_job *job, const struct pm_sweep_point *p, bool drawn) {
    const struct pm_plan *plan = &p->plan;
    if (pm_settings_int(p->settings, "engine") != PM_ENGINE_GOLDEN ||
        pm_settings_int(p->settings, "ablation-images") != 0)
        return pm_fail(&job->error, PM_EINVAL, "engine, ablation-images",
                       "a sweep runs the golden engine alone");
    job->settings = p->settings;
    const pm_status status = pm_run_check(job, &plan, 1, drawn);
    job->settings = NULL;
    return status;
}

static pm_status network_run(struct pm_run_job *job, const struct pm_sweep_point *p, struct pm_results *r) {
    struct pm_run_outcome o;
    const struct pm_run_pass pass = {.what = "sweep",
                                     .plan = &p->plan,
                                     .images = (unsigned)pm_settings_int(p->settings, "images"),
                                     .as_float = true};
    job->settings = p->settings;
    const pm_status status = pm_run_images(job, &pass, &o);
    if (status == PM_OK)
        pm_run_add_sweep(job, &o, r);
    job->settings = NULL;
    pm_run_outcome_free(&o);
    return status;
}

/* ---- conversion: errors of one column's converter ---- */

static const struct pm_setting conversion_settings[] = {
    {PM_SET_INTEGER("lines", 1, 64, "8"), .help = "active wordlines, K"},
    {PM_SET_INTEGER("ones", 0, 64, "0"), .help = "active cells that store 1; 0: all"},
    {PM_SET_NUMBER("tmr", 0.01, 1e6, "1.5"), .help = "MRAM: tunnel magnetoresistance"},
    {PM_SET_NUMBER("sigma-r", 0, 0.15, "0.017"), .help = "MRAM: deviation of a cell's resistance"},
    {PM_SET_NUMBER("read-noise", 0, 16, "0"), .help = "deviation of a cell's read noise, LSB"},
    {PM_SET_NUMBER("sense-offset", 0, 16, "0"), .help = "deviation of a comparator's offset, LSB"},
    {PM_SET_INTEGER("samples", 1, 1e9, "100000"), .help = "conversions"},
    {PM_SET_INTEGER("seed", 0, 4294967295.0, "1"), .when = "sigma-r>0 or read-noise>0 or sense-offset>0",
     .help = "of the arrays' random numbers"},
    {0},
};
static const struct pm_setting_list conversion_list = {NULL, conversion_settings};
PM_SETTING_LIST(conversion_list);

static struct pm_array_cfg conversion_cfg(const struct pm_sweep_point *p) {
    struct pm_array_cfg c = pm_array_mram(true, (uint64_t)pm_settings_int(p->settings, "seed"));
    c.tmr = pm_settings_real(p->settings, "tmr");
    c.sigma_r = pm_settings_real(p->settings, "sigma-r");
    c.read_noise = pm_settings_real(p->settings, "read-noise");
    c.sense_offset = pm_settings_real(p->settings, "sense-offset");
    return c;
}

static bool conversion_draws(const struct pm_run_job *job, const struct pm_sweep_point *p) {
    (void)job;
    return pm_settings_meet(p->settings, "sigma-r>0 or read-noise>0 or sense-offset>0");
}

static pm_status conversion_check(struct pm_run_job *job, const struct pm_sweep_point *p, bool drawn) {
    (void)drawn;
    const struct pm_array_cfg c = conversion_cfg(p);
    if (pm_settings_int(p->settings, "ones") > pm_settings_int(p->settings, "lines"))
        return pm_fail(&job->error, PM_EINVAL, "ones", "more than lines");
    return pm_array_check(&c) == PM_OK
               ? pm_settings_check(p->settings, false, &job->error)
               : pm_fail(&job->error, PM_ERANGE, "tmr, sigma-r", "beyond what a cell's draw holds");
}

/* Fresh cells for every conversion: arrays of few rows and many columns, one read each. */
static pm_status conversion_run(struct pm_run_job *job, const struct pm_sweep_point *p,
                                struct pm_results *r) {
    enum { COLS = 4096 };
    const struct pm_array_cfg cfg = conversion_cfg(p);
    const unsigned lines = (unsigned)pm_settings_int(p->settings, "lines"),
                   given = (unsigned)pm_settings_int(p->settings, "ones");
    const unsigned ones = given > 0 ? given : lines;
    const uint64_t samples = (uint64_t)pm_settings_int(p->settings, "samples"),
                   mask = UINT64_MAX >> (64 - lines);
    int32_t value[COLS];
    uint64_t errors = 0;
    for (uint64_t done = 0; done < samples; done += COLS) {
        struct pm_array *a = pm_array_new(&cfg, (uint32_t)(done / COLS), lines, COLS);
        if (a == NULL)
            return pm_fail(&job->error, PM_ENOMEM, "conversion", "out of memory");
        const unsigned used = samples - done < COLS ? (unsigned)(samples - done) : COLS;
        for (unsigned r = 0; r < ones; r++)
            for (unsigned c = 0; c < used; c++)
                pm_array_write(a, r, c, true);
        pm_array_read(a, &mask, 0, (struct pm_read_id){0}, value);
        for (unsigned c = 0; c < used; c++)
            errors += pm_clamp((value[c] + 128) >> 8, 0, lines) != ones;
        pm_array_free(a);
    }
    pm_result_int(r, "errors", (int64_t)errors, "conversions", PM_RESULT_MEASURED);
    pm_result_real(r, "error_rate", (double)errors / (double)samples, NULL, PM_RESULT_MEASURED);
    pm_result_real(r, "closed_form", pm_array_code_error(&cfg, lines, ones, lines), NULL, PM_RESULT_DERIVED);
    pm_result_real(r, "margin_sigma", fmin(pm_array_margin_sigma(&cfg, lines), 1e9), NULL, PM_RESULT_DERIVED);
    return PM_OK;
}

/* ---- bitsift: accesses of random planes ---- */

static const struct pm_setting bitsift_settings[] = {
    {PM_SET_INTEGER("rows", 1, PM_MAX_ROWS, "64"), .help = "wordlines, D"},
    {PM_SET_NUMBER("density", 0, 1, "0.3"), .help = "probability of a one"},
    {PM_SET_ONE_OF("mode", "split|scan|next", "split"), .help = "how grants are shared out"},
    {PM_SET_ONE_OF("slice", "8|16|32", "16"), .when = "mode=scan|next", .help = "rows a slice, L"},
    {PM_SET_INTEGER("vectors", 1, 1e6, "1000"), .help = "unsigned vectors of 8 planes"},
    {PM_SET_INTEGER("seed", 0, 4294967295.0, "1"), .when = "density>0 density<1",
     .help = "of the random planes"},
    {0},
};
static const struct pm_setting_list bitsift_list = {NULL, bitsift_settings};
PM_SETTING_LIST(bitsift_list);

static bool bitsift_draws(const struct pm_run_job *job, const struct pm_sweep_point *p) {
    (void)job;
    return pm_settings_meet(p->settings, "density>0 density<1");
}

static pm_status bitsift_check(struct pm_run_job *job, const struct pm_sweep_point *p, bool drawn) {
    (void)drawn;
    return pm_settings_check(p->settings, false, &job->error);
}

static pm_status bitsift_run(struct pm_run_job *job, const struct pm_sweep_point *p, struct pm_results *r) {
    (void)job;
    const struct pm_settings *s = p->settings;
    const struct pm_bitsift_cfg cfg = {.rows = (unsigned)pm_settings_int(s, "rows"),
                                       .slice = 8u << pm_settings_int(s, "slice"),
                                       .bits = 8,
                                       .mode = (enum pm_gpc_mode)pm_settings_int(s, "mode")};
    const double threshold = pm_settings_real(s, "density") * 4294967296.0;
    const uint32_t key[2] = {(uint32_t)pm_settings_int(s, "seed"), 0},
                   vectors = (uint32_t)pm_settings_int(s, "vectors");
    uint64_t accesses = 0, ones = 0, sawl[PM_K + 1] = {0};
    for (uint32_t v = 0; v < vectors; v++) {
        struct pm_bitsift b;
        struct pm_access a;
        int32_t x[PM_MAX_ROWS];
        for (uint32_t d = 0; d < cfg.rows; d++) {
            uint32_t word[8];
            pm_philox((uint32_t[4]){d, v, 0, 0}, key, word);
            pm_philox((uint32_t[4]){d, v, 1, 0}, key, word + 4);
            x[d] = 0;
            for (unsigned i = 0; i < 8; i++)
                x[d] |= (word[i] < threshold) << i;
        }
        pm_bitsift_begin(&b, &cfg, x);
        while (pm_bitsift_next(&b, &a)) {
            accesses += a.sawl > 0;
            ones += a.sawl;
            sawl[a.sawl]++;
        }
    }
    const double bits = 8.0 * cfg.rows * vectors;
    const double windows = 8.0 * ((cfg.rows + PM_K - 1) / PM_K) * vectors;
    pm_result_real(r, "measured_density", (double)ones / bits, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "accesses", (int64_t)accesses, "accesses", PM_RESULT_MEASURED);
    pm_result_real(r, "boost", accesses > 0 ? windows / (double)accesses : 0, NULL, PM_RESULT_DERIVED);
    pm_result_real(r, "full_share", accesses > 0 ? (double)sawl[PM_K] / (double)accesses : 0, NULL,
                   PM_RESULT_DERIVED);
    return PM_OK;
}

/* ---- chip: perimeter chip ---- */

static pm_status chip_check(struct pm_run_job *job, const struct pm_sweep_point *p, bool drawn) {
    (void)drawn;
    p->chip->settings = p->settings;
    const pm_status status = pm_chip_query_prepare(p->chip, &job->error);
    p->chip->settings = NULL;
    return status;
}

static void add_chip(struct pm_results *r, const struct pm_chip_named *f, unsigned n) {
    static const enum pm_result_kind kinds[] = {PM_RESULT_MEASURED, PM_RESULT_SOURCE, PM_RESULT_PUBLIC,
                                                PM_RESULT_ASSUMED};
    for (unsigned i = 0; i < n; i++)
        pm_result_real(r, f[i].key, f[i].v.value, f[i].unit, kinds[f[i].v.kind]);
}

static pm_status chip_run(struct pm_run_job *job, const struct pm_sweep_point *p, struct pm_results *r) {
    struct pm_chip_bill bill;
    pm_status status = chip_check(job, p, false);
    if (status == PM_OK)
        status = pm_chip_evaluate(&p->chip->job, &bill, &job->error);
    if (status != PM_OK)
        return status;
    add_chip(r, bill.figure, bill.figures);
    for (unsigned i = 0; i < bill.parts; i++)
        add_chip(r, bill.part[i].figure, bill.part[i].figures);
    pm_chip_bill_free(&bill);
    return PM_OK;
}

static const struct pm_sweep_kind kinds[] = {
    {"network", &pm_run_settings, true, false, network_draws, network_check, network_run},
    {"chip", &pm_chip_settings, false, true, NULL, chip_check, chip_run},
    {"conversion", &conversion_list, false, false, conversion_draws, conversion_check, conversion_run},
    {"bitsift", &bitsift_list, false, false, bitsift_draws, bitsift_check, bitsift_run},
};

const struct pm_sweep_kind *pm_sweep_kind(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}
