// SPDX-License-Identifier: Apache-2.0
/* A number with where it comes from. */
#ifndef PM_CHIP_FIGURE_H
#define PM_CHIP_FIGURE_H

#include <math.h>
#include <stdbool.h>

/** How far to trust a number, best first. What is derived has the worst of its inputs. */
enum pm_chip_kind {
    PM_CHIP_MEASURED, /**< M: counted, simulated or mapped by this project */
    PM_CHIP_SOURCE,   /**< S: stated by the source of the design, or arithmetic on what it states */
    PM_CHIP_PUBLIC,   /**< X: from other public data, such as a network's shape */
    PM_CHIP_ASSUMED,  /**< A: a choice */
    PM_CHIP_KINDS
};
/** "M", "S", "X", "A". */
extern const char *const pm_chip_kind_name[PM_CHIP_KINDS];

/** NAN: unknown. */
struct pm_figure {
    double value;
    enum pm_chip_kind kind;
};

static inline enum pm_chip_kind pm_worst(enum pm_chip_kind a, enum pm_chip_kind b) {
    return a > b ? a : b;
}
static inline struct pm_figure pm_figure(double value, enum pm_chip_kind kind) {
    return (struct pm_figure){value, kind};
}
static inline struct pm_figure pm_figure_times(struct pm_figure a, struct pm_figure b) {
    return pm_figure(a.value * b.value, pm_worst(a.kind, b.kind));
}
static inline struct pm_figure pm_figure_over(struct pm_figure a, struct pm_figure b) {
    return pm_figure(a.value / b.value, pm_worst(a.kind, b.kind));
}
static inline struct pm_figure pm_figure_plus(struct pm_figure a, struct pm_figure b) {
    return pm_figure(a.value + b.value, pm_worst(a.kind, b.kind));
}
/** The larger one; both are its inputs. */
static inline struct pm_figure pm_figure_most(struct pm_figure a, struct pm_figure b) {
    return pm_figure(a.value > b.value ? a.value : b.value, pm_worst(a.kind, b.kind));
}
static inline struct pm_figure pm_figure_scaled(struct pm_figure a, double by) {
    return pm_figure(a.value * by, a.kind);
}

#endif
