// SPDX-License-Identifier: Apache-2.0
/* Plans, and systems' settings: every one that is accepted changes what is computed or what it costs. */
#include "net/encoder.h"
#include "rtl.h"
#include "system/placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[4096];
static struct pm_encoder network;

static int load(void **state) {
    (void)state;
    struct pm_error e;
    snprintf(folder, sizeof folder, "%s/models/fashion-vit", pm_home());
    if (pm_encoder_load(&network, folder, &e) != PM_OK)
        return 1;
    /* For systems that take binary layers: one that none of the other tests places. */
    for (unsigned i = 0; i < network.graph.nodes; i++)
        if (strcmp(network.graph.node[i].name, "ffn1.up") == 0) {
            struct pm_matrix *m = (struct pm_matrix *)(uintptr_t)network.graph.node[i].matrix;
            m->binary = true;
            for (size_t k = 0; k < (size_t)m->in * m->out; k++)
                m->weight[k] = m->weight[k] < 0 ? -0.05f : 0.05f;
        }
    return 0;
}

static int unload(void **state) {
    (void)state;
    pm_encoder_free(&network);
    return 0;
}

static unsigned node(const char *name) {
    unsigned i = 0;
    while (i < network.graph.nodes && strcmp(network.graph.node[i].name, name) != 0)
        i++;
    assert_true(i < network.graph.nodes);
    return i;
}

static void plan_of(struct pm_plan *p, const char *text) {
    struct pm_error e = {""};
    assert_int_equal(pm_plan_new(p), PM_OK);
    if (pm_plan_override(p, text, &e) != PM_OK)
        fail_msg("%s: %s", text, e.text);
}

/* ---- plans ---- */

