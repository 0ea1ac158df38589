// SPDX-License-Identifier: Apache-2.0
/* The section of a run: settings, layers, variants, energy, RTL. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/plot.h"

/* ---- the plan and settings ---- */

static void put_settings(struct pm_page *p, const cJSON *of) {
    for (const cJSON *s = of ? of->child : NULL; s; s = s->next) {
        char *text = cJSON_PrintUnformatted(s);
        pm_page_text(p, ",");
        pm_page_text(p, s->string ? s->string : "");
        pm_page_text(p, "=");
        pm_page_text(p, cJSON_IsString(s) ? s->valuestring : text ? text : "");
        cJSON_free(text);
    }
}

static void put_config(struct pm_page *p, const struct pm_report_file *f) {
    const cJSON *config = pm_report_item(f->root, "effective_config"),
                *place = pm_report_item(config, "place");
    pm_page_html(p, "<p>Layers on systems, the last that matches wins: ");
    for (const cJSON *e = place ? place->child : NULL; e; e = e->next) {
        const char *layers = pm_report_string(e, "layers"), *system = pm_report_string(e, "system");
        pm_page_html(p, "<code>");
        pm_page_text(p, layers ? layers : "?");
        pm_page_text(p, "=");
        pm_page_text(p, system ? system : "?");
        put_settings(p, pm_report_item(e, "settings"));
        pm_page_html(p, "</code>%s", e->next ? ", " : "");
    }
    pm_page_html(p, ".</p>\n<details><summary>Effective settings, defaults included</summary>\n");
    pm_page_table(p, "Settings", NULL, "setting|<value");
    const char *version = pm_report_string(f->root, "version");
    if (version) {
        pm_page_row(p, "version of perimeter");
        pm_page_cell(p, version);
        pm_page_html(p, "</tr>\n");
    }
    for (const cJSON *s = config ? config->child : NULL; s; s = s->next) {
        if (cJSON_IsArray(s) || cJSON_IsObject(s))
            continue;
        char *text = cJSON_PrintUnformatted(s);
        pm_page_row(p, s->string ? s->string : "");
        pm_page_cell(p, cJSON_IsString(s) ? s->valuestring : text ? text : "");
        pm_page_html(p, "</tr>\n");
        cJSON_free(text);
    }
    pm_page_table_end(p);
    pm_page_html(p, "</details>\n");
}

/* ---- accuracy ---- */

static const struct pm_report_column found[] = {{"items", "images_golden", 1, 0},
                                                {"items", "predictions", 1, 0},
                                                {"pairs", "pairs", 1, 0},
                                                {"accuracy float, %", "accuracy_float", 100, 2},
                                                {"integers, %", "accuracy_integer", 100, 2},
                                                {"top 5 float, %", "top5_float", 100, 2},
                                                {"top 5 integers, %", "top5_integer", 100, 2},
                                                {"same class, %", "same_class", 100, 2},
                                                {"perplexity float", "perplexity_float", 1, 4},
                                                {"integers", "perplexity_integer", 1, 4},
                                                {"next right float, %", "next_right_float", 100, 2},
                                                {"integers, %", "next_right_integer", 100, 2},
                                                {"same next, %", "same_next", 100, 2},
                                                {"cosine to float, mean", "cosine_mean", 1, 5},
                                                {"least", "cosine_min", 1, 5},
                                                {"Spearman float", "spearman_float", 1, 4},
                                                {"integers", "spearman_integer", 1, 4},
                                                {"seconds", "seconds_golden", 1, 2},
                                                {"seconds", "seconds", 1, 2},
                                                {NULL, NULL, 0, 0}};

/* ---- layers ---- */

/* A part of a layer, with what other members of the document say of it. */
struct part {
    const cJSON *of;
    const char *layer, *name, *system;
    double error, sqnr;
};

struct parts {
    struct part *of;
    unsigned n, room;
};

static const cJSON *layers_of(const struct pm_report_file *f) {
    const cJSON *counts = pm_report_item(f->root, "counts");
    return cJSON_IsObject(counts) ? counts : pm_report_item(f->root, "layers"); /* of infer */
}

static double sqnr_of(const struct pm_report_file *f, const char *layer) {
    const cJSON *list = pm_report_item(f->root, "fidelity");
    for (const cJSON *e = cJSON_IsArray(list) ? list->child : NULL; e; e = e->next) {
        const char *name = pm_report_string(e, "layer");
        if (name && strcmp(name, layer) == 0)
            return pm_report_number(e, "sqnr");
    }
    return NAN;
}

static bool add_part(struct parts *all, struct part part) {
    if (all->n == all->room) {
        const unsigned room = all->room ? 2 * all->room : 64;
        struct part *more = realloc(all->of, room * sizeof *more);
        if (!more)
            return false;
        all->of = more;
        all->room = room;
    }
    all->of[all->n++] = part;
    return true;
}

