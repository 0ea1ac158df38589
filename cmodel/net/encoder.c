// SPDX-License-Identifier: Apache-2.0
#include "net/encoder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The graph that is being built. */
struct build {
    struct pm_graph *g;
    const struct pm_encoder *network;
    unsigned layer;
};

static unsigned add(const struct build *b, struct pm_node node) {
    node.layer = b->layer;
    return pm_graph_add(b->g, &node);
}

/* `prefix` and the layer's number name it, PREFIX0.PART; a NULL part: `prefix` alone. */
static unsigned add_matrix(const struct build *b, const struct pm_matrix *m, const char *prefix,
                           const char *part, unsigned from, unsigned onto) {
    struct pm_node node = {
        .kind = PM_NODE_MATRIX, .in = {from, onto, PM_NO_NODE}, .width = m->out, .matrix = m};
    if (part == NULL)
        snprintf(node.name, sizeof node.name, "%s", prefix);
    else
        snprintf(node.name, sizeof node.name, "%s%u.%s", prefix, b->layer, part);
    snprintf(node.part, sizeof node.part, "%s", part ? part : prefix);
    node.id = b->layer * PM_ENCODER_MATRICES;
    if (part)
        node.id += (unsigned)(m - b->network->layers[b->layer].linear);
    else
        node.id += m == &b->network->head ? 1 : m == &b->network->pooler ? 2 : 0;
    node.rows = b->g->nodes > 0 ? b->g->node[from].rows : 0;
    return add(b, node);
}

/* What is no matrix has no part; a layer's is called PREFIX0.PART, as a matrix is. */
static unsigned add_named(const struct build *b, struct pm_node node, const char *prefix, const char *part) {
    if (part == NULL)
        snprintf(node.name, sizeof node.name, "%s", prefix);
    else
        snprintf(node.name, sizeof node.name, "%s%u.%s", prefix, b->layer, part);
    return add(b, node);
}

/* Names of norms do not begin with a sublayer's, whose patterns mean matrices. */
static unsigned add_norm(const struct build *b, const struct pm_layernorm *norm, unsigned from,
                         const char *part) {
    return add_named(
        b,
        (struct pm_node){
            .kind = PM_NODE_NORM, .in = {from, PM_NO_NODE, PM_NO_NODE}, .width = norm->width, .norm = norm},
        part ? "ln" : "norm", part);
}

static unsigned embed(const struct build *b) {
    const struct pm_encoder_config *c = &b->network->config;
    const struct pm_node none = {.in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE}, .width = c->width};
    struct pm_node tokens = none, pos = none, sum = none;
    pos.kind = PM_NODE_TABLE;
    pos.table.row = b->network->pos;
    pos.table.rows = c->tokens;
    const unsigned p = add(b, pos);
    if (c->type == PM_ENCODER_VIT) {
        tokens.kind = PM_NODE_PATCHES;
        tokens.width = c->patch * c->patch;
        tokens.patching = (struct pm_patching){c->image, c->patch, c->pixel_mean, c->pixel_std};
        return add_matrix(b, &b->network->patch, "patch", NULL, add_named(b, tokens, "pixels", NULL), p);
    }
    tokens.kind = PM_NODE_EMBEDDING;
    tokens.table.row = b->network->words;
    tokens.table.rows = c->vocabulary;
    sum.kind = PM_NODE_ADD;
    sum.in[0] = add(b, tokens);
    sum.in[1] = p;
    return add_named(b, sum, "embedding", NULL);
}

