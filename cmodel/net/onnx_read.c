// SPDX-License-Identifier: Apache-2.0
/* An ONNX file: read by protobuf-c, checked, its nodes in an order in which they can be computed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/choice.h"
#include "io/file.h"
#include "net/onnx_op.h"
#include "onnx.pb-c.h"

#define FILE_MOST  ((uint64_t)1 << 31) /* as protobuf has it */
#define DEPTH_MOST 32                  /* messages within one another */

/* ---- the message ---- */

struct bytes {
    const uint8_t *at;
    size_t n;
};

static bool varint(struct bytes *b, uint64_t *v) {
    *v = 0;
    for (unsigned shift = 0; shift < 70 && b->n > 0; shift += 7) {
        const uint8_t byte = *b->at++;
        b->n--;
        if (shift < 64)
            *v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* Whether a message is well-formed as far as its fields go, and not too deep for protobuf-c, which recurses.
 */
static bool shallow(const ProtobufCMessageDescriptor *type, struct bytes b, unsigned depth) {
    while (b.n > 0) {
        uint64_t tag, length;
        if (!varint(&b, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
            return false;
        switch (tag & 7) {
        case 0:
            if (!varint(&b, &length))
                return false;
            length = 0;
            break;
        case 1:
            length = 8;
            break;
        case 2:
            if (!varint(&b, &length))
                return false;
            break;
        case 5:
            length = 4;
            break;
        default:
            return false;
        }
        if (length > b.n)
            return false;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
        if ((tag & 7) == 2 && field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
            (depth == DEPTH_MOST ||
             !shallow(field->descriptor, (struct bytes){b.at, (size_t)length}, depth + 1)))
            return false;
        b.at += length;
        b.n -= (size_t)length;
    }
    return true;
}

static pm_status read_message(const char *path, Onnx__ModelProto **model, struct pm_error *e) {
    FILE *f;
    uint64_t size;
    pm_status status = pm_file_open(path, &f, &size, e);
    if (status != PM_OK)
        return status;
    uint8_t *data = size <= FILE_MOST ? malloc((size_t)size + 1) : NULL;
    if (size > FILE_MOST)
        status = pm_fail(e, PM_ERANGE, path, "longer than 2 GB");
    else if (!data)
        status = pm_fail(e, PM_ENOMEM, path, "out of memory");
    else if (fread(data, 1, (size_t)size, f) != size)
        status = pm_fail(e, PM_EIO, path, "became shorter while it was read");
    fclose(f);
    if (status == PM_OK &&
        (size == 0 || !shallow(&onnx__model_proto__descriptor, (struct bytes){data, (size_t)size}, 0) ||
         (*model = onnx__model_proto__unpack(NULL, (size_t)size, data)) == NULL))
        status = pm_fail(e, PM_EFORMAT, path, "not an ONNX file, or a truncated one");
    free(data);
    return status;
}

/* ---- tensors ---- */

/* Element i of raw data, little-endian, of `size` bytes. */
static uint64_t raw(const uint8_t *p, size_t i, size_t size) {
    uint64_t v = 0;
    for (size_t b = size; b-- > 0;)
        v = v << 8 | p[i * size + b];
    return v;
}

static float float_of(enum pm_onnx_type type, uint64_t bits) {
    const uint32_t low = type == PM_ONNX_BFLOAT16 ? (uint32_t)bits << 16 : (uint32_t)bits;
    float single;
    double twice;
    if (type == PM_ONNX_FLOAT16)
        return pm_onnx_from_half((uint16_t)bits);
    if (type == PM_ONNX_DOUBLE) {
        memcpy(&twice, &bits, sizeof twice);
        return (float)twice;
    }
    memcpy(&single, &low, sizeof single);
    return single;
}

static size_t size_of(enum pm_onnx_type type) {
    switch (type) {
    case PM_ONNX_UINT8:
    case PM_ONNX_INT8:
    case PM_ONNX_BOOL:
        return 1;
    case PM_ONNX_UINT16:
    case PM_ONNX_INT16:
    case PM_ONNX_FLOAT16:
    case PM_ONNX_BFLOAT16:
        return 2;
    case PM_ONNX_FLOAT:
    case PM_ONNX_INT32:
    case PM_ONNX_UINT32:
        return 4;
    default:
        return 8;
    }
}

static void take_raw(struct pm_onnx_tensor *t, const uint8_t *p) {
    const size_t size = size_of(t->type);
    const unsigned unused = 64 - 8 * (unsigned)size;
    const bool is_signed = t->type == PM_ONNX_INT8 || t->type == PM_ONNX_INT16 || t->type == PM_ONNX_INT32;
    for (size_t i = 0; i < t->count; i++) {
        const uint64_t v = raw(p, i, size);
        if (pm_onnx_is_float(t->type))
            t->f[i] = float_of(t->type, v);
        else
            t->i[i] = is_signed ? (int64_t)(v << unused) >> unused : (int64_t)v;
    }
}

/* How many elements the field for the tensor's type has. */
static size_t typed_count(enum pm_onnx_type type, const Onnx__TensorProto *p) {
    switch (type) {
    case PM_ONNX_FLOAT:
        return p->n_float_data;
    case PM_ONNX_DOUBLE:
        return p->n_double_data;
    case PM_ONNX_INT64:
        return p->n_int64_data;
    case PM_ONNX_UINT32:
    case PM_ONNX_UINT64:
        return p->n_uint64_data;
    default:
        return p->n_int32_data;
    }
}

static void take_typed(struct pm_onnx_tensor *t, const Onnx__TensorProto *p) {
    for (size_t i = 0; i < t->count; i++)
        switch (t->type) {
        case PM_ONNX_FLOAT:
            t->f[i] = p->float_data[i];
            break;
        case PM_ONNX_DOUBLE:
            t->f[i] = (float)p->double_data[i];
            break;
        case PM_ONNX_FLOAT16:
        case PM_ONNX_BFLOAT16:
            t->f[i] = float_of(t->type, (uint16_t)p->int32_data[i]);
            break;
        case PM_ONNX_INT64:
            t->i[i] = p->int64_data[i];
            break;
        case PM_ONNX_UINT32:
        case PM_ONNX_UINT64:
            t->i[i] = (int64_t)p->uint64_data[i];
            break;
        default:
            t->i[i] = pm_onnx_wrap(t->type, p->int32_data[i]);
        }
}

/* NULL, or why it cannot be read; then *status. */
static const char *take_tensor(const Onnx__TensorProto *p, struct pm_onnx_tensor *t, pm_status *status) {
    size_t shape[PM_ONNX_RANK];
    *status = PM_EINVAL;
    if (!pm_onnx_type_name(p->data_type))
        return "elements of a type that is not read";
    if (p->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL || p->n_external_data)
        return "elements in another file, which is not read";
    *status = PM_ERANGE;
    if (p->n_dims > PM_ONNX_RANK)
        return "more than 8 dimensions";
    for (size_t d = 0; d < p->n_dims; d++) {
        if (p->dims[d] < 0)
            return "a dimension below 0";
        shape[d] = (size_t)p->dims[d];
    }
    if (pm_onnx_shape(t, (enum pm_onnx_type)p->data_type, (unsigned)p->n_dims, shape) != PM_OK)
        return "too many elements";
    *status = PM_EFORMAT;
    if (p->has_raw_data ? p->raw_data.len != t->count * size_of(t->type)
                        : typed_count(t->type, p) != t->count)
        return "another number of elements than its shape has";
    *status = pm_onnx_allocate(t);
    if (*status != PM_OK)
        return "out of memory";
    if (p->has_raw_data)
        take_raw(t, p->raw_data.data);
    else
        take_typed(t, p);
    return NULL;
}

/* ---- attributes ---- */

static const Onnx__AttributeProto *attribute(const struct pm_onnx_op *op, const char *name) {
    const Onnx__NodeProto *p = op->node->proto;
    for (size_t k = 0; k < p->n_attribute; k++)
        if (p->attribute[k]->name && strcmp(p->attribute[k]->name, name) == 0)
            return p->attribute[k];
    return NULL;
}

bool pm_eval_has(const struct pm_onnx_op *op, const char *name) {
    return attribute(op, name) != NULL;
}

int64_t pm_eval_int(const struct pm_onnx_op *op, const char *name, int64_t fallback) {
    const Onnx__AttributeProto *a = attribute(op, name);
    return a ? a->i : fallback;
}

float pm_eval_float(const struct pm_onnx_op *op, const char *name, float fallback) {
    const Onnx__AttributeProto *a = attribute(op, name);
    return a ? a->f : fallback;
}

const int64_t *pm_eval_ints(const struct pm_onnx_op *op, const char *name, size_t *n) {
    static const int64_t none[1];
    const Onnx__AttributeProto *a = attribute(op, name);
    *n = a ? a->n_ints : 0;
    return !a ? NULL : a->n_ints ? a->ints : none;
}

const float *pm_eval_floats(const struct pm_onnx_op *op, const char *name, size_t *n) {
    const Onnx__AttributeProto *a = attribute(op, name);
    *n = a ? a->n_floats : 0;
    return *n ? a->floats : NULL;
}

int pm_eval_choice(const struct pm_onnx_op *op, const char *name, const char *choices, const char *fallback) {
    const Onnx__AttributeProto *a = attribute(op, name);
    return a ? pm_choice(choices, a->s.data ? (const char *)a->s.data : "", a->s.len)
             : pm_choice(choices, fallback, strlen(fallback));
}

pm_status pm_eval_tensor(const struct pm_onnx_op *op, const char *name, struct pm_onnx_tensor *t) {
    const Onnx__AttributeProto *a = attribute(op, name);
    pm_status status = PM_EINVAL;
    *t = (struct pm_onnx_tensor){0};
    const char *why = a && a->t ? take_tensor(a->t, t, &status) : "there is no such tensor";
    return why ? pm_eval_fail(op, status, "attribute %s: %s", name, why) : PM_OK;
}

/* ---- names ---- */

/* Values by name: open addressing, at most half full. */
struct names {
    uint32_t *slot; /* a value's number + 1 */
    size_t slots;
};

static uint32_t *slot_of(const struct names *n, const struct pm_onnx_value *value, const char *name) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)(hash ^ hash >> 32) & (n->slots - 1);
    while (n->slot[at] && strcmp(value[n->slot[at] - 1].name, name) != 0)
        at = (at + 1) & (n->slots - 1);
    return &n->slot[at];
}

/* The number of a value, which is new if it is not there. */
static uint32_t value_of(struct pm_onnx *net, const struct names *names, const char *name) {
    uint32_t *slot = slot_of(names, net->value, name);
    if (*slot == 0) {
        net->value[net->values] = (struct pm_onnx_value){.name = name, .producer = PM_ONNX_NONE};
        *slot = ++net->values;
    }
    return *slot - 1;
}

static const char *text(const char *s) {
    return s ? s : "";
}

/* ---- the graph ---- */

static pm_status take_initializers(struct pm_onnx *net, const struct names *names, Onnx__GraphProto *g,
                                   struct pm_error *e) {
    for (size_t k = 0; k < g->n_initializer; k++) {
        Onnx__TensorProto *p = g->initializer[k];
        pm_status status = PM_EFORMAT;
        struct pm_onnx_value *v = &net->value[value_of(net, names, text(p->name))];
        const char *why = v->initializer ? "there twice" : take_tensor(p, &v->t, &status);
        if (why)
            return pm_fail(e, status, net->path, "initializer \"%.64s\": %s", text(p->name), why);
        v->initializer = v->constant = true;
        net->file_elements += v->t.count;
        free(p->raw_data.data); /* the elements are not needed twice */
        p->raw_data = (ProtobufCBinaryData){0};
        free(p->float_data);
        p->float_data = NULL;
        p->n_float_data = 0;
    }
    return PM_OK;
}

static pm_status take_port(struct pm_onnx *net, const Onnx__ValueInfoProto *p, struct pm_onnx_port *port,
                           struct pm_error *e) {
    const Onnx__TypeProto__Tensor *t =
        p->type && p->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? p->type->tensor_type : NULL;
    *port = (struct pm_onnx_port){.name = text(p->name), .type = PM_ONNX_FLOAT};
    if (!t || !pm_onnx_type_name(t->elem_type))
        return pm_fail(e, PM_EINVAL, net->path, "\"%.64s\" is no tensor of a type that is read", port->name);
    port->type = (enum pm_onnx_type)t->elem_type;
    if (!t->shape)
        return PM_OK;
    if (t->shape->n_dim > PM_ONNX_RANK)
        return pm_fail(e, PM_ERANGE, net->path, "\"%.64s\" has more than %d dimensions", port->name,
                       PM_ONNX_RANK);
    port->ranked = true;
    port->rank = (unsigned)t->shape->n_dim;
    for (unsigned d = 0; d < port->rank; d++) {
        const Onnx__TensorShapeProto__Dimension *dim = t->shape->dim[d];
        port->size[d].size = -1;
        if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value >= 0)
            port->size[d].size = dim->dim_value;
        else if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && dim->dim_param &&
                 *dim->dim_param && strcmp(dim->dim_param, "?") != 0)
            port->size[d].name = dim->dim_param;
    }
    return PM_OK;
}

