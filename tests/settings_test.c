// SPDX-License-Identifier: Apache-2.0
/* Settings: parsing, sources and their order, conditions; and over every list that the program declares,
 * whether a setting is refused exactly where it does not apply. */
#include "io/results.h"
#include "io/settings.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct pm_setting example[] = {
    {.name = "pairs", .kind = PM_SET_CHOICE, .choices = "0|1", .fallback = "0", .fact = true},
    {.name = "cell", .kind = PM_SET_CHOICE, .choices = "1|2|ranks", .fallback = "1"},
    {.name = "noise", .kind = PM_SET_CHOICE, .choices = "0|1", .fallback = "0"},
    {.name = "ablation-images", .kind = PM_SET_INT, .hi = 1e9, .fallback = "0"},
    {.name = "sigma-r",
     .kind = PM_SET_REAL,
     .hi = 0.5,
     .fallback = "0.017",
     .when = "noise=1 or ablation-images>0"},
    {.name = "share",
     .kind = PM_SET_REAL,
     .lo = 0.5,
     .hi = 1,
     .below = true,
     .list = true,
     .fallback = "0.5",
     .when = "cell=2|ranks",
     .help = "one, or one a head"},
    {.name = "order",
     .kind = PM_SET_CHOICE,
     .choices = "value|random",
     .fallback = "value",
     .when = "share>0.5 pairs=1",
     .golden = "random"},
    {.name = "seed", .kind = PM_SET_INT, .lo = -9, .hi = 4294967295.0},
    {0},
};
static const struct pm_setting_list example_list = {"hyflex", example};
PM_SETTING_LIST(example_list);
static const struct pm_setting other[] = {{.name = "seed", .kind = PM_SET_INT, .hi = 9, .fallback = "1"},
                                          {0}};
static const struct pm_setting_list other_list = {NULL, other};

struct fixture {
    struct pm_settings *all[3];
    struct pm_error e;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->all[0] = pm_settings_new(&other_list);
    f->all[1] = pm_settings_new(&example_list);
    *state = f;
    return f->all[0] && f->all[1] ? 0 : -1;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    free(f->all[0]);
    free(f->all[1]);
    free(f);
    return 0;
}

static char *effective(const struct pm_settings *s) {
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    pm_settings_print(s, f);
    fclose(f);
    return text;
}

static void assert_effective(const struct pm_settings *s, const char *want) {
    char *text = effective(s);
    assert_string_equal(text, want);
    free(text);
}

static void gives(void **state) {
    struct fixture *f = *state;
    assert_effective(f->all[1], "hyflex.cell=1 hyflex.noise=0 hyflex.ablation-images=0");
    static const char *const good[] = {"seed=7",
                                       "hyflex.seed=-9",
                                       "hyflex.cell=2",
                                       "hyflex.share=0.5,0.7,0.99",
                                       "hyflex.ablation_images=1000000000",
                                       "hyflex.sigma-r=0.1"};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++)
        assert_int_equal(pm_settings_give(f->all, good[k], "--set", &f->e), PM_OK);
    assert_effective(f->all[0], "seed=7");
    assert_effective(f->all[1], "hyflex.cell=2 hyflex.noise=0 hyflex.ablation-images=1000000000 "
                                "hyflex.sigma-r=0.1 hyflex.share=0.5,0.7,0.99 hyflex.seed=-9");
    assert_int_equal(pm_settings_check(f->all[1], false, &f->e), PM_OK);
    assert_int_equal(pm_settings_int(f->all[1], "cell"), 1);
    assert_true(pm_settings_meet(f->all[1], "cell=1|2 sigma-r>0.09"));
    assert_false(pm_settings_meet(f->all[1], "cell=1|2 sigma-r>0.1"));
    const double share = pm_settings_value(f->all[1], "share")->at[1].r, want = 0.7;
    assert_memory_equal(&share, &want, sizeof share);
}

