// SPDX-License-Identifier: Apache-2.0
/* What `perimeter chip` answers, as JSON and as text. */
#include "chip_query.h"
#include "io/results.h"

#include <stdlib.h>
#include <string.h>

/* ---- sums of the bill ---- */

/* By what the bill is added up. */
enum by { BY_COMPONENT, BY_LAYER, BY_ACTION, BY_SUM };

static void name_of(const struct pm_chip_query *q, const struct pm_chip_bill *b,
                    const struct pm_chip_entry *e, enum by by, char name[96]) {
    const char *dot = b->parts > 1 ? "." : "", *system = b->parts > 1 ? pm_chip_system_name[e->system] : "";
    switch (by) {
    case BY_COMPONENT:
        snprintf(name, 96, "%s%s%s", system, dot, e->component->name);
        break;
    case BY_LAYER:
        snprintf(name, 96, "%s", q->shape.layer[e->layer].name);
        break;
    case BY_ACTION:
        snprintf(name, 96, "%s%s%s", system, dot, e->action);
        break;
    default:
        snprintf(name, 96, "%s", pm_chip_sum_name[e->component->sum]);
    }
}

/* A growing list of names, each with its figure. */
struct sums {
    unsigned n, room;
    struct sum {
        char name[96];
        struct pm_figure v;
    } * of;
};

static struct pm_figure *sum_of(struct sums *s, const char *name) {
    for (unsigned i = s->n; i-- > 0;)
        if (strcmp(s->of[i].name, name) == 0)
            return &s->of[i].v;
    if (s->n == s->room) {
        const unsigned room = s->room ? 2 * s->room : 64;
        struct sum *more = realloc(s->of, room * sizeof *more);
        if (!more)
            return NULL;
        s->of = more;
        s->room = room;
    }
    s->of[s->n] = (struct sum){.v = {NAN, PM_CHIP_MEASURED}};
    snprintf(s->of[s->n].name, sizeof s->of[s->n].name, "%s", name);
    return &s->of[s->n++].v;
}

static bool add_up(const struct pm_chip_query *q, const struct pm_chip_bill *b, enum by by, bool counts,
                   struct sums *s) {
    char last[96] = "";
    for (unsigned i = 0; i < b->entries; i++) {
        const struct pm_chip_entry *e = &b->entry[i];
        char name[96];
        name_of(q, b, e, by, name);
        struct pm_figure *v = sum_of(s, name);
        if (!v)
            return false;
        /* An action's components have one count. */
        if (counts && i > 0 && e->layer == b->entry[i - 1].layer && strcmp(name, last) == 0)
            continue;
        strcpy(last, name);
        const struct pm_figure add = counts ? pm_figure(e->count, e->uj.kind) : e->uj;
        if (!isnan(add.value))
            *v = isnan(v->value) ? add : pm_figure_plus(*v, add);
    }
    return true;
}

/* ---- JSON ---- */

static bool add_figure(cJSON *to, const char *key, struct pm_figure v, const char *unit) {
    cJSON *f = cJSON_AddObjectToObject(to, key);
    return f &&
           (isfinite(v.value) ? cJSON_AddNumberToObject(f, "value", v.value)
                              : cJSON_AddNullToObject(f, "value")) &&
           cJSON_AddStringToObject(f, "unit", unit ? unit : "1") &&
           cJSON_AddStringToObject(f, "kind", pm_chip_kind_name[v.kind]);
}

static bool add_figures(cJSON *to, const struct pm_chip_named *f, unsigned n) {
    bool ok = true;
    for (unsigned i = 0; i < n; i++)
        ok = ok && add_figure(to, f[i].key, f[i].v, f[i].unit);
    return ok;
}

static bool add_sums(const struct pm_chip_query *q, const struct pm_chip_bill *b, enum by by, bool counts,
                     const char *key, cJSON *to) {
    struct sums s = {0};
    cJSON *object = cJSON_AddObjectToObject(to, key);
    bool ok = object && (by != BY_SUM || sum_of(&s, "leakage")) && add_up(q, b, by, counts, &s);
    for (unsigned i = 0; i < s.n && ok; i++)
        ok = add_figure(object, s.of[i].name, s.of[i].v, counts ? NULL : "uJ");
    free(s.of);
    return ok;
}

