// SPDX-License-Identifier: Apache-2.0
/* A network's layers on the host, in float: added in one order whatever the batch, the threads and the
 * instruction set. Tensors are row-major, one row a token. */
#ifndef PM_NET_LAYERS_H
#define PM_NET_LAYERS_H

#include "pm_types.h"

/** y = x W^T + bias. */
struct pm_matrix {
    unsigned in, out;
    unsigned groups; /**< above 1: the weights are 0 but for as many blocks along the diagonal, of in/groups
                        inputs and out/groups outputs; who knows nothing of it may take them as they are */
    bool binary;     /**< inputs are 1 and -1, an output's weights one number and its negative */
    float *weight;   /**< [out][in] */
    float *bias;     /**< [out] */
    float *packed;   /**< the weights as pm_sgemm takes them, without groups; NULL: the host does without */
};
/** y[n][out] of x[n][in], added to onto[n][out] where that is not NULL; y may be onto. */
void pm_matrix_apply(const struct pm_matrix *m, size_t n, const float *x, const float *onto, float *y);

/** y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias, over the channels of one token; as RMSNorm
 * x / sqrt(mean(x^2) + eps) * weight. */
struct pm_layernorm {
    unsigned width;
    float eps;
    bool rms;
    float *weight, *bias; /**< [width]; of RMSNorm there is no bias */
};
/** Of x[n][width] to y, which may be x. */
void pm_layernorm(const struct pm_layernorm *norm, size_t n, const float *x, float *y);

/** PM_GELU: x/2 (1 + erf(x/sqrt 2)), within 5e-7 (1 + |x|)/2; PM_SIGNUM: 1 where x >= 0, else -1;
 * PM_SILU: x / (1 + exp(-x)). */
enum pm_activation { PM_GELU, PM_GELU_TANH, PM_RELU, PM_SIGNUM, PM_TANH, PM_SILU };
/** Of x[n] to y[n], which may be x. */
void pm_activate(enum pm_activation kind, size_t n, const float *x, float *y);

/** Softmax of x[n] over the positions that keep[n] does not mark with 0 (NULL: all), of which there is one;
 * the others become 0. */
void pm_softmax(float *x, const uint8_t *keep, size_t n);

/** Heads side by side. */
struct pm_heads {
    unsigned width, heads;
    unsigned kv_heads; /**< a divisor of heads, which share keys and values in order */
    bool causal;       /**< a token sees itself and those before it alone */
};
/** Elements of a token's key or value. */
static inline size_t pm_heads_kv(const struct pm_heads *h) {
    return (size_t)h->width / h->heads * h->kv_heads;
}
/** y[n][width] = softmax(q k^T / sqrt(width/heads)) v of the n last of `keys` tokens, over those that
 * keep[keys] does not mark with 0 (NULL: all). Of causal heads the same bits, however many tokens are behind
 * a row's own and however many rows there are. y is none of the inputs; work holds pm_heads_work() floats. */
void pm_heads(const struct pm_heads *h, unsigned n, unsigned keys, const float *q, const float *k,
              const float *v, const uint8_t *keep, float *work, float *y);
size_t pm_heads_work(const struct pm_heads *h, unsigned keys);

/** y[n][width]: pairs (2i, 2i+1) of each head of x[n][width] turned by turn[n][head], cosine and sine of a
 * pair side by side: y0 = x0 c - x1 s, y1 = x0 s + x1 c. y may be x. */
void pm_rotate(const float *turn, unsigned head, size_t n, unsigned width, const float *x, float *y);

/** How an image becomes tokens: patches of patch x patch pixels, raster order; a pixel p of 0..255 enters as
 * (p/255 - mean)/std. */
struct pm_patching {
    unsigned image, patch; /**< pixels of a side; patch divides image */
    float mean, std;
};
/** y[(image/patch)^2][patch * patch] of image[image][image]. */
void pm_patches(const struct pm_patching *p, const uint8_t *image, float *y);

/** An image's pixels as rows: pixel p of 0..255 enters as (p/255 - mean)/std, a mean for each channel. */
#define PM_CHANNELS 4
struct pm_pixels {
    unsigned height, width, channels; /**< channels 1..PM_CHANNELS */
    float mean[PM_CHANNELS], std[PM_CHANNELS];
};
/** y[height * width][channels] of image[height][width][channels]. */
void pm_pixels(const struct pm_pixels *p, const uint8_t *image, float *y);

/** A window that slides over rows which are an image's positions, raster order. */
struct pm_window {
    unsigned height, width, channels; /**< of the image */
    unsigned kernel, stride, pad; /**< of both directions; pad: positions before the image, below kernel */
    unsigned rows, cols;          /**< of the window's places */
    unsigned groups;              /**< of channels, for pm_unfold: 1 or more, a divisor of channels */
    float outside;                /**< what pm_unfold sees beyond the image */
};
/** Its places over an image that is padded alike on all sides. */
static inline unsigned pm_window_places(unsigned side, unsigned kernel, unsigned stride, unsigned pad) {
    return (side + 2 * pad - kernel) / stride + 1;
}
/** What the window sees, a row a place: a convolution is this, times a matrix. y[rows * cols][kernel^2 *
 * channels] of x[height * width][channels]; channel c of group g is column ((g * kernel + dy) * kernel + dx)
 * (channels / groups) + c. */
void pm_unfold(const struct pm_window *w, const float *x, float *y);
/** The largest or the mean of each channel over the positions of the image that the window sees:
 * y[rows * cols][channels]. */
void pm_pool_window(const struct pm_window *w, bool largest, const float *x, float *y);

/** How a sequence becomes one row. */
enum pm_pool { PM_POOL_MEAN, PM_POOL_FIRST };
/** y[width]: the mean over the kept rows of x[n][width], or the first row. */
void pm_pool(enum pm_pool kind, size_t n, size_t width, const float *x, const uint8_t *keep, float *y);

#endif
