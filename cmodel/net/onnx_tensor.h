// SPDX-License-Identifier: Apache-2.0
/* Tensors of an ONNX network: any rank up to PM_ONNX_RANK, in C order, in two kinds of memory: floats, which
 * hold ONNX's floating types, and 64-bit integers, which hold its integers and booleans. Memory is shared by
 * tensors of the same elements. */
#ifndef PM_NET_ONNX_TENSOR_H
#define PM_NET_ONNX_TENSOR_H

#include "pm_types.h"

#define PM_ONNX_RANK 8 /**< most dimensions */
/** Most elements of a tensor: their bytes, and offsets of any few of them, fit 64 bits with room. */
#define PM_ONNX_COUNT ((size_t)1 << 31)

/** TensorProto.DataType, of those that are read. */
enum pm_onnx_type {
    PM_ONNX_FLOAT = 1,
    PM_ONNX_UINT8 = 2,
    PM_ONNX_INT8 = 3,
    PM_ONNX_UINT16 = 4,
    PM_ONNX_INT16 = 5,
    PM_ONNX_INT32 = 6,
    PM_ONNX_INT64 = 7,
    PM_ONNX_BOOL = 9,
    PM_ONNX_FLOAT16 = 10,
    PM_ONNX_DOUBLE = 11,
    PM_ONNX_UINT32 = 12,
    PM_ONNX_UINT64 = 13,
    PM_ONNX_BFLOAT16 = 16
};

struct pm_onnx_store; /**< elements, counted by who refers to them */

struct pm_onnx_tensor {
    enum pm_onnx_type type; /**< 0: no tensor */
    unsigned rank;
    size_t shape[PM_ONNX_RANK];
    size_t count;
    union { /**< NULL: the shape alone is known */
        float *f;
        int64_t *i;
        void *data;
    };
    struct pm_onnx_store *store;
};

/** "float32"; NULL where the type is not read. */
const char *pm_onnx_type_name(int type);
bool pm_onnx_is_float(enum pm_onnx_type type);
/** An integer of `type` that is congruent to v. */
int64_t pm_onnx_wrap(enum pm_onnx_type type, int64_t v);
/** The nearest integer of `type`. */
int64_t pm_onnx_saturate(enum pm_onnx_type type, double v);
/** The number that is left when v is stored in a floating `type`. */
float pm_onnx_round(enum pm_onnx_type type, float v);
float pm_onnx_from_half(uint16_t h);

/** A shape without elements. PM_ERANGE: above PM_ONNX_RANK or PM_ONNX_COUNT. */
pm_status pm_onnx_shape(struct pm_onnx_tensor *t, enum pm_onnx_type type, unsigned rank, const size_t *shape);
/** Gives it elements, all 0. PM_ENOMEM. */
pm_status pm_onnx_allocate(struct pm_onnx_tensor *t);
/** Makes *t the same elements as `from`, of a shape of as many. */
void pm_onnx_share(struct pm_onnx_tensor *t, const struct pm_onnx_tensor *from, unsigned rank,
                   const size_t *shape);
/** Lets go of the elements; the shape stays. */
void pm_onnx_drop(struct pm_onnx_tensor *t);

/** Whether a and b have the same shape. */
bool pm_onnx_same_shape(const struct pm_onnx_tensor *a, const struct pm_onnx_tensor *b);
/** The shape to which a and b are both broadcast; false: none, or too large. */
bool pm_onnx_broadcast(unsigned rank_a, const size_t *a, unsigned rank_b, const size_t *b, unsigned *rank,
                       size_t *shape);
/** Elements of t from one place to the next along each of `rank` dimensions to which it is broadcast; 0 along
 * one in which it has one place. */
void pm_onnx_strides(const struct pm_onnx_tensor *t, unsigned rank, size_t *stride);
/** Product of shape[from..to-1]. */
size_t pm_onnx_product(const size_t *shape, unsigned from, unsigned to);
/** "[1,3,48,192]" into text. */
void pm_onnx_shape_text(char *text, size_t length, unsigned rank, const size_t *shape);

/** Walks up to three operands in the order of a tensor of `shape`: rows of `n` elements, in which operand k
 * goes on by step[k]. Dimensions that all operands pass in one go are joined. */
struct pm_onnx_walk {
    unsigned rank, operands;
    size_t shape[PM_ONNX_RANK], stride[3][PM_ONNX_RANK], place[PM_ONNX_RANK];
    size_t n, step[3];
    size_t at[3]; /**< of the present row */
    bool done;
};
void pm_onnx_walk_begin(struct pm_onnx_walk *w, unsigned rank, const size_t *shape, unsigned operands,
                        size_t stride[][PM_ONNX_RANK]);
void pm_onnx_walk_next(struct pm_onnx_walk *w);

#endif
