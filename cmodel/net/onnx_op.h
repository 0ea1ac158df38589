// SPDX-License-Identifier: Apache-2.0
/* Inside an ONNX network: nodes, values, and what an operator is given. */
#ifndef PM_NET_ONNX_OP_H
#define PM_NET_ONNX_OP_H

#include "net/onnx.h"

#define PM_ONNX_NONE UINT32_MAX

struct pm_onnx_op;
struct pm_onnx_attention;

/** An operator. Operators of one file stand in one table; see onnx_operators.c. */
struct pm_onnx_operator {
    const char *name;
    unsigned since;                /**< the first opset that has it; 0: com.microsoft's */
    unsigned least, most, outputs; /**< inputs, PM_ONNX_ANY: no limit; outputs that are made */
    /** Sets the outputs' shapes and, unless op->dry, their elements. */
    pm_status (*run)(struct pm_onnx_op *op);
    int variant; /**< tells operators apart that share `run` */
    /** Of a node whose weights are constant: makes its matrices. NULL: it is no layer. */
    pm_status (*matrices)(struct pm_onnx_op *op);
};
#define PM_ONNX_ANY UINT32_MAX

/** Tables, each ended by a NULL name. */
extern const struct pm_onnx_operator pm_onnx_elementwise[], pm_onnx_movement[], pm_onnx_products[],
    pm_onnx_pooling[], pm_onnx_rows[], pm_onnx_integers[], pm_onnx_resizing[];
/** All tables, ended by NULL. */
extern const struct pm_onnx_operator *const pm_onnx_operators[];
/** NULL: there is none. */
const struct pm_onnx_operator *pm_onnx_operator_find(const char *domain, const char *name);

struct pm_onnx_value {
    const char *name;
    struct pm_onnx_tensor t;
    bool initializer;  /**< given by the file */
    bool input;        /**< of the network */
    bool constant;     /**< has elements before anything runs */
    unsigned producer; /**< node, PM_ONNX_NONE: an input or an initializer */
    unsigned users;    /**< nodes that read it, and outputs of the network */
    unsigned left;     /**< of these, of a run */
};

struct pm_onnx_node {
    const void *proto; /**< its message in the file: see the attributes below */
    const struct pm_onnx_operator *op;
    const char *name, *type;
    unsigned *in, inputs;   /**< values, PM_ONNX_NONE: left out */
    unsigned *out, outputs; /**< the same */
    bool constant;          /**< folded */
    unsigned norm;          /**< of a convolution: the BatchNormalization that is folded into it; of that one,
                               this convolution; PM_ONNX_NONE */
    uint64_t macs;
    struct pm_matrix *matrix; /**< [layers] of constant weights */
    float *weights;           /**< the memory of these */
    unsigned layer, layers;   /**< their numbers */
    size_t rows;              /**< vectors that they multiply in a run */
    unsigned attention;       /**< the one that it is part of, PM_ONNX_NONE: of none */
};

struct pm_onnx {
    char *path;
    void *model; /**< the file's message */
    char *names; /**< of nodes that have none in the file */
    unsigned opset;
    struct pm_onnx_value *value;
    struct pm_onnx_node *node; /**< in an order in which they can be computed */
    unsigned values, nodes;
    struct pm_onnx_port *input, *output;
    unsigned *input_value, *output_value;
    unsigned inputs, outputs;
    unsigned *lists; /**< memory of nodes' in[] and out[] */
    struct pm_graph layers;
    size_t file_elements, folded; /**< elements of initializers; of folded constants */
    struct pm_onnx_attention **attention;
    unsigned attentions;
};

/** One evaluation of a node. */
struct pm_onnx_op {
    struct pm_onnx *net;
    struct pm_onnx_node *node;
    const struct pm_onnx_tensor **in; /**< [inputs]; NULL: left out */
    struct pm_onnx_tensor *out;       /**< [outputs] */
    unsigned inputs, outputs;
    bool dry; /**< shapes alone: some input has no elements */
    const struct pm_onnx_elsewhere *elsewhere;
    struct pm_error *e;
};

/* ---- attributes ---- */

