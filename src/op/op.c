// SPDX-License-Identifier: Apache-2.0
#include "op/op.h"
#include "commands.h"
#include "fileio.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_DIFFER = 1, EXIT_BAD = 2 };

static const char *const engines[] = {"golden", "rtl", "both"};

struct args {
    struct pm_op_job job;
    const char *out_path[PM_OP_OUTPUTS];
    const char *engine;
    int group; /* the option that the next NAME=VALUE belongs to: 'i', 'o', 's' or 0 */
    bool failed, help;
};

/* Help, from the declarations. */

static void print_dims(const char *dims, FILE *f) {
    for (const char *d = dims; *d; d++)
        fprintf(f, "%s%s", d == dims ? "[" : ",", *d == '*' ? "total" : (char[]){*d, 0});
    fprintf(f, "]");
}

static void print_op(const struct pm_op *op, FILE *f) {
    fprintf(f, "%s: %s\n", op->name, op->summary);
    for (const struct pm_op_input *d = op->in; d->name; d++) {
        fprintf(f, "  in   %s ", d->name);
        print_dims(d->dims, f);
        fprintf(f, " %s", pm_dtype_name(d->dtype));
        if (d->lo != pm_dtype_min(d->dtype) || d->hi != pm_dtype_max(d->dtype))
            fprintf(f, " %" PRId64 "..%" PRId64, d->lo, d->hi);
        fprintf(f, "%s%s%s\n", d->optional ? " (optional)" : "", d->note ? "; " : "", d->note ? d->note : "");
    }
    for (const struct pm_op_setting *d = op->set; d->name; d++) {
        fprintf(f, "  set  %s", d->name);
        if (d->kind == PM_SET_CHOICE)
            fprintf(f, " %s", d->choices);
        else
            fprintf(f, d->kind == PM_SET_INT ? " %g..%g" : " %g <= value < %g", d->lo, d->hi);
        if (d->fallback)
            fprintf(f, " (%s)", d->fallback);
        fprintf(f, "%s%s\n", d->help ? "; " : "", d->help ? d->help : "");
    }
    for (const struct pm_op_output *d = op->out; d->name; d++) {
        fprintf(f, "  out  %s ", d->name);
        print_dims(d->dims, f);
        fprintf(f, " %s%s\n", pm_dtype_name(d->dtype), d->measured ? "; measured, not compared" : "");
    }
    for (int l = 0; l < PM_OP_LIMITS && op->limit[l].letter; l++)
        fprintf(f, "%s%c at most %zu%s", l ? ", " : "  max  ", op->limit[l].letter, op->limit[l].max,
                l + 1 == PM_OP_LIMITS || !op->limit[l + 1].letter ? "\n" : "");
}

/* Command line. */

static const struct argp_option options[] = {
    {"in", 'i', "NAME=FILE", 0, "Input tensor from a .npy file", 0},
    {"out", 'o', "NAME=FILE", 0, "Output tensor to a .npy file", 0},
    {"set", 's', "KEY=VALUE", 0, "A setting of the op", 0},
    {"engine", 'e', "ENGINE", 0, "golden (default), rtl, or both: compares every integer", 0},
    {"wave", 'w', "FILE.fst", 0, "Write a waveform (with --engine rtl)", 0},
    {"help", 'h', NULL, 0, "This help; the op's own after its name", 0},
    {0},
};

static const char doc[] = "Run one block on your own vectors.\v--in, --out and --set take one or more "
                          "NAME=VALUE. Tensors are .npy files in "
                          "C order of int8, uint8, int16, int32 or int64, whatever the values fit; scalars "
                          "have shape [1]. Exit status: 0 "
                          "done, 1 engines differ, 2 bad usage or input (one line on stderr, no output "
                          "file). The ops, their inputs, "
                          "settings (defaults in parentheses) and outputs:";

static error_t bad(struct args *a, const char *subject, const char *format, const char *text) {
    pm_op_fail(&a->job, PM_EINVAL, subject, format, text);
    a->failed = true;
    return EINVAL;
}

static error_t once(struct args *a, const char **place, const char *option, const char *value) {
    if (*place)
        return bad(a, option, "given twice%s", "");
    *place = value;
    return 0;
}

