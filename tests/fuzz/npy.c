// SPDX-License-Identifier: Apache-2.0
/* .npy files: what is read survives being written and read again. */
#include "io/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pm_tensor t = {0}, again = {0};
    struct pm_error e = {{0}};
    const char *path = fuzz_file(data, n);
    const pm_status status = pm_npy_read(path, &t, &e);
    fuzz_named(status, e.text, path);
    if (status != PM_OK)
        return 0;
    size_t count = 1;
    for (unsigned i = 0; i < t.rank; i++)
        count *= t.shape[i];
    FUZZ_NEED(t.rank >= 1 && t.rank <= PM_RANK && count == t.count && count > 0);
    for (size_t i = 0; i < count; i++) {
        const int64_t v = pm_tensor_get(&t, i);
        FUZZ_NEED(v >= pm_dtype_min(t.dtype) && v <= pm_dtype_max(t.dtype));
    }
    char *bytes;
    size_t length;
    FILE *f = open_memstream(&bytes, &length);
    FUZZ_NEED(f && pm_npy_write(f, &t) && fclose(f) == 0);
    FUZZ_NEED(pm_npy_read(fuzz_file((uint8_t *)bytes, length), &again, &e) == PM_OK);
    FUZZ_NEED(again.dtype == t.dtype && again.rank == t.rank && again.count == t.count &&
              memcmp(again.shape, t.shape, t.rank * sizeof *t.shape) == 0 &&
              memcmp(again.data, t.data, t.count * pm_dtype_size(t.dtype)) == 0);
    free(bytes);
    pm_tensor_free(&t);
    pm_tensor_free(&again);
    return 0;
}
