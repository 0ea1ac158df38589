// SPDX-License-Identifier: Apache-2.0
/* `perimeter op`: one block on a user's own vectors.
 *
 * An op is a declaration (inputs, settings, outputs) and two functions, golden and RTL. The framework loads
 * and checks the tensors, runs one engine or both, compares every integer and writes the outputs. */
#ifndef PM_OP_H
#define PM_OP_H

#include "io/npy.h"
#include "rtl.h"

#define PM_OP_INPUTS   11
#define PM_OP_OUTPUTS  4
#define PM_OP_SETTINGS 11
#define PM_OP_LIMITS   3
#define PM_OP_LIST     16   /**< most values of one setting */
#define PM_OP_PATH     4096 /**< most bytes of a waveform's path */

/** Dimensions are letters, one each: "TD" is [T,D]. A letter means the same size in every tensor of the op;
 * '1' is the constant, '*' (first dimension of an output) is known only after the run. */
struct pm_op_input {
    const char *name, *dims;
    enum pm_dtype dtype; /**< what the engines get; any of the five dtypes is read where its values fit */
    int64_t lo, hi;
    bool optional;
    const char *note; /**< for the help, or NULL */
};

struct pm_op_output {
    const char *name, *dims;
    enum pm_dtype dtype;
    bool measured; /**< clocks, bounds: engines need not agree, `both` writes the RTL's */
};

enum pm_setting_kind {
    PM_SET_INT,
    PM_SET_REAL,   /**< lo <= value < hi */
    PM_SET_CHOICE, /**< one of `choices`; the value is its index */
};

struct pm_op_setting {
    const char *name;
    enum pm_setting_kind kind;
    const char *fallback; /**< the default; NULL: the op's prepare computes it */
    double lo, hi;        /**< int: inclusive */
    const char *choices;  /**< "split|scan|next" */
    bool list;            /**< one value, or several separated by commas */
    const char *help;
};

struct pm_value {
    unsigned n; /**< values given; 0: default to be computed */
    int64_t i[PM_OP_LIST];
    double r[PM_OP_LIST];
};

struct pm_op;

/** One call of one op. */
struct pm_op_job {
    const struct pm_op *op;
    bool golden, rtl;
    const char *wave;                    /**< FST file or NULL */
    const char *in_path[PM_OP_INPUTS];   /**< NULL: not given */
    enum pm_dtype in_file[PM_OP_INPUTS]; /**< the files' dtypes */
    struct pm_tensor in[PM_OP_INPUTS];
    struct pm_value set[PM_OP_SETTINGS];
    size_t dim[128]; /**< by letter */
    struct pm_error error;
    char note[256];      /**< what the run found beside its outputs, one line for stdout */
    unsigned wave_parts; /**< waveforms begun */
};

struct pm_op {
    const char *name, *block, *summary;
    struct {
        char letter;
        size_t max;
    } limit[PM_OP_LIMITS];
    struct pm_op_input in[PM_OP_INPUTS + 1];
    struct pm_op_setting set[PM_OP_SETTINGS + 1];
    struct pm_op_output out[PM_OP_OUTPUTS + 1];
    /** Computes defaults and checks what spans several inputs and settings; may be NULL. */
    pm_status (*prepare)(struct pm_op_job *job);
    /** The engines: fill out[], allocated but for '*' shapes, which pm_op_allocate makes. */
    pm_status (*golden)(struct pm_op_job *job, struct pm_tensor *out);
    pm_status (*rtl)(struct pm_op_job *job, struct pm_tensor *out);
};

/** All ops, ended by NULL. */
extern const struct pm_op *const pm_ops[];

/* For the framework (op_job.c). */

/** Parses `text` for setting k into the job. */
pm_status pm_op_parse_setting(struct pm_op_job *job, size_t k, const char *text);
/** Fills what was not set from the declared defaults. */
void pm_op_default_settings(struct pm_op_job *job);
/** "bits=8 coding=sign" into text. */
void pm_op_settings_text(const struct pm_op_job *job, char *text, size_t length);
/** Reads and checks every input of in_path, binds the dimensions, calls prepare. */
pm_status pm_op_load(struct pm_op_job *job);
/** Runs one engine into out[PM_OP_OUTPUTS], which pm_op_free_outputs frees in any case. */
pm_status pm_op_run(struct pm_op_job *job, bool rtl, struct pm_tensor *out);
void pm_op_free_outputs(struct pm_tensor *out);
void pm_op_free(struct pm_op_job *job);

/* For the ops. Names are those of the declaration; another one is a defect of the program and ends it. */

/** The tensor, or NULL where an optional one was not given. */
const struct pm_tensor *pm_op_in(const struct pm_op_job *job, const char *name);
/** Its data, or NULL. */
const void *pm_op_data(const struct pm_op_job *job, const char *name);
/** The dtype of its file. */
enum pm_dtype pm_op_file_dtype(const struct pm_op_job *job, const char *name);
/** An integer or a choice's index. */
int64_t pm_op_int(const struct pm_op_job *job, const char *name);
/** The setting, for defaults and lists. */
struct pm_value *pm_op_setting(struct pm_op_job *job, const char *name);
/** The place of the output in out[]. */
size_t pm_op_out(const struct pm_op_job *job, const char *name);

/** Fails with "SUBJECT: REASON". */
#define pm_op_fail(job, status, subject, ...) pm_fail(&(job)->error, status, subject, __VA_ARGS__)
/** PM_ERANGE where an input has a value outside lo..hi; `why` says by which settings. */
pm_status pm_op_check(struct pm_op_job *job, const char *input, int64_t lo, int64_t hi, const char *why);
/** Allocates the '*' output with n rows. */
pm_status pm_op_allocate(struct pm_op_job *job, struct pm_tensor *out, const char *name, size_t n);

/** Loads a model of the op's block with `params` and one function of it. */
pm_status pm_op_model(struct pm_op_job *job, const char *params, const char *function, struct pm_rtl **rtl,
                      void (**f)(void));
/** Options of run number `part` of an op that takes several: each has its own waveform, FILE.fst, FILE.1.fst
 * ... `path` is scratch that the result points to. */
struct pm_sim_opts pm_op_sim(struct pm_op_job *job, unsigned part, char path[static PM_OP_PATH]);

#endif
