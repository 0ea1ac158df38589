// SPDX-License-Identifier: Apache-2.0
#include "vdr_tile_rtl.h"

#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define DRAIN 12 /* clocks after the last sum in which nothing more may come */

/* Where in a row's tiles a stream is: tiles in turn, each of all rows. */
struct place {
    size_t tile, row, beat;
};

static _Thread_local struct {
    const struct pm_vdr_lut *lut;
    struct pm_tile_shape shape;
    const int8_t *x;
    const int32_t *ne;
    const uint8_t *keep;
    const int16_t *v;
    uint8_t *a, *shift;
    bool *had;           /* of each row */
    int32_t *reference;  /* of each tile */
    int64_t *sum, *part; /* of each row, its values and then 1 */
    bool round;
    size_t tiles, lanes, complete; /* tiles of a row; tiles of which all numerators are here */
    struct place in, out;
    struct pm_stream_out x_in, sum_in;
    struct pm_stream_in row, a_out, sum_out;
} run;

static size_t length(size_t tile) {
    const size_t left = run.shape.n - tile * run.shape.tile;
    return left < run.shape.tile ? left : run.shape.tile;
}

static bool ends(const struct place *p) {
    return (p->beat + 1) * run.lanes >= length(p->tile);
}

static void advance(struct place *p) {
    if (!ends(p)) {
        p->beat++;
        return;
    }
    p->beat = 0;
    if (++p->row == run.shape.rows) {
        p->row = 0;
        p->tile++;
    }
}

/* A tile's number in arrays of [rows][tiles]. */
static size_t at(const struct place *p) {
    return p->row * run.tiles + p->tile;
}

static size_t first(const struct place *p) {
    return p->row * run.shape.n + p->tile * run.shape.tile + p->beat * run.lanes;
}

static size_t used(const struct place *p) {
    const size_t left = length(p->tile) - p->beat * run.lanes;
    return left < run.lanes ? left : run.lanes;
}

void pm_vdr_tile_config(int lanes, int max_n, uint32_t *lut, unsigned char *round) {
    run.lanes = (size_t)lanes;
    if (run.shape.tile > (size_t)max_n) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    for (size_t tile = 0; tile < run.tiles; tile++)
        run.x_in.items += run.shape.rows * ((length(tile) + run.lanes - 1) / run.lanes);
    run.a_out.items = run.x_in.items;
    run.row.items = run.shape.rows * run.tiles;
    run.sum_in.items = run.sum_out.items = run.row.items * (run.shape.values + 1);
    for (size_t e = 0; e < PM_VDR_ENTRIES; e++) {
        lut[3 * e] = run.lut->e[e].l;
        lut[3 * e + 1] = run.lut->e[e].b;
        lut[3 * e + 2] = run.lut->e[e].c;
    }
    *round = run.round;
}

/* A tile's row, in the order of the tiles. */
void pm_vdr_tile_row(unsigned char valid, unsigned char had, const int reference, const int shift,
                     unsigned char *ready) {
    const uint64_t pins =
        (uint64_t)(uint32_t)(had ? reference : 0) << 8 | (uint64_t)(unsigned)shift << 1 | had;
    if (pm_stream_take(&run.row, valid, pins, run.in.tile * run.shape.rows + run.in.row)) {
        const size_t i = run.row.taken - 1;
        const struct place p = {i / run.shape.rows, i % run.shape.rows, 0};
        run.had[p.row] = had;
        run.reference[at(&p)] = had ? reference : 0;
        run.shift[at(&p)] = (uint8_t)shift;
    }
    *ready = pm_stream_ready(&run.row, valid);
}

static void collect(const uint32_t *a, bool last, uint32_t z) {
    const struct place *p = &run.out;
    int64_t *part = run.part + p->row * (run.shape.values + 1);
    pm_sim_need(last == ends(p));
    if (p->beat == 0)
        memset(part, 0, (run.shape.values + 1) * sizeof *part);
    for (size_t i = 0; i < run.lanes; i++) {
        const uint8_t y = (uint8_t)pm_get_bits(a, i * 8, 8);
        if (i >= used(p)) {
            pm_sim_need(y == 0);
            continue;
        }
        run.a[first(p) + i] = y;
        for (size_t m = 0; m < run.shape.values; m++)
            part[m] += y * run.v[(p->tile * run.shape.tile + p->beat * run.lanes + i) * run.shape.values + m];
    }
    if (last) {
        part[run.shape.values] = z;
        run.complete++;
    }
    advance(&run.out);
}

