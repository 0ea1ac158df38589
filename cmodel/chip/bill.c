// SPDX-License-Identifier: Apache-2.0
#include "chip/chip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const pm_chip_system_name[PM_CHIP_SYSTEMS] = {"host", "hyflexpim", "flare",
                                                          "khwa", "nmc",       "xbar"};

static pm_chip_model *const models[PM_CHIP_SYSTEMS] = {NULL,         pm_chip_hyflexpim, pm_chip_flare,
                                                       pm_chip_khwa, pm_chip_nmc,       pm_chip_xbar};

enum pm_chip_system pm_chip_system_of(const char *name) {
    int s = 0;
    if (strcmp(name, "hyflex") == 0)
        return PM_CHIP_HYFLEXPIM;
    while (s < PM_CHIP_SYSTEMS && strcmp(name, pm_chip_system_name[s]) != 0)
        s++;
    return (enum pm_chip_system)s;
}

void pm_chip_put(struct pm_chip_part *part, const char *key, double value, const char *unit,
                 enum pm_chip_kind kind) {
    if (part->figures < PM_CHIP_FIGURES)
        part->figure[part->figures++] = (struct pm_chip_named){key, unit, {value, kind}};
}

static struct pm_chip_entry *new_entry(struct pm_chip_bill *b) {
    if (b->entries == b->room) {
        const unsigned room = b->room ? 2 * b->room : 256;
        struct pm_chip_entry *more = realloc(b->entry, room * sizeof *more);
        if (!more)
            return NULL;
        b->entry = more;
        b->room = room;
    }
    return &b->entry[b->entries++];
}

pm_status pm_chip_act(struct pm_chip_bill *bill, const struct pm_chip_job *job, enum pm_chip_system system,
                      const struct pm_chip_action *a, const char *name, double factor, struct pm_error *e) {
    const struct pm_chip_table *t = job->table[system];
    for (unsigned i = 0; i < t->n; i++) {
        const struct pm_chip_component *c = &t->component[i];
        if (!pm_chip_acts(c, a->name))
            continue;
        /* mW * ns is pJ. */
        double pj = isnan(c->energy_pj) ? c->power_mw * a->ns : c->energy_pj;
        enum pm_chip_kind kind = pm_worst(c->kind, a->kind);
        if (!isnan(c->size) && !isnan(a->size)) {
            pj *= a->size / c->size;
            /* In proportion to the size: not exactly so, unless it is the same. */
            if (a->size < c->size || a->size > c->size)
                kind = PM_CHIP_ASSUMED;
        }
        if (name && strcmp(c->name, name) == 0)
            pj *= factor;
        struct pm_chip_entry *entry = new_entry(bill);
        if (!entry)
            return pm_fail(e, PM_ENOMEM, "chip", "out of memory");
        *entry = (struct pm_chip_entry){.system = system,
                                        .layer = a->layer,
                                        .component = c,
                                        .count = a->count,
                                        .uj = {a->count * pj / 1e6, kind}};
        snprintf(entry->action, sizeof entry->action, "%s", a->name);
    }
    return PM_OK;
}

bool pm_chip_attends(const struct pm_chip_job *job, unsigned layer, enum pm_chip_system system) {
    const struct pm_chip_layer *l = &job->shape->layer[layer];
    return l->attention && job->system[l->first] == system;
}

static void put(struct pm_chip_bill *b, const char *key, struct pm_figure v, const char *unit) {
    if (b->figures < PM_CHIP_FIGURES)
        b->figure[b->figures++] = (struct pm_chip_named){key, unit, v};
}

/* Multiply-accumulates that the systems in use do an item. */
static struct pm_figure macs(const struct pm_chip_job *job) {
    double sum = 0;
    for (unsigned k = 0; k < job->shape->matrices; k++)
        if (job->system[k] != PM_CHIP_HOST)
            sum += pm_chip_macs(&job->shape->matrix[k]);
    for (unsigned i = 0; i < job->shape->layers; i++)
        if (pm_chip_attends(job, i, PM_CHIP_HYFLEXPIM) || pm_chip_attends(job, i, PM_CHIP_FLARE))
            sum += pm_chip_products(job->shape);
    return pm_figure(sum, job->shape->kind);
}

