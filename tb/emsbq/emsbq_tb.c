// SPDX-License-Identifier: Apache-2.0
/* eMSB-Q and the K and V parse: golden against RTL, every mode, over several elaborations. */
#include "emsbq_rtl.h"

#include "bench.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;
typedef pm_status emsbq_fn(const struct pm_sim_opts *, const struct pm_emsbq_cfg *, const int64_t *,
                           const uint8_t *, size_t, size_t, int16_t *, int32_t *, uint64_t *);
typedef pm_status parse_fn(const struct pm_sim_opts *, const int64_t *, const int32_t *, size_t, size_t, bool,
                           int16_t *, uint8_t *);

struct config {
    size_t n;
    unsigned w, q, bits;
    size_t random; /* random groups of a mode */
};

struct data {
    size_t groups;
    int64_t *x;
    uint8_t *keep;
    int32_t *shift;
};

static int64_t lowest(unsigned w, bool is_signed) {
    return is_signed ? (int64_t)(~(uint64_t)0 << (w - 1)) : 0;
}
static int64_t highest(unsigned w, bool is_signed) {
    /* An unsigned element of 64 bits: int64 holds its pattern. */
    return (int64_t)(~(uint64_t)0 >> (64 - w + is_signed));
}

/* A value of at most `bits` effective bits, often at a power of two or beside it. */
static int64_t number(struct bench *b, unsigned bits, bool is_signed) {
    uint64_t mask = bits == 0 ? 0 : ~(uint64_t)0 >> (64 - bits), r = bench_random(b);
    uint64_t v = r & 1 ? mask - (r >> 1 & 1 & mask) : bench_random(b) & mask;
    return (int64_t)(is_signed && (r >> 2 & 1) ? ~v : v);
}

/* Appends a group of n elements, all `fill`; keeps all. */
static int64_t *group(struct data *d, size_t n, int64_t fill) {
    int64_t *x = d->x + d->groups * n;
    for (size_t i = 0; i < n; i++) {
        x[i] = fill;
        d->keep[d->groups * n + i] = 1;
    }
    d->groups++;
    return x;
}

enum { CORNERS = 7 + 64 * 6 };

/* Every corner of one mode, then random groups of random magnitudes and masks. */
static void fill(struct bench *b, struct data *d, const struct config *c, size_t n, bool is_signed) {
    int64_t lo = lowest(c->w, is_signed), hi = highest(c->w, is_signed);
    d->groups = 0;
    group(d, n, 0);
    group(d, n, is_signed ? -1 : 1);
    group(d, n, lo);
    group(d, n, hi);
    group(d, n, 0)[bench_range(b, 0, (int64_t)n - 1)] = hi;
    group(d, n, is_signed ? -1 : 0)[bench_range(b, 0, (int64_t)n - 1)] = lo;
    group(d, n, 1)[n - 1] = hi - 1;
    /* Around each power of two: s = 0 ends between E = Q-2 and Q-1, and 2^k - 1 is rounded up into
     * saturation. */
    for (unsigned k = 0; k < c->w - is_signed; k++) {
        int64_t p = (int64_t)((uint64_t)1 << k), others[2] = {0, is_signed ? -1 : 1};
        for (unsigned v = 0; v < 6; v++) {
            int64_t *x = group(d, n, others[v & 1]);
            x[(k + v) % n] = v < 2       ? p
                             : v < 4     ? (int64_t)((uint64_t)p - 1)
                             : is_signed ? -p - (v - 4)
                                         : p | 1;
        }
    }
    size_t end = d->groups + c->random;
    while (d->groups < end) {
        unsigned bits = (unsigned)bench_range(b, 0, c->w - is_signed);
        uint64_t mask = bench_random(b) % 4;
        int64_t *x = group(d, n, 0);
        uint8_t *keep = d->keep + (d->groups - 1) * n;
        for (size_t i = 0; i < n; i++)
            x[i] = number(b, (unsigned)bench_range(b, 0, bits), is_signed);
        /* All kept, none, one, half. */
        for (size_t i = 0; mask && i < n; i++)
            keep[i] = mask == 3 ? bench_random(b) & 1 : 0;
        if (mask == 2)
            keep[bench_range(b, 0, (int64_t)n - 1)] = 1;
    }
}

