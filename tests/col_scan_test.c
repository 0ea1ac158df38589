// SPDX-License-Identifier: Apache-2.0
#include "col_scan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The slower of two overlapping activities, by walking through both clock by clock. */
static unsigned walk(unsigned read, unsigned cols, unsigned bits, unsigned sars) {
    unsigned clock = 0, held = 0, started = 0, left[8] = {0}, reading = 0, first[4] = {0};
    while (started < 4 * cols) {
        const unsigned plane = started / cols, column = started % cols;
        if (held > plane && left[column % sars] == 0) {
            first[plane] = column == 0 ? clock : first[plane];
            left[column % sars] = bits + 2;
            started++;
        }
        for (unsigned s = 0; s < sars; s++)
            left[s] -= left[s] > 0;
        if (held < started / cols + 2 && ++reading == read) {
            reading = 0;
            held++;
        }
        clock++;
    }
    return first[3] - first[2];
}

static void plane_clocks_are_the_slower_part(void **state) {
    (void)state;
    for (unsigned bits = 6; bits <= 7; bits++)
        for (unsigned sars = 1; sars <= 8; sars *= 2)
            for (unsigned read = 1; read <= 2400; read += 37)
                assert_int_equal(pm_plane_clocks(read, 128, bits, sars), walk(read, 128, bits, sars));
    assert_int_equal(pm_plane_clocks(128, 128, 6, 1), 1024);
    assert_int_equal(pm_plane_clocks(128, 128, 7, 1), 1152);
    assert_int_equal(pm_plane_clocks(128, 128, 6, 8), 128);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(plane_clocks_are_the_slower_part)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
