// SPDX-License-Identifier: Apache-2.0
/* The special function unit's errors beside the same functions in steps of binary16, with sums of 32 and of
 * 16 bits: sfu_error [MODEL DATA IMAGES] On synthetic operands; with a network and a test set also on what
 * its first images' layers see. Ulp: units of the last place of the exact result. Tab separated, a
 * measurement a line: "wanted" is the table that docs/blocks/sfu.md has these from. */
#include "io/idx.h"
#include "net/encoder.h"
#include "sfu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = PM_SFU_MAX_ROW, FORMS = 4 };

static uint64_t rng = 1;
static double uniform(void) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return ((double)(rng >> 32) + 0.5) * 0x1p-32;
}

static double gauss(void) {
    return sqrt(-2 * log(uniform())) * cos(2 * 3.14159265358979323846 * uniform());
}

static double value(uint16_t x) {
    if (pm_fp16_is_nan(x) || pm_fp16_is_inf(x))
        return NAN;
    return (double)pm_fp16_fixed(x) * 0x1p-24;
}

static double ulp(double size) {
    const int e = size > 0 ? ilogb(size) : -30;
    return ldexp(1, (e < -14 ? -14 : e) - 10);
}

static uint16_t half(double x) {
    return fabs(x) < 65520 ? pm_fp16_rn_signed(signbit(x), (int64_t)rint(ldexp(fabs(x), 40)), -40)
                           : (uint16_t)(PM_FP16_INF | (x < 0 ? PM_FP16_SIGN : 0));
}

static struct pm_scale scaled(double x) {
    const int e = ilogb(x) - 15;
    const double m = rint(ldexp(x, -e));
    return m < 65536 ? (struct pm_scale){(uint32_t)m, e} : (struct pm_scale){32768, e + 1};
}

/* Largest error, largest and mean in ulp, and how many results are no number. */
struct errors {
    double most, most_ulp, sum_ulp;
    size_t n, none;
};

static void note(struct errors *e, uint16_t got, double exact, double unit) {
    const double error = fabs(value(got) - exact);
    e->n++;
    if (isnan(error)) {
        e->none++;
        return;
    }
    e->most = error > e->most ? error : e->most;
    e->most_ulp = error / unit > e->most_ulp ? error / unit : e->most_ulp;
    e->sum_ulp += error / unit;
}

static void print(const char *what, const char *operands, const char *form, const struct errors *e,
                  const char *wanted) {
    printf("%s\t%s\t%s\t%zu\t", what, operands, form, e->n);
    if (e->none == e->n)
        printf("fails\tfails\tfails");
    else
        printf("%.2g\t%.2f\t%.2f", e->most, e->most_ulp, e->sum_ulp / (double)(e->n - e->none));
    printf("\t%zu\t%s\n", e->none, wanted);
}

/* A row of logits that are multiples of lsb: ours, steps with 32 bits, with a tree of 16, in order in 16. */
static void softmax_row(const int32_t *a, size_t n, double lsb, struct errors e[FORMS]) {
    static uint16_t x[MOST], weight[MOST], p[FORMS][MOST];
    static double exact[MOST];
    uint32_t z;
    int32_t most = a[0];
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        most = a[i] > most ? a[i] : most;
    for (size_t i = 0; i < n; i++) {
        x[i] = half(a[i] * lsb);
        exact[i] = exp((a[i] - most) * lsb);
        sum += exact[i];
    }
    pm_sfu_softmax(12, a, NULL, scaled(lsb * 1.4426950408889634), n, weight, &z, p[0]);
    pm_sfu_softmax_steps(PM_SFU_FP32, 256, x, n, p[1]);
    pm_sfu_softmax_steps(PM_SFU_FP16, 256, x, n, p[2]);
    pm_sfu_softmax_steps(PM_SFU_FP16, 1, x, n, p[3]);
    for (size_t i = 0; i < n; i++)
        for (unsigned f = 0; f < FORMS; f++)
            note(&e[f], p[f][i], exact[i] / sum, ulp(exact[i] / sum));
}

