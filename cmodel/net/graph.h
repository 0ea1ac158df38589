// SPDX-License-Identifier: Apache-2.0
/* A network as a graph of layers, in the order in which they are computed. Every node's value has rows: one a
 * token, or a number of its own (one after a pool, an image's positions). The host computes in float; any
 * layer can be handed to something else, which system/placement.h does. */
#ifndef PM_NET_GRAPH_H
#define PM_NET_GRAPH_H

#include <limits.h>

#include "net/layers.h"

enum pm_node_kind {
    PM_NODE_PATCHES,    /**< of the input's image */
    PM_NODE_PIXELS,     /**< of the input's image, a row a pixel */
    PM_NODE_EMBEDDING,  /**< rows of a table, by the input's ids */
    PM_NODE_TABLE,      /**< the first rows of a table */
    PM_NODE_ADD,        /**< in[0] + in[1] */
    PM_NODE_NORM,       /**< LayerNorm of in[0] */
    PM_NODE_MATRIX,     /**< of in[0], added to in[1] where there is one */
    PM_NODE_ACTIVATION, /**< of in[0] */
    PM_NODE_PRODUCT,    /**< in[0] * in[1], element by element */
    PM_NODE_ROTARY,     /**< of in[0], each head's pairs turned by the token's place */
    PM_NODE_HEADS,      /**< of in[0], in[1], in[2]: q, k, v */
    PM_NODE_POOL,       /**< of in[0], all its rows */
    PM_NODE_UNFOLD,   /**< of in[0]: what a window sees, a row a place, for a matrix to make a convolution */
    PM_NODE_LARGEST,  /**< of in[0], the largest that a window sees */
    PM_NODE_MEAN,     /**< the mean of it */
    PM_NODE_ATTENTION /**< the nodes that follow it, as a whole: from in[0], which is to be normalised, added
                         to in[1]; its value is the last of them. For something else than the host alone. */
};

#define PM_NO_NODE UINT_MAX

struct pm_node {
    enum pm_node_kind kind;
    char name[64];  /**< unique; "": it stays on the host */
    unsigned layer; /**< of the network's repeated layers, from 0; of others: their number */
    unsigned id;    /**< of a matrix: keys what is drawn for it */
    char part[8];   /**< of a matrix: what it is called within its layer: "q", "up" */
    unsigned in[3]; /**< the nodes whose values it reads, PM_NO_NODE: none */
    unsigned width; /**< elements of a row of its value */
    unsigned rows;  /**< rows of its value; 0: one a token */
    union {
        struct pm_patching patching;
        struct pm_pixels pixels;
        struct pm_window window;
        struct {
            const float *row; /**< [rows][width] */
            unsigned rows;
        } table; /**< of PM_NODE_EMBEDDING and PM_NODE_TABLE */
        const struct pm_layernorm *norm;
        const struct pm_matrix *matrix;
        enum pm_activation activation;
        struct {
            unsigned heads;
            unsigned kv_heads; /**< 0: as many */
            bool causal;
        };
        struct {
            const float *turn; /**< [tokens][head] as pm_rotate */
            unsigned head;
        } rotary;
        enum pm_pool pool;
        struct {
            const struct pm_layernorm *norm; /**< of in[0] */
            const struct pm_matrix *q, *k, *v, *o;
            unsigned heads, body; /**< body: how many nodes it stands for */
            bool causal;
        } attention;
    };
    unsigned buffer; /**< set by pm_graph_finish */
};

/** Zeroed: empty. Refers to weights that outlive it. Read-only once finished: threads may share it. One that
 * is not finished is a list of layers, which something else runs (net/onnx.h). */
struct pm_graph {
    struct pm_node *node;
    unsigned nodes, room;
    unsigned tokens; /**< the most that an input has */
    size_t *buffer;  /**< floats of each */
    unsigned buffers;
    bool failed;
};

/** Appends a node, whose inputs are there; its number. Out of memory is remembered until pm_graph_finish. */
unsigned pm_graph_add(struct pm_graph *g, const struct pm_node *node);
/** Decides where values are kept. PM_ENOMEM. */
pm_status pm_graph_finish(struct pm_graph *g);
void pm_graph_free(struct pm_graph *g);

/** Elements of a row of what a run gives: the last node's. */
unsigned pm_graph_outputs(const struct pm_graph *g);
/** Floats of what it gives where the input has n tokens: all rows of the last node. */
size_t pm_graph_floats(const struct pm_graph *g, unsigned n);
/** Rows of a node's value where the input has n tokens. */
unsigned pm_node_rows(const struct pm_node *node, unsigned n);
/** Whether the node can be handed to a system: it has a name. */
bool pm_node_is_layer(const struct pm_node *node);

/** One image or one sentence. */
struct pm_graph_input {
    const uint8_t *image; /**< pixels 0..255, row by row, channels innermost */
    const uint32_t *ids;  /**< [n], rows of the embedding */
    const uint8_t *keep;  /**< [n] 0: padding; NULL: none; of a sentence, and at least one is kept */
    unsigned n;           /**< 1..tokens; of an image: tokens, which are 1 where it enters as pixels */
    /** Of a decoder: the n tokens follow as many that the scratch, and the layers elsewhere, have seen; past
     * + n is at most tokens. Their rows are the same bits as of a run of all. */
    unsigned past;
};

/** What a layer elsewhere than on the host reads and writes: x[n][in] -> y[n][out], bias included; of an
 * attention without what it is added to, nor of a matrix, but see pm_graph_elsewhere. */
struct pm_operands {
    unsigned n;
    const float *x;       /**< the value of in[0]; NULL: none */
    const uint8_t *keep;  /**< [n] 0: padding, which no token attends to; NULL: none */
    float *y;             /**< not x */
    unsigned rows;        /**< of x, of a pool */
    const float *more[2]; /**< the values of in[1] and in[2]; NULL: none */
    const uint8_t *image; /**< the input's; NULL: it has none */
    unsigned past;        /**< of a decoder's attention: tokens before these */
};

/** Layers that are not computed by the host. */
struct pm_graph_elsewhere {
    const bool *layer; /**< [nodes] */
    /** Computes node number `node`; a status but PM_OK ends the run, which returns it. */
    pm_status (*compute)(void *ctx, unsigned node, const struct pm_operands *o);
    void *ctx;
    /** [nodes] whether `compute` adds in[1] itself, of matrices; NULL: nowhere */
    const bool *adds;
};

/** Buffers of one run, and a decoder's keys and values; one per thread. */
struct pm_graph_scratch;
/** NULL when out of memory. */
struct pm_graph_scratch *pm_graph_scratch_new(const struct pm_graph *g);
/** NULL is accepted. */
void pm_graph_scratch_free(struct pm_graph_scratch *s);

/** input -> out[pm_graph_floats()]. elsewhere may be NULL. May run in several threads at once, each with its
 * own scratch. What is padding, and how much, changes no bit of out. PM_EINVAL: the input is not the
 * network's; or what `compute` returned. */
pm_status pm_graph_run(const struct pm_graph *g, const struct pm_graph_input *input,
                       const struct pm_graph_elsewhere *elsewhere, struct pm_graph_scratch *s, float *out);

#endif