/* One NAME=VALUE of --in, --out or --set. */
static error_t assign(struct args *a, const char *text) {
    const struct pm_op *op = a->job.op;
    const char *option = a->group == 'i' ? "--in" : a->group == 'o' ? "--out" : "--set";
    const char *equal = strchr(text, '=');
    char name[64];
    if (!op)
        return bad(a, option, "the op's name comes first%s", "");
    if (!equal || equal == text || (size_t)(equal - text) >= sizeof name)
        return bad(a, option, "'%s' is not NAME=VALUE", text);
    memcpy(name, text, (size_t)(equal - text));
    name[equal - text] = 0;
    const char *value = equal + 1;
    if (a->group == 'i') {
        for (size_t k = 0; op->in[k].name; k++)
            if (strcmp(op->in[k].name, name) == 0)
                return a->job.in_path[k] ? bad(a, name, "input given twice%s", "")
                                         : (a->job.in_path[k] = value, 0);
        return bad(a, name, "%s has no such input", op->name);
    }
    if (a->group == 'o') {
        for (size_t k = 0; op->out[k].name; k++)
            if (strcmp(op->out[k].name, name) == 0)
                return a->out_path[k] ? bad(a, name, "output given twice%s", "")
                                      : (a->out_path[k] = value, 0);
        return bad(a, name, "%s has no such output", op->name);
    }
    for (size_t k = 0; op->set[k].name; k++)
        if (strcmp(op->set[k].name, name) == 0) {
            if (a->job.set[k].n)
                return bad(a, name, "setting given twice%s", "");
            if (pm_op_parse_setting(&a->job, k, value) == PM_OK)
                return 0;
            a->failed = true;
            return EINVAL;
        }
    return bad(a, name, "%s has no such setting", op->name);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct args *a = state->input;
    switch (key) {
    case 'i':
    case 'o':
    case 's':
        a->group = key;
        return assign(a, arg);
    case 'e':
        a->group = 0;
        for (int k = 0; k < 3; k++)
            if (strcmp(arg, engines[k]) == 0) {
                a->job.golden = k != 1;
                a->job.rtl = k != 0;
                return once(a, &a->engine, "--engine", arg);
            }
        return bad(a, "--engine", "'%s' is not golden, rtl or both", arg);
    case 'w':
        a->group = 0;
        return once(a, &a->job.wave, "--wave", arg);
    case 'h':
        a->help = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->group)
            return assign(a, arg);
        if (a->job.op)
            return bad(a, arg, "unexpected argument%s", "");
        for (size_t k = 0; pm_ops[k]; k++)
            if (strcmp(pm_ops[k]->name, arg) == 0) {
                a->job.op = pm_ops[k];
                return 0;
            }
        return bad(a, arg, "no such op; see %s", "perimeter op --help");
    case ARGP_KEY_END:
        if (a->help) {
            argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
            for (size_t k = 0; pm_ops[k]; k++)
                if (!a->job.op || a->job.op == pm_ops[k]) {
                    putchar('\n');
                    print_op(pm_ops[k], stdout);
                }
        }
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

/* Replay. */

static void print_quoted(const char *text) {
    const char *c = text;
    while (*c && (isalnum((unsigned char)*c) || strchr("_-./=,:+@%", *c)))
        c++;
    if (*text && !*c) {
        fputs(text, stderr);
        return;
    }
    fputc('\'', stderr);
    for (c = text; *c; c++)
        if (*c == '\'')
            fputs("'\\''", stderr);
        else
            fputc(*c, stderr);
    fputc('\'', stderr);
}

static void print_replay(struct args *a) {
    struct pm_op_job *job = &a->job;
    char text[2048];
    if (job->wave) {
        fprintf(stderr, "perimeter: the waveform is in ");
        print_quoted(job->wave);
        fputc('\n', stderr);
        return;
    }
    fprintf(stderr, "perimeter: replay with a waveform: ");
    print_quoted(program_invocation_name);
    fprintf(stderr, " op %s", job->op->name);
    for (size_t k = 0; job->op->in[k].name; k++)
        if (job->in_path[k]) {
            fprintf(stderr, " --in %s=", job->op->in[k].name);
            print_quoted(job->in_path[k]);
        }
    for (size_t k = 0; job->op->out[k].name; k++)
        if (a->out_path[k]) {
            fprintf(stderr, " --out %s=", job->op->out[k].name);
            print_quoted(a->out_path[k]);
        }
    pm_op_settings_text(job, text, sizeof text);
    fprintf(stderr, "%s%s --engine rtl --wave %s.fst\n", *text ? " --set " : "", text, job->op->name);
}

/* Prints each output's first difference; whether there is one. */
static bool differ(const struct pm_op_job *job, const struct pm_tensor *golden, const struct pm_tensor *rtl,
                   uint64_t *compared) {
    bool any = false;
    *compared = 0;
    for (size_t k = 0; job->op->out[k].name; k++) {
        const struct pm_op_output *d = &job->op->out[k];
        const struct pm_tensor *g = &golden[k], *r = &rtl[k];
        if (d->measured)
            continue;
        if (memcmp(g->shape, r->shape, g->rank * sizeof *g->shape) != 0) {
            char gs[128], rs[128];
            pm_shape_text(gs, sizeof gs, g->rank, g->shape);
            pm_shape_text(rs, sizeof rs, r->rank, r->shape);
            fprintf(stderr, "perimeter: %s: %s: golden has shape %s, rtl %s\n", job->op->block, d->name, gs,
                    rs);
            any = true;
        }
        /* Of tensors of two shapes, the rows that both have. */
        size_t n = g->count < r->count ? g->count : r->count, first = 0;
        uint64_t wrong = 0;
        for (size_t i = n; i-- > 0;)
            if (pm_tensor_get(g, i) != pm_tensor_get(r, i)) {
                wrong++;
                first = i;
            }
        *compared += n;
        if (wrong) {
            char place[128];
            pm_index_text(place, sizeof place, g, first);
            fprintf(stderr,
                    "perimeter: %s: %s%s: golden %" PRId64 ", rtl %" PRId64 " (%" PRIu64 " of %zu differ)\n",
                    job->op->block, d->name, place, pm_tensor_get(g, first), pm_tensor_get(r, first), wrong,
                    n);
            any = true;
        }
    }
    return any;
}

/* Outputs. */

static pm_status plan_outputs(struct args *a, struct pm_outfile *files) {
    struct pm_error *e = &a->job.error;
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++) {
        if (!a->out_path[k])
            continue;
        pm_status status = pm_outfile_plan(&files[k], a->out_path[k], e);
        for (size_t j = 0; j < k && status == PM_OK; j++)
            if (a->out_path[j] && pm_outfile_same(&files[j], &files[k]))
                status = pm_fail(e, PM_EINVAL, a->out_path[k], "two outputs would be written to this file");
        if (status != PM_OK)
            return status;
    }
    if (!a->job.wave)
        return PM_OK;
    struct pm_outfile wave;
    pm_status status = pm_outfile_plan(&wave, a->job.wave, e);
    if (status == PM_OK && (wave.direct || strlen(wave.path) > PM_OP_PATH - 16))
        status = pm_fail(e, PM_EINVAL, wave.path, "the waveform needs a regular file");
    for (size_t k = 0; k < PM_OP_OUTPUTS && status == PM_OK; k++)
        if (a->out_path[k] && pm_outfile_same(&files[k], &wave))
            status =
                pm_fail(e, PM_EINVAL, wave.path, "an output and the waveform would be written to this file");
    for (size_t k = 0; k < PM_OP_INPUTS && status == PM_OK; k++) {
        struct stat in, out;
        if (a->job.in_path[k] && stat(a->job.in_path[k], &in) == 0 && stat(wave.path, &out) == 0 &&
            in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            status = pm_fail(e, PM_EINVAL, wave.path, "the waveform would overwrite an input");
    }
    pm_outfile_free(&wave);
    return status;
}

static void remove_waves(struct pm_op_job *job) {
    char path[PM_OP_PATH];
    for (unsigned part = job->wave_parts; part-- > 0;) {
        pm_op_sim(job, part, path);
        unlink(path);
    }
}

static pm_status flush_stdout(struct pm_error *e) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return PM_OK;
    return pm_fail(e, PM_EIO, "standard output", "%s", strerror(errno ? errno : EIO));
}

