// SPDX-License-Identifier: Apache-2.0
/* Method ddpg of `perimeter search`: an agent that gives bits layer by layer (docs/numerics.md, "Bit-width
 * search"). */
#include "net/ddpg.h"
#include "search_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_EPISODES = 21, STATE = 10 };

/* Features of the layers, each over its range: kind, sizes, place; then the last bits, and which comes next.
 */
static void make_states(const struct pm_search_job *c, double (*state)[STATE]) {
    const struct pm_graph *g = c->s.run.network.graph;
    const struct pm_policy *p = &c->s.policy;
    for (unsigned i = 0; i < p->layers; i++) {
        const struct pm_xbar_layer *l = &p->layer[i].shape;
        const struct pm_node *node = &g->node[p->layer[i].node];
        const struct pm_node *before = node->in[0] != PM_NO_NODE ? &g->node[node->in[0]] : node;
        const bool windows = before->kind == PM_NODE_UNFOLD;
        const double kind = windows ? 2 : p->layer[i].what != PM_POLICY_MATRIX;
        const double raw[STATE - 2] = {kind,
                                       (double)l->k,
                                       (double)l->outputs,
                                       windows ? before->window.stride : 1,
                                       windows ? before->window.kernel : 1,
                                       (double)(l->k * l->outputs),
                                       (double)(l->k * l->vectors),
                                       i};
        memcpy(state[i], raw, sizeof raw);
    }
    for (unsigned k = 0; k < STATE - 2; k++) {
        double low = INFINITY, high = -INFINITY;
        for (unsigned i = 0; i < p->layers; i++) {
            low = fmin(low, state[i][k]);
            high = fmax(high, state[i][k]);
        }
        for (unsigned i = 0; i < p->layers; i++)
            state[i][k] = high > low ? (state[i][k] - low) / (high - low) : 0;
    }
}

/* One policy: a step for each layer's weight, one for its input. */
static pm_status episode(struct pm_search_job *c, struct pm_ddpg *d, unsigned number,
                         double (*of_layer)[STATE]) {
    struct pm_policy *p = &c->s.policy;
    const unsigned steps = 2 * p->layers;
    double state[2 * PM_PLAN_ENTRIES + 1][STATE], action[2 * PM_PLAN_ENTRIES];
    unsigned last = 8;
    size_t seen;
    for (unsigned t = 0; t < steps; t++) {
        memcpy(state[t], of_layer[t / 2], sizeof state[t]);
        state[t][STATE - 2] = last / 8.0;
        state[t][STATE - 1] = t % 2 == 0;
        action[t] = number < RANDOM_EPISODES
                        ? pm_ddpg_uniform(d)
                        : pm_ddpg_truncated(d, pm_ddpg_act(d, state[t]),
                                            0.5 * pow(0.99, (double)number - (RANDOM_EPISODES - 1)));
        last = t % 2 == 0 ? pm_search_weight_bits(c, action[t]) : pm_search_input_bits(action[t]);
        *(t % 2 == 0 ? &p->layer[t / 2].w : &p->layer[t / 2].a) = last;
    }
    pm_search_set_ends(c);
    const pm_status status = pm_search_see(&c->s, &seen);
    if (status != PM_OK)
        return status;
    pm_search_tried(c, seen);
    for (unsigned t = 0; t < steps; t++) {
        pm_ddpg_keep(d, state[t], action[t], pm_search_reward(c, seen), state[t + 1], t + 1 == steps);
        if (number >= RANDOM_EPISODES)
            pm_ddpg_update(d);
    }
    return PM_OK;
}

pm_status pm_search_learn(struct pm_search_job *c) {
    const unsigned layers = c->s.policy.layers;
    const struct pm_ddpg_cfg cfg = {.state = STATE,
                                    .hidden = 300,
                                    .batch = 64,
                                    .replay = 128 * layers,
                                    .actor = 1e-4,
                                    .critic = 1e-3,
                                    .tau = 0.01,
                                    .average = 0.5,
                                    .seed = c->seed};
    struct pm_ddpg *d = pm_ddpg_new(&cfg);
    double(*state)[STATE] = calloc(layers, sizeof *state);
    pm_status status = d && state ? PM_OK : pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    if (status == PM_OK)
        make_states(c, state);
    for (unsigned e = 0; e < c->episodes - c->descent && status == PM_OK; e++)
        status = episode(c, d, e, state);
    pm_ddpg_free(d);
    free(state);
    return status;
}
