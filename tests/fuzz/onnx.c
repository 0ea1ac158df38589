// SPDX-License-Identifier: Apache-2.0
/* ONNX files: read, bound to small shapes and, where that is little work, run. */
#include "net/onnx.h"
#include "fuzz.h"

/* Sizes that the file leaves open are small and differ. */
static pm_status shape_inputs(const struct pm_onnx *net, struct pm_onnx_tensor *in, size_t *elements) {
    pm_status status = PM_OK;
    for (unsigned k = 0; k < pm_onnx_inputs(net) && status == PM_OK; k++) {
        const struct pm_onnx_port *p = pm_onnx_input(net, k);
        size_t shape[PM_ONNX_RANK];
        for (unsigned d = 0; d < p->rank; d++)
            shape[d] = p->size[d].size >= 0 ? (size_t)p->size[d].size : 1 + d;
        status = pm_onnx_shape(&in[k], p->type, p->rank, shape);
        *elements += in[k].count;
    }
    return status;
}

static pm_status fill_inputs(const struct pm_onnx *net, struct pm_onnx_tensor *in) {
    for (unsigned k = 0; k < pm_onnx_inputs(net); k++) {
        if (pm_onnx_allocate(&in[k]) != PM_OK)
            return PM_ENOMEM;
        for (size_t i = 0; i < in[k].count; i++)
            if (pm_onnx_is_float(in[k].type))
                in[k].f[i] = (float)(i % 7) - 3.0f;
            else
                in[k].i[i] = (int64_t)(i % 3);
    }
    return PM_OK;
}

/* Elements and products of a run. */
static uint64_t work_of(const struct pm_onnx *net) {
    uint64_t work = 0;
    for (unsigned i = 0; i < pm_onnx_nodes(net); i++) {
        struct pm_onnx_info info;
        pm_onnx_node_info(net, i, &info);
        work += info.macs + (info.out ? info.out->count : 0);
    }
    return work;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pm_onnx *net;
    struct pm_error e = {""};
    const char *path = fuzz_file(data, n);
    pm_status status = pm_onnx_load(path, &net, &e);
    fuzz_named(status, e.text, path);
    FUZZ_NEED((status == PM_OK) == (net != NULL));
    if (status != PM_OK)
        return 0;
    for (unsigned i = 0; i < pm_onnx_nodes(net); i++)
        if (pm_onnx_unsupported(net, i, &e))
            fuzz_named(PM_EINVAL, e.text, path);
    struct pm_onnx_tensor *in = calloc(pm_onnx_inputs(net) + 1, sizeof *in);
    struct pm_onnx_tensor *out = calloc(pm_onnx_outputs(net) + 1, sizeof *out);
    size_t elements = 0;
    FUZZ_NEED(in && out);
    if (shape_inputs(net, in, &elements) == PM_OK && elements < 1 << 16) {
        status = pm_onnx_bind(net, in, &e);
        fuzz_named(status, e.text, path);
        if (status == PM_OK && work_of(net) < 1 << 20 && fill_inputs(net, in) == PM_OK) {
            status = pm_onnx_run(net, in, out, NULL, &e);
            fuzz_named(status, e.text, path);
        }
    }
    for (unsigned k = 0; k < pm_onnx_inputs(net); k++)
        pm_onnx_drop(&in[k]);
    for (unsigned k = 0; k < pm_onnx_outputs(net); k++)
        pm_onnx_drop(&out[k]);
    free(in);
    free(out);
    pm_onnx_free(net);
    return 0;
}
