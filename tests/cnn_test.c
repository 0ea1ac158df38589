// SPDX-License-Identifier: Apache-2.0
/* Convolutional networks: what windows see and the whole float forward pass against naive loops in double
 * precision, the files, and int8 with one scale a layer against integers that are computed here. */
#include <math.h>

#include "files.h"
#include "net/network.h"
#include "system/integer.h"
#include "system/placement.h"

static uint32_t seed_state = 1;

/* Uniform in -1..1. */
static float uniform(void) {
    seed_state = seed_state * 1664525u + 1013904223u;
    return (float)(seed_state >> 8) / (1 << 23) - 1.0f;
}

static void assert_near(double a, double b, double most) {
    if (!(fabs(a - b) <= most))
        fail_msg("%.9g and %.9g", a, b);
}

/* ---- windows ---- */

static float at_position(const struct pm_window *w, const float *x, int row, int col, unsigned c) {
    const bool outside = row < 0 || col < 0 || row >= (int)w->height || col >= (int)w->width;
    return outside ? NAN : x[((unsigned)row * w->width + (unsigned)col) * w->channels + c];
}

static void check_unfold(const struct pm_window *w, const float *x, float *y) {
    const unsigned taps = w->kernel * w->kernel, per = w->channels / w->groups;
    pm_unfold(w, x, y);
    for (unsigned row = 0; row < w->rows; row++)
        for (unsigned col = 0; col < w->cols; col++)
            for (unsigned k = 0; k < taps * w->channels; k++, y++) {
                const unsigned group = k / (taps * per), tap = k % (taps * per) / per, c = k % per;
                const float v =
                    at_position(w, x, (int)(row * w->stride + tap / w->kernel) - (int)w->pad,
                                (int)(col * w->stride + tap % w->kernel) - (int)w->pad, group * per + c);
                assert_true(*y == (isnan(v) ? w->outside : v));
            }
}

static void check_pools(const struct pm_window *w, const float *x, float *y, float *z) {
    pm_pool_window(w, true, x, y);
    pm_pool_window(w, false, x, z);
    for (unsigned row = 0; row < w->rows; row++)
        for (unsigned col = 0; col < w->cols; col++)
            for (unsigned c = 0; c < w->channels; c++) {
                double largest = -INFINITY, sum = 0, count = 0;
                for (unsigned tap = 0; tap < w->kernel * w->kernel; tap++) {
                    const float v = at_position(w, x, (int)(row * w->stride + tap / w->kernel) - (int)w->pad,
                                                (int)(col * w->stride + tap % w->kernel) - (int)w->pad, c);
                    largest = isnan(v) || v < largest ? largest : v;
                    sum += isnan(v) ? 0 : v;
                    count += !isnan(v);
                }
                assert_true(*y++ == (float)largest);
                assert_near(*z++, sum / count, 1e-6);
            }
}

/* Every kernel, stride and padding over images of several sides, in every grouping. */
static void windows(void **state) {
    (void)state;
    static float x[7 * 5 * 6], y[9 * 9 * 25 * 6], z[9 * 9 * 6];
    unsigned checked = 0;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = uniform();
    for (unsigned kernel = 1; kernel <= 5; kernel++)
        for (unsigned stride = 1; stride <= 3; stride++)
            for (unsigned pad = 0; pad < kernel && pad < 3; pad++)
                for (unsigned groups = 1; groups <= 6; groups++) {
                    struct pm_window w = {7, 5, 6, kernel, stride, pad, 0, 0, groups, 0.25f};
                    w.rows = pm_window_places(7, kernel, stride, pad);
                    w.cols = pm_window_places(5, kernel, stride, pad);
                    if (6 % groups != 0)
                        continue;
                    check_unfold(&w, x, y);
                    check_pools(&w, x, y, z);
                    checked++;
                }
    assert_int_equal(checked, 5 * 3 * 4 * 3 - 3 * 4 * 3);
}

