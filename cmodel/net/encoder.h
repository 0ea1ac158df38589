/* A small pre-LayerNorm vision transformer on the host, in float, whose attention can be handed to an integer
 * engine. The files it is loaded from are described in docs/network.md. */
#ifndef PM_NET_ENCODER_H
#define PM_NET_ENCODER_H

#include "pm_types.h"

/** The members of config.json, all of them checked. */
struct pm_encoder_config {
    unsigned layers;             /**< 1..64 */
    unsigned width;              /**< D, 1..4096, a multiple of heads */
    unsigned heads;              /**< 1..width */
    unsigned ffn;                /**< hidden units of the feed-forward network, 1..16384 */
    unsigned image;              /**< pixels of an image's side, 1..1024 */
    unsigned patch;              /**< pixels of a patch's side, a divisor of image */
    unsigned tokens;             /**< N = (image/patch)^2, 1..4096 */
    unsigned classes;            /**< 2..65536 */
    float layernorm_eps;         /**< 1e-12..1 */
    float pixel_mean, pixel_std; /**< a pixel p of 0..255 enters as (p/255 - mean)/std */
};

/** y = x * weight^T + bias. */
struct pm_encoder_linear {
    unsigned in, out;
    float *weight; /**< [out][in] */
    float *bias;   /**< [out] */
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
    struct pm_encoder_linear patch; /**< patch*patch to D; pixels row by row */
    float *pos;                     /**< [N][D] */
    struct pm_encoder_layer *layers;
    struct pm_encoder_norm norm;
    struct pm_encoder_linear head; /**< D to classes, from the mean over tokens */
    struct pm_encoder_map *maps;   /**< [layers], NULL before pm_encoder_map_load (net/encoder_map.h) */
};

/** Loads DIR/config.json and DIR/model.safetensors. PM_EIO, PM_EFORMAT, PM_ESHAPE, PM_ERANGE, PM_ENOMEM; then
 *  err[errlen] says "PATH: reason" in one line and nothing is left allocated. */
pm_status pm_encoder_load(struct pm_encoder *network, const char *dir, char *err, size_t errlen);

/** Releases everything, the maps included; a zeroed struct is accepted. */
void pm_encoder_free(struct pm_encoder *network);

/** An integer attention engine. One image's N tokens of one layer: x[N][D] and ex[N] in, a token's real value
 * is x * 2^ex * map->sx in the channels of map->ln; y[N][D] and e[N] out, a token's real value is y[d] * 2^e
 * * map->out_scale[d]. Any status but PM_OK ends the forward pass, which returns it. */
typedef pm_status pm_encoder_attention(void *ctx, unsigned layer, const struct pm_encoder_map *map,
                                       const int8_t *x, const int32_t *ex, int8_t *y, int32_t *e);

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

/** image[image][image], pixels 0..255 -> logits[classes]. May run in several threads at once, each with its
 * own scratch; the caller sets OpenBLAS to one thread. PM_EINVAL: engines has an attention and the network no
 * maps; or what an engine returned. */
pm_status pm_encoder_forward(const struct pm_encoder *network, const uint8_t *image,
                             const struct pm_encoder_engines *engines, struct pm_encoder_scratch *scratch,
                             float *logits);

/** LayerNorm of x[tokens][width] to y (which may be x). */
void pm_encoder_layernorm(const struct pm_encoder_norm *norm, float eps, size_t tokens, size_t width,
                          const float *x, float *y);

#endif
