// SPDX-License-Identifier: Apache-2.0
/* The chip model against numbers that were worked out apart from it, from the sources' sizes by hand or by
 * another program, to their last printed digit; brute force; and what must hold of any bill. */
#include "chip/flare.h"
#include "chip/hyflexpim.h"
#include "chip_query.h"
#include "nor_pim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEAR(a, b, by) assert_true(fabs((a) - (b)) <= (by))

/* A question of settings separated by spaces. */
struct asked {
    struct pm_chip_query q;
    struct pm_chip_bill bill;
    struct pm_error e;
    pm_status status;
};

static void ask(struct asked *a, const char *network, const char *places, const char *sets,
                const char *measured) {
    static char words[2][512];
    memset(a, 0, sizeof *a);
    snprintf(words[0], sizeof words[0], "%s", places);
    snprintf(words[1], sizeof words[1], "%s", sets);
    a->q.network = network;
    a->q.measured_path = measured;
    for (char *save, *w = strtok_r(words[0], " ", &save); w; w = strtok_r(NULL, " ", &save))
        a->q.place[a->q.places++] = w;
    a->status = pm_chip_query_load(&a->q, &a->e);
    for (char *save, *w = strtok_r(words[1], " ", &save); w && a->status == PM_OK;
         w = strtok_r(NULL, " ", &save))
        a->status = pm_chip_query_set(&a->q, w, &a->e);
    if (a->status == PM_OK)
        a->status = pm_chip_query_prepare(&a->q, &a->e);
    if (a->status == PM_OK)
        a->status = pm_chip_evaluate(&a->q.job, &a->bill, &a->e);
}

static void done(struct asked *a) {
    if (a->status == PM_OK)
        pm_chip_bill_free(&a->bill);
    pm_chip_query_free(&a->q);
}

static void answer(struct asked *a, const char *network, const char *places, const char *sets) {
    ask(a, network, places, sets, NULL);
    if (a->status != PM_OK)
        fail_msg("%s", a->e.text);
}

static double figure(const struct asked *a, const char *key) {
    return pm_chip_figure(&a->bill, key).value;
}

/* Energy of the components or actions that begin so. */
static double spent(const struct asked *a, const char *component, const char *action) {
    double sum = 0;
    for (unsigned i = 0; i < a->bill.entries; i++) {
        const struct pm_chip_entry *e = &a->bill.entry[i];
        if (strcmp(component, "") != 0 && strcmp(component, e->component->name) != 0)
            continue;
        if (strncmp(e->action, action, strlen(action)) == 0 && !isnan(e->uj.value))
            sum += e->uj.value;
    }
    return sum;
}

#define HYFLEX "*=hyflexpim"
#define FLARE  "*=flare"

/* ---- HyFlexPIM ---- */

static void geometry(void **state) {
    (void)state;
    assert_int_equal(PM_HYFLEX_PU_ARRAYS, 12288);
    assert_int_equal(PM_HYFLEX_PU_ARRAYS * 64 * 16, 12582912);
    assert_int_equal(PM_HYFLEX_PU_ARRAYS * 64 * 16, 4 * 1024 * 1024 + 2 * 1024 * 4096);
    const double digital = PM_HYFLEX_UNITS * PM_HYFLEX_NOR_CELLS / 8 / 0x1p30,
                 analog = PM_HYFLEX_UNITS * (double)PM_HYFLEX_PU_ARRAYS * 64 * 128 / 8 / 0x1p30;
    NEAR(digital, 6, 0);
    NEAR(analog, 0.281, 0.0005);
    NEAR(digital + analog, 6.28, 0.005);
    NEAR(PM_HYFLEX_NOR_CELLS, 0x1p31, 0);
}

static void table_adds_up(void **state) {
    struct asked a;
    (void)state;
    answer(&a, "bert-large", HYFLEX, "");
    const struct pm_chip_table *t = &a.q.table[PM_CHIP_HYFLEXPIM];
    NEAR(pm_chip_power(t, "pu").value, 74.6e3, 50);
    NEAR(pm_chip_area(t, "pu").value, 75.29, 0);
    NEAR(pm_chip_area(t, "").value, 1807, 0.5);
    NEAR(figure(&a, "power_all_active_w"), 1790, 0.5);
    NEAR(figure(&a, "peak_tops_slc"), 755, 0.5);
    NEAR(figure(&a, "peak_tops_mlc"), 1510, 0.5);
    NEAR(figure(&a, "macro_tops_per_w_slc"), 1.41, 0.005);
    NEAR(figure(&a, "macro_tops_per_w_mlc"), 1.82, 0.005);
    NEAR(figure(&a, "pj_per_mac_slc"), 1.42, 0.005);
    NEAR(figure(&a, "pj_per_mac_mlc"), 1.10, 0.005);
    const double product = spent(&a, "", "product_qk") / (128 * 1024) / 24 * 1e6,
                 wide = spent(&a, "", "product_av") / (128 * 1024) / 24 * 1e6;
    NEAR(product, 25, 0.5);
    NEAR(wide, 42, 0.5);
    done(&a);
}

