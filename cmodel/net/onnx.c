// SPDX-License-Identifier: Apache-2.0
/* An ONNX network bound to its inputs' shapes: shapes, constants, layers; and running it. */
#include "net/onnx.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/onnx_op.h"

/** Elements of folded constants beside four times those of the file: shapes, masks, tables of positions. */
#define FOLDED_MOST ((size_t)1 << 22)

const struct pm_onnx_operator *const pm_onnx_operators[] = {
    pm_onnx_elementwise, pm_onnx_movement, pm_onnx_products, pm_onnx_pooling,
    pm_onnx_rows,        pm_onnx_integers, pm_onnx_resizing, NULL};

const struct pm_onnx_operator *pm_onnx_operator_find(const char *domain, const char *name) {
    const bool microsoft = strcmp(domain, "com.microsoft") == 0;
    if (!microsoft && *domain && strcmp(domain, "ai.onnx") != 0)
        return NULL;
    for (size_t t = 0; pm_onnx_operators[t]; t++)
        for (const struct pm_onnx_operator *op = pm_onnx_operators[t]; op->name; op++)
            if ((op->since == 0) == microsoft && strcmp(op->name, name) == 0)
                return op;
    return NULL;
}

const char *pm_onnx_supported(unsigned k, const char **domain, unsigned *since) {
    for (size_t t = 0; pm_onnx_operators[t]; t++)
        for (const struct pm_onnx_operator *op = pm_onnx_operators[t]; op->name; op++)
            if (k-- == 0) {
                *domain = op->since ? "" : "com.microsoft";
                *since = op->since;
                return op->name;
            }
    return NULL;
}

/* ---- loading ---- */

pm_status pm_onnx_load(const char *path, struct pm_onnx **net, struct pm_error *e) {
    struct pm_onnx *n = calloc(1, sizeof *n);
    *net = NULL;
    if (n)
        n->path = strdup(path);
    pm_status status = n && n->path ? pm_onnx_read(path, n, e) : pm_fail(e, PM_ENOMEM, path, "out of memory");
    if (status == PM_OK)
        *net = n;
    else
        pm_onnx_free(n);
    return status;
}

/* What binding made. */
static void unbind(struct pm_onnx *net) {
    for (unsigned i = 0; i < net->nodes && net->node; i++) {
        struct pm_onnx_node *node = &net->node[i];
        pm_eval_matrices_free(node);
        node->macs = 0;
        node->constant = false;
        node->norm = node->attention = PM_ONNX_NONE;
    }
    for (unsigned k = 0; k < net->values; k++)
        if (!net->value[k].initializer) {
            pm_onnx_drop(&net->value[k].t);
            net->value[k].constant = false;
        }
    pm_graph_free(&net->layers);
    pm_onnx_attentions_free(net);
    net->folded = 0;
}

void pm_onnx_free(struct pm_onnx *net) {
    if (!net)
        return;
    unbind(net);
    for (unsigned k = 0; k < net->values; k++)
        pm_onnx_drop(&net->value[k].t);
    free(net->value);
    free(net->node);
    free(net->input);
    free(net->output);
    free(net->input_value);
    free(net->output_value);
    free(net->lists);
    free(net->names);
    pm_onnx_read_free(net);
    free(net->path);
    free(net);
}

/* ---- one node ---- */

static unsigned outputs_of(const struct pm_onnx_node *node) {
    return node->outputs < node->op->outputs ? node->outputs : node->op->outputs;
}

/* Room for the inputs and outputs of any node. */
static pm_status op_begin(struct pm_onnx *net, struct pm_onnx_op *op, struct pm_error *e) {
    unsigned inputs = 1, outputs = 1;
    for (unsigned i = 0; i < net->nodes; i++) {
        inputs = net->node[i].inputs > inputs ? net->node[i].inputs : inputs;
        outputs = net->node[i].outputs > outputs ? net->node[i].outputs : outputs;
    }
    *op = (struct pm_onnx_op){.net = net, .e = e};
    op->in = calloc(inputs, sizeof *op->in);
    op->out = calloc(outputs, sizeof *op->out);
    return op->in && op->out ? PM_OK : pm_fail(e, PM_ENOMEM, net->path, "out of memory");
}

static void op_end(struct pm_onnx_op *op) {
    free(op->in);
    free(op->out);
}

