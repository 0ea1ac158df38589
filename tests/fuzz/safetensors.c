// SPDX-License-Identifier: Apache-2.0
/* .safetensors files: every tensor that the header names, by the shape that it claims. */
#include "io/safetensors.h"
#include "fuzz.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pm_safetensors st;
    struct pm_error e = {""};
    const char *path = fuzz_file(data, n);
    pm_status status = pm_safetensors_open(&st, path, &e);
    fuzz_named(status, e.text, path);
    if (status != PM_OK)
        return 0;
    for (const cJSON *item = st.header->child; item; item = item->next) {
        size_t shape[4] = {1, 1, 1, 1}, count = 1;
        unsigned rank = 0;
        const cJSON *dim, *dims = cJSON_GetObjectItemCaseSensitive(item, "shape");
        cJSON_ArrayForEach(dim, dims) {
            const double v = cJSON_IsNumber(dim) ? dim->valuedouble : 1;
            if (rank < 4 && v >= 0 && v < 1e18)
                shape[rank] = (size_t)v;
            rank += rank < 4;
        }
        float *out;
        *e.text = 0;
        status = pm_safetensors_f32(&st, item->string, rank, shape, &out, &e);
        fuzz_named(status, e.text, path);
        FUZZ_NEED((status == PM_OK) == (out != NULL));
        for (unsigned i = 0; i < rank; i++)
            count *= shape[i];
        for (size_t i = 0; out && i < count; i++)
            FUZZ_NEED(isfinite(out[i]));
        free(out);
    }
    pm_safetensors_close(&st);
    return 0;
}
