// SPDX-License-Identifier: Apache-2.0
#include "run_pairs.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A count of those layers that read their arrays access by access. */
static double all_layers(const struct pm_run_embedding *g, enum pm_count count) {
    return (double)pm_tally_sum(&g->tally, PM_COUNT_WINDOWS, count);
}

/* Vectors of whole layers: of each its last part. */
static double layer_vectors(const struct pm_run_embedding *g) {
    const struct pm_tally *t = &g->tally;
    double n = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        if (t->graph->node[i].kind == PM_NODE_ATTENTION && t->counts[i])
            n += (double)t->counts[i][pm_system_parts(t->system[i]) - 1].of[PM_COUNT_VECTORS];
    return n;
}

/* ---- what was found ---- */

static void add_real(struct pm_results *r, const char *key, double v, const char *unit) {
    pm_result_real(r, key, v, unit, PM_RESULT_MEASURED);
}

static void add_int(struct pm_results *r, const char *key, uint64_t v, const char *unit) {
    pm_result_int(r, key, (int64_t)v, unit, PM_RESULT_MEASURED);
}

static void add_embedding(const struct pm_run_job *j, struct pm_results *r,
                          const struct pm_run_embedding *g) {
    add_real(r, "cosine_mean", pm_run_cosine_mean(g), NULL);
    add_real(r, "cosine_min", pm_run_cosine_min(g), NULL);
    add_real(r, "pair_rms", g->rms, NULL);
    add_real(r, "spearman_integer", g->spearman, NULL);
    pm_result_list(r, "lengths");
    for (unsigned l = 0; l < PM_RUN_LENGTHS; l++) {
        const struct pm_run_cosines *c = &g->length[l];
        pm_result_group(r, NULL);
        if (pm_run_length[l] != UINT_MAX)
            add_int(r, "tokens_most", pm_run_length[l], "tokens");
        add_int(r, "sentences", c->count, "sentences");
        add_real(r, "cosine_mean", c->count ? c->sum / c->count : NAN, NULL);
        add_real(r, "cosine_min", c->count ? c->least : NAN, NULL);
        pm_result_end(r);
    }
    pm_result_end(r);
    add_real(r, "accesses", all_layers(g, PM_COUNT_ACCESSES), "accesses");
    add_real(r, "accesses_a_token", pm_ratio(all_layers(g, PM_COUNT_ACCESSES), layer_vectors(g)), "accesses");
    pm_run_add_arrays(&g->tally, r);
    pm_run_add_cost(j, &g->tally, r);
}

/* The variant of this text, if it was run. */
static const struct pm_run_embedding *variant(const struct pm_run_pairs *r, const char *text) {
    for (unsigned v = 0; v < r->variants; v++)
        if (strcmp(r->variant[v].of.text, text) == 0)
            return &r->variant[v].golden;
    return NULL;
}

/* Accesses a vector, NAN where they were not counted. */
static double per_vector(const struct pm_run_embedding *g, unsigned node, unsigned part) {
    const struct pm_counts *c = g && g->tally.counts[node] ? &g->tally.counts[node][part] : NULL;
    return c ? pm_ratio((double)c->of[PM_COUNT_ACCESSES], (double)c->of[PM_COUNT_VECTORS]) : NAN;
}

static void add_gemv(struct pm_results *out, const struct pm_run_pairs *r, unsigned node, unsigned part) {
    const struct pm_tally *t = &r->golden.tally;
    const struct pm_counts *c = &t->counts[node][part];
    const double twos = per_vector(variant(r, "flare.coding-x=twos flare.coding-q=twos flare.coding-o=twos"),
                                   node, part),
                 sign = per_vector(variant(r, "flare.coding-x=sign flare.coding-q=sign flare.coding-o=sign"),
                                   node, part);
    pm_result_group(out, NULL);
    pm_result_text(out, "name", t->system[node]->parts[part]);
    add_real(out, "density", pm_ratio((double)c->of[PM_COUNT_ONES], (double)c->of[PM_COUNT_BITS]), NULL);
    add_int(out, "vectors", c->of[PM_COUNT_VECTORS], "vectors");
    add_int(out, "accesses", c->of[PM_COUNT_ACCESSES], "accesses");
    add_int(out, "windows", c->of[PM_COUNT_WINDOWS], "accesses");
    add_real(out, "accesses_a_vector_twos", twos, "accesses");
    add_real(out, "accesses_a_vector_sign", sign, "accesses");
    add_real(out, "accesses_a_vector_better", fmin(twos, sign), "accesses");
    pm_result_ints(out, "sawl", c->bin[PM_HISTOGRAM_LINES], pm_histogram_info[PM_HISTOGRAM_LINES].bins,
                   "accesses", PM_RESULT_MEASURED);
    pm_result_end(out);
}

