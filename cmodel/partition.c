// SPDX-License-Identifier: Apache-2.0
#include "partition.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

static int64_t loss(const struct pm_partition *p, size_t layer, size_t choice) {
    const int32_t s = p->s[layer * p->choices + choice];
    return s > 0 ? s : 0;
}
static int64_t energy(const struct pm_partition *p, size_t layer, size_t choice) {
    return p->e[layer * p->choices + choice];
}
static int64_t bits(const struct pm_partition *p, size_t layer, size_t choice) {
    return p->bits[layer * p->choices + choice];
}

static bool valid(const struct pm_partition *p) {
    if (p->layers < 1 || p->choices < 1 || p->choices > UINT8_MAX + 1 || p->budget < 0 || p->cap < 0)
        return false;
    for (size_t l = 0; l < p->layers; l++)
        for (size_t c = 0; c < p->choices; c++)
            if (bits(p, l, c) < 0 || (c == 0 && p->s[l * p->choices] != 0))
                return false;
    return true;
}

/* The choice so far and its sums. */
struct state {
    const struct pm_partition *p;
    uint8_t *cfg;
    wide loss, bits;
};

/* A candidate: its fall of energy over twice the rise of the loss, at least 1. */
struct gain {
    size_t layer, choice;
    int64_t fall, rise;
};

static bool better(const struct gain *a, const struct gain *b) {
    return (wide)a->fall * b->rise > (wide)b->fall * a->rise;
}

static bool candidate(const struct state *s, bool over, size_t l, size_t c, struct gain *g) {
    const size_t now = s->cfg[l];
    const int64_t rise = loss(s->p, l, c) - loss(s->p, l, now);
    const wide more = (wide)bits(s->p, l, c) - bits(s->p, l, now);
    *g = (struct gain){l, c, energy(s->p, l, now) - energy(s->p, l, c), rise > 0 ? 2 * rise : 1};
    return s->loss + rise <= s->p->budget && (over ? more < 0 : g->fall > 0 && s->bits + more <= s->p->cap);
}

static bool choose(const struct state *s, bool over, struct gain *best) {
    bool any = false;
    for (size_t l = 0; l < s->p->layers; l++)
        for (size_t c = 0; c < s->p->choices; c++) {
            struct gain g;
            if (candidate(s, over, l, c, &g) && (!any || better(&g, best))) {
                *best = g;
                any = true;
            }
        }
    return any;
}

static void apply(struct state *s, const struct gain *g) {
    const size_t now = s->cfg[g->layer];
    s->loss += loss(s->p, g->layer, g->choice) - loss(s->p, g->layer, now);
    s->bits += (wide)bits(s->p, g->layer, g->choice) - bits(s->p, g->layer, now);
    s->cfg[g->layer] = (uint8_t)g->choice;
}

static pm_status keep(struct pm_partition_move **move, size_t *moves, const struct gain *g) {
    if ((*moves & (*moves - 1)) == 0) {
        struct pm_partition_move *more = realloc(*move, (*moves ? 2 * *moves : 1) * sizeof *more);
        if (!more)
            return PM_ENOMEM;
        *move = more;
    }
    (*move)[(*moves)++] = (struct pm_partition_move){g->layer, g->choice};
    return PM_OK;
}

pm_status pm_partition(const struct pm_partition *p, uint8_t *cfg, struct pm_partition_move **move,
                       size_t *moves) {
    struct state s = {.p = p, .cfg = cfg};
    struct gain g = {0};
    pm_status status = PM_OK;
    *move = NULL;
    *moves = 0;
    if (!valid(p))
        return PM_EINVAL;
    memset(cfg, 0, p->layers);
    for (size_t l = 0; l < p->layers; l++)
        s.bits += bits(p, l, 0);
    while (status == PM_OK && choose(&s, s.bits > p->cap, &g)) {
        apply(&s, &g);
        status = keep(move, moves, &g);
    }
    if (status == PM_OK && s.bits > p->cap)
        status = PM_ERANGE;
    if (status != PM_OK) {
        free(*move);
        *move = NULL;
        *moves = 0;
    }
    return status;
}

int64_t pm_partition_energy(const struct pm_partition *p, const uint8_t *cfg) {
    int64_t sum = 0;
    for (size_t l = 0; l < p->layers; l++)
        sum += energy(p, l, cfg[l]);
    return sum;
}

/* Depth first, with what the layers behind take at least. */
struct search {
    struct state s;
    uint8_t *best;
    int64_t energy, least; /* of the choice so far; of the best */
    int64_t *rest;         /* [layers + 1]: least energy of layers l.. */
    wide *rest_bits;       /* least bits of these */
    uint64_t left;
    bool found;
};

static bool descend(struct search *x, size_t l) {
    const struct pm_partition *p = x->s.p;
    if (x->left == 0)
        return false;
    x->left--;
    if (x->s.loss > p->budget || x->s.bits + x->rest_bits[l] > p->cap ||
        (x->found && x->energy + x->rest[l] >= x->least))
        return true;
    if (l == p->layers) {
        memcpy(x->best, x->s.cfg, p->layers);
        x->least = x->energy;
        x->found = true;
        return true;
    }
    for (size_t c = 0; c < p->choices; c++) {
        x->s.cfg[l] = (uint8_t)c;
        x->s.loss += loss(p, l, c);
        x->s.bits += bits(p, l, c);
        x->energy += energy(p, l, c);
        const bool done = descend(x, l + 1);
        x->s.loss -= loss(p, l, c);
        x->s.bits -= bits(p, l, c);
        x->energy -= energy(p, l, c);
        if (!done)
            return false;
    }
    return true;
}

pm_status pm_partition_exhaustive(const struct pm_partition *p, uint64_t most, uint8_t *cfg) {
    if (!valid(p))
        return PM_EINVAL;
    struct search x = {.s = {.p = p, .cfg = calloc(p->layers, 1)},
                       .best = cfg,
                       .rest = calloc(p->layers + 1, sizeof *x.rest),
                       .rest_bits = calloc(p->layers + 1, sizeof *x.rest_bits),
                       .left = most};
    pm_status status = x.s.cfg && x.rest && x.rest_bits ? PM_OK : PM_ENOMEM;
    for (size_t l = p->layers; status == PM_OK && l-- > 0;) {
        int64_t e = energy(p, l, 0), b = bits(p, l, 0);
        for (size_t c = 1; c < p->choices; c++) {
            e = energy(p, l, c) < e ? energy(p, l, c) : e;
            b = bits(p, l, c) < b ? bits(p, l, c) : b;
        }
        x.rest[l] = x.rest[l + 1] + e;
        x.rest_bits[l] = x.rest_bits[l + 1] + b;
    }
    if (status == PM_OK)
        status = !descend(&x, 0) ? PM_EMODE : x.found ? PM_OK : PM_ERANGE;
    free(x.s.cfg);
    free(x.rest);
    free(x.rest_bits);
    return status;
}
