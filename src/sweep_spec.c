// SPDX-License-Identifier: Apache-2.0
#include "sweep_spec.h"

#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_place(const struct pm_sweep_axis *a) {
    return strcmp(a->name, "place") == 0;
}

/* Settings that the user can name: the kind's, and those of systems. */
static void all_settings(const struct pm_sweep *s, struct pm_settings *own, const struct pm_plan *plan,
                         struct pm_settings *all[PM_MAX_SYSTEMS + 2]) {
    size_t n = 0;
    all[n++] = own;
    for (size_t i = 0; s->kind->network && plan->all[i]; i++)
        all[n++] = plan->all[i];
    all[n] = NULL;
}

static void free_point(struct pm_sweep_point *p) {
    free(p->settings);
    pm_plan_free(&p->plan);
}

static struct pm_value *seed_of(struct pm_settings *s) {
    return pm_settings_value(s, "seed");
}

/* Point `index`: the last axis, then the seed, varies fastest. *p needs free_point in any case. */
static pm_status place(struct pm_sweep *s, unsigned index, struct pm_sweep_point *p) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2];
    const unsigned trial = index % s->trials;
    *p = (struct pm_sweep_point){.settings = pm_settings_copy(s->fixed), .chip = &s->chip};
    pm_status status = p->settings ? pm_plan_copy(&p->plan, &s->job.plan) : PM_ENOMEM;
    if (status != PM_OK)
        return pm_fail(&s->job.error, status, s->path, "out of memory");
    all_settings(s, p->settings, &p->plan, all);
    index /= s->trials;
    for (unsigned a = s->axes; a-- > 0 && status == PM_OK; index /= s->axis[a].n) {
        const char *value = s->axis[a].value[index % s->axis[a].n];
        status = is_place(&s->axis[a]) ? pm_plan_override(&p->plan, value, &s->job.error)
                                       : pm_settings_give(all, value, s->path, &s->job.error);
    }
    if (s->kind->draws) {
        struct pm_value *seed = seed_of(p->settings);
        seed->given = seed->given || s->trials > 1;
        seed->at[0].i += trial;
    }
    return status;
}

/* Whether the list holds the value already; as numbers, where both are. */
static bool there(const struct pm_sweep_axis *a, const char *value) {
    for (unsigned i = 0; i < a->n; i++) {
        const char *x = a->value[i] + strcspn(a->value[i], "="), *y = value + strcspn(value, "=");
        char *end_x, *end_y;
        const double number_x = strtod(x + (*x != 0), &end_x), number_y = strtod(y + (*y != 0), &end_y);
        const bool numbers = !*end_x && !*end_y && end_x != x && end_y != y;
        if (strcmp(a->value[i], value) == 0 ||
            (numbers && !is_place(a) && !(number_x < number_y) && !(number_x > number_y)))
            return true;
    }
    return false;
}

static pm_status add_value(struct pm_sweep *s, struct pm_sweep_axis *a, const struct cJSON *item) {
    char text[512];
    const char *name = is_place(a) ? "" : a->name, *equals = is_place(a) ? "" : "=";
    int n = -1;
    if (cJSON_IsNumber(item) && !is_place(a))
        n = snprintf(text, sizeof text, "%s=%.17g", name, item->valuedouble);
    else if (cJSON_IsString(item))
        n = snprintf(text, sizeof text, "%s%s%s", name, equals, item->valuestring);
    if (n < 0 || n >= (int)sizeof text)
        return pm_fail(&s->job.error, PM_EINVAL, s->path, "%s: neither a number nor a short string", a->name);
    if (there(a, text))
        return pm_fail(&s->job.error, PM_EINVAL, s->path, "%s: %s is there twice, and would be drawn twice",
                       a->name, text + strlen(name) + strlen(equals));
    a->value[a->n] = strdup(text);
    return a->value[a->n++] ? PM_OK : pm_fail(&s->job.error, PM_ENOMEM, s->path, "out of memory");
}

