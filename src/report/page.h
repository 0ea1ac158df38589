// SPDX-License-Identifier: Apache-2.0
/* One self-contained HTML page that is written from top to bottom. What comes from files goes through
 * pm_page_text() and pm_page_name(), which leave no markup in it. */
#ifndef PM_REPORT_PAGE_H
#define PM_REPORT_PAGE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "io/error.h"

struct pm_page {
    FILE *f; /**< of the page's memory */
    char *text;
    size_t size;
    unsigned plots;
    bool drawn; /**< gnuplot was there for a plot */
};

/** PM_ENOMEM. pm_page_free in any case. */
pm_status pm_page_begin(struct pm_page *p, const char *title);
/** Ends the page, which is then in p->text. PM_ENOMEM. */
pm_status pm_page_end(struct pm_page *p);
void pm_page_free(struct pm_page *p);

/** Markup of ours. */
__attribute__((format(printf, 2, 3))) void pm_page_html(struct pm_page *p, const char *format, ...);
/** Text of anybody's. */
void pm_page_text(struct pm_page *p, const char *s);
/** Bytes are no well-formed UTF-8, or control characters, are replaced. */
void pm_page_escape(FILE *f, const char *s);

/* ---- tables: a heading for columns, a row, its cells ---- */

/** columns: separated by |, with their units; < before one of words. name: of anybody's, or NULL, behind the
 * caption. */
void pm_page_table(struct pm_page *p, const char *caption, const char *name, const char *columns);
void pm_page_table_end(struct pm_page *p);
/** Begins a row with a heading. */
void pm_page_row(struct pm_page *p, const char *name);
void pm_page_cell(struct pm_page *p, const char *text);
/** Digits behind the point; negative: as many as it takes. NAN: a dash. */
void pm_page_cell_number(struct pm_page *p, double v, int digits);
/** A number of a kind: M measured, S source, X public, A assumed. */
void pm_page_cell_kind(struct pm_page *p, double v, char kind);

/* ---- what a document says, or does not ---- */

/** The number at a path of keys, "cost/arrays"; NAN where there is none. */
double pm_report_number(const cJSON *of, const char *path);
/** The text there; NULL. */
const char *pm_report_string(const cJSON *of, const char *path);
const cJSON *pm_report_item(const cJSON *of, const char *path);

#endif
