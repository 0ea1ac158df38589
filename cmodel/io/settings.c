// SPDX-License-Identifier: Apache-2.0
#include "io/settings.h"

#include "io/choice.h"
#include "io/results.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Declarations. */

const struct pm_setting pm_no_settings[] = {{0}};

static void defect(const struct pm_setting_list *list, const char *what, const char *name) {
    fprintf(stderr, "perimeter: settings%s%s: %s: %s\n", list->prefix ? " of " : "",
            list->prefix ? list->prefix : "", name, what);
    abort();
}

/* The one place where an underscore is a hyphen. */
bool pm_setting_same_name(const char *declared, const char *name, size_t length) {
    size_t i = 0;
    while (i < length && declared[i] && declared[i] == (name[i] == '_' ? '-' : name[i]))
        i++;
    return i == length && !declared[i];
}

/* The place of name[length], without prefix, or -1. */
static int find_setting(const struct pm_setting *list, const char *name, size_t length) {
    for (int k = 0; list[k].name; k++)
        if (pm_setting_same_name(list[k].name, name, length))
            return k;
    return -1;
}

static size_t declared(const struct pm_settings *s, const char *name, size_t length) {
    const int k = find_setting(s->list->setting, name, length);
    if (k < 0)
        defect(s->list, "is not declared", name);
    return (size_t)k;
}

struct pm_settings *pm_settings_new(const struct pm_setting_list *list) {
    size_t n = 0;
    while (list->setting[n].name)
        n++;
    struct pm_settings *s = calloc(1, sizeof *s + n * sizeof *s->value);
    if (!s)
        return NULL;
    s->list = list;
    s->count = n;
    for (size_t k = 0; k < n; k++) {
        const struct pm_setting *d = &list->setting[k];
        struct pm_error e;
        if (d->fallback && pm_setting_parse(d, d->fallback, d->name, &s->value[k], &e) != PM_OK)
            defect(list, e.text, d->name);
    }
    for (size_t k = 0; k < n; k++)
        pm_settings_applies(s, k); /* finds a condition that cannot be read */
    return s;
}

struct pm_settings *pm_settings_copy(const struct pm_settings *s) {
    const size_t size = sizeof *s + s->count * sizeof *s->value;
    struct pm_settings *copy = malloc(size);
    return copy ? memcpy(copy, s, size) : NULL;
}

int pm_settings_find(struct pm_settings *const all[], const char *name, size_t length,
                     struct pm_settings **s) {
    for (size_t i = 0; all[i]; i++) {
        const char *prefix = all[i]->list->prefix;
        const size_t n = prefix ? strlen(prefix) + 1 : 0;
        if (prefix && (length < n || name[n - 1] != '.' || !pm_setting_same_name(prefix, name, n - 1)))
            continue;
        const int k = find_setting(all[i]->list->setting, name + n, length - n);
        if (k >= 0 && !all[i]->list->setting[k].fact) {
            *s = all[i];
            return k;
        }
    }
    return -1;
}

/* "FILE: hyflex.cell" */
static void subject_text(const struct pm_settings *s, size_t k, const char *where, char *text,
                         size_t length) {
    const char *prefix = s->list->prefix;
    snprintf(text, length, "%s%s%s%s%s", where ? where : "", where ? ": " : "", prefix ? prefix : "",
             prefix ? "." : "", s->list->setting[k].name);
}

/* Values. */

static bool parse_int(const char *text, size_t length, int64_t *v) {
    char *end;
    const char *digits = text + (*text == '-');
    errno = 0;
    *v = strtoll(text, &end, 10);
    return errno == 0 && end == text + length && *digits >= '0' && *digits <= '9';
}

static bool parse_real(const char *text, size_t length, double *v) {
    char *end;
    const char *digits = text + (*text == '-');
    *v = strtod(text, &end);
    return end == text + length && isfinite(*v) && (*digits == '.' || (*digits >= '0' && *digits <= '9'));
}

static pm_status parse_one(const struct pm_setting *d, const char *text, size_t length, const char *subject,
                           struct pm_value *v, struct pm_error *e) {
    const int shown = (int)(length < 40 ? length : 40);
    char range[256];
    pm_setting_range(d, range, sizeof range);
    if (d->kind == PM_SET_CHOICE) {
        v->at[v->n].i = pm_choice(d->choices, text, length);
        return v->at[v->n].i >= 0
                   ? PM_OK
                   : pm_fail(e, PM_ERANGE, subject, "'%.*s' is not one of %s", shown, text, range);
    }
    const bool integer = d->kind == PM_SET_INT;
    double number;
    const bool read =
        integer ? parse_int(text, length, &v->at[v->n].i) : parse_real(text, length, &v->at[v->n].r);
    if (!read)
        return pm_fail(e, PM_EINVAL, subject, "'%.*s' is not %s", shown, text,
                       integer ? "an integer" : "a number");
    number = integer ? (double)v->at[v->n].i : v->at[v->n].r;
    if (number < d->lo || (d->below ? number >= d->hi : number > d->hi))
        return pm_fail(e, PM_ERANGE, subject, "%.*s is outside %s", shown, text, range);
    return PM_OK;
}

