// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `part` takes the place of what follows the last point of the node's name. */
static void add(struct pm_policy *p, unsigned node, const char *name, const char *part,
                enum pm_policy_what what, struct pm_xbar_layer shape) {
    struct pm_policy_layer *l = &p->layer[p->layers++];
    const char *point = strrchr(name, '.');
    const int length = (int)(*part && point ? point - name + 1 : (ptrdiff_t)strlen(name));
    *l = (struct pm_policy_layer){.node = node, .what = what, .w = 8, .a = 8, .shape = shape};
    snprintf(l->name, sizeof l->name, "%.*s%s", length, name, part);
}

pm_status pm_policy_new(struct pm_policy *p, const struct pm_graph *g) {
    *p = (struct pm_policy){.layer = calloc(2 * (size_t)g->nodes + 1, sizeof *p->layer)};
    if (!p->layer)
        return PM_ENOMEM;
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_node *node = &g->node[i];
        const int64_t n = pm_node_rows(node, g->tokens);
        if (node->kind == PM_NODE_MATRIX) {
            const struct pm_xbar_layer shape = {node->matrix->in, node->matrix->out, n, 1};
            add(p, i, node->name, "", PM_POLICY_MATRIX, shape);
        } else if (node->kind == PM_NODE_HEADS && !node->causal) { /* q k^T: keys are written; A v: values */
            const int64_t heads = node->heads, dk = node->width / heads;
            add(p, i, node->name, "qk", PM_POLICY_QK, (struct pm_xbar_layer){dk, n, n, heads});
            add(p, i, node->name, "av", PM_POLICY_AV, (struct pm_xbar_layer){n, dk, n, heads});
        }
    }
    return PM_OK;
}

void pm_policy_free(struct pm_policy *p) {
    free(p->layer);
    *p = (struct pm_policy){0};
}

static struct pm_policy_layer *named(const struct pm_policy *p, const char *name) {
    for (unsigned i = 0; i < p->layers; i++)
        if (strcmp(p->layer[i].name, name) == 0)
            return &p->layer[i];
    return NULL;
}

static pm_status take(struct pm_policy *p, const struct pm_json *d, const cJSON *item, unsigned cell,
                      bool *seen) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
    struct pm_policy_layer *l = cJSON_IsString(name) ? named(p, name->valuestring) : NULL;
    int64_t w, a;
    if (!cJSON_IsString(name))
        return pm_json_fail(d, PM_EFORMAT, "a layer of \"layers\" has no name");
    if (!l)
        return pm_json_fail(d, PM_EINVAL, "%s is no matrix or product of the network", name->valuestring);
    pm_status status = pm_json_integer(d, item, "w", 2, 8, &w);
    if (status == PM_OK)
        status = pm_json_integer(d, item, "a", 2, 8, &a);
    if (status != PM_OK)
        return status;
    const bool end = l == p->layer || l == p->layer + p->layers - 1;
    if (w % cell != 0 && !(end && w == 8))
        return pm_json_fail(d, PM_EINVAL, "%s: w=%d is no multiple of %u bits a cell", name->valuestring,
                            (int)w, cell);
    if (seen[l - p->layer])
        return pm_json_fail(d, PM_EINVAL, "%s stands twice", name->valuestring);
    seen[l - p->layer] = true;
    l->w = (unsigned)w;
    l->a = (unsigned)a;
    return PM_OK;
}

/* Layer i, which the policy does not name. */
static pm_status leave(struct pm_policy *p, const struct pm_json *d, unsigned i, const bool *seen) {
    struct pm_policy_layer *l = &p->layer[i];
    const unsigned other = l->what == PM_POLICY_QK ? i + 1 : i - 1;
    if (l->what == PM_POLICY_MATRIX || seen[other])
        return pm_json_fail(d, PM_EINVAL, "%s is missing", l->name);
    l->w = l->a = 0;
    return PM_OK;
}

