// SPDX-License-Identifier: Apache-2.0
/* `perimeter search`: accuracies of policies, each measured once and kept in a file line by line, so that a
 * search that was ended goes on where it was. */
#ifndef PM_SEARCH_SEEN_H
#define PM_SEARCH_SEEN_H

#include "policy.h"
#include "run.h"

struct pm_search {
    struct pm_run_job run; /**< the network and its data */
    struct pm_policy policy;
    struct pm_xbar_chip chip;
    unsigned images;
    int rank, ranks;           /**< processes, which share the images */
    char state[PATH_MAX + 16]; /**< the file */
    FILE *file;                /**< of rank 0 */
    /** Policies seen: bits w, a of every layer, and correct images. */
    struct pm_seen {
        uint8_t *bits; /**< [2 * layers] */
        unsigned correct;
        int64_t time;
        bool tried; /**< by this call */
    } * seen;
    size_t count, room;
};

/** Takes what the file has; PM_EFORMAT where it is of another search. */
pm_status pm_search_resume(struct pm_search *s);
void pm_search_end(struct pm_search *s);
/** The number, in `seen`, of the policy that s->policy has now; measured where it is new. */
pm_status pm_search_see(struct pm_search *s, size_t *number);

#endif
