/* `perimeter run`: a whole network, every layer's attention by array models and digital periphery. */
#include "run.h"

#include "attention_pair.h"
#include "commands.h"
#include "fileio.h"
#include "net/idx.h"
#include "npy.h"
#include "rtl.h"

#include <argp.h>
#include <cblas.h>
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Images that are in memory at a time. */
#define CHUNK 128

struct job {
    const char *model, *data, *config, *summary;
    struct pm_run_settings settings;
    struct pm_error error;
    struct pm_vit vit;
};

/* Test set files, by the names of the MNIST family. */
static const char *const images_file = "t10k-images-idx3-ubyte.gz", *const labels_file =
                                                                        "t10k-labels-idx1-ubyte.gz";

struct data {
    struct pm_idx images, labels;
};

static pm_status open_data(struct job *j, struct data *d) {
    char path[4096];
    *d = (struct data){0};
    snprintf(path, sizeof path, "%s/%s", j->data, images_file);
    pm_status status = pm_idx_open(&d->images, path, 3, j->error.text, sizeof j->error.text);
    if (status != PM_OK)
        return status;
    unsigned side = j->vit.config.image;
    if (d->images.dim[1] != side || d->images.dim[2] != side)
        return pm_fail(&j->error, PM_ESHAPE, path, "images of %ux%u, the network takes %ux%u",
                       d->images.dim[1], d->images.dim[2], side, side);
    snprintf(path, sizeof path, "%s/%s", j->data, labels_file);
    status = pm_idx_open(&d->labels, path, 1, j->error.text, sizeof j->error.text);
    if (status == PM_OK && d->labels.dim[0] != d->images.dim[0])
        status = pm_fail(&j->error, PM_ESHAPE, path, "%u labels for %u images", d->labels.dim[0],
                         d->images.dim[0]);
    return status;
}

static void close_data(struct data *d) {
    pm_idx_close(&d->images);
    pm_idx_close(&d->labels);
}

static double now(void) {
    return omp_get_wtime();
}

