// SPDX-License-Identifier: Apache-2.0
/* `perimeter inspect`: an ONNX network as it is read. */
#include "commands.h"
#include "net/onnx.h"
#include "system/system.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPES 64

struct job {
    const char *model, *shape[SHAPES]; /* "NAME=1,3,48,192" */
    unsigned shapes;
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

/* Shapes as given; what is not fixed is 1. */
static pm_status shape_inputs(struct job *j) {
    for (unsigned k = 0; k < pm_onnx_inputs(j->net); k++) {
        const struct pm_onnx_port *p = pm_onnx_input(j->net, k);
        size_t shape[PM_ONNX_RANK];
        for (unsigned d = 0; d < p->rank; d++)
            shape[d] = p->size[d].size >= 0 ? (size_t)p->size[d].size : 1;
        if (pm_onnx_shape(&j->input[k], p->type, p->rank, shape) != PM_OK)
            return pm_fail(&j->error, PM_ERANGE, j->model, "input \"%.64s\" is too large", p->name);
    }
    for (unsigned i = 0; i < j->shapes; i++) {
        const char *text = j->shape[i], *equals = strrchr(text, '=');
        char name[512];
        size_t shape[PM_ONNX_RANK];
        unsigned rank;
        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - text) : 0, text);
        const int k = equals ? pm_onnx_find_input(j->net, name) : -1;
        if (k < 0 || !parse_shape(equals + 1, &rank, shape))
            return pm_fail(&j->error, PM_EINVAL, text, "not an input and its shape, as in x=1,3,48,192");
        if (pm_onnx_shape(&j->input[k], pm_onnx_input(j->net, (unsigned)k)->type, rank, shape) != PM_OK)
            return pm_fail(&j->error, PM_ERANGE, text, "too large");
    }
    return PM_OK;
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
    status = shape_inputs(j);
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
        if (j->shapes == SHAPES)
            return pm_fail(&j->error, PM_ERANGE, "--shape", "more than %d", SHAPES), EINVAL;
        j->shape[j->shapes++] = arg;
        return 0;
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