/* A matrix of groups is the one whose other weights are 0. */
static void groups(void **state) {
    (void)state;
    enum { N = 3, GROUPS = 4, IN = 12, OUT = 8 };
    float w[OUT * IN], bias[OUT], x[N * IN], y[N * OUT];
    for (size_t i = 0; i < OUT * IN; i++)
        w[i] = i / IN / 2 == i % IN / 3 ? uniform() : 0;
    for (size_t i = 0; i < OUT; i++)
        bias[i] = uniform();
    for (size_t i = 0; i < N * IN; i++)
        x[i] = uniform();
    pm_matrix_apply(&(struct pm_matrix){.in = IN, .out = OUT, .groups = GROUPS, .weight = w, .bias = bias}, N,
                    x, NULL, y);
    for (size_t t = 0; t < N; t++)
        for (size_t o = 0; o < OUT; o++) {
            double sum = bias[o];
            for (size_t k = 0; k < IN; k++)
                sum += (double)x[t * IN + k] * w[o * IN + k];
            assert_near(y[t * OUT + o], sum, 1e-6);
        }
}

/* ---- networks ---- */

static char header[8192];
static float data[40000];
static size_t count;

static float *add_tensor(const char *name, unsigned d0, unsigned d1, float spread) {
    const size_t n = (size_t)d0 * (d1 ? d1 : 1), used = strlen(header);
    float *const first = data + count;
    snprintf(header + used, sizeof header - used,
             "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%u%s%.0u],\"data_offsets\":[%zu,%zu]}",
             used == 1 ? "" : ",", name, d0, d1 ? "," : "", d1, 4 * count, 4 * (count + n));
    assert_true(count + n <= sizeof data / sizeof *data);
    for (size_t i = 0; i < n; i++)
        data[count++] = spread * uniform();
    return first;
}

struct weights {
    const char *name;
    unsigned out, in;
    float *w, *b;
    float *scale; /* of a binary layer: its weights are 1 and -1 */
};

static void write_network(const char *config, struct weights *of, size_t n) {
    static uint8_t bytes[sizeof header + sizeof data + 8];
    strcpy(header, "{");
    count = 0;
    for (size_t i = 0; i < n; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s.weight", of[i].name);
        of[i].w = add_tensor(name, of[i].out, of[i].in, 1.5f / sqrtf((float)of[i].in));
        snprintf(name, sizeof name, "%s.bias", of[i].name);
        of[i].b = add_tensor(name, of[i].out, 0, 0.2f);
        if (strcmp(of[i].name, "bin") != 0)
            continue;
        for (size_t k = 0; k < (size_t)of[i].out * of[i].in; k++)
            of[i].w[k] = of[i].w[k] < 0 ? -1 : 1;
        snprintf(name, sizeof name, "%s.scale", of[i].name);
        of[i].scale = add_tensor(name, of[i].out, 0, 0.2f); /* of both signs */
    }
    strcat(header, "}");
    write_file("config.json", config, strlen(config));
    write_file("model.safetensors", bytes,
               put_safetensors(bytes, strlen(header), header, strlen(header), data, 4 * count));
}

/* An image's values, channels innermost. */
struct value {
    unsigned side, channels;
    double v[16 * 16 * 8];
};

static double get(const struct value *x, int row, int col, unsigned c) {
    const int side = (int)x->side;
    return row < 0 || col < 0 || row >= side || col >= side
               ? 0
               : x->v[((unsigned)row * x->side + (unsigned)col) * x->channels + c];
}