static void progress(const char *what, unsigned done, unsigned total) {
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%s: %u of %u images%s", what, done, total, done == total ? "\r\033[K" : "");
    fflush(stderr);
}

/* The engine's configuration for one layer. */
static struct pm_attention_cfg configure(const struct job *j, unsigned layer) {
    const double *v = j->settings.value;
    struct pm_attention_cfg c = {
        .round = v[PM_RUN_ROUND] != 0,
        .coding_x = (enum pm_coding)v[PM_RUN_CODING_X],
        .coding_q = (enum pm_coding)v[PM_RUN_CODING_Q],
        .coding_o = (enum pm_coding)v[PM_RUN_CODING_O],
        .norm = (enum pm_norm)v[PM_RUN_NORM],
        .mram = pm_array_mram(v[PM_RUN_NOISE] != 0, (uint64_t)v[PM_RUN_SEED]),
    };
    if (c.mram.noise) {
        c.mram.tmr = v[PM_RUN_TMR];
        c.mram.sigma_r = v[PM_RUN_SIGMA_R];
        c.mram.read_noise = v[PM_RUN_READ_NOISE];
        c.mram.sense_offset = v[PM_RUN_SENSE_OFFSET];
    }
    pm_vit_map_configure(&j->vit, layer, &c);
    return c;
}

/* Keys the arrays of a layer: four weight arrays each. */
static uint32_t array_id(unsigned layer) {
    return 4 * layer;
}

/* One thread's engines. */
struct worker {
    const struct job *job;
    struct pm_vit_scratch *scratch;
    struct pm_attention *engine[PM_RUN_MAX_LAYERS];
    struct pm_attention_cost cost[PM_RUN_MAX_LAYERS];
    const int *log2_z; /* [layers], for norm=none */
    uint32_t image;
    pm_status status;
};

static void worker_end(struct worker *w) {
    pm_vit_scratch_free(w->scratch);
    for (unsigned l = 0; l < PM_RUN_MAX_LAYERS; l++)
        pm_attention_free(w->engine[l]);
    *w = (struct worker){0};
}

static pm_status worker_begin(struct worker *w, const struct job *j, const int *log2_z) {
    *w = (struct worker){.job = j, .scratch = pm_vit_scratch_new(&j->vit), .log2_z = log2_z};
    if (!w->scratch)
        return PM_ENOMEM;
    pm_status status = PM_OK;
    for (unsigned l = 0; l < j->vit.config.layers && status == PM_OK; l++) {
        struct pm_attention_cfg cfg = configure(j, l);
        status = pm_attention_new(&cfg, &j->vit.maps[l].w, j->vit.config.tokens, array_id(l), &w->engine[l]);
    }
    return status;
}

static pm_status golden_attention(void *ctx, unsigned layer, const struct pm_vit_map *map, const int8_t *x,
                                  const int32_t *ex, int8_t *y, int32_t *e) {
    (void)map;
    struct worker *w = ctx;
    unsigned n = w->job->vit.config.tokens;
    pm_status status =
        pm_attention_run(w->engine[layer], x, ex, NULL, n, w->image * n, y, e, &w->cost[layer], NULL, NULL);
    /* Without 1/Z the layer's scale is off by its typical Z: a constant per layer stands in for it. */
    for (unsigned t = 0; w->log2_z && t < n; t++)
        e[t] -= w->log2_z[layer];
    return status;
}

static unsigned largest(const float *v, unsigned n) {
    unsigned best = 0;
    for (unsigned i = 1; i < n; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}

/* One image, in float where `as_float`, and through the engines. */
static pm_status classify(struct worker *w, const uint8_t *image, bool as_float, unsigned *by_float,
                          unsigned *by_integer) {
    const struct pm_vit *vit = &w->job->vit;
    float *logits = malloc(vit->config.classes * sizeof *logits);
    pm_status status = logits ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && as_float) {
        status = pm_vit_forward(vit, image, NULL, NULL, w->scratch, logits);
        *by_float = largest(logits, vit->config.classes);
    }
    if (status == PM_OK)
        status = pm_vit_forward(vit, image, golden_attention, w, w->scratch, logits);
    if (status == PM_OK)
        *by_integer = largest(logits, vit->config.classes);
    free(logits);
    return status;
}

/* The golden engine over `images` images (0: all). */
static pm_status run_golden(struct job *j, const char *what, unsigned images, bool as_float,
                            const int *log2_z, struct pm_run_golden *g) {
    struct data d;
    pm_status status = open_data(j, &d);
    unsigned threads = j->settings.value[PM_RUN_THREADS] > 0 ? (unsigned)j->settings.value[PM_RUN_THREADS]
                                                             : (unsigned)omp_get_num_procs();
    unsigned total = status == PM_OK ? d.images.dim[0] : 0, layers = j->vit.config.layers;
    if (images > total && status == PM_OK)
        status = pm_fail(&j->error, PM_EINVAL, "images", "%u asked for, %s has %u", images, j->data, total);
    if (images > 0)
        total = images;
    uint8_t *pixels = malloc(CHUNK * (status == PM_OK ? d.images.item : 1)), *labels = malloc(CHUNK);
    struct worker *workers = calloc(threads, sizeof *workers);
    *g = (struct pm_run_golden){.images = total};
    if (!pixels || !labels || !workers)
        status = pm_fail(&j->error, PM_ENOMEM, what, "out of memory");
    for (unsigned t = 0; t < threads && status == PM_OK; t++)
        if ((status = worker_begin(&workers[t], j, log2_z)) != PM_OK)
            pm_fail(&j->error, status, what, "%s", pm_strerror(status));
    double start = now();
    for (unsigned at = 0; at < total && status == PM_OK; at += CHUNK) {
        unsigned n = total - at < CHUNK ? total - at : CHUNK, by_float[CHUNK] = {0}, by_integer[CHUNK] = {0};
        status = pm_idx_read(&d.images, n, pixels, j->error.text, sizeof j->error.text);
        if (status == PM_OK)
            status = pm_idx_read(&d.labels, n, labels, j->error.text, sizeof j->error.text);
        if (status != PM_OK)
            break;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
        for (unsigned i = 0; i < n; i++) {
            struct worker *w = &workers[omp_get_thread_num()];
            w->image = at + i;
            if (w->status == PM_OK)
                w->status = classify(w, pixels + i * d.images.item, as_float, &by_float[i], &by_integer[i]);
        }
        for (unsigned t = 0; t < threads && status == PM_OK; t++)
            if (workers[t].status != PM_OK)
                status = pm_fail(&j->error, workers[t].status, what, "%s", pm_strerror(workers[t].status));
        for (unsigned i = 0; i < n; i++) {
            g->correct_float += by_float[i] == labels[i];
            g->correct_integer += by_integer[i] == labels[i];
            g->same_class += by_float[i] == by_integer[i];
        }
        progress(what, at + n, total);
    }
    g->seconds = now() - start;
    for (unsigned t = 0; workers && t < threads; t++) {
        for (unsigned l = 0; l < layers; l++)
            pm_attention_cost_add(&g->layer[l], &workers[t].cost[l]);
        worker_end(&workers[t]);
    }
    free(workers);
    free(labels);
    free(pixels);
    close_data(&d);
    return status;
}

/* The RTL hook: golden and RTL on the same tokens. */
struct rtl_worker {
    struct job *job;
    struct worker golden;
    struct pm_attention_pair *pair;
    pm_flare_attention_rtl_fn *rtl;
    struct pm_run_rtl *result;
    unsigned layer;
    bool failed; /* a difference was reported */
};

static void compare(void *ctx, const char *tensor, size_t index, int64_t golden, int64_t rtl) {
    struct rtl_worker *w = ctx;
    w->result->compared++;
    if (golden == rtl)
        return;
    if (w->result->differ++ == 0) {
        fprintf(stderr,
                "perimeter: flare_attention: layer %u, image %u: %s[%zu]: golden %" PRId64 ", rtl %" PRId64
                "\n",
                w->layer, w->golden.image, tensor, index, golden, rtl);
        w->failed = true;
    }
}

/* Leaves the tensors of a run that differs, and prints the command that replays it with a waveform. */
static void write_replay(const struct pm_attention_run *run) {
    const struct pm_attention_cfg *c = run->cfg;
    size_t n = run->n, d = c->width;
    const struct {
        const char *name;
        enum pm_dtype dtype;
        const void *data;
        size_t rows, cols;
    } in[] = {{"x", PM_INT8, run->x, n, d},       {"ex", PM_INT32, run->ex, n, 0},
              {"wq", PM_INT8, run->w->wq, d, d},  {"wk", PM_INT8, run->w->wk, d, d},
              {"wv", PM_INT8, run->w->wv, d, d},  {"wo", PM_INT8, run->w->wo, d, d},
              {"bq", PM_INT32, run->w->bq, d, 0}, {"bk", PM_INT32, run->w->bk, d, 0},
              {"bv", PM_INT32, run->w->bv, d, 0}, {"bo", PM_INT32, run->w->bo, d, 0}};
    fprintf(
        stderr,
        "perimeter: replay with a waveform: perimeter op flare-attention --engine rtl --wave difference.fst");
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        char path[64];
        struct pm_error e;
        struct pm_outfile file = {0};
        struct pm_tensor t = {.dtype = in[i].dtype,
                              .rank = in[i].cols ? 2 : 1,
                              .shape = {in[i].rows, in[i].cols},
                              .count = in[i].rows * (in[i].cols ? in[i].cols : 1),
                              .data = (void *)(uintptr_t)in[i].data};
        const void *content[] = {&t};
        snprintf(path, sizeof path, "difference-%s.npy", in[i].name);
        if (pm_outfile_plan(&file, path, &e) != PM_OK ||
            pm_outfile_write_all(&file, 1, pm_npy_write, content, &e) != PM_OK)
            pm_error_print(&e);
        pm_outfile_free(&file);
        fprintf(stderr, " --in %s=%s", in[i].name, path);
    }
    static const char *const coding[] = {"twos", "sign"};
    fprintf(stderr,
            " --out y=difference-y.npy --set heads=%u --set s0=%.17g --set e0=%d --set mk=%u --set mv=%u "
            "--set kvb=%u"
            " --set round=%d --set coding_x=%s --set coding_q=%s --set coding_o=%s\n",
            c->heads, c->s0[0], c->e0[0], c->mk, c->mv, c->kvb, c->round, coding[c->coding_x],
            coding[c->coding_q], coding[c->coding_o]);
    if (c->mram.noise)
        fprintf(stderr, "perimeter: the arrays were noisy; the replay's are nominal\n");
}