/* Softmax attention of `from`, the stream, whose LayerNorm is node `h` where it comes after each sublayer. */
static unsigned attend(const struct build *b, const struct pm_layernorm *norm, unsigned from, unsigned h) {
    const struct pm_encoder_config *c = &b->network->config;
    const struct pm_matrix *m = b->network->layers[b->layer].linear;
    const unsigned onto = c->post ? h : from;
    struct pm_node whole = {.kind = PM_NODE_ATTENTION,
                            .in = {from, onto, PM_NO_NODE},
                            .width = c->width,
                            .attention = {norm, &m[PM_ENCODER_Q], &m[PM_ENCODER_K], &m[PM_ENCODER_V],
                                          &m[PM_ENCODER_O], c->heads, 0}};
    snprintf(whole.name, sizeof whole.name, "attn%u", b->layer);
    const unsigned first = add(b, whole), in = c->post ? h : add_norm(b, norm, from, "1");
    const unsigned q = add_matrix(b, &m[PM_ENCODER_Q], "attn", "q", in, PM_NO_NODE);
    const unsigned k = add_matrix(b, &m[PM_ENCODER_K], "attn", "k", in, PM_NO_NODE);
    const unsigned v = add_matrix(b, &m[PM_ENCODER_V], "attn", "v", in, PM_NO_NODE);
    const unsigned heads = add_named(
        b, (struct pm_node){.kind = PM_NODE_HEADS, .in = {q, k, v}, .width = c->width, .heads = c->heads},
        "attn", "heads");
    const unsigned last = add_matrix(b, &m[PM_ENCODER_O], "attn", "o", heads, onto);
    if (!b->g->failed)
        b->g->node[first].attention.body = last - first;
    return last;
}

static unsigned activate(const struct build *b, enum pm_activation activation, unsigned from, unsigned width,
                         unsigned rows, const char *prefix, const char *part) {
    return add_named(b,
                     (struct pm_node){.kind = PM_NODE_ACTIVATION,
                                      .in = {from, PM_NO_NODE, PM_NO_NODE},
                                      .width = width,
                                      .rows = rows,
                                      .activation = activation},
                     prefix, part);
}

static unsigned feed_forward(const struct build *b, unsigned h, unsigned onto) {
    const struct pm_encoder_config *c = &b->network->config;
    const struct pm_matrix *m = b->network->layers[b->layer].linear;
    const unsigned up = add_matrix(b, &m[PM_ENCODER_UP], "ffn", "up", h, PM_NO_NODE);
    const unsigned hidden = activate(b, c->activation, up, c->ffn, 0, "ffn", "act");
    return add_matrix(b, &m[PM_ENCODER_DOWN], "ffn", "down", hidden, onto);
}

/* The stream x is kept as it is before its next LayerNorm, in either form. */
pm_status pm_encoder_build(struct pm_encoder *network) {
    const struct pm_encoder_config *c = &network->config;
    struct build b = {&network->graph, network, 0};
    network->graph.tokens = c->tokens;
    b.layer = c->layers;
    unsigned x = embed(&b), h = c->post ? add_norm(&b, &network->norm, x, NULL) : PM_NO_NODE;
    for (b.layer = 0; b.layer < c->layers; b.layer++) {
        const struct pm_encoder_layer *layer = &network->layers[b.layer];
        const struct pm_layernorm *into = !c->post       ? &layer->ln1
                                          : b.layer == 0 ? &network->norm
                                                         : &network->layers[b.layer - 1].ln2;
        x = attend(&b, into, x, h);
        h = add_norm(&b, c->post ? &layer->ln1 : &layer->ln2, x, c->post ? "1" : "2");
        x = feed_forward(&b, h, c->post ? h : x);
        h = c->post ? add_norm(&b, &layer->ln2, x, "2") : PM_NO_NODE;
    }
    if (!c->post)
        h = add_norm(&b, &network->norm, x, NULL);
    unsigned pooled =
        add_named(&b,
                  (struct pm_node){.kind = PM_NODE_POOL,
                                   .in = {h, PM_NO_NODE, PM_NO_NODE},
                                   .width = c->width,
                                   .rows = 1,
                                   .pool = c->type == PM_ENCODER_VIT ? PM_POOL_MEAN : c->pool},
                  "pool", NULL);
    if (c->pooled) {
        pooled = add_matrix(&b, &network->pooler, "pooler", NULL, pooled, PM_NO_NODE);
        pooled = activate(&b, c->pooler, pooled, c->width, 1, "pooler.act", NULL);
    }
    if (c->classes > 0)
        add_matrix(&b, &network->head, "head", NULL, pooled, PM_NO_NODE);
    return pm_graph_finish(&network->graph);
}
