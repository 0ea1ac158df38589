// SPDX-License-Identifier: Apache-2.0
/* A decoder's `pieces`, the bytes that its tokens stand for; the first byte is the vocabulary. */
#include "words.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    struct pm_words w;
    struct pm_error e = {""};
    const char *folder = fuzz_link("pieces", fuzz_file(data + 1, n - 1));
    fuzz_named(pm_words_load(&w, folder, data[0], &e), e.text, folder);
    /* Every digit and every end of a line is some token's. */
    size_t bytes = 0;
    for (unsigned i = 0; i < w.count; i++) {
        const char *first;
        const size_t length = pm_words_bytes(&w, i, &first);
        for (size_t k = 0; k < length; k++)
            bytes += first[k] == (char)w.byte[w.start[i] + k];
    }
    FUZZ_NEED(w.count == 0 || 2 * bytes + w.count == n - 1);
    pm_words_free(&w);
    return 0;
}
