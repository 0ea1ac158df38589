// SPDX-License-Identifier: Apache-2.0
/* `perimeter run --pairs`: what a sentence encoder's evaluation measures. */
#ifndef PM_RUN_PAIRS_H
#define PM_RUN_PAIRS_H

#include "io/pairs.h"
#include "run.h"

/** Sentences by their length: up to 32, 128, more tokens. */
#define PM_RUN_LENGTHS 3
extern const unsigned pm_run_length[PM_RUN_LENGTHS];

/** Embeddings against the float ones: cosines between the two of a sentence. */
struct pm_run_cosines {
    unsigned count;
    double sum, least;
};

/** The engines over a set of pairs. */
struct pm_run_embedding {
    unsigned sentences;
    uint64_t tokens, padding;
    struct pm_run_cosines length[PM_RUN_LENGTHS];
    double rms;      /**< of a pair's cosine against float */
    double spearman; /**< against the score column, NAN without one */
    struct pm_tally tally;
    double seconds;
};

/** A text in RTL: the attention of `layers` layers from `first` on. */
struct pm_run_text {
    struct pm_graph_input input;
    unsigned first, layers;
    struct pm_twin_result *rtl; /**< [nodes] */
    double seconds;
};

struct pm_run_pairs {
    unsigned pairs;
    double spearman_float, seconds_float;
    char *const *sentence;                 /**< [2 * pairs] */
    double *cosine_float, *cosine_integer; /**< [pairs] */
    struct pm_run_embedding golden;
    double sentences_per_second; /**< of 32 tokens; 0: not measured */
    struct {
        struct pm_variant of;
        struct pm_run_embedding golden;
    } variant[PM_RUN_VARIANTS];
    unsigned variants;
    struct pm_run_text text[2]; /**< one layer of a long one, all layers of a short one */
    unsigned texts;
};

double pm_run_cosine_mean(const struct pm_run_embedding *g);
double pm_run_cosine_min(const struct pm_run_embedding *g);

/** Evaluates j->pairs, prints the report on stderr and, once all is done and the summary is written, one line
 * a pair on stdout: cosine float, tab, cosine integer. */
pm_status pm_run_sentence_pairs(struct pm_run_job *j, struct pm_outfile *summary);

/** Everything that was found; NULL: out of memory. */
struct pm_results *pm_run_pairs_results(const struct pm_run_job *j, const struct pm_run_pairs *r);
/** The report, from those. */
void pm_run_pairs_print(const struct pm_run_job *j, const struct pm_run_pairs *r,
                        const struct pm_results *found, FILE *to);

#endif
