// SPDX-License-Identifier: Apache-2.0
#include "net/ddpg.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IN = 4, HIDDEN = 7, N = 5 };

/* sum of c[i] y[i] at these parameters and inputs. */
static double value(const struct pm_mlp *net, const double *x, const double *c) {
    double y[N], sum = 0, *work = malloc(pm_mlp_work(net, N) * sizeof *work);
    pm_mlp_forward(net, N, x, work, y);
    for (int i = 0; i < N; i++)
        sum += c[i] * y[i];
    free(work);
    return sum;
}

/* Gradients by parameters and inputs against differences in both directions. */
static void gradients(void **state) {
    (void)state;
    for (int sigmoid = 0; sigmoid < 2; sigmoid++) {
        uint64_t rng = 7;
        struct pm_mlp net;
        double x[N * IN], c[N], y[N], dx[N * IN];
        assert_int_equal(pm_mlp_new(&net, IN, HIDDEN, sigmoid, &rng), PM_OK);
        for (int i = 0; i < N * IN; i++)
            x[i] = sin(3.1 * i + 1);
        for (int i = 0; i < N; i++)
            c[i] = cos(1.7 * i);
        double *work = malloc(pm_mlp_work(&net, N) * sizeof *work);
        pm_mlp_forward(&net, N, x, work, y);
        pm_mlp_backward(&net, N, x, work, y, c, dx);
        unsigned moved = 0;
        for (size_t i = 0; i < net.size + N * IN; i++) {
            double *at = i < net.size ? &net.param[i] : &x[i - net.size];
            const double was = *at, step = 1e-6, got = i < net.size ? net.grad[i] : dx[i - net.size];
            *at = was + step;
            const double above = value(&net, x, c);
            *at = was - step;
            const double below = value(&net, x, c);
            *at = was;
            assert_true(fabs((above - below) / (2 * step) - got) < 1e-7);
            moved += got != 0;
        }
        assert_true(moved > net.size / 2);
        free(work);
        pm_mlp_free(&net);
    }
}

/* Adam's first step is the rate, against the gradient's sign. */
static void first_step(void **state) {
    (void)state;
    uint64_t rng = 3;
    struct pm_mlp net;
    assert_int_equal(pm_mlp_new(&net, IN, HIDDEN, false, &rng), PM_OK);
    double before[2] = {net.param[0], net.param[1]};
    memset(net.grad, 0, net.size * sizeof *net.grad);
    net.grad[0] = 5;
    net.grad[1] = -0.25;
    pm_mlp_step(&net, 0.01);
    assert_true(fabs(before[0] - net.param[0] - 0.01) < 1e-9 && fabs(net.param[1] - before[1] - 0.01) < 1e-9);
    pm_mlp_free(&net);
}

/* Rewards of -(action - wanted(state))^2: the actor learns what is wanted, for every seed. */
static void learns(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const struct pm_ddpg_cfg cfg = {.state = 2,
                                        .hidden = 40,
                                        .batch = 64,
                                        .replay = 2000,
                                        .actor = 1e-3,
                                        .critic = 1e-2,
                                        .tau = 0.01,
                                        .average = 0.5,
                                        .seed = seed};
        struct pm_ddpg *d = pm_ddpg_new(&cfg);
        double worst = 0;
        for (int i = 0; i < 4000; i++) {
            const double s[2] = {i % 2, 1};
            const double wanted = i % 2 ? 0.8 : 0.3;
            const double a = i < 500 ? pm_ddpg_uniform(d) : pm_ddpg_truncated(d, pm_ddpg_act(d, s), 0.1);
            assert_true(a >= 0 && a <= 1);
            pm_ddpg_keep(d, s, a, -10 * (a - wanted) * (a - wanted), s, true);
            if (i >= 200)
                pm_ddpg_update(d);
        }
        for (int i = 0; i < 2; i++) {
            const double off = fabs(pm_ddpg_act(d, (const double[]){i, 1}) - (i ? 0.8 : 0.3));
            worst = off > worst ? off : worst;
        }
        print_message("# seed %d: within %.3f\n", (int)seed, worst);
        assert_true(worst < 0.08);
        pm_ddpg_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients), cmocka_unit_test(first_step),
                                       cmocka_unit_test(learns)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