/* How many of a component there are in a chip. */
static double count_of(const struct pm_chip_table *t, const struct pm_chip_component *c) {
    double n = c->count;
    while (*c->parent && (c = pm_chip_component(t, c->parent)) != NULL)
        n *= c->count;
    return n;
}

/* Components of a table are many; those of the chip have its area. */
static bool add_areas(const struct pm_chip_query *q, const struct pm_chip_bill *b, cJSON *to) {
    cJSON *object = cJSON_AddObjectToObject(to, "area");
    bool ok = object != NULL;
    for (unsigned p = 0; p < b->parts; p++) {
        const struct pm_chip_table *t = &q->table[b->part[p].system];
        const struct pm_figure chips = pm_chip_figure(b, "chips");
        const double many = b->part[p].system == PM_CHIP_HYFLEXPIM && !isnan(chips.value) ? chips.value : 1;
        for (unsigned i = 0; i < t->n && ok; i++) {
            const struct pm_chip_component *c = &t->component[i];
            char name[96];
            snprintf(name, sizeof name, "%s%s%s", b->parts > 1 ? pm_chip_system_name[b->part[p].system] : "",
                     b->parts > 1 ? "." : "", c->name);
            ok = add_figure(object, name, pm_figure(c->area_mm2 * count_of(t, c) * many, c->kind), "mm2");
        }
    }
    return ok;
}

static bool add_name(cJSON *to, const char *format, const char *a, const char *b) {
    char text[160];
    snprintf(text, sizeof text, format, a, b);
    cJSON *item = cJSON_CreateString(text);
    return item && cJSON_AddItemToArray(to, item);
}

/* What is left out: figures, energies, areas, and layers that the host computes. */
static bool add_unknown(const struct pm_chip_query *q, const struct pm_chip_bill *b, cJSON *to) {
    cJSON *list = cJSON_AddArrayToObject(to, "unknown");
    bool ok = list != NULL;
    for (unsigned i = 0; i < b->figures && ok; i++)
        if (!isfinite(b->figure[i].v.value))
            ok = add_name(list, "%s%s", b->figure[i].key, "");
    for (unsigned p = 0; p < b->parts; p++) {
        const struct pm_chip_table *t = &q->table[b->part[p].system];
        for (unsigned i = 0; i < b->part[p].figures && ok; i++)
            if (!isfinite(b->part[p].figure[i].v.value))
                ok = add_name(list, "%s%s", b->part[p].figure[i].key, "");
        for (unsigned i = 0; i < t->n && ok; i++) {
            const struct pm_chip_component *c = &t->component[i];
            const struct pm_figure area = pm_chip_area(t, c->name);
            if (*c->action && isnan(c->power_mw) && isnan(c->energy_pj))
                ok = add_name(list, "%s.%s.energy_pj", pm_chip_system_name[b->part[p].system], c->name);
            if (ok && isnan(area.value))
                ok = add_name(list, "%s.%s.area_mm2", pm_chip_system_name[b->part[p].system], c->name);
        }
    }
    for (unsigned k = 0; k < q->shape.matrices && ok; k++)
        if (q->system[k] == PM_CHIP_HOST)
            ok = add_name(list, "host: %s%s", q->shape.matrix[k].name, "");
    for (unsigned i = 0; i < q->shape.layers && ok; i++)
        if (q->shape.layer[i].attention && !pm_chip_attends(&q->job, i, PM_CHIP_HYFLEXPIM) &&
            !pm_chip_attends(&q->job, i, PM_CHIP_FLARE))
            ok = add_name(list, "host: products of attention, %s%s", q->shape.layer[i].name, "");
    return ok;
}

static bool add_network(const struct pm_chip_query *q, cJSON *to) {
    cJSON *object = cJSON_AddObjectToObject(to, "network");
    double macs = 0;
    for (unsigned k = 0; k < q->shape.matrices; k++)
        macs += pm_chip_macs(&q->shape.matrix[k]);
    return object && cJSON_AddStringToObject(object, "path", q->network_path) &&
           cJSON_AddNumberToObject(object, "layers", q->shape.layers) &&
           cJSON_AddNumberToObject(object, "matrices", q->shape.matrices) &&
           cJSON_AddStringToObject(object, "item", q->shape.images ? "image" : "token") &&
           cJSON_AddNumberToObject(object, "items", (double)q->shape.items) &&
           cJSON_AddNumberToObject(object, "macs_an_item", macs);
}

