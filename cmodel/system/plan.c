// SPDX-License-Identifier: Apache-2.0
#include "system/plan.h"

#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "io/results.h"

/* ---- its parts ---- */

pm_status pm_plan_new(struct pm_plan *p) {
    unsigned n = 0;
    *p = (struct pm_plan){0};
    for (size_t i = 0; pm_systems[i] && n < PM_MAX_SYSTEMS; i++)
        if (pm_systems[i]->settings && (p->all[n++] = pm_settings_new(pm_systems[i]->settings)) == NULL) {
            pm_plan_free(p);
            return PM_ENOMEM;
        }
    return PM_OK;
}

static void clear_entries(struct pm_plan *p) {
    while (p->entries > 0)
        free(p->entry[--p->entries].settings);
}

void pm_plan_free(struct pm_plan *p) {
    clear_entries(p);
    for (size_t i = 0; p->all[i]; i++)
        free(p->all[i]);
    *p = (struct pm_plan){0};
}

pm_status pm_plan_copy(struct pm_plan *to, const struct pm_plan *from) {
    bool ok = true;
    *to = (struct pm_plan){.entries = from->entries};
    for (size_t i = 0; ok && from->all[i]; i++)
        ok = (to->all[i] = pm_settings_copy(from->all[i])) != NULL;
    for (unsigned i = 0; i < from->entries; i++) {
        to->entry[i] = from->entry[i];
        if (from->entry[i].settings)
            ok = (to->entry[i].settings = pm_settings_copy(from->entry[i].settings)) != NULL && ok;
    }
    if (!ok)
        pm_plan_free(to);
    return ok ? PM_OK : PM_ENOMEM;
}

/* ---- reading ---- */

/* "NAME=VALUE" of an entry's system. */
static pm_status give(struct pm_plan_entry *entry, const char *text, size_t length, const char *where,
                      struct pm_error *e) {
    char full[160];
    struct pm_settings *all[] = {entry->settings, NULL};
    if (!entry->settings)
        return pm_fail(e, PM_EINVAL, where, "%s has no settings", entry->system->name);
    if (snprintf(full, sizeof full, "%s.%.*s", entry->system->name, (int)length, text) >= (int)sizeof full)
        return pm_fail(e, PM_EINVAL, where, "a setting that is too long");
    return pm_settings_give(all, full, where, e);
}

/* ",NAME=VALUE" as often as it stands there. */
static pm_status give_all(struct pm_plan_entry *entry, const char *text, const char *where,
                          struct pm_error *e) {
    pm_status status = PM_OK;
    while (*text && status == PM_OK) {
        const size_t n = strcspn(++text, ",");
        status = give(entry, text, n, where, e);
        text += n;
    }
    return status;
}

static pm_status add_entry(struct pm_plan *p, const char *pattern, size_t length, const char *system,
                           size_t system_length, const char *where, struct pm_plan_entry **entry,
                           struct pm_error *e) {
    const struct pm_system *to = pm_system_find(system, system_length);
    struct pm_plan_entry *new = &p->entry[p->entries];
    char names[128] = "";
    for (size_t i = 0; pm_systems[i]; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 pm_systems[i]->name);
    if (!to)
        return pm_fail(e, PM_EINVAL, where, "'%.*s' is not one of %s", (int)system_length, system, names);
    if (length == 0 || length >= sizeof new->pattern)
        return pm_fail(e, PM_EINVAL, where, "a pattern of 1 to %zu characters is missing",
                       sizeof new->pattern - 1);
    if (p->entries == PM_PLAN_ENTRIES)
        return pm_fail(e, PM_ERANGE, where, "more than %d entries", PM_PLAN_ENTRIES);
    const bool all = to->all && length == strlen("attn") && memcmp(pattern, "attn", length) == 0;
    const size_t first = all ? strcspn(to->all, ",") : 0;
    *new = (struct pm_plan_entry){.system = to, .given = true};
    memcpy(new->pattern, all ? to->all : pattern, all ? first : length);
    if (to->settings && (new->settings = pm_settings_new(to->settings)) == NULL)
        return pm_fail(e, PM_ENOMEM, where, "out of memory");
    p->entries++;
    *entry = new;
    return all ? give_all(new, to->all + first, where, e) : PM_OK;
}

pm_status pm_plan_place(struct pm_plan *p, const char *text, bool given, struct pm_error *e) {
    const size_t pattern = strcspn(text, "=");
    const char *system = text + pattern + (text[pattern] != 0);
    const size_t n = strcspn(system, ",");
    struct pm_plan_entry *entry;
    char where[96];
    snprintf(where, sizeof where, "--place %.80s", text);
    pm_status status = add_entry(p, text, pattern, system, n, where, &entry, e);
    if (status == PM_OK)
        entry->given = given;
    return status == PM_OK ? give_all(entry, system + n, where, e) : status;
}