int64_t pm_eval_int(const struct pm_onnx_op *op, const char *name, int64_t fallback);
float pm_eval_float(const struct pm_onnx_op *op, const char *name, float fallback);
/** NULL: there is none. */
const int64_t *pm_eval_ints(const struct pm_onnx_op *op, const char *name, size_t *n);
const float *pm_eval_floats(const struct pm_onnx_op *op, const char *name, size_t *n);
/** The place of the attribute's text in "a|b|c", that of `fallback` where there is no such attribute, -1: not
 * one of them. */
int pm_eval_choice(const struct pm_onnx_op *op, const char *name, const char *choices, const char *fallback);
bool pm_eval_has(const struct pm_onnx_op *op, const char *name);
/** A tensor attribute; PM_EINVAL. The caller drops it. */
pm_status pm_eval_tensor(const struct pm_onnx_op *op, const char *name, struct pm_onnx_tensor *t);
/** Whether the node's domain is `domain`, "" for ONNX's own. */
bool pm_eval_is_microsoft(const struct pm_onnx_op *op);

/* ---- inputs and outputs ---- */

/** "PATH: node NAME (OP): REASON". */
__attribute__((format(printf, 3, 4))) pm_status pm_eval_fail(const struct pm_onnx_op *op, pm_status status,
                                                             const char *format, ...);
pm_status pm_eval_memory(const struct pm_onnx_op *op); /**< PM_ENOMEM, said */
/** NULL: left out. */
const struct pm_onnx_tensor *pm_eval_in(const struct pm_onnx_op *op, unsigned k);
/** Fails where input k is not floating (or not an integer). */
pm_status pm_eval_need_float(const struct pm_onnx_op *op, unsigned k);
pm_status pm_eval_need_int(const struct pm_onnx_op *op, unsigned k);
/** Shapes output k and, unless dry, gives it elements. PM_ERANGE, PM_ENOMEM. */
pm_status pm_eval_out(struct pm_onnx_op *op, unsigned k, enum pm_onnx_type type, unsigned rank,
                      const size_t *shape);
/** The same, with elements even if dry: what is known of shapes alone. */
pm_status pm_eval_out_known(struct pm_onnx_op *op, unsigned k, enum pm_onnx_type type, unsigned rank,
                            const size_t *shape);
/** Output 0 is input 0 in another shape. PM_EINVAL: of another number of elements. */
pm_status pm_eval_view(struct pm_onnx_op *op, unsigned rank, const size_t *shape);
/** Elements of integer input k, which must be known before anything runs, NULL where it is left out. */
pm_status pm_eval_known(const struct pm_onnx_op *op, unsigned k, const int64_t **v, size_t *n);
/** Axis -rank..rank-1 as 0..rank-1. PM_EINVAL. */
pm_status pm_eval_axis(const struct pm_onnx_op *op, int64_t axis, unsigned rank, unsigned *out);
/** A list of axes from attribute `axes` or from input k, as a set of bits; *given: there is one. */
pm_status pm_eval_axes(const struct pm_onnx_op *op, unsigned k, unsigned rank, uint32_t *set, bool *given);

/* ---- products and windows ---- */

/** Where a window over `dims` spatial dimensions goes. */
struct pm_onnx_window {
    unsigned dims; /**< 1..2; with 1, [0] is of size 1 and [1] the dimension */
    size_t in[2], kernel[2], stride[2], dilation[2], out[2];
    int64_t pad[2]; /**< at the beginning */
    int64_t end[2]; /**< at the end */
};
/** From the attributes, for x[N][C][...] with kernel[], which attribute kernel_shape must not contradict.
 * `ceil`: output sizes are rounded up. */
pm_status pm_eval_window(const struct pm_onnx_op *op, const struct pm_onnx_tensor *x, const size_t *kernel,
                         bool ceil, struct pm_onnx_window *w);
/** The output's shape, of `channels`. */
unsigned pm_onnx_window_shape(const struct pm_onnx_window *w, const struct pm_onnx_tensor *x, size_t channels,
                              size_t *shape);
/** Output positions from..to-1 of x[in0*in1][ldx], of whose rows `channels` are taken:
 * y[to - from][kernel0*kernel1*channels]; `outside` stands for what is outside. */
void pm_onnx_unfold(const struct pm_onnx_window *w, const float *x, size_t ldx, size_t channels,
                    float outside, size_t from, size_t to, float *y);
/** y[columns][ldy] is x[rows][columns], turned. */
void pm_onnx_turn(const float *x, size_t rows, size_t columns, float *y, size_t ldy);

