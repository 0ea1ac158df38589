// SPDX-License-Identifier: Apache-2.0
/* `perimeter calibrate`: the ranges of what a network's matrices see, into its calibration.json. */
#include "commands.h"
#include "fileio.h"
#include "io/choice.h"
#include "io/dataset.h"
#include "io/json.h"
#include "io/text.h"
#include "model.h"
#include "net/network.h"
#include "net/onnx.h"
#include "tokens.h"
#include "words.h"

#include <argp.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a matrix sees. */
enum { BINS = 1 << 16, TEXT = 1 << 28, TOKENIZER_SECONDS = 600 };
struct seen {
    float low, high; /* of all inputs, and 0 */
    uint64_t *bin;   /* [BINS], from low to high; NULL: not counted */
    uint64_t count;
};

struct calibrate {
    const char *model, *data, *output;
    unsigned images;
    double percentile;
    int affine, channels;
    char folder[PATH_MAX], path[PATH_MAX + 32];
    struct pm_network network;
    struct pm_onnx *onnx;    /* instead of it */
    struct pm_tokens tokens; /* of sentences, where it takes these */
    struct pm_words words;   /* of a decoder */
    const struct pm_graph *graph;
    struct seen *seen; /* [nodes] */
    struct pm_error error;
};

/* ---- looking ---- */

static void look(struct seen *s, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        s->low = fminf(s->low, x[i]);
        s->high = fmaxf(s->high, x[i]);
    }
}

static void sort(struct seen *s, const float *x, size_t n) {
    const double bins = BINS / ((double)s->high - s->low);
    for (size_t i = 0; i < n; i++) {
        const double at = (x[i] - s->low) * bins;
        s->bin[at < BINS - 1 ? (size_t)at : BINS - 1]++;
    }
    s->count += n;
}

static pm_status compute(void *ctx, unsigned node, const struct pm_operands *o) {
    struct calibrate *c = ctx;
    const struct pm_matrix *m = c->graph->node[node].matrix;
    (c->seen[node].bin ? sort : look)(&c->seen[node], o->x, (size_t)o->n * m->in);
    pm_matrix_apply(m, o->n, o->x, NULL, o->y);
    return PM_OK;
}

/* Runs of the network, one input after the other. */
struct runs {
    struct calibrate *c;
    struct pm_graph_elsewhere elsewhere;
    struct pm_graph_scratch *scratch;
    float *out;
};

static pm_status run(const struct runs *r, const struct pm_graph_input *input) {
    return pm_graph_run(r->c->graph, input, &r->elsewhere, r->scratch, r->out);
}

static pm_status look_at_images(const struct runs *r) {
    struct calibrate *c = r->c;
    struct pm_dataset d;
    unsigned label;
    pm_status status = pm_dataset_open(&d, c->data, "train", &c->network.form, &c->error);
    if (status == PM_OK && c->images > d.count)
        status =
            pm_fail(&c->error, PM_EINVAL, "--images", "%u asked for, %s has %u", c->images, c->data, d.count);
    uint8_t *image = status == PM_OK ? malloc(d.item) : NULL;
    if (status == PM_OK && !image)
        status = pm_fail(&c->error, PM_ENOMEM, c->model, "out of memory");
    for (unsigned i = 0; i < c->images && status == PM_OK; i++)
        if ((status = pm_dataset_read(&d, 1, image, &label, &c->error)) == PM_OK)
            status = run(r, &(struct pm_graph_input){.image = image, .n = c->graph->tokens});
    free(image);
    pm_dataset_close(&d);
    return status;
}

/* The text's lines that are not empty, at most c->images, as tokens. */
static pm_status tokenize(struct calibrate *c, char *text) {
    const struct pm_encoder_config *e = &c->network.encoder.config;
    char **line = calloc(c->images, sizeof *line), *rest = text, *next;
    size_t lines = 0;
    if (!line)
        return pm_fail(&c->error, PM_ENOMEM, c->model, "out of memory");
    while (lines < c->images && (next = strsep(&rest, "\n")) != NULL)
        if (*next)
            line[lines++] = next;
    c->images = (unsigned)lines;
    const pm_status status = lines ? pm_tokens_run(&c->tokens, c->folder, line, lines, e->vocabulary,
                                                   e->tokens, TOKENIZER_SECONDS, &c->error)
                                   : pm_fail(&c->error, PM_EFORMAT, c->data, "no sentences");
    free(line);
    return status;
}