pm_status pm_plan_default(struct pm_plan *p, const char *text, struct pm_error *e) {
    struct pm_plan own = *p;
    unsigned first = 0;
    pm_status status = PM_OK;
    while (first < own.entries && !own.entry[first].given)
        free(own.entry[first++].settings);
    p->entries = 0;
    for (size_t n; *text && status == PM_OK; text += n + strspn(text + n, " ")) {
        char word[160];
        n = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        status = pm_plan_place(p, word, false, e);
    }
    for (unsigned i = first; i < own.entries; i++)
        if (p->entries < PM_PLAN_ENTRIES)
            p->entry[p->entries++] = own.entry[i];
    return status;
}

pm_status pm_plan_override(struct pm_plan *p, const char *text, struct pm_error *e) {
    while (*text) {
        const size_t n = strcspn(text, " ");
        char word[160];
        struct pm_settings *s;
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        const pm_status status = pm_settings_find(p->all, word, strcspn(word, "="), &s) >= 0
                                     ? pm_settings_override(p->all, word, e)
                                     : pm_plan_place(p, word, true, e);
        if (status != PM_OK)
            return status;
        text += n + strspn(text + n, " ");
    }
    return PM_OK;
}

static pm_status read_entry(struct pm_plan *p, const struct cJSON *item, const char *where,
                            struct pm_error *e) {
    const char *pattern = NULL, *system = NULL;
    const struct cJSON *member, *settings = NULL;
    cJSON_ArrayForEach(member, item) {
        if (strcmp(member->string, "layers") == 0 && cJSON_IsString(member))
            pattern = member->valuestring;
        else if (strcmp(member->string, "system") == 0 && cJSON_IsString(member))
            system = member->valuestring;
        else if (strcmp(member->string, "settings") == 0 && cJSON_IsObject(member))
            settings = member;
        else
            return pm_fail(e, PM_EINVAL, where, "%.40s: not a member of a plan's entry, or of another type",
                           member->string);
    }
    if (!cJSON_IsObject(item) || !pattern || !system)
        return pm_fail(e, PM_EINVAL, where, "an entry of \"place\" without \"layers\" or \"system\"");
    struct pm_plan_entry *entry;
    pm_status status = add_entry(p, pattern, strlen(pattern), system, strlen(system), where, &entry, e);
    cJSON_ArrayForEach(member, settings) {
        char text[128] = "";
        if (status != PM_OK)
            break;
        if (cJSON_IsNumber(member))
            snprintf(text, sizeof text, "%.40s=%.17g", member->string, member->valuedouble);
        else if (cJSON_IsString(member))
            snprintf(text, sizeof text, "%.40s=%.64s", member->string, member->valuestring);
        status = *text ? give(entry, text, strlen(text), where, e)
                       : pm_fail(e, PM_EINVAL, where, "%.40s: neither a number nor a string", member->string);
    }
    return status;
}

