// SPDX-License-Identifier: Apache-2.0
#include "run_pairs.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>

static double ratio(double a, double b) {
    return b > 0 ? a / b : 0;
}

static struct pm_attention_cost all_layers(const struct pm_run_embedding *g) {
    struct pm_attention_cost sum = {0};
    for (unsigned l = 0; l < PM_RUN_MAX_LAYERS; l++)
        pm_attention_cost_add(&sum, &g->layer[l]);
    return sum;
}

static uint64_t accesses(const struct pm_run_embedding *g) {
    const struct pm_attention_cost sum = all_layers(g);
    uint64_t n = 0;
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        n += sum.gemv[k].accesses;
    return n;
}

/* Accesses a vector of one GEMV: fixed windows, both codings, the better of the two. Codings: NAN where they
 * were not run. */
struct coding {
    double windows, twos, sign, better;
};

static double per_vector(const struct pm_gemv_cost *c) {
    return ratio((double)c->accesses, (double)c->vectors);
}

static struct coding codings(const struct pm_run_pairs *r, unsigned layer, int kind) {
    const struct pm_gemv_cost *c = &r->golden.layer[layer].gemv[kind];
    struct coding to = {ratio((double)c->windows, (double)c->vectors), NAN, NAN, NAN};
    if (r->variants < 3)
        return to;
    to.twos = per_vector(&r->variant[1].golden.layer[layer].gemv[kind]);
    to.sign = per_vector(&r->variant[2].golden.layer[layer].gemv[kind]);
    to.better = fmin(to.twos, to.sign);
    return to;
}

static void print_cosines(const struct pm_run_embedding *g, FILE *to) {
    fprintf(to, "  cosine of the integer embedding to float: mean %.5f, least %.5f\n", pm_run_cosine_mean(g),
            pm_run_cosine_min(g));
    for (unsigned l = 0; l < PM_RUN_LENGTHS; l++) {
        const struct pm_run_cosines *c = &g->length[l];
        if (c->count == 0)
            continue;
        fprintf(to, "    %3u..", l == 0 ? 1 : pm_run_length[l - 1] + 1);
        fprintf(to, pm_run_length[l] == UINT_MAX ? "    tokens" : "%-3u tokens", pm_run_length[l]);
        fprintf(to, " %6u sentences: mean %.5f, least %.5f\n", c->count, c->sum / c->count, c->least);
    }
    fprintf(to, "  a pair's cosine against float: %.5f rms\n", g->rms);
}

/* "-": not measured. */
static void print_number(double v, int digits, FILE *to) {
    if (isnan(v))
        fprintf(to, " %10s", "-");
    else
        fprintf(to, " %10.*f", digits, v);
}

static void print_gemvs(const struct pm_run_job *j, const struct pm_run_pairs *r, FILE *to) {
    fprintf(
        to,
        "\n  layer  gemv density   accesses    windows       twos       sign     better   SAWL 1..8, %% of "
        "accesses\n");
    for (unsigned l = 0; l < j->network.config.layers; l++)
        for (int k = 0; k < PM_GEMV_KINDS; k++) {
            const struct pm_gemv_cost *c = &r->golden.layer[l].gemv[k];
            const struct coding a = codings(r, l, k);
            fprintf(to, "  %5u  %-4s %7.3f", l, pm_gemv_name[k], ratio((double)c->ones, (double)c->bits));
            const double per[] = {per_vector(c), a.windows, a.twos, a.sign, a.better};
            for (size_t i = 0; i < sizeof per / sizeof *per; i++)
                print_number(per[i], 2, to);
            fprintf(to, "  ");
            for (int s = 1; s <= PM_K; s++)
                fprintf(to, " %4.1f", 100 * ratio((double)c->sawl[s], (double)c->accesses));
            fprintf(to, "\n");
        }
    fprintf(to, "  density: ones in the planes; accesses and fixed windows of 8 rows: a vector");
    if (r->variants > 0)
        fprintf(to, "; twos, sign: of the first %u pairs", r->variant[0].golden.sentences / 2);
    fprintf(to, "\n");
    fprintf(to, "\n  layer  softmax rows by exponent ne, %%\n        ");
    for (int i = 0; i < PM_RUN_NE; i++)
        fprintf(to, " %5d", PM_RUN_NE_FIRST + i);
    for (unsigned l = 0; l < j->network.config.layers; l++) {
        uint64_t rows = 0;
        for (int i = 0; i < PM_RUN_NE; i++)
            rows += r->golden.ne[l][i];
        fprintf(to, "\n  %5u ", l);
        for (int i = 0; i < PM_RUN_NE; i++)
            fprintf(to, " %5.1f", 100 * ratio((double)r->golden.ne[l][i], (double)rows));
    }
    fprintf(to, "\n\n  layer  clamped by the parse: K, V  by rounding  rows with Z = 0\n");
    for (unsigned l = 0; l < j->network.config.layers; l++) {
        const struct pm_attention_cost *c = &r->golden.layer[l];
        fprintf(to, "  %5u  %17" PRIu64 "  %6" PRIu64 "  %11" PRIu64 "  %15" PRIu64 "\n", l, c->saturated_k,
                c->saturated_v, c->saturated_q, c->zero_z);
    }
}