static void add_layer(struct pm_results *out, const struct pm_run_pairs *r, unsigned node) {
    const struct pm_tally *t = &r->golden.tally;
    const unsigned parts = pm_system_parts(t->system[node]);
    struct pm_counts sum = {0};
    pm_result_group(out, NULL);
    pm_result_list(out, "gemv");
    for (unsigned k = 0; k < parts; k++) {
        if (t->counts[node][k].of[PM_COUNT_WINDOWS] > 0)
            add_gemv(out, r, node, k);
        pm_counts_add(&sum, &t->counts[node][k]);
    }
    pm_result_end(out);
    pm_result_int(out, "ne_first", pm_histogram_info[PM_HISTOGRAM_EXPONENT].first, NULL, PM_RESULT_PLAIN);
    pm_result_ints(out, "ne", sum.bin[PM_HISTOGRAM_EXPONENT], pm_histogram_info[PM_HISTOGRAM_EXPONENT].bins,
                   "rows", PM_RESULT_MEASURED);
    add_int(out, "saturated_k", t->counts[node][0].of[PM_COUNT_CLIPPED], "elements");
    add_int(out, "saturated_v", t->counts[node][1].of[PM_COUNT_CLIPPED], "elements");
    add_int(out, "saturated_rounding", sum.of[PM_COUNT_ROUNDED], "elements");
    add_int(out, "zero_z", sum.of[PM_COUNT_ZERO_SUMS], "rows");
    pm_result_end(out);
}

static void add_layers(struct pm_results *out, const struct pm_run_pairs *r) {
    const struct pm_tally *t = &r->golden.tally;
    pm_result_list(out, "layers");
    for (unsigned i = 0; i < t->graph->nodes; i++)
        if (t->graph->node[i].kind == PM_NODE_ATTENTION && t->counts[i])
            add_layer(out, r, i);
    pm_result_end(out);
}

/* "changed": the pairs whose cosine is farthest from float's, first the farthest. */
static void add_changed(struct pm_results *out, const struct pm_run_pairs *r) {
    enum { MOST = 6 };
    double before = INFINITY;
    unsigned last = 0;
    pm_result_list(out, "changed");
    for (unsigned n = 0; n < MOST; n++) {
        double most = 0;
        unsigned at = r->pairs;
        for (unsigned i = 0; i < r->pairs; i++) {
            const double d = fabs(r->cosine_integer[i] - r->cosine_float[i]);
            if (d > most && (d < before || (d == before && i > last))) {
                most = d;
                at = i;
            }
        }
        if (at == r->pairs)
            break;
        pm_result_group(out, NULL);
        pm_result_int(out, "pair", at, NULL, PM_RESULT_PLAIN);
        pm_result_text(out, "first", r->sentence[2 * at]);
        pm_result_text(out, "second", r->sentence[2 * at + 1]);
        add_real(out, "cosine_float", r->cosine_float[at], NULL);
        add_real(out, "cosine_integer", r->cosine_integer[at], NULL);
        pm_result_end(out);
        before = most;
        last = at;
    }
    pm_result_end(out);
}

static struct pm_twin_result text_sum(const struct pm_run_pairs *r, const struct pm_run_text *text) {
    struct pm_twin_result sum = {0};
    for (unsigned i = 0; i < r->golden.tally.graph->nodes; i++)
        pm_twin_result_add(&sum, &text->rtl[i]);
    return sum;
}

