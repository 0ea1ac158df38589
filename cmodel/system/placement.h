// SPDX-License-Identifier: Apache-2.0
/* A network's layers in their systems, and a thread's way through them: one worker for golden and for RTL,
 * which watches. */
#ifndef PM_SYSTEM_PLACEMENT_H
#define PM_SYSTEM_PLACEMENT_H

#include "system/plan.h"

/** Programmed layers; read-only, threads may share them. */
struct pm_placement;

/** Places the network in `folder`. Its plan and graph outlive it. *placement is NULL after an error. */
pm_status pm_placement_new(const struct pm_plan *plan, const struct pm_graph *graph, const char *folder,
                           uint64_t seed, struct pm_placement **placement, struct pm_error *e);
void pm_placement_free(struct pm_placement *p);

/** The system of node number `node`, and its programmed layer; NULL: the host has it. */
const struct pm_system *pm_placement_system(const struct pm_placement *p, unsigned node);
const void *pm_placement_layer(const struct pm_placement *p, unsigned node);
/** [nodes] which matrices add in[1] themselves. */
const bool *pm_placement_adds(const struct pm_placement *p);

/** Whether some layer must see typical inputs first, and shows them to it. */
bool pm_placement_settles(const struct pm_placement *p);
pm_status pm_placement_settle(struct pm_placement *p, const struct pm_graph_input *input, unsigned count);

/** A thread's buffers, layers' states and counts. */
struct pm_worker {
    const struct pm_graph *graph;
    const struct pm_placement *placement;
    struct pm_graph_scratch *scratch;
    void **state;              /**< [nodes] */
    struct pm_counts **counts; /**< [nodes][parts of its system]; NULL: of the host */
    struct pm_watch *watch;    /**< [nodes], the caller's: where `done` is set */
    uint32_t item;             /**< number of the image or sentence, for the draws: the caller's */
    pm_status status;          /**< the caller's */
};

/** For how many vectors a worker of `tokens` tokens begins a layer: of one with rows of its own a multiple of
 * 64, as the RTL's models come. */
unsigned pm_worker_tokens(const struct pm_node *node, unsigned tokens);
/** For inputs of up to `tokens` tokens. A NULL placement: everything on the host, of `graph`. PM_ENOMEM;
 * pm_worker_end is needed in any case. */
pm_status pm_worker_begin(struct pm_worker *w, const struct pm_graph *graph, const struct pm_placement *p,
                          unsigned tokens);
void pm_worker_end(struct pm_worker *w);
/** One input through the network; as pm_graph_run. */
pm_status pm_worker_run(struct pm_worker *w, const struct pm_graph_input *input, float *out);
/** One layer alone, which a system has, of vectors `first` and on of the item. */
pm_status pm_worker_layer(struct pm_worker *w, unsigned node, size_t first, const struct pm_operands *o);
/** The same as pm_worker_run, all of it on the host. */
pm_status pm_worker_run_host(struct pm_worker *w, const struct pm_graph_input *input, float *out);

/** Counts of many workers, layer by layer. */
struct pm_tally {
    const struct pm_graph *graph;
    const struct pm_system **system; /**< [nodes]; NULL: the host */
    struct pm_counts **counts;       /**< [nodes][parts] */
    struct pm_held *held;            /**< [nodes] */
};
/** All zeros. PM_ENOMEM; it needs pm_tally_free in any case. */
pm_status pm_tally_new(struct pm_tally *t, const struct pm_graph *graph, const struct pm_placement *p);
/** A zeroed tally is accepted. */
void pm_tally_free(struct pm_tally *t);
void pm_tally_add(struct pm_tally *t, const struct pm_worker *w);
/** Where `kind` is counted at all: the sum of a count over those parts of layers that have some of `kind`,
 * but for the sum over `kind` itself. */
uint64_t pm_tally_sum(const struct pm_tally *t, enum pm_count kind, enum pm_count count);
/** Of the layers that have some of `kind`: clocks, which are in each one's last part, the whole; and what
 * they hold. */
uint64_t pm_tally_clocks(const struct pm_tally *t, enum pm_count kind);
struct pm_held pm_tally_held(const struct pm_tally *t, enum pm_count kind);

#endif
