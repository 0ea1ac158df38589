// SPDX-License-Identifier: Apache-2.0
#include "system/hyflex.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "system/int8.h"
#include "system/integer.h"

/* One matrix w[in][out], or one of two factors. Its arrays split the outputs of the first factor and the
 * inputs of the second: part 0 has the first `split` of them, in 1-bit cells. */
struct stage {
    unsigned in, out, split;
    bool split_inputs;
    struct pm_hyflex *part[2]; /* NULL: empty */
    float *scale;              /* [out] */
    struct pm_scale *scale16;  /* [out], over 127 */
};

struct pm_hyflex_linear {
    unsigned stages;
    struct stage stage[2];
    float *bias;
    uint16_t *bias16;
};

/* w[in][out] to int8, a scale for each output. */
static void quantise_weights(const float *w, unsigned in, unsigned out, int8_t *q, float *scale) {
    for (unsigned o = 0; o < out; o++) {
        scale[o] = pm_int8_scale(w + o, in, out);
        for (unsigned i = 0; i < in; i++)
            q[(size_t)i * out + o] = (int8_t)pm_integer_nearest(w[(size_t)i * out + o] / scale[o]);
    }
}

static pm_status program_part(const struct pm_hyflex_linear_cfg *cfg, struct stage *s, unsigned part,
                              const int8_t *q, uint32_t *array_id) {
    const unsigned dim = s->split_inputs ? s->in : s->out;
    const unsigned from = part ? s->split : 0, to = part ? dim : s->split;
    const unsigned rows = s->split_inputs ? to - from : s->in, outputs = s->split_inputs ? s->out : to - from;
    if (from == to)
        return PM_OK;
    int8_t *w = malloc((size_t)rows * outputs);
    if (w == NULL)
        return PM_ENOMEM;
    const int8_t *first = q + (s->split_inputs ? (size_t)from * s->out : from);
    for (unsigned r = 0; r < rows; r++)
        memcpy(w + (size_t)r * outputs, first + (size_t)r * s->out, outputs);
    struct pm_hyflex_cfg array = cfg->array;
    array.cell = part ? cfg->mlc_cell : 1;
    array.adc = cfg->adc[part];
    const pm_status status = pm_hyflex_new(&array, w, rows, outputs, *array_id, &s->part[part]);
    if (status == PM_OK)
        *array_id += pm_hyflex_row_tiles(s->part[part]) * pm_hyflex_col_tiles(s->part[part]);
    free(w);
    return status;
}

/* Programs w[in][out] into s, whose in, out, split and split_inputs are set. */
static pm_status program(const struct pm_hyflex_linear_cfg *cfg, struct stage *s, const float *w,
                         uint32_t *array_id) {
    int8_t *q = malloc((size_t)s->in * s->out);
    s->scale = malloc(s->out * sizeof *s->scale);
    s->scale16 = malloc(s->out * sizeof *s->scale16);
    pm_status status = q != NULL && s->scale != NULL && s->scale16 != NULL ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        quantise_weights(w, s->in, s->out, q, s->scale);
    for (unsigned o = 0; o < s->out && status == PM_OK; o++)
        s->scale16[o] = pm_scale_real((double)s->scale[o] / 127);
    for (unsigned part = 0; part < 2 && status == PM_OK; part++)
        status = program_part(cfg, s, part, q, array_id);
    free(q);
    return status;
}

/* The whole matrix, in part 0 or in part 1. */
static pm_status program_whole(const struct pm_hyflex_linear_cfg *cfg, const struct pm_matrix *l,
                               uint32_t *array_id, struct pm_hyflex_linear *h) {
    float *w = malloc((size_t)l->in * l->out * sizeof *w);
    if (w == NULL)
        return PM_ENOMEM;
    for (unsigned o = 0; o < l->out; o++)
        for (unsigned i = 0; i < l->in; i++)
            w[(size_t)i * l->out + o] = l->weight[(size_t)o * l->in + i];
    h->stages = 1;
    h->stage[0] =
        (struct stage){.in = l->in, .out = l->out, .split = cfg->layout == PM_HYFLEX_SLC ? l->out : 0};
    const pm_status status = program(cfg, &h->stage[0], w, array_id);
    free(w);
    return status;
}

