// SPDX-License-Identifier: Apache-2.0
/* `perimeter op`: one block on a user's own vectors.
 *
 * An op is a block's entry in the catalogue: a declaration (tensors, settings, the bench's model and driver,
 * samples) and two functions, golden and RTL. Command line, help, pages, tests, fuzzing and timing diagrams
 * come from it. src/op/BLOCK.c has the ops of one block and is found by being there. */
#ifndef PM_OP_H
#define PM_OP_H

#include "io/npy.h"
#include "io/settings.h"
#include "rtl.h"
#include "sfu_fp16.h"

#define PM_OP_INPUTS  11
#define PM_OP_OUTPUTS 5
#define PM_OP_LIMITS  3
#define PM_OP_SAMPLES 6
#define PM_OP_PARAMS  128  /**< bytes of a model's parameters */
#define PM_OP_PATH    4096 /**< bytes of a waveform's path */

/** Dimensions are one character each: "TD" is [T,D]. A letter means the same size in every tensor of the op;
 * a digit is a constant; '*' (first dimension of an output) is known only after the run. */
struct pm_op_input {
    const char *name, *dims;
    enum pm_dtype dtype; /**< what the engines get; a file may have any dtype that its values fit */
    int64_t lo, hi;      /**< 0, 0: all of dtype */
    bool optional;
    const char *note; /**< for the help, or NULL */
};

struct pm_op_output {
    const char *name, *dims;
    enum pm_dtype dtype;
    bool measured; /**< clocks, bounds: engines need not agree, `both` writes the RTL's */
    const char *note;
};

/** Made-up inputs: for a first try, for the tests, where fuzzing starts (it varies the settings that are not
 * set here: set those that need another model). Sample `timing` is the timing diagram's. */
struct pm_op_sample {
    const char *name;
    const char *dims; /**< "T=3 D=100", every letter of the inputs */
    const char *set;  /**< "bits=4 mode=scan" or NULL */
    const char *in;   /**< "x=3@-9..9 n:uint8=1,2,0 mask=" or NULL: see op_sample.c */
    uint64_t stalls;  /**< seed of random stalls in RTL; 0: none */
};

struct pm_op_job;

struct pm_op {
    const char *name, *block, *summary;
    struct {
        char letter;
        size_t max;
    } limit[PM_OP_LIMITS];
    struct pm_op_input in[PM_OP_INPUTS + 1];
    struct pm_setting_list set;
    struct pm_op_output out[PM_OP_OUTPUTS + 1];
    const char *driver; /**< function of tb/BLOCK/BLOCK_rtl.h that the RTL is driven with; NULL: golden only,
                           without model and rtl */
    /** The parameters of the bench's model that serves this job, "Rows=64 Bits=8". */
    void (*model)(const struct pm_op_job *job, char params[static PM_OP_PARAMS]);
    /** Computes defaults and checks what spans several inputs and settings; may be NULL. */
    pm_status (*prepare)(struct pm_op_job *job);
    /** The engines: fill the outputs, allocated and zero but for '*' shapes, which pm_op_allocate makes. */
    pm_status (*golden)(struct pm_op_job *job);
    pm_status (*rtl)(struct pm_op_job *job);
    struct pm_op_sample sample[PM_OP_SAMPLES + 1];
    struct {
        const char *signals; /**< of the diagram that sample `timing` gives */
        unsigned clocks;     /**< that are drawn, from the first one in which signals[0] is 1 */
        unsigned before;     /**< clocks before that one that are drawn, too */
    } timing;
};

/** Enters an op into the catalogue. */
#define PM_OP(OP)                                                                                            \
    PM_SETTING_LIST_AT(OP, &(OP).set);                                                                       \
    static const struct pm_op *const pm_op_entry_##OP __attribute__((section("pm_ops"), used)) = &(OP)

/** One call of one op. */
struct pm_op_job {
    const struct pm_op *op;
    bool golden, rtl;
    const char *wave;                    /**< FST file or NULL */
    const struct pm_op_sample *sample;   /**< of the inputs that have no file; or NULL */
    const char *in_path[PM_OP_INPUTS];   /**< NULL: not given */
    enum pm_dtype in_file[PM_OP_INPUTS]; /**< the files' dtypes */
    struct pm_tensor in[PM_OP_INPUTS];   /**< read, made up, or given */
    struct pm_settings *settings;
    size_t dim[128];       /**< by letter */
    struct pm_tensor *out; /**< [PM_OP_OUTPUTS] of the engine at work */
    void (*driver)(void);  /**< the loaded model's */
    struct pm_error error;
    char note[256];        /**< what the run found beside its outputs, one line for stdout */
    unsigned wave_parts;   /**< waveforms begun */
    char path[PM_OP_PATH]; /**< the last one's */
};

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
/** PM_EINVAL where a setting that has no default was not given. */
pm_status pm_op_need(struct pm_op_job *job, const char *name);
/** Needs `m` and `e`, the host's scale m * 2^e: m 0, or of 16 bits with the top one set. */
pm_status pm_op_need_scale(struct pm_op_job *job);
struct pm_scale pm_op_scale(const struct pm_op_job *job);
/** The output's data. */
void *pm_op_out(const struct pm_op_job *job, const char *name);
/** Allocates a '*' output with n rows. */
pm_status pm_op_allocate(struct pm_op_job *job, const char *name, size_t n);

/** Fails with "SUBJECT: REASON". */
#define pm_op_fail(job, status, subject, ...) pm_fail(&(job)->error, status, subject, __VA_ARGS__)
/** PM_ERANGE where an input has a value outside lo..hi; `why` says by which settings. */
pm_status pm_op_check(struct pm_op_job *job, const char *input, int64_t lo, int64_t hi, const char *why);
/** PM_ERANGE where an input does not fit the integers that two settings describe: bits, and signed or not. */
pm_status pm_op_check_bits(struct pm_op_job *job, const char *input, const char *bits, const char *is_signed);

/** The least of sizes[], ended by 0, that is n or more; 0: none. */
unsigned pm_op_fit(size_t n, const unsigned *sizes);
/** `least` times the power of two that makes it n or more. */
unsigned pm_op_fit_power(size_t n, unsigned least);
/** x[vectors][rows] with zeros up to `to` elements a vector; NULL: out of memory. The caller frees it. */
int32_t *pm_op_pad(const int32_t *x, size_t vectors, size_t rows, size_t to);
/** Calls the loaded driver, which is FUNCTION. */
#define pm_op_driver(job, FUNCTION) ((__typeof__(&FUNCTION))(job)->driver)
/** Options of run number `part` of an op that takes several: each has its own waveform, FILE.fst, FILE.1.fst
 * ... They point into the job. */
struct pm_sim_opts pm_op_sim(struct pm_op_job *job, unsigned part);

#endif