static pm_status rtl_attention(void *ctx, unsigned layer, const struct pm_vit_map *map, const int8_t *x,
                               const int32_t *ex, int8_t *y, int32_t *e) {
    struct rtl_worker *w = ctx;
    struct pm_run_rtl *r = w->result;
    unsigned n = w->job->vit.config.tokens;
    struct pm_attention_cfg cfg = configure(w->job, layer);
    struct pm_attention_run run = {&cfg, &map->w, array_id(layer), x, ex, NULL, n, w->golden.image * n};
    struct pm_attention_cost cost = {0};
    struct pm_attention_rtl_result result;
    w->layer = layer;
    pm_status status = pm_attention_pair_run(w->pair, &run, w->golden.engine[layer], w->rtl,
                                             &(struct pm_sim_opts){0}, y, e, &cost, &result, compare, w);
    if (status != PM_OK)
        return status;
    if (w->failed) {
        write_replay(&run);
        return PM_EDIFFER;
    }
    r->runs++;
    r->clocks += result.clocks;
    r->cycles_kv += (double)(result.last_write - result.first_write) / (n - 1);
    r->cycles_token += (double)(result.last_y - result.first_y) / (n - 1);
    r->bound_kv += (double)cost.bound_kv / n;
    r->bound_token += (double)cost.bound_token / n;
    r->elements_in += (uint64_t)result.tokens_in * cfg.width;
    r->elements_out += (uint64_t)result.tokens_out * cfg.width;
    return PM_OK;
}

