// SPDX-License-Identifier: Apache-2.0
#include "bench/networks.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/npy.h"

enum { LINES = 100, CHANNELS = 3, HEIGHT = 48, WIDTH = 192 };

/* What is wanted on two cores: 0: nothing is. */
static const struct network {
    const char *key, *title;
    const char *model; /* NULL: the classifier of lines */
    const char *place; /* NULL: the network's own plan */
    unsigned inputs, goal;
} networks[] = {
    {"vit", "fashion-vit, FLARE exact", "models/fashion-vit", NULL, 10000, 0},
    {"cnn", "fashion-cnn, HyFlexPIM exact", "models/fashion-cnn", "*=hyflex", 10000, 5000},
    {"cnn_conversions", "fashion-cnn, every conversion", "models/fashion-cnn", "*=hyflex,flip=0", 4000, 500},
    {"cnn_noise", "fashion-cnn, drawn cells, noise", "models/fashion-cnn",
     "*=hyflex,slc-sigma=0.02,read-noise=0.05", 500, 0},
    {"ocr_int8", "text direction, integers", NULL, "*=int8", LINES, 0},
    {"ocr", "text direction, HyFlexPIM exact", NULL, "*=hyflex,cell=2", LINES, 100},
};

static void fail(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

/* Grey noise: what a line says makes no difference in time. */
static void write_lines(const char *path) {
    struct pm_npy_array a = {.real = true, .rank = 4, .shape = {LINES, CHANNELS, HEIGHT, WIDTH}};
    a.count = (size_t)LINES * CHANNELS * HEIGHT * WIDTH;
    a.f = malloc(a.count * sizeof *a.f);
    uint32_t state = 1;
    for (size_t i = 0; a.f && i < a.count; i++) {
        state = state * 1664525 + 1013904223;
        a.f[i] = (float)(state >> 8) / (1 << 23) - 1;
    }
    FILE *f = fopen(path, "wb");
    if (!f || !a.f || !pm_npy_write_array(f, &a) || fclose(f) != 0)
        fail("the lines cannot be written");
    free(a.f);
}

struct seconds {
    double cpu, elapsed;
};

static double of_timeval(struct timeval t) {
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

/* Runs the program to its end, its output to `log`. */
static struct seconds measure(const char *const argv[], const char *log) {
    struct timespec from, to;
    struct rusage usage;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &from);
    const pid_t child = fork();
    if (child == 0) {
        const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (out >= 0 && dup2(out, STDOUT_FILENO) >= 0)
            execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        fail("a run of a network failed");
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (struct seconds){of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime),
                            (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec)};
}

static struct seconds measure_network(const struct network *n, const char *folder, const char *program,
                                      const char *data, const char *classifier) {
    char log[4096], lines[4096], in[4096 + 2], out[4096 + 64], images[16];
    const char *run[12] = {program, "run", n->model, "--data", data, "--images", images};
    const char *infer[12] = {program, "infer", classifier, "--in", in, "--out", out};
    const char **argv = n->model ? run : infer;
    snprintf(log, sizeof log, "%s/%s.txt", folder, n->key);
    snprintf(lines, sizeof lines, "%s/lines.npy", folder);
    snprintf(in, sizeof in, "x=%s", lines);
    snprintf(out, sizeof out, "save_infer_model/scale_0.tmp_1=%s/says.npy", folder);
    snprintf(images, sizeof images, "%u", n->inputs);
    if (!n->model)
        write_lines(lines);
    if (n->place) {
        argv[7] = "--place";
        argv[8] = n->place;
    }
    return measure(argv, log);
}

void bench_networks(const char *folder, const char *program, const char *data, const char *classifier,
                    FILE *summary) {
    printf("Whole networks, float reference included; goals are of two cores\n"
           "  %-32s %6s  %11s  %9s  %10s  %6s\n",
           "network", "inputs", "CPU ms each", "2 cores/s", "elapsed/s", "goal");
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        const struct network *n = &networks[i];
        if (!n->model && !classifier)
            continue;
        const struct seconds s = measure_network(n, folder, program, data, classifier);
        const double two = 2 * n->inputs / s.cpu;
        printf("  %-32s %6u  %11.3f  %9.0f  %10.0f", n->title, n->inputs, 1e3 * s.cpu / n->inputs, two,
               n->inputs / s.elapsed);
        if (n->goal)
            printf("  %6u  %5.2f x", n->goal, two / n->goal);
        printf("\n");
        fflush(stdout);
        fprintf(summary,
                ",\n\t\"%s_seconds\":\t%.3f,\n\t\"%s_cpu_seconds\":\t%.3f,\n\t\"%s_per_second\":\t%.1f",
                n->key, s.elapsed, n->key, s.cpu, n->key, two);
    }
}