pm_status pm_setting_parse(const struct pm_setting *d, const char *text, const char *subject,
                           struct pm_value *v, struct pm_error *e) {
    struct pm_value new = {0};
    for (const char *at = text;; at++) {
        const size_t n = d->list ? strcspn(at, ",") : strlen(at);
        if (new.n == PM_SETTING_VALUES)
            return pm_fail(e, PM_ERANGE, subject, "more than %d values", PM_SETTING_VALUES);
        const pm_status status = parse_one(d, at, n, subject, &new, e);
        if (status != PM_OK)
            return status;
        new.n++;
        at += n;
        if (!*at)
            break;
    }
    new.given = v->given;
    *v = new;
    return PM_OK;
}

/* Appends a number or a string; whether it was one that fits. */
static bool json_text(const struct cJSON *item, char *text, size_t length) {
    const size_t at = strlen(text);
    int n = -1;
    if (cJSON_IsNumber(item))
        n = snprintf(text + at, length - at, "%s%.17g", at ? "," : "", item->valuedouble);
    else if (cJSON_IsString(item))
        n = snprintf(text + at, length - at, "%s%s", at ? "," : "", item->valuestring);
    return n >= 0 && (size_t)n < length - at;
}

/* As pm_setting_parse, of a JSON number, string, or array of them for a list. */
static pm_status parse_json(const struct pm_setting *d, const struct cJSON *item, const char *subject,
                            struct pm_value *v, struct pm_error *e) {
    char text[32 * PM_SETTING_VALUES] = "";
    bool ok = true;
    if (d->list && cJSON_IsArray(item)) {
        const struct cJSON *one;
        cJSON_ArrayForEach(one, item) ok = ok && json_text(one, text, sizeof text);
    } else {
        ok = json_text(item, text, sizeof text);
    }
    return ok ? pm_setting_parse(d, text, subject, v, e)
              : pm_fail(e, PM_EINVAL, subject, "neither a number nor a short string");
}

/* From the user. */

static pm_status unknown(const char *name, size_t length, const char *where, struct pm_error *e) {
    char subject[128];
    snprintf(subject, sizeof subject, "%.*s", (int)(length < 100 ? length : 100), name);
    return where ? pm_fail(e, PM_EINVAL, where, "%s: no such setting", subject)
                 : pm_fail(e, PM_EINVAL, subject, "no such setting");
}

pm_status pm_settings_give(struct pm_settings *const all[], const char *text, const char *where,
                           struct pm_error *e) {
    const size_t n = strcspn(text, "=");
    char subject[4300];
    struct pm_settings *s;
    if (!text[n] || n == 0)
        return pm_fail(e, PM_EINVAL, where ? where : "settings", "'%.100s' is not NAME=VALUE", text);
    const int k = pm_settings_find(all, text, n, &s);
    if (k < 0)
        return unknown(text, n, where, e);
    subject_text(s, (size_t)k, where, subject, sizeof subject);
    if (s->value[k].given)
        return pm_fail(e, PM_EINVAL, subject, "setting given twice");
    s->value[k].given = true;
    return pm_setting_parse(&s->list->setting[k], text + n + 1, subject, &s->value[k], e);
}

/* Whether a member before `item` of the same object has the same setting. */
static bool twice(struct pm_settings *const all[], const struct cJSON *object, const struct cJSON *item) {
    struct pm_settings *s, *other;
    const int k = pm_settings_find(all, item->string, strlen(item->string), &s);
    const struct cJSON *before;
    cJSON_ArrayForEach(before, object) {
        if (before == item)
            return false;
        if (pm_settings_find(all, before->string, strlen(before->string), &other) == k && other == s)
            return true;
    }
    return false;
}

