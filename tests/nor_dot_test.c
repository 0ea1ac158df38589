// SPDX-License-Identifier: Apache-2.0
/* Against a module of arrays, cell by cell: what is stored is only what rows of storage hold, what comes out
 * is only what NOR leaves of preset cells, and every strobe is counted. */
#include "nor_dot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;
static uint32_t draw(void) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 16);
}

enum { STORE_ROWS = 1024, MAX_COLS = 1024, MAX_ARRAYS = 24 };

/* One array: storage, and a row to multiply in whose lanes are columns of a, b and result. */
struct array {
    uint8_t store[STORE_ROWS][MAX_COLS / 8], latch[MAX_COLS / 8];
    bool a[MAX_COLS / 3], b[MAX_COLS / 3], result[MAX_COLS / 3];
};
static struct array array[MAX_ARRAYS];

struct machine {
    unsigned arrays, cols, heads, dim, abits;
    uint64_t clocks, nors, fetches, writes, products;
};

/* A step of five clocks in one array: `a` and the latch's word times each other, added up. */
static int64_t step(struct machine *m, struct array *x, const int32_t *a, unsigned word) {
    const unsigned products = m->abits * 8, mults = m->cols / 3 / products;
    for (unsigned lane = 0; lane < mults * products; lane++) {
        const unsigned mult = lane / products, i = lane % products / 8, j = lane % 8;
        x->a[lane] = !((uint32_t)a[mult] >> i & 1);
        x->b[lane] = !(x->latch[word * mults + mult] >> j & 1);
        x->result[lane] = true;
        if (x->a[lane] || x->b[lane])
            x->result[lane] = false;
        m->writes += 4;
    }
    m->nors++;
    int64_t sum = 0;
    for (unsigned lane = 0; lane < mults * products; lane++) {
        const unsigned i = lane % products / 8, j = lane % 8;
        const int64_t weight = (i == 7 && m->abits == 8 ? -1 : 1) * (j == 7 ? -1 : 1) * (1 << (i + j));
        sum += x->result[lane] ? weight : 0;
    }
    return sum;
}

/* y[items][heads]: item r * units + u of head h in array u * heads + h; term t is word t / mults of the
 * round, its byte t % mults. a[heads][terms], b(item, head, term) the stored ones. */
static void run(struct machine *m, unsigned items, unsigned terms, const int32_t *a, const int8_t *b,
                int64_t *y) {
    const unsigned units = m->arrays / m->heads, mults = m->cols / 3 / (m->abits * 8),
                   words = m->cols / 8 / mults;
    const unsigned steps = (terms + mults - 1) / mults, rows = (steps + words - 1) / words;
    for (unsigned item = 0; item < items; item++)
        for (unsigned h = 0; h < m->heads; h++)
            for (unsigned t = 0; t < terms; t++) {
                struct array *x = &array[item % units * m->heads + h];
                const unsigned row = item / units * rows + t / mults / words;
                assert_true(row < STORE_ROWS);
                x->store[row][t / mults % words * mults + t % mults] =
                    (uint8_t)b[((size_t)item * m->heads + h) * terms + t];
            }
    for (unsigned round = 0; round * units < items; round++)
        for (unsigned s = 0; s < steps; s++) {
            m->clocks += s % words == 0 ? 6 : 5;
            for (unsigned k = 0; k < units * m->heads; k++) {
                const unsigned item = round * units + k / m->heads, h = k % m->heads;
                if (item >= items)
                    continue;
                if (s % words == 0) {
                    memcpy(array[k].latch, array[k].store[round * rows + s / words], MAX_COLS / 8);
                    m->fetches++;
                }
                int32_t operand[MAX_COLS / 3] = {0};
                for (unsigned i = 0; i < mults && s * mults + i < terms; i++) {
                    operand[i] = a[h * terms + s * mults + i];
                    m->products++;
                }
                y[item * m->heads + h] += step(m, &array[k], operand, s % words);
            }
        }
}

static int8_t draw_byte(void) {
    return draw() % 8 == 0 ? -128 : (int8_t)draw();
}

