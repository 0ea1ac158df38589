// SPDX-License-Identifier: Apache-2.0
#include "rtl.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MODEL_PATH = PATH_MAX + 256 };

struct pm_rtl {
    void *handle;
};

/* share/perimeter beside the program's bin/; NULL where the program is not an installed one. */
static const char *installed(void) {
    static char share[PATH_MAX + 32];
    char program[PATH_MAX], version[sizeof share + 16];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return NULL;
    program[n] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            return NULL;
        *slash = 0;
    }
    snprintf(share, sizeof share, "%s/share/perimeter", program);
    snprintf(version, sizeof version, "%s/VERSION", share);
    return access(version, F_OK) == 0 ? share : NULL;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *pm_home(void) {
    const char *home = variable("PERIMETER_HOME"), *share = home ? NULL : installed();
    return home ? home : share ? share : PM_SOURCE_DIR;
}

const char *pm_build(void) {
    static char cache[PATH_MAX];
    const char *build = variable("PERIMETER_BUILD"), *base;
    if (build)
        return build;
    if (!installed())
        return PM_BUILD_DIR;
    if ((base = variable("XDG_CACHE_HOME")) && *base == '/')
        snprintf(cache, sizeof cache, "%s/perimeter", base);
    else
        snprintf(cache, sizeof cache, "%s/.cache/perimeter", (base = variable("HOME")) ? base : "");
    return cache;
}

int pm_first_line(const char *const argv[], char *line, size_t size) {
    int ends[2], status = -1;
    pid_t child;
    if (pipe(ends) != 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int failed = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *f = failed ? NULL : fdopen(ends[0], "r");
    if (f) {
        bool got;
        do { /* a signal that the program handles may come while the model is built */
            errno = 0;
            clearerr(f);
            got = fgets(line, (int)size, f) != NULL;
        } while (!got && errno == EINTR);
        if (!got)
            *line = 0;
        line[strcspn(line, "\n")] = 0;
        /* Read to its end: a program whose later lines nobody takes ends as failed. */
        for (char rest[512]; fread(rest, 1, sizeof rest, f) > 0 || (ferror(f) && errno == EINTR);)
            clearerr(f);
        fclose(f);
    } else
        close(ends[0]);
    if (!failed)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    return failed || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}

/* The model's file, built where it is not up to date. */
static pm_status model(const char *block, const char *params, bool wave, char path[MODEL_PATH], char *err,
                       size_t errlen) {
    enum { FIXED = 7, WORDS = 32 };
    char script[PATH_MAX + 32], library[PATH_MAX + 64], words[512], *at;
    const char *share = installed();
    snprintf(script, sizeof script, "%s/scripts/verilate.sh", pm_home());
    if (access(script, X_OK) != 0) {
        snprintf(err, errlen, "%s: %s; the program was built there: build it again, or set PERIMETER_HOME",
                 script, strerror(errno));
        return PM_EBUILD;
    }
    if (share)
        snprintf(library, sizeof library, "%s/lib/libperimeter.a", share);
    else
        snprintf(library, sizeof library, "%s/libperimeter.a", PM_BUILD_DIR);
    const char *argv[FIXED + WORDS + 1] = {script, "-b", pm_build(), "-l", library, block};
    size_t n = FIXED - 1;
    if (wave)
        argv[n++] = "wave";
    bool fits = snprintf(words, sizeof words, "%s", params) < (int)sizeof words;
    for (char *word = strtok_r(words, " ", &at); word && fits; word = strtok_r(NULL, " ", &at)) {
        argv[n++] = word;
        fits = n < FIXED + WORDS;
    }
    *path = 0;
    const bool terminal = isatty(STDERR_FILENO);
    if (terminal) /* up to a minute where it is not there yet */
        fprintf(stderr, "\rbuilding the simulation model of %s\033[K", block);
    const bool built = fits && pm_first_line(argv, path, MODEL_PATH) == 0;
    if (terminal)
        fputs("\r\033[K", stderr);
    if (!built) {
        snprintf(
            err, errlen,
            "%s: the simulation model (%s) could not be built: %s; perimeter doctor says what is missing",
            block, params, fits ? path : "too many parameters");
        return PM_EBUILD;
    }
    return PM_OK;
}

pm_status pm_rtl_open(const char *block, const char *params, bool wave, struct pm_rtl **rtl, char *err,
                      size_t errlen) {
    char path[MODEL_PATH];
    *rtl = NULL;
    const pm_status status = model(block, params, wave, path, err, errlen);
    if (status != PM_OK)
        return status;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(err, errlen, "%s: %s", path, dlerror());
        return PM_EBUILD;
    }
    *rtl = malloc(sizeof **rtl);
    if (!*rtl) {
        dlclose(handle);
        snprintf(err, errlen, "%s: out of memory", block);
        return PM_ENOMEM;
    }
    (*rtl)->handle = handle;
    return PM_OK;
}

void (*pm_rtl_function(struct pm_rtl *rtl, const char *name))(void) {
    /* POSIX guarantees that dlsym's pointer converts to a function pointer; ISO C does not, hence the copy.
     */
    void *symbol = dlsym(rtl->handle, name);
    void (*function)(void);
    memcpy(&function, &symbol, sizeof function);
    return function;
}

void pm_rtl_close(struct pm_rtl *rtl) {
    if (!rtl)
        return;
    dlclose(rtl->handle);
    free(rtl);
}
