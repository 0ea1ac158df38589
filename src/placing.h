// SPDX-License-Identifier: Apache-2.0
/* --plan, --place and --set: what commands that place layers share. */
#ifndef PM_PLACING_H
#define PM_PLACING_H

#include "system/plan.h"

#include <stdio.h>

/** As given on the command line. */
struct pm_placing {
    const char *plan, *place[PM_PLAN_ENTRIES];
    unsigned places;
};

/** One more --place. PM_ERANGE. */
pm_status pm_placing_add(struct pm_placing *p, const char *text, struct pm_error *e);
/** Adds the file's entries, and those that were given, to a plan. */
pm_status pm_placing_apply(const struct pm_placing *p, struct pm_plan *plan, struct pm_error *e);
/** Refuses settings of a --place whose system is placed nowhere in the end, since later ones place all its
 * layers. */
pm_status pm_placing_check(const struct pm_placing *p, const struct pm_plan *plan, const struct pm_graph *g,
                           struct pm_error *e);
/** Systems and their settings, for --help: argp would break the lines. */
void pm_placing_help(FILE *f);
/** Whether settings of a system as a whole are of interest: a layer is there, or something was given. */
bool pm_placing_matters(const struct pm_plan *plan, const struct pm_graph *g, const struct pm_settings *s);

#endif
