// SPDX-License-Identifier: Apache-2.0
#include "io/results.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_name[] = {"", "measured", "derived", "source", "public", "assumed"};

enum entry_type { INTEGER, REAL, TEXT, GROUP, LIST, END };

struct entry {
    enum entry_type type;
    enum pm_result_kind kind;
    char *key, *text;
    const char *unit;
    int64_t i;
    double r;
};

/* In the order of printing; END closes the last open group or list. */
struct pm_results {
    size_t n, room;
    struct entry *entry;
    bool failed; /* out of memory */
};

struct pm_results *pm_results_new(void) {
    return calloc(1, sizeof(struct pm_results));
}

void pm_results_free(struct pm_results *r) {
    for (size_t k = 0; r && k < r->n; k++) {
        free(r->entry[k].key);
        free(r->entry[k].text);
    }
    if (r)
        free(r->entry);
    free(r);
}

static void add(struct pm_results *r, const char *key, const char *text, struct entry e) {
    if (r->n == r->room) {
        const size_t room = r->room ? 2 * r->room : 64;
        struct entry *entry = realloc(r->entry, room * sizeof *entry);
        if (!entry) {
            r->failed = true;
            return;
        }
        r->entry = entry;
        r->room = room;
    }
    e.key = key ? strdup(key) : NULL;
    e.text = text ? strdup(text) : NULL;
    r->failed |= (key && !e.key) || (text && !e.text);
    r->entry[r->n++] = e;
}

void pm_result_int(struct pm_results *r, const char *key, int64_t v, const char *unit,
                   enum pm_result_kind kind) {
    add(r, key, NULL, (struct entry){.type = INTEGER, .i = v, .unit = unit, .kind = kind});
}

void pm_result_real(struct pm_results *r, const char *key, double v, const char *unit,
                    enum pm_result_kind kind) {
    add(r, key, NULL, (struct entry){.type = REAL, .r = v, .unit = unit, .kind = kind});
}

void pm_result_text(struct pm_results *r, const char *key, const char *text) {
    add(r, key, text, (struct entry){.type = TEXT});
}

void pm_result_ints(struct pm_results *r, const char *key, const uint64_t *v, size_t n, const char *unit,
                    enum pm_result_kind kind) {
    pm_result_list(r, key);
    for (size_t i = 0; i < n; i++)
        pm_result_int(r, NULL, (int64_t)v[i], unit, kind);
    pm_result_end(r);
}

void pm_result_group(struct pm_results *r, const char *key) {
    add(r, key, NULL, (struct entry){.type = GROUP});
}

void pm_result_list(struct pm_results *r, const char *key) {
    add(r, key, NULL, (struct entry){.type = LIST});
}

void pm_result_end(struct pm_results *r) {
    add(r, NULL, NULL, (struct entry){.type = END});
}

/* The entry after k and all that is in it. */
static size_t after(const struct pm_results *r, size_t k) {
    size_t depth = 0;
    do {
        depth += r->entry[k].type == GROUP || r->entry[k].type == LIST;
        depth -= r->entry[k].type == END;
        k++;
    } while (depth > 0 && k < r->n);
    return k;
}

double pm_results_number(const struct pm_results *r, const char *path) {
    size_t k = 0;
    for (bool list = false;; k++) {
        const size_t n = strcspn(path, "/");
        const size_t place = list ? strtoul(path, NULL, 10) : 0;
        size_t at = 0;
        while (k < r->n && r->entry[k].type != END &&
               (list ? at != place : strlen(r->entry[k].key) != n || memcmp(r->entry[k].key, path, n) != 0)) {
            k = after(r, k);
            at++;
        }
        if (k >= r->n || r->entry[k].type == END)
            return NAN;
        const struct entry *e = &r->entry[k];
        if (!path[n])
            return e->type == INTEGER ? (double)e->i : e->type == REAL ? e->r : NAN;
        if (e->type != GROUP && e->type != LIST)
            return NAN;
        list = e->type == LIST;
        path += n + 1;
    }
}

static cJSON *item(const struct pm_results *r, size_t *k) {
    const struct entry *e = &r->entry[(*k)++];
    char digits[32];
    switch (e->type) {
    case INTEGER: /* a cJSON number is a double */
        snprintf(digits, sizeof digits, "%" PRId64, e->i);
        return cJSON_CreateRaw(digits);
    case REAL:
        return isfinite(e->r) ? cJSON_CreateNumber(e->r) : cJSON_CreateNull();
    case TEXT:
        return cJSON_CreateString(e->text);
    default:
        break;
    }
    cJSON *all = e->type == LIST ? cJSON_CreateArray() : cJSON_CreateObject();
    bool ok = all != NULL;
    while (ok && *k < r->n && r->entry[*k].type != END) {
        const char *key = r->entry[*k].key;
        cJSON *one = item(r, k);
        ok = one && (e->type == LIST ? cJSON_AddItemToArray(all, one) : cJSON_AddItemToObject(all, key, one));
    }
    ++*k;
    if (!ok) {
        cJSON_Delete(all);
        return NULL;
    }
    return all;
}

/* Whether entry k is the first of its key that says what it is. */
static bool explains(const struct pm_results *r, size_t k) {
    const struct entry *e = &r->entry[k];
    if (!e->key || (!e->unit && e->kind == PM_RESULT_PLAIN))
        return false;
    while (k-- > 0)
        if (r->entry[k].key && strcmp(r->entry[k].key, e->key) == 0)
            return false;
    return true;
}

/* Unit and kind of each key; NULL: out of memory. */
static cJSON *units(const struct pm_results *r) {
    cJSON *all = cJSON_CreateObject();
    bool ok = all != NULL;
    for (size_t k = 0; ok && k < r->n; k++) {
        const struct entry *e = &r->entry[k];
        if (!explains(r, k))
            continue;
        cJSON *one = cJSON_AddObjectToObject(all, e->key);
        ok = one && (!e->unit || cJSON_AddStringToObject(one, "unit", e->unit)) &&
             (e->kind == PM_RESULT_PLAIN || cJSON_AddStringToObject(one, "kind", kind_name[e->kind]));
    }
    if (ok)
        return all;
    cJSON_Delete(all);
    return NULL;
}

char *pm_results_json(const struct pm_results *r, bool whole) {
    if (r->failed)
        return NULL;
    cJSON *root = cJSON_CreateObject();
    bool ok = root != NULL;
    for (size_t k = 0; ok && k < r->n;) {
        const char *key = r->entry[k].key;
        cJSON *one = item(r, &k);
        ok = one && cJSON_AddItemToObject(root, key, one);
    }
    if (ok && whole) {
        cJSON *explained = units(r);
        ok = explained != NULL;
        if (ok && explained->child)
            ok = cJSON_AddItemToObject(root, "units", explained);
        else
            cJSON_Delete(explained);
    }
    char *text = !ok ? NULL : whole ? cJSON_Print(root) : cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}
