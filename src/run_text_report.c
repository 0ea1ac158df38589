// SPDX-License-Identifier: Apache-2.0
#include "run_text.h"

#include "net/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what was found ---- */

static void add_real(struct pm_results *r, const char *key, double v, const char *unit) {
    pm_result_real(r, key, v, unit, PM_RESULT_MEASURED);
}

static void add_foretold(const struct pm_run_job *j, const struct pm_run_foretold *f, struct pm_results *r) {
    const struct pm_run_outcome *o = &f->o;
    const double n = o->images,
                 accesses = (double)pm_tally_sum(&o->tally, PM_COUNT_WINDOWS, PM_COUNT_ACCESSES);
    pm_result_int(r, "windows", f->windows, "windows", PM_RESULT_MEASURED);
    pm_result_int(r, "predictions", o->images, pm_words_unit(&j->words), PM_RESULT_MEASURED);
    add_real(r, "perplexity_float", pm_perplexity(f->nats_float, o->images), NULL);
    add_real(r, "perplexity_integer", pm_perplexity(f->nats_integer, o->images), NULL);
    add_real(r, "bits_a_byte_float", f->nats_float / f->bytes / log(2), "bits");
    add_real(r, "bits_a_byte_integer", f->nats_integer / f->bytes / log(2), "bits");
    add_real(r, "next_right_float", o->correct_float / n, NULL);
    add_real(r, "next_right_integer", o->correct_integer / n, NULL);
    add_real(r, "same_next", o->same_class / n, NULL);
    if (accesses > 0) {
        add_real(r, "accesses", accesses, "accesses");
        add_real(r, "accesses_a_token", accesses / n, "accesses");
    }
    pm_run_add_arrays(&o->tally, r);
    pm_run_add_cost(j, &o->tally, r);
    add_real(r, "seconds", o->seconds, "s");
}

