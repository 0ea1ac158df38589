// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include "pva_gemv.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what was found ---- */

/* One kind of access-by-access arrays, of one layer. */
static void add_gemv(const char *name, const struct pm_counts *c, struct pm_results *r) {
    const double accesses = (double)c->of[PM_COUNT_ACCESSES], windows = (double)c->of[PM_COUNT_WINDOWS];
    pm_result_group(r, NULL);
    pm_result_ints(r, "sawl", c->bin[PM_HISTOGRAM_LINES], pm_histogram_info[PM_HISTOGRAM_LINES].bins,
                   "accesses", PM_RESULT_MEASURED);
    pm_result_text(r, "gemv", name);
    pm_result_real(r, "density", pm_ratio((double)c->of[PM_COUNT_ONES], (double)c->of[PM_COUNT_BITS]), NULL,
                   PM_RESULT_MEASURED);
    pm_result_int(r, "accesses", (int64_t)c->of[PM_COUNT_ACCESSES], "accesses", PM_RESULT_MEASURED);
    pm_result_int(r, "windows", (int64_t)c->of[PM_COUNT_WINDOWS], "accesses", PM_RESULT_MEASURED);
    pm_result_int(r, "vectors", (int64_t)c->of[PM_COUNT_VECTORS], "vectors", PM_RESULT_MEASURED);
    pm_result_int(r, "conversions", (int64_t)c->of[PM_COUNT_CONVERSIONS], "conversions", PM_RESULT_MEASURED);
    pm_result_real(r, "boost", pm_ratio(windows, accesses), NULL, PM_RESULT_DERIVED);
    pm_result_end(r);
}

static bool by_access(const struct pm_tally *t, unsigned node) {
    bool any = false;
    for (unsigned k = 0; t->counts[node] && k < pm_system_parts(t->system[node]); k++)
        any = any || t->counts[node][k].of[PM_COUNT_WINDOWS] > 0;
    return any;
}

static void add_layers(const struct pm_tally *t, struct pm_results *r) {
    pm_result_list(r, "layers");
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        if (!by_access(t, i))
            continue;
        pm_result_list(r, NULL);
        for (unsigned k = 0; k < pm_system_parts(t->system[i]); k++)
            if (t->counts[i][k].of[PM_COUNT_WINDOWS] > 0)
                add_gemv(t->system[i]->parts[k], &t->counts[i][k], r);
        pm_result_end(r);
    }
    pm_result_end(r);
}

/* Of all layers, the clamped elements of their parts of this name. */
static int64_t clipped(const struct pm_tally *t, const char *part) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++)
            sum += strcmp(t->system[i]->parts[k], part) == 0 ? t->counts[i][k].of[PM_COUNT_CLIPPED] : 0;
    return (int64_t)sum;
}

static double boost(const struct pm_tally *t) {
    return pm_ratio((double)pm_tally_sum(t, PM_COUNT_WINDOWS, PM_COUNT_WINDOWS),
                    (double)pm_tally_sum(t, PM_COUNT_WINDOWS, PM_COUNT_ACCESSES));
}

static void add_golden(const struct pm_run_job *j, const struct pm_run_outcome *o, struct pm_results *r) {
    const struct pm_tally *t = &o->tally;
    pm_result_int(r, "images_golden", o->images, "images", PM_RESULT_PLAIN);
    pm_run_add_accuracy(o, r);
    if (o->labelled) {
        pm_result_real(r, "top5_float", pm_ratio(o->top5_float, o->images), NULL, PM_RESULT_MEASURED);
        pm_result_real(r, "top5_integer", pm_ratio(o->top5_integer, o->images), NULL, PM_RESULT_MEASURED);
    }
    pm_result_real(r, "boost", boost(t), NULL, PM_RESULT_DERIVED);
    pm_result_real(r, "seconds_golden", o->seconds, "s", PM_RESULT_MEASURED);
    pm_result_int(r, "saturated_k", clipped(t, "k"), "elements", PM_RESULT_MEASURED);
    pm_result_int(r, "saturated_v", clipped(t, "v"), "elements", PM_RESULT_MEASURED);
    pm_run_add_sum(t, PM_COUNT_ROUNDED, PM_COUNT_ROUNDED, "saturated_rounding", r);
    pm_run_add_sum(t, PM_COUNT_ZERO_SUMS, PM_COUNT_ZERO_SUMS, "zero_z", r);
    pm_run_add_sum(t, PM_COUNT_WINDOWS, PM_COUNT_CONVERSIONS, "conversions", r);
    pm_run_add_sum(t, PM_COUNT_WINDOWS, PM_COUNT_WRONG, "conversion_errors", r);
    pm_run_add_units(o, r);
    pm_run_add_arrays(t, r);
    pm_result_group(r, "cost");
    pm_run_add_cost(j, t, r);
    pm_result_end(r);
    add_layers(t, r);
    pm_run_add_macros(o, r);
    pm_run_add_digital(o, r);
    pm_run_add_sparsity(t, r);
    pm_run_add_fidelity(o, r);
    pm_run_add_counts(t, r);
    pm_run_add_classes(&o->classes, &j->network.form.shape, r);
}

