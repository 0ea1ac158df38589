// SPDX-License-Identifier: Apache-2.0
#include "net/ddpg.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- draws: xorshift64*, so that a seed gives the same search everywhere ---- */

static double uniform(uint64_t *rng) {
    *rng ^= *rng >> 12;
    *rng ^= *rng << 25;
    *rng ^= *rng >> 27;
    return (double)((*rng * UINT64_C(0x2545F4914F6CDD1D)) >> 11) * 0x1p-53;
}

/* ---- networks: w1[hidden][in] b1 w2[hidden][hidden] b2 w3[hidden] b3 ---- */

struct parts {
    double *w1, *b1, *w2, *b2, *w3, *b3;
};

static struct parts parts_of(const struct pm_mlp *net, double *p) {
    const size_t h = net->hidden;
    struct parts t = {.w1 = p};
    t.b1 = t.w1 + h * net->in;
    t.w2 = t.b1 + h;
    t.b2 = t.w2 + h * h;
    t.w3 = t.b2 + h;
    t.b3 = t.w3 + h;
    return t;
}

pm_status pm_mlp_new(struct pm_mlp *net, unsigned in, unsigned hidden, bool sigmoid, uint64_t *rng) {
    const size_t h = hidden;
    *net = (struct pm_mlp){
        .in = in, .hidden = hidden, .sigmoid = sigmoid, .size = h * in + h + h * h + h + h + 1};
    net->param = calloc(4 * net->size, sizeof *net->param);
    if (net->param == NULL)
        return PM_ENOMEM;
    net->grad = net->param + net->size;
    net->m = net->grad + net->size;
    net->v = net->m + net->size;
    const struct parts p = parts_of(net, net->param);
    for (size_t i = 0; i < net->size; i++) {
        const double fan_in = i < (size_t)(p.w2 - p.w1) ? in : hidden;
        net->param[i] = (2 * uniform(rng) - 1) / sqrt(fan_in);
    }
    return PM_OK;
}

void pm_mlp_free(struct pm_mlp *net) {
    free(net->param);
    *net = (struct pm_mlp){0};
}

size_t pm_mlp_work(const struct pm_mlp *net, unsigned n) {
    return (size_t)4 * n * net->hidden;
}

/* y[n][out] = relu(x[n][in] w[out][in]^T + b) */
static void layer(unsigned n, unsigned in, unsigned out, const double *x, const double *w, const double *b,
                  double *y) {
    for (size_t i = 0; i < n; i++)
        memcpy(y + i * out, b, out * sizeof *y);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)out, (int)in, 1, x, (int)in, w, (int)in,
                1, y, (int)out);
    for (size_t i = 0; i < (size_t)n * out; i++)
        y[i] = y[i] > 0 ? y[i] : 0;
}

void pm_mlp_forward(const struct pm_mlp *net, unsigned n, const double *x, double *work, double *y) {
    const struct parts p = parts_of(net, net->param);
    const unsigned h = net->hidden;
    double *h1 = work, *h2 = work + (size_t)n * h;
    layer(n, net->in, h, x, p.w1, p.b1, h1);
    layer(n, h, h, h1, p.w2, p.b2, h2);
    for (size_t i = 0; i < n; i++) {
        const double sum = *p.b3 + cblas_ddot((int)h, h2 + i * h, 1, p.w3, 1);
        y[i] = net->sigmoid ? 1 / (1 + exp(-sum)) : sum;
    }
}

/* Of a layer's outputs: dy becomes the gradient before the ReLU; gw = dy^T x, gb = sum dy, dx = dy w. */
static void layer_back(unsigned n, unsigned in, unsigned out, const double *x, const double *w,
                       const double *y, double *dy, double *gw, double *gb, double *dx) {
    memset(gb, 0, out * sizeof *gb);
    for (size_t i = 0; i < (size_t)n * out; i++) {
        dy[i] = y[i] > 0 ? dy[i] : 0;
        gb[i % out] += dy[i];
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)out, (int)in, (int)n, 1, dy, (int)out, x,
                (int)in, 0, gw, (int)in);
    if (dx != NULL)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)in, (int)out, 1, dy, (int)out, w,
                    (int)in, 0, dx, (int)in);
}

