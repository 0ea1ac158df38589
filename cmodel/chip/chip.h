// SPDX-License-Identifier: Apache-2.0
/* Time, energy and area of a network on a chip: actions counted from its shape, or measured by a run, times a
 * table of components (docs/systems/chip.md). */
#ifndef PM_CHIP_H
#define PM_CHIP_H

#include "chip/shape.h"
#include "chip/table.h"

enum pm_chip_system {
    PM_CHIP_HOST, /**< not on the chip: left out and listed */
    PM_CHIP_HYFLEXPIM,
    PM_CHIP_FLARE,
    PM_CHIP_KHWA,
    PM_CHIP_NMC,
    PM_CHIP_XBAR,
    PM_CHIP_SYSTEMS
};
extern const char *const pm_chip_system_name[PM_CHIP_SYSTEMS];
/** Also by the name that plans have, hyflex; PM_CHIP_SYSTEMS: there is none. */
enum pm_chip_system pm_chip_system_of(const char *name);

enum pm_chip_replicate { PM_CHIP_REPLICATE_INTEGER, PM_CHIP_REPLICATE_NONE, PM_CHIP_REPLICATE_FLUID };
enum pm_chip_layout { PM_CHIP_LAYOUT_DEFAULT, PM_CHIP_PACKED, PM_CHIP_LITERAL, PM_CHIP_ROWS, PM_CHIP_TOKENS };

/** What is set, whichever system it is of. Times in ns, densities are shares of ones in bit planes. */
struct pm_chip_config {
    double clock_ghz, read_ns, sar_clock_ns;
    bool svd;
    int64_t slc_percent;
    enum pm_chip_replicate replicate;
    double adc7;       /**< energy of a 7-bit conversion, of a 6-bit one */
    int64_t adc_table; /**< bits that the table's converter is read as */
    int64_t sars;      /**< converters an array whose clocks are counted; 0: read_ns */
    enum pm_chip_layout layout;
    int64_t abits, lanes;
    double endurance, inferences_a_day;
    int64_t dc, kvb;
    double density_x, density_q, density_a, density_o;
    int64_t rows, cols, cell, wbits, xbits;
    int64_t write_tenths, mvm_tenths; /**< of a crossbar, 0.1 us */
    bool sram;                        /**< khwa: lossless SRAM instead of memristors */
    int64_t bus;                      /**< khwa: bits a beat in which weights are loaded */
};

/** What a run counted of one layer: an item's mean. NAN: not counted. */
struct pm_chip_counted {
    char name[48], part[16];
    double vectors, accesses, reads, conversions, clocks, toggles;
};
struct pm_chip_measured {
    unsigned n;
    struct pm_chip_counted *of;
    double cycles_per_token; /**< of RTL, a layer; NAN: none ran */
    double boost;
};
/** From a run's summary. PM_EIO, PM_EFORMAT, PM_ENOMEM. */
pm_status pm_chip_measured_read(struct pm_chip_measured *m, const struct pm_json *json);
void pm_chip_measured_free(struct pm_chip_measured *m);
/** NULL: not counted. */
const struct pm_chip_counted *pm_chip_counted(const struct pm_chip_measured *m, const char *name,
                                              const char *part);

/** What is asked. */
struct pm_chip_job {
    const struct pm_chip_shape *shape;
    const struct pm_chip_config *config;
    const struct pm_chip_table *table[PM_CHIP_SYSTEMS]; /**< of the systems in use */
    const enum pm_chip_system *system;                  /**< of each matrix */
    const struct pm_chip_measured *measured;            /**< NULL: none */
};

#define PM_CHIP_FIGURES 64

/** A named figure. */
struct pm_chip_named {
    const char *key, *unit;
    struct pm_figure v;
};

/** A line of the bill: what one component spent on one action in one layer, an item. */
struct pm_chip_entry {
    enum pm_chip_system system;
    unsigned layer;
    const struct pm_chip_component *component;
    char action[32];
    double count;
    struct pm_figure uj; /**< NAN: unknown, not in the sums */
};

/** What one system found. */
struct pm_chip_part {
    enum pm_chip_system system;
    struct pm_figure interval_ns, latency_ns, area_mm2, macs;
    unsigned figures;
    struct pm_chip_named figure[PM_CHIP_FIGURES];
};

/** What is answered. */
struct pm_chip_bill {
    unsigned parts;
    struct pm_chip_part part[PM_CHIP_SYSTEMS];
    unsigned entries, room;
    struct pm_chip_entry *entry;
    struct pm_figure energy_uj; /**< an item */
    unsigned figures;           /**< of all systems together */
    struct pm_chip_named figure[PM_CHIP_FIGURES];
};

/** PM_OK; PM_EINVAL, PM_ERANGE (a network that the chip cannot hold), PM_ENOMEM, with one line in *e. */
pm_status pm_chip_evaluate(const struct pm_chip_job *job, struct pm_chip_bill *bill, struct pm_error *e);
void pm_chip_bill_free(struct pm_chip_bill *bill);
/** NAN where there is none of that name. */
struct pm_figure pm_chip_figure(const struct pm_chip_bill *bill, const char *key);

/* For the systems. */

/** An action of a layer: how often an item, how long (ns), how large. */
struct pm_chip_action {
    unsigned layer;
    const char *name;
    double count, ns, size;
    enum pm_chip_kind kind;
};
/** Adds what the table's components spend on it. `factor` multiplies the energy of the component of that
 * name; NULL: none. */
pm_status pm_chip_act(struct pm_chip_bill *bill, const struct pm_chip_job *job, enum pm_chip_system system,
                      const struct pm_chip_action *a, const char *name, double factor, struct pm_error *e);
void pm_chip_put(struct pm_chip_part *part, const char *key, double value, const char *unit,
                 enum pm_chip_kind kind);

/** One for each system: figures into *part, actions into *bill. */
typedef pm_status pm_chip_model(const struct pm_chip_job *job, struct pm_chip_part *part,
                                struct pm_chip_bill *bill, struct pm_error *e);
pm_chip_model pm_chip_hyflexpim, pm_chip_flare, pm_chip_khwa, pm_chip_nmc, pm_chip_xbar;

/** Whether a layer's products of attention are computed by the system: whoever has its queries. */
bool pm_chip_attends(const struct pm_chip_job *job, unsigned layer, enum pm_chip_system system);

#endif
