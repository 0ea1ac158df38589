// SPDX-License-Identifier: Apache-2.0
#include "sweep_jobs.h"

#include "analog/random.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- network: perimeter run in golden C ---- */

static struct pm_run_settings settings_of(const struct pm_sweep_point *p) {
    struct pm_run_settings s = {0};
    memcpy(s.value, p->value, sizeof s.value);
    memcpy(s.given, p->given, sizeof s.given);
    return s;
}

static pm_status network_check(const struct pm_sweep_point *p, struct pm_error *e) {
    const struct pm_run_settings s = settings_of(p);
    if (s.value[PM_RUN_ENGINE] != PM_ENGINE_GOLDEN || s.value[PM_RUN_ABLATION_IMAGES] != 0)
        return pm_fail(e, PM_EINVAL, "engine, ablation-images", "a sweep runs the golden engine alone");
    return pm_run_check(&s, PM_RUN_OF_IMAGES, e);
}

static pm_status network_run(struct pm_run_job *job, const struct pm_sweep_point *p, struct cJSON *line) {
    struct pm_run_golden *g = calloc(1, sizeof *g);
    if (g == NULL)
        return pm_fail(&job->error, PM_ENOMEM, "sweep", "out of memory");
    job->settings = settings_of(p);
    pm_status status = pm_run_map_network(job);
    if (status == PM_OK && pm_run_ranks(&job->settings) &&
        job->settings.value[PM_RUN_RANK_ORDER] == PM_RANK_GRADIENT && job->gradient == NULL)
        status = pm_run_load_gradients(job);
    if (status == PM_OK)
        status = pm_run_golden_images(job, "sweep", (unsigned)job->settings.value[PM_RUN_IMAGES], true, g);
    if (status == PM_OK) {
        struct pm_gemv_cost all = {0};
        for (unsigned l = 0; l < job->network.config.layers; l++)
            for (unsigned k = 0; k < PM_GEMV_KINDS; k++)
                pm_gemv_cost_add(&all, &g->layer[l].gemv[k]);
        const double images = g->images;
        cJSON_AddNumberToObject(line, "accuracy_float", g->correct_float / images);
        cJSON_AddNumberToObject(line, "accuracy_integer", g->correct_integer / images);
        cJSON_AddNumberToObject(line, "same_class", g->same_class / images);
        if (all.accesses > 0) {
            cJSON_AddNumberToObject(line, "density", (double)all.ones / (double)all.bits);
            cJSON_AddNumberToObject(line, "boost", (double)all.windows / (double)all.accesses);
            cJSON_AddNumberToObject(line, "accesses_per_image", (double)all.accesses / images);
            cJSON_AddNumberToObject(line, "conversion_errors_ppm",
                                    1e6 * (double)all.conversion_errors / (double)all.conversions);
        }
        struct pm_hyflex_cost arrays = g->arrays.cell[0];
        pm_hyflex_cost_add(&arrays, &g->arrays.cell[1]);
        if (arrays.conversions > 0)
            cJSON_AddNumberToObject(line, "clips_ppm",
                                    1e6 * (double)arrays.clips / (double)arrays.conversions);
    }
    free(g);
    return status;
}

/* ---- conversion: errors of one column's converter ---- */

enum { C_LINES, C_ONES, C_TMR, C_SIGMA_R, C_READ_NOISE, C_SENSE_OFFSET, C_SAMPLES, C_SEED, C_KEYS };
static const struct pm_run_key_info conversion_keys[C_KEYS] = {
    [C_LINES] = {"lines", NULL, "8", 1, 64, true, "active wordlines, K"},
    [C_ONES] = {"ones", NULL, "0", 0, 64, true, "active cells that store 1; 0: all"},
    [C_TMR] = {"tmr", NULL, "1.5", 0.01, 1e6, false, "MRAM: tunnel magnetoresistance"},
    [C_SIGMA_R] = {"sigma-r", NULL, "0.017", 0, 0.15, false, "MRAM: deviation of a cell's resistance"},
    [C_READ_NOISE] = {"read-noise", NULL, "0", 0, 16, false, "deviation of a cell's read noise, LSB"},
    [C_SENSE_OFFSET] = {"sense-offset", NULL, "0", 0, 16, false, "deviation of a comparator's offset, LSB"},
    [C_SAMPLES] = {"samples", NULL, "1e5", 1, 1e9, true, "conversions"},
    [C_SEED] = {"seed", NULL, "1", 0, 4294967295.0, true, "of the arrays' random numbers"},
};

static struct pm_array_cfg conversion_cfg(const struct pm_sweep_point *p) {
    struct pm_array_cfg c = pm_array_mram(true, (uint64_t)p->value[C_SEED]);
    c.tmr = p->value[C_TMR];
    c.sigma_r = p->value[C_SIGMA_R];
    c.read_noise = p->value[C_READ_NOISE];
    c.sense_offset = p->value[C_SENSE_OFFSET];
    return c;
}

