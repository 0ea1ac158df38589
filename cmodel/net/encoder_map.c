// SPDX-License-Identifier: Apache-2.0
#include "net/encoder_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emsbq.h"
#include "io/json.h"

/* One layer's member of calibration.json. */
struct calibration {
    double *mu; /* [D] */
    double *a;  /* [D], powers of two */
    double sx;
    unsigned mk, mv;
};

static pm_status read_layer(const struct pm_json *d, const cJSON *layer, size_t width,
                            struct calibration *c) {
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
static bool map_input_matrix(const struct pm_encoder_linear *l, const struct calibration *c, int8_t *w,
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

static double largest_weight(const struct pm_encoder_linear *l, size_t out) {
    double largest = 0;
    for (size_t in = 0; in < l->in; in++)
        largest = fmax(largest, fabs(l->weight[out * l->in + in]));
    return largest;
}

/* W_O, one scale an output, or one for all of them; returns false where a bias does not fit 32 bits. */
static bool map_output_matrix(const struct pm_encoder_linear *l, bool one_scale, struct pm_encoder_map *map,
                              int8_t *w, int32_t *b) {
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

static pm_status map_layer(const struct pm_json *d, const struct pm_encoder *network, unsigned index,
                           const struct calibration *c, const struct pm_encoder_map_options *options,
                           struct pm_encoder_map *map) {
    const struct pm_encoder_layer *layer = &network->layers[index];
    size_t width = network->config.width, area = width * width;
    map->ln.weight = malloc(width * sizeof *map->ln.weight);
    map->ln.bias = malloc(width * sizeof *map->ln.bias);
    map->sw_o = malloc(width * sizeof *map->sw_o);
    map->out_scale = malloc(width * sizeof *map->out_scale);
    map->weights = malloc(4 * area * sizeof *map->weights);
    map->biases = malloc(4 * width * sizeof *map->biases);
    if (map->ln.weight == NULL || map->ln.bias == NULL || map->sw_o == NULL || map->out_scale == NULL ||
        map->weights == NULL || map->biases == NULL)
        return pm_json_fail(d, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
    const struct pm_encoder_norm *ln = pm_encoder_norm_into(network, index);
    for (size_t i = 0; i < width; i++) {
        map->ln.weight[i] = (float)(ln->weight[i] / c->a[i]);
        map->ln.bias[i] = (float)((ln->bias[i] - c->mu[i]) / c->a[i]);
    }
    map->sx = c->sx;
    map->mk = c->mk;
    map->mv = c->mv;
    int8_t *w = map->weights;
    int32_t *b = map->biases;
    if (!map_input_matrix(&layer->linear[PM_ENCODER_Q], c, w, b, &map->sw_q) ||
        !map_input_matrix(&layer->linear[PM_ENCODER_K], c, w + area, b + width, &map->sw_k) ||
        !map_input_matrix(&layer->linear[PM_ENCODER_V], c, w + 2 * area, b + 2 * width, &map->sw_v) ||
        !map_output_matrix(&layer->linear[PM_ENCODER_O], options->wo_one_scale, map, w + 3 * area,
                           b + 3 * width))
        return pm_json_fail(d, PM_ERANGE, "layer %u: a bias does not fit 32 bits at \"sx\" %g", index, c->sx);
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
    double dk = network->config.width / network->config.heads;
    int e0;
    map->s0 = frexp(c->sx * map->sw_q * c->sx * map->sw_k * ldexp(1.0, (int)c->mk) / sqrt(dk), &e0);
    map->e0 = e0;
    return PM_OK;
}

/* The parse to another number of bits keeps the calibrated range. */
static unsigned shift_for(unsigned m, int64_t kvb, unsigned now) {
    return (unsigned)pm_clamp(m + kvb - now, 0, 31);
}

static pm_status map_layers(const struct pm_json *d, struct pm_encoder *network, const cJSON *root,
                            const struct pm_encoder_map_options *options, struct calibration *c) {
    int64_t kvb = 0;
    pm_status s = pm_json_integer(d, root, "kvb", 2, 16, &kvb);
    if (s != PM_OK)
        return s;
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(root, "layers");
    if (!cJSON_IsArray(layers))
        return pm_json_fail(d, PM_EFORMAT, "\"layers\" is missing or not an array");
    unsigned i = 0;
    for (const cJSON *layer = layers->child; layer != NULL; layer = layer->next, i++) {
        if (i == network->config.layers)
            return pm_json_fail(d, PM_ESHAPE, "\"layers\" has more than the network's %u",
                                network->config.layers);
        const unsigned now = options->kvb ? options->kvb : (unsigned)kvb;
        network->maps[i].kvb = now;
        if ((s = read_layer(d, layer, network->config.width, c)) != PM_OK)
            return s;
        c->mk = shift_for(c->mk, kvb, now);
        c->mv = shift_for(c->mv, kvb, now);
        if ((s = map_layer(d, network, i, c, options, &network->maps[i])) != PM_OK)
            return s;
    }
    if (i != network->config.layers)
        return pm_json_fail(d, PM_ESHAPE, "\"layers\" has %u elements, the network %u", i,
                            network->config.layers);
    return PM_OK;
}

static pm_status load(struct pm_json *d, struct pm_encoder *network,
                      const struct pm_encoder_map_options *options) {
    const struct pm_encoder_config *c = &network->config;
    if (c->width > PM_MAX_WIDTH || c->heads > PM_MAX_HEADS || c->tokens > PM_MAX_TOKENS)
        return pm_json_fail(d, PM_ERANGE, "width %u, heads %u, tokens %u exceed the engine's %d, %d, %d",
                            c->width, c->heads, c->tokens, PM_MAX_WIDTH, PM_MAX_HEADS, PM_MAX_TOKENS);
    pm_status s = pm_json_load(d);
    if (s != PM_OK)
        return s;
    network->maps = calloc(c->layers, sizeof *network->maps);
    struct calibration cal = {.mu = malloc(c->width * sizeof(double)),
                              .a = malloc(c->width * sizeof(double))};
    if (network->maps == NULL || cal.mu == NULL || cal.a == NULL)
        s = pm_json_fail(d, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
    else
        s = map_layers(d, network, d->root, options, &cal);
    free(cal.mu);
    free(cal.a);
    cJSON_Delete(d->root);
    return s;
}

pm_status pm_encoder_map_load(struct pm_encoder *network, const char *dir,
                              const struct pm_encoder_map_options *options, struct pm_error *e) {
    static const struct pm_encoder_map_options as_calibrated;
    pm_encoder_map_free(network);
    size_t room = strlen(dir) + sizeof "/calibration.json";
    char *path = malloc(room);
    if (path == NULL)
        return pm_fail(e, PM_ENOMEM, dir, "%s", pm_strerror(PM_ENOMEM));
    snprintf(path, room, "%s/calibration.json", dir);
    pm_status s = load(&(struct pm_json){path, e, NULL}, network, options ? options : &as_calibrated);
    if (s != PM_OK)
        pm_encoder_map_free(network);
    free(path);
    return s;
}

void pm_encoder_map_free(struct pm_encoder *network) {
    for (unsigned i = 0; network->maps != NULL && i < network->config.layers; i++) {
        struct pm_encoder_map *map = &network->maps[i];
        free(map->ln.weight);
        free(map->ln.bias);
        free(map->sw_o);
        free(map->out_scale);
        free(map->weights);
        free(map->biases);
    }
    free(network->maps);
    network->maps = NULL;
}

void pm_encoder_map_configure(const struct pm_encoder *network, unsigned layer,
                              struct pm_attention_cfg *cfg) {
    const struct pm_encoder_map *map = &network->maps[layer];
    cfg->width = network->config.width;
    cfg->heads = network->config.heads;
    cfg->kvb = map->kvb;
    cfg->mk = map->mk;
    cfg->mv = map->mv;
    for (unsigned h = 0; h < cfg->heads; h++) {
        cfg->s0[h] = map->s0;
        cfg->e0[h] = map->e0;
    }
}

void pm_encoder_map_tokens(const struct pm_encoder_map *map, float eps, size_t n, size_t width,
                           const float *tokens, float *work, int64_t *fixed, int16_t *y, int8_t *x,
                           int32_t *ex) {
    const struct pm_emsbq_cfg to8 = {.q = 8, .is_signed = true, .round = true};
    float per_lsb = (float)(1.0 / map->sx);
    for (size_t t = 0; t < n; t++) {
        pm_encoder_layernorm(&map->ln, eps, 1, width, tokens + t * width, work);
        for (size_t i = 0; i < width; i++) {
            const float v = work[i] * per_lsb;
            fixed[i] = lrintf(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
        }
        ex[t] = pm_emsbq(&to8, fixed, NULL, width, y);
        for (size_t i = 0; i < width; i++)
            x[t * width + i] = (int8_t)y[i];
    }
}