/* Inputs without those that are initializers, too. */
static pm_status take_inputs(struct pm_onnx *net, const struct names *names, const Onnx__GraphProto *g,
                             struct pm_error *e) {
    for (size_t k = 0; k < g->n_input; k++) {
        const uint32_t v = value_of(net, names, text(g->input[k]->name));
        if (net->value[v].initializer)
            continue;
        if (net->value[v].input)
            return pm_fail(e, PM_EFORMAT, net->path, "input \"%.64s\" is there twice", net->value[v].name);
        net->value[v].input = true;
        const pm_status status = take_port(net, g->input[k], &net->input[net->inputs], e);
        if (status != PM_OK)
            return status;
        net->input_value[net->inputs++] = v;
    }
    return PM_OK;
}

static pm_status take_outputs(struct pm_onnx *net, const struct names *names, const Onnx__GraphProto *g,
                              struct pm_error *e) {
    for (size_t k = 0; k < g->n_output; k++) {
        const pm_status status = take_port(net, g->output[k], &net->output[k], e);
        if (status != PM_OK)
            return status;
        const uint32_t *slot = slot_of(names, net->value, text(g->output[k]->name));
        if (*slot == 0)
            return pm_fail(e, PM_EFORMAT, net->path, "output \"%.64s\" is made by no node",
                           net->output[k].name);
        net->output_value[net->outputs++] = *slot - 1;
        net->value[*slot - 1].users++;
    }
    return net->outputs ? PM_OK : pm_fail(e, PM_EFORMAT, net->path, "a graph without outputs");
}

