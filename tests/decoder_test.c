// SPDX-License-Identifier: Apache-2.0
/* Decoders of both forms: their files; the float forward pass against a naive one in double precision, which
 * has no cache; prefill and decode against a run of all tokens, bit by bit, on the host and in systems. */
#include <math.h>

#include "files.h"
#include "net/network.h"
#include "system/hyflex_bound.h"
#include "system/placement.h"

enum { LAYERS = 2, D = 24, HEADS = 4, DK = D / HEADS, FFN = 20, N = 16, V = 19 };
#define EPS   1e-5
#define THETA 50.0 /* so that the slow pairs turn, too */

static struct form {
    bool llama, tied;
    unsigned kv; /* heads that keys and values have */
    const char *activation;
} form;

static uint32_t seed_state;
/* Uniform in -1..1. */
static double uniform(void) {
    seed_state = seed_state * 1664525u + 1013904223u;
    return (double)(seed_state >> 8) / (1 << 23) - 1.0;
}

/* ---- its files, and the same weights for the reference ---- */

static char header_text[8192];
static float data[16384];
static size_t count;

static const float *add_tensor(const char *name, unsigned d0, unsigned d1, double centre, double spread) {
    const size_t size = (size_t)d0 * (d1 ? d1 : 1), used = strlen(header_text), first = count;
    char shape[32];
    snprintf(shape, sizeof shape, d1 ? "[%u,%u]" : "[%u]", d0, d1);
    snprintf(header_text + used, sizeof header_text - used,
             "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", used == 1 ? "" : ",",
             name, shape, 4 * count, 4 * (count + size));
    assert_true(count + size <= sizeof data / sizeof *data && used + 200 < sizeof header_text);
    while (count < first + size)
        data[count++] = (float)(centre + spread * uniform());
    return data + first;
}

struct linear {
    const float *w, *b;
    unsigned in, out;
};
struct norm {
    const float *w, *b;
};
static struct {
    const float *words, *pos;
    struct {
        struct norm ln1, ln2;
        struct linear q, k, v, o, gate, up, down;
    } layer[LAYERS];
    struct norm norm;
    struct linear head;
} model;

static struct linear add_linear(const char *name, unsigned in, unsigned out, bool bias) {
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    struct linear l = {.w = add_tensor(full, out, in, 0, 1.8 / sqrt(in)), .in = in, .out = out};
    snprintf(full, sizeof full, "%s.bias", name);
    if (bias)
        l.b = add_tensor(full, out, 0, 0, 0.3);
    return l;
}

static struct norm add_norm(const char *name) {
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    struct norm n = {.w = add_tensor(full, D, 0, 1, 0.3)};
    snprintf(full, sizeof full, "%s.bias", name);
    if (!form.llama)
        n.b = add_tensor(full, D, 0, 0.2, 0.3);
    return n;
}

static char config_text[512];

static void write_config(void) {
    snprintf(
        config_text, sizeof config_text,
        "{\"type\":\"%s\",\"norm\":\"pre\",\"activation\":\"%s\",\"layers\":%d,\"width\":%d,\"heads\":%d,"
        "\"ffn\":%d,\"tokens\":%d,\"vocabulary\":%d,\"layernorm_eps\":1e-5,\"tied\":%s,\"kv_heads\":%u,"
        "\"rope_theta\":50.0}",
        form.llama ? "llama" : "gpt", form.activation, LAYERS, D, HEADS, FFN, N, V,
        form.tied ? "true" : "false", form.kv);
    write_file("config.json", config_text, strlen(config_text));
}

