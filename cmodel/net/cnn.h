// SPDX-License-Identifier: Apache-2.0
/* A convolutional classifier as a graph of layers. The files it is loaded from are described in
 * docs/systems/network.md. */
#ifndef PM_NET_CNN_H
#define PM_NET_CNN_H

#include "io/error.h"
#include "net/graph.h"

#define PM_CNN_LAYERS 256

enum pm_cnn_op {
    PM_CNN_CONV,      /**< kernel^2 * channels in to `out`; see pm_unfold */
    PM_CNN_DEPTHWISE, /**< one filter a channel: a matrix of as many groups */
    PM_CNN_ADD,       /**< `from` and `with` */
    PM_CNN_POOL,      /**< the mean over all positions */
    PM_CNN_MAX,       /**< the largest that a window sees */
    PM_CNN_MEAN,      /**< the mean of it */
    PM_CNN_DENSE      /**< of one position */
};

/** A layer; what it reads has a number below its own, or is PM_CNN_IMAGE. */
struct pm_cnn_layer {
    enum pm_cnn_op op;
    char name[32];           /**< of its node in the graph, and of its tensors unless `convs` gave it */
    unsigned from, with;     /**< with: of PM_CNN_ADD */
    unsigned kernel, stride; /**< where a window slides: 1..15, 1..16 */
    bool relu, binary;       /**< binary: of PM_CNN_CONV, see struct pm_matrix */
    unsigned side, channels; /**< of what it gives */
    struct pm_matrix matrix; /**< of convolutions and dense layers */
};
#define PM_CNN_IMAGE UINT_MAX

/** A loaded network; read-only after loading, so that any number of threads may share it. Not to be moved. */
struct pm_cnn {
    unsigned image;          /**< pixels of an image's side, 1..1024 */
    struct pm_pixels pixels; /**< how they enter: 1 or 3 channels */
    bool channels_first;     /**< of images in arrays */
    unsigned classes;        /**< 2..65536 */
    unsigned layers;
    struct pm_cnn_layer layer[PM_CNN_LAYERS];
    struct pm_graph graph; /**< out come logits */
};

/** Loads DIR/config.json and DIR/model.safetensors. PM_EIO, PM_EFORMAT, PM_ESHAPE, PM_ERANGE, PM_ENOMEM; then
 *  *e says "PATH: reason" in one line and nothing is left allocated. */
pm_status pm_cnn_load(struct pm_cnn *network, const char *dir, struct pm_error *e);

/** Releases everything; a zeroed struct is accepted. */
void pm_cnn_free(struct pm_cnn *network);

#endif
