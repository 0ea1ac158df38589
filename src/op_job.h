// SPDX-License-Identifier: Apache-2.0
/* The framework of `perimeter op`: from a call to its result. */
#ifndef PM_OP_JOB_H
#define PM_OP_JOB_H

#include "op.h"

/** Op k by name; NULL beyond the last one. */
const struct pm_op *pm_op_at(size_t k);
/** The op of that name, in which an underscore is a hyphen; or NULL. */
const struct pm_op *pm_op_named(const char *name);

/** Starts a job with the op's defaults; pm_op_free ends it in any case. */
pm_status pm_op_begin(struct pm_op_job *job, const struct pm_op *op);
void pm_op_free(struct pm_op_job *job);
/** Reads or makes up every input, checks inputs and settings, binds the dimensions, calls prepare. */
pm_status pm_op_load(struct pm_op_job *job);
/** Runs one engine into out[PM_OP_OUTPUTS], which pm_op_free_outputs frees in any case. */
pm_status pm_op_run(struct pm_op_job *job, bool rtl, struct pm_tensor *out);
void pm_op_free_outputs(struct pm_tensor *out);

/** The least and the largest value of an input. */
int64_t pm_op_lo(const struct pm_op_input *d);
int64_t pm_op_hi(const struct pm_op_input *d);

/* Samples. */

/** What a sample says of an input. */
struct pm_op_values {
    enum pm_dtype dtype; /**< the file's */
    const char *list;    /**< "1,2,3", repeated; NULL: random */
    uint64_t seed;
    int64_t lo, hi; /**< random values; of a list: its ends */
    bool none;      /**< an optional input that is left out */
};
/** Sample `name` of an op, or NULL. */
const struct pm_op_sample *pm_op_sample_named(const struct pm_op *op, const char *name);
struct pm_op_values pm_op_sample_values(const struct pm_op *op, const struct pm_op_sample *s, size_t input);
/** The size of a dimension; 0: not in the sample. */
size_t pm_op_sample_dim(const struct pm_op_sample *s, char letter);
/** Takes the sample's settings where the user gave none. */
pm_status pm_op_sample_settings(struct pm_op_job *job);
/** Makes input k; dimensions that are bound keep their sizes. PM_ENOMEM. */
pm_status pm_op_sample_input(struct pm_op_job *job, size_t k);

/* The command. */

enum { PM_OP_DIFFER = 1, PM_OP_BAD = 2 }; /**< exit statuses */

struct pm_op_call {
    struct pm_op_job job;
    const char *out_path[PM_OP_OUTPUTS];
    const char *engine;
};
/** Loads, runs, compares, writes; the exit status. */
int pm_op_call(struct pm_op_call *call);

/** An op's help. */
void pm_op_print(const struct pm_op *op, FILE *f);
/** All ops as JSON; PM_ENOMEM. */
pm_status pm_op_print_catalogue(FILE *f);
/** PM_EIO where standard output could not be written. */
pm_status pm_op_flush(struct pm_error *e);

#endif