/* Both products of n keys in a module, integers and counts. */
static void compare(const struct pm_nor_dot_cfg *c, unsigned n) {
    const unsigned width = c->heads * c->dim, group = c->heads / c->kv_heads;
    int8_t *q = malloc(width), *kv = malloc((size_t)n * c->kv_heads * c->dim);
    int8_t *k = malloc((size_t)n * width), *v = malloc((size_t)n * width);
    uint16_t *w = malloc((size_t)c->heads * n * sizeof *w);
    int32_t *s = malloc((size_t)c->heads * n * sizeof *s),
            *a = malloc((size_t)c->heads * (n + c->dim) * sizeof *a);
    int64_t *y = malloc(width * sizeof *y),
            *machine_y = calloc((size_t)c->heads * (n + c->dim), sizeof *machine_y);
    for (unsigned i = 0; i < width; i++)
        a[i] = q[i] = draw_byte();
    for (unsigned j = 0; j < n; j++)
        for (unsigned i = 0; i < c->kv_heads * c->dim; i++)
            kv[j * c->kv_heads * c->dim + i] = draw_byte();
    for (unsigned j = 0; j < n; j++)
        for (unsigned h = 0; h < c->heads; h++)
            for (unsigned i = 0; i < c->dim; i++) {
                const int8_t x = kv[(j * c->kv_heads + h / group) * c->dim + i];
                k[(j * c->heads + h) * c->dim + i] = x;
                v[(i * c->heads + h) * n + j] = x;
            }
    struct pm_nor_dot_cost cost = {0};
    struct machine m = {.arrays = c->arrays, .cols = c->cols, .heads = c->heads, .dim = c->dim, .abits = 8};
    memset(array, 0x5A, sizeof array);
    assert_int_equal(pm_nor_dot_scores(c, q, kv, n, s, &cost), PM_OK);
    run(&m, n, c->dim, a, k, machine_y);
    for (unsigned j = 0; j < n; j++)
        for (unsigned h = 0; h < c->heads; h++)
            assert_true(s[h * n + j] == machine_y[j * c->heads + h]);
    for (unsigned i = 0; i < c->heads * n; i++)
        a[i] = w[i] = draw() % 8 == 0 ? 4095 : draw() & 4095;
    memset(machine_y, 0, (size_t)width * sizeof *machine_y);
    m.abits = 12;
    assert_int_equal(pm_nor_dot_values(c, w, kv, n, y, &cost), PM_OK);
    run(&m, c->dim, n, a, v, machine_y);
    for (unsigned i = 0; i < c->dim; i++)
        for (unsigned h = 0; h < c->heads; h++)
            assert_true(y[h * c->dim + i] == machine_y[i * c->heads + h]);
    assert_int_equal(cost.clocks, m.clocks);
    assert_int_equal(cost.nors, m.nors);
    assert_int_equal(cost.fetches, m.fetches);
    assert_int_equal(cost.writes, m.writes);
    assert_int_equal(cost.products, m.products);
    free(q), free(kv), free(k), free(v), free(w), free(s), free(a), free(y), free(machine_y);
}

static void modules(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) {
        static const unsigned cols[] = {288, 383, 576, 1024};
        struct pm_nor_dot_cfg c = {
            .kv_heads = 1 + draw() % 3, .cols = cols[draw() % 4], .dim = 1 + draw() % 70};
        c.heads = c.kv_heads * (1 + draw() % 3);
        c.arrays = c.heads + draw() % (MAX_ARRAYS + 1 - c.heads);
        const unsigned n = 1 + draw() % 70;
        if (pm_nor_dot_check(&c, n) == PM_OK)
            compare(&c, n);
    }
    compare(&(struct pm_nor_dot_cfg){.arrays = 24, .cols = 1024, .heads = 4, .kv_heads = 2, .dim = 64}, 300);
}

/* Growing rows of keys: what was stored stays where it is, so that a token's past is a prefix. */
static void prefix_of_a_longer_row(void **state) {
    (void)state;
    const struct pm_nor_dot_cfg c = {.arrays = 16, .cols = 1024, .heads = 2, .kv_heads = 1, .dim = 16};
    int8_t q[32], kv[40 * 16];
    int32_t whole[2 * 40], part[2 * 40];
    for (unsigned i = 0; i < sizeof q; i++)
        q[i] = draw_byte();
    for (unsigned i = 0; i < sizeof kv; i++)
        kv[i] = draw_byte();
    assert_int_equal(pm_nor_dot_scores(&c, q, kv, 40, whole, NULL), PM_OK);
    for (size_t n = 1; n <= 40; n++) {
        assert_int_equal(pm_nor_dot_scores(&c, q, kv, n, part, NULL), PM_OK);
        for (unsigned h = 0; h < 2; h++)
            assert_memory_equal(part + h * n, whole + h * 40, n * sizeof *part);
    }
}

