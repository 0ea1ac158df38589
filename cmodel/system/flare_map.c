// SPDX-License-Identifier: Apache-2.0
#include "system/flare_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emsbq.h"
#include "io/json.h"

static pm_status read_layer(const struct pm_json *d, const cJSON *layer, size_t width,
                            struct pm_flare_calibration_layer *c) {
    int64_t mk = 0, mv = 0;
    pm_status s;
    /* 2^-60..2^60 keeps every product of scales a normal double. */
    if ((s = pm_json_reals(d, layer, "mu", width, -1e6, 1e6, c->mu)) != PM_OK ||
        (s = pm_json_reals(d, layer, "a_log2", width, -30, 0, c->a)) != PM_OK ||
        (s = pm_json_real(d, layer, "sx", 0x1p-60, 0x1p60, &c->sx)) != PM_OK ||
        (s = pm_json_integer(d, layer, "mk", 0, 31, &mk)) != PM_OK ||
        (s = pm_json_integer(d, layer, "mv", 0, 31, &mv)) != PM_OK)
        return s;
    for (size_t i = 0; i < width; i++) {
        if (c->a[i] != floor(c->a[i]))
            return pm_json_fail(d, PM_ERANGE, "\"a_log2\"[%zu] is %g, not an integer", i, c->a[i]);
        c->a[i] = ldexp(1.0, (int)c->a[i]);
    }
    c->mk = (unsigned)mk;
    c->mv = (unsigned)mv;
    return PM_OK;
}

/* One LSB of 8-bit weights whose largest magnitude is `largest`; where all are 0, any scale will do. */
static double weight_scale(double largest) {
    return largest > 0 ? largest / 127 : 1.0;
}

static bool quantise_bias(double bias, double scale, int32_t *out) {
    double v = rint(bias / scale);
    if (!(fabs(v) <= INT32_MAX))
        return false;
    *out = (int32_t)v;
    return true;
}

/* W_Q, W_K or W_V with mu and a folded in; returns false where a bias does not fit 32 bits. */
static bool map_input_matrix(const struct pm_matrix *l, const struct pm_flare_calibration_layer *c, int8_t *w,
                             int32_t *b, double *scale) {
    size_t d = l->in;
    double largest = 0;
    for (size_t out = 0; out < d; out++)
        for (size_t in = 0; in < d; in++)
            largest = fmax(largest, fabs(l->weight[out * d + in] * c->a[in]));
    *scale = weight_scale(largest);
    for (size_t out = 0; out < d; out++) {
        double bias = l->bias[out];
        for (size_t in = 0; in < d; in++) {
            double weight = l->weight[out * d + in];
            bias += weight * c->mu[in];
            w[in * d + out] = (int8_t)rint(weight * c->a[in] / *scale);
        }
        if (!quantise_bias(bias, c->sx * *scale, &b[out]))
            return false;
    }
    return true;
}

static double largest_weight(const struct pm_matrix *l, size_t out) {
    double largest = 0;
    for (size_t in = 0; in < l->in; in++)
        largest = fmax(largest, fabs(l->weight[out * l->in + in]));
    return largest;
}

/* W_O, one scale an output, or one for all of them; returns false where a bias does not fit 32 bits. */
static bool map_output_matrix(const struct pm_matrix *l, bool one_scale, struct pm_flare_map *map, int8_t *w,
                              int32_t *b) {
    size_t d = l->in;
    double all = 0;
    for (size_t out = 0; out < d; out++)
        all = fmax(all, largest_weight(l, out));
    for (size_t out = 0; out < d; out++) {
        double scale = weight_scale(one_scale ? all : largest_weight(l, out));
        for (size_t in = 0; in < d; in++)
            w[in * d + out] = (int8_t)rint(l->weight[out * d + in] / scale);
        map->sw_o[out] = (float)scale;
        map->out_scale[out] = (float)(map->sx * map->sw_v * scale);
        if (!quantise_bias(l->bias[out], map->sx * map->sw_v * scale, &b[out]))
            return false;
    }
    return true;
}

/* The parse to another number of bits keeps the calibrated range. */
static unsigned shift_for(unsigned m, unsigned kvb, unsigned now) {
    return (unsigned)pm_clamp((int64_t)m + kvb - now, 0, 31);
}

