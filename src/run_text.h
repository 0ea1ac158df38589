// SPDX-License-Identifier: Apache-2.0
/* `perimeter run` of a decoder: how well it foretells a text, byte by byte, and texts of its own. */
#ifndef PM_RUN_TEXT_H
#define PM_RUN_TEXT_H

#include "run.h"

/** A text in windows of as many bytes or tokens as the network takes, each foretold from its own beginning. */
struct pm_run_text_set {
    uint32_t *id; /**< [count] */
    size_t count;
    unsigned windows;
    /* What float says, once its window has been seen. */
    bool *seen;      /**< [windows] */
    double *nats;    /**< [count] of the byte that follows */
    uint32_t *first; /**< [count] the likeliest */
};

/** One way of computing; an outcome's images are predictions. */
struct pm_run_foretold {
    struct pm_run_outcome o;
    unsigned windows;
    double nats_float, nats_integer; /**< sums */
    double bytes;                    /**< that the foretold tokens stand for */
    struct pm_run_foretold_change {
        unsigned window, at;           /**< the byte behind place `at` of the window */
        uint32_t by_float, by_integer; /**< the likeliest */
    } changed[PM_RUN_CHANGED];         /**< the first where they are not the same */
    unsigned changes;
};

struct pm_run_text_report {
    const struct pm_run_job *job;
    const struct pm_run_text_set *set;
    struct pm_run_foretold golden, rtl;
    struct pm_run_foretold varied[PM_RUN_VARIANTS];
    struct pm_variant variant[PM_RUN_VARIANTS];
    unsigned variants;
};

/** j->data: perplexity in float and in integers, and in RTL the first window's beginning. PM_EDIFFER:
 * reported already. */
pm_status pm_run_text(struct pm_run_job *j, struct pm_outfile *summary);
/** Everything that was found; NULL: out of memory. */
struct pm_results *pm_run_text_results(const struct pm_run_text_report *r);
/** The report, from those. */
void pm_run_text_print(const struct pm_run_text_report *r, const struct pm_results *found);

/** j->prompt: goes to stdout with what the network adds, byte by byte as it is made; a report, unless it is
 * to be quiet, to stderr. */
pm_status pm_run_prompt(struct pm_run_job *j, struct pm_outfile *summary);

#endif
