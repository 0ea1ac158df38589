// SPDX-License-Identifier: Apache-2.0
/* `perimeter infer`: own tensors through an ONNX network, on the host or with layers placed on systems. */
#include "commands.h"
#include "fileio.h"
#include "io/json.h"
#include "io/npy.h"
#include "io/results.h"
#include "io/wav.h"
#include "net/onnx.h"
#include "placing.h"
#include "system/calibration.h"
#include "system/placement.h"
#include "twin.h"

#include <argp.h>
#include <fnmatch.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORTS 256
#define EXTRA 2 /* files beside the outputs' */

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("drawn", "nothing|something", "nothing"), .fact = true},
    {PM_SET_INTEGER("seed", 0, 4294967295.0, "1"), .when = "drawn=something", .help = "of what is drawn"},
    {0},
};
static const struct pm_setting_list pm_infer_settings = {NULL, settings};
PM_SETTING_LIST(pm_infer_settings);

struct job {
    const char *model, *summary, *ranges;
    char compiled[PATH_MAX + 16], schedule[PATH_MAX + 16]; /* of a folder: its network and plan */
    const char *rtl;                                       /* pattern of the layers that are in RTL, too */
    const char *in[PORTS], *out[PORTS];                    /* "NAME=FILE" */
    unsigned ins, outs;
    struct pm_placing placing;
    struct pm_settings *settings;
    struct pm_plan plan;
    struct pm_onnx *net;
    struct pm_onnx_tensor *input, *output;
    const char **output_file;
    struct pm_outfile *file; /* [outputs], the summary's and that of the ranges */
    struct pm_range *range;  /* [layers] of what matrices see; NULL: not wanted */
    struct pm_placement *placement;
    struct pm_worker worker;
    struct pm_twins *twins;
    double seconds;
    struct pm_error error;
};

/* ---- tensors ---- */

/* The port that "NAME=FILE" names, and the file; a name may have = in it. */
static int find_port(const struct pm_onnx *net, int (*find)(const struct pm_onnx *, const char *),
                     const char *text, const char **file) {
    char name[512];
    for (const char *equals = strchr(text, '='); equals; equals = strchr(equals + 1, '=')) {
        snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
        const int port = find(net, name);
        *file = equals + 1;
        if (port >= 0)
            return port;
    }
    return -1;
}

/* One channel is [frames], or [1, frames] where two dimensions are wanted; more are [frames, channels]. */
static pm_status read_sound(const struct pm_onnx_port *port, const char *path, struct pm_npy_array *a,
                            struct pm_error *e) {
    struct pm_wav w;
    const pm_status status = pm_wav_read(path, &w, e);
    *a = (struct pm_npy_array){.real = true, .count = w.frames * w.channels, .f = w.sample};
    if (w.channels == 1 && port->ranked && port->rank == 2)
        a->shape[a->rank++] = 1;
    a->shape[a->rank++] = w.frames;
    if (w.channels > 1)
        a->shape[a->rank++] = w.channels;
    return status;
}

static pm_status read_input(struct job *j, const struct pm_onnx_port *port, const char *path,
                            struct pm_onnx_tensor *t) {
    struct pm_npy_array a;
    const bool real = pm_onnx_is_float(port->type);
    const char *end = strrchr(path, '.');
    pm_status status = end && strcmp(end, ".wav") == 0 ? read_sound(port, path, &a, &j->error)
                                                       : pm_npy_read_array(path, &a, &j->error);
    if (status != PM_OK)
        return status;
    if (a.real != real)
        status = pm_fail(&j->error, PM_EINVAL, path, "input \"%.64s\" takes %s", port->name,
                         real ? "float32" : "integers");
    if (status == PM_OK && pm_onnx_shape(t, port->type, a.rank, a.shape) != PM_OK)
        status = pm_fail(&j->error, PM_ERANGE, path, "too large");
    if (status == PM_OK && pm_onnx_allocate(t) != PM_OK)
        status = pm_fail(&j->error, PM_ENOMEM, path, "out of memory");
    for (size_t i = 0; i < a.count && status == PM_OK && !real; i++)
        if (pm_onnx_wrap(port->type, a.i[i]) != a.i[i])
            status = pm_fail(&j->error, PM_ERANGE, path, "%lld is no %s", (long long)a.i[i],
                             pm_onnx_type_name((int)port->type));
    if (status == PM_OK)
        memcpy(t->data, a.data, a.count * (real ? sizeof *a.f : sizeof *a.i));
    pm_npy_array_free(&a);
    return status;
}

