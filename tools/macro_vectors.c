// SPDX-License-Identifier: Apache-2.0
/* Writes what a layer of a convolutional network in near-memory macros saw in the first images of the test
 * set, for flow/power.py: macro_vectors MODEL DATA LAYER IMAGES STEM
 *  - STEM_x.npy [vectors][K]: its inputs, 8-bit integers
 *  - STEM_w.npy [K][M]: its weights */
#include "fileio.h"
#include "io/idx.h"
#include "io/npy.h"
#include "net/network.h"
#include "system/nmc.h"
#include "system/placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pm_network network;
static struct pm_tensor x_out, w_out;
static size_t vectors;

static void check(pm_status status, const char *what) {
    if (status == PM_OK)
        return;
    fprintf(stderr, "macro_vectors: %s: %s\n", what, pm_strerror(status));
    exit(2);
}

/* Bit planes back to integers, macros back to weights. */
static pm_status done(void *ctx, const void *run) {
    (void)ctx;
    const struct pm_nmc_run *r = run;
    const struct pm_nmc_layer *l = r->layer;
    for (size_t t = 0; t < r->n && (vectors + 1) * l->in <= x_out.count; t++, vectors++)
        for (unsigned k = 0; k < l->in; k++) {
            const struct pm_nmc_input *in = &r->in[t * l->tiles + k / PM_NMC_COLS];
            unsigned x = 0;
            for (unsigned i = 0; i < 8; i++)
                x |= (unsigned)(in->plane[i][k % PM_NMC_COLS / 64] >> k % 64 & 1) << i;
            pm_tensor_set(&x_out, vectors * l->in + k, l->cfg.is_signed ? (int8_t)x : (int32_t)x);
        }
    for (unsigned k = 0; k < l->in; k++)
        for (unsigned m = 0; m < l->out; m++) {
            unsigned w = 0;
            for (unsigned b = 0; b < PM_NMC_ROWS; b++)
                w |= (unsigned)(l->macro[k / PM_NMC_COLS * l->groups + m].row[b][k % PM_NMC_COLS / 64] >>
                                    k % 64 &
                                1)
                     << b;
            pm_tensor_set(&w_out, k * l->out + m, (int8_t)w);
        }
    return PM_OK;
}

static void save(const char *stem, const char *name, const struct pm_tensor *t) {
    char path[4096];
    struct pm_error e;
    struct pm_outfile file = {0};
    const void *content[] = {t};
    snprintf(path, sizeof path, "%s_%s.npy", stem, name);
    check(pm_outfile_plan(&file, path, &e), path);
    check(pm_outfile_write_all(&file, 1, pm_npy_write, content, &e), path);
    pm_outfile_free(&file);
}

int main(int argc, char **argv) {
    struct pm_error e = {""};
    struct pm_plan plan;
    struct pm_placement *p;
    struct pm_worker w;
    struct pm_idx images;
    char text[4096];
    if (argc != 6) {
        fprintf(stderr, "usage: macro_vectors MODEL DATA LAYER IMAGES STEM\n");
        return 2;
    }
    const unsigned count = (unsigned)strtoul(argv[4], NULL, 10);
    check(pm_network_load(&network, argv[1], &e), argv[1]);
    const struct pm_graph *g = network.graph;
    snprintf(text, sizeof text, "%s/t10k-images-idx3-ubyte.gz", argv[2]);
    check(pm_idx_open(&images, text, 3, &e), text);
    uint8_t *pixels = malloc(images.item);
    float *classes = malloc(pm_graph_outputs(g) * sizeof *classes);
    check(pixels && classes ? pm_plan_new(&plan) : PM_ENOMEM, "plan");
    snprintf(text, sizeof text, "%s=nmc", argv[3]);
    check(pm_plan_place(&plan, "*=int8", true, &e), "plan");
    check(pm_plan_place(&plan, text, true, &e), "plan");
    check(pm_placement_new(&plan, g, argv[1], 1, &p, &e), e.text);
    check(pm_worker_begin(&w, g, p, g->tokens), "buffers");
    for (unsigned i = 0; i < g->nodes; i++) {
        if (strcmp(g->node[i].name, argv[3]) != 0)
            continue;
        const struct pm_matrix *m = g->node[i].matrix;
        const size_t rows = count * (g->node[i].rows ? g->node[i].rows : 1);
        check(pm_tensor_new(&x_out, PM_INT32, 2, (size_t[]){rows, m->in}), "x");
        check(pm_tensor_new(&w_out, PM_INT8, 2, (size_t[]){m->in, m->out}), "w");
        w.watch[i] = (struct pm_watch){.done = done};
    }
    check(x_out.data ? PM_OK : PM_EINVAL, argv[3]);
    for (unsigned i = 0; i < count; i++) {
        check(pm_idx_read(&images, 1, pixels, &e), "images");
        check(pm_worker_run(&w, &(struct pm_graph_input){.image = pixels, .n = g->tokens}, classes),
              "network");
    }
    pm_worker_end(&w);
    pm_placement_free(p);
    pm_plan_free(&plan);
    pm_network_free(&network);
    free(pixels);
    free(classes);
    save(argv[5], "x", &x_out);
    save(argv[5], "w", &w_out);
    return 0;
}
