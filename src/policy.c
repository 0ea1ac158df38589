// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pm_status pm_policy_new(struct pm_policy *p, const struct pm_graph *g) {
    *p = (struct pm_policy){.layer = calloc(g->nodes, sizeof *p->layer)};
    if (!p->layer)
        return PM_ENOMEM;
    for (unsigned i = 0; i < g->nodes; i++)
        if (g->node[i].kind == PM_NODE_MATRIX) {
            const struct pm_matrix *m = g->node[i].matrix;
            p->layer[p->layers++] =
                (struct pm_policy_layer){i, 8, 8, {m->in, m->out, pm_node_rows(&g->node[i], g->tokens), 1}};
        }
    return PM_OK;
}

void pm_policy_free(struct pm_policy *p) {
    free(p->layer);
    *p = (struct pm_policy){0};
}

static struct pm_policy_layer *named(const struct pm_policy *p, const struct pm_graph *g, const char *name) {
    for (unsigned i = 0; i < p->layers; i++)
        if (strcmp(g->node[p->layer[i].node].name, name) == 0)
            return &p->layer[i];
    return NULL;
}

static pm_status take(struct pm_policy *p, const struct pm_graph *g, const struct pm_json *d,
                      const cJSON *item, unsigned cell, bool *seen) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
    struct pm_policy_layer *l = cJSON_IsString(name) ? named(p, g, name->valuestring) : NULL;
    int64_t w, a;
    if (!cJSON_IsString(name))
        return pm_json_fail(d, PM_EFORMAT, "a layer of \"layers\" has no name");
    if (!l)
        return pm_json_fail(d, PM_EINVAL, "%s is no matrix of the network", name->valuestring);
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

static pm_status take_all(struct pm_policy *p, const struct pm_graph *g, const struct pm_json *d,
                          unsigned cell) {
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(d->root, "layers"), *item;
    bool *seen = calloc(p->layers + 1, sizeof *seen);
    pm_status status = seen ? PM_OK : pm_json_fail(d, PM_ENOMEM, "out of memory");
    if (status == PM_OK && !cJSON_IsArray(layers))
        status = pm_json_fail(d, PM_EFORMAT, "\"layers\" is missing or no list");
    if (status == PM_OK)
        cJSON_ArrayForEach(item, layers) {
            status = take(p, g, d, item, cell, seen);
            if (status != PM_OK)
                break;
        }
    for (unsigned i = 0; i < p->layers && status == PM_OK; i++)
        if (!seen[i])
            status = pm_json_fail(d, PM_EINVAL, "%s is missing", g->node[p->layer[i].node].name);
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
    status = status == PM_OK ? take_all(p, g, &d, cell) : pm_json_fail(&d, status, "out of memory");
    cJSON_Delete(d.root);
    if (status != PM_OK)
        pm_policy_free(p);
    return status;
}

char *pm_policy_text(const struct pm_policy *p, const struct pm_graph *g) {
    cJSON *root = cJSON_CreateObject(), *layers = cJSON_AddArrayToObject(root, "layers");
    bool ok = layers != NULL;
    for (unsigned i = 0; i < p->layers && ok; i++) {
        cJSON *l = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(layers, l) &&
             cJSON_AddStringToObject(l, "name", g->node[p->layer[i].node].name) &&
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
        char text[160];
        snprintf(text, sizeof text, "%s=xbar,w=%u,a=%u,cell=%u,rows=%d,cols=%d",
                 g->node[p->layer[i].node].name, p->layer[i].w, p->layer[i].a, chip->cell, (int)chip->rows,
                 (int)chip->cols);
        status = pm_plan_place(plan, text, true, e);
    }
    return status;
}

int64_t pm_policy_time(const struct pm_policy *p, const struct pm_xbar_chip *chip) {
    int64_t sum = 0;
    for (unsigned i = 0; i < p->layers; i++) {
        const struct pm_policy_layer *l = &p->layer[i];
        int64_t t = 0, tiles;
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