static void write_network(struct form f) {
    form = f;
    strcpy(header_text, "{");
    count = 0;
    seed_state = 1;
    memset(&model, 0, sizeof model);
    model.words = add_tensor("words", V, D, 0, 0.8);
    if (!f.llama)
        model.pos = add_tensor("pos", N, D, 0, 0.5);
    for (int i = 0; i < LAYERS; i++) {
        const struct {
            const char *name;
            unsigned in, out;
            struct linear *to;
        } part[] = {{"attn.q", D, D, &model.layer[i].q},         {"attn.k", D, f.kv * DK, &model.layer[i].k},
                    {"attn.v", D, f.kv * DK, &model.layer[i].v}, {"attn.o", D, D, &model.layer[i].o},
                    {"ffn.up", D, FFN, &model.layer[i].up},      {"ffn.down", FFN, D, &model.layer[i].down},
                    {"ffn.gate", D, FFN, &model.layer[i].gate}};
        char name[48];
        for (size_t j = 0; j < sizeof part / sizeof *part - !f.llama; j++) {
            snprintf(name, sizeof name, "layers.%d.%s", i, part[j].name);
            *part[j].to = add_linear(name, part[j].in, part[j].out, !f.llama);
        }
        snprintf(name, sizeof name, "layers.%d.ln1", i);
        model.layer[i].ln1 = add_norm(name);
        snprintf(name, sizeof name, "layers.%d.ln2", i);
        model.layer[i].ln2 = add_norm(name);
    }
    model.norm = add_norm("norm");
    model.head =
        f.tied ? (struct linear){.w = model.words, .in = D, .out = V} : add_linear("head", D, V, false);
    strcat(header_text, "}");
    static uint8_t bytes[sizeof header_text + sizeof data + 8];
    write_file(
        "model.safetensors", bytes,
        put_safetensors(bytes, strlen(header_text), header_text, strlen(header_text), data, 4 * count));
    write_config();
}

/* Of GPT-2's form in FLARE: nothing folded, scales that these weights' values fit. */
static void write_calibration(void) {
    char text[2048] = "{\"kvb\":10,\"layers\":[";
    for (int i = 0; i < LAYERS; i++) {
        strcat(text, i ? ",{\"mu\":[" : "{\"mu\":[");
        for (int k = 0; k < D; k++)
            strcat(text, k ? ",0" : "0");
        strcat(text, "],\"a_log2\":[");
        for (int k = 0; k < D; k++)
            strcat(text, k ? ",0" : "0");
        strcat(text, "],\"sx\":0.000244140625,\"mk\":16,\"mv\":16}");
    }
    strcat(text, "]}");
    write_file("calibration.json", text, strlen(text));
}

/* ---- the reference ---- */

static void apply(const struct linear *l, const double *x, double *y) {
    for (unsigned o = 0; o < l->out; o++) {
        y[o] = l->b ? l->b[o] : 0;
        for (unsigned i = 0; i < l->in; i++)
            y[o] += x[i] * l->w[o * l->in + i];
    }
}

static void normalise(const struct norm *n, const double *x, double *y) {
    double mean = 0, square = 0;
    for (int i = 0; i < D && !form.llama; i++)
        mean += x[i] / D;
    for (int i = 0; i < D; i++)
        square += (x[i] - mean) * (x[i] - mean) / D;
    for (int i = 0; i < D; i++)
        y[i] = (x[i] - mean) / sqrt(square + EPS) * n->w[i] + (n->b ? n->b[i] : 0);
}