static pm_status program_ranks(const struct pm_hyflex_linear_cfg *cfg, const struct pm_matrix *l,
                               uint32_t *array_id, struct pm_hyflex_linear *h) {
    const unsigned k = pm_rank_count(l->in, l->out), split = cfg->slc_percent * k / 100;
    float *a = malloc((size_t)l->in * k * sizeof *a), *b = malloc((size_t)k * l->out * sizeof *b);
    float *sorted_a = malloc((size_t)l->in * k * sizeof *a),
          *sorted_b = malloc((size_t)k * l->out * sizeof *b);
    pm_status status = a && b && sorted_a && sorted_b ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        status = pm_rank_factor(l->weight, l->in, l->out, k, cfg->sigma, a, b);
    if (status == PM_OK) {
        for (unsigned r = 0; r < k; r++) {
            for (unsigned i = 0; i < l->in; i++)
                sorted_a[(size_t)i * k + r] = a[(size_t)i * k + cfg->order[r]];
            memcpy(sorted_b + (size_t)r * l->out, b + (size_t)cfg->order[r] * l->out, l->out * sizeof *b);
        }
        h->stages = 2;
        h->stage[0] = (struct stage){.in = l->in, .out = k, .split = split};
        h->stage[1] = (struct stage){.in = k, .out = l->out, .split = split, .split_inputs = true};
        status = program(cfg, &h->stage[0], sorted_a, array_id);
    }
    if (status == PM_OK)
        status = program(cfg, &h->stage[1], sorted_b, array_id);
    free(a);
    free(b);
    free(sorted_a);
    free(sorted_b);
    return status;
}

pm_status pm_hyflex_linear_new(const struct pm_hyflex_linear_cfg *cfg, const struct pm_matrix *l,
                               uint32_t *array_id, struct pm_hyflex_linear **linear) {
    *linear = NULL;
    const bool ranks = cfg->layout == PM_HYFLEX_RANKS;
    if (cfg->slc_percent > 100 || (ranks && cfg->order == NULL))
        return PM_EINVAL;
    struct pm_hyflex_linear *h = calloc(1, sizeof *h);
    if (h == NULL)
        return PM_ENOMEM;
    h->bias = malloc(l->out * sizeof *h->bias);
    h->bias16 = malloc(l->out * sizeof *h->bias16);
    pm_status status = PM_ENOMEM;
    if (h->bias != NULL && h->bias16 != NULL) {
        memcpy(h->bias, l->bias, l->out * sizeof *h->bias);
        pm_hyflex_from_float(l->bias, l->out, h->bias16);
        status = ranks ? program_ranks(cfg, l, array_id, h) : program_whole(cfg, l, array_id, h);
    }
    if (status == PM_OK)
        *linear = h;
    else
        pm_hyflex_linear_free(h);
    return status;
}

void pm_hyflex_linear_free(struct pm_hyflex_linear *h) {
    if (h == NULL)
        return;
    for (unsigned s = 0; s < 2; s++) {
        pm_hyflex_free(h->stage[s].part[0]);
        pm_hyflex_free(h->stage[s].part[1]);
        free(h->stage[s].scale);
        free(h->stage[s].scale16);
    }
    free(h->bias);
    free(h->bias16);
    free(h);
}

static void add_held(struct pm_held *held, const struct pm_hyflex *h) {
    held->arrays += pm_hyflex_row_tiles(h) * pm_hyflex_col_tiles(h);
    held->cells += pm_hyflex_cells(h);
    held->pulses += pm_hyflex_pulses(h);
}

struct pm_held pm_hyflex_linear_held(const struct pm_hyflex_linear *h) {
    const unsigned in = h->stage[0].in, out = h->stage[h->stages - 1].out, per = PM_HYFLEX_COLS / 8;
    const uint64_t rows = (in + PM_HYFLEX_ROWS - 1) / PM_HYFLEX_ROWS;
    struct pm_held held = {.plain = rows * ((out + per - 1) / per)};
    for (unsigned s = 0; s < h->stages; s++)
        for (unsigned part = 0; part < 2; part++)
            if (h->stage[s].part[part])
                add_held(&held, h->stage[s].part[part]);
    return held;
}

/* A vector to int8; returns its scale. */
static float quantise(const float *x, unsigned n, int8_t *q) {
    const float scale = pm_int8_scale(x, n, 1);
    for (unsigned i = 0; i < n; i++)
        q[i] = (int8_t)pm_integer_nearest(x[i] / scale);
    return scale;
}

