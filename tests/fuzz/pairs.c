// SPDX-License-Identifier: Apache-2.0
/* Pairs of texts; the first byte chooses columns. What is read is scored. */
#include "io/pairs.h"
#include "fuzz.h"
#include "net/score.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    const struct pm_pairs_columns columns = {.text = {data[0] & 3, data[0] & 3 ? data[0] / 4 % 4 + 1u : 0},
                                             .score = data[0] / 16 % 4,
                                             .header = data[0] & 64,
                                             .answers = data[0] & 128};
    struct pm_pairs p;
    struct pm_error e = {""};
    const char *path = fuzz_file(data + 1, n - 1);
    fuzz_named(pm_pairs_load(&p, path, &columns, &e), e.text, path);
    for (size_t i = 0; i < p.count; i++) {
        struct pm_edits words = {0, 0}, characters = {0, 0};
        const size_t length = strlen(p.text[2 * i]), other = strlen(p.text[2 * i + 1]);
        FUZZ_NEED(pm_edits_add(&words, &characters, p.text[2 * i], p.text[2 * i + 1]) == PM_OK);
        FUZZ_NEED(characters.length <= length && characters.edits <= (length > other ? length : other));
        FUZZ_NEED(words.length <= characters.length);
    }
    pm_pairs_free(&p);
    return 0;
}
