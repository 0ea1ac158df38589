// SPDX-License-Identifier: Apache-2.0
#include "library.h"

#include <cjson/cJSON.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "op_job.h"
#include "system/placement.h"

const char *pm_library_version(void) {
    return pm_version;
}

void pm_library_free(void *memory) {
    free(memory);
}

char *pm_library_catalogue(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    const pm_status status = f ? pm_op_print_catalogue(f) : PM_ENOMEM;
    if (f)
        fclose(f);
    if (status == PM_OK)
        return text;
    free(text);
    return NULL;
}

static int give_error(pm_status status, const struct pm_error *e, char *error, size_t size) {
    if (size > 0)
        snprintf(error, size, "%s", *e->text ? e->text : pm_strerror(status));
    return (int)status;
}

/* ---- ops ---- */

static pm_status take_array(struct pm_op_job *job, const struct pm_library_array *a) {
    const struct pm_op *op = job->op;
    size_t k = 0;
    while (op->in[k].name && strcmp(op->in[k].name, a->name) != 0)
        k++;
    if (!op->in[k].name)
        return pm_op_fail(job, PM_EINVAL, a->name, "%s has no such input", op->name);
    if (job->in[k].data)
        return pm_op_fail(job, PM_EINVAL, a->name, "input given twice");
    if (a->rank == 0 || a->rank > PM_RANK || a->dtype >= PM_DTYPES)
        return pm_op_fail(job, PM_ESHAPE, a->name, a->rank ? "more than 4 dimensions" : "no dimensions");
    const pm_status status = pm_tensor_new(&job->in[k], (enum pm_dtype)a->dtype, a->rank, a->shape);
    if (status != PM_OK)
        return pm_op_fail(job, status, a->name, "%s", pm_strerror(status));
    if (job->in[k].count == 0)
        return pm_op_fail(job, PM_ESHAPE, a->name, "empty tensor");
    memcpy(job->in[k].data, a->data, job->in[k].count * pm_dtype_size(job->in[k].dtype));
    return PM_OK;
}

static void give_arrays(const struct pm_op *op, struct pm_tensor *from, struct pm_library_array *out,
                        size_t most, size_t *outs) {
    for (size_t k = 0; op->out[k].name && *outs < most; k++) {
        struct pm_library_array *a = &out[(*outs)++];
        *a = (struct pm_library_array){op->out[k].name, from[k].dtype, from[k].rank, {0}, from[k].data};
        memcpy(a->shape, from[k].shape, from[k].rank * sizeof *a->shape);
        from[k].data = NULL;
    }
}

int pm_library_op(const char *name, const char *const *set, const char *sample,
                  const struct pm_library_array *in, size_t ins, struct pm_library_array *out, size_t most,
                  size_t *outs, char *error, size_t size) {
    struct pm_op_job *job = calloc(1, sizeof *job);
    struct pm_tensor golden[PM_OP_OUTPUTS] = {0};
    const struct pm_op *op = pm_op_named(name);
    *outs = 0;
    if (!job)
        return give_error(PM_ENOMEM, &(struct pm_error){{0}}, error, size);
    pm_status status = op ? pm_op_begin(job, op) : pm_fail(&job->error, PM_EINVAL, name, "no such op");
    struct pm_settings *const all[] = {job->settings, NULL};
    for (; status == PM_OK && *set; set++)
        status = pm_settings_give(all, *set, NULL, &job->error);
    for (size_t i = 0; i < ins && status == PM_OK; i++)
        status = take_array(job, &in[i]);
    job->golden = true;
    if (status == PM_OK && sample && !(job->sample = pm_op_sample_named(op, sample)))
        status = pm_op_fail(job, PM_EINVAL, sample, "%s has no such sample", op->name);
    if (status == PM_OK && sample)
        status = pm_op_sample_settings(job);
    if (status == PM_OK)
        status = pm_op_load(job);
    if (status == PM_OK)
        status = pm_op_run(job, false, golden);
    if (status == PM_OK)
        give_arrays(op, golden, out, most, outs);
    give_error(status, &job->error, error, status == PM_OK ? 0 : size);
    pm_op_free_outputs(golden);
    pm_op_free(job);
    free(job);
    return (int)status;
}