static pm_status take_all(struct pm_policy *p, const struct pm_json *d, unsigned cell) {
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(d->root, "layers"), *item;
    bool *seen = calloc(p->layers + 1, sizeof *seen);
    pm_status status = seen ? PM_OK : pm_json_fail(d, PM_ENOMEM, "out of memory");
    if (status == PM_OK && !cJSON_IsArray(layers))
        status = pm_json_fail(d, PM_EFORMAT, "\"layers\" is missing or no list");
    if (status == PM_OK)
        cJSON_ArrayForEach(item, layers) {
            status = take(p, d, item, cell, seen);
            if (status != PM_OK)
                break;
        }
    for (unsigned i = 0; i < p->layers && status == PM_OK; i++)
        if (!seen[i])
            status = leave(p, d, i, seen);
    free(seen);
    return status;
}

pm_status pm_policy_read(struct pm_policy *p, const struct pm_graph *g, const char *path, unsigned cell,
                         struct pm_error *e) {
    struct pm_json d = {path, e, NULL};
    pm_status status = pm_json_load(&d);
    if (status != PM_OK)
        return status;
    status = pm_policy_new(p, g);
    status = status == PM_OK ? take_all(p, &d, cell) : pm_json_fail(&d, status, "out of memory");
    cJSON_Delete(d.root);
    if (status != PM_OK)
        pm_policy_free(p);
    return status;
}

char *pm_policy_text(const struct pm_policy *p) {
    cJSON *root = cJSON_CreateObject(), *layers = cJSON_AddArrayToObject(root, "layers");
    bool ok = layers != NULL;
    for (unsigned i = 0; i < p->layers && ok; i++) {
        cJSON *l = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(layers, l) && cJSON_AddStringToObject(l, "name", p->layer[i].name) &&
             cJSON_AddNumberToObject(l, "w", p->layer[i].w) && cJSON_AddNumberToObject(l, "a", p->layer[i].a);
    }
    char *text = ok ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    return text;
}

pm_status pm_policy_place(const struct pm_policy *p, const struct pm_graph *g,
                          const struct pm_xbar_chip *chip, struct pm_plan *plan, struct pm_error *e) {
    pm_status status = PM_OK;
    for (unsigned i = 0; i < p->layers && status == PM_OK; i++) {
        const struct pm_policy_layer *l = &p->layer[i];
        const char *name = g->node[l->node].name;
        char text[192], size[64];
        snprintf(size, sizeof size, "cell=%u,rows=%d,cols=%d", chip->cell, (int)chip->rows, (int)chip->cols);
        if (l->w == 0 || l->what == PM_POLICY_AV) /* goes with q k^T */
            continue;
        if (l->what == PM_POLICY_MATRIX)
            snprintf(text, sizeof text, "%s=xbar,w=%u,a=%u,%s", name, l->w, l->a, size);
        else
            snprintf(text, sizeof text, "%s=products,qk-w=%u,qk-a=%u,av-w=%u,av-a=%u,%s", name, l->w, l->a,
                     l[1].w, l[1].a, size);
        status = pm_plan_place(plan, text, true, e);
    }
    return status;
}

int64_t pm_policy_time(const struct pm_policy *p, const struct pm_xbar_chip *chip) {
    int64_t sum = 0;
    for (unsigned i = 0; i < p->layers; i++) {
        const struct pm_policy_layer *l = &p->layer[i];
        int64_t t = 0, tiles;
        if (l->w == 0)
            continue;
        pm_xbar_cost(chip, &l->shape, l->w, l->a, &t,
                     &tiles); /* sizes of a network's layers: far from 64 bits */
        sum += t;
    }
    return sum;
}

bool pm_policy_crossbar(const char *text, struct pm_xbar_chip *chip) {
    int rows, cols, end = 0;
    if (sscanf(text, "%dx%d%n", &rows, &cols, &end) != 2 || text[end] != '\0' || rows < 16 ||
        rows > PM_XBAR_MAX_ROWS || cols < 2 || cols > 4096 || cols % 2 != 0)
        return false;
    chip->rows = rows;
    chip->cols = cols;
    return true;
}