static pm_status take_node(struct pm_onnx *net, const struct names *names, const Onnx__NodeProto *p,
                           unsigned index, unsigned **list, char **made, struct pm_error *e) {
    struct pm_onnx_node *node = &net->node[index];
    *node = (struct pm_onnx_node){.proto = p,
                                  .type = text(p->op_type),
                                  .name = text(p->name),
                                  .inputs = (unsigned)p->n_input,
                                  .outputs = (unsigned)p->n_output,
                                  .norm = PM_ONNX_NONE,
                                  .attention = PM_ONNX_NONE};
    if (!*node->name) {
        node->name = *made;
        *made += sprintf(*made, "%s_%u", node->type, index) + 1;
    }
    node->op = pm_onnx_operator_find(text(p->domain), node->type);
    node->in = *list;
    node->out = node->in + node->inputs;
    *list = node->out + node->outputs;
    for (unsigned k = 0; k < node->inputs; k++)
        node->in[k] = *p->input[k] ? value_of(net, names, p->input[k]) : PM_ONNX_NONE;
    for (unsigned k = 0; k < node->outputs; k++) {
        node->out[k] = PM_ONNX_NONE;
        if (!*p->output[k])
            continue;
        struct pm_onnx_value *v = &net->value[node->out[k] = value_of(net, names, p->output[k])];
        if (v->initializer || v->producer != PM_ONNX_NONE || v->input)
            return pm_fail(e, PM_EFORMAT, net->path,
                           "node \"%.64s\" (%.64s): its output \"%.64s\" is there twice", node->name,
                           node->type, v->name);
        v->producer = index;
    }
    return PM_OK;
}

