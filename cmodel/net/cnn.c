// SPDX-License-Identifier: Apache-2.0
#include "net/cnn.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/choice.h"
#include "net/load.h"

/* ---- config.json ---- */

static bool has_window(enum pm_cnn_op op) {
    return op == PM_CNN_CONV || op == PM_CNN_DEPTHWISE || op == PM_CNN_MAX || op == PM_CNN_MEAN;
}

static bool has_weights(enum pm_cnn_op op) {
    return op == PM_CNN_CONV || op == PM_CNN_DEPTHWISE || op == PM_CNN_DENSE;
}

/* Positions that a window may lie before the image: a pool's first window begins there where it is even. */
static unsigned pad_of(const struct pm_cnn_layer *l) {
    return l->op == PM_CNN_CONV || l->op == PM_CNN_DEPTHWISE ? l->kernel / 2 : (l->kernel - 1) / 2;
}

static unsigned side_of(const struct pm_cnn *n, unsigned layer) {
    return layer == PM_CNN_IMAGE ? n->image : n->layer[layer].side;
}

static unsigned channels_of(const struct pm_cnn *n, unsigned layer) {
    return layer == PM_CNN_IMAGE ? n->pixels.channels : n->layer[layer].channels;
}

/* What the next layer gives, of what it reads; its weights' shape. */
static pm_status shape_layer(const struct pm_json *d, const struct pm_cnn *n, struct pm_cnn_layer *l) {
    const unsigned side = side_of(n, l->from), channels = channels_of(n, l->from);
    const unsigned out = l->channels;
    l->side = has_window(l->op) ? pm_window_places(side, l->kernel, l->stride, pad_of(l)) : side;
    l->channels = l->op == PM_CNN_CONV || l->op == PM_CNN_DENSE ? out : channels;
    if (has_window(l->op) && l->kernel > side + 2 * pad_of(l))
        return pm_json_fail(d, PM_ERANGE, "%s: a window of %u over a side of %u", l->name, l->kernel, side);
    if (l->op == PM_CNN_ADD && (side_of(n, l->with) != side || channels_of(n, l->with) != channels))
        return pm_json_fail(d, PM_ESHAPE, "%s: adds %ux%ux%u to %ux%ux%u", l->name, side_of(n, l->with),
                            side_of(n, l->with), channels_of(n, l->with), side, side, channels);
    if (l->op == PM_CNN_DENSE && side != 1)
        return pm_json_fail(d, PM_ESHAPE, "%s: takes one position, not %ux%u", l->name, side, side);
    if (l->op == PM_CNN_POOL)
        l->side = 1;
    l->matrix.out = l->channels;
    l->matrix.in = l->op == PM_CNN_DENSE ? channels : l->kernel * l->kernel * channels;
    l->matrix.binary = l->binary;
    l->matrix.groups = l->op == PM_CNN_DEPTHWISE ? channels : 1;
    return PM_OK;
}

static pm_status append(const struct pm_json *d, struct pm_cnn *n, struct pm_cnn_layer l) {
    if (n->layers == PM_CNN_LAYERS)
        return pm_json_fail(d, PM_ERANGE, "more than %d layers", PM_CNN_LAYERS);
    const pm_status status = shape_layer(d, n, &l);
    n->layer[n->layers++] = l;
    return status;
}

/* "convs", [[out, stride], ...]: 3x3 convolutions with ReLU, the mean, a dense layer. */
static pm_status read_convs(const struct pm_json *d, struct pm_cnn *n, const cJSON *convs) {
    const cJSON *item;
    pm_status status = PM_OK;
    cJSON_ArrayForEach(item, convs) {
        int64_t out, stride;
        if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2 ||
            !pm_json_is_integer(item->child, 1, 4096, &out) ||
            !pm_json_is_integer(item->child->next, 1, 16, &stride))
            return pm_json_fail(d, PM_ERANGE, "\"convs\"[%u] is not [out, stride] of 1..4096 and 1..16",
                                n->layers);
        struct pm_cnn_layer l = {.op = PM_CNN_CONV,
                                 .from = n->layers - 1,
                                 .kernel = 3,
                                 .stride = (unsigned)stride,
                                 .relu = true,
                                 .channels = (unsigned)out};
        snprintf(l.name, sizeof l.name, "conv%u", n->layers + 1);
        if ((status = append(d, n, l)) != PM_OK)
            return status;
    }
    status = append(d, n, (struct pm_cnn_layer){.op = PM_CNN_POOL, .name = "pool", .from = n->layers - 1});
    return status == PM_OK
               ? append(
                     d, n,
                     (struct pm_cnn_layer){
                         .op = PM_CNN_DENSE, .name = "head", .from = n->layers - 1, .channels = n->classes})
               : status;
}