static pm_status read_text(struct calibrate *c, char **text, size_t *length) {
    const pm_status status = pm_text_load(c->data, TEXT, text, length, &c->error);
    if (status == PM_OK && strlen(*text) != *length)
        return pm_fail(&c->error, PM_EFORMAT, c->data, "byte %zu is zero", strlen(*text) + 1);
    return status;
}

static pm_status look_at_sentences(const struct runs *r) {
    struct calibrate *c = r->c;
    pm_status status = PM_OK;
    if (!c->tokens.id) { /* in the first pass */
        char *text = NULL;
        size_t length;
        status = read_text(c, &text, &length);
        if (status == PM_OK)
            status = tokenize(c, text);
        free(text);
    }
    for (unsigned i = 0; i < c->images && status == PM_OK; i++) {
        const size_t from = c->tokens.start[i];
        status = run(r, &(struct pm_graph_input){.ids = c->tokens.id + from,
                                                 .n = (unsigned)(c->tokens.start[i + 1] - from)});
    }
    return status;
}

/* A text in windows of as many bytes or tokens as the network takes. */
static pm_status look_at_text(const struct runs *r) {
    struct calibrate *c = r->c;
    const unsigned n = c->graph->tokens;
    char *text = NULL;
    size_t length = 0, count = 0;
    uint32_t *ids = NULL;
    pm_status status = read_text(c, &text, &length);
    if (status == PM_OK)
        status = pm_words_of(&c->words, text, length, &ids, &count, &c->error);
    if (status == PM_OK && count < n)
        status = pm_fail(&c->error, PM_EFORMAT, c->data, "%zu %s, a window has %u", count,
                         pm_words_unit(&c->words), n);
    if (count / n < c->images)
        c->images = (unsigned)(count / n);
    for (size_t i = 0; i < c->images && status == PM_OK; i++)
        status = run(r, &(struct pm_graph_input){.ids = ids + i * n, .n = n});
    free(text);
    free(ids);
    return status;
}

static bool takes_sentences(const struct calibrate *c) {
    return c->network.type == PM_NETWORK_BERT;
}

static bool takes_text(const struct calibrate *c) {
    return c->network.type == PM_NETWORK_GPT || c->network.type == PM_NETWORK_LLAMA;
}

static bool is_matrix(void *ctx, unsigned layer) {
    return ((const struct calibrate *)ctx)->graph->node[layer].kind == PM_NODE_MATRIX;
}

static pm_status compute_onnx(void *ctx, unsigned layer, size_t first, const struct pm_operands *o) {
    (void)first;
    return compute(ctx, layer, o);
}

/* One run of an ONNX network for each element of the array's first dimension. */
static pm_status look_at_array(struct calibrate *c, const struct pm_npy_array *a, struct pm_onnx_tensor *in) {
    const struct pm_onnx_elsewhere elsewhere = {.has = is_matrix, .compute = compute_onnx, .ctx = c};
    const unsigned outputs = pm_onnx_outputs(c->onnx);
    struct pm_onnx_tensor *out = calloc(outputs, sizeof *out);
    pm_status status = out ? PM_OK : PM_ENOMEM;
    if (a->shape[0] < c->images)
        c->images = (unsigned)a->shape[0];
    for (size_t i = 0; i < c->images && status == PM_OK; i++) {
        memcpy(in->f, a->f + i * in->count, in->count * sizeof *in->f);
        status = pm_onnx_run(c->onnx, in, out, &elsewhere, &c->error);
        for (unsigned k = 0; k < outputs; k++)
            pm_onnx_drop(&out[k]);
    }
    free(out);
    return status;
}

