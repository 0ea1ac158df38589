// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM's digital modules around its arrays: special functions in binary16, attention's products by NOR,
 * and what stands between them and the arrays' integers (HyFlexPIM sections 3.1 and 3.3; docs/numerics.md,
 * "Between arrays and special functions"). A value is rows of binary16; the graph hands it on as floats that
 * hold the same numbers. */
#ifndef PM_SYSTEM_HYFLEX_DIGITAL_H
#define PM_SYSTEM_HYFLEX_DIGITAL_H

#include "nor_dot.h"
#include "sfu.h"
#include "sfu_scale.h"
#include "system/system.h"

/** The parts of the system's counts: of arrays those of 1-bit cells and of others, of digital modules each
 * kind of unit, and the whole. */
enum pm_hyflex_part {
    PM_HYFLEX_PART_SLC,
    PM_HYFLEX_PART_MLC,
    PM_HYFLEX_PART_NOR,
    PM_HYFLEX_PART_QUANTISE, /**< the SFU's from here on */
    PM_HYFLEX_PART_SCALE,
    PM_HYFLEX_PART_NORM,
    PM_HYFLEX_PART_SOFTMAX,
    PM_HYFLEX_PART_ACTIVATION,
    PM_HYFLEX_PART_ARITHMETIC,
    PM_HYFLEX_PART_WHOLE,
    PM_HYFLEX_PARTS
};

/** What a unit did, with the integers that it read and wrote. Who watches may put others in the place of what
 * it wrote, which go on from there. */
struct pm_hyflex_step {
    enum pm_hyflex_step_kind {
        PM_HYFLEX_STEP_ARRAYS,
        PM_HYFLEX_STEP_QUANTISE,
        PM_HYFLEX_STEP_SCALE,
        PM_HYFLEX_STEP_NORM,
        PM_HYFLEX_STEP_SOFTMAX,
        PM_HYFLEX_STEP_ACTIVATION,
        PM_HYFLEX_STEP_FP16,
        PM_HYFLEX_STEP_SCORES,
        PM_HYFLEX_STEP_VALUES,
        PM_HYFLEX_STEP_ROPE
    } kind;
    uint64_t clocks; /**< of special functions: of rows in steady state */
    union {
        const struct pm_hyflex_run *arrays;
        struct {
            size_t rows, width;
            const uint16_t *x;
            int8_t *q;      /**< [rows][width] */
            uint16_t *amax; /**< [rows] */
        } quantise;
        struct {
            const struct pm_sfu_scale_job *job;
            uint16_t *y;            /**< may be NULL */
            struct pm_scale *scale; /**< may be NULL */
        } scale;
        struct {
            size_t rows, width;
            struct pm_scale eps;
            const uint16_t *x, *gamma, *beta;
            uint16_t *y;
            enum pm_sfu_norm_kind kind;
        } norm;
        struct {
            size_t rows, width;
            const int32_t *a;             /**< [rows][width] */
            const uint8_t *keep;          /**< [width]; NULL: all */
            const struct pm_scale *scale; /**< [rows] */
            uint16_t *weight;             /**< [rows][width] */
            uint32_t *z;                  /**< [rows] */
        } softmax;
        struct {
            enum pm_sfu_act_kind kind;
            size_t n;
            const uint16_t *x;
            uint16_t *y;
        } activation;
        struct {
            enum pm_fp16_function f;
            size_t n;
            const uint16_t *a, *b, *c; /**< as many as f has; of PM_FP16_I2F: integers, at a scale of 1 */
            uint16_t *y;
        } fp16;
        struct {
            size_t rows, width;
            unsigned head;
            const uint16_t *turn; /**< [rows][head]: cosine and sine of each pair */
            const uint16_t *x;
            uint16_t *y;
        } rope;
        struct {
            const struct pm_nor_dot_cfg *cfg;
            size_t queries, n;
            const int8_t *q, *k, *v; /**< [queries][heads][dim], [n][heads][dim] */
            int32_t *s;              /**< [queries][heads][n] */
        } scores;
        struct {
            const struct pm_nor_dot_cfg *cfg;
            size_t queries, n;
            const uint16_t *weight; /**< [queries][heads][n] */
            const int8_t *k, *v;    /**< [n][heads][dim] */
            int32_t *y;             /**< [queries][heads][dim] */
        } values;
    };
};