static void print_rate(unsigned layer, const struct pm_run_rate *r, FILE *to) {
    fprintf(to, "  %5u  %8.2f / %6.2f = %.3f  %8.2f / %6.2f = %.3f\n", layer, r->cycles_kv, r->bound_kv,
            ratio(r->cycles_kv, r->bound_kv), r->cycles_token, r->bound_token,
            ratio(r->cycles_token, r->bound_token));
}

static void print_text(const struct pm_run_job *j, const struct pm_run_rtl_text *t, FILE *to) {
    const struct pm_run_rtl *x = &t->rtl;
    const double runs = (double)x->runs, n = t->input.n, d = j->network.config.width;
    fprintf(to,
            "\nRTL against golden, a text of %u tokens, %" PRIu64 " layer%s, %.1f s (%.0f clocks a second)\n",
            t->input.n, x->runs, x->runs == 1 ? "" : "s", x->seconds, (double)x->clocks / x->seconds);
    fprintf(to, "  integers compared %" PRIu64 ", differ %" PRIu64 "\n", x->compared, x->differ);
    fprintf(to, "  layer  clocks a token over the busiest array's accesses: pass 1, pass 2\n");
    for (unsigned l = t->first; l < t->first + t->layers; l++)
        print_rate(l, &x->layer[l], to);
    fprintf(to, "  off-macro traffic: %" PRIu64 " elements, 3BND = %.0f\n", x->elements_in + x->elements_out,
            runs * 3 * n * d);
}

static void print_variants(const struct pm_run_pairs *r, FILE *to) {
    fprintf(to, "\nWhat each choice is worth, the first %u pairs, golden: cosine to float\n",
            r->variant[0].golden.sentences / 2);
    fprintf(
        to,
        "  %-44s   mean    least  1..32   33..128 129..     rms of pairs  Spearman   accesses a token and "
        "layer\n",
        "variant");
    for (unsigned v = 0; v < r->variants; v++) {
        const struct pm_run_embedding *g = &r->variant[v].golden;
        fprintf(to, "  %-44s %.5f %.5f", r->variant[v].name, pm_run_cosine_mean(g), pm_run_cosine_min(g));
        for (unsigned l = 0; l < PM_RUN_LENGTHS; l++)
            if (g->length[l].count > 0)
                fprintf(to, " %.5f", g->length[l].sum / g->length[l].count);
            else
                fprintf(to, "       -");
        fprintf(to, "  %.5f", g->rms);
        print_number(g->spearman, 4, to);
        fprintf(to, " %10.1f\n", ratio((double)accesses(g), (double)all_layers(g).tokens));
    }
}