/* Whether the node can be run at all, as far as that is known without shapes. */
static pm_status supported(const struct pm_onnx_op *op) {
    const struct pm_onnx_node *node = op->node;
    const struct pm_onnx_operator *o = node->op;
    if (!o)
        return pm_eval_fail(op, PM_EINVAL, "this operator is not supported");
    if (o->since > op->net->opset)
        return pm_eval_fail(op, PM_EINVAL, "an operator of opset %u in a file of opset %u", o->since,
                            op->net->opset);
    unsigned inputs = node->inputs;
    while (inputs > 0 && node->in[inputs - 1] == PM_ONNX_NONE)
        inputs--;
    if (inputs < o->least || inputs > o->most)
        return pm_eval_fail(op, PM_EINVAL, "%u inputs", inputs);
    for (unsigned k = 0; k < o->least; k++)
        if (node->in[k] == PM_ONNX_NONE)
            return pm_eval_fail(op, PM_EINVAL, "input %u is left out", k);
    if (node->outputs == 0)
        return pm_eval_fail(op, PM_EINVAL, "no outputs");
    for (unsigned k = o->outputs; k < node->outputs; k++)
        if (node->out[k] != PM_ONNX_NONE && op->net->value[node->out[k]].users > 0)
            return pm_eval_fail(op, PM_EINVAL, "output %u is not supported", k);
    return PM_OK;
}

/* Sets op up for a node whose inputs are there. */
static void op_node(struct pm_onnx_op *op, struct pm_onnx_node *node) {
    op->node = node;
    op->inputs = node->inputs;
    op->outputs = outputs_of(node);
    op->dry = false;
    for (unsigned k = 0; k < node->inputs; k++) {
        op->in[k] = node->in[k] == PM_ONNX_NONE ? NULL : &op->net->value[node->in[k]].t;
        op->dry = op->dry || (op->in[k] && !op->in[k]->data);
    }
    memset(op->out, 0, op->outputs * sizeof *op->out);
}

bool pm_onnx_unsupported(const struct pm_onnx *net, unsigned node, struct pm_error *e) {
    const struct pm_onnx_op op = {.net = (struct pm_onnx *)(uintptr_t)net, .node = &net->node[node], .e = e};
    return supported(&op) != PM_OK;
}

/* ---- binding ---- */

static pm_status bind_inputs(struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_error *e) {
    for (unsigned k = 0; k < net->inputs; k++) {
        const struct pm_onnx_port *port = &net->input[k];
        char text[160];
        pm_onnx_shape_text(text, sizeof text, in[k].rank, in[k].shape);
        if (in[k].type != port->type)
            return pm_fail(e, PM_ESHAPE, net->path, "input \"%.64s\" is %s, not %s", port->name,
                           pm_onnx_type_name(port->type), pm_onnx_type_name((int)in[k].type));
        if (port->ranked && port->rank != in[k].rank)
            return pm_fail(e, PM_ESHAPE, net->path, "input \"%.64s\" has %u dimensions, not %u as in %s",
                           port->name, port->rank, in[k].rank, text);
        for (unsigned d = 0; d < port->rank; d++)
            if (port->size[d].size >= 0 && (size_t)port->size[d].size != in[k].shape[d])
                return pm_fail(e, PM_ESHAPE, net->path,
                               "input \"%.64s\": dimension %u is %lld, not %zu as in %s", port->name, d,
                               (long long)port->size[d].size, in[k].shape[d], text);
        struct pm_onnx_tensor *t = &net->value[net->input_value[k]].t;
        if (pm_onnx_shape(t, port->type, in[k].rank, in[k].shape) != PM_OK)
            return pm_fail(e, PM_ERANGE, net->path, "input \"%.64s\" is too large", port->name);
    }
    return PM_OK;
}

/* Sizes of the same name are the same. */
static pm_status check_sizes(const struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_error *e) {
    const char *name;
    for (unsigned k = 0; k < net->inputs; k++)
        for (unsigned d = 0; d < net->input[k].rank; d++)
            for (unsigned i = 0; i <= k && (name = net->input[k].size[d].name) != NULL; i++)
                for (unsigned c = 0; c < net->input[i].rank; c++)
                    if (net->input[i].size[c].name && strcmp(net->input[i].size[c].name, name) == 0 &&
                        in[i].shape[c] != in[k].shape[d])
                        return pm_fail(
                            e, PM_ESHAPE, net->path, "\"%.64s\" is %zu in input \"%.64s\", %zu in \"%.64s\"",
                            name, in[i].shape[c], net->input[i].name, in[k].shape[d], net->input[k].name);
    return PM_OK;
}