static void add_pass(const struct pm_twin_pass *x, int pass, double runs, struct pm_results *r) {
    char key[48];
    snprintf(key, sizeof key, "cycles_per_token_pass%d", pass + 1);
    pm_result_real(r, key, pm_ratio(x->clocks, runs), "clocks", PM_RESULT_MEASURED);
    snprintf(key, sizeof key, "bound_per_token_pass%d", pass + 1);
    pm_result_real(r, key, pm_ratio(x->bound, runs), "clocks", PM_RESULT_DERIVED);
}

/* Layers in one system, those of the variants too. */
static void add_system_rtl(const struct pm_run_report *rep, const struct pm_system *system,
                           struct pm_results *r) {
    struct pm_twin_result all = pm_run_rtl_sum(&rep->rtl, system->takes, system);
    char key[64];
    for (unsigned v = 0; v < rep->rtl_varied.count; v++) {
        const struct pm_twin_result one = pm_run_rtl_sum(&rep->rtl_varied.outcome[v], system->takes, system);
        pm_twin_result_add(&all, &one);
    }
    snprintf(key, sizeof key, "%s_integers_compared", system->name);
    pm_result_int(r, key, (int64_t)all.compared, NULL, PM_RESULT_MEASURED);
    snprintf(key, sizeof key, "%s_integers_differ", system->name);
    pm_result_int(r, key, (int64_t)all.differ, NULL, PM_RESULT_MEASURED);
}

static bool is_cnn(const struct pm_run_report *rep) {
    return rep->job->network.type == PM_NETWORK_CNN;
}

/* Attentions: clocks of their passes, and what they move. */
static void add_attention_rtl(const struct pm_run_report *rep, struct pm_results *r) {
    const struct pm_encoder_config *c = &rep->job->network.encoder.config;
    const struct pm_twin_result x = pm_run_rtl_sum(&rep->rtl, PM_TAKES(PM_NODE_ATTENTION), NULL);
    const struct pm_twin_pass *pass = rep->rtl.pass;
    const double runs = (double)x.runs, n = c->tokens, d = c->width, h = c->heads;
    pm_result_real(r, "cycles_per_token", pm_ratio(pass[0].clocks + pass[1].clocks, runs), "clocks",
                   PM_RESULT_MEASURED);
    pm_result_real(r, "bound_per_token", pm_ratio(pass[0].bound + pass[1].bound, runs), "clocks",
                   PM_RESULT_DERIVED);
    add_pass(&pass[0], 0, runs, r);
    add_pass(&pass[1], 1, runs, r);
    pm_result_real(r, "clocks_per_layer", pm_ratio((double)x.clocks, runs), "clocks", PM_RESULT_MEASURED);
    pm_result_int(r, "traffic_in", (int64_t)x.elements_in, "elements", PM_RESULT_MEASURED);
    pm_result_int(r, "traffic_out", (int64_t)x.elements_out, "elements", PM_RESULT_MEASURED);
    pm_result_int(r, "traffic_elements", (int64_t)(x.elements_in + x.elements_out), "elements",
                  PM_RESULT_MEASURED);
    pm_result_real(r, "traffic_3bnd", runs * 3 * n * d, "elements", PM_RESULT_DERIVED);
    pm_result_real(r, "traffic_unfused", runs * (2 * n * d + 2 * h * n * n + 4 * n * d), "elements",
                   PM_RESULT_DERIVED);
}