void pm_run_pairs_print(const struct pm_run_job *j, const struct pm_run_pairs *r, FILE *to) {
    const struct pm_run_embedding *g = &r->golden;
    char text[1024];
    pm_run_text(&j->settings, PM_RUN_OF_PAIRS, text, sizeof text);
    fprintf(to, "perimeter run: %s on %s: %s\n", j->model, j->pairs, text);
    fprintf(to,
            "\nGolden, %u pairs, %" PRIu64 " tokens and %" PRIu64 " of padding, %.2f s (in float %.2f s)\n",
            r->pairs, g->tokens, g->padding, g->seconds, r->seconds_float);
    print_cosines(g, to);
    if (!isnan(r->spearman_float))
        fprintf(to, "  Spearman: float %.4f, integer %.4f\n", r->spearman_float, g->spearman);
    else if (j->score_column)
        fprintf(to, "  Spearman: undefined, all scores or all cosines are equal\n");
    if (r->sentences_per_second > 0)
        fprintf(to, "  speed on sentences of 32 tokens: %.1f a second\n", r->sentences_per_second);
    if (g->arrays.cycles > 0) {
        fprintf(to,
                "  HyFlexPIM arrays, a token: array reads, conversions, clocks; wrong codes a million:\n   ");
        pm_run_print_arrays(&g->arrays, (double)(g->tokens + g->padding), to);
    }
    if (all_layers(g).tokens > 0)
        print_gemvs(j, r, to);
    for (unsigned i = 0; i < r->texts; i++)
        if (r->text[i].rtl.runs > 0)
            print_text(j, &r->text[i], to);
    if (r->variants > 0)
        print_variants(r, to);
}

/* JSON has no NAN: null. */
static void number(cJSON *o, const char *name, double v) {
    if (isnan(v))
        cJSON_AddNullToObject(o, name);
    else
        cJSON_AddNumberToObject(o, name, v);
}

static void add_embedding(cJSON *o, const struct pm_run_embedding *g) {
    number(o, "cosine_mean", pm_run_cosine_mean(g));
    number(o, "cosine_min", pm_run_cosine_min(g));
    number(o, "pair_rms", g->rms);
    number(o, "spearman_integer", g->spearman);
    cJSON *lengths = cJSON_AddArrayToObject(o, "lengths");
    for (unsigned l = 0; l < PM_RUN_LENGTHS; l++) {
        cJSON *c = cJSON_CreateObject();
        if (pm_run_length[l] != UINT_MAX)
            number(c, "tokens_most", pm_run_length[l]);
        number(c, "sentences", g->length[l].count);
        number(c, "cosine_mean", g->length[l].count ? g->length[l].sum / g->length[l].count : NAN);
        number(c, "cosine_min", g->length[l].count ? g->length[l].least : NAN);
        cJSON_AddItemToArray(lengths, c);
    }
    number(o, "accesses", (double)accesses(g));
    pm_run_json_arrays(&g->arrays, o);
}

static void add_layers(cJSON *root, const struct pm_run_job *j, const struct pm_run_pairs *r) {
    cJSON *layers = cJSON_AddArrayToObject(root, "layers");
    for (unsigned l = 0; l < j->network.config.layers; l++) {
        const struct pm_attention_cost *c = &r->golden.layer[l];
        cJSON *layer = cJSON_CreateObject(), *gemvs = cJSON_AddArrayToObject(layer, "gemv");
        for (int k = 0; k < PM_GEMV_KINDS; k++) {
            const struct coding a = codings(r, l, k);
            cJSON *o = cJSON_CreateObject();
            cJSON_AddStringToObject(o, "name", pm_gemv_name[k]);
            number(o, "density", ratio((double)c->gemv[k].ones, (double)c->gemv[k].bits));
            number(o, "vectors", (double)c->gemv[k].vectors);
            number(o, "accesses", (double)c->gemv[k].accesses);
            number(o, "windows", (double)c->gemv[k].windows);
            number(o, "accesses_a_vector_twos", a.twos);
            number(o, "accesses_a_vector_sign", a.sign);
            number(o, "accesses_a_vector_better", a.better);
            cJSON *sawl = cJSON_AddArrayToObject(o, "sawl");
            for (int s = 1; s <= PM_K; s++)
                cJSON_AddItemToArray(sawl, cJSON_CreateNumber((double)c->gemv[k].sawl[s]));
            cJSON_AddItemToArray(gemvs, o);
        }
        number(layer, "ne_first", PM_RUN_NE_FIRST);
        cJSON *ne = cJSON_AddArrayToObject(layer, "ne");
        for (int i = 0; i < PM_RUN_NE; i++)
            cJSON_AddItemToArray(ne, cJSON_CreateNumber((double)r->golden.ne[l][i]));
        number(layer, "saturated_k", (double)c->saturated_k);
        number(layer, "saturated_v", (double)c->saturated_v);
        number(layer, "saturated_rounding", (double)c->saturated_q);
        number(layer, "zero_z", (double)c->zero_z);
        cJSON_AddItemToArray(layers, layer);
    }
}

