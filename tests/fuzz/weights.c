// SPDX-License-Identifier: Apache-2.0
/* A network of any type with its weights: config.json up to the first zero byte, then model.safetensors. What
 * is loaded, if it is small, runs. */
#include "fuzz.h"
#include "net/network.h"

#define MOST_FLOATS ((size_t)1 << 16)

static const char *folder;

static bool is_small(const struct pm_graph *g) {
    size_t floats = (size_t)g->tokens * g->tokens + pm_graph_floats(g, g->tokens);
    for (unsigned i = 0; i < g->buffers; i++)
        floats += g->buffer[i];
    return floats < MOST_FLOATS;
}

/* All tokens at once, or an image. */
static void run(const struct pm_network *network) {
    const struct pm_graph *g = network->graph;
    const size_t pixels = (size_t)network->form.shape.height * network->form.shape.width * network->form.shape.channels;
    uint8_t *image = calloc(pixels + 1, 1);
    uint32_t *ids = calloc(g->tokens, sizeof *ids);
    float *out = malloc(pm_graph_floats(g, g->tokens) * sizeof *out);
    struct pm_graph_scratch *s = pm_graph_scratch_new(g);
    const struct pm_graph_input in = {
        .image = pixels > 0 ? image : NULL, .ids = pixels > 0 ? NULL : ids, .n = g->tokens};
    FUZZ_NEED(image && ids && out && s);
    FUZZ_NEED(pm_graph_run(g, &in, NULL, s, out) == PM_OK);
    pm_graph_scratch_free(s);
    free(out);
    free(ids);
    free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const uint8_t *end = n > 0 ? memchr(data, 0, n) : NULL;
    struct pm_network network;
    struct pm_error e = {""};
    if (!end)
        return 0;
    const size_t length = (size_t)(end - data);
    const char *first = fuzz_file_of(0, data, length);
    fuzz_link("config.json", first);
    folder = fuzz_link("model.safetensors", fuzz_file_of(1, end + 1, n - length - 1));
    const pm_status status = pm_network_load(&network, folder, &e);
    fuzz_named(status, e.text, folder);
    if (status == PM_OK && is_small(network.graph))
        run(&network);
    pm_network_free(&network);
    return 0;
}
