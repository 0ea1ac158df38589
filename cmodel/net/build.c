// SPDX-License-Identifier: Apache-2.0
#include "net/build.h"

#include <stdio.h>

static void name(const struct pm_build *b, struct pm_node *node, const char *prefix, const char *part) {
    if (part == NULL)
        snprintf(node->name, sizeof node->name, "%s", prefix);
    else
        snprintf(node->name, sizeof node->name, "%s%u.%s", prefix, b->layer, part);
}

unsigned pm_build_add(const struct pm_build *b, struct pm_node node) {
    node.layer = b->layer;
    return pm_graph_add(b->g, &node);
}

unsigned pm_build_named(const struct pm_build *b, struct pm_node node, const char *prefix, const char *part) {
    name(b, &node, prefix, part);
    return pm_build_add(b, node);
}

unsigned pm_build_matrix(const struct pm_build *b, const struct pm_matrix *m, unsigned id, const char *prefix,
                         const char *part, unsigned from, unsigned onto) {
    struct pm_node node = {.kind = PM_NODE_MATRIX,
                           .in = {from, onto, PM_NO_NODE},
                           .width = m->out,
                           .rows = b->g->nodes > 0 ? b->g->node[from].rows : 0,
                           .id = id,
                           .matrix = m};
    snprintf(node.part, sizeof node.part, "%s", part ? part : prefix);
    return pm_build_named(b, node, prefix, part);
}

unsigned pm_build_norm(const struct pm_build *b, const struct pm_layernorm *norm, unsigned from,
                       const char *part) {
    return pm_build_named(
        b,
        (struct pm_node){
            .kind = PM_NODE_NORM, .in = {from, PM_NO_NODE, PM_NO_NODE}, .width = norm->width, .norm = norm},
        part ? "ln" : "norm", part);
}

unsigned pm_build_activation(const struct pm_build *b, enum pm_activation activation, unsigned from,
                             unsigned width, unsigned rows, const char *prefix, const char *part) {
    return pm_build_named(b,
                          (struct pm_node){.kind = PM_NODE_ACTIVATION,
                                           .in = {from, PM_NO_NODE, PM_NO_NODE},
                                           .width = width,
                                           .rows = rows,
                                           .activation = activation},
                          prefix, part);
}
