// SPDX-License-Identifier: Apache-2.0
/* The command line of `perimeter op`: one argument a line, in an empty folder with three tensors. It ends
 * with 0, or with 2 and one line on stderr. */
#include "commands.h"
#include "io/npy.h"
#include "fuzz.h"

#include <sys/stat.h>

#define ARGS 24

static void tensor(const char *path, enum pm_dtype dtype, unsigned rank, const size_t *shape) {
    struct pm_tensor t;
    FUZZ_NEED(pm_tensor_new(&t, dtype, rank, shape) == PM_OK);
    for (size_t i = 0; i < t.count; i++)
        pm_tensor_set(&t, i, (int64_t)(i * 37 % 101) - 50);
    FILE *f = fopen(path, "wb");
    FUZZ_NEED(f && pm_npy_write(f, &t) && fclose(f) == 0);
    pm_tensor_free(&t);
}

static void folder(void) {
    static bool done;
    if (done)
        return;
    char dir[] = "/tmp/perimeter-fuzz-XXXXXX";
    FUZZ_NEED(mkdtemp(dir) && chdir(dir) == 0);
    tensor("x", PM_INT8, 2, (const size_t[]){3, 16});
    tensor("w", PM_INT8, 2, (const size_t[]){16, 16});
    tensor("v", PM_INT32, 1, (const size_t[]){3});
    done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    char text[1024], *argv[ARGS + 2] = {(char[]){"perimeter op"}};
    int argc = 1;
    if (n >= sizeof text || memchr(data, 0, n))
        return 0;
    folder();
    memcpy(text, data, n);
    text[n] = 0;
    if (strstr(text, "rtl") || strstr(text, "both")) /* engines are the other target's work */
        return 0;
    for (char *c = text; *c; c++) /* all files stay in this folder */
        if (*c == '/')
            *c = '_';
    for (char *save, *a = strtok_r(text, "\n", &save); a && argc < ARGS; a = strtok_r(NULL, "\n", &save))
        argv[argc++] = a;
    char *said, *printed;
    size_t said_length, printed_length;
    FILE *error = stderr, *output = stdout;
    stderr = open_memstream(&said, &said_length);
    stdout = open_memstream(&printed, &printed_length);
    const int status = pm_cmd_op(argc, argv);
    fclose(stderr);
    fclose(stdout);
    stderr = error;
    stdout = output;
    FUZZ_NEED(status == 0 || status == 2);
    FUZZ_NEED(status == 0 ||
              (strncmp(said, "perimeter: ", 11) == 0 && strchr(said, '\n') == said + said_length - 1));
    FUZZ_NEED(status == 2 || said_length == 0);
    free(said);
    free(printed);
    return 0;
}
