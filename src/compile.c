// SPDX-License-Identifier: Apache-2.0
/* `perimeter compile`: a network and its policy of bits to the tiles of crossbars, their schedule and
 * latency, in a folder that `perimeter run` executes. */
#include "commands.h"
#include "fileio.h"
#include "io/choice.h"
#include "io/file.h"
#include "io/npy.h"
#include "model.h"
#include "net/network.h"
#include "onnx_shapes.h"
#include "policy.h"
#include "system/placement.h"
#include "system/xbar.h"

#include <argp.h>
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct compile {
    const char *model, *policy_path, *output;
    struct pm_xbar_chip chip;
    char folder[PATH_MAX];
    struct pm_onnx_shapes shapes;
    struct pm_network network;
    struct pm_onnx *onnx; /* instead of it */
    struct pm_onnx_tensor *input;
    const struct pm_graph *graph;
    struct pm_policy policy;
    struct pm_plan plan;
    struct pm_placement *placement;
    struct pm_error error;
    /* What is written. */
    struct file {
        char *path;
        struct pm_tensor tensor; /* where there is no text */
        char *text;
        size_t length;
    } * file;
    size_t files, room;
    cJSON *schedule, *tiles;
    unsigned numbered; /* layers of the schedule so far */
};

static pm_status out_of_memory(struct compile *c) {
    return pm_fail(&c->error, PM_ENOMEM, "compile", "out of memory");
}

/* A new file of the folder; NULL: out of memory. */
static struct file *add_file(struct compile *c, const char *name) {
    if (c->files == c->room) {
        struct file *more = realloc(c->file, (c->room + 64) * 2 * sizeof *more);
        if (!more)
            return NULL;
        c->file = more;
        c->room = (c->room + 64) * 2;
    }
    struct file *f = &c->file[c->files];
    *f = (struct file){0};
    if (asprintf(&f->path, "%s/%s", c->output, name) < 0)
        return NULL;
    c->files++;
    return f;
}

static pm_status add_text(struct compile *c, const char *name, char *text) {
    struct file *f = text ? add_file(c, name) : NULL;
    if (!f) {
        free(text);
        return out_of_memory(c);
    }
    f->text = text;
    f->length = strlen(text);
    return PM_OK;
}

/* ---- tiles ---- */

/* Level of the cell in row r, column q of the whole matrix: docs/numerics.md, "Mapping to RRAM crossbars". */
static uint8_t level(const struct compile *c, const struct pm_xbar *h, int64_t row, int64_t column) {
    const struct pm_xbar_cfg *cfg = pm_xbar_config(h);
    const int64_t slices = pm_xbar_slices(cfg), outputs = pm_xbar_outputs(h);
    const int64_t per_row = c->chip.map == PM_XBAR_DR ? 2 : 1, per_pair = c->chip.map == PM_XBAR_DC ? 2 : 1;
    if (column >= outputs * slices * per_pair)
        return 1; /* the offset column, which adds up the active rows */
    const int64_t pair = column / per_pair;
    const int w = pm_xbar_weights(h)[row / per_row * outputs + pair / slices];
    const unsigned slice = (unsigned)(pair % slices);
    if (c->chip.map == PM_XBAR_OF)
        return (uint8_t)pm_xbar_level(cfg, w + (1 << (cfg->wbits - 1)), slice);
    const bool minus = c->chip.map == PM_XBAR_DC ? column % 2 : row % 2;
    return (w < 0) == minus ? (uint8_t)pm_xbar_level(cfg, w, slice) : 0;
}

static int64_t pieces(int64_t n, int64_t by) {
    return (n + by - 1) / by;
}

/* The image of a tile of a matrix. */
static pm_status add_image(struct compile *c, const struct pm_xbar *h, const int64_t at[2], int64_t rows,
                           int64_t cols) {
    char name[64];
    snprintf(name, sizeof name, "tile-%u-%d-%d.npy", c->numbered, (int)at[0], (int)at[1]);
    struct file *f = add_file(c, name);
    const size_t shape[2] = {(size_t)c->chip.rows, (size_t)c->chip.cols};
    if (!f || pm_tensor_new(&f->tensor, PM_UINT8, 2, shape) != PM_OK)
        return out_of_memory(c);
    for (int64_t i = 0; i < rows * cols; i++)
        ((uint8_t *)f->tensor.data)[i / cols * c->chip.cols + i % cols] =
            level(c, h, at[0] * c->chip.rows + i / cols, at[1] * c->chip.cols + i % cols);
    return PM_OK;
}

