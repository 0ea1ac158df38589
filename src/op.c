// SPDX-License-Identifier: Apache-2.0
/* `perimeter op`: the command line. */
#include "commands.h"
#include "op_job.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const engines[] = {"golden", "rtl", "both"};

struct args {
    struct pm_op_call call;
    int group; /* the option that the next NAME=VALUE belongs to: 'i', 'o', 's' or 0 */
    bool failed, help, catalogue;
};

enum { OPTION_CATALOGUE = 256 };

static const struct argp_option options[] = {
    {"in", 'i', "NAME=FILE", 0, "Input tensor from a .npy file", 0},
    {"out", 'o', "NAME=FILE", 0, "Output tensor to a .npy file", 0},
    {"set", 's', "KEY=VALUE", 0, "A setting of the op", 0},
    {"sample", 'x', "SAMPLE", 0, "Made-up tensors for the inputs that have no file", 0},
    {"engine", 'e', "golden|rtl|both", 0, "golden (default), rtl, or both: compares every integer", 0},
    {"wave", 'w', "FILE.fst", 0, "Write a waveform (with --engine rtl)", 0},
    {"catalogue", OPTION_CATALOGUE, NULL, OPTION_HIDDEN, "All ops as JSON", 0},
    {"help", 'h', NULL, 0, "This help; the op's own after its name", 0},
    {0},
};

static const char doc[] =
    "Run one block on your own vectors.\v--in, --out and --set take one or more NAME=VALUE. Tensors are .npy "
    "files of bool or integers, whatever the values fit; scalars have shape [1]. Exit status: 0 done, 1 "
    "engines "
    "differ, 2 bad usage or input (one line on stderr, no output file). The ops, their inputs, settings "
    "(defaults in parentheses), outputs and samples:";

static error_t bad(struct args *a, const char *subject, const char *format, const char *text) {
    pm_fail(&a->call.job.error, PM_EINVAL, subject, format, text);
    a->failed = true;
    return EINVAL;
}

static error_t once(struct args *a, const char **place, const char *subject, const char *what,
                    const char *value) {
    if (*place)
        return bad(a, subject, "%sgiven twice", what);
    *place = value;
    return 0;
}

static error_t give_setting(struct args *a, const char *text) {
    struct pm_settings *const all[] = {a->call.job.settings, NULL};
    if (pm_settings_give(all, text, NULL, &a->call.job.error) == PM_OK)
        return 0;
    a->failed = true;
    return EINVAL;
}

/* One NAME=VALUE of --in, --out or --set. */
static error_t assign(struct args *a, const char *text) {
    const struct pm_op *op = a->call.job.op;
    const char *option = a->group == 'i' ? "--in" : a->group == 'o' ? "--out" : "--set";
    const size_t n = strcspn(text, "=");
    char name[64];
    if (!op)
        return bad(a, option, "the op's name comes first%s", "");
    if (!text[n] || n == 0 || n >= sizeof name)
        return bad(a, option, "'%s' is not NAME=VALUE", text);
    memcpy(name, text, n);
    name[n] = 0;
    if (a->group == 's')
        return give_setting(a, text);
    if (a->group == 'i') {
        for (size_t k = 0; op->in[k].name; k++)
            if (strcmp(op->in[k].name, name) == 0)
                return once(a, &a->call.job.in_path[k], name, "input ", text + n + 1);
        return bad(a, name, "%s has no such input", op->name);
    }
    for (size_t k = 0; op->out[k].name; k++)
        if (strcmp(op->out[k].name, name) == 0)
            return once(a, &a->call.out_path[k], name, "output ", text + n + 1);
    return bad(a, name, "%s has no such output", op->name);
}

static error_t choose_op(struct args *a, const char *name) {
    if (a->call.job.op)
        return bad(a, name, "unexpected argument%s", "");
    const struct pm_op *op = pm_op_named(name);
    if (!op)
        return bad(a, name, "no such op; see %s", "perimeter op --help");
    return pm_op_begin(&a->call.job, op) == PM_OK ? 0 : ENOMEM;
}

