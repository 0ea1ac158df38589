// SPDX-License-Identifier: Apache-2.0
/* What the builders of transformers' graphs share, encoders' and decoders': nodes with their names. */
#ifndef PM_NET_BUILD_H
#define PM_NET_BUILD_H

#include "net/graph.h"

/** Where nodes go: those of layer number `layer`, or behind all layers. */
struct pm_build {
    struct pm_graph *g;
    unsigned layer;
};

/** What is returned is the node's number. A name is PREFIX0.PART, `prefix` and the layer's number; with a
 * NULL part `prefix` alone. */
unsigned pm_build_add(const struct pm_build *b, struct pm_node node);
/** What is no matrix has a name and no part. */
unsigned pm_build_named(const struct pm_build *b, struct pm_node node, const char *prefix, const char *part);
/** Of `from`, added to `onto` (PM_NO_NODE: nothing), in as many rows as `from` has. */
unsigned pm_build_matrix(const struct pm_build *b, const struct pm_matrix *m, unsigned id, const char *prefix,
                         const char *part, unsigned from, unsigned onto);
/** Names of norms do not begin with a sublayer's, whose patterns mean matrices; a NULL part: the network's
 * own. */
unsigned pm_build_norm(const struct pm_build *b, const struct pm_layernorm *norm, unsigned from,
                       const char *part);
/** rows: 1 of a pooled row, 0 of all tokens. */
unsigned pm_build_activation(const struct pm_build *b, enum pm_activation activation, unsigned from,
                             unsigned width, unsigned rows, const char *prefix, const char *part);

#endif
