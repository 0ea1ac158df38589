// SPDX-License-Identifier: Apache-2.0
/* The host network: its files, the float forward pass against a naive one in double precision, the
 * mapping to integers against the weights that it came from. */
#include <math.h>

#include "files.h"
#include "net/encoder.h"
#include "system/flare_map.h"

/* ---- a small random network ---- */

enum { LAYERS = 2, D = 12, HEADS = 3, DK = D / HEADS, FFN = 20, PATCH = 4, IMAGE = 12, N = 9, CLASSES = 5 };
#define EPS 1e-5

static const char config_text[] =
    "{\"type\":\"vit\",\"layers\":2,\"width\":12,\"heads\":3,\"ffn\":20,\"tokens\":9,\"patch\":4,\"image\":"
    "12,"
    "\"classes\":5,\"layernorm_eps\":1e-5,\"pixel_mean\":0.25,\"pixel_std\":0.5,\"norm\":\"pre\","
    "\"activation\":\"gelu\"}";

static uint32_t seed_state = 1;

/* Uniform in -1..1. */
static double uniform(void) {
    seed_state = seed_state * 1664525u + 1013904223u;
    return (double)(seed_state >> 8) / (1 << 23) - 1.0;
}

static char header_text[8192];
static float model_data[8192];
static size_t model_count;

/* A random tensor into the file that is being made; norm weights are centred at 1. */
static void add_tensor(const char *name, unsigned d0, unsigned d1, double centre, double spread) {
    size_t count = (size_t)d0 * (d1 == 0 ? 1 : d1), used = strlen(header_text);
    char shape[32];
    snprintf(shape, sizeof shape, d1 == 0 ? "[%u]" : "[%u,%u]", d0, d1);
    snprintf(header_text + used, sizeof header_text - used,
             "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", used == 1 ? "" : ",",
             name, shape, 4 * model_count, 4 * (model_count + count));
    assert_true(model_count + count <= sizeof model_data / sizeof *model_data);
    for (size_t i = 0; i < count; i++)
        model_data[model_count++] = (float)(centre + spread * uniform());
}

static void add_linear(const char *name, unsigned in, unsigned out) {
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    add_tensor(full, out, in, 0, 1.5 / sqrt(in));
    snprintf(full, sizeof full, "%s.bias", name);
    add_tensor(full, out, 0, 0, 0.3);
}

static void add_norm(const char *name) {
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    add_tensor(full, D, 0, 1, 0.3);
    snprintf(full, sizeof full, "%s.bias", name);
    add_tensor(full, D, 0, 0.4, 0.5);
}

/* What write_network makes. */
static struct form {
    bool bert, post, first, pad;
    const char *activation, *pooler; /* of sentences, with a classifier behind it */
} form = {.activation = "gelu"};
enum { VOCABULARY = 23 };

static void write_network(void) {
    strcpy(header_text, "{");
    model_count = 0;
    seed_state = 1;
    if (form.bert)
        add_tensor("words", VOCABULARY, D, 0, 0.8);
    else
        add_linear("patch", PATCH * PATCH, D);
    add_tensor("pos", N, D, 0, 0.5);
    for (int i = 0; i < LAYERS; i++) {
        static const struct {
            const char *name;
            unsigned in, out;
        } parts[] = {{"ln1", 0, 0},    {"attn.q", D, D}, {"attn.k", D, D},   {"attn.v", D, D},
                     {"attn.o", D, D}, {"ln2", 0, 0},    {"ffn.up", D, FFN}, {"ffn.down", FFN, D}};
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++) {
            char name[48];
            snprintf(name, sizeof name, "layers.%d.%s", i, parts[j].name);
            if (parts[j].in == 0)
                add_norm(name);
            else
                add_linear(name, parts[j].in, parts[j].out);
        }
    }
    add_norm("norm");
    if (form.pooler)
        add_linear("pooler", D, D);
    if (!form.bert || form.pooler)
        add_linear("head", D, CLASSES);
    strcat(header_text, "}");
    static uint8_t bytes[sizeof header_text + sizeof model_data + 8];
    write_file("model.safetensors", bytes,
               put_safetensors(bytes, strlen(header_text), header_text, strlen(header_text), model_data,
                               4 * model_count));
    char text[512];
    snprintf(text, sizeof text,
             "{\"type\":\"%s\",\"layers\":2,\"width\":12,\"heads\":3,\"ffn\":20,\"tokens\":9,\"layernorm_"
             "eps\":1e-5,"
             "\"norm\":\"%s\",\"activation\":\"%s\",%s%s%s%s}",
             form.bert ? "bert" : "vit", form.post ? "post" : "pre", form.activation,
             !form.bert   ? "\"patch\":4,\"image\":12,\"classes\":5,\"pixel_mean\":0.25,\"pixel_std\":0.5"
             : form.first ? "\"vocabulary\":23,\"pool\":\"first\""
                          : "\"vocabulary\":23,\"pool\":\"mean\"",
             form.pooler ? ",\"classes\":5,\"pooler\":\"" : "", form.pooler ? form.pooler : "",
             form.pooler ? "\"" : "");
    write_file("config.json", text, strlen(text));
}

