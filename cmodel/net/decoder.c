// SPDX-License-Identifier: Apache-2.0
#include "net/decoder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The graph that is being built. */
struct build {
    struct pm_graph *g;
    const struct pm_decoder *network;
    unsigned layer;
};

static unsigned add(const struct build *b, struct pm_node node) {
    node.layer = b->layer;
    return pm_graph_add(b->g, &node);
}

/* A matrix of the layer at hand, PREFIX0.PART; a NULL part: the head. */
static unsigned add_matrix(const struct build *b, const struct pm_matrix *m, const char *prefix,
                           const char *part, unsigned from, unsigned onto) {
    struct pm_node node = {
        .kind = PM_NODE_MATRIX, .in = {from, onto, PM_NO_NODE}, .width = m->out, .matrix = m};
    if (part == NULL)
        snprintf(node.name, sizeof node.name, "%s", prefix);
    else
        snprintf(node.name, sizeof node.name, "%s%u.%s", prefix, b->layer, part);
    snprintf(node.part, sizeof node.part, "%s", part ? part : prefix);
    node.id =
        b->layer * PM_DECODER_MATRICES + (part ? (unsigned)(m - b->network->layers[b->layer].linear) : 0);
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

static unsigned add_norm(const struct build *b, const struct pm_layernorm *norm, unsigned from,
                         const char *part) {
    return add_named(
        b,
        (struct pm_node){
            .kind = PM_NODE_NORM, .in = {from, PM_NO_NODE, PM_NO_NODE}, .width = norm->width, .norm = norm},
        part ? "ln" : "norm", part);
}

static unsigned embed(const struct build *b) {
    const struct pm_decoder_config *c = &b->network->config;
    const struct pm_node none = {.in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE}, .width = c->width};
    struct pm_node words = none, pos = none, sum = none;
    words.kind = PM_NODE_EMBEDDING;
    words.table.row = b->network->words;
    words.table.rows = c->vocabulary;
    const unsigned w = add(b, words);
    if (c->type == PM_DECODER_LLAMA)
        return w;
    pos.kind = PM_NODE_TABLE;
    pos.table.row = b->network->pos;
    pos.table.rows = c->tokens;
    sum.kind = PM_NODE_ADD;
    sum.in[0] = w;
    sum.in[1] = add(b, pos);
    return add_named(b, sum, "embedding", NULL);
}

/* Of Llama's form: queries or keys, turned by their places. */
static unsigned rotate(const struct build *b, unsigned from, unsigned width, const char *part) {
    const struct pm_decoder_config *c = &b->network->config;
    if (c->type != PM_DECODER_LLAMA)
        return from;
    return add_named(b,
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
    const struct pm_decoder_layer *layer = &b->network->layers[b->layer];
    const struct pm_matrix *m = layer->linear;
    struct pm_node whole = {.kind = PM_NODE_ATTENTION,
                            .in = {x, x, PM_NO_NODE},
                            .width = c->width,
                            .attention = {&layer->ln1, &m[PM_DECODER_Q], &m[PM_DECODER_K], &m[PM_DECODER_V],
                                          &m[PM_DECODER_O], c->heads, .causal = true}};
    snprintf(whole.name, sizeof whole.name, "attn%u", b->layer);
    const unsigned first = c->type == PM_DECODER_GPT ? add(b, whole) : PM_NO_NODE;
    const unsigned in = add_norm(b, &layer->ln1, x, "1");
    const unsigned q =
        rotate(b, add_matrix(b, &m[PM_DECODER_Q], "attn", "q", in, PM_NO_NODE), c->width, "turnq");
    const unsigned k =
        rotate(b, add_matrix(b, &m[PM_DECODER_K], "attn", "k", in, PM_NO_NODE), m[PM_DECODER_K].out, "turnk");
    const unsigned v = add_matrix(b, &m[PM_DECODER_V], "attn", "v", in, PM_NO_NODE);
    const unsigned heads = add_named(b,
                                     (struct pm_node){.kind = PM_NODE_HEADS,
                                                      .in = {q, k, v},
                                                      .width = c->width,
                                                      .heads = c->heads,
                                                      .kv_heads = c->kv_heads,
                                                      .causal = true},
                                     "attn", "heads");
    const unsigned last = add_matrix(b, &m[PM_DECODER_O], "attn", "o", heads, x);
    if (first != PM_NO_NODE && !b->g->failed)
        b->g->node[first].attention.body = last - first;
    return last;
}

static unsigned activate(const struct build *b, unsigned from) {
    const struct pm_decoder_config *c = &b->network->config;
    return add_named(b,
                     (struct pm_node){.kind = PM_NODE_ACTIVATION,
                                      .in = {from, PM_NO_NODE, PM_NO_NODE},
                                      .width = c->ffn,
                                      .activation = c->activation},
                     "ffn", "act");
}

static unsigned feed_forward(const struct build *b, unsigned x) {
    const struct pm_decoder_config *c = &b->network->config;
    const struct pm_decoder_layer *layer = &b->network->layers[b->layer];
    const struct pm_matrix *m = layer->linear;
    const unsigned h = add_norm(b, &layer->ln2, x, "2");
    unsigned hidden;
    if (c->type == PM_DECODER_LLAMA) {
        const unsigned gate = activate(b, add_matrix(b, &m[PM_DECODER_GATE], "ffn", "gate", h, PM_NO_NODE));
        hidden = add_matrix(b, &m[PM_DECODER_UP], "ffn", "up", h, PM_NO_NODE);
        hidden = add_named(
            b, (struct pm_node){.kind = PM_NODE_PRODUCT, .in = {gate, hidden, PM_NO_NODE}, .width = c->ffn},
            "ffn", "product");
    } else {
        hidden = activate(b, add_matrix(b, &m[PM_DECODER_UP], "ffn", "up", h, PM_NO_NODE));
    }
    return add_matrix(b, &m[PM_DECODER_DOWN], "ffn", "down", hidden, x);
}

pm_status pm_decoder_build(struct pm_decoder *network) {
    const struct pm_decoder_config *c = &network->config;
    struct build b = {&network->graph, network, c->layers};
    network->graph.tokens = c->tokens;
    unsigned x = embed(&b);
    for (b.layer = 0; b.layer < c->layers; b.layer++)
        x = feed_forward(&b, attend(&b, x));
    add_matrix(&b, &network->head, "head", NULL, add_norm(&b, &network->norm, x, NULL), PM_NO_NODE);
    return pm_graph_finish(&network->graph);
}