static double activation(double x) {
    return form.llama                         ? x / (1 + exp(-x))
           : !strcmp(form.activation, "relu") ? fmax(x, 0)
           : !strcmp(form.activation, "gelu")
               ? x / 2 * (1 + erf(x / sqrt(2)))
               : x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/* Each head's pairs turned by the place. */
static void turn(double *x, unsigned heads, int place) {
    for (unsigned i = 0; i < heads * DK && form.llama; i += 2) {
        const double angle = place * pow(THETA, -(double)(i % DK) / DK), a = x[i], b = x[i + 1];
        x[i] = a * cos(angle) - b * sin(angle);
        x[i + 1] = a * sin(angle) + b * cos(angle);
    }
}

static void reference(const uint32_t *ids, int n, double logits[N][V]) {
    double x[N][D], h[N][D], q[N][D], k[N][D], v[N][D], o[N][D], y[D], up[FFN], gate[FFN];
    for (int t = 0; t < n; t++)
        for (int i = 0; i < D; i++)
            x[t][i] = (double)model.words[ids[t] * D + (unsigned)i] + (model.pos ? model.pos[t * D + i] : 0);
    for (int l = 0; l < LAYERS; l++) {
        for (int t = 0; t < n; t++) {
            normalise(&model.layer[l].ln1, x[t], h[t]);
            apply(&model.layer[l].q, h[t], q[t]);
            apply(&model.layer[l].k, h[t], k[t]);
            apply(&model.layer[l].v, h[t], v[t]);
            turn(q[t], HEADS, t);
            turn(k[t], form.kv, t);
        }
        for (int t = 0; t < n; t++)
            for (int head = 0; head < HEADS; head++) {
                const int from = head / (HEADS / (int)form.kv) * DK;
                double p[N], sum = 0;
                for (int j = 0; j <= t; j++) {
                    p[j] = 0;
                    for (int i = 0; i < DK; i++)
                        p[j] += q[t][head * DK + i] * k[j][from + i] / sqrt(DK);
                    sum += p[j] = exp(p[j]);
                }
                for (int i = 0; i < DK; i++) {
                    o[t][head * DK + i] = 0;
                    for (int j = 0; j <= t; j++)
                        o[t][head * DK + i] += p[j] / sum * v[j][from + i];
                }
            }
        for (int t = 0; t < n; t++) {
            apply(&model.layer[l].o, o[t], y);
            for (int i = 0; i < D; i++)
                x[t][i] += y[i];
            normalise(&model.layer[l].ln2, x[t], h[t]);
            apply(&model.layer[l].up, h[t], up);
            if (form.llama)
                apply(&model.layer[l].gate, h[t], gate);
            for (int i = 0; i < FFN; i++)
                up[i] = form.llama ? activation(gate[i]) * up[i] : activation(up[i]);
            apply(&model.layer[l].down, up, y);
            for (int i = 0; i < D; i++)
                x[t][i] += y[i];
        }
    }
    for (int t = 0; t < n; t++) {
        normalise(&model.norm, x[t], h[t]);
        apply(&model.head, h[t], logits[t]);
    }
}

/* ---- tests ---- */

static const struct form forms[] = {{false, true, HEADS, "gelu-tanh"}, {false, false, HEADS, "gelu"},
                                    {false, true, HEADS, "relu"},      {true, true, 2, "silu"},
                                    {true, false, 1, "silu"},          {true, true, HEADS, "silu"}};
enum { FORMS = sizeof forms / sizeof *forms };

static struct pm_network network;

static void load(void) {
    struct pm_error e;
    if (pm_network_load(&network, folder, &e) != PM_OK)
        fail_msg("%s", e.text);
    assert_true(pm_network_is_decoder(&network));
}

static void text(uint32_t ids[N]) {
    for (int i = 0; i < N; i++)
        ids[i] = (uint32_t)fabs(uniform() * V) % V;
}

static void forward_is_the_definition(void **state) {
    (void)state;
    static const int lengths[] = {1, 2, 7, N};
    for (int f = 0; f < FORMS; f++) {
        write_network(forms[f]);
        load();
        struct pm_graph_scratch *s = pm_graph_scratch_new(network.graph);
        double worst = 0, largest = 0;
        for (int round = 0; round < 4; round++) {
            uint32_t ids[N];
            float out[N * V];
            double want[N][V];
            const int n = lengths[round];
            text(ids);
            reference(ids, n, want);
            assert_int_equal(pm_graph_floats(network.graph, (unsigned)n), n * V);
            assert_int_equal(pm_graph_run(network.graph,
                                          &(struct pm_graph_input){.ids = ids, .n = (unsigned)n}, NULL, s,
                                          out),
                             PM_OK);
            for (int i = 0; i < n * V; i++) {
                worst = fmax(worst, fabs(out[i] - want[i / V][i % V]));
                largest = fmax(largest, fabs(want[i / V][i % V]));
            }
        }
        print_message("# %s, %s, %u key heads: off by %.1e of %.1f\n", form.llama ? "llama" : "gpt",
                      form.activation, form.kv, worst, largest);
        assert_true(worst < 1e-5 * largest && worst > 0 && largest > 1);
        pm_graph_scratch_free(s);
        pm_network_free(&network);
    }
}

/* Runs the tokens in pieces that end at cut[], the last of them N, by `run`. */
typedef pm_status run_fn(void *by, const struct pm_graph_input *input, float *out);

static void decode(run_fn *run, void *by, const uint32_t *ids, const unsigned *cut, float *out) {
    for (unsigned at = 0, i = 0; at < N; at = cut[i++]) {
        const struct pm_graph_input in = {.ids = ids + at, .n = cut[i] - at, .past = at};
        assert_int_equal(run(by, &in, out + at * V), PM_OK);
    }
}

static void check_cuts(run_fn *run, void *by) {
    static const unsigned cuts[][N] = {
        {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, N}, {5, 6, 7, N}, {1, N}, {N - 1, N}, {8, N}};
    uint32_t ids[N];
    float whole[N * V], pieces[N * V];
    text(ids);
    decode(run, by, ids, (const unsigned[]){N}, whole);
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        memset(pieces, 0, sizeof pieces);
        decode(run, by, ids, cuts[c], pieces);
        assert_memory_equal(pieces, whole, sizeof whole);
    }
    /* From the start: what comes behind a token does not reach it. */
    for (unsigned n = 1; n < N; n++) {
        assert_int_equal(run(by, &(struct pm_graph_input){.ids = ids, .n = n}, pieces), PM_OK);
        assert_memory_equal(pieces, whole, n * V * sizeof *whole);
    }
    /* Another text's continuation, on what was kept of its beginning. */
    decode(run, by, ids, (const unsigned[]){N}, whole);
    uint32_t other[N];
    memcpy(other, ids, sizeof other);
    for (int i = 9; i < N; i++)
        other[i] = (ids[i] + 1) % V;
    const struct pm_graph_input rest = {.ids = other + 9, .n = N - 9, .past = 9};
    assert_int_equal(run(by, &rest, pieces + 9 * V), PM_OK);
    decode(run, by, other, (const unsigned[]){N}, whole);
    assert_memory_equal(pieces + 9 * V, whole + 9 * V, (N - 9) * V * sizeof *whole);
}

