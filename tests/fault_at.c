// SPDX-License-Identifier: Apache-2.0
/* Preloaded: kills the process, as SIGKILL would, at step PERIMETER_FAULT_AT of writing its outputs: after the
 * temporary file is created, and before and after each write, close and rename from then on. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int armed;

static void step(void) {
    static int steps;
    const char *at = getenv("PERIMETER_FAULT_AT");
    if (armed && at && ++steps == atoi(at))
        raise(SIGKILL);
}

static void *real(const char *name) {
    void *f = dlsym(RTLD_NEXT, name);
    if (!f)
        abort();
    return f;
}

int open(const char *path, int flags, ...) {
    int (*f)(const char *, int, ...);
    *(void **)&f = real("open");
    va_list list;
    va_start(list, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    const int fd = f(path, flags, mode);
    armed |= strstr(path, "/.perimeter-") != NULL;
    step();
    return fd;
}

size_t fwrite(const void *data, size_t size, size_t n, FILE *file) {
    size_t (*f)(const void *, size_t, size_t, FILE *);
    *(void **)&f = real("fwrite");
    step();
    const size_t done = f(data, size, n, file);
    if (armed) /* on the disk, not in the buffer */
        fflush(file);
    step();
    return done;
}

int fclose(FILE *file) {
    int (*f)(FILE *);
    *(void **)&f = real("fclose");
    step();
    const int rc = f(file);
    step();
    return rc;
}

int rename(const char *from, const char *to) {
    int (*f)(const char *, const char *);
    *(void **)&f = real("rename");
    step();
    const int rc = f(from, to);
    step();
    return rc;
}