static pm_status read_inputs(struct job *j) {
    for (unsigned k = 0; k < j->ins; k++) {
        const char *file = NULL;
        const int port = find_port(j->net, pm_onnx_find_input, j->in[k], &file);
        if (port < 0)
            return pm_fail(&j->error, PM_EINVAL, j->in[k], "%s",
                           file ? "the network has no input of this name" : "not NAME=FILE");
        if (j->input[port].type)
            return pm_fail(&j->error, PM_EINVAL, j->in[k], "the input is given twice");
        const pm_status status = read_input(j, pm_onnx_input(j->net, (unsigned)port), file, &j->input[port]);
        if (status != PM_OK)
            return status;
    }
    for (unsigned k = 0; k < pm_onnx_inputs(j->net); k++)
        if (!j->input[k].type)
            return pm_fail(&j->error, PM_EINVAL, j->model, "input \"%.64s\" is missing: --in %.64s=FILE.npy",
                           pm_onnx_input(j->net, k)->name, pm_onnx_input(j->net, k)->name);
    return PM_OK;
}

static pm_status plan_outputs(struct job *j) {
    const unsigned outputs = pm_onnx_outputs(j->net);
    if (j->outs == 0)
        return pm_fail(&j->error, PM_EINVAL, "--out", "missing; the network's first output is \"%.64s\"",
                       pm_onnx_output(j->net, 0)->name);
    for (unsigned k = 0; k < j->outs; k++) {
        const char *file = NULL;
        const int port = find_port(j->net, pm_onnx_find_output, j->out[k], &file);
        if (port < 0)
            return pm_fail(&j->error, PM_EINVAL, j->out[k], "%s",
                           file ? "the network has no output of this name" : "not NAME=FILE");
        if (j->output_file[port])
            return pm_fail(&j->error, PM_EINVAL, j->out[k], "the output is given twice");
        j->output_file[port] = file;
    }
    pm_status status = PM_OK;
    for (unsigned k = 0; k < outputs + EXTRA && status == PM_OK; k++) {
        const char *path = k < outputs ? j->output_file[k] : k == outputs ? j->summary : j->ranges;
        status = path ? pm_outfile_plan(&j->file[k], path, &j->error) : PM_OK;
        for (unsigned i = 0; i < k && path && status == PM_OK; i++)
            if (j->file[i].path && pm_outfile_same(&j->file[i], &j->file[k]))
                status = pm_fail(&j->error, PM_EINVAL, path, "two outputs to one file");
    }
    return status;
}

/* ---- running ---- */

static bool has(void *ctx, unsigned layer) {
    const struct job *j = ctx;
    return j->placement && pm_placement_system(j->placement, layer) != NULL;
}

static pm_status compute(void *ctx, unsigned layer, size_t first, const struct pm_operands *o) {
    return pm_worker_layer(&((struct job *)ctx)->worker, layer, first, o);
}

static void see(void *ctx, unsigned layer, size_t n, const float *x) {
    struct pm_range *r = &((struct job *)ctx)->range[layer];
    for (size_t i = 0; i < n; i++) {
        r->low = (double)x[i] < r->low ? (double)x[i] : r->low;
        r->high = (double)x[i] > r->high ? (double)x[i] : r->high;
    }
}

static pm_status check_plan(struct job *j) {
    const struct pm_graph *g = pm_onnx_layers(j->net);
    const struct pm_plan *plans[] = {&j->plan};
    pm_status status = pm_placing_apply(&j->placing, &j->plan, &j->error);
    if (status != PM_OK)
        return status;
    pm_settings_fact(j->settings, "drawn", pm_plan_draws(&j->plan, g));
    status = pm_plan_check(&j->plan, g, false, &j->error);
    if (status == PM_OK)
        status = pm_settings_check(j->settings, false, &j->error);
    if (status == PM_OK)
        status = pm_plans_check(plans, 1, g, &j->error);
    return status == PM_OK ? pm_placing_check(&j->placing, &j->plan, g, &j->error) : status;
}

static pm_status place(struct job *j) {
    const struct pm_graph *g = pm_onnx_layers(j->net);
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", j->model);
    pm_status status =
        pm_placement_new(&j->plan, g, dirname(folder), (uint64_t)pm_settings_int(j->settings, "seed"),
                         &j->placement, &j->error);
    if (status == PM_OK && pm_placement_settles(j->placement))
        status = pm_fail(&j->error, PM_EINVAL, "flare.norm=none",
                         "not in an ONNX network, whose typical sums are not known");
    if (status == PM_OK && pm_worker_begin(&j->worker, g, j->placement, g->tokens) != PM_OK)
        status = pm_fail(&j->error, PM_ENOMEM, j->model, "out of memory");
    return status;
}