static struct parts parts_of(const struct pm_report_file *f) {
    struct parts all = {0};
    const cJSON *layers = layers_of(f), *energy = pm_report_item(f->root, "energy");
    for (const cJSON *l = cJSON_IsObject(layers) ? layers->child : NULL; l; l = l->next) {
        const char *system = pm_report_string(l, "system");
        for (const cJSON *k = cJSON_IsObject(l) ? l->child : NULL; k; k = k->next) {
            if (!cJSON_IsObject(k))
                continue;
            const cJSON *e = cJSON_GetObjectItemCaseSensitive(energy, l->string);
            e = cJSON_IsObject(e) ? cJSON_GetObjectItemCaseSensitive(e, k->string) : NULL;
            add_part(&all, (struct part){k, l->string, k->string, system,
                                         pm_report_number(e, "relative_error"), sqnr_of(f, l->string)});
        }
    }
    return all;
}

static double ratio(const cJSON *of, const char *a, const char *b) {
    const double y = pm_report_number(of, b);
    return y > 0 ? pm_report_number(of, a) / y : NAN;
}

enum { LAYER_COLUMNS = 15 };

static double value_of(const struct part *k, unsigned column) {
    static const char *const key[LAYER_COLUMNS] = {"vectors",
                                                   NULL,
                                                   NULL,
                                                   NULL,
                                                   NULL,
                                                   NULL,
                                                   "array_reads",
                                                   "conversions",
                                                   "clocks",
                                                   "clipped",
                                                   "clips",
                                                   "wrong_codes",
                                                   "clamped_by_rounding",
                                                   NULL,
                                                   NULL};
    switch (column) {
    case 1:
        return 100 * ratio(k->of, "plane_ones", "plane_bits");
    case 2:
        return pm_report_number(k->of, "accesses");
    case 3:
        return ratio(k->of, "accesses", "vectors");
    case 4:
        return ratio(k->of, "windows", "vectors");
    case 5:
        return ratio(k->of, "windows", "accesses");
    case 13:
        return 100 * k->error;
    case 14:
        return k->sqnr;
    default:
        return pm_report_number(k->of, key[column]);
    }
}

static void put_layers(struct pm_page *p, const struct parts *all) {
    static const char *const title[LAYER_COLUMNS] = {"vectors",
                                                     "density, %",
                                                     "accesses",
                                                     "accesses a vector",
                                                     "fixed windows a vector",
                                                     "boost",
                                                     "array reads",
                                                     "conversions",
                                                     "clocks",
                                                     "clamped elements",
                                                     "clipped conversions",
                                                     "wrong codes",
                                                     "clamped by rounding",
                                                     "error to exact, rms %",
                                                     "SQNR to float, dB"};
    static const int digits[LAYER_COLUMNS] = {0, 2, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 4, 2};
    bool any[LAYER_COLUMNS] = {false};
    char titles[512] = "layer|<part|<system";
    if (all->n == 0)
        return;
    for (unsigned c = 0; c < LAYER_COLUMNS; c++) {
        for (unsigned i = 0; i < all->n; i++)
            any[c] = any[c] || isfinite(value_of(&all->of[i], c));
        if (any[c]) {
            strcat(titles, "|");
            strcat(titles, title[c]);
        }
    }
    pm_page_table(p, "Layers, all items together", NULL, titles);
    for (unsigned i = 0; i < all->n; i++) {
        const struct part *k = &all->of[i];
        pm_page_row(p, k->layer);
        pm_page_cell(p, k->name);
        pm_page_cell(p, k->system ? k->system : "");
        for (unsigned c = 0; c < LAYER_COLUMNS; c++)
            if (any[c])
                pm_page_cell_number(p, value_of(k, c), digits[c]);
        pm_page_html(p, "</tr>\n");
    }
    pm_page_table_end(p);
}

