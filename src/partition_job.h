// SPDX-License-Identifier: Apache-2.0
/* `perimeter partition`: what each layer loses and costs in each configuration, measured one after the other
 * and kept in a file, so that a run that was ended goes on where it was. */
#ifndef PM_PARTITION_JOB_H
#define PM_PARTITION_JOB_H

#include "partition.h"
#include "run.h"
#include "system/khwa.h"

/** Configurations: settings of system khwa, of which the first is where all layers begin. */
#define PM_PARTITION_CHOICES 10
extern const char *const pm_partition_choices[PM_PARTITION_CHOICES];

struct pm_partition_job {
    struct pm_run_job run; /**< the network and its data */
    const char *output;
    char state[PATH_MAX + 16]; /**< the file of what was measured */
    unsigned images;
    int64_t unit[PM_KHWA_ENGINES]; /**< energy of a memristor access and column pair; of an SRAM plane, row
                                      pair and column; of a tiny MAC */
    unsigned *node, layers;        /**< the network's matrices */
    /* Tables [layers][PM_PARTITION_CHOICES]. */
    int32_t *s, *e;
    int64_t *bits;
    bool *known;      /**< of s */
    unsigned correct; /**< of all images where every layer is as it begins; valid where known[0] */
};

/** Finds the matrices and what they cost. PM_EINVAL: none, or too many for a plan. */
pm_status pm_partition_prepare(struct pm_partition_job *p);
void pm_partition_end(struct pm_partition_job *p);
/** Takes what the file has, if it is there; PM_EFORMAT where it is of another run. *kept: losses that are
 * known. */
pm_status pm_partition_resume(struct pm_partition_job *p, unsigned *kept);
/** Measures what is not known, and writes the file after each. */
pm_status pm_partition_measure(struct pm_partition_job *p);
/** The plan that places each layer as cfg says; the caller frees it. */
pm_status pm_partition_plan(struct pm_partition_job *p, const uint8_t *cfg, struct pm_plan *plan);
/** Correct images with that plan. */
pm_status pm_partition_correct(struct pm_partition_job *p, const char *what, const uint8_t *cfg,
                               unsigned *correct);

#endif