/* The settings as they were used. */
static bool add_settings(const struct pm_chip_query *q, cJSON *to) {
    struct pm_results *r = pm_results_new();
    if (r)
        pm_settings_results(q->settings, r);
    char *text = r ? pm_results_json(r, false) : NULL;
    cJSON *object = text ? cJSON_Parse(text) : NULL;
    free(text);
    pm_results_free(r);
    return object && cJSON_AddItemToObject(to, "settings", object);
}

char *pm_chip_json(const struct pm_chip_query *q, const struct pm_chip_bill *b) {
    cJSON *root = cJSON_CreateObject(), *breakdown;
    bool ok = root && cJSON_AddStringToObject(
                          root, "system", b->parts > 1 ? "mixed" : pm_chip_system_name[b->part[0].system]);
    ok = ok && add_network(q, root) && add_settings(q, root) && add_figures(root, b->figure, b->figures);
    for (unsigned p = 0; p < b->parts; p++)
        ok = ok && add_figures(root, b->part[p].figure, b->part[p].figures);
    ok = ok && (breakdown = cJSON_AddObjectToObject(root, "breakdown")) != NULL &&
         add_sums(q, b, BY_COMPONENT, false, "component", breakdown) &&
         add_sums(q, b, BY_LAYER, false, "layer", breakdown) &&
         add_sums(q, b, BY_ACTION, false, "action", breakdown) &&
         add_sums(q, b, BY_SUM, false, "sum", breakdown) && add_areas(q, b, breakdown) &&
         add_sums(q, b, BY_ACTION, true, "actions", root) && add_unknown(q, b, root);
    char *text = ok ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    return text;
}

/* ---- text ---- */

static void print_figure(const char *key, struct pm_figure v, const char *unit, FILE *to) {
    if (isfinite(v.value))
        fprintf(to, "  %-28s %12.6g %s  %s\n", key, v.value, pm_chip_kind_name[v.kind], unit ? unit : "");
    else
        fprintf(to, "  %-28s %12s    %s\n", key, "unknown", unit ? unit : "");
}

static void print_sums(const struct pm_chip_query *q, const struct pm_chip_bill *b, enum by by,
                       const char *title, FILE *to) {
    struct sums s = {0};
    if (add_up(q, b, by, false, &s)) {
        fprintf(to, "\n  uJ %s, by %s\n", q->shape.images ? "an image" : "a token", title);
        for (unsigned i = 0; i < s.n; i++)
            if (isfinite(s.of[i].v.value))
                fprintf(to, "  %-28s %12.6g %s %6.2f %%\n", s.of[i].name, s.of[i].v.value,
                        pm_chip_kind_name[s.of[i].v.kind], 100 * s.of[i].v.value / b->energy_uj.value);
            else
                fprintf(to, "  %-28s %12s\n", s.of[i].name, "unknown");
    }
    free(s.of);
}

void pm_chip_print(const struct pm_chip_query *q, const struct pm_chip_bill *b, FILE *to) {
    fprintf(to, "perimeter chip: %s on", q->network_path);
    for (unsigned p = 0; p < b->parts; p++)
        fprintf(to, " %s", pm_chip_system_name[b->part[p].system]);
    fputs(": ", to);
    pm_settings_print(q->settings, to);
    fputs(
        "\n  M measured here, S the source's, X public, A assumed: the worst of what a figure is made of\n\n",
        to);
    for (unsigned i = 0; i < b->figures; i++)
        print_figure(b->figure[i].key, b->figure[i].v, b->figure[i].unit, to);
    for (unsigned p = 0; p < b->parts; p++)
        for (unsigned i = 0; i < b->part[p].figures; i++)
            print_figure(b->part[p].figure[i].key, b->part[p].figure[i].v, b->part[p].figure[i].unit, to);
    print_sums(q, b, BY_COMPONENT, "component", to);
    print_sums(q, b, BY_ACTION, "action", to);
}
