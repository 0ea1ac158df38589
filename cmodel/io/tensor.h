// SPDX-License-Identifier: Apache-2.0
/* Integer tensors. */
#ifndef PM_IO_TENSOR_H
#define PM_IO_TENSOR_H

#include "pm_types.h"

#define PM_RANK 4 /**< most dimensions */

enum pm_dtype { PM_INT8, PM_UINT8, PM_INT16, PM_INT32, PM_INT64, PM_DTYPES };

/** A tensor in C order. data holds `count` elements of dtype: int8_t, uint8_t, int16_t, int32_t or int64_t.
 */
struct pm_tensor {
    enum pm_dtype dtype;
    unsigned rank;
    size_t shape[PM_RANK];
    size_t count;
    void *data;
};

/** "int8" and so on. */
const char *pm_dtype_name(enum pm_dtype d);
/** Bytes of an element. */
size_t pm_dtype_size(enum pm_dtype d);
/** The least and the largest value. */
int64_t pm_dtype_min(enum pm_dtype d);
int64_t pm_dtype_max(enum pm_dtype d);

/** Elements of a shape and their bytes, each `element` long; false where that does not fit a size_t. */
bool pm_shape_size(unsigned rank, const size_t *shape, size_t element, size_t *count, size_t *bytes);

/** A zeroed tensor, which may be empty; PM_ENOMEM when its size overflows or memory is short, PM_ESHAPE for
 * rank 0 or above PM_RANK. */
pm_status pm_tensor_new(struct pm_tensor *t, enum pm_dtype dtype, unsigned rank, const size_t *shape);
void pm_tensor_free(struct pm_tensor *t);
int64_t pm_tensor_get(const struct pm_tensor *t, size_t i);
/** Stores v, which must fit the tensor's dtype. */
void pm_tensor_set(struct pm_tensor *t, size_t i, int64_t v);
/** Changes the dtype; PM_ERANGE with *at the first element that does not fit lo..hi, which must lie within
 * the new dtype. */
pm_status pm_tensor_convert(struct pm_tensor *t, enum pm_dtype dtype, int64_t lo, int64_t hi, size_t *at);
/** "[3,64]" into text. */
void pm_shape_text(char *text, size_t length, unsigned rank, const size_t *shape);
/** "[1,17]", the place of element i. */
void pm_index_text(char *text, size_t length, const struct pm_tensor *t, size_t i);

#endif
