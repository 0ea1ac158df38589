// SPDX-License-Identifier: Apache-2.0
/* Writes what the attention of one layer saw for the first image of the test set, for flow/power.py and
 * flow/synth.py: network_vectors MODEL DATA LAYER FOLDER
 *  - x.npy [N][D], wq.npy [D][D]: tokens and the weights of Q
 *  - a.npy [N][N], v.npy [N][D/heads]: softmax numerators and values of head 0
 *  - logit.npy [N*heads][N], ne.npy [N*heads]: rows of logits and their exponents
 *  - counts.tsv: accesses a token of each GEMV, heads summed, and softmax rows */
#include "fileio.h"
#include "io/idx.h"
#include "io/npy.h"
#include "net/encoder.h"
#include "system/flare.h"
#include "system/placement.h"

#include <stdio.h>
#include <stdlib.h>

static struct pm_tensor x_out, x4_out, wq_out, logit_out, ne_out, a_out, v_out;
static struct pm_attention_cost cost;
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
    const size_t n = network.config.tokens, heads = network.config.heads, dk = network.config.width / heads;
    for (size_t m = 0; s->v && m < dk; m++)
        pm_tensor_set(&v_out, s->token * dk + m, s->v[m]);
    if (!s->logit)
        return;
    for (size_t i = 0; i < heads * n; i++)
        pm_tensor_set(&logit_out, s->token * heads * n + i, s->logit[i]);
    for (size_t h = 0; h < heads; h++)
        pm_tensor_set(&ne_out, s->token * heads + h, s->ne[h]);
    for (size_t i = 0; i < n; i++)
        pm_tensor_set(&a_out, s->token * n + i, s->a[i]);
}

static void stage(void *ctx, const void *stages) {
    probe(ctx, stages);
}

static pm_status done(void *layer, const void *run) {
    const struct pm_flare_run *r = run;
    const struct pm_attention_weights *w = pm_flare_layer_weights(layer);
    const size_t width = network.config.width, dk = width / network.config.heads;
    for (size_t i = 0; i < r->n * width; i++)
        pm_tensor_set(&x_out, i, r->x[i]);
    for (size_t i = 0; i < 4 * width; i++)
        pm_tensor_set(&x4_out, i, r->x[i]);
    for (size_t d = 0; d < width; d++)
        for (size_t m = 0; m < dk; m++)
            pm_tensor_set(&wq_out, d * dk + m, w->wq[d * width + m]);
    cost = *r->cost;
    return PM_OK;
}

/* The image through the network, every attention in FLARE, that of the wanted layer watched. */
static void run(const char *folder, const uint8_t *pixels) {
    struct pm_error e = {""};
    struct pm_plan plan;
    struct pm_placement *p;
    struct pm_worker w;
    float *classes = malloc(network.config.classes * sizeof *classes);
    const struct pm_graph_input image = {.image = pixels, .n = network.config.tokens};
    check(classes ? pm_plan_new(&plan) : PM_ENOMEM, "plan");
    check(pm_plan_place(&plan, "attn*=flare", true, &e), "plan");
    check(pm_placement_new(&plan, &network.graph, folder, 1, &p, &e), e.text);
    check(pm_worker_begin(&w, &network.graph, p, network.config.tokens), "buffers");
    for (unsigned i = 0; i < network.graph.nodes; i++)
        if (network.graph.node[i].kind == PM_NODE_ATTENTION && network.graph.node[i].layer == layer_wanted)
            w.watch[i] = (struct pm_watch){stage, done, (void *)(uintptr_t)pm_placement_layer(p, i)};
    check(pm_worker_run(&w, &image, classes), "network");
    pm_worker_end(&w);
    pm_placement_free(p);
    pm_plan_free(&plan);
    free(classes);
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
    struct pm_error e;
    char path[4096];
    struct pm_idx images;
    if (argc != 5) {
        fprintf(stderr, "usage: network_vectors MODEL DATA LAYER FOLDER\n");
        return 2;
    }
    layer_wanted = (unsigned)strtoul(argv[3], NULL, 10);
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", argv[2]);
    check(pm_encoder_load(&network, argv[1], &e), argv[1]);
    check(pm_idx_open(&images, path, 3, &e), path);
    const struct pm_encoder_config *c = &network.config;
    uint8_t *pixels = malloc(images.item);
    const size_t rows = (size_t)c->tokens * c->heads;
    if (!pixels)
        check(PM_ENOMEM, "buffers");
    check(pm_idx_read(&images, 1, pixels, &e), path);
    check(pm_tensor_new(&x_out, PM_INT8, 2, (size_t[]){c->tokens, c->width}), "x");
    check(pm_tensor_new(&wq_out, PM_INT8, 2, (size_t[]){c->width, c->width / c->heads}), "wq");
    check(pm_tensor_new(&x4_out, PM_INT8, 2, (size_t[]){4, c->width}), "x4");
    check(pm_tensor_new(&a_out, PM_UINT8, 2, (size_t[]){c->tokens, c->tokens}), "a");
    check(pm_tensor_new(&v_out, PM_INT16, 2, (size_t[]){c->tokens, c->width / c->heads}), "v");
    check(pm_tensor_new(&logit_out, PM_INT8, 2, (size_t[]){rows, c->tokens}), "logit");
    check(pm_tensor_new(&ne_out, PM_INT32, 1, (size_t[]){rows}), "ne");
    run(argv[1], pixels);
    save(argv[4], "x", &x_out);
    save(argv[4], "x4", &x4_out);
    save(argv[4], "wq", &wq_out);
    save(argv[4], "a", &a_out);
    save(argv[4], "v", &v_out);
    save(argv[4], "logit", &logit_out);
    save(argv[4], "ne", &ne_out);
    snprintf(path, sizeof path, "%s/counts.tsv", argv[4]);
    FILE *counts = fopen(path, "w");
    for (int k = 0; counts && k < PM_GEMV_KINDS; k++)
        fprintf(counts, "%s\t%.2f\n", pm_gemv_name[k], (double)cost.gemv[k].accesses / c->tokens);
    if (!counts || fprintf(counts, "rows\t%u\n", c->heads) < 0 || fclose(counts) != 0)
        check(PM_EIO, path);
    return 0;
}
