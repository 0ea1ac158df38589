// SPDX-License-Identifier: Apache-2.0
#include "rtl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct pm_rtl {
    void *handle;
};

const char *pm_home(void) {
    const char *h = getenv("PERIMETER_HOME");
    return h && *h ? h : PM_SOURCE_DIR;
}

pm_status pm_rtl_open(const char *block, const char *params, bool wave, struct pm_rtl **rtl, char *err,
                      size_t errlen) {
    char command[1024], path[1024] = "";
    *rtl = NULL;
    int n = snprintf(command, sizeof command, "'%s/scripts/verilate.sh' %s %s %s 2>&1", pm_home(), block,
                     wave ? "wave" : "", params);
    FILE *p = n < (int)sizeof command && !strchr(pm_home(), '\'') ? popen(command, "r") : NULL;
    if (!p) {
        snprintf(err, errlen, "%s: cannot run the model build in %s", block, pm_home());
        return PM_EBUILD;
    }
    /* One line: the model's path, or what is wrong. */
    bool got;
    do { /* a signal that the program handles may come while the model is built */
        errno = 0;
        clearerr(p);
        got = fgets(path, sizeof path, p) != NULL;
    } while (!got && errno == EINTR);
    int rc = pclose(p);
    path[strcspn(path, "\n")] = 0;
    if (!got || !WIFEXITED(rc) || WEXITSTATUS(rc) != 0) {
        snprintf(err, errlen, "%s: the simulation model (%s) could not be built: %s", block, params, path);
        return PM_EBUILD;
    }
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