/* Bytes that can be read as they are; the others as in C. */
static void write_bytes(const struct pm_words *words, const uint32_t *id, size_t n, char *text, size_t size) {
    size_t length = 0;
    *text = 0;
    for (size_t i = 0; i < n; i++) {
        const char *bytes;
        const size_t count = pm_words_bytes(words, id[i], &bytes);
        for (size_t k = 0; k < count && length + 5 < size; k++) {
            const unsigned char c = (unsigned char)bytes[k];
            length +=
                (size_t)snprintf(text + length, size - length, c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
        }
    }
}

/* "changed": the first bytes that integers foretell otherwise than float. */
static void add_changed(const struct pm_run_text_report *rep, struct pm_results *r) {
    const unsigned tokens = rep->job->network.graph->tokens;
    const struct pm_words *words = &rep->job->words;
    pm_result_list(r, "changed");
    for (unsigned i = 0; i < rep->golden.changes; i++) {
        const struct pm_run_foretold_change *c = &rep->golden.changed[i];
        const uint32_t *id = rep->set->id + (size_t)c->window * tokens;
        const unsigned from = c->at > 40 ? c->at - 40 : 0;
        char text[256], byte[64];
        pm_result_group(r, NULL);
        pm_result_int(r, "window", c->window, NULL, PM_RESULT_PLAIN);
        write_bytes(words, id + from, c->at + 1 - from, text, sizeof text);
        pm_result_text(r, "behind", text);
        write_bytes(words, id + c->at + 1, 1, byte, sizeof byte);
        pm_result_text(r, "next", byte);
        write_bytes(words, &c->by_float, 1, byte, sizeof byte);
        pm_result_text(r, "float", byte);
        write_bytes(words, &c->by_integer, 1, byte, sizeof byte);
        pm_result_text(r, "integer", byte);
        pm_result_end(r);
    }
    pm_result_end(r);
}

static void add_rtl(const struct pm_run_foretold *f, struct pm_results *r) {
    const struct pm_twin_result attentions = pm_run_rtl_sum(&f->o, PM_TAKES(PM_NODE_ATTENTION), NULL),
                                matrices = pm_run_rtl_sum(&f->o, PM_TAKES(PM_NODE_MATRIX), NULL);
    const unsigned runs = (unsigned)attentions.runs;
    pm_result_group(r, "rtl");
    pm_result_int(r, "tokens", f->o.images, "tokens", PM_RESULT_MEASURED);
    pm_result_int(r, "attentions", (int64_t)attentions.runs, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "matrices", (int64_t)matrices.runs, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "integers_compared", (int64_t)(attentions.compared + matrices.compared), "integers",
                  PM_RESULT_MEASURED);
    pm_result_int(r, "integers_differ", (int64_t)(attentions.differ + matrices.differ), "integers",
                  PM_RESULT_MEASURED);
    pm_result_int(r, "clocks", (int64_t)(attentions.clocks + matrices.clocks), "clocks", PM_RESULT_MEASURED);
    for (int pass = 0; pass < 2; pass++) {
        const struct pm_twin_pass *p = &f->o.pass[pass];
        const bool fused = p->bound > 0; /* rows in tiles are no engine's pass */
        add_real(r, pass ? "clocks_a_token_pass2" : "clocks_a_token_pass1", fused ? p->clocks / runs : NAN,
                 "clocks");
        add_real(r, pass ? "bound_a_token_pass2" : "bound_a_token_pass1", fused ? p->bound / runs : NAN,
                 "accesses");
    }
    add_real(r, "seconds", f->o.seconds, "s");
    pm_result_end(r);
}

struct pm_results *pm_run_text_results(const struct pm_run_text_report *rep) {
    struct pm_results *r = pm_results_new();
    if (!r)
        return NULL;
    pm_run_add_config(rep->job, r);
    if (rep->rtl.o.images) {
        add_rtl(&rep->rtl, r);
        pm_run_add_digital_rtl(&rep->rtl.o, r);
    }
    if (rep->golden.o.images) {
        add_foretold(rep->job, &rep->golden, r);
        pm_run_add_counts(&rep->golden.o.tally, r);
        add_changed(rep, r);
    }
    if (rep->variants > 0) {
        pm_result_list(r, "variants");
        for (unsigned v = 0; v < rep->variants; v++) {
            pm_result_group(r, NULL);
            pm_result_text(r, "variant", pm_run_variant_name(&rep->variant[v]));
            add_foretold(rep->job, &rep->varied[v], r);
            pm_result_end(r);
        }
        pm_result_end(r);
    }
    return r;
}

/* ---- the report ---- */

static double at(const struct pm_results *r, const char *path, const char *key) {
    char full[96];
    snprintf(full, sizeof full, "%s%s", path, key);
    return pm_results_number(r, full);
}

static void print_line(const char *name, const struct pm_results *found, const char *path) {
    const double accesses = at(found, path, "accesses_a_token"), clips = at(found, path, "clips");
    printf("  %-46s %8.4f %8.4f %7.2f %7.2f %7.2f ", name, at(found, path, "perplexity_integer"),
           at(found, path, "bits_a_byte_integer"), 100 * at(found, path, "next_right_integer"),
           100 * at(found, path, "same_next"),
           100 * (at(found, path, "perplexity_integer") / at(found, path, "perplexity_float") - 1));
    if (isnan(accesses))
        printf("%10s", "-");
    else
        printf("%10.1f", accesses);
    if (!isnan(clips))
        printf("  %9.1f", at(found, path, "array_reads") / at(found, path, "predictions"));
    putchar('\n');
}

static void print_head(const struct pm_results *found, const char *path) {
    printf("  %-46s %8s %8s %7s %7s %7s %10s  %9s\n", "", "perpl.", "bits", "right %", "same %", "worse %",
           "accesses", "reads");
    printf("  %-46s %8.4f %8.4f %7.2f\n", "float", at(found, path, "perplexity_float"),
           at(found, path, "bits_a_byte_float"), 100 * at(found, path, "next_right_float"));
}

static void print_rtl(const struct pm_results *found, const char *unit) {
    printf("RTL against golden, the first %.0f %s, %.0f attentions and %.0f matrices: %.0f integers "
           "compared, "
           "%.0f differ; %.0f clocks, %.1f s\n",
           at(found, "rtl/", "tokens"), unit, at(found, "rtl/", "attentions"), at(found, "rtl/", "matrices"),
           at(found, "rtl/", "integers_compared"), at(found, "rtl/", "integers_differ"),
           at(found, "rtl/", "clocks"), at(found, "rtl/", "seconds"));
    if (!isnan(at(found, "rtl/", "clocks_a_token_pass1")))
        printf("  clocks a token over the busiest array's accesses: pass 1 %.2f / %.2f, pass 2 %.2f / %.2f\n",
               at(found, "rtl/", "clocks_a_token_pass1"), at(found, "rtl/", "bound_a_token_pass1"),
               at(found, "rtl/", "clocks_a_token_pass2"), at(found, "rtl/", "bound_a_token_pass2"));
}

void pm_run_text_print(const struct pm_run_text_report *rep, const struct pm_results *found) {
    putchar('\n');
    if (rep->rtl.o.images) {
        print_rtl(found, pm_words_unit(&rep->job->words));
        pm_run_print_digital_rtl(&rep->rtl.o);
    }
    if (rep->golden.o.images) {
        printf("The next of %.0f %s, in %.0f windows of at most %u, golden, %.2f s\n",
               at(found, "", "predictions"), pm_words_unit(&rep->job->words), at(found, "", "windows"),
               rep->job->network.graph->tokens, at(found, "", "seconds"));
        print_head(found, "");
        print_line("as configured", found, "");
        if (!isnan(at(found, "", "array_reads"))) {
            printf("  %s, a token; ", pm_run_arrays_title(&rep->golden.o.tally));
            pm_run_print_budget(rep->job, stdout);
            printf(":\n    " PM_RUN_ARRAYS_HEAD "\n   ");
            pm_run_print_arrays(found, "", "", rep->golden.o.images, stdout);
            pm_run_print_programming(rep->job, found, "", stdout);
        }
    }
    if (rep->variants == 0)
        return;
    printf("What each choice is worth, the first %u windows, golden\n", rep->varied[0].windows);
    print_head(found, "variants/0/");
    for (unsigned v = 0; v < rep->variants; v++) {
        char path[32];
        snprintf(path, sizeof path, "variants/%u/", v);
        print_line(pm_run_variant_name(&rep->variant[v]), found, path);
    }
    printf("  bits: a byte; right: the likeliest is the next; same: it is float's; worse: perplexity "
           "over float's;\n"
           "  accesses and reads of arrays: a token\n");
}
