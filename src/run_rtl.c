// SPDX-License-Identifier: Apache-2.0
/* `perimeter run` in RTL, every integer against golden C. */
#include "run_job.h"

#include "attention_pair.h"
#include "fileio.h"
#include "io/npy.h"
#include "rtl.h"
#include "tb/hyflex_gemv/hyflex_gemv_rtl.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Golden and RTL on the same tokens. */
struct rtl_worker {
    struct pm_run_job *job;
    struct pm_encoder_scratch *scratch;
    struct pm_attention *engine[PM_RUN_MAX_LAYERS]; /* golden */
    struct pm_attention_pair *pair;
    struct pm_rtl *flare_model, *hyflex_model;
    pm_flare_attention_rtl_fn *flare;
    pm_hyflex_tile_rtl_fn *hyflex;
    struct pm_run_matrices matrices;
    struct pm_run_rtl *result;
    const char *item; /* "image" or "text" */
    uint32_t image;   /* its number */
    unsigned layer;
    unsigned first, layers;        /* whose attention is in RTL; of the others the golden one is used */
    enum pm_encoder_matrix matrix; /* of this layer, while it is in the arrays */
    bool failed;                   /* a difference was reported */
};

static void differ(struct rtl_worker *w, const char *block, const char *part, const char *tensor,
                   size_t index, int64_t golden, int64_t rtl) {
    if (!w->failed)
        fprintf(stderr, "perimeter: %s: layer %u, %s %u: %s%s[%zu]: golden %" PRId64 ", rtl %" PRId64 "\n",
                block, w->layer, w->item, w->image, part, tensor, index, golden, rtl);
    w->failed = true;
}

static void compare(void *ctx, const char *tensor, size_t index, int64_t golden, int64_t rtl) {
    struct rtl_worker *w = ctx;
    w->result->compared++;
    w->result->differ += golden != rtl;
    if (golden != rtl)
        differ(w, "flare_attention", "", tensor, index, golden, rtl);
}

struct replay_tensor {
    const char *name;
    enum pm_dtype dtype;
    const void *data;
    size_t rows, cols; /* cols 0: a vector */
};

/* Leaves the tensors of a run that differs, and prints how the command that replays it begins. */
static void write_tensors(const char *op, const struct replay_tensor *in, size_t count) {
    fprintf(stderr, "perimeter: replay with a waveform: perimeter op %s --engine rtl --wave difference.fst",
            op);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        struct pm_error e;
        struct pm_outfile file = {0};
        struct pm_tensor t = {.dtype = in[i].dtype,
                              .rank = in[i].cols ? 2 : 1,
                              .shape = {in[i].rows, in[i].cols},
                              .count = in[i].rows * (in[i].cols ? in[i].cols : 1),
                              .data = (void *)(uintptr_t)in[i].data};
        const void *content[] = {&t};
        snprintf(path, sizeof path, "difference-%s.npy", in[i].name);
        if (pm_outfile_plan(&file, path, &e) != PM_OK ||
            pm_outfile_write_all(&file, 1, pm_npy_write, content, &e) != PM_OK)
            pm_error_print(&e);
        pm_outfile_free(&file);
        fprintf(stderr, " --in %s=%s", in[i].name, path);
    }
}

static void write_replay(const struct pm_attention_run *run) {
    const struct pm_attention_cfg *c = run->cfg;
    size_t n = run->n, d = c->width;
    const struct replay_tensor in[] = {
        {"x", PM_INT8, run->x, n, d},       {"ex", PM_INT32, run->ex, n, 0},
        {"wq", PM_INT8, run->w->wq, d, d},  {"wk", PM_INT8, run->w->wk, d, d},
        {"wv", PM_INT8, run->w->wv, d, d},  {"wo", PM_INT8, run->w->wo, d, d},
        {"bq", PM_INT32, run->w->bq, d, 0}, {"bk", PM_INT32, run->w->bk, d, 0},
        {"bv", PM_INT32, run->w->bv, d, 0}, {"bo", PM_INT32, run->w->bo, d, 0}};
    write_tensors("flare-attention", in, sizeof in / sizeof *in);
    static const char *const coding[] = {"twos", "sign"};
    fprintf(stderr,
            " --out y=difference-y.npy --set heads=%u --set s0=%.17g --set e0=%d --set mk=%u --set mv=%u "
            "--set kvb=%u"
            " --set round=%d --set coding_x=%s --set coding_q=%s --set coding_o=%s\n",
            c->heads, c->s0[0], c->e0[0], c->mk, c->mv, c->kvb, c->round, coding[c->coding_x],
            coding[c->coding_q], coding[c->coding_o]);
    if (c->mram.noise)
        fprintf(stderr, "perimeter: the arrays were noisy; the replay's are nominal\n");
}