static void print_config(const struct args *a) {
    const struct pm_op_job *job = &a->job;
    char text[2048], shape[128];
    pm_op_settings_text(job, text, sizeof text);
    printf("perimeter op %s: engine=%s%s%s\n", job->op->name, a->engine, *text ? " " : "", text);
    for (size_t k = 0; job->op->in[k].name; k++)
        if (job->in_path[k]) {
            pm_shape_text(shape, sizeof shape, job->in[k].rank, job->in[k].shape);
            printf("  in  %s %s %s from %s\n", job->op->in[k].name, shape, pm_dtype_name(job->in_file[k]),
                   job->in_path[k]);
        }
}

static void print_results(const struct args *a, const struct pm_tensor *out) {
    const struct pm_op_job *job = &a->job;
    char shape[128];
    for (size_t k = 0; job->op->out[k].name; k++)
        if (a->out_path[k]) {
            pm_shape_text(shape, sizeof shape, out[k].rank, out[k].shape);
            printf("  out %s %s %s to %s\n", job->op->out[k].name, shape, pm_dtype_name(out[k].dtype),
                   a->out_path[k]);
        }
    if (*job->note)
        printf("  %s\n", job->note);
}

/* Runs the engines and compares; the result is in *out, which points to golden or rtl. */
static int run_engines(struct args *a, struct pm_tensor *golden, struct pm_tensor *rtl,
                       struct pm_tensor **out) {
    struct pm_op_job *job = &a->job;
    pm_status status = PM_OK;
    *out = job->rtl ? rtl : golden;
    if (job->golden)
        status = pm_op_run(job, false, golden);
    if (status == PM_OK && job->rtl) {
        status = pm_op_run(job, true, rtl);
        if (status == PM_EHANG || status == PM_EDIFFER) {
            /* The RTL stood still or broke its protocol. */
            pm_error_print(&job->error);
            print_replay(a);
            return EXIT_DIFFER;
        }
    }
    if (status != PM_OK) {
        pm_error_print(&job->error);
        return EXIT_BAD;
    }
    if (job->golden && job->rtl) {
        uint64_t compared;
        if (differ(job, golden, rtl, &compared)) {
            print_replay(a);
            return EXIT_DIFFER;
        }
        printf("  both engines agree: %" PRIu64 " integers compared\n", compared);
    }
    return EXIT_SUCCESS;
}