static pm_status parse_axis(struct pm_sweep *s, const struct cJSON *item) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2], *of;
    struct pm_sweep_axis *a = &s->axis[s->axes];
    const struct cJSON *value;
    const int n = cJSON_GetArraySize(item);
    const size_t length = strlen(item->string);
    all_settings(s, s->fixed, &s->job.plan, all);
    if (s->axes == PM_SWEEP_MAX_AXES)
        return pm_fail(&s->job.error, PM_ERANGE, s->path, "more than %d lists", PM_SWEEP_MAX_AXES);
    if (!(s->kind->network && strcmp(item->string, "place") == 0)) {
        const int k = pm_settings_find(all, item->string, length, &of);
        if (k < 0)
            return pm_fail(&s->job.error, PM_EINVAL, s->path, "%s: no such setting of '%s'", item->string,
                           s->kind->name);
        if (of->value[k].given)
            return pm_fail(&s->job.error, PM_EINVAL, s->path, "%s: given twice", item->string);
    }
    if (!cJSON_IsArray(item) || n < 1 || n > PM_SWEEP_MAX_POINTS / (int)s->points)
        return pm_fail(&s->job.error, PM_EINVAL, s->path, "%s: no list of values, or more than %d points",
                       item->string, PM_SWEEP_MAX_POINTS);
    *a = (struct pm_sweep_axis){.name = strdup(item->string), .value = calloc((size_t)n, sizeof *a->value)};
    s->axes++;
    if (!a->name || !a->value)
        return pm_fail(&s->job.error, PM_ENOMEM, s->path, "out of memory");
    s->points *= (unsigned)n;
    cJSON_ArrayForEach(value, item) {
        const pm_status status = add_value(s, a, value);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

/* Trials of point after point: seed, seed + 1, ... Different seeds of a grid may not meet them. */
static pm_status check_seeds(struct pm_sweep *s) {
    const int64_t most = UINT32_MAX - (int64_t)s->trials + 1;
    const struct pm_sweep_axis *a = NULL;
    if (!s->kind->draws)
        return PM_OK;
    for (unsigned i = 0; i < s->axes; i++)
        if (strcmp(s->axis[i].name, "seed") == 0)
            a = &s->axis[i];
    if (!a && seed_of(s->fixed)->at[0].i > most)
        return pm_fail(&s->job.error, PM_ERANGE, s->path, "seed, trials: the last seed is beyond 32 bits");
    for (unsigned i = 0; a && i < a->n; i++) {
        const double one = strtod(a->value[i] + 5, NULL);
        if (one > (double)most)
            return pm_fail(&s->job.error, PM_ERANGE, s->path,
                           "seed, trials: the last seed is beyond 32 bits");
        for (unsigned k = 0; k < i; k++)
            if (fabs(one - strtod(a->value[k] + 5, NULL)) < s->trials)
                return pm_fail(&s->job.error, PM_EINVAL, s->path,
                               "seed, trials: %u trials from seed %.0f and from %.0f share drawings",
                               s->trials, strtod(a->value[k] + 5, NULL), one);
    }
    return PM_OK;
}

/* Every point, before the first is computed. */
static pm_status check_points(struct pm_sweep *s) {
    struct pm_sweep_point p;
    bool drawn = false;
    pm_status status = PM_OK;
    for (int pass = 0; pass < 2 && status == PM_OK; pass++) {
        for (unsigned i = 0; i < s->points && status == PM_OK; i += s->trials) {
            status = place(s, i, &p);
            if (status == PM_OK && pass == 0)
                drawn = drawn || (s->kind->draws && s->kind->draws(&s->job, &p));
            else if (status == PM_OK)
                status = s->kind->check(&s->job, &p, drawn);
            free_point(&p);
        }
        if (status == PM_OK && s->trials > 1 && !drawn)
            status = pm_fail(&s->job.error, PM_EINVAL, s->path,
                             "trials: nothing is drawn, they would all be alike");
    }
    return status;
}

/* The members of a specification. */
struct members {
    const char *kind, *plan, *config, *measured; /* config, measured: of chips */
    const struct cJSON *settings, *place, *grid, *trials;
};

/* The same for chips, whose places are not those of runs; a sweep of one has a place. */
static pm_status parse_chip(struct pm_sweep *s, const struct members *m) {
    const struct cJSON *item;
    s->chip.network = s->job.model;
    s->chip.config_path = m->config;
    s->chip.measured_path = m->measured;
    cJSON_ArrayForEach(item, m->place) {
        if (!cJSON_IsString(item) || s->chip.places == PM_CHIP_PLACES)
            return pm_fail(&s->job.error, PM_EINVAL, s->path, "place: not a list of at most %d strings",
                           PM_CHIP_PLACES);
        s->chip.place[s->chip.places++] = item->valuestring;
    }
    if (s->chip.places == 0)
        return pm_fail(&s->job.error, PM_EINVAL, s->path, "place: missing");
    const pm_status status = pm_chip_query_load(&s->chip, &s->job.error);
    free(s->chip.settings); /* each point has its own */
    s->chip.settings = NULL;
    return status;
}

/* "place": entries as on the command line. */
static pm_status parse_place(struct pm_sweep *s, const struct cJSON *list) {
    const struct cJSON *item;
    cJSON_ArrayForEach(item, list) {
        const pm_status status =
            cJSON_IsString(item) ? pm_plan_place(&s->job.plan, item->valuestring, true, &s->job.error)
                                 : pm_fail(&s->job.error, PM_EINVAL, s->path, "place: not a list of strings");
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

static pm_status parse_trials(struct pm_sweep *s, const struct cJSON *trials) {
    const double n = trials ? trials->valuedouble : 1;
    if (!(n >= 1 && n <= PM_SWEEP_MAX_POINTS / s->points) || n != (double)(unsigned)n)
        return pm_fail(&s->job.error, PM_ERANGE, s->path, "trials: not an integer, or more than %d points",
                       PM_SWEEP_MAX_POINTS);
    s->trials = (unsigned)n;
    s->points *= s->trials;
    return check_seeds(s);
}

static pm_status find_members(struct pm_sweep *s, const struct cJSON *root, struct members *m) {
    const struct cJSON *item;
    *m = (struct members){.kind = "network"};
    cJSON_ArrayForEach(item, root) {
        const struct {
            const char *name;
            const char **text;
            const struct cJSON **item;
            bool fits;
        } known[] = {
            {"job", &m->kind, NULL, cJSON_IsString(item)},
            {"model", &s->job.model, NULL, cJSON_IsString(item)},
            {"data", &s->job.data, NULL, cJSON_IsString(item)},
            {"plan", &m->plan, NULL, cJSON_IsString(item)},
            {"config", &m->config, NULL, cJSON_IsString(item)},
            {"measured", &m->measured, NULL, cJSON_IsString(item)},
            {"settings", NULL, &m->settings, cJSON_IsObject(item)},
            {"place", NULL, &m->place, cJSON_IsArray(item)},
            {"grid", NULL, &m->grid, cJSON_IsObject(item)},
            {"trials", NULL, &m->trials, cJSON_IsNumber(item)},
        };
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(item->string, known[k].name) != 0)
            k++;
        if (k == sizeof known / sizeof *known || !known[k].fits)
            return pm_fail(&s->job.error, PM_EINVAL, s->path,
                           "%s: not a member of a specification, or of another type", item->string);
        if (known[k].text)
            *known[k].text = item->valuestring;
        else
            *known[k].item = item;
    }
    return PM_OK;
}

static pm_status parse_spec(struct pm_sweep *s, const struct cJSON *root) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2];
    struct members m;
    const struct cJSON *item;
    pm_status status = find_members(s, root, &m);
    if (status != PM_OK)
        return status;
    if (!(s->kind = pm_sweep_kind(m.kind)))
        return pm_fail(&s->job.error, PM_EINVAL, s->path,
                       "job: '%s' is not one of network, chip, conversion, bitsift", m.kind);
    if ((s->kind->network || s->kind->chip) != (s->job.model != NULL) ||
        s->kind->network != (s->job.data != NULL))
        return pm_fail(&s->job.error, PM_EINVAL, s->path, "model, data: %s",
                       s->kind->network || (s->kind->chip && !s->job.model) ? "missing" : "ignored");
    if ((!s->kind->network && (m.plan || (m.place && !s->kind->chip))) ||
        (!s->kind->chip && (m.config || m.measured)))
        return pm_fail(&s->job.error, PM_EINVAL, s->path, "plan, place, config, measured: ignored");
    if (!(s->fixed = pm_settings_new(s->kind->settings)))
        return pm_fail(&s->job.error, PM_ENOMEM, s->path, "out of memory");
    if (m.plan)
        status = pm_plan_load(&s->job.plan, m.plan, &s->job.error);
    if (status == PM_OK)
        status = s->kind->chip ? parse_chip(s, &m) : parse_place(s, m.place);
    all_settings(s, s->fixed, &s->job.plan, all);
    if (status == PM_OK)
        status = pm_settings_load(all, m.settings, s->path, &s->job.error);
    s->points = 1;
    cJSON_ArrayForEach(item, m.grid) if (status == PM_OK) status = parse_axis(s, item);
    return status == PM_OK ? parse_trials(s, m.trials) : status;
}

