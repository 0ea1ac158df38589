// SPDX-License-Identifier: Apache-2.0
/* A transformer encoder on the host, in float, whose attention can be handed to an integer engine: a vision
 * transformer or a BERT-style sentence encoder, LayerNorm before or after each sublayer. The files it is
 * loaded from are described in docs/systems/network.md. */
#ifndef PM_NET_ENCODER_H
#define PM_NET_ENCODER_H

#include "io/error.h"

/** What the tokens are made of. */
enum pm_encoder_type {
    PM_ENCODER_VIT, /**< patches of an image; out come logits */
    PM_ENCODER_BERT /**< words of a vocabulary; out comes an embedding */
};
enum pm_encoder_activation { PM_ENCODER_GELU, PM_ENCODER_GELU_TANH, PM_ENCODER_RELU };
/** How a sentence's tokens become its embedding. */
enum pm_encoder_pool { PM_ENCODER_MEAN, PM_ENCODER_FIRST };

/** The members of config.json, all of them checked. */
struct pm_encoder_config {
    enum pm_encoder_type type;
    bool post; /**< LayerNorm after each sublayer and its residual, and after the embedding; false: before
                  each sublayer, and after the last */
    enum pm_encoder_activation activation;
    unsigned layers;     /**< 1..64 */
    unsigned width;      /**< D, 1..4096, a multiple of heads */
    unsigned heads;      /**< 1..width */
    unsigned ffn;        /**< hidden units of the feed-forward network, 1..16384 */
    unsigned tokens;     /**< N, 1..4096: of every image, (image/patch)^2; the most of a sentence */
    float layernorm_eps; /**< 1e-12..1 */
    /* Vision transformer. */
    unsigned image;              /**< pixels of an image's side, 1..1024 */
    unsigned patch;              /**< pixels of a patch's side, a divisor of image */
    unsigned classes;            /**< 2..65536 */
    float pixel_mean, pixel_std; /**< a pixel p of 0..255 enters as (p/255 - mean)/std */
    /* Sentence encoder. */
    unsigned vocabulary; /**< 1..1048576 */
    enum pm_encoder_pool pool;
};

/** Elements of what a forward pass gives: classes, or width. */
unsigned pm_encoder_outputs(const struct pm_encoder_config *config);

/** y = x * weight^T + bias. */
struct pm_encoder_linear {
    unsigned in, out;
    float *weight; /**< [out][in] */
    float *bias;   /**< [out] */
    float *packed; /**< the weights as pm_sgemm takes them; where the host multiplies */
};

/** y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias, over the channels of one token. */
struct pm_encoder_norm {
    float *weight, *bias; /**< [D] */
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
    struct pm_encoder_norm ln1, ln2;
    struct pm_encoder_linear linear[PM_ENCODER_MATRICES];
};

struct pm_encoder_map;

/** A loaded network; read-only after loading, so that any number of threads may share it. */
struct pm_encoder {
    struct pm_encoder_config config;
    struct pm_encoder_linear patch; /**< of images: patch*patch to D; pixels row by row */
    float *words;                   /**< of sentences: [vocabulary][D] */
    float *pos;                     /**< [N][D], added to either */
    struct pm_encoder_layer *layers;
    struct pm_encoder_norm norm;   /**< after the last layer, or (post) after the embedding */
    struct pm_encoder_linear head; /**< of images: D to classes, from the mean over tokens */
    struct pm_encoder_map *maps;   /**< [layers], NULL before pm_encoder_map_load (net/encoder_map.h) */
};

/** Loads DIR/config.json and DIR/model.safetensors. PM_EIO, PM_EFORMAT, PM_ESHAPE, PM_ERANGE, PM_ENOMEM; then
 *  *e says "PATH: reason" in one line and nothing is left allocated. */
pm_status pm_encoder_load(struct pm_encoder *network, const char *dir, struct pm_error *e);

/** Releases everything, the maps included; a zeroed struct is accepted. */
void pm_encoder_free(struct pm_encoder *network);

/** The LayerNorm whose output enters layer `layer`'s attention. */
const struct pm_encoder_norm *pm_encoder_norm_into(const struct pm_encoder *network, unsigned layer);

/** Tokens that enter one layer's attention: x[n][D] and ex[n]. A token's real value is x * 2^ex * map->sx in
 * the channels of map->ln. */
struct pm_encoder_tokens {
    const int8_t *x;
    const int32_t *ex;
    const uint8_t *keep; /**< [n] 0: padding, which no token attends to; NULL: none */
    unsigned n;
};

/** An integer attention engine: y[n][D] and e[n] out, a token's real value is y[d] * 2^e * map->out_scale[d].
 * Any status but PM_OK ends the forward pass, which returns it. */
typedef pm_status pm_encoder_attention(void *ctx, unsigned layer, const struct pm_encoder_map *map,
                                       const struct pm_encoder_tokens *in, int8_t *y, int32_t *e);

/** A matrix elsewhere than on the host: x[n][in] -> y[n][out], bias included. A status but PM_OK ends the
 * forward pass, which returns it. */
typedef pm_status pm_encoder_project(void *ctx, unsigned layer, enum pm_encoder_matrix matrix, size_t n,
                                     const float *x, float *y);

/** What is not computed in float on the host; all zeros: nothing. */
struct pm_encoder_engines {
    pm_encoder_attention *attention; /**< every layer's attention, projections included; NULL: float */
    pm_encoder_project *project; /**< the matrices that `projected` marks; those of the attention only where
                                `attention` is NULL */
    bool projected[PM_ENCODER_MATRICES];
    void *ctx; /**< passed on to both */
};

/** Buffers of one forward pass; one per thread. */
struct pm_encoder_scratch;

/** NULL when out of memory. */
struct pm_encoder_scratch *pm_encoder_scratch_new(const struct pm_encoder *network);
/** NULL is accepted. */
void pm_encoder_scratch_free(struct pm_encoder_scratch *scratch);

/** One image or one sentence. */
struct pm_encoder_input {
    const uint8_t *image; /**< [image][image], pixels 0..255 */
    const uint32_t *ids;  /**< [n], each below vocabulary */
    const uint8_t *keep;  /**< [n] 0: padding; NULL: none; of a sentence, and at least one is kept */
    unsigned n;           /**< 1..tokens; of an image: tokens */
};

/** input -> out[pm_encoder_outputs()]: logits, or the embedding as it is pooled (not normalised). May run in
 * several threads at once, each with its own scratch. What is padding, and how much, changes no bit of it.
 * PM_EINVAL: the input is not the network's, or engines has an attention and the network no maps; or what an
 * engine returned. */
pm_status pm_encoder_forward(const struct pm_encoder *network, const struct pm_encoder_input *input,
                             const struct pm_encoder_engines *engines, struct pm_encoder_scratch *scratch,
                             float *out);

/** LayerNorm of x[tokens][width] to y (which may be x). */
void pm_encoder_layernorm(const struct pm_encoder_norm *norm, float eps, size_t tokens, size_t width,
                          const float *x, float *y);

/** x[i] = x[i]/2 (1 + erf(x[i]/sqrt 2)), within 5e-7 (1 + |x[i]|)/2. */
void pm_encoder_gelu(float *x, size_t n);

#endif