/* Integers of attentions; of a network without, of its matrices. */
static void add_rtl(const struct pm_run_report *rep, struct pm_results *r) {
    const struct pm_twin_result x =
        pm_run_rtl_sum(&rep->rtl, PM_TAKES(is_cnn(rep) ? PM_NODE_MATRIX : PM_NODE_ATTENTION), NULL);
    pm_result_int(r, "images_rtl", rep->rtl.images, "images", PM_RESULT_PLAIN);
    for (size_t i = 0; pm_systems[i]; i++)
        if (pm_twin_of(pm_systems[i]) && !(pm_systems[i]->takes & PM_TAKES(PM_NODE_ATTENTION)))
            add_system_rtl(rep, pm_systems[i], r);
    pm_run_add_digital_rtl(&rep->rtl, r);
    pm_result_int(r, "integers_compared", (int64_t)x.compared, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "integers_differ", (int64_t)x.differ, NULL, PM_RESULT_MEASURED);
    if (!is_cnn(rep))
        add_attention_rtl(rep, r);
    pm_result_real(r, "seconds_rtl", rep->rtl.seconds, "s", PM_RESULT_MEASURED);
}

/* "ffn_accuracy_KEY", and "clips_KEY" of a literal reading. */
static void add_key(const struct pm_variant *v, const struct pm_run_outcome *o, struct pm_results *r) {
    char name[64];
    snprintf(name, sizeof name, "ffn_accuracy_%s", v->key);
    pm_result_real(r, name, pm_ratio(o->correct_integer, o->images), NULL, PM_RESULT_MEASURED);
    snprintf(name, sizeof name, "clips_%s", v->key);
    if (strncmp(v->key, "literal", 7) == 0)
        pm_run_add_sum(&o->tally, PM_COUNT_READS, PM_COUNT_WRONG, name, r);
}

/* Whether a variant is a row of the table of matrices in arrays. */
static bool in_arrays(const struct pm_variant *v) {
    return v->key && !(v->use & PM_AS_GROUP);
}

static void add_group(const char *group, const struct pm_run_outcome *o, struct pm_results *r) {
    pm_result_group(r, group);
    pm_result_real(r, "accuracy", pm_ratio(o->correct_integer, o->images), NULL, PM_RESULT_MEASURED);
    pm_result_real(r, "boost", boost(&o->tally), NULL, PM_RESULT_DERIVED);
    pm_run_add_sum(&o->tally, PM_COUNT_WINDOWS, PM_COUNT_ACCESSES, "accesses", r);
    pm_result_end(r);
}

/* Of each mapping that was tried, the copies of its matrices. */
static void add_copies(const struct pm_run_report *rep, struct pm_results *r) {
    pm_result_group(r, "copies");
    for (unsigned v = 0; v < rep->varied.count; v++) {
        char path[48];
        snprintf(path, sizeof path, "variants/%u/copies", v);
        if (in_arrays(&rep->varied.variant[v]))
            pm_result_real(r, rep->varied.variant[v].key, pm_results_number(r, path), NULL,
                           PM_RESULT_DERIVED);
    }
    pm_result_end(r);
}

/* What errors of one sigma do, by what they disturb and how weights are stored. */
static void add_noise_forms(const struct pm_run_report *rep, struct pm_results *r) {
    static const char *const form[][2] = {
        {"weight", "weight_0.132"}, {"cell", "sigma_0.132"}, {"differential", "differential_0.132"}};
    pm_result_group(r, "noise_forms");
    for (size_t f = 0; f < sizeof form / sizeof *form; f++)
        for (unsigned v = 0; v < rep->varied.count; v++) {
            const char *key = rep->varied.variant[v].key;
            if (!key || strcmp(key, form[f][1]) != 0)
                continue;
            pm_result_group(r, form[f][0]);
            pm_run_add_accuracy(&rep->varied.outcome[v], r);
            pm_run_add_cost(rep->job, &rep->varied.outcome[v].tally, r);
            pm_result_end(r);
        }
    pm_result_end(r);
}

