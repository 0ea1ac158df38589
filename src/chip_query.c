// SPDX-License-Identifier: Apache-2.0
#include "chip_query.h"

#include "rtl.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A file, a network's folder, or a name of models/shapes or models. */
static void find_network(struct pm_chip_query *q) {
    char *path = q->network_path;
    const size_t room = sizeof q->network_path;
    snprintf(path, room, "%s", q->network);
    if (access(path, F_OK) != 0 && !strchr(q->network, '/')) {
        snprintf(path, room, "%s/models/shapes/%s.json", pm_home(), q->network);
        if (access(path, F_OK) != 0)
            snprintf(path, room, "%s/models/%s", pm_home(), q->network);
        if (access(path, F_OK) != 0)
            snprintf(path, room, "%s", q->network);
    }
    if (is_folder(path) && strlen(path) + 16 < room)
        strcat(path, "/config.json");
}

static pm_status load(const char *path, cJSON **root, struct pm_error *e) {
    struct pm_json j = {path, e, NULL};
    const pm_status status = pm_json_load(&j);
    *root = j.root;
    return status;
}

/* PATTERN and system of a place; the length of PATTERN, or 0. */
static size_t parse_place(const char *place, enum pm_chip_system *system) {
    const char *equals = strrchr(place, '=');
    *system = equals ? pm_chip_system_of(equals + 1) : PM_CHIP_SYSTEMS;
    return *system == PM_CHIP_SYSTEMS ? 0 : (size_t)(equals - place);
}

