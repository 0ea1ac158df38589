// SPDX-License-Identifier: Apache-2.0
/* Runs a fuzz target on kept inputs: TARGET NAME FILE... */
#include "fuzz.h"

int main(int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        uint8_t *data = malloc(1 << 20);
        FUZZ_NEED(f && data);
        const size_t n = fread(data, 1, 1 << 20, f);
        fclose(f);
        /* Exactly as long as it is, so that a byte too far is seen. */
        data = realloc(data, n ? n : 1);
        FUZZ_NEED(data);
        LLVMFuzzerTestOneInput(data, n);
        free(data);
    }
    printf("%s - fuzz %s: %d kept inputs\n", argc > 2 ? "ok" : "not ok", argv[1], argc - 2);
    return argc <= 2;
}
