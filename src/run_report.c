// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static double ratio(double a, double b) {
    return b > 0 ? a / b : 0;
}

static double percent(uint64_t part, uint64_t all) {
    return 100 * ratio((double)part, (double)all);
}

static struct pm_attention_cost all_layers(const struct pm_run_golden *g, unsigned layers) {
    struct pm_attention_cost sum = {0};
    for (unsigned l = 0; l < layers; l++)
        pm_attention_cost_add(&sum, &g->layer[l]);
    return sum;
}

/* Accesses of fixed windows over BitSift's, all GEMVs of the attention. */
static double boost(const struct pm_attention_cost *c) {
    uint64_t windows = 0, accesses = 0;
    for (int k = 0; k < PM_GEMV_KINDS; k++) {
        windows += c->gemv[k].windows;
        accesses += c->gemv[k].accesses;
    }
    return ratio((double)windows, (double)accesses);
}

static uint64_t conversions(const struct pm_attention_cost *c) {
    uint64_t n = 0;
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        n += c->gemv[k].conversions;
    return n;
}

static uint64_t errors(const struct pm_attention_cost *c) {
    uint64_t n = 0;
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        n += c->gemv[k].conversion_errors;
    return n;
}

static struct pm_hyflex_cost both_cells(const struct pm_hyflex_linear_cost *c) {
    struct pm_hyflex_cost sum = c->cell[0];
    pm_hyflex_cost_add(&sum, &c->cell[1]);
    return sum;
}

static void print_gemv(unsigned layer, const struct pm_gemv_cost *c, int kind) {
    printf("  %5u  %-4s %7.3f %10.2f %10.2f %6.2f  ", layer, pm_gemv_name[kind],
           ratio((double)c->ones, (double)c->bits), ratio((double)c->accesses, (double)c->vectors),
           ratio((double)c->windows, (double)c->vectors), ratio((double)c->windows, (double)c->accesses));
    for (int s = 1; s <= PM_K; s++)
        printf(" %4.1f", percent(c->sawl[s], c->accesses));
    printf("\n");
}

static void print_layers(const struct pm_run_report *r, const struct pm_attention_cost *sum) {
    const struct pm_run_golden *g = &r->golden;
    const unsigned layers = r->network->layers;
    printf("  ADC step         1 bitline unit (one conducting cell), %d codes; %d wordlines at most, so that "
           "nominal cells never clip\n",
           PM_K + 1, PM_K);
    printf("\n  layer  gemv density   accesses    windows  boost   SAWL 1..8, %% of accesses\n");
    for (unsigned l = 0; l < layers; l++)
        for (int k = 0; k < PM_GEMV_KINDS; k++)
            print_gemv(l, &g->layer[l].gemv[k], k);
    printf("  density: ones in the planes; accesses, windows of 8 rows: a vector; boost over fixed windows: "
           "%.2f in all\n",
           boost(sum));
    printf("  clamped by the parse: K %" PRIu64 ", V %" PRIu64 "; by rounding: %" PRIu64
           "; head rows with Z = 0: %" PRIu64 "\n",
           sum->saturated_k, sum->saturated_v, sum->saturated_q, sum->zero_z);
    if (r->settings->value[PM_RUN_NOISE] != 0)
        printf("  conversion errors: %.3f a million (%" PRIu64 " of %" PRIu64 ")\n",
               1e6 * ratio((double)errors(sum), (double)conversions(sum)), errors(sum), conversions(sum));
}

void pm_run_print_arrays(const struct pm_hyflex_linear_cost *cost, double items, FILE *to) {
    const struct pm_hyflex_cost c = both_cells(cost);
    fprintf(to, " %8.0f %11.0f %9.0f %10.3f\n", (double)c.array_reads / items, (double)c.conversions / items,
            (double)cost->cycles / items, 1e6 * ratio((double)c.clips, (double)c.conversions));
}