static int run_op(struct args *a) {
    struct pm_op_job *job = &a->job;
    struct pm_outfile files[PM_OP_OUTPUTS] = {0};
    struct pm_tensor golden[PM_OP_OUTPUTS] = {0}, rtl[PM_OP_OUTPUTS] = {0}, *out = NULL;
    const void *content[PM_OP_OUTPUTS] = {0};
    int rc = EXIT_BAD;
    pm_status status = pm_op_load(job);
    if (status == PM_OK)
        status = plan_outputs(a, files);
    if (status == PM_OK) {
        print_config(a);
        status = flush_stdout(&job->error);
    }
    if (status == PM_OK) {
        rc = run_engines(a, golden, rtl, &out);
        if (rc == EXIT_SUCCESS) {
            print_results(a, out);
            status = flush_stdout(&job->error);
        }
    }
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        if (out && a->out_path[k])
            content[k] = &out[k];
    if (status == PM_OK && rc == EXIT_SUCCESS)
        status = pm_outfile_write_all(files, PM_OP_OUTPUTS, pm_npy_write, content, &job->error);
    if (status != PM_OK) {
        pm_error_print(&job->error);
        rc = EXIT_BAD;
    }
    if (rc == EXIT_BAD)
        remove_waves(job);
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        pm_outfile_free(&files[k]);
    pm_op_free_outputs(golden);
    pm_op_free_outputs(rtl);
    return rc;
}

static pm_status check_usage(struct args *a) {
    struct pm_error *e = &a->job.error;
    bool any = false;
    if (!a->job.op)
        return pm_fail(e, PM_EINVAL, "op", "no op named; see perimeter op --help");
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        any |= a->out_path[k] != NULL;
    if (!any)
        return pm_fail(e, PM_EINVAL, "--out", "no output asked for");
    if (a->job.wave && (a->job.golden || !a->job.rtl))
        return pm_fail(e, PM_EINVAL, "--wave", "needs --engine rtl");
    return PM_OK;
}

int pm_cmd_op(int argc, char **argv) {
    static const struct argp argp = {options, parse, "NAME", doc, NULL, NULL, NULL};
    struct args *a = calloc(1, sizeof *a);
    int rc = EXIT_BAD;
    if (!a) {
        fprintf(stderr, "perimeter: op: out of memory\n");
        return rc;
    }
    a->job.golden = true;
    error_t error =
        argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_IN_ORDER | ARGP_NO_EXIT, NULL, a);
    if (!error && a->help) {
        pm_status status = flush_stdout(&a->job.error);
        if (status != PM_OK)
            pm_error_print(&a->job.error);
        rc = status == PM_OK ? EXIT_SUCCESS : EXIT_BAD;
    } else if (error || check_usage(a) != PM_OK) {
        if (!*a->job.error.text)
            pm_fail(&a->job.error, PM_EINVAL, "op", "%s", strerror(error));
        pm_error_print(&a->job.error);
    } else {
        if (!a->engine)
            a->engine = engines[0];
        pm_op_default_settings(&a->job);
        rc = run_op(a);
    }
    pm_op_free(&a->job);
    free(a);
    return rc;
}
