// SPDX-License-Identifier: Apache-2.0
/* Tables and plots of objects. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/plot.h"

void pm_report_objects(struct pm_page *p, const char *caption, const char *heading,
                       const cJSON *const object[], unsigned n, const char *name_key,
                       const struct pm_report_column column[]) {
    bool any[32] = {false}, some = false;
    unsigned columns = 0;
    char titles[1024];
    int length = snprintf(titles, sizeof titles, "%s", heading);
    for (; column[columns].title; columns++) {
        for (unsigned i = 0; i < n; i++)
            any[columns] = any[columns] || isfinite(pm_report_number(object[i], column[columns].path));
        if (any[columns])
            length += snprintf(titles + length, sizeof titles - (size_t)length, "|%s", column[columns].title);
        some = some || any[columns];
    }
    if (!some)
        return;
    pm_page_table(p, caption, NULL, titles);
    for (unsigned i = 0; i < n; i++) {
        const char *name = pm_report_string(object[i], name_key);
        pm_page_row(p, name ? name : "all");
        for (unsigned c = 0; c < columns; c++)
            if (any[c])
                pm_page_cell_number(p, column[c].scale * pm_report_number(object[i], column[c].path),
                                    column[c].digits);
        pm_page_html(p, "</tr>\n");
    }
    pm_page_table_end(p);
}

/* ---- plots ---- */

static int by_x(const void *a, const void *b) {
    const struct pm_report_point *const *x = a, *const *y = b;
    return ((*x)->x > (*y)->x) - ((*x)->x < (*y)->x);
}

/* The points in the order of x, which the caller frees. */
static struct pm_report_point **sorted(struct pm_report_point *at, unsigned n) {
    struct pm_report_point **order = malloc((n + 1) * sizeof *order);
    for (unsigned i = 0; order && i < n; i++)
        order[i] = &at[i];
    if (order)
        qsort(order, n, sizeof *order, by_x);
    return order;
}

void pm_report_front(struct pm_report_point *at, unsigned n, bool less_y) {
    struct pm_report_point **order = sorted(at, n);
    const double sign = less_y ? -1 : 1;
    double best = -INFINITY;
    for (unsigned i = 0, end; order && i < n; i = end) {
        double here = -INFINITY; /* the best of one x */
        for (end = i; end < n && order[end]->x == order[i]->x; end++)
            here = fmax(here, sign * order[end]->y);
        for (unsigned k = i; k < end; k++)
            order[k]->front = here > best && sign * order[k]->y == here;
        best = fmax(best, here);
    }
    free(order);
}

static void put_points(struct pm_plot *plot, const char *block, struct pm_report_point **at, unsigned n,
                       bool front) {
    fprintf(plot->script, "$%s << EOD\n", block);
    for (unsigned i = 0; i < n; i++) {
        if (front && !at[i]->front)
            continue;
        fprintf(plot->script, "%.10g %.10g ", at[i]->x, at[i]->y);
        pm_plot_word(plot, at[i]->name ? at[i]->name : "");
        fputc('\n', plot->script);
    }
    fputs("EOD\n", plot->script);
}

void pm_report_scatter(struct pm_page *p, const char *caption, const char *name, const char *x, const char *y,
                       const struct pm_report_point *at, unsigned n, bool front, bool log) {
    struct pm_plot plot;
    pm_plot_begin(&plot);
    struct pm_report_point *own = malloc((n + 1) * sizeof *own);
    bool log_x = log, log_y = log, line = false;
    if (own)
        memcpy(own, at, n * sizeof *own);
    struct pm_report_point **order = own ? sorted(own, n) : NULL;
    if (plot.script && order) {
        for (unsigned i = 0; i < n; i++) {
            log_x = log_x && at[i].x > 0;
            log_y = log_y && at[i].y > 0;
            line = line || (front && at[i].front);
        }
        put_points(&plot, "all", order, n, false);
        fprintf(plot.script, "%s%sset xlabel ", log_x ? "set logscale x\n" : "",
                log_y ? "set logscale y\n" : "");
        pm_plot_word(&plot, x);
        fputs("\nset ylabel ", plot.script);
        pm_plot_word(&plot, y);
        fputs("\nset offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\nset key left top\n",
              plot.script);
        if (line) {
            put_points(&plot, "front", order, n, true);
            fprintf(plot.script,
                    "plot $front using 1:2 with lines linewidth 2 linecolor rgb '%s' title 'front', ",
                    pm_plot_colour[1]);
        } else {
            fputs("plot ", plot.script);
        }
        fprintf(plot.script,
                "$all using 1:2:3 with labels hypertext point pointtype 7 pointsize 0.7 linecolor rgb '%s' "
                "notitle\n",
                pm_plot_colour[0]);
    }
    free(order);
    free(own);
    pm_plot_end(&plot, p, caption, name, 800, 440);
}

void pm_report_bars(struct pm_page *p, const char *caption, const char *name, const char *x,
                    const struct pm_report_point *at, unsigned n) {
    static const struct {
        char kind;
        unsigned colour;
        const char *title;
    } kinds[] = {{'M', 0, "M: measured here"},
                 {'S', 1, "S: the source's"},
                 {'X', 3, "X: public"},
                 {'A', 4, "A: assumed"},
                 {0, 5, NULL}};
    enum { MOST = 40 };
    const unsigned bars = n < MOST ? n : MOST;
    struct pm_plot plot;
    pm_plot_begin(&plot);
    if (plot.script && bars > 0) {
        double most = 0;
        fputs("$d << EOD\n", plot.script);
        for (unsigned i = 0; i < bars; i++) {
            most = fmax(most, at[i].x);
            pm_plot_word(&plot, at[i].name);
            fprintf(plot.script, " %.10g %d \"", at[i].x, at[i].kind);
            fprintf(plot.script, "%.6g\"\n", at[i].x);
        }
        fprintf(plot.script, "EOD\nset yrange [%u.6:-0.6]\nset xrange [0:%.6g]\nset xlabel ", bars - 1,
                1.2 * most); /* room for the numbers */
        pm_plot_word(&plot, x);
        fputs("\nset style fill solid 1.0 noborder\nset key outside top center horizontal\nset grid "
              "noytics\nplot ",
              plot.script);
        for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            bool any = false;
            for (unsigned i = 0; i < bars; i++)
                any = any || at[i].kind == kinds[k].kind;
            if (!any)
                continue;
            fprintf(plot.script,
                    "$d using 2:0:(0):($3 == %d ? $2 : 1/0):($0-0.38):($0+0.38):ytic(1) with boxxyerror "
                    "linecolor "
                    "rgb '%s' ",
                    kinds[k].kind, pm_plot_colour[kinds[k].colour]);
            if (kinds[k].title)
                fprintf(plot.script, "title \"%s\", ", kinds[k].title);
            else
                fputs("notitle, ", plot.script);
        }
        fputs("$d using 2:0:4 with labels left offset 0.5,0 notitle\n", plot.script);
    }
    pm_plot_end(&plot, p, caption, name, 800, 110 + 24 * bars);
}
