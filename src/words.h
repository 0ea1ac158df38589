// SPDX-License-Identifier: Apache-2.0
/* What a decoder reads of a text: its bytes, or tokens of its own. Then FOLDER has `pieces`, a line of
 * hexadecimal digits a token, the bytes that it stands for, and `tokenize`, which reads a text and writes a
 * line of decimal tokens. */
#ifndef PM_WORDS_H
#define PM_WORDS_H

#include "io/error.h"

/** Zeroed: bytes. */
struct pm_words {
    uint8_t *byte;
    size_t *start; /**< [count + 1] of each token's in byte[] */
    unsigned count;
    char *folder;
};

/** Of a network with `vocabulary` tokens: 256 are bytes. PM_EINVAL: FOLDER has no `pieces`; PM_EFORMAT: they
 * are not as many; PM_EIO; PM_ENOMEM. After an error nothing is left allocated. */
pm_status pm_words_load(struct pm_words *w, const char *folder, unsigned vocabulary, struct pm_error *e);
/** A zeroed struct is accepted. */
void pm_words_free(struct pm_words *w);

/** "bytes" or "tokens". */
const char *pm_words_unit(const struct pm_words *w);
/** text[length], which is UTF-8, as ids[count], which the caller frees. PM_ENOMEM, or as pm_tokens_run. */
pm_status pm_words_of(const struct pm_words *w, const char *text, size_t length, uint32_t **ids,
                      size_t *count, struct pm_error *e);
/** How many bytes a token stands for, and where they are, good until the next call. */
size_t pm_words_bytes(const struct pm_words *w, uint32_t id, const char **bytes);

#endif
