// SPDX-License-Identifier: Apache-2.0
/* Plots by gnuplot, as SVG inside the page. Their texts are the page's, so that they follow light and dark,
 * and points tell their values under the mouse. */
#ifndef PM_REPORT_PLOT_H
#define PM_REPORT_PLOT_H

#include "report/page.h"

/** Colours that are told apart, and from both grounds, as text and as areas. */
#define PM_PLOT_COLOURS 6
extern const char *const pm_plot_colour[PM_PLOT_COLOURS];

struct pm_plot {
    FILE *script; /**< gnuplot's commands and data */
    char *text;
    size_t size;
};

/** A script to write to; `script` is NULL where memory ran out. */
void pm_plot_begin(struct pm_plot *plot);
/** Forgets it. */
void pm_plot_drop(struct pm_plot *plot);
/** Text in quotes for gnuplot, short, with nothing in it that gnuplot or a shell would read. */
void pm_plot_word(struct pm_plot *plot, const char *s);
/** Draws it into the page. caption: what is seen, for who does not see it as well; name: of anybody's, or
 * NULL, behind it. Where gnuplot is missing or fails, a sentence says so. Frees the script. */
void pm_plot_end(struct pm_plot *plot, struct pm_page *p, const char *caption, const char *name,
                 unsigned width, unsigned height);

#endif