/* Every input comes from somewhere. */
static pm_status check_inputs(struct pm_onnx *net, struct pm_error *e) {
    for (unsigned i = 0; i < net->nodes; i++)
        for (unsigned k = 0; k < net->node[i].inputs; k++) {
            const uint32_t in = net->node[i].in[k];
            if (in == PM_ONNX_NONE)
                continue;
            struct pm_onnx_value *v = &net->value[in];
            if (!v->initializer && v->producer == PM_ONNX_NONE && !v->input)
                return pm_fail(e, PM_EFORMAT, net->path,
                               "node \"%.64s\" (%.64s): its input \"%.64s\" comes from nowhere",
                               net->node[i].name, net->node[i].type, v->name);
            v->users++;
        }
    return PM_OK;
}

/* ---- order ---- */

struct visit {
    unsigned node, next; /* the input to go to next */
};

/* Appends `from` and, before it, what it needs; false: it needs itself. */
static bool visit(const struct pm_onnx *net, unsigned from, unsigned char *state, struct visit *stack,
                  unsigned *order, unsigned *count) {
    unsigned depth = 0;
    stack[depth++] = (struct visit){from, 0};
    state[from] = 1;
    while (depth > 0) {
        struct visit *v = &stack[depth - 1];
        const struct pm_onnx_node *node = &net->node[v->node];
        if (v->next == node->inputs) {
            state[v->node] = 2;
            order[(*count)++] = v->node;
            depth--;
            continue;
        }
        const uint32_t in = node->in[v->next++];
        const unsigned producer = in == PM_ONNX_NONE ? PM_ONNX_NONE : net->value[in].producer;
        if (producer == PM_ONNX_NONE || state[producer] == 2)
            continue;
        if (state[producer] == 1)
            return false;
        state[producer] = 1;
        stack[depth++] = (struct visit){producer, 0};
    }
    return true;
}

