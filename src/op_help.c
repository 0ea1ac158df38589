// SPDX-License-Identifier: Apache-2.0
/* An op as text and all of them as JSON, from their declarations. */
#include "io/results.h"
#include "op_job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* "[total,D]" */
static const char *dims_text(const char *dims, char *text, size_t length) {
    size_t at = 0;
    for (const char *d = dims; *d; d++)
        at += (size_t)snprintf(text + at, length - at, "%c%s", d == dims ? '[' : ',',
                               *d == '*' ? "total" : (char[]){*d, 0});
    snprintf(text + at, length - at, "]");
    return text;
}

static bool narrow(const struct pm_op_input *d) {
    return pm_op_lo(d) != pm_dtype_min(d->dtype) || pm_op_hi(d) != pm_dtype_max(d->dtype);
}

static void print_setting(const struct pm_setting *d, FILE *f) {
    char range[128], note[256];
    pm_setting_range(d, range, sizeof range);
    pm_setting_note(d, note, sizeof note);
    fprintf(f, "  set  %s %s", d->name, range);
    if (d->fallback)
        fprintf(f, " (%s)", d->fallback);
    fprintf(f, "%s%s\n", *note ? "; " : "", note);
}

void pm_op_print(const struct pm_op *op, FILE *f) {
    char dims[64];
    fprintf(f, "%s", op->name);
    if (!pm_setting_same_name(op->name, op->block, strlen(op->block)))
        fprintf(f, " (block %s)", op->block);
    fprintf(f, ": %s%s\n", op->summary, op->driver ? "" : "; golden only");
    for (const struct pm_op_input *d = op->in; d->name; d++) {
        fprintf(f, "  in   %s %s %s", d->name, dims_text(d->dims, dims, sizeof dims),
                pm_dtype_name(d->dtype));
        if (narrow(d))
            fprintf(f, " %" PRId64 "..%" PRId64, pm_op_lo(d), pm_op_hi(d));
        fprintf(f, "%s%s%s\n", d->optional ? " (optional)" : "", d->note ? "; " : "", d->note ? d->note : "");
    }
    for (const struct pm_setting *d = op->set.setting; d->name; d++)
        print_setting(d, f);
    for (const struct pm_op_output *d = op->out; d->name; d++)
        fprintf(f, "  out  %s %s %s%s%s%s\n", d->name, dims_text(d->dims, dims, sizeof dims),
                pm_dtype_name(d->dtype), d->measured ? "; measured, not compared" : "", d->note ? "; " : "",
                d->note ? d->note : "");
    for (int l = 0; l < PM_OP_LIMITS && op->limit[l].letter; l++)
        fprintf(f, "%s%c at most %zu%s", l ? ", " : "  max  ", op->limit[l].letter, op->limit[l].max,
                l + 1 == PM_OP_LIMITS || !op->limit[l + 1].letter ? "\n" : "");
    for (const struct pm_op_sample *s = op->sample; s->name; s++)
        fprintf(f, "%s%s%s", s == op->sample ? "  sample " : ", ", s->name, s[1].name ? "" : "\n");
}

static void add_text(struct pm_results *r, const char *key, const char *text) {
    if (text && *text)
        pm_result_text(r, key, text);
}

static void add_input(struct pm_results *r, const struct pm_op_input *d) {
    char range[64] = "";
    if (narrow(d))
        snprintf(range, sizeof range, "%" PRId64 "..%" PRId64, pm_op_lo(d), pm_op_hi(d));
    pm_result_group(r, NULL);
    pm_result_text(r, "name", d->name);
    pm_result_text(r, "dims", d->dims);
    pm_result_text(r, "dtype", pm_dtype_name(d->dtype));
    add_text(r, "range", range);
    pm_result_int(r, "optional", d->optional, NULL, PM_RESULT_PLAIN);
    add_text(r, "note", d->note);
    pm_result_end(r);
}

static void add_setting(struct pm_results *r, const struct pm_setting *d) {
    char range[128], note[256];
    pm_setting_range(d, range, sizeof range);
    pm_setting_note(d, note, sizeof note);
    pm_result_group(r, NULL);
    pm_result_text(r, "name", d->name);
    pm_result_text(r, "range", range);
    add_text(r, "default", d->fallback);
    add_text(r, "note", note);
    pm_result_end(r);
}

static void add_sample(struct pm_results *r, const struct pm_op_sample *s) {
    pm_result_group(r, NULL);
    pm_result_text(r, "name", s->name);
    pm_result_text(r, "dims", s->dims);
    add_text(r, "set", s->set);
    pm_result_end(r);
}

static void add_op(struct pm_results *r, const struct pm_op *op) {
    pm_result_group(r, NULL);
    pm_result_text(r, "name", op->name);
    pm_result_text(r, "block", op->block);
    pm_result_text(r, "summary", op->summary);
    pm_result_int(r, "golden_only", !op->driver, NULL, PM_RESULT_PLAIN);
    pm_result_group(r, "limits");
    for (int l = 0; l < PM_OP_LIMITS && op->limit[l].letter; l++)
        pm_result_int(r, (char[]){op->limit[l].letter, 0}, (int64_t)op->limit[l].max, NULL, PM_RESULT_PLAIN);
    pm_result_end(r);
    pm_result_list(r, "in");
    for (const struct pm_op_input *d = op->in; d->name; d++)
        add_input(r, d);
    pm_result_end(r);
    pm_result_list(r, "set");
    for (const struct pm_setting *d = op->set.setting; d->name; d++)
        add_setting(r, d);
    pm_result_end(r);
    pm_result_list(r, "out");
    for (const struct pm_op_output *d = op->out; d->name; d++) {
        pm_result_group(r, NULL);
        pm_result_text(r, "name", d->name);
        pm_result_text(r, "dims", d->dims);
        pm_result_text(r, "dtype", pm_dtype_name(d->dtype));
        pm_result_int(r, "measured", d->measured, NULL, PM_RESULT_PLAIN);
        add_text(r, "note", d->note);
        pm_result_end(r);
    }
    pm_result_end(r);
    pm_result_list(r, "samples");
    for (const struct pm_op_sample *s = op->sample; s->name; s++)
        add_sample(r, s);
    pm_result_end(r);
    if (op->timing.signals) {
        pm_result_group(r, "timing");
        pm_result_text(r, "signals", op->timing.signals);
        pm_result_int(r, "clocks", op->timing.clocks, NULL, PM_RESULT_PLAIN);
        pm_result_int(r, "before", op->timing.before, NULL, PM_RESULT_PLAIN);
        pm_result_end(r);
    }
    pm_result_end(r);
}

pm_status pm_op_print_catalogue(FILE *f) {
    struct pm_results *r = pm_results_new();
    if (!r)
        return PM_ENOMEM;
    const struct pm_op *op;
    pm_result_list(r, "ops");
    for (size_t k = 0; (op = pm_op_at(k)) != NULL; k++)
        add_op(r, op);
    pm_result_end(r);
    char *text = pm_results_json(r, true);
    if (text)
        fprintf(f, "%s\n", text);
    pm_results_free(r);
    free(text);
    return text ? PM_OK : PM_ENOMEM;
}
