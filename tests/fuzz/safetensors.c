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
        const cJSON *dim, *dims = cJSON_GetObjectItemCaseSensitive(item, "shape");
        size_t shape[8], count = 1;
        unsigned rank = 0;
        if (strcmp(item->string, "__metadata__") == 0 || cJSON_GetArraySize(dims) > 8)
            continue;
        cJSON_ArrayForEach(dim, dims) {
            shape[rank] = (size_t)dim->valuedouble;
            count *= shape[rank++];
        }
        const bool f32 = strcmp(cJSON_GetObjectItemCaseSensitive(item, "dtype")->valuestring, "F32") == 0;
        float *out;
        status = pm_safetensors_f32(&st, item->string, rank, shape, &out, &e);
        fuzz_named(status, e.text, path);
        FUZZ_NEED((status == PM_OK) == (out != NULL));
        FUZZ_NEED(status == (f32 && out ? PM_OK : PM_EFORMAT));
        FUZZ_NEED(!f32 || out || strstr(e.text, "not finite"));
        for (size_t i = 0; out && i < count; i++)
            FUZZ_NEED(isfinite(out[i]));
        free(out);
    }
    pm_safetensors_close(&st);
    return 0;
}
