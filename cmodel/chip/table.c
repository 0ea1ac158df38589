// SPDX-License-Identifier: Apache-2.0
#include "chip/table.h"

#include <string.h>

const char *const pm_chip_sum_name[PM_CHIP_SUMS] = {"array",           "adc",          "accumulation",
                                                    "other_periphery", "interconnect", "leakage"};

/* A text of a row; absent: "". */
static pm_status text(const struct pm_json *j, const cJSON *row, const char *key, char to[32]) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    *to = 0;
    if (!item || cJSON_IsNull(item))
        return PM_OK;
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= 32)
        return pm_json_fail(j, PM_EFORMAT, "a component's \"%s\" is no text of at most 31 characters", key);
    strcpy(to, item->valuestring);
    return PM_OK;
}

/* A number of a row; null and absent: NAN. */
static pm_status number(const struct pm_json *j, const cJSON *row, const char *key, double *to) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    *to = NAN;
    return !item || cJSON_IsNull(item) ? PM_OK : pm_json_real(j, row, key, 0, 1e12, to);
}

static pm_status choice(const struct pm_json *j, const char *name, const char *key, const char *value,
                        const char *const *of, unsigned n, unsigned *to) {
    for (unsigned k = 0; k < n; k++)
        if (strcmp(value, of[k]) == 0) {
            *to = k;
            return PM_OK;
        }
    return pm_json_fail(j, PM_EFORMAT, "component \"%s\": no such %s, \"%s\"", name, key, value);
}

static pm_status read_row(const struct pm_json *j, const cJSON *row, struct pm_chip_component *c) {
    static const char *const keys[] = {"name",      "parent", "action", "count", "area_mm2", "power_mw",
                                       "energy_pj", "size",   "kind",   "sum",   "source"};
    char kind[32], sum[32];
    unsigned k = 0;
    const cJSON *item;
    if (!cJSON_IsObject(row))
        return pm_json_fail(j, PM_EFORMAT, "\"components\" has what is no object");
    cJSON_ArrayForEach(item, row) {
        for (k = 0; k < sizeof keys / sizeof *keys && strcmp(item->string, keys[k]) != 0; k++)
            ;
        if (k == sizeof keys / sizeof *keys)
            return pm_json_fail(j, PM_EINVAL, "a component has no key \"%.60s\"", item->string);
    }
    *c = (struct pm_chip_component){.count = 1};
    pm_status status = text(j, row, "name", c->name);
    if (status == PM_OK && !*c->name)
        status = pm_json_fail(j, PM_EFORMAT, "a component has no \"name\"");
    if (status == PM_OK)
        status = text(j, row, "parent", c->parent);
    if (status == PM_OK)
        status = text(j, row, "action", c->action);
    if (status == PM_OK)
        status = text(j, row, "kind", kind);
    if (status == PM_OK)
        status = text(j, row, "sum", sum);
    if (status == PM_OK && cJSON_GetObjectItemCaseSensitive(row, "count"))
        status = pm_json_real(j, row, "count", 0, 1e9, &c->count);
    if (status == PM_OK)
        status = number(j, row, "area_mm2", &c->area_mm2);
    if (status == PM_OK)
        status = number(j, row, "power_mw", &c->power_mw);
    if (status == PM_OK)
        status = number(j, row, "energy_pj", &c->energy_pj);
    if (status == PM_OK)
        status = number(j, row, "size", &c->size);
    if (status == PM_OK && c->size <= 0)
        status = pm_json_fail(j, PM_ERANGE, "component \"%s\": \"size\" is not above 0", c->name);
    if (status == PM_OK)
        status = choice(j, c->name, "kind", kind, pm_chip_kind_name, PM_CHIP_KINDS, &k);
    c->kind = (enum pm_chip_kind)k;
    c->sum = PM_CHIP_SUM_PERIPHERY;
    if (status == PM_OK && *sum)
        status = choice(j, c->name, "sum", sum, pm_chip_sum_name, PM_CHIP_SUMS, &c->sum);
    return status;
}

static struct pm_chip_component *find(struct pm_chip_table *t, const char *name) {
    for (unsigned i = 0; i < t->n; i++)
        if (strcmp(t->component[i].name, name) == 0)
            return &t->component[i];
    return NULL;
}

