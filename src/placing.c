// SPDX-License-Identifier: Apache-2.0
#include "placing.h"

#include <string.h>

pm_status pm_placing_add(struct pm_placing *p, const char *text, struct pm_error *e) {
    if (p->places == PM_PLAN_ENTRIES)
        return pm_fail(e, PM_ERANGE, "--place", "more than %d", PM_PLAN_ENTRIES);
    p->place[p->places++] = text;
    return PM_OK;
}

pm_status pm_placing_apply(const struct pm_placing *p, struct pm_plan *plan, struct pm_error *e) {
    pm_status status = p->plan ? pm_plan_load(plan, p->plan, e) : PM_OK;
    for (unsigned i = 0; i < p->places && status == PM_OK; i++)
        status = pm_plan_place(plan, p->place[i], true, e);
    return status;
}

pm_status pm_placing_check(const struct pm_placing *p, const struct pm_plan *plan, const struct pm_graph *g,
                           struct pm_error *e) {
    for (unsigned i = plan->entries - p->places; i < plan->entries; i++) {
        const struct pm_settings *s = plan->entry[i].settings;
        if (!s || pm_plan_uses(plan, g, plan->entry[i].system))
            continue;
        for (size_t k = 0; k < s->count; k++)
            if (s->value[k].given)
                return pm_fail(e, PM_EINVAL, plan->entry[i].pattern,
                               "%s.%s is ignored, later entries place all its layers", s->list->prefix,
                               s->list->setting[k].name);
    }
    return PM_OK;
}

void pm_placing_help(FILE *f) {
    for (size_t i = 0; pm_systems[i]; i++) {
        const struct pm_system *s = pm_systems[i];
        fprintf(f, "\n  %-8s %s\n", s->name, s->summary);
        for (const struct pm_setting *d = s->settings ? s->settings->setting : NULL; d && d->name; d++) {
            char range[128], note[200];
            pm_setting_range(d, range, sizeof range);
            pm_setting_note(d, note, sizeof note);
            fprintf(f, "    %s.%s %s (%s); %s\n", s->name, d->name, range, d->fallback, note);
        }
    }
}

bool pm_placing_matters(const struct pm_plan *plan, const struct pm_graph *g, const struct pm_settings *s) {
    bool any = pm_plan_uses(plan, g, pm_system_find(s->list->prefix, strlen(s->list->prefix)));
    for (size_t k = 0; k < s->count; k++)
        any = any || s->value[k].given;
    return any;
}