struct buffers {
    int8_t *x;
    float *scale; /* [n] of the vectors */
    int32_t *y;   /* one part's results */
    float *rank;  /* [n][k] between the factors */
};

/* One part's products y[n][outputs] of x[n][in of the stage]; its clocks are added to *slowest where they are
 * more. */
static pm_status multiply_part(const struct stage *s, unsigned part, size_t n, uint32_t first_vector,
                               const int8_t *x, int32_t *y, struct pm_hyflex_linear_cost *cost,
                               uint64_t *slowest, const struct pm_watch *watch) {
    const struct pm_hyflex *h = s->part[part];
    struct pm_hyflex_cost c = {0};
    x += s->split_inputs && part ? s->split : 0;
    pm_status status = pm_hyflex_gemm(h, x, s->in, (unsigned)n, first_vector, y, &c);
    struct pm_hyflex_run run = {h, x, s->in, n, first_vector, y, c.cycles};
    if (status == PM_OK)
        status = pm_hyflex_step(&(struct pm_hyflex_units){.watch = watch},
                                &(struct pm_hyflex_step){.kind = PM_HYFLEX_STEP_ARRAYS, .arrays = &run});
    *slowest = c.cycles > *slowest ? c.cycles : *slowest;
    if (status == PM_OK && cost != NULL)
        pm_hyflex_cost_add(&cost->cell[part], &c);
    return status;
}

/* The first output that a part has. */
static unsigned first_output(const struct stage *s, unsigned part) {
    return part && !s->split_inputs ? s->split : 0;
}

static pm_status run_stage(const struct stage *s, size_t n, const float *x, uint32_t first_vector,
                           const struct buffers *b, float *y, struct pm_hyflex_linear_cost *cost,
                           const struct pm_watch *watch) {
    uint64_t slowest = 0;
    for (size_t t = 0; t < n; t++)
        b->scale[t] = quantise(x + t * s->in, s->in, b->x + t * s->in);
    for (unsigned part = 0; part < 2; part++) {
        if (s->part[part] == NULL)
            continue;
        const unsigned outputs = pm_hyflex_outputs(s->part[part]), first = first_output(s, part);
        const pm_status status = multiply_part(s, part, n, first_vector, b->x, b->y, cost, &slowest, watch);
        if (status != PM_OK)
            return status;
        for (size_t t = 0; t < n; t++)
            for (unsigned o = 0; o < outputs; o++)
                y[t * s->out + first + o] +=
                    (float)b->y[t * outputs + o] * (b->scale[t] * s->scale[first + o]);
    }
    if (cost != NULL)
        cost->cycles += slowest;
    return PM_OK;
}

pm_status pm_hyflex_linear_run(const struct pm_hyflex_linear *h, size_t n, const float *x,
                               uint32_t first_vector, float *y, struct pm_hyflex_linear_cost *cost,
                               const struct pm_watch *watch) {
    const struct stage *first = &h->stage[0], *last = &h->stage[h->stages - 1];
    const size_t in = first->in > last->in ? first->in : last->in;
    const size_t out = first->out > last->out ? first->out : last->out;
    struct buffers b = {malloc(n * in), malloc(n * sizeof(float)), malloc(n * out * sizeof(int32_t)),
                        calloc(n * first->out, sizeof(float))};
    pm_status status = b.x && b.scale && b.y && b.rank ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && h->stages == 2)
        status = run_stage(first, n, x, first_vector, &b, b.rank, cost, watch);
    if (status == PM_OK) {
        for (size_t t = 0; t < n; t++)
            memcpy(y + t * last->out, h->bias, last->out * sizeof *y);
        status = run_stage(last, n, h->stages == 2 ? b.rank : x, first_vector, &b, y, cost, watch);
    }
    free(b.x);
    free(b.scale);
    free(b.y);
    free(b.rank);
    return status;
}

/* ---- the same through a digital module ---- */