static void refuses(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *text, *error;
        pm_status status;
    } bad[] = {
        {"cell=1", "--set: cell: no such setting", PM_EINVAL},
        {"hyflex.pairs=1", "--set: hyflex.pairs: no such setting", PM_EINVAL},
        {"hyflexxcell=1", "--set: hyflexxcell: no such setting", PM_EINVAL},
        {"seed", "--set: 'seed' is not NAME=VALUE", PM_EINVAL},
        {"=1", "--set: '=1' is not NAME=VALUE", PM_EINVAL},
        {"hyflex.cell=3", "--set: hyflex.cell: '3' is not one of 1|2|ranks", PM_ERANGE},
        {"seed=10", "--set: seed: 10 is outside 0..9", PM_ERANGE},
        {"seed=1.0", "--set: seed: '1.0' is not an integer", PM_EINVAL},
        {"seed=1,2", "--set: seed: '1,2' is not an integer", PM_EINVAL},
        {"hyflex.seed=4294967296", "--set: hyflex.seed: 4294967296 is outside -9..4294967295", PM_ERANGE},
        {"hyflex.share=1", "--set: hyflex.share: 1 is outside 0.5 <= value < 1", PM_ERANGE},
        {"hyflex.share=nan", "--set: hyflex.share: 'nan' is not a number", PM_EINVAL},
        {"hyflex.share=.5,", "--set: hyflex.share: '' is not a number", PM_EINVAL},
        {"hyflex.share=.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5,.5",
         "--set: hyflex.share: more than 16 values", PM_ERANGE},
        {"hyflex.noise=1", NULL, PM_OK},
        {"hyflex.noise=1", "--set: hyflex.noise: setting given twice", PM_EINVAL},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        for (int i = 0; i < 2; i++)
            f->all[i]->value[i == 0 ? 0 : 5].given = f->all[1]->value[1].given = f->all[1]->value[7].given =
                false;
        assert_int_equal(pm_settings_give(f->all, bad[k].text, "--set", &f->e), bad[k].status);
        if (bad[k].error)
            assert_string_equal(f->e.text, bad[k].error);
    }
}

static void loads(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *json, *error;
    } bad[] = {{"{\"seed\":2,\"seed\":2}", "a.json: seed: setting given twice"},
               {"{\"hyflex.sigma-r\":0.017,\"hyflex.sigma_r\":0.017}",
                "a.json: hyflex.sigma-r: setting given twice"},
               {"{\"cell\":2}", "a.json: cell: no such setting"},
               {"{\"seed\":10}", "a.json: seed: 10 is outside 0..9"},
               {"{\"seed\":[1]}", "a.json: seed: neither a number nor a short string"},
               {"{\"seed\":1.5}", "a.json: seed: '1.5' is not an integer"},
               {"{\"hyflex.noise\":true}", "a.json: hyflex.noise: neither a number nor a short string"}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        cJSON *object = cJSON_Parse(bad[k].json);
        assert_int_not_equal(pm_settings_load(f->all, object, "a.json", &f->e), PM_OK);
        assert_string_equal(f->e.text, bad[k].error);
        cJSON_Delete(object);
        for (size_t i = 0; i < f->all[0]->count; i++)
            f->all[0]->value[i].given = false;
        for (size_t i = 0; i < f->all[1]->count; i++)
            f->all[1]->value[i].given = false;
    }
    /* The command line comes first. */
    cJSON *object =
        cJSON_Parse("{\"seed\":3,\"hyflex.seed\":4,\"hyflex.share\":[0.5,0.75],\"hyflex.cell\":\"ranks\"}");
    assert_int_equal(pm_settings_give(f->all, "seed=8", NULL, &f->e), PM_OK);
    assert_int_equal(pm_settings_load(f->all, object, "a.json", &f->e), PM_OK);
    cJSON_Delete(object);
    assert_effective(f->all[0], "seed=8");
    assert_effective(
        f->all[1],
        "hyflex.cell=ranks hyflex.noise=0 hyflex.ablation-images=0 hyflex.share=0.5,0.75 hyflex.seed=4");
    struct pm_settings *copy[] = {pm_settings_copy(f->all[1]), NULL};
    assert_int_equal(pm_settings_override(copy, "hyflex.noise=1  hyflex.seed=0", &f->e), PM_OK);
    assert_effective(copy[0],
                     "hyflex.cell=ranks hyflex.noise=1 hyflex.ablation-images=0 hyflex.sigma-r=0.017 "
                     "hyflex.share=0.5,0.75 hyflex.seed=0");
    assert_int_equal(pm_settings_override(copy, "hyflex.noise", &f->e), PM_EINVAL);
    free(copy[0]);
    assert_int_equal(pm_settings_int(f->all[1], "seed"), 4);
}