/* Calibration: known mu and a, mk and mv so that keys and values fit. */
static double calibration_mu(int layer, int i) {
    return 0.0625 * ((7 * i + layer) % 11) - 0.25;
}

static int calibration_a_log2(int layer, int i) {
    return -((i + layer) % 3);
}

#define SX  0x1p-11
#define KVB 12

static void write_calibration(void) {
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"kvb\":%d,\"layers\":[", KVB);
    for (int l = 0; l < LAYERS; l++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s{\"mu\":[", l == 0 ? "" : ",");
        for (int i = 0; i < D; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%.17g", i == 0 ? "" : ",",
                                     calibration_mu(l, i));
        used += (size_t)snprintf(text + used, sizeof text - used, "],\"a_log2\":[");
        for (int i = 0; i < D; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", i == 0 ? "" : ",",
                                     calibration_a_log2(l, i));
        used += (size_t)snprintf(text + used, sizeof text - used, "],\"sx\":%.17g,\"mk\":10,\"mv\":9}", SX);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "]}");
    write_file("calibration.json", text, used);
}

static struct pm_flare_map maps[LAYERS]; /* of load_maps */

static void load_network(struct pm_encoder *network) {
    struct pm_error e = {""};
    write_network();
    if (pm_encoder_load(network, folder, &e) != PM_OK)
        fail_msg("%s", e.text);
}

/* The network's attention number `layer`. */
static const struct pm_node *attention(const struct pm_encoder *network, unsigned layer) {
    for (unsigned i = 0; i < network->graph.nodes; i++)
        if (network->graph.node[i].kind == PM_NODE_ATTENTION && layer-- == 0)
            return &network->graph.node[i];
    return NULL;
}

static void load_maps(const struct pm_encoder *network) {
    static const struct pm_flare_map_options options;
    struct pm_flare_calibration *c;
    struct pm_error e = {""};
    write_calibration();
    if (pm_flare_calibration_load(folder, &network->graph, &c, &e) != PM_OK)
        fail_msg("%s", e.text);
    for (unsigned l = 0; l < LAYERS; l++)
        assert_int_equal(pm_flare_map_new(attention(network, l), c, &options, &maps[l]), PM_OK);
    pm_flare_calibration_free(c);
}

static void free_maps(void) {
    for (unsigned l = 0; l < LAYERS; l++)
        pm_flare_map_free(&maps[l]);
}

static void random_image(uint8_t *image, uint32_t seed) {
    seed_state = seed;
    for (int i = 0; i < IMAGE * IMAGE; i++)
        image[i] = (uint8_t)(127.5 + 127.5 * uniform());
}

/* ---- the naive forward pass, straight from the definitions, in double ---- */

static void naive_linear(const struct pm_matrix *l, const double *x, double *y) {
    for (unsigned o = 0; o < l->out; o++) {
        y[o] = l->bias[o];
        for (unsigned i = 0; i < l->in; i++)
            y[o] += x[i] * l->weight[o * l->in + i];
    }
}

static void naive_norm(const struct pm_layernorm *norm, const double *x, double *y) {
    double mean = 0, var = 0;
    for (int i = 0; i < D; i++)
        mean += x[i] / D;
    for (int i = 0; i < D; i++)
        var += (x[i] - mean) * (x[i] - mean) / D;
    for (int i = 0; i < D; i++)
        y[i] = (x[i] - mean) / sqrt(var + EPS) * norm->weight[i] + norm->bias[i];
}

/* Softmax attention of given q, k, v over n tokens, of which `keep` are attended to: y[n][D], heads side by
 * side. */
static void naive_heads(int n, const uint8_t *keep, double q[N][D], double k[N][D], double v[N][D],
                        double y[N][D]) {
    for (int h = 0; h < HEADS; h++)
        for (int t = 0; t < n; t++) {
            double weight[N], sum = 0;
            for (int j = 0; j < n; j++) {
                double dot = 0;
                for (int i = h * DK; i < (h + 1) * DK; i++)
                    dot += q[t][i] * k[j][i];
                sum += weight[j] = keep == NULL || keep[j] ? exp(dot / sqrt(DK)) : 0;
            }
            for (int i = h * DK; i < (h + 1) * DK; i++) {
                y[t][i] = 0;
                for (int j = 0; j < n; j++)
                    y[t][i] += weight[j] / sum * v[j][i];
            }
        }
}