static struct value naive_conv(const struct value *x, const struct weights *w, unsigned kernel,
                               unsigned stride, bool depthwise, bool relu) {
    struct value y = {.side = (x->side + 2 * (kernel / 2) - kernel) / stride + 1, .channels = w->out};
    const int pad = (int)kernel / 2;
    for (unsigned row = 0; row < y.side; row++)
        for (unsigned col = 0; col < y.side; col++)
            for (unsigned o = 0; o < w->out; o++) {
                double sum = w->b[o];
                for (unsigned dy = 0; dy < kernel; dy++)
                    for (unsigned dx = 0; dx < kernel; dx++)
                        for (unsigned c = 0; c < (depthwise ? 1 : x->channels); c++)
                            sum += w->w[o * w->in + (kernel * dy + dx) * (depthwise ? 1 : x->channels) + c] *
                                   get(x, (int)(row * stride + dy) - pad, (int)(col * stride + dx) - pad,
                                       depthwise ? o : c);
                y.v[(row * y.side + col) * y.channels + o] = relu && sum < 0 ? 0 : sum;
            }
    return y;
}

static struct value naive_binary(const struct value *x, const struct weights *w) {
    struct value y = {.side = x->side, .channels = w->out};
    for (unsigned i = 0; i < y.side * y.side; i++)
        for (unsigned o = 0; o < w->out; o++) {
            int dot = 0;
            for (unsigned k = 0; k < w->in; k++) {
                const int row = (int)(i / y.side + k / x->channels / 3) - 1,
                          col = (int)(i % y.side + k / x->channels % 3) - 1, side = (int)x->side;
                const bool inside = row >= 0 && col >= 0 && row < side && col < side;
                const bool one = inside && get(x, row, col, k % x->channels) >= 0;
                dot += one == (w->w[o * w->in + k] > 0) ? 1 : -1;
            }
            y.v[i * w->out + o] = (double)dot * w->scale[o] + w->b[o];
        }
    return y;
}

static struct value naive_mean(const struct value *x) {
    struct value y = {.side = 1, .channels = x->channels};
    for (unsigned i = 0; i < x->side * x->side; i++)
        for (unsigned c = 0; c < x->channels; c++)
            y.v[c] += x->v[i * x->channels + c] / (x->side * x->side);
    return y;
}

static struct value naive_add(const struct value *a, const struct value *b) {
    struct value y = *a;
    for (unsigned i = 0; i < a->side * a->side * a->channels; i++)
        y.v[i] = a->v[i] + b->v[i] > 0 ? a->v[i] + b->v[i] : 0;
    return y;
}

static struct value naive_largest(const struct value *x) {
    struct value y = {.side = x->side / 2, .channels = x->channels};
    for (unsigned i = 0; i < y.side * y.side; i++)
        for (unsigned c = 0; c < x->channels; c++) {
            const int row = 2 * (int)(i / y.side), col = 2 * (int)(i % y.side);
            y.v[i * x->channels + c] = fmax(fmax(get(x, row, col, c), get(x, row, col + 1, c)),
                                            fmax(get(x, row + 1, col, c), get(x, row + 1, col + 1, c)));
        }
    return y;
}

enum { IMAGE = 9, CLASSES = 5 };
static uint8_t image[IMAGE * IMAGE];

static struct value pixels(void) {
    struct value x = {.side = IMAGE, .channels = 1};
    for (unsigned i = 0; i < IMAGE * IMAGE; i++)
        x.v[i] = image[i] / 255.0;
    return x;
}

static void draw_image(void) {
    for (unsigned i = 0; i < IMAGE * IMAGE; i++)
        image[i] = (uint8_t)(255.0f * fabsf(uniform()));
}

static void check_outputs(const struct pm_network *n, const struct value *expected) {
    float out[CLASSES];
    const struct pm_graph_input in = {.image = image, .n = 1};
    struct pm_graph_scratch *s = pm_graph_scratch_new(n->graph);
    assert_non_null(s);
    assert_int_equal(pm_graph_outputs(n->graph), CLASSES);
    assert_int_equal(pm_graph_run(n->graph, &in, NULL, s, out), PM_OK);
    for (int i = 0; i < CLASSES; i++)
        assert_near(out[i], expected->v[i], 1e-5);
    pm_graph_scratch_free(s);
}

static const char convs_config[] =
    "{\"type\":\"cnn\",\"image\":9,\"classes\":5,\"convs\":[[4,2],[8,1],[6,2]]}";