static pm_status rtl_attention(void *ctx, unsigned layer, const struct pm_encoder_map *map,
                               const struct pm_encoder_tokens *in, int8_t *y, int32_t *e) {
    struct rtl_worker *w = ctx;
    struct pm_run_rtl *r = w->result;
    const unsigned n = in->n;
    const uint32_t vector = w->image * w->job->network.config.tokens;
    if (!w->flare || layer < w->first || layer - w->first >= w->layers)
        return pm_attention_run(w->engine[layer], in->x, in->ex, in->keep, n, vector, y, e, NULL, NULL, NULL);
    struct pm_attention_cfg cfg = pm_run_attention_cfg(w->job, layer);
    struct pm_attention_run run = {&cfg, &map->w, pm_run_array_id(layer), in->x, in->ex, in->keep, n, vector};
    struct pm_attention_cost cost = {0};
    struct pm_attention_rtl_result result;
    w->layer = layer;
    pm_status status = pm_attention_pair_run(w->pair, &run, w->engine[layer], w->flare,
                                             &(struct pm_sim_opts){0}, y, e, &cost, &result, compare, w);
    if (status != PM_OK)
        return status;
    if (w->failed) {
        write_replay(&run);
        return PM_EDIFFER;
    }
    r->runs++;
    r->clocks += result.clocks;
    const struct pm_run_rate rate = {n > 1 ? (double)(result.last_write - result.first_write) / (n - 1) : 0,
                                     n > 1 ? (double)(result.last_y - result.first_y) / (n - 1) : 0,
                                     (double)cost.bound_kv / n, (double)cost.bound_token / n};
    r->layer[layer] = rate;
    r->sum.cycles_kv += rate.cycles_kv;
    r->sum.cycles_token += rate.cycles_token;
    r->sum.bound_kv += rate.bound_kv;
    r->sum.bound_token += rate.bound_token;
    r->elements_in += (uint64_t)result.tokens_in * cfg.width;
    r->elements_out += (uint64_t)result.tokens_out * cfg.width;
    return PM_OK;
}

static void compare_arrays(struct rtl_worker *w, const char *tensor, size_t index, int64_t golden,
                           int64_t rtl) {
    w->result->arrays_compared++;
    w->result->arrays_differ += golden != rtl;
    if (golden != rtl) {
        char part[16];
        snprintf(part, sizeof part, "%s: ", pm_run_matrix_name(w->matrix));
        differ(w, "hyflex_gemv", part, tensor, index, golden, rtl);
    }
}

/* What one tile's RTL gave, against every conversion in plain golden C. */
struct tile_result {
    uint8_t *code; /* [n][8][128] */
    int32_t *acc;  /* [n][outputs of a tile] */
    uint64_t clips, clocks;
};

static void compare_tile(struct rtl_worker *w, const struct pm_hyflex *h, const struct pm_hyflex_tile *tile,
                         const int8_t *x, size_t stride, size_t n, uint32_t first_vector,
                         const struct tile_result *r) {
    enum { CODES = PM_HYFLEX_PLANES * PM_HYFLEX_COLS };
    const unsigned per = PM_HYFLEX_COLS / pm_mlc_slices(pm_hyflex_config(h)->cell);
    uint64_t clips = 0;
    for (size_t t = 0; t < n; t++) {
        uint64_t wordlines[PM_HYFLEX_PLANES];
        int32_t code[CODES], acc[PM_HYFLEX_COLS];
        clips +=
            pm_hyflex_tile_stages(h, tile, x + t * stride, first_vector + (uint32_t)t, wordlines, code, acc);
        for (unsigned i = 0; i < CODES; i++)
            compare_arrays(w, "code", t * CODES + i, code[i], r->code[t * CODES + i]);
        for (unsigned m = 0; m < per; m++)
            compare_arrays(w, "acc", t * per + m, acc[m], r->acc[t * per + m]);
    }
    compare_arrays(w, "clips", 0, (int64_t)clips, (int64_t)r->clips);
}

static void write_array_replay(const struct pm_hyflex *h, const int8_t *x, size_t stride, size_t n) {
    const struct pm_hyflex_cfg *c = pm_hyflex_config(h);
    const unsigned rows = pm_hyflex_rows(h), outputs = pm_hyflex_outputs(h);
    int8_t *packed = malloc(n * rows);
    if (!packed)
        return;
    for (size_t t = 0; t < n; t++)
        memcpy(packed + t * rows, x + t * stride, rows);
    const struct replay_tensor in[] = {{"x", PM_INT8, packed, n, rows},
                                       {"w", PM_INT8, pm_hyflex_weights(h), rows, outputs}};
    write_tensors("hyflex-gemv", in, sizeof in / sizeof *in);
    fprintf(stderr,
            " --out y=difference-y.npy --out clips=difference-clips.npy --set cell=%u --set flip=%d --set "
            "adc=%u\n",
            c->cell, c->flip, c->adc);
    if (!pm_rram_nominal(pm_hyflex_tile(h, 0, 0)->array))
        fprintf(stderr, "perimeter: the arrays were noisy; the replay's are nominal\n");
    free(packed);
}

