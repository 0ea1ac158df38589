// SPDX-License-Identifier: Apache-2.0
#include "system/xbar.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "io/npy.h"
#include "kernels/gemm.h"
#include "system/integer.h"

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("w", 2, 8, "8"), .help = "bits of a weight"},
    {PM_SET_INTEGER("a", 2, 8, "8"), .help = "bits of an input"},
    {PM_SET_INTEGER("cell", 1, 4, "4"), .help = "bits a cell"},
    {PM_SET_INTEGER("rows", 16, PM_XBAR_MAX_ROWS, "256"), .help = "wordlines of a crossbar"},
    {PM_SET_INTEGER("cols", 2, 4096, "256"), .help = "its columns, even: pairs stay together"},
    {PM_SET_INTEGER("adc", 0, 16, "0"), .help = "bits of a converter, 2..16; 0: ideal"},
    {PM_SET_NUMBER("sigma", 0, 0.5, "0"), .help = "programming error of a cell, relative"},
    {PM_SET_NUMBER("read-noise", 0, 16, "0"), .help = "deviation of a cell's read noise, LSB"},
    {0},
};
static const struct pm_setting_list list = {"xbar", settings};
PM_SETTING_LIST(list);

struct layer {
    struct pm_integer *integer;
    struct pm_xbar *matrix;
};

const struct pm_xbar *pm_xbar_of_layer(const void *layer) {
    return ((const struct layer *)layer)->matrix;
}

static void free_layer(void *layer) {
    struct layer *l = layer;
    pm_integer_free(l->integer);
    pm_xbar_free(l->matrix);
    free(l);
}

static struct pm_xbar_cfg configure(const struct pm_site *site, const struct pm_settings *s) {
    struct pm_xbar_cfg c = pm_xbar_default();
    c.wbits = (unsigned)pm_settings_int(s, "w");
    c.abits = (unsigned)pm_settings_int(s, "a");
    c.cell = (unsigned)pm_settings_int(s, "cell");
    c.rows = (unsigned)pm_settings_int(s, "rows");
    c.cols = (unsigned)pm_settings_int(s, "cols");
    c.adc = (unsigned)pm_settings_int(s, "adc");
    c.rram.mlc_sigma = c.rram.slc_sigma = pm_settings_real(s, "sigma");
    c.rram.read_noise = pm_settings_real(s, "read-noise");
    c.rram.seed = site->seed;
    return c;
}

/* ---- compiled networks: the folder has a schedule and tiles ---- */

/* The layer's number in the schedule, which must be of these settings. */
static pm_status find_layer(const struct pm_json *d, const struct pm_node *node, const struct pm_xbar_cfg *c,
                            int64_t *number) {
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(d->root, "map"), *item;
    const struct {
        const cJSON *object;
        const char *key;
        unsigned want;
    } must[] = {{d->root, "cell", c->cell},    {d->root, "rows", c->rows},     {d->root, "cols", c->cols},
                {NULL, "k", node->matrix->in}, {NULL, "m", node->matrix->out}, {NULL, "w", c->wbits},
                {NULL, "a", c->abits}};
    if (!cJSON_IsString(map) || strcmp(map->valuestring, "dc") != 0)
        return pm_json_fail(d, PM_EINVAL, "map is not dc, which alone can run");
    *number = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(d->root, "layers")) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(name) && strcmp(name->valuestring, node->name) == 0)
            break;
        ++*number;
    }
    if (!item)
        return pm_json_fail(d, PM_EINVAL, "%s is not among the layers", node->name);
    for (size_t k = 0; k < sizeof must / sizeof *must; k++) {
        int64_t value;
        const pm_status status =
            pm_json_integer(d, must[k].object ? must[k].object : item, must[k].key, 1, INT32_MAX, &value);
        if (status != PM_OK)
            return status;
        if (value != must[k].want)
            return pm_json_fail(d, PM_EINVAL, "%s was compiled with %s=%d, not %u", node->name, must[k].key,
                                (int)value, must[k].want);
    }
    return PM_OK;
}

/* Adds a tile's cells to the weights w[rows][outputs]. */
static pm_status add_tile(const struct pm_xbar_cfg *c, const struct pm_matrix *m, const char *path,
                          unsigned r, unsigned q, int16_t *w, struct pm_error *e) {
    struct pm_tensor t;
    pm_status status = pm_npy_read(path, &t, e);
    if (status != PM_OK)
        return status;
    if (t.rank != 2 || t.shape[0] != c->rows || t.shape[1] != c->cols)
        status = pm_fail(e, PM_ESHAPE, path, "not [%u,%u], as the crossbar", c->rows, c->cols);
    const unsigned slices = pm_xbar_slices(c);
    for (size_t i = 0; i < t.count && status == PM_OK; i++) {
        const size_t row = (size_t)r * c->rows + i / c->cols, column = (size_t)q * c->cols + i % c->cols;
        const unsigned slice = (unsigned)(column / 2 % slices), shift = pm_xbar_shift(c, slice);
        const size_t output = column / 2 / slices;
        const bool used = row < m->in && output < m->out;
        const int64_t level = pm_tensor_get(&t, i), most = (1 << (c->wbits - c->cell * slice - shift)) - 1;
        if (level < 0 || level > (used ? most : 0))
            status = pm_fail(e, PM_ERANGE, path, "level %d in row %zu, column %zu is beyond %d", (int)level,
                             i / c->cols, i % c->cols, used ? (int)most : 0);
        else if (used)
            w[row * m->out + output] =
                (int16_t)(w[row * m->out + output] + (column % 2 ? -level : level) * (1 << shift));
    }
    pm_tensor_free(&t);
    return status;
}