void pm_mlp_backward(struct pm_mlp *net, unsigned n, const double *x, double *work, const double *y,
                     const double *dy, double *dx) {
    const struct parts p = parts_of(net, net->param), g = parts_of(net, net->grad);
    const unsigned h = net->hidden;
    const size_t nh = (size_t)n * h;
    double *h1 = work, *h2 = work + nh, *d1 = work + 2 * nh, *d2 = work + 3 * nh;
    *g.b3 = 0;
    memset(g.w3, 0, h * sizeof *g.w3);
    for (size_t i = 0; i < n; i++) {
        const double d = net->sigmoid ? dy[i] * y[i] * (1 - y[i]) : dy[i];
        *g.b3 += d;
        cblas_daxpy((int)h, d, h2 + i * h, 1, g.w3, 1);
        for (unsigned k = 0; k < h; k++)
            d2[i * h + k] = d * p.w3[k];
    }
    layer_back(n, h, h, h1, p.w2, h2, d2, g.w2, g.b2, d1);
    layer_back(n, net->in, h, x, p.w1, h1, d1, g.w1, g.b1, dx);
}

void pm_mlp_step(struct pm_mlp *net, double rate) {
    const double b1 = 0.9, b2 = 0.999;
    net->steps++;
    const double c1 = 1 - pow(b1, (double)net->steps), c2 = 1 - pow(b2, (double)net->steps);
    for (size_t i = 0; i < net->size; i++) {
        net->m[i] += (1 - b1) * (net->grad[i] - net->m[i]);
        net->v[i] += (1 - b2) * (net->grad[i] * net->grad[i] - net->v[i]);
        net->param[i] -= rate * (net->m[i] / c1) / (sqrt(net->v[i] / c2) + 1e-8);
    }
}

/* ---- the agent ---- */

struct pm_ddpg {
    struct pm_ddpg_cfg cfg;
    struct pm_mlp actor, critic, actor_target, critic_target;
    uint64_t rng;
    size_t kept; /* in all; the oldest are overwritten */
    double *state, *next, *action, *reward;
    bool *last;
    double baseline;
    bool has_baseline;
    /* Of a batch. */
    double *s, *sa, *next_sa, *work, *q, *target, *act, *dq, *dsa, *r;
};

static double *doubles(size_t n) {
    return calloc(n, sizeof(double));
}

struct pm_ddpg *pm_ddpg_new(const struct pm_ddpg_cfg *cfg) {
    struct pm_ddpg *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->cfg = *cfg;
    d->rng = cfg->seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    const size_t s = cfg->state, n = cfg->batch, kept = cfg->replay;
    bool ok = pm_mlp_new(&d->actor, cfg->state, cfg->hidden, true, &d->rng) == PM_OK &&
              pm_mlp_new(&d->critic, cfg->state + 1, cfg->hidden, false, &d->rng) == PM_OK &&
              pm_mlp_new(&d->actor_target, cfg->state, cfg->hidden, true, &d->rng) == PM_OK &&
              pm_mlp_new(&d->critic_target, cfg->state + 1, cfg->hidden, false, &d->rng) == PM_OK;
    ok = ok && (d->state = doubles(kept * s)) && (d->next = doubles(kept * s)) &&
         (d->action = doubles(kept)) && (d->reward = doubles(kept)) &&
         (d->last = calloc(kept, sizeof *d->last)) && (d->s = doubles(n * s)) &&
         (d->sa = doubles(n * (s + 1))) && (d->next_sa = doubles(n * (s + 1))) &&
         (d->work = doubles(pm_mlp_work(&d->critic, cfg->batch))) && (d->q = doubles(n)) &&
         (d->target = doubles(n)) && (d->act = doubles(n)) && (d->dq = doubles(n)) &&
         (d->dsa = doubles(n * (s + 1))) && (d->r = doubles(n));
    if (!ok) {
        pm_ddpg_free(d);
        return NULL;
    }
    memcpy(d->actor_target.param, d->actor.param, d->actor.size * sizeof(double));
    memcpy(d->critic_target.param, d->critic.param, d->critic.size * sizeof(double));
    return d;
}

void pm_ddpg_free(struct pm_ddpg *d) {
    if (d == NULL)
        return;
    pm_mlp_free(&d->actor);
    pm_mlp_free(&d->critic);
    pm_mlp_free(&d->actor_target);
    pm_mlp_free(&d->critic_target);
    double *all[] = {d->state, d->next, d->action, d->reward, d->s,  d->sa,  d->next_sa,
                     d->work,  d->q,    d->target, d->act,    d->dq, d->dsa, d->r};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(d->last);
    free(d);
}

double pm_ddpg_act(struct pm_ddpg *d, const double *state) {
    double y;
    pm_mlp_forward(&d->actor, 1, state, d->work, &y);
    return y;
}

