// SPDX-License-Identifier: Apache-2.0
/* A network's shape, as far as a chip's time, energy and area depend on it: its matrices, how often they
 * multiply, and its attention. */
#ifndef PM_CHIP_SHAPE_H
#define PM_CHIP_SHAPE_H

#include "chip/figure.h"
#include "io/json.h"

/** A matrix, or `groups` of them that are alike. */
struct pm_chip_matrix {
    char name[48];
    unsigned layer;
    unsigned stage; /**< within its layer: those of one stage work side by side */
    int64_t rows, cols, groups;
    int64_t vectors; /**< an item that each multiplies */
};

struct pm_chip_layer {
    char name[48];
    unsigned first, matrices; /**< of pm_chip_shape.matrix */
    bool attention;
    int64_t functions; /**< inputs of special functions an item, without the softmax's */
};

/** What is computed is a row of items: tokens of a sequence, or single images. Attention is by the same keys
 * and values for all items of a layer. */
struct pm_chip_shape {
    enum pm_chip_kind kind;
    bool images;   /**< an item is an image, not a token */
    int64_t items; /**< of an inference */
    int64_t width, heads, kv_heads, ffn;
    bool gated, causal, decode;
    unsigned layers, matrices;
    struct pm_chip_layer *layer;
    struct pm_chip_matrix *matrix;
};

/** Sizes that replace a description's; 0: none. */
struct pm_chip_sizes {
    int64_t layers, width, heads, ffn, tokens;
};

/** From a description's root: an encoder's or decoder's sizes, an image network's config.json, or a list of
 * matrices (docs/systems/chip.md). PM_EFORMAT, PM_ERANGE, PM_ENOMEM; one line in *e, and nothing is left
 * allocated. */
pm_status pm_chip_shape_read(struct pm_chip_shape *s, const struct pm_json *json,
                             const struct pm_chip_sizes *instead);
void pm_chip_shape_free(struct pm_chip_shape *s);

/** Whether a description may have the key. */
bool pm_chip_shape_key(const char *key);

/** Keys that a token attends to, on the average. */
double pm_chip_context(const struct pm_chip_shape *s);
/** Products of attention an item and layer, keys' and values' together. */
double pm_chip_products(const struct pm_chip_shape *s);
/** Multiply-accumulates of a matrix an item. */
double pm_chip_macs(const struct pm_chip_matrix *m);

#endif
