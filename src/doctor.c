// SPDX-License-Identifier: Apache-2.0
/* `perimeter doctor`: what is installed here, what that switches on, and what to install for the rest. */
#include "commands.h"
#include "rtl.h"

#include <ctype.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/simd.h"

/* Something that a feature needs: a program that tells its version; without `ask` a program that does not,
 * or, with a slash, a file. All are of Debian packages. */
static const struct need {
    const char *name;
    const char *ask[4]; /* a program and its arguments; none: a file */
    const char *package, *feature;
} needs[] = {
    {"make", {"make", "--version"}, "make", "make run, make test"},
    {"gcc", {"gcc", "--version"}, "gcc", "building the program, and the models of RTL"},
    {"g++", {"g++", "--version"}, "g++", "--engine rtl and both: models of RTL"},
    {"verilator", {"verilator", "--version"}, "verilator", "--engine rtl and both: models of RTL; lint"},
    {"/usr/share/datasets/fashion-mnist", {NULL}, "dataset-fashion-mnist", "make run: images to classify"},
    {"gnuplot", {"gnuplot", "--version"}, "gnuplot-nox", "plots of perimeter report"},
    {"mpirun", {"mpirun", "--version"}, "openmpi-bin", "perimeter sweep in many processes"},
    {"python3",
     {"python3", "--version"},
     "python3",
     "tables, proofs, mapping, pages; the package in python/"},
    {"numpy",
     {"/usr/bin/python3", "-c", "import importlib.metadata as m; print(m.version('numpy'))"},
     "python3-numpy",
     "training of the networks; the package in python/"},
    {"torch",
     {"/usr/bin/python3", "-c", "import importlib.metadata as m; print(m.version('torch'))"},
     "python3-torch",
     "perimeter.torch: systems inside a training loop"},
    {"yosys", {"yosys", "-V"}, "yosys", "make formal, make synth, make verilog"},
    {"z3", {"z3", "--version"}, "z3", "make formal"},
    {"berkeley-abc", {NULL}, "berkeley-abc", "make formal, make synth"},
    {"sta", {"sta", "-version"}, "opensta", "make synth: timing"},
    {"/usr/share/qflow/tech/osu018/osu018_stdcells.lib", {NULL}, "qflow-tech-osu018", "make synth: cells"},
    {"iverilog", {"iverilog", "-V"}, "iverilog", "make test: replays in another simulator"},
    {"/usr/include/cmocka.h", {NULL}, "libcmocka-dev", "make test: unit tests"},
    {"chromium", {NULL}, "chromium", "make test: the report in a browser"},
    {"gtkwave", {NULL}, "gtkwave", "looking at waveforms (--wave, make waves)"},
};

/* Of what a program says of itself, the first word like 4.1; nothing where there is none. */
static void version_of(const char *line, char *version, size_t size) {
    *version = 0;
    for (size_t n; *(line += strspn(line, " ")); line += n) {
        n = strcspn(line, " ");
        if (isdigit((unsigned char)*line) && memchr(line, '.', n) && line[n - 1] != ')') {
            snprintf(version, size, "%.*s", (int)n, line);
            return;
        }
    }
}

static bool in_path(const char *name) {
    for (const char *at = getenv("PATH"); at && *at;) {
        const size_t n = strcspn(at, ":");
        char file[4096];
        snprintf(file, sizeof file, "%.*s/%s", (int)n, at, name);
        if (access(file, X_OK) == 0)
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static bool have(const struct need *n, char *version, size_t size) {
    char line[256];
    *version = 0;
    if (!n->ask[0])
        return strchr(n->name, '/') ? access(n->name, R_OK) == 0 : in_path(n->name);
    const char *const argv[] = {n->ask[0], n->ask[1], n->ask[2], n->ask[3], NULL};
    *line = 0;
    if (pm_first_line(argv, line, sizeof line) != 0 || !*line)
        return false;
    version_of(line, version, size);
    return true;
}

static void examine(void) {
    char missing[1024] = "";
    printf("perimeter %s; sources, RTL and networks in %s, models built in %s\n", pm_version, pm_home(),
           pm_build());
    printf("%d threads; inner loops in %s\n\n", omp_get_num_procs(),
           pm_kernels(PM_ISA_AVX512) ? "AVX-512"
           : pm_kernels(PM_ISA_AVX2) ? "AVX2"
                                     : "portable C");
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const struct need *n = &needs[i];
        const char *slash = strrchr(n->name, '/');
        char version[64];
        const bool ok = have(n, version, sizeof version);
        printf("%-7s %-22s %-12s %s\n", ok ? "ok" : "missing", slash ? slash + 1 : n->name, version,
               n->feature);
        if (!ok && !strstr(missing, n->package))
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), " %s", n->package);
    }
    if (*missing)
        printf("\nWhat is missing comes with: apt-get install%s\n", missing);
    else
        puts("\nNothing is missing.");
}

static const struct argp_option options[] = {{"help", 'h', NULL, 0, "This help", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct pm_error *e = state->input;
    const char *none = NULL;
    if (key == ARGP_KEY_ARG)
        return pm_fail(e, PM_EINVAL, arg, "doctor takes nothing"), EINVAL;
    return pm_command_key(key, arg, state, "operand", &none, e);
}

int pm_cmd_doctor(int argc, char **argv) {
    static const struct argp argp = {
        options, parse,
        NULL,    "Says what is installed, what that switches on, and what to install for the rest.",
        NULL,    NULL,
        NULL};
    struct pm_error e = {{0}};
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &e) != 0) {
        pm_error_print(&e);
        return 2;
    }
    examine();
    return fflush(stdout) == 0 ? 0 : 2;
}
