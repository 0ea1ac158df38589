// SPDX-License-Identifier: Apache-2.0
/* Near-memory macros in RTL: every operation of a run in one simulation; results and counters against plain
 * golden C, access by access, and the tiles' sums and all counters against the run's. */
#include "tb/nmc/nmc_rtl.h"
#include "system/nmc.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>

static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    (void)node, (void)tokens;
    const unsigned in = ((const struct pm_nmc_layer *)layer)->in;
    snprintf(text, length, "Cols=%u", in <= 9 ? 9 : in <= 70 ? 70 : PM_NMC_COLS); /* the bench's models */
}

static const struct pm_sense_cfg *sense_of(const struct pm_nmc_layer *l) {
    return l->sense.misreads ? &l->sense : NULL;
}

/* Operation i of a run: of each vector every macro. */
static struct pm_nmc_work work_of(const struct pm_nmc_run *run, size_t i) {
    const struct pm_nmc_layer *l = run->layer;
    const unsigned macros = l->tiles * l->groups, macro = (unsigned)(i % macros);
    const size_t t = i / macros;
    return (struct pm_nmc_work){.macro = &l->macro[macro],
                                .in = &run->in[t * l->tiles + macro / l->groups],
                                .cfg = l->cfg,
                                .rows = l->is_xor ? pm_nmc_group_outputs(l, macro % l->groups) : 0,
                                .vector = run->first_vector + (uint32_t)t};
}

/* One operation against golden; its results are added to sum[out] of its vector. */
static void compare(struct pm_twin_layer *l, size_t i, const struct pm_nmc_layer *layer,
                    const struct pm_nmc_work *w, const struct pm_nmc_result *r, int64_t *sum) {
    const unsigned group = (unsigned)(i % (layer->tiles * layer->groups)) % layer->groups;
    const unsigned outputs = pm_nmc_group_outputs(layer, group);
    const size_t first = layer->is_xor ? (size_t)group * PM_NMC_ROWS : group;
    struct pm_nmc_result g = {0};
    if (layer->is_xor)
        pm_nmc_xor_run(w->macro, w->in, w->rows, w->vector, sense_of(layer), g.y, &g.counts);
    else
        g.y[0] = pm_nmc_mac_run(w->macro, &w->cfg, w->in, w->vector, sense_of(layer), &g.counts);
    for (unsigned o = 0; o < outputs; o++) {
        pm_twin_compare(l, "part", i * PM_NMC_ROWS + o, g.y[o], r->y[o]);
        sum[first + o] += r->y[o];
    }
    pm_twin_compare(l, "accesses", i, (int64_t)g.counts.accesses, (int64_t)r->counts.accesses);
    pm_twin_compare(l, "reads", i, (int64_t)g.counts.reads, (int64_t)r->counts.reads);
    pm_twin_compare(l, "t_sa", i, (int64_t)g.counts.t_sa, (int64_t)r->counts.t_sa);
    pm_twin_compare(l, "t_mul", i, (int64_t)g.counts.t_mul, (int64_t)r->counts.t_mul);
    pm_twin_compare(l, "t_xor", i, (int64_t)g.counts.t_xor, (int64_t)r->counts.t_xor);
}

static uint64_t beats(const struct pm_nmc_counts *c) {
    return c->accesses > 0 ? c->accesses : 1;
}

static pm_status done(void *layer, const void *golden) {
    struct pm_twin_layer *l = layer;
    const struct pm_nmc_run *run = golden;
    const struct pm_nmc_layer *nl = run->layer;
    const size_t macros = (size_t)nl->tiles * nl->groups, works = run->n * macros;
    struct pm_nmc_work *work = calloc(works, sizeof *work);
    struct pm_nmc_result *result = calloc(works, sizeof *result);
    int64_t *sum = calloc(run->n * nl->out, sizeof *sum);
    struct pm_nmc_counts all = {0};
    uint64_t clocks = 0, expected = 3;
    pm_status status = work && result && sum ? PM_OK : PM_ENOMEM;
    for (size_t i = 0; i < works && status == PM_OK; i++)
        work[i] = work_of(run, i);
    if (status == PM_OK)
        status = ((pm_nmc_rtl_fn *)l->rtl[0])(&(struct pm_sim_opts){0}, work, works, sense_of(nl), 1, result,
                                              &clocks);
    for (size_t i = 0; i < works && status == PM_OK; i++) {
        compare(l, i, nl, &work[i], &result[i], sum + i / macros * nl->out);
        pm_nmc_counts_add(&all, &result[i].counts);
        expected += beats(&result[i].counts);
    }
    for (size_t i = 0; i < run->n * nl->out && status == PM_OK; i++)
        pm_twin_compare(l, "y", i, run->y[i], sum[i]);
    if (status == PM_OK) {
        pm_twin_compare(l, "accesses of all", 0, (int64_t)run->counts->accesses, (int64_t)all.accesses);
        pm_twin_compare(l, "reads of all", 0, (int64_t)run->counts->reads, (int64_t)all.reads);
        pm_twin_compare(l, "toggles of all", 0, (int64_t)(run->counts->t_sa + run->counts->t_xor),
                        (int64_t)(all.t_sa + all.t_xor));
        pm_twin_compare(l, "product toggles of all", 0, (int64_t)run->counts->t_mul, (int64_t)all.t_mul);
    }
    l->result.runs++;
    l->result.clocks += clocks;
    l->result.golden_clocks += expected;
    free(work);
    free(result);
    free(sum);
    return status == PM_OK && pm_twin_failed(l) ? PM_EDIFFER : status;
}

const struct pm_twin pm_twin_nmc = {.system = "nmc", .block = {{"nmc", "pm_nmc_rtl", params}}, .done = done};