static void add_rtl(cJSON *root, const struct pm_run_job *j, const struct pm_run_pairs *r) {
    uint64_t compared = 0, differ = 0;
    double seconds = 0;
    cJSON *texts = cJSON_AddArrayToObject(root, "rtl_texts");
    for (unsigned i = 0; i < r->texts; i++) {
        const struct pm_run_rtl *x = &r->text[i].rtl;
        const double runs = (double)x->runs;
        cJSON *o = cJSON_CreateObject();
        number(o, "tokens", r->text[i].input.n);
        number(o, "layers", runs);
        number(o, "integers_compared", (double)x->compared);
        number(o, "clocks", (double)x->clocks);
        number(o, "clocks_per_second", (double)x->clocks / x->seconds);
        number(o, "seconds", x->seconds);
        cJSON *rates = cJSON_AddArrayToObject(o, "rates");
        for (unsigned l = r->text[i].first; l < r->text[i].first + r->text[i].layers; l++) {
            cJSON *rate = cJSON_CreateObject();
            number(rate, "layer", l);
            number(rate, "cycles_per_token_pass1", x->layer[l].cycles_kv);
            number(rate, "bound_per_token_pass1", x->layer[l].bound_kv);
            number(rate, "cycles_per_token_pass2", x->layer[l].cycles_token);
            number(rate, "bound_per_token_pass2", x->layer[l].bound_token);
            cJSON_AddItemToArray(rates, rate);
        }
        number(o, "traffic_elements", (double)(x->elements_in + x->elements_out));
        number(o, "traffic_3bnd", runs * 3 * r->text[i].input.n * j->network.config.width);
        cJSON_AddItemToArray(texts, o);
        compared += x->compared;
        differ += x->differ;
        seconds += x->seconds;
    }
    number(root, "rtl_tokens", r->text[0].input.n);
    number(root, "rtl_seconds", seconds);
    number(root, "integers_compared", (double)compared);
    number(root, "integers_differ", (double)differ);
}

char *pm_run_pairs_summary(const struct pm_run_job *j, const struct pm_run_pairs *r) {
    cJSON *root = cJSON_CreateObject(), *config = cJSON_AddObjectToObject(root, "effective_config");
    cJSON_AddStringToObject(config, "model", j->model);
    cJSON_AddStringToObject(config, "pairs", j->pairs);
    pm_run_json(&j->settings, PM_RUN_OF_PAIRS, config);
    number(root, "pairs", r->pairs);
    number(root, "tokens", (double)r->golden.tokens);
    add_embedding(root, &r->golden);
    number(root, "spearman_float", r->spearman_float);
    number(root, "sentences_per_second", r->sentences_per_second);
    number(root, "seconds_golden", r->golden.seconds);
    number(root, "seconds_float", r->seconds_float);
    if (r->texts > 0)
        add_rtl(root, j, r);
    add_layers(root, j, r);
    cJSON *list = cJSON_AddArrayToObject(root, "variants");
    for (unsigned v = 0; v < r->variants; v++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "variant", r->variant[v].name);
        add_embedding(o, &r->variant[v].golden);
        cJSON_AddItemToArray(list, o);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}