static bool in_rtl(const void *job, unsigned node) {
    const struct job *j = job;
    return fnmatch(j->rtl, pm_onnx_layers(j->net)->node[node].name, 0) == 0;
}

/* Sums over the layers that are in RTL; how many these are. */
static unsigned rtl_result(const struct job *j, struct pm_twin_result *sum) {
    unsigned layers = 0;
    *sum = (struct pm_twin_result){0};
    for (unsigned i = 0; j->twins && i < pm_onnx_layers(j->net)->nodes; i++) {
        const struct pm_twin_result *r = pm_twins_result(j->twins, i);
        if (r) {
            pm_twin_result_add(sum, r);
            layers++;
        }
    }
    return layers;
}

static pm_status open_rtl(struct job *j) {
    const struct pm_twin_report report = {"run", NULL};
    struct pm_twin_result sum;
    const struct pm_graph *g = pm_onnx_layers(j->net);
    pm_status status =
        j->placement ? pm_twins_open(&j->worker, g->tokens, &report, in_rtl, j, &j->twins, &j->error) : PM_OK;
    if (status == PM_OK && rtl_result(j, &sum) == 0)
        status = pm_fail(&j->error, PM_EINVAL, "--rtl", "no layer called %.64s is in a system that has RTL",
                         j->rtl);
    return status;
}

static pm_status run(struct job *j) {
    const struct pm_onnx_elsewhere elsewhere = {has, compute, j->ranges ? see : NULL, j};
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    *j->error.text = '\0';
    pm_status status = pm_onnx_run(j->net, j->input, j->output, &elsewhere, &j->error);
    clock_gettime(CLOCK_MONOTONIC, &to);
    j->seconds = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    if (status != PM_OK && !*j->error.text)
        pm_fail(&j->error, status, j->model, "%s", pm_strerror(status));
    return status;
}

/* ---- results ---- */

static void add_layer(const struct pm_tally *t, unsigned i, struct pm_results *r) {
    const struct pm_node *node = &t->graph->node[i];
    pm_result_group(r, node->name);
    pm_result_text(r, "system", t->system[i] ? t->system[i]->name : "host");
    pm_result_int(r, "vectors", node->rows, "vectors", PM_RESULT_DERIVED);
    for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++) {
        if (!pm_counts_any(&t->counts[i][k]))
            continue;
        pm_result_group(r, t->system[i]->parts[k]);
        for (int c = 0; c < PM_COUNTS; c++)
            if (t->counts[i][k].of[c])
                pm_result_int(r, pm_count_info[c].key, (int64_t)t->counts[i][k].of[c], pm_count_info[c].unit,
                              PM_RESULT_MEASURED);
        pm_result_end(r);
    }
    pm_result_end(r);
}

static struct pm_results *results_of(const struct job *j, const struct pm_tally *t) {
    struct pm_results *r = pm_results_new();
    if (!r)
        return NULL;
    pm_result_group(r, "effective_config");
    pm_result_text(r, "model", j->model);
    pm_settings_results(j->settings, r);
    for (size_t i = 0; j->plan.all[i]; i++)
        if (pm_placing_matters(&j->plan, t->graph, j->plan.all[i]))
            pm_settings_results(j->plan.all[i], r);
    pm_plan_results(&j->plan, r);
    pm_result_end(r);
    pm_result_text(r, "version", pm_version);
    pm_result_real(r, "seconds", j->seconds, "s", PM_RESULT_MEASURED);
    struct pm_twin_result sum;
    if (rtl_result(j, &sum)) {
        pm_result_int(r, "rtl_compared", (int64_t)sum.compared, "integers", PM_RESULT_MEASURED);
        pm_result_int(r, "rtl_differ", (int64_t)sum.differ, "integers", PM_RESULT_MEASURED);
        pm_result_int(r, "rtl_clocks", (int64_t)sum.clocks, "clocks", PM_RESULT_MEASURED);
    }
    pm_result_group(r, "layers");
    for (unsigned i = 0; i < t->graph->nodes; i++)
        add_layer(t, i, r);
    pm_result_end(r);
    return r;
}

