// SPDX-License-Identifier: Apache-2.0
#include "choice.h"
#include "op/op.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Places by name. */

static void defect(const struct pm_op_job *job, const char *name) {
    fprintf(stderr, "perimeter: %s: the op does not declare %s\n", job->op->name, name);
    abort();
}

static size_t in_index(const struct pm_op_job *job, const char *name) {
    for (size_t k = 0; job->op->in[k].name; k++)
        if (strcmp(job->op->in[k].name, name) == 0)
            return k;
    defect(job, name);
    return 0;
}

static size_t set_index(const struct pm_op_job *job, const char *name) {
    for (size_t k = 0; job->op->set[k].name; k++)
        if (strcmp(job->op->set[k].name, name) == 0)
            return k;
    defect(job, name);
    return 0;
}

size_t pm_op_out(const struct pm_op_job *job, const char *name) {
    for (size_t k = 0; job->op->out[k].name; k++)
        if (strcmp(job->op->out[k].name, name) == 0)
            return k;
    defect(job, name);
    return 0;
}

const struct pm_tensor *pm_op_in(const struct pm_op_job *job, const char *name) {
    const struct pm_tensor *t = &job->in[in_index(job, name)];
    return t->data ? t : NULL;
}

const void *pm_op_data(const struct pm_op_job *job, const char *name) {
    return job->in[in_index(job, name)].data;
}

enum pm_dtype pm_op_file_dtype(const struct pm_op_job *job, const char *name) {
    return job->in_file[in_index(job, name)];
}

struct pm_value *pm_op_setting(struct pm_op_job *job, const char *name) {
    return &job->set[set_index(job, name)];
}

int64_t pm_op_int(const struct pm_op_job *job, const char *name) {
    return job->set[set_index(job, name)].i[0];
}

/* Settings. */

static bool parse_int(const char *text, size_t length, int64_t *v) {
    char *end;
    const char *digits = text + (*text == '-');
    errno = 0;
    *v = strtoll(text, &end, 10);
    return errno == 0 && end == text + length && *digits >= '0' && *digits <= '9';
}

static bool parse_real(const char *text, size_t length, double *v) {
    char *end;
    const char *digits = text + (*text == '-');
    *v = strtod(text, &end);
    return end == text + length && isfinite(*v) && (*digits == '.' || (*digits >= '0' && *digits <= '9'));
}

pm_status pm_op_parse_setting(struct pm_op_job *job, size_t k, const char *text) {
    const struct pm_op_setting *d = &job->op->set[k];
    struct pm_value *v = &job->set[k];
    struct pm_value new = {0};
    for (const char *at = text;; at++) {
        size_t n = d->list ? strcspn(at, ",") : strlen(at);
        bool ok = true, fits = true;
        if (new.n == PM_OP_LIST)
            return pm_op_fail(job, PM_ERANGE, d->name, "more than %d values", PM_OP_LIST);
        switch (d->kind) {
        case PM_SET_INT:
            ok = parse_int(at, n, &new.i[new.n]);
            fits = (double)new.i[new.n] >= d->lo && (double)new.i[new.n] <= d->hi;
            break;
        case PM_SET_REAL:
            ok = parse_real(at, n, &new.r[new.n]);
            fits = new.r[new.n] >= d->lo &&new.r[new.n] < d->hi;
            break;
        case PM_SET_CHOICE:
            if ((new.i[new.n] = pm_choice(d->choices, at, n)) < 0)
                return pm_op_fail(job, PM_ERANGE, d->name, "'%.*s' is not one of %s", (int)(n < 40 ? n : 40),
                                  at, d->choices);
        }
        if (!ok)
            return pm_op_fail(job, PM_EINVAL, d->name, "'%.*s' is not %s", (int)(n < 40 ? n : 40), at,
                              d->kind == PM_SET_INT ? "an integer" : "a number");
        if (!fits)
            return pm_op_fail(job, PM_ERANGE, d->name, "%.*s is outside %g%s%g", (int)(n < 40 ? n : 40), at,
                              d->lo, d->kind == PM_SET_INT ? ".." : " <= value < ", d->hi);
        new.n++;
        at += n;
        if (!*at)
            break;
    }
    *v = new;
    return PM_OK;
}

void pm_op_default_settings(struct pm_op_job *job) {
    for (size_t k = 0; job->op->set[k].name; k++)
        if (!job->set[k].n && job->op->set[k].fallback &&
            pm_op_parse_setting(job, k, job->op->set[k].fallback))
            defect(job, "a default inside its own range");
}