/* A tile at place r, q; of a matrix, h, also its image; of a product, NULL, what is written is known at run
 * time alone. */
static pm_status add_tile(struct compile *c, const struct pm_policy_layer *l, const struct pm_xbar *h,
                          int64_t head, const int64_t at[2], const int64_t size[2]) {
    cJSON *item = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(c->tiles, item))
        return out_of_memory(c);
    const int64_t row = at[0] * c->chip.rows, column = at[1] * c->chip.cols;
    const int64_t rows = size[0] - row < c->chip.rows ? size[0] - row : c->chip.rows;
    const int64_t cols = size[1] - column < c->chip.cols ? size[1] - column : c->chip.cols;
    const pm_status status = h ? add_image(c, h, at, rows, cols) : PM_OK;
    if (status != PM_OK)
        return status;
    return cJSON_AddNumberToObject(item, "layer", c->numbered) &&
                   (h || cJSON_AddNumberToObject(item, "head", (double)head)) &&
                   cJSON_AddNumberToObject(item, "r", (double)at[0]) &&
                   cJSON_AddNumberToObject(item, "q", (double)at[1]) &&
                   cJSON_AddNumberToObject(item, "rows", (double)rows) &&
                   cJSON_AddNumberToObject(item, "cols", (double)cols) &&
                   cJSON_AddNumberToObject(item, "writes", 1) &&
                   cJSON_AddNumberToObject(item, "mvms", (double)l->shape.vectors * l->a)
               ? PM_OK
               : out_of_memory(c);
}

static pm_status add_layer(struct compile *c, const struct pm_policy_layer *l, cJSON *layers) {
    const struct pm_xbar *h =
        l->what == PM_POLICY_MATRIX ? pm_xbar_of_layer(pm_placement_layer(c->placement, l->node)) : NULL;
    const int64_t slices = pieces(l->w, c->chip.cell), outputs = l->shape.outputs;
    const int64_t size[2] = {l->shape.k * (c->chip.map == PM_XBAR_DR ? 2 : 1),
                             outputs * slices * (c->chip.map == PM_XBAR_DC ? 2 : 1) +
                                 (c->chip.map == PM_XBAR_OF)};
    int64_t t, tiles;
    pm_status status = pm_xbar_cost(&c->chip, &l->shape, l->w, l->a, &t, &tiles);
    for (int64_t head = 0; head < l->shape.repeat; head++)
        for (int64_t r = 0; r < pieces(size[0], c->chip.rows); r++)
            for (int64_t q = 0; q < pieces(size[1], c->chip.cols) && status == PM_OK; q++)
                status = add_tile(c, l, h, head, (const int64_t[]){r, q}, size);
    if (status != PM_OK)
        return status;
    const double use =
        (double)(size[0] * size[1] * l->shape.repeat) / (double)(tiles * c->chip.rows * c->chip.cols);
    printf("  %-16s %6d %6d %3u %3u %7d %6d %8.1f %12.1f\n", l->name, (int)l->shape.k, (int)outputs, l->w,
           l->a, (int)l->shape.vectors, (int)tiles, 100 * use, (double)t / 10);
    c->numbered++;
    cJSON *item = cJSON_CreateObject();
    return cJSON_AddItemToArray(layers, item) && cJSON_AddStringToObject(item, "name", l->name) &&
                   cJSON_AddNumberToObject(item, "k", (double)l->shape.k) &&
                   cJSON_AddNumberToObject(item, "m", (double)outputs) &&
                   cJSON_AddNumberToObject(item, "w", l->w) && cJSON_AddNumberToObject(item, "a", l->a) &&
                   cJSON_AddNumberToObject(item, "vectors", (double)l->shape.vectors) &&
                   cJSON_AddNumberToObject(item, "repeat", (double)l->shape.repeat) &&
                   cJSON_AddNumberToObject(item, "tiles", (double)tiles) &&
                   cJSON_AddNumberToObject(item, "utilisation", use) &&
                   cJSON_AddNumberToObject(item, "latency_us", (double)t / 10)
               ? PM_OK
               : out_of_memory(c);
}

