// SPDX-License-Identifier: Apache-2.0
#include "net/decoder.h"

#include "net/build.h"

#include <stdio.h>

/* The graph that is being built. */
struct build {
    struct pm_build to;
    const struct pm_decoder *network;
};

/* Its place among the network's matrices numbers it, the head behind all layers'. */
static unsigned add_matrix(const struct build *b, const struct pm_matrix *m, const char *prefix,
                           const char *part, unsigned from, unsigned onto) {
    const unsigned place = part ? (unsigned)(m - b->network->layers[b->to.layer].linear) : 0;
    return pm_build_matrix(&b->to, m, b->to.layer * PM_DECODER_MATRICES + place, prefix, part, from, onto);
}

static unsigned embed(const struct build *b) {
    const struct pm_decoder_config *c = &b->network->config;
    const struct pm_node none = {.in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE}, .width = c->width};
    struct pm_node words = none, pos = none, sum = none;
    words.kind = PM_NODE_EMBEDDING;
    words.table.row = b->network->words;
    words.table.rows = c->vocabulary;
    const unsigned w = pm_build_add(&b->to, words);
    if (c->type == PM_DECODER_LLAMA)
        return w;
    pos.kind = PM_NODE_TABLE;
    pos.table.row = b->network->pos;
    pos.table.rows = c->tokens;
    sum.kind = PM_NODE_ADD;
    sum.in[0] = w;
    sum.in[1] = pm_build_add(&b->to, pos);
    return pm_build_named(&b->to, sum, "embedding", NULL);
}

/* Of Llama's form: queries or keys, turned by their places. */
static unsigned rotate(const struct build *b, unsigned from, unsigned width, const char *part) {
    const struct pm_decoder_config *c = &b->network->config;
    if (c->type != PM_DECODER_LLAMA)
        return from;
    return pm_build_named(&b->to,
                          (struct pm_node){.kind = PM_NODE_ROTARY,
                                           .in = {from, PM_NO_NODE, PM_NO_NODE},
                                           .width = width,
                                           .rotary = {b->network->turn, c->width / c->heads}},
                          "attn", part);
}

/* Causal softmax attention of `x`, the stream, added to it. Of Llama's form there is no node of the whole: no
 * system takes one whose queries and keys are turned. */
static unsigned attend(const struct build *b, unsigned x) {
    const struct pm_decoder_config *c = &b->network->config;
    const struct pm_decoder_layer *layer = &b->network->layers[b->to.layer];
    const struct pm_matrix *m = layer->linear;
    struct pm_node whole = {.kind = PM_NODE_ATTENTION,
                            .in = {x, x, PM_NO_NODE},
                            .width = c->width,
                            .attention = {&layer->ln1, &m[PM_DECODER_Q], &m[PM_DECODER_K], &m[PM_DECODER_V],
                                          &m[PM_DECODER_O], c->heads, .causal = true}};
    snprintf(whole.name, sizeof whole.name, "attn%u", b->to.layer);
    const unsigned first = c->type == PM_DECODER_GPT ? pm_build_add(&b->to, whole) : PM_NO_NODE;
    const unsigned in = pm_build_norm(&b->to, &layer->ln1, x, "1");
    const unsigned q =
        rotate(b, add_matrix(b, &m[PM_DECODER_Q], "attn", "q", in, PM_NO_NODE), c->width, "turnq");
    const unsigned k =
        rotate(b, add_matrix(b, &m[PM_DECODER_K], "attn", "k", in, PM_NO_NODE), m[PM_DECODER_K].out, "turnk");
    const unsigned v = add_matrix(b, &m[PM_DECODER_V], "attn", "v", in, PM_NO_NODE);
    const unsigned heads = pm_build_named(&b->to,
                                          (struct pm_node){.kind = PM_NODE_HEADS,
                                                           .in = {q, k, v},
                                                           .width = c->width,
                                                           .heads = c->heads,
                                                           .kv_heads = c->kv_heads,
                                                           .causal = true},
                                          "attn", "heads");
    const unsigned last = add_matrix(b, &m[PM_DECODER_O], "attn", "o", heads, x);
    if (first != PM_NO_NODE && !b->to.g->failed)
        b->to.g->node[first].attention.body = last - first;
    return last;
}

static unsigned activate(const struct build *b, unsigned from) {
    const struct pm_decoder_config *c = &b->network->config;
    return pm_build_activation(&b->to, c->activation, from, c->ffn, 0, "ffn", "act");
}

static unsigned feed_forward(const struct build *b, unsigned x) {
    const struct pm_decoder_config *c = &b->network->config;
    const struct pm_decoder_layer *layer = &b->network->layers[b->to.layer];
    const struct pm_matrix *m = layer->linear;
    const unsigned h = pm_build_norm(&b->to, &layer->ln2, x, "2");
    unsigned hidden;
    if (c->type == PM_DECODER_LLAMA) {
        const unsigned gate = activate(b, add_matrix(b, &m[PM_DECODER_GATE], "ffn", "gate", h, PM_NO_NODE));
        hidden = add_matrix(b, &m[PM_DECODER_UP], "ffn", "up", h, PM_NO_NODE);
        hidden = pm_build_named(
            &b->to,
            (struct pm_node){.kind = PM_NODE_PRODUCT, .in = {gate, hidden, PM_NO_NODE}, .width = c->ffn},
            "ffn", "product");
    } else {
        hidden = activate(b, add_matrix(b, &m[PM_DECODER_UP], "ffn", "up", h, PM_NO_NODE));
    }
    return add_matrix(b, &m[PM_DECODER_DOWN], "ffn", "down", hidden, x);
}

pm_status pm_decoder_build(struct pm_decoder *network) {
    const struct pm_decoder_config *c = &network->config;
    struct build b = {{&network->graph, c->layers}, network};
    network->graph.tokens = c->tokens;
    unsigned x = embed(&b);
    for (b.to.layer = 0; b.to.layer < c->layers; b.to.layer++)
        x = feed_forward(&b, attend(&b, x));
    add_matrix(&b, &network->head, "head", NULL, pm_build_norm(&b.to, &network->norm, x, NULL), PM_NO_NODE);
    return pm_graph_finish(&network->graph);
}
