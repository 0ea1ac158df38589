// SPDX-License-Identifier: Apache-2.0
/* The catalogue: every op's declaration holds together, and its golden model computes every sample. */
#include "op_job.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void declarations(void **state) {
    (void)state;
    const struct pm_op *op;
    size_t k = 0;
    for (; (op = pm_op_at(k)) != NULL; k++) {
        if (!op->block || !op->summary || !op->driver != !op->model || !op->golden || !op->driver != !op->rtl ||
            !op->set.setting || !op->in[0].name || !op->out[0].name || !op->sample[0].name)
            fail_msg("%s lacks something", op->name);
        assert_ptr_equal(pm_op_named(op->name), op);
        for (const struct pm_op_output *d = op->out; d->name; d++)
            assert_true(strlen(d->dims) > 0 && strchr(d->dims + 1, '*') == NULL);
        const bool drawn = pm_op_sample_named(op, "timing") != NULL;
        if (drawn != (op->timing.signals != NULL))
            fail_msg("%s has a diagram without sample, or a sample `timing` without diagram", op->name);
    }
    assert_true(k > 0);
}

/* Every letter of the inputs has a size in every sample, and every name in `in` is an input. */
static void check_sample(const struct pm_op *op, const struct pm_op_sample *s) {
    for (const struct pm_op_input *d = op->in; d->name; d++)
        for (const char *c = d->dims; *c; c++)
            if (isalpha((unsigned char)*c) && pm_op_sample_dim(s, *c) == 0)
                fail_msg("%s, sample %s: no size of %c", op->name, s->name, *c);
    for (const char *at = s->in; at && *at; at += strcspn(at, " "), at += strspn(at, " ")) {
        const struct pm_op_input *d = op->in;
        while (d->name && (strlen(d->name) != strcspn(at, ":=") || memcmp(d->name, at, strlen(d->name)) != 0))
            d++;
        if (!d->name)
            fail_msg("%s, sample %s: no input %s", op->name, s->name, at);
    }
}

static void samples(void **state) {
    (void)state;
    const struct pm_op *op;
    for (size_t k = 0; (op = pm_op_at(k)) != NULL; k++)
        for (const struct pm_op_sample *s = op->sample; s->name; s++) {
            struct pm_op_job *job = calloc(1, sizeof *job);
            struct pm_tensor out[PM_OP_OUTPUTS];
            assert_non_null(job);
            check_sample(op, s);
            job->golden = true;
            job->rtl = op->driver != NULL;
            job->sample = s;
            if (pm_op_begin(job, op) != PM_OK || pm_op_sample_settings(job) != PM_OK ||
                pm_op_load(job) != PM_OK || pm_op_run(job, false, out) != PM_OK)
                fail_msg("%s, sample %s: %s", op->name, s->name, job->error.text);
            for (size_t o = 0; op->out[o].name; o++)
                assert_non_null(out[o].data);
            pm_op_free_outputs(out);
            pm_op_free(job);
            free(job);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(declarations), cmocka_unit_test(samples)};
    return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
