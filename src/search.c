// SPDX-License-Identifier: Apache-2.0
/* `perimeter search`: bits of weights and inputs for every matrix on crossbars, so that an inference takes
 * the least time within a loss of accuracy (Pelke et al., arXiv 2601.21737; docs/numerics.md, "Bit-width
 * search"). */
#include "commands.h"
#include "io/choice.h"
#include "net/ddpg.h"
#include "search_seen.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <nlopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum method { EXHAUSTIVE, ESCH, DDPG, SINGLE };
static const char *const methods[] = {"exhaustive", "esch", "ddpg", "single"};
enum { FREE_LAYERS = 3 /* that can all be tried */, ACTIVATIONS = 7, RANDOM_EPISODES = 21, STATE = 10 };

struct command {
    struct pm_search s;
    enum method method;
    double drop;                /* points of accuracy */
    unsigned episodes, descent; /* candidates in all, and the last of them, of the descent */
    uint64_t seed;
    const char *output;
    unsigned weight[7], weights;  /* bits that a weight may have */
    size_t eight, four;           /* numbers of the policy of 8/8, and of that of 4/4 */
    size_t uniform, alone, found; /* of the best of one number of bits, that the method tried, and in all */
    double target;                /* accuracy, % */
    time_t begun;
    unsigned done, all; /* candidates */
    pm_status status;   /* inside NLopt */
};

static double accuracy(const struct command *c, size_t number) {
    return 100.0 * c->s.seen[number].correct / c->s.images;
}

static double speedup(const struct command *c, size_t number) {
    return (double)c->s.seen[c->eight].time / (double)c->s.seen[number].time;
}

static double reward_of(const struct command *c, int64_t time, double acc) {
    const double r = (double)time / (double)c->s.seen[c->eight].time;
    return acc < c->target ? -10 * (c->target - acc) : 100 * (1 / r - 1) + 0.1 * (acc - c->target);
}

static double reward(const struct command *c, size_t number) {
    return reward_of(c, c->s.seen[number].time, accuracy(c, number));
}

static unsigned weight_bits(const struct command *c, double action) {
    const unsigned k = (unsigned)(c->weights * fabs(action));
    return c->weight[k < c->weights ? k : c->weights - 1];
}

static unsigned input_bits(double action) {
    return (unsigned)rint(7 * action + 1.5);
}

static void set_ends(struct command *c) {
    struct pm_policy *p = &c->s.policy;
    p->layer[0].w = p->layer[0].a = 8;
    p->layer[p->layers - 1].w = p->layer[p->layers - 1].a = 8;
}

static bool tells(const struct command *c) {
    return c->s.rank == 0 && isatty(STDERR_FILENO);
}

/* Policy `number` was tried: told on a terminal. */
static void tried(struct command *c, size_t number) {
    if (c->done == 0 || reward(c, number) > reward(c, c->found))
        c->found = number;
    c->s.seen[number].tried = true;
    c->done++;
    if (!tells(c))
        return;
    const double spent = difftime(time(NULL), c->begun);
    fprintf(stderr, "\r\033[K%s: %u of %u, %zu policies, %.0f s left", methods[c->method], c->done, c->all,
            c->s.count, spent / c->done * (c->all - c->done));
    fflush(stderr);
}

/* ---- methods ---- */

/* Policy `code` of the inner layers, a digit each. */
static void set_code(struct command *c, uint32_t code) {
    struct pm_policy *p = &c->s.policy;
    const unsigned per_layer = c->weights * ACTIVATIONS;
    for (unsigned i = 1; i + 1 < p->layers; i++, code /= per_layer) {
        p->layer[i].w = c->weight[code % c->weights];
        p->layer[i].a = 2 + code % per_layer / c->weights;
    }
    set_ends(c);
}

struct coded {
    int64_t time;
    uint32_t code;
};

static int sooner_first(const void *a, const void *b) {
    const struct coded *x = a, *y = b;
    return x->time != y->time ? (x->time > y->time) - (x->time < y->time)
                              : (x->code > y->code) - (x->code < y->code);
}