pm_status pm_settings_load(struct pm_settings *const all[], const struct cJSON *object, const char *where,
                           struct pm_error *e) {
    const struct cJSON *item;
    cJSON_ArrayForEach(item, object) {
        struct pm_settings *s;
        struct pm_value v = {.given = true};
        char subject[4300];
        const int k = pm_settings_find(all, item->string, strlen(item->string), &s);
        if (k < 0)
            return unknown(item->string, strlen(item->string), where, e);
        subject_text(s, (size_t)k, where, subject, sizeof subject);
        if (twice(all, object, item))
            return pm_fail(e, PM_EINVAL, subject, "setting given twice");
        const pm_status status = parse_json(&s->list->setting[k], item, subject, &v, e);
        if (status != PM_OK)
            return status;
        if (!s->value[k].given)
            s->value[k] = v;
    }
    return PM_OK;
}

pm_status pm_settings_override(struct pm_settings *const all[], const char *text, struct pm_error *e) {
    while (*text) {
        const size_t name = strcspn(text, "= "), item = strcspn(text, " ");
        struct pm_settings *s;
        char value[64], subject[128];
        const int k = name < item ? pm_settings_find(all, text, name, &s) : -1;
        if (k < 0 || item - name > sizeof value)
            return unknown(text, name, NULL, e);
        snprintf(value, sizeof value, "%.*s", (int)(item - name - 1), text + name + 1);
        subject_text(s, (size_t)k, NULL, subject, sizeof subject);
        const pm_status status = pm_setting_parse(&s->list->setting[k], value, subject, &s->value[k], e);
        if (status != PM_OK)
            return status;
        text += item + strspn(text + item, " ");
    }
    return PM_OK;
}

void pm_settings_fact(struct pm_settings *s, const char *name, int64_t value) {
    const size_t k = declared(s, name, strlen(name));
    s->value[k] = (struct pm_value){.n = 1, .at = {{.i = value}}};
}

/* By name. */

struct pm_value *pm_settings_value(struct pm_settings *s, const char *name) {
    return &s->value[declared(s, name, strlen(name))];
}

int64_t pm_settings_int(const struct pm_settings *s, const char *name) {
    return s->value[declared(s, name, strlen(name))].at[0].i;
}

double pm_settings_real(const struct pm_settings *s, const char *name) {
    return s->value[declared(s, name, strlen(name))].at[0].r;
}

/* Value j of setting k as text that reads back as the same value. */
static void value_text(const struct pm_setting *d, const struct pm_value *v, unsigned j, char *text,
                       size_t length) {
    const char *start;
    int n;
    switch (d->kind) {
    case PM_SET_INT:
        snprintf(text, length, "%" PRId64, v->at[j].i);
        break;
    case PM_SET_REAL:
        snprintf(text, length, "%.15g", v->at[j].r);
        if (strtod(text, NULL) < v->at[j].r || strtod(text, NULL) > v->at[j].r)
            snprintf(text, length, "%.17g", v->at[j].r);
        break;
    case PM_SET_CHOICE:
        n = pm_choice_text(d->choices, (int)v->at[j].i, &start);
        snprintf(text, length, "%.*s", n, start);
    }
}

/* Conditions. */

static bool term(const struct pm_settings *s, const char *text, size_t length) {
    const size_t name = strcspn(text, "=<> "), k = declared(s, text, name);
    const struct pm_setting *d = &s->list->setting[k];
    const struct pm_value *v = &s->value[k];
    const char *value = text + name + 1, *end = text + length;
    char have[64];
    const char op = *(value - 1);
    if (name >= length || value >= end || (op != '=') == (d->kind == PM_SET_CHOICE) ||
        (op == '=' && d->kind == PM_SET_REAL))
        defect(s->list, "a condition that cannot be read", text);
    if (v->n == 0 || !pm_settings_applies(s, k))
        return false;
    if (op != '=') {
        const double number = d->kind == PM_SET_INT ? (double)v->at[0].i : v->at[0].r;
        return op == '>' ? number > strtod(value, NULL) : number < strtod(value, NULL);
    }
    value_text(d, v, 0, have, sizeof have);
    for (size_t n; value < end; value += n + 1) {
        n = strcspn(value, "| ");
        if (d->kind == PM_SET_CHOICE && pm_choice(d->choices, value, n) < 0)
            defect(s->list, "a condition with a choice that is none", text);
        if (strlen(have) == n && memcmp(have, value, n) == 0)
            return true;
    }
    return false;
}

bool pm_settings_meet(const struct pm_settings *s, const char *condition) {
    bool all = true, any = false;
    for (const char *at = condition; *at; at += strspn(at, " ")) {
        const size_t n = strcspn(at, " ");
        if (n == 2 && memcmp(at, "or", n) == 0) {
            any |= all;
            all = true;
        } else {
            all &= term(s, at, n);
        }
        at += n;
    }
    return any | all;
}