static void add_text(struct pm_results *out, const struct pm_run_job *j, const struct pm_run_pairs *r,
                     const struct pm_run_text *text) {
    const struct pm_graph *g = j->network.graph;
    const struct pm_twin_result x = text_sum(r, text);
    const double runs = (double)x.runs;
    pm_result_group(out, NULL);
    add_int(out, "tokens", text->input.n, "tokens");
    add_int(out, "layers", x.runs, "layers");
    add_int(out, "integers_compared", x.compared, NULL);
    add_int(out, "integers_differ", x.differ, NULL);
    add_int(out, "clocks", x.clocks, "clocks");
    add_real(out, "clocks_per_second", (double)x.clocks / text->seconds, "1/s");
    add_real(out, "seconds", text->seconds, "s");
    pm_result_list(out, "rates");
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_twin_result *one = &text->rtl[i];
        if (one->runs == 0)
            continue;
        pm_result_group(out, NULL);
        add_int(out, "layer", g->node[i].layer, NULL);
        add_real(out, "cycles_per_token_pass1", one->pass[0].clocks, "clocks");
        add_real(out, "bound_per_token_pass1", one->pass[0].bound, "clocks");
        add_real(out, "cycles_per_token_pass2", one->pass[1].clocks, "clocks");
        add_real(out, "bound_per_token_pass2", one->pass[1].bound, "clocks");
        pm_result_end(out);
    }
    pm_result_end(out);
    add_int(out, "traffic_elements", x.elements_in + x.elements_out, "elements");
    add_real(out, "traffic_3bnd", runs * 3 * text->input.n * j->network.encoder.config.width, "elements");
    pm_result_end(out);
}

static void add_rtl(struct pm_results *out, const struct pm_run_job *j, const struct pm_run_pairs *r) {
    uint64_t compared = 0, differ = 0;
    double seconds = 0;
    pm_result_list(out, "rtl_texts");
    for (unsigned i = 0; i < r->texts; i++) {
        const struct pm_twin_result x = text_sum(r, &r->text[i]);
        add_text(out, j, r, &r->text[i]);
        compared += x.compared;
        differ += x.differ;
        seconds += r->text[i].seconds;
    }
    pm_result_end(out);
    add_int(out, "rtl_tokens", r->text[0].input.n, "tokens");
    add_real(out, "rtl_seconds", seconds, "s");
    add_int(out, "integers_compared", compared, NULL);
    add_int(out, "integers_differ", differ, NULL);
}

struct pm_results *pm_run_pairs_results(const struct pm_run_job *j, const struct pm_run_pairs *r) {
    struct pm_results *out = pm_results_new();
    if (!out)
        return NULL;
    pm_run_add_config(j, out);
    add_int(out, "pairs", r->pairs, "pairs");
    add_int(out, "tokens", r->golden.tokens, "tokens");
    add_int(out, "padding", r->golden.padding, "tokens");
    add_embedding(j, out, &r->golden);
    add_real(out, "spearman_float", r->spearman_float, NULL);
    add_real(out, "sentences_per_second", r->sentences_per_second, "1/s");
    add_real(out, "seconds_golden", r->golden.seconds, "s");
    add_real(out, "seconds_float", r->seconds_float, "s");
    if (r->texts > 0)
        add_rtl(out, j, r);
    add_layers(out, r);
    pm_run_add_counts(&r->golden.tally, out);
    add_changed(out, r);
    pm_result_list(out, "variants");
    for (unsigned v = 0; v < r->variants; v++) {
        pm_result_group(out, NULL);
        pm_result_text(out, "variant", pm_run_variant_name(&r->variant[v].of));
        add_embedding(j, out, &r->variant[v].golden);
        pm_result_end(out);
    }
    pm_result_end(out);
    return out;
}

/* ---- the report ---- */

/* The number at PATH with what replaces %u in it. */
static double at(const struct pm_results *found, const char *path, ...) __attribute__((format(printf, 2, 3)));
static double at(const struct pm_results *found, const char *path, ...) {
    char full[96];
    va_list args;
    va_start(args, path);
    vsnprintf(full, sizeof full, path, args);
    va_end(args);
    return pm_results_number(found, full);
}

/* "-": not measured. */
static void print_number(double v, int digits, FILE *to) {
    if (isnan(v))
        fprintf(to, " %10s", "-");
    else
        fprintf(to, " %10.*f", digits, v);
}

static void print_cosines(const struct pm_results *found, FILE *to) {
    fprintf(to, "  cosine of the integer embedding to float: mean %.5f, least %.5f\n",
            at(found, "cosine_mean"), at(found, "cosine_min"));
    for (unsigned l = 0; l < PM_RUN_LENGTHS; l++) {
        const double count = at(found, "lengths/%u/sentences", l);
        if (count == 0)
            continue;
        fprintf(to, "    %3u..", l == 0 ? 1 : pm_run_length[l - 1] + 1);
        fprintf(to, pm_run_length[l] == UINT_MAX ? "    tokens" : "%-3u tokens", pm_run_length[l]);
        fprintf(to, " %6.0f sentences: mean %.5f, least %.5f\n", count,
                at(found, "lengths/%u/cosine_mean", l), at(found, "lengths/%u/cosine_min", l));
    }
    fprintf(to, "  a pair's cosine against float: %.5f rms\n", at(found, "pair_rms"));
}

