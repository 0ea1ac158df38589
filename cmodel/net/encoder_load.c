// SPDX-License-Identifier: Apache-2.0
/* Loading and releasing a network: config.json and model.safetensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/choice.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "kernels/gemm.h"
#include "net/encoder.h"

static pm_status read_unsigned(const struct pm_json *d, const cJSON *root, const char *key, unsigned hi,
                               unsigned *out) {
    int64_t v = 0;
    pm_status s = pm_json_integer(d, root, key, 1, hi, &v);
    *out = (unsigned)v;
    return s;
}

static pm_status read_float(const struct pm_json *d, const cJSON *root, const char *key, double lo, double hi,
                            float *out) {
    double v = 0;
    pm_status s = pm_json_real(d, root, key, lo, hi, &v);
    *out = (float)v;
    return s;
}

/* Member `key` must be one of "a|b|c"; *out is its place. */
static pm_status read_choice(const struct pm_json *d, const cJSON *root, const char *key, const char *choices,
                             unsigned *out) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    if (!cJSON_IsString(item))
        return pm_json_fail(d, PM_EFORMAT, "\"%s\" is missing or not a string", key);
    const int place = pm_choice(choices, item->valuestring, strlen(item->valuestring));
    if (place < 0)
        return pm_json_fail(d, PM_EFORMAT, "\"%s\" is \"%.40s\", not one of %s", key, item->valuestring,
                            choices);
    *out = (unsigned)place;
    return PM_OK;
}

static pm_status read_image(const struct pm_json *d, const cJSON *root, struct pm_encoder_config *c) {
    pm_status s;
    if ((s = read_unsigned(d, root, "image", 1024, &c->image)) != PM_OK ||
        (s = read_unsigned(d, root, "patch", 1024, &c->patch)) != PM_OK ||
        (s = read_unsigned(d, root, "classes", 65536, &c->classes)) != PM_OK ||
        (s = read_float(d, root, "pixel_mean", -1e3, 1e3, &c->pixel_mean)) != PM_OK ||
        (s = read_float(d, root, "pixel_std", 1e-6, 1e3, &c->pixel_std)) != PM_OK)
        return s;
    if (c->image % c->patch != 0)
        return pm_json_fail(d, PM_ERANGE, "\"image\" %u is no multiple of \"patch\" %u", c->image, c->patch);
    unsigned side = c->image / c->patch;
    if (c->tokens != side * side)
        return pm_json_fail(d, PM_ERANGE, "\"tokens\" is %u, image and patch give %u", c->tokens,
                            side * side);
    if (c->classes < 2)
        return pm_json_fail(d, PM_ERANGE, "\"classes\" is 1, a classifier has at least 2");
    return PM_OK;
}

static pm_status read_sentence(const struct pm_json *d, const cJSON *root, struct pm_encoder_config *c) {
    unsigned pool = 0;
    pm_status s = read_unsigned(d, root, "vocabulary", 1u << 20, &c->vocabulary);
    if (s == PM_OK)
        s = read_choice(d, root, "pool", "mean|first", &pool);
    c->pool = (enum pm_pool)pool;
    return s;
}

static pm_status read_config(const struct pm_json *d, const cJSON *root, struct pm_encoder_config *c) {
    unsigned type = 0, post = 0, activation = 0;
    pm_status s;
    if ((s = read_choice(d, root, "type", "vit|bert", &type)) != PM_OK ||
        (s = read_choice(d, root, "norm", "pre|post", &post)) != PM_OK ||
        (s = read_choice(d, root, "activation", "gelu|gelu-tanh|relu", &activation)) != PM_OK ||
        (s = read_unsigned(d, root, "layers", 64, &c->layers)) != PM_OK ||
        (s = read_unsigned(d, root, "width", 4096, &c->width)) != PM_OK ||
        (s = read_unsigned(d, root, "heads", 4096, &c->heads)) != PM_OK ||
        (s = read_unsigned(d, root, "ffn", 16384, &c->ffn)) != PM_OK ||
        (s = read_unsigned(d, root, "tokens", 4096, &c->tokens)) != PM_OK ||
        (s = read_float(d, root, "layernorm_eps", 1e-12, 1.0, &c->layernorm_eps)) != PM_OK)
        return s;
    c->type = (enum pm_encoder_type)type;
    c->post = post != 0;
    c->activation = (enum pm_activation)activation;
    if (c->width % c->heads != 0)
        return pm_json_fail(d, PM_ERANGE, "\"width\" %u is no multiple of \"heads\" %u", c->width, c->heads);
    return c->type == PM_ENCODER_VIT ? read_image(d, root, c) : read_sentence(d, root, c);
}

/* The file that tensors come from and the first error. */
struct source {
    struct pm_safetensors file;
    struct pm_error *error;
    pm_status status;
};

/* Tensor "PREFIX.SUFFIX" (or PREFIX alone, where suffix is NULL); after an error nothing more is read. */
static void tensor(struct source *src, const char *prefix, const char *suffix, unsigned rank, size_t d0,
                   size_t d1, float **out) {
    char name[64];
    if (src->status != PM_OK)
        return;
    snprintf(name, sizeof name, "%s%s%s", prefix, suffix == NULL ? "" : ".", suffix == NULL ? "" : suffix);
    src->status = pm_safetensors_f32(&src->file, name, rank, (size_t[]){d0, d1}, out, src->error);
}