static void print_softmax(const char *operands, const struct errors e[FORMS],
                          const char *const wanted[FORMS]) {
    static const char *const form[FORMS] = {"ours", "steps, 32-bit sum", "steps, 16-bit tree",
                                            "steps, 16 bits in order"};
    for (unsigned f = 0; f < FORMS; f++)
        print("softmax", operands, form[f], &e[f], wanted[f]);
}

static void softmax(size_t n, double sd, size_t rows, const char *const wanted[FORMS]) {
    static int32_t a[MOST];
    const double lsb = 1.0 / 1024;
    struct errors e[FORMS] = {0};
    char operands[64];
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < n; i++)
            a[i] = (int32_t)lrint(sd * gauss() / lsb);
        softmax_row(a, n, lsb, e);
    }
    snprintf(operands, sizeof operands, "N=%zu, sd %g", n, sd);
    print_softmax(operands, e, wanted);
}

/* A row: ours, steps with 32 bits, with 16. In ulp of the larger one of |y gamma| + |beta| and 1/16. */
static void norm_row(enum pm_sfu_norm_kind kind, double eps, const double *x, const uint16_t *gamma,
                     const uint16_t *beta, size_t d, struct errors e[3]) {
    static uint16_t in[MOST], y[3][MOST];
    double mean = 0, square = 0;
    for (size_t i = 0; i < d; i++) {
        in[i] = half(x[i]);
        mean += kind == PM_SFU_LAYER ? value(in[i]) / (double)d : 0;
    }
    for (size_t i = 0; i < d; i++)
        square += (value(in[i]) - mean) * (value(in[i]) - mean) / (double)d;
    pm_sfu_norm(kind, scaled(eps), in, gamma, beta, d, y[0]);
    pm_sfu_norm_steps(PM_SFU_FP32, kind, (float)eps, in, gamma, beta, d, y[1]);
    pm_sfu_norm_steps(PM_SFU_FP16, kind, (float)eps, in, gamma, beta, d, y[2]);
    for (size_t i = 0; i < d; i++) {
        const double scaled_x = (value(in[i]) - mean) / sqrt(square + eps) * value(gamma[i]),
                     shift = kind == PM_SFU_LAYER ? value(beta[i]) : 0, size = fabs(scaled_x) + fabs(shift);
        for (unsigned f = 0; f < 3; f++)
            note(&e[f], y[f][i], scaled_x + shift, ulp(size > 1.0 / 16 ? size : 1.0 / 16));
    }
}

static void print_norm(const char *what, const char *operands, const struct errors e[3],
                       const char *const wanted[3]) {
    static const char *const form[3] = {"ours", "steps, 32-bit sums", "steps, 16-bit sums"};
    for (unsigned f = 0; f < 3; f++)
        print(what, operands, form[f], &e[f], wanted[f]);
}

static void norm(enum pm_sfu_norm_kind kind, double sd, double offset, unsigned far, const char *operands,
                 const char *const wanted[3]) {
    static const size_t sizes[] = {768, 1024, 2048, 4096};
    static double x[MOST];
    static uint16_t gamma[MOST], beta[MOST];
    struct errors e[3] = {0};
    for (unsigned s = 0; s < 4; s++)
        for (unsigned row = 0; row < 8; row++) {
            for (size_t i = 0; i < sizes[s]; i++) {
                x[i] = (offset + sd * gauss()) * (i < far ? 60 : 1);
                gamma[i] = half(1 + 0.2 * gauss());
                beta[i] = half(0.1 * gauss());
            }
            norm_row(kind, 1e-5, x, gamma, beta, sizes[s], e);
        }
    print_norm(kind == PM_SFU_LAYER ? "LayerNorm" : "RMSNorm", operands, e, wanted);
}

static double activation(enum pm_sfu_act_kind kind, double x) {
    if (kind == PM_SFU_SILU)
        return x / (1 + exp(-x));
    if (kind == PM_SFU_GELU)
        return x * 0.5 * erfc(-x * 0.70710678118654752);
    return x / (1 + exp(-2 * 0.79788456080286536 * (x + 0.044715 * x * x * x)));
}