static void print_gemv(const struct pm_results *found, unsigned layer, unsigned k, const char *name,
                       FILE *to) {
    const double accesses = at(found, "layers/%u/gemv/%u/accesses", layer, k),
                 vectors = at(found, "layers/%u/gemv/%u/vectors", layer, k);
    const double per[] = {pm_ratio(accesses, vectors),
                          pm_ratio(at(found, "layers/%u/gemv/%u/windows", layer, k), vectors),
                          at(found, "layers/%u/gemv/%u/accesses_a_vector_twos", layer, k),
                          at(found, "layers/%u/gemv/%u/accesses_a_vector_sign", layer, k),
                          at(found, "layers/%u/gemv/%u/accesses_a_vector_better", layer, k)};
    fprintf(to, "  %5u  %-4s %7.3f", layer, name, at(found, "layers/%u/gemv/%u/density", layer, k));
    for (size_t i = 0; i < sizeof per / sizeof *per; i++)
        print_number(per[i], 2, to);
    fprintf(to, "  ");
    for (unsigned s = 0; s < pm_histogram_info[PM_HISTOGRAM_LINES].bins; s++)
        fprintf(to, " %4.1f", 100 * pm_ratio(at(found, "layers/%u/gemv/%u/sawl/%u", layer, k, s), accesses));
    fprintf(to, "\n");
}

static void print_exponents(const struct pm_results *found, unsigned layers, FILE *to) {
    const struct pm_histogram_info *info = &pm_histogram_info[PM_HISTOGRAM_EXPONENT];
    fprintf(to, "\n  layer  softmax rows by exponent ne, %%\n        ");
    for (unsigned i = 0; i < info->bins; i++)
        fprintf(to, " %5d", info->first + (int)i);
    for (unsigned l = 0; l < layers; l++) {
        double rows = 0;
        for (unsigned i = 0; i < info->bins; i++)
            rows += at(found, "layers/%u/ne/%u", l, i);
        fprintf(to, "\n  %5u ", l);
        for (unsigned i = 0; i < info->bins; i++)
            fprintf(to, " %5.1f", 100 * pm_ratio(at(found, "layers/%u/ne/%u", l, i), rows));
    }
}

static void print_layers(const struct pm_run_pairs *r, const struct pm_results *found, FILE *to) {
    const struct pm_tally *t = &r->golden.tally;
    unsigned layers = 0;
    fprintf(
        to,
        "\n  layer  gemv density   accesses    windows       twos       sign     better   SAWL 1..8, %% of "
        "accesses\n");
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        if (t->graph->node[i].kind != PM_NODE_ATTENTION || !t->counts[i])
            continue;
        for (unsigned k = 0, gemv = 0; k < pm_system_parts(t->system[i]); k++)
            if (t->counts[i][k].of[PM_COUNT_WINDOWS] > 0)
                print_gemv(found, layers, gemv++, t->system[i]->parts[k], to);
        layers++;
    }
    fprintf(to, "  density: ones in the planes; accesses and fixed windows of 8 rows: a vector");
    if (r->variants > 0)
        fprintf(to, "; twos, sign: of the first %u pairs", r->variant[0].golden.sentences / 2);
    fprintf(to, "\n");
    print_exponents(found, layers, to);
    fprintf(to, "\n\n  layer  clamped by the parse: K, V  by rounding  rows with Z = 0\n");
    for (unsigned l = 0; l < layers; l++)
        fprintf(to, "  %5u  %17.0f  %6.0f  %11.0f  %15.0f\n", l, at(found, "layers/%u/saturated_k", l),
                at(found, "layers/%u/saturated_v", l), at(found, "layers/%u/saturated_rounding", l),
                at(found, "layers/%u/zero_z", l));
}

static void print_pass(const struct pm_results *found, unsigned text, unsigned rate, unsigned pass,
                       FILE *to) {
    const double clocks = at(found, "rtl_texts/%u/rates/%u/cycles_per_token_pass%u", text, rate, pass),
                 bound = at(found, "rtl_texts/%u/rates/%u/bound_per_token_pass%u", text, rate, pass);
    fprintf(to, "  %8.2f / %6.2f = %.3f", clocks, bound, pm_ratio(clocks, bound));
}