void pm_op_settings_text(const struct pm_op_job *job, char *text, size_t length) {
    size_t at = 0;
    *text = 0;
    for (size_t k = 0; job->op->set[k].name; k++) {
        const struct pm_op_setting *d = &job->op->set[k];
        const struct pm_value *v = &job->set[k];
        for (unsigned j = 0; j < v->n && at < length; j++) {
            char one[64];
            if (d->kind == PM_SET_REAL) {
                /* The shortest of the two that reads back as the same number. */
                snprintf(one, sizeof one, "%.15g", v->r[j]);
                if (strtod(one, NULL) < v->r[j] || strtod(one, NULL) > v->r[j])
                    snprintf(one, sizeof one, "%.17g", v->r[j]);
            }
            if (d->kind == PM_SET_INT)
                snprintf(one, sizeof one, "%" PRId64, v->i[j]);
            if (d->kind == PM_SET_CHOICE) {
                const char *start;
                const int n = pm_choice_text(d->choices, (int)v->i[j], &start);
                snprintf(one, sizeof one, "%.*s", n, start);
            }
            if (j == 0)
                at += (size_t)snprintf(text + at, length - at, "%s%s=%s", at ? " " : "", d->name, one);
            else
                at += (size_t)snprintf(text + at, length - at, ",%s", one);
        }
    }
}

/* Inputs. */

static pm_status fail_shape(struct pm_op_job *job, size_t k) {
    char got[128], want[256];
    const char *dims = job->op->in[k].dims;
    pm_shape_text(got, sizeof got, job->in[k].rank, job->in[k].shape);
    size_t at = 0;
    for (const char *d = dims; *d; d++)
        at += (size_t)snprintf(want + at, sizeof want - at, "%s%c", d == dims ? "[" : ",", *d);
    at += (size_t)snprintf(want + at, sizeof want - at, "]");
    const char *with = " with ";
    for (const char *d = dims; *d; d++)
        if (job->dim[(unsigned char)*d] && strchr(dims, *d) == d) {
            at += (size_t)snprintf(want + at, sizeof want - at, "%s%c=%zu", with, *d,
                                   job->dim[(unsigned char)*d]);
            with = ", ";
        }
    return pm_op_fail(job, PM_ESHAPE, job->in_path[k], "%s has shape %s, expected %s", job->op->in[k].name,
                      got, want);
}

static pm_status bind_dims(struct pm_op_job *job, size_t k) {
    const struct pm_op_input *d = &job->op->in[k];
    const struct pm_tensor *t = &job->in[k];
    size_t dim[128];
    if (t->rank != strlen(d->dims))
        return fail_shape(job, k);
    memcpy(dim, job->dim, sizeof dim);
    for (unsigned j = 0; j < t->rank; j++) {
        size_t *bound = &dim[(unsigned char)d->dims[j]];
        if (*bound && *bound != t->shape[j])
            return fail_shape(job, k);
        *bound = t->shape[j];
    }
    memcpy(job->dim, dim, sizeof dim);
    for (unsigned j = 0; j < t->rank; j++)
        for (int l = 0; l < PM_OP_LIMITS && job->op->limit[l].letter; l++)
            if (job->op->limit[l].letter == d->dims[j] && t->shape[j] > job->op->limit[l].max)
                return pm_op_fail(job, PM_ESHAPE, job->in_path[k], "%s has %c=%zu, at most %zu are supported",
                                  d->name, d->dims[j], t->shape[j], job->op->limit[l].max);
    return PM_OK;
}

static pm_status fail_range(struct pm_op_job *job, size_t k, size_t at, int64_t lo, int64_t hi,
                            const char *why) {
    char place[128];
    pm_index_text(place, sizeof place, &job->in[k], at);
    return pm_op_fail(job, PM_ERANGE, job->in_path[k],
                      "%s%s = %" PRId64 " is outside %" PRId64 "..%" PRId64 "%s%s%s", job->op->in[k].name,
                      place, pm_tensor_get(&job->in[k], at), lo, hi, *why ? " (" : "", why, *why ? ")" : "");
}

pm_status pm_op_check(struct pm_op_job *job, const char *input, int64_t lo, int64_t hi, const char *why) {
    size_t k = in_index(job, input);
    for (size_t i = 0; job->in[k].data && i < job->in[k].count; i++) {
        int64_t v = pm_tensor_get(&job->in[k], i);
        if (v < lo || v > hi)
            return fail_range(job, k, i, lo, hi, why);
    }
    return PM_OK;
}