static pm_status open_model(struct job *j, struct pm_rtl **model, pm_flare_attention_rtl_fn **rtl,
                            unsigned *max_tokens) {
    const struct pm_vit_config *c = &j->vit.config;
    char params[128];
    *max_tokens = (c->tokens + 63) / 64 * 64;
    snprintf(params, sizeof params, "D=%u Heads=%u Kvb=%u MaxTokens=%u", c->width, c->heads,
             j->vit.maps[0].kvb, *max_tokens);
    pm_status status =
        pm_rtl_open("flare_attention", params, false, model, j->error.text, sizeof j->error.text);
    if (status != PM_OK)
        return status;
    *rtl = (pm_flare_attention_rtl_fn *)pm_rtl_function(*model, "pm_flare_attention_rtl");
    return *rtl ? PM_OK : pm_fail(&j->error, PM_EBUILD, "flare_attention", "the model has no driver");
}

static pm_status run_rtl(struct job *j, struct pm_run_rtl *r) {
    struct data d;
    struct pm_rtl *model = NULL;
    struct rtl_worker w = {.job = j, .result = r};
    unsigned images = (unsigned)j->settings.value[PM_RUN_RTL_IMAGES], max_tokens = 0;
    pm_status status = open_data(j, &d);
    if (status == PM_OK && images > d.images.dim[0])
        status = pm_fail(&j->error, PM_EINVAL, "rtl-images", "%u asked for, %s has %u", images, j->data,
                         d.images.dim[0]);
    if (status == PM_OK)
        status = open_model(j, &model, &w.rtl, &max_tokens);
    uint8_t *pixels = malloc(status == PM_OK ? d.images.item : 1);
    float *logits = malloc(j->vit.config.classes * sizeof *logits);
    double start = now();
    if (status == PM_OK) {
        w.golden = (struct worker){.job = j, .scratch = pm_vit_scratch_new(&j->vit)};
        w.pair = pm_attention_pair_new(j->vit.config.width, j->vit.config.heads, max_tokens);
        if (!pixels || !logits || !w.golden.scratch || !w.pair)
            status = pm_fail(&j->error, PM_ENOMEM, "rtl", "out of memory");
    }
    /* The V array has as many rows as the RTL's. */
    for (unsigned l = 0; l < j->vit.config.layers && status == PM_OK; l++) {
        struct pm_attention_cfg cfg = configure(j, l);
        status = pm_attention_new(&cfg, &j->vit.maps[l].w, max_tokens, array_id(l), &w.golden.engine[l]);
    }
    for (unsigned i = 0; i < images && status == PM_OK; i++) {
        w.golden.image = i;
        status = pm_idx_read(&d.images, 1, pixels, j->error.text, sizeof j->error.text);
        if (status != PM_OK)
            break;
        status = pm_vit_forward(&j->vit, pixels, rtl_attention, &w, w.golden.scratch, logits);
        if (status != PM_OK && status != PM_EDIFFER)
            pm_fail(&j->error, status, "flare_attention", "image %u: %s", i, pm_strerror(status));
        r->images = i + 1;
        progress("rtl", i + 1, images);
    }
    r->seconds = now() - start;
    pm_attention_pair_free(w.pair);
    worker_end(&w.golden);
    free(logits);
    free(pixels);
    pm_rtl_close(model);
    close_data(&d);
    return status;
}