static void checks(void **state) {
    struct fixture *f = *state;
    struct pm_settings *s = f->all[1];
    assert_int_equal(pm_settings_give(f->all, "hyflex.sigma-r=0.25", NULL, &f->e), PM_OK);
    assert_int_equal(pm_settings_check(s, false, &f->e), PM_EINVAL);
    assert_string_equal(f->e.text, "hyflex.sigma-r: 0.25 is ignored without noise=1 or ablation-images>0");
    assert_int_equal(
        pm_settings_override(f->all, "hyflex.ablation-images=1 hyflex.share=0.6 hyflex.order=random", &f->e),
        PM_OK);
    assert_int_equal(pm_settings_check(s, true, &f->e), PM_OK); /* order does not apply */
    pm_settings_fact(s, "pairs", 1);
    assert_int_equal(pm_settings_check(s, true, &f->e), PM_OK); /* nor does share */
    assert_int_equal(pm_settings_override(f->all, "hyflex.cell=2", &f->e), PM_OK);
    assert_int_equal(pm_settings_check(s, false, &f->e), PM_OK);
    assert_int_equal(pm_settings_check(s, true, &f->e), PM_EMODE);
    assert_string_equal(f->e.text, "hyflex.order: random has no RTL; it needs the golden engine");
    char note[128];
    pm_setting_note(&example[5], note, sizeof note);
    assert_string_equal(note, "one, or one a head; with cell=2|ranks");
    pm_setting_note(&example[6], note, sizeof note);
    assert_string_equal(note, "with share>0.5 pairs=1; random: golden only");
    struct pm_results *r = pm_results_new();
    pm_settings_results(s, r);
    char *json = pm_results_json(r, false);
    assert_string_equal(json, "{\"hyflex.cell\":\"2\",\"hyflex.noise\":0,\"hyflex.ablation-images\":1,"
                              "\"hyflex.sigma-r\":0.25,\"hyflex.share\":0.6,\"hyflex.order\":\"random\"}");
    free(json);
    pm_results_free(r);
}

/* ---- every declared list ---- */

/* The values to try of a setting: every choice, or the ends, the default and what conditions compare with. */
enum { TRIED = 24 };
struct tried {
    unsigned n;
    char text[TRIED][40];
};

static void try(struct tried *t, const struct pm_setting *d, const char *text, size_t length) {
    char one[40];
    struct pm_value v = {0};
    struct pm_error e;
    snprintf(one, sizeof one, "%.*s", (int)length, text);
    for (unsigned k = 0; k < t->n; k++)
        if (strcmp(t->text[k], one) == 0)
            return;
    assert_true(t->n < TRIED);
    if (pm_setting_parse(d, one, d->name, &v, &e) == PM_OK)
        strcpy(t->text[t->n++], one);
}