static pm_status pass_array(struct calibrate *c) {
    struct pm_npy_array a;
    struct pm_onnx_tensor in = {0};
    pm_status status = pm_npy_read_array(c->data, &a, &c->error);
    if (status != PM_OK)
        return status;
    if (!a.real || a.rank < 1)
        status = pm_fail(&c->error, PM_EINVAL, c->data, "not float32 of at least one dimension");
    if (status == PM_OK) {
        size_t shape[PM_NPY_RANK];
        memcpy(shape, a.shape, sizeof shape);
        shape[0] = 1;
        status = pm_onnx_shape(&in, PM_ONNX_FLOAT, a.rank, shape);
    }
    if (status == PM_OK)
        status = pm_onnx_allocate(&in);
    if (status == PM_OK && !c->graph) /* of the first pass */
        status = pm_onnx_bind(c->onnx, &in, &c->error);
    if (status == PM_OK && !c->graph) {
        c->graph = pm_onnx_layers(c->onnx);
        c->seen = calloc(c->graph->nodes, sizeof *c->seen);
    }
    if (status == PM_OK)
        status = c->seen ? look_at_array(c, &a, &in) : PM_ENOMEM;
    pm_onnx_drop(&in);
    pm_npy_array_free(&a);
    return status == PM_OK || *c->error.text
               ? status
               : pm_fail(&c->error, status, c->model, "%s", pm_strerror(status));
}

static pm_status pass(struct calibrate *c) {
    if (c->onnx)
        return pass_array(c);
    const struct pm_graph *g = c->graph;
    bool *matrices = calloc(g->nodes, sizeof *matrices);
    struct runs r = {c, {.layer = matrices, .compute = compute, .ctx = c}, pm_graph_scratch_new(g), NULL};
    r.out = malloc(pm_graph_floats(g, g->tokens) * sizeof *r.out);
    pm_status status = PM_OK;
    if (!matrices || !r.scratch || !r.out)
        status = pm_fail(&c->error, PM_ENOMEM, c->model, "out of memory");
    for (unsigned i = 0; i < g->nodes && status == PM_OK; i++)
        matrices[i] = g->node[i].kind == PM_NODE_MATRIX;
    if (status == PM_OK)
        status = takes_sentences(c) ? look_at_sentences(&r)
                 : takes_text(c)    ? look_at_text(&r)
                                    : look_at_images(&r);
    pm_graph_scratch_free(r.scratch);
    free(r.out);
    free(matrices);
    return status;
}

/* The end of the bins beyond which there are at most `most` inputs, from the side of `first`. */
static double quantile(const struct seen *s, bool from_above, double most) {
    const double width = ((double)s->high - s->low) / BINS;
    uint64_t beyond = 0;
    size_t i = 0;
    while (i < BINS - 1 && (double)(beyond + s->bin[from_above ? BINS - 1 - i : i]) <= most)
        beyond += s->bin[from_above ? BINS - 1 - i++ : i++];
    return from_above ? s->high - (double)i * width : s->low + (double)i * width;
}

static pm_status find_ranges(struct calibrate *c) {
    pm_status status = pass(c);
    const struct pm_graph *g = c->graph;
    for (unsigned i = 0; status == PM_OK && i < g->nodes; i++) {
        struct seen *s = &c->seen[i];
        if (g->node[i].kind != PM_NODE_MATRIX)
            continue;
        if (!isfinite(s->low) || !isfinite(s->high))
            return pm_fail(&c->error, PM_ERANGE, g->node[i].name, "its inputs are not finite");
        if (s->low == s->high)
            s->high = 1;
        if (c->percentile < 100 && (s->bin = calloc(BINS, sizeof *s->bin)) == NULL)
            status = pm_fail(&c->error, PM_ENOMEM, c->model, "out of memory");
    }
    return status == PM_OK && c->percentile < 100 ? pass(c) : status;
}

static void range_of(const struct calibrate *c, const struct seen *s, double range[2]) {
    const double most = (100 - c->percentile) / 100 * (double)s->count;
    range[0] = s->bin && s->low < 0 ? fmin(quantile(s, false, most), 0) : s->low;
    range[1] = s->bin && s->high > 0 ? fmax(quantile(s, true, most), 0) : s->high;
    if (range[1] - range[0] < 1e-30)
        range[1] = 1;
}

/* ---- writing ---- */