/* ---- a point ---- */

static void add_axis(const struct pm_sweep *s, const struct pm_sweep_point *p, const struct pm_sweep_axis *a,
                     unsigned value, struct pm_results *line) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2], *of;
    all_settings(s, p->settings, &p->plan, all);
    const int k = is_place(a) ? -1 : pm_settings_find(all, a->name, strlen(a->name), &of);
    if (k >= 0)
        pm_setting_result(of, (size_t)k, a->name, line);
    else
        pm_result_text(line, a->name, a->value[value]);
}

/* What is asked at the point, then what is found. */
static void describe(const struct pm_sweep *s, const struct pm_sweep_point *p, unsigned index,
                     struct pm_results *line) {
    unsigned value[PM_SWEEP_MAX_AXES];
    pm_result_int(line, "point", index, NULL, PM_RESULT_PLAIN);
    index /= s->trials;
    for (unsigned a = s->axes; a-- > 0; index /= s->axis[a].n)
        value[a] = index % s->axis[a].n;
    for (unsigned a = 0; a < s->axes; a++)
        if (s->trials == 1 || strcmp(s->axis[a].name, "seed") != 0)
            add_axis(s, p, &s->axis[a], value[a], line);
    if (s->trials > 1)
        pm_result_int(line, "seed", seed_of(p->settings)->at[0].i, NULL, PM_RESULT_PLAIN);
}