static void print_golden(const struct pm_run_report *r) {
    const struct pm_run_golden *g = &r->golden;
    unsigned layers = r->network->layers;
    struct pm_attention_cost sum = all_layers(g, layers);
    printf("\nGolden, %u images, %.1f s (%.1f ms an image)\n", g->images, g->seconds,
           1e3 * g->seconds / g->images);
    printf("  accuracy float   %6.2f %%\n", percent(g->correct_float, g->images));
    printf("  accuracy integer %6.2f %%\n", percent(g->correct_integer, g->images));
    printf("  same class       %6.2f %%\n", percent(g->same_class, g->images));
    if (sum.bound_kv > 0)
        print_layers(r, &sum);
    if (g->arrays.cycles > 0) {
        printf("  HyFlexPIM arrays, an image: array reads, conversions, clocks; wrong codes a million:\n   ");
        pm_run_print_arrays(&g->arrays, g->images, stdout);
    }
}

static void traffic(const struct pm_run_report *r, double *fused, double *unfused) {
    double n = r->network->tokens, d = r->network->width, h = r->network->heads, runs = (double)r->rtl.runs;
    *fused = runs * 3 * n * d;
    *unfused = runs * (2 * n * d + 2 * h * n * n + 4 * n * d);
}

static void print_arrays_rtl(const struct pm_run_rtl *x) {
    if (x->arrays_compared > 0)
        printf("  HyFlexPIM arrays: integers compared %" PRIu64 ", differ %" PRIu64
               "; clocks %.0f / %.0f = %.3f\n",
               x->arrays_compared, x->arrays_differ, (double)x->arrays_clocks, (double)x->arrays.cycles,
               ratio((double)x->arrays_clocks, (double)x->arrays.cycles));
}

static void print_rtl(const struct pm_run_report *r) {
    const struct pm_run_rtl *x = &r->rtl;
    double runs = (double)x->runs, fused, unfused;
    traffic(r, &fused, &unfused);
    printf("\nRTL against golden, %u images, %u layers each, %.1f s\n", x->images, r->network->layers,
           x->seconds);
    print_arrays_rtl(x);
    if (x->runs == 0)
        return;
    printf("  integers compared %" PRIu64 ", differ %" PRIu64 "\n", x->compared, x->differ);
    printf("  clocks a token over the busiest array's accesses, steady state:\n");
    printf("    pass 1 (K, V)          %6.2f / %6.2f = %.3f\n", x->sum.cycles_kv / runs,
           x->sum.bound_kv / runs, ratio(x->sum.cycles_kv, x->sum.bound_kv));
    printf("    pass 2 (Q, L, A*V, O)  %6.2f / %6.2f = %.3f\n", x->sum.cycles_token / runs,
           x->sum.bound_token / runs, ratio(x->sum.cycles_token, x->sum.bound_token));
    printf("  clocks of a layer, fill and drain included: %.0f\n", (double)x->clocks / runs);
    printf("  off-macro traffic: %" PRIu64 " elements in, %" PRIu64
           " out; 3BND = %.0f, unfused 2BND + 2BHN^2 + 4BHNd_k = %.0f "
           "(%.2f times as many)\n",
           x->elements_in, x->elements_out, fused, unfused,
           ratio(unfused, (double)(x->elements_in + x->elements_out)));
}

static void print_rtl_variants(const struct pm_run_report *r) {
    printf("\nHyFlexPIM arrays, RTL against golden, one image each\n");
    for (unsigned v = 0; v < r->rtl_variants; v++) {
        printf("  %s, %.1f s\n  ", r->rtl_variant[v].name, r->rtl_variant[v].rtl.seconds);
        print_arrays_rtl(&r->rtl_variant[v].rtl);
    }
}

static void print_variants(const struct pm_run_report *r) {
    printf("\nWhat each choice is worth, the first %u images, golden\n", r->variant[0].golden.images);
    printf("  %-24s accuracy  same class  accesses a layer and image\n", "variant");
    for (unsigned v = 0; v < r->variants; v++) {
        const struct pm_run_golden *g = &r->variant[v].golden;
        if (r->variant[v].key)
            continue;
        const struct pm_attention_cost sum = all_layers(g, r->network->layers);
        uint64_t accesses = 0;
        for (int k = 0; k < PM_GEMV_KINDS; k++)
            accesses += sum.gemv[k].accesses;
        printf("  %-24s %6.2f %%   %7.2f %%  %.0f", r->variant[v].name,
               percent(g->correct_integer, g->images), percent(g->same_class, g->images),
               (double)accesses / g->images / r->network->layers);
        if (strncmp(r->variant[v].name, "noise=1", 7) == 0)
            printf("   (conversion errors: %.3f a million)",
                   1e6 * ratio((double)errors(&sum), (double)conversions(&sum)));
        printf("\n");
    }
    printf("\nMatrices in HyFlexPIM arrays, the same images; an image's cost\n");
    printf("  %-24s accuracy  same class     reads conversions    clocks wrong codes a million\n", "variant");
    for (unsigned v = 0; v < r->variants; v++) {
        const struct pm_run_golden *g = &r->variant[v].golden;
        if (!r->variant[v].key)
            continue;
        printf("  %-24s %6.2f %%   %7.2f %% ", r->variant[v].name, percent(g->correct_integer, g->images),
               percent(g->same_class, g->images));
        pm_run_print_arrays(&g->arrays, g->images, stdout);
    }
}