/* The weights as the tiles have them; where nothing is compiled, as they are. */
static pm_status load_tiles(const struct pm_site *site, const struct pm_node *node,
                            const struct pm_xbar_cfg *c, int16_t *w, struct pm_error *e) {
    char path[PATH_MAX + 64];
    struct pm_json d = {path, e, NULL};
    int64_t number = 0;
    snprintf(path, sizeof path, "%s/schedule.json", site->folder);
    if (access(path, F_OK) != 0)
        return PM_OK;
    pm_status status = pm_json_load(&d);
    if (status != PM_OK)
        return status;
    status = find_layer(&d, node, c, &number);
    cJSON_Delete(d.root);
    const unsigned cols = node->matrix->out * pm_xbar_slices(c) * 2;
    if (status == PM_OK)
        memset(w, 0, (size_t)node->matrix->in * node->matrix->out * sizeof *w);
    for (unsigned r = 0; r * c->rows < node->matrix->in; r++)
        for (unsigned q = 0; q * c->cols < cols && status == PM_OK; q++) {
            snprintf(path, sizeof path, "%s/tile-%d-%u-%u.npy", site->folder, (int)number, r, q);
            status = add_tile(c, node->matrix, path, r, q, w, e);
        }
    return status;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    struct pm_xbar_cfg c = configure(site, s);
    const struct pm_integer_cfg bits = {.xbits = c.abits, .wbits = c.wbits};
    struct layer *l = *layer = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    if (pm_xbar_check(&c) != PM_OK)
        return c.cols % 2   ? pm_fail(e, PM_EINVAL, "xbar.cols", "%u is odd; pairs stay together", c.cols)
               : c.adc == 1 ? pm_fail(e, PM_EINVAL, "xbar.adc", "a converter has 2..16 bits; 0: ideal")
                            : pm_fail(e, PM_EINVAL, "xbar.rows", "%u; cells with errors have at most %d",
                                      c.rows, PM_RRAM_MAX_ROWS);
    pm_status status = pm_integer_new(site, node, &bits, &l->integer, e);
    if (status != PM_OK)
        return status;
    c.is_signed = l->integer->low < 0;
    status = load_tiles(site, node, &c, l->integer->weight, e);
    if (status != PM_OK)
        return status;
    status =
        pm_xbar_new(&c, l->integer->weight, l->integer->in, l->integer->out, site->next_array, &l->matrix);
    if (status == PM_OK)
        site->next_array += pm_xbar_row_tiles(l->matrix) * pm_xbar_col_tiles(l->matrix);
    return status;
}

static void hold(const void *layer, struct pm_held *held) {
    const struct layer *l = layer;
    const struct pm_xbar_cfg *c = pm_xbar_config(l->matrix);
    const uint64_t plain_cols = (uint64_t)l->integer->out * c->wbits * 2; /* in 1-bit cells */
    held->arrays = (uint64_t)pm_xbar_row_tiles(l->matrix) * pm_xbar_col_tiles(l->matrix);
    held->plain = pm_xbar_row_tiles(l->matrix) * ((plain_cols + c->cols - 1) / c->cols);
}

static void count(const struct layer *l, const struct pm_xbar_cost *c, struct pm_counts *to) {
    to->of[PM_COUNT_VECTORS] += c->vectors;
    to->of[PM_COUNT_READS] += c->reads;
    to->of[PM_COUNT_CONVERSIONS] += c->conversions;
    to->of[PM_COUNT_CLIPS] += c->clips;
    to->of[PM_COUNT_CLOCKS] += c->clocks;
    to->of[PM_COUNT_MOVED] += c->vectors * ((uint64_t)pm_xbar_config(l->matrix)->abits * l->integer->in +
                                            32 * (uint64_t)l->integer->out);
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    (void)state;
    const struct layer *l = layer;
    const size_t n = r->operands.n, in = l->integer->in, stride = pm_gemm_stride(l->integer->in);
    int16_t *xq = malloc(n * stride * sizeof *xq);
    int32_t *x = malloc(n * in * sizeof *x);
    int64_t *y = malloc(n * l->integer->out * sizeof *y);
    struct pm_xbar_cost cost = {0};
    pm_status status = xq && x && y ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        pm_integer_quantise(l->integer, n, r->operands.x, stride, xq);
        for (size_t t = 0; t < n; t++)
            for (size_t i = 0; i < in; i++)
                x[t * in + i] = xq[t * stride + i];
        status = pm_xbar_gemm(l->matrix, x, in, n, r->first_vector, y, &cost);
    }
    if (status == PM_OK) {
        pm_integer_restore(l->integer, n, y, r->operands.y);
        if (r->counts)
            count(l, &cost, r->counts);
        if (r->watch)
            status = r->watch->done(r->watch->ctx, &(struct pm_xbar_run){l->matrix, n, r->first_vector, x, y,
                                                                         cost.clips, cost.clocks});
    }
    free(xq);
    free(x);
    free(y);
    return status;
}

static const char *const parts[] = {"crossbars", NULL};

const struct pm_system pm_system_xbar = {
    .name = "xbar",
    .summary = "a matrix on crossbars of n-bit cells, its bits chosen layer by layer",
    .title = "crossbars",
    .settings = &list,
    .takes = PM_TAKES(PM_NODE_MATRIX),
    .parts = parts,
    .draws = "sigma>0 or read-noise>0",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .run = run,
};
