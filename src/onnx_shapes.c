// SPDX-License-Identifier: Apache-2.0
#include "onnx_shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pm_status pm_onnx_shapes_add(struct pm_onnx_shapes *s, const char *text, struct pm_error *e) {
    if (s->count == PM_ONNX_SHAPES)
        return pm_fail(e, PM_ERANGE, "--shape", "more than %d", PM_ONNX_SHAPES);
    s->text[s->count++] = text;
    return PM_OK;
}

/* "1,3,48,192" as a shape. */
static bool parse_shape(const char *text, unsigned *rank, size_t *shape) {
    *rank = 0;
    while (*text) {
        char *end;
        if (*rank == PM_ONNX_RANK || *text < '0' || *text > '9')
            return false;
        shape[(*rank)++] = strtoul(text, &end, 10);
        if (*end && (*end != ',' || !end[1]))
            return false;
        text = *end ? end + 1 : end;
    }
    return true;
}

static pm_status apply(const char *text, const struct pm_onnx *net, struct pm_onnx_tensor *input,
                       struct pm_error *e) {
    const char *equals = strrchr(text, '=');
    char name[512];
    size_t shape[PM_ONNX_RANK];
    unsigned rank;
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - text) : 0, text);
    const int k = equals ? pm_onnx_find_input(net, name) : -1;
    if (k < 0 || !parse_shape(equals + 1, &rank, shape))
        return pm_fail(e, PM_EINVAL, text, "not an input and its shape, as in x=1,3,48,192");
    return pm_onnx_shape(&input[k], pm_onnx_input(net, (unsigned)k)->type, rank, shape) == PM_OK
               ? PM_OK
               : pm_fail(e, PM_ERANGE, text, "too large");
}

pm_status pm_onnx_shapes_apply(const struct pm_onnx_shapes *s, const char *model, const struct pm_onnx *net,
                               struct pm_onnx_tensor *input, struct pm_error *e) {
    pm_status status = PM_OK;
    for (unsigned k = 0; k < pm_onnx_inputs(net); k++) {
        const struct pm_onnx_port *p = pm_onnx_input(net, k);
        size_t shape[PM_ONNX_RANK];
        for (unsigned d = 0; d < p->rank; d++)
            shape[d] = p->size[d].size >= 0 ? (size_t)p->size[d].size : 1;
        if (pm_onnx_shape(&input[k], p->type, p->rank, shape) != PM_OK)
            return pm_fail(e, PM_ERANGE, model, "input \"%.64s\" is too large", p->name);
    }
    for (unsigned i = 0; i < s->count && status == PM_OK; i++)
        status = apply(s->text[i], net, input, e);
    return status;
}
