// SPDX-License-Identifier: Apache-2.0
/* `perimeter inspect`: an ONNX network as it is read. */
#include "commands.h"
#include "onnx_shapes.h"
#include "system/system.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    const char *model;
    struct pm_onnx_shapes shapes;
    struct pm_onnx *net;
    struct pm_onnx_tensor *input;
    struct pm_error error;
};

static void print_port(const char *what, const struct pm_onnx_port *p) {
    printf("%s\t%s\t%s\t", what, p->name, pm_onnx_type_name((int)p->type));
    if (!p->ranked) {
        puts("of any rank");
        return;
    }
    putchar('[');
    for (unsigned d = 0; d < p->rank; d++) {
        if (p->size[d].size >= 0)
            printf("%s%lld", d ? "," : "", (long long)p->size[d].size);
        else
            printf("%s%s", d ? "," : "", p->size[d].name ? p->size[d].name : "?");
    }
    puts("]");
}

static void print_systems(enum pm_node_kind kind) {
    const char *before = "";
    for (size_t i = 0; pm_systems[i]; i++)
        if (pm_systems[i]->takes & PM_TAKES(kind)) {
            printf("%s%s", before, pm_systems[i]->name);
            before = " ";
        }
}

static void print_layers(const struct pm_graph *g) {
    puts("layer\tin\tout\tvectors\tsystems");
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_node *n = &g->node[i];
        if (n->kind == PM_NODE_MATRIX)
            printf("%s\t%u\t%u\t%u\t", n->name, n->matrix->in, n->matrix->out, n->rows);
        else
            printf("%s\t%u\t%u\t%u\t", n->name, n->width, n->width, n->rows);
        print_systems(n->kind);
        putchar('\n');
    }
}

static void print_nodes(struct job *j, bool bound) {
    const struct pm_graph *g = pm_onnx_layers(j->net);
    uint64_t macs = 0, weights = 0;
    unsigned folded = 0;
    puts("node\toperator\tshape\tMACs");
    for (unsigned i = 0; i < pm_onnx_nodes(j->net); i++) {
        struct pm_onnx_info info;
        char text[160] = "?";
        pm_onnx_node_info(j->net, i, &info);
        folded += info.constant;
        if (info.constant)
            continue;
        if (bound && info.out)
            pm_onnx_shape_text(text, sizeof text, info.out->rank, info.out->shape);
        printf("%s\t%s\t%s\t%llu\n", info.name, info.op, text, (unsigned long long)info.macs);
        macs += info.macs;
    }
    if (bound)
        print_layers(g);
    for (unsigned i = 0; i < g->nodes; i++)
        weights +=
            g->node[i].kind == PM_NODE_MATRIX ? (uint64_t)g->node[i].matrix->in * g->node[i].matrix->out : 0;
    printf("nodes %u, %u of them constant; layers %u, their weights %llu; MACs %llu\n", pm_onnx_nodes(j->net),
           folded, g->nodes, (unsigned long long)weights, (unsigned long long)macs);
}

static pm_status inspect(struct job *j) {
    unsigned unsupported = 0;
    pm_status status = pm_onnx_load(j->model, &j->net, &j->error);
    if (status != PM_OK)
        return status;
    j->input = calloc(pm_onnx_inputs(j->net) + 1, sizeof *j->input);
    if (!j->input)
        return pm_fail(&j->error, PM_ENOMEM, j->model, "out of memory");
    status = pm_onnx_shapes_apply(&j->shapes, j->model, j->net, j->input, &j->error);
    if (status != PM_OK)
        return status;
    const char *producer = pm_onnx_producer(j->net);
    printf("%s: opset %u%s%s\n", j->model, pm_onnx_opset(j->net), producer ? ", made by " : "",
           producer ? producer : "");
    for (unsigned k = 0; k < pm_onnx_inputs(j->net); k++)
        print_port("input", pm_onnx_input(j->net, k));
    for (unsigned k = 0; k < pm_onnx_outputs(j->net); k++)
        print_port("output", pm_onnx_output(j->net, k));
    for (unsigned i = 0; i < pm_onnx_nodes(j->net); i++) {
        struct pm_error why;
        if (pm_onnx_unsupported(j->net, i, &why)) {
            printf("unsupported\t%s\n", why.text);
            unsupported++;
        }
    }
    struct pm_error why;
    const bool bound = unsupported == 0 && pm_onnx_bind(j->net, j->input, &why) == PM_OK;
    if (unsupported == 0 && !bound)
        printf("no shapes\t%s (--shape NAME=1,3,48,192 gives an input's)\n", why.text);
    print_nodes(j, bound);
    return PM_OK;
}

enum { OPTION_SHAPE = 256, OPTION_OPERATORS };

static const struct argp_option options[] = {
    {"shape", OPTION_SHAPE, "NAME=1,3,48,192", 0,
     "An input's shape; sizes that are not fixed are 1 otherwise", 0},
    {"operators", OPTION_OPERATORS, NULL, 0, "All operators that are supported, by domain", 0},
    {"help", 'h', NULL, 0, "This help", 0},
    {0},
};

static void print_operators(void) {
    const char *domain, *name;
    unsigned since;
    for (unsigned k = 0; (name = pm_onnx_supported(k, &domain, &since)) != NULL; k++)
        printf("%s%s%s\n", domain, *domain ? "." : "", name);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct job *j = state->input;
    switch (key) {
    case OPTION_SHAPE:
        return pm_onnx_shapes_add(&j->shapes, arg, &j->error) == PM_OK ? 0 : EINVAL;
    case OPTION_OPERATORS:
        print_operators();
        exit(fflush(stdout) == 0 ? 0 : 2);
    default:
        return pm_command_key(key, arg, state, "network", &j->model, &j->error);
    }
}

int pm_cmd_inspect(int argc, char **argv) {
    static const struct argp argp = {options,
                                     parse,
                                     "MODEL.onnx",
                                     "Shows an ONNX network as it is read: nodes and shapes, layers and who "
                                     "can compute them, what is not supported.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct job j = {0};
    pm_status status = PM_OK;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &j) != 0)
        status = PM_EINVAL;
    if (status == PM_OK && !j.model)
        status = pm_fail(&j.error, PM_EINVAL, "MODEL.onnx", "missing; see perimeter inspect --help");
    if (status == PM_OK)
        status = inspect(&j);
    if (status != PM_OK)
        pm_error_print(&j.error);
    free(j.input);
    pm_onnx_free(j.net);
    return status == PM_OK && fflush(stdout) == 0 ? 0 : 2;
}