static cJSON *make_matrices(const struct calibrate *c) {
    const struct pm_graph *g = c->graph;
    cJSON *m = cJSON_CreateObject(), *in = NULL;
    bool ok = cJSON_AddNumberToObject(m, "images", c->images) &&
              cJSON_AddNumberToObject(m, "percentile", c->percentile) &&
              cJSON_AddStringToObject(m, "activations", c->affine ? "affine" : "symmetric") &&
              cJSON_AddStringToObject(m, "weights", c->channels ? "channel" : "layer") &&
              (in = cJSON_AddObjectToObject(m, "inputs")) != NULL;
    printf("%-16s %12s %12s\n", "matrix", "least", "largest");
    for (unsigned i = 0; i < g->nodes && ok; i++) {
        double range[2];
        if (g->node[i].kind != PM_NODE_MATRIX)
            continue;
        range_of(c, &c->seen[i], range);
        printf("%-16s %12.6g %12.6g\n", g->node[i].name, range[0], range[1]);
        ok = cJSON_AddItemToObject(in, g->node[i].name, cJSON_CreateDoubleArray(range, 2));
    }
    if (ok)
        return m;
    cJSON_Delete(m);
    return NULL;
}

/* Makes numbers print as what they are: cJSON rounds some to 15 digits. */
static bool keep_digits(cJSON *item) {
    enum { LENGTH = 32 };
    cJSON *child;
    bool ok = true;
    cJSON_ArrayForEach(child, item) {
        ok = keep_digits(child) && ok;
    }
    if (!cJSON_IsNumber(item) || (item->valuestring = cJSON_malloc(LENGTH)) == NULL)
        return ok && !cJSON_IsNumber(item);
    snprintf(item->valuestring, LENGTH, "%.17g", item->valuedouble);
    item->type = cJSON_Raw;
    return true;
}

/* What else stands in the file stays, scales of weights too. */
static pm_status save(struct calibrate *c, struct pm_outfile *file) {
    struct pm_json d = {c->output, &c->error, NULL};
    pm_status status = access(c->output, F_OK) == 0 ? pm_json_load(&d) : PM_OK;
    if (status != PM_OK)
        return status;
    cJSON *root = d.root ? d.root : cJSON_CreateObject(), *matrices = make_matrices(c);
    cJSON *old = cJSON_DetachItemFromObjectCaseSensitive(root, "matrices");
    cJSON *scales = cJSON_DetachItemFromObjectCaseSensitive(old, "scales");
    cJSON_Delete(old);
    if (scales && !cJSON_AddItemToObject(matrices, "scales", scales))
        status = PM_ENOMEM;
    if (!matrices || !cJSON_AddItemToObject(root, "matrices", matrices))
        status = PM_ENOMEM;
    char *text = status == PM_OK && keep_digits(root) ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    if (!text)
        return pm_fail(&c->error, PM_ENOMEM, c->output, "out of memory");
    status = pm_outfile_write_all(file, 1, pm_write_line, (const void *[]){text}, &c->error);
    free(text);
    return status;
}

/* ---- the command ---- */

enum {
    OPTION_DATA = 256,
    OPTION_IMAGES,
    OPTION_PERCENTILE,
    OPTION_ACTIVATIONS,
    OPTION_WEIGHTS,
    OPTION_OUTPUT
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct calibrate *c = state->input;
    char *end;
    switch (key) {
    case OPTION_DATA:
        c->data = arg;
        return 0;
    case OPTION_OUTPUT:
        c->output = arg;
        return 0;
    case OPTION_IMAGES: {
        const long n = strtol(arg, &end, 10);
        c->images = (unsigned)n;
        return *arg && !*end && n >= 1 && n <= 1000000000
                   ? 0
                   : pm_command_refuse(&c->error, "--images", arg, "1..1000000000");
    }
    case OPTION_PERCENTILE:
        c->percentile = strtod(arg, &end);
        return *arg && !*end && c->percentile >= 50 && c->percentile <= 100
                   ? 0
                   : pm_command_refuse(&c->error, "--percentile", arg, "a number in 50..100");
    case OPTION_ACTIVATIONS:
        c->affine = pm_choice("symmetric|affine", arg, strlen(arg));
        return c->affine >= 0 ? 0 : pm_command_refuse(&c->error, "--activations", arg, "symmetric or affine");
    case OPTION_WEIGHTS:
        c->channels = pm_choice("layer|channel", arg, strlen(arg));
        return c->channels >= 0 ? 0 : pm_command_refuse(&c->error, "--weights", arg, "layer or channel");
    default:
        return pm_command_key(key, arg, state, "network", &c->model, &c->error);
    }
}

