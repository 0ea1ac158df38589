// SPDX-License-Identifier: Apache-2.0
/* --shape of commands that look at an ONNX network without data. */
#ifndef PM_ONNX_SHAPES_H
#define PM_ONNX_SHAPES_H

#include "net/onnx.h"

#define PM_ONNX_SHAPES 64

struct pm_onnx_shapes {
    const char *text[PM_ONNX_SHAPES]; /**< "NAME=1,3,48,192" */
    unsigned count;
};

/** One more. PM_ERANGE. */
pm_status pm_onnx_shapes_add(struct pm_onnx_shapes *s, const char *text, struct pm_error *e);
/** The inputs' types and shapes into input[], without data: as given; what is not fixed is 1. PM_EINVAL,
 * PM_ERANGE. */
pm_status pm_onnx_shapes_apply(const struct pm_onnx_shapes *s, const char *model, const struct pm_onnx *net,
                               struct pm_onnx_tensor *input, struct pm_error *e);

#endif