/* Without 1/Z: the rounded mean of log2 Z of each layer, from the first images. */
struct mean_z {
    double sum;
    uint64_t rows;
    unsigned heads;
};

static void probe_z(void *ctx, const struct pm_attention_stages *s) {
    struct mean_z *m = ctx;
    for (unsigned h = 0; s->z && h < m->heads; h++)
        if (s->z[h] > 0) {
            m->sum += log2(s->z[h]);
            m->rows++;
        }
}

struct z_worker {
    struct worker golden;
    struct mean_z *mean; /* [layers] */
};

static pm_status z_attention(void *ctx, unsigned layer, const struct pm_vit_map *map, const int8_t *x,
                             const int32_t *ex, int8_t *y, int32_t *e) {
    (void)map;
    struct z_worker *w = ctx;
    return pm_attention_run(w->golden.engine[layer], x, ex, NULL, w->golden.job->vit.config.tokens, 0, y, e,
                            NULL, probe_z, &w->mean[layer]);
}

static pm_status typical_z(struct job *j, int *log2_z) {
    enum { IMAGES = 64 };
    struct data d;
    struct z_worker w;
    struct mean_z mean[PM_RUN_MAX_LAYERS] = {0};
    unsigned layers = j->vit.config.layers;
    for (unsigned l = 0; l < layers; l++)
        mean[l].heads = j->vit.config.heads;
    double norm = j->settings.value[PM_RUN_NORM];
    j->settings.value[PM_RUN_NORM] = PM_NORM_RECIP;
    pm_status status = worker_begin(&w.golden, j, NULL);
    j->settings.value[PM_RUN_NORM] = norm;
    w.mean = mean;
    if (status != PM_OK)
        pm_fail(&j->error, status, "norm", "%s", pm_strerror(status));
    else
        status = open_data(j, &d);
    if (status == PM_OK) {
        uint8_t *pixels = malloc(d.images.item);
        float *logits = malloc(j->vit.config.classes * sizeof *logits);
        if (!pixels || !logits)
            status = pm_fail(&j->error, PM_ENOMEM, "norm", "out of memory");
        for (unsigned i = 0; i < IMAGES && i < d.images.dim[0] && status == PM_OK; i++) {
            status = pm_idx_read(&d.images, 1, pixels, j->error.text, sizeof j->error.text);
            if (status == PM_OK)
                status = pm_vit_forward(&j->vit, pixels, z_attention, &w, w.golden.scratch, logits);
        }
        free(pixels);
        free(logits);
        close_data(&d);
    }
    for (unsigned l = 0; l < layers; l++)
        log2_z[l] = mean[l].rows ? (int)lround(mean[l].sum / (double)mean[l].rows) : 0;
    worker_end(&w.golden);
    return status;
}

