// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include "commands.h"
#include "placing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pm_run_add_alone(const struct pm_run_outcome *o, struct pm_results *r) {
    const struct pm_graph *g = o->tally.graph;
    uint64_t accesses = 0;
    if (!o->fidelity)
        return;
    pm_result_group(r, "sqnr");
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_fidelity_sum *s = &o->fidelity[i];
        if (s->ff > 0 && s->noise > 0)
            pm_result_real(r, g->node[i].name, pm_fidelity_sqnr(s), "dB", PM_RESULT_MEASURED);
        accesses += o->tally.held[i].accesses * pm_node_rows(&g->node[i], g->tokens);
    }
    pm_result_end(r);
    if (accesses > 0)
        pm_result_int(r, "array_accesses", (int64_t)accesses, "accesses", PM_RESULT_DERIVED);
}

void pm_run_add_fidelity(const struct pm_run_outcome *o, struct pm_results *r) {
    const struct pm_graph *g = o->tally.graph;
    if (!o->fidelity)
        return;
    pm_result_list(r, "fidelity");
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_fidelity_sum *s = &o->fidelity[i];
        if (s->ff == 0)
            continue;
        pm_result_group(r, NULL);
        pm_result_text(r, "layer", g->node[i].name);
        pm_result_text(r, "system", o->tally.system[i] ? o->tally.system[i]->name : "host");
        pm_result_real(r, "cosine", pm_fidelity_cosine(s), NULL, PM_RESULT_MEASURED);
        pm_result_real(r, "sqnr", s->noise > 0 ? pm_fidelity_sqnr(s) : NAN, "dB", PM_RESULT_MEASURED);
        pm_result_end(r);
    }
    pm_result_end(r);
}

double pm_ratio(double a, double b) {
    return b > 0 ? a / b : 0;
}

void pm_run_add_config(const struct pm_run_job *j, struct pm_results *r) {
    pm_result_group(r, "effective_config");
    pm_result_text(r, "model", j->model);
    pm_result_text(r,
                   j->pairs    ? "pairs"
                   : j->prompt ? "prompt"
                               : "data",
                   j->pairs    ? j->pairs
                   : j->prompt ? j->prompt
                               : j->data);
    pm_settings_results(j->settings, r);
    for (size_t i = 0; j->plan.all[i]; i++)
        if (pm_placing_matters(&j->plan, j->network.graph, j->plan.all[i]))
            pm_settings_results(j->plan.all[i], r);
    pm_plan_results(&j->plan, r);
    pm_result_end(r);
    pm_result_text(r, "version", pm_version);
}

void pm_run_print_config(const struct pm_run_job *j, FILE *to) {
    fprintf(to, "perimeter run: %s on %s: ", j->model,
            j->pairs    ? j->pairs
            : j->prompt ? "a prompt"
                        : j->data);
    pm_plan_print(&j->plan, to);
    fputc(' ', to);
    pm_settings_print(j->settings, to);
    for (size_t i = 0; j->plan.all[i]; i++) {
        if (!pm_placing_matters(&j->plan, j->network.graph, j->plan.all[i]))
            continue;
        fputc(' ', to);
        pm_settings_print(j->plan.all[i], to);
    }
    fputc('\n', to);
}

void pm_run_add_accuracy(const struct pm_run_outcome *o, struct pm_results *r) {
    if (o->labelled) {
        pm_result_real(r, "accuracy_float", pm_ratio(o->correct_float, o->images), NULL, PM_RESULT_MEASURED);
        pm_result_real(r, "accuracy_integer", pm_ratio(o->correct_integer, o->images), NULL,
                       PM_RESULT_MEASURED);
    }
    pm_result_real(r, "same_class", pm_ratio(o->same_class, o->images), NULL, PM_RESULT_MEASURED);
}

void pm_run_add_sum(const struct pm_tally *t, enum pm_count kind, enum pm_count count, const char *key,
                    struct pm_results *r) {
    pm_result_int(r, key, (int64_t)pm_tally_sum(t, kind, count), pm_count_info[count].unit,
                  PM_RESULT_MEASURED);
}

void pm_run_add_arrays(const struct pm_tally *t, struct pm_results *r) {
    const uint64_t clocks = pm_tally_clocks(t, PM_COUNT_READS);
    if (clocks == 0)
        return;
    pm_run_add_sum(t, PM_COUNT_READS, PM_COUNT_READS, "array_reads", r);
    pm_run_add_sum(t, PM_COUNT_READS, PM_COUNT_CONVERSIONS, "array_conversions", r);
    pm_result_int(r, "array_clocks", (int64_t)clocks, "clocks", PM_RESULT_MEASURED);
    pm_run_add_sum(t, PM_COUNT_READS, PM_COUNT_WRONG, "clips", r);
}