bool pm_settings_applies(const struct pm_settings *s, size_t k) {
    const char *when = s->list->setting[k].when;
    return !when || pm_settings_meet(s, when);
}

pm_status pm_settings_check(const struct pm_settings *s, bool rtl, struct pm_error *e) {
    for (size_t k = 0; k < s->count; k++) {
        const struct pm_setting *d = &s->list->setting[k];
        char subject[128], value[64] = "";
        subject_text(s, k, NULL, subject, sizeof subject);
        if (s->value[k].n > 0)
            value_text(d, &s->value[k], 0, value, sizeof value);
        const bool applies = pm_settings_applies(s, k);
        if (s->value[k].given && !applies)
            return pm_fail(e, PM_EINVAL, subject, "%s is ignored without %s", value, d->when);
        if (rtl && applies && d->golden && s->value[k].n > 0 &&
            pm_choice(d->golden, value, strlen(value)) >= 0)
            return pm_fail(e, PM_EMODE, subject, "%s has no RTL; it needs the golden engine", value);
    }
    return PM_OK;
}

/* What is shown: what applies and the user can set. */
static bool shown(const struct pm_settings *s, size_t k) {
    return s->value[k].n > 0 && !s->list->setting[k].fact && pm_settings_applies(s, k);
}

void pm_settings_print(const struct pm_settings *s, FILE *f) {
    const char *space = "";
    for (size_t k = 0; k < s->count; k++) {
        if (!shown(s, k))
            continue;
        char text[128];
        subject_text(s, k, NULL, text, sizeof text);
        fprintf(f, "%s%s", space, text);
        for (unsigned j = 0; j < s->value[k].n; j++) {
            value_text(&s->list->setting[k], &s->value[k], j, text, sizeof text);
            fprintf(f, "%c%s", j ? ',' : '=', text);
        }
        space = " ";
    }
}

static void add_value(const struct pm_setting *d, const struct pm_value *v, unsigned j, const char *key,
                      struct pm_results *r) {
    char text[64];
    value_text(d, v, j, text, sizeof text);
    if (d->kind == PM_SET_REAL)
        pm_result_real(r, key, v->at[j].r, NULL, PM_RESULT_PLAIN);
    else if (d->kind == PM_SET_INT || strcmp(d->choices, "0|1") == 0)
        pm_result_int(r, key, v->at[j].i, NULL, PM_RESULT_PLAIN);
    else
        pm_result_text(r, key, text);
}

void pm_setting_print(const struct pm_settings *s, size_t k, FILE *f) {
    char text[64];
    fprintf(f, "%s", s->list->setting[k].name);
    for (unsigned j = 0; j < s->value[k].n; j++) {
        value_text(&s->list->setting[k], &s->value[k], j, text, sizeof text);
        fprintf(f, "%c%s", j ? ',' : '=', text);
    }
}

void pm_setting_result(const struct pm_settings *s, size_t k, const char *key, struct pm_results *r) {
    const struct pm_setting *d = &s->list->setting[k];
    const struct pm_value *v = &s->value[k];
    if (v->n == 1) {
        add_value(d, v, 0, key, r);
        return;
    }
    pm_result_list(r, key);
    for (unsigned j = 0; j < v->n; j++)
        add_value(d, v, j, NULL, r);
    pm_result_end(r);
}

void pm_settings_results(const struct pm_settings *s, struct pm_results *r) {
    for (size_t k = 0; k < s->count; k++) {
        char key[128];
        if (!shown(s, k))
            continue;
        subject_text(s, k, NULL, key, sizeof key);
        pm_setting_result(s, k, key, r);
    }
}

/* Help. */

void pm_setting_range(const struct pm_setting *d, char *text, size_t length) {
    if (d->kind == PM_SET_CHOICE)
        snprintf(text, length, "%s", d->choices);
    else if (d->below)
        snprintf(text, length, "%.10g <= value < %.10g", d->lo, d->hi);
    else
        snprintf(text, length, "%.10g..%.10g", d->lo, d->hi);
}

void pm_setting_note(const struct pm_setting *d, char *text, size_t length) {
    const struct {
        const char *before, *part, *after;
    } parts[] = {{"", d->help, ""}, {"with ", d->when, ""}, {"", d->golden, ": golden only"}};
    size_t at = 0;
    *text = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && at < length; i++)
        if (parts[i].part)
            at += (size_t)snprintf(text + at, length - at, "%s%s%s%s", at ? "; " : "", parts[i].before,
                                   parts[i].part, parts[i].after);
}