static pm_status add_schedule(struct compile *c) {
    static const char *const maps[] = {"dc", "of", "dr"};
    struct pm_policy eight;
    if (pm_policy_new(&eight, c->graph) != PM_OK)
        return out_of_memory(c);
    for (unsigned i = 0; i < eight.layers; i++)
        eight.layer[i].w = c->policy.layer[i].w ? 8 : 0;
    const double t = (double)pm_policy_time(&c->policy, &c->chip) / 10,
                 t8 = (double)pm_policy_time(&eight, &c->chip) / 10;
    pm_policy_free(&eight);
    c->schedule = cJSON_CreateObject();
    cJSON *layers = NULL;
    const bool ok = cJSON_AddStringToObject(c->schedule, "model", c->model) &&
                    cJSON_AddNumberToObject(c->schedule, "cell", c->chip.cell) &&
                    cJSON_AddNumberToObject(c->schedule, "rows", (double)c->chip.rows) &&
                    cJSON_AddNumberToObject(c->schedule, "cols", (double)c->chip.cols) &&
                    cJSON_AddStringToObject(c->schedule, "map", maps[c->chip.map]) &&
                    cJSON_AddNumberToObject(c->schedule, "latency_us", t) &&
                    cJSON_AddNumberToObject(c->schedule, "latency_us_8_8", t8) &&
                    cJSON_AddNumberToObject(c->schedule, "speedup", t8 / t) &&
                    (layers = cJSON_AddArrayToObject(c->schedule, "layers")) &&
                    (c->tiles = cJSON_AddArrayToObject(c->schedule, "tiles"));
    if (!ok)
        return out_of_memory(c);
    printf("  layer             rows outputs  w   a vectors  tiles used, %%  latency, us\n");
    pm_status status = PM_OK;
    for (unsigned i = 0; i < c->policy.layers && status == PM_OK; i++)
        if (c->policy.layer[i].w)
            status = add_layer(c, &c->policy.layer[i], layers);
    if (status == PM_OK)
        status = add_text(c, "schedule.json", cJSON_Print(c->schedule));
    if (status == PM_OK)
        printf("  in all %.1f us, %.1f at 8 bits: %.3fx\n", t, t8, t8 / t);
    return status;
}

/* ---- what else the folder needs ---- */

/* A copy of the file under `name`. */
static pm_status add_copy(struct compile *c, const char *path, const char *name) {
    FILE *from;
    uint64_t size;
    pm_status status = pm_file_open(path, &from, &size, &c->error);
    if (status != PM_OK)
        return status;
    char *text = malloc(size + 1);
    struct file *f = text ? add_file(c, name) : NULL;
    if (f) {
        f->text = text;
        f->length = size;
        if (fread(text, 1, size, from) != size)
            status = pm_fail(&c->error, PM_EIO, path, "%s", strerror(errno));
    } else {
        free(text);
        status = out_of_memory(c);
    }
    fclose(from);
    return status;
}

static pm_status add_plan(struct compile *c) {
    cJSON *root = cJSON_CreateObject(), *place = cJSON_AddArrayToObject(root, "place");
    bool ok = place != NULL;
    for (unsigned i = 0; i < c->policy.layers && ok; i++) {
        const struct pm_policy_layer *l = &c->policy.layer[i];
        cJSON *entry, *s = NULL;
        const bool product = l->what != PM_POLICY_MATRIX;
        if (l->w == 0 || l->what == PM_POLICY_AV) /* goes with q k^T */
            continue;
        entry = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(place, entry) &&
             cJSON_AddStringToObject(entry, "layers", c->graph->node[l->node].name) &&
             cJSON_AddStringToObject(entry, "system", product ? "products" : "xbar") &&
             (s = cJSON_AddObjectToObject(entry, "settings")) &&
             cJSON_AddNumberToObject(s, product ? "qk-w" : "w", l->w) &&
             cJSON_AddNumberToObject(s, product ? "qk-a" : "a", l->a) &&
             (!product ||
              (cJSON_AddNumberToObject(s, "av-w", l[1].w) && cJSON_AddNumberToObject(s, "av-a", l[1].a))) &&
             cJSON_AddNumberToObject(s, "cell", c->chip.cell) &&
             cJSON_AddNumberToObject(s, "rows", (double)c->chip.rows) &&
             cJSON_AddNumberToObject(s, "cols", (double)c->chip.cols);
    }
    char *text = ok ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    return add_text(c, "plan.json", text);
}

