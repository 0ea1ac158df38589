// SPDX-License-Identifier: Apache-2.0
/* Settings: one kind for blocks, systems, runs and sweeps.
 *
 * A list of settings is declared as a table that ends with a nameless entry; values are sized by it. A list
 * may have a prefix: `cell` of list `hyflex` is `hyflex.cell` to the user. A setting has a type, a range, a
 * default, a help text and a condition on settings of the same list that says when it applies; one that the
 * user gives although it does not apply is refused.
 *
 * A condition is one or more alternatives, joined by " or ", each of terms joined by a space, all of which
 * must hold: NAME=VALUE or NAME=VALUE|VALUE of a choice or an integer, NAME>NUMBER or NAME<NUMBER of a
 * number. A term over a setting that does not apply itself does not hold.
 *
 * Names are written with hyphens on the command line, in JSON and in sweeps; an underscore is read as a
 * hyphen. */
#ifndef PM_SETTINGS_H
#define PM_SETTINGS_H

#include "io/error.h"

#include <stdio.h>

struct cJSON;
struct pm_results;

#define PM_SETTING_VALUES 16 /**< most values of one setting */

enum pm_setting_kind {
    PM_SET_INT,
    PM_SET_REAL,
    PM_SET_CHOICE, /**< one of `choices`; the value is its index */
};

struct pm_setting {
    const char *name;
    enum pm_setting_kind kind;
    const char *fallback; /**< the default; NULL: the owner computes it, `help` says how */
    double lo, hi;        /**< inclusive */
    bool below;           /**< hi itself is outside */
    bool list;            /**< one value, or several separated by commas */
    bool fact;            /**< for conditions only: set by the program, hidden from the user */
    const char *choices;  /**< "split|scan|next" */
    const char *when;     /**< the condition; NULL: applies always */
    const char *golden;   /**< choices that have no RTL, "scan|next" */
    const char *help;     /**< or NULL */
};

struct pm_setting_list {
    const char *prefix; /**< or NULL */
    const struct pm_setting *setting;
};

/** An empty table. */
extern const struct pm_setting pm_no_settings[];

/** Enters a list, or a pointer to one under a name, into the table of all lists, which the tests walk. */
#define PM_SETTING_LIST(LIST) PM_SETTING_LIST_AT(LIST, &(LIST))
#define PM_SETTING_LIST_AT(NAME, POINTER)                                                                    \
    static const struct pm_setting_list *const pm_setting_list_##NAME                                        \
        __attribute__((section("pm_setting_lists"), used)) = (POINTER)
extern const struct pm_setting_list *const __start_pm_setting_lists[], *const __stop_pm_setting_lists[];

/* The usual declarations; more members may follow. */
#define PM_SET_FLAG(NAME, FALLBACK)                                                                          \
    .name = (NAME), .kind = PM_SET_CHOICE, .fallback = (FALLBACK), .choices = "0|1"
#define PM_SET_ONE_OF(NAME, CHOICES, FALLBACK)                                                               \
    .name = (NAME), .kind = PM_SET_CHOICE, .fallback = (FALLBACK), .choices = (CHOICES)
#define PM_SET_INTEGER(NAME, LO, HI, FALLBACK)                                                               \
    .name = (NAME), .kind = PM_SET_INT, .fallback = (FALLBACK), .lo = (LO), .hi = (HI)
#define PM_SET_NUMBER(NAME, LO, HI, FALLBACK)                                                                \
    .name = (NAME), .kind = PM_SET_REAL, .fallback = (FALLBACK), .lo = (LO), .hi = (HI)

struct pm_value {
    bool given; /**< by the user */
    unsigned n; /**< values; 0: a default that is still to be computed */
    union {
        int64_t i; /**< integer, or a choice's index */
        double r;
    } at[PM_SETTING_VALUES];
};

/** A list's values; plain memory: free() ends it. */
struct pm_settings {
    const struct pm_setting_list *list;
    size_t count;
    struct pm_value value[];
};

/** All defaults; NULL: out of memory. A declaration that contradicts itself ends the program. */
struct pm_settings *pm_settings_new(const struct pm_setting_list *list);
/** NULL: out of memory. */
struct pm_settings *pm_settings_copy(const struct pm_settings *s);

/** Whether name[length], as the user wrote it, is the declared one. */
bool pm_setting_same_name(const char *declared, const char *name, size_t length);
/** Sets *s to the one of all[], ended by NULL, whose list has the full name[length]; its place, or -1. */
int pm_settings_find(struct pm_settings *const all[], const char *name, size_t length,
                     struct pm_settings **s);

/** Parses `text` as setting d; `subject` goes into the error. PM_EINVAL (no such value) or PM_ERANGE. */
pm_status pm_setting_parse(const struct pm_setting *d, const char *text, const char *subject,
                           struct pm_value *v, struct pm_error *e);

/** Takes "NAME=VALUE" from the user; PM_EINVAL also where no list has it, or it was given already. `where`
 * (an option, a file) precedes the name in an error; may be NULL. */
pm_status pm_settings_give(struct pm_settings *const all[], const char *text, const char *where,
                           struct pm_error *e);
/** Takes the members of a JSON object, but what was given before. Errors as pm_settings_give. */
pm_status pm_settings_load(struct pm_settings *const all[], const struct cJSON *object, const char *where,
                           struct pm_error *e);
/** Replaces values by "NAME=VALUE NAME=VALUE ...", given or not. */
pm_status pm_settings_override(struct pm_settings *const all[], const char *text, struct pm_error *e);
/** Sets a fact, which is a choice or an integer. */
void pm_settings_fact(struct pm_settings *s, const char *name, int64_t value);

/** Values by name without prefix; a name that the list lacks ends the program. */
struct pm_value *pm_settings_value(struct pm_settings *s, const char *name);
int64_t pm_settings_int(const struct pm_settings *s, const char *name); /**< also a choice's index */
double pm_settings_real(const struct pm_settings *s, const char *name);
/** Whether a condition holds, "norm=pow2|none". */
bool pm_settings_meet(const struct pm_settings *s, const char *condition);
/** Whether setting k applies. */
bool pm_settings_applies(const struct pm_settings *s, size_t k);

/** Refuses what was given and does not apply (PM_EINVAL) and, with `rtl`, values that have no RTL (PM_EMODE).
 */
pm_status pm_settings_check(const struct pm_settings *s, bool rtl, struct pm_error *e);

/** The effective settings, "coding=sign bits=8", reals so that they read back as the same numbers. */
void pm_settings_print(const struct pm_settings *s, FILE *f);
/** Setting k alone, without prefix; as a result called `key`. */
void pm_setting_print(const struct pm_settings *s, size_t k, FILE *f);
void pm_setting_result(const struct pm_settings *s, size_t k, const char *key, struct pm_results *r);
/** All as results: choices as text, but 0|1 as a number. */
void pm_settings_results(const struct pm_settings *s, struct pm_results *r);

/** "twos|sign", "1..16", "0.5 <= value < 1" into text. */
void pm_setting_range(const struct pm_setting *d, char *text, size_t length);
/** "of signed elements; with noise=1; next: golden only" into text: help, condition, what has no RTL. */
void pm_setting_note(const struct pm_setting *d, char *text, size_t length);

#endif