/* Of results from 2^-10 on. */
static void act_code(enum pm_sfu_act_kind kind, uint16_t x, struct errors e[2]) {
    const double exact = activation(kind, value(x));
    if (fabs(exact) < 0x1p-10)
        return;
    note(&e[0], pm_sfu_act(kind, x), exact, ulp(fabs(exact)));
    note(&e[1], pm_sfu_act_steps(kind, x), exact, ulp(fabs(exact)));
}

static void act(enum pm_sfu_act_kind kind, const char *name, const char *ours, const char *steps) {
    struct errors e[2] = {0};
    for (unsigned u = 0; u < 65536; u++)
        if ((u & PM_FP16_INF) != PM_FP16_INF)
            act_code(kind, (uint16_t)u, e);
    print(name, "all codes", "ours", &e[0], ours);
    print(name, "all codes", "steps", &e[1], steps);
}

/* A network's layers, watched: computed here in double precision, and measured. */
struct watched {
    const struct pm_graph *graph;
    struct errors softmax[FORMS], norm[3], act[2];
};

static void heads(struct watched *w, const struct pm_node *node, const struct pm_operands *o) {
    const size_t d = node->width, head = d / node->heads;
    const double lsb = 1.0 / 1024;
    static int32_t a[MOST];
    for (size_t h = 0; h < node->heads; h++)
        for (size_t t = 0; t < o->n; t++) {
            double weight[MOST], sum = 0;
            for (size_t u = 0; u < o->n; u++) {
                double logit = 0;
                for (size_t i = h * head; i < (h + 1) * head; i++)
                    logit += (double)o->x[t * d + i] * (double)o->more[0][u * d + i];
                logit /= sqrt((double)head);
                a[u] = (int32_t)lrint(logit / lsb);
                weight[u] = exp(logit);
                sum += weight[u];
            }
            softmax_row(a, o->n, lsb, w->softmax);
            for (size_t i = h * head; i < (h + 1) * head; i++) {
                double y = 0;
                for (size_t u = 0; u < o->n; u++)
                    y += weight[u] / sum * (double)o->more[1][u * d + i];
                o->y[t * d + i] = (float)y;
            }
        }
}

static void layer_norm(struct watched *w, const struct pm_layernorm *l, const struct pm_operands *o) {
    static double x[MOST];
    static uint16_t gamma[MOST], beta[MOST];
    for (size_t i = 0; i < l->width; i++) {
        gamma[i] = half((double)l->weight[i]);
        beta[i] = l->rms ? 0 : half((double)l->bias[i]);
    }
    for (size_t t = 0; t < o->n; t++) {
        for (size_t i = 0; i < l->width; i++)
            x[i] = (double)o->x[t * l->width + i];
        norm_row(l->rms ? PM_SFU_RMS : PM_SFU_LAYER, (double)l->eps, x, gamma, beta, l->width, w->norm);
    }
    pm_layernorm(l, o->n, o->x, o->y);
}

static pm_status compute(void *ctx, unsigned index, const struct pm_operands *o) {
    struct watched *w = ctx;
    const struct pm_node *node = &w->graph->node[index];
    switch (node->kind) {
    case PM_NODE_HEADS:
        heads(w, node, o);
        return PM_OK;
    case PM_NODE_NORM:
        layer_norm(w, node->norm, o);
        return PM_OK;
    default:
        for (size_t i = 0; i < (size_t)o->n * node->width; i++)
            act_code(PM_SFU_GELU, half((double)o->x[i]), w->act);
        pm_activate(node->activation, (size_t)o->n * node->width, o->x, o->y);
        return PM_OK;
    }
}

static void check(pm_status status, const char *what) {
    if (status == PM_OK)
        return;
    fprintf(stderr, "sfu_error: %s: %s\n", what, pm_strerror(status));
    exit(2);
}