static void add_variants(const struct pm_run_report *rep, struct pm_results *r) {
    pm_result_list(r, "variants");
    for (unsigned v = 0; v < rep->varied.count; v++) {
        const struct pm_run_outcome *o = &rep->varied.outcome[v];
        pm_result_group(r, NULL);
        pm_result_text(r, "variant", pm_run_variant_name(&rep->varied.variant[v]));
        pm_result_int(r, "images", o->images, "images", PM_RESULT_PLAIN);
        pm_run_add_accuracy(o, r);
        pm_run_add_sum(&o->tally, PM_COUNT_WINDOWS, PM_COUNT_ACCESSES, "accesses", r);
        pm_run_add_sum(&o->tally, PM_COUNT_WINDOWS, PM_COUNT_WRONG, "conversion_errors", r);
        pm_run_add_sum(&o->tally, PM_COUNT_WINDOWS, PM_COUNT_LEVELS, "levels", r);
        pm_run_add_sum(&o->tally, PM_COUNT_RESCALED, PM_COUNT_RESCALED, "rescaled", r);
        pm_result_real(r, "boost", boost(&o->tally), NULL, PM_RESULT_DERIVED);
        pm_run_add_arrays(&o->tally, r);
        pm_run_add_cost(rep->job, &o->tally, r);
        pm_run_add_units(o, r);
        pm_run_add_alone(o, r);
        pm_run_add_macros(o, r);
        pm_run_add_windows(&o->tally, r);
        pm_run_add_sparsity(&o->tally, r);
        pm_result_end(r);
    }
    pm_result_end(r);
    for (unsigned v = 0; v < rep->varied.count; v++)
        if (in_arrays(&rep->varied.variant[v]))
            add_key(&rep->varied.variant[v], &rep->varied.outcome[v], r);
    for (unsigned v = 0; v < rep->varied.count; v++)
        if (rep->varied.variant[v].use & PM_AS_GROUP)
            add_group(rep->varied.variant[v].key, &rep->varied.outcome[v], r);
    add_copies(rep, r);
    add_noise_forms(rep, r);
}

struct pm_results *pm_run_results(const struct pm_run_report *rep) {
    struct pm_results *r = pm_results_new();
    if (!r)
        return NULL;
    pm_run_add_config(rep->job, r);
    if (rep->golden.images)
        add_golden(rep->job, &rep->golden, r);
    if (rep->rtl.images)
        add_rtl(rep, r);
    if (rep->varied.count)
        add_variants(rep, r);
    return r;
}

static void add_millionths(const struct pm_tally *t, enum pm_count kind, const char *key,
                           struct pm_results *r) {
    const double all = (double)pm_tally_sum(t, kind, PM_COUNT_CONVERSIONS);
    if (all > 0)
        pm_result_real(r, key, 1e6 * (double)pm_tally_sum(t, kind, PM_COUNT_WRONG) / all, NULL,
                       PM_RESULT_MEASURED);
}

void pm_run_add_sweep(const struct pm_run_job *j, const struct pm_run_outcome *o, struct pm_results *r) {
    const struct pm_tally *t = &o->tally;
    const double accesses = (double)pm_tally_sum(t, PM_COUNT_WINDOWS, PM_COUNT_ACCESSES);
    pm_run_add_accuracy(o, r);
    if (accesses > 0) {
        pm_result_real(r, "density",
                       (double)pm_tally_sum(t, PM_COUNT_WINDOWS, PM_COUNT_ONES) /
                           (double)pm_tally_sum(t, PM_COUNT_WINDOWS, PM_COUNT_BITS),
                       NULL, PM_RESULT_MEASURED);
        pm_result_real(r, "boost", (double)pm_tally_sum(t, PM_COUNT_WINDOWS, PM_COUNT_WINDOWS) / accesses,
                       NULL, PM_RESULT_DERIVED);
        pm_result_real(r, "accesses_per_image", accesses / o->images, "accesses", PM_RESULT_MEASURED);
        add_millionths(t, PM_COUNT_WINDOWS, "conversion_errors_ppm", r);
    }
    add_millionths(t, PM_COUNT_READS, "clips_ppm", r);
    pm_result_group(r, "cost");
    pm_run_add_cost(j, t, r);
    pm_result_end(r);
}

/* ---- the report ---- */

static double at(const struct pm_results *r, const char *path, const char *key) {
    char full[96];
    snprintf(full, sizeof full, "%s%s", path, key);
    return pm_results_number(r, full);
}

