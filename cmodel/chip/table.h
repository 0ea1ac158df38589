// SPDX-License-Identifier: Apache-2.0
/* What a chip is made of: components with counts, areas, and power or energy an action. */
#ifndef PM_CHIP_TABLE_H
#define PM_CHIP_TABLE_H

#include "chip/figure.h"
#include "io/json.h"

#define PM_CHIP_COMPONENTS 64

struct pm_chip_component {
    char name[32], parent[32]; /**< parent: what `count` of them are in; "" of the chip */
    char action[32]; /**< whose energy this is: "read" stands for "read" and every "read_..."; "" for none */
    double count;
    double area_mm2;  /**< of one; NAN: unknown, or in its parts */
    double power_mw;  /**< of one while it acts; NAN: unknown */
    double energy_pj; /**< an action, all of those that act; NAN: unknown, or by power */
    double size;      /**< what energy_pj is of: it grows with an action's size; NAN: it does not */
    enum pm_chip_kind kind;
    unsigned sum; /**< of NeuroSim's sums, below */
};

enum pm_chip_sum {
    PM_CHIP_SUM_ARRAY,
    PM_CHIP_SUM_ADC,
    PM_CHIP_SUM_ACCUMULATION,
    PM_CHIP_SUM_PERIPHERY,
    PM_CHIP_SUM_INTERCONNECT,
    PM_CHIP_SUM_LEAKAGE,
    PM_CHIP_SUMS
};
extern const char *const pm_chip_sum_name[PM_CHIP_SUMS];

struct pm_chip_table {
    unsigned n;
    struct pm_chip_component component[PM_CHIP_COMPONENTS];
};

/** Takes member "components", a list, of json's root into the table: a row whose name is there replaces it.
 * PM_EFORMAT, PM_ERANGE. */
pm_status pm_chip_table_read(struct pm_chip_table *t, const struct pm_json *json);
/** Sets COMPONENT.KEY to a number, or null where there is none; false: no such component or key. */
bool pm_chip_table_set(struct pm_chip_table *t, const char *name, const char *key, double value);

/** NULL: there is none. */
const struct pm_chip_component *pm_chip_component(const struct pm_chip_table *t, const char *name);
/** Of one component ("": the chip): its own area or, where that is unknown, its parts'; what is unknown is
 * left out, NAN where all is. */
struct pm_figure pm_chip_area(const struct pm_chip_table *t, const char *name);
/** Power of one while all of it acts: its own and its parts'; what is unknown is left out. */
struct pm_figure pm_chip_power(const struct pm_chip_table *t, const char *name);
/** Whether the component's energy is the action's. */
bool pm_chip_acts(const struct pm_chip_component *c, const char *action);

#endif