/* A large constant is made when it is needed, so that a small file does not fill the memory. */
static bool too_large_to_fold(struct pm_onnx *net, const struct pm_onnx_op *op) {
    size_t elements = 0;
    for (unsigned k = 0; k < op->outputs; k++)
        elements += op->out[k].count;
    net->folded += elements;
    return net->folded > FOLDED_MOST + 4 * net->file_elements;
}

/* Shapes of a node's outputs and, where nothing but constants goes in, their elements. */
static pm_status bind_node(struct pm_onnx_op *op) {
    struct pm_onnx_node *node = op->node;
    const bool known = !op->dry;
    op->dry = true;
    pm_status status = node->op->run(op);
    if (status == PM_OK && known && !too_large_to_fold(op->net, op)) {
        for (unsigned k = 0; k < op->outputs; k++)
            pm_onnx_drop(&op->out[k]);
        op->dry = false;
        status = node->op->run(op);
    }
    node->constant = true;
    for (unsigned k = 0; k < op->outputs; k++) {
        struct pm_onnx_value *v = node->out[k] == PM_ONNX_NONE ? NULL : &op->net->value[node->out[k]];
        node->constant = node->constant && (!v || op->out[k].data);
        if (!v || status != PM_OK) {
            pm_onnx_drop(&op->out[k]);
            continue;
        }
        v->t = op->out[k];
        v->constant = v->t.data != NULL;
    }
    return status;
}

/* A convolution's BatchNormalization with constant parameters, if it alone reads the convolution. */
static void find_norm(struct pm_onnx *net, unsigned conv) {
    struct pm_onnx_node *node = &net->node[conv];
    const uint32_t out = node->out[0], weight = node->in[1];
    if (strcmp(node->type, "Conv") != 0 || out == PM_ONNX_NONE || net->value[out].users != 1 ||
        !net->value[weight].constant ||
        (node->inputs > 2 && node->in[2] != PM_ONNX_NONE && !net->value[node->in[2]].constant))
        return;
    for (unsigned i = conv + 1; i < net->nodes; i++) {
        struct pm_onnx_node *norm = &net->node[i];
        if (norm->inputs != 5 || norm->in[0] != out || strcmp(norm->type, "BatchNormalization") != 0)
            continue;
        for (unsigned k = 1; k < 5; k++)
            if (!net->value[norm->in[k]].constant)
                return;
        node->norm = i;
        norm->norm = conv;
        return;
    }
}

static pm_status add_layers(struct pm_onnx_op *op) {
    struct pm_onnx_node *node = op->node;
    struct pm_onnx *net = op->net;
    pm_status status = node->op->matrices ? node->op->matrices(op) : PM_OK;
    if (status == PM_OK && node->layers > 0)
        status = pm_onnx_add_matrices(net, node, NULL);
    return status == PM_ENOMEM ? pm_eval_memory(op) : status;
}

static pm_status bind_nodes(struct pm_onnx_op *op) {
    struct pm_onnx *net = op->net;
    pm_status status = PM_OK;
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++) {
        op->node = &net->node[i];
        status = supported(op);
    }
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++) {
        op_node(op, &net->node[i]);
        status = bind_node(op);
    }
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++)
        if (!net->node[i].constant)
            find_norm(net, i);
    if (status == PM_OK && (status = pm_onnx_find_attentions(net)) == PM_ENOMEM)
        pm_fail(op->e, status, net->path, "out of memory");
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++) {
        op_node(op, &net->node[i]);
        if (!net->node[i].constant && net->node[i].layers == 0)
            status = add_layers(op);
    }
    return status;
}

pm_status pm_onnx_bind(struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_error *e) {
    struct pm_onnx_op op;
    unbind(net);
    pm_status status = bind_inputs(net, in, e);
    if (status == PM_OK)
        status = check_sizes(net, in, e);
    if (status == PM_OK) {
        status = op_begin(net, &op, e);
        if (status == PM_OK)
            status = bind_nodes(&op);
        op_end(&op);
    }
    return status;
}

/* ---- running ---- */

static pm_status take_inputs(struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_error *e) {
    for (unsigned k = 0; k < net->inputs; k++) {
        struct pm_onnx_value *v = &net->value[net->input_value[k]];
        if (!in[k].data || in[k].type != v->t.type || !pm_onnx_same_shape(&in[k], &v->t))
            return pm_fail(e, PM_ESHAPE, net->path, "input \"%.64s\" is not as it was bound", v->name);
        pm_onnx_share(&v->t, &in[k], in[k].rank, in[k].shape);
    }
    return PM_OK;
}

