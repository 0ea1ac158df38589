// SPDX-License-Identifier: Apache-2.0
/* What layers cost in engines that count units of energy, a model: the defaults of the systems, no
 * measurement. */
#include "run.h"

#include <math.h>
#include <stdlib.h>

#include "wake.h"

double pm_run_units(const struct pm_counts *c) {
    return c->of[PM_COUNT_ROW_READS] > 0 ? 0 : (double)c->of[PM_COUNT_ENERGY] / 1000;
}

/* Of all engines. */
static double all_units(const struct pm_tally *t) {
    return (double)(pm_tally_sum(t, PM_COUNT_ENERGY, PM_COUNT_ENERGY) -
                    pm_tally_sum(t, PM_COUNT_ROW_READS, PM_COUNT_ENERGY)) /
           1000;
}

bool pm_run_has_units(const struct pm_run_outcome *o) {
    return all_units(&o->tally) > 0;
}

static void add_part(const char *name, const struct pm_counts *c, double images, double all,
                     struct pm_results *r) {
    const double exact = (double)c->of[PM_COUNT_EXACT];
    pm_result_group(r, name);
    pm_result_real(r, "units", pm_run_units(c) / images, "units", PM_RESULT_DERIVED);
    pm_result_real(r, "share", pm_ratio(pm_run_units(c), all), NULL, PM_RESULT_DERIVED);
    if (c->of[PM_COUNT_CONVENTIONAL] > 0) {
        pm_result_real(r, "accesses", (double)c->of[PM_COUNT_ACCESSES] / images, "accesses",
                       PM_RESULT_MEASURED);
        pm_result_real(r, "conventional", (double)c->of[PM_COUNT_CONVENTIONAL] / images, "accesses",
                       PM_RESULT_DERIVED);
        pm_result_real(r, "clips",
                       pm_ratio((double)c->of[PM_COUNT_CLIPS], (double)c->of[PM_COUNT_CONVERSIONS]), NULL,
                       PM_RESULT_MEASURED);
    }
    if (exact > 0)
        pm_result_real(r, "relative_error", sqrt((double)c->of[PM_COUNT_ERROR] / exact), NULL,
                       PM_RESULT_MEASURED);
    pm_result_end(r);
}

/* Clocks of a layer and image, its engines side by side. */
static int64_t clocks_of(const struct pm_tally *t, unsigned node, double images) {
    uint64_t most = 0;
    for (unsigned k = 0; k < pm_system_parts(t->system[node]); k++)
        most = t->counts[node][k].of[PM_COUNT_CLOCKS] > most ? t->counts[node][k].of[PM_COUNT_CLOCKS] : most;
    return most > 0 ? (int64_t)ceil((double)most / images) : 1;
}

/* Clocks from wake-up to the first image's class; negative: the weights do not fit the SRAM. */
static int64_t wake_up(const struct pm_run_outcome *o) {
    const struct pm_wake_cfg cfg = {.pwr = 1000, .bus = 128, .cap = 1 << 20};
    const struct pm_tally *t = &o->tally;
    int64_t *bits = calloc(3 * t->graph->nodes + 1, sizeof *bits), *run = bits + t->graph->nodes,
            *end = run + t->graph->nodes, clocks = -1;
    size_t n = 0;
    for (unsigned i = 0; bits && i < t->graph->nodes; i++)
        if (t->counts[i]) {
            bits[n] = (int64_t)t->held[i].sram_bits;
            run[n++] = clocks_of(t, i, o->images);
        }
    if (bits && n > 0 && pm_wake(&cfg, bits, run, n, end, NULL) == PM_OK)
        clocks = end[n - 1];
    free(bits);
    return clocks;
}

void pm_run_add_units(const struct pm_run_outcome *o, struct pm_results *r) {
    const struct pm_tally *t = &o->tally;
    const double all = all_units(t), images = o->images;
    const double drop = 100.0 * ((double)o->correct_float - o->correct_integer) / images;
    const int64_t wake = wake_up(o);
    if (all == 0)
        return;
    pm_result_group(r, "energy");
    pm_result_real(r, "units", all / images, "units", PM_RESULT_DERIVED);
    pm_result_real(r, "accesses", (double)pm_tally_sum(t, PM_COUNT_CONVENTIONAL, PM_COUNT_ACCESSES) / images,
                   "accesses", PM_RESULT_MEASURED);
    pm_result_real(r, "conventional",
                   (double)pm_tally_sum(t, PM_COUNT_CONVENTIONAL, PM_COUNT_CONVENTIONAL) / images, "accesses",
                   PM_RESULT_DERIVED);
    if (wake >= 0)
        pm_result_int(r, "wake_up", wake, "clocks", PM_RESULT_DERIVED);
    if (o->labelled && drop > 0)
        pm_result_real(r, "merit", 1e6 * images / all / drop, "images a million units and point",
                       PM_RESULT_DERIVED);
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        if (!t->counts[i])
            continue;
        pm_result_group(r, t->graph->node[i].name);
        for (unsigned k = 0; k < pm_system_parts(t->system[i]); k++)
            if (pm_run_units(&t->counts[i][k]) > 0)
                add_part(t->system[i]->parts[k], &t->counts[i][k], images, all, r);
        pm_result_end(r);
    }
    pm_result_end(r);
}

static double number(const struct pm_results *r, const char *path, const char *group, const char *part,
                     const char *key) {
    char full[192];
    snprintf(full, sizeof full, "%senergy/%s%s%s%s%s", path, group, *group ? "/" : "", part, *part ? "/" : "",
             key);
    return pm_results_number(r, full);
}

static void print_number(double v, int width, int digits, FILE *to) {
    if (isnan(v))
        fprintf(to, " %*s", width, "-");
    else
        fprintf(to, " %*.*f", width, digits, v);
}

void pm_run_print_units(const struct pm_run_outcome *o, const struct pm_results *r, const char *path,
                        FILE *to) {
    const struct pm_tally *t = &o->tally;
    fprintf(to, "  units of energy, a model: one a memristor access and pair of columns, SRAM plane, pair of "
                "rows and "
                "column, tiny MAC\n");
    fprintf(to, "  %-8s %-10s %9s %7s %9s %8s %9s %9s\n", "layer", "engine", "units", "share", "accesses",
            "saved", "clipped", "error");
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++) {
            const char *name = t->graph->node[i].name, *part = t->system[i]->parts[k];
            if (!(pm_run_units(&t->counts[i][k]) > 0))
                continue;
            const double accesses = number(r, path, name, part, "accesses");
            fprintf(to, "  %-8s %-10s %9.0f %6.2f%%", name, part, number(r, path, name, part, "units"),
                    100 * number(r, path, name, part, "share"));
            print_number(accesses, 9, 0, to);
            print_number(100 * (accesses / number(r, path, name, part, "conventional") - 1), 7, 2, to);
            print_number(100 * number(r, path, name, part, "clips"), 8, 4, to);
            print_number(number(r, path, name, part, "relative_error"), 9, 5, to);
            fputc('\n', to);
        }
}

void pm_run_print_units_line(const struct pm_results *r, const char *path, FILE *to) {
    const double accesses = number(r, path, "", "", "accesses");
    print_number(number(r, path, "", "", "units"), 8, 0, to);
    print_number(accesses, 9, 0, to);
    print_number(100 * (accesses / number(r, path, "", "", "conventional") - 1), 8, 2, to);
    print_number(number(r, path, "", "", "wake_up"), 8, 0, to);
    print_number(number(r, path, "", "", "merit"), 7, 3, to);
    fputc('\n', to);
}
