// SPDX-License-Identifier: Apache-2.0
#include "system/counts.h"

#include "bitsift.h"

const struct pm_count_info pm_count_info[PM_COUNTS] = {
    [PM_COUNT_VECTORS] = {"vectors", "vectors"},
    [PM_COUNT_READS] = {"array_reads", "reads"},
    [PM_COUNT_ACCESSES] = {"accesses", "accesses"},
    [PM_COUNT_WINDOWS] = {"windows", "accesses"},
    [PM_COUNT_CONVERSIONS] = {"conversions", "conversions"},
    [PM_COUNT_CLIPS] = {"clips", "conversions"},
    [PM_COUNT_LEVELS] = {"levels", "levels"},
    [PM_COUNT_WRONG] = {"wrong_codes", "conversions"},
    [PM_COUNT_CLOCKS] = {"clocks", "clocks"},
    [PM_COUNT_BITS] = {"plane_bits", "bits"},
    [PM_COUNT_ONES] = {"plane_ones", "bits"},
    [PM_COUNT_WRITES] = {"writes", "elements"},
    [PM_COUNT_CLIPPED] = {"clipped", "elements"},
    [PM_COUNT_ROUNDED] = {"clamped_by_rounding", "elements"},
    [PM_COUNT_ZERO_SUMS] = {"zero_sums", "rows"},
    [PM_COUNT_MOVED] = {"bits_moved", "bits"},
    [PM_COUNT_ROW_READS] = {"row_reads", "reads"},
    [PM_COUNT_TOGGLES] = {"toggles", "toggles"},
    [PM_COUNT_PRODUCT_TOGGLES] = {"product_toggles", "toggles"},
    [PM_COUNT_ENERGY] = {"energy", "units/1000"},
    [PM_COUNT_CONVENTIONAL] = {"conventional_accesses", "accesses"},
    [PM_COUNT_ERROR] = {"error_power", "1024 LSB^2"},
    [PM_COUNT_EXACT] = {"exact_power", "1024 LSB^2"},
    [PM_COUNT_RESCALED] = {"rescaled", "elements"},
    [PM_COUNT_VALUES] = {"values", "elements"},
    [PM_COUNT_ZERO_VALUES] = {"zero_values", "elements"},
    [PM_COUNT_ZERO_VECTORS] = {"zero_vectors", "groups"},
    [PM_COUNT_ZERO_SLICES] = {"zero_slices", "slices"},
    [PM_COUNT_SFU_ROWS] = {"sfu_rows", "rows"},
    [PM_COUNT_NORS] = {"nor_operations", "operations"},
    [PM_COUNT_CELL_WRITES] = {"cell_writes", "writes"},
};

const struct pm_histogram_info pm_histogram_info[PM_HISTOGRAMS] = {
    [PM_HISTOGRAM_LINES] = {"lines", "accesses", 1, PM_K},
    [PM_HISTOGRAM_EXPONENT] = {"exponents", "rows", -4, PM_HISTOGRAM_BINS},
};

void pm_counts_add(struct pm_counts *sum, const struct pm_counts *c) {
    for (int k = 0; k < PM_COUNTS; k++)
        sum->of[k] += c->of[k];
    for (int h = 0; h < PM_HISTOGRAMS; h++)
        for (int b = 0; b < PM_HISTOGRAM_BINS; b++)
            sum->bin[h][b] += c->bin[h][b];
}

bool pm_counts_any(const struct pm_counts *c) {
    uint64_t any = 0;
    for (int k = 0; k < PM_COUNTS; k++)
        any |= c->of[k];
    return any != 0;
}
