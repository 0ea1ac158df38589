// SPDX-License-Identifier: Apache-2.0
/* The list of results: what is printed is what was added, integers exact. */
#include "io/results.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <cmocka.h>

static struct pm_results *example(void) {
    struct pm_results *r = pm_results_new();
    assert_non_null(r);
    pm_result_text(r, "model", "a \"b\"");
    pm_result_int(r, "accesses", INT64_MAX, "accesses", PM_RESULT_MEASURED);
    pm_result_int(r, "least", INT64_MIN, NULL, PM_RESULT_PLAIN);
    pm_result_real(r, "rate", 0.1, "s", PM_RESULT_DERIVED);
    pm_result_real(r, "nothing", NAN, NULL, PM_RESULT_MEASURED);
    pm_result_list(r, "layers");
    for (int l = 0; l < 2; l++) {
        pm_result_group(r, NULL);
        pm_result_int(r, "clocks", 10 + l, "clocks", PM_RESULT_MEASURED);
        pm_result_ints(r, "sawl", (const uint64_t[]){7, 9007199254740993u}, 2, NULL, PM_RESULT_MEASURED);
        pm_result_end(r);
    }
    pm_result_end(r);
    pm_result_group(r, "config");
    pm_result_end(r);
    pm_result_int(r, "last", 5, NULL, PM_RESULT_PLAIN);
    return r;
}

static void json(void **state) {
    (void)state;
    struct pm_results *r = example();
    char *text = pm_results_json(r, false);
    assert_string_equal(text, "{\"model\":\"a \\\"b\\\"\",\"accesses\":9223372036854775807,"
                              "\"least\":-9223372036854775808,\"rate\":0.1,\"nothing\":null,"
                              "\"layers\":[{\"clocks\":10,\"sawl\":[7,9007199254740993]},"
                              "{\"clocks\":11,\"sawl\":[7,9007199254740993]}],\"config\":{},\"last\":5}");
    free(text);
    text = pm_results_json(r, true);
    assert_non_null(strstr(text, "\n\t\"rate\":\t0.1,\n"));
    assert_non_null(strstr(text, "\"sawl\":\t[7, 9007199254740993]"));
    free(text);
    pm_results_free(r);
}

static void paths(void **state) {
    (void)state;
    static const struct {
        const char *path;
        double v;
    } want[] = {{"rate", 0.1},          {"layers/1/clocks", 11}, {"layers/0/sawl/0", 7}, {"last", 5},
                {"layers", NAN},        {"layers/2", NAN},       {"layers/0/rate", NAN}, {"none", NAN},
                {"config/clocks", NAN}, {"rate/x", NAN},         {"model", NAN},         {"nothing", NAN}};
    struct pm_results *r = example();
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
        const double v = pm_results_number(r, want[k].path);
        if (isnan(want[k].v))
            assert_true(isnan(v));
        else
            assert_memory_equal(&v, &want[k].v, sizeof v);
    }
    pm_results_free(r);
}

/* Each key once, whatever is nested; a setting or a name has none. */
static void units(void **state) {
    (void)state;
    struct pm_results *r = example();
    char *text = pm_results_json(r, true);
    cJSON *root = cJSON_Parse(text), *of = cJSON_GetObjectItem(root, "units");
    char *printed = cJSON_PrintUnformatted(of);
    assert_string_equal(printed, "{\"accesses\":{\"unit\":\"accesses\",\"kind\":\"measured\"},"
                                 "\"rate\":{\"unit\":\"s\",\"kind\":\"derived\"},"
                                 "\"nothing\":{\"kind\":\"measured\"},"
                                 "\"clocks\":{\"unit\":\"clocks\",\"kind\":\"measured\"}}");
    free(printed);
    cJSON_Delete(root);
    free(text);
    pm_results_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(json), cmocka_unit_test(paths),
                                       cmocka_unit_test(units)};
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