static struct tried values(const struct pm_setting *list, size_t k) {
    const struct pm_setting *d = &list[k];
    struct tried t = {0};
    if (d->fallback)
        try(&t, d, d->fallback, strlen(d->fallback));
    for (const char *c = d->choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        try(&t, d, c, strcspn(c, "|"));
    char number[40];
    for (int end = 0; end < 2 && !d->choices; end++) {
        snprintf(number, sizeof number, "%.10g", end ? d->hi : d->lo);
        try(&t, d, number, strlen(number));
    }
    for (size_t j = 0; list[j].name; j++)
        for (const char *c = list[j].when; c && *c; c += strcspn(c, " "), c += strspn(c, " ")) {
            const size_t n = strcspn(c, "=<> ");
            if (strlen(d->name) == n && memcmp(c, d->name, n) == 0 && !d->choices)
                for (const char *v = c + n; *v == '=' || *v == '<' || *v == '>' || *v == '|';
                     v += 1 + strcspn(v + 1, "| "))
                    try(&t, d, v + 1, strcspn(v + 1, "| "));
        }
    return t;
}

/* Whether setting k applies when setting j has value[j]: an evaluation apart from the one under test. `depth`
 * ends conditions that go in a circle. */
static bool applies(const struct pm_setting *list, char value[][40], size_t k, int depth) {
    char copy[256], *alternative = copy;
    assert_true(depth < 10);
    if (!list[k].when)
        return true;
    snprintf(copy, sizeof copy, "%s", list[k].when);
    while (alternative) {
        char *next = strstr(alternative, " or ");
        if (next)
            *next = 0, next += 4;
        bool all = true;
        for (char *save, *t = strtok_r(alternative, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
            char *op = t + strcspn(t, "=<>"), kind = *op;
            *op++ = 0;
            size_t j = 0;
            while (list[j].name && strcmp(list[j].name, t) != 0)
                j++;
            assert_non_null(list[j].name);
            bool holds = (kind == '>' && strtod(value[j], NULL) > strtod(op, NULL)) ||
                         (kind == '<' && strtod(value[j], NULL) < strtod(op, NULL));
            for (char *s2, *a = strtok_r(op, "|", &s2); a && kind == '='; a = strtok_r(NULL, "|", &s2))
                holds |= strcmp(a, value[j]) == 0;
            all = all && holds && applies(list, value, j, depth + 1);
        }
        if (all)
            return true;
        alternative = next;
    }
    return false;
}

static void set(struct pm_settings *s, size_t k, const char *text, bool given) {
    struct pm_error e;
    assert_int_equal(pm_setting_parse(&s->list->setting[k], text, "", &s->value[k], &e), PM_OK);
    s->value[k].given = given && !s->list->setting[k].fact;
}

/* Gives settings a and b every pair of values, with every setting of their conditions, and of those', at each
 * of its values; the check must refuse exactly what does not apply. */
static unsigned pair(const struct pm_setting_list *list, size_t a, size_t b) {
    enum { MOST = 64 };
    const struct pm_setting *d = list->setting;
    struct pm_settings *s = pm_settings_new(list);
    struct tried t[MOST] = {0};
    bool moves[MOST] = {[0] = false};
    char value[MOST][40] = {{0}};
    assert_non_null(s);
    assert_true(s->count <= MOST && strlen(d[0].name) > 0);
    moves[a] = moves[b] = true;
    for (int again = 0; again < 10; again++)
        for (size_t k = 0; k < s->count; k++)
            for (size_t j = 0; moves[k] && j < s->count; j++)
                for (const char *c = d[k].when; c && *c; c += strcspn(c, " "), c += strspn(c, " "))
                    moves[j] |= strlen(d[j].name) == strcspn(c, "=<> ") &&
                                memcmp(c, d[j].name, strlen(d[j].name)) == 0;
    uint64_t combinations = 1;
    for (size_t k = 0; k < s->count; k++) {
        t[k] = values(d, k);
        combinations *= moves[k] ? t[k].n : 1;
        if (d[k].fallback)
            strcpy(value[k], d[k].fallback);
    }
    assert_true(combinations < 1000000);
    for (uint64_t c = 0; c < combinations; c++) {
        uint64_t rest = c;
        for (size_t k = 0; k < s->count; k++) {
            if (!moves[k])
                continue;
            strcpy(value[k], t[k].text[rest % t[k].n]);
            rest /= t[k].n;
            set(s, k, value[k], k == a || k == b);
        }
        struct pm_error e;
        const bool fit = (d[a].fact || applies(d, value, a, 0)) && (d[b].fact || applies(d, value, b, 0));
        const bool taken = pm_settings_check(s, false, &e) == PM_OK;
        if (taken != fit) {
            char *text = effective(s);
            fail_msg("%s=%s and %s=%s with %s are %s", d[a].name, value[a], d[b].name, value[b], text,
                     taken ? "taken" : "refused");
        }
    }
    free(s);
    return (unsigned)combinations;
}

static void every_list(void **state) {
    (void)state;
    unsigned lists = 0, checked = 0;
    for (const struct pm_setting_list *const *l = __start_pm_setting_lists; l < __stop_pm_setting_lists;
         l++) {
        for (size_t a = 0; (*l)->setting[a].name; a++)
            for (size_t b = a; (*l)->setting[b].name; b++)
                checked += pair(*l, a, b);
        lists++;
    }
    print_message("# %u lists, %u combinations\n", lists, checked);
    assert_true(checked > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(loads, setup, teardown),
        cmocka_unit_test_setup_teardown(checks, setup, teardown),
        cmocka_unit_test(every_list),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
