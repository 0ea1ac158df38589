// SPDX-License-Identifier: Apache-2.0
#include "net/encoder.h"

#include "net/build.h"

#include <stdio.h>

/* The graph that is being built. */
struct build {
    struct pm_build to;
    const struct pm_encoder *network;
};

/* Its place among the network's matrices numbers it: of a layer by its part, of others behind the layers'. */
static unsigned add_matrix(const struct build *b, const struct pm_matrix *m, const char *prefix,
                           const char *part, unsigned from, unsigned onto) {
    const unsigned place = part                       ? (unsigned)(m - b->network->layers[b->to.layer].linear)
                           : m == &b->network->head   ? 1
                           : m == &b->network->pooler ? 2
                                                      : 0;
    return pm_build_matrix(&b->to, m, b->to.layer * PM_ENCODER_MATRICES + place, prefix, part, from, onto);
}

static unsigned embed(const struct build *b) {
    const struct pm_encoder_config *c = &b->network->config;
    const struct pm_node none = {.in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE}, .width = c->width};
    struct pm_node tokens = none, pos = none, sum = none;
    pos.kind = PM_NODE_TABLE;
    pos.table.row = b->network->pos;
    pos.table.rows = c->tokens;
    const unsigned p = pm_build_add(&b->to, pos);
    if (c->type == PM_ENCODER_VIT) {
        tokens.kind = PM_NODE_PATCHES;
        tokens.width = c->patch * c->patch;
        tokens.patching = (struct pm_patching){c->image, c->patch, c->pixel_mean, c->pixel_std};
        return add_matrix(b, &b->network->patch, "patch", NULL,
                          pm_build_named(&b->to, tokens, "pixels", NULL), p);
    }
    tokens.kind = PM_NODE_EMBEDDING;
    tokens.table.row = b->network->words;
    tokens.table.rows = c->vocabulary;
    sum.kind = PM_NODE_ADD;
    sum.in[0] = pm_build_add(&b->to, tokens);
    sum.in[1] = p;
    return pm_build_named(&b->to, sum, "embedding", NULL);
}

/* Softmax attention of `from`, the stream, whose LayerNorm is node `h` where it comes after each sublayer. */
static unsigned attend(const struct build *b, const struct pm_layernorm *norm, unsigned from, unsigned h) {
    const struct pm_encoder_config *c = &b->network->config;
    const struct pm_matrix *m = b->network->layers[b->to.layer].linear;
    const unsigned onto = c->post ? h : from;
    struct pm_node whole = {.kind = PM_NODE_ATTENTION,
                            .in = {from, onto, PM_NO_NODE},
                            .width = c->width,
                            .attention = {norm, &m[PM_ENCODER_Q], &m[PM_ENCODER_K], &m[PM_ENCODER_V],
                                          &m[PM_ENCODER_O], c->heads, 0}};
    snprintf(whole.name, sizeof whole.name, "attn%u", b->to.layer);
    const unsigned first = pm_build_add(&b->to, whole),
                   in = c->post ? h : pm_build_norm(&b->to, norm, from, "1");
    const unsigned q = add_matrix(b, &m[PM_ENCODER_Q], "attn", "q", in, PM_NO_NODE);
    const unsigned k = add_matrix(b, &m[PM_ENCODER_K], "attn", "k", in, PM_NO_NODE);
    const unsigned v = add_matrix(b, &m[PM_ENCODER_V], "attn", "v", in, PM_NO_NODE);
    const unsigned heads = pm_build_named(
        &b->to,
        (struct pm_node){.kind = PM_NODE_HEADS, .in = {q, k, v}, .width = c->width, .heads = c->heads},
        "attn", "heads");
    const unsigned last = add_matrix(b, &m[PM_ENCODER_O], "attn", "o", heads, onto);
    if (!b->to.g->failed)
        b->to.g->node[first].attention.body = last - first;
    return last;
}

static unsigned feed_forward(const struct build *b, unsigned h, unsigned onto) {
    const struct pm_encoder_config *c = &b->network->config;
    const struct pm_matrix *m = b->network->layers[b->to.layer].linear;
    const unsigned up = add_matrix(b, &m[PM_ENCODER_UP], "ffn", "up", h, PM_NO_NODE);
    const unsigned hidden = pm_build_activation(&b->to, c->activation, up, c->ffn, 0, "ffn", "act");
    return add_matrix(b, &m[PM_ENCODER_DOWN], "ffn", "down", hidden, onto);
}

/* The stream x is kept as it is before its next LayerNorm, in either form. */
pm_status pm_encoder_build(struct pm_encoder *network) {
    const struct pm_encoder_config *c = &network->config;
    struct build b = {{&network->graph, 0}, network};
    network->graph.tokens = c->tokens;
    b.to.layer = c->layers;
    unsigned x = embed(&b), h = c->post ? pm_build_norm(&b.to, &network->norm, x, NULL) : PM_NO_NODE;
    for (b.to.layer = 0; b.to.layer < c->layers; b.to.layer++) {
        const struct pm_encoder_layer *layer = &network->layers[b.to.layer];
        const struct pm_layernorm *into = !c->post          ? &layer->ln1
                                          : b.to.layer == 0 ? &network->norm
                                                            : &network->layers[b.to.layer - 1].ln2;
        x = attend(&b, into, x, h);
        h = pm_build_norm(&b.to, c->post ? &layer->ln1 : &layer->ln2, x, c->post ? "1" : "2");
        x = feed_forward(&b, h, c->post ? h : x);
        h = c->post ? pm_build_norm(&b.to, &layer->ln2, x, "2") : PM_NO_NODE;
    }
    if (!c->post)
        h = pm_build_norm(&b.to, &network->norm, x, NULL);
    unsigned pooled =
        pm_build_named(&b.to,
                       (struct pm_node){.kind = PM_NODE_POOL,
                                        .in = {h, PM_NO_NODE, PM_NO_NODE},
                                        .width = c->width,
                                        .rows = 1,
                                        .pool = c->type == PM_ENCODER_VIT ? PM_POOL_MEAN : c->pool},
                       "pool", NULL);
    if (c->pooled) {
        pooled = add_matrix(&b, &network->pooler, "pooler", NULL, pooled, PM_NO_NODE);
        pooled = pm_build_activation(&b.to, c->pooler, pooled, c->width, 1, "pooler.act", NULL);
    }
    if (c->classes > 0)
        add_matrix(&b, &network->head, "head", NULL, pooled, PM_NO_NODE);
    return pm_graph_finish(&network->graph);
}