/** A convolution: groups, each of channels and outputs; depth of its matrices; positions of an output,
 * elements of an input's plane. */
struct pm_onnx_conv {
    struct pm_onnx_window window;
    size_t groups, channels, outputs, depth, positions, plane;
};
pm_status pm_eval_conv(const struct pm_onnx_op *op, const struct pm_onnx_tensor *x,
                       const struct pm_onnx_tensor *weight, const struct pm_onnx_tensor *bias,
                       struct pm_onnx_conv *c);
/** Shapes output 0. */
pm_status pm_eval_conv_out(struct pm_onnx_op *op, const struct pm_onnx_conv *c,
                           const struct pm_onnx_tensor *x, enum pm_onnx_type type);
/** Makes the node's layers of its weights, in ONNX's order; bias may be NULL. */
pm_status pm_eval_conv_matrices(struct pm_onnx_op *op, const struct pm_onnx_conv *c, size_t images,
                                const float *weight, const float *bias);
/** By the node's layers if it has some, else of these weights. */
pm_status pm_eval_conv_run(struct pm_onnx_op *op, const struct pm_onnx_conv *c, size_t images, const float *x,
                           const float *weight, const float *bias, float *y);

/** MatMul: a[batch][n][depth] b[batch][depth][outputs], batches broadcast. */
struct pm_onnx_matmul {
    size_t n, depth, outputs;
    unsigned rank, out_rank;
    size_t batch[PM_ONNX_RANK], out[PM_ONNX_RANK];
};
pm_status pm_eval_matmul_shape(const struct pm_onnx_op *op, const struct pm_onnx_tensor *a,
                               const struct pm_onnx_tensor *b, struct pm_onnx_matmul *s);
/** y = a b, by the node's layer if it has one. */
pm_status pm_eval_matmul_run(struct pm_onnx_op *op, const struct pm_onnx_matmul *s,
                             const struct pm_onnx_tensor *a, const struct pm_onnx_tensor *b, float *y);
/** Makes the node's layer of weight[b->shape]. */
pm_status pm_eval_matmul_matrices(struct pm_onnx_op *op, const struct pm_onnx_tensor *a,
                                  const struct pm_onnx_tensor *b, const float *weight);

/** Memory for the node's matrices, `count` of in x out, weights and biases zero, for `rows` vectors of a run;
 * `pack`: for products on the host. None where a size is 0. */
pm_status pm_eval_matrices(struct pm_onnx_op *op, unsigned count, size_t in, size_t out, size_t rows,
                           bool pack);
void pm_eval_matrices_free(struct pm_onnx_node *node);
/** Their weights are there: packs them. */
void pm_eval_matrices_pack(struct pm_onnx_op *op);
/** Vectors first..first+n-1 of the run: y[n][out] of x[n][in], by who has matrix number k. */
pm_status pm_eval_matrix(struct pm_onnx_op *op, unsigned k, size_t first, size_t n, const float *x, float *y);
/** Whether a system has any of the node's matrices, or somebody sees what enters them. */
bool pm_eval_placed(const struct pm_onnx_op *op);

/** y[n][outputs] (rows ldy apart) = x[n][depth] (ldx apart) w[d * by_depth + m * by_output]. */
pm_status pm_eval_product(const struct pm_onnx_op *op, const float *x, size_t ldx, size_t n, const float *w,
                          size_t by_depth, size_t by_output, size_t depth, size_t outputs, float *y,
                          size_t ldy);

/* ---- from the file (onnx_read.c) ---- */

pm_status pm_onnx_read(const char *path, struct pm_onnx *net, struct pm_error *e);
void pm_onnx_read_free(struct pm_onnx *net);

/* ---- layers (onnx_layers.c, onnx_attention.c) ---- */

/** Adds a node's matrices to the layers, called `name`; NULL: as the node is. PM_ENOMEM. */
pm_status pm_onnx_add_matrices(struct pm_onnx *net, struct pm_onnx_node *node, const char *name);
/** Finds attentions among the nodes of a bound network and adds them, with their matrices. PM_ENOMEM. */
pm_status pm_onnx_find_attentions(struct pm_onnx *net);
void pm_onnx_attentions_free(struct pm_onnx *net);
/** Whether node number `node` is part of an attention that a system has, which runs it if this is its last.
 */
bool pm_onnx_attention_covers(struct pm_onnx_op *op, unsigned node, pm_status *status);

#endif
