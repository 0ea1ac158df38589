// SPDX-License-Identifier: Apache-2.0
/* Pictures: the first byte chooses the shape that is wanted. */
#include "io/image.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    const struct pm_image_shape want = {data[0] % 8 + 1, data[0] / 8 % 8 + 1, data[0] & 128 ? 3 : 1};
    const size_t size = (size_t)want.height * want.width * want.channels;
    struct pm_error e = {""};
    const char *path = fuzz_file(data + 1, n - 1);
    uint8_t *pixels = malloc(size); /* its end is watched */
    FUZZ_NEED(pixels != NULL);
    fuzz_named(pm_image_read(path, &want, pixels, &e), e.text, path);
    free(pixels);
    return 0;
}