static void print_gemv(const struct pm_results *r, unsigned layer, unsigned gemv, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "layers/%u/%u/", layer, gemv);
    const double accesses = at(r, path, "accesses"), vectors = at(r, path, "vectors"),
                 windows = at(r, path, "windows");
    printf("  %5u  %-4s %7.3f %10.2f %10.2f %6.2f  ", layer, name, at(r, path, "density"),
           pm_ratio(accesses, vectors), pm_ratio(windows, vectors), at(r, path, "boost"));
    for (unsigned s = 0; s < pm_histogram_info[PM_HISTOGRAM_LINES].bins; s++) {
        char key[16];
        snprintf(key, sizeof key, "sawl/%u", s);
        printf(" %4.1f", 100 * pm_ratio(at(r, path, key), accesses));
    }
    printf("\n");
}

static void print_layers(const struct pm_run_outcome *o, const struct pm_results *r) {
    const struct pm_tally *t = &o->tally;
    const unsigned lines = pm_histogram_info[PM_HISTOGRAM_LINES].bins;
    printf("  ADC step         1 bitline unit (one conducting cell), %u codes; %u wordlines at most, so that "
           "nominal cells never clip\n",
           lines + 1, lines);
    printf("\n  layer  gemv density   accesses    windows  boost   SAWL 1..8, %% of accesses\n");
    for (unsigned i = 0, layer = 0; i < t->graph->nodes; i++) {
        if (!by_access(t, i))
            continue;
        for (unsigned k = 0, gemv = 0; k < pm_system_parts(t->system[i]); k++)
            if (t->counts[i][k].of[PM_COUNT_WINDOWS] > 0)
                print_gemv(r, layer, gemv++, t->system[i]->parts[k]);
        layer++;
    }
    printf("  density: ones in the planes; accesses, windows of 8 rows: a vector; boost over fixed windows: "
           "%.2f in all\n",
           pm_results_number(r, "boost"));
    printf("  clamped by the parse: K %.0f, V %.0f; by rounding: %.0f; head rows with Z = 0: %.0f\n",
           pm_results_number(r, "saturated_k"), pm_results_number(r, "saturated_v"),
           pm_results_number(r, "saturated_rounding"), pm_results_number(r, "zero_z"));
    const double errors = pm_results_number(r, "conversion_errors"),
                 conversions = pm_results_number(r, "conversions");
    if (o->draws)
        printf("  conversion errors: %.3f a million (%.0f of %.0f)\n", 1e6 * pm_ratio(errors, conversions),
               errors, conversions);
}

static void print_fidelity(const struct pm_run_outcome *o) {
    const struct pm_graph *g = o->tally.graph;
    printf("\n  layer            system    cosine  SQNR, dB\n");
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_fidelity_sum *s = &o->fidelity[i];
        if (s->ff > 0)
            printf("  %-16s %-8s %7.5f  %8.2f\n", g->node[i].name,
                   o->tally.system[i] ? o->tally.system[i]->name : "host", pm_fidelity_cosine(s),
                   pm_fidelity_sqnr(s));
    }
    printf("  against float, each with its own inputs; inf: the same\n");
}

static void print_golden(const struct pm_run_report *rep, const struct pm_results *r) {
    const struct pm_run_outcome *o = &rep->golden;
    const double seconds = pm_results_number(r, "seconds_golden");
    printf("\nGolden, %u images, %.1f s (%.1f ms an image)\n", o->images, seconds, 1e3 * seconds / o->images);
    if (o->labelled) {
        printf("  accuracy float   %6.2f %%, top 5 %6.2f %%\n", 100 * pm_results_number(r, "accuracy_float"),
               100 * pm_results_number(r, "top5_float"));
        printf("  accuracy integer %6.2f %%, top 5 %6.2f %%\n",
               100 * pm_results_number(r, "accuracy_integer"), 100 * pm_results_number(r, "top5_integer"));
    }
    printf("  same class       %6.2f %%\n", 100 * pm_results_number(r, "same_class"));
    if (o->fidelity)
        print_fidelity(o);
    if (pm_tally_sum(&o->tally, PM_COUNT_WINDOWS, PM_COUNT_WINDOWS) > 0)
        print_layers(o, r);
    pm_run_print_sparsity(&o->tally, stdout);
    if (pm_run_has_units(o))
        pm_run_print_units(o, r, "", stdout);
    if (!isnan(pm_results_number(r, "array_reads"))) {
        printf("  %s, an image; ", pm_run_arrays_title(&o->tally));
        pm_run_print_budget(rep->job, stdout);
        printf(":\n    " PM_RUN_ARRAYS_HEAD "\n   ");
        pm_run_print_arrays(r, "", "cost/", o->images, stdout);
        pm_run_print_programming(rep->job, r, "cost/", stdout);
    }
    pm_run_print_macros(o);
    pm_run_print_digital(o);
}