static double naive_activation(double x) {
    if (strcmp(form.activation, "relu") == 0)
        return x > 0 ? x : 0;
    if (strcmp(form.activation, "gelu") == 0)
        return x * 0.5 * erfc(-x / sqrt(2));
    return x / (1 + exp(-2 * sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

static void naive_embed(const struct pm_encoder *network, const struct pm_graph_input *in, double x[N][D]) {
    for (int t = 0; t < (int)in->n; t++) {
        double pixels[PATCH * PATCH];
        for (int i = 0; i < PATCH * PATCH && !form.bert; i++) {
            int row = t / 3 * PATCH + i / PATCH, col = t % 3 * PATCH + i % PATCH;
            pixels[i] = (in->image[row * IMAGE + col] / 255.0 - 0.25) / 0.5;
        }
        if (!form.bert)
            naive_linear(&network->patch, pixels, x[t]);
        for (int i = 0; i < D; i++)
            x[t][i] = (form.bert ? network->words[in->ids[t] * D + (unsigned)i] : x[t][i]) +
                      network->pos[t * D + i];
    }
}

static void naive_forward(const struct pm_encoder *network, const struct pm_graph_input *in, double *out) {
    double x[N][D], h[N][D], q[N][D], k[N][D], v[N][D], y[D];
    const int n = (int)in->n;
    naive_embed(network, in, x);
    for (int t = 0; t < n && form.post; t++) {
        naive_norm(&network->norm, x[t], y);
        memcpy(x[t], y, sizeof y);
    }
    for (int l = 0; l < LAYERS; l++) {
        const struct pm_encoder_layer *layer = &network->layers[l];
        for (int t = 0; t < n; t++) {
            memcpy(y, x[t], sizeof y);
            if (!form.post)
                naive_norm(&layer->ln1, x[t], y);
            naive_linear(&layer->linear[PM_ENCODER_Q], y, q[t]);
            naive_linear(&layer->linear[PM_ENCODER_K], y, k[t]);
            naive_linear(&layer->linear[PM_ENCODER_V], y, v[t]);
        }
        naive_heads(n, in->keep, q, k, v, h);
        for (int t = 0; t < n; t++) {
            double hidden[FFN];
            naive_linear(&layer->linear[PM_ENCODER_O], h[t], y);
            for (int i = 0; i < D; i++)
                x[t][i] += y[i];
            naive_norm(form.post ? &layer->ln1 : &layer->ln2, x[t], y);
            if (form.post)
                memcpy(x[t], y, sizeof y);
            naive_linear(&layer->linear[PM_ENCODER_UP], y, hidden);
            for (int i = 0; i < FFN; i++)
                hidden[i] = naive_activation(hidden[i]);
            naive_linear(&layer->linear[PM_ENCODER_DOWN], hidden, y);
            for (int i = 0; i < D; i++)
                x[t][i] += y[i];
            naive_norm(&layer->ln2, x[t], y);
            if (form.post)
                memcpy(x[t], y, sizeof y);
        }
    }
    double mean[D] = {0};
    int count = 0;
    for (int t = 0; t < n; t++)
        count += in->keep == NULL || in->keep[t];
    for (int t = 0; t < n; t++) {
        naive_norm(&network->norm, x[t], y);
        for (int i = 0; i < D; i++)
            mean[i] += (in->keep == NULL || in->keep[t] ? 1.0 : 0) * (form.post ? x[t][i] : y[i]) / count;
        if (t == 0 && form.first)
            memcpy(out, form.post ? x[0] : y, sizeof y);
    }
    if (!form.bert)
        naive_linear(&network->head, mean, out);
    else if (!form.first)
        memcpy(out, mean, sizeof mean);
    if (form.pooler) {
        naive_linear(&network->pooler, out, y);
        for (int i = 0; i < D; i++)
            y[i] = strcmp(form.pooler, "tanh") == 0 ? tanh(y[i]) : fmax(y[i], 0);
        naive_linear(&network->head, y, out);
    }
}

/* An image, or a sentence of 1..N tokens with padding at its end or in its middle. */
struct sample {
    uint8_t image[IMAGE * IMAGE], keep[N];
    uint32_t ids[N];
    struct pm_graph_input input;
};

static void random_sample(struct sample *s, uint32_t seed) {
    s->input = (struct pm_graph_input){.image = s->image, .n = N};
    random_image(s->image, seed);
    if (!form.bert)
        return;
    s->input = (struct pm_graph_input){.ids = s->ids, .n = 1 + seed % N};
    for (unsigned t = 0; t < N; t++) {
        s->ids[t] = (uint32_t)(VOCABULARY / 2.0 * (1 + uniform()));
        s->keep[t] = t == 0 || uniform() > 0;
    }
    if (form.pad)
        s->input.keep = s->keep;
}

static double spread_of(const double *v, int n) {
    double lo = v[0], hi = v[0];
    for (int i = 1; i < n; i++) {
        lo = fmin(lo, v[i]);
        hi = fmax(hi, v[i]);
    }
    return hi - lo;
}

static void check_form(void) {
    struct pm_encoder network;
    load_network(&network);
    struct pm_graph_scratch *scratch = pm_graph_scratch_new(&network.graph);
    assert_non_null(scratch);
    const int outputs = (int)pm_graph_outputs(&network.graph);
    assert_int_equal(outputs, form.bert && !form.pooler ? D : CLASSES);
    double worst = 0, least_spread = 1e9, first[D] = {0}, moved = 0;
    enum { SAMPLES = 20 };
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct sample s;
        float out[D];
        double expected[D];
        random_sample(&s, i);
        assert_int_equal(pm_graph_run(&network.graph, &s.input, NULL, scratch, out), PM_OK);
        naive_forward(&network, &s.input, expected);
        for (int c = 0; c < outputs; c++) {
            worst = fmax(worst, fabs(out[c] - expected[c]));
            if (i == 0)
                first[c] = expected[c];
            moved = fmax(moved, fabs(expected[c] - first[c]));
        }
        least_spread = fmin(least_spread, spread_of(expected, outputs));
    }
    print_message(
        "# float forward, %s %s %s%s%s%s%s: %d outputs, worst error %.2g, moved %.2g, least spread %.2g\n",
        form.bert ? "bert" : "vit", form.post ? "post" : "pre", form.activation, form.first ? " first" : "",
        form.pad ? " padded" : "", form.pooler ? " pooler " : "", form.pooler ? form.pooler : "",
        SAMPLES * outputs, worst, moved, least_spread);
    assert_true(worst < 1e-5);
    assert_true(worst >
                1e-9); /* float against double: equality would mean that one was compared with itself */
    assert_true(moved > 0.05); /* the outputs do depend on the input */
    assert_true(least_spread > 0.05);
    pm_graph_scratch_free(scratch);
    pm_encoder_free(&network);
}

static void forward_matches_double(void **state) {
    (void)state;
    static const struct form forms[] = {
        {.activation = "gelu"},
        {.post = true, .activation = "gelu"},
        {.bert = true, .activation = "gelu-tanh"},
        {.bert = true, .post = true, .activation = "gelu"},
        {.bert = true, .post = true, .pad = true, .activation = "gelu"},
        {.bert = true, .post = true, .first = true, .pad = true, .activation = "relu"},
        {.bert = true, .post = true, .first = true, .activation = "gelu", .pooler = "tanh"},
        {.bert = true, .post = true, .pad = true, .activation = "gelu", .pooler = "relu"},
    };
    const struct form before = form;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        form = forms[i];
        check_form();
    }
    form = before;
}

/* Padding changes nothing, and what is no input of the network is refused. */
static void sentences_padded_and_refused(void **state) {
    (void)state;
    const struct form before = form;
    form = (struct form){.bert = true, .post = true, .activation = "gelu"};
    struct pm_encoder network;
    load_network(&network);
    struct pm_graph_scratch *scratch = pm_graph_scratch_new(&network.graph);
    float alone[D], padded[D];
    const uint32_t ids[N] = {3, 1, 4, 1, 5, 9, 2, 6, 22};
    const uint8_t keep[N] = {1, 1, 1, 1}, none[N] = {0};
    struct pm_graph_input in = {.ids = ids, .n = 4};
    assert_int_equal(pm_graph_run(&network.graph, &in, NULL, scratch, alone), PM_OK);
    in = (struct pm_graph_input){.ids = ids, .keep = keep, .n = N};
    assert_int_equal(pm_graph_run(&network.graph, &in, NULL, scratch, padded), PM_OK);
    assert_memory_equal(alone, padded, sizeof alone);
    in.keep = NULL;
    assert_int_equal(pm_graph_run(&network.graph, &in, NULL, scratch, padded), PM_OK);
    assert_true(fabsf(alone[0] - padded[0]) > 1e-4f);
    const uint32_t beyond[1] = {VOCABULARY};
    const uint8_t image[IMAGE * IMAGE] = {0};
    const struct pm_graph_input bad[] = {{.ids = beyond, .n = 1},
                                         {.ids = ids, .n = 0},
                                         {.ids = ids, .n = N + 1},
                                         {.ids = ids, .keep = none, .n = N},
                                         {.image = image, .n = N}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(pm_graph_run(&network.graph, &bad[i], NULL, scratch, padded), PM_EINVAL);
    pm_graph_scratch_free(scratch);
    pm_encoder_free(&network);
    form = before;
}

/* Against double, and exactly x or 0 where erf is 1 or -1 in float. */
static void gelu_is_close_to_double(void **state) {
    (void)state;
    enum { STEPS = 1 << 20 };
    float worst = 0;
    for (int i = -STEPS; i <= STEPS; i++) {
        const float x = 8.0f * (float)i / STEPS;
        float y = x;
        pm_activate(PM_GELU, 1, &y, &y);
        const double expected = x / 2.0 * (1 + erf(x / sqrt(2.0)));
        worst = fmaxf(worst, (float)(fabs(y - expected) / ((1 + fabs(x)) / 2)));
    }
    print_message("# gelu: worst error %.2g (1 + |x|)/2\n", worst);
    assert_true(worst < 5e-7f && worst > 1e-9f);
    float ends[] = {0, 1e-30f, 6, -6, 1e30f, -1e30f, NAN};
    pm_activate(PM_GELU, sizeof ends / sizeof *ends, ends, ends);
    const float exact[] = {0, 5e-31f, 6, 0, 1e30f, 0};
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        assert_true(ends[i] == exact[i]);
    assert_true(isnan(ends[6]));
}

static void forward_in_threads(void **state) {
    (void)state;
    enum { IMAGES = 64 };
    static float serial[IMAGES][CLASSES], parallel[IMAGES][CLASSES];
    struct pm_encoder network;
    load_network(&network);
    uint8_t images[IMAGES][IMAGE * IMAGE];
    struct pm_graph_scratch *scratch = pm_graph_scratch_new(&network.graph);
    for (int i = 0; i < IMAGES; i++) {
        random_image(images[i], (uint32_t)i);
        pm_graph_run(&network.graph, &(struct pm_graph_input){.image = images[i], .n = N}, NULL, scratch,
                     serial[i]);
    }
    pm_graph_scratch_free(scratch);
#pragma omp parallel num_threads(4)
    {
        struct pm_graph_scratch *own = pm_graph_scratch_new(&network.graph);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < IMAGES; i++)
            pm_graph_run(&network.graph, &(struct pm_graph_input){.image = images[i], .n = N}, NULL, own,
                         parallel[i]);
        pm_graph_scratch_free(own);
    }
    assert_memory_equal(serial, parallel, sizeof serial);
    pm_encoder_free(&network);
}

/* ---- the mapping ---- */

static void map_is_close_to_float(void **state) {
    (void)state;
    struct pm_encoder network;
    load_network(&network);
    load_maps(&network);
    for (int l = 0; l < LAYERS; l++) {
        const struct pm_encoder_layer *layer = &network.layers[l];
        const struct pm_flare_map *map = &maps[l];
        const struct {
            const struct pm_matrix *from;
            const int8_t *w;
            const int32_t *b;
            double scale;
        } inputs[3] = {{&layer->linear[PM_ENCODER_Q], map->w.wq, map->w.bq, map->sw_q},
                       {&layer->linear[PM_ENCODER_K], map->w.wk, map->w.bk, map->sw_k},
                       {&layer->linear[PM_ENCODER_V], map->w.wv, map->w.bv, map->sw_v}};
        for (int m = 0; m < 3; m++) {
            double worst = 0;
            int largest = 0;
            for (int out = 0; out < D; out++) {
                double bias = inputs[m].from->bias[out];
                for (int in = 0; in < D; in++) {
                    double weight = inputs[m].from->weight[out * D + in];
                    int q = inputs[m].w[in * D + out];
                    bias += weight * calibration_mu(l, in);
                    worst = fmax(worst, fabs(ldexp(weight, calibration_a_log2(l, in)) / inputs[m].scale - q));
                    largest = abs(q) > largest ? abs(q) : largest;
                }
                assert_true(fabs(bias / (SX * inputs[m].scale) - inputs[m].b[out]) <= 0.5 + 1e-6);
            }
            assert_int_equal(largest, 127);
            assert_true(worst > 0.3 && worst <= 0.5 + 1e-9);
        }
        for (int out = 0; out < D; out++) {
            int largest = 0;
            for (int in = 0; in < D; in++) {
                int q = map->w.wo[in * D + out];
                assert_true(fabs(layer->linear[PM_ENCODER_O].weight[out * D + in] / (double)map->sw_o[out] -
                                 q) <= 0.5 + 1e-4);
                largest = abs(q) > largest ? abs(q) : largest;
            }
            assert_int_equal(largest, 127);
            assert_true(fabs(map->out_scale[out] / (SX * map->sw_v * map->sw_o[out]) - 1) < 1e-6);
            double bias = layer->linear[PM_ENCODER_O].bias[out] /
                          (double)map->out_scale[out]; /* the float scale costs 2^-24 of it */
            assert_true(fabs(bias - map->w.bo[out]) <= 0.5 + 1e-7 * fabs(bias));
        }
        assert_true(map->s0 >= 0.5 && map->s0 < 1);
        assert_true(fabs(map->s0 * exp2(map->e0) / (SX * map->sw_q * SX * map->sw_k * 1024 / sqrt(DK)) - 1) <
                    1e-12);
        struct pm_attention_cfg cfg = {.round = true};
        pm_flare_map_configure(map, attention(&network, (unsigned)l), &cfg);
        assert_int_equal(cfg.width, D);
        assert_int_equal(cfg.heads, HEADS);
        assert_int_equal(cfg.kvb, KVB);
        assert_int_equal(cfg.mk, 10);
        assert_int_equal(cfg.mv, 9);
        assert_true(cfg.round && cfg.s0[HEADS - 1] == map->s0 && cfg.e0[HEADS - 1] == map->e0);
    }
    free_maps();
    pm_encoder_free(&network);
}

static void map_tokens_are_close_to_float(void **state) {
    (void)state;
    struct pm_encoder network;
    load_network(&network);
    load_maps(&network);
    enum { TOKENS = 200 };
    static float tokens[TOKENS * D];
    static int16_t x[TOKENS * D];
    static int32_t ex[TOKENS];
    float work[D];
    int64_t fixed[D];
    seed_state = 5;
    for (int i = 0; i < TOKENS * D; i++)
        tokens[i] = (float)(uniform() * (1 + i % 5));
    pm_flare_map_tokens(&maps[1], 8, TOKENS, tokens, work, fixed, x, ex);
    double worst = 0;
    int largest = 0;
    for (int t = 0; t < TOKENS; t++) {
        double in[D], out[D];
        for (int i = 0; i < D; i++)
            in[i] = tokens[t * D + i];
        naive_norm(&network.layers[1].ln1, in, out);
        assert_in_range(ex[t], 1, 8);
        for (int i = 0; i < D; i++) {
            double scaled = ldexp(out[i] - calibration_mu(1, i), -calibration_a_log2(1, i));
            int v = x[t * D + i];
            double error = fabs(scaled / ldexp(SX, ex[t]) - v);
            if (v != 127) /* rounding saturates there */
                worst = fmax(worst, error);
            assert_true(error <= 1.0);
            largest = abs(v) > largest ? abs(v) : largest;
        }
    }
    print_message("# tokens: %d elements, worst error %.3f LSB\n", TOKENS * D, worst);
    assert_true(worst > 0.4 && worst < 0.8); /* half an LSB of 8 bits, and half of 16 bits before it */
    assert_in_range(largest, 120, 128);
    free_maps();
    pm_encoder_free(&network);
}

/* An attention engine in double precision on the mapped integers: only the mapping's and the interface's own
 * quantisation is left. */
static void ideal_engine(const struct pm_flare_map *map, const int16_t *x, const int32_t *ex, int8_t *y,
                         int32_t *e) {
    double q[N][D], k[N][D], v[N][D], h[N][D];
    for (int t = 0; t < N; t++)
        for (int out = 0; out < D; out++) {
            double aq = map->w.bq[out] * exp2(-ex[t]), ak = map->w.bk[out] * exp2(-ex[t]),
                   av = map->w.bv[out] * exp2(-ex[t]);
            for (int in = 0; in < D; in++) {
                aq += x[t * D + in] * map->w.wq[in * D + out];
                ak += x[t * D + in] * map->w.wk[in * D + out];
                av += x[t * D + in] * map->w.wv[in * D + out];
            }
            q[t][out] = aq * exp2(ex[t]);
            /* The engine's logits are scaled by S0 * 2^e0 where keys are parsed by 2^mk; naive_heads divides
             * by sqrt(DK) itself. */
            k[t][out] = ak * exp2(ex[t]) * exp2(-(double)map->mk) * map->s0 * exp2(map->e0) * sqrt(DK);
            v[t][out] = av * exp2(ex[t]);
        }
    naive_heads(N, NULL, q, k, v, h);
    for (int t = 0; t < N; t++) {
        double out[D], largest = 0;
        for (int i = 0; i < D; i++) {
            out[i] = map->w.bo[i];
            for (int in = 0; in < D; in++)
                out[i] += h[t][in] * map->w.wo[in * D + i];
            largest = fmax(largest, fabs(out[i]));
        }
        frexp(largest / 127, &e[t]);
        for (int i = 0; i < D; i++)
            y[t * D + i] = (int8_t)rint(ldexp(out[i], -e[t]));
    }
}

struct elsewhere {
    const struct pm_encoder *network;
    int calls;
};

static pm_status compute_ideal(void *ctx, unsigned node, const struct pm_operands *o) {
    struct elsewhere *w = ctx;
    const struct pm_flare_map *map = &maps[w->calls % LAYERS];
    float work[D];
    int64_t fixed[D];
    int16_t x[N * D];
    int8_t y[N * D];
    int32_t ex[N], e[N];
    assert_ptr_equal(&w->network->graph.node[node], attention(w->network, (unsigned)w->calls % LAYERS));
    assert_int_equal(o->n, N);
    w->calls++;
    pm_flare_map_tokens(map, 8, N, o->x, work, fixed, x, ex);
    ideal_engine(map, x, ex, y, e);
    for (int i = 0; i < N * D; i++)
        o->y[i] = (float)ldexp(y[i], e[i / D]) * map->out_scale[i % D];
    return PM_OK;
}

static pm_status compute_nothing(void *ctx, unsigned node, const struct pm_operands *o) {
    (void)ctx, (void)node, (void)o;
    return PM_EDIFFER;
}

static void forward_through_integers(void **state) {
    (void)state;
    struct pm_encoder network;
    load_network(&network);
    load_maps(&network);
    struct pm_graph_scratch *scratch = pm_graph_scratch_new(&network.graph);
    double error = 0, power = 0;
    struct elsewhere w = {&network, 0};
    bool whole[64];
    assert_true(network.graph.nodes <= 64);
    for (unsigned n = 0; n < network.graph.nodes; n++)
        whole[n] = network.graph.node[n].kind == PM_NODE_ATTENTION;
    const struct pm_graph_elsewhere ideal = {.layer = whole, .compute = compute_ideal, .ctx = &w},
                                    broken = {.layer = whole, .compute = compute_nothing};
    enum { IMAGES = 20 };
    for (uint32_t i = 0; i < IMAGES; i++) {
        uint8_t image[IMAGE * IMAGE];
        float logits[CLASSES];
        double expected[CLASSES];
        random_image(image, i);
        assert_int_equal(pm_graph_run(&network.graph, &(struct pm_graph_input){.image = image, .n = N},
                                      &ideal, scratch, logits),
                         PM_OK);
        naive_forward(&network, &(struct pm_graph_input){.image = image, .n = N}, expected);
        for (int c = 0; c < CLASSES; c++) {
            error += (logits[c] - expected[c]) * (logits[c] - expected[c]);
            power += expected[c] * expected[c];
        }
    }
    double relative = sqrt(error / power);
    print_message("# through integers: %d logits, relative error %.2g\n", IMAGES * CLASSES, relative);
    assert_int_equal(w.calls, IMAGES * LAYERS);
    assert_true(relative < 0.02);
    assert_true(relative > 1e-4); /* 8 bits were in the way */
    uint8_t image[IMAGE * IMAGE] = {0};
    float logits[CLASSES];
    assert_int_equal(pm_graph_run(&network.graph, &(struct pm_graph_input){.image = image, .n = N}, &broken,
                                  scratch, logits),
                     PM_EDIFFER);
    free_maps();
    pm_graph_scratch_free(scratch);
    pm_encoder_free(&network);
}

/* ---- hostile configurations ---- */

/* `text` with the first occurrence of `from` replaced by `to`. */
static void write_edited(const char *name, const char *text, const char *from, const char *to) {
    char edited[8192];
    const char *at = strstr(text, from);
    if (at == NULL)
        fail_msg("\"%s\" is not in %s", from, name);
    int n = snprintf(edited, sizeof edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_in_range(n, 1, sizeof edited - 1);
    write_file(name, edited, (size_t)n);
}

static void config_bad(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        pm_status status;
        const char *file, *reason;
    } cases[] = {
        {"\"vit\"", "\"vi\"", PM_EFORMAT, "config.json", "\"type\" is \"vi\", not one of vit|bert"},
        {"\"vit\"", "\"bert\"", PM_EFORMAT, "config.json", "\"vocabulary\" is missing"},
        {"\"vit\"", "\"bert\",\"vocabulary\":0", PM_ERANGE, "config.json", "\"vocabulary\""},
        {"\"vit\"", "\"bert\",\"vocabulary\":5", PM_EFORMAT, "config.json", "\"pool\" is missing"},
        {"\"vit\"", "\"bert\",\"vocabulary\":5,\"pool\":\"mean\",\"pooler\":\"gelu\"", PM_EFORMAT,
         "config.json", "\"pooler\" is \"gelu\", not one of tanh|relu"},
        {"\"vit\"", "\"bert\",\"vocabulary\":5,\"pool\":\"mean\",\"pooler\":1", PM_EFORMAT, "config.json",
         "\"pooler\""},
        {"\"vit\"", "\"bert\",\"vocabulary\":5,\"pool\":\"mean\"", PM_EFORMAT, "model.safetensors",
         "tensor words is missing"},
        {"\"pre\"", "\"post-\"", PM_EFORMAT, "config.json", "\"norm\" is \"post-\""},
        {"\"gelu\"", "\"\"", PM_EFORMAT, "config.json", "\"activation\" is \"\""},
        {"\"gelu\"", "7", PM_EFORMAT, "config.json", "\"activation\" is missing or not a string"},
        {"\"layers\":2", "\"layers\":0", PM_ERANGE, "config.json",
         "\"layers\" is 0, not an integer in 1..64"},
        {"\"layers\":2", "\"layers\":1e30", PM_ERANGE, "config.json", "\"layers\""},
        {"\"layers\":2", "\"layers\":3", PM_EFORMAT, "model.safetensors",
         "tensor layers.2.ln1.weight is missing"},
        {"\"width\":12", "\"width\":12.5", PM_ERANGE, "config.json", "\"width\""},
        {"\"width\":12", "\"width\":15", PM_ESHAPE, "model.safetensors", "tensor patch.weight"},
        {"\"width\":12", "\"width\":\"12\"", PM_EFORMAT, "config.json", "\"width\" is not a number"},
        {"\"heads\":3", "\"heads\":5", PM_ERANGE, "config.json", "no multiple of \"heads\""},
        {"\"heads\":3,", "", PM_EFORMAT, "config.json", "\"heads\" is missing"},
        {"\"patch\":4", "\"patch\":5", PM_ERANGE, "config.json", "no multiple of \"patch\""},
        {"\"tokens\":9", "\"tokens\":16", PM_ERANGE, "config.json", "\"tokens\""},
        {"\"ffn\":20", "\"ffn\":16384", PM_ESHAPE, "model.safetensors", "tensor layers.0.ffn.up.weight"},
        {"\"classes\":5", "\"classes\":1", PM_ERANGE, "config.json", "\"classes\""},
        {"\"layernorm_eps\":1e-5", "\"layernorm_eps\":0", PM_ERANGE, "config.json", "\"layernorm_eps\""},
        {"\"pixel_std\":0.5", "\"pixel_std\":0", PM_ERANGE, "config.json", "\"pixel_std\""},
        {"{", "[", PM_EFORMAT, "config.json", "bad JSON"},
    };
    write_network();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_encoder network;
        struct pm_error e = {""};
        write_edited("config.json", config_text, cases[i].from, cases[i].to);
        assert_int_equal(pm_encoder_load(&network, folder, &e), cases[i].status);
        assert_message(&e, cases[i].file, cases[i].reason);
        assert_null(network.layers);
    }
    struct pm_encoder network;
    struct pm_error e;
    unlink(in_folder("config.json"));
    assert_int_equal(pm_encoder_load(&network, folder, &e), PM_EIO);
    assert_message(&e, "config.json", "No such file");
    write_file("config.json", "{\"a\":\0}", 7);
    assert_int_equal(pm_encoder_load(&network, folder, &e), PM_EFORMAT);
    assert_message(&e, "config.json", "bad JSON at byte 5");
}