static struct weights convs_weights[] = {{.name = "convs.0", .out = 4, .in = 9},
                                         {.name = "convs.1", .out = 8, .in = 36},
                                         {.name = "convs.2", .out = 6, .in = 72},
                                         {.name = "head", .out = 5, .in = 6}};

static void load(struct pm_network *n) {
    struct pm_error e;
    if (pm_network_load(n, folder, &e) != PM_OK)
        fail_msg("%s", e.text);
}

/* Layers by name, in order. */
static void check_names(const struct pm_graph *g, const char *names) {
    char text[256] = "";
    for (unsigned i = 0; i < g->nodes; i++)
        if (pm_node_is_layer(&g->node[i]))
            snprintf(text + strlen(text), sizeof text - strlen(text), " %s", g->node[i].name);
    assert_string_equal(text, names);
}

static void plain_network(void **state) {
    (void)state;
    struct pm_network n;
    write_network(convs_config, convs_weights, 4);
    load(&n);
    check_names(n.graph, " conv1 conv2 conv3 head");
    for (int i = 0; i < 3; i++) {
        draw_image();
        const struct value x = pixels(), a = naive_conv(&x, &convs_weights[0], 3, 2, false, true),
                           b = naive_conv(&a, &convs_weights[1], 3, 1, false, true),
                           c = naive_conv(&b, &convs_weights[2], 3, 2, false, true), m = naive_mean(&c);
        const struct value y = naive_conv(&m, &convs_weights[3], 1, 1, false, false);
        check_outputs(&n, &y);
    }
    pm_network_free(&n);
}

static const char layers_config[] =
    "{\"type\":\"cnn\",\"image\":9,\"classes\":5,\"layers\":["
    "{\"op\":\"conv\",\"name\":\"stem\",\"out\":6},"
    "{\"op\":\"conv\",\"name\":\"bin\",\"out\":6,\"binary\":true},"
    "{\"op\":\"max\",\"name\":\"max\",\"kernel\":2,\"stride\":2},"
    "{\"op\":\"conv\",\"name\":\"short\",\"out\":8,\"kernel\":1,\"stride\":2},"
    "{\"op\":\"depthwise\",\"name\":\"a.dw\",\"from\":\"max\",\"kernel\":3,\"stride\":2,\"relu\":true},"
    "{\"op\":\"conv\",\"name\":\"a.pw\",\"out\":8,\"kernel\":1},"
    "{\"op\":\"add\",\"name\":\"a.add\",\"with\":\"short\",\"relu\":true},"
    "{\"op\":\"pool\",\"name\":\"pool\"},"
    "{\"op\":\"dense\",\"name\":\"head\",\"out\":5}]}";
static struct weights layers_weights[] = {
    {.name = "stem", .out = 6, .in = 9},  {.name = "bin", .out = 6, .in = 54},
    {.name = "short", .out = 8, .in = 6}, {.name = "a.dw", .out = 6, .in = 9},
    {.name = "a.pw", .out = 8, .in = 6},  {.name = "head", .out = 5, .in = 8}};

/* Residual, depthwise, pooled: with the systems' view of the depthwise filters, a matrix. */
static void residual_network(void **state) {
    (void)state;
    struct pm_network n;
    write_network(layers_config, layers_weights, 6);
    load(&n);
    check_names(n.graph, " stem bin short a.dw a.pw head");
    for (int i = 0; i < 3; i++) {
        draw_image();
        const struct value x = pixels(), stem = naive_conv(&x, &layers_weights[0], 3, 1, false, false),
                           bin = naive_binary(&stem, &layers_weights[1]), max = naive_largest(&bin),
                           beside = naive_conv(&max, &layers_weights[2], 1, 2, false, false),
                           dw = naive_conv(&max, &layers_weights[3], 3, 2, true, true),
                           pw = naive_conv(&dw, &layers_weights[4], 1, 1, false, false),
                           sum = naive_add(&pw, &beside), mean = naive_mean(&sum),
                           y = naive_conv(&mean, &layers_weights[5], 1, 1, false, false);
        check_outputs(&n, &y);
    }
    for (unsigned i = 0; i < n.graph->nodes; i++)
        if (strcmp(n.graph->node[i].name, "a.dw") == 0) {
            const struct pm_matrix *m = n.graph->node[i].matrix;
            assert_int_equal(m->in, 54);
            for (unsigned o = 0; o < 6; o++)
                for (unsigned k = 0; k < 54; k++)
                    assert_true(m->weight[o * 54 + k] ==
                                (k / 9 == o ? layers_weights[3].w[o * 9 + k % 9] : 0));
        }
    pm_network_free(&n);
}