double pm_ddpg_uniform(struct pm_ddpg *d) {
    return uniform(&d->rng);
}

double pm_ddpg_truncated(struct pm_ddpg *d, double mean, double deviation) {
    for (;;) {
        const double radius = sqrt(-2 * log(uniform(&d->rng) + 0x1p-54));
        const double x = mean + deviation * radius * cos(6.283185307179586 * uniform(&d->rng));
        if (x >= 0 && x <= 1)
            return x;
    }
}

void pm_ddpg_keep(struct pm_ddpg *d, const double *state, double action, double reward, const double *next,
                  bool last) {
    const size_t s = d->cfg.state, at = d->kept++ % d->cfg.replay;
    memcpy(d->state + at * s, state, s * sizeof *state);
    if (!last)
        memcpy(d->next + at * s, next, s * sizeof *next);
    d->action[at] = action;
    d->reward[at] = reward;
    d->last[at] = last;
}

static void join(const double *s, const double *a, unsigned n, unsigned width, double *sa) {
    for (size_t i = 0; i < n; i++) {
        memcpy(sa + i * (width + 1), s + i * width, width * sizeof *s);
        sa[i * (width + 1) + width] = a[i];
    }
}

static void follow(const struct pm_mlp *net, double tau, struct pm_mlp *target) {
    for (size_t i = 0; i < net->size; i++)
        target->param[i] += tau * (net->param[i] - target->param[i]);
}

/* target[n] = r + Q'(s', mu'(s')); the drawn transitions are in s, act, r and next_sa. */
static void draw_batch(struct pm_ddpg *d) {
    const unsigned n = d->cfg.batch, w = d->cfg.state;
    const size_t there = d->kept < d->cfg.replay ? d->kept : d->cfg.replay;
    double *next = d->dsa; /* not in use yet */
    bool last[n];
    double mean = 0;
    for (unsigned i = 0; i < n; i++) {
        const size_t at = (size_t)(uniform(&d->rng) * (double)there);
        memcpy(d->s + (size_t)i * w, d->state + at * w, w * sizeof *d->s);
        memcpy(next + (size_t)i * w, d->next + at * w, w * sizeof *next);
        d->act[i] = d->action[at];
        d->r[i] = d->reward[at];
        last[i] = d->last[at];
        mean += d->r[i] / n;
    }
    d->baseline = d->has_baseline ? d->cfg.average * d->baseline + (1 - d->cfg.average) * mean : mean;
    d->has_baseline = true;
    pm_mlp_forward(&d->actor_target, n, next, d->work, d->q);
    join(next, d->q, n, w, d->next_sa);
    pm_mlp_forward(&d->critic_target, n, d->next_sa, d->work, d->q);
    for (unsigned i = 0; i < n; i++)
        d->target[i] = d->r[i] - d->baseline + (last[i] ? 0 : d->q[i]);
}

void pm_ddpg_update(struct pm_ddpg *d) {
    const unsigned n = d->cfg.batch, w = d->cfg.state;
    draw_batch(d);
    join(d->s, d->act, n, w, d->sa);
    pm_mlp_forward(&d->critic, n, d->sa, d->work, d->q);
    for (unsigned i = 0; i < n; i++)
        d->dq[i] = 2 * (d->q[i] - d->target[i]) / n;
    pm_mlp_backward(&d->critic, n, d->sa, d->work, d->q, d->dq, NULL);
    pm_mlp_step(&d->critic, d->cfg.critic);
    /* Up the critic's slope by the action. */
    pm_mlp_forward(&d->actor, n, d->s, d->work, d->act);
    join(d->s, d->act, n, w, d->sa);
    pm_mlp_forward(&d->critic, n, d->sa, d->work, d->q);
    for (unsigned i = 0; i < n; i++)
        d->dq[i] = -1.0 / n;
    pm_mlp_backward(&d->critic, n, d->sa, d->work, d->q, d->dq, d->dsa);
    for (unsigned i = 0; i < n; i++)
        d->dq[i] = d->dsa[(size_t)i * (w + 1) + w];
    pm_mlp_forward(&d->actor, n, d->s, d->work, d->act);
    pm_mlp_backward(&d->actor, n, d->s, d->work, d->act, d->dq, NULL);
    pm_mlp_step(&d->actor, d->cfg.actor);
    follow(&d->actor, d->cfg.tau, &d->actor_target);
    follow(&d->critic, d->cfg.tau, &d->critic_target);
}