static bool valid_name(const char *name) {
    const size_t length = strlen(name);
    return length > 0 && length < sizeof((struct pm_cnn_layer *)0)->name && strcmp(name, "image") != 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length;
}

/* Member `key`, the name of a layer before this or of the image; *to keeps its default where it is missing.
 */
static pm_status read_input(const struct pm_json *d, const struct pm_cnn *n, const cJSON *item,
                            const char *key, const char *layer, unsigned *to) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(item, key);
    if (!member && strcmp(key, "from") == 0)
        return PM_OK;
    if (cJSON_IsString(member) && strcmp(member->valuestring, "image") == 0) {
        *to = PM_CNN_IMAGE;
        return PM_OK;
    }
    for (unsigned i = 0; cJSON_IsString(member) && i < n->layers; i++)
        if (strcmp(n->layer[i].name, member->valuestring) == 0) {
            *to = i;
            return PM_OK;
        }
    return pm_json_fail(d, PM_EFORMAT, "%s: \"%s\" is no layer before it", layer, key);
}

/* An integer member in 1..hi; a fallback of 0: it must be there. */
static pm_status read_number(const struct pm_json *d, const cJSON *item, const char *key, const char *layer,
                             unsigned hi, unsigned fallback, unsigned *to) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(item, key);
    int64_t v = fallback;
    if ((member || fallback == 0) && !pm_json_is_integer(member, 1, hi, &v))
        return pm_json_fail(d, PM_ERANGE, "%s: \"%s\" is not an integer in 1..%u", layer, key, hi);
    *to = (unsigned)v;
    return PM_OK;
}

static pm_status read_flag(const struct pm_json *d, const cJSON *item, const char *key, const char *layer,
                           bool *to) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(item, key);
    *to = cJSON_IsTrue(member);
    return !member || cJSON_IsBool(member)
               ? PM_OK
               : pm_json_fail(d, PM_EFORMAT, "%s: \"%s\" is not true or false", layer, key);
}

static pm_status read_members(const struct pm_json *d, const struct pm_cnn *n, const cJSON *item,
                              struct pm_cnn_layer *l) {
    pm_status s = read_input(d, n, item, "from", l->name, &l->from);
    if (s == PM_OK && l->op == PM_CNN_ADD)
        s = read_input(d, n, item, "with", l->name, &l->with);
    if (s == PM_OK && has_window(l->op))
        s = read_number(d, item, "kernel", l->name, 15, 3, &l->kernel);
    if (s == PM_OK && has_window(l->op))
        s = read_number(d, item, "stride", l->name, 16, 1, &l->stride);
    if (s == PM_OK && (l->op == PM_CNN_CONV || l->op == PM_CNN_DENSE))
        s = read_number(d, item, "out", l->name, l->op == PM_CNN_CONV ? 4096 : 65536, 0, &l->channels);
    if (s == PM_OK)
        s = read_flag(d, item, "relu", l->name, &l->relu);
    return s == PM_OK ? read_flag(d, item, "binary", l->name, &l->binary) : s;
}

/* No member that its kind of layer does not have. */
static pm_status check_members(const struct pm_json *d, const cJSON *item, const struct pm_cnn_layer *l) {
    static const char *const known[] = {[PM_CNN_CONV] = "op|name|from|relu|out|kernel|stride|binary",
                                        [PM_CNN_DEPTHWISE] = "op|name|from|relu|kernel|stride",
                                        [PM_CNN_ADD] = "op|name|from|relu|with",
                                        [PM_CNN_POOL] = "op|name|from",
                                        [PM_CNN_MAX] = "op|name|from|kernel|stride",
                                        [PM_CNN_MEAN] = "op|name|from|kernel|stride",
                                        [PM_CNN_DENSE] = "op|name|from|relu|out"};
    const cJSON *member;
    cJSON_ArrayForEach(member, item) {
        if (pm_choice(known[l->op], member->string, strlen(member->string)) < 0)
            return pm_json_fail(d, PM_EFORMAT, "%s: \"%.40s\" is not of such a layer", l->name,
                                member->string);
    }
    return PM_OK;
}