#define CONFIG(REST) "{\"type\":\"cnn\",\"image\":9,\"classes\":5," REST "}"
#define LAYERS(REST) CONFIG("\"layers\":[" REST "]")
#define CONV         "{\"op\":\"conv\",\"name\":\"c\",\"out\":4}"
#define TAIL         ",{\"op\":\"pool\",\"name\":\"p\"},{\"op\":\"dense\",\"name\":\"head\",\"out\":5}"

static void refused_configs(void **state) {
    (void)state;
    static const struct {
        const char *config, *reason;
        pm_status status;
    } cases[] = {
        {"{\"type\":\"cnnn\"}", "not one of vit|bert|cnn", PM_EFORMAT},
        {"{\"type\":\"cnn\",\"image\":9,\"classes\":1,\"convs\":[[4,2]]}", "at least 2", PM_ERANGE},
        {"{\"type\":\"cnn\",\"image\":0,\"classes\":5,\"convs\":[[4,2]]}", "\"image\"", PM_ERANGE},
        {CONFIG("\"other\":1"), "either \"convs\" or \"layers\"", PM_EFORMAT},
        {CONFIG("\"convs\":[[4,2]],\"layers\":[" CONV "]"), "either \"convs\" or \"layers\"", PM_EFORMAT},
        {CONFIG("\"convs\":[]"), "either \"convs\" or \"layers\"", PM_EFORMAT},
        {CONFIG("\"convs\":[[4,2],[8]]"), "\"convs\"[1] is not [out, stride]", PM_ERANGE},
        {CONFIG("\"convs\":[[4,17]]"), "\"convs\"[0] is not [out, stride]", PM_ERANGE},
        {CONFIG("\"convs\":[[4.5,2]]"), "\"convs\"[0] is not [out, stride]", PM_ERANGE},
        {LAYERS("{\"op\":\"lstm\",\"name\":\"c\"}"), "\"op\" is not one of conv|depthwise", PM_EFORMAT},
        {LAYERS("3"), "\"op\" is not one of", PM_EFORMAT},
        {LAYERS("{\"op\":\"conv\",\"out\":4}"), "\"name\" is missing", PM_EFORMAT},
        {LAYERS("{\"op\":\"conv\",\"name\":\"a b\",\"out\":4}"), "\"name\" is missing or not", PM_EFORMAT},
        {LAYERS("{\"op\":\"conv\",\"name\":\"image\",\"out\":4}"), "\"name\" is missing or not", PM_EFORMAT},
        {LAYERS(CONV "," CONV TAIL), "two layers are called c", PM_EFORMAT},
        {LAYERS("{\"op\":\"conv\",\"name\":\"c\"}" TAIL), "c: \"out\" is not an integer in 1..4096",
         PM_ERANGE},
        {LAYERS("{\"op\":\"conv\",\"name\":\"c\",\"out\":4,\"kernel\":16}" TAIL), "c: \"kernel\"", PM_ERANGE},
        {LAYERS("{\"op\":\"conv\",\"name\":\"c\",\"out\":4,\"pad\":1}" TAIL),
         "\"pad\" is not of such a layer", PM_EFORMAT},
        {LAYERS("{\"op\":\"conv\",\"name\":\"c\",\"out\":4,\"relu\":1}" TAIL),
         "\"relu\" is not true or false", PM_EFORMAT},
        {LAYERS("{\"op\":\"conv\",\"name\":\"c\",\"out\":4,\"from\":\"d\"}" TAIL),
         "\"from\" is no layer before it", PM_EFORMAT},
        {LAYERS(CONV ",{\"op\":\"add\",\"name\":\"a\"}" TAIL), "\"with\" is no layer before it", PM_EFORMAT},
        {LAYERS(CONV ",{\"op\":\"add\",\"name\":\"a\",\"with\":\"image\"}" TAIL), "a: adds 9x9x1 to 9x9x4",
         PM_ESHAPE},
        {LAYERS("{\"op\":\"pool\",\"name\":\"q\"},{\"op\":\"max\",\"name\":\"c\",\"kernel\":2}" TAIL),
         "c: a window of 2 over a side of 1", PM_ERANGE},
        {LAYERS(CONV ",{\"op\":\"dense\",\"name\":\"head\",\"out\":5}"), "takes one position, not 9x9",
         PM_ESHAPE},
        {LAYERS(CONV), "the last layer is not dense with 5", PM_ESHAPE},
        {LAYERS(CONV ",{\"op\":\"pool\",\"name\":\"p\"},{\"op\":\"dense\",\"name\":\"h\",\"out\":4}"),
         "not dense with 5", PM_ESHAPE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_network n;
        struct pm_error e;
        write_file("config.json", cases[i].config, strlen(cases[i].config));
        const pm_status status = pm_network_load(&n, folder, &e);
        if (status != cases[i].status)
            fail_msg("case %zu: %s", i, status == PM_OK ? "accepted" : e.text);
        assert_message(&e, "config.json", cases[i].reason);
    }
    /* Weights of another shape. */
    struct pm_network n;
    struct pm_error e;
    write_network(convs_config, convs_weights, 3);
    assert_int_equal(pm_network_load(&n, folder, &e), PM_EFORMAT);
    assert_message(&e, "model.safetensors", "head.weight");
    struct weights other[] = {{.name = "convs.0", .out = 4, .in = 9},
                              {.name = "convs.1", .out = 8, .in = 35}};
    write_network(convs_config, other, 2);
    assert_int_equal(pm_network_load(&n, folder, &e), PM_ESHAPE);
    assert_message(&e, "model.safetensors", "convs.1.weight");
}

/* ---- integers ---- */

static void write_calibration(const char *activations, const char *weights, const char *inputs) {
    char text[1024];
    snprintf(text, sizeof text, "{\"matrices\":{\"activations\":\"%s\",\"weights\":\"%s\",\"inputs\":{%s}}}",
             activations, weights, inputs);
    write_file("calibration.json", text, strlen(text));
}

/* One matrix as docs/systems/network.md has it, computed here; `affine` and `channels` as calibrated. */
static void check_integer(unsigned xbits, unsigned wbits, double low, double high, bool affine,
                          bool channels) {
    enum { N = 5, IN = 70, OUT = 19, STRIDE = IN };
    float w[OUT * IN], bias[OUT], x[N * IN], y[N * OUT];
    int16_t xq[N * STRIDE];
    int64_t product[N * OUT];
    char inputs[64];
    for (size_t i = 0; i < OUT * IN; i++)
        w[i] = i / IN == 3 ? 0 : uniform() * uniform();
    for (size_t i = 0; i < OUT; i++)
        bias[i] = uniform();
    for (size_t i = 0; i < N * IN; i++)
        x[i] = (float)(low + (high - low) * 1.3 * fabsf(uniform())); /* some beyond */
    x[0] = -1e30f, x[1] = 1e30f;
    snprintf(inputs, sizeof inputs, "\"m\":[%.17g,%.17g]", low, high);
    write_calibration(affine ? "affine" : "symmetric", channels ? "channel" : "layer", inputs);
    const struct pm_matrix m = {.in = IN, .out = OUT, .weight = w, .bias = bias};
    const struct pm_node node = {.kind = PM_NODE_MATRIX, .name = "m", .matrix = &m};
    struct pm_site site = {.folder = folder};
    struct pm_integer *h;
    struct pm_error e;
    assert_int_equal(pm_integer_new(&site, &node, &(struct pm_integer_cfg){xbits, wbits, true}, &h, &e),
                     PM_OK);
    pm_integer_quantise(h, N, x, STRIDE, xq);
    pm_integer_multiply(h, N, xq, product);
    pm_integer_restore(h, N, product, y);
    const bool with_zero = affine && low < 0;
    const long top = low < 0 && !affine ? (1l << (xbits - 1)) - 1 : (1l << xbits) - 1;
    const float a = (float)((with_zero ? high - low : fmax(high, -low)) / (double)top);
    const long zero = with_zero ? lrint(-low / a) : 0, bottom = low < 0 && !affine ? -top : 0;
    float largest = 0;
    for (size_t i = 0; i < OUT * IN; i++)
        largest = fmaxf(largest, fabsf(w[i]));
    for (size_t t = 0; t < N; t++)
        for (size_t o = 0; o < OUT; o++) {
            float s = 0;
            for (size_t k = 0; k < IN; k++)
                s = fmaxf(s, fabsf(w[o * IN + k]));
            s = (channels ? s : largest) / (float)((1 << (wbits - 1)) - 1);
            s = s > 0 ? s : 1;
            int64_t sum = 0, raw = 0;
            for (size_t k = 0; k < IN; k++) {
                const double q = nearbyint((double)(x[t * IN + k] / a)) + (double)zero;
                const long xi = q < (double)bottom ? bottom : q > (double)top ? top : (long)q;
                const long wi = lrint((double)(w[o * IN + k] / s));
                assert_int_equal(xq[t * STRIDE + k], xi);
                assert_int_equal(h->weight[k * OUT + o], wi);
                raw += xi * wi;
                sum += (xi - zero) * wi;
            }
            assert_int_equal(product[t * OUT + o], raw);
            assert_true(y[t * OUT + o] == (float)sum * (s * a) + bias[o]);
        }
    pm_integer_free(h);
    pm_calibration_free(&site.calibration);
}

static void integers(void **state) {
    (void)state;
    static const double range[][2] = {{0, 1}, {0, 3.7}, {-2, 1.5}, {-0.3, 4}};
    for (size_t r = 0; r < sizeof range / sizeof *range; r++)
        for (unsigned form = 0; form < 4; form++) {
            check_integer(8, 8, range[r][0], range[r][1], form & 1, form & 2);
            check_integer(12, 4, range[r][0], range[r][1], form & 1, form & 2);
            check_integer(2, 2, range[r][0], range[r][1], form & 1, form & 2);
        }
}

/* Sums beyond int32. */
static void large_sums(void **state) {
    (void)state;
    enum { IN = 1024 };
    static float w[2 * IN], bias[2], x[IN];
    static int16_t xq[IN];
    int64_t product[2];
    for (size_t i = 0; i < 2 * IN; i++)
        w[i] = i < IN ? 1 : -1;
    for (size_t i = 0; i < IN; i++)
        x[i] = 1;
    write_calibration("symmetric", "layer", "\"m\":[0,1]");
    const struct pm_matrix m = {.in = IN, .out = 2, .weight = w, .bias = bias};
    const struct pm_node node = {.kind = PM_NODE_MATRIX, .name = "m", .matrix = &m};
    struct pm_site site = {.folder = folder};
    struct pm_integer *h;
    struct pm_error e;
    assert_int_equal(pm_integer_new(&site, &node, &(struct pm_integer_cfg){15, 8, false}, &h, &e), PM_OK);
    pm_integer_quantise(h, 1, x, IN, xq);
    pm_integer_multiply(h, 1, xq, product);
    assert_int_equal(product[0], 1024ll * 32767 * 127);
    assert_int_equal(product[1], -1024ll * 32767 * 127);
    pm_integer_free(h);
    pm_calibration_free(&site.calibration);
}

/* Scales of weights that are given: of a network that was trained in integers. */
static void given_scales(void **state) {
    (void)state;
    float w[] = {0.5f, -0.25f, 0.75f, -40.0f}, bias[2] = {0};
    static const char text[] = "{\"matrices\":{\"activations\":\"symmetric\",\"weights\":\"layer\","
                               "\"inputs\":{\"m\":[0,1]},\"scales\":{\"m\":0.25}}}";
    write_file("calibration.json", text, sizeof text - 1);
    const struct pm_matrix m = {.in = 2, .out = 2, .weight = w, .bias = bias};
    const struct pm_node node = {.kind = PM_NODE_MATRIX, .name = "m", .matrix = &m};
    struct pm_site site = {.folder = folder};
    struct pm_integer *h;
    struct pm_error e;
    assert_int_equal(pm_integer_new(&site, &node, &(struct pm_integer_cfg){8, 8, false}, &h, &e), PM_OK);
    assert_true(h->w_scale[0] == 0.25f && h->w_scale[1] == 0.25f);
    assert_true(h->weight[0] == 2 && h->weight[2] == -1 && h->weight[1] == 3 && h->weight[3] == -127);
    pm_integer_free(h);
    pm_calibration_free(&site.calibration);
    for (int i = 0; i < 2; i++) {
        struct pm_calibration c;
        const char *const bad = i ? "{\"matrices\":{\"activations\":\"affine\",\"weights\":\"layer\","
                                    "\"inputs\":{},\"scales\":{\"m\":0}}}"
                                  : "{\"matrices\":{\"activations\":\"affine\",\"weights\":\"layer\","
                                    "\"inputs\":{},\"scales\":1}}";
        write_file("calibration.json", bad, strlen(bad));
        assert_int_equal(pm_calibration_load(folder, &c, &e), i ? PM_ERANGE : PM_EFORMAT);
    }
}

static void refused_calibrations(void **state) {
    (void)state;
    const struct pm_matrix m = {0};
    const struct pm_node node = {.kind = PM_NODE_MATRIX, .name = "m", .matrix = &m};
    const struct {
        const char *activations, *weights, *inputs, *reason;
    } cases[] = {
        {"other", "layer", "\"m\":[0,1]", "\"activations\" is not one of symmetric|affine"},
        {"affine", "other", "\"m\":[0,1]", "\"weights\" is not one of layer|channel"},
        {"affine", "layer", "\"m\":[0]", "\"m\""},
        {"affine", "layer", "\"m\":[0,\"a\"]", "\"m\""},
        {"affine", "layer", "\"m\":[0.5,1]", "is no range around 0"},
        {"affine", "layer", "\"m\":[0,0]", "is no range around 0"},
        {"affine", "layer", "\"n\":[0,1]", "has no range of its inputs"},
        {"affine", "layer", "\"m\":[-1,1]", "calibrated as affine"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_site site = {.folder = folder};
        struct pm_integer *h;
        struct pm_error e = {""};
        write_calibration(cases[i].activations, cases[i].weights, cases[i].inputs);
        assert_int_not_equal(pm_integer_new(&site, &node, &(struct pm_integer_cfg){8, 8, false}, &h, &e),
                             PM_OK);
        if (!strstr(e.text, cases[i].reason))
            fail_msg("\"%s\" does not say \"%s\"", e.text, cases[i].reason);
        pm_calibration_free(&site.calibration);
    }
    write_file("calibration.json", "{\"matrices\":3}", 14);
    struct pm_calibration c;
    struct pm_error e;
    assert_int_equal(pm_calibration_load(folder, &c, &e), PM_EFORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows),
                                       cmocka_unit_test(groups),
                                       cmocka_unit_test(plain_network),
                                       cmocka_unit_test(residual_network),
                                       cmocka_unit_test(refused_configs),
                                       cmocka_unit_test(integers),
                                       cmocka_unit_test(large_sums),
                                       cmocka_unit_test(given_scales),
                                       cmocka_unit_test(refused_calibrations)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
