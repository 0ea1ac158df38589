// SPDX-License-Identifier: Apache-2.0
/* Speed of whole networks, each in a run of the program of its own. */
#ifndef BENCH_NETWORKS_H
#define BENCH_NETWORKS_H

#include <stdio.h>

/** Runs all, prints a row of each, and writes each as a key of an object to `summary`. Files of the runs go
 * to `folder`. classifier: PP-OCR's text-direction network; NULL: it is not there. */
void bench_networks(const char *folder, const char *program, const char *data, const char *classifier,
                    FILE *summary);

#endif
