// SPDX-License-Identifier: Apache-2.0
/* A complete call of `perimeter op`: load, run, compare, write. */
#include "fileio.h"
#include "op_job.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The command that repeats the call, with a waveform. */

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

static void print_replay(struct pm_op_call *a) {
    struct pm_op_job *job = &a->job;
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
    if (job->sample)
        fprintf(stderr, " --sample %s", job->sample->name);
    if (job->settings->count > 0)
        fputs(" --set ", stderr);
    pm_settings_print(job->settings, stderr);
    fprintf(stderr, " --engine rtl --wave %s.fst\n", job->op->name);
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

static pm_status plan_outputs(struct pm_op_call *a, struct pm_outfile *files) {
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
    for (unsigned part = job->wave_parts; part-- > 0;)
        unlink(pm_op_sim(job, part).wave);
}

pm_status pm_op_flush(struct pm_error *e) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return PM_OK;
    return pm_fail(e, PM_EIO, "standard output", "%s", strerror(errno ? errno : EIO));
}

static void print_config(const struct pm_op_call *a) {
    const struct pm_op_job *job = &a->job;
    char shape[128];
    printf("perimeter op %s: engine=%s%s", job->op->name, a->engine, job->settings->count > 0 ? " " : "");
    pm_settings_print(job->settings, stdout);
    putchar('\n');
    for (size_t k = 0; job->op->in[k].name; k++)
        if (job->in[k].data) {
            pm_shape_text(shape, sizeof shape, job->in[k].rank, job->in[k].shape);
            printf("  in  %s %s %s from %s%s\n", job->op->in[k].name, shape, pm_dtype_name(job->in_file[k]),
                   job->in_path[k] ? "" : "sample ", job->in_path[k] ? job->in_path[k] : job->sample->name);
        }
}

static void print_results(const struct pm_op_call *a, const struct pm_tensor *out) {
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
static int run_engines(struct pm_op_call *a, struct pm_tensor *golden, struct pm_tensor *rtl,
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
            return PM_OP_DIFFER;
        }
    }
    if (status != PM_OK) {
        pm_error_print(&job->error);
        return PM_OP_BAD;
    }
    if (job->golden && job->rtl) {
        uint64_t compared;
        if (differ(job, golden, rtl, &compared)) {
            print_replay(a);
            return PM_OP_DIFFER;
        }
        printf("  both engines agree: %" PRIu64 " integers compared\n", compared);
    }
    return EXIT_SUCCESS;
}

int pm_op_call(struct pm_op_call *a) {
    struct pm_op_job *job = &a->job;
    struct pm_outfile files[PM_OP_OUTPUTS] = {0};
    struct pm_tensor golden[PM_OP_OUTPUTS] = {0}, rtl[PM_OP_OUTPUTS] = {0}, *out = NULL;
    const void *content[PM_OP_OUTPUTS] = {0};
    int rc = PM_OP_BAD;
    pm_status status = pm_op_load(job);
    if (status == PM_OK)
        status = plan_outputs(a, files);
    if (status == PM_OK) {
        print_config(a);
        status = pm_op_flush(&job->error);
    }
    if (status == PM_OK) {
        rc = run_engines(a, golden, rtl, &out);
        if (rc == EXIT_SUCCESS) {
            print_results(a, out);
            status = pm_op_flush(&job->error);
        }
    }
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        if (out && a->out_path[k])
            content[k] = &out[k];
    if (status == PM_OK && rc == EXIT_SUCCESS)
        status = pm_outfile_write_all(files, PM_OP_OUTPUTS, pm_npy_write, content, &job->error);
    if (status != PM_OK) {
        pm_error_print(&job->error);
        rc = PM_OP_BAD;
    }
    if (rc == PM_OP_BAD)
        remove_waves(job);
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        pm_outfile_free(&files[k]);
    pm_op_free_outputs(golden);
    pm_op_free_outputs(rtl);
    return rc;
}