/* "layers": objects with "op" and "name". */
static pm_status read_layers(const struct pm_json *d, struct pm_cnn *n, const cJSON *layers) {
    static const char ops[] = "conv|depthwise|add|pool|max|mean|dense";
    const cJSON *item;
    cJSON_ArrayForEach(item, layers) {
        const cJSON *op = cJSON_GetObjectItemCaseSensitive(item, "op");
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
        struct pm_cnn_layer l = {.from = n->layers - 1};
        const int choice = cJSON_IsString(op) ? pm_choice(ops, op->valuestring, strlen(op->valuestring)) : -1;
        if (choice < 0)
            return pm_json_fail(d, PM_EFORMAT, "\"layers\"[%u]: \"op\" is not one of %s", n->layers, ops);
        l.op = (enum pm_cnn_op)choice;
        if (!cJSON_IsString(name) || !valid_name(name->valuestring))
            return pm_json_fail(
                d, PM_EFORMAT, "\"layers\"[%u]: \"name\" is missing or not 1..31 of a-zA-Z0-9_.-", n->layers);
        snprintf(l.name, sizeof l.name, "%s", name->valuestring);
        for (unsigned i = 0; i < n->layers; i++)
            if (strcmp(n->layer[i].name, l.name) == 0)
                return pm_json_fail(d, PM_EFORMAT, "two layers are called %s", l.name);
        pm_status status = check_members(d, item, &l);
        if (status == PM_OK)
            status = read_members(d, n, item, &l);
        if (status == PM_OK)
            status = append(d, n, l);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

/* Member `key`, a number for all channels or an array of one each; what is missing stays. */
static pm_status read_normalisation(const struct pm_json *d, const struct pm_cnn *n, const char *key,
                                    double lo, float to[PM_CHANNELS]) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(d->root, key);
    double v[PM_CHANNELS];
    pm_status s = PM_OK;
    if (item && cJSON_IsArray(item))
        s = pm_json_reals(d, d->root, key, n->pixels.channels, lo, 1e3, v);
    else if (item)
        s = pm_json_real(d, d->root, key, lo, 1e3, &v[0]);
    for (unsigned c = 0; item && s == PM_OK && c < n->pixels.channels; c++)
        to[c] = (float)v[cJSON_IsArray(item) ? c : 0];
    return s;
}

/* How pixels enter: "channels", "pixel_mean", "pixel_std", by default one, as p/255. */
static pm_status read_pixels(const struct pm_json *d, struct pm_cnn *n) {
    const cJSON *channels = cJSON_GetObjectItemCaseSensitive(d->root, "channels");
    int64_t v = 1;
    if (channels && (!pm_json_is_integer(channels, 1, 3, &v) || v == 2))
        return pm_json_fail(d, PM_ERANGE, "\"channels\" is neither 1 nor 3");
    const cJSON *layout = cJSON_GetObjectItemCaseSensitive(d->root, "layout");
    unsigned order = 0;
    if (layout && pm_read_choice(d, "layout", "hwc|chw", &order) != PM_OK)
        return PM_EFORMAT;
    n->channels_first = order == 1;
    n->pixels = (struct pm_pixels){n->image, n->image, (unsigned)v, {0}, {1, 1, 1}};
    const pm_status s = read_normalisation(d, n, "pixel_mean", -1e3, n->pixels.mean);
    return s == PM_OK ? read_normalisation(d, n, "pixel_std", 1e-6, n->pixels.std) : s;
}

static pm_status read_config(const struct pm_json *d, struct pm_cnn *n) {
    const cJSON *convs = cJSON_GetObjectItemCaseSensitive(d->root, "convs");
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(d->root, "layers"), *list = convs ? convs : layers;
    unsigned type;
    pm_status s;
    if ((s = pm_read_choice(d, "type", "cnn", &type)) != PM_OK ||
        (s = pm_read_unsigned(d, "image", 1024, &n->image)) != PM_OK ||
        (s = pm_read_unsigned(d, "classes", 65536, &n->classes)) != PM_OK || (s = read_pixels(d, n)) != PM_OK)
        return s;
    if (n->classes < 2)
        return pm_json_fail(d, PM_ERANGE, "\"classes\" is 1, a classifier has at least 2");
    if (!convs == !layers || !cJSON_IsArray(list) || !list->child)
        return pm_json_fail(d, PM_EFORMAT,
                            "either \"convs\" or \"layers\" is wanted, an array that is not empty");
    s = convs ? read_convs(d, n, convs) : read_layers(d, n, layers);
    if (s != PM_OK)
        return s;
    const struct pm_cnn_layer *last = &n->layer[n->layers - 1];
    if (last->op != PM_CNN_DENSE || last->channels != n->classes)
        return pm_json_fail(d, PM_ESHAPE, "the last layer is not dense with %u outputs", n->classes);
    return PM_OK;
}

/* ---- model.safetensors ---- */

/* A filter a channel, [channels][taps], as the diagonal of a matrix. */
static void load_depthwise(struct pm_source *src, const char *name, struct pm_matrix *m) {
    enum { MOST = 1 << 26 };
    const size_t taps = m->in / m->groups;
    float *filter = NULL;
    pm_load_tensor(src, name, "weight", 2, m->groups, taps, &filter);
    pm_load_tensor(src, name, "bias", 1, m->out, 0, &m->bias);
    if (src->status == PM_OK && (size_t)m->in * m->out > MOST)
        src->status = pm_fail(src->error, PM_ERANGE, name, "a matrix of more than %d weights", MOST);
    if (src->status == PM_OK && (m->weight = calloc((size_t)m->in * m->out, sizeof *m->weight)) == NULL)
        src->status = pm_fail(src->error, PM_ENOMEM, name, "%s", pm_strerror(PM_ENOMEM));
    for (size_t c = 0; src->status == PM_OK && c < m->groups; c++)
        memcpy(m->weight + c * m->in + c * taps, filter + c * taps, taps * sizeof *filter);
    free(filter);
}

/* Weights of 1 and -1, and the outputs' scales. */
static void load_binary(struct pm_source *src, const char *name, struct pm_matrix *m) {
    float *scale = NULL;
    pm_load_tensor(src, name, "weight", 2, m->out, m->in, &m->weight);
    pm_load_tensor(src, name, "bias", 1, m->out, 0, &m->bias);
    pm_load_tensor(src, name, "scale", 1, m->out, 0, &scale);
    for (size_t i = 0; src->status == PM_OK && i < (size_t)m->in * m->out; i++) {
        if (fabsf(m->weight[i]) != 1)
            src->status =
                pm_fail(src->error, PM_ERANGE, src->file.path, "tensor %s.weight: not all are 1 or -1", name);
        m->weight[i] *= scale[i / m->in];
    }
    free(scale);
    pm_pack_matrix(src, name, m);
}

static pm_status load_weights(struct pm_cnn *network, bool convs, const char *path, struct pm_error *e) {
    struct pm_source src = {.error = e};
    src.status = pm_safetensors_open(&src.file, path, e);
    for (unsigned i = 0; i < network->layers && src.status == PM_OK; i++) {
        struct pm_cnn_layer *l = &network->layer[i];
        char name[40];
        if (convs && l->op == PM_CNN_CONV)
            snprintf(name, sizeof name, "convs.%u", i);
        else
            snprintf(name, sizeof name, "%s", l->name);
        if (l->binary)
            load_binary(&src, name, &l->matrix);
        else if (l->op == PM_CNN_DEPTHWISE)
            load_depthwise(&src, name, &l->matrix);
        else if (has_weights(l->op))
            pm_load_matrix(&src, name, l->matrix.in, l->matrix.out, &l->matrix);
    }
    pm_safetensors_close(&src.file);
    return src.status;
}

/* ---- the graph ---- */

static struct pm_node node_of(enum pm_node_kind kind, unsigned layer, unsigned from, unsigned width,
                              unsigned rows) {
    return (struct pm_node){
        .kind = kind, .layer = layer, .in = {from, PM_NO_NODE, PM_NO_NODE}, .width = width, .rows = rows};
}

static struct pm_window window_of(const struct pm_cnn *n, const struct pm_cnn_layer *l) {
    const unsigned side = side_of(n, l->from);
    return (struct pm_window){.height = side,
                              .width = side,
                              .channels = channels_of(n, l->from),
                              .kernel = l->kernel,
                              .stride = l->stride,
                              .pad = pad_of(l),
                              .rows = l->side,
                              .cols = l->side,
                              .groups = l->op == PM_CNN_DEPTHWISE ? l->channels : 1,
                              .outside = l->binary ? -1 : 0};
}

/* A convolution of more than one tap, or with a stride, is what a window sees times a matrix. */
static unsigned add_matrix(struct pm_cnn *n, unsigned layer, unsigned from) {
    const struct pm_cnn_layer *l = &n->layer[layer];
    const unsigned rows = l->side * l->side;
    if (l->binary) {
        const unsigned side = side_of(n, l->from);
        struct pm_node sign = node_of(PM_NODE_ACTIVATION, layer, from, channels_of(n, l->from), side * side);
        sign.activation = PM_SIGNUM;
        from = pm_graph_add(&n->graph, &sign);
    }
    if (has_window(l->op) && (l->kernel > 1 || l->stride > 1)) {
        struct pm_node seen = node_of(PM_NODE_UNFOLD, layer, from, l->matrix.in, rows);
        seen.window = window_of(n, l);
        from = pm_graph_add(&n->graph, &seen);
    }
    struct pm_node node = node_of(PM_NODE_MATRIX, layer, from, l->channels, rows);
    node.id = layer;
    node.matrix = &l->matrix;
    snprintf(node.name, sizeof node.name, "%s", l->name);
    snprintf(node.part, sizeof node.part, "w");
    return pm_graph_add(&n->graph, &node);
}

/* The node of layer number `layer`, whose inputs' nodes are known. */
static unsigned add_layer(struct pm_cnn *n, unsigned layer, unsigned from, unsigned with) {
    const struct pm_cnn_layer *l = &n->layer[layer];
    const unsigned rows = l->side * l->side;
    struct pm_node node = node_of(PM_NODE_ADD, layer, from, l->channels, rows);
    switch (l->op) {
    case PM_CNN_ADD:
        node.in[1] = with;
        break;
    case PM_CNN_POOL:
        node.kind = PM_NODE_POOL;
        node.pool = PM_POOL_MEAN;
        break;
    case PM_CNN_MAX:
    case PM_CNN_MEAN:
        node.kind = l->op == PM_CNN_MAX ? PM_NODE_LARGEST : PM_NODE_MEAN;
        node.window = window_of(n, l);
        break;
    default:
        from = add_matrix(n, layer, from);
    }
    if (!has_weights(l->op))
        from = pm_graph_add(&n->graph, &node);
    node = node_of(PM_NODE_ACTIVATION, layer, from, l->channels, rows);
    node.activation = PM_RELU;
    return l->relu ? pm_graph_add(&n->graph, &node) : from;
}

static pm_status build(struct pm_cnn *n) {
    unsigned at[PM_CNN_LAYERS];
    struct pm_node pixels =
        node_of(PM_NODE_PIXELS, n->layers, PM_NO_NODE, n->pixels.channels, n->image * n->image);
    pixels.pixels = n->pixels;
    n->graph.tokens = 1;
    const unsigned image = pm_graph_add(&n->graph, &pixels);
    for (unsigned i = 0; i < n->layers; i++) {
        const struct pm_cnn_layer *l = &n->layer[i];
        at[i] = add_layer(n, i, l->from == PM_CNN_IMAGE ? image : at[l->from],
                          l->op == PM_CNN_ADD && l->with != PM_CNN_IMAGE ? at[l->with] : image);
    }
    return pm_graph_finish(&n->graph);
}

pm_status pm_cnn_load(struct pm_cnn *network, const char *dir, struct pm_error *e) {
    char path[PATH_MAX];
    struct pm_json d = {path, e, NULL};
    *network = (struct pm_cnn){0};
    snprintf(path, sizeof path, "%s/config.json", dir);
    pm_status s = pm_json_load(&d);
    if (s == PM_OK)
        s = read_config(&d, network);
    const bool convs = cJSON_GetObjectItemCaseSensitive(d.root, "convs") != NULL;
    cJSON_Delete(d.root);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    if (s == PM_OK)
        s = load_weights(network, convs, path, e);
    if (s == PM_OK && (s = build(network)) != PM_OK)
        pm_fail(e, s, path, "%s", pm_strerror(s));
    if (s != PM_OK)
        pm_cnn_free(network);
    return s;
}

void pm_cnn_free(struct pm_cnn *network) {
    pm_graph_free(&network->graph);
    for (unsigned i = 0; i < network->layers; i++)
        pm_matrix_free(&network->layer[i].matrix);
    *network = (struct pm_cnn){0};
}