pm_status pm_op_load(struct pm_op_job *job) {
    const struct pm_op *op = job->op;
    job->dim['1'] = 1;
    for (size_t k = 0; op->in[k].name; k++) {
        const struct pm_op_input *d = &op->in[k];
        size_t at = 0;
        if (!job->in_path[k]) {
            if (!d->optional)
                return pm_op_fail(job, PM_EINVAL, d->name, "the input is missing (--in %s=FILE.npy)",
                                  d->name);
            continue;
        }
        pm_status status = pm_npy_read(job->in_path[k], &job->in[k], &job->error);
        if (status == PM_OK)
            status = bind_dims(job, k);
        if (status != PM_OK)
            return status;
        job->in_file[k] = job->in[k].dtype;
        status = pm_tensor_convert(&job->in[k], d->dtype, d->lo, d->hi, &at);
        if (status == PM_ERANGE)
            return fail_range(job, k, at, d->lo, d->hi, "");
        if (status != PM_OK)
            return pm_op_fail(job, status, job->in_path[k], "%s", pm_strerror(status));
    }
    return op->prepare ? op->prepare(job) : PM_OK;
}

/* Engines. */

pm_status pm_op_allocate(struct pm_op_job *job, struct pm_tensor *out, const char *name, size_t n) {
    size_t k = pm_op_out(job, name), shape[PM_RANK];
    const struct pm_op_output *d = &job->op->out[k];
    unsigned rank = (unsigned)strlen(d->dims);
    for (unsigned j = 0; j < rank; j++)
        shape[j] = d->dims[j] == '*' ? n : job->dim[(unsigned char)d->dims[j]];
    pm_status status = pm_tensor_new(&out[k], d->dtype, rank, shape);
    if (status == PM_OK)
        return status;
    char text[128];
    pm_shape_text(text, sizeof text, rank, shape);
    return pm_op_fail(job, status, job->op->name, "out of memory for output %s %s", name, text);
}

pm_status pm_op_run(struct pm_op_job *job, bool rtl, struct pm_tensor *out) {
    memset(out, 0, PM_OP_OUTPUTS * sizeof *out);
    job->error.text[0] = 0;
    for (size_t k = 0; job->op->out[k].name; k++)
        if (job->op->out[k].dims[0] != '*') {
            pm_status status = pm_op_allocate(job, out, job->op->out[k].name, 0);
            if (status != PM_OK)
                return status;
        }
    pm_status status = (rtl ? job->op->rtl : job->op->golden)(job, out);
    if (status != PM_OK && !job->error.text[0])
        pm_op_fail(job, status, job->op->name, "%s: %s", rtl ? "rtl" : "golden", pm_strerror(status));
    return status;
}

pm_status pm_op_model(struct pm_op_job *job, const char *params, const char *function, struct pm_rtl **rtl,
                      void (**f)(void)) {
    char err[2048];
    pm_status status = pm_rtl_open(job->op->block, params, job->wave != NULL, rtl, err, sizeof err);
    if (status != PM_OK) {
        snprintf(job->error.text, sizeof job->error.text, "%s", err);
        return status;
    }
    *f = pm_rtl_function(*rtl, function);
    if (*f)
        return PM_OK;
    pm_rtl_close(*rtl);
    *rtl = NULL;
    return pm_op_fail(job, PM_EBUILD, job->op->block, "the simulation model has no function %s", function);
}

struct pm_sim_opts pm_op_sim(struct pm_op_job *job, unsigned part, char path[static PM_OP_PATH]) {
    struct pm_sim_opts opts = {0};
    if (!job->wave)
        return opts;
    const char *dot = strrchr(job->wave, '.');
    if (!dot || strchr(dot, '/'))
        dot = job->wave + strlen(job->wave);
    if (part == 0)
        snprintf(path, PM_OP_PATH, "%s", job->wave);
    else
        snprintf(path, PM_OP_PATH, "%.*s.%u%s", (int)(dot - job->wave), job->wave, part, dot);
    if (part >= job->wave_parts)
        job->wave_parts = part + 1;
    opts.wave = path;
    return opts;
}

void pm_op_free_outputs(struct pm_tensor *out) {
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        pm_tensor_free(&out[k]);
}

void pm_op_free(struct pm_op_job *job) {
    for (size_t k = 0; k < PM_OP_INPUTS; k++)
        pm_tensor_free(&job->in[k]);
}
