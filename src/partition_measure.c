// SPDX-License-Identifier: Apache-2.0
#include "partition_job.h"

#include "io/json.h"
#include "system/placement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* UNMEASURED: more than all images, which no budget allows. */
enum { C = PM_PARTITION_CHOICES, UNMEASURED = INT16_MAX };

/* SRAM, then memristors, then kernels dealt out by half of bf16's exponents and of eight bits; tiny digital
 * takes small kernels wherever kernels are dealt out. */
const char *const pm_partition_choices[C] = {
    "engine=sram,mode=ff",          "engine=sram,mode=fi",  "engine=sram,mode=if",
    "engine=sram,mode=ii",          "engine=mixed,mode=ff", "engine=mixed,mode=fi",
    "engine=mixed,mode=if",         "engine=mixed,mode=ii", "engine=mixed,mode=ff,theta=124",
    "engine=mixed,mode=ii,theta=6",
};

static const char *layer_name(const struct pm_partition_job *p, unsigned l) {
    return p->run.network.graph->node[p->node[l]].name;
}

static pm_status no_memory(struct pm_partition_job *p) {
    return pm_fail(&p->run.error, PM_ENOMEM, "partition", "out of memory");
}

pm_status pm_partition_plan(struct pm_partition_job *p, const uint8_t *cfg, struct pm_plan *plan) {
    *plan = (struct pm_plan){0};
    pm_status status = pm_plan_new(plan) == PM_OK ? PM_OK : no_memory(p);
    for (unsigned l = 0; l < p->layers && status == PM_OK; l++) {
        char text[256];
        snprintf(text, sizeof text, "%s=khwa,%s", layer_name(p, l), pm_partition_choices[cfg[l]]);
        status = pm_plan_place(plan, text, true, &p->run.error);
    }
    if (status == PM_OK)
        status = pm_plan_check(plan, p->run.network.graph, false, &p->run.error);
    return status;
}

pm_status pm_partition_correct(struct pm_partition_job *p, const char *what, const uint8_t *cfg,
                               unsigned *correct) {
    struct pm_plan plan;
    struct pm_run_outcome outcome = {0};
    pm_status status = pm_partition_plan(p, cfg, &plan);
    const struct pm_run_pass pass = {.what = what, .plan = &plan, .images = p->images, .held = true};
    if (status == PM_OK)
        status = pm_run_images(&p->run, &pass, &outcome);
    if (status == PM_OK && !outcome.labelled)
        status = pm_fail(&p->run.error, PM_EINVAL, p->run.data, "has no labels");
    *correct = outcome.correct_integer;
    pm_run_outcome_free(&outcome);
    pm_plan_free(&plan);
    return status;
}

/* ---- costs ---- */

/* One image through all layers in one configuration, whose cost does not depend on what they see. */
static pm_status count_units(struct pm_partition_job *p, const struct pm_placement *placement, unsigned c) {
    const struct pm_graph *g = p->run.network.graph;
    const struct pm_dataset_form *form = &p->run.network.form;
    struct pm_worker w = {0};
    uint8_t *image = calloc((size_t)form->shape.height * form->shape.width, form->shape.channels);
    float *out = malloc(pm_graph_outputs(g) * sizeof *out);
    pm_status status = pm_worker_begin(&w, g, placement, g->tokens);
    if (status == PM_OK)
        status = image && out
                     ? pm_worker_run(&w, &(struct pm_graph_input){.image = image, .n = g->tokens}, out)
                     : PM_ENOMEM;
    for (unsigned l = 0; l < p->layers && status == PM_OK; l++) {
        uint64_t units = 0;
        for (unsigned part = 0; part < PM_KHWA_ENGINES; part++)
            units += (uint64_t)pm_run_units(&w.counts[p->node[l]][part]) * (uint64_t)p->unit[part];
        if (units > INT32_MAX)
            status = pm_fail(&p->run.error, PM_ERANGE, layer_name(p, l),
                             "%" PRIu64 " units of energy an image, more than 2^31 - 1", units);
        p->e[l * C + c] = (int32_t)units;
    }
    pm_worker_end(&w);
    free(image);
    free(out);
    return status == PM_OK || *p->run.error.text ? status : no_memory(p);
}