/* Lets go of values that nobody will read. */
static void release(struct pm_onnx *net, const struct pm_onnx_node *node) {
    for (unsigned k = 0; k < node->inputs; k++) {
        struct pm_onnx_value *v = node->in[k] == PM_ONNX_NONE ? NULL : &net->value[node->in[k]];
        if (v && --v->left == 0 && !v->constant)
            pm_onnx_drop(&v->t);
    }
}

static pm_status run_node(struct pm_onnx_op *op, struct pm_onnx_node *node) {
    op_node(op, node);
    const pm_status status = node->op->run(op);
    for (unsigned k = 0; k < op->outputs; k++) {
        struct pm_onnx_value *v = node->out[k] == PM_ONNX_NONE ? NULL : &op->net->value[node->out[k]];
        if (v && v->constant) /* of a node that was folded in part */
            pm_onnx_drop(&op->out[k]);
        else if (v && v->users > 0)
            v->t = op->out[k];
        else
            pm_onnx_drop(&op->out[k]);
    }
    return status;
}

static pm_status run_nodes(struct pm_onnx_op *op) {
    struct pm_onnx *net = op->net;
    pm_status status = PM_OK;
    for (unsigned k = 0; k < net->values; k++)
        net->value[k].left = net->value[k].users;
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++) {
        struct pm_onnx_node *node = &net->node[i];
        if (!node->constant && !pm_onnx_attention_covers(op, i, &status))
            status = run_node(op, node);
        release(net, node);
    }
    return status;
}

pm_status pm_onnx_run(struct pm_onnx *net, const struct pm_onnx_tensor *in, struct pm_onnx_tensor *out,
                      const struct pm_onnx_elsewhere *elsewhere, struct pm_error *e) {
    struct pm_onnx_op op;
    memset(out, 0, net->outputs * sizeof *out);
    pm_status status = take_inputs(net, in, e);
    if (status == PM_OK) {
        status = op_begin(net, &op, e);
        op.elsewhere = elsewhere;
        if (status == PM_OK)
            status = run_nodes(&op);
        op_end(&op);
    }
    for (unsigned k = 0; k < net->outputs && status == PM_OK; k++) {
        const struct pm_onnx_tensor *t = &net->value[net->output_value[k]].t;
        pm_onnx_share(&out[k], t, t->rank, t->shape);
    }
    for (unsigned k = 0; k < net->values; k++)
        if (!net->value[k].constant)
            pm_onnx_drop(&net->value[k].t);
    return status;
}

/* ---- what is there ---- */

unsigned pm_onnx_inputs(const struct pm_onnx *net) {
    return net->inputs;
}

unsigned pm_onnx_outputs(const struct pm_onnx *net) {
    return net->outputs;
}

const struct pm_onnx_port *pm_onnx_input(const struct pm_onnx *net, unsigned k) {
    return &net->input[k];
}

const struct pm_onnx_port *pm_onnx_output(const struct pm_onnx *net, unsigned k) {
    return &net->output[k];
}

static int find(const struct pm_onnx_port *port, unsigned n, const char *name) {
    for (unsigned k = 0; k < n; k++)
        if (strcmp(port[k].name, name) == 0)
            return (int)k;
    return -1;
}

int pm_onnx_find_input(const struct pm_onnx *net, const char *name) {
    return find(net->input, net->inputs, name);
}

int pm_onnx_find_output(const struct pm_onnx *net, const char *name) {
    return find(net->output, net->outputs, name);
}

const struct pm_graph *pm_onnx_layers(const struct pm_onnx *net) {
    return &net->layers;
}

unsigned pm_onnx_nodes(const struct pm_onnx *net) {
    return net->nodes;
}

unsigned pm_onnx_opset(const struct pm_onnx *net) {
    return net->opset;
}

void pm_onnx_node_info(const struct pm_onnx *net, unsigned node, struct pm_onnx_info *info) {
    const struct pm_onnx_node *n = &net->node[node];
    *info = (struct pm_onnx_info){n->name, n->type, NULL, n->constant, n->macs, n->layer, n->layers};
    if (n->outputs > 0 && n->out[0] != PM_ONNX_NONE)
        info->out = &net->value[n->out[0]].t;
}
