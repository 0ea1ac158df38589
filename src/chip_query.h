// SPDX-License-Identifier: Apache-2.0
/* A question to the chip model, as the user puts it: files and settings. */
#ifndef PM_CHIP_QUERY_H
#define PM_CHIP_QUERY_H

#include "chip/chip.h"
#include "chip/config.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#define PM_CHIP_PLACES 64

struct pm_chip_query {
    const char *network, *config_path, *measured_path;
    const char *place[PM_CHIP_PLACES]; /**< "PATTERN=SYSTEM", the last one that matches a layer wins */
    unsigned places;
    char network_path[4096];
    cJSON *net, *chip; /**< as read and set */
    struct pm_settings *settings;
    struct pm_chip_shape shape;
    struct pm_chip_config config;
    struct pm_chip_table table[PM_CHIP_SYSTEMS];
    struct pm_chip_measured measured;
    enum pm_chip_system *system;
    struct pm_chip_job job;
};

/** Reads the files, with the tables of the places' systems. One line in *e; pm_chip_query_free in any case.
 */
pm_status pm_chip_query_load(struct pm_chip_query *q, struct pm_error *e);
/** Takes "KEY=VALUE": a setting, a key of the network's description or COMPONENT.KEY of a table. */
pm_status pm_chip_query_set(struct pm_chip_query *q, const char *text, struct pm_error *e);
/** Makes q->job of what was read and set; again after further settings. */
pm_status pm_chip_query_prepare(struct pm_chip_query *q, struct pm_error *e);
void pm_chip_query_free(struct pm_chip_query *q);

/** The answer as JSON, which the caller frees; NULL: out of memory. */
char *pm_chip_json(const struct pm_chip_query *q, const struct pm_chip_bill *b);
/** The answer as text. */
void pm_chip_print(const struct pm_chip_query *q, const struct pm_chip_bill *b, FILE *to);

#endif