static pm_status find_costs(struct pm_partition_job *p) {
    const struct pm_graph *g = p->run.network.graph;
    uint8_t *cfg = malloc(p->layers);
    pm_status status = cfg ? PM_OK : no_memory(p);
    for (unsigned c = 0; c < C && status == PM_OK; c++) {
        struct pm_plan plan;
        struct pm_placement *placement = NULL;
        memset(cfg, (int)c, p->layers);
        status = pm_partition_plan(p, cfg, &plan);
        if (status == PM_OK)
            status = pm_run_place(&p->run, &plan, &placement);
        for (unsigned l = 0; l < p->layers && status == PM_OK; l++) {
            const void *layer = pm_placement_layer(placement, p->node[l]);
            const unsigned kernels = pm_khwa_layer_kernels(layer, PM_KHWA_SRAM);
            p->bits[l * C + c] = (int64_t)kernels * g->node[p->node[l]].matrix->in * 8;
        }
        if (status == PM_OK)
            status = count_units(p, placement, c);
        pm_placement_free(placement);
        pm_plan_free(&plan);
    }
    free(cfg);
    return status;
}

pm_status pm_partition_prepare(struct pm_partition_job *p) {
    const struct pm_graph *g = p->run.network.graph;
    p->node = malloc(g->nodes * sizeof *p->node);
    for (unsigned i = 0; p->node && i < g->nodes; i++)
        if (g->node[i].kind == PM_NODE_MATRIX)
            p->node[p->layers++] = i;
    if (p->layers == 0 || p->layers > PM_PLAN_ENTRIES)
        return pm_fail(&p->run.error, PM_EINVAL, p->run.model, "%u matrices, a plan has 1 to %d", p->layers,
                       PM_PLAN_ENTRIES);
    const size_t n = (size_t)p->layers * C;
    p->s = calloc(n, sizeof *p->s);
    p->e = calloc(n, sizeof *p->e);
    p->bits = calloc(n, sizeof *p->bits);
    p->known = calloc(n, sizeof *p->known);
    return p->s && p->e && p->bits && p->known ? find_costs(p) : no_memory(p);
}

void pm_partition_end(struct pm_partition_job *p) {
    pm_run_end(&p->run);
    free(p->node);
    free(p->s);
    free(p->e);
    free(p->bits);
    free(p->known);
}

/* ---- the file ---- */

/* What the losses belong to: the weights, and everything that a line of the file does not say. */
static void identify(const struct pm_partition_job *p, char text[static 32]) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (unsigned l = 0; l < p->layers; l++) {
        const struct pm_matrix *m = p->run.network.graph->node[p->node[l]].matrix;
        const uint8_t *byte = (const uint8_t *)m->weight;
        for (size_t i = 0; i < (size_t)m->in * m->out * sizeof *m->weight; i++)
            hash = (hash ^ byte[i]) * 0x100000001B3u;
    }
    for (unsigned part = 0; part < PM_KHWA_ENGINES; part++)
        hash = (hash ^ (uint64_t)p->unit[part]) * 0x100000001B3u;
    for (unsigned c = 0; c < C; c++)
        for (const char *at = pm_partition_choices[c]; *at; at++)
            hash = (hash ^ (uint8_t)*at) * 0x100000001B3u;
    snprintf(text, 32, "%016" PRIx64, hash);
}

static pm_status write_json(struct pm_partition_job *p, const char *path, const cJSON *root) {
    struct pm_outfile file = {0};
    char *text = root ? cJSON_Print(root) : NULL;
    pm_status status = text ? pm_outfile_plan(&file, path, &p->run.error) : no_memory(p);
    if (status == PM_OK)
        status = pm_outfile_write_all(&file, 1, pm_write_line, (const void *[]){text}, &p->run.error);
    pm_outfile_free(&file);
    free(text);
    return status;
}