/* All but attentions, a line a system. */
static void print_layers_rtl(const struct pm_run_outcome *o) {
    for (size_t i = 0; pm_systems[i]; i++) {
        const struct pm_twin_result x =
            pm_run_rtl_sum(o, pm_systems[i]->takes & ~PM_TAKES(PM_NODE_ATTENTION), pm_systems[i]);
        if (x.compared > 0)
            printf("  %s: integers compared %" PRIu64 ", differ %" PRIu64 "; clocks %.0f / %.0f = %.3f\n",
                   pm_systems[i]->title, x.compared, x.differ, (double)x.clocks, (double)x.golden_clocks,
                   pm_ratio((double)x.clocks, (double)x.golden_clocks));
    }
}

static void print_pass(const struct pm_results *r, const char *name, int pass) {
    char key[48];
    snprintf(key, sizeof key, "cycles_per_token_pass%d", pass);
    const double clocks = pm_results_number(r, key);
    snprintf(key, sizeof key, "bound_per_token_pass%d", pass);
    const double bound = pm_results_number(r, key);
    printf("    %-22s %6.2f / %6.2f = %.3f\n", name, clocks, bound, pm_ratio(clocks, bound));
}

/* Blocks of a transformer; the matrices of another network. */
static unsigned layers_of(const struct pm_run_report *rep) {
    const struct pm_graph *g = rep->job->network.graph;
    unsigned n = 0;
    if (!is_cnn(rep))
        return rep->job->network.encoder.config.layers;
    for (unsigned i = 0; i < g->nodes; i++)
        n += g->node[i].kind == PM_NODE_MATRIX;
    return n;
}

static void print_rtl(const struct pm_run_report *rep, const struct pm_results *r) {
    printf("\nRTL against golden, %u images, %u layers each, %.1f s\n", rep->rtl.images, layers_of(rep),
           pm_results_number(r, "seconds_rtl"));
    print_layers_rtl(&rep->rtl);
    pm_run_print_digital_rtl(&rep->rtl);
    if (pm_run_rtl_sum(&rep->rtl, PM_TAKES(PM_NODE_ATTENTION), NULL).runs == 0)
        return;
    printf("  integers compared %.0f, differ %.0f\n", pm_results_number(r, "integers_compared"),
           pm_results_number(r, "integers_differ"));
    printf("  clocks a token over the busiest array's accesses, steady state:\n");
    print_pass(r, "pass 1 (K, V)", 1);
    print_pass(r, "pass 2 (Q, L, A*V, O)", 2);
    printf("  clocks of a layer, fill and drain included: %.0f\n", pm_results_number(r, "clocks_per_layer"));
    printf("  off-macro traffic: %.0f elements in, %.0f out; 3BND = %.0f, unfused 2BND + 2BHN^2 + 4BHNd_k = "
           "%.0f (%.2f times as many)\n",
           pm_results_number(r, "traffic_in"), pm_results_number(r, "traffic_out"),
           pm_results_number(r, "traffic_3bnd"), pm_results_number(r, "traffic_unfused"),
           pm_ratio(pm_results_number(r, "traffic_unfused"), pm_results_number(r, "traffic_elements")));
}

static void print_rtl_variants(const struct pm_run_report *rep) {
    printf("\nMatrices, RTL against golden, one image each\n");
    for (unsigned v = 0; v < rep->rtl_varied.count; v++) {
        printf("  %s, %.1f s\n  ", rep->rtl_varied.variant[v].text, rep->rtl_varied.outcome[v].seconds);
        print_layers_rtl(&rep->rtl_varied.outcome[v]);
    }
}

#define VARIANT "  %-*s %6.2f %%   %7.2f %% "

