// SPDX-License-Identifier: Apache-2.0
/* Sentences as tokens, by the network's own tokenizer: a program that reads one sentence a line on its
 * standard input and writes a line of decimal ids for each on its standard output. */
#ifndef PM_TOKENS_H
#define PM_TOKENS_H

#include "io/error.h"

struct pm_tokens {
    size_t count;
    uint32_t *id;
    size_t *start; /**< [count + 1] where each sentence's begin in id[] */
};

/** Runs FOLDER/tokenize on text[count]. PM_EIO: the program is missing, fails, or has not
 * ended after `seconds`; PM_EFORMAT: it does not give
 * a line of 1..most ids below `vocabulary` for each sentence; PM_ENOMEM. After an error nothing is left
 * allocated. */
pm_status pm_tokens_run(struct pm_tokens *t, const char *folder, char *const *text, size_t count,
                        unsigned vocabulary, unsigned most, unsigned seconds, struct pm_error *e);
/** A zeroed struct is accepted. */
void pm_tokens_free(struct pm_tokens *t);

#endif