static void load_linear(struct source *src, const char *name, unsigned in, unsigned out,
                        struct pm_matrix *l) {
    l->in = in;
    l->out = out;
    tensor(src, name, "weight", 2, out, in, &l->weight);
    tensor(src, name, "bias", 1, out, 0, &l->bias);
    if (src->status != PM_OK)
        return;
    l->packed = malloc(pm_sgemm_packed(in, out) * sizeof *l->packed);
    if (l->packed == NULL) {
        src->status = pm_fail(src->error, PM_ENOMEM, name, "%s", pm_strerror(PM_ENOMEM));
        return;
    }
    pm_sgemm_pack(l->weight, 1, in, in, out, l->packed);
}

static void load_norm(struct source *src, const char *name, const struct pm_encoder_config *c,
                      struct pm_layernorm *norm) {
    const unsigned width = c->width;
    norm->width = width;
    norm->eps = c->layernorm_eps;
    tensor(src, name, "weight", 1, width, 0, &norm->weight);
    tensor(src, name, "bias", 1, width, 0, &norm->bias);
}

static void load_layer(struct source *src, const struct pm_encoder_config *c, unsigned index,
                       struct pm_encoder_layer *layer) {
    unsigned d = c->width;
    static const char *const linears[PM_ENCODER_MATRICES] = {
        [PM_ENCODER_Q] = "attn.q", [PM_ENCODER_K] = "attn.k",  [PM_ENCODER_V] = "attn.v",
        [PM_ENCODER_O] = "attn.o", [PM_ENCODER_UP] = "ffn.up", [PM_ENCODER_DOWN] = "ffn.down"};
    char name[48];
    snprintf(name, sizeof name, "layers.%u.ln1", index);
    load_norm(src, name, c, &layer->ln1);
    snprintf(name, sizeof name, "layers.%u.ln2", index);
    load_norm(src, name, c, &layer->ln2);
    for (int m = 0; m < PM_ENCODER_MATRICES; m++) {
        snprintf(name, sizeof name, "layers.%u.%s", index, linears[m]);
        load_linear(src, name, m == PM_ENCODER_DOWN ? c->ffn : d, m == PM_ENCODER_UP ? c->ffn : d,
                    &layer->linear[m]);
    }
}

static pm_status load_weights(struct pm_encoder *network, const char *path, struct pm_error *e) {
    const struct pm_encoder_config *c = &network->config;
    struct source src = {.error = e};
    src.status = pm_safetensors_open(&src.file, path, e);
    if (src.status != PM_OK)
        return src.status;
    if (c->type == PM_ENCODER_VIT)
        load_linear(&src, "patch", c->patch * c->patch, c->width, &network->patch);
    else
        tensor(&src, "words", NULL, 2, c->vocabulary, c->width, &network->words);
    tensor(&src, "pos", NULL, 2, c->tokens, c->width, &network->pos);
    for (unsigned i = 0; i < c->layers; i++)
        load_layer(&src, c, i, &network->layers[i]);
    load_norm(&src, "norm", c, &network->norm);
    if (c->type == PM_ENCODER_VIT)
        load_linear(&src, "head", c->width, c->classes, &network->head);
    pm_safetensors_close(&src.file);
    return src.status;
}

static pm_status load_config(struct pm_encoder *network, const char *path, struct pm_error *e) {
    struct pm_json d = {path, e, NULL};
    pm_status s = pm_json_load(&d);
    if (s != PM_OK)
        return s;
    s = read_config(&d, d.root, &network->config);
    cJSON_Delete(d.root);
    if (s != PM_OK)
        return s;
    network->layers = calloc(network->config.layers, sizeof *network->layers);
    return network->layers != NULL ? PM_OK : pm_json_fail(&d, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
}

pm_status pm_encoder_load(struct pm_encoder *network, const char *dir, struct pm_error *e) {
    memset(network, 0, sizeof *network);
    size_t room = strlen(dir) + sizeof "/model.safetensors";
    char *path = malloc(room);
    if (path == NULL)
        return pm_fail(e, PM_ENOMEM, dir, "%s", pm_strerror(PM_ENOMEM));
    snprintf(path, room, "%s/config.json", dir);
    pm_status s = load_config(network, path, e);
    if (s == PM_OK) {
        snprintf(path, room, "%s/model.safetensors", dir);
        s = load_weights(network, path, e);
        if (s == PM_OK && (s = pm_encoder_build(network)) != PM_OK)
            pm_fail(e, s, path, "%s", pm_strerror(s));
    }
    if (s != PM_OK)
        pm_encoder_free(network);
    free(path);
    return s;
}

static void free_linear(struct pm_matrix *l) {
    free(l->weight);
    free(l->bias);
    free(l->packed);
}

static void free_norm(struct pm_layernorm *norm) {
    free(norm->weight);
    free(norm->bias);
}

void pm_encoder_free(struct pm_encoder *network) {
    pm_graph_free(&network->graph);
    for (unsigned i = 0; network->layers != NULL && i < network->config.layers; i++) {
        struct pm_encoder_layer *l = &network->layers[i];
        for (int m = 0; m < PM_ENCODER_MATRICES; m++)
            free_linear(&l->linear[m]);
        free_norm(&l->ln1);
        free_norm(&l->ln2);
    }
    free(network->layers);
    free_linear(&network->patch);
    free_linear(&network->head);
    free_norm(&network->norm);
    free(network->words);
    free(network->pos);
    memset(network, 0, sizeof *network);
}