/* Both parts' products, added up where they have the same outputs. */
static pm_status multiply(const struct stage *s, const struct pm_hyflex_units *u, size_t n, const int8_t *x,
                          uint32_t first_vector, int32_t *part_y, int32_t *y,
                          struct pm_hyflex_linear_cost *cost) {
    uint64_t slowest = 0;
    memset(y, 0, n * s->out * sizeof *y);
    for (unsigned part = 0; part < 2; part++) {
        if (s->part[part] == NULL)
            continue;
        const unsigned outputs = pm_hyflex_outputs(s->part[part]), first = first_output(s, part);
        const pm_status status = multiply_part(s, part, n, first_vector, x, part_y, cost, &slowest, u->watch);
        if (status != PM_OK)
            return status;
        for (size_t t = 0; t < n; t++)
            for (unsigned o = 0; o < outputs; o++)
                y[t * s->out + first + o] += part_y[t * outputs + o];
    }
    if (cost != NULL)
        cost->cycles += slowest;
    return PM_OK;
}

static pm_status run_stage16(const struct stage *s, const struct pm_hyflex_units *u, size_t n,
                             const uint16_t *x, uint32_t first_vector, const uint16_t *bias,
                             const uint16_t *onto, uint16_t *y, struct pm_hyflex_linear_cost *cost) {
    int8_t *q = malloc(n * s->in);
    uint16_t *amax = malloc(n * sizeof *amax);
    int32_t *a = malloc(2 * n * s->out * sizeof *a);
    uint32_t *row = malloc(n * sizeof *row);
    pm_status status = q && amax && a && row ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        status = pm_hyflex_quantise(u, n, s->in, x, q, amax);
    if (status == PM_OK)
        status = multiply(s, u, n, q, first_vector, a + n * s->out, a, cost);
    for (size_t t = 0; t < n && status == PM_OK; t++)
        row[t] = amax[t];
    const struct pm_sfu_scale_job job = {.rows = n,
                                         .width = s->out,
                                         .sets = 1,
                                         .row = row,
                                         .a = a,
                                         .column = s->scale16,
                                         .bias = bias,
                                         .onto = onto};
    if (status == PM_OK)
        status = pm_hyflex_scale(u, &job, y, NULL);
    free(q);
    free(amax);
    free(a);
    free(row);
    return status;
}

pm_status pm_hyflex_linear_run16(const struct pm_hyflex_linear *h, const struct pm_hyflex_units *u, size_t n,
                                 const uint16_t *x, const uint16_t *onto, uint32_t first_vector, uint16_t *y,
                                 struct pm_hyflex_linear_cost *cost) {
    const struct stage *first = &h->stage[0], *last = &h->stage[h->stages - 1];
    if (h->stages == 1)
        return run_stage16(last, u, n, x, first_vector, h->bias16, onto, y, cost);
    uint16_t *rank = malloc(n * first->out * sizeof *rank);
    pm_status status = rank ? run_stage16(first, u, n, x, first_vector, NULL, NULL, rank, cost) : PM_ENOMEM;
    if (status == PM_OK)
        status = run_stage16(last, u, n, rank, first_vector, h->bias16, onto, y, cost);
    free(rank);
    return status;
}

/* ---- the system ---- */