static pm_status collect(struct compile *c) {
    static const char *const parts[] = {"calibration.json", "config.json", "model.safetensors"};
    pm_status status = add_schedule(c);
    if (status == PM_OK)
        status = add_plan(c);
    for (size_t i = 0; i < (c->onnx ? 1 : sizeof parts / sizeof *parts) && status == PM_OK; i++) {
        char path[PATH_MAX + 32];
        snprintf(path, sizeof path, "%s/%s", c->folder, parts[i]);
        status = add_copy(c, path, parts[i]);
    }
    return status == PM_OK && c->onnx ? add_copy(c, c->model, "model.onnx") : status;
}

/* ---- writing ---- */

static bool write_file(FILE *to, const void *content) {
    const struct file *f = content;
    return f->text ? fwrite(f->text, 1, f->length, to) == f->length : pm_npy_write(to, &f->tensor);
}

static pm_status is_empty(struct compile *c) {
    DIR *d = opendir(c->output);
    size_t entries = 0;
    if (!d)
        return pm_fail(&c->error, PM_EIO, c->output, "%s", strerror(errno));
    while (readdir(d))
        entries++;
    closedir(d);
    return entries <= 2 ? PM_OK : pm_fail(&c->error, PM_EINVAL, c->output, "the folder is not empty");
}

static pm_status write_all(struct compile *c) {
    const bool made = mkdir(c->output, 0777) == 0;
    if (!made && errno != EEXIST)
        return pm_fail(&c->error, PM_EIO, c->output, "%s", strerror(errno));
    struct pm_outfile *out = calloc(c->files, sizeof *out);
    const void **content = calloc(c->files, sizeof *content);
    pm_status status = !out || !content ? out_of_memory(c) : is_empty(c);
    for (size_t i = 0; i < c->files && status == PM_OK; i++) {
        content[i] = &c->file[i];
        status = pm_outfile_plan(&out[i], c->file[i].path, &c->error);
    }
    if (status == PM_OK)
        status = pm_outfile_write_all(out, c->files, write_file, content, &c->error);
    if (status != PM_OK && made)
        rmdir(c->output);
    for (size_t i = 0; out && i < c->files; i++)
        pm_outfile_free(&out[i]);
    free(out);
    free(content);
    return status;
}

/* ---- the command ---- */

enum { OPTION_POLICY = 256, OPTION_CELL, OPTION_XBAR, OPTION_MAP, OPTION_OUTPUT, OPTION_SHAPE };

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct compile *c = state->input;
    switch (key) {
    case OPTION_POLICY:
        c->policy_path = arg;
        return 0;
    case OPTION_OUTPUT:
        c->output = arg;
        return 0;
    case OPTION_SHAPE:
        return pm_onnx_shapes_add(&c->shapes, arg, &c->error) == PM_OK ? 0 : EINVAL;
    case OPTION_CELL:
        c->chip.cell = (unsigned)(arg[0] - '0');
        return strlen(arg) == 1 && c->chip.cell >= 1 && c->chip.cell <= 4
                   ? 0
                   : pm_command_refuse(&c->error, "--cell", arg, "1..4");
    case OPTION_XBAR:
        return pm_policy_crossbar(arg, &c->chip)
                   ? 0
                   : pm_command_refuse(&c->error, "--xbar", arg,
                                       "ROWSxCOLUMNS, 16..1024 rows, 2..4096 columns, even");
    case OPTION_MAP: {
        const int map = pm_choice("dc|of|dr", arg, strlen(arg));
        c->chip.map = (enum pm_xbar_map)map;
        return map >= 0 ? 0 : pm_command_refuse(&c->error, "--map", arg, "dc, of or dr");
    }
    default:
        return pm_command_key(key, arg, state, "network", &c->model, &c->error);
    }
}

