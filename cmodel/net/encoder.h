// SPDX-License-Identifier: Apache-2.0
/* A transformer encoder as a graph of layers: a vision transformer or a BERT-style sentence encoder,
 * LayerNorm before or after each sublayer. The files it is loaded from are described in
 * docs/systems/network.md. */
#ifndef PM_NET_ENCODER_H
#define PM_NET_ENCODER_H

#include "io/error.h"
#include "net/graph.h"

/** What the tokens are made of. */
enum pm_encoder_type {
    PM_ENCODER_VIT, /**< patches of an image; out come logits */
    PM_ENCODER_BERT /**< words of a vocabulary; out comes an embedding */
};

/** The members of config.json, all of them checked. */
struct pm_encoder_config {
    enum pm_encoder_type type;
    bool post; /**< LayerNorm after each sublayer and its residual, and after the embedding; false: before
                  each sublayer, and after the last */
    enum pm_activation activation;
    unsigned layers;     /**< 1..64 */
    unsigned width;      /**< D, 1..4096, a multiple of heads */
    unsigned heads;      /**< 1..width */
    unsigned ffn;        /**< hidden units of the feed-forward network, 1..16384 */
    unsigned tokens;     /**< N, 1..4096: of every image, (image/patch)^2; the most of a sentence */
    float layernorm_eps; /**< 1e-12..1 */
    /* Vision transformer. */
    unsigned image;              /**< pixels of an image's side, 1..1024 */
    unsigned patch;              /**< pixels of a patch's side, a divisor of image */
    unsigned classes;            /**< 2..65536; of sentences, too: 0 without a classifier */
    float pixel_mean, pixel_std; /**< a pixel p of 0..255 enters as (p/255 - mean)/std */
    /* Sentence encoder. */
    unsigned vocabulary; /**< 1..1048576 */
    enum pm_pool pool;
    bool pooled; /**< what was pooled goes through the matrix `pooler` and this activation */
    enum pm_activation pooler;
};

/** The matrices of a layer: D to D four times, D to ffn, ffn to D. */
enum pm_encoder_matrix {
    PM_ENCODER_Q,
    PM_ENCODER_K,
    PM_ENCODER_V,
    PM_ENCODER_O,
    PM_ENCODER_UP,
    PM_ENCODER_DOWN,
    PM_ENCODER_MATRICES
};

struct pm_encoder_layer {
    struct pm_layernorm ln1, ln2;
    struct pm_matrix linear[PM_ENCODER_MATRICES];
};

/** A loaded network; read-only after loading, so that any number of threads may share it. */
struct pm_encoder {
    struct pm_encoder_config config;
    struct pm_matrix patch; /**< of images: patch*patch to D; pixels row by row */
    float *words;           /**< of sentences: [vocabulary][D] */
    float *pos;             /**< [N][D], added to either */
    struct pm_encoder_layer *layers;
    struct pm_layernorm norm; /**< after the last layer, or (post) after the embedding */
    struct pm_matrix pooler;  /**< of sentences that have one: D to D */
    struct pm_matrix head;    /**< D to classes, from the pooled tokens */
    struct pm_graph graph;    /**< of all this: layers are called attn0 (its matrices attn0.q and so on),
                                 ffn0.up,    ffn0.down, attn1, ..., patch, pooler, head */
};

/** Loads DIR/config.json and DIR/model.safetensors. PM_EIO, PM_EFORMAT, PM_ESHAPE, PM_ERANGE, PM_ENOMEM; then
 *  *e says "PATH: reason" in one line and nothing is left allocated. */
pm_status pm_encoder_load(struct pm_encoder *network, const char *dir, struct pm_error *e);

/** Releases everything; a zeroed struct is accepted. */
void pm_encoder_free(struct pm_encoder *network);

/** Builds the graph of weights that are loaded: out come logits, or the embedding as it is pooled (not
 * normalised). PM_ENOMEM. */
pm_status pm_encoder_build(struct pm_encoder *network);

#endif