static bool fluid(const struct pm_run_job *j) {
    return pm_settings_int(j->settings, "copies") != 0;
}

/* Arrays that there are. */
static uint64_t array_budget(const struct pm_run_job *j, const struct pm_held *held) {
    const int64_t given = pm_settings_int(j->settings, "array-budget");
    return given > 0 ? (uint64_t)given : held->plain;
}

/* Copies of the matrices in the arrays that there are, and what is left of their clocks. */
static void add_copies(const struct pm_run_job *j, const struct pm_held *held, uint64_t clocks,
                       struct pm_results *r) {
    const bool given = pm_settings_int(j->settings, "array-budget") > 0;
    const uint64_t budget = array_budget(j, held);
    const double ratio = pm_ratio((double)budget, (double)held->arrays),
                 copies = fluid(j) ? ratio : floor(ratio);
    pm_result_int(r, "flip_bits", (int64_t)held->flip_bits, "bits", PM_RESULT_DERIVED);
    pm_result_int(r, "array_budget", (int64_t)budget, "arrays", given ? PM_RESULT_PLAIN : PM_RESULT_DERIVED);
    pm_result_real(r, "copies", copies, NULL, PM_RESULT_DERIVED);
    pm_result_real(r, "clocks_with_copies", copies > 0 ? (double)clocks / copies : NAN, "clocks",
                   PM_RESULT_DERIVED);
}

static double at(const struct pm_results *r, const char *path, const char *key) {
    char full[96];
    snprintf(full, sizeof full, "%s%s", path, key);
    return pm_results_number(r, full);
}

/* Programming, how often it can be done, and how long cells last where there are too few arrays: then each is
 * written with one part of the matrices after the other at every inference. */
static void add_programming(const struct pm_run_job *j, const struct pm_held *held, struct pm_results *r) {
    const double pulses = pm_ratio((double)held->pulses, (double)held->cells),
                 endurance = pm_settings_real(j->settings, "endurance"), year = 365.25 * 86400;
    const uint64_t budget = array_budget(j, held);
    const double writes = held->arrays > budget ? pm_ratio((double)held->arrays, (double)budget) * pulses : 0;
    pm_result_group(r, "programming");
    pm_result_int(r, "cells", (int64_t)held->cells, "cells", PM_RESULT_DERIVED);
    pm_result_int(r, "pulses", (int64_t)held->pulses, "pulses", PM_RESULT_MEASURED);
    pm_result_real(r, "pulses_a_cell", pulses, "pulses", PM_RESULT_MEASURED);
    pm_result_real(r, "programmings", pm_ratio(endurance, pulses), NULL, PM_RESULT_DERIVED);
    pm_result_real(r, "pulses_a_cell_and_inference", writes, "pulses", PM_RESULT_DERIVED);
    pm_result_real(r, "years",
                   writes > 0 ? endurance / (writes * pm_settings_real(j->settings, "rate") * year)
                              : (double)NAN,
                   "years", PM_RESULT_DERIVED);
    pm_result_end(r);
}

void pm_run_print_programming(const struct pm_run_job *j, const struct pm_results *r, const char *cost,
                              FILE *to) {
    char path[64];
    snprintf(path, sizeof path, "%sprogramming/", cost);
    const double years = at(r, path, "years");
    if (isnan(at(r, path, "cells")))
        return;
    fprintf(to, "  programming: %.0f cells, %.3f pulses each; %.4g times at an endurance of %g\n",
            at(r, path, "cells"), at(r, path, "pulses_a_cell"), at(r, path, "programmings"),
            pm_settings_real(j->settings, "endurance"));
    fprintf(to, "  pulses a cell and inference: %.4g", at(r, path, "pulses_a_cell_and_inference"));
    if (!isnan(years))
        fprintf(to, "; at %g a second cells last %.3g years", pm_settings_real(j->settings, "rate"), years);
    fputc('\n', to);
}

