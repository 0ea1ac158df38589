// SPDX-License-Identifier: Apache-2.0
/* Sound. */
#include "io/wav.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pm_wav w;
    struct pm_error e = {""};
    const char *path = fuzz_file(data, n);
    const pm_status status = pm_wav_read(path, &w, &e);
    fuzz_named(status, e.text, path);
    FUZZ_NEED((status == PM_OK) == (w.sample != NULL));
    for (size_t i = 0; i < w.frames * w.channels; i++)
        FUZZ_NEED(w.sample[i] >= -1 && w.sample[i] < 1);
    pm_wav_free(&w);
    return 0;
}