enum { CELL_1, CELL_2, CELL_3, CELL_4, CELL_RANKS };
enum { ADC_FULL, ADC_6, ADC_IDEAL = ADC_6 + PM_SAR_MAX_BITS - 5 };

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("cell", "1|2|3|4|ranks", "1"), .golden = "3|4",
     .help = "bits a cell; ranks: two factors, their ranks in cells of 1 and of 2"},
    {PM_SET_INTEGER("slc-percent", 0, 100, "10"), .when = "cell=ranks",
     .help = "share of the ranks in 1-bit cells"},
    {PM_SET_ONE_OF("rank-order", "gradient|value|random", "gradient"), .when = "cell=ranks",
     .help = "which go to 1-bit cells first"},
    {PM_SET_ONE_OF("rank-sigma", "first|second", "first"), .when = "cell=ranks",
     .help = "the factor that holds the singular values; first: V S, then U^T, as in the source"},
    {PM_SET_ONE_OF("noise", "weight|cell", "cell"), .golden = "weight",
     .help = "what programming errors disturb; weight: W (1 + eta), the source's equation 5"},
    {PM_SET_ONE_OF("weights", "offset|differential", "offset"), .when = "noise=cell",
     .help = "offset binary, or magnitudes in pairs of columns that are subtracted"},
    {PM_SET_FLAG("flip", "1"), .when = "noise=cell weights=offset",
     .help = "column flip; 0: as the paper, sums clip"},
    {PM_SET_ONE_OF("adc", "full|6|7|8|9|10|ideal", "full"), .golden = "8|9|10|ideal", .when = "noise=cell",
     .help = "converter bits; full: 6, 7, 8, 9 for cells of 1 to 4"},
    {PM_SET_ONE_OF("sars", "1|2|4|8", "8"), .help = "converters an array"},
    {PM_SET_ONE_OF("digital", "host|module", "host"),
     .help =
         "who has norms, softmax, activations and sums: the host in float, or digital modules in binary16"},
    {PM_SET_ONE_OF("lanes", "4|8|16|32|64|128|256", "8"), .when = "digital=module",
     .help = "of a special function unit"},
    {PM_SET_NUMBER("mlc-sigma", 0, 0.5, "0"), .when = "cell=2|3|4 or slc-percent<100",
     .help = "programming error of a cell of 2 bits or more, relative"},
    {PM_SET_NUMBER("slc-sigma", 0, 0.5, "0"), .when = "cell=1 or slc-percent>0",
     .help = "the same of a 1-bit cell"},
    {PM_SET_NUMBER("verify", 0, 0.5, "0"), .when = "noise=cell mlc-sigma>0 or noise=cell slc-sigma>0",
     .help = "write-and-verify: what a cell may be off by, in its LSB; 0: one pulse"},
    {PM_SET_INTEGER("pulses", 1, 1000, "16"), .when = "verify>0", .help = "most pulses of a cell"},
    {PM_SET_NUMBER("read-noise", 0, 16, "0"), .when = "noise=cell",
     .help = "deviation of a cell's read noise, LSB"},
    {PM_SET_NUMBER("stuck-on", 0, 0.5, "0"), .when = "noise=cell", .help = "share of cells stuck at on"},
    {PM_SET_NUMBER("stuck-off", 0, 0.5, "0"), .when = "noise=cell", .help = "share of cells stuck at off"},
    {PM_SET_NUMBER("drift", 0, 1, "0"), .when = "noise=cell",
     .help = "retention: conductances fall to time^-drift"},
    {PM_SET_NUMBER("time", 1, 1e12, "1e6"), .when = "drift>0", .help = "age over the age at programming"},
    {PM_SET_FLAG("replica", "1"), .when = "noise=cell",
     .help = "a column of off cells is subtracted; 0: literal"},
    {PM_SET_NUMBER("wire", 0, 0.01, "0"), .when = "noise=cell",
     .help = "wire between neighbouring cells over R_on (IR drop)"},
    {PM_SET_NUMBER("sar-mismatch", 0, 0.1, "0"), .when = "adc=full|6|7|8|9|10",
     .help = "deviation of a converter's unit capacitor, relative"},
    {PM_SET_NUMBER("sar-offset", 0, 16, "0"), .when = "adc=full|6|7|8|9|10",
     .help = "deviation of a converter's offset, LSB"},
    {PM_SET_NUMBER("sar-noise", 0, 16, "0"), .when = "adc=full|6|7|8|9|10",
     .help = "deviation of a comparator's noise, LSB"},
    {0},
};
static const struct pm_setting_list list = {"hyflex", settings};
PM_SETTING_LIST(list);

/* Cells as the settings say; what does not apply has its default. */
static void configure_cells(struct pm_hyflex_cfg *c, const struct pm_site *site,
                            const struct pm_settings *s) {
    c->rram.seed = c->sar.seed = site->seed;
    c->rram.mlc_sigma = pm_settings_real(s, "mlc-sigma");
    c->rram.slc_sigma = pm_settings_real(s, "slc-sigma");
    c->rram.verify = pm_settings_real(s, "verify");
    c->rram.pulses = (unsigned)pm_settings_int(s, "pulses");
    c->rram.read_noise = pm_settings_real(s, "read-noise");
    c->rram.stuck_on = pm_settings_real(s, "stuck-on");
    c->rram.stuck_off = pm_settings_real(s, "stuck-off");
    c->rram.drift = pm_settings_real(s, "drift");
    c->rram.time = pm_settings_real(s, "time");
    c->rram.replica = pm_settings_int(s, "replica") != 0;
    c->rram.wire = pm_settings_real(s, "wire");
    c->sar.cap_sigma = pm_settings_real(s, "sar-mismatch");
    c->sar.offset = pm_settings_real(s, "sar-offset");
    c->sar.noise = pm_settings_real(s, "sar-noise");
}