static pm_status golden_with(struct job *j, const char *what, unsigned images, bool as_float,
                             struct pm_run_golden *g) {
    int log2_z[PM_RUN_MAX_LAYERS] = {0};
    bool none = j->settings.value[PM_RUN_NORM] == PM_NORM_NONE;
    pm_status status = none ? typical_z(j, log2_z) : PM_OK;
    return status == PM_OK ? run_golden(j, what, images, as_float, none ? log2_z : NULL, g) : status;
}

/* What each choice costs, on the first images. */
static pm_status run_variants(struct job *j, struct pm_run_report *r) {
    static const struct {
        const char *name;
        enum pm_run_key key;
        double value;
        double spread; /* factor of sigma-r; 0: as given */
    } variants[PM_RUN_VARIANTS] = {{"as configured", PM_RUN_KEYS, 0, 0},
                                   {"norm=pow2", PM_RUN_NORM, PM_NORM_POW2, 0},
                                   {"norm=none", PM_RUN_NORM, PM_NORM_NONE, 0},
                                   {"round=0", PM_RUN_ROUND, 0, 0},
                                   {"noise=1", PM_RUN_NOISE, 1, 0},
                                   {"noise=1, sigma-r x 3", PM_RUN_NOISE, 1, 3}};
    struct pm_run_settings as_given = j->settings;
    unsigned images = (unsigned)as_given.value[PM_RUN_ABLATION_IMAGES];
    pm_status status = PM_OK;
    for (unsigned v = 0; images > 0 && v < PM_RUN_VARIANTS && status == PM_OK; v++) {
        if (variants[v].key != PM_RUN_KEYS)
            j->settings.value[variants[v].key] = variants[v].value;
        if (variants[v].spread > 0)
            j->settings.value[PM_RUN_SIGMA_R] =
                fmin(variants[v].spread * j->settings.value[PM_RUN_SIGMA_R], pm_run_keys[PM_RUN_SIGMA_R].hi);
        r->variant[v].name = variants[v].name;
        status = golden_with(j, variants[v].name, images, true, &r->variant[v].golden);
        r->variants = v + 1;
        j->settings = as_given;
    }
    return status;
}

static bool write_text(FILE *f, const void *content) {
    return fputs(content, f) >= 0;
}

static pm_status run(struct job *j, struct pm_outfile *summary) {
    struct pm_run_report r = {
        .model = j->model, .data = j->data, .settings = &j->settings, .network = &j->vit.config};
    enum pm_engine engine = (enum pm_engine)j->settings.value[PM_RUN_ENGINE];
    char text[1024];
    pm_run_text(&j->settings, text, sizeof text);
    printf("perimeter run: %s on %s: %s\n", j->model, j->data, text);
    fflush(stdout);
    openblas_set_num_threads(1);
    pm_status status = PM_OK;
    if (engine != PM_ENGINE_GOLDEN)
        status = run_rtl(j, &r.rtl);
    if (status == PM_OK && engine != PM_ENGINE_RTL)
        status = golden_with(j, "golden", (unsigned)j->settings.value[PM_RUN_IMAGES], true, &r.golden);
    if (status == PM_OK)
        status = run_variants(j, &r);
    if (status != PM_OK)
        return status;
    pm_run_print(&r);
    if (!j->summary)
        return PM_OK;
    char *json = pm_run_summary(&r);
    if (!json)
        return pm_fail(&j->error, PM_ENOMEM, j->summary, "out of memory");
    const void *content[] = {json};
    status = pm_outfile_write_all(summary, 1, write_text, content, &j->error);
    free(json);
    return status;
}