static void print(const struct job *j, const struct pm_tally *t) {
    const struct pm_graph *g = t->graph;
    unsigned placed = 0;
    printf("perimeter infer: %s:", j->model);
    if (j->plan.entries)
        putchar(' ');
    pm_plan_print(&j->plan, stdout);
    for (size_t i = 0; j->plan.all[i]; i++)
        if (pm_placing_matters(&j->plan, g, j->plan.all[i])) {
            putchar(' ');
            pm_settings_print(j->plan.all[i], stdout);
        }
    for (unsigned i = 0; i < g->nodes; i++)
        placed += t->system[i] != NULL;
    printf(" %u of %u layers on systems, %.3f s\n", placed, g->nodes, j->seconds);
    for (int c = 0; c < PM_COUNTS; c++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < g->nodes; i++)
            for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++)
                sum += t->counts[i][k].of[c];
        if (sum && (c == PM_COUNT_READS || c == PM_COUNT_ACCESSES || c == PM_COUNT_CONVERSIONS))
            printf("%s %llu\n", pm_count_info[c].key, (unsigned long long)sum);
    }
    struct pm_twin_result sum;
    const unsigned in_rtl = rtl_result(j, &sum);
    if (in_rtl)
        printf("RTL: %u layers, %llu clocks, %llu integers compared, %llu differ\n", in_rtl,
               (unsigned long long)sum.clocks, (unsigned long long)sum.compared,
               (unsigned long long)sum.differ);
    for (unsigned k = 0; k < pm_onnx_outputs(j->net); k++) {
        char text[160];
        pm_onnx_shape_text(text, sizeof text, j->output[k].rank, j->output[k].shape);
        printf("%s %s %s\n", pm_onnx_output(j->net, k)->name, pm_onnx_type_name((int)j->output[k].type),
               text);
    }
}

/* Of a file of the form of calibration.json, in which the rest stays; the caller frees it. */
static pm_status ranges_text(struct job *j, char **text) {
    struct pm_json d = {j->ranges, &j->error, NULL};
    const struct pm_graph *g = pm_onnx_layers(j->net);
    pm_status status = access(j->ranges, F_OK) == 0 ? pm_json_load(&d) : PM_OK;
    cJSON *root = d.root ? d.root : cJSON_CreateObject(), *m = cJSON_CreateObject(), *in = NULL;
    bool ok = status == PM_OK && cJSON_AddNumberToObject(m, "images", 1) &&
              cJSON_AddNumberToObject(m, "percentile", 100) &&
              cJSON_AddStringToObject(m, "activations", "symmetric") &&
              cJSON_AddStringToObject(m, "weights", "layer") &&
              (in = cJSON_AddObjectToObject(m, "inputs")) != NULL;
    for (unsigned i = 0; i < g->nodes && ok; i++) {
        double range[2] = {j->range[i].low, j->range[i].high};
        if (range[1] - range[0] < 1e-30)
            range[1] = 1;
        if (g->node[i].kind == PM_NODE_MATRIX)
            ok = cJSON_AddItemToObject(in, g->node[i].name, cJSON_CreateDoubleArray(range, 2));
    }
    cJSON_DeleteItemFromObjectCaseSensitive(root, "matrices");
    ok = ok && cJSON_AddItemToObject(root, "matrices", m);
    *text = ok ? cJSON_Print(root) : NULL;
    if (!ok)
        cJSON_Delete(m);
    cJSON_Delete(root);
    return status != PM_OK || *text ? status : PM_ENOMEM;
}

static bool write_output(FILE *f, const void *tensor) {
    const struct pm_onnx_tensor *t = tensor;
    struct pm_npy_array a = {
        .real = pm_onnx_is_float(t->type), .rank = t->rank, .count = t->count, .data = t->data};
    memcpy(a.shape, t->shape, sizeof a.shape);
    return pm_npy_write_array(f, &a);
}

/* A file's content and how it is written. */
struct content {
    pm_writer *writer;
    const void *of;
};

static bool write_content(FILE *f, const void *content) {
    const struct content *c = content;
    return c->writer(f, c->of);
}