static void sums_at_their_ends(void **state) {
    (void)state;
    enum { N = PM_NOR_DOT_MAX_TERMS };
    static int8_t q[N], k[N];
    static uint16_t a[N];
    struct pm_nor_dot_cfg c = pm_nor_dot_default(1, N);
    int32_t s;
    int64_t y;
    memset(q, -128, N);
    memset(k, -128, N);
    for (unsigned i = 0; i < N; i++)
        a[i] = 4095;
    c.arrays = 8192; /* 8,192 tokens of a head of 8,192 elements */
    assert_int_equal(pm_nor_dot_scores(&c, q, k, 1, &s, NULL), PM_OK);
    assert_int_equal(s, N << 14);
    c = pm_nor_dot_default(1, 1);
    assert_int_equal(pm_nor_dot_values(&c, a, k, N, &y, NULL), PM_OK);
    assert_true(y == -INT64_C(4095) * 128 * N);
    assert_true(y >= -(INT64_C(1) << 32) && y < -(INT64_C(1) << 31)); /* 33 bits, not 32 */
    assert_int_equal(pm_nor_dot_values(&c, a, k, N / 2, &y, NULL), PM_OK);
    assert_true(y >= INT32_MIN);
}

/* The source's module, by hand. */
static void a_module_of_the_source(void **state) {
    (void)state;
    const struct pm_nor_dot_cfg c = pm_nor_dot_default(16, 64);
    struct pm_nor_dot_plan p = pm_nor_dot_plan(&c, PM_NOR_DOT_SCORES, 128);
    assert_int_equal(p.units, 16);
    assert_int_equal(p.mults, 5);
    assert_int_equal(p.words, 25);
    assert_int_equal(p.steps, 13);
    assert_int_equal(p.rounds, 8);
    assert_int_equal(p.fetches, 1);
    assert_int_equal(pm_nor_dot_clocks(&p), 8 * (65 + 1));
    p = pm_nor_dot_plan(&c, PM_NOR_DOT_VALUES, 128);
    assert_int_equal(p.mults, 3);
    assert_int_equal(p.words, 42);
    assert_int_equal(p.steps, 43);
    assert_int_equal(p.rounds, 4);
    assert_int_equal(p.fetches, 2);
    assert_int_equal(pm_nor_dot_clocks(&p), 4 * (215 + 2));
    /* Of 8,192 tokens of BERT-Large a module of eight has every eighth. */
    assert_int_equal(pm_nor_dot_rows(&c, 1024), 64 + 4 * 9);
    assert_int_equal(pm_nor_dot_check(&c, 8192), PM_OK);
    struct pm_nor_dot_cost cost = {0};
    pm_nor_dot_store(&c, &cost);
    assert_int_equal(cost.writes, 2 * 8 * 1024);
    assert_int_equal(cost.clocks, 1 + 4);
}

static void ranges_are_checked(void **state) {
    (void)state;
    const struct pm_nor_dot_cfg good = pm_nor_dot_default(12, 64);
    struct pm_nor_dot_cfg c = good;
    assert_int_equal(pm_nor_dot_check(&good, 1), PM_OK);
    assert_int_equal(pm_nor_dot_check(&good, 0), PM_ERANGE);
    assert_int_equal(pm_nor_dot_check(&good, 8193), PM_ERANGE);
    c.heads = 257;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    c = good, c.heads = 0;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    c = good, c.kv_heads = 5;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    c = good, c.kv_heads = 0;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    c = good, c.cols = 287;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    c = good, c.dim = 0;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    c = good, c.dim = 8193;
    assert_int_equal(pm_nor_dot_check(&c, 1), PM_EINVAL);
    /* 1,023 rows of storage are enough, 1,024 are not: keys take a row, values dim of them. */
    c = (struct pm_nor_dot_cfg){.arrays = 1, .cols = 1024, .heads = 1, .kv_heads = 1, .dim = 64};
    assert_int_equal(pm_nor_dot_rows(&c, 126), 126 + 64);
    assert_int_equal(pm_nor_dot_rows(&c, 511), 511 + 64 * 5);
    assert_int_equal(pm_nor_dot_check(&c, 639), PM_OK); /* 639 + 384 */
    assert_int_equal(pm_nor_dot_check(&c, 640), PM_ERANGE);
    const int8_t one = 1;
    int64_t y;
    c.dim = 1;
    assert_int_equal(pm_nor_dot_values(&c, (uint16_t[]){4096}, &one, 1, &y, NULL), PM_ERANGE);
    assert_int_equal(pm_nor_dot_values(&c, (uint16_t[]){4095}, &one, 1, &y, NULL), PM_OK);
    assert_int_equal(y, 4095);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules),
        cmocka_unit_test(prefix_of_a_longer_row),
        cmocka_unit_test(sums_at_their_ends),
        cmocka_unit_test(a_module_of_the_source),
        cmocka_unit_test(ranges_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
