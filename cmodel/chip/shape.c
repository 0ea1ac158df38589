// SPDX-License-Identifier: Apache-2.0
#include "chip/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LAYERS 1024
#define MOST_SIZE   ((int64_t)1 << 20)
#define MOST_ITEMS  ((int64_t)1 << 24)

const char *const pm_chip_kind_name[PM_CHIP_KINDS] = {"M", "S", "X", "A"};

/* Keys of the networks' config.json that no cost follows from are taken, and not looked at. */
static const char *const keys[] = {
    "name",   "source",   "kind",          "type",       "layers",     "width", "heads",      "ffn",
    "tokens", "kv_heads", "gated",         "causal",     "decode",     "image", "channels",   "classes",
    "convs",  "patch",    "layernorm_eps", "pixel_mean", "pixel_std",  "norm",  "activation", "vocabulary",
    "vocab",  "segments", "positions",     "pooling",    "max_tokens", "eps",   "rope_theta", "tied",
    "words",  "rms_eps",  "head",          "bias",       "pool",       "layout"};

bool pm_chip_shape_key(const char *key) {
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(key, keys[k]) == 0)
            return true;
    return false;
}

static const cJSON *member(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Member `key` as an integer; *v stays where there is none. */
static pm_status integer(const struct pm_json *j, const cJSON *object, const char *key, int64_t hi,
                         int64_t *v) {
    return member(object, key) ? pm_json_integer(j, object, key, 1, hi, v) : PM_OK;
}

/* A flag is a truth value, or 0 or 1. */
static pm_status flag(const struct pm_json *j, const char *key, bool *v) {
    const cJSON *item = member(j->root, key);
    int64_t number;
    if (!item)
        return PM_OK;
    if (cJSON_IsBool(item))
        *v = cJSON_IsTrue(item);
    else if (pm_json_is_integer(item, 0, 1, &number))
        *v = number;
    else
        return pm_json_fail(j, PM_EFORMAT, "\"%s\" is neither true nor false", key);
    return PM_OK;
}

static pm_status reserve(struct pm_chip_shape *s, const struct pm_json *j, unsigned layers,
                         unsigned matrices) {
    s->layer = calloc(layers, sizeof *s->layer);
    s->matrix = calloc(matrices, sizeof *s->matrix);
    return s->layer && s->matrix ? PM_OK : pm_json_fail(j, PM_ENOMEM, "out of memory");
}

/* A layer, whose matrices follow. */
static struct pm_chip_layer *add_layer(struct pm_chip_shape *s, const char *name) {
    struct pm_chip_layer *l = &s->layer[s->layers++];
    snprintf(l->name, sizeof l->name, "%s", name);
    l->first = s->matrices;
    return l;
}

static void add_matrix(struct pm_chip_shape *s, const char *name, unsigned stage, int64_t rows,
                       int64_t cols) {
    struct pm_chip_matrix *m = &s->matrix[s->matrices++];
    *m = (struct pm_chip_matrix){
        .layer = s->layers - 1, .stage = stage, .rows = rows, .cols = cols, .groups = 1, .vectors = 1};
    snprintf(m->name, sizeof m->name, "%s", name);
    s->layer[m->layer].matrices++;
}

/* ---- encoders and decoders ---- */

/* Keeps all that follows from a listed layer within the integers that a double has. */
static pm_status check_size(const struct pm_chip_shape *s, const struct pm_json *j) {
    const struct pm_chip_matrix *m = &s->matrix[s->matrices - 1];
    return pm_chip_macs(m) <= 0x1p53
               ? PM_OK
               : pm_json_fail(j, PM_ERANGE, "layer \"%s\" multiplies more than 2^53 times", m->name);
}

static void add_block(struct pm_chip_shape *s, unsigned i) {
    const int64_t d = s->width, kv = d / s->heads * s->kv_heads;
    const struct {
        const char *name;
        unsigned stage;
        int64_t rows, cols;
        bool used;
    } part[] = {{"attn%u.q", 0, d, d, true},
                {"attn%u.k", 0, d, kv, true},
                {"attn%u.v", 0, d, kv, true},
                {"attn%u.o", 1, d, d, true},
                {"ffn%u.gate", 2, d, s->ffn, s->gated},
                {"ffn%u.up", 2, d, s->ffn, true},
                {"ffn%u.down", 3, s->ffn, d, true}};
    char name[48];
    snprintf(name, sizeof name, "layer%u", i);
    struct pm_chip_layer *l = add_layer(s, name);
    l->attention = true;
    l->functions = 4 * d + s->ffn; /* two normalisations, which pass twice, and the activation */
    for (size_t k = 0; k < sizeof part / sizeof *part; k++)
        if (part[k].used) {
            snprintf(name, sizeof name, part[k].name, i);
            add_matrix(s, name, part[k].stage, part[k].rows, part[k].cols);
        }
}

/* Member `key`, or what replaces it. */
static pm_status size(const struct pm_json *j, const char *key, int64_t hi, int64_t instead, int64_t *v) {
    *v = instead;
    return instead > 0 ? PM_OK : pm_json_integer(j, j->root, key, 1, hi, v);
}

static pm_status read_blocks(struct pm_chip_shape *s, const struct pm_json *j,
                             const struct pm_chip_sizes *instead) {
    int64_t layers = 0;
    pm_status status = size(j, "layers", MOST_LAYERS, instead->layers, &layers);
    if (status == PM_OK)
        status = size(j, "width", 65536, instead->width, &s->width);
    if (status == PM_OK)
        status = size(j, "heads", 65536, instead->heads, &s->heads);
    if (status == PM_OK)
        status = size(j, "ffn", MOST_SIZE, instead->ffn, &s->ffn);
    if (status == PM_OK)
        status = size(j, "tokens", MOST_ITEMS, instead->tokens, &s->items);
    /* The decoders of this library. */
    const cJSON *type = member(j->root, "type");
    s->gated = cJSON_IsString(type) && strcmp(type->valuestring, "llama") == 0;
    s->causal = s->gated || (cJSON_IsString(type) && strcmp(type->valuestring, "gpt") == 0);
    s->kv_heads = s->heads;
    if (status == PM_OK)
        status = integer(j, j->root, "kv_heads", 65536, &s->kv_heads);
    if (status == PM_OK)
        status = flag(j, "gated", &s->gated);
    if (status == PM_OK)
        status = flag(j, "causal", &s->causal);
    if (status == PM_OK)
        status = flag(j, "decode", &s->decode);
    if (status == PM_OK && s->width % s->heads)
        status = pm_json_fail(j, PM_ESHAPE, "\"heads\" is %lld, which does not divide \"width\", %lld",
                              (long long)s->heads, (long long)s->width);
    if (status == PM_OK && s->heads % s->kv_heads)
        status = pm_json_fail(j, PM_ESHAPE, "\"kv_heads\" is %lld, which does not divide \"heads\", %lld",
                              (long long)s->kv_heads, (long long)s->heads);
    if (status == PM_OK && s->decode && !s->causal)
        status = pm_json_fail(j, PM_EINVAL, "\"decode\" is ignored unless \"causal\" is true");
    if (status == PM_OK)
        status = reserve(s, j, (unsigned)layers, 7 * (unsigned)layers);
    for (int64_t i = 0; i < layers && status == PM_OK; i++)
        add_block(s, (unsigned)i);
    return status;
}

/* ---- networks of images ---- */

/* What a layer gives. */
struct picture {
    char name[48];
    int64_t side, channels;
};

static pm_status text_member(const struct pm_json *j, const cJSON *object, const char *key, char text[48]) {
    const cJSON *item = member(object, key);
    if (!cJSON_IsString(item) || !*item->valuestring || strlen(item->valuestring) >= 48)
        return pm_json_fail(j, PM_EFORMAT, "a layer's \"%s\" is no name of 1..47 characters", key);
    strcpy(text, item->valuestring);
    return PM_OK;
}

/* What the layer reads: the one before it, or the one that it names. */
static pm_status input_of(const struct pm_json *j, const cJSON *item, const struct picture *seen, unsigned n,
                          struct picture *in) {
    char from[48];
    *in = seen[n - 1];
    if (!member(item, "from"))
        return PM_OK;
    const pm_status status = text_member(j, item, "from", from);
    if (status != PM_OK)
        return status;
    for (unsigned k = 0; k < n; k++)
        if (strcmp(seen[k].name, from) == 0) {
            *in = seen[k];
            return PM_OK;
        }
    return pm_json_fail(j, PM_EFORMAT, "\"from\" names \"%s\", which is no layer before it", from);
}

/* One layer of an image network's config.json, from `in`. */
static pm_status read_op(struct pm_chip_shape *s, const struct pm_json *j, const cJSON *item,
                         struct picture in, struct picture *out) {
    char op[48];
    int64_t kernel = 1, stride = 1, cols = in.channels;
    pm_status status = text_member(j, item, "op", op);
    if (status == PM_OK)
        status = text_member(j, item, "name", out->name);
    if (status == PM_OK)
        status = integer(j, item, "kernel", 64, &kernel);
    if (status == PM_OK)
        status = integer(j, item, "stride", 64, &stride);
    const bool depthwise = strcmp(op, "depthwise") == 0, dense = strcmp(op, "dense") == 0,
               conv = strcmp(op, "conv") == 0;
    if (status == PM_OK && (conv || dense))
        status = pm_json_integer(j, item, "out", 1, MOST_SIZE, &cols);
    if (status != PM_OK)
        return status;
    out->side = strcmp(op, "pool") == 0 || dense ? 1 : (in.side + stride - 1) / stride;
    out->channels = cols;
    if (!conv && !depthwise && !dense)
        return strcmp(op, "add") == 0 || strcmp(op, "pool") == 0 || strcmp(op, "max") == 0 ||
                       strcmp(op, "mean") == 0
                   ? PM_OK
                   : pm_json_fail(j, PM_EFORMAT, "layer \"%s\": no such op, \"%s\"", out->name, op);
    struct pm_chip_layer *l = add_layer(s, out->name);
    const int64_t rows =
        dense ? in.side * in.side * in.channels : kernel * kernel * (depthwise ? 1 : in.channels);
    if (rows > MOST_SIZE * 64)
        return pm_json_fail(j, PM_ERANGE, "layer \"%s\" has a matrix of too many rows", out->name);
    add_matrix(s, out->name, 0, rows, depthwise ? 1 : cols);
    struct pm_chip_matrix *m = &s->matrix[s->matrices - 1];
    m->groups = depthwise ? cols : 1;
    m->vectors = out->side * out->side;
    l->functions = m->vectors * cols;
    return check_size(s, j);
}

/* A matrix as it is: name, rows, cols, and where they are not 1 groups and vectors. */
static pm_status read_matrix(struct pm_chip_shape *s, const struct pm_json *j, const cJSON *item) {
    char name[48];
    int64_t rows = 1, cols = 1, groups = 1, vectors = 1;
    pm_status status = text_member(j, item, "name", name);
    if (status == PM_OK)
        status = pm_json_integer(j, item, "rows", 1, MOST_SIZE, &rows);
    if (status == PM_OK)
        status = pm_json_integer(j, item, "cols", 1, MOST_SIZE, &cols);
    if (status == PM_OK)
        status = integer(j, item, "groups", MOST_SIZE, &groups);
    if (status == PM_OK)
        status = integer(j, item, "vectors", MOST_ITEMS, &vectors);
    if (status != PM_OK)
        return status;
    struct pm_chip_layer *l = add_layer(s, name);
    add_matrix(s, name, 0, rows, cols);
    s->matrix[s->matrices - 1].groups = groups;
    s->matrix[s->matrices - 1].vectors = vectors;
    status = check_size(s, j);
    if (status == PM_OK)
        l->functions = vectors * cols * groups;
    return status;
}

static pm_status read_layers(struct pm_chip_shape *s, const struct pm_json *j, const cJSON *list) {
    const int n = cJSON_GetArraySize(list);
    struct picture *seen = calloc((size_t)n + 1, sizeof *seen);
    unsigned pictures = 1;
    pm_status status = n < 1 || n > MOST_LAYERS
                           ? pm_json_fail(j, PM_ERANGE, "\"layers\" has %d layers, not 1..%d", n, MOST_LAYERS)
                       : seen ? reserve(s, j, (unsigned)n, (unsigned)n)
                              : pm_json_fail(j, PM_ENOMEM, "out of memory");
    const cJSON *item;
    if (status == PM_OK) {
        seen[0] = (struct picture){.side = 0, .channels = 1};
        status = integer(j, j->root, "image", 4096, &seen[0].side);
    }
    if (status == PM_OK)
        status = integer(j, j->root, "channels", 4096, &seen[0].channels);
    cJSON_ArrayForEach(item, list) {
        struct picture in;
        if (status != PM_OK)
            break;
        if (!cJSON_IsObject(item)) {
            status = pm_json_fail(j, PM_EFORMAT, "\"layers\" has what is no object");
        } else if (member(item, "rows")) {
            status = read_matrix(s, j, item);
        } else if (seen[0].side == 0) {
            status = pm_json_fail(j, PM_EFORMAT, "\"image\" is missing");
        } else {
            status = input_of(j, item, seen, pictures, &in);
            if (status == PM_OK)
                status = read_op(s, j, item, in, &seen[pictures]);
            pictures++;
        }
    }
    free(seen);
    return status == PM_OK && s->layers == 0 ? pm_json_fail(j, PM_EFORMAT, "no layer has a matrix") : status;
}

/* The short form of a network of 3x3 convolutions: [channels, stride] each, then the mean and a head. */
static pm_status read_convs(struct pm_chip_shape *s, const struct pm_json *j, const cJSON *list) {
    const int n = cJSON_GetArraySize(list);
    int64_t side = 0, channels = 1, classes = 0, out = 0, stride = 0;
    pm_status status = pm_json_integer(j, j->root, "image", 1, 4096, &side);
    if (status == PM_OK)
        status = pm_json_integer(j, j->root, "classes", 1, MOST_SIZE, &classes);
    if (status == PM_OK && (n < 1 || n >= MOST_LAYERS))
        status = pm_json_fail(j, PM_ERANGE, "\"convs\" has %d layers, not 1..%d", n, MOST_LAYERS - 1);
    if (status == PM_OK)
        status = reserve(s, j, (unsigned)n + 1, (unsigned)n + 1);
    for (int i = 0; i < n && status == PM_OK; i++) {
        const cJSON *conv = cJSON_GetArrayItem(list, i);
        char name[48];
        if (!cJSON_IsArray(conv) || cJSON_GetArraySize(conv) != 2 ||
            !pm_json_is_integer(conv->child, 1, MOST_SIZE, &out) ||
            !pm_json_is_integer(conv->child->next, 1, 64, &stride)) {
            status = pm_json_fail(j, PM_EFORMAT, "\"convs\" has what is not [channels, stride]");
            break;
        }
        side = (side + stride - 1) / stride;
        snprintf(name, sizeof name, "conv%d", i + 1);
        add_layer(s, name)->functions = side * side * out;
        add_matrix(s, name, 0, 9 * channels, out);
        s->matrix[s->matrices - 1].vectors = side * side;
        channels = out;
    }
    if (status == PM_OK) {
        add_layer(s, "head")->functions = classes;
        add_matrix(s, "head", 0, channels, classes);
    }
    return status;
}

/* ---- any ---- */

static pm_status read_kind(struct pm_chip_shape *s, const struct pm_json *j) {
    const cJSON *item = member(j->root, "kind");
    s->kind = PM_CHIP_PUBLIC;
    if (!item)
        return PM_OK;
    for (int k = 0; k < PM_CHIP_KINDS; k++)
        if (cJSON_IsString(item) && strcmp(item->valuestring, pm_chip_kind_name[k]) == 0) {
            s->kind = (enum pm_chip_kind)k;
            return PM_OK;
        }
    return pm_json_fail(j, PM_EFORMAT, "\"kind\" is none of M, S, X and A");
}

pm_status pm_chip_shape_read(struct pm_chip_shape *s, const struct pm_json *json,
                             const struct pm_chip_sizes *instead) {
    const cJSON *item, *layers = member(json->root, "layers"), *convs = member(json->root, "convs");
    memset(s, 0, sizeof *s);
    pm_status status = read_kind(s, json);
    cJSON_ArrayForEach(item, json->root) if (status == PM_OK && !pm_chip_shape_key(item->string)) status =
        pm_json_fail(json, PM_EINVAL, "no such key, \"%.60s\"", item->string);
    if (status == PM_OK && (cJSON_IsArray(layers) || cJSON_IsArray(convs))) {
        static const char *const tokens[] = {"width", "heads",  "ffn",    "tokens",
                                             "gated", "causal", "decode", "kv_heads"};
        s->images = true;
        s->items = 1;
        if (instead->layers || instead->width || instead->heads || instead->ffn || instead->tokens)
            status = pm_json_fail(json, PM_EINVAL,
                                  "layers, width, heads, ffn, tokens: ignored where layers are listed");
        for (size_t k = 0; k < sizeof tokens / sizeof *tokens && status == PM_OK; k++)
            if (member(json->root, tokens[k]))
                status =
                    pm_json_fail(json, PM_EINVAL, "\"%s\" is ignored where layers are listed", tokens[k]);
        if (status == PM_OK)
            status = cJSON_IsArray(layers) ? read_layers(s, json, layers) : read_convs(s, json, convs);
    } else if (status == PM_OK) {
        status = read_blocks(s, json, instead);
    }
    if (status != PM_OK)
        pm_chip_shape_free(s);
    return status;
}

void pm_chip_shape_free(struct pm_chip_shape *s) {
    free(s->layer);
    free(s->matrix);
    memset(s, 0, sizeof *s);
}

double pm_chip_context(const struct pm_chip_shape *s) {
    return s->causal ? ((double)s->items + 1) / 2 : (double)s->items;
}

double pm_chip_products(const struct pm_chip_shape *s) {
    return 2 * pm_chip_context(s) * (double)s->width;
}

double pm_chip_macs(const struct pm_chip_matrix *m) {
    return (double)m->rows * (double)m->cols * (double)m->groups * (double)m->vectors;
}