void pm_run_print(const struct pm_run_report *r) {
    if (r->golden.images)
        print_golden(r);
    if (r->rtl.images)
        print_rtl(r);
    if (r->rtl_variants)
        print_rtl_variants(r);
    if (r->variants)
        print_variants(r);
}

static cJSON *gemv_json(const struct pm_gemv_cost *c, int kind) {
    cJSON *o = cJSON_CreateObject(), *sawl = cJSON_AddArrayToObject(o, "sawl");
    cJSON_AddStringToObject(o, "gemv", pm_gemv_name[kind]);
    cJSON_AddNumberToObject(o, "density", ratio((double)c->ones, (double)c->bits));
    cJSON_AddNumberToObject(o, "accesses", (double)c->accesses);
    cJSON_AddNumberToObject(o, "windows", (double)c->windows);
    cJSON_AddNumberToObject(o, "vectors", (double)c->vectors);
    cJSON_AddNumberToObject(o, "conversions", (double)c->conversions);
    cJSON_AddNumberToObject(o, "boost", ratio((double)c->windows, (double)c->accesses));
    for (int s = 1; s <= PM_K; s++)
        cJSON_AddItemToArray(sawl, cJSON_CreateNumber((double)c->sawl[s]));
    return o;
}

void pm_run_json_arrays(const struct pm_hyflex_linear_cost *cost, struct cJSON *o) {
    const struct pm_hyflex_cost c = both_cells(cost);
    if (cost->cycles == 0)
        return;
    cJSON_AddNumberToObject(o, "array_reads", (double)c.array_reads);
    cJSON_AddNumberToObject(o, "array_conversions", (double)c.conversions);
    cJSON_AddNumberToObject(o, "array_clocks", (double)cost->cycles);
    cJSON_AddNumberToObject(o, "clips", (double)c.clips);
}

static void add_golden(cJSON *root, const struct pm_run_report *r) {
    const struct pm_run_golden *g = &r->golden;
    struct pm_attention_cost sum = all_layers(g, r->network->layers);
    cJSON_AddNumberToObject(root, "images_golden", g->images);
    cJSON_AddNumberToObject(root, "accuracy_float", ratio(g->correct_float, g->images));
    cJSON_AddNumberToObject(root, "accuracy_integer", ratio(g->correct_integer, g->images));
    cJSON_AddNumberToObject(root, "same_class", ratio(g->same_class, g->images));
    cJSON_AddNumberToObject(root, "boost", boost(&sum));
    cJSON_AddNumberToObject(root, "seconds_golden", g->seconds);
    cJSON_AddNumberToObject(root, "saturated_k", (double)sum.saturated_k);
    cJSON_AddNumberToObject(root, "saturated_v", (double)sum.saturated_v);
    cJSON_AddNumberToObject(root, "saturated_rounding", (double)sum.saturated_q);
    cJSON_AddNumberToObject(root, "zero_z", (double)sum.zero_z);
    cJSON_AddNumberToObject(root, "conversions", (double)conversions(&sum));
    cJSON_AddNumberToObject(root, "conversion_errors", (double)errors(&sum));
    pm_run_json_arrays(&g->arrays, root);
    cJSON *layers = cJSON_AddArrayToObject(root, "layers");
    for (unsigned l = 0; l < r->network->layers; l++) {
        cJSON *gemvs = cJSON_CreateArray();
        for (int k = 0; k < PM_GEMV_KINDS; k++)
            cJSON_AddItemToArray(gemvs, gemv_json(&g->layer[l].gemv[k], k));
        cJSON_AddItemToArray(layers, gemvs);
    }
}