static pm_status write_all(struct job *j, const struct pm_tally *t) {
    const unsigned outputs = pm_onnx_outputs(j->net);
    struct content *content = calloc(outputs + EXTRA, sizeof *content);
    const void **files = calloc(outputs + EXTRA, sizeof *files);
    struct pm_results *r = j->summary ? results_of(j, t) : NULL;
    char *json = r ? pm_results_json(r, true) : NULL, *ranges = NULL;
    pm_status status = content && files && (!j->summary || json) ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && j->ranges)
        status = ranges_text(j, &ranges);
    for (unsigned k = 0; k < outputs + EXTRA && status == PM_OK; k++) {
        content[k] = k < outputs    ? (struct content){write_output, &j->output[k]}
                     : k == outputs ? (struct content){pm_write_text, json}
                                    : (struct content){pm_write_text, ranges};
        if (k < outputs ? j->output_file[k] : k == outputs ? j->summary : j->ranges)
            files[k] = &content[k];
    }
    if (status == PM_OK)
        status = pm_outfile_write_all(j->file, outputs + EXTRA, write_content, files, &j->error);
    else if (status == PM_ENOMEM)
        pm_fail(&j->error, status, j->model, "out of memory");
    free(content);
    free(files);
    free(json);
    free(ranges);
    pm_results_free(r);
    return status;
}

static pm_status report(struct job *j) {
    struct pm_tally t;
    pm_status status = pm_tally_new(&t, pm_onnx_layers(j->net), j->placement);
    if (status == PM_OK && j->placement)
        pm_tally_add(&t, &j->worker);
    status = status == PM_OK ? write_all(j, &t) : pm_fail(&j->error, status, j->model, "out of memory");
    if (status == PM_OK)
        print(j, &t);
    pm_tally_free(&t);
    return status;
}

/* What `perimeter compile` has made is named by its folder: the plan is that of the tiles. */
static void find_compiled(struct job *j) {
    snprintf(j->compiled, sizeof j->compiled, "%.*s/model.onnx", PATH_MAX, j->model);
    if (access(j->compiled, F_OK) != 0)
        return;
    snprintf(j->schedule, sizeof j->schedule, "%.*s/plan.json", PATH_MAX, j->model);
    j->model = j->compiled;
    if (!j->placing.plan && access(j->schedule, F_OK) == 0)
        j->placing.plan = j->schedule;
}

static pm_status infer(struct job *j) {
    find_compiled(j);
    pm_status status = pm_onnx_load(j->model, &j->net, &j->error);
    if (status != PM_OK)
        return status;
    j->input = calloc(pm_onnx_inputs(j->net) + 1, sizeof *j->input);
    j->output = calloc(pm_onnx_outputs(j->net) + 1, sizeof *j->output);
    j->output_file = calloc(pm_onnx_outputs(j->net) + 1, sizeof *j->output_file);
    j->file = calloc(pm_onnx_outputs(j->net) + EXTRA, sizeof *j->file);
    if (!j->input || !j->output || !j->output_file || !j->file)
        return pm_fail(&j->error, PM_ENOMEM, j->model, "out of memory");
    status = plan_outputs(j);
    if (status == PM_OK)
        status = read_inputs(j);
    if (status == PM_OK)
        status = pm_onnx_bind(j->net, j->input, &j->error);
    if (status == PM_OK)
        status = check_plan(j);
    if (status == PM_OK && j->plan.entries)
        status = place(j);
    if (status == PM_OK && j->rtl)
        status = open_rtl(j);
    if (status == PM_OK && j->ranges &&
        (j->range = calloc(pm_onnx_layers(j->net)->nodes + 1, sizeof *j->range)) == NULL)
        status = pm_fail(&j->error, PM_ENOMEM, j->model, "out of memory");
    if (status == PM_OK)
        status = run(j);
    return status == PM_OK ? report(j) : status;
}

static void end(struct job *j) {
    for (unsigned k = 0; j->net && j->input && k < pm_onnx_inputs(j->net); k++)
        pm_onnx_drop(&j->input[k]);
    for (unsigned k = 0; j->net && j->output && k < pm_onnx_outputs(j->net); k++)
        pm_onnx_drop(&j->output[k]);
    for (unsigned k = 0; j->net && j->file && k < pm_onnx_outputs(j->net) + EXTRA; k++)
        pm_outfile_free(&j->file[k]);
    free(j->input);
    free(j->output);
    free(j->output_file);
    free(j->file);
    free(j->range);
    pm_twins_close(j->twins);
    pm_worker_end(&j->worker);
    pm_placement_free(j->placement);
    pm_onnx_free(j->net);
    pm_plan_free(&j->plan);
    free(j->settings);
}

/* ---- the command line ---- */