static pm_status on_host(void *scratch, const struct pm_graph_input *input, float *out) {
    return pm_graph_run(network.graph, input, NULL, scratch, out);
}

static void decoding_is_recomputing(void **state) {
    (void)state;
    for (int f = 0; f < FORMS; f++) {
        write_network(forms[f]);
        load();
        struct pm_graph_scratch *s = pm_graph_scratch_new(network.graph);
        check_cuts(on_host, s);
        uint32_t ids[N] = {0};
        float out[N * V];
        struct pm_graph_input in = {.ids = ids, .n = 4};
        assert_int_equal(on_host(s, &in, out), PM_OK);
        in.past = 5; /* more than it has seen */
        assert_int_equal(on_host(s, &in, out), PM_EINVAL);
        in.past = 4;
        in.n = N - 3; /* more than the network takes */
        assert_int_equal(on_host(s, &in, out), PM_EINVAL);
        in.n = 1;
        ids[0] = V;
        assert_int_equal(on_host(s, &in, out), PM_EINVAL);
        pm_graph_scratch_free(s);
        pm_network_free(&network);
    }
}

static pm_status by_worker(void *worker, const struct pm_graph_input *input, float *out) {
    return pm_worker_run(worker, input, out);
}

/* The plan's layers in their systems; how far their logits are from float's. */
static double check_plan(const char *text_of_plan) {
    struct pm_plan plan;
    struct pm_error e;
    struct pm_placement *p;
    struct pm_worker w;
    assert_int_equal(pm_plan_new(&plan), PM_OK);
    if (pm_plan_override(&plan, text_of_plan, &e) != PM_OK ||
        pm_placement_new(&plan, network.graph, folder, 1, &p, &e) != PM_OK)
        fail_msg("%s", e.text);
    assert_int_equal(pm_worker_begin(&w, network.graph, p, N), PM_OK);
    check_cuts(by_worker, &w);
    uint32_t ids[N];
    float host[N * V], here[N * V];
    text(ids);
    const struct pm_graph_input in = {.ids = ids, .n = N};
    assert_int_equal(pm_worker_run(&w, &in, here), PM_OK);
    assert_int_equal(pm_worker_run_host(&w, &in, host), PM_OK);
    double off = 0, all = 0;
    for (int i = 0; i < N * V; i++) {
        off += pow(here[i] - host[i], 2);
        all += pow(host[i], 2);
    }
    pm_worker_end(&w);
    pm_placement_free(p);
    pm_plan_free(&plan);
    print_message("# %s: off by %.4f\n", text_of_plan, sqrt(off / all));
    return sqrt(off / all);
}

static void systems_decode_as_they_recompute(void **state) {
    (void)state;
    static const struct {
        const char *plan;
        bool gpt; /* alone */
    } plans[] = {{"*=int8", false},
                 {"*=hyflex", false},
                 {"*=hyflex hyflex.digital=module", false},
                 {"attn*=flare ffn*=int8 head=int8", true},
                 {"attn*=flare ffn*=int8 flare.noise=1 flare.read-noise=0.05", true}};
    for (int f = 0; f < FORMS; f += 3) {
        write_network(forms[f]);
        write_calibration();
        load();
        for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
            if (!form.llama || !plans[i].gpt) {
                const double off = check_plan(plans[i].plan);
                assert_true(off > 0.001 && off < 0.1);
            }
        pm_network_free(&network);
    }
}