/* From the fastest on, until what is left could not be better if every image were right: the best of all. */
static pm_status try_all(struct command *c) {
    const unsigned inner = c->s.policy.layers - 2;
    pm_status status = PM_OK;
    if (inner > FREE_LAYERS)
        return pm_fail(&c->s.run.error, PM_EINVAL, "--method",
                       "exhaustive is for at most %d free layers, here are %u", FREE_LAYERS, inner);
    c->all = 1;
    for (unsigned i = 0; i < inner; i++)
        c->all *= c->weights * ACTIVATIONS;
    struct coded *of = malloc(c->all * sizeof *of);
    if (!of)
        return pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    for (unsigned i = 0; i < c->all; i++) {
        set_code(c, i);
        of[i] = (struct coded){pm_policy_time(&c->s.policy, &c->s.chip), i};
    }
    qsort(of, c->all, sizeof *of, sooner_first);
    for (unsigned i = 0; i < c->all && status == PM_OK; i++) {
        size_t number;
        if (c->done > 0 && reward_of(c, of[i].time, 100) <= reward(c, c->found))
            break;
        set_code(c, of[i].code);
        status = pm_search_see(&c->s, &number);
        if (status == PM_OK)
            tried(c, number);
    }
    free(of);
    return status;
}

/* Every layer alone, the ends too, at the least bits of weights, then of inputs: a line of what each costs.
 */
static pm_status try_single(struct command *c) {
    struct pm_policy *p = &c->s.policy;
    const unsigned least = c->s.seen[c->four].bits[2];
    pm_status status = PM_OK;
    c->all = 2 * p->layers;
    if (c->s.rank == 0)
        printf("layer             w=%u: speedup, points  a=%u: speedup, points\n", least, least);
    for (unsigned i = 0; i < p->layers && status == PM_OK; i++) {
        size_t number[2];
        for (unsigned k = 0; k < 2 && status == PM_OK; k++) {
            for (unsigned j = 0; j < p->layers; j++)
                p->layer[j].w = p->layer[j].a = 8;
            *(k == 0 ? &p->layer[i].w : &p->layer[i].a) = least;
            status = pm_search_see(&c->s, &number[k]);
            if (status == PM_OK)
                tried(c, number[k]);
        }
        if (status == PM_OK && c->s.rank == 0)
            printf("%-16s %9.4f %+7.2f %13.4f %+7.2f\n", p->layer[i].name, speedup(c, number[0]),
                   accuracy(c, number[0]) - accuracy(c, c->eight), speedup(c, number[1]),
                   accuracy(c, number[1]) - accuracy(c, c->eight));
    }
    return status;
}

static double of_point(unsigned n, const double *x, double *slope, void *data) {
    struct command *c = data;
    struct pm_policy *p = &c->s.policy;
    size_t number;
    (void)slope;
    if (c->status != PM_OK)
        return 0;
    for (unsigned i = 0; i < n / 2; i++) {
        p->layer[1 + i].w = weight_bits(c, x[2 * i]);
        p->layer[1 + i].a = input_bits(x[2 * i + 1]);
    }
    set_ends(c);
    c->status = pm_search_see(&c->s, &number);
    if (c->status != PM_OK)
        return 0;
    tried(c, number);
    return reward(c, number);
}

/* The best uniform policy as a point. */
static void begin_at(const struct command *c, double *x) {
    const uint8_t *bits = c->s.seen[c->uniform].bits + 2;
    for (unsigned i = 0; i < c->s.policy.layers - 2; i++) {
        unsigned k = 0;
        while (c->weight[k] != bits[2 * i])
            k++;
        x[2 * i] = (k + 0.5) / c->weights;
        x[2 * i + 1] = (bits[2 * i + 1] - 1.5) / 7;
    }
}

static pm_status evolve(struct command *c) {
    const unsigned n = 2 * (c->s.policy.layers - 2);
    double *x = malloc(n * sizeof *x), best;
    nlopt_opt opt = nlopt_create(NLOPT_GN_ESCH, n);
    c->status = PM_OK;
    if (x && opt) {
        begin_at(c, x);
        nlopt_srand((unsigned long)c->seed);
        nlopt_set_lower_bounds1(opt, 0);
        nlopt_set_upper_bounds1(opt, 1);
        nlopt_set_maxeval(opt, (int)(c->episodes - c->descent));
        nlopt_set_max_objective(opt, of_point, c);
        nlopt_optimize(opt, x, &best);
    } else {
        c->status = pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    }
    nlopt_destroy(opt);
    free(x);
    return c->status;
}

/* Features of the layers, each over its range: kind, sizes, place; then the last bits, and which comes next.
 */