static struct pm_hyflex_linear_cfg configure(const struct pm_site *site, const struct pm_settings *s) {
    static const enum pm_hyflex_layout layout[] = {[CELL_1] = PM_HYFLEX_SLC,
                                                   [CELL_2] = PM_HYFLEX_MLC,
                                                   [CELL_3] = PM_HYFLEX_MLC,
                                                   [CELL_4] = PM_HYFLEX_MLC,
                                                   [CELL_RANKS] = PM_HYFLEX_RANKS};
    const unsigned cell = (unsigned)pm_settings_int(s, "cell"), adc = (unsigned)pm_settings_int(s, "adc");
    struct pm_hyflex_linear_cfg c = {.layout = layout[cell],
                                     .array = pm_hyflex_default(),
                                     .mlc_cell = cell == CELL_3 || cell == CELL_4 ? 1 + cell : 2,
                                     .slc_percent = (unsigned)pm_settings_int(s, "slc-percent"),
                                     .sigma = (enum pm_rank_sigma)pm_settings_int(s, "rank-sigma")};
    for (unsigned part = 0; part < 2; part++)
        c.adc[part] = adc == ADC_FULL    ? pm_hyflex_full_adc(part ? c.mlc_cell : 1)
                      : adc == ADC_IDEAL ? 0
                                         : 5 + adc;
    c.array.noise = pm_settings_meet(s, "noise=weight") ? PM_HYFLEX_NOISE_WEIGHT : PM_HYFLEX_NOISE_CELL;
    c.array.weights = (enum pm_weight_coding)pm_settings_int(s, "weights");
    c.array.flip = pm_settings_meet(s, "flip=1");
    c.array.sars = 1u << pm_settings_int(s, "sars");
    configure_cells(&c.array, site, s);
    return c;
}

/* FOLDER/ranks.json, kept for all layers. */
static pm_status load_gradient(struct pm_site *site, const struct pm_node *node, double *gradient,
                               struct pm_error *e) {
    char path[PATH_MAX];
    struct pm_json d = {path, e, NULL};
    struct cJSON *root = site->own;
    snprintf(path, sizeof path, "%s/ranks.json", site->folder);
    if (!root) {
        const pm_status status = pm_json_load(&d);
        if (status != PM_OK)
            return status;
        site->own = root = d.root;
    }
    const struct cJSON *layers = cJSON_GetObjectItemCaseSensitive(root, "layers");
    const struct cJSON *layer = cJSON_IsArray(layers) ? cJSON_GetArrayItem(layers, (int)node->layer) : NULL;
    if (!layer)
        return pm_json_fail(&d, PM_ESHAPE, "\"layers\" is missing, or has no element %u for %s", node->layer,
                            node->name);
    return pm_json_reals(&d, layer, node->part, pm_rank_count(node->matrix->in, node->matrix->out), -1e30,
                         1e30, gradient);
}

/* The order of the ranks, which the caller frees. */
static pm_status sort_ranks(struct pm_site *site, const struct pm_node *node, enum pm_rank_order by,
                            unsigned **order, struct pm_error *e) {
    const unsigned k = pm_rank_count(node->matrix->in, node->matrix->out);
    double *gradient = malloc(k * sizeof *gradient);
    *order = malloc(k * sizeof **order);
    pm_status status = gradient && *order ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && by == PM_RANK_GRADIENT)
        status = load_gradient(site, node, gradient, e);
    if (status == PM_OK)
        pm_rank_sort(by, gradient, site->seed, node->id, k, *order);
    free(gradient);
    return status;
}

/* A matrix, or (linear NULL) a node of digital modules alone. */
struct layer {
    struct pm_hyflex_linear *linear;
    struct pm_hyflex_digital *digital;
    unsigned in, out, sars;
    unsigned lanes; /* of a special function unit; 0: the host's float */
    bool flip;
};

unsigned pm_hyflex_layer_sars(const void *layer) {
    return ((const struct layer *)layer)->sars;
}

unsigned pm_hyflex_layer_lanes(const void *layer) {
    return ((const struct layer *)layer)->lanes;
}

static void free_layer(void *layer) {
    struct layer *l = layer;
    pm_hyflex_linear_free(l->linear);
    pm_hyflex_digital_free(l->digital);
    free(l);
}

static void free_own(void *own) {
    cJSON_Delete(own);
}

