// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A sentence a line, ready to be read from the start. */
static FILE *sentences(char *const *text, size_t count) {
    FILE *f = tmpfile();
    bool ok = f != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = fputs(text[i], f) >= 0 && fputc('\n', f) != EOF;
    if (ok && fflush(f) == 0 && fseek(f, 0, SEEK_SET) == 0)
        return f;
    if (f)
        fclose(f);
    return NULL;
}

/* Starts `path` with standard input `in`; *out reads its standard output. 0, or an errno. */
static int start(const char *path, int in, FILE **out, pid_t *pid) {
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) != 0)
        return errno;
    char *const argv[] = {(char *)(uintptr_t)path, NULL};
    posix_spawn_file_actions_t a;
    int rc = posix_spawn_file_actions_init(&a);
    if (rc == 0) {
        if ((rc = posix_spawn_file_actions_adddup2(&a, in, 0)) == 0 &&
            (rc = posix_spawn_file_actions_adddup2(&a, fd[1], 1)) == 0)
            rc = posix_spawn(pid, path, &a, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&a);
    }
    close(fd[1]);
    if (rc == 0 && !(*out = fdopen(fd[0], "r"))) {
        rc = errno;
        waitpid(*pid, NULL, 0);
    }
    if (rc != 0)
        close(fd[0]);
    return rc;
}

/* One line's ids, appended. */
static pm_status parse(struct pm_tokens *t, size_t *room, size_t index, const char *line, unsigned vocabulary,
                       unsigned most, const char *path, struct pm_error *e) {
    size_t n = t->start[index];
    const size_t first = n;
    for (const char *c = line; *(c += strspn(c, " \r\n"));) {
        char *end;
        errno = 0;
        const unsigned long id = isdigit((unsigned char)*c) ? strtoul(c, &end, 10) : ULONG_MAX;
        if (id >= vocabulary)
            return pm_fail(e, PM_EFORMAT, path, "sentence %zu: '%.*s' is not an id below %u", index + 1,
                           (int)strcspn(c, " \r\n"), c, vocabulary);
        if (n - first == most)
            return pm_fail(e, PM_EFORMAT, path, "sentence %zu: more than %u ids", index + 1, most);
        if (n == *room) {
            uint32_t *more = realloc(t->id, (*room *= 2) * sizeof *more);
            if (!more)
                return pm_fail(e, PM_ENOMEM, path, "out of memory");
            t->id = more;
        }
        t->id[n++] = (uint32_t)id;
        c = end;
    }
    t->start[index + 1] = n;
    return n > first ? PM_OK : pm_fail(e, PM_EFORMAT, path, "sentence %zu: no ids", index + 1);
}

static pm_status read_all(struct pm_tokens *t, FILE *out, unsigned vocabulary, unsigned most,
                          const char *path, struct pm_error *e) {
    size_t room = 1024, length = 0, lines = 0;
    char *line = NULL;
    t->id = malloc(room * sizeof *t->id);
    t->start = calloc(t->count + 1, sizeof *t->start);
    pm_status status = t->id && t->start ? PM_OK : pm_fail(e, PM_ENOMEM, path, "out of memory");
    /* Read to the end in any case, or the program would be stopped in its writing. */
    while (getline(&line, &length, out) >= 0) {
        if (status == PM_OK && lines < t->count)
            status = parse(t, &room, lines, line, vocabulary, most, path, e);
        lines++;
    }
    free(line);
    if (status == PM_OK && lines != t->count)
        status = pm_fail(e, PM_EFORMAT, path, "%zu lines for %zu sentences", lines, t->count);
    return status;
}

pm_status pm_tokens_run(struct pm_tokens *t, const char *folder, char *const *text, size_t count,
                        unsigned vocabulary, unsigned most, struct pm_error *e) {
    char path[PATH_MAX + 16];
    FILE *in, *out = NULL;
    pid_t pid = 0;
    int rc, exit_status = 0;
    *t = (struct pm_tokens){.count = count};
    snprintf(path, sizeof path, "%s/tokenize", folder);
    if (!(in = sentences(text, count)))
        return pm_fail(e, PM_EIO, path, "no temporary file: %s", strerror(errno));
    rc = start(path, fileno(in), &out, &pid);
    fclose(in);
    if (rc != 0)
        return pm_fail(e, PM_EIO, path, "%s", strerror(rc));
    pm_status status = read_all(t, out, vocabulary, most, path, e);
    fclose(out);
    waitpid(pid, &exit_status, 0);
    if (!WIFEXITED(exit_status) || WEXITSTATUS(exit_status) != 0)
        status = pm_fail(e, PM_EIO, path, "ended with status %d",
                         WIFEXITED(exit_status) ? WEXITSTATUS(exit_status) : 128 + WTERMSIG(exit_status));
    if (status != PM_OK)
        pm_tokens_free(t);
    return status;
}

void pm_tokens_free(struct pm_tokens *t) {
    free(t->id);
    free(t->start);
    *t = (struct pm_tokens){0};
}
