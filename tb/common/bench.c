// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t compared_before, differ_before;

void bench_begin(struct bench *b, const char *block) {
    const char *s = getenv("PERIMETER_SEED");
    *b = (struct bench){.block = block, .seed = s ? strtoull(s, NULL, 0) : 1};
    b->rng = b->seed * 0x9E3779B97F4A7C15u | 1;
    const char *models = getenv("PERIMETER_MODELS");
    printf("# bench %s: seed %" PRIu64 "%s%s\n", block, b->seed, models ? ", only " : "", models ? models : "");
}

/* The parameters of the model `name` in tb/BLOCK/models, into b->params; whether it is there. */
static bool find_model(struct bench *b, const char *name) {
    char path[1024], line[512], key[64] = "";
    snprintf(path, sizeof path, "%s/tb/%s/models", pm_home(), b->block);
    FILE *f = fopen(path, "r");
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f))
        found = sscanf(line, " %63[^| ] | %127[^|\n]", key, b->params) == 2 && strcmp(key, name) == 0;
    if (f)
        fclose(f);
    for (size_t n = strlen(b->params); n > 0 && b->params[n - 1] == ' '; n--)
        b->params[n - 1] = 0;
    return found;
}

/* Whether PERIMETER_MODELS, "model,model,...", leaves this model out: it says neither its name nor its
 * parameters. */
static bool left_out(const struct bench *b, const char *name) {
    const char *models = getenv("PERIMETER_MODELS");
    while (models && *models) {
        const size_t n = strcspn(models, ",");
        if ((n == strlen(name) && strncmp(models, name, n) == 0) ||
            (n == strlen(b->params) && strncmp(models, b->params, n) == 0))
            return false;
        models += n + (models[n] == ',');
    }
    return models != NULL;
}

/* One failure is enough: a process that judges a mutant ends at its first. */
static void failure(const struct bench *b) {
    if (b->mutant)
        _exit(1);
}

/* PERIMETER_MUTANT_LIST "first last": the rest of the bench is run for the unmutated design and for each of
 * these mutants of the loaded model, in a process of its own that ends at its first failure, and a line
 * "number verdict" is printed for each. Returns only in those processes. */
static void judge_mutants(struct bench *b) {
    char *list = getenv("PERIMETER_MUTANT_LIST");
    if (!list)
        return;
    rlim_t limit = RLIM_INFINITY;
    unsigned long m = 0;
    do {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            char number[16];
            snprintf(number, sizeof number, "%lu", m);
            setenv("PERIMETER_MUTANT", number, 1);
            unsetenv("PERIMETER_MUTANT_LIST"); /* a model that is loaded again is judged already */
            setrlimit(RLIMIT_CPU, &(struct rlimit){limit, limit});
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            const int null = open("/dev/null", O_WRONLY);
            if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
                _exit(2);
            b->mutant = true;
            return;
        }
        int status;
        struct rusage usage;
        if (child < 0 || wait4(child, &status, 0, &usage) != child) {
            perror("bench");
            exit(2);
        }
        const bool survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (m == 0) {
            if (!survived) {
                fprintf(stderr, "bench %s: fails on the design without a mutant\n", b->block);
                exit(2);
            }
            limit = 10 + 10 * (rlim_t)(usage.ru_utime.tv_sec + 1);
        } else
            printf("%lu %s\n", m,
                   survived                                                     ? "survived"
                   : WIFEXITED(status)                                          ? "killed: failed"
                   : WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL ? "killed: out of time"
                                                                                : "killed: crashed");
        m = strtoul(list, &list, 10);
    } while (m > 0);
    exit(0);
}

struct pm_rtl *bench_model(struct bench *b, const char *name) {
    if (!find_model(b, name)) {
        printf("not ok - bench %s: tb/%s/models has no %s\n", b->block, b->block, name);
        exit(1);
    }
    if (left_out(b, name))
        return NULL;
    struct pm_rtl *rtl;
    char err[2048];
    if (pm_rtl_open(b->block, name, getenv("PERIMETER_WAVES") != NULL, &rtl, err, sizeof err) != PM_OK) {
        fprintf(stderr, "%s\n", err);
        printf("not ok - bench %s: model %s\n", b->block, name);
        exit(1);
    }
    judge_mutants(b);
    return rtl;
}

unsigned bench_parameter(const struct bench *b, const char *name) {
    const size_t n = strlen(name);
    for (const char *p = b->params; *p; p += strspn(p, " ")) {
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return (unsigned)strtoul(p + n + 1, NULL, 0);
        p += strcspn(p, " ");
    }
    printf("not ok - bench %s: no parameter %s in %s\n", b->block, name, b->params);
    exit(1);
}

void (*bench_function(struct pm_rtl *rtl, const char *name))(void) {
    void (*f)(void) = pm_rtl_function(rtl, name);
    if (!f) {
        printf("not ok - no function %s in the model\n", name);
        exit(1);
    }
    return f;
}

uint64_t bench_random(struct bench *b) {
    b->rng ^= b->rng >> 12;
    b->rng ^= b->rng << 25;
    b->rng ^= b->rng >> 27;
    return b->rng * 0x2545F4914F6CDD1Du;
}

int64_t bench_range(struct bench *b, int64_t lo, int64_t hi) {
    return lo + (int64_t)(bench_random(b) % (uint64_t)(hi - lo + 1));
}

uint64_t bench_stalls(struct bench *b) {
    uint64_t r = bench_random(b);
    return r & 3 ? r : 0;
}

void bench_eq(struct bench *b, const char *tensor, size_t index, int64_t golden, int64_t rtl) {
    b->compared++;
    if (golden == rtl)
        return;
    failure(b);
    if (b->differ++ < 10)
        printf("# %s %s[%zu]: golden %" PRId64 ", rtl %" PRId64 " (replay: PERIMETER_SEED=%" PRIu64 ")\n",
               b->block, tensor, index, golden, rtl, b->seed);
}

void bench_test(struct bench *b, const char *name, uint64_t expected) {
    uint64_t compared = b->compared - compared_before, differ = b->differ - differ_before;
    bool ok = differ == 0 && compared == expected && compared > 0;
    printf("%s - %s %s: %" PRIu64 " integers compared, %" PRIu64 " expected, %" PRIu64 " differ\n",
           ok ? "ok" : "not ok", b->block, name, compared, expected, differ);
    b->tests++;
    b->failed += !ok;
    if (!ok)
        failure(b);
    compared_before = b->compared;
    differ_before = b->differ;
}

void bench_check(struct bench *b, const char *name, bool ok) {
    printf("%s - %s %s\n", ok ? "ok" : "not ok", b->block, name);
    b->tests++;
    b->failed += !ok;
    if (!ok)
        failure(b);
}

int bench_end(struct bench *b) {
    printf("# bench %s: %" PRIu64 " integers compared, %" PRIu64 " differ, %u tests, %u failed\n", b->block,
           b->compared, b->differ, b->tests, b->failed);
    return b->failed != 0 || b->tests == 0;
}