/* Nodes in an order in which each follows what it reads: the file's, where that is one. */
static pm_status sort_nodes(struct pm_onnx *net, struct pm_error *e) {
    const size_t n = net->nodes ? net->nodes : 1;
    unsigned char *state = calloc(n, 1);
    struct visit *stack = malloc(n * sizeof *stack);
    unsigned *order = malloc(n * sizeof *order), count = 0;
    struct pm_onnx_node *sorted = malloc(n * sizeof *sorted);
    pm_status status =
        state && stack && order && sorted ? PM_OK : pm_fail(e, PM_ENOMEM, net->path, "out of memory");
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++)
        if (state[i] == 0 && !visit(net, i, state, stack, order, &count))
            status = pm_fail(e, PM_EFORMAT, net->path,
                             "a cyclic graph: node \"%.64s\" (%.64s) needs its own output", net->node[i].name,
                             net->node[i].type);
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++) {
        sorted[i] = net->node[order[i]];
        for (unsigned k = 0; k < sorted[i].outputs; k++)
            if (sorted[i].out[k] != PM_ONNX_NONE)
                net->value[sorted[i].out[k]].producer = i;
    }
    if (status == PM_OK) {
        free(net->node);
        net->node = sorted;
        sorted = NULL;
    }
    free(state);
    free(stack);
    free(order);
    free(sorted);
    return status;
}

/* ---- all of it ---- */

