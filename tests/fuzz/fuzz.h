// SPDX-License-Identifier: Apache-2.0
/* What every fuzz target does. A target is one file, tests/fuzz/TARGET.c, with LLVMFuzzerTestOneInput;
 * flow/fuzz.py links it with libFuzzer, `make test` with replay.c, which runs the kept inputs of
 * tests/fuzz/TARGET/. */
#ifndef FUZZ_H
#define FUZZ_H

#include "pm_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What must hold; a failure ends the process, which libFuzzer reports with the input. */
#define FUZZ_NEED(condition)                                                                                 \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* The path of a file in memory with these bytes, one of two, good until its next call. */
static inline const char *fuzz_file_of(unsigned which, const uint8_t *data, size_t n) {
    static int fds[2] = {-1, -1};
    static char path[2][32];
    int *fd = &fds[which];
    if (*fd < 0) {
        *fd = memfd_create("fuzz", 0);
        snprintf(path[which], sizeof path[which], "/proc/self/fd/%d", *fd);
    }
    FUZZ_NEED(*fd >= 0 && ftruncate(*fd, 0) == 0 && pwrite(*fd, data, n, 0) == (ssize_t)n);
    return path[which];
}

static inline const char *fuzz_file(const uint8_t *data, size_t n) {
    return fuzz_file_of(0, data, n);
}

/* A rejection says which file and why, in one line; a success says nothing. */
static inline void fuzz_named(pm_status status, const char *text, const char *subject) {
    if (status == PM_OK)
        return;
    const size_t length = strlen(text), name = strlen(subject);
    FUZZ_NEED(length > name + 2 && strncmp(text, subject, name) == 0 && strchr(text, '\n') == NULL);
}

#endif
