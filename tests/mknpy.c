// SPDX-License-Identifier: Apache-2.0
/* Makes and shows .npy files for tests/cli.sh, independently of cmodel/io/npy.c.
 *
 *   mknpy FILE DESCR SHAPE VALUE...    DESCR such as '<i4', SHAPE such as 2,3; a VALUE may be
 *                                      SEED@LO..HI: fills the rest with random integers
 *   mknpy -s FILE                      prints "DESCR SHAPE VALUE..." on one line */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what) {
    fprintf(stderr, "mknpy: %s\n", what);
    return 1;
}

static void put(FILE *f, uint64_t v, int size) {
    for (int i = 0; i < size; i++)
        fputc((int)(v >> 8 * i & 0xff), f);
}

static int show(const char *path) {
    FILE *f = fopen(path, "rb");
    unsigned char start[10];
    char header[4096], descr[8], shape[256];
    if (!f || fread(start, 1, 10, f) != 10)
        return fail("cannot read");
    size_t length = start[8] | (size_t)start[9] << 8;
    if (memcmp(start, "\x93NUMPY\1\0", 8) != 0 || length >= sizeof header || (length + 10) % 64 != 0 ||
        fread(header, 1, length, f) != length)
        return fail("bad header");
    header[length] = 0;
    int end = 0;
    if (sscanf(header, "{'descr': '%3s', 'fortran_order': False, 'shape': (%255[0-9, ]), }%n", descr, shape,
               &end) != 2 ||
        !end)
        return fail("bad header text");
    int size = descr[2] - '0';
    printf("%s ", descr);
    for (char *c = shape; *c; c++)
        if (*c != ' ' && !(*c == ',' && !c[1]))
            putchar(*c);
    for (;;) {
        uint64_t u = 0;
        int got = 0, c;
        while (got < size && (c = fgetc(f)) != EOF)
            u |= (uint64_t)c << 8 * got++;
        if (got == 0)
            break;
        if (got < size)
            return fail("ends within an element");
        int unused = 64 - 8 * size;
        printf(" %" PRId64, descr[1] == 'u' ? (int64_t)u : (int64_t)(u << unused) >> unused);
    }
    putchar('\n');
    fclose(f);
    return 0;
}

int main(int argc, char **argv) {
    char header[256], shape[128] = "";
    uint64_t count = 1, at = 0;
    if (argc == 3 && strcmp(argv[1], "-s") == 0)
        return show(argv[2]);
    if (argc < 4)
        return fail("FILE DESCR SHAPE VALUE...");
    for (char *s = argv[3]; *s;) {
        uint64_t d = strtoull(s, &s, 10);
        count *= d;
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%" PRIu64 ",", d);
        s += *s == ',';
    }
    int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                     argv[2], shape);
    n = (n + 1 + 10 + 63) / 64 * 64 - 10;
    FILE *f = fopen(argv[1], "wb");
    if (!f)
        return fail("cannot write");
    fwrite("\x93NUMPY\1\0", 1, 8, f);
    put(f, (uint64_t)n, 2);
    fprintf(f, "%-*s\n", n - 1, header);
    int size = argv[2][2] - '0';
    for (int k = 4; k < argc; k++) {
        char *random = strchr(argv[k], '@');
        if (!random) {
            put(f, (uint64_t)strtoll(argv[k], NULL, 10), size);
            at++;
            continue;
        }
        uint64_t x = strtoull(argv[k], NULL, 10) * 0x9E3779B97F4A7C15u | 1;
        int64_t lo = strtoll(random + 1, NULL, 10), hi = strtoll(strstr(random, "..") + 2, NULL, 10);
        for (; at < count; at++) {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            put(f, (uint64_t)(lo + (int64_t)((x * 0x2545F4914F6CDD1Du >> 16) % (uint64_t)(hi - lo + 1))),
                size);
        }
    }
    return fclose(f) != 0 || at != count ? fail("wrong number of values") : 0;
}