static void calibration_bad(void **state) {
    (void)state;
    struct pm_encoder network;
    load_network(&network);
    write_calibration();
    char text[4096];
    FILE *f = fopen(in_folder("calibration.json"), "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    static const struct {
        const char *from, *to;
        pm_status status;
        const char *reason;
    } cases[] = {
        {"\"kvb\":12", "\"kvb\":17", PM_ERANGE, "\"kvb\""},
        {"\"kvb\":12", "\"kvb\":1", PM_ERANGE, "\"kvb\""},
        {"\"kvb\":12,", "", PM_EFORMAT, "\"kvb\" is missing"},
        {"\"mk\":10", "\"mk\":32", PM_ERANGE, "\"mk\""},
        {"\"mv\":9", "\"mv\":-1", PM_ERANGE, "\"mv\""},
        {"\"sx\":0.00048828125", "\"sx\":0", PM_ERANGE, "\"sx\""},
        {"\"sx\":0.00048828125", "\"sx\":1e-17", PM_ERANGE, "does not fit 32 bits"},
        {"\"mu\":[", "\"mu\":[0,", PM_ESHAPE, "\"mu\" has more than 12"},
        {"\"a_log2\":[0,", "\"a_log2\":[", PM_ESHAPE, "\"a_log2\" has 11 elements"},
        {"\"a_log2\":[0,", "\"a_log2\":[-0.5,", PM_ERANGE, "not an integer"},
        {"\"a_log2\":[0,", "\"a_log2\":[1,", PM_ERANGE, "\"a_log2\"[0] is 1"},
        {"\"a_log2\":[0,", "\"a_log2\":[null,", PM_EFORMAT, "\"a_log2\"[0] is not a number"},
        {"\"layers\":[", "\"layers\":[{},", PM_EFORMAT, "\"mu\" is missing"},
        {"]}", ",{}]}", PM_EFORMAT, "bad JSON"},
        {"\"mv\":9}]", "\"mv\":9},7]", PM_ESHAPE, "more than the network's 2"},
        {"\"layers\":[", "\"layers\":[],\"x\":[", PM_ESHAPE, "\"layers\" has 0 elements"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_error e = {""};
        bool last = strncmp(cases[i].from, "]}", 2) == 0;
        if (last) /* the very end of the file */
            write_file("calibration.json", text, strlen(text) - 1);
        else
            write_edited("calibration.json", text, cases[i].from, cases[i].to);
        struct pm_flare_calibration *c;
        pm_status status = pm_flare_calibration_load(folder, &network.graph, &c, &e);
        assert_true((status == PM_OK) == (c != NULL));
        if (status == PM_OK) { /* what only the mapping finds */
            static const struct pm_flare_map_options options;
            struct pm_flare_map map;
            status = pm_flare_map_new(attention(&network, 0), c, &options, &map);
            pm_flare_map_free(&map);
            pm_flare_calibration_free(c);
        } else {
            assert_message(&e, "calibration.json", cases[i].reason);
        }
        assert_int_equal(status, cases[i].status);
    }
    pm_encoder_free(&network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_matches_double),   cmocka_unit_test(sentences_padded_and_refused),
        cmocka_unit_test(gelu_is_close_to_double),  cmocka_unit_test(forward_in_threads),
        cmocka_unit_test(map_is_close_to_float),    cmocka_unit_test(map_tokens_are_close_to_float),
        cmocka_unit_test(forward_through_integers), cmocka_unit_test(config_bad),
        cmocka_unit_test(calibration_bad),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