/* A matrix in RTL, tile by tile; row tiles add up to what golden C gave by its shortest way. */
static pm_status watch_matrix(void *ctx, const struct pm_hyflex *h, const int8_t *x, size_t stride, size_t n,
                              uint32_t first_vector, const int32_t *y) {
    struct rtl_worker *w = ctx;
    const unsigned outputs = pm_hyflex_outputs(h), col_tiles = pm_hyflex_col_tiles(h);
    const unsigned per = PM_HYFLEX_COLS / pm_mlc_slices(pm_hyflex_config(h)->cell);
    struct tile_result r = {malloc(n * PM_HYFLEX_PLANES * PM_HYFLEX_COLS), malloc(n * per * sizeof *r.acc), 0,
                            0};
    int32_t *sum = calloc(n * outputs, sizeof *sum);
    uint64_t slowest = 0;
    pm_status status = r.code && r.acc && sum ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; i < pm_hyflex_row_tiles(h) * col_tiles && status == PM_OK; i++) {
        const struct pm_hyflex_tile *tile = pm_hyflex_tile(h, i / col_tiles, i % col_tiles);
        const int8_t *rows = x + i / col_tiles * PM_HYFLEX_ROWS;
        status = w->hyflex(&(struct pm_sim_opts){0}, h, tile, rows, stride, n, first_vector, r.acc, r.code,
                           &r.clips, &r.clocks);
        if (status != PM_OK)
            break;
        compare_tile(w, h, tile, rows, stride, n, first_vector, &r);
        slowest = r.clocks > slowest ? r.clocks : slowest;
        for (size_t t = 0; t < n; t++)
            for (unsigned m = 0; m < tile->outputs; m++)
                sum[t * outputs + i % col_tiles * per + m] += r.acc[t * per + m];
    }
    for (size_t i = 0; i < n * outputs && status == PM_OK; i++)
        compare_arrays(w, "y", i, y[i], sum[i]);
    w->result->arrays_clocks += slowest;
    if (w->failed && status == PM_OK) {
        write_array_replay(h, x, stride, n);
        status = PM_EDIFFER;
    }
    free(sum);
    free(r.acc);
    free(r.code);
    return status;
}

static pm_status rtl_matrix(void *ctx, unsigned layer, enum pm_encoder_matrix m, size_t n, const float *x,
                            float *y) {
    struct rtl_worker *w = ctx;
    w->layer = layer;
    w->matrix = m;
    return pm_run_matrix(&w->matrices, layer, m, n, x, w->image * w->job->network.config.tokens, y,
                         &w->result->arrays, w->hyflex ? watch_matrix : NULL, w);
}

static pm_status open_block(struct pm_run_job *j, const char *block, const char *params, const char *driver,
                            struct pm_rtl **model, void (**function)(void)) {
    const pm_status status = pm_rtl_open(block, params, false, model, j->error.text, sizeof j->error.text);
    if (status != PM_OK)
        return status;
    *function = pm_rtl_function(*model, driver);
    return *function ? PM_OK : pm_fail(&j->error, PM_EBUILD, block, "the model has no driver");
}

/* The models that are compared, and their golden sides, for up to `tokens` tokens. */
static pm_status worker_begin(struct rtl_worker *w, struct pm_run_job *j, unsigned tokens, bool attention,
                              bool matrices) {
    const struct pm_encoder_config *c = &j->network.config;
    const unsigned max_tokens = (tokens + 63) / 64 * 64; /* the V array has as many rows as the RTL's */
    const bool in_flare = j->settings.value[PM_RUN_PROJECTIONS] == 0;
    char params[128];
    void (*function)(void) = NULL;
    pm_status status = pm_run_matrices_new(j, &w->matrices);
    bool arrays = false;
    for (int m = 0; m < PM_ENCODER_MATRICES; m++)
        arrays = arrays || (matrices && w->matrices.of[0][m]);
    if (status == PM_OK && attention && in_flare) {
        snprintf(params, sizeof params, "D=%u Heads=%u Kvb=%u MaxTokens=%u", c->width, c->heads,
                 j->network.maps[0].kvb, max_tokens);
        status =
            open_block(j, "flare_attention", params, "pm_flare_attention_rtl", &w->flare_model, &function);
        w->flare = (pm_flare_attention_rtl_fn *)function;
    }
    if (status == PM_OK && arrays) {
        snprintf(params, sizeof params, "Sars=%u", 1u << (unsigned)j->settings.value[PM_RUN_SARS]);
        status = open_block(j, "hyflex_gemv", params, "pm_hyflex_tile_rtl", &w->hyflex_model, &function);
        w->hyflex = (pm_hyflex_tile_rtl_fn *)function;
    }
    w->scratch = pm_encoder_scratch_new(&j->network);
    w->pair = pm_attention_pair_new(c->width, c->heads, max_tokens);
    if (status == PM_OK && (!w->scratch || !w->pair))
        status = pm_fail(&j->error, PM_ENOMEM, "rtl", "out of memory");
    for (unsigned l = 0; l < c->layers && status == PM_OK && in_flare; l++) {
        struct pm_attention_cfg cfg = pm_run_attention_cfg(j, l);
        status = pm_attention_new(&cfg, &j->network.maps[l].w, max_tokens, pm_run_array_id(l), &w->engine[l]);
        if (status != PM_OK)
            pm_fail(&j->error, status, "rtl", "layer %u: %s", l, pm_strerror(status));
    }
    return status;
}