static void quantize(struct bench *b, const struct config *c, struct pm_rtl *rtl, struct data *d,
                     const char *tag) {
    emsbq_fn *run = (emsbq_fn *)bench_function(rtl, "pm_emsbq_rtl");
    size_t room = CORNERS + c->random;
    int16_t *y = malloc(room * c->n * sizeof *y), *golden = malloc(c->n * sizeof *golden);
    int32_t *s = malloc(room * sizeof *s);
    uint64_t expected = 0, first_clocks = 0;
    bool all_shifts = true;
    for (unsigned mode = 0; mode < 8; mode++) {
        struct pm_emsbq_cfg cfg = {c->q, mode & 1, mode >> 1 & 1};
        if (!cfg.is_signed && c->q > 15)
            continue;
        bool masked = mode >> 2;
        size_t n = masked ? c->n : c->n - c->n / 3; /* also fewer elements than the RTL has */
        bool seen[64] = {false};
        fill(b, d, c, n, cfg.is_signed);
        struct pm_sim_opts opts = {.seed = mode < 2 ? 0 : bench_random(b) | 1};
        uint64_t clocks = 0;
        pm_status status = run(&opts, &cfg, d->x, masked ? d->keep : NULL, d->groups, n, y, s, &clocks);
        if (status != PM_OK) {
            printf("# %s: %s\n", tag, pm_strerror(status));
            b->differ++;
            break;
        }
        for (size_t g = 0; g < d->groups; g++) {
            int shift = pm_emsbq(&cfg, d->x + g * n, masked ? d->keep + g * n : NULL, n, golden);
            seen[shift] = true;
            bench_eq(b, "s", g, shift, s[g]);
            for (size_t i = 0; i < n; i++)
                bench_eq(b, "y", g * n + i, golden[i], y[g * n + i]);
        }
        size_t corners = 7 + 6 * (size_t)(c->w - cfg.is_signed);
        expected += (corners + c->random) * (n + 1);
        for (unsigned k = 0; k + c->q <= c->w; k++)
            all_shifts = all_shifts && seen[k];
        if (mode < 2)
            first_clocks += clocks - d->groups;
    }
    char name[256];
    snprintf(name, sizeof name, "%s quantize", tag);
    bench_test(b, name, expected);
    snprintf(name, sizeof name, "%s every shift 0..%d occurred in each mode", tag,
             c->w > c->q ? (int)(c->w - c->q) : 0);
    bench_check(b, name, all_shifts);
    snprintf(name, sizeof name, "%s one group a clock, 3 clocks of latency", tag);
    bench_check(b, name, first_clocks == (c->q > 15 ? 3 : 6));
    free(y);
    free(golden);
    free(s);
}

/* Whether the exact result does not fit, in 128 bits. */
static bool saturates(int64_t x, int32_t m, unsigned bits, bool round) {
    int n = (int)pm_clamp(m, -31, 31);
    wide v = n <= 0 ? (wide)x * ((int64_t)1 << -n) : ((wide)x + (round ? (wide)1 << (n - 1) : 0)) >> n;
    return v != (int16_t)v || v < -(1 << (bits - 1)) || v >= 1 << (bits - 1);
}

/* An element at which the shift m breaks: beside the largest and the least result, halves included, or with
 * one bit that differs from all above it. */
static int64_t at_limit(struct bench *b, const struct config *c, int32_t m) {
    const uint64_t r = bench_random(b);
    const int64_t lo = lowest(c->w, true), hi = highest(c->w, true);
    const int64_t power = (int64_t)1 << bench_range(b, 0, c->w - 2);
    if (r & 1)
        return r & 2 ? power : ~power;
    const int n = (int)pm_clamp(m, -31, 31);
    const wide limit = r & 2 ? (wide)1 << (c->bits - 1) : -((wide)1 << (c->bits - 1));
    const wide unit = n > 0 ? (wide)1 << (n - 1) : 1; /* half a result */
    const wide x =
        (n > 0 ? limit * 2 * unit : limit >> -n) + bench_range(b, -2, 2) * unit + bench_range(b, -1, 1);
    return (int64_t)(x < lo ? lo : x > hi ? hi : x);
}

