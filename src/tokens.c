// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

/* The tokenizer, in a process group of its own, so that it can be ended with all that it has started. */
struct program {
    const char *path;
    pid_t pid;
    int out; /* its standard output */
    struct timespec deadline;
    char *text; /* read and not yet taken: [used], in [room] */
    size_t used, room;
    bool ended; /* its output has */
};

static volatile pid_t running; /* for the handler */

/* A signal that ends this program ends the tokenizer first. */
static void end_with_it(int signal_number) {
    if (running > 0)
        kill(-running, SIGKILL);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDING = sizeof ending / sizeof *ending };

/* Starts it with standard input `in`. 0, or an errno. */
static int start(struct program *p, int in, unsigned seconds) {
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) != 0)
        return errno;
    char *const argv[] = {(char *)(uintptr_t)p->path, NULL};
    posix_spawn_file_actions_t a;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&a);
    if (rc == 0 && (rc = posix_spawnattr_init(&attr)) == 0) {
        pid_t pid = 0;
        if ((rc = posix_spawn_file_actions_adddup2(&a, in, 0)) == 0 &&
            (rc = posix_spawn_file_actions_adddup2(&a, fd[1], 1)) == 0 &&
            (rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP)) == 0)
            rc = posix_spawn(&pid, p->path, &a, &attr, argv, environ);
        p->pid = pid;
        posix_spawnattr_destroy(&attr);
        posix_spawn_file_actions_destroy(&a);
    }
    close(fd[1]);
    p->out = fd[0];
    clock_gettime(CLOCK_MONOTONIC, &p->deadline);
    p->deadline.tv_sec += seconds;
    return rc;
}

/* Milliseconds that are left, 0: none. */
static int left(const struct program *p) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long ms = (p->deadline.tv_sec - now.tv_sec) * 1000 + (p->deadline.tv_nsec - now.tv_nsec) / 1000000;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* The next line to *line, which the next call overwrites; false: it has ended, or an error in *status. */
static bool next_line(struct program *p, char **line, size_t *taken, pm_status *status, struct pm_error *e) {
    if (*taken > 0)
        memmove(p->text, p->text + *taken, p->used - *taken);
    p->used -= *taken;
    *taken = 0;
    for (;;) {
        char *end = p->used > 0 ? memchr(p->text, '\n', p->used) : NULL;
        if (end) {
            *end = 0;
            *line = p->text;
            *taken = (size_t)(end + 1 - p->text);
            return true;
        }
        if (p->room - p->used < 2) {
            char *more = realloc(p->text, 2 * p->room + 4096);
            if (!more) {
                *status = pm_fail(e, PM_ENOMEM, p->path, "out of memory");
                return false;
            }
            p->text = more;
            p->room = 2 * p->room + 4096;
        }
        struct pollfd fd = {.fd = p->out, .events = POLLIN};
        const int ms = left(p);
        const int ready = ms > 0 ? poll(&fd, 1, ms) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        const ssize_t n = ready > 0 ? read(p->out, p->text + p->used, p->room - p->used - 1) : -1;
        if (n < 0) {
            *status =
                pm_fail(e, PM_EIO, p->path, "%s", ready == 0 ? "has not ended in time" : strerror(errno));
            return false;
        }
        p->ended = n == 0;
        if (p->ended && p->used == 0)
            return false;
        if (n == 0) /* a last line without its end */
            p->text[p->used++] = '\n';
        p->used += (size_t)n;
    }
}

/* Its exit status, once it has ended, or was made to. */
static int finish(struct program *p, bool *late) {
    int status = 0;
    pid_t ended = 0;
    close(p->out);
    while (p->ended && (ended = waitpid(p->pid, &status, WNOHANG)) == 0 && left(p) > 0)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    *late = p->ended && ended == 0;
    kill(-p->pid, SIGKILL);
    if (ended == 0)
        waitpid(p->pid, &status, 0);
    free(p->text);
    return status;
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

static pm_status read_all(struct pm_tokens *t, struct program *p, unsigned vocabulary, unsigned most,
                          struct pm_error *e) {
    size_t room = 1024, lines = 0, taken = 0;
    char *line;
    t->id = malloc(room * sizeof *t->id);
    t->start = calloc(t->count + 1, sizeof *t->start);
    pm_status status = t->id && t->start ? PM_OK : pm_fail(e, PM_ENOMEM, p->path, "out of memory");
    /* Of too many lines the rest is counted. */
    while (status == PM_OK && next_line(p, &line, &taken, &status, e)) {
        if (lines < t->count)
            status = parse(t, &room, lines, line, vocabulary, most, p->path, e);
        lines++;
    }
    if (status == PM_OK && lines != t->count)
        status = pm_fail(e, PM_EFORMAT, p->path, "%zu lines for %zu sentences", lines, t->count);
    return status;
}

static pm_status run(struct pm_tokens *t, const char *path, FILE *in, unsigned vocabulary, unsigned most,
                     unsigned seconds, struct pm_error *e) {
    struct program p = {.path = path, .out = -1};
    bool late;
    const int rc = start(&p, fileno(in), seconds);
    if (rc != 0) {
        if (p.out >= 0)
            close(p.out);
        return pm_fail(e, PM_EIO, path, "%s", strerror(rc));
    }
    struct sigaction before[ENDING];
    const struct sigaction action = {.sa_handler = end_with_it};
    running = p.pid;
    for (int i = 0; i < ENDING; i++)
        sigaction(ending[i], &action, &before[i]);
    struct pm_error found;
    pm_status status = read_all(t, &p, vocabulary, most, &found);
    const int ended = finish(&p, &late);
    running = 0;
    for (int i = 0; i < ENDING; i++)
        sigaction(ending[i], &before[i], NULL);
    if (late)
        return pm_fail(e, PM_EIO, path, "has not ended in time");
    if (p.ended && (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0))
        return pm_fail(e, PM_EIO, path, "ended with status %d",
                       WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended));
    *e = found;
    return status;
}

pm_status pm_tokens_run(struct pm_tokens *t, const char *folder, char *const *text, size_t count,
                        unsigned vocabulary, unsigned most, unsigned seconds, struct pm_error *e) {
    char path[PATH_MAX + 16];
    *t = (struct pm_tokens){.count = count};
    snprintf(path, sizeof path, "%s/tokenize", folder);
    FILE *in = sentences(text, count);
    if (!in)
        return pm_fail(e, PM_EIO, path, "no temporary file: %s", strerror(errno));
    const pm_status status = run(t, path, in, vocabulary, most, seconds, e);
    fclose(in);
    if (status != PM_OK)
        pm_tokens_free(t);
    return status;
}

void pm_tokens_free(struct pm_tokens *t) {
    free(t->id);
    free(t->start);
    *t = (struct pm_tokens){0};
}