static pm_status place_matrix(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                              struct layer *l, struct pm_error *e) {
    struct pm_hyflex_linear_cfg cfg = configure(site, s);
    unsigned *order = NULL;
    l->in = node->matrix->in;
    l->out = node->matrix->out;
    l->flip = cfg.array.flip;
    if (l->lanes > 0 && (l->in > PM_SFU_MAX_ROW || l->out > PM_SFU_MAX_ROW))
        return pm_fail(e, PM_ERANGE, node->name, "rows of %u, a digital module of hyflex has room for %u",
                       l->in > l->out ? l->in : l->out, PM_SFU_MAX_ROW);
    pm_status status = PM_OK;
    if (cfg.layout == PM_HYFLEX_RANKS)
        status = sort_ranks(site, node, (enum pm_rank_order)pm_settings_int(s, "rank-order"), &order, e);
    cfg.order = order;
    if (status == PM_OK)
        status = pm_hyflex_linear_new(&cfg, node->matrix, &site->next_array, &l->linear);
    free(order);
    return status;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    struct layer *l = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    *layer = l;
    l->sars = 1u << pm_settings_int(s, "sars");
    l->lanes = pm_settings_meet(s, "digital=module") ? 4u << pm_settings_int(s, "lanes") : 0;
    return node->kind == PM_NODE_MATRIX ? place_matrix(site, node, s, l, e)
                                        : pm_hyflex_digital_new(site->graph, node, &l->digital, e);
}

static void hold(const void *layer, struct pm_held *held) {
    const struct layer *l = layer;
    if (!l->linear)
        return;
    *held = pm_hyflex_linear_held(l->linear);
    held->flip_bits = l->flip ? held->arrays * PM_HYFLEX_COLS : 0;
}

static const char *const parts[PM_HYFLEX_PARTS + 1] = {
    [PM_HYFLEX_PART_SLC] = "slc",
    [PM_HYFLEX_PART_MLC] = "mlc",
    [PM_HYFLEX_PART_NOR] = "nor",
    [PM_HYFLEX_PART_QUANTISE] = "quantise",
    [PM_HYFLEX_PART_SCALE] = "scale",
    [PM_HYFLEX_PART_NORM] = "norm",
    [PM_HYFLEX_PART_SOFTMAX] = "softmax",
    [PM_HYFLEX_PART_ACTIVATION] = "activation",
    [PM_HYFLEX_PART_ARITHMETIC] = "arithmetic",
    [PM_HYFLEX_PART_WHOLE] = "whole",
};

static void add_cost(struct pm_counts *counts, const struct pm_hyflex_linear_cost *c) {
    for (int cell = 0; cell < 2; cell++) {
        struct pm_counts *to = &counts[cell ? PM_HYFLEX_PART_MLC : PM_HYFLEX_PART_SLC];
        to->of[PM_COUNT_VECTORS] += c->cell[cell].vectors;
        to->of[PM_COUNT_READS] += c->cell[cell].array_reads;
        to->of[PM_COUNT_CONVERSIONS] += c->cell[cell].conversions;
        to->of[PM_COUNT_WRONG] += c->cell[cell].wrong;
        to->of[PM_COUNT_CLOCKS] += c->cell[cell].cycles;
    }
}

/* A matrix in float around the arrays, or in binary16. */
static pm_status run_matrix(const struct layer *l, const struct pm_hyflex_units *u, const struct pm_run_of *r,
                            struct pm_hyflex_linear_cost *cost) {
    const struct pm_operands *o = &r->operands;
    const size_t n = o->n, in = n * l->in, out = n * l->out;
    if (l->lanes == 0)
        return pm_hyflex_linear_run(l->linear, n, o->x, r->first_vector, o->y, cost, r->watch);
    uint16_t *x = malloc((in + 2 * out) * sizeof *x), *y = x + in, *onto = y + out;
    if (!x)
        return PM_ENOMEM;
    pm_hyflex_from_float(o->x, in, x);
    if (o->more[0])
        pm_hyflex_from_float(o->more[0], out, onto);
    const pm_status status =
        pm_hyflex_linear_run16(l->linear, u, n, x, o->more[0] ? onto : NULL, r->first_vector, y, cost);
    if (status == PM_OK)
        pm_hyflex_to_float(y, out, o->y);
    free(x);
    return status;
}

