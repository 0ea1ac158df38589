// SPDX-License-Identifier: Apache-2.0
/* A folder of files that tests write and loaders read; included by one test program's file. */
#ifndef TESTS_FILES_H
#define TESTS_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/error.h"

static char folder[64]; /* every file of the test lies in it */

static const char *in_folder(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t size) {
    FILE *f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* One line, and it names the file and the reason. */
static void assert_message(const struct pm_error *e, const char *file, const char *reason) {
    assert_non_null(strstr(e->text, in_folder(file)));
    if (strstr(e->text, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e->text, reason);
    assert_null(strchr(e->text, '\n'));
}

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/pm_test.XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* A safetensors file that claims a header of `claimed` bytes; returns its bytes. */
static inline size_t put_safetensors(uint8_t *to, uint64_t claimed, const char *header, size_t length,
                                     const void *data, size_t size) {
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(claimed >> 8 * i);
    memcpy(to + 8, header, length);
    memcpy(to + 8 + length, data, size);
    return 8 + length + size;
}

#endif