/* Keys and values that the heads see, against their bounds. */
static pm_status see_heads(void *ctx, unsigned node, const struct pm_operands *o) {
    double *closest = ctx;
    const unsigned width = form.kv * DK;
    double bound[D];
    for (int k = 0; k < 2; k++) {
        assert_int_equal(pm_hyflex_bound(network.graph, network.graph->node[node].in[1 + k], bound), PM_OK);
        for (unsigned i = 0; i < o->n * width; i++) {
            const double part = fabs((double)o->more[k][i]) / bound[i % width];
            assert_true(part < 1 + 1e-6);
            *closest = fmax(*closest, part);
        }
    }
    memset(o->y, 0, (size_t)o->n * D * sizeof *o->y);
    return PM_OK;
}

static void keys_are_bounded(void **state) {
    (void)state;
    for (int f = 0; f < FORMS; f++) {
        write_network(forms[f]);
        load();
        bool *layer = calloc(network.graph->nodes, sizeof *layer);
        struct pm_graph_scratch *s = pm_graph_scratch_new(network.graph);
        double closest = 0, bound[V];
        for (unsigned i = 0; i < network.graph->nodes; i++)
            layer[i] = network.graph->node[i].kind == PM_NODE_HEADS;
        const struct pm_graph_elsewhere by = {.layer = layer, .compute = see_heads, .ctx = &closest};
        for (int round = 0; round < 20; round++) {
            uint32_t ids[N];
            float out[N * V];
            text(ids);
            assert_int_equal(
                pm_graph_run(network.graph, &(struct pm_graph_input){.ids = ids, .n = N}, &by, s, out),
                PM_OK);
        }
        print_message("# %.2f of the bound\n", closest);
        assert_true(closest > 0.3);
        assert_int_equal(pm_hyflex_bound(network.graph, 0, bound), PM_EINVAL);
        pm_graph_scratch_free(s);
        free(layer);
        pm_network_free(&network);
    }
}

static void refuse(const char *from, const char *to, pm_status status, const char *reason) {
    char changed[600];
    const char *at = strstr(config_text, from);
    struct pm_error e;
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - config_text), config_text, to,
             at + strlen(from));
    write_file("config.json", changed, strlen(changed));
    assert_int_equal(pm_network_load(&network, folder, &e), status);
    assert_message(&e, status == PM_ESHAPE ? "model.safetensors" : "config.json", reason);
    pm_network_free(&network);
}

static void bad_files(void **state) {
    (void)state;
    write_network(forms[3]);
    refuse("\"kv_heads\":2", "\"kv_heads\":3", PM_ERANGE, "no multiple");
    refuse("\"heads\":4", "\"heads\":8", PM_ERANGE, "no pairs");
    refuse("\"heads\":4", "\"heads\":7", PM_ERANGE, "no multiple");
    refuse("silu", "gelu", PM_EFORMAT, "activation");
    refuse("\"tied\":true", "\"tied\":1", PM_EFORMAT, "tied");
    refuse("\"rope_theta\":50.0", "\"rope_theta\":0.5", PM_ERANGE, "rope_theta");
    refuse(",\"rope_theta\":50.0", "", PM_EFORMAT, "rope_theta");
    refuse("\"vocabulary\":19", "\"vocabulary\":1", PM_ERANGE, "vocabulary");
    refuse("\"vocabulary\":19", "\"vocabulary\":18", PM_ESHAPE, "words");
    refuse("\"kv_heads\":2", "\"kv_heads\":4", PM_ESHAPE, "attn.k");
    refuse("\"tokens\":16", "\"tokens\":0", PM_ERANGE, "tokens");
    refuse("pre", "post", PM_EFORMAT, "norm");
    refuse("llama", "lama", PM_EFORMAT, "type");
    write_network(forms[0]);
    refuse("gelu-tanh", "silu", PM_EFORMAT, "activation");
    refuse("\"tokens\":16", "\"tokens\":15", PM_ESHAPE, "pos");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_definition),
        cmocka_unit_test(decoding_is_recomputing),
        cmocka_unit_test(systems_decode_as_they_recompute),
        cmocka_unit_test(keys_are_bounded),
        cmocka_unit_test(bad_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