/** Who runs: costs and a watch of it, either NULL. */
struct pm_hyflex_units {
    unsigned lanes;           /**< of a special function unit */
    struct pm_counts *counts; /**< [PM_HYFLEX_PARTS] */
    const struct pm_watch *watch;
};

/** Clocks of a row's scalar part, one row after the other. */
enum {
    PM_HYFLEX_SCALAR_PIPELINED = 1,
    PM_HYFLEX_SCALAR_QUANTISE = 18,
    PM_HYFLEX_SCALAR_SOFTMAX = 18,
    PM_HYFLEX_SCALAR_DIV = 19,
    PM_HYFLEX_SCALAR_NORM = 55
};

/** Counts rows of special functions; returns their clocks in steady state. */
uint64_t pm_hyflex_count(const struct pm_hyflex_units *u, enum pm_hyflex_part part, size_t rows, size_t width,
                         unsigned scalar);

/** Calls the watch. */
pm_status pm_hyflex_step(const struct pm_hyflex_units *u, struct pm_hyflex_step *step);

/** int8 rows q[rows][width], and amax[rows], of x. What these return is PM_OK or the watch's. */
pm_status pm_hyflex_quantise(const struct pm_hyflex_units *u, size_t rows, size_t width, const uint16_t *x,
                             int8_t *q, uint16_t *amax);
/** Sums to binary16, or scales, as pm_sfu_scale(); y is no input of it. */
pm_status pm_hyflex_scale(const struct pm_hyflex_units *u, const struct pm_sfu_scale_job *job, uint16_t *y,
                          struct pm_scale *scale);

/** y[rows][width] of a, b and c, which are as long; f tells which it has. y is none of them. */
pm_status pm_hyflex_arithmetic(const struct pm_hyflex_units *u, enum pm_fp16_function f, size_t rows,
                               size_t width, const uint16_t *a, const uint16_t *b, const uint16_t *c,
                               uint16_t *y);

/** x rounded to binary16; exact numbers stay as they are. */
uint16_t pm_hyflex_from_double(double x);
void pm_hyflex_from_float(const float *x, size_t n, uint16_t *y);
void pm_hyflex_to_float(const uint16_t *x, size_t n, float *y);

/** PM_ERANGE: "WHAT HAS, a digital module of hyflex has room for MOST". */
pm_status pm_hyflex_refuse(const struct pm_node *node, struct pm_error *e, const char *what, unsigned has,
                           unsigned most);

/** A node without a matrix: a norm, activation, sum, product, pool, rotary positions, an image's patches, or
 * heads of attention. */
struct pm_hyflex_digital;
/** Keys and values of causal heads, of the tokens so far. */
struct pm_hyflex_cache;
/** PM_ERANGE, PM_EINVAL: beyond the units, which *e tells; PM_ENOMEM. */
pm_status pm_hyflex_digital_new(const struct pm_graph *g, const struct pm_node *node,
                                struct pm_hyflex_digital **digital, struct pm_error *e);
void pm_hyflex_digital_free(struct pm_hyflex_digital *d);
/** A thread's, for up to `tokens` tokens; *cache is NULL where the node needs none. PM_ENOMEM. */
pm_status pm_hyflex_cache_new(const struct pm_hyflex_digital *d, unsigned tokens,
                              struct pm_hyflex_cache **cache);
void pm_hyflex_cache_free(struct pm_hyflex_cache *cache);
/** PM_ENOMEM, or what the watch returned. */
pm_status pm_hyflex_digital_run(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u,
                                struct pm_hyflex_cache *cache, const struct pm_operands *o);

#endif