void pm_run_add_cost(const struct pm_run_job *j, const struct pm_tally *t, struct pm_results *r) {
    const bool whole = pm_tally_sum(t, PM_COUNT_READS, PM_COUNT_READS) > 0;
    const enum pm_count kind = whole ? PM_COUNT_READS : PM_COUNT_WINDOWS;
    const struct pm_held held = pm_tally_held(t, kind);
    const uint64_t clocks = pm_tally_clocks(t, kind);
    if (held.arrays == 0)
        return;
    pm_result_int(r, "arrays", (int64_t)held.arrays, "arrays", PM_RESULT_DERIVED);
    pm_run_add_sum(t, kind, whole ? PM_COUNT_READS : PM_COUNT_ACCESSES, "reads", r);
    pm_run_add_sum(t, kind, PM_COUNT_CONVERSIONS, "conversions", r);
    pm_result_int(r, "clocks", (int64_t)clocks, "clocks", PM_RESULT_MEASURED);
    if (held.plain > 0)
        add_copies(j, &held, clocks, r);
    if (held.cells > 0)
        add_programming(j, &held, r);
}

void pm_run_print_arrays(const struct pm_results *r, const char *path, const char *cost, double items,
                         FILE *to) {
    const double conversions = at(r, path, "array_conversions"), clocks = at(r, cost, "clocks_with_copies");
    fprintf(to, " %6.0f %8.0f %11.0f %9.0f %6.4g ", at(r, cost, "arrays"), at(r, path, "array_reads") / items,
            conversions / items, at(r, path, "array_clocks") / items, at(r, cost, "copies"));
    if (isnan(clocks))
        fprintf(to, "%13s", "do not fit");
    else
        fprintf(to, "%13.0f", clocks / items);
    fprintf(to, " %10.3f\n", 1e6 * pm_ratio(at(r, path, "clips"), conversions));
}

void pm_run_print_budget(const struct pm_run_job *j, FILE *to) {
    const int64_t given = pm_settings_int(j->settings, "array-budget");
    fprintf(to, "%s of the matrices in ", fluid(j) ? "copies, by the ratio," : "whole copies");
    if (given > 0)
        fprintf(to, "%" PRId64 " arrays", given);
    else
        fputs("as many arrays as 1-bit cells take", to);
}

static void add_part(const struct pm_counts *c, struct pm_results *r) {
    for (int k = 0; k < PM_COUNTS; k++)
        if (c->of[k] > 0)
            pm_result_int(r, pm_count_info[k].key, (int64_t)c->of[k], pm_count_info[k].unit,
                          PM_RESULT_MEASURED);
    for (int h = 0; h < PM_HISTOGRAMS; h++) {
        const struct pm_histogram_info *info = &pm_histogram_info[h];
        uint64_t any = 0;
        for (unsigned b = 0; b < info->bins; b++)
            any |= c->bin[h][b];
        if (any)
            pm_result_ints(r, info->key, c->bin[h], info->bins, info->unit, PM_RESULT_MEASURED);
    }
}

void pm_run_add_counts(const struct pm_tally *t, struct pm_results *r) {
    pm_result_group(r, "counts");
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        const struct pm_system *system = t->system[i];
        if (!t->counts[i])
            continue;
        pm_result_group(r, t->graph->node[i].name);
        pm_result_text(r, "system", system->name);
        for (unsigned k = 0; k < pm_system_parts(system); k++) {
            if (!pm_counts_any(&t->counts[i][k]))
                continue;
            pm_result_group(r, system->parts[k]);
            add_part(&t->counts[i][k], r);
            pm_result_end(r);
        }
        pm_result_end(r);
    }
    pm_result_end(r);
}

struct pm_twin_result pm_run_rtl_sum(const struct pm_run_outcome *o, unsigned kinds,
                                     const struct pm_system *system) {
    const struct pm_tally *t = &o->tally;
    struct pm_twin_result sum = {0};
    for (unsigned i = 0; i < t->graph->nodes; i++)
        if ((PM_TAKES(t->graph->node[i].kind) & kinds) && (!system || t->system[i] == system))
            pm_twin_result_add(&sum, &o->rtl[i]);
    return sum;
}

/* What the layers that count array reads are in. */
const char *pm_run_arrays_title(const struct pm_tally *t) {
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++)
            if (t->counts[i][k].of[PM_COUNT_READS] > 0)
                return t->system[i]->title;
    return "arrays";
}

void pm_run_warn(const struct pm_tally *t) {
    const double share = 0.001;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++) {
            const struct pm_counts *c = &t->counts[i][k];
            if ((double)c->of[PM_COUNT_CLIPPED] <= share * (double)c->of[PM_COUNT_WRITES])
                continue;
            fprintf(
                stderr,
                "perimeter: warning: %s: %.2f %% of the stored elements of %s were clamped, more than %g %%: "
                "is %s calibrated for this network?\n",
                t->graph->node[i].name,
                100 * pm_ratio((double)c->of[PM_COUNT_CLIPPED], (double)c->of[PM_COUNT_WRITES]),
                t->system[i]->parts[k], 100 * share, t->system[i]->name);
        }
}