static pm_status save(struct pm_partition_job *p) {
    char identity[32];
    cJSON *root = cJSON_CreateObject(), *s = cJSON_AddArrayToObject(root, "lost");
    identify(p, identity);
    bool ok = cJSON_AddStringToObject(root, "network", identity) &&
              cJSON_AddStringToObject(root, "data", p->run.data) &&
              cJSON_AddNumberToObject(root, "images", p->images) &&
              cJSON_AddNumberToObject(root, "correct", p->correct);
    for (size_t i = 0; i < (size_t)p->layers * C && ok; i++)
        ok = cJSON_AddItemToArray(s, p->known[i] ? cJSON_CreateNumber(p->s[i]) : cJSON_CreateNull());
    const pm_status status = ok ? write_json(p, p->state, root) : no_memory(p);
    cJSON_Delete(root);
    return status;
}

static bool is_text(const cJSON *root, const char *key, const char *text) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

static pm_status take(struct pm_partition_job *p, const struct pm_json *d, unsigned *kept) {
    char identity[32];
    int64_t images, correct, lost;
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(d->root, "lost");
    const size_t n = (size_t)p->layers * C;
    identify(p, identity);
    pm_status status = pm_json_integer(d, d->root, "images", 1, 1000000000, &images);
    if (status == PM_OK)
        status = pm_json_integer(d, d->root, "correct", 0, images, &correct);
    if (status != PM_OK)
        return status;
    if (!is_text(d->root, "network", identity) || !is_text(d->root, "data", p->run.data) ||
        images != p->images || !cJSON_IsArray(s) || (size_t)cJSON_GetArraySize(s) != n)
        return pm_json_fail(d, PM_EFORMAT,
                            "is of another network, data or number of images; remove it to begin anew");
    p->correct = (unsigned)correct;
    size_t i = 0;
    for (const cJSON *item = s->child; item; item = item->next, i++) {
        p->known[i] = !cJSON_IsNull(item);
        if (p->known[i] && !pm_json_is_integer(item, -images, UNMEASURED, &lost))
            return pm_json_fail(d, PM_EFORMAT, "lost[%zu] is no number of images", i);
        p->s[i] = p->known[i] ? (int32_t)lost : 0;
        *kept += p->known[i];
    }
    return PM_OK;
}

pm_status pm_partition_resume(struct pm_partition_job *p, unsigned *kept) {
    struct pm_json d = {p->state, &p->run.error, NULL};
    *kept = 0;
    if (access(p->state, F_OK) != 0)
        return PM_OK;
    pm_status status = pm_json_load(&d);
    if (status == PM_OK)
        status = take(p, &d, kept);
    cJSON_Delete(d.root);
    return status;
}

/* ---- losses ---- */

/* A configuration that costs no less than where the layer begins is never chosen but to save bits. */
static bool useless(const struct pm_partition_job *p, size_t l, size_t c) {
    return p->e[l * C + c] >= p->e[l * C] && p->bits[l * C + c] >= p->bits[l * C];
}

static pm_status measure_one(struct pm_partition_job *p, unsigned l, unsigned c, uint8_t *cfg) {
    char what[64];
    unsigned correct = 0;
    const size_t at = (size_t)l * C + c;
    pm_status status = PM_OK;
    if (c > 0 && !useless(p, l, c)) {
        snprintf(what, sizeof what, "layer %u of %u, configuration %u of %d", l + 1, p->layers, c + 1, C);
        cfg[l] = (uint8_t)c;
        status = pm_partition_correct(p, what, cfg, &correct);
        cfg[l] = 0;
        p->s[at] = (int32_t)p->correct - (int32_t)correct;
    } else if (c > 0) {
        p->s[at] = UNMEASURED;
    }
    p->known[at] = status == PM_OK;
    return status;
}

pm_status pm_partition_measure(struct pm_partition_job *p) {
    uint8_t *cfg = calloc(p->layers, 1);
    pm_status status = cfg ? PM_OK : no_memory(p);
    if (status == PM_OK && !p->known[0])
        status = pm_partition_correct(p, "as it begins", cfg, &p->correct);
    for (unsigned l = 0; l < p->layers; l++)
        for (unsigned c = 0; c < C && status == PM_OK; c++) {
            if (p->known[l * C + c])
                continue;
            status = measure_one(p, l, c, cfg);
            if (status == PM_OK)
                status = save(p);
        }
    free(cfg);
    return status;
}