static error_t choose_engine(struct args *a, const char *name) {
    for (int k = 0; k < 3; k++)
        if (strcmp(name, engines[k]) == 0) {
            a->call.job.golden = k != 1;
            a->call.job.rtl = k != 0;
            return once(a, &a->call.engine, "--engine", "", name);
        }
    return bad(a, "--engine", "'%s' is not golden, rtl or both", name);
}

static error_t choose_sample(struct args *a, const char *name) {
    struct pm_op_job *job = &a->call.job;
    if (!job->op)
        return bad(a, "--sample", "the op's name comes first%s", "");
    if (job->sample)
        return bad(a, "--sample", "given twice%s", "");
    job->sample = pm_op_sample_named(job->op, name);
    return job->sample ? 0 : bad(a, name, "%s has no such sample; --help lists them", job->op->name);
}

static void print_help(const struct args *a, const struct argp_state *state) {
    const struct pm_op *op;
    argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
    for (size_t k = 0; (op = pm_op_at(k)) != NULL; k++)
        if (!a->call.job.op || a->call.job.op == op) {
            putchar('\n');
            pm_op_print(op, stdout);
        }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct args *a = state->input;
    if (key != ARGP_KEY_ARG)
        a->group = 0;
    switch (key) {
    case 'i':
    case 'o':
    case 's':
        a->group = key;
        return assign(a, arg);
    case 'x':
        return choose_sample(a, arg);
    case 'e':
        return choose_engine(a, arg);
    case 'w':
        return once(a, &a->call.job.wave, "--wave", "", arg);
    case OPTION_CATALOGUE:
        a->catalogue = true;
        return 0;
    case 'h':
        a->help = true;
        return 0;
    case ARGP_KEY_ARG:
        return a->group ? assign(a, arg) : choose_op(a, arg);
    case ARGP_KEY_END:
        if (a->help)
            print_help(a, state);
        return 0;
    case ARGP_KEY_ERROR:
        /* What getopt refused: the argument before the next one. */
        if (!a->failed)
            bad(a, state->argv[state->next - 1], "unknown option, or its value is missing%s", "");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static pm_status check_usage(const struct args *a, struct pm_error *e) {
    const struct pm_op_job *job = &a->call.job;
    bool any = job->sample != NULL;
    if (!job->op)
        return pm_fail(e, PM_EINVAL, "op", "no op named; see perimeter op --help");
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        any |= a->call.out_path[k] != NULL;
    if (!any)
        return pm_fail(e, PM_EINVAL, "--out", "no output asked for; --out NAME=FILE.npy, or --sample NAME");
    if (job->wave && (job->golden || !job->rtl))
        return pm_fail(e, PM_EINVAL, "--wave", "needs --engine rtl");
    return PM_OK;
}

static int run(struct args *a) {
    struct pm_op_job *job = &a->call.job;
    pm_status status = PM_OK;
    if (a->help || a->catalogue) {
        if (a->catalogue && pm_op_print_catalogue(stdout) != PM_OK)
            status = pm_fail(&job->error, PM_ENOMEM, "op", "out of memory");
        if (status == PM_OK)
            status = pm_op_flush(&job->error);
    } else {
        status = check_usage(a, &job->error);
        if (status == PM_OK && job->sample)
            status = pm_op_sample_settings(job);
        if (!a->call.engine)
            a->call.engine = engines[0];
        if (status == PM_OK)
            return pm_op_call(&a->call);
    }
    if (status == PM_OK)
        return EXIT_SUCCESS;
    pm_error_print(&job->error);
    return PM_OP_BAD;
}

int pm_cmd_op(int argc, char **argv) {
    static const struct argp argp = {options, parse, "NAME", doc, NULL, NULL, NULL};
    struct args *a = calloc(1, sizeof *a);
    int rc = PM_OP_BAD;
    if (!a) {
        fprintf(stderr, "perimeter: op: out of memory\n");
        return rc;
    }
    a->call.job.golden = true;
    const error_t error =
        argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_IN_ORDER | ARGP_NO_EXIT, NULL, a);
    if (error == 0) {
        rc = run(a);
    } else {
        if (!*a->call.job.error.text)
            pm_fail(&a->call.job.error, PM_EINVAL, "op", "%s", strerror(error));
        pm_error_print(&a->call.job.error);
    }
    pm_op_free(&a->call.job);
    free(a);
    return rc;
}