static void add_rtl(cJSON *root, const struct pm_run_report *r) {
    const struct pm_run_rtl *x = &r->rtl;
    double runs = (double)x->runs, fused, unfused;
    traffic(r, &fused, &unfused);
    uint64_t compared = x->arrays_compared, differ = x->arrays_differ;
    for (unsigned v = 0; v < r->rtl_variants; v++) {
        compared += r->rtl_variant[v].rtl.arrays_compared;
        differ += r->rtl_variant[v].rtl.arrays_differ;
    }
    cJSON_AddNumberToObject(root, "images_rtl", x->images);
    cJSON_AddNumberToObject(root, "hyflex_integers_compared", (double)compared);
    cJSON_AddNumberToObject(root, "hyflex_integers_differ", (double)differ);
    cJSON_AddNumberToObject(root, "integers_compared", (double)x->compared);
    cJSON_AddNumberToObject(root, "integers_differ", (double)x->differ);
    cJSON_AddNumberToObject(root, "cycles_per_token", ratio(x->sum.cycles_kv + x->sum.cycles_token, runs));
    cJSON_AddNumberToObject(root, "bound_per_token", ratio(x->sum.bound_kv + x->sum.bound_token, runs));
    cJSON_AddNumberToObject(root, "cycles_per_token_pass1", ratio(x->sum.cycles_kv, runs));
    cJSON_AddNumberToObject(root, "bound_per_token_pass1", ratio(x->sum.bound_kv, runs));
    cJSON_AddNumberToObject(root, "cycles_per_token_pass2", ratio(x->sum.cycles_token, runs));
    cJSON_AddNumberToObject(root, "bound_per_token_pass2", ratio(x->sum.bound_token, runs));
    cJSON_AddNumberToObject(root, "traffic_elements", (double)(x->elements_in + x->elements_out));
    cJSON_AddNumberToObject(root, "traffic_3bnd", fused);
    cJSON_AddNumberToObject(root, "traffic_unfused", unfused);
    cJSON_AddNumberToObject(root, "seconds_rtl", x->seconds);
}

/* "ffn_accuracy_KEY", and "clips_KEY" of a literal reading. */
static void add_key(cJSON *root, const struct pm_run_variant *v) {
    char name[64];
    if (!v->key)
        return;
    snprintf(name, sizeof name, "ffn_accuracy_%s", v->key);
    cJSON_AddNumberToObject(root, name, ratio(v->golden.correct_integer, v->golden.images));
    snprintf(name, sizeof name, "clips_%s", v->key);
    if (strncmp(v->key, "literal", 7) == 0)
        cJSON_AddNumberToObject(root, name, (double)both_cells(&v->golden.arrays).clips);
}

static void add_variants(cJSON *root, const struct pm_run_report *r) {
    cJSON *array = cJSON_AddArrayToObject(root, "variants");
    for (unsigned v = 0; v < r->variants; v++) {
        const struct pm_run_golden *g = &r->variant[v].golden;
        struct pm_attention_cost sum = all_layers(g, r->network->layers);
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "variant", r->variant[v].name);
        cJSON_AddNumberToObject(o, "images", g->images);
        cJSON_AddNumberToObject(o, "accuracy_float", ratio(g->correct_float, g->images));
        cJSON_AddNumberToObject(o, "accuracy_integer", ratio(g->correct_integer, g->images));
        cJSON_AddNumberToObject(o, "same_class", ratio(g->same_class, g->images));
        cJSON_AddNumberToObject(o, "conversions", (double)conversions(&sum));
        cJSON_AddNumberToObject(o, "conversion_errors", (double)errors(&sum));
        pm_run_json_arrays(&g->arrays, o);
        add_key(root, &r->variant[v]);
        cJSON_AddItemToArray(array, o);
    }
}

char *pm_run_summary(const struct pm_run_report *r) {
    cJSON *root = cJSON_CreateObject();
    cJSON *config = cJSON_AddObjectToObject(root, "effective_config");
    cJSON_AddStringToObject(config, "model", r->model);
    cJSON_AddStringToObject(config, "data", r->data);
    pm_run_json(r->settings, PM_RUN_OF_IMAGES, config);
    if (r->golden.images)
        add_golden(root, r);
    if (r->rtl.images)
        add_rtl(root, r);
    if (r->variants)
        add_variants(root, r);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}
