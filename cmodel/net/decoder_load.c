// SPDX-License-Identifier: Apache-2.0
/* Loading and releasing a decoder: config.json and model.safetensors. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/decoder.h"
#include "net/load.h"

static pm_status read_llama(const struct pm_json *d, struct pm_decoder_config *c) {
    pm_status s = pm_read_unsigned(d, "kv_heads", 4096, &c->kv_heads);
    if (s == PM_OK)
        s = pm_json_real(d, d->root, "rope_theta", 1, 1e9, &c->rope_theta);
    if (s != PM_OK)
        return s;
    if (c->heads % c->kv_heads != 0)
        return pm_json_fail(d, PM_ERANGE, "\"heads\" %u is no multiple of \"kv_heads\" %u", c->heads,
                            c->kv_heads);
    if (c->width / c->heads % 2 != 0)
        return pm_json_fail(d, PM_ERANGE, "heads of %u elements are no pairs, which rotary positions turn",
                            c->width / c->heads);
    c->activation = PM_SILU;
    return PM_OK;
}

static pm_status read_config(const struct pm_json *d, struct pm_decoder_config *c) {
    static const enum pm_activation activations[] = {PM_GELU, PM_GELU_TANH, PM_RELU};
    unsigned type = 0, norm = 0, activation = 0;
    pm_status s;
    if ((s = pm_read_choice(d, "type", "gpt|llama", &type)) != PM_OK ||
        (s = pm_read_choice(d, "norm", "pre", &norm)) != PM_OK ||
        (s = pm_read_choice(d, "activation", type ? "silu" : "gelu|gelu-tanh|relu", &activation)) != PM_OK ||
        (s = pm_read_unsigned(d, "layers", 64, &c->layers)) != PM_OK ||
        (s = pm_read_unsigned(d, "width", 4096, &c->width)) != PM_OK ||
        (s = pm_read_unsigned(d, "heads", 4096, &c->heads)) != PM_OK ||
        (s = pm_read_unsigned(d, "ffn", 16384, &c->ffn)) != PM_OK ||
        (s = pm_read_unsigned(d, "tokens", 8192, &c->tokens)) != PM_OK ||
        (s = pm_read_unsigned(d, "vocabulary", 1u << 20, &c->vocabulary)) != PM_OK ||
        (s = pm_read_float(d, "layernorm_eps", 1e-12, 1.0, &c->eps)) != PM_OK)
        return s;
    const cJSON *tied = cJSON_GetObjectItemCaseSensitive(d->root, "tied");
    if (!cJSON_IsBool(tied))
        return pm_json_fail(d, PM_EFORMAT, "\"tied\" is missing or neither true nor false");
    c->tied = cJSON_IsTrue(tied);
    c->type = (enum pm_decoder_type)type;
    c->activation = activations[activation];
    c->kv_heads = c->heads;
    if (c->vocabulary < 2)
        return pm_json_fail(d, PM_ERANGE, "\"vocabulary\" is 1, there is nothing to predict");
    if (c->width % c->heads != 0)
        return pm_json_fail(d, PM_ERANGE, "\"width\" %u is no multiple of \"heads\" %u", c->width, c->heads);
    return c->type == PM_DECODER_LLAMA ? read_llama(d, c) : PM_OK;
}

static void load_layer(struct pm_source *src, const struct pm_decoder_config *c, unsigned index,
                       struct pm_decoder_layer *layer) {
    const unsigned d = c->width, kv = c->kv_heads * (d / c->heads);
    const struct {
        const char *name;
        unsigned in, out;
    } linears[PM_DECODER_MATRICES] = {
        [PM_DECODER_Q] = {"attn.q", d, d},           [PM_DECODER_K] = {"attn.k", d, kv},
        [PM_DECODER_V] = {"attn.v", d, kv},          [PM_DECODER_O] = {"attn.o", d, d},
        [PM_DECODER_UP] = {"ffn.up", d, c->ffn},     [PM_DECODER_DOWN] = {"ffn.down", c->ffn, d},
        [PM_DECODER_GATE] = {"ffn.gate", d, c->ffn},
    };
    const bool llama = c->type == PM_DECODER_LLAMA;
    char name[48];
    snprintf(name, sizeof name, "layers.%u.ln1", index);
    pm_load_norm(src, name, c->width, c->eps, c->type == PM_DECODER_LLAMA, &layer->ln1);
    snprintf(name, sizeof name, "layers.%u.ln2", index);
    pm_load_norm(src, name, c->width, c->eps, c->type == PM_DECODER_LLAMA, &layer->ln2);
    for (int m = 0; m < (llama ? PM_DECODER_MATRICES : PM_DECODER_GATE); m++) {
        snprintf(name, sizeof name, "layers.%u.%s", index, linears[m].name);
        (llama ? pm_load_matrix_alone : pm_load_matrix)(src, name, linears[m].in, linears[m].out,
                                                        &layer->linear[m]);
    }
}

/* What turns each pair of a head at each place: cosine and sine. */
static pm_status make_turns(struct pm_decoder *network) {
    const struct pm_decoder_config *c = &network->config;
    const size_t size = c->width / c->heads;
    network->turn = malloc(c->tokens * size * sizeof *network->turn);
    for (size_t t = 0; network->turn && t < c->tokens; t++)
        for (size_t i = 0; i < size; i += 2) {
            const double angle = (double)t * pow(c->rope_theta, -(double)i / (double)size);
            network->turn[t * size + i] = (float)cos(angle);
            network->turn[t * size + i + 1] = (float)sin(angle);
        }
    return network->turn ? PM_OK : PM_ENOMEM;
}

