// SPDX-License-Identifier: Apache-2.0
/* Deep deterministic policy gradient (Lillicrap et al., arXiv 1509.02971) for one action in 0..1: an actor
 * and a critic of two hidden layers of ReLU, targets that follow, a replay buffer, Adam; all in double on
 * BLAS. */
#ifndef PM_NET_DDPG_H
#define PM_NET_DDPG_H

#include "pm_types.h"

/** A network in -> hidden -> hidden -> 1. */
struct pm_mlp {
    unsigned in, hidden;
    bool sigmoid;                 /**< of the output */
    size_t size;                  /**< parameters */
    double *param, *grad, *m, *v; /**< [size]; m, v: Adam's */
    uint64_t steps;               /**< Adam's */
};

/** Uniform weights of +-1/sqrt(fan-in), from *rng, which moves on. PM_ENOMEM. */
pm_status pm_mlp_new(struct pm_mlp *net, unsigned in, unsigned hidden, bool sigmoid, uint64_t *rng);
void pm_mlp_free(struct pm_mlp *net);
/** y[n] of x[n][in]; work: pm_mlp_work(net, n) doubles, which pm_mlp_backward() takes. */
void pm_mlp_forward(const struct pm_mlp *net, unsigned n, const double *x, double *work, double *y);
size_t pm_mlp_work(const struct pm_mlp *net, unsigned n);
/** Sets net->grad to the gradients of sum dy[n] y[n], and, where dx is not NULL, dx[n][in]. x, work and y as
 * of the last pm_mlp_forward(). */
void pm_mlp_backward(struct pm_mlp *net, unsigned n, const double *x, double *work, const double *y,
                     const double *dy, double *dx);
/** One step of Adam down net->grad. */
void pm_mlp_step(struct pm_mlp *net, double rate);

struct pm_ddpg;

struct pm_ddpg_cfg {
    unsigned state;            /**< numbers of a state */
    unsigned hidden;           /**< 300 */
    unsigned batch;            /**< 64 */
    unsigned replay;           /**< transitions kept */
    double actor, critic, tau; /**< rates: 1e-4, 1e-3, .01 */
    double average;            /**< of rewards, moving: .5 */
    uint64_t seed;
};

/** NULL: out of memory. */
struct pm_ddpg *pm_ddpg_new(const struct pm_ddpg_cfg *cfg);
void pm_ddpg_free(struct pm_ddpg *d);
/** The actor's action. */
double pm_ddpg_act(struct pm_ddpg *d, const double *state);
/** Uniform in 0..1, and around `mean` with this deviation, drawn anew until within 0..1. */
double pm_ddpg_uniform(struct pm_ddpg *d);
double pm_ddpg_truncated(struct pm_ddpg *d, double mean, double deviation);
/** Keeps a transition; `last`: `next` is not looked at. */
void pm_ddpg_keep(struct pm_ddpg *d, const double *state, double action, double reward, const double *next,
                  bool last);
/** One update of both networks from a batch of those kept; discount 1, rewards less their moving average. */
void pm_ddpg_update(struct pm_ddpg *d);

#endif
