// SPDX-License-Identifier: Apache-2.0
/* How good an answer is: likelihood, rank of the right class, edits to the right text. */
#ifndef PM_NET_SCORE_H
#define PM_NET_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "pm_types.h"

/** -ln softmax(logits)[target], nats, summed in double; target < classes. NAN or infinite where logits are.
 */
double pm_score_nats(const float *logits, size_t classes, size_t target);
/** exp(nats/count), 1 of nothing. */
double pm_perplexity(double nats, size_t count);
/** Place of `target` among the classes, 0 the best: of equal logits the lower index is better, as in an
 * argmax that takes the first. */
size_t pm_score_rank(const float *logits, size_t classes, size_t target);

/** Fewest insertions, deletions and substitutions, a unit each, that turn a[n] into b[m] (Levenshtein).
 * PM_ENOMEM. */
pm_status pm_edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t *distance);

/** Sums of an error rate: edits/length. */
struct pm_edits {
    uint64_t edits, length; /**< length: of the references */
};
/** Adds what turns the reference into the hypothesis; both are UTF-8. Words are what stands between white
 * space (ASCII's), characters are code points, each run of white space one space, none at the ends.
 * PM_ENOMEM. */
pm_status pm_edits_add(struct pm_edits *words, struct pm_edits *characters, const char *reference,
                       const char *hypothesis);

#endif