static void arrays_of_layers(void **state) {
    static const struct {
        const char *network, *sets;
        double arrays, units, given, chips;
    } cases[] = {
        {"bert-large", "svd=0 slc_percent=100", 12288, 1, 1, 1},
        {"bert-large", "slc_percent=100", 12416, 2, 2, 2},
        {"bert-large", "slc_percent=20", 7968, 1, 1, 1},
        {"bert-large", "", 7072, 1, 1, 1},
        {"bert-base", "svd=false slc_percent=100", 6912, 1, 2, 1},
        {"gpt2", "slc_percent=100", 7044, 1, 2, 1},
        {"vit-b", "slc_percent=20", 4464, 1, 2, 1},
        {"bert-base", "slc_percent=5", 4140, 1, 2, 1},
        {"llama-3.2-1b", "svd=0 slc_percent=100", 59392, 5, 6, 4},
        {"llama-3.2-1b", "slc_percent=100", 60032, 5, 6, 4},
        {"llama-3.2-1b", "slc_percent=20", 37504, 4, 4, 3},
        {"llama-3.2-1b", "slc_percent=19", 36288, 3, 3, 2},
        {"llama-3.2-1b", "", 33056, 3, 3, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        answer(&a, cases[i].network, HYFLEX, cases[i].sets);
        NEAR(figure(&a, "arrays_per_layer"), cases[i].arrays, 0);
        NEAR(figure(&a, "pus_per_layer"), cases[i].units, 0);
        NEAR(figure(&a, "pus_given_per_layer"), cases[i].given, 0);
        NEAR(figure(&a, "chips"), cases[i].chips, 0);
        done(&a);
    }
}

/* Layers in order, none over a border, against trying every number of chips. */
static void placing(void **state) {
    int64_t need[7], chips, spare;
    (void)state;
    for (unsigned code = 0; code < 2401; code++) {
        unsigned n = code % 7 + 1, rest = code;
        for (unsigned i = 0; i < 7; i++, rest = rest / 3 + 7 * i)
            need[i] = 1 + (int64_t)(rest * 7 % 24);
        pm_hyflex_place(need, n, &chips, &spare);
        int64_t used = 0, count = 1;
        for (unsigned i = 0; i < n; i++) {
            if (used + need[i] > 24) {
                used = 0;
                count++;
            }
            used += need[i];
        }
        assert_int_equal(chips, count);
        assert_true(spare >= 0 && spare < 24);
    }
}

static void times_and_energies(void **state) {
    static const struct {
        const char *network, *sets;
        double interval, attention, mtokens, token, whole, uj, linear, tops, per_w, per_mm2, w;
        int round[2]; /* digits of M tokens a second, and of an interval */
    } cases[] = {
        {"bert-large", "", 800, 171, 1.25, 158, 81, 574, 63, 771, 1.07, .43, 718, {2, 0}},
        {"bert-large", "tokens=1024", 1365, 1365, .73, 187, 110, 2041, 18, 516, .35, .29, 1495, {2, 0}},
        {"bert-large", "tokens=8192", 10923, 10923, .092, 419, 342, 13775, 3, 129, .10, .07, 1261, {3, 0}},
        {"gpt2", "slc_percent=20", 256, 256, 3.9, 80, 42, 420, 25, 737, .45, .41, 1640, {1, 0}},
        {"vit-b", "", 160, 99, 6.25, 78, 40, 227, 47, 1107, .78, .61, 1417, {2, 0}},
        {"llama-3.2-1b", "slc_percent=20", 800, 34, 1.25, 103, 52, 1293, 91, 2441, 1.51, .45, 1616, {2, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        char sets[64];
        answer(&a, cases[i].network, HYFLEX, cases[i].sets);
        NEAR(figure(&a, "interval_ns"), cases[i].interval, 0.5);
        NEAR(figure(&a, "attention_ns"), cases[i].attention, 0.5);
        NEAR(figure(&a, "tokens_per_s") / 1e6, cases[i].mtokens, 0.5 * pow(10, -cases[i].round[0]));
        NEAR(figure(&a, "token_latency_us"), cases[i].token, 0.5);
        NEAR(figure(&a, "energy_uj_per_token"), cases[i].uj, 0.5);
        NEAR(100 * spent(&a, "", "read") / figure(&a, "energy_uj_per_token"), cases[i].linear, 0.55);
        NEAR(figure(&a, "tops"), cases[i].tops, 0.5);
        NEAR(figure(&a, "tops_per_w"), cases[i].per_w, 0.005);
        NEAR(figure(&a, "tops_per_mm2"), cases[i].per_mm2, 0.005);
        NEAR(figure(&a, "power_w"), cases[i].w, 0.5);
        NEAR(figure(&a, "tokens_per_j"), 1e6 / figure(&a, "energy_uj_per_token"), 1e-6);
        done(&a);
        snprintf(sets, sizeof sets, "%s svd=0", cases[i].sets);
        answer(&a, cases[i].network, HYFLEX, sets);
        NEAR(figure(&a, "token_latency_us"), cases[i].whole, 0.5);
        done(&a);
    }
}

static void first_row_by_component(void **state) {
    static const struct {
        const char *component, *action;
        double uj, by;
    } cases[] = {{"adc", "", 253, .5},
                 {"wl_driver", "", 79, .5},
                 {"array", "", 16, .5},
                 {"shift_add", "", 16, .5},
                 {"digital_wl_driver", "", 78, .5},
                 {"digital_array", "", 128, .5},
                 {"digital_shift_add", "", 4, .5},
                 {"sfu", "", .2, .05}};
    struct asked a;
    (void)state;
    answer(&a, "bert-large", HYFLEX, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        NEAR(spent(&a, cases[i].component, cases[i].action), cases[i].uj, cases[i].by);
    done(&a);
    answer(&a, "gpt2", HYFLEX, "slc_percent=20");
    NEAR(figure(&a, "copies"), 5, 0);
    done(&a);
    answer(&a, "vit-b", HYFLEX, "");
    NEAR(figure(&a, "copies"), 5, 0);
    done(&a);
}

static double interval(const char *network, const char *sets) {
    struct asked a;
    answer(&a, network, HYFLEX, sets);
    const double ns = figure(&a, "interval_ns");
    done(&a);
    return ns;
}

/* Linear energy of 1-bit cells alone over the hybrid's, both as the same arithmetic has them: an array's
 * energy a weight, without the fragments of arrays. */
static double linear_gain(const char *sets, double percent) {
    struct asked a;
    answer(&a, "bert-large", HYFLEX, sets);
    const double slc = figure(&a, "pj_per_mac_slc"), mlc = figure(&a, "pj_per_mac_mlc");
    done(&a);
    return slc / (percent / 100 * slc + (1 - percent / 100) * mlc);
}

static void claims_of_energy_and_speed(void **state) {
    (void)state;
    /* Area: shared arrays, and whole ones. */
    NEAR(1 / ((1 + .05) / 2), 1.905, .0005);
    NEAR(12416. / 7072, 1.756, .0005);
    NEAR(linear_gain("", 5), 1.272, .0005);
    NEAR(linear_gain("", 20), 1.219, .0005);
    NEAR(linear_gain("adc_table=7", 5), 1.418, .0005);
    NEAR(linear_gain("adc_table=7", 20), 1.330, .0005);
    NEAR(linear_gain("adc7=1", 5), 1.905, .0005);
    NEAR(linear_gain("adc7=1", 20), 1.667, .0005);
    /* Speed-up, arrays shared: in sequence and overlapped. */
    const double g = 800, att = 171, att_long = 1365 + 1. / 3, f5 = 2 / 1.05, f20 = 2 / 1.2;
    NEAR((g + att) / (g / f5 + att), 1.64, .005);
    NEAR(fmax(g, att) / fmax(g / f5, att), 1.90, .0051);
    NEAR((g + att_long) / (g / f5 + att_long), 1.21, .005);
    NEAR(fmax(g, att_long) / fmax(g / f5, att_long), 1.00, .005);
    NEAR((g + att) / (g / f20 + att), 1.49, .005);
    NEAR(fmax(g, att) / fmax(g / f20, att), 1.67, .005);
    /* Whole copies give nothing: a unit has room for one. */
    NEAR(interval("bert-large", "svd=0 slc_percent=100") / interval("bert-large", ""), 1, 0);
    /* Fluid ones nearly what the fragments leave. */
    NEAR(interval("bert-large", "svd=0 slc_percent=100 replicate=fluid") /
             interval("bert-large", "replicate=fluid"),
         12288. / 7072, 1e-9);
    NEAR(interval("bert-large", "replicate=none"), 800, 0);
}

static void scaling(void **state) {
    (void)state;
    /* One unit's attention of GPT-2 at 8,192 tokens, even layout of products: with the matrices' read before
     * it. */
    const double even = 1 / pm_hyflex_products(8, false) + 1 / pm_hyflex_products(12, false);
    double t = 800 + 8192. * 768 * even / 8;
    NEAR(t / (t / 2 + 24), 1.988, .0005);
    t = 800 + 4096.5 * 768 * even / 8;
    NEAR(t / (t / 2 + 24), 1.98, .005);
    t = 800 + 128. * 768 * even / 8;
    NEAR(t / (t / 2 + 24), 1.90, .005);
    /* Llama, causal, 8,192 tokens, 2, 4 and 8 units, 24 ns a further unit. */
    const double packed = 1 / pm_hyflex_products(8, true) + 1 / pm_hyflex_products(12, true);
    t = 800 + 4096.5 * 2048 * packed / 8;
    const double two = t / 2 + 24, four = t / 4 + 3 * 24, eight = t / 8 + 7 * 24;
    NEAR(two / four, 1.96, .005);
    NEAR(two / eight, 3.60, .005);
}

static void products_and_traffic(void **state) {
    struct asked a;
    (void)state;
    NEAR(pm_hyflex_products(8, true), 256, 1e-9);
    NEAR(pm_hyflex_products(12, true), 153.6, 1e-9);
    NEAR(pm_hyflex_products(8, false), 273, .5);
    NEAR(pm_hyflex_products(12, false), 182, .5);
    NEAR(pm_hyflex_clocks(6, 8) * 5e-3, 5.1, .05);
    NEAR(pm_hyflex_clocks(7, 8) * 5e-3, 5.8, .05);
    answer(&a, "gpt2", HYFLEX, "");
    NEAR(figure(&a, "hidden_ns"), 6, 0);
    NEAR(figure(&a, "hidden_int32_ns"), 24, 0);
    done(&a);
    answer(&a, "llama-3.2-1b", HYFLEX, "");
    NEAR(figure(&a, "hidden_ns"), 16, 0);
    NEAR(figure(&a, "hidden_int32_ns"), 64, 0);
    done(&a);
    answer(&a, "bert-large", HYFLEX, "tokens=8192");
    NEAR(figure(&a, "pu_bus_gb_s"), 983, .5);
    NEAR(figure(&a, "kvq_mib"), 24, 0);
    NEAR(figure(&a, "digital_mib"), 256, 0);
    NEAR(figure(&a, "score_tokens"), 3344, 0);
    done(&a);
}

static void wear(void **state) {
    static const struct {
        const char *sets;
        double writes, days, by;
    } cases[] = {
        {"", 5, 5.5 * 365.25, .05 * 365.25}, {"tokens=1024", 320, 31, .5}, {"tokens=8192", 20480, .5, .02}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        answer(&a, "bert-large", HYFLEX, cases[i].sets);
        NEAR(figure(&a, "wear_writes"), cases[i].writes, 1e-9);
        NEAR(figure(&a, "years_of_products") * 365.25, cases[i].days, cases[i].by);
        NEAR(figure(&a, "years_of_storage"), 27, .5);
        done(&a);
    }
}

/* What `perimeter run` counts of fashion-vit's feed-forward matrices, an image. */
static void counts_of_a_run(void **state) {
    static const struct {
        const char *sets;
        double reads, conversions, clocks;
    } cases[] = {{"svd=0 slc_percent=100", 18816, 2408448, 301056},
                 {"svd=0 slc_percent=0", 9408, 1204224, 338688},
                 {"slc_percent=10", 31752, 4064256, 677376}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        answer(&a, "fashion-vit", "ffn*=hyflex", cases[i].sets);
        NEAR(figure(&a, "reads"), cases[i].reads, 0);
        NEAR(figure(&a, "conversions"), cases[i].conversions, 0);
        NEAR(figure(&a, "clocks"), cases[i].clocks, 0);
        done(&a);
    }
}

static void decoding(void **state) {
    struct asked a, b;
    (void)state;
    answer(&a, "gpt2", HYFLEX, "");
    answer(&b, "gpt2", HYFLEX, "decode=true");
    NEAR(figure(&b, "tokens_per_s"), 1e6 / figure(&b, "token_latency_us"), 1e-6);
    NEAR(figure(&a, "token_latency_us"), figure(&b, "token_latency_us"), 0);
    NEAR(figure(&a, "energy_uj_per_token"), figure(&b, "energy_uj_per_token"), 0);
    done(&a);
    done(&b);
    /* A decoder of this library is causal by its type. */
    answer(&a, "text-gpt", HYFLEX, "");
    answer(&b, "text-gpt", HYFLEX, "causal=false");
    NEAR(2 * figure(&a, "attention_ns") / figure(&b, "attention_ns"), 129. / 128, 1e-9);
    done(&a);
    done(&b);
    /* Without a mask all keys and values come first. */
    answer(&a, "bert-large", HYFLEX, "");
    NEAR(figure(&a, "sequence_latency_us"), 24 * (128 * .8 + 128 * .8) + figure(&a, "token_latency_us"),
         1e-6);
    done(&a);
}

/* ---- FLARE ---- */

/* All ways to have ones in the rows of each array. */
static double plane_by_all_ways(int rows, double p, int arrays) {
    double sum = 0;
    const int all = rows * arrays;
    for (unsigned mask = 0; mask < 1u << all; mask++) {
        int largest = 0;
        double share = 1;
        for (int a = 0; a < arrays; a++) {
            const int ones = __builtin_popcount(mask >> (a * rows) & ((1u << rows) - 1));
            largest = (ones + 7) / 8 > largest ? (ones + 7) / 8 : largest;
            share *= pow(p, ones) * pow(1 - p, rows - ones);
        }
        sum += share * largest;
    }
    return sum;
}

static void planes_by_brute_force(void **state) {
    (void)state;
    for (int rows = 1; rows <= 18; rows += 4)
        for (double p = .1; p < 1; p += .2)
            NEAR(pm_flare_plane(rows, p, 1), plane_by_all_ways(rows, p, 1), 1e-9);
    NEAR(pm_flare_plane(9, .6, 2), plane_by_all_ways(9, .6, 2), 1e-9);
    NEAR(pm_flare_plane(6, .3, 3), plane_by_all_ways(6, .3, 3), 1e-9);
    NEAR(pm_flare_plane(1000, 1, 4), 125, 0);
    NEAR(pm_flare_plane(1000, 0, 4), 0, 0);
    /* Large ones: ones over eight, and half an access for what does not fill one. */
    NEAR(pm_flare_plane(100000, .25, 1), 25000 / 8. + .4375, .01);
}

static void accesses_of_the_trained_network(void **state) {
    (void)state;
    /* Densities that `perimeter run` prints, and accesses it counts. */
    NEAR(pm_flare_vector(64, .337, true, 1), 27.7, .03 * 27.7);
    NEAR(pm_flare_vector(64, .308, true, 1), 26.1, .03 * 26.1);
    NEAR(pm_flare_vector(16, .495, false, 1), 11.1, .03 * 11.1);
    NEAR(pm_flare_vector(49, .208, false, 1), 14.3, .05 * 14.3);
}

static void flare_networks(void **state) {
    static const struct {
        const char *sets;
        double accesses, tokens, boost, mram, sram;
    } cases[] = {
        {"layers=12 width=768 heads=12 ffn=3072 tokens=128", 534, 15598, 2.87, 18.9, 2.0},
        {"layers=12 width=768 heads=12 ffn=3072 tokens=128 dc=8", 96, 86483, 1.99, 18.9, 2.0},
        {"layers=24 width=1024 heads=16 ffn=4096 tokens=512", 708, 5882, 2.89, 33.6, 10.5},
        {"layers=24 width=1024 heads=16 ffn=4096 tokens=512 dc=8", 121, 34442, 2.12, 33.6, 10.5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        answer(&a, "bert-base", FLARE, cases[i].sets);
        NEAR(figure(&a, "accesses_per_token"), cases[i].accesses, .6);
        NEAR(figure(&a, "tokens_per_s"), cases[i].tokens, .002 * cases[i].tokens);
        NEAR(figure(&a, "boost"), cases[i].boost, .0065);
        NEAR(figure(&a, "mram_bits_per_layer") / 1e6, cases[i].mram, .05);
        NEAR(figure(&a, "sram_bits_per_layer") / 1e6, cases[i].sram, .05);
        assert_true(figure(&a, "boost") < 1 / .34);
        assert_true(isnan(figure(&a, "area_mm2")));
        done(&a);
    }
    struct asked a, b;
    answer(&a, "bert-base", FLARE, "");
    answer(&b, "bert-base", FLARE, "dc=8 layout=tokens");
    NEAR(8 * figure(&b, "interval_ns"), figure(&a, "interval_ns"), 1e-6);
    NEAR(figure(&b, "mram_bits_per_layer"), 8 * figure(&a, "mram_bits_per_layer"), 0);
    NEAR(figure(&b, "converters_per_layer"), 8 * figure(&a, "converters_per_layer"), 0);
    NEAR(figure(&b, "energy_uj_per_token"), figure(&a, "energy_uj_per_token"), 1e-9);
    done(&a);
    done(&b);
}

static void flare_claims(void **state) {
    (void)state;
    const double accesses = 512 * 8 * 1024 / 8;
    NEAR(accesses, 524288, 0);
    NEAR(accesses * 10e-6, 5.24, .005);
    NEAR(accesses * 10e-6 * 4 * 24, 503, .5);
    NEAR(2 + 2 * 16 * 512 / 3. / 1024, 7.333, .0005);
    NEAR(2 + 2 * 12 * 128 / 3. / 768, 3.333, .0005);
}

/* A summary with the counts of synth/token.tsv, of one image of 49 tokens, in three layers. */
static void measured_energy(void **state) {
    char path[] = "/tmp/chip_test.XXXXXX";
    const int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    struct asked a;
    (void)state;
    fprintf(f, "{\"images_golden\": 1, \"cycles_per_token\": 55.7204861, \"boost\": 2.58, \"counts\": {");
    for (int i = 0; i < 3; i++)
        fprintf(f,
                "%s\"attn%d\": {\"system\": \"flare\", \"k\": {\"vectors\": 4900, \"accesses\": 136906},"
                "\"q\": {\"vectors\": 4900, \"accesses\": 136906}, \"l\": {\"vectors\": 19600, \"accesses\": "
                "221823},"
                "\"av\": {\"vectors\": 19600, \"accesses\": 268618}, \"o\": {\"vectors\": 4900, "
                "\"accesses\": 130585}}",
                i ? ", " : "", i);
    fprintf(f, "}}\n");
    fclose(f);
    /* The counts of another network. */
    ask(&a, "bert-base", FLARE, "", path);
    assert_true(a.status == PM_EINVAL && strstr(a.e.text, "another") != NULL);
    done(&a);
    ask(&a, "bert-base", HYFLEX, "", path);
    assert_int_equal(a.q.shape.kind, PM_CHIP_PUBLIC);
    done(&a);
    ask(&a, "fashion-vit", FLARE, "", path);
    remove(path);
    if (a.status != PM_OK)
        fail_msg("%s", a.e.text);
    NEAR(figure(&a, "energy_uj_per_token") * 1e3 / 3, 677.9, .1);
    NEAR(figure(&a, "tokens_per_j"), 491715, 60);
    NEAR(figure(&a, "tokens_per_s") / 1e6, 1.196, .0005);
    NEAR(figure(&a, "accesses_per_token"), 55.72, .005);
    assert_int_equal(pm_chip_figure(&a.bill, "tokens_per_s").kind, PM_CHIP_MEASURED);
    assert_int_equal(pm_chip_figure(&a.bill, "energy_uj_per_token").kind, PM_CHIP_MEASURED);
    done(&a);
}

/* ---- the other systems, and all together ---- */

static void macros_count_as_runs_do(void **state) {
    struct asked a;
    (void)state;
    answer(&a, "fashion-cnn", "*=khwa", "");
    NEAR(figure(&a, "khwa_accesses"), 42188, 0);
    NEAR(figure(&a, "khwa_units"), 2112740, 0);
    done(&a);
    answer(&a, "fashion-cnn", "*=nmc", "");
    NEAR(figure(&a, "nmc_reads") / figure(&a, "nmc_operations"), 8, 0);
    NEAR(figure(&a, "nmc_accesses") / figure(&a, "nmc_operations"), 64, 0);
    done(&a);
    /* ViT-B/32's tiles and time at 8 bits are known from the compiler's own test; here one matrix by hand. */
    answer(&a, "bert-base", "attn0.q=xbar", "rows=256 cols=256");
    NEAR(figure(&a, "xbar_writes"), 3 * 12, 0); /* 768 / 256 by 768 * 2 slices * 2 signs / 256 */
    NEAR(figure(&a, "xbar_inference_us"), 36 * (56 + 128 * 8 * 1.4), 1e-6);
    done(&a);
}

static void one_bill_for_all(void **state) {
    struct asked a, part[2];
    (void)state;
    answer(&a, "fashion-vit", "attn*=flare ffn*=hyflex", "slc_percent=10");
    answer(&part[0], "fashion-vit", "attn*=flare", "");
    answer(&part[1], "fashion-vit", "ffn*=hyflex", "slc_percent=10");
    NEAR(figure(&a, "energy_uj_per_token"),
         figure(&part[0], "energy_uj_per_token") + figure(&part[1], "energy_uj_per_token"), 1e-9);
    NEAR(figure(&a, "token_latency_us"),
         figure(&part[0], "token_latency_us") + figure(&part[1], "token_latency_us"), 1e-9);
    NEAR(figure(&a, "interval_ns"), fmax(figure(&part[0], "interval_ns"), figure(&part[1], "interval_ns")),
         1e-9);
    done(&a);
    done(&part[0]);
    done(&part[1]);
}

static const char *const networks[] = {
    "bert-base",    "bert-large",  "gpt2",        "llama-3.2-1b", "vit-b",          "resnet-18", "vgg-16",
    "mobilenet-v2", "fashion-vit", "fashion-cnn", "fashion-bnn",  "fashion-resnet", "text-gpt"};
static const char *const places[] = {"*=hyflexpim", "*=khwa",  "*=nmc",
                                     "*=xbar",      "*=flare", "*=hyflexpim *0*=xbar"};

/* Sums of members of an object of figures. */
static double sum_of(const cJSON *object) {
    const cJSON *item;
    double sum = 0;
    cJSON_ArrayForEach(item, object) {
        const cJSON *value = cJSON_GetObjectItem(item, "value");
        sum += cJSON_IsNumber(value) ? value->valuedouble : 0;
    }
    return sum;
}

static void bills_add_up(void **state) {
    static const char *const by[] = {"component", "layer", "action", "sum"};
    (void)state;
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            struct asked a;
            ask(&a, networks[n], places[p], "", NULL);
            if (a.status != PM_OK) { /* FLARE without attention, no layer of that name */
                assert_true(strstr(a.e.text, "no layer is on a chip") ||
                            strstr(a.e.text, "matches no layer"));
                done(&a);
                continue;
            }
            char *text = pm_chip_json(&a.q, &a.bill);
            cJSON *root = cJSON_Parse(text);
            const double all = a.bill.energy_uj.value;
            for (size_t k = 0; k < sizeof by / sizeof *by; k++) {
                const double sum = sum_of(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "breakdown"), by[k]));
                if (isnan(all))
                    NEAR(sum, 0, 0);
                else
                    NEAR(sum, all, 1e-9 * all);
            }
            /* No total is better than its worst part. */
            for (unsigned i = 0; i < a.bill.entries; i++)
                if (!isnan(a.bill.entry[i].uj.value)) {
                    assert_true(a.bill.energy_uj.kind >= a.bill.entry[i].uj.kind);
                    assert_true(a.bill.entry[i].uj.kind >= a.bill.entry[i].component->kind);
                }
            assert_true(pm_chip_figure(&a.bill, "power_w").kind >= a.bill.energy_uj.kind);
            assert_true(pm_chip_figure(&a.bill, "power_w").kind >=
                        pm_chip_figure(&a.bill, "interval_ns").kind);
            assert_true(pm_chip_figure(&a.bill, "interval_ns").kind >= PM_CHIP_PUBLIC);
            cJSON_Delete(root);
            free(text);
            done(&a);
        }
}

static void copies_never_slow_down(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
        for (int percent = 0; percent <= 100; percent += 20) {
            double ns[3];
            static const char *const replicate[] = {"none", "integer", "fluid"};
            for (int k = 0; k < 3; k++) {
                char sets[64];
                snprintf(sets, sizeof sets, "slc_percent=%d replicate=%s", percent, replicate[k]);
                ns[k] = interval(networks[n], sets);
            }
            assert_true(ns[0] >= ns[1] && ns[1] >= ns[2]);
        }
}

static void refuses(void **state) {
    static const struct {
        const char *network, *places, *sets, *why;
    } cases[] = {
        {"bert-base", HYFLEX, "dc=8", "dc"},
        {"bert-base", FLARE, "slc_percent=5", "slc-percent"},
        {"bert-base", FLARE, "layout=literal", "layout"},
        {"bert-base", HYFLEX, "layout=tokens", "layout"},
        {"bert-base", HYFLEX, "slc_percent=101", "slc-percent"},
        {"bert-base", HYFLEX, "tokens=0", "tokens"},
        {"bert-base", HYFLEX, "tokens=1.5", "tokens"},
        {"bert-base", HYFLEX, "heads=5", "heads"},
        {"bert-base", HYFLEX, "kv_heads=5", "kv_heads"},
        {"bert-base", HYFLEX, "decode=1", "causal"},
        {"bert-base", HYFLEX, "gated=maybe", "gated"},
        {"bert-base", HYFLEX, "nonsense=1", "nonsense"},
        {"bert-base", HYFLEX, "adc.nonsense=1", "adc.nonsense"},
        {"bert-base", HYFLEX, "adc.power_mw=-1", "adc.power_mw"},
        {"bert-base", HYFLEX, "adc.count=null", "adc.count"},
        {"bert-base", HYFLEX, "width=65536 heads=16 ffn=1048576", "units"},
        {"bert-base", HYFLEX, "svd", "KEY=VALUE"},
        {"bert-base", HYFLEX, "svd=1 svd=1", "twice"},
        {"bert-base", "ffn*=flare", "", "attention"},
        {"bert-base", "attn0.q=flare", "", "whole"},
        {"bert-base", "conv*=hyflex", "", "matches no layer"},
        {"bert-base", "*=gpu", "", "gpu"},
        {"bert-base", "*=host", "", "no layer is on a chip"},
        {"resnet-18", HYFLEX, "tokens=5", "tokens"},
        {"nowhere", HYFLEX, "", "nowhere"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        ask(&a, cases[i].network, cases[i].places, cases[i].sets, NULL);
        if (a.status == PM_OK || !strstr(a.e.text, cases[i].why) || strchr(a.e.text, '\n'))
            fail_msg("%s %s: '%s' does not say '%s'", cases[i].network, cases[i].sets, a.e.text,
                     cases[i].why);
        done(&a);
    }
}

static void users_components(void **state) {
    struct asked a;
    (void)state;
    answer(&a, "bert-large", HYFLEX, "");
    const double before = figure(&a, "energy_uj_per_token");
    done(&a);
    answer(&a, "bert-large", HYFLEX, "adc.power_mw=2");
    NEAR(figure(&a, "energy_uj_per_token"), before + 253.44, 1e-6);
    done(&a);
    answer(&a, "bert-large", HYFLEX, "bus.energy_pj=1000");
    NEAR(figure(&a, "energy_uj_per_token"), before + 24 * 1024e-3, 1e-6);
    done(&a);
    answer(&a, "bert-large", HYFLEX, "adc.power_mw=null");
    NEAR(figure(&a, "energy_uj_per_token"), before - 253.44, 1e-6);
    done(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geometry),
        cmocka_unit_test(table_adds_up),
        cmocka_unit_test(arrays_of_layers),
        cmocka_unit_test(placing),
        cmocka_unit_test(times_and_energies),
        cmocka_unit_test(first_row_by_component),
        cmocka_unit_test(claims_of_energy_and_speed),
        cmocka_unit_test(scaling),
        cmocka_unit_test(products_and_traffic),
        cmocka_unit_test(wear),
        cmocka_unit_test(counts_of_a_run),
        cmocka_unit_test(decoding),
        cmocka_unit_test(planes_by_brute_force),
        cmocka_unit_test(accesses_of_the_trained_network),
        cmocka_unit_test(flare_networks),
        cmocka_unit_test(flare_claims),
        cmocka_unit_test(measured_energy),
        cmocka_unit_test(macros_count_as_runs_do),
        cmocka_unit_test(one_bill_for_all),
        cmocka_unit_test(bills_add_up),
        cmocka_unit_test(copies_never_slow_down),
        cmocka_unit_test(refuses),
        cmocka_unit_test(users_components),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
