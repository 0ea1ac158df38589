// SPDX-License-Identifier: Apache-2.0
#include "twin.h"

#include "fileio.h"
#include "io/npy.h"
#include "rtl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines TWIN(name), from the files of src/system. */
#define TWIN(name) extern const struct pm_twin pm_twin_##name;
#include "twins.inc"
#undef TWIN

#define TWIN(name) &pm_twin_##name,
static const struct pm_twin *const twins[] = {
#include "twins.inc"
    NULL};

/* A loaded model and what layers of its parameters share. */
struct model {
    const struct pm_twin *twin;
    const struct pm_twin_block *block;
    char params[128];
    struct pm_rtl *rtl;
    void *buffers;
};

struct pm_twins {
    struct pm_worker *worker;
    struct pm_twin_report report;
    struct pm_twin_layer *layer; /* [nodes]; without a node: not opened */
    const struct pm_twin **twin; /* [nodes] */
    struct model *model;
    unsigned models;
    struct pm_twin_pass pass[2];
    bool failed;
};

const struct pm_twin *pm_twin_of(const struct pm_system *system) {
    for (size_t i = 0; system && twins[i]; i++)
        if (strcmp(twins[i]->system, system->name) == 0)
            return twins[i];
    return NULL;
}

/* The model of a block for a node, loaded already or now; without parameters none is. */
static pm_status open_model(struct pm_twins *t, unsigned node, const struct pm_twin_block *block, bool first,
                            unsigned tokens, struct model **model, struct pm_error *e) {
    const struct pm_twin *twin = t->twin[node];
    struct model *m = &t->model[t->models];
    *m = (struct model){.twin = twin, .block = block};
    *model = NULL;
    block->params(t->layer[node].node, t->layer[node].layer, tokens, m->params, sizeof m->params);
    if (!*m->params)
        return PM_OK;
    for (unsigned i = 0; i < t->models; i++)
        if (t->model[i].block == block && strcmp(t->model[i].params, m->params) == 0) {
            *model = &t->model[i];
            return PM_OK;
        }
    *model = m;
    pm_status status = pm_rtl_open(block->name, m->params, false, &m->rtl, e->text, sizeof e->text);
    if (status != PM_OK)
        return status;
    t->models++;
    if (twin->open && first && (status = twin->open(t->layer[node].node, tokens, &m->buffers)) != PM_OK)
        return pm_fail(e, status, block->name, "%s", pm_strerror(status));
    return PM_OK;
}

static pm_status open_layer(struct pm_twins *t, unsigned node, unsigned tokens, struct pm_error *e) {
    const struct pm_twin_block *block = t->twin[node]->block;
    struct pm_twin_layer *l = &t->layer[node];
    *l = (struct pm_twin_layer){.all = t,
                                .node = &t->worker->graph->node[node],
                                .layer = pm_placement_layer(t->worker->placement, node)};
    bool first = true;
    tokens = pm_worker_tokens(l->node, tokens);
    for (unsigned b = 0; b < PM_TWIN_BLOCKS && block[b].name; b++) {
        struct model *model;
        const pm_status status = open_model(t, node, &block[b], first, tokens, &model, e);
        if (status != PM_OK)
            return status;
        if (!model)
            continue;
        if (first)
            l->buffers = model->buffers;
        first = false;
        l->rtl[b] = pm_rtl_function(model->rtl, block[b].driver);
        if (!l->rtl[b])
            return pm_fail(e, PM_EBUILD, block[b].name, "the model has no driver");
    }
    pm_twins_watch(t, node, true);
    return PM_OK;
}

pm_status pm_twins_open(struct pm_worker *w, unsigned tokens, const struct pm_twin_report *report,
                        pm_twin_filter *filter, const void *ctx, struct pm_twins **twins_,
                        struct pm_error *e) {
    const unsigned nodes = w->graph->nodes;
    struct pm_twins *t = calloc(1, sizeof *t);
    *twins_ = NULL;
    if (!t)
        return pm_fail(e, PM_ENOMEM, "rtl", "out of memory");
    t->worker = w;
    t->report = *report;
    t->layer = calloc(nodes, sizeof *t->layer);
    t->twin = calloc(nodes, sizeof *t->twin);
    t->model = calloc((size_t)nodes * PM_TWIN_BLOCKS + 1, sizeof *t->model);
    pm_status status =
        t->layer && t->twin && t->model ? PM_OK : pm_fail(e, PM_ENOMEM, "rtl", "out of memory");
    for (unsigned i = 0; i < nodes && status == PM_OK; i++) {
        t->twin[i] = pm_twin_of(pm_placement_system(w->placement, i));
        if (t->twin[i] && filter(ctx, i))
            status = open_layer(t, i, tokens, e);
    }
    if (status == PM_OK)
        *twins_ = t;
    else
        pm_twins_close(t);
    return status;
}

void pm_twins_close(struct pm_twins *t) {
    if (!t)
        return;
    for (unsigned i = 0; i < t->models; i++) {
        if (t->model[i].buffers)
            t->model[i].twin->close(t->model[i].buffers);
        pm_rtl_close(t->model[i].rtl);
    }
    free(t->layer);
    free(t->twin);
    free(t->model);
    free(t);
}

