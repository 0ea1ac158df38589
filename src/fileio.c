// SPDX-License-Identifier: Apache-2.0
#include "fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pm_status fail_errno(struct pm_error *e, const char *path) {
    return pm_fail(e, PM_EIO, path, "%s", strerror(errno));
}

pm_status pm_outfile_plan(struct pm_outfile *o, const char *path, struct pm_error *e) {
    struct stat st;
    char folder[PATH_MAX];
    *o = (struct pm_outfile){.path = path};
    if (!*path)
        return pm_fail(e, PM_EIO, path, "empty file name");
    if (strlen(path) >= sizeof folder) {
        errno = ENAMETOOLONG;
        return fail_errno(e, path);
    }
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) {
            errno = EISDIR;
            return fail_errno(e, path);
        }
        o->direct = !S_ISREG(st.st_mode);
        if (access(path, W_OK) != 0)
            return fail_errno(e, path);
        o->target = realpath(path, NULL);
        /* A pipe behind /dev/stdout has no path of its own. */
        if (!o->target && o->direct)
            o->target = strdup(path);
        if (!o->target)
            return fail_errno(e, path);
    } else if (errno != ENOENT) {
        return fail_errno(e, path);
    } else {
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        if (!slash)
            strcpy(folder, ".");
        else
            snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
        char *real = realpath(folder, NULL);
        if (!real)
            return errno == ENOENT ? pm_fail(e, PM_EIO, path, "the folder does not exist")
                                   : fail_errno(e, path);
        size_t length = strlen(real) + strlen(name) + 2;
        o->target = *name ? malloc(length) : NULL;
        if (o->target)
            snprintf(o->target, length, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
        free(real);
        if (!*name)
            return pm_fail(e, PM_EIO, path, "the folder does not exist");
        if (!o->target)
            return pm_fail(e, PM_ENOMEM, path, "out of memory");
    }
    if (o->direct)
        return PM_OK;
    char *slash = strrchr(o->target, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == o->target ? 1 : (int)(slash - o->target), o->target);
    if (stat(folder, &st) != 0 || access(folder, W_OK | X_OK) != 0)
        return fail_errno(e, path);
    return PM_OK;
}

bool pm_outfile_same(const struct pm_outfile *a, const struct pm_outfile *b) {
    return strcmp(a->target, b->target) == 0;
}

/* Creates a new file beside the target. mkstemp would give it mode 0600, whatever the umask. */
static FILE *open_temp(struct pm_outfile *o) {
    static unsigned serial;
    int folder = (int)(strrchr(o->target, '/') - o->target);
    size_t length = (size_t)folder + 48;
    o->temp = malloc(length);
    if (!o->temp)
        return NULL;
    for (int tries = 0; tries < 100; tries++) {
        snprintf(o->temp, length, "%.*s/.perimeter-%ld-%u.tmp", folder, o->target, (long)getpid(), serial++);
        int fd = open(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            FILE *f = fdopen(fd, "wb");
            if (f)
                return f;
            int saved = errno;
            close(fd);
            unlink(o->temp);
            errno = saved;
            break;
        }
        if (errno != EEXIST)
            break;
    }
    int saved = errno;
    free(o->temp);
    o->temp = NULL;
    errno = saved;
    return NULL;
}

static pm_status write_one(struct pm_outfile *o, pm_writer *writer, const void *content, struct pm_error *e) {
    FILE *f = o->direct ? fopen(o->path, "wb") : open_temp(o);
    if (!f)
        return fail_errno(e, o->path);
    errno = 0;
    bool ok = writer(f, content);
    int saved = errno;
    if (fclose(f) != 0 && ok) {
        ok = false;
        saved = errno;
    }
    errno = saved ? saved : EIO;
    return ok ? PM_OK : fail_errno(e, o->path);
}

pm_status pm_outfile_write_all(struct pm_outfile *o, size_t n, pm_writer *writer, const void *const *content,
                               struct pm_error *e) {
    pm_status status = PM_OK;
    /* What is no regular file first: nothing is to be removed if that fails, and it may block, which signals
     * may end. */
    for (size_t i = 0; i < n && status == PM_OK; i++)
        if (content[i] && o[i].direct)
            status = write_one(&o[i], writer, content[i], e);
    if (status != PM_OK)
        return status;
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigprocmask(SIG_BLOCK, &block, &before);
    for (size_t i = 0; i < n && status == PM_OK; i++)
        if (content[i] && !o[i].direct)
            status = write_one(&o[i], writer, content[i], e);
    for (size_t i = 0; i < n && status == PM_OK; i++) {
        if (!o[i].temp)
            continue;
        if (rename(o[i].temp, o[i].target) != 0) {
            status = fail_errno(e, o[i].path);
            break;
        }
        o[i].renamed = true;
        free(o[i].temp);
        o[i].temp = NULL;
    }
    for (size_t i = 0; i < n && status != PM_OK; i++) {
        if (o[i].temp)
            unlink(o[i].temp);
        if (o[i].renamed)
            unlink(o[i].target);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

void pm_outfile_free(struct pm_outfile *o) {
    free(o->target);
    free(o->temp);
    *o = (struct pm_outfile){0};
}

bool pm_write_text(FILE *f, const void *text) {
    return fputs(text, f) >= 0;
}

bool pm_write_line(FILE *f, const void *text) {
    return pm_write_text(f, text) && fputc('\n', f) >= 0;
}