static void print_text(const struct pm_results *found, unsigned i, FILE *to) {
    const double layers = at(found, "rtl_texts/%u/layers", i);
    fprintf(to, "\nRTL against golden, a text of %.0f tokens, %.0f layer%s, %.1f s (%.0f clocks a second)\n",
            at(found, "rtl_texts/%u/tokens", i), layers, layers == 1 ? "" : "s",
            at(found, "rtl_texts/%u/seconds", i), at(found, "rtl_texts/%u/clocks_per_second", i));
    fprintf(to, "  integers compared %.0f, differ %.0f\n", at(found, "rtl_texts/%u/integers_compared", i),
            at(found, "rtl_texts/%u/integers_differ", i));
    fprintf(to, "  layer  clocks a token over the busiest array's accesses: pass 1, pass 2\n");
    for (unsigned l = 0; l < layers; l++) {
        fprintf(to, "  %5.0f", at(found, "rtl_texts/%u/rates/%u/layer", i, l));
        print_pass(found, i, l, 1, to);
        print_pass(found, i, l, 2, to);
        fprintf(to, "\n");
    }
    fprintf(to, "  off-macro traffic: %.0f elements, 3BND = %.0f\n",
            at(found, "rtl_texts/%u/traffic_elements", i), at(found, "rtl_texts/%u/traffic_3bnd", i));
}

static void print_variants(const struct pm_run_pairs *r, const struct pm_results *found, FILE *to) {
    fprintf(to, "\nWhat each choice is worth, the first %u pairs, golden: cosine to float\n",
            r->variant[0].golden.sentences / 2);
    fprintf(
        to,
        "  %-62s   mean    least  1..32   33..128 129..     rms of pairs  Spearman   accesses a token and "
        "layer\n",
        "variant");
    for (unsigned v = 0; v < r->variants; v++) {
        fprintf(to, "  %-62s %.5f %.5f", pm_run_variant_name(&r->variant[v].of),
                at(found, "variants/%u/cosine_mean", v), at(found, "variants/%u/cosine_min", v));
        for (unsigned l = 0; l < PM_RUN_LENGTHS; l++)
            if (at(found, "variants/%u/lengths/%u/sentences", v, l) > 0)
                fprintf(to, " %.5f", at(found, "variants/%u/lengths/%u/cosine_mean", v, l));
            else
                fprintf(to, "       -");
        fprintf(to, "  %.5f", at(found, "variants/%u/pair_rms", v));
        print_number(at(found, "variants/%u/spearman_integer", v), 4, to);
        fprintf(to, " %10.1f\n", at(found, "variants/%u/accesses_a_token", v));
    }
}

void pm_run_pairs_print(const struct pm_run_job *j, const struct pm_run_pairs *r,
                        const struct pm_results *found, FILE *to) {
    const struct pm_run_embedding *g = &r->golden;
    pm_run_print_config(j, to);
    fprintf(to, "\nGolden, %u pairs, %.0f tokens and %.0f of padding, %.2f s (in float %.2f s)\n", r->pairs,
            at(found, "tokens"), at(found, "padding"), at(found, "seconds_golden"),
            at(found, "seconds_float"));
    print_cosines(found, to);
    if (!isnan(at(found, "spearman_float")))
        fprintf(to, "  Spearman: float %.4f, integer %.4f\n", at(found, "spearman_float"),
                at(found, "spearman_integer"));
    else if (j->score_column)
        fprintf(to, "  Spearman: undefined, all scores or all cosines are equal\n");
    if (at(found, "sentences_per_second") > 0)
        fprintf(to, "  speed on sentences of 32 tokens: %.1f a second\n", at(found, "sentences_per_second"));
    if (!isnan(at(found, "array_reads"))) {
        fprintf(to, "  %s, a token; ", pm_run_arrays_title(&g->tally));
        pm_run_print_budget(j, to);
        fprintf(to, ":\n    " PM_RUN_ARRAYS_HEAD "\n   ");
        pm_run_print_arrays(found, "", "", (double)(g->tokens + g->padding), to);
        pm_run_print_programming(j, found, "", to);
    }
    if (layer_vectors(g) > 0)
        print_layers(r, found, to);
    for (unsigned i = 0; i < r->texts; i++)
        if (at(found, "rtl_texts/%u/layers", i) > 0)
            print_text(found, i, to);
    if (r->variants > 0)
        print_variants(r, found, to);
}
