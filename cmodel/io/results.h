// SPDX-License-Identifier: Apache-2.0
/* Results: one list of what a command found, from which text, JSON and a sweep's lines are printed.
 *
 * A result has a key, a value, a unit and a kind, which says how far to trust it. Results nest: a group has
 * keys, a list has none. Memory that runs out is remembered and reported when the list is printed. */
#ifndef PM_RESULTS_H
#define PM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pm_result_kind {
    PM_RESULT_PLAIN,    /**< a name, a setting */
    PM_RESULT_MEASURED, /**< counted or timed by this program */
    PM_RESULT_DERIVED,  /**< computed from others */
    PM_RESULT_SOURCE,   /**< as the source of the design states */
    PM_RESULT_PUBLIC,   /**< from other public data */
    PM_RESULT_ASSUMED,
};

struct pm_results;

/** NULL: out of memory. */
struct pm_results *pm_results_new(void);
void pm_results_free(struct pm_results *r);

/** Adds a result. key: NULL in a list; copied, as text is. unit: "s", "clocks"; NULL: none; not copied. */
void pm_result_int(struct pm_results *r, const char *key, int64_t v, const char *unit,
                   enum pm_result_kind kind);
/** Not a number (NAN): not measured. */
void pm_result_real(struct pm_results *r, const char *key, double v, const char *unit,
                    enum pm_result_kind kind);
void pm_result_text(struct pm_results *r, const char *key, const char *text);
/** A list of n integers of one unit. */
void pm_result_ints(struct pm_results *r, const char *key, const uint64_t *v, size_t n, const char *unit,
                    enum pm_result_kind kind);
/** Begins a group or a list, which pm_result_end ends. */
void pm_result_group(struct pm_results *r, const char *key);
void pm_result_list(struct pm_results *r, const char *key);
void pm_result_end(struct pm_results *r);

/** The number at a path of keys and places, "layers/0/2/density"; NAN where there is none. */
double pm_results_number(const struct pm_results *r, const char *path);

/** JSON, which the caller frees: the whole list, indented, with a last member `units` that has unit and kind
 * of each key; or its values alone, on one line. NULL: out of memory. */
char *pm_results_json(const struct pm_results *r, bool whole);

#endif