/* An ONNX file of one input, or a network's folder. */
static pm_status load(struct calibrate *c) {
    const size_t n = strlen(c->model);
    if (n < 5 || strcmp(c->model + n - 5, ".onnx") != 0) {
        pm_find_model(c->model, c->folder);
        pm_status status = pm_network_load(&c->network, c->folder, &c->error);
        c->graph = c->network.graph;
        if (status == PM_OK && takes_text(c))
            status = pm_words_load(&c->words, c->folder, c->network.decoder.config.vocabulary, &c->error);
        if (status == PM_OK && (c->seen = calloc(c->graph->nodes, sizeof *c->seen)) == NULL)
            status = pm_fail(&c->error, PM_ENOMEM, c->model, "out of memory");
        return status;
    }
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", c->model);
    snprintf(c->folder, sizeof c->folder, "%s", dirname(path));
    const pm_status status = pm_onnx_load(c->model, &c->onnx, &c->error);
    if (status == PM_OK &&
        (pm_onnx_inputs(c->onnx) != 1 || !pm_onnx_is_float(pm_onnx_input(c->onnx, 0)->type)))
        return pm_fail(&c->error, PM_EINVAL, c->model, "has not one input, of floats");
    return status;
}

static pm_status calibrate(struct calibrate *c, struct pm_outfile *file) {
    if (!c->model || !c->data)
        return pm_fail(&c->error, PM_EINVAL, c->model ? "--data" : "MODEL",
                       "missing; see perimeter calibrate --help");
    pm_status status = load(c);
    if (!c->output)
        snprintf(c->path, sizeof c->path, "%s/calibration.json", c->folder), c->output = c->path;
    if (status == PM_OK)
        status = pm_outfile_plan(file, c->output, &c->error);
    if (status == PM_OK)
        status = find_ranges(c);
    return status == PM_OK ? save(c, file) : status;
}

int pm_cmd_calibrate(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"data", OPTION_DATA, "DIR", 0,
         "Training set: a folder of IDX or NumPy files or pictures, or a list of these; of a sentence "
         "encoder "
         "sentences, one a line; of an ONNX network a .npy file of what it takes, along the first dimension",
         0},
        {"images", OPTION_IMAGES, "N", 0,
         "The first N training images, sentences or windows are looked at (2000)", 0},
        {"percentile", OPTION_PERCENTILE, "P", 0,
         "Of a matrix' inputs that each end of its range leaves inside; 100: all (100)", 0},
        {"activations", OPTION_ACTIVATIONS, "symmetric|affine", 0,
         "affine: the integer of a real 0 need not be 0, where a system can (symmetric)", 0},
        {"weights", OPTION_WEIGHTS, "layer|channel", 0, "What has a scale of its own (layer)", 0},
        {"output", OPTION_OUTPUT, "FILE", 0,
         "Where it goes; what else is there stays (MODEL/calibration.json)", 0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {
        options,
        parse,
        "MODEL --data DIR|FILE\nMODEL.onnx --data FILE.npy",
        "Finds the ranges of what a network's matrices see, for systems whose inputs have one scale a layer.",
        NULL,
        NULL,
        NULL};
    struct calibrate *c = calloc(1, sizeof *c);
    struct pm_outfile file = {0};
    if (!c) {
        fprintf(stderr, "perimeter: calibrate: out of memory\n");
        return 2;
    }
    c->images = 2000;
    c->percentile = 100;
    pm_status status = PM_OK;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, c) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = calibrate(c, &file);
    if (status != PM_OK)
        pm_error_print(&c->error);
    for (unsigned i = 0; c->seen && i < c->graph->nodes; i++)
        free(c->seen[i].bin);
    free(c->seen);
    pm_tokens_free(&c->tokens);
    pm_words_free(&c->words);
    pm_network_free(&c->network);
    pm_onnx_free(c->onnx);
    pm_outfile_free(&file);
    free(c);
    return status == PM_OK ? 0 : 2;
}