static void worker_end(struct rtl_worker *w) {
    for (unsigned l = 0; l < PM_RUN_MAX_LAYERS; l++)
        pm_attention_free(w->engine[l]);
    pm_attention_pair_free(w->pair);
    pm_encoder_scratch_free(w->scratch);
    pm_run_matrices_free(&w->matrices);
    pm_rtl_close(w->flare_model);
    pm_rtl_close(w->hyflex_model);
}

static struct pm_encoder_engines engines(struct rtl_worker *w) {
    struct pm_encoder_engines e = {
        .attention = w->engine[0] ? rtl_attention : NULL, .project = rtl_matrix, .ctx = w};
    memcpy(e.projected, w->matrices.projected, sizeof e.projected);
    return e;
}

pm_status pm_run_rtl_images(struct pm_run_job *j, unsigned images, bool attention, struct pm_run_rtl *r) {
    struct pm_dataset d;
    struct rtl_worker w = {.job = j, .result = r, .item = "image", .layers = j->network.config.layers};
    pm_status status = pm_run_data_open(j, &d);
    if (status == PM_OK && images > d.images.dim[0])
        status = pm_fail(&j->error, PM_EINVAL, "rtl-images", "%u asked for, %s has %u", images, j->data,
                         d.images.dim[0]);
    if (status == PM_OK)
        status = worker_begin(&w, j, j->network.config.tokens, attention, true);
    uint8_t *pixels = malloc(status == PM_OK ? d.images.item : 1);
    float *logits = malloc(j->network.config.classes * sizeof *logits);
    if (status == PM_OK && (!pixels || !logits))
        status = pm_fail(&j->error, PM_ENOMEM, "rtl", "out of memory");
    const struct pm_encoder_engines e = engines(&w);
    double start = omp_get_wtime();
    for (unsigned i = 0; i < images && status == PM_OK; i++) {
        w.image = i;
        status = pm_idx_read(&d.images, 1, pixels, &j->error);
        if (status != PM_OK)
            break;
        const struct pm_encoder_input input = {.image = pixels, .n = j->network.config.tokens};
        status = pm_encoder_forward(&j->network, &input, &e, w.scratch, logits);
        if (status != PM_OK && status != PM_EDIFFER)
            pm_fail(&j->error, status, "rtl", "image %u: %s", i, pm_strerror(status));
        r->images = i + 1;
        pm_run_progress("rtl", i + 1, images);
    }
    r->seconds = omp_get_wtime() - start;
    worker_end(&w);
    free(logits);
    free(pixels);
    pm_dataset_close(&d);
    return status;
}

pm_status pm_run_rtl_texts(struct pm_run_job *j, unsigned tokens, struct pm_run_rtl_text *texts,
                           unsigned count) {
    struct rtl_worker w = {.job = j, .item = "text"};
    pm_status status = worker_begin(&w, j, tokens, true, false);
    float *out = malloc(j->network.config.width * sizeof *out);
    if (status == PM_OK && !out)
        status = pm_fail(&j->error, PM_ENOMEM, "rtl", "out of memory");
    const struct pm_encoder_engines e = engines(&w);
    for (unsigned i = 0; i < count && status == PM_OK; i++) {
        struct pm_run_rtl_text *t = &texts[i];
        w.result = &t->rtl;
        w.image = i;
        w.first = t->first;
        w.layers = t->layers;
        const double start = omp_get_wtime();
        status = pm_encoder_forward(&j->network, &t->input, &e, w.scratch, out);
        t->rtl.seconds = omp_get_wtime() - start;
        if (status != PM_OK && status != PM_EDIFFER)
            pm_fail(&j->error, status, "rtl", "text %u: %s", i, pm_strerror(status));
        pm_run_progress("rtl", i + 1, count);
    }
    worker_end(&w);
    free(out);
    return status;
}
