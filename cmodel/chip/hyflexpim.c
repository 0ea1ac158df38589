// SPDX-License-Identifier: Apache-2.0
#include "chip/hyflexpim.h"

#include "nor_pim.h"

#include <stdlib.h>
#include <string.h>

#define PLANES 8
#define ROWS   64
#define COLS   128

static int64_t ceiling(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/* ---- geometry and mapping ---- */

/* Arrays of rows x cols weights of 8 bits in cells of `bits`. */
static int64_t tiles(int64_t rows, int64_t cols, int64_t bits) {
    return ceiling(rows, ROWS) * ceiling(cols, COLS / 8 * bits);
}

bool pm_hyflex_factors(int64_t rows, int64_t cols, bool svd) {
    return svd && rows * cols >= rows + cols;
}

struct pm_hyflex_arrays pm_hyflex_arrays(int64_t rows, int64_t cols, bool svd, int64_t percent) {
    if (!pm_hyflex_factors(rows, cols, svd))
        return percent > 0 ? (struct pm_hyflex_arrays){.slc = tiles(rows, cols, 1)}
                           : (struct pm_hyflex_arrays){.mlc = tiles(rows, cols, 2)};
    const int64_t ranks = rows * cols / (rows + cols), slc = percent * ranks / 100, mlc = ranks - slc;
    return (struct pm_hyflex_arrays){tiles(rows, slc, 1) + tiles(slc, cols, 1),
                                     tiles(rows, mlc, 2) + tiles(mlc, cols, 2)};
}

int64_t pm_hyflex_units(int64_t arrays) {
    return ceiling(arrays, PM_HYFLEX_PU_ARRAYS);
}

/* Chips where each takes layers in order, at most `most` of them; *spare: what the fullest has left a layer.
 */
static int64_t fill(const int64_t *need, unsigned layers, unsigned most, int64_t *spare) {
    int64_t chips = 1, used = 0, n = 0;
    *spare = PM_HYFLEX_UNITS;
    for (unsigned i = 0; i < layers; i++) {
        if (used + need[i] > PM_HYFLEX_UNITS || n == most) {
            chips++;
            used = n = 0;
        }
        used += need[i];
        n++;
        const int64_t left = (PM_HYFLEX_UNITS - used) / n;
        *spare = left < *spare ? left : *spare;
    }
    return chips;
}

void pm_hyflex_place(const int64_t *need, unsigned layers, int64_t *chips, int64_t *spare) {
    int64_t even;
    *chips = fill(need, layers, layers, spare);
    /* The same layers a chip, where that takes no more chips. */
    const unsigned each = (layers + (unsigned)*chips - 1) / (unsigned)*chips;
    if (fill(need, layers, each, &even) == *chips)
        *spare = even;
}

double pm_hyflex_products(int64_t abits, bool packed) {
    const struct pm_nor_layout l = pm_nor_layout(PM_HYFLEX_NOR_SIDE, (unsigned)abits, 8);
    const double a_row =
        packed ? (double)l.mults / l.rows : (double)PM_HYFLEX_NOR_SIDE / PM_NOR_COLUMNS / (double)l.products;
    return a_row / PM_NOR_CLOCKS * PM_HYFLEX_NOR;
}

double pm_hyflex_writes(double products, int64_t abits, double cells) {
    /* A partial product writes both operands, presets and computes its result. */
    return 4 * products * (double)(8 * 8 + abits * 8) / cells;
}

double pm_hyflex_clocks(int64_t bits, int64_t sars) {
    return (double)(PLANES * COLS * (bits + 2)) / (double)sars;
}

int64_t pm_hyflex_score_tokens(int64_t units, int64_t heads, int64_t abits) {
    return (int64_t)sqrt((double)units * PM_HYFLEX_NOR_CELLS / (double)(heads * abits));
}

/* ---- a network ---- */

/* One layer's need, and what follows. */
struct layer {
    struct pm_hyflex_arrays arrays;
    int64_t units, given;
    double copies, reads; /* of arrays an item */
    struct pm_figure read, attention, interval, latency, sequence;
};

/* A vector's time in an array: the source's, or counted clocks of its converters, of 7 bits where there are
 * 2-bit cells. */
static struct pm_figure read_time(const struct pm_chip_job *job, const struct pm_hyflex_arrays *a) {
    const struct pm_chip_config *c = job->config;
    if (c->sars > 0)
        return pm_figure(pm_hyflex_clocks(a->mlc > 0 ? 7 : 6, c->sars) * c->sar_clock_ns, PM_CHIP_MEASURED);
    return pm_figure(PLANES * (c->read_ns > 0 ? c->read_ns : 100), PM_CHIP_SOURCE);
}

static bool on_chip(const struct pm_chip_job *job, const struct pm_chip_matrix *m) {
    return job->system[m - job->shape->matrix] == PM_CHIP_HYFLEXPIM;
}

/* Arrays, reads and the vectors that pass one after the other. */
static double need(const struct pm_chip_job *job, unsigned i, struct layer *l) {
    const struct pm_chip_layer *of = &job->shape->layer[i];
    double vectors = 0;
    *l = (struct layer){.units = 0};
    for (unsigned k = 0; k < of->matrices; k++) {
        const struct pm_chip_matrix *m = &job->shape->matrix[of->first + k];
        if (!on_chip(job, m))
            continue;
        const struct pm_hyflex_arrays a =
            pm_hyflex_arrays(m->rows, m->cols, job->config->svd, job->config->slc_percent);
        l->arrays.slc += a.slc * m->groups;
        l->arrays.mlc += a.mlc * m->groups;
        vectors = (double)m->vectors > vectors ? (double)m->vectors : vectors;
    }
    return vectors;
}

/* Stages of a vector's way through the layer, each of two factors where there are factors. */
static double stages(const struct pm_chip_job *job, unsigned i) {
    const struct pm_chip_layer *of = &job->shape->layer[i];
    double at[8] = {0}, sum = 0;
    for (unsigned k = 0; k < of->matrices; k++) {
        const struct pm_chip_matrix *m = &job->shape->matrix[of->first + k];
        const double n = pm_hyflex_factors(m->rows, m->cols, job->config->svd) ? 2 : 1;
        if (on_chip(job, m) && n > at[m->stage])
            at[m->stage] = n;
    }
    for (int k = 0; k < 8; k++)
        sum += at[k];
    return sum;
}

static double copies_of(const struct pm_chip_config *c, const struct layer *l) {
    const double n = (double)(l->arrays.slc + l->arrays.mlc),
                 there = (double)(l->given * PM_HYFLEX_PU_ARRAYS);
    return n <= 0 || c->replicate == PM_CHIP_REPLICATE_NONE ? 1
           : c->replicate == PM_CHIP_REPLICATE_FLUID        ? there / n
                                                            : floor(there / n);
}

static double functions(const struct pm_chip_shape *s, unsigned i, bool attends) {
    return (double)s->layer[i].functions + (attends ? 2 * (double)s->heads * pm_chip_context(s) : 0);
}

static void time_layer(const struct pm_chip_job *job, unsigned i, double vectors, struct layer *l) {
    const struct pm_chip_shape *s = job->shape;
    const struct pm_chip_config *c = job->config;
    const bool attends = pm_chip_attends(job, i, PM_CHIP_HYFLEXPIM);
    const double modules = PM_HYFLEX_DIGITAL * (double)(l->given > 0 ? l->given : 1),
                 half = pm_chip_products(s) / 2;
    const bool packed = c->layout != PM_CHIP_LITERAL;
    const double ns = attends
                          ? half / modules / c->clock_ghz *
                                (1 / pm_hyflex_products(8, packed) + 1 / pm_hyflex_products(c->abits, packed))
                          : 0;
    l->copies = copies_of(c, l);
    l->read = read_time(job, &l->arrays);
    /* The modules' clock is a choice. */
    l->attention = pm_figure(ns, attends ? PM_CHIP_ASSUMED : s->kind);
    const struct pm_figure linear =
        pm_figure(vectors > 0 ? vectors * l->read.value / l->copies : 0, pm_worst(s->kind, l->read.kind));
    l->interval = pm_figure_most(linear, l->attention);
    const struct pm_figure special = {functions(s, i, attends) / (double)c->lanes / modules, PM_CHIP_SOURCE};
    const double passes = stages(job, i) + (vectors > 1 ? (vectors - 1) / l->copies : 0);
    l->latency = pm_figure_plus(pm_figure_plus(pm_figure_scaled(l->read, passes), l->attention), special);
    l->latency.kind = pm_worst(l->latency.kind, s->kind);
    /* Without a mask a layer has its keys and values first. */
    const double n = (double)s->items;
    l->sequence = pm_figure_plus(pm_figure_scaled(l->interval, n), l->latency);
    if (attends)
        l->sequence.value += n * linear.value;
}

static pm_status bill_layer(const struct pm_chip_job *job, unsigned i, struct pm_chip_bill *bill,
                            struct pm_error *e) {
    const struct pm_chip_shape *s = job->shape;
    const struct pm_chip_config *c = job->config;
    const bool attends = pm_chip_attends(job, i, PM_CHIP_HYFLEXPIM), packed = c->layout != PM_CHIP_LITERAL;
    /* The energy of a read is the table's power in the source's time, whatever the time here. */
    const double plane = c->read_ns > 0 ? c->read_ns : 100, half = pm_chip_products(s) / 2;
    const double six = c->adc_table == 7 ? 1 / c->adc7 : 1;
    double slc = 0, mlc = 0;
    const struct pm_chip_layer *of = &s->layer[i];
    const enum pm_chip_kind kind = s->kind;
    for (unsigned k = 0; k < of->matrices; k++) {
        const struct pm_chip_matrix *m = &s->matrix[of->first + k];
        if (!on_chip(job, m))
            continue;
        const struct pm_hyflex_arrays a = pm_hyflex_arrays(m->rows, m->cols, c->svd, c->slc_percent);
        const double planes = PLANES * (double)m->groups * (double)m->vectors;
        slc += (double)a.slc * planes;
        mlc += (double)a.mlc * planes;
    }
    const struct pm_chip_action actions[] = {
        {i, "read_slc", slc, plane, 1, kind},
        {i, "read_mlc", mlc, plane, 1, kind},
        {i, "product_qk", attends ? half : 0, 1 / pm_hyflex_products(8, packed) / c->clock_ghz, 1,
         PM_CHIP_ASSUMED},
        {i, "product_av", attends ? half : 0, 1 / pm_hyflex_products(c->abits, packed) / c->clock_ghz, 1,
         PM_CHIP_ASSUMED},
        {i, "function", functions(s, i, attends), 1 / (double)c->lanes, 1, kind},
        {i, "byte", s->images ? 0 : (double)s->width, 1, 1, kind},
    };
    pm_status status = PM_OK;
    for (size_t k = 0; k < sizeof actions / sizeof *actions && status == PM_OK; k++)
        if (actions[k].count > 0)
            status = pm_chip_act(bill, job, PM_CHIP_HYFLEXPIM, &actions[k], "adc",
                                 k == 1 ? six * c->adc7 : six, e);
    return status;
}

/* Reads of a matrix's arrays of one cell that a run counted, an inference. */
static double reads_of(const struct pm_chip_job *job, const struct pm_chip_matrix *m, const char *cell) {
    const struct pm_chip_counted *c = pm_chip_counted(job->measured, m->name, cell);
    return c && c->reads >= 0 ? c->reads * (double)job->shape->items : 0;
}

/* Reads, conversions and clocks of an inference, as `perimeter run` counts them: a plane after the other,
 * matrix after matrix. */
static void put_counts(const struct pm_chip_job *job, struct pm_chip_part *part) {
    const struct pm_chip_config *c = job->config;
    const int64_t sars = c->sars > 0 ? c->sars : 8;
    double reads = 0, clocks = 0, measured_reads = 0, measured_clocks = 0;
    bool measured = job->measured != NULL;
    for (unsigned k = 0; k < job->shape->matrices; k++) {
        const struct pm_chip_matrix *m = &job->shape->matrix[k];
        if (!on_chip(job, m))
            continue;
        const struct pm_hyflex_arrays a = pm_hyflex_arrays(m->rows, m->cols, c->svd, c->slc_percent);
        const double vectors = (double)(m->vectors * job->shape->items);
        const double factors = pm_hyflex_factors(m->rows, m->cols, c->svd) ? 2 : 1;
        reads += PLANES * (double)((a.slc + a.mlc) * m->groups) * vectors;
        clocks += factors * vectors * pm_hyflex_clocks(a.mlc > 0 ? 7 : 6, sars);
        const struct pm_chip_counted *of = measured ? pm_chip_counted(job->measured, m->name, "whole") : NULL;
        measured = of != NULL;
        measured_reads += measured ? reads_of(job, m, "slc") + reads_of(job, m, "mlc") : 0;
        measured_clocks += of ? of->clocks * (double)job->shape->items : 0;
    }
    pm_chip_put(part, "reads", reads, "reads/inference", job->shape->kind);
    pm_chip_put(part, "conversions", COLS * reads, "conversions/inference", job->shape->kind);
    pm_chip_put(part, "clocks", clocks, "clocks/inference", job->shape->kind);
    if (measured) {
        pm_chip_put(part, "measured_reads", measured_reads, "reads/inference", PM_CHIP_MEASURED);
        pm_chip_put(part, "measured_clocks", measured_clocks, "clocks/inference", PM_CHIP_MEASURED);
    }
}

static void put_capacity(const struct pm_chip_job *job, const struct layer *l, unsigned at, int64_t chips,
                         double cells, double used, struct pm_chip_part *part) {
    const struct pm_chip_shape *s = job->shape;
    const struct layer *big = &l[at];
    const double arrays = (double)(big->arrays.slc + big->arrays.mlc);
    pm_chip_put(part, "arrays_per_layer", arrays, "arrays", s->kind);
    pm_chip_put(part, "arrays_slc_per_layer", (double)big->arrays.slc, "arrays", s->kind);
    pm_chip_put(part, "arrays_mlc_per_layer", (double)big->arrays.mlc, "arrays", s->kind);
    pm_chip_put(part, "pus_per_layer", (double)big->units, "units", s->kind);
    pm_chip_put(part, "pus_given_per_layer", (double)big->given, "units", s->kind);
    pm_chip_put(part, "copies", big->copies, NULL, s->kind);
    pm_chip_put(part, "chips", (double)chips, "chips", s->kind);
    pm_chip_put(part, "utilisation_cells", used / cells, NULL, s->kind);
    pm_chip_put(part, "peak_tops_slc",
                (double)(chips * PM_HYFLEX_UNITS * PM_HYFLEX_PU_ARRAYS) * ROWS * (COLS / 8) * 2 /
                    (big->read.value * 1e3),
                "TOPS", big->read.kind);
    pm_chip_put(part, "peak_tops_mlc",
                (double)(chips * PM_HYFLEX_UNITS * PM_HYFLEX_PU_ARRAYS) * ROWS * (COLS / 4) * 2 /
                    (big->read.value * 1e3),
                "TOPS", big->read.kind);
}

/* Energy of a read of an array, nJ. */
static double read_energy(const struct pm_chip_job *job, double adc) {
    const struct pm_chip_table *t = job->table[PM_CHIP_HYFLEXPIM];
    const double plane = job->config->read_ns > 0 ? job->config->read_ns : 100;
    double sum = 0;
    for (unsigned i = 0; i < t->n; i++) {
        const struct pm_chip_component *c = &t->component[i];
        const double pj = isnan(c->energy_pj) ? c->power_mw * plane : c->energy_pj;
        if (pm_chip_acts(c, "read"))
            sum += strcmp(c->name, "adc") == 0 ? pj * adc : pj;
    }
    return sum;
}

static void put_macro(const struct pm_chip_job *job, struct pm_chip_part *part) {
    const struct pm_chip_config *c = job->config;
    const double six = c->adc_table == 7 ? 1 / c->adc7 : 1;
    const double slc = PLANES * read_energy(job, six), mlc = PLANES * read_energy(job, six * c->adc7);
    const double macs = ROWS * (COLS / 8);
    pm_chip_put(part, "pj_per_mac_slc", slc / macs, "pJ", PM_CHIP_SOURCE);
    pm_chip_put(part, "pj_per_mac_mlc", mlc / (2 * macs), "pJ", PM_CHIP_SOURCE);
    pm_chip_put(part, "macro_tops_per_w_slc", 2 * macs / slc, "TOPS/W", PM_CHIP_SOURCE);
    pm_chip_put(part, "macro_tops_per_w_mlc", 4 * macs / mlc, "TOPS/W", PM_CHIP_SOURCE);
}

/* What the digital modules hold and how they wear. */
static void put_attention(const struct pm_chip_job *job, const struct layer *l, struct pm_chip_part *part) {
    const struct pm_chip_shape *s = job->shape;
    const struct pm_chip_config *c = job->config;
    const double days = c->endurance / c->inferences_a_day, year = 365.25;
    const double cells = (double)l->given * PM_HYFLEX_NOR_CELLS;
    const double writes = pm_hyflex_writes(pm_chip_products(s) / 2 * (double)s->items, c->abits, cells);
    pm_chip_put(part, "attention_ns", l->attention.value, "ns", l->attention.kind);
    pm_chip_put(part, "kvq_mib", 3 * (double)s->items * (double)s->width / 0x1p20, "MiB", s->kind);
    pm_chip_put(part, "digital_mib", cells / 8 / 0x1p20, "MiB", s->kind);
    pm_chip_put(part, "score_tokens", (double)pm_hyflex_score_tokens(l->given, s->heads, c->abits), "tokens",
                s->kind);
    pm_chip_put(part, "wear_writes", writes, "writes/cell/inference", s->kind);
    pm_chip_put(part, "years_of_storage", days / year, "years", PM_CHIP_SOURCE);
    pm_chip_put(part, "years_of_products", days / writes / year, "years", PM_CHIP_ASSUMED);
}

static void put_traffic(const struct pm_chip_job *job, const struct layer *l, struct pm_chip_part *part) {
    const double bytes = (double)job->shape->width, gb_s = 128;
    pm_chip_put(part, "hidden_ns", bytes / gb_s, "ns", job->shape->kind);
    pm_chip_put(part, "hidden_int32_ns", 4 * bytes / gb_s, "ns", job->shape->kind);
    pm_chip_put(part, "pu_bus_gb_s", (double)PM_HYFLEX_PU_ARRAYS * (COLS / 8) * 4 / l->read.value, "GB/s",
                pm_worst(l->read.kind, PM_CHIP_SOURCE));
}

static pm_status place(const struct pm_chip_job *job, struct layer *l, int64_t *units, double *vectors,
                       int64_t *chips, struct pm_error *e) {
    const unsigned n = job->shape->layers;
    int64_t spare;
    unsigned placed = 0;
    for (unsigned i = 0; i < n; i++) {
        vectors[i] = need(job, i, &l[i]);
        l[i].units = pm_hyflex_units(l[i].arrays.slc + l[i].arrays.mlc);
        if (l[i].units > PM_HYFLEX_UNITS)
            return pm_fail(e, PM_ERANGE, job->shape->layer[i].name, "needs %lld units, a chip has %d",
                           (long long)l[i].units, PM_HYFLEX_UNITS);
        if (l[i].units > 0)
            units[placed++] = l[i].units;
    }
    pm_hyflex_place(units, placed, chips, &spare);
    for (unsigned i = 0; i < n; i++)
        l[i].given = l[i].units > 0 ? l[i].units + spare : 0;
    return PM_OK;
}

pm_status pm_chip_hyflexpim(const struct pm_chip_job *job, struct pm_chip_part *part,
                            struct pm_chip_bill *bill, struct pm_error *e) {
    const struct pm_chip_shape *s = job->shape;
    struct layer *l = calloc(s->layers, sizeof *l);
    int64_t *units = calloc(s->layers, sizeof *units), chips = 1;
    double *vectors = calloc(s->layers, sizeof *vectors), used = 0;
    unsigned big = 0;
    pm_status status = l && units && vectors ? place(job, l, units, vectors, &chips, e)
                                             : pm_fail(e, PM_ENOMEM, "chip", "out of memory");
    struct pm_figure sequence = {0, PM_CHIP_MEASURED}, analog = {0, PM_CHIP_MEASURED};
    for (unsigned i = 0; i < s->layers && status == PM_OK; i++) {
        if (l[i].units == 0)
            continue;
        time_layer(job, i, vectors[i], &l[i]);
        status = bill_layer(job, i, bill, e);
        part->interval_ns = pm_figure_most(part->interval_ns, l[i].interval);
        part->latency_ns = pm_figure_plus(part->latency_ns, l[i].latency);
        sequence = pm_figure_plus(sequence, l[i].sequence);
        used += (double)(l[i].arrays.slc + l[i].arrays.mlc) * l[i].copies;
        analog.value += vectors[i] * l[i].read.value * (double)(l[i].arrays.slc + l[i].arrays.mlc);
        if (l[i].arrays.slc + l[i].arrays.mlc > l[big].arrays.slc + l[big].arrays.mlc)
            big = i;
    }
    if (status == PM_OK) {
        const double arrays = (double)(chips * PM_HYFLEX_UNITS * PM_HYFLEX_PU_ARRAYS);
        if (s->decode)
            part->interval_ns = part->latency_ns;
        part->area_mm2 = pm_figure_scaled(pm_chip_area(job->table[PM_CHIP_HYFLEXPIM], ""), (double)chips);
        put_capacity(job, l, big, chips, arrays, used, part);
        pm_chip_put(part, "utilisation_time", analog.value / arrays / part->interval_ns.value, NULL,
                    part->interval_ns.kind);
        put_macro(job, part);
        put_counts(job, part);
        put_traffic(job, &l[big], part);
        if (pm_chip_attends(job, big, PM_CHIP_HYFLEXPIM))
            put_attention(job, &l[big], part);
        if (!s->images && !s->causal)
            pm_chip_put(part, "sequence_latency_us", sequence.value / 1e3, "us", sequence.kind);
        pm_chip_put(part, "power_all_active_w",
                    (double)chips * pm_chip_power(job->table[PM_CHIP_HYFLEXPIM], "").value / 1e3, "W",
                    PM_CHIP_SOURCE);
    }
    free(l);
    free(units);
    free(vectors);
    return status;
}
