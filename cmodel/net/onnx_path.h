// SPDX-License-Identifier: Apache-2.0
/* Ways of a tensor's elements through nodes of an ONNX network that do nothing but move them. */
#ifndef PM_NET_ONNX_PATH_H
#define PM_NET_ONNX_PATH_H

#include "net/onnx_op.h"

#define PM_ONNX_STEPS 12

/** Zeroed: of no node. */
struct pm_onnx_path {
    unsigned node[PM_ONNX_STEPS], out[PM_ONNX_STEPS]; /**< the last first; which output is taken */
    unsigned steps;
};

/** One step back from `value`: the value that the node before it moves, and what else it reads is constant.
 * PM_ONNX_NONE: there is no such node, or no room. */
unsigned pm_onnx_path_back(const struct pm_onnx *net, struct pm_onnx_path *p, unsigned value);
/** Which element of value `from`, the path's beginning, each element of its end is: integers of the end's
 * shape, which pm_onnx_drop releases. false: out of memory, or too many. */
bool pm_onnx_path_follow(struct pm_onnx *net, const struct pm_onnx_path *p, unsigned from,
                         struct pm_onnx_tensor *end);

#endif