/* Of the variants' names. */
static int name_width(const struct pm_run_report *rep) {
    size_t most = 44;
    for (unsigned v = 0; v < rep->varied.count; v++) {
        const size_t n = strlen(pm_run_variant_name(&rep->varied.variant[v]));
        most = n > most ? n : most;
    }
    return (int)most;
}

/* What arrays that are read access by access cost, a layer and image; "-": nothing. */
static void print_costs(const struct pm_run_report *rep, unsigned images, const char *path,
                        const struct pm_results *r) {
    static const struct {
        const char *key;
        int width, digits;
        bool by_layer, by_image;
    } column[] = {{"accesses", 9, 0, true, true}, {"boost", 6, 2, false, false},
                  {"arrays", 7, 0, true, false},  {"conversions", 12, 0, true, true},
                  {"levels", 12, 0, true, true},  {"clocks", 7, 0, true, true}};
    for (size_t k = 0; k < sizeof column / sizeof *column; k++) {
        const double value = at(r, path, column[k].key) / (column[k].by_layer ? layers_of(rep) : 1) /
                             (column[k].by_image ? images : 1);
        if (value > 0)
            printf("%*.*f", column[k].width, column[k].digits, value);
        else
            printf("%*s", column[k].width, "-");
    }
}

static void print_variant(const struct pm_run_report *rep, unsigned v, const struct pm_results *r) {
    const struct pm_run_outcome *o = &rep->varied.outcome[v];
    char path[32];
    snprintf(path, sizeof path, "variants/%u/", v);
    printf(VARIANT, name_width(rep), pm_run_variant_name(&rep->varied.variant[v]),
           o->labelled ? 100 * at(r, path, "accuracy_integer") : NAN, 100 * at(r, path, "same_class"));
    if (in_arrays(&rep->varied.variant[v])) {
        pm_run_print_arrays(r, path, path, o->images, stdout);
        return;
    }
    if (pm_run_in_macros(o)) {
        pm_run_print_macros_row(o);
        return;
    }
    print_costs(rep, o->images, path, r);
    if (o->draws)
        printf("   (conversion errors: %.3f a million)",
               1e6 * pm_ratio(at(r, path, "conversion_errors"), at(r, path, "conversions")));
    if (at(r, path, "rescaled") > 0)
        printf("   (%.0f elements dequantised or quantised)",
               at(r, path, "rescaled") / o->images / layers_of(rep));
    printf("\n");
}

/* What the arrays of the first row would take without BitSift. */
static void print_windows(const struct pm_run_report *rep, const struct pm_results *r) {
    const char *const path = "variants/0/windows/";
    if (!(at(r, path, "accesses") > 0))
        return;
    printf(VARIANT, name_width(rep), "fixed windows of eight rows",
           100 * pm_results_number(r, "variants/0/accuracy_integer"),
           100 * pm_results_number(r, "variants/0/same_class"));
    print_costs(rep, rep->varied.outcome[0].images, path, r);
    printf("\n");
}

/* Whether some layer counts something else than units of energy. */
static bool counts_otherwise(const struct pm_tally *t) {
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        bool any = false, units = false;
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++) {
            any = any || pm_counts_any(&t->counts[i][k]);
            units = units || pm_run_units(&t->counts[i][k]) > 0;
        }
        if (any && !units)
            return true;
    }
    return false;
}

/* Where the layers' engines count units of energy. */
static void print_engines(const struct pm_run_report *rep, const struct pm_results *r) {
    printf("  %-*s accuracy  same class " PM_RUN_UNITS_HEAD "\n", name_width(rep), "variant");
    for (unsigned v = 0; v < rep->varied.count; v++) {
        const struct pm_run_outcome *o = &rep->varied.outcome[v];
        char path[32];
        if (counts_otherwise(&o->tally))
            continue;
        snprintf(path, sizeof path, "variants/%u/", v);
        printf(VARIANT, name_width(rep), pm_run_variant_name(&rep->varied.variant[v]),
               o->labelled ? 100 * at(r, path, "accuracy_integer") : NAN, 100 * at(r, path, "same_class"));
        pm_run_print_units_line(r, path, stdout);
    }
    printf("  of an image: units, memristor accesses, %% against %d rows each; clocks from wake-up to the "
           "first class; "
           "merit: images a million units over the points lost, -: none\n",
           PM_PVA_WINDOW);
}