enum { OPTION_DATA = 256, OPTION_CONFIG, OPTION_SUMMARY, OPTION_SET };

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct job *j = state->input;
    if (key >= OPTION_SET && key < OPTION_SET + PM_RUN_KEYS) {
        enum pm_run_key k = (enum pm_run_key)(key - OPTION_SET);
        char subject[64];
        snprintf(subject, sizeof subject, "--%s", pm_run_keys[k].name);
        if (j->settings.given[k])
            return pm_fail(&j->error, PM_EINVAL, subject, "given twice"), EINVAL;
        j->settings.given[k] = true;
        return pm_run_set(&j->settings, k, arg, subject, &j->error) == PM_OK ? 0 : EINVAL;
    }
    switch (key) {
    case OPTION_DATA:
        j->data = arg;
        return 0;
    case OPTION_CONFIG:
        j->config = arg;
        return 0;
    case OPTION_SUMMARY:
        j->summary = arg;
        return 0;
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        exit(fflush(stdout) == 0 ? 0 : 2);
    case ARGP_KEY_ARG:
        if (j->model)
            return pm_fail(&j->error, PM_EINVAL, arg, "one network at a time"), EINVAL;
        j->model = arg;
        return 0;
    case ARGP_KEY_ERROR:
        if (!*j->error.text)
            pm_fail(&j->error, PM_EINVAL, state->argv[state->next - 1],
                    "no such option, or its value is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static pm_status prepare(struct job *j, struct pm_outfile *summary) {
    if (!j->model || !j->data)
        return pm_fail(&j->error, PM_EINVAL, j->model ? "--data" : "MODEL",
                       "missing; see perimeter run --help");
    pm_status status = j->config ? pm_run_load(&j->settings, j->config, &j->error) : PM_OK;
    if (status == PM_OK)
        status = pm_run_check(&j->settings, &j->error);
    if (status == PM_OK)
        status = pm_vit_load(&j->vit, j->model, j->error.text, sizeof j->error.text);
    if (status == PM_OK)
        status = pm_vit_map_load(&j->vit, j->model, j->error.text, sizeof j->error.text);
    if (status == PM_OK && j->summary)
        status = pm_outfile_plan(summary, j->summary, &j->error);
    return status;
}

int pm_cmd_run(int argc, char **argv) {
    struct argp_option options[PM_RUN_KEYS + 5] = {
        {"data", OPTION_DATA, "DIR", 0, "Folder with the test set's IDX files", 0},
        {"config", OPTION_CONFIG, "FILE", 0, "JSON object with settings; the command line comes first", 0},
        {"summary", OPTION_SUMMARY, "FILE", 0, "Where the results go as JSON", 0},
        {"help", 'h', NULL, 0, "This help", 0},
    };
    char help[PM_RUN_KEYS][256];
    for (int k = 0; k < PM_RUN_KEYS; k++) {
        const struct pm_run_key_info *i = &pm_run_keys[k];
        snprintf(help[k], sizeof help[k], "%s (%s)", i->help, i->fallback);
        options[4 + k] =
            (struct argp_option){i->name, OPTION_SET + k, i->choices ? i->choices : "N", 0, help[k], 1};
    }
    const struct argp argp = {options,
                              parse,
                              "MODEL --data DIR",
                              "Runs a network: accuracy, accesses, cycles, golden against RTL.",
                              NULL,
                              NULL,
                              NULL};
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        fprintf(stderr, "perimeter: run: out of memory\n");
        return 2;
    }
    struct pm_outfile summary = {0};
    pm_run_defaults(&j->settings);
    pm_status status = PM_EINVAL;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, j) == 0)
        status = prepare(j, &summary);
    if (status == PM_OK)
        status = run(j, &summary);
    if (status != PM_OK && status != PM_EDIFFER)
        pm_error_print(&j->error);
    pm_outfile_free(&summary);
    pm_vit_free(&j->vit);
    free(j);
    return status == PM_OK ? 0 : status == PM_EDIFFER ? 1 : 2;
}
