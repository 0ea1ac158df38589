// SPDX-License-Identifier: Apache-2.0
#include "system/placement.h"

#include <stdlib.h>

struct placed {
    const struct pm_system *system; /* NULL: the host */
    void *layer;
};

struct pm_placement {
    const struct pm_graph *graph;
    struct placed *node; /* [nodes] */
    bool *elsewhere;     /* [nodes] */
    bool *adds;          /* [nodes] */
    void *own[PM_MAX_SYSTEMS];
    bool settles;
};

static size_t number_of(const struct pm_system *system) {
    size_t i = 0;
    while (pm_systems[i] != system)
        i++;
    return i;
}

static pm_status place(struct pm_placement *p, const struct pm_plan *plan, struct pm_site *site, unsigned i,
                       struct pm_error *e) {
    const struct pm_plan_entry *entry = pm_plan_of(plan, p->graph, i);
    const char *name = p->graph->node[i].name;
    if (!entry || !entry->system->place)
        return PM_OK;
    const struct pm_system *system = entry->system;
    struct pm_settings *settings = entry->settings ? pm_plan_settings(plan, entry) : NULL;
    if (entry->settings && !settings)
        return pm_fail(e, PM_ENOMEM, name, "out of memory");
    p->node[i].system = system;
    p->elsewhere[i] = true;
    p->adds[i] = system->adds && pm_settings_meet(settings, system->adds);
    p->settles = p->settles || (system->settles && pm_settings_meet(settings, system->settles));
    site->own = p->own[number_of(system)];
    *e->text = '\0';
    const pm_status status = system->place(site, &p->graph->node[i], settings, &p->node[i].layer, e);
    p->own[number_of(system)] = site->own;
    free(settings);
    return status == PM_OK || *e->text
               ? status
               : pm_fail(e, status, name, "%s: %s", system->name, pm_strerror(status));
}

pm_status pm_placement_new(const struct pm_plan *plan, const struct pm_graph *graph, const char *folder,
                           uint64_t seed, struct pm_placement **placement, struct pm_error *e) {
    struct pm_placement *p = calloc(1, sizeof *p);
    struct pm_site site = {.folder = folder, .graph = graph, .seed = seed};
    *placement = NULL;
    if (!p)
        return pm_fail(e, PM_ENOMEM, "plan", "out of memory");
    p->graph = graph;
    p->node = calloc(graph->nodes, sizeof *p->node);
    p->elsewhere = calloc(graph->nodes, sizeof *p->elsewhere);
    p->adds = calloc(graph->nodes, sizeof *p->adds);
    pm_status status =
        p->node && p->elsewhere && p->adds ? PM_OK : pm_fail(e, PM_ENOMEM, "plan", "out of memory");
    for (unsigned i = 0; i < graph->nodes && status == PM_OK; i++)
        status = place(p, plan, &site, i, e);
    pm_calibration_free(&site.calibration);
    if (status == PM_OK)
        *placement = p;
    else
        pm_placement_free(p);
    return status;
}

void pm_placement_free(struct pm_placement *p) {
    if (!p)
        return;
    for (unsigned i = 0; p->node && i < p->graph->nodes; i++)
        if (p->node[i].layer)
            p->node[i].system->free(p->node[i].layer);
    for (size_t i = 0; pm_systems[i]; i++)
        if (p->own[i])
            pm_systems[i]->free_own(p->own[i]);
    free(p->node);
    free(p->elsewhere);
    free(p->adds);
    free(p);
}

const struct pm_system *pm_placement_system(const struct pm_placement *p, unsigned node) {
    return p->node[node].system;
}

const bool *pm_placement_adds(const struct pm_placement *p) {
    return p->adds;
}

const void *pm_placement_layer(const struct pm_placement *p, unsigned node) {
    return p->node[node].layer;
}

/* ---- a thread ---- */

unsigned pm_worker_tokens(const struct pm_node *node, unsigned tokens) {
    return node->rows > 0 ? (node->rows + 63) / 64 * 64 : tokens;
}

static pm_status begin_node(struct pm_worker *w, unsigned i, unsigned tokens) {
    const struct placed *at = &w->placement->node[i];
    if (!at->system)
        return PM_OK;
    const unsigned parts = pm_system_parts(at->system);
    if (parts > 0 && (w->counts[i] = calloc(parts, sizeof *w->counts[i])) == NULL)
        return PM_ENOMEM;
    return at->system->begin
               ? at->system->begin(at->layer, pm_worker_tokens(&w->graph->node[i], tokens), &w->state[i])
               : PM_OK;
}

pm_status pm_worker_begin(struct pm_worker *w, const struct pm_graph *graph, const struct pm_placement *p,
                          unsigned tokens) {
    *w = (struct pm_worker){.graph = graph, .placement = p};
    w->scratch = graph->buffers > 0 ? pm_graph_scratch_new(graph) : NULL;
    w->state = calloc(graph->nodes, sizeof *w->state);
    w->counts = calloc(graph->nodes, sizeof *w->counts);
    w->watch = calloc(graph->nodes, sizeof *w->watch);
    pm_status status =
        (w->scratch || graph->buffers == 0) && w->state && w->counts && w->watch ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; p && i < graph->nodes && status == PM_OK; i++)
        status = begin_node(w, i, tokens);
    return status;
}

