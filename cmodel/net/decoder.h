// SPDX-License-Identifier: Apache-2.0
/* A transformer decoder as a graph of layers, in GPT-2's form (LayerNorm, learnt positions, biases) or in
 * Llama's (RMSNorm, rotary positions, heads that share keys and values, SwiGLU, no biases): LayerNorm or
 * RMSNorm before each sublayer and after the last, causal attention, a row of logits for every token. Source:
 * HyFlexPIM, section 2.1, Fig. 1b. The files it is loaded from are described in docs/systems/decoder.md. */
#ifndef PM_NET_DECODER_H
#define PM_NET_DECODER_H

#include "io/error.h"
#include "net/graph.h"

enum pm_decoder_type { PM_DECODER_GPT, PM_DECODER_LLAMA };

/** The members of config.json, all of them checked. */
struct pm_decoder_config {
    enum pm_decoder_type type;
    enum pm_activation activation; /**< of GPT-2's form; of Llama's PM_SILU, of the gate */
    bool tied;                     /**< the embedding is the last matrix, too */
    unsigned layers;               /**< 1..64 */
    unsigned width;                /**< D, 1..4096, a multiple of heads */
    unsigned heads;                /**< 1..width */
    unsigned kv_heads;             /**< a divisor of heads; of GPT-2's form: heads */
    unsigned ffn;                  /**< hidden units of the feed-forward network, 1..16384 */
    unsigned tokens;               /**< N, the most of a text, 1..8192 */
    unsigned vocabulary;           /**< 2..1048576 */
    float eps;                     /**< of the norms, 1e-12..1 */
    double rope_theta; /**< of Llama's form, 1..1e9: D/heads is even, and the pair (2i, 2i+1) of a head
                          turns by theta^(-2i heads/D) a token */
};

/** The matrices of a layer. */
enum pm_decoder_matrix {
    PM_DECODER_Q,
    PM_DECODER_K,
    PM_DECODER_V,
    PM_DECODER_O,
    PM_DECODER_UP,
    PM_DECODER_DOWN,
    PM_DECODER_GATE, /**< of Llama's form */
    PM_DECODER_MATRICES
};

struct pm_decoder_layer {
    struct pm_layernorm ln1, ln2;
    struct pm_matrix linear[PM_DECODER_MATRICES];
};

/** A loaded network; read-only after loading, so that any number of threads may share it. */
struct pm_decoder {
    struct pm_decoder_config config;
    float *words; /**< [vocabulary][D] */
    float *pos;   /**< of GPT-2's form: [N][D], added to them */
    float *turn;  /**< of Llama's form: [N][D/heads], as pm_rotate */
    struct pm_decoder_layer *layers;
    struct pm_layernorm norm; /**< after the last layer */
    struct pm_matrix head;    /**< D to vocabulary; where it is tied its weights are `words` */
    struct pm_graph graph;    /**< of all this: layers are called attn0 (of GPT-2's form alone; its matrices
                                 attn0.q and    so on), ffn0.gate, ffn0.up, ffn0.down, attn1, ..., head */
};

/** Loads DIR/config.json and DIR/model.safetensors. PM_EIO, PM_EFORMAT, PM_ESHAPE, PM_ERANGE, PM_ENOMEM; then
 *  *e says "PATH: reason" in one line and nothing is left allocated. */
pm_status pm_decoder_load(struct pm_decoder *network, const char *dir, struct pm_error *e);

/** Releases everything; a zeroed struct is accepted. */
void pm_decoder_free(struct pm_decoder *network);

/** Builds the graph of weights that are loaded. PM_ENOMEM. */
pm_status pm_decoder_build(struct pm_decoder *network);

#endif
