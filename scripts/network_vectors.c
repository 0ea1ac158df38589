/* Writes what the attention of one layer saw for one image: network_vectors MODEL DATA LAYER FOLDER
 * FOLDER/x.npy [N][D] tokens, logit.npy [N*heads][N] rows of logits, ne.npy [N*heads] their exponents. For
 * scripts/power.sh. */
#include "fileio.h"
#include "net/encoder_map.h"
#include "net/idx.h"
#include "npy.h"

#include <stdio.h>
#include <stdlib.h>

static struct pm_tensor x_out, logit_out, ne_out;
static struct pm_encoder network;
static unsigned layer_wanted;

static void check(pm_status status, const char *what) {
    if (status == PM_OK)
        return;
    fprintf(stderr, "network_vectors: %s: %s\n", what, pm_strerror(status));
    exit(2);
}

static void probe(void *ctx, const struct pm_attention_stages *s) {
    (void)ctx;
    const size_t n = network.config.tokens, heads = network.config.heads;
    if (!s->logit)
        return;
    for (size_t i = 0; i < heads * n; i++)
        pm_tensor_set(&logit_out, s->token * heads * n + i, s->logit[i]);
    for (size_t h = 0; h < heads; h++)
        pm_tensor_set(&ne_out, s->token * heads + h, s->ne[h]);
}

static pm_status attention(void *ctx, unsigned layer, const struct pm_encoder_map *map, const int8_t *x,
                           const int32_t *ex, int8_t *y, int32_t *e) {
    (void)ctx;
    const unsigned n = network.config.tokens;
    struct pm_attention *engine;
    struct pm_attention_cfg cfg = {
        .round = true, .coding_x = PM_SIGN, .coding_q = PM_TWOS, .coding_o = PM_SIGN};
    cfg.mram = pm_array_mram(false, 1);
    pm_encoder_map_configure(&network, layer, &cfg);
    check(pm_attention_new(&cfg, &map->w, n, 4 * layer, &engine), "engine");
    const bool wanted = layer == layer_wanted;
    if (wanted)
        for (size_t i = 0; i < (size_t)n * network.config.width; i++)
            pm_tensor_set(&x_out, i, x[i]);
    pm_status status = pm_attention_run(engine, x, ex, NULL, n, 0, y, e, NULL, wanted ? probe : NULL, NULL);
    pm_attention_free(engine);
    return status;
}

static void save(const char *folder, const char *name, const struct pm_tensor *t) {
    char path[4096];
    struct pm_error e;
    struct pm_outfile file = {0};
    const void *content[] = {t};
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    check(pm_outfile_plan(&file, path, &e), path);
    check(pm_outfile_write_all(&file, 1, pm_npy_write, content, &e), path);
    pm_outfile_free(&file);
}

int main(int argc, char **argv) {
    const struct pm_encoder_engines engines = {.attention = attention};
    char err[512], path[4096];
    struct pm_idx images;
    if (argc != 5) {
        fprintf(stderr, "usage: network_vectors MODEL DATA LAYER FOLDER\n");
        return 2;
    }
    layer_wanted = (unsigned)strtoul(argv[3], NULL, 10);
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", argv[2]);
    check(pm_encoder_load(&network, argv[1], err, sizeof err), argv[1]);
    check(pm_encoder_map_load(&network, argv[1], err, sizeof err), argv[1]);
    check(pm_idx_open(&images, path, 3, err, sizeof err), path);
    const struct pm_encoder_config *c = &network.config;
    uint8_t *pixels = malloc(images.item);
    float *classes = malloc(c->classes * sizeof *classes);
    struct pm_encoder_scratch *scratch = pm_encoder_scratch_new(&network);
    const size_t rows = (size_t)c->tokens * c->heads;
    if (!pixels || !classes || !scratch)
        check(PM_ENOMEM, "buffers");
    check(pm_idx_read(&images, 1, pixels, err, sizeof err), path);
    check(pm_tensor_new(&x_out, PM_INT8, 2, (size_t[]){c->tokens, c->width}), "x");
    check(pm_tensor_new(&logit_out, PM_INT8, 2, (size_t[]){rows, c->tokens}), "logit");
    check(pm_tensor_new(&ne_out, PM_INT32, 1, (size_t[]){rows}), "ne");
    check(pm_encoder_forward(&network, pixels, &engines, scratch, classes), "network");
    save(argv[4], "x", &x_out);
    save(argv[4], "logit", &logit_out);
    save(argv[4], "ne", &ne_out);
    return 0;
}
