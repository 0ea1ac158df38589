// SPDX-License-Identifier: Apache-2.0
/* A HyFlexPIM array's crossbar and its replica column as a resistive network, solved exactly: what the model
 * of wires, which takes wordlines and bitlines one after the other, is held against. */
#ifndef PM_TEST_CROSSBAR_H
#define PM_TEST_CROSSBAR_H

#include "hyflex_gemv.h"

#include <lapacke.h>
#include <stdlib.h>

enum {
    PM_CROSSBAR_COLS = PM_HYFLEX_COLS + 1,
    PM_CROSSBAR_NODES = 2 * PM_HYFLEX_ROWS * PM_CROSSBAR_COLS,
    PM_CROSSBAR_BAND = 2 * PM_CROSSBAR_COLS
};

/* A conductance between two nodes, or (b = PM_CROSSBAR_NODES) from one to a fixed voltage: upper band
 * storage, column-major, symmetric. */
static inline void pm_crossbar_add(double *ab, unsigned a, unsigned b, double g) {
    const size_t band = PM_CROSSBAR_BAND;
    ab[a * (band + 1) + band] += g;
    if (b == PM_CROSSBAR_NODES)
        return;
    ab[b * (band + 1) + band] += g;
    ab[(a > b ? a : b) * (band + 1) + band - (a > b ? a - b : b - a)] -= g;
}

/** Currents into the converters and, last, of the replica column, over g_on times the drivers' voltage:
 * current[PM_CROSSBAR_COLS]. g[64][PM_CROSSBAR_COLS] are the cells, over g_on; wire is the resistance between
 * neighbouring cells over R_on; drivers stand before column 0, converters below row 0. Node 2 (r COLS + c) is
 * the wordline's, the next the bitline's. false: out of memory or not solvable. */
static inline bool pm_crossbar_solve(double wire, const double *g, uint64_t wordlines, double *current) {
    const unsigned none = PM_CROSSBAR_NODES, cols = PM_CROSSBAR_COLS;
    double *ab = calloc((size_t)PM_CROSSBAR_NODES * (PM_CROSSBAR_BAND + 1), sizeof *ab);
    double *v = calloc(PM_CROSSBAR_NODES, sizeof *v);
    bool ok = ab != NULL && v != NULL;
    for (unsigned r = 0; ok && r < PM_HYFLEX_ROWS; r++)
        for (unsigned c = 0; c < cols; c++) {
            const unsigned node = 2 * (r * cols + c);
            const bool on = wordlines >> r & 1;
            pm_crossbar_add(ab, node, c > 0 ? node - 2 : none, 1 / wire);
            if (c == 0)
                v[node] = on / wire; /* the driver */
            pm_crossbar_add(ab, node + 1, r > 0 ? node + 1 - 2 * cols : none, 1 / wire);
            if (on)
                pm_crossbar_add(ab, node, node + 1, g[r * cols + c]);
        }
    ok = ok && LAPACKE_dpbsv(LAPACK_COL_MAJOR, 'U', PM_CROSSBAR_NODES, PM_CROSSBAR_BAND, 1, ab,
                             PM_CROSSBAR_BAND + 1, v, PM_CROSSBAR_NODES) == 0;
    for (unsigned c = 0; ok && c < cols; c++)
        current[c] = v[2 * c + 1] / wire;
    free(ab);
    free(v);
    return ok;
}

#endif
