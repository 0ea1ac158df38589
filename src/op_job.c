// SPDX-License-Identifier: Apache-2.0
#include "op_job.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

extern const struct pm_op *const __start_pm_ops[], *const __stop_pm_ops[];

/* The linker's order is no order. */
const struct pm_op *pm_op_at(size_t k) {
    for (const struct pm_op *const *op = __start_pm_ops; op < __stop_pm_ops; op++) {
        size_t before = 0;
        for (const struct pm_op *const *other = __start_pm_ops; other < __stop_pm_ops; other++)
            before += strcmp((*other)->name, (*op)->name) < 0;
        if (before == k)
            return *op;
    }
    return NULL;
}

const struct pm_op *pm_op_named(const char *name) {
    const struct pm_op *op;
    for (size_t k = 0; (op = pm_op_at(k)) != NULL; k++)
        if (pm_setting_same_name(op->name, name, strlen(name)))
            break;
    return op;
}

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

static size_t out_index(const struct pm_op_job *job, const char *name) {
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

void *pm_op_out(const struct pm_op_job *job, const char *name) {
    return job->out[out_index(job, name)].data;
}

struct pm_value *pm_op_setting(struct pm_op_job *job, const char *name) {
    return pm_settings_value(job->settings, name);
}

int64_t pm_op_int(const struct pm_op_job *job, const char *name) {
    return pm_settings_int(job->settings, name);
}

pm_status pm_op_need(struct pm_op_job *job, const char *name) {
    return pm_op_setting(job, name)->n > 0
               ? PM_OK
               : pm_op_fail(job, PM_EINVAL, name, "the setting is missing (--set %s=VALUE)", name);
}

pm_status pm_op_need_scale(struct pm_op_job *job) {
    pm_status status = pm_op_need(job, "m");
    if (status == PM_OK)
        status = pm_op_need(job, "e");
    if (status == PM_OK && pm_op_int(job, "m") != 0 && pm_op_int(job, "m") < 32768)
        status =
            pm_op_fail(job, PM_ERANGE, "m", "%" PRId64 " is neither 0 nor 32768..65535", pm_op_int(job, "m"));
    return status;
}

struct pm_scale pm_op_scale(const struct pm_op_job *job) {
    return (struct pm_scale){(uint32_t)pm_op_int(job, "m"), (int)pm_op_int(job, "e")};
}

/* Inputs. */

int64_t pm_op_lo(const struct pm_op_input *d) {
    return d->lo == 0 && d->hi == 0 ? pm_dtype_min(d->dtype) : d->lo;
}

int64_t pm_op_hi(const struct pm_op_input *d) {
    return d->lo == 0 && d->hi == 0 ? pm_dtype_max(d->dtype) : d->hi;
}

/* What an error names: the file, or the made-up input. */
static const char *subject(const struct pm_op_job *job, size_t k) {
    return job->in_path[k] ? job->in_path[k] : job->op->in[k].name;
}

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
        if (isalpha((unsigned char)*d) && job->dim[(unsigned char)*d] && strchr(dims, *d) == d) {
            at += (size_t)snprintf(want + at, sizeof want - at, "%s%c=%zu", with, *d,
                                   job->dim[(unsigned char)*d]);
            with = ", ";
        }
    return pm_op_fail(job, PM_ESHAPE, subject(job, k), "%s has shape %s, expected %s", job->op->in[k].name,
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
                return pm_op_fail(job, PM_ESHAPE, subject(job, k), "%s has %c=%zu, at most %zu are supported",
                                  d->name, d->dims[j], t->shape[j], job->op->limit[l].max);
    return PM_OK;
}

static pm_status fail_range(struct pm_op_job *job, size_t k, size_t at, int64_t lo, int64_t hi,
                            const char *why) {
    char place[128];
    pm_index_text(place, sizeof place, &job->in[k], at);
    return pm_op_fail(job, PM_ERANGE, subject(job, k),
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

pm_status pm_op_check_bits(struct pm_op_job *job, const char *input, const char *bits,
                           const char *is_signed) {
    const unsigned n = (unsigned)pm_op_int(job, bits);
    const int64_t half = (int64_t)1 << (n - 1);
    const bool negative = pm_op_int(job, is_signed) != 0;
    char why[96];
    snprintf(why, sizeof why, "%s=%u %s=%d", bits, n, is_signed, negative);
    return pm_op_check(job, input, negative ? -half : 0, negative ? half - 1 : 2 * half - 1, why);
}

/* Brings input k, read or made up, to what the engines get. */
static pm_status take_input(struct pm_op_job *job, size_t k) {
    const struct pm_op_input *d = &job->op->in[k];
    size_t at = 0;
    pm_status status = bind_dims(job, k);
    if (status != PM_OK)
        return status;
    job->in_file[k] = job->in[k].dtype;
    status = pm_tensor_convert(&job->in[k], d->dtype, pm_op_lo(d), pm_op_hi(d), &at);
    if (status == PM_ERANGE)
        return fail_range(job, k, at, pm_op_lo(d), pm_op_hi(d), "");
    return status == PM_OK ? PM_OK : pm_op_fail(job, status, subject(job, k), "%s", pm_strerror(status));
}

pm_status pm_op_begin(struct pm_op_job *job, const struct pm_op *op) {
    job->op = op;
    job->settings = pm_settings_new(&op->set);
    return job->settings ? PM_OK : pm_op_fail(job, PM_ENOMEM, op->name, "out of memory");
}

pm_status pm_op_load(struct pm_op_job *job) {
    const struct pm_op *op = job->op;
    if (job->rtl && !op->driver)
        return pm_op_fail(job, PM_EMODE, op->name, "the op has no RTL; it needs the golden engine");
    pm_status status = pm_settings_check(job->settings, job->rtl, &job->error);
    for (int digit = 1; digit < 10; digit++)
        job->dim['0' + digit] = (size_t)digit;
    for (size_t k = 0; op->in[k].name && status == PM_OK; k++)
        if (job->in_path[k] || job->in[k].data) {
            if (job->in_path[k])
                status = pm_npy_read(job->in_path[k], &job->in[k], &job->error);
            if (status == PM_OK)
                status = take_input(job, k);
        } else if (!job->sample && !op->in[k].optional) {
            return pm_op_fail(job, PM_EINVAL, op->in[k].name, "the input is missing (--in %s=FILE.npy)",
                              op->in[k].name);
        }
    /* The files have bound their dimensions. */
    for (size_t k = 0; op->in[k].name && status == PM_OK; k++)
        if (!job->in[k].data && job->sample && !pm_op_sample_values(op, job->sample, k).none) {
            status = pm_op_sample_input(job, k);
            if (status == PM_OK)
                status = take_input(job, k);
        }
    return status == PM_OK && op->prepare ? op->prepare(job) : status;
}

/* Engines. */

pm_status pm_op_allocate(struct pm_op_job *job, const char *name, size_t n) {
    size_t k = out_index(job, name), shape[PM_RANK];
    const struct pm_op_output *d = &job->op->out[k];
    unsigned rank = (unsigned)strlen(d->dims);
    for (unsigned j = 0; j < rank; j++)
        shape[j] = d->dims[j] == '*' ? n : job->dim[(unsigned char)d->dims[j]];
    pm_status status = pm_tensor_new(&job->out[k], d->dtype, rank, shape);
    if (status == PM_OK)
        return status;
    char text[128];
    pm_shape_text(text, sizeof text, rank, shape);
    return pm_op_fail(job, status, job->op->name, "out of memory for output %s %s", name, text);
}

/* Loads the model, with its driver, and runs the op on it. */
static pm_status run_rtl(struct pm_op_job *job) {
    const struct pm_op *op = job->op;
    char params[PM_OP_PARAMS], err[2048];
    struct pm_rtl *model;
    op->model(job, params);
    pm_status status = pm_rtl_open(op->block, params, job->wave != NULL, &model, err, sizeof err);
    if (status != PM_OK) {
        snprintf(job->error.text, sizeof job->error.text, "%s", err);
        return status;
    }
    job->driver = pm_rtl_function(model, op->driver);
    status = job->driver ? op->rtl(job)
                         : pm_op_fail(job, PM_EBUILD, op->block, "the simulation model has no function %s",
                                      op->driver);
    pm_rtl_close(model);
    return status;
}

pm_status pm_op_run(struct pm_op_job *job, bool rtl, struct pm_tensor *out) {
    memset(out, 0, PM_OP_OUTPUTS * sizeof *out);
    job->out = out;
    job->error.text[0] = 0;
    for (size_t k = 0; job->op->out[k].name; k++)
        if (job->op->out[k].dims[0] != '*') {
            pm_status status = pm_op_allocate(job, job->op->out[k].name, 0);
            if (status != PM_OK)
                return status;
        }
    pm_status status = rtl ? run_rtl(job) : job->op->golden(job);
    if (status != PM_OK && !job->error.text[0])
        pm_op_fail(job, status, job->op->name, "%s: %s", rtl ? "rtl" : "golden", pm_strerror(status));
    return status;
}

unsigned pm_op_fit(size_t n, const unsigned *sizes) {
    while (*sizes && *sizes < n)
        sizes++;
    return *sizes;
}

unsigned pm_op_fit_power(size_t n, unsigned least) {
    while (least < n)
        least *= 2;
    return least;
}

int32_t *pm_op_pad(const int32_t *x, size_t vectors, size_t rows, size_t to) {
    int32_t *padded = calloc(vectors * to, sizeof *padded);
    for (size_t t = 0; t < vectors && padded; t++)
        memcpy(padded + t * to, x + t * rows, rows * sizeof *x);
    return padded;
}

struct pm_sim_opts pm_op_sim(struct pm_op_job *job, unsigned part) {
    struct pm_sim_opts opts = {.seed = job->sample ? job->sample->stalls : 0};
    if (!job->wave)
        return opts;
    const char *dot = strrchr(job->wave, '.');
    if (!dot || strchr(dot, '/'))
        dot = job->wave + strlen(job->wave);
    if (part == 0)
        snprintf(job->path, sizeof job->path, "%s", job->wave);
    else
        snprintf(job->path, sizeof job->path, "%.*s.%u%s", (int)(dot - job->wave), job->wave, part, dot);
    if (part >= job->wave_parts)
        job->wave_parts = part + 1;
    opts.wave = job->path;
    return opts;
}

void pm_op_free_outputs(struct pm_tensor *out) {
    for (size_t k = 0; k < PM_OP_OUTPUTS; k++)
        pm_tensor_free(&out[k]);
}

void pm_op_free(struct pm_op_job *job) {
    for (size_t k = 0; k < PM_OP_INPUTS; k++)
        pm_tensor_free(&job->in[k]);
    free(job->settings);
}