pm_status pm_flare_map_new(const struct pm_node *node, const struct pm_flare_calibration *calibration,
                           const struct pm_flare_map_options *options, struct pm_flare_map *map) {
    const struct pm_flare_calibration_layer *c = &calibration->layer[node->layer];
    const size_t width = node->width, area = width * width;
    *map = (struct pm_flare_map){.ln.width = node->width,
                                 .ln.eps = node->attention.norm->eps,
                                 .sx = c->sx,
                                 .kvb = options->kvb ? options->kvb : calibration->kvb};
    map->ln.weight = malloc(width * sizeof *map->ln.weight);
    map->ln.bias = malloc(width * sizeof *map->ln.bias);
    map->sw_o = malloc(width * sizeof *map->sw_o);
    map->out_scale = malloc(width * sizeof *map->out_scale);
    map->weights = malloc(4 * area * sizeof *map->weights);
    map->biases = malloc(4 * width * sizeof *map->biases);
    if (map->ln.weight == NULL || map->ln.bias == NULL || map->sw_o == NULL || map->out_scale == NULL ||
        map->weights == NULL || map->biases == NULL)
        return PM_ENOMEM;
    for (size_t i = 0; i < width; i++) {
        map->ln.weight[i] = (float)(node->attention.norm->weight[i] / c->a[i]);
        map->ln.bias[i] = (float)((node->attention.norm->bias[i] - c->mu[i]) / c->a[i]);
    }
    map->mk = shift_for(c->mk, calibration->kvb, map->kvb);
    map->mv = shift_for(c->mv, calibration->kvb, map->kvb);
    int8_t *w = map->weights;
    int32_t *b = map->biases;
    if (!map_input_matrix(node->attention.q, c, w, b, &map->sw_q) ||
        !map_input_matrix(node->attention.k, c, w + area, b + width, &map->sw_k) ||
        !map_input_matrix(node->attention.v, c, w + 2 * area, b + 2 * width, &map->sw_v) ||
        !map_output_matrix(node->attention.o, options->wo_one_scale, map, w + 3 * area, b + 3 * width))
        return PM_ERANGE;
    map->w = (struct pm_attention_weights){
        .wq = w,
        .wk = w + area,
        .wv = w + 2 * area,
        .wo = w + 3 * area,
        .bq = b,
        .bk = b + width,
        .bv = b + 2 * width,
        .bo = b + 3 * width,
    };
    double dk = node->width / node->attention.heads;
    int e0;
    map->s0 = frexp(c->sx * map->sw_q * c->sx * map->sw_k * ldexp(1.0, (int)map->mk) / sqrt(dk), &e0);
    map->e0 = e0;
    return PM_OK;
}

void pm_flare_map_free(struct pm_flare_map *map) {
    free(map->ln.weight);
    free(map->ln.bias);
    free(map->sw_o);
    free(map->out_scale);
    free(map->weights);
    free(map->biases);
    *map = (struct pm_flare_map){0};
}

static pm_status read_layers(const struct pm_json *d, const cJSON *root, const struct pm_graph *g,
                             struct pm_flare_calibration *c) {
    int64_t kvb = 0;
    pm_status s = pm_json_integer(d, root, "kvb", 2, 16, &kvb);
    if (s != PM_OK)
        return s;
    c->kvb = (unsigned)kvb;
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(root, "layers");
    if (!cJSON_IsArray(layers))
        return pm_json_fail(d, PM_EFORMAT, "\"layers\" is missing or not an array");
    const cJSON *layer = layers->child;
    unsigned i = 0;
    for (unsigned k = 0; k < g->nodes; k++) {
        const size_t width = g->node[k].width;
        struct pm_flare_calibration_layer *to = &c->layer[i];
        if (g->node[k].kind != PM_NODE_ATTENTION)
            continue;
        if (layer == NULL)
            return pm_json_fail(d, PM_ESHAPE, "\"layers\" has %u elements, the network more", i);
        if ((to->mu = malloc(width * sizeof *to->mu)) == NULL ||
            (to->a = malloc(width * sizeof *to->a)) == NULL)
            return pm_json_fail(d, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
        if ((s = read_layer(d, layer, width, to)) != PM_OK)
            return s;
        layer = layer->next;
        i++;
    }
    return layer == NULL ? PM_OK : pm_json_fail(d, PM_ESHAPE, "\"layers\" has more than the network's %u", i);
}

pm_status pm_flare_calibration_load(const char *folder, const struct pm_graph *g,
                                    struct pm_flare_calibration **calibration, struct pm_error *e) {
    char path[4096];
    struct pm_json d = {path, e, NULL};
    *calibration = NULL;
    snprintf(path, sizeof path, "%s/calibration.json", folder);
    pm_status s = pm_json_load(&d);
    if (s != PM_OK)
        return s;
    struct pm_flare_calibration *c = calloc(1, sizeof *c + g->nodes * sizeof *c->layer);
    if (c == NULL)
        s = pm_json_fail(&d, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
    if (c != NULL) {
        c->layers = g->nodes;
        s = read_layers(&d, d.root, g, c);
    }
    cJSON_Delete(d.root);
    if (s == PM_OK)
        *calibration = c;
    else
        pm_flare_calibration_free(c);
    return s;
}

void pm_flare_calibration_free(struct pm_flare_calibration *c) {
    for (unsigned i = 0; c != NULL && i < c->layers; i++) {
        free(c->layer[i].mu);
        free(c->layer[i].a);
    }
    free(c);
}

void pm_flare_map_configure(const struct pm_flare_map *map, const struct pm_node *node,
                            struct pm_attention_cfg *cfg) {
    cfg->width = node->width;
    cfg->heads = node->attention.heads;
    cfg->kvb = map->kvb;
    cfg->mk = map->mk;
    cfg->mv = map->mv;
    for (unsigned h = 0; h < cfg->heads; h++) {
        cfg->s0[h] = map->s0;
        cfg->e0[h] = map->e0;
    }
}

void pm_flare_map_tokens(const struct pm_flare_map *map, unsigned bits, size_t n, const float *tokens,
                         float *work, int64_t *fixed, int16_t *x, int32_t *ex) {
    const struct pm_emsbq_cfg to = {.q = bits, .is_signed = true, .round = true};
    const size_t width = map->ln.width;
    float per_lsb = (float)(1.0 / map->sx);
    for (size_t t = 0; t < n; t++) {
        pm_layernorm(&map->ln, 1, tokens + t * width, work);
        for (size_t i = 0; i < width; i++) {
            const float v = work[i] * per_lsb;
            fixed[i] = lrintf(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
        }
        ex[t] = pm_emsbq(&to, fixed, NULL, width, x + t * width);
    }
}