static void put_sawl(struct pm_page *p, const struct parts *all, const char *name) {
    enum { LINES = 8, MOST = 60 };
    struct pm_plot plot;
    unsigned rows = 0;
    pm_plot_begin(&plot);
    if (plot.script)
        fputs("$d << EOD\n", plot.script);
    for (unsigned i = 0; i < all->n && rows < MOST && plot.script; i++) {
        const cJSON *lines = pm_report_item(all->of[i].of, "lines");
        double sum = 0, v[LINES] = {0};
        unsigned n = 0;
        for (const cJSON *e = cJSON_IsArray(lines) ? lines->child : NULL; e && n < LINES; e = e->next)
            sum += v[n++] = cJSON_IsNumber(e) ? e->valuedouble : 0;
        if (!(sum > 0) || !isfinite(sum))
            continue;
        char label[128];
        snprintf(label, sizeof label, "%.60s.%.60s", all->of[i].layer, all->of[i].name);
        pm_plot_word(&plot, label);
        for (unsigned k = 0; k < LINES; k++)
            fprintf(plot.script, " %.6g", 100 * v[k] / sum);
        fputc('\n', plot.script);
        rows++;
    }
    if (rows == 0) {
        pm_plot_drop(&plot);
        return;
    }
    fputs(
        "EOD\nset style data histograms\nset style histogram rowstacked\nset style fill solid 1.0 noborder\n"
        "set boxwidth 0.85\nset xtics rotate by 50 right\nset yrange [0:100]\nset ylabel '% of accesses'\n"
        "set key outside right title 'wordlines'\n"
        "c = '#cfe3f7 #a9cdf0 #82b5e7 #5c9dde #3f84cf #2f6bb0 #24538b #1a3c66'\n"
        "plot for [i=9:2:-1] $d using (column(i)):xtic(1) title sprintf('%d', i-1) linecolor rgb word(c, "
        "i-1)\n",
        plot.script);
    pm_plot_end(&plot, p, "Wordlines that an access turns on (SAWL):", name, 900, 420);
}

/* ---- variants, energy ---- */

static const struct pm_report_column variant_column[] = {{"images", "images", 1, 0},
                                                         {"float, %", "accuracy_float", 100, 2},
                                                         {"integers, %", "accuracy_integer", 100, 2},
                                                         {"same class, %", "same_class", 100, 2},
                                                         {"perplexity", "perplexity_integer", 1, 4},
                                                         {"same next, %", "same_next", 100, 2},
                                                         {"cosine", "cosine_mean", 1, 5},
                                                         {"Spearman", "spearman_integer", 1, 4},
                                                         {"boost", "boost", 1, 2},
                                                         {"accesses", "accesses", 1, 0},
                                                         {"arrays", "arrays", 1, 0},
                                                         {"reads", "reads", 1, 0},
                                                         {"conversions", "conversions", 1, 0},
                                                         {"levels", "levels", 1, 0},
                                                         {"clocks", "clocks", 1, 0},
                                                         {"copies", "copies", 1, 0},
                                                         {"clocks with copies", "clocks_with_copies", 1, 0},
                                                         {"wrong codes", "conversion_errors", 1, 0},
                                                         {"units of energy", "energy/units", 1, 0},
                                                         {NULL, NULL, 0, 0}};

static void put_variants(struct pm_page *p, const struct pm_report_file *f, const char *name) {
    static const char *const cost[] = {"energy/units", "clocks", "conversions", "accesses"};
    const cJSON *list = pm_report_item(f->root, "variants");
    const unsigned n = cJSON_IsArray(list) ? (unsigned)cJSON_GetArraySize(list) : 0;
    const cJSON **object = calloc(n + 1, sizeof *object);
    struct pm_report_point *at = calloc(n + 1, sizeof *at);
    unsigned points = 0, c;
    for (unsigned i = 0; object && i < n; i++)
        object[i] = i ? object[i - 1]->next : list->child;
    if (object && n > 0)
        pm_report_objects(p, "What each choice is worth", "variant", object, n, "variant", variant_column);
    for (c = 0; c < sizeof cost / sizeof *cost && object && at && points < 3; c++) {
        points = 0;
        for (unsigned i = 0; i < n; i++) {
            const double x = pm_report_number(object[i], cost[c]);
            const double y = 100 * pm_report_number(object[i], "accuracy_integer");
            if (x > 0 && isfinite(y))
                at[points++] =
                    (struct pm_report_point){.x = x, .y = y, .name = pm_report_string(object[i], "variant")};
        }
    }
    if (points >= 3) {
        pm_report_front(at, points, false);
        pm_report_scatter(p, "Variants, accuracy against cost:", name,
                          strchr(cost[c - 1], '/') ? "units of energy" : cost[c - 1],
                          "accuracy in integers, %", at, points, true, false);
    }
    free(object);
    free(at);
}

/* Units of a model of energy, by layer and engine. */
static void put_energy(struct pm_page *p, const struct pm_report_file *f, const char *name) {
    const cJSON *energy = pm_report_item(f->root, "energy");
    enum { MOST = 40 };
    struct pm_report_point at[MOST];
    char label[MOST][96];
    unsigned n = 0;
    for (const cJSON *l = cJSON_IsObject(energy) ? energy->child : NULL; l; l = l->next)
        for (const cJSON *k = cJSON_IsObject(l) ? l->child : NULL; k && n < MOST; k = k->next) {
            const double v = pm_report_number(k, "units");
            if (!isfinite(v))
                continue;
            snprintf(label[n], sizeof label[n], "%.40s.%.40s", l->string, k->string);
            at[n] = (struct pm_report_point){.x = v, .name = label[n], .kind = 'A'};
            n++;
        }
    if (n > 0)
        pm_report_bars(p, "Energy by layer and engine, an item, in the model's units:", name, "units", at, n);
}