/* A line a variant whose layers were looked at alone. */
static void print_alone(const struct pm_run_report *rep, const struct pm_results *r) {
    const struct pm_graph *g = rep->job->network.graph;
    bool any = false;
    for (unsigned v = 0; v < rep->varied.count; v++) {
        char path[32];
        if (!rep->varied.outcome[v].fidelity)
            continue;
        if (!any) {
            printf("\nAlignments: SQNR of each layer alone, dB, of float's inputs; accesses of an image, "
                   "were all "
                   "kernels in memristors; -: products that no array adds up\n  %-*s accuracy",
                   name_width(rep), "variant");
            for (unsigned i = 0; i < g->nodes; i++)
                if (g->node[i].kind == PM_NODE_MATRIX)
                    printf(" %6s", g->node[i].name);
            printf(" accesses\n");
        }
        any = true;
        snprintf(path, sizeof path, "variants/%u/", v);
        printf("  %-*s %6.2f %%", name_width(rep), pm_run_variant_name(&rep->varied.variant[v]),
               100 * at(r, path, "accuracy_integer"));
        for (unsigned i = 0; i < g->nodes; i++) {
            snprintf(path, sizeof path, "variants/%u/sqnr/", v);
            if (g->node[i].kind == PM_NODE_MATRIX)
                printf(" %6.1f", at(r, path, g->node[i].name));
        }
        snprintf(path, sizeof path, "variants/%u/", v);
        const double accesses = at(r, path, "array_accesses");
        if (isnan(accesses))
            printf(" %8s\n", "-");
        else
            printf(" %8.0f\n", accesses);
    }
}

static void print_macros(const struct pm_run_report *rep, const struct pm_results *r) {
    for (unsigned v = 0, rows = 0; v < rep->varied.count; v++)
        if (pm_run_in_macros(&rep->varied.outcome[v])) {
            if (rows++ == 0)
                pm_run_print_macros_head(name_width(rep));
            print_variant(rep, v, r);
        }
}

static void print_variants(const struct pm_run_report *rep, const struct pm_results *r) {
    printf("\nWhat each choice is worth, the first %u images, golden\n", rep->varied.outcome[0].images);
    if (pm_run_has_units(&rep->varied.outcome[0])) {
        print_engines(rep, r);
        print_alone(rep, r);
        print_macros(rep, r);
        return;
    }
    printf("  %-*s accuracy  same class  accesses boost arrays conversions      levels clocks, a layer and "
           "image\n",
           name_width(rep), "variant");
    for (unsigned v = 0; v < rep->varied.count; v++)
        if (!in_arrays(&rep->varied.variant[v]) && !pm_run_in_macros(&rep->varied.outcome[v]))
            print_variant(rep, v, r);
    print_windows(rep, r);
    printf("  levels: 2^bits of a converter, which its cost grows with, summed over conversions\n");
    for (unsigned v = 0; v < rep->varied.count; v++)
        pm_run_print_sparsity(&rep->varied.outcome[v].tally, stdout);
    print_macros(rep, r);
    unsigned first = 0;
    while (first < rep->varied.count && !in_arrays(&rep->varied.variant[first]))
        first++;
    if (first == rep->varied.count)
        return;
    printf("\nMatrices in %s, the same images; an image's cost; ",
           pm_run_arrays_title(&rep->varied.outcome[first].tally));
    pm_run_print_budget(rep->job, stdout);
    printf("\n  %-*s accuracy  same class  " PM_RUN_ARRAYS_HEAD "\n", name_width(rep), "variant");
    for (unsigned v = 0; v < rep->varied.count; v++)
        if (in_arrays(&rep->varied.variant[v]))
            print_variant(rep, v, r);
    char path[32];
    snprintf(path, sizeof path, "variants/%u/", first);
    if (at(r, path, "flip_bits") > 0)
        printf("  storage beside the cells: the flip bits of the columns, %.0f in the first row\n",
               at(r, path, "flip_bits"));
}

void pm_run_print(const struct pm_run_report *rep, const struct pm_results *r) {
    if (rep->golden.images)
        print_golden(rep, r);
    if (rep->rtl.images)
        print_rtl(rep, r);
    if (rep->rtl_varied.count)
        print_rtl_variants(rep);
    if (rep->varied.count)
        print_variants(rep, r);
}