static pm_status check_opset(struct pm_onnx *net, const Onnx__ModelProto *m, struct pm_error *e) {
    int64_t opset = -1;
    for (size_t k = 0; k < m->n_opset_import; k++)
        if (!*text(m->opset_import[k]->domain) || strcmp(m->opset_import[k]->domain, "ai.onnx") == 0)
            opset = m->opset_import[k]->version;
    if (opset < 11 || opset > 18)
        return pm_fail(e, PM_EINVAL, net->path,
                       opset < 0 ? "no opset of ONNX is named" : "opset %" PRId64 "; 11 to 18 are read",
                       opset);
    net->opset = (unsigned)opset;
    return PM_OK;
}

static pm_status allocate(struct pm_onnx *net, const Onnx__GraphProto *g, struct names *names, char **made,
                          struct pm_error *e) {
    size_t values = g->n_initializer + g->n_input + g->n_output, listed = 0, text_bytes = 0;
    for (size_t i = 0; i < g->n_node; i++) {
        listed += g->node[i]->n_input + g->node[i]->n_output;
        text_bytes += strlen(text(g->node[i]->op_type)) + 12;
    }
    values += listed;
    names->slots = 16;
    while (names->slots < 2 * values)
        names->slots *= 2;
    const bool fits = values < PM_ONNX_NONE;
    names->slot = fits ? calloc(names->slots, sizeof *names->slot) : NULL;
    net->value = fits ? calloc(values + 1, sizeof *net->value) : NULL;
    net->node = calloc(g->n_node + 1, sizeof *net->node);
    net->input = calloc(g->n_input + 1, sizeof *net->input);
    net->output = calloc(g->n_output + 1, sizeof *net->output);
    net->input_value = calloc(g->n_input + 1, sizeof *net->input_value);
    net->output_value = calloc(g->n_output + 1, sizeof *net->output_value);
    net->lists = calloc(listed + 1, sizeof *net->lists);
    *made = net->names = malloc(text_bytes + 1);
    return names->slot && net->value && net->node && net->input && net->output && net->input_value &&
                   net->output_value && net->lists && net->names
               ? PM_OK
               : pm_fail(e, PM_ENOMEM, net->path, "out of memory");
}

static pm_status take_graph(struct pm_onnx *net, Onnx__GraphProto *g, struct pm_error *e) {
    struct names names = {0};
    unsigned *list;
    char *made;
    pm_status status = allocate(net, g, &names, &made, e);
    if (status == PM_OK && g->n_sparse_initializer)
        status = pm_fail(e, PM_EINVAL, net->path, "sparse initializers");
    if (status == PM_OK)
        status = take_initializers(net, &names, g, e);
    if (status == PM_OK)
        status = take_inputs(net, &names, g, e);
    list = net->lists;
    for (; status == PM_OK && net->nodes < g->n_node; net->nodes += status == PM_OK)
        status = take_node(net, &names, g->node[net->nodes], net->nodes, &list, &made, e);
    if (status == PM_OK)
        status = take_outputs(net, &names, g, e);
    if (status == PM_OK)
        status = check_inputs(net, e);
    if (status == PM_OK)
        status = sort_nodes(net, e);
    free(names.slot);
    return status;
}

pm_status pm_onnx_read(const char *path, struct pm_onnx *net, struct pm_error *e) {
    Onnx__ModelProto *model = NULL;
    pm_status status = read_message(path, &model, e);
    if (status != PM_OK)
        return status;
    net->model = model;
    if (!model->graph)
        return pm_fail(e, PM_EFORMAT, path, "not an ONNX file: it has no graph");
    status = check_opset(net, model, e);
    return status == PM_OK ? take_graph(net, model->graph, e) : status;
}

void pm_onnx_read_free(struct pm_onnx *net) {
    if (net->model)
        onnx__model_proto__free_unpacked(net->model, NULL);
}

const char *pm_onnx_producer(const struct pm_onnx *net) {
    return ((const Onnx__ModelProto *)net->model)->producer_name;
}