static void parse(struct bench *b, const struct config *c, struct pm_rtl *rtl, struct data *d,
                  const char *tag) {
    parse_fn *run = (parse_fn *)bench_function(rtl, "pm_msb_parse_sat_rtl");
    size_t room = CORNERS + c->random;
    int16_t *y = malloc(room * c->n * sizeof *y);
    uint8_t *sat = malloc(room * c->n);
    uint64_t expected = 0, saturated = 0, elements = 0;
    for (unsigned round = 0; round < 2; round++) {
        size_t n = c->n - c->n / 3 * round;
        fill(b, d, c, n, true);
        /* Every shift of -33..33 on the corners, any on the others. */
        for (size_t g = 0; g < d->groups; g++)
            d->shift[g] =
                g % 16 == 15 ? (int32_t)bench_range(b, INT32_MIN, INT32_MAX) : (int32_t)(g * 29 % 67) - 33;
        /* Each second random group: every element for itself at a limit, of right shifts that leave some of
         * it. */
        for (size_t g = d->groups - c->random; g < d->groups; g += 2) {
            d->shift[g] = (int32_t)bench_range(b, -2, c->w < 32 ? c->w : 32);
            for (size_t i = 0; i < n; i++)
                d->x[g * n + i] = at_limit(b, c, d->shift[g]);
        }
        pm_status status =
            run(&(struct pm_sim_opts){.seed = round}, d->x, d->shift, d->groups, n, round, y, sat);
        if (status != PM_OK) {
            printf("# %s: %s\n", tag, pm_strerror(status));
            b->differ++;
            break;
        }
        for (size_t g = 0; g < d->groups; g++) {
            for (size_t i = 0; i < n; i++) {
                int64_t x = d->x[g * n + i];
                bool over = saturates(x, d->shift[g], c->bits, round);
                saturated += over;
                bench_eq(b, "parsed", g * n + i, pm_msb_parse(x, d->shift[g], c->bits, round), y[g * n + i]);
                bench_eq(b, "saturated", g * n + i, over, sat[g * n + i]);
            }
        }
        elements += d->groups * n;
        expected += (7 + 6 * (size_t)(c->w - 1) + c->random) * n * 2;
    }
    char name[256];
    snprintf(name, sizeof name, "%s parse", tag);
    bench_test(b, name, expected);
    snprintf(name, sizeof name, "%s parse: a tenth to nine tenths of the elements saturate", tag);
    bench_check(b, name, saturated * 10 > elements && saturated * 10 < elements * 9);
    free(y);
    free(sat);
}

static void refuses(struct bench *b, const struct config *c, struct pm_rtl *rtl) {
    emsbq_fn *run = (emsbq_fn *)bench_function(rtl, "pm_emsbq_rtl");
    struct pm_sim_opts opts = {0};
    struct pm_emsbq_cfg cfg = {c->q, true, true}, other = {c->q + 1, true, true};
    int64_t *x = calloc(c->n + 1, sizeof *x);
    int16_t *y = malloc((c->n + 1) * sizeof *y);
    int32_t s;
    bench_check(b, "refuses another q", run(&opts, &other, x, NULL, 1, c->n, y, &s, NULL) == PM_EINVAL);
    bench_check(b, "refuses a longer group",
                run(&opts, &cfg, x, NULL, 1, c->n + 1, y, &s, NULL) == PM_ESHAPE);
    x[1] = highest(c->w, true) + 1;
    bench_check(b, "refuses a wider element", run(&opts, &cfg, x, NULL, 1, c->n, y, &s, NULL) == PM_ERANGE);
    x[1] = highest(c->w, true);
    bench_check(b, "takes the widest element", run(&opts, &cfg, x, NULL, 1, c->n, y, &s, NULL) == PM_OK);
    free(x);
    free(y);
}

int main(void) {
    static const struct {
        const char *name;
        size_t random;
    } models[] = {{"n64w26", 1000}, {"n512w64", 100}, {"n16w64", 1000}, {"n13w20", 1000}, {"n5w6", 1000}};
    struct bench b;
    bench_begin(&b, "emsbq");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct pm_rtl *rtl = bench_model(&b, models[i].name);
        if (!rtl)
            continue;
        const struct config c = {bench_parameter(&b, "N"), bench_parameter(&b, "W"), bench_parameter(&b, "Q"),
                                 bench_parameter(&b, "Bits"), models[i].random};
        size_t room = CORNERS + c.random;
        struct data d = {0, malloc(room * c.n * sizeof(int64_t)), malloc(room * c.n),
                         malloc(room * sizeof(int32_t))};
        quantize(&b, &c, rtl, &d, b.params);
        parse(&b, &c, rtl, &d, b.params);
        if (i == 0)
            refuses(&b, &c, rtl);
        free(d.x);
        free(d.keep);
        free(d.shift);
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}