static pm_status conversion_check(const struct pm_sweep_point *p, struct pm_error *e) {
    const struct pm_array_cfg c = conversion_cfg(p);
    if (p->value[C_ONES] > p->value[C_LINES])
        return pm_fail(e, PM_EINVAL, "ones", "more than lines");
    return pm_array_check(&c) == PM_OK
               ? PM_OK
               : pm_fail(e, PM_ERANGE, "tmr, sigma-r", "beyond what a cell's draw holds");
}

/* Fresh cells for every conversion: arrays of few rows and many columns, one read each. */
static pm_status conversion_run(struct pm_run_job *job, const struct pm_sweep_point *p, struct cJSON *line) {
    enum { COLS = 4096 };
    const struct pm_array_cfg cfg = conversion_cfg(p);
    const unsigned lines = (unsigned)p->value[C_LINES];
    const unsigned ones = p->value[C_ONES] > 0 ? (unsigned)p->value[C_ONES] : lines;
    const uint64_t samples = (uint64_t)p->value[C_SAMPLES], mask = UINT64_MAX >> (64 - lines);
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
    cJSON_AddNumberToObject(line, "errors", (double)errors);
    cJSON_AddNumberToObject(line, "error_rate", (double)errors / (double)samples);
    cJSON_AddNumberToObject(line, "closed_form", pm_array_code_error(&cfg, lines, ones, lines));
    cJSON_AddNumberToObject(line, "margin_sigma", fmin(pm_array_margin_sigma(&cfg, lines), 1e9));
    return PM_OK;
}

/* ---- bitsift: accesses of random planes ---- */

enum { B_ROWS, B_DENSITY, B_MODE, B_SLICE, B_VECTORS, B_SEED, B_KEYS };
static const struct pm_run_key_info bitsift_keys[B_KEYS] = {
    [B_ROWS] = {"rows", NULL, "64", 1, PM_MAX_ROWS, true, "wordlines, D"},
    [B_DENSITY] = {"density", NULL, "0.3", 0, 1, false, "probability of a one"},
    [B_MODE] = {"mode", "split|scan|next", "split", 0, 0, false, "how grants are shared out"},
    [B_SLICE] = {"slice", "8|16|32", "16", 0, 0, false, "rows a slice, L"},
    [B_VECTORS] = {"vectors", NULL, "1000", 1, 1e6, true, "unsigned vectors of 8 planes"},
    [B_SEED] = {"seed", NULL, "1", 0, 4294967295.0, true, "of the random planes"},
};

static pm_status bitsift_check(const struct pm_sweep_point *p, struct pm_error *e) {
    return p->given[B_SLICE] && p->value[B_MODE] == PM_GPC_SPLIT
               ? pm_fail(e, PM_EINVAL, "slice", "ignored with mode=split")
               : PM_OK;
}

static pm_status bitsift_run(struct pm_run_job *job, const struct pm_sweep_point *p, struct cJSON *line) {
    (void)job;
    const struct pm_bitsift_cfg cfg = {.rows = (unsigned)p->value[B_ROWS],
                                       .slice = 8u << (unsigned)p->value[B_SLICE],
                                       .bits = 8,
                                       .mode = (enum pm_gpc_mode)p->value[B_MODE]};
    const double threshold = p->value[B_DENSITY] * 4294967296.0;
    const uint32_t key[2] = {(uint32_t)p->value[B_SEED], 0};
    uint64_t accesses = 0, ones = 0, sawl[PM_K + 1] = {0};
    for (uint32_t v = 0; v < (uint32_t)p->value[B_VECTORS]; v++) {
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
    const double bits = 8.0 * cfg.rows * p->value[B_VECTORS];
    const double windows = 8.0 * ((cfg.rows + PM_K - 1) / PM_K) * p->value[B_VECTORS];
    cJSON_AddNumberToObject(line, "measured_density", (double)ones / bits);
    cJSON_AddNumberToObject(line, "accesses", (double)accesses);
    cJSON_AddNumberToObject(line, "boost", accesses > 0 ? windows / (double)accesses : 0);
    cJSON_AddNumberToObject(line, "full_share", accesses > 0 ? (double)sawl[PM_K] / (double)accesses : 0);
    return PM_OK;
}

static const struct pm_sweep_kind kinds[] = {
    {"network", pm_run_keys, PM_RUN_KEYS, network_check, network_run, true},
    {"conversion", conversion_keys, C_KEYS, conversion_check, conversion_run, false},
    {"bitsift", bitsift_keys, B_KEYS, bitsift_check, bitsift_run, false},
};

const struct pm_sweep_kind *pm_sweep_kind(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

unsigned pm_sweep_key(const struct pm_sweep_kind *k, const char *name) {
    unsigned i = 0;
    while (i < k->n_keys && strcmp(k->keys[i].name, name) != 0)
        i++;
    return i;
}