/* ---- matrices ---- */

enum { CHUNK = 64 }; /* vectors of a worker's run */

struct pm_library_model {
    struct pm_graph graph;
    struct pm_plan plan;
    struct pm_placement *placement;
    struct pm_matrix *matrix; /* [nodes] */
    struct pm_worker *worker; /* [threads] */
    unsigned threads;
};

static pm_status add_matrix(struct pm_library_model *m, const struct pm_library_matrix *from, unsigned i,
                            struct pm_error *e) {
    struct pm_matrix *to = &m->matrix[i];
    const size_t weights = (size_t)from->inputs * from->outputs;
    if (from->inputs == 0 || from->outputs == 0 || weights > (size_t)1 << 31)
        return pm_fail(e, PM_ESHAPE, from->name, "a matrix of %u by %u", from->outputs, from->inputs);
    *to = (struct pm_matrix){.in = from->inputs, .out = from->outputs, .groups = 1};
    to->weight = malloc(weights * sizeof *to->weight);
    to->bias = calloc(from->outputs, sizeof *to->bias);
    if (!to->weight || !to->bias)
        return pm_fail(e, PM_ENOMEM, from->name, "out of memory");
    memcpy(to->weight, from->weight, weights * sizeof *to->weight);
    if (from->bias)
        memcpy(to->bias, from->bias, from->outputs * sizeof *to->bias);
    struct pm_node node = {.kind = PM_NODE_MATRIX,
                           .layer = i,
                           .id = i,
                           .in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE},
                           .width = from->outputs,
                           .matrix = to};
    snprintf(node.name, sizeof node.name, "%s", from->name);
    pm_graph_add(&m->graph, &node);
    return m->graph.failed ? pm_fail(e, PM_ENOMEM, from->name, "out of memory") : PM_OK;
}

/* The ranges that are known, where systems look for them. */
static pm_status write_ranges(const char *folder, const struct pm_library_matrix *matrix, size_t count,
                              struct pm_error *e) {
    char path[256];
    cJSON *root = cJSON_CreateObject(), *all = cJSON_AddObjectToObject(root, "matrices"), *inputs;
    bool ok = all && cJSON_AddStringToObject(all, "activations", "symmetric") &&
              cJSON_AddStringToObject(all, "weights", "layer") &&
              (inputs = cJSON_AddObjectToObject(all, "inputs")) != NULL;
    for (size_t i = 0; i < count && ok; i++)
        if (matrix[i].high > matrix[i].low) {
            const double pair[] = {matrix[i].low, matrix[i].high};
            cJSON *range = cJSON_CreateDoubleArray(pair, 2);
            ok = range && cJSON_AddItemToObject(inputs, matrix[i].name, range);
        }
    char *text = ok ? cJSON_Print(root) : NULL;
    snprintf(path, sizeof path, "%s/calibration.json", folder);
    FILE *f = text ? fopen(path, "w") : NULL;
    ok = f && fputs(text, f) >= 0;
    ok = f && fclose(f) == 0 && ok;
    cJSON_Delete(root);
    free(text);
    return ok ? PM_OK : pm_fail(e, PM_EIO, path, "cannot be written");
}

static pm_status place(struct pm_library_model *m, const struct pm_library_matrix *matrix, size_t count,
                       uint64_t seed, struct pm_error *e) {
    char folder[] = "/tmp/perimeter-XXXXXX", path[sizeof folder + 32];
    if (!mkdtemp(folder))
        return pm_fail(e, PM_EIO, folder, "cannot be made");
    pm_status status = write_ranges(folder, matrix, count, e);
    if (status == PM_OK)
        status = pm_placement_new(&m->plan, &m->graph, folder, seed, &m->placement, e);
    snprintf(path, sizeof path, "%s/calibration.json", folder);
    unlink(path);
    rmdir(folder);
    if (status == PM_OK && pm_placement_settles(m->placement))
        status = pm_fail(e, PM_EMODE, "place",
                         "a system that must see inputs first; set khwa.table, or int8.inputs=absmax");
    return status;
}

