// SPDX-License-Identifier: Apache-2.0
/* A system: who computes a layer, and what that costs. Each is one file, cmodel/system/NAME.c, that defines
 * `const struct pm_system pm_system_NAME`; the build finds it there. Its RTL twin is src/system/NAME_rtl.c,
 * see twin.h. */
#ifndef PM_SYSTEM_H
#define PM_SYSTEM_H

#include "io/error.h"
#include "io/settings.h"
#include "net/graph.h"
#include "system/calibration.h"
#include "system/counts.h"

/** Where layers are placed: what systems find there, and what they share between layers. */
struct pm_site {
    const char *folder; /**< of the network, where a system finds its own data */
    const struct pm_graph *graph;
    uint64_t seed;       /**< of everything that is drawn */
    uint32_t next_array; /**< number of the next array of those that are numbered in the order of placing */
    struct pm_calibration calibration; /**< see pm_site_calibration */
    bool calibrated;
    void *own; /**< this system's, of all its layers; NULL at first */
};

/** The calibration of the network's matrices, which is read when a system first asks for it. */
pm_status pm_site_calibration(struct pm_site *site, const struct pm_calibration **c, struct pm_error *e);

/** Sees the integers of a layer's run; the types behind the pointers are the system's own, see its header. */
struct pm_watch {
    void (*stage)(void *ctx, const void *stages);  /**< within a run; NULL: none */
    pm_status (*done)(void *ctx, const void *run); /**< a status but PM_OK ends the run, which returns it */
    void *ctx;
};

/** What a layer holds as long as it is placed. */
struct pm_held {
    uint64_t arrays;    /**< analog arrays */
    uint64_t plain;     /**< those that it would take undivided and in 1-bit cells; 0: it has no such form */
    uint64_t flip_bits; /**< bits beside the cells that tell which columns are stored as complements */
    uint64_t sram_bits; /**< of weights that are loaded at wake-up */
    uint64_t accesses;  /**< of a vector, were all its kernels in arrays that are read access by access; 0:
                           they  cannot be, or it was not asked */
    uint64_t cells;     /**< that are programmed before the first run; 0: not counted */
    uint64_t pulses;    /**< that this takes */
};

/** One run of a layer. */
struct pm_run_of {
    struct pm_operands operands;
    uint32_t first_vector;        /**< numbers the vectors since programming, for the draws */
    struct pm_counts *counts;     /**< [parts], which it adds to; NULL: not counted */
    const struct pm_watch *watch; /**< NULL: nobody */
};

/** Of a set of kinds of nodes. */
#define PM_TAKES(kind) (1u << (kind))

/** What a report shows of a choice: the same run with something replaced. */
struct pm_variant {
    const char *text; /**< "ffn*=hyflex,cell=2 flare.round=0", as pm_plan_override; "": as configured;
                         "plan=FILE": a plan that comes with the network, if it has that file */
    const char *key;  /**< of "ffn_accuracy_KEY" in the summary, or of a group there; NULL: none */
    enum pm_variant_use {
        PM_OF_IMAGES = 1,
        PM_OF_PAIRS = 2,
        PM_OF_RTL = 4,
        PM_AS_GROUP = 8, /**< the key is a group, of accuracy, boost and accesses */
        PM_OF_TEXT = 16,
        PM_OF_LAYERS = 32 /**< of images, and each layer alone against float */
    } use;
};

struct pm_system {
    const char *name, *summary;
    const char *title;                      /**< of what its layers are in, in reports */
    const struct pm_setting_list *settings; /**< prefix: the name; NULL: none */
    unsigned takes;                         /**< kinds of nodes: PM_TAKES(PM_NODE_MATRIX), of attentions, or of heads */
    unsigned takes_more;                    /**< kinds that it takes where settings meet `more` */
    const char *more;                       /**< NULL where takes_more is 0 */
    const char *all;          /**< what the pattern "attn" stands for, the layers of attention and all between them,
                                 "PATTERN,NAME=VALUE"; NULL: it is a name as any other */
    const char *adds;         /**< the condition under which it adds in[1] of a matrix itself; NULL: never */
    const char *const *parts; /**< what its counts are split into, ended by NULL; NULL: it counts nothing */
    const struct pm_variant *variants; /**< ended by a NULL text; NULL: none */
    const char *draws;   /**< the condition on settings under which something is drawn; NULL: never */
    const char *settles; /**< the condition under which it must see typical inputs first; NULL: never */

    /** Programs a layer; *layer is shared by threads. Loads what of its own it needs. */
    pm_status (*place)(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e);
    void (*free)(void *layer);
    void (*hold)(const void *layer, struct pm_held *held); /**< of a placed layer; NULL: it has no arrays */
    void (*free_own)(void *own);                           /**< of struct pm_site; NULL: nothing */
    /** A thread's state for runs of up to `tokens` vectors; NULL: none is needed. */
    pm_status (*begin)(const void *layer, unsigned tokens, void **state);
    void (*end)(void *state);
    /** Runs the layer. PM_ENOMEM, or what the watch returned. */
    pm_status (*run)(const void *layer, void *state, const struct pm_run_of *r);
    /** Ends settling with what `state` saw; states begun later are settled. */
    void (*settle)(void *layer, const void *state);
};

/** All of them, ended by NULL; and where a layer is that is placed nowhere. */
extern const struct pm_system *const pm_systems[], pm_system_host;
/** NULL where there is none of that name. */
const struct pm_system *pm_system_find(const char *name, size_t length);

/** Whether it takes a kind of node, with these settings (of none: NULL). */
bool pm_system_takes(const struct pm_system *s, const struct pm_settings *settings, enum pm_node_kind kind);
unsigned pm_system_parts(const struct pm_system *s);

#endif