/* ---- RTL against golden ---- */

static bool ends(const char *s, const char *with) {
    const size_t n = strlen(s), m = strlen(with);
    return n >= m && strcmp(s + n - m, with) == 0;
}

/* "A_compared" beside "A_differ", wherever in the document they stand. */
static unsigned put_compared(struct pm_page *p, const cJSON *of, const char *group, bool begun) {
    unsigned rows = 0;
    for (const cJSON *e = of ? of->child : NULL; e; e = e->next) {
        char name[160], differ[96];
        if (cJSON_IsObject(e) || cJSON_IsArray(e)) {
            snprintf(name, sizeof name, "%.100s%s%.40s", group, *group && e->string ? "/" : "",
                     e->string ? e->string : "");
            rows += put_compared(p, e, name, begun || rows > 0);
            continue;
        }
        if (!e->string || !cJSON_IsNumber(e) || !ends(e->string, "_compared") || e->valuedouble == 0)
            continue;
        snprintf(differ, sizeof differ, "%.*sdiffer", (int)(strlen(e->string) - strlen("compared")),
                 e->string);
        const cJSON *d = cJSON_GetObjectItemCaseSensitive(of, differ);
        snprintf(name, sizeof name, "%.100s%s%.40s", group, *group ? "/" : "", e->string);
        if (!begun && rows == 0)
            pm_page_table(p, "RTL against golden", NULL, "what|integers compared|differ");
        rows++;
        pm_page_row(p, name);
        pm_page_cell_number(p, e->valuedouble, 0);
        pm_page_cell_number(p, cJSON_IsNumber(d) ? d->valuedouble : NAN, 0);
        pm_page_html(p, "</tr>\n");
    }
    return rows;
}

static void put_rtl(struct pm_page *p, const struct pm_report_file *f) {
    static const char *const pair[][3] = {
        {"pass 1 (K, V)", "cycles_per_token_pass1", "bound_per_token_pass1"},
        {"pass 2 (Q, L, A*V, O)", "cycles_per_token_pass2", "bound_per_token_pass2"},
        {"pass 1 (K, V)", "rtl/clocks_a_token_pass1", "rtl/bound_a_token_pass1"},
        {"pass 2 (Q, L, A*V, O)", "rtl/clocks_a_token_pass2", "rtl/bound_a_token_pass2"},
        {"digital modules", "rtl_digital/clocks", "rtl_digital/clocks_golden"}};
    bool begun = false;
    if (put_compared(p, f->root, "", false) > 0)
        pm_page_table_end(p);
    else
        pm_page_html(p, "<p class=\"soft\">No layer of this run was in RTL.</p>\n");
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        const double clocks = pm_report_number(f->root, pair[i][1]),
                     bound = pm_report_number(f->root, pair[i][2]);
        if (!(clocks > 0) || !(bound > 0))
            continue;
        if (!begun)
            pm_page_table(p, "Clocks of the RTL", NULL, "what|clocks|bound|clocks over bound");
        begun = true;
        pm_page_row(p, pair[i][0]);
        pm_page_cell_number(p, clocks, -1);
        pm_page_cell_number(p, bound, -1);
        pm_page_cell_number(p, clocks / bound, 4);
        pm_page_html(p, "</tr>\n");
    }
    if (begun)
        pm_page_table_end(p);
}

static const struct pm_report_column cost_column[] = {
    {"arrays", "arrays", 1, 0},           {"reads", "reads", 1, 0},
    {"conversions", "conversions", 1, 0}, {"clocks", "clocks", 1, 0},
    {"copies", "copies", 1, 0},           {"clocks with copies", "clocks_with_copies", 1, 0},
    {"cells", "programming/cells", 1, 0}, {"pulses a cell", "programming/pulses_a_cell", 1, 3},
    {"years", "programming/years", 1, 2}, {NULL, NULL, 0, 0}};

void pm_report_run(struct pm_page *p, const struct pm_report_file *f) {
    char name[256];
    pm_report_title(f, name, sizeof name);
    put_config(p, f);
    pm_report_objects(p, "What was found", "of", (const cJSON *const[]){f->root}, 1, "", found);
    const cJSON *cost = pm_report_item(f->root, "cost");
    if (cost)
        pm_report_objects(p, "What the mapping costs, all items", "of", &cost, 1, "", cost_column);
    struct parts all = parts_of(f);
    put_layers(p, &all);
    put_sawl(p, &all, name);
    free(all.of);
    put_energy(p, f, name);
    put_variants(p, f, name);
    pm_report_classes(p, f);
    put_rtl(p, f);
    pm_report_numbers(p, f);
}