pm_status pm_plan_read(struct pm_plan *p, const struct cJSON *root, const char *where, struct pm_error *e) {
    const struct cJSON *place = root ? root->child : NULL, *item;
    if (!place || place->next || strcmp(place->string, "place") != 0 || !cJSON_IsArray(place))
        return pm_fail(e, PM_EFORMAT, where, "a plan is an object with one member, the array \"place\"");
    clear_entries(p);
    cJSON_ArrayForEach(item, place) {
        const pm_status status = read_entry(p, item, where, e);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

pm_status pm_plan_load(struct pm_plan *p, const char *path, struct pm_error *e) {
    struct pm_json d = {path, e, NULL};
    pm_status status = pm_json_load(&d);
    if (status != PM_OK)
        return status;
    status = pm_plan_read(p, d.root, path, e);
    cJSON_Delete(d.root);
    return status;
}

/* ---- what it says ---- */

/* The place of the last entry that matches, -1: none. */
static int last_match(const struct pm_plan *p, const struct pm_node *node) {
    int i = (int)p->entries - 1;
    while (i >= 0 && fnmatch(p->entry[i].pattern, node->name, 0) != 0)
        i--;
    return i;
}

static bool takes(const struct pm_plan *p, const struct pm_plan_entry *entry, enum pm_node_kind kind) {
    struct pm_settings *s = entry->system->more ? pm_plan_settings(p, entry) : NULL;
    const bool taken = pm_system_takes(entry->system, s, kind);
    free(s);
    return taken;
}

static bool whole(const struct pm_plan *p, const struct pm_graph *g, unsigned node) {
    const int by = last_match(p, &g->node[node]);
    if (by < 0 || !takes(p, &p->entry[by], PM_NODE_ATTENTION))
        return false;
    for (unsigned i = node + 1; i <= node + g->node[node].attention.body; i++)
        if (pm_node_is_layer(&g->node[i]) && last_match(p, &g->node[i]) > by)
            return false;
    return true;
}

/* The entry that a layer by itself is the last to match, whether its system takes it or not; NULL: the host.
 */
static const struct pm_plan_entry *matched(const struct pm_plan *p, const struct pm_graph *g, unsigned node) {
    const struct pm_node *n = &g->node[node];
    const int by = pm_node_is_layer(n) ? last_match(p, n) : -1;
    if (by < 0 || (n->kind == PM_NODE_ATTENTION && !whole(p, g, node)))
        return NULL;
    for (unsigned i = 0; i < node; i++) /* a part of an attention that is placed as a whole */
        if (g->node[i].kind == PM_NODE_ATTENTION && node <= i + g->node[i].attention.body && whole(p, g, i))
            return NULL;
    return &p->entry[by];
}

const struct pm_plan_entry *pm_plan_of(const struct pm_plan *p, const struct pm_graph *g, unsigned node) {
    const struct pm_plan_entry *entry = matched(p, g, node);
    return entry && takes(p, entry, g->node[node].kind) ? entry : NULL;
}

/* The settings of a system as a whole; NULL: it has none. */
static struct pm_settings *of_system(const struct pm_plan *p, const struct pm_system *system) {
    for (size_t i = 0; p->all[i]; i++)
        if (p->all[i]->list == system->settings)
            return p->all[i];
    return NULL;
}

struct pm_settings *pm_plan_settings(const struct pm_plan *p, const struct pm_plan_entry *entry) {
    struct pm_settings *s = pm_settings_copy(of_system(p, entry->system));
    for (size_t k = 0; s && k < s->count; k++)
        if (entry->settings->value[k].given)
            s->value[k] = entry->settings->value[k];
    return s;
}

static bool used(const struct pm_plan *p, const struct pm_graph *g, const struct pm_plan_entry *entry) {
    for (unsigned i = 0; i < g->nodes; i++)
        if (pm_plan_of(p, g, i) == entry)
            return true;
    return false;
}

bool pm_plan_uses(const struct pm_plan *p, const struct pm_graph *g, const struct pm_system *system) {
    for (unsigned i = 0; i < p->entries; i++)
        if (p->entry[i].system == system && used(p, g, &p->entry[i]))
            return true;
    return false;
}

bool pm_plan_draws(const struct pm_plan *p, const struct pm_graph *g) {
    bool draws = false;
    for (unsigned i = 0; i < p->entries && !draws; i++) {
        const struct pm_system *system = p->entry[i].system;
        if (!system->draws || !used(p, g, &p->entry[i]))
            continue;
        struct pm_settings *s = pm_plan_settings(p, &p->entry[i]);
        draws = s && pm_settings_meet(s, system->draws);
        free(s);
    }
    return draws;
}

/* ---- what it must not say ---- */

static const char *taken_by(const struct pm_system *system) {
    return system->takes & PM_TAKES(PM_NODE_MATRIX)  ? "matrix"
           : system->takes & PM_TAKES(PM_NODE_HEADS) ? "heads of an attention"
                                                     : "attention";
}

static pm_status check_pattern(const struct pm_plan *p, const struct pm_graph *g,
                               const struct pm_plan_entry *entry, struct pm_error *e) {
    const struct pm_system *system = entry->system;
    bool any = false, more = false;
    for (unsigned i = 0; i < g->nodes; i++) {
        if (!pm_node_is_layer(&g->node[i]) || fnmatch(entry->pattern, g->node[i].name, 0) != 0)
            continue;
        if (takes(p, entry, g->node[i].kind))
            return PM_OK;
        any = true;
        more = more || (system->takes_more & PM_TAKES(g->node[i].kind));
    }
    return any ? pm_fail(e, PM_EINVAL, entry->pattern, "matches no %s, which is what %s takes%s%s",
                         taken_by(system), system->name, more ? " without " : "", more ? system->more : "")
               : pm_fail(e, PM_EINVAL, entry->pattern, "matches no layer of the network");
}

static pm_status check_settings(const struct pm_plan *p, const struct pm_plan_entry *entry, bool rtl,
                                struct pm_error *e) {
    struct pm_settings *s = entry->settings ? pm_plan_settings(p, entry) : NULL;
    if (!s)
        return entry->settings ? pm_fail(e, PM_ENOMEM, entry->pattern, "out of memory") : PM_OK;
    for (size_t k = 0; k < s->count; k++)
        s->value[k].given = entry->settings->value[k].given;
    const pm_status status = pm_settings_check(s, rtl, e);
    free(s);
    return status;
}

pm_status pm_plan_check(const struct pm_plan *p, const struct pm_graph *g, bool rtl, struct pm_error *e) {
    for (unsigned i = 0; i < p->entries; i++) {
        const struct pm_plan_entry *entry = &p->entry[i];
        pm_status status = entry->given ? check_pattern(p, g, entry, e) : PM_OK;
        if (status == PM_OK && used(p, g, entry))
            status = check_settings(p, entry, rtl, e);
        if (status != PM_OK)
            return status;
    }
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_plan_entry *entry = g->node[i].kind == PM_NODE_MATRIX ? matched(p, g, i) : NULL;
        if (entry && !takes(p, entry, PM_NODE_MATRIX))
            return pm_fail(e, PM_EINVAL, g->node[i].name, "%s takes %s", entry->system->name,
                           entry->system->takes & PM_TAKES(PM_NODE_ATTENTION) ? "an attention as a whole"
                                                                              : "no matrix");
    }
    return PM_OK;
}

/* Marks what applies of a system's settings in a plan: given[] becomes false. */
static pm_status mark(const struct pm_plan *p, const struct pm_graph *g, struct pm_settings *of) {
    for (unsigned i = 0; i < p->entries; i++) {
        const struct pm_plan_entry *entry = &p->entry[i];
        if (entry->system->settings != of->list || !used(p, g, entry))
            continue;
        struct pm_settings *s = pm_plan_settings(p, entry);
        if (!s)
            return PM_ENOMEM;
        for (size_t k = 0; k < s->count; k++)
            if (pm_settings_applies(s, k) && !entry->settings->value[k].given)
                of->value[k].given = false;
        free(s);
    }
    return PM_OK;
}

static pm_status check_system(const struct pm_plan *const plans[], size_t count, size_t system,
                              const struct pm_graph *g, struct pm_error *e) {
    bool placed = false;
    const char *name = plans[0]->all[system]->list->prefix;
    struct pm_settings *left = pm_settings_copy(plans[0]->all[system]);
    pm_status status = left ? PM_OK : PM_ENOMEM;
    for (size_t i = 0; i < count && status == PM_OK; i++) {
        status = mark(plans[i], g, left);
        placed = placed || pm_plan_uses(plans[i], g, pm_system_find(name, strlen(name)));
    }
    for (size_t k = 0; status == PM_OK && k < left->count; k++) {
        char subject[96];
        const struct pm_setting *d = &left->list->setting[k];
        if (!left->value[k].given)
            continue;
        snprintf(subject, sizeof subject, "%s.%s", name, d->name);
        status = !placed   ? pm_fail(e, PM_EINVAL, subject, "ignored, no layer is placed on %s", name)
                 : d->when ? pm_fail(e, PM_EINVAL, subject, "ignored without %s", d->when)
                           : pm_fail(e, PM_EINVAL, subject, "ignored, every entry of the plan sets it");
        break;
    }
    if (status == PM_ENOMEM)
        pm_fail(e, status, "plan", "out of memory");
    free(left);
    return status;
}

pm_status pm_plans_check(const struct pm_plan *const plans[], size_t count, const struct pm_graph *g,
                         struct pm_error *e) {
    pm_status status = PM_OK;
    for (size_t i = 0; plans[0]->all[i] && status == PM_OK; i++)
        status = check_system(plans, count, i, g, e);
    return status;
}

/* ---- printing ---- */

void pm_plan_print(const struct pm_plan *p, FILE *f) {
    for (unsigned i = 0; i < p->entries; i++) {
        const struct pm_plan_entry *entry = &p->entry[i];
        fprintf(f, "%s%s=%s", i ? " " : "", entry->pattern, entry->system->name);
        for (size_t k = 0; entry->settings && k < entry->settings->count; k++)
            if (entry->settings->value[k].given) {
                fputc(',', f);
                pm_setting_print(entry->settings, k, f);
            }
    }
}

void pm_plan_results(const struct pm_plan *p, struct pm_results *r) {
    pm_result_list(r, "place");
    for (unsigned i = 0; i < p->entries; i++) {
        const struct pm_plan_entry *entry = &p->entry[i];
        pm_result_group(r, NULL);
        pm_result_text(r, "layers", entry->pattern);
        pm_result_text(r, "system", entry->system->name);
        pm_result_group(r, "settings");
        for (size_t k = 0; entry->settings && k < entry->settings->count; k++)
            if (entry->settings->value[k].given)
                pm_setting_result(entry->settings, k, entry->settings->list->setting[k].name, r);
        pm_result_end(r);
        pm_result_end(r);
    }
    pm_result_end(r);
}