static void make_states(const struct command *c, double (*state)[STATE]) {
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
static pm_status episode(struct command *c, struct pm_ddpg *d, unsigned number, double (*of_layer)[STATE]) {
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
        last = t % 2 == 0 ? weight_bits(c, action[t]) : input_bits(action[t]);
        *(t % 2 == 0 ? &p->layer[t / 2].w : &p->layer[t / 2].a) = last;
    }
    set_ends(c);
    const pm_status status = pm_search_see(&c->s, &seen);
    if (status != PM_OK)
        return status;
    tried(c, seen);
    for (unsigned t = 0; t < steps; t++) {
        pm_ddpg_keep(d, state[t], action[t], reward(c, seen), state[t + 1], t + 1 == steps);
        if (number >= RANDOM_EPISODES)
            pm_ddpg_update(d);
    }
    return PM_OK;
}

static pm_status learn(struct command *c) {
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

/* ---- descent ---- */

static void set_policy(struct command *c, size_t number) {
    for (unsigned i = 0; i < c->s.policy.layers; i++) {
        c->s.policy.layer[i].w = c->s.seen[number].bits[2 * i];
        c->s.policy.layer[i].a = c->s.seen[number].bits[2 * i + 1];
    }
}

/* One or two layers with other bits. */
struct change {
    uint8_t layer[2], w[2], a[2]; /* twice the same where it is one */
    bool doubtful;                /* one tried with no fewer bits in any layer misses the target */
    unsigned steps;               /* between its bits and those that are */
    int64_t gain;                 /* of time */
};

static unsigned steps_between(const struct command *c, const struct pm_policy_layer *l, unsigned w,
                              unsigned a) {
    return (unsigned)(abs((int)l->w - (int)w) / (int)c->s.chip.cell + abs((int)l->a - (int)a));
}

static int64_t time_of(const struct command *c, const struct pm_policy_layer *l, unsigned w, unsigned a) {
    int64_t t = 0, tiles;
    pm_xbar_cost(&c->s.chip, &l->shape, w, a, &t, &tiles);
    return t;
}

/* What may miss the target last; the fewest steps first, of these the largest gain; then in the order of
 * layers and bits. */
static int nearest_first(const void *a, const void *b) {
    const struct change *x = a, *y = b;
    if (x->doubtful != y->doubtful)
        return x->doubtful ? 1 : -1;
    if (x->steps != y->steps)
        return x->steps < y->steps ? -1 : 1;
    return x->gain != y->gain ? (x->gain < y->gain ? 1 : -1)
                              : memcmp(x, y, offsetof(struct change, doubtful));
}

/* All changes of single layers, which may be slower; NULL: out of memory. */
static struct change *single_changes(const struct command *c, size_t *n) {
    const struct pm_policy *p = &c->s.policy;
    struct change *of = calloc((size_t)p->layers * c->weights * ACTIVATIONS, sizeof *of);
    *n = 0;
    for (unsigned i = 1; of && i + 1 < p->layers; i++)
        for (unsigned k = 0; k < c->weights; k++)
            for (unsigned a = 2; a <= 8; a++) {
                const struct pm_policy_layer *l = &p->layer[i];
                const uint8_t layer = (uint8_t)i, w = (uint8_t)c->weight[k], bits = (uint8_t)a;
                const unsigned steps = steps_between(c, l, w, a);
                if (steps > 0)
                    of[(*n)++] = (struct change){.layer = {layer, layer},
                                                 .w = {w, w},
                                                 .a = {bits, bits},
                                                 .steps = steps,
                                                 .gain = time_of(c, l, l->w, l->a) - time_of(c, l, w, a)};
            }
    return of;
}

/* Those of one or two layers that save time. */
static struct change *faster_changes(const struct command *c, size_t *n) {
    size_t singles;
    struct change *single = single_changes(c, &singles), *of = NULL;
    *n = 0;
    if (single)
        of = malloc((singles * singles / 2 + singles + 1) * sizeof *of);
    for (size_t i = 0; of && i < singles; i++) {
        if (single[i].gain > 0)
            of[(*n)++] = single[i];
        for (size_t j = i + 1; j < singles; j++) {
            const struct change *x = &single[i], *y = &single[j];
            if (x->layer[0] != y->layer[0] && x->gain + y->gain > 0)
                of[(*n)++] = (struct change){.layer = {x->layer[0], y->layer[0]},
                                             .w = {x->w[0], y->w[0]},
                                             .a = {x->a[0], y->a[0]},
                                             .steps = x->steps + y->steps,
                                             .gain = x->gain + y->gain};
        }
    }
    free(single);
    return of;
}

static void make(struct command *c, const struct change *change, size_t of) {
    set_policy(c, of);
    for (unsigned k = 0; k < 2; k++) {
        c->s.policy.layer[change->layer[k]].w = change->w[k];
        c->s.policy.layer[change->layer[k]].a = change->a[k];
    }
}

/* What a policy that was tried says of s.policy: it is the same; it has no fewer bits in any layer and misses
 * the target nevertheless. */
static void compare(const struct command *c, size_t number, bool *same, bool *doubtful) {
    const struct pm_policy *p = &c->s.policy;
    const uint8_t *bits = c->s.seen[number].bits;
    bool equal = true, above = accuracy(c, number) < c->target;
    for (unsigned k = 0; k < p->layers && (equal || above); k++) {
        equal = equal && bits[2 * k] == p->layer[k].w && bits[2 * k + 1] == p->layer[k].a;
        above = above && bits[2 * k] >= p->layer[k].w && bits[2 * k + 1] >= p->layer[k].a;
    }
    *same = *same || equal;
    *doubtful = *doubtful || above;
}

/* Leaves out those that are tried policies, and tells which are doubtful, by the policies from `first` on. */
static void look_at(struct command *c, struct change *of, size_t *n, size_t best, size_t first, size_t end) {
    size_t left = 0;
    for (size_t i = 0; i < *n; i++) {
        bool same = false;
        make(c, &of[i], best);
        for (size_t number = first; number < end && !same; number++)
            if (c->s.seen[number].tried)
                compare(c, number, &same, &of[i].doubtful);
        of[left] = of[i];
        left += !same;
    }
    *n = left;
}

static const struct change *nearest(const struct change *of, size_t n) {
    const struct change *first = of;
    for (size_t i = 1; i < n; i++)
        if (nearest_first(&of[i], first) < 0)
            first = &of[i];
    return first;
}

/* Tries changes of the best policy until one is better, or says that none is. */
static pm_status move(struct command *c, bool *moved) {
    size_t n, number;
    const size_t best = c->found;
    pm_status status = PM_OK;
    set_policy(c, best);
    struct change *of = faster_changes(c, &n);
    *moved = false;
    if (!of)
        return pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    look_at(c, of, &n, best, 0, c->s.count);
    while (n > 0 && c->done < c->episodes && !*moved && status == PM_OK) {
        make(c, nearest(of, n), best);
        status = pm_search_see(&c->s, &number);
        if (status != PM_OK)
            break;
        tried(c, number);
        look_at(c, of, &n, best, number, number + 1);
        *moved = c->found != best;
    }
    free(of);
    return status;
}

/* From the best policy that was tried, uniform ones too: one or two layers at a time, never slower. */
static pm_status descend(struct command *c) {
    pm_status status = PM_OK;
    c->alone = c->found;
    if (reward(c, c->uniform) > reward(c, c->found))
        c->found = c->uniform;
    for (bool moved = true; moved && status == PM_OK && c->done < c->episodes;)
        status = move(c, &moved);
    return status;
}

/* ---- the report ---- */

static size_t best_of(const struct command *c) {
    size_t best = c->eight;
    for (size_t i = 0; i < c->s.count; i++)
        if (reward(c, i) > reward(c, best))
            best = i;
    return best;
}

static void print_policy(const struct command *c, const char *what, size_t number) {
    printf("%-28s %8.3fx %8.2f %% %+7.2f points\n", what, speedup(c, number), accuracy(c, number),
           accuracy(c, number) - accuracy(c, c->eight));
}

static int faster_first(const void *a, const void *b) {
    const struct pm_seen *x = *(const struct pm_seen *const *)a, *y = *(const struct pm_seen *const *)b;
    return x->time != y->time ? (x->time > y->time) - (x->time < y->time)
                              : (x->correct < y->correct) - (x->correct > y->correct);
}

/* Those that no other beats in both time and accuracy, from the fastest. */
static pm_status print_front(struct command *c) {
    const struct pm_seen **by_time = malloc(c->s.count * sizeof *by_time);
    if (!by_time)
        return pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    for (size_t i = 0; i < c->s.count; i++)
        by_time[i] = &c->s.seen[i];
    qsort(by_time, c->s.count, sizeof *by_time, faster_first);
    printf("Front of all %zu policies seen:\n", c->s.count);
    for (size_t i = 0, best = 0; i < c->s.count; i++)
        if (i == 0 || by_time[i]->correct > best) {
            print_policy(c, "", (size_t)(by_time[i] - c->s.seen));
            best = by_time[i]->correct;
        }
    free(by_time);
    return PM_OK;
}

/* Whether every policy of the free layers that could be better than the best seen is among those seen. */
static bool knows_best(struct command *c, size_t best) {
    const unsigned inner = c->s.policy.layers - 2;
    uint32_t all = 1, could = 0, seen = 0;
    if (inner > FREE_LAYERS)
        return false;
    for (unsigned i = 0; i < inner; i++)
        all *= c->weights * ACTIVATIONS;
    for (uint32_t code = 0; code < all; code++) {
        set_code(c, code);
        could += reward_of(c, pm_policy_time(&c->s.policy, &c->s.chip), 100) > reward(c, best);
    }
    const unsigned n = 2 * c->s.policy.layers;
    for (size_t i = 0; i < c->s.count; i++) {
        const uint8_t *b = c->s.seen[i].bits;
        bool counts = b[0] == 8 && b[1] == 8 && b[n - 2] == 8 && b[n - 1] == 8;
        for (unsigned k = 2; k < n - 2 && counts; k += 2)
            counts = b[k] % c->s.chip.cell == 0;
        seen += counts && reward_of(c, c->s.seen[i].time, 100) > reward(c, best);
    }
    return seen >= could;
}

static pm_status print_report(struct command *c) {
    printf("%s, seed %" PRIu64 ": %u candidates, %u validation images; target %.2f %%\n", methods[c->method],
           c->seed, c->done, c->s.images, c->target);
    printf("policy                        speedup  accuracy\n");
    print_policy(c, "8/8", c->eight);
    print_policy(c, "4/4, ends 8/8: the ceiling", c->four);
    const uint8_t *bits = c->s.seen[c->uniform].bits;
    char what[32];
    snprintf(what, sizeof what, "%u/%u, the best uniform one", bits[2], bits[3]);
    print_policy(c, what, c->uniform);
    if (c->method == ESCH || c->method == DDPG)
        print_policy(c, "before the descent", c->alone);
    print_policy(c, "found", c->found);
    const size_t optimum = best_of(c);
    if (knows_best(c, optimum)) {
        print_policy(c, "best of all", optimum);
        printf("%.1f %% of the best's reward\n",
               reward(c, optimum) > 0 ? 100 * reward(c, c->found) / reward(c, optimum) : 100.0);
    }
    return print_front(c);
}

static pm_status save(struct command *c, struct pm_outfile *file) {
    set_policy(c, reward(c, c->uniform) > reward(c, c->found) ? c->uniform : c->found);
    char *text = pm_policy_text(&c->s.policy);
    const pm_status status =
        text ? pm_outfile_write_all(file, 1, pm_write_line, (const void *[]){text}, &c->s.run.error)
             : pm_fail(&c->s.run.error, PM_ENOMEM, c->output, "out of memory");
    free(text);
    return status;
}

/* ---- the command ---- */

/* A policy of the same bits in all inner layers, whose number goes to *number. */
static pm_status see_uniform(struct command *c, unsigned w, unsigned a, size_t *number) {
    for (unsigned i = 0; i < c->s.policy.layers; i++) {
        c->s.policy.layer[i].w = w;
        c->s.policy.layer[i].a = a;
    }
    set_ends(c);
    const pm_status status = pm_search_see(&c->s, number);
    if (status == PM_OK)
        c->s.seen[*number].tried = true;
    return status;
}

/* All uniform policies of at least three bits: what a search has to beat. */
static pm_status see_all_uniform(struct command *c) {
    const unsigned least = 4 % c->s.chip.cell == 0 ? 4 : c->weight[0]; /* 4/4, or a multiple of the cell */
    pm_status status = see_uniform(c, 8, 8, &c->eight);
    if (status == PM_OK)
        status = see_uniform(c, least, least, &c->four);
    if (status != PM_OK)
        return status;
    c->target = accuracy(c, c->eight) - c->drop;
    c->uniform = c->eight;
    for (unsigned k = 0; k < c->weights; k++)
        for (unsigned a = 3; a <= 8 && status == PM_OK; a++) {
            size_t number;
            status = c->weight[k] < 3 ? PM_OK : see_uniform(c, c->weight[k], a, &number);
            if (status == PM_OK && c->weight[k] >= 3 && reward(c, number) > reward(c, c->uniform))
                c->uniform = number;
        }
    return status;
}

static pm_status prepare(struct command *c, struct pm_outfile *file) {
    struct pm_run_job *j = &c->s.run;
    const char *missing = !j->model ? "MODEL" : !j->data ? "--data" : !c->output ? "--output" : NULL;
    if (missing)
        return pm_fail(&j->error, PM_EINVAL, missing, "missing; see perimeter search --help");
    if (c->descent == UINT_MAX)
        c->descent = c->episodes / 3;
    if (c->descent >= c->episodes)
        return pm_fail(&j->error, PM_EINVAL, "--descent", "%u of %u candidates leave none to the method",
                       c->descent, c->episodes);
    snprintf(c->s.state, sizeof c->s.state, "%s.seen", c->output);
    pm_status status = pm_run_load_network(j);
    if (status == PM_OK && j->network.form.classes == 0)
        status = pm_fail(&j->error, PM_EINVAL, j->model, "takes no images");
    if (status == PM_OK && pm_policy_new(&c->s.policy, j->network.graph) != PM_OK)
        status = pm_fail(&j->error, PM_ENOMEM, "search", "out of memory");
    if (status == PM_OK && (c->s.policy.layers < 3 || c->s.policy.layers > PM_PLAN_ENTRIES))
        status = pm_fail(&j->error, PM_EINVAL, j->model, "%u matrices and products, a search takes 3 to %d",
                         c->s.policy.layers, PM_PLAN_ENTRIES);
    for (unsigned w = c->s.chip.cell; w <= 8; w += c->s.chip.cell)
        if (w >= 2)
            c->weight[c->weights++] = w;
    if (status == PM_OK)
        status = pm_outfile_plan(file, c->output, &j->error);
    return status == PM_OK ? pm_search_resume(&c->s) : status;
}

static pm_status search(struct command *c, struct pm_outfile *file) {
    pm_status status = prepare(c, file);
    if (status == PM_OK)
        status = see_all_uniform(c);
    if (status != PM_OK)
        return status;
    c->begun = time(NULL);
    c->all = c->method == ESCH || c->method == DDPG ? c->episodes : 0;
    status = c->method == EXHAUSTIVE ? try_all(c)
             : c->method == ESCH     ? evolve(c)
             : c->method == SINGLE   ? try_single(c)
                                     : learn(c);
    if (status == PM_OK && (c->method == ESCH || c->method == DDPG))
        status = descend(c);
    if (c->done > 0 && tells(c))
        fputs("\r\033[K", stderr);
    if (status != PM_OK || c->s.rank > 0)
        return status;
    status = save(c, file);
    return status == PM_OK ? print_report(c) : status;
}

enum {
    OPTION_DATA = 256,
    OPTION_CELL,
    OPTION_XBAR,
    OPTION_DROP,
    OPTION_METHOD,
    OPTION_EPISODES,
    OPTION_DESCENT,
    OPTION_IMAGES,
    OPTION_SEED,
    OPTION_OUTPUT
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct command *c = state->input;
    int64_t v;
    char *end;
    switch (key) {
    case OPTION_DATA:
        c->s.run.data = arg;
        return 0;
    case OPTION_OUTPUT:
        c->output = arg;
        return 0;
    case OPTION_CELL:
        if (!pm_command_integer(arg, 1, 4, &v))
            return pm_command_refuse(&c->s.run.error, "--cell", arg, "1..4");
        c->s.chip.cell = (unsigned)v;
        return 0;
    case OPTION_XBAR:
        return pm_policy_crossbar(arg, &c->s.chip)
                   ? 0
                   : pm_command_refuse(&c->s.run.error, "--xbar", arg,
                                       "ROWSxCOLUMNS, 16..1024 rows, 2..4096 columns, even");
    case OPTION_DROP:
        c->drop = strtod(arg, &end);
        return *arg && !*end && c->drop >= 0 && c->drop <= 100
                   ? 0
                   : pm_command_refuse(&c->s.run.error, "--drop", arg, "a number in 0..100");
    case OPTION_METHOD: {
        const int method = pm_choice("exhaustive|esch|ddpg|single", arg, strlen(arg));
        c->method = (enum method)method;
        return method >= 0
                   ? 0
                   : pm_command_refuse(&c->s.run.error, "--method", arg, "exhaustive, esch, ddpg or single");
    }
    case OPTION_EPISODES:
        if (!pm_command_integer(arg, 1, 1000000, &v))
            return pm_command_refuse(&c->s.run.error, "--episodes", arg, "1..1000000");
        c->episodes = (unsigned)v;
        return 0;
    case OPTION_DESCENT:
        if (!pm_command_integer(arg, 0, 1000000, &v))
            return pm_command_refuse(&c->s.run.error, "--descent", arg, "0..1000000");
        c->descent = (unsigned)v;
        return 0;
    case OPTION_IMAGES:
        if (!pm_command_integer(arg, 1, 30000, &v))
            return pm_command_refuse(&c->s.run.error, "--images", arg, "1..30000");
        c->s.images = (unsigned)v;
        return 0;
    case OPTION_SEED:
        if (!pm_command_integer(arg, 0, UINT32_MAX, &v))
            return pm_command_refuse(&c->s.run.error, "--seed", arg, "0..4294967295");
        c->seed = (uint64_t)v;
        return 0;
    default:
        return pm_command_key(key, arg, state, "network", &c->s.run.model, &c->s.run.error);
    }
}

int pm_cmd_search(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"data", OPTION_DATA, "DIR", 0, "Folder with the data set's IDX files", 0},
        {"cell", OPTION_CELL, "BITS", 0, "of a cell, 1..4 (4); weights have multiples of it", 0},
        {"xbar", OPTION_XBAR, "ROWSxCOLUMNS", 0, "Size of a crossbar (256x256)", 0},
        {"drop", OPTION_DROP, "POINTS", 0, "of accuracy that may be lost against 8/8 (0.5)", 0},
        {"method", OPTION_METHOD, "exhaustive|esch|ddpg|single", 0,
         "(ddpg); single: what each layer alone costs at few bits", 0},
        {"episodes", OPTION_EPISODES, "N", 0, "Candidates of esch and ddpg (600)", 0},
        {"descent", OPTION_DESCENT, "N", 0,
         "The last N of them change one or two layers of the best policy (a third of them)", 0},
        {"images", OPTION_IMAGES, "N", 0, "Validation images: the last N of the training set (1000)", 0},
        {"seed", OPTION_SEED, "N", 0, "of esch and ddpg (1)", 0},
        {"output", OPTION_OUTPUT, "P.json", 0,
         "The policy, for compile. P.json.seen has every policy's accuracy: a later call goes on from it", 0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {options,
                                     parse,
                                     "MODEL --data DIR --output P.json",
                                     "Finds the bits of weights and inputs of every matrix, and of every "
                                     "product of attention, with which an "
                                     "inference on crossbars takes the least "
                                     "time within a loss of accuracy. The first and the last layer have 8. "
                                     "Under mpirun the ranks share the images; "
                                     "the result is the same for any number of them.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct command *c = calloc(1, sizeof *c);
    struct pm_outfile file = {0};
    if (!c) {
        fprintf(stderr, "perimeter: search: out of memory\n");
        return 2;
    }
    c->s.chip = (struct pm_xbar_chip){.cell = 4, .rows = 256, .cols = 256, .write = 560, .mvm = 14};
    c->method = DDPG;
    c->drop = 0.5;
    c->episodes = 600;
    c->descent = UINT_MAX;
    c->seed = 1;
    c->s.images = 1000;
    c->s.ranks = 1;
    const bool mpi = getenv("PMIX_RANK") || getenv("OMPI_COMM_WORLD_SIZE");
    if (mpi) {
        MPI_Init(NULL, NULL);
        MPI_Comm_rank(MPI_COMM_WORLD, &c->s.rank);
        MPI_Comm_size(MPI_COMM_WORLD, &c->s.ranks);
    }
    pm_status status = pm_run_begin(&c->s.run);
    if (status == PM_OK && argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, c) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = search(c, &file);
    if (status == PM_OK && fflush(stdout) != 0)
        status = pm_fail(&c->s.run.error, PM_EIO, "standard output", "cannot be written");
    if (status != PM_OK && c->s.rank == 0)
        pm_error_print(&c->s.run.error);
    pm_search_end(&c->s);
    pm_outfile_free(&file);
    free(c);
    if (mpi)
        MPI_Finalize();
    return status == PM_OK ? 0 : 2;
}
