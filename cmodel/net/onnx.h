// SPDX-License-Identifier: Apache-2.0
/* Anybody's network, from an ONNX file: opsets 11 to 18, the operators of docs/onnx.md. The host computes in
 * float; products with constant weights (MatMul, Gemm, Conv) and attentions are layers, which a placement
 * gives to systems. */
#ifndef PM_NET_ONNX_H
#define PM_NET_ONNX_H

#include "io/error.h"
#include "net/graph.h"
#include "net/onnx_tensor.h"

/** A network. Running it changes nothing but what is passed. */
struct pm_onnx;

/** Reads a file. PM_EIO, PM_EFORMAT, PM_ERANGE (too large), PM_EINVAL (what is not supported), PM_ENOMEM. */
pm_status pm_onnx_load(const char *path, struct pm_onnx **net, struct pm_error *e);
/** NULL is accepted. */
void pm_onnx_free(struct pm_onnx *net);

/** A dimension of an input as the file declares it. */
struct pm_onnx_size {
    int64_t size;     /**< -1: not fixed */
    const char *name; /**< of one that is not fixed; the same name, the same size; NULL: none */
};
/** An input or an output. */
struct pm_onnx_port {
    const char *name;
    enum pm_onnx_type type;
    bool ranked; /**< rank and sizes are declared */
    unsigned rank;
    struct pm_onnx_size size[PM_ONNX_RANK];
};
unsigned pm_onnx_inputs(const struct pm_onnx *net);
unsigned pm_onnx_outputs(const struct pm_onnx *net);
const struct pm_onnx_port *pm_onnx_input(const struct pm_onnx *net, unsigned k);
const struct pm_onnx_port *pm_onnx_output(const struct pm_onnx *net, unsigned k);
/** The place of an input or an output of that name, -1: none. */
int pm_onnx_find_input(const struct pm_onnx *net, const char *name);
int pm_onnx_find_output(const struct pm_onnx *net, const char *name);

/** Fixes the inputs' shapes, of which in[] has the types and shapes: all other shapes follow, constants are
 * folded, layers are found. PM_ESHAPE (an input's shape), PM_EINVAL (an operator or a form of it that is not
 * supported, or shapes that it cannot take), PM_ERANGE, PM_ENOMEM. May be called once more with others. */
pm_status pm_onnx_bind(struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_error *e);

/** Of a bound network, its layers: nodes of PM_NODE_MATRIX and PM_NODE_ATTENTION, to be placed. A matrix's
 * rows are all its vectors of one run; a convolution's are output positions, its k is (dy*width + dx)*Cin +
 * c, and each of its groups is a matrix. */
const struct pm_graph *pm_onnx_layers(const struct pm_onnx *net);

/** Layers that are not computed by the host. */
struct pm_onnx_elsewhere {
    bool (*has)(void *ctx, unsigned layer);
    /** Computes vectors `first` and on of the run; a status but PM_OK ends the run, which returns it. */
    pm_status (*compute)(void *ctx, unsigned layer, size_t first, const struct pm_operands *o);
    /** Sees what enters a matrix, x[n], whoever computes it; NULL: nobody. */
    void (*see)(void *ctx, unsigned layer, size_t n, const float *x);
    void *ctx;
};

/** Runs a bound network on in[], of the shapes that it was bound to, to out[], which the caller drops, also
 * after an error. elsewhere may be NULL. PM_ENOMEM, PM_EINVAL (an index is outside a tensor), or what
 * `compute` returned. */
pm_status pm_onnx_run(struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_onnx_tensor *out,
                      const struct pm_onnx_elsewhere *elsewhere, struct pm_error *e);

/** A node as a report shows it; of a bound network also its shapes. */
struct pm_onnx_info {
    const char *name, *op;            /**< the name may be made up of operator and place */
    const struct pm_onnx_tensor *out; /**< the first output's shape; NULL: left out */
    bool constant;                    /**< folded */
    uint64_t macs;
    unsigned layer, layers; /**< its layers, from this number on */
};
unsigned pm_onnx_nodes(const struct pm_onnx *net);
void pm_onnx_node_info(const struct pm_onnx *net, unsigned node, struct pm_onnx_info *info);
/** Number of the opset; what the file says it was made by, or NULL. */
unsigned pm_onnx_opset(const struct pm_onnx *net);
const char *pm_onnx_producer(const struct pm_onnx *net);
/** Nodes that cannot be run: why, into *e; false: node can. Without binding. */
bool pm_onnx_unsupported(const struct pm_onnx *net, unsigned node, struct pm_error *e);

/** Operator number k of those that are supported, NULL: there are no more; *domain: "" or "com.microsoft";
 * *since: the first opset that has it, or 0. */
const char *pm_onnx_supported(unsigned k, const char **domain, unsigned *since);

#endif