static void network(const char *model, const char *data, size_t images) {
    static const char *const none[FORMS] = {"", "", "", ""};
    struct pm_encoder net;
    struct pm_error error;
    struct pm_idx file;
    char path[4096];
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", data);
    check(pm_encoder_load(&net, model, &error), model);
    check(pm_idx_open(&file, path, 3, &error), path);
    struct watched w = {.graph = &net.graph};
    bool *layer = calloc(net.graph.nodes, sizeof *layer);
    uint8_t *pixels = malloc(images * file.item);
    float *out = malloc(pm_graph_floats(&net.graph, net.config.tokens) * sizeof *out);
    struct pm_graph_scratch *scratch = pm_graph_scratch_new(&net.graph);
    check(layer && pixels && out && scratch ? PM_OK : PM_ENOMEM, "buffers");
    check(pm_idx_read(&file, images, pixels, &error), path);
    for (unsigned i = 0; i < net.graph.nodes; i++) {
        const struct pm_node *node = &net.graph.node[i];
        layer[i] = node->kind == PM_NODE_HEADS || node->kind == PM_NODE_NORM ||
                   (node->kind == PM_NODE_ACTIVATION && node->activation == PM_GELU);
    }
    const struct pm_graph_elsewhere elsewhere = {.layer = layer, .compute = compute, .ctx = &w};
    for (size_t i = 0; i < images; i++) {
        const struct pm_graph_input in = {.image = pixels + i * file.item, .n = net.config.tokens};
        check(pm_graph_run(&net.graph, &in, &elsewhere, scratch, out), model);
    }
    print_softmax(model, w.softmax, none);
    print_norm("LayerNorm", model, w.norm, none);
    print("gelu", model, "ours", &w.act[0], "");
    print("gelu", model, "steps", &w.act[1], "");
    pm_graph_scratch_free(scratch);
    free(layer);
    free(pixels);
    free(out);
}

int main(int argc, char **argv) {
    const size_t images = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if ((argc != 1 && argc != 4) || (argc == 4 && (images < 1 || images > 10000))) {
        fprintf(stderr, "usage: sfu_error [MODEL DATA IMAGES]: IMAGES 1..10000\n");
        return 2;
    }
    printf("function\toperands\tform\tresults\tmost\tmost ulp\tmean ulp\tno number\twanted\n");
    softmax(128, 3, 200,
            (const char *const[]){"2.7e-4 1.4 .32", "1.0e-3 11 1.5", "1.0e-3 12 1.6", "2.1e-3 16 2.6"});
    softmax(8192, 1, 4,
            (const char *const[]){"1.7e-6 1.4 .31", "3.7e-6 4.3 .74", "6.7e-6 6.1 .94", "1.9e-3 843 385"});
    norm(PM_SFU_LAYER, 1, 0, 0, "sd 1", (const char *const[]){"2.2", "2.5", "3.4"});
    norm(PM_SFU_LAYER, 10, 0, 0, "sd 10", (const char *const[]){"2.2", "2.5", "fails"});
    norm(PM_SFU_LAYER, 1, 5, 0, "mean 5", (const char *const[]){"2.1", "48", "141"});
    norm(PM_SFU_LAYER, 1, 0, 3, "3 channels x60", (const char *const[]){"2.3", "2.4", "3.5"});
    norm(PM_SFU_LAYER, 1e-3, 0, 0, "sd 1e-3", (const char *const[]){"2.4", "2.9", "34"});
    norm(PM_SFU_RMS, 1, 0, 0, "sd 1", (const char *const[]){"1.7", "2.3", ""});
    norm(PM_SFU_RMS, 10, 0, 0, "sd 10", (const char *const[]){"1.7", "2.3", "fails"});
    act(PM_SFU_GELU_TANH, "gelu-tanh", ".52", "9.4");
    act(PM_SFU_SILU, "silu", ".51", "2.0");
    act(PM_SFU_GELU, "gelu", "25", "333");
    if (argc == 4)
        network(argv[1], argv[2], images);
    return 0;
}
