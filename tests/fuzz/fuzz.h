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

/* A folder, removed at the end, with links of these names to files. */
static struct {
    char path[32];
    const char *name[2];
    unsigned names;
} fuzz_folder;

static inline void fuzz_link_path(const char *name, char path[64]) {
    snprintf(path, 64, "%s/%s", fuzz_folder.path, name);
}

static inline void fuzz_remove_folder(void) {
    char path[64];
    while (fuzz_folder.names) {
        fuzz_link_path(fuzz_folder.name[--fuzz_folder.names], path);
        unlink(path);
    }
    rmdir(fuzz_folder.path);
}

/* The folder, with a link to the file, whose path stays the same. */
static inline const char *fuzz_link(const char *name, const char *file) {
    if (!*fuzz_folder.path) {
        strcpy(fuzz_folder.path, "/tmp/pm_fuzz.XXXXXX");
        FUZZ_NEED(mkdtemp(fuzz_folder.path) != NULL);
        atexit(fuzz_remove_folder);
    }
    for (unsigned i = 0; i < fuzz_folder.names; i++)
        if (strcmp(fuzz_folder.name[i], name) == 0)
            return fuzz_folder.path;
    char path[64];
    fuzz_link_path(name, path);
    FUZZ_NEED(fuzz_folder.names < 2 && symlink(file, path) == 0);
    fuzz_folder.name[fuzz_folder.names++] = name;
    return fuzz_folder.path;
}

/* A rejection says which file and why, in one line; a success says nothing. */
static inline void fuzz_named(pm_status status, const char *text, const char *subject) {
    if (status == PM_OK)
        return;
    const size_t length = strlen(text), name = strlen(subject);
    FUZZ_NEED(length > name + 2 && strncmp(text, subject, name) == 0 && strchr(text, '\n') == NULL);
}

#endif