void pm_worker_end(struct pm_worker *w) {
    for (unsigned i = 0; w->placement && i < w->graph->nodes; i++) {
        if (w->state && w->state[i])
            w->placement->node[i].system->end(w->state[i]);
        if (w->counts)
            free(w->counts[i]);
    }
    pm_graph_scratch_free(w->scratch);
    free(w->state);
    free(w->counts);
    free(w->watch);
    *w = (struct pm_worker){0};
}

pm_status pm_worker_layer(struct pm_worker *w, unsigned node, size_t first, const struct pm_operands *o) {
    const struct placed *at = &w->placement->node[node];
    const bool watched = w->watch[node].done != NULL;
    const uint32_t rows = pm_node_rows(&w->graph->node[node], w->graph->tokens);
    const struct pm_run_of run = {.operands = *o,
                                  .first_vector = w->item * rows + (uint32_t)first,
                                  .counts = w->counts[node],
                                  .watch = watched ? &w->watch[node] : NULL};
    return at->system->run(at->layer, w->state[node], &run);
}

static pm_status compute(void *ctx, unsigned node, const struct pm_operands *o) {
    return pm_worker_layer(ctx, node, o->past, o);
}

pm_status pm_worker_run(struct pm_worker *w, const struct pm_graph_input *input, float *out) {
    const struct pm_placement *p = w->placement;
    const struct pm_graph_elsewhere elsewhere = {p ? p->elsewhere : NULL, compute, w, p ? p->adds : NULL};
    return pm_graph_run(w->graph, input, p ? &elsewhere : NULL, w->scratch, out);
}

pm_status pm_worker_run_host(struct pm_worker *w, const struct pm_graph_input *input, float *out) {
    return pm_graph_run(w->graph, input, NULL, w->scratch, out);
}

bool pm_placement_settles(const struct pm_placement *p) {
    return p->settles;
}

pm_status pm_placement_settle(struct pm_placement *p, const struct pm_graph_input *input, unsigned count) {
    struct pm_worker w;
    pm_status status = pm_worker_begin(&w, p->graph, p, p->graph->tokens);
    float *out = malloc(pm_graph_floats(p->graph, p->graph->tokens) * sizeof *out);
    if (status == PM_OK && !out)
        status = PM_ENOMEM;
    for (unsigned i = 0; i < count && status == PM_OK; i++)
        status = pm_worker_run(&w, &input[i], out);
    for (unsigned i = 0; i < p->graph->nodes && status == PM_OK; i++)
        if (p->node[i].system && p->node[i].system->settle)
            p->node[i].system->settle(p->node[i].layer, w.state[i]);
    p->settles = false;
    free(out);
    pm_worker_end(&w);
    return status;
}

/* ---- counts ---- */

pm_status pm_tally_new(struct pm_tally *t, const struct pm_graph *graph, const struct pm_placement *p) {
    *t = (struct pm_tally){.graph = graph};
    t->system = calloc(graph->nodes, sizeof *t->system);
    t->counts = calloc(graph->nodes, sizeof *t->counts);
    t->held = calloc(graph->nodes, sizeof *t->held);
    if (!t->system || !t->counts || !t->held)
        return PM_ENOMEM;
    for (unsigned i = 0; p && i < graph->nodes; i++) {
        t->system[i] = p->node[i].system;
        if (t->system[i] && t->system[i]->hold)
            t->system[i]->hold(p->node[i].layer, &t->held[i]);
        const unsigned parts = t->system[i] ? pm_system_parts(t->system[i]) : 0;
        if (parts > 0 && (t->counts[i] = calloc(parts, sizeof *t->counts[i])) == NULL)
            return PM_ENOMEM;
    }
    return PM_OK;
}

void pm_tally_free(struct pm_tally *t) {
    for (unsigned i = 0; t->counts && i < t->graph->nodes; i++)
        free(t->counts[i]);
    free(t->counts);
    free(t->system);
    free(t->held);
    *t = (struct pm_tally){0};
}

void pm_tally_add(struct pm_tally *t, const struct pm_worker *w) {
    for (unsigned i = 0; w->counts && i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && w->counts[i] && k < pm_system_parts(t->system[i]); k++)
            pm_counts_add(&t->counts[i][k], &w->counts[i][k]);
}

uint64_t pm_tally_sum(const struct pm_tally *t, enum pm_count kind, enum pm_count count) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++)
            sum += t->counts[i][k].of[kind] > 0 ? t->counts[i][k].of[count] : 0;
    return sum;
}

static bool has(const struct pm_tally *t, unsigned node, enum pm_count kind) {
    bool any = false;
    for (unsigned k = 0; t->counts[node] && k < pm_system_parts(t->system[node]); k++)
        any = any || t->counts[node][k].of[kind] > 0;
    return any;
}

uint64_t pm_tally_clocks(const struct pm_tally *t, enum pm_count kind) {
    uint64_t clocks = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        clocks += has(t, i, kind) ? t->counts[i][pm_system_parts(t->system[i]) - 1].of[PM_COUNT_CLOCKS] : 0;
    return clocks;
}

struct pm_held pm_tally_held(const struct pm_tally *t, enum pm_count kind) {
    struct pm_held sum = {0};
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        if (!has(t, i, kind))
            continue;
        sum.arrays += t->held[i].arrays;
        sum.plain += t->held[i].plain;
        sum.flip_bits += t->held[i].flip_bits;
        sum.cells += t->held[i].cells;
        sum.pulses += t->held[i].pulses;
    }
    return sum;
}
