// SPDX-License-Identifier: Apache-2.0
/* IDX files, plain and gzip-compressed; the first byte chooses the rank and how many items a read takes. */
#include "io/idx.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    struct pm_idx idx;
    struct pm_error e = {""};
    const char *path = fuzz_file(data + 1, n - 1);
    const unsigned rank = data[0] % (PM_IDX_MAX_RANK + 1);
    pm_status status = pm_idx_open(&idx, path, rank, &e);
    if (rank > 0)
        fuzz_named(status, e.text, path);
    FUZZ_NEED(rank > 0 || status == PM_EINVAL);
    if (status != PM_OK)
        return 0;
    FUZZ_NEED(idx.item >= 1 && idx.item <= PM_IDX_MAX_ITEM);
    const size_t items = idx.item > 65536 ? 1 : data[0] / 8 % 4 + 1;
    uint8_t *out = malloc(items * idx.item);
    FUZZ_NEED(out != NULL);
    while (status == PM_OK && idx.next < idx.dim[0] && idx.next < 64) {
        const size_t left = idx.dim[0] - idx.next;
        status = pm_idx_read(&idx, left < items ? left : items, out, &e);
        fuzz_named(status, e.text, path);
    }
    free(out);
    pm_idx_close(&idx);
    return 0;
}