void pm_twins_watch(struct pm_twins *t, unsigned node, bool watched) {
    if (t->layer[node].node)
        t->worker->watch[node] =
            watched ? (struct pm_watch){t->twin[node]->stage, t->twin[node]->done, &t->layer[node]}
                    : (struct pm_watch){0};
}

void pm_twins_reset(struct pm_twins *t) {
    for (unsigned i = 0; i < t->worker->graph->nodes; i++)
        t->layer[i].result = (struct pm_twin_result){0};
}

const struct pm_twin_result *pm_twins_result(const struct pm_twins *t, unsigned node) {
    return t->layer[node].node ? &t->layer[node].result : NULL;
}

const struct pm_twin_pass *pm_twins_passes(const struct pm_twins *t) {
    return t->pass;
}

void pm_twin_result_add(struct pm_twin_result *sum, const struct pm_twin_result *r) {
    sum->runs += r->runs;
    sum->compared += r->compared;
    sum->differ += r->differ;
    sum->clocks += r->clocks;
    sum->golden_clocks += r->golden_clocks;
    sum->elements_in += r->elements_in;
    sum->elements_out += r->elements_out;
    sum->digital.compared += r->digital.compared;
    sum->digital.differ += r->digital.differ;
    sum->digital.unseen += r->digital.unseen;
    sum->digital.clocks += r->digital.clocks;
    sum->digital.golden_clocks += r->digital.golden_clocks;
    for (int i = 0; i < 2; i++) {
        sum->pass[i].clocks += r->pass[i].clocks;
        sum->pass[i].bound += r->pass[i].bound;
    }
}

/* ---- for twins ---- */

/* The first difference is told. */
static void tell(struct pm_twin_layer *l, const char *where, const char *tensor, size_t index, int64_t golden,
                 int64_t rtl) {
    struct pm_twins *t = l->all;
    if (golden == rtl || t->failed)
        return;
    t->failed = true;
    fprintf(stderr, "perimeter: %s: %s, %s %u: %s[%zu]: golden %" PRId64 ", rtl %" PRId64 "\n", where,
            l->node->name, t->report.item, t->worker->item, tensor, index, golden, rtl);
}

void pm_twin_compare(struct pm_twin_layer *l, const char *tensor, size_t index, int64_t golden, int64_t rtl) {
    l->result.compared++;
    l->result.differ += golden != rtl;
    tell(l, l->all->twin[l - l->all->layer]->system, tensor, index, golden, rtl);
}

void pm_twin_compare_digital(struct pm_twin_layer *l, const char *block, const char *tensor, size_t index,
                             int64_t golden, int64_t rtl) {
    l->result.digital.compared++;
    l->result.digital.differ += golden != rtl;
    tell(l, block, tensor, index, golden, rtl);
}

void pm_twin_count_pass(struct pm_twin_layer *l, int pass, double clocks, double bound) {
    struct pm_twin_pass *to[] = {&l->result.pass[pass], &l->all->pass[pass]};
    for (int i = 0; i < 2; i++) {
        to[i]->clocks += clocks;
        to[i]->bound += bound;
    }
}

bool pm_twin_failed(const struct pm_twin_layer *l) {
    return l->all->failed;
}

static void keep_tensor(const char *path, const struct pm_twin_tensor *in) {
    static const enum pm_dtype dtype[] = {
        [PM_TWIN_INT8] = PM_INT8, [PM_TWIN_UINT8] = PM_UINT8, [PM_TWIN_INT32] = PM_INT32};
    struct pm_error e;
    struct pm_outfile file = {0};
    const struct pm_tensor t = {.dtype = dtype[in->type],
                                .rank = in->cols ? 2 : 1,
                                .shape = {in->rows, in->cols},
                                .count = in->rows * (in->cols ? in->cols : 1),
                                .data = (void *)(uintptr_t)in->data};
    const void *content[] = {&t};
    if (pm_outfile_plan(&file, path, &e) != PM_OK ||
        pm_outfile_write_all(&file, 1, pm_npy_write, content, &e) != PM_OK)
        pm_error_print(&e);
    pm_outfile_free(&file);
}

void pm_twin_replay(const struct pm_twin_layer *l, const char *op, const struct pm_twin_tensor *tensor,
                    size_t count, const char *rest) {
    const char *folder = l->all->report.folder;
    if (!folder) {
        fprintf(stderr, "perimeter: with --replay FOLDER the run's tensors are kept there, to replay it\n");
        return;
    }
    fprintf(stderr,
            "perimeter: replay with a waveform: perimeter op %s --engine rtl --wave '%s/difference.fst'", op,
            folder);
    for (size_t i = 0; i < count; i++) {
        char path[4096];
        if (!tensor[i].data)
            continue;
        snprintf(path, sizeof path, "%s/%s.npy", folder, tensor[i].name);
        keep_tensor(path, &tensor[i]);
        fprintf(stderr, " --in %s='%s'", tensor[i].name, path);
    }
    fprintf(stderr, " --out y='%s/y.npy' %s\n", folder, rest);
}