/* Systems work side by side on different items; an item passes one after the other. */
static void sum_up(const struct pm_chip_job *job, struct pm_chip_bill *b) {
    struct pm_figure interval = {0, PM_CHIP_MEASURED}, latency = interval, area = {NAN, PM_CHIP_MEASURED};
    bool known = false;
    b->energy_uj = pm_figure(0, PM_CHIP_MEASURED);
    for (unsigned i = 0; i < b->parts; i++) {
        interval = pm_figure_most(interval, b->part[i].interval_ns);
        latency = pm_figure_plus(latency, b->part[i].latency_ns);
        if (!isnan(b->part[i].area_mm2.value))
            area = isnan(area.value) ? b->part[i].area_mm2 : pm_figure_plus(area, b->part[i].area_mm2);
    }
    for (unsigned i = 0; i < b->entries; i++)
        if (!isnan(b->entry[i].uj.value)) {
            b->energy_uj = pm_figure_plus(b->energy_uj, b->entry[i].uj);
            known = true;
        }
    if (!known)
        b->energy_uj.value = NAN;
    const struct pm_figure second = {1e9, PM_CHIP_MEASURED}, joule = {1e6, PM_CHIP_MEASURED};
    const struct pm_figure per_s = pm_figure_over(second, interval), ops = pm_figure_scaled(macs(job), 2);
    const struct pm_figure tops = pm_figure_scaled(pm_figure_times(ops, per_s), 1e-12);
    const struct pm_figure watt = pm_figure_scaled(pm_figure_times(b->energy_uj, per_s), 1e-6);
    put(b, "interval_ns", interval, "ns");
    put(b, "token_latency_us", pm_figure_scaled(latency, 1e-3), "us");
    put(b, "energy_uj_per_token", b->energy_uj, "uJ");
    put(b, "power_w", watt, "W");
    put(b, "area_mm2", area, "mm2");
    put(b, "tops", tops, "TOPS");
    put(b, "tops_per_w", pm_figure_over(tops, watt), "TOPS/W");
    put(b, "tops_per_mm2", pm_figure_over(tops, area), "TOPS/mm2");
    put(b, "tokens_per_s", per_s, "1/s");
    put(b, "tokens_per_j", pm_figure_over(joule, b->energy_uj), "1/J");
    put(b, "inferences_per_s", pm_figure_scaled(per_s, 1 / (double)job->shape->items), "1/s");
    put(b, "energy_uj_per_inference", pm_figure_scaled(b->energy_uj, (double)job->shape->items), "uJ");
}

pm_status pm_chip_evaluate(const struct pm_chip_job *job, struct pm_chip_bill *bill, struct pm_error *e) {
    memset(bill, 0, sizeof *bill);
    pm_status status = PM_OK;
    for (int s = PM_CHIP_HYFLEXPIM; s < PM_CHIP_SYSTEMS && status == PM_OK; s++) {
        bool used = false;
        for (unsigned k = 0; k < job->shape->matrices; k++)
            used |= job->system[k] == (enum pm_chip_system)s;
        if (!used)
            continue;
        struct pm_chip_part *part = &bill->part[bill->parts++];
        part->system = (enum pm_chip_system)s;
        part->area_mm2 = pm_figure(NAN, PM_CHIP_MEASURED);
        status = models[s](job, part, bill, e);
    }
    if (status == PM_OK && bill->parts == 0)
        status = pm_fail(e, PM_EINVAL, "chip", "no layer is on a chip");
    if (status == PM_OK)
        sum_up(job, bill);
    else
        pm_chip_bill_free(bill);
    return status;
}

void pm_chip_bill_free(struct pm_chip_bill *bill) {
    free(bill->entry);
    memset(bill, 0, sizeof *bill);
}

struct pm_figure pm_chip_figure(const struct pm_chip_bill *bill, const char *key) {
    for (unsigned i = 0; i < bill->figures; i++)
        if (strcmp(bill->figure[i].key, key) == 0)
            return bill->figure[i].v;
    for (unsigned p = 0; p < bill->parts; p++)
        for (unsigned i = 0; i < bill->part[p].figures; i++)
            if (strcmp(bill->part[p].figure[i].key, key) == 0)
                return bill->part[p].figure[i].v;
    return pm_figure(NAN, PM_CHIP_ASSUMED);
}
