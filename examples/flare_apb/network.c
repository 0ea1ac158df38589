// SPDX-License-Identifier: Apache-2.0
/* One image of a vision transformer, the attention of each of its layers on the peripheral: the driver loads
 * the layer, runs its tokens and reads the flags in a simulation of pm_flare_apb, and what it got is compared
 * with the golden model, integer by integer.
 *
 *     network MODEL DATA [IMAGE]     TAP, a line a layer */
#include "io/idx.h"
#include "net/encoder.h"
#include "rtl.h"
#include "system/flare.h"
#include "system/placement.h"
#include "tb/flare_apb/flare_apb_rtl.h"

#include <stdio.h>
#include <stdlib.h>

static struct pm_rtl *model;
static bool failed;

static void check(pm_status status, const char *what) {
    if (status == PM_OK)
        return;
    fprintf(stderr, "network: %s: %s\n", what, pm_strerror(status));
    exit(2);
}

static pm_flare_attention_rtl_fn *peripheral(const struct pm_attention_cfg *c, unsigned max_tokens) {
    char params[128], why[1024] = "";
    if (!model) {
        snprintf(params, sizeof params, "D=%u Heads=%u Kvb=%u MaxTokens=%u", c->width, c->heads, c->kvb,
                 max_tokens);
        check(pm_rtl_open("flare_apb", params, false, &model, why, sizeof why), why);
    }
    return (pm_flare_attention_rtl_fn *)pm_rtl_function(model, "pm_flare_apb_rtl");
}

/* What the golden engine did for a layer, once more on the peripheral. */
static pm_status done(void *layer, const void *golden) {
    const struct pm_flare_run *g = golden;
    const struct pm_attention_cfg *c = pm_flare_layer_config(layer);
    const size_t elements = (size_t)g->n * c->width;
    const unsigned max_tokens = (g->n + 15) / 16 * 16;
    struct pm_attention_rtl_result result;
    int8_t *y = malloc(elements);
    int32_t *e = malloc(g->n * sizeof *e);
    check(y && e ? PM_OK : PM_ENOMEM, "buffers");
    const pm_status status = peripheral(c, max_tokens)(
        &(struct pm_sim_opts){0}, c, pm_flare_layer_weights(layer), max_tokens, pm_flare_layer_array(layer),
        g->x, g->ex, g->keep, g->n, g->n, g->first_vector, y, e, NULL, &result);
    size_t differ = 0;
    for (size_t i = 0; i < elements; i++)
        differ += y[i] != g->y[i];
    for (size_t i = 0; i < g->n; i++)
        differ += e[i] != g->e[i];
    differ += result.k_sat != (g->cost->saturated_k != 0) || result.v_sat != (g->cost->saturated_v != 0) ||
              result.z_zero != (g->cost->zero_z != 0);
    failed |= status != PM_OK || differ != 0;
    printf("%s - a layer on the peripheral: %u tokens, %zu integers and the flags compared, %zu differ; %llu "
           "clocks\n",
           status == PM_OK && differ == 0 ? "ok" : "not ok", g->n, elements + g->n, differ,
           (unsigned long long)result.clocks);
    if (status != PM_OK)
        printf("# %s\n", pm_strerror(status));
    free(y);
    free(e);
    return status;
}

int main(int argc, char **argv) {
    struct pm_error e = {""};
    char path[4096];
    struct pm_encoder network;
    struct pm_idx images;
    struct pm_plan plan;
    struct pm_placement *p;
    struct pm_worker w;
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: network MODEL DATA [IMAGE]\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", argv[2]);
    check(pm_encoder_load(&network, argv[1], &e), e.text);
    check(pm_idx_open(&images, path, 3, &e), e.text);
    uint8_t *pixels = malloc(images.item);
    float *classes = malloc(network.config.classes * sizeof *classes);
    check(pixels && classes ? PM_OK : PM_ENOMEM, "buffers");
    for (long i = argc == 4 ? strtol(argv[3], NULL, 10) : 0; i >= 0; i--)
        check(pm_idx_read(&images, 1, pixels, &e), e.text);
    check(pm_plan_new(&plan), "plan");
    check(pm_plan_place(&plan, "attn*=flare", true, &e), e.text);
    check(pm_placement_new(&plan, &network.graph, argv[1], 1, &p, &e), e.text);
    check(pm_worker_begin(&w, &network.graph, p, network.config.tokens), "buffers");
    for (unsigned i = 0; i < network.graph.nodes; i++)
        if (network.graph.node[i].kind == PM_NODE_ATTENTION)
            w.watch[i] = (struct pm_watch){NULL, done, (void *)(uintptr_t)pm_placement_layer(p, i)};
    check(pm_worker_run(&w, &(struct pm_graph_input){.image = pixels, .n = network.config.tokens}, classes),
          "network");
    pm_worker_end(&w);
    pm_placement_free(p);
    pm_plan_free(&plan);
    pm_rtl_close(model);
    free(pixels);
    free(classes);
    return failed;
}
