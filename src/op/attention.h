// SPDX-License-Identifier: Apache-2.0
/* The engine's op, which the peripheral's is but for the way to the engine. */
#ifndef PM_OP_ATTENTION_H
#define PM_OP_ATTENTION_H

#include "op.h"

extern const struct pm_op pm_op_flare_attention;

#endif