static pm_status begin(const void *layer, unsigned tokens, void **state) {
    const struct layer *l = layer;
    struct pm_hyflex_cache *cache = NULL;
    const pm_status status = l->digital ? pm_hyflex_cache_new(l->digital, tokens, &cache) : PM_OK;
    *state = cache;
    return status;
}

static void end(void *state) {
    pm_hyflex_cache_free(state);
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    const struct layer *l = layer;
    const struct pm_hyflex_units u = {l->lanes, r->counts, r->watch};
    struct pm_hyflex_linear_cost cost = {0};
    const pm_status status =
        l->linear ? run_matrix(l, &u, r, &cost) : pm_hyflex_digital_run(l->digital, &u, state, &r->operands);
    if (status != PM_OK || !r->counts)
        return status;
    const uint64_t n = r->operands.n;
    struct pm_counts *whole = &r->counts[PM_HYFLEX_PART_WHOLE];
    whole->of[PM_COUNT_VECTORS] += n;
    if (!l->linear)
        return PM_OK;
    add_cost(r->counts, &cost);
    whole->of[PM_COUNT_CLOCKS] += cost.cycles;
    whole->of[PM_COUNT_MOVED] += n * (8 * l->in + 32 * l->out); /* int8 in, int32 out */
    return PM_OK;
}

static const struct pm_variant variants[] = {
    {"*=hyflex,cell=1", "hyflex_slc", PM_OF_TEXT},
    {"*=hyflex,cell=2", "hyflex_mlc", PM_OF_TEXT},
    {"*=hyflex,cell=2,mlc-sigma=0.025", "hyflex_sigma_0.025", PM_OF_TEXT},
    {"*=hyflex,cell=1,digital=module", "hyflex_module", PM_OF_TEXT},
    {"ffn*=hyflex,cell=1", "slc", PM_OF_IMAGES | PM_OF_RTL},
    {"ffn*=hyflex,cell=2", "mlc", PM_OF_IMAGES | PM_OF_RTL},
    {"ffn*=hyflex,cell=1,flip=0", "literal_slc", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,flip=0", "literal", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,adc=6", "6bit", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,mlc-sigma=0.025", "sigma_0.025", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,mlc-sigma=0.132", "sigma_0.132", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,mlc-sigma=0.174", "sigma_0.174", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,mlc-sigma=0.132,noise=weight", "weight_0.132", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=2,mlc-sigma=0.132,weights=differential", "differential_0.132", PM_OF_IMAGES},
    {"ffn*=hyflex,cell=ranks,mlc-sigma=0.132", "ranks_0.132", PM_OF_IMAGES},
    {"attn*=hyflex,cell=1 ffn*=hyflex,cell=1", "projections_slc", PM_OF_IMAGES},
    {"attn*=hyflex,cell=2 ffn*=hyflex,cell=2", "projections_mlc", PM_OF_IMAGES},
    /* noisy cells must not break equality */
    {"ffn*=hyflex,cell=1,slc-sigma=0.05,read-noise=0.1", NULL, PM_OF_RTL},
    {"ffn*=hyflex,cell=2,mlc-sigma=0.132,read-noise=0.1", NULL, PM_OF_RTL},
    {0},
};

const struct pm_system pm_system_hyflex = {
    .name = "hyflex",
    .summary = "a matrix in RRAM arrays of 1-bit to 4-bit cells (HyFlexPIM)",
    .title = "HyFlexPIM arrays",
    .settings = &list,
    .variants = variants,
    .takes = PM_TAKES(PM_NODE_MATRIX),
    .takes_more = PM_TAKES(PM_NODE_NORM) | PM_TAKES(PM_NODE_ACTIVATION) | PM_TAKES(PM_NODE_ADD) |
                  PM_TAKES(PM_NODE_HEADS) | PM_TAKES(PM_NODE_POOL) | PM_TAKES(PM_NODE_PATCHES) |
                  PM_TAKES(PM_NODE_PRODUCT) | PM_TAKES(PM_NODE_ROTARY),
    .more = "digital=module",
    .all = "*,digital=module",
    .adds = "digital=module",
    .parts = parts,
    .draws =
        "rank-order=random or mlc-sigma>0 or slc-sigma>0 or read-noise>0 or stuck-on>0 or stuck-off>0 or "
        "sar-mismatch>0 or sar-offset>0 or sar-noise>0",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .free_own = free_own,
    .begin = begin,
    .end = end,
    .run = run,
};