static pm_status build(struct pm_decoder *network) {
    const pm_status s = network->config.type == PM_DECODER_LLAMA ? make_turns(network) : PM_OK;
    return s == PM_OK ? pm_decoder_build(network) : s;
}

/* Logits of the vocabulary, without a bias. */
static void load_head(struct pm_source *src, struct pm_decoder *network) {
    const struct pm_decoder_config *c = &network->config;
    if (!c->tied) {
        pm_load_matrix_alone(src, "head", c->width, c->vocabulary, &network->head);
        return;
    }
    network->head = (struct pm_matrix){.in = c->width, .out = c->vocabulary, .weight = network->words};
    pm_add_bias(src, "words", &network->head);
    pm_pack_matrix(src, "words", &network->head);
}

static pm_status load_weights(struct pm_decoder *network, const char *path, struct pm_error *e) {
    const struct pm_decoder_config *c = &network->config;
    struct pm_source src = {.error = e};
    network->layers = calloc(c->layers, sizeof *network->layers);
    if (network->layers == NULL)
        return pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    src.status = pm_safetensors_open(&src.file, path, e);
    if (src.status != PM_OK)
        return src.status;
    pm_load_tensor(&src, "words", NULL, 2, c->vocabulary, c->width, &network->words);
    if (c->type == PM_DECODER_GPT)
        pm_load_tensor(&src, "pos", NULL, 2, c->tokens, c->width, &network->pos);
    for (unsigned i = 0; i < c->layers; i++)
        load_layer(&src, c, i, &network->layers[i]);
    pm_load_norm(&src, "norm", c->width, c->eps, c->type == PM_DECODER_LLAMA, &network->norm);
    load_head(&src, network);
    pm_safetensors_close(&src.file);
    return src.status;
}

pm_status pm_decoder_load(struct pm_decoder *network, const char *dir, struct pm_error *e) {
    char path[PATH_MAX];
    struct pm_json d = {path, e, NULL};
    *network = (struct pm_decoder){0};
    snprintf(path, sizeof path, "%s/config.json", dir);
    pm_status s = pm_json_load(&d);
    if (s == PM_OK)
        s = read_config(&d, &network->config);
    cJSON_Delete(d.root);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    if (s == PM_OK)
        s = load_weights(network, path, e);
    if (s == PM_OK && (s = build(network)) != PM_OK)
        pm_fail(e, s, path, "%s", pm_strerror(s));
    if (s != PM_OK)
        pm_decoder_free(network);
    return s;
}

void pm_decoder_free(struct pm_decoder *network) {
    pm_graph_free(&network->graph);
    for (unsigned i = 0; network->layers != NULL && i < network->config.layers; i++) {
        struct pm_decoder_layer *l = &network->layers[i];
        for (int m = 0; m < PM_DECODER_MATRICES; m++)
            pm_matrix_free(&l->linear[m]);
        pm_norm_free(&l->ln1);
        pm_norm_free(&l->ln2);
    }
    free(network->layers);
    if (network->head.weight == network->words)
        network->head.weight = NULL;
    pm_matrix_free(&network->head);
    pm_norm_free(&network->norm);
    free(network->words);
    free(network->pos);
    free(network->turn);
    *network = (struct pm_decoder){0};
}