static void last_entry_wins(void **state) {
    (void)state;
    static const struct {
        const char *plan, *layer, *system; /* NULL: the host, or a part of a whole */
    } cases[] = {
        {"attn*=flare ffn*=hyflex", "attn1", "flare"},
        {"attn*=flare ffn*=hyflex", "attn1.q", NULL},
        {"attn*=flare ffn*=hyflex", "ffn2.down", "hyflex"},
        {"attn*=flare ffn*=hyflex", "head", NULL},
        {"attn*=flare ffn*=hyflex ffn1.*=int8", "ffn1.up", "int8"},
        {"attn*=flare ffn*=hyflex ffn1.*=int8", "ffn0.up", "hyflex"},
        {"ffn1.*=int8 ffn*=hyflex", "ffn1.up", "hyflex"},
        {"attn*=flare *=hyflex", "attn1", NULL},
        {"attn*=flare *=hyflex", "attn1.k", "hyflex"},
        {"attn*=flare *=hyflex", "patch", "hyflex"},
        {"*=hyflex attn0=flare", "attn0", "flare"},
        {"*=hyflex attn0=flare", "attn0.o", NULL},
        {"*=hyflex attn0=flare", "attn1.o", "hyflex"},
        {"attn*=flare attn2.*=int8", "attn2", NULL},
        {"attn*=flare attn2.*=int8", "attn2.v", "int8"},
        {"attn*=flare attn2.*=int8", "attn1", "flare"},
        {"", "attn0", NULL},
        {"*=hyflex", "ln0.1", NULL},
        {"*=hyflex,digital=module", "ln0.1", "hyflex"},
        {"*=hyflex,digital=module", "attn1.heads", "hyflex"},
        {"*=hyflex,digital=module", "ffn2.act", "hyflex"},
        {"attn=hyflex", "attn1.heads", "hyflex"},
        {"attn=hyflex,cell=2", "ln0.2", "hyflex"},
        {"attn=hyflex", "ffn2.down", "hyflex"},
        {"attn=hyflex ffn*=int8", "ffn2.down", "int8"},
        {"*=hyflex,digital=module", "pixels", "hyflex"},
        {"*=hyflex hyflex.digital=module", "pool", "hyflex"},
        {"*=hyflex,digital=module ffn*=int8", "ffn2.act", NULL},
        {"*=hyflex,digital=module attn*=flare", "ln0.1", NULL},
        {"*=hyflex,digital=module attn*=flare", "ln0.2", "hyflex"},
        {"*=hyflex,digital=module attn*=flare", "attn1.heads", NULL},
        {"*=hyflex,digital=module attn*=flare", "attn1", "flare"},
        {"attn*=flare norm=hyflex,digital=module", "norm", "hyflex"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_plan p;
        struct pm_error e;
        plan_of(&p, cases[i].plan);
        assert_int_equal(pm_plan_check(&p, &network.graph, true, &e), PM_OK);
        const struct pm_plan_entry *entry = pm_plan_of(&p, &network.graph, node(cases[i].layer));
        if ((entry == NULL) != (cases[i].system == NULL) ||
            (entry && strcmp(entry->system->name, cases[i].system) != 0))
            fail_msg("%s: %s is on %s", cases[i].plan, cases[i].layer, entry ? entry->system->name : "host");
        pm_plan_free(&p);
    }
}

/* An entry's settings come before its system's. */
static void settings_of_entries(void **state) {
    (void)state;
    struct pm_plan p;
    plan_of(&p, "ffn0*=hyflex,cell=2,adc=6 ffn1*=hyflex hyflex.adc=7 hyflex.sars=4");
    static const struct {
        const char *layer, *setting;
        int64_t value;
    } want[] = {{"ffn0.up", "cell", 1}, {"ffn0.up", "adc", 1}, {"ffn0.up", "sars", 2},
                {"ffn1.up", "cell", 0}, {"ffn1.up", "adc", 2}, {"ffn1.up", "sars", 2}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct pm_settings *s = pm_plan_settings(&p, pm_plan_of(&p, &network.graph, node(want[i].layer)));
        assert_non_null(s);
        assert_int_equal(pm_settings_int(s, want[i].setting), want[i].value);
        free(s);
    }
    pm_plan_free(&p);
}

static void plans_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *place, *reason;
    } cases[] = {
        {"ffn*", "'' is not one of "},
        {"=hyflex", "a pattern of 1 to 63 characters"},
        {"ffn*=nowhere", "'nowhere' is not one of flare, host, hyflex, int8"},
        {"ffn*=hyflex,cell", "'hyflex.cell' is not NAME=VALUE"},
        {"ffn*=hyflex,cell=5", "hyflex.cell: '5' is not one of 1|2|3|4|ranks"},
        {"ffn*=hyflex,cell=3", "hyflex.cell: 3 has no RTL"},
        {"ffn*=hyflex,cell=1,cell=2", "hyflex.cell: setting given twice"},
        {"ffn*=hyflex,norm=pow2", "hyflex.norm: no such setting"},
        {"ffn*=host,cell=1", "host has no settings"},
        {"conv*=hyflex", "conv*: matches no layer of the network"},
        {"ffn*=flare", "ffn*: matches no attention, which is what flare takes"},
        {"attn0=hyflex", "attn0: matches no matrix, which is what hyflex takes"},
        {"ffn*=hyflex,slc-percent=5", "hyflex.slc-percent: 5 is ignored without cell=ranks"},
        {"ffn*=hyflex,adc=ideal", "hyflex.adc: ideal has no RTL"},
        {"ln*=hyflex", "ln*: matches no matrix, which is what hyflex takes without digital=module"},
        {"ln*=int8", "ln*: matches no matrix, which is what int8 takes"},
        {"attn?=hyflex,digital=module", "attn?: matches no matrix, which is what hyflex takes"},
        {"ffn*=hyflex,lanes=8", "hyflex.lanes: 8 is ignored without digital=module"},
        {"*=hyflex,digital=module,lanes=12", "hyflex.lanes: '12' is not one of 4|8|16"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_plan p;
        struct pm_error e = {""};
        assert_int_equal(pm_plan_new(&p), PM_OK);
        pm_status status = pm_plan_place(&p, cases[i].place, true, &e);
        if (status == PM_OK)
            status = pm_plan_check(&p, &network.graph, true, &e);
        if (status == PM_OK || !strstr(e.text, cases[i].reason) || strchr(e.text, '\n'))
            fail_msg("%s: '%s' lacks '%s'", cases[i].place, e.text, cases[i].reason);
        pm_plan_free(&p);
    }
}

