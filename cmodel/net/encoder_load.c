// SPDX-License-Identifier: Apache-2.0
/* Loading and releasing a network: config.json and model.safetensors. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/encoder.h"
#include "net/load.h"

static pm_status read_classes(const struct pm_json *d, struct pm_encoder_config *c) {
    const pm_status s = pm_read_unsigned(d, "classes", 65536, &c->classes);
    if (s == PM_OK && c->classes < 2)
        return pm_json_fail(d, PM_ERANGE, "\"classes\" is 1, a classifier has at least 2");
    return s;
}

static pm_status read_image(const struct pm_json *d, struct pm_encoder_config *c) {
    pm_status s;
    if ((s = pm_read_unsigned(d, "image", 1024, &c->image)) != PM_OK ||
        (s = pm_read_unsigned(d, "patch", 1024, &c->patch)) != PM_OK || (s = read_classes(d, c)) != PM_OK ||
        (s = pm_read_float(d, "pixel_mean", -1e3, 1e3, &c->pixel_mean)) != PM_OK ||
        (s = pm_read_float(d, "pixel_std", 1e-6, 1e3, &c->pixel_std)) != PM_OK)
        return s;
    if (c->image % c->patch != 0)
        return pm_json_fail(d, PM_ERANGE, "\"image\" %u is no multiple of \"patch\" %u", c->image, c->patch);
    unsigned side = c->image / c->patch;
    if (c->tokens != side * side)
        return pm_json_fail(d, PM_ERANGE, "\"tokens\" is %u, image and patch give %u", c->tokens,
                            side * side);
    return PM_OK;
}

static pm_status read_sentence(const struct pm_json *d, struct pm_encoder_config *c) {
    unsigned pool = 0, pooler = 0;
    pm_status s = pm_read_unsigned(d, "vocabulary", 1u << 20, &c->vocabulary);
    if (s == PM_OK)
        s = pm_read_choice(d, "pool", "mean|first", &pool);
    c->pool = (enum pm_pool)pool;
    c->pooled = cJSON_GetObjectItemCaseSensitive(d->root, "pooler") != NULL;
    if (s == PM_OK && c->pooled)
        s = pm_read_choice(d, "pooler", "tanh|relu", &pooler);
    c->pooler = pooler == 0 ? PM_TANH : PM_RELU;
    if (s == PM_OK && cJSON_GetObjectItemCaseSensitive(d->root, "classes") != NULL)
        s = read_classes(d, c);
    return s;
}

static pm_status read_config(const struct pm_json *d, struct pm_encoder_config *c) {
    unsigned type = 0, post = 0, activation = 0;
    pm_status s;
    if ((s = pm_read_choice(d, "type", "vit|bert", &type)) != PM_OK ||
        (s = pm_read_choice(d, "norm", "pre|post", &post)) != PM_OK ||
        (s = pm_read_choice(d, "activation", "gelu|gelu-tanh|relu", &activation)) != PM_OK ||
        (s = pm_read_unsigned(d, "layers", 64, &c->layers)) != PM_OK ||
        (s = pm_read_unsigned(d, "width", 4096, &c->width)) != PM_OK ||
        (s = pm_read_unsigned(d, "heads", 4096, &c->heads)) != PM_OK ||
        (s = pm_read_unsigned(d, "ffn", 16384, &c->ffn)) != PM_OK ||
        (s = pm_read_unsigned(d, "tokens", 4096, &c->tokens)) != PM_OK ||
        (s = pm_read_float(d, "layernorm_eps", 1e-12, 1.0, &c->layernorm_eps)) != PM_OK)
        return s;
    c->type = (enum pm_encoder_type)type;
    c->post = post != 0;
    c->activation = (enum pm_activation)activation;
    if (c->width % c->heads != 0)
        return pm_json_fail(d, PM_ERANGE, "\"width\" %u is no multiple of \"heads\" %u", c->width, c->heads);
    return c->type == PM_ENCODER_VIT ? read_image(d, c) : read_sentence(d, c);
}

static void load_layer(struct pm_source *src, const struct pm_encoder_config *c, unsigned index,
                       struct pm_encoder_layer *layer) {
    unsigned d = c->width;
    static const char *const linears[PM_ENCODER_MATRICES] = {
        [PM_ENCODER_Q] = "attn.q", [PM_ENCODER_K] = "attn.k",  [PM_ENCODER_V] = "attn.v",
        [PM_ENCODER_O] = "attn.o", [PM_ENCODER_UP] = "ffn.up", [PM_ENCODER_DOWN] = "ffn.down"};
    char name[48];
    snprintf(name, sizeof name, "layers.%u.ln1", index);
    pm_load_norm(src, name, c->width, c->layernorm_eps, false, &layer->ln1);
    snprintf(name, sizeof name, "layers.%u.ln2", index);
    pm_load_norm(src, name, c->width, c->layernorm_eps, false, &layer->ln2);
    for (int m = 0; m < PM_ENCODER_MATRICES; m++) {
        snprintf(name, sizeof name, "layers.%u.%s", index, linears[m]);
        pm_load_matrix(src, name, m == PM_ENCODER_DOWN ? c->ffn : d, m == PM_ENCODER_UP ? c->ffn : d,
                       &layer->linear[m]);
    }
}

static pm_status load_weights(struct pm_encoder *network, const char *path, struct pm_error *e) {
    const struct pm_encoder_config *c = &network->config;
    struct pm_source src = {.error = e};
    network->layers = calloc(c->layers, sizeof *network->layers);
    if (network->layers == NULL)
        return pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    src.status = pm_safetensors_open(&src.file, path, e);
    if (src.status != PM_OK)
        return src.status;
    if (c->type == PM_ENCODER_VIT)
        pm_load_matrix(&src, "patch", c->patch * c->patch, c->width, &network->patch);
    else
        pm_load_tensor(&src, "words", NULL, 2, c->vocabulary, c->width, &network->words);
    pm_load_tensor(&src, "pos", NULL, 2, c->tokens, c->width, &network->pos);
    for (unsigned i = 0; i < c->layers; i++)
        load_layer(&src, c, i, &network->layers[i]);
    pm_load_norm(&src, "norm", c->width, c->layernorm_eps, false, &network->norm);
    if (c->pooled)
        pm_load_matrix(&src, "pooler", c->width, c->width, &network->pooler);
    if (c->classes > 0)
        pm_load_matrix(&src, "head", c->width, c->classes, &network->head);
    pm_safetensors_close(&src.file);
    return src.status;
}

pm_status pm_encoder_load(struct pm_encoder *network, const char *dir, struct pm_error *e) {
    char path[PATH_MAX];
    struct pm_json d = {path, e, NULL};
    *network = (struct pm_encoder){0};
    snprintf(path, sizeof path, "%s/config.json", dir);
    pm_status s = pm_json_load(&d);
    if (s == PM_OK)
        s = read_config(&d, &network->config);
    cJSON_Delete(d.root);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    if (s == PM_OK)
        s = load_weights(network, path, e);
    if (s == PM_OK && (s = pm_encoder_build(network)) != PM_OK)
        pm_fail(e, s, path, "%s", pm_strerror(s));
    if (s != PM_OK)
        pm_encoder_free(network);
    return s;
}

void pm_encoder_free(struct pm_encoder *network) {
    pm_graph_free(&network->graph);
    for (unsigned i = 0; network->layers != NULL && i < network->config.layers; i++) {
        struct pm_encoder_layer *l = &network->layers[i];
        for (int m = 0; m < PM_ENCODER_MATRICES; m++)
            pm_matrix_free(&l->linear[m]);
        pm_norm_free(&l->ln1);
        pm_norm_free(&l->ln2);
    }
    free(network->layers);
    pm_matrix_free(&network->patch);
    pm_matrix_free(&network->pooler);
    pm_matrix_free(&network->head);
    pm_norm_free(&network->norm);
    free(network->words);
    free(network->pos);
    memset(network, 0, sizeof *network);
}