static pm_status begin(struct pm_library_model *m, const struct pm_library_matrix *matrix, size_t count,
                       const char *const *places, const char *const *set, uint64_t seed, struct pm_error *e) {
    m->threads = (unsigned)omp_get_max_threads();
    m->matrix = calloc(count + 1, sizeof *m->matrix);
    m->worker = calloc(m->threads, sizeof *m->worker);
    if (!m->matrix || !m->worker)
        return pm_fail(e, PM_ENOMEM, "place", "out of memory");
    m->graph.tokens = CHUNK;
    pm_status status = pm_plan_new(&m->plan);
    for (size_t i = 0; i < count && status == PM_OK; i++)
        status = add_matrix(m, &matrix[i], (unsigned)i, e);
    for (; status == PM_OK && *places; places++)
        status = pm_plan_place(&m->plan, *places, true, e);
    for (; status == PM_OK && *set; set++)
        status = pm_settings_give(m->plan.all, *set, NULL, e);
    const struct pm_plan *const plans[] = {&m->plan};
    if (status == PM_OK)
        status = pm_plan_check(&m->plan, &m->graph, false, e);
    if (status == PM_OK)
        status = pm_plans_check(plans, 1, &m->graph, e);
    if (status == PM_OK)
        status = place(m, matrix, count, seed, e);
    for (unsigned t = 0; t < m->threads && status == PM_OK; t++)
        if ((status = pm_worker_begin(&m->worker[t], &m->graph, m->placement, CHUNK)) != PM_OK)
            pm_fail(e, status, "place", "%s", pm_strerror(status));
    return status;
}

struct pm_library_model *pm_library_model_new(const struct pm_library_matrix *matrix, size_t count,
                                              const char *const *places, const char *const *set,
                                              uint64_t seed, char *error, size_t size) {
    struct pm_error e = {{0}};
    struct pm_library_model *m = calloc(1, sizeof *m);
    const pm_status status = m ? begin(m, matrix, count, places, set, seed, &e) : PM_ENOMEM;
    if (status == PM_OK)
        return m;
    give_error(status, &e, error, size);
    pm_library_model_free(m);
    return NULL;
}

const char *pm_library_model_system(const struct pm_library_model *m, size_t matrix) {
    const struct pm_system *s =
        matrix < m->graph.nodes ? pm_placement_system(m->placement, (unsigned)matrix) : NULL;
    return s ? s->name : NULL;
}

int pm_library_model_run(struct pm_library_model *m, size_t matrix, size_t n, uint64_t first, const float *x,
                         float *y, char *error, size_t size) {
    struct pm_error e = {{0}};
    pm_status worst = PM_OK;
    if (!pm_library_model_system(m, matrix))
        return give_error(pm_fail(&e, PM_EINVAL, "place", "matrix %zu is on no system", matrix), &e, error,
                          size);
    const struct pm_matrix *of = &m->matrix[matrix];
#pragma omp parallel for num_threads(m->threads) schedule(static)
    for (size_t at = 0; at < n; at += CHUNK) {
        const unsigned rows = (unsigned)(n - at < CHUNK ? n - at : CHUNK);
        const struct pm_operands o = {.n = rows, .x = x + at * of->in, .y = y + at * of->out};
        const pm_status status =
            pm_worker_layer(&m->worker[omp_get_thread_num()], (unsigned)matrix, (size_t)first + at, &o);
        if (status != PM_OK)
#pragma omp atomic write
            worst = status;
    }
    return worst == PM_OK ? PM_OK : give_error(worst, &e, error, size);
}

void pm_library_model_free(struct pm_library_model *m) {
    if (!m)
        return;
    for (unsigned t = 0; m->worker && t < m->threads; t++)
        if (m->worker[t].graph)
            pm_worker_end(&m->worker[t]);
    pm_placement_free(m->placement);
    pm_plan_free(&m->plan);
    for (unsigned i = 0; m->matrix && i < m->graph.nodes; i++) {
        free(m->matrix[i].weight);
        free(m->matrix[i].bias);
    }
    pm_graph_free(&m->graph);
    free(m->matrix);
    free(m->worker);
    free(m);
}