enum {
    OPTION_IN = 256,
    OPTION_OUT,
    OPTION_PLAN,
    OPTION_PLACE,
    OPTION_SET,
    OPTION_SEED,
    OPTION_RTL,
    OPTION_RANGES,
    OPTION_SUMMARY
};

static const struct argp_option options[] = {
    {"in", OPTION_IN, "NAME=FILE", 0,
     "A tensor for an input, .npy: float32, or integers where it takes these; or sound, .wav", 0},
    {"out", OPTION_OUT, "NAME=FILE.npy", 0, "Where an output goes", 0},
    {"plan", OPTION_PLAN, "FILE", 0, "JSON plan: which layer goes to which system", 0},
    {"place", OPTION_PLACE, "LAYERS=SYSTEM[,SETTING=VALUE]", 0,
     "Places layers, as in *=int8; the last that matches wins; see perimeter inspect for their names", 0},
    {"set", OPTION_SET, "SYSTEM.SETTING=VALUE", 0, "A setting of a system, see below", 0},
    {"seed", OPTION_SEED, "N", 0, "Of what is drawn (1)", 0},
    {"rtl", OPTION_RTL, "LAYERS", 0, "Placed layers that are run in RTL as well, every integer compared", 0},
    {"ranges", OPTION_RANGES, "FILE", 0,
     "Where the range of what each matrix sees goes, for a calibration.json beside the network", 0},
    {"summary", OPTION_SUMMARY, "FILE", 0, "Where configuration and counts go as JSON", 0},
    {"help", 'h', NULL, 0, "This help", 0},
    {0},
};

static pm_status add(struct job *j, const char *option, const char *list[PORTS], unsigned *n,
                     const char *text) {
    if (*n == PORTS)
        return pm_fail(&j->error, PM_ERANGE, option, "more than %d", PORTS);
    list[(*n)++] = text;
    return PM_OK;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct job *j = state->input;
    struct pm_settings *all[] = {j->settings, NULL};
    char text[64];
    switch (key) {
    case OPTION_IN:
        return add(j, "--in", j->in, &j->ins, arg) == PM_OK ? 0 : EINVAL;
    case OPTION_OUT:
        return add(j, "--out", j->out, &j->outs, arg) == PM_OK ? 0 : EINVAL;
    case OPTION_PLAN:
        j->placing.plan = arg;
        return 0;
    case OPTION_PLACE:
        return pm_placing_add(&j->placing, arg, &j->error) == PM_OK ? 0 : EINVAL;
    case OPTION_SET:
        return pm_settings_give(j->plan.all, arg, "--set", &j->error) == PM_OK ? 0 : EINVAL;
    case OPTION_SEED:
        snprintf(text, sizeof text, "seed=%.40s", arg);
        return pm_settings_give(all, text, NULL, &j->error) == PM_OK ? 0 : EINVAL;
    case OPTION_RTL:
        j->rtl = arg;
        return 0;
    case OPTION_RANGES:
        j->ranges = arg;
        return 0;
    case OPTION_SUMMARY:
        j->summary = arg;
        return 0;
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        fputs("\nSystems and their settings:\n", stdout);
        pm_placing_help(stdout);
        exit(fflush(stdout) == 0 ? 0 : 2);
    default:
        return pm_command_key(key, arg, state, "network", &j->model, &j->error);
    }
}

int pm_cmd_infer(int argc, char **argv) {
    static const struct argp argp = {
        options,
        parse,
        "MODEL.onnx|DIR",
        "Runs an ONNX network on your own tensors, or what perimeter compile has made of one.",
        NULL,
        NULL,
        NULL};
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        fprintf(stderr, "perimeter: infer: out of memory\n");
        return 2;
    }
    j->settings = pm_settings_new(&pm_infer_settings);
    pm_status status = j->settings && pm_plan_new(&j->plan) == PM_OK
                           ? PM_OK
                           : pm_fail(&j->error, PM_ENOMEM, "infer", "out of memory");
    if (status == PM_OK && argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, j) != 0)
        status = PM_EINVAL;
    if (status == PM_OK && !j->model)
        status = pm_fail(&j->error, PM_EINVAL, "MODEL.onnx", "missing; see perimeter infer --help");
    if (status == PM_OK)
        status = infer(j);
    if (status != PM_OK && status != PM_EDIFFER)
        pm_error_print(&j->error);
    end(j);
    free(j);
    return status == PM_EDIFFER ? 1 : status == PM_OK && fflush(stdout) == 0 ? 0 : 2;
}
