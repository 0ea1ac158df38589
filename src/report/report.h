// SPDX-License-Identifier: Apache-2.0
/* `perimeter report`: what its parts share. */
#ifndef PM_REPORT_H
#define PM_REPORT_H

#include "report/page.h"

enum pm_report_kind { PM_REPORT_RUN, PM_REPORT_CHIP, PM_REPORT_SWEEP, PM_REPORT_SCORE };

/** One file that a command left. */
struct pm_report_file {
    const char *path;
    enum pm_report_kind kind;
    cJSON *root;   /**< of a sweep the heading */
    cJSON **point; /**< [points] of a sweep; NULL: a line that is empty */
    unsigned points;
};

/* A section each. */
void pm_report_run(struct pm_page *p, const struct pm_report_file *f);
void pm_report_chip(struct pm_page *p, const struct pm_report_file *f);
void pm_report_sweep(struct pm_page *p, const struct pm_report_file *f);
/** Every number and setting that two files do not share. */
void pm_report_differences(struct pm_page *p, const struct pm_report_file *a, const struct pm_report_file *b);
/** A line a file: what ran, how well, against RTL. */
void pm_report_overview(struct pm_page *p, const struct pm_report_file *f, unsigned n);
/** All numbers that a file has, folded up. */
void pm_report_numbers(struct pm_page *p, const struct pm_report_file *f);
/** "confusion" and "changed" of a run. */
void pm_report_classes(struct pm_page *p, const struct pm_report_file *f);

/* ---- tables and plots of objects ---- */

struct pm_report_column {
    const char *title, *path;
    double scale;
    int digits; /**< negative: as many as it takes */
};

/** A table of some objects, without the columns that none of them has. name_key: the member that heads a row;
 * heading: what it is, above. */
void pm_report_objects(struct pm_page *p, const char *caption, const char *heading,
                       const cJSON *const object[], unsigned n, const char *name_key,
                       const struct pm_report_column column[]);

struct pm_report_point {
    double x, y;
    const char *name; /**< what is shown under the mouse */
    char kind;        /**< of bars: M, S, X, A; 0: none */
    bool front;       /**< no other beats it: pm_report_front */
};

/** Marks the points that no other is at least as good as in both, and better in one. */
void pm_report_front(struct pm_report_point *at, unsigned n, bool less_y);
/** Points and, where asked for, the line of the front. log_x, log_y: where all are above 0. */
void pm_report_scatter(struct pm_page *p, const char *caption, const char *name, const char *x, const char *y,
                       const struct pm_report_point *at, unsigned n, bool front, bool log);
/** Bars of x, one below the other, by kind. */
void pm_report_bars(struct pm_page *p, const char *caption, const char *name, const char *x,
                    const struct pm_report_point *at, unsigned n);

/** What a file is about: its network and systems. `text` has room for `size` bytes. */
void pm_report_title(const struct pm_report_file *f, char *text, size_t size);

#endif
