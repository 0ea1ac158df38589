// SPDX-License-Identifier: Apache-2.0
/* What a sweep is of: a grid of settings times seeds, from a JSON specification. */
#ifndef PM_SWEEP_SPEC_H
#define PM_SWEEP_SPEC_H

#include "sweep_jobs.h"

#define PM_SWEEP_MAX_POINTS 1000000
#define PM_SWEEP_MAX_AXES   64

/** One key of the grid: a setting or "place", and its values. */
struct pm_sweep_axis {
    char *name;
    char **value; /**< "NAME=VALUE", or entries of a plan */
    unsigned n;
};

struct pm_sweep {
    const char *path;      /**< of the specification */
    struct pm_run_job job; /**< its plan is the fixed part's */
    const struct pm_sweep_kind *kind;
    struct pm_settings *fixed;
    struct pm_chip_query chip; /**< of a kind of chips */
    struct pm_sweep_axis axis[PM_SWEEP_MAX_AXES];
    unsigned axes, trials, points;
};

/** Reads s->path, loads what its points need and refuses points that will not do; an error is in
 * s->job.error. *root is the document, which s refers to: the caller's to cJSON_Delete after it. The job was
 * begun. */
pm_status pm_sweep_load(struct pm_sweep *s, struct cJSON **root);
void pm_sweep_free(struct pm_sweep *s);

/** Computes point `index`: what is asked there and what is found, as a line of JSON into text[room]. */
pm_status pm_sweep_compute(struct pm_sweep *s, unsigned index, char *text, size_t room);

#endif