static pm_status load_tables(struct pm_chip_query *q, struct pm_error *e) {
    bool used[PM_CHIP_SYSTEMS] = {false};
    for (unsigned i = 0; i < q->places; i++) {
        enum pm_chip_system s;
        if (parse_place(q->place[i], &s) == 0)
            return pm_fail(e, PM_EINVAL, "--place",
                           "'%.100s' is not PATTERN=SYSTEM: hyflexpim, flare, khwa, nmc, xbar or host",
                           q->place[i]);
        used[s] = s != PM_CHIP_HOST;
    }
    for (int s = PM_CHIP_HYFLEXPIM; s < PM_CHIP_SYSTEMS; s++) {
        char path[4096];
        cJSON *root;
        if (!used[s])
            continue;
        snprintf(path, sizeof path, "%s/models/chips/%s.json", pm_home(), pm_chip_system_name[s]);
        pm_status status = load(path, &root, e);
        if (status == PM_OK)
            status = pm_chip_table_read(&q->table[s], &(struct pm_json){path, e, root});
        cJSON_Delete(root);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

/* Truth values as the settings have them. */
static void flags_to_numbers(cJSON *object) {
    for (cJSON *item = object->child, *next; item; item = next) {
        next = item->next;
        if (cJSON_IsBool(item)) {
            item->valuedouble = cJSON_IsTrue(item);
            item->type = (item->type & ~0xff) | cJSON_Number;
        }
    }
}

/* Rows go to the table of their system: the one that has the name, or the only one. */
static pm_status load_components(struct pm_chip_query *q, struct pm_error *e) {
    const struct pm_json j = {q->config_path, e, q->chip};
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(q->chip, "components"), *row;
    unsigned tables = 0;
    for (int s = 0; s < PM_CHIP_SYSTEMS; s++)
        tables += q->table[s].n > 0;
    for (int s = 0; s < PM_CHIP_SYSTEMS && tables == 1; s++)
        if (q->table[s].n > 0)
            return pm_chip_table_read(&q->table[s], &j);
    if (rows && !cJSON_IsObject(rows))
        return pm_json_fail(&j, PM_EFORMAT, "\"components\" of several systems is no object of a list each");
    cJSON_ArrayForEach(row, rows) {
        const enum pm_chip_system s = pm_chip_system_of(row->string);
        if (s == PM_CHIP_SYSTEMS || q->table[s].n == 0)
            return pm_json_fail(&j, PM_EINVAL, "\"components\" has \"%.60s\", which is no system in use",
                                row->string);
        cJSON of = {.type = cJSON_Object}, list = *row;
        list.next = list.prev = NULL;
        list.string = (char *)"components";
        of.child = &list;
        const pm_status status = pm_chip_table_read(&q->table[s], &(struct pm_json){q->config_path, e, &of});
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

static pm_status load_config(struct pm_chip_query *q, struct pm_error *e) {
    pm_status status = load(q->config_path, &q->chip, e);
    if (status != PM_OK)
        return status;
    status = load_components(q, e);
    cJSON_DeleteItemFromObjectCaseSensitive(q->chip, "components");
    cJSON_DeleteItemFromObjectCaseSensitive(q->chip, "source");
    flags_to_numbers(q->chip);
    return status;
}

pm_status pm_chip_query_load(struct pm_chip_query *q, struct pm_error *e) {
    find_network(q);
    q->settings = pm_settings_new(&pm_chip_settings);
    pm_status status =
        q->settings ? load(q->network_path, &q->net, e) : pm_fail(e, PM_ENOMEM, "chip", "out of memory");
    if (status == PM_OK)
        status = load_tables(q, e);
    if (status == PM_OK && q->config_path)
        status = load_config(q, e);
    if (status == PM_OK && q->measured_path) {
        struct pm_json j = {q->measured_path, e, NULL};
        status = pm_json_load(&j);
        if (status == PM_OK)
            status = pm_chip_measured_read(&q->measured, &j);
        cJSON_Delete(j.root);
    }
    return status;
}

/* ---- settings ---- */

/* A member of the network's description, as JSON has it, or a text. */
static pm_status set_network(struct pm_chip_query *q, const char *key, const char *value,
                             struct pm_error *e) {
    struct pm_error quiet;
    char text[512];
    const int n = snprintf(text, sizeof text, "{\"%s\":%s}", key, value);
    struct pm_json j = {"--set", &quiet, NULL};
    cJSON *item = NULL;
    if (n > 0 && (size_t)n < sizeof text && pm_json_parse(&j, text, (size_t)n) == PM_OK && j.root->child &&
        !j.root->child->next)
        item = cJSON_DetachItemViaPointer(j.root, j.root->child);
    else
        item = cJSON_CreateString(value);
    cJSON_Delete(j.root);
    cJSON_DeleteItemFromObjectCaseSensitive(q->net, key);
    if (item && cJSON_AddItemToObject(q->net, key, item))
        return PM_OK;
    cJSON_Delete(item);
    return pm_fail(e, PM_ENOMEM, "--set", "out of memory");
}

/* NAME.KEY of a component: a number or null. */
static pm_status set_component(struct pm_chip_query *q, char *name, const char *value, struct pm_error *e) {
    char *dot = strrchr(name, '.'), *end;
    double v = strcmp(value, "null") == 0 ? (double)NAN : strtod(value, &end);
    bool known = false;
    if (dot && !isnan(v) && (!*value || *end || !(v >= 0 && v <= 1e12)))
        return pm_fail(e, PM_ERANGE, "--set", "%.100s: '%.60s' is neither 0..1e12 nor null", name, value);
    if (dot) {
        *dot = 0;
        for (int s = 0; s < PM_CHIP_SYSTEMS; s++)
            known |= pm_chip_table_set(&q->table[s], name, dot + 1, v);
        *dot = '.';
    }
    return known ? PM_OK : pm_fail(e, PM_EINVAL, "--set", "%.100s: no such key", name);
}

pm_status pm_chip_query_set(struct pm_chip_query *q, const char *text, struct pm_error *e) {
    struct pm_settings *const all[] = {q->settings, NULL};
    struct pm_settings *s;
    const size_t n = strcspn(text, "=");
    char name[128], flag[128];
    if (!text[n] || n == 0 || n >= sizeof name)
        return pm_fail(e, PM_EINVAL, "--set", "'%.100s' is not KEY=VALUE", text);
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    const char *value = text + n + 1;
    if (pm_settings_find(all, text, n, &s) >= 0) {
        const bool truth = strcmp(value, "true") == 0;
        if (!truth && strcmp(value, "false") != 0)
            return pm_settings_give(all, text, "--set", e);
        snprintf(flag, sizeof flag, "%.100s=%d", name, truth);
        return pm_settings_give(all, flag, "--set", e);
    }
    return pm_chip_shape_key(name) ? set_network(q, name, value, e) : set_component(q, name, value, e);
}

/* ---- the job ---- */

/* A layer goes by its matrix's name, or by what stands before its point. */
static bool matches(const char *pattern, const char *name) {
    char unit[64];
    snprintf(unit, sizeof unit, "%.*s", (int)strcspn(name, "."), name);
    return fnmatch(pattern, name, 0) == 0 || fnmatch(pattern, unit, 0) == 0;
}

static pm_status place(struct pm_chip_query *q, bool used[PM_CHIP_SYSTEMS], struct pm_error *e) {
    const struct pm_chip_shape *s = &q->shape;
    enum pm_chip_system *system = realloc(q->system, s->matrices * sizeof *system);
    if (!system)
        return pm_fail(e, PM_ENOMEM, "chip", "out of memory");
    q->system = system;
    memset(system, 0, s->matrices * sizeof *system);
    for (unsigned i = 0; i < q->places; i++) {
        enum pm_chip_system to;
        char pattern[256];
        bool any = false;
        const size_t n = parse_place(q->place[i], &to);
        snprintf(pattern, sizeof pattern, "%.*s", (int)(n < 255 ? n : 255), q->place[i]);
        for (unsigned k = 0; k < s->matrices; k++) {
            if (!matches(pattern, s->matrix[k].name))
                continue;
            any = true;
            /* FLARE is for attention: "*" means what it can do. */
            if (to != PM_CHIP_FLARE || strcmp(pattern, "*") != 0 ||
                (s->layer[s->matrix[k].layer].attention && s->matrix[k].stage < 2))
                system[k] = to;
        }
        if (!any)
            return pm_fail(e, PM_EINVAL, "--place", "'%.100s' matches no layer", pattern);
    }
    for (unsigned k = 0; k < s->matrices; k++)
        used[system[k]] = true;
    return PM_OK;
}

/* Whether a run counted every matrix that is on a chip: then the shape is of a network that ran here. */
static bool counted(const struct pm_chip_query *q) {
    for (unsigned k = 0; k < q->shape.matrices; k++) {
        const char *name = q->shape.matrix[k].name;
        char unit[64];
        bool any = q->system[k] == PM_CHIP_HOST;
        snprintf(unit, sizeof unit, "%.*s", (int)strcspn(name, "."), name);
        for (unsigned i = 0; i < q->measured.n && !any; i++)
            any = strcmp(q->measured.of[i].name, name) == 0 || strcmp(q->measured.of[i].name, unit) == 0;
        if (!any)
            return false;
    }
    return q->measured.n > 0;
}

/* 0: not given. */
static int64_t given(const struct pm_chip_query *q, const char *name) {
    const struct pm_value *v = pm_settings_value(q->settings, name);
    return v->n > 0 ? v->at[0].i : 0;
}

pm_status pm_chip_query_prepare(struct pm_chip_query *q, struct pm_error *e) {
    struct pm_settings *const all[] = {q->settings, NULL};
    pm_status status = q->chip ? pm_settings_load(all, q->chip, q->config_path, e) : PM_OK;
    const struct pm_chip_sizes instead = {given(q, "layers"), given(q, "width"), given(q, "heads"),
                                          given(q, "ffn"), given(q, "tokens")};
    bool used[PM_CHIP_SYSTEMS] = {false};
    pm_chip_shape_free(&q->shape);
    if (status == PM_OK)
        status = pm_chip_shape_read(&q->shape, &(struct pm_json){q->network_path, e, q->net}, &instead);
    if (status == PM_OK)
        status = place(q, used, e);
    if (status == PM_OK)
        pm_chip_config_systems(q->settings, used);
    if (status == PM_OK)
        status = pm_chip_config(q->settings, &q->config, e);
    if (status == PM_OK && counted(q))
        q->shape.kind = PM_CHIP_MEASURED;
    q->job = (struct pm_chip_job){.shape = &q->shape,
                                  .config = &q->config,
                                  .system = q->system,
                                  .measured = q->measured.n > 0 ? &q->measured : NULL};
    for (int s = 0; s < PM_CHIP_SYSTEMS; s++)
        q->job.table[s] = &q->table[s];
    return status;
}

void pm_chip_query_free(struct pm_chip_query *q) {
    cJSON_Delete(q->net);
    cJSON_Delete(q->chip);
    free(q->settings);
    free(q->system);
    pm_chip_shape_free(&q->shape);
    pm_chip_measured_free(&q->measured);
}
