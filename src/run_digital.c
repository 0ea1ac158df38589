// SPDX-License-Identifier: Apache-2.0
/* What a run's digital modules did: special functions and products by NOR. */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>

/* What layers of all systems counted in parts of one name. */
struct unit {
    const char *name;
    uint64_t rows, clocks, nors, writes;
};
#define UNITS 16

static void add(struct unit *u, const struct pm_counts *c) {
    u->rows += c->of[PM_COUNT_SFU_ROWS];
    u->clocks += c->of[PM_COUNT_CLOCKS];
    u->nors += c->of[PM_COUNT_NORS];
    u->writes += c->of[PM_COUNT_CELL_WRITES];
}

/* The units at work, in the order of their systems' parts; how many. */
static unsigned units(const struct pm_tally *t, struct unit unit[UNITS]) {
    unsigned n = 0;
    for (size_t s = 0; pm_systems[s]; s++)
        for (unsigned k = 0; k < pm_system_parts(pm_systems[s]) && n < UNITS; k++) {
            unit[n] = (struct unit){.name = pm_systems[s]->parts[k]};
            for (unsigned i = 0; i < t->graph->nodes; i++)
                if (t->system[i] == pm_systems[s] && t->counts[i] &&
                    t->counts[i][k].of[PM_COUNT_SFU_ROWS] + t->counts[i][k].of[PM_COUNT_NORS] > 0)
                    add(&unit[n], &t->counts[i][k]);
            n += unit[n].rows + unit[n].nors > 0;
        }
    return n;
}

/* Layers that the host has in float. */
static unsigned on_host(const struct pm_tally *t) {
    unsigned n = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        const struct pm_node *node = &t->graph->node[i];
        if (t->system[i] && node->kind == PM_NODE_ATTENTION)
            i += node->attention.body;
        else
            n += pm_node_is_layer(node) && node->kind != PM_NODE_ATTENTION && !t->system[i];
    }
    return n;
}

void pm_run_add_digital(const struct pm_run_outcome *o, struct pm_results *r) {
    struct unit unit[UNITS];
    const unsigned n = units(&o->tally, unit);
    if (n == 0)
        return;
    pm_result_group(r, "digital");
    for (unsigned i = 0; i < n; i++) {
        pm_result_group(r, unit[i].name);
        if (unit[i].rows > 0)
            pm_result_int(r, "rows", (int64_t)unit[i].rows, "rows", PM_RESULT_MEASURED);
        if (unit[i].nors > 0) {
            pm_result_int(r, "operations", (int64_t)unit[i].nors, "operations", PM_RESULT_MEASURED);
            pm_result_int(r, "cell_writes", (int64_t)unit[i].writes, "writes", PM_RESULT_MEASURED);
        }
        pm_result_int(r, "clocks", (int64_t)unit[i].clocks, "clocks", PM_RESULT_MEASURED);
        pm_result_end(r);
    }
    pm_result_int(r, "layers_on_host", on_host(&o->tally), "layers", PM_RESULT_PLAIN);
    pm_result_end(r);
}

void pm_run_print_digital(const struct pm_run_outcome *o) {
    struct unit unit[UNITS];
    const unsigned n = units(&o->tally, unit), host = on_host(&o->tally);
    const double images = o->images;
    if (n == 0)
        return;
    printf("  digital modules, an image:\n");
    for (unsigned i = 0; i < n; i++) {
        printf("    %-10s %9.0f clocks", unit[i].name, (double)unit[i].clocks / images);
        if (unit[i].rows > 0)
            printf(" %8.0f rows", (double)unit[i].rows / images);
        if (unit[i].nors > 0)
            printf(" %8.0f NOR operations, %.0f cells written", (double)unit[i].nors / images,
                   (double)unit[i].writes / images);
        printf("\n");
    }
    if (host == 0)
        printf("  no layer is on the host: no float between input and output\n");
    else
        printf("  layers on the host, in float: %u\n", host);
}

static struct pm_twin_digital rtl_sum(const struct pm_run_outcome *o) {
    struct pm_twin_result sum = {0};
    for (unsigned i = 0; i < o->tally.graph->nodes; i++)
        pm_twin_result_add(&sum, &o->rtl[i]);
    return sum.digital;
}

void pm_run_add_digital_rtl(const struct pm_run_outcome *o, struct pm_results *r) {
    const struct pm_twin_digital x = rtl_sum(o);
    if (x.compared == 0)
        return;
    pm_result_group(r, "rtl_digital");
    pm_result_int(r, "integers_compared", (int64_t)x.compared, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "integers_differ", (int64_t)x.differ, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "clocks", (int64_t)x.clocks, "clocks", PM_RESULT_MEASURED);
    pm_result_int(r, "clocks_golden", (int64_t)x.golden_clocks, "clocks", PM_RESULT_DERIVED);
    pm_result_int(r, "steps_without_rtl", (int64_t)x.unseen, "steps", PM_RESULT_PLAIN);
    pm_result_int(r, "layers_on_host", on_host(&o->tally), "layers", PM_RESULT_PLAIN);
    if (o->labelled)
        pm_result_int(r, "correct", o->correct_integer, "images", PM_RESULT_MEASURED);
    pm_result_end(r);
}

void pm_run_print_digital_rtl(const struct pm_run_outcome *o) {
    const struct pm_twin_digital x = rtl_sum(o);
    if (x.compared == 0)
        return;
    printf("  digital modules: integers compared %" PRIu64 ", differ %" PRIu64
           "; clocks %.0f / %.0f = %.3f\n",
           x.compared, x.differ, (double)x.clocks, (double)x.golden_clocks,
           pm_ratio((double)x.clocks, (double)x.golden_clocks));
    if (x.unseen > 0)
        printf("  steps without RTL: %" PRIu64 "\n", x.unseen);
    else if (on_host(&o->tally) == 0)
        printf("  every step is in RTL, whose results are what goes on from %s to logits\n",
               o->labelled ? "pixels" : "words");
    if (o->labelled)
        printf("  %u of %u images correct\n", o->correct_integer, o->images);
}
