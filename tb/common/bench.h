// SPDX-License-Identifier: Apache-2.0
/* What every bench does: load models, compare integers, count them, print TAP lines. */
#ifndef BENCH_H
#define BENCH_H

#include "pm_types.h"
#include "rtl.h"

#include <stdio.h>

struct bench {
    const char *block;
    uint64_t seed;     /**< of this run's random numbers; PERIMETER_SEED replays it */
    uint64_t compared; /**< integers compared in all */
    uint64_t differ;
    uint64_t rng;
    unsigned tests, failed;
    char params[128]; /**< of the model, as tb/BLOCK/models says them */
    bool mutant;      /**< this process judges a mutant */
};

/** Reads PERIMETER_SEED (default 1) and prints it. */
void bench_begin(struct bench *b, const char *block);

/** The model of that name in tb/BLOCK/models; ends the program with a message when it cannot be had. NULL
 * where PERIMETER_MODELS ("model,model,...", names or parameters) leaves it out. */
struct pm_rtl *bench_model(struct bench *b, const char *name);
/** A parameter of this model; ends the program where tb/BLOCK/models does not say it. */
unsigned bench_parameter(const struct bench *b, const char *name);
/** A function of the model; ends the program when it is missing. */
void (*bench_function(struct pm_rtl *rtl, const char *name))(void);

/** Random numbers for stimulus (xorshift64*). */
uint64_t bench_random(struct bench *b);
/** Uniform in lo..hi. */
int64_t bench_range(struct bench *b, int64_t lo, int64_t hi);
/** A stall seed: 0 (no stalls) in one of four cases, else random. */
uint64_t bench_stalls(struct bench *b);

/** Compares one integer; the first differences are printed with tensor, index and both values. */
void bench_eq(struct bench *b, const char *tensor, size_t index, int64_t golden, int64_t rtl);

/** Closes one named test: passes when nothing differed since the last call and `compared` integers were
 * compared since then (exactly `expected`, so that a bench that compares nothing fails). */
void bench_test(struct bench *b, const char *name, uint64_t expected);
/** Closes one named test that is a plain condition. */
void bench_check(struct bench *b, const char *name, bool ok);

/** Prints the totals and returns the exit status. */
int bench_end(struct bench *b);

#endif