/* An engine's limits bind what is placed on it. */
static void limits_bind_who_is_there(void **state) {
    (void)state;
    struct pm_graph wide = network.graph;
    struct pm_plan p;
    struct pm_placement *placed;
    struct pm_error e = {""};
    wide.tokens = 16384;
    plan_of(&p, "attn*=flare");
    assert_int_equal(pm_placement_new(&p, &wide, folder, 1, &placed, &e), PM_ERANGE);
    assert_non_null(strstr(e.text, "attn0: width 64, heads 4, tokens 16384 exceed"));
    pm_plan_free(&p);
    plan_of(&p, "attn*=hyflex");
    assert_int_equal(pm_placement_new(&p, &wide, "/nowhere", 1, &placed, &e), PM_OK);
    pm_placement_free(placed);
    pm_plan_free(&p);
}

/* ---- every setting does something ---- */

#define OUTPUTS 10
#define PARTS   16

/* What a run gave and cost. */
struct outcome {
    float out[OUTPUTS];
    struct pm_counts counts[PARTS];
};

/* One image with the first layer that the system takes on it; false: refused. */
static bool outcome(const struct pm_system *system, const char *settings, struct outcome *to) {
    static uint8_t pixels[28 * 28];
    const bool binary = strstr(settings, "mode=xor") != NULL;
    const bool sparse = strstr(settings, "nmc.skip") != NULL; /* the image's first patches are blank */
    const unsigned at = node(system->takes & PM_TAKES(PM_NODE_ATTENTION) ? "attn0"
                             : system->takes & PM_TAKES(PM_NODE_HEADS)   ? "attn0.heads"
                             : binary                           ? "ffn1.up"
                             : sparse                           ? "patch"
                                                                : "ffn0.up");
    struct pm_plan p;
    struct pm_placement *placed = NULL;
    struct pm_worker w = {0};
    struct pm_error e;
    char text[1536];
    snprintf(text, sizeof text, "%s=%s %s", network.graph.node[at].name, system->name, settings);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(sparse && i < 4 * 28 ? 0 : i * i / 7 % 256);
    const struct pm_graph_input input = {.image = pixels, .n = network.config.tokens};
    memset(to, 0, sizeof *to);
    plan_of(&p, text);
    bool ok = pm_plan_check(&p, &network.graph, false, &e) == PM_OK &&
              pm_placement_new(&p, &network.graph, folder, 1, &placed, &e) == PM_OK;
    if (ok && pm_placement_settles(placed))
        assert_int_equal(pm_placement_settle(placed, &input, 1), PM_OK);
    if (ok) {
        assert_int_equal(pm_worker_begin(&w, &network.graph, placed, network.config.tokens), PM_OK);
        assert_int_equal(pm_worker_run(&w, &input, to->out), PM_OK);
        assert_true(pm_system_parts(system) <= PARTS);
        if (w.counts[at])
            memcpy(to->counts, w.counts[at], pm_system_parts(system) * sizeof *to->counts);
        pm_worker_end(&w);
    }
    pm_placement_free(placed);
    pm_plan_free(&p);
    return ok;
}