/* Each parent is there, and nothing is inside itself. */
static pm_status check_tree(const struct pm_chip_table *t, const struct pm_json *j) {
    for (unsigned i = 0; i < t->n; i++) {
        const struct pm_chip_component *c = &t->component[i];
        for (unsigned depth = 0; *c->parent; depth++) {
            const struct pm_chip_component *up = pm_chip_component(t, c->parent);
            if (!up)
                return pm_json_fail(j, PM_EFORMAT, "component \"%s\": no such parent, \"%s\"", c->name,
                                    c->parent);
            if (depth > 8)
                return pm_json_fail(j, PM_EFORMAT, "component \"%s\": parents nest more than 8 deep",
                                    t->component[i].name);
            c = up;
        }
    }
    return PM_OK;
}

pm_status pm_chip_table_read(struct pm_chip_table *t, const struct pm_json *json) {
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json->root, "components"), *row;
    if (!rows)
        return PM_OK;
    if (!cJSON_IsArray(rows))
        return pm_json_fail(json, PM_EFORMAT, "\"components\" is no list");
    const unsigned before = t->n;
    struct pm_chip_table new = {.n = 0};
    cJSON_ArrayForEach(row, rows) {
        struct pm_chip_component c;
        const pm_status status = read_row(json, row, &c);
        if (status != PM_OK)
            return status;
        if (find(&new, c.name))
            return pm_json_fail(json, PM_EFORMAT, "component \"%s\" is there twice", c.name);
        if (new.n == PM_CHIP_COMPONENTS)
            return pm_json_fail(json, PM_ERANGE, "more than %d components", PM_CHIP_COMPONENTS);
        new.component[new.n++] = c;
    }
    for (unsigned i = 0; i < new.n; i++) {
        struct pm_chip_component *old = find(t, new.component[i].name);
        if (!old && t->n == PM_CHIP_COMPONENTS) {
            t->n = before;
            return pm_json_fail(json, PM_ERANGE, "more than %d components", PM_CHIP_COMPONENTS);
        }
        *(old ? old : &t->component[t->n++]) = new.component[i];
    }
    return check_tree(t, json);
}

bool pm_chip_table_set(struct pm_chip_table *t, const char *name, const char *key, double value) {
    struct pm_chip_component *c = find(t, name);
    double *at = !c                              ? NULL
                 : strcmp(key, "count") == 0     ? &c->count
                 : strcmp(key, "area_mm2") == 0  ? &c->area_mm2
                 : strcmp(key, "power_mw") == 0  ? &c->power_mw
                 : strcmp(key, "energy_pj") == 0 ? &c->energy_pj
                                                 : NULL;
    if (!at || (at == &c->count && isnan(value)))
        return false;
    *at = value;
    c->kind = PM_CHIP_ASSUMED;
    return true;
}

const struct pm_chip_component *pm_chip_component(const struct pm_chip_table *t, const char *name) {
    for (unsigned i = 0; i < t->n; i++)
        if (strcmp(t->component[i].name, name) == 0)
            return &t->component[i];
    return NULL;
}

struct pm_figure pm_chip_area(const struct pm_chip_table *t, const char *name) {
    const struct pm_chip_component *c = pm_chip_component(t, name);
    struct pm_figure sum = {NAN, c ? c->kind : PM_CHIP_MEASURED};
    if (c && !isnan(c->area_mm2))
        return pm_figure(c->area_mm2, c->kind);
    for (unsigned i = 0; i < t->n; i++) {
        const struct pm_chip_component *part = &t->component[i];
        if (strcmp(part->parent, name) != 0)
            continue;
        const struct pm_figure area = pm_figure_scaled(pm_chip_area(t, part->name), part->count);
        if (!isnan(area.value))
            sum = isnan(sum.value) ? area : pm_figure_plus(sum, area);
    }
    return sum;
}

struct pm_figure pm_chip_power(const struct pm_chip_table *t, const char *name) {
    const struct pm_chip_component *c = pm_chip_component(t, name);
    struct pm_figure sum = {0, PM_CHIP_MEASURED};
    if (c && !isnan(c->power_mw))
        sum = pm_figure(c->power_mw, c->kind);
    for (unsigned i = 0; i < t->n; i++)
        if (strcmp(t->component[i].parent, name) == 0)
            sum = pm_figure_plus(
                sum, pm_figure_scaled(pm_chip_power(t, t->component[i].name), t->component[i].count));
    return sum;
}

bool pm_chip_acts(const struct pm_chip_component *c, const char *action) {
    const size_t n = strlen(c->action);
    return n > 0 && strncmp(c->action, action, n) == 0 && (action[n] == 0 || action[n] == '_');
}