void pm_vdr_tile_numerators(unsigned char valid, const uint32_t *a, unsigned char last, int z,
                            unsigned char *ready) {
    const uint64_t scalars = last ? (uint64_t)(unsigned)z << 1 | 1 : 0; /* z counts with the last beat */
    if (pm_stream_take(&run.a_out, valid, pm_stream_hash(scalars, a, run.lanes * 8), run.x_in.taken))
        collect(a, last, (uint32_t)z);
    /* A row's numerators of two tiles are added one after the other. */
    const size_t each = run.shape.values + 1;
    const bool room = (run.complete + 1) * each <= run.sum_in.taken + run.shape.rows * each;
    run.a_out.ready = room && pm_sim_ready(valid);
    *ready = run.a_out.ready;
}

void pm_vdr_tile_sums(unsigned char ready_in, unsigned char *valid_in, int64_t *sum_in, int *part, int *shift,
                      unsigned char valid_out, int64_t sum_out, unsigned char *ready_out) {
    const size_t each = run.shape.values + 1, round = run.shape.rows * each;
    if (pm_stream_take(&run.sum_out, valid_out, (uint64_t)sum_out, run.sum_in.taken))
        run.sum[(run.sum_out.taken - 1) % round] = sum_out;
    pm_stream_fired(&run.sum_in, ready_in);
    const size_t i = run.sum_in.taken;
    *valid_in = i < run.complete * each && i < run.sum_out.taken + round && pm_stream_offer(&run.sum_in);
    if (*valid_in) {
        const struct place p = {i / round, i % round / each, 0};
        *sum_in = run.sum[i % round];
        *part = (int)run.part[i % round];
        *shift = run.shift[at(&p)];
    } else {
        *sum_in = (int64_t)pm_sim_noise() << 32 | pm_sim_noise();
        *part = (int)pm_sim_noise();
        *shift = (int)pm_sim_noise();
    }
    *ready_out = pm_stream_ready(&run.sum_out, valid_out);
    pm_stream_end(&run.sum_out, DRAIN);
}

/* The row's tile before has given its reference. */
static bool due(const struct place *p) {
    return !ends(p) || p->tile == 0 || run.row.taken > (p->tile - 1) * run.shape.rows + p->row;
}

void pm_vdr_tile_step(unsigned char x_ready, unsigned char *x_valid, uint32_t *x, uint32_t *keep,
                      unsigned char *x_last, char *ne, unsigned char *had, int *reference) {
    if (pm_stream_fired(&run.x_in, x_ready))
        advance(&run.in);
    const struct place *p = &run.in;
    *x_valid = run.x_in.taken < run.x_in.items && due(p) && pm_stream_offer(&run.x_in);
    pm_pins_noise(x, run.lanes * 8);
    pm_pins_noise(keep, run.lanes);
    *x_last = pm_sim_noise() & 1;
    *ne = (char)pm_sim_noise();
    *had = pm_sim_noise() & 1;
    *reference = (int)pm_sim_noise();
    if (!*x_valid)
        return;
    for (size_t i = 0; i < run.lanes; i++) {
        const bool is = i < used(p);
        pm_set_bits(x, i * 8, 8, (uint64_t)(is ? run.x[first(p) + i] : pm_pins_padding(run.x_in.taken + i)));
        pm_set_bits(keep, i, 1, is && (!run.keep || run.keep[first(p) + i]));
    }
    *x_last = ends(p);
    if (!*x_last)
        return;
    *ne = (char)pm_clamp(run.ne[at(p)], -128, 127);
    *had = p->tile > 0 && run.had[p->row];
    if (*had)
        *reference = run.reference[at(p) - 1];
}

pm_status pm_vdr_tile_rtl(const struct pm_sim_opts *opts, const struct pm_vdr_lut *lut,
                          const struct pm_tile_shape *shape, const int8_t *x, const int32_t *ne,
                          const uint8_t *keep, const int16_t *v, bool round, uint8_t *a, uint8_t *shift,
                          int32_t *reference, int64_t *z, int64_t *o, uint64_t *clocks) {
    const size_t each = shape->values + 1;
    if (shape->rows == 0 || shape->n == 0 || shape->tile == 0)
        return PM_ESHAPE;
    memset(&run, 0, sizeof run);
    run.lut = lut;
    run.shape = *shape;
    run.x = x;
    run.ne = ne;
    run.keep = keep;
    run.v = v;
    run.a = a;
    run.shift = shift;
    run.reference = reference;
    run.round = round;
    run.tiles = (shape->n + shape->tile - 1) / shape->tile;
    run.had = calloc(shape->rows, sizeof *run.had);
    run.sum = calloc(shape->rows * each, sizeof *run.sum);
    run.part = calloc(shape->rows * each, sizeof *run.part);
    pm_status status = run.had && run.sum && run.part ? pm_sim_run(opts, NULL) : PM_ENOMEM;
    for (size_t t = 0; t < shape->rows && status == PM_OK; t++) {
        memcpy(o + t * shape->values, run.sum + t * each, shape->values * sizeof *o);
        z[t] = run.sum[t * each + shape->values];
    }
    if (clocks)
        *clocks = run.a_out.last;
    free(run.had);
    free(run.sum);
    free(run.part);
    return status;
}