pm_status pm_sweep_compute(struct pm_sweep *s, unsigned index, char *text, size_t room) {
    struct pm_sweep_point p;
    struct pm_results *line = pm_results_new();
    pm_status status = line ? place(s, index, &p) : PM_ENOMEM;
    if (status == PM_OK) {
        describe(s, &p, index, line);
        status = s->kind->run(&s->job, &p, line);
    }
    char *json = status == PM_OK ? pm_results_json(line, false) : NULL;
    if (status == PM_OK && (!json || (size_t)snprintf(text, room, "%s\n", json) >= room))
        status = pm_fail(&s->job.error, PM_ENOMEM, s->path, "out of memory, or a line is too long");
    if (line)
        free_point(&p);
    free(json);
    pm_results_free(line);
    return status;
}

/* ---- all of it ---- */

pm_status pm_sweep_load(struct pm_sweep *s, struct cJSON **root) {
    struct pm_json json = {s->path, &s->job.error, NULL};
    pm_status status = pm_json_load(&json);
    *root = json.root;
    if (status == PM_OK)
        status = parse_spec(s, *root);
    if (status == PM_OK && s->kind->network)
        status = pm_run_load_network(&s->job);
    return status == PM_OK ? check_points(s) : status;
}

void pm_sweep_free(struct pm_sweep *s) {
    for (unsigned a = 0; a < s->axes; a++) {
        for (unsigned i = 0; s->axis[a].value && i < s->axis[a].n; i++)
            free(s->axis[a].value[i]);
        free(s->axis[a].value);
        free(s->axis[a].name);
    }
    free(s->fixed);
    pm_chip_query_free(&s->chip);
    pm_run_end(&s->job);
}
