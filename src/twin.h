// SPDX-License-Identifier: Apache-2.0
/* RTL twins of systems: each watches layers' golden runs, runs the same in RTL and compares every integer.
 * Each is one file, src/system/NAME_rtl.c, that defines `const struct pm_twin pm_twin_NAME`; the build finds
 * it there. */
#ifndef PM_TWIN_H
#define PM_TWIN_H

#include "system/placement.h"

/** What the RTL of a layer measured, over its runs. */
struct pm_twin_result {
    uint64_t runs, compared, differ;
    uint64_t clocks;                    /**< whole runs, fill and drain included */
    uint64_t golden_clocks;             /**< what golden says of them; 0: only that of the passes */
    uint64_t elements_in, elements_out; /**< over the system's edge, counted at its handshakes */
    struct pm_twin_pass {
        double clocks, bound; /**< a vector in steady state, and golden's bound of it; summed over runs */
    } pass[2];
    struct pm_twin_digital {
        uint64_t compared, differ, clocks, golden_clocks;
        uint64_t unseen; /**< steps that are golden's alone, without RTL */
    } digital; /**< of digital modules beside the layer's arrays; no part of the above */
};

struct pm_twins;

#define PM_TWIN_BLOCKS 5

/** A layer under watch. */
struct pm_twin_layer {
    struct pm_twins *all;
    const struct pm_node *node;
    const void *layer;                 /**< the system's */
    void (*rtl[PM_TWIN_BLOCKS])(void); /**< drivers, of the types that the twin knows; NULL: not needed */
    void *buffers;                     /**< of the twin's open; may be NULL */
    struct pm_twin_result result;
};

/** A model of a block that a twin's layers run in. */
struct pm_twin_block {
    const char *name, *driver; /**< the driver's name in the loaded model */
    /** The model's parameters, "D=64 Heads=4", for runs of up to `tokens` vectors; left empty: this layer
     * needs no such model. */
    void (*params)(const struct pm_node *node, const void *layer, unsigned tokens, char *text, size_t length);
};

struct pm_twin {
    const char *system;
    struct pm_twin_block block[PM_TWIN_BLOCKS]; /**< as many as have a name */
    /** Buffers that layers of the same parameters of their first block, of those that they need, share; NULL:
     * none. PM_ENOMEM. */
    pm_status (*open)(const struct pm_node *node, unsigned tokens, void **buffers);
    void (*close)(void *buffers);
    void (*stage)(void *layer, const void *stages);  /**< pm_watch.stage of a pm_twin_layer; may be NULL */
    pm_status (*done)(void *layer, const void *run); /**< pm_watch.done; PM_EDIFFER after a difference */
};

/** NULL where a system has none. */
const struct pm_twin *pm_twin_of(const struct pm_system *system);

/** Which layers are watched. */
typedef bool pm_twin_filter(const void *ctx, unsigned node);

/** How a difference is reported. */
struct pm_twin_report {
    const char *item;   /**< "image" */
    const char *folder; /**< where tensors for a replay go; NULL: they are not kept */
};

/** Loads the models of the placed layers that have a twin, building them first where needed. The worker was
 * begun for `tokens` tokens, and outlives them. *t is NULL after an error. */
pm_status pm_twins_open(struct pm_worker *w, unsigned tokens, const struct pm_twin_report *report,
                        pm_twin_filter *filter, const void *ctx, struct pm_twins **t, struct pm_error *e);
void pm_twins_close(struct pm_twins *t);
/** Whether layer number `node` is watched from now on; of one that was not opened: nothing happens. */
void pm_twins_watch(struct pm_twins *t, unsigned node, bool watched);
/** Forgets what was measured. */
void pm_twins_reset(struct pm_twins *t);
/** What is known of a node, since the last reset; NULL: it was not opened. */
const struct pm_twin_result *pm_twins_result(const struct pm_twins *t, unsigned node);
/** The passes of all layers, summed in the order of their runs. */
const struct pm_twin_pass *pm_twins_passes(const struct pm_twins *t);
void pm_twin_result_add(struct pm_twin_result *sum, const struct pm_twin_result *r);

/** For twins. Counts one comparison; the first difference is reported. `part` precedes the tensor's name. */
void pm_twin_compare(struct pm_twin_layer *l, const char *tensor, size_t index, int64_t golden, int64_t rtl);
/** The same of an integer of a digital module, in the RTL of `block`. */
void pm_twin_compare_digital(struct pm_twin_layer *l, const char *block, const char *tensor, size_t index,
                             int64_t golden, int64_t rtl);
/** Counts pass 0 or 1 of a run. */
void pm_twin_count_pass(struct pm_twin_layer *l, int pass, double clocks, double bound);
/** Whether there was a difference. */
bool pm_twin_failed(const struct pm_twin_layer *l);

/** A tensor of a run that differs: its name in the op that replays it. */
struct pm_twin_tensor {
    const char *name;
    enum pm_twin_type { PM_TWIN_INT8, PM_TWIN_UINT8, PM_TWIN_INT32 } type;
    const void *data;  /**< NULL: left out */
    size_t rows, cols; /**< cols 0: a vector */
};
/** Keeps the tensors where the report wants them, and prints the command that replays the run; `rest` is what
 * follows the tensors in it. */
void pm_twin_replay(const struct pm_twin_layer *l, const char *op, const struct pm_twin_tensor *tensor,
                    size_t count, const char *rest);

#endif