/* Texts of values: a choice's all, a number's default and ends. */
static unsigned values(const struct pm_setting *d, char to[8][32]) {
    unsigned n = 0;
    for (const char *c = d->choices; c && n < 8; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        snprintf(to[n++], 32, "%.*s", (int)strcspn(c, "|"), c);
    if (d->choices)
        return n;
    snprintf(to[n++], 32, "%s", d->fallback);
    snprintf(to[n++], 32, "%.10g", d->hi);
    snprintf(to[n], 32, "%.10g", d->lo);
    return n + (strcmp(to[0], to[n]) != 0);
}

static bool applies(const struct pm_setting_list *list, const char *settings, size_t k) {
    struct pm_settings *s = pm_settings_new(list);
    struct pm_error e;
    assert_non_null(s);
    assert_int_equal(pm_settings_override((struct pm_settings *[]){s, NULL}, settings, &e), PM_OK);
    const bool result = pm_settings_applies(s, k);
    free(s);
    return result;
}

/* Whether two values of setting k differ in outcome beside `context`. */
static bool differs(const struct pm_system *system, size_t k, const char *context) {
    const struct pm_setting *d = &system->settings->setting[k];
    char value[8][32], text[1024];
    unsigned n = values(d, value);
    static struct outcome first, other;
    bool have = false;
    if (!applies(system->settings, context, k))
        return false;
    if (d->kind == PM_SET_INT && d->lo + 2 < d->hi) /* near the least: an end may be out of reach */
        snprintf(value[n++], sizeof value[0], "%.10g", d->lo + 2);
    for (unsigned i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%s %s.%s=%s", context, system->name, d->name, value[i]);
        if (!outcome(system, text, have ? &other : &first))
            continue;
        if (have && memcmp(&first, &other, sizeof first) != 0)
            return true;
        have = true;
    }
    return false;
}

/* Whether a condition of the list is on setting k: where that applies, others do or do not. */
static bool decides(const struct pm_setting *d, size_t k) {
    const size_t n = strlen(d[k].name);
    for (size_t i = 0; d[i].name; i++)
        for (const char *c = d[i].when; c && *c; c += strcspn(c, " "), c += strspn(c, " "))
            if (strncmp(c, d[k].name, n) == 0 && strchr("=<>", c[n]))
                return true;
    return false;
}

/* Whether setting k's condition is on setting j, itself or by way of others. */
static bool depends(const struct pm_setting *d, size_t k, size_t j, unsigned depth) {
    const size_t n = strlen(d[j].name);
    for (const char *c = d[k].when; depth < 8 && c && *c; c += strcspn(c, " "), c += strspn(c, " ")) {
        if (strncmp(c, d[j].name, n) == 0 && strchr("=<>", c[n]))
            return true;
        for (size_t i = 0; d[i].name; i++)
            if (strlen(d[i].name) == strcspn(c, "=<> ") && strncmp(c, d[i].name, strlen(d[i].name)) == 0 &&
                depends(d, i, j, depth + 1))
                return true;
    }
    return false;
}

/* `base` and one more value, into to[512]. */
static void with(char *to, const char *base, const struct pm_system *system, size_t k, const char *value) {
    snprintf(to, 512, "%s%s%s.%s=%s", base, *base ? " " : "", system->name, system->settings->setting[k].name,
             value);
}

/* Whether setting k matters beside `base` and at most `others` more at any of their values, on which it does
 * not depend and which come before number `end`. */
static bool matters(const struct pm_system *system, size_t k, const char *base, unsigned others, size_t end) {
    const struct pm_setting *d = system->settings->setting;
    char value[8][32], context[512];
    if (differs(system, k, base))
        return true;
    for (size_t i = 0; others > 0 && i < end && d[i].name; i++)
        for (unsigned x = i == k || depends(d, k, i, 0) ? 0 : values(&d[i], value); x-- > 0;) {
            with(context, base, system, i, value[x]);
            if (matters(system, k, context, others - 1, i))
                return true;
        }
    return false;
}

/* Setting k, at all values of those from `from` on that it depends on: where it applies, it matters. */
static unsigned check_setting(const struct pm_system *system, size_t k, size_t from, const char *base) {
    const struct pm_setting *d = system->settings->setting;
    char value[8][32], context[512];
    unsigned checked = 0;
    while (d[from].name && !(depends(d, k, from, 0) && applies(system->settings, base, from)))
        from++;
    for (unsigned x = d[from].name ? values(&d[from], value) : 0; x-- > 0;) {
        with(context, base, system, from, value[x]);
        checked += check_setting(system, k, from + 1, context);
    }
    if (d[from].name || !applies(system->settings, base, k))
        return checked;
    if (!matters(system, k, base, 1, SIZE_MAX) && !matters(system, k, base, 2, SIZE_MAX))
        fail_msg("%s.%s changes nothing with %s", system->name, d[k].name, base);
    return 1;
}

static void every_setting_matters(void **state) {
    (void)state;
    unsigned checked = 0;
    for (size_t i = 0; pm_systems[i]; i++)
        for (size_t k = 0; pm_systems[i]->settings && pm_systems[i]->settings->setting[k].name; k++)
            if (!decides(pm_systems[i]->settings->setting, k))
                checked += check_setting(pm_systems[i], k, 0, "");
    print_message("# %u settings of systems where they apply\n", checked);
    assert_true(checked > 40);
}

/* A seed matters exactly where the system says that it draws. */
static void draws_where_it_says_so(void **state) {
    (void)state;
    static const struct {
        const char *plan;
        bool draws;
    } cases[] = {{"attn*=flare", false},
                 {"attn*=flare,noise=1", true},
                 {"ffn*=hyflex", false},
                 {"ffn*=hyflex,slc-sigma=0.1", true},
                 {"ffn*=hyflex,cell=ranks", false},
                 {"ffn*=hyflex,cell=ranks,rank-order=random", true},
                 {"ffn*=hyflex,wire=0.001", false},
                 {"ffn*=hyflex,read-noise=0.5", true},
                 {"ffn*=hyflex,slc-sigma=0.2,noise=weight", true},
                 {"ffn*=hyflex,slc-sigma=0.2,verify=0.1", true},
                 {"ffn*=hyflex,stuck-on=0.1", true},
                 {"ffn*=hyflex,stuck-off=0.1", true},
                 {"ffn*=hyflex,drift=0.1,replica=0", false},
                 {"ffn*=hyflex,sar-mismatch=0.1", true},
                 {"ffn*=hyflex,sar-offset=1", true},
                 {"ffn*=hyflex,sar-noise=1", true},
                 {"ffn*=hyflex,adc=ideal,cell=4", false},
                 {"ffn*=nmc", false},
                 {"ffn*=nmc,misreads=1", true},
                 {"*=int8", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t pixels[28 * 28];
        const struct pm_graph_input input = {.image = pixels, .n = network.config.tokens};
        float out[2][OUTPUTS];
        struct pm_plan p;
        struct pm_error e;
        for (size_t k = 0; k < sizeof pixels; k++)
            pixels[k] = (uint8_t)(k * k / 7 % 256);
        plan_of(&p, cases[i].plan);
        for (unsigned seed = 0; seed < 2; seed++) {
            struct pm_placement *placed;
            struct pm_worker w;
            assert_int_equal(pm_placement_new(&p, &network.graph, folder, seed, &placed, &e), PM_OK);
            assert_int_equal(pm_worker_begin(&w, &network.graph, placed, network.config.tokens), PM_OK);
            assert_int_equal(pm_worker_run(&w, &input, out[seed]), PM_OK);
            pm_worker_end(&w);
            pm_placement_free(placed);
        }
        assert_int_equal(pm_plan_draws(&p, &network.graph), cases[i].draws);
        if (!cases[i].draws)
            assert_memory_equal(out[0], out[1], sizeof out[0]);
        pm_plan_free(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_entry_wins),       cmocka_unit_test(settings_of_entries),
        cmocka_unit_test(plans_are_refused),     cmocka_unit_test(limits_bind_who_is_there),
        cmocka_unit_test(every_setting_matters), cmocka_unit_test(draws_where_it_says_so),
    };
    return cmocka_run_group_tests_name("systems", tests, load, unload);
}
