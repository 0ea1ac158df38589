// SPDX-License-Identifier: Apache-2.0
/* What `perimeter sweep` measures at one point. */
#ifndef PM_SWEEP_JOBS_H
#define PM_SWEEP_JOBS_H

#include "run_job.h"

struct cJSON;

#define PM_SWEEP_MAX_KEYS 64

/** The place of one point: a value for each of the kind's keys, and whether the specification gives it. */
struct pm_sweep_point {
    double value[PM_SWEEP_MAX_KEYS];
    bool given[PM_SWEEP_MAX_KEYS];
};

/** A kind of measurement. Its results are a function of the point alone: no times, no machine. */
struct pm_sweep_kind {
    const char *name;
    const struct pm_run_key_info *keys;
    unsigned n_keys;
    /** Refuses a point that contradicts itself or has settings that would be ignored. */
    pm_status (*check)(const struct pm_sweep_point *p, struct pm_error *e);
    /** Adds the results to `line`. */
    pm_status (*run)(struct pm_run_job *job, const struct pm_sweep_point *p, struct cJSON *line);
    bool network; /**< needs MODEL and DATA */
};

/** NULL where there is none of that name. */
const struct pm_sweep_kind *pm_sweep_kind(const char *name);

/** The place of a key among a kind's, n_keys where there is none of that name. */
unsigned pm_sweep_key(const struct pm_sweep_kind *k, const char *name);

#endif
