// SPDX-License-Identifier: Apache-2.0
/* What `perimeter sweep` measures at one point. */
#ifndef PM_SWEEP_JOBS_H
#define PM_SWEEP_JOBS_H

#include "chip_query.h"
#include "run.h"

/** The place of one point; of a kind without a network the plan is empty. */
struct pm_sweep_point {
    struct pm_settings *settings;
    struct pm_plan plan;
    struct pm_chip_query *chip; /**< of a kind of chips; its settings are the point's */
};

/** A kind of measurement. Its results are a function of the point alone: no times, no machine. */
struct pm_sweep_kind {
    const char *name;
    const struct pm_setting_list *settings; /**< `seed` among them where anything is drawn */
    bool network;                           /**< needs MODEL and DATA, and has a plan */
    bool chip;                              /**< needs MODEL, the description of one, and places */
    /** Whether anything is drawn at the point; NULL: never. */
    bool (*draws)(const struct pm_run_job *job, const struct pm_sweep_point *p);
    /** Refuses a point that contradicts itself or has settings that would be ignored; `drawn`: something is
     * drawn at some point. */
    pm_status (*check)(struct pm_run_job *job, const struct pm_sweep_point *p, bool drawn);
    /** Adds the results. */
    pm_status (*run)(struct pm_run_job *job, const struct pm_sweep_point *p, struct pm_results *r);
};

/** NULL where there is none of that name. */
const struct pm_sweep_kind *pm_sweep_kind(const char *name);

#endif