/* An ONNX file's layers are known once its inputs have shapes. */
static pm_status load_onnx(struct compile *c) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", c->model);
    snprintf(c->folder, sizeof c->folder, "%s", dirname(path));
    pm_status status = pm_onnx_load(c->model, &c->onnx, &c->error);
    if (status == PM_OK && !(c->input = calloc(pm_onnx_inputs(c->onnx) + 1, sizeof *c->input)))
        status = out_of_memory(c);
    if (status == PM_OK)
        status = pm_onnx_shapes_apply(&c->shapes, c->model, c->onnx, c->input, &c->error);
    if (status == PM_OK)
        status = pm_onnx_bind(c->onnx, c->input, &c->error);
    if (status == PM_OK)
        c->graph = pm_onnx_layers(c->onnx);
    return status;
}

static pm_status load(struct compile *c) {
    const size_t length = strlen(c->model);
    if (length > 5 && strcmp(c->model + length - 5, ".onnx") == 0)
        return load_onnx(c);
    if (c->shapes.count > 0)
        return pm_fail(&c->error, PM_EINVAL, "--shape", "is for an ONNX network");
    pm_find_model(c->model, c->folder);
    const pm_status status = pm_network_load(&c->network, c->folder, &c->error);
    c->graph = c->network.graph;
    return status;
}

static pm_status compile(struct compile *c) {
    const char *missing = !c->model ? "MODEL" : !c->policy_path ? "--policy" : !c->output ? "--output" : NULL;
    if (missing)
        return pm_fail(&c->error, PM_EINVAL, missing, "missing; see perimeter compile --help");
    if (access(c->output, F_OK) == 0 && is_empty(c) != PM_OK)
        return PM_EINVAL;
    pm_status status = load(c);
    if (status == PM_OK)
        status = pm_policy_read(&c->policy, c->graph, c->policy_path, c->chip.cell, &c->error);
    if (status == PM_OK && pm_plan_new(&c->plan) != PM_OK)
        status = out_of_memory(c);
    if (status == PM_OK)
        status = pm_policy_place(&c->policy, c->graph, &c->chip, &c->plan, &c->error);
    if (status == PM_OK)
        status = pm_placement_new(&c->plan, c->graph, c->folder, 0, &c->placement, &c->error);
    if (status == PM_OK)
        status = collect(c);
    return status == PM_OK ? write_all(c) : status;
}

int pm_cmd_compile(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"policy", OPTION_POLICY, "FILE", 0,
         "JSON {\"layers\": [{\"name\", \"w\", \"a\"}]}: bits of every matrix", 0},
        {"cell", OPTION_CELL, "BITS", 0, "of a cell, 1..4 (4)", 0},
        {"xbar", OPTION_XBAR, "ROWSxCOLUMNS", 0, "Size of a crossbar (256x256)", 0},
        {"map", OPTION_MAP, "dc|of|dr", 0,
         "How negative weights lie: pairs of columns, an offset column, pairs of rows; dc alone runs (dc)",
         0},
        {"shape", OPTION_SHAPE, "NAME=1,3,48,192", 0,
         "Of an ONNX network: an input's shape; sizes that are not fixed are 1 otherwise", 0},
        {"output", OPTION_OUTPUT, "DIR", 0, "New or empty folder for tiles, schedule and network", 0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {options,
                                     parse,
                                     "MODEL --policy FILE --output DIR",
                                     "Slices a network onto crossbars, matrices of mixed precision: tiles, "
                                     "schedule, latency of writing and "
                                     "reading them at every inference. perimeter run DIR executes it, or, "
                                     "of MODEL.onnx, perimeter infer DIR.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct compile *c = calloc(1, sizeof *c);
    if (!c) {
        fprintf(stderr, "perimeter: compile: out of memory\n");
        return 2;
    }
    c->chip = (struct pm_xbar_chip){.cell = 4, .rows = 256, .cols = 256, .write = 560, .mvm = 14};
    pm_status status = PM_OK;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, c) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = compile(c);
    if (status != PM_OK)
        pm_error_print(&c->error);
    for (size_t i = 0; i < c->files; i++) {
        pm_tensor_free(&c->file[i].tensor);
        free(c->file[i].text);
        free(c->file[i].path);
    }
    free(c->file);
    cJSON_Delete(c->schedule);
    pm_placement_free(c->placement);
    pm_plan_free(&c->plan);
    pm_policy_free(&c->policy);
    pm_network_free(&c->network);
    free(c->input);
    pm_onnx_free(c->onnx);
    free(c);
    return status == PM_OK ? 0 : 2;
}
