// SPDX-License-Identifier: Apache-2.0
#include "chip/flare.h"

#include <stdio.h>
#include <stdlib.h>

#define BITS   8
#define WINDOW 8  /* wordlines of an access */
#define LEAST  64 /* rows of the smallest BitSift and of the smallest cache */

static double log_choose(double n, double k) {
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

double pm_flare_plane(int64_t rows, double density, int64_t arrays) {
    const double n = (double)rows, p = density;
    if (p <= 0)
        return 0;
    if (p >= 1)
        return ceil(n / WINDOW);
    /* Within 9 deviations and 80 of the mean: what is outside is below 1e-17. */
    const double mean = n * p, far = 9 * sqrt(n * p * (1 - p)) + 80;
    const int64_t first = mean > far ? (int64_t)(mean - far) : 0,
                  last = mean + far < n ? (int64_t)(mean + far) : rows;
    double share =
               exp(log_choose(n, (double)first) + (double)first * log(p) + (n - (double)first) * log1p(-p)),
           below = 0, sum = 0;
    double most = 0; /* P(largest <= accesses so far) */
    for (int64_t k = first; k <= last; k++) {
        below += share;
        share *= (n - (double)k) / ((double)k + 1) * p / (1 - p);
        if (k % WINDOW == 0 || k == last) {
            const double now = k == last ? 1 : pow(below < 1 ? below : 1, (double)arrays);
            sum += ceil((double)k / WINDOW) * (now - most);
            most = now;
        }
    }
    return sum;
}

double pm_flare_vector(int64_t rows, double density, bool sign, int64_t dc) {
    const int64_t each = (rows + dc - 1) / dc;
    const double planes = sign ? 2 * (BITS - 1) : BITS;
    return planes * pm_flare_plane(each, density * BITS / planes, dc);
}

double pm_flare_interval(const struct pm_flare_accesses *a) {
    double most = a->x;
    const double of[] = {a->l, a->av, a->o};
    for (int k = 0; k < 3; k++)
        most = of[k] > most ? of[k] : most;
    return a->x + most;
}

static int64_t whole(int64_t n, int64_t of) {
    return (n + of - 1) / of * of;
}

/* From densities; arrays: of `rows` that a matrix of dc of them has. */
static struct pm_flare_accesses by_density(const struct pm_chip_job *job, int64_t dc) {
    const struct pm_chip_shape *s = job->shape;
    const struct pm_chip_config *c = job->config;
    const int64_t context = (int64_t)ceil(pm_chip_context(s));
    return (struct pm_flare_accesses){pm_flare_vector(s->width, c->density_x, true, dc),
                                      pm_flare_vector(s->width / s->heads, c->density_q, false, dc),
                                      pm_flare_vector(context, c->density_a, false, dc),
                                      pm_flare_vector(s->width, c->density_o, true, dc)};
}

/* As a run counted them, where it did so for the layer. */
static bool counted(const struct pm_chip_job *job, unsigned layer, struct pm_flare_accesses *a) {
    static const char *const part[] = {"q", "l", "av", "o"};
    double *const to[] = {&a->x, &a->l, &a->av, &a->o};
    char name[48];
    snprintf(name, sizeof name, "attn%u", layer);
    for (int k = 0; k < 4; k++) {
        const struct pm_chip_counted *c =
            job->measured ? pm_chip_counted(job->measured, name, part[k]) : NULL;
        if (!c || isnan(c->accesses) || !(c->vectors > 0))
            return false;
        *to[k] = c->accesses / c->vectors;
    }
    return true;
}

static pm_status bill_layer(const struct pm_chip_job *job, unsigned layer, const struct pm_flare_accesses *a,
                            int64_t arrays, enum pm_chip_kind kind, struct pm_chip_bill *bill,
                            struct pm_error *e) {
    const struct pm_chip_shape *s = job->shape;
    const int64_t kvb = job->config->kvb, heads = s->heads, cache = whole(s->items, LEAST);
    const double n = (double)arrays, d = (double)s->width;
    /* BitSift's rows an array; columns of a matrix of weights, and of a head's caches. */
    const double rows_x = (double)whole((s->width + arrays - 1) / arrays, LEAST),
                 rows_v = (double)whole((cache + arrays - 1) / arrays, LEAST), columns = 8 * d,
                 columns_k = (double)(cache * kvb), columns_v = (double)(s->width / heads * kvb);
    const double h = (double)heads, rows_l = (double)whole((s->width / heads + arrays - 1) / arrays, LEAST);
    const struct pm_chip_action actions[] = {
        {layer, "access_kv", n * a->x, 0, rows_x, kind},
        {layer, "conversion_kv", n * a->x * 2 * columns, 0, NAN, kind},
        {layer, "access_q", n * a->x, 0, rows_x, kind},
        {layer, "conversion_q", n * a->x * columns, 0, NAN, kind},
        {layer, "access_l", n * h * a->l, 0, rows_l, kind},
        {layer, "conversion_l", n * h * a->l * columns_k, 0, NAN, kind},
        {layer, "softmax", h, 0, (double)s->items, kind},
        {layer, "access_av", n * h * a->av, 0, rows_v, kind},
        {layer, "conversion_av", n * h * a->av * columns_v, 0, NAN, kind},
        {layer, "access_o", n * a->o, 0, rows_x, kind},
        {layer, "conversion_o", n * a->o * columns, 0, NAN, kind},
    };
    pm_status status = PM_OK;
    for (size_t k = 0; k < sizeof actions / sizeof *actions && status == PM_OK; k++)
        status = pm_chip_act(bill, job, PM_CHIP_FLARE, &actions[k], NULL, 1, e);
    return status;
}

/* Every matrix of a layer's attention has to be here. */
static pm_status check(const struct pm_chip_job *job, unsigned i, bool *here, struct pm_error *e) {
    const struct pm_chip_layer *l = &job->shape->layer[i];
    unsigned attention = 0;
    for (unsigned k = 0; k < l->matrices; k++) {
        const struct pm_chip_matrix *m = &job->shape->matrix[l->first + k];
        if (job->system[l->first + k] != PM_CHIP_FLARE)
            continue;
        if (!l->attention || m->stage > 1)
            return pm_fail(e, PM_EINVAL, m->name, "FLARE computes attention, nothing else");
        attention++;
    }
    *here = attention == 4;
    return attention == 0 || *here ? PM_OK
                                   : pm_fail(e, PM_EINVAL, l->name, "FLARE computes attention as a whole");
}

struct sums {
    struct pm_figure interval;
    double accesses, x;
    unsigned layers;
    enum pm_chip_kind kind;
    bool counted;
};

static void put(const struct pm_chip_job *job, const struct sums *sum, struct pm_chip_part *part) {
    const struct pm_chip_shape *s = job->shape;
    const struct pm_chip_config *c = job->config;
    const int64_t dc = c->layout == PM_CHIP_TOKENS ? 1 : c->dc,
                  copies = c->layout == PM_CHIP_TOKENS ? c->dc : 1;
    const double layers = sum->layers, d = (double)s->width;
    const double windows = BITS * ceil(ceil(d / (double)dc) / WINDOW);
    const double columns =
        4 * 8 * d + (double)(s->heads * whole(s->items, LEAST) * c->kvb) + d * (double)c->kvb;
    const bool all = sum->counted && !isnan(job->measured->boost);
    pm_chip_put(part, "accesses_per_token", sum->accesses / layers, "accesses", sum->kind);
    pm_chip_put(part, "accesses_x", sum->x / layers, "accesses", sum->kind);
    pm_chip_put(part, "boost", all ? job->measured->boost : windows / (sum->x / layers), NULL, sum->kind);
    pm_chip_put(part, "boost_limit", 1 / c->density_x, NULL, PM_CHIP_ASSUMED);
    pm_chip_put(part, "mram_bits_per_layer", 32 * d * d * (double)copies, "bits", s->kind);
    pm_chip_put(part, "sram_bits_per_layer", 2 * (double)s->items * d * (double)(c->kvb * copies), "bits",
                s->kind);
    pm_chip_put(part, "converters_per_layer", columns * (double)c->dc, "converters", s->kind);
    pm_chip_put(part, "traffic_elements", 3 * d, "elements/token/layer", s->kind);
}

pm_status pm_chip_flare(const struct pm_chip_job *job, struct pm_chip_part *part, struct pm_chip_bill *bill,
                        struct pm_error *e) {
    const struct pm_chip_shape *s = job->shape;
    const struct pm_chip_config *c = job->config;
    const bool tokens = c->layout == PM_CHIP_TOKENS;
    const int64_t dc = tokens ? 1 : c->dc;
    const struct pm_flare_accesses model = s->images ? (struct pm_flare_accesses){0} : by_density(job, dc);
    /* Arrays of a matrix share its ones: what one does, not the slowest. */
    const struct pm_flare_accesses one =
        s->images || dc == 1
            ? model
            : (struct pm_flare_accesses){
                  pm_flare_vector((s->width + dc - 1) / dc, c->density_x, true, 1),
                  pm_flare_vector((s->width / s->heads + dc - 1) / dc, c->density_q, false, 1),
                  pm_flare_vector(((int64_t)ceil(pm_chip_context(s)) + dc - 1) / dc, c->density_a, false, 1),
                  pm_flare_vector((s->width + dc - 1) / dc, c->density_o, true, 1)};
    struct sums sum = {.interval = {0, PM_CHIP_MEASURED}};
    pm_status status = PM_OK;
    for (unsigned i = 0; i < s->layers && status == PM_OK; i++) {
        bool here;
        status = check(job, i, &here, e);
        if (status != PM_OK || !here)
            continue;
        struct pm_flare_accesses a = model, does = one;
        const bool known = dc == 1 && counted(job, i, &a);
        const enum pm_chip_kind kind = known ? PM_CHIP_MEASURED : PM_CHIP_ASSUMED;
        if (known)
            does = a;
        if (dc == 1 && sum.layers > 0 && known != sum.counted)
            return pm_fail(e, PM_EINVAL, s->layer[i].name,
                           "the run counted some layers of the network and not others: it is another's");
        const struct pm_figure access = c->read_ns > 0 ? pm_figure(c->read_ns, PM_CHIP_SOURCE)
                                        : known        ? pm_figure(5, PM_CHIP_MEASURED)
                                                       : pm_figure(10, PM_CHIP_SOURCE);
        const bool clocks = known && !isnan(job->measured->cycles_per_token);
        const struct pm_figure n = {clocks ? job->measured->cycles_per_token : pm_flare_interval(&a), kind};
        sum.interval = pm_figure_plus(sum.interval, pm_figure_times(n, access));
        sum.accesses += n.value;
        sum.x += a.x;
        sum.layers++;
        sum.kind = pm_worst(sum.kind, kind);
        sum.counted = known;
        status = bill_layer(job, i, &does, dc, kind, bill, e);
    }
    if (status == PM_OK && sum.layers == 0)
        status = pm_fail(e, PM_EINVAL, "flare", "the network has no attention");
    if (status != PM_OK)
        return status;
    part->latency_ns = sum.interval;
    part->interval_ns = tokens ? pm_figure_scaled(sum.interval, 1 / (double)c->dc) : sum.interval;
    part->interval_ns.kind = pm_worst(part->interval_ns.kind, sum.counted ? PM_CHIP_MEASURED : s->kind);
    part->area_mm2 = pm_chip_area(job->table[PM_CHIP_FLARE], "");
    put(job, &sum, part);
    return PM_OK;
}
