// SPDX-License-Identifier: Apache-2.0
/* The section of a chip: figures and breakdowns, with their kinds. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char kind_of(const cJSON *figure) {
    const char *kind = pm_report_string(figure, "kind");
    return kind && strlen(kind) == 1 && strchr("MSXA", *kind) ? *kind : 0;
}

static int by_size(const void *a, const void *b) {
    const double x = ((const struct pm_report_point *)a)->x, y = ((const struct pm_report_point *)b)->x;
    return (x < y) - (x > y);
}

/* Bars of the figures of a group that have a value, or of those of a unit, scaled. */
static void put_bars(struct pm_page *p, const cJSON *group, const char *caption, const char *name,
                     const char *x, const char *const unit[], const double scale[]) {
    const int all = group ? cJSON_GetArraySize(group) : 0;
    struct pm_report_point *at = calloc((size_t)all + 1, sizeof *at);
    unsigned n = 0;
    for (const cJSON *f = group && at ? group->child : NULL; f; f = f->next) {
        const double v = pm_report_number(f, "value");
        const char *own = pm_report_string(f, "unit");
        double by = unit ? 0 : 1;
        for (unsigned u = 0; unit && unit[u]; u++)
            if (own && strcmp(own, unit[u]) == 0)
                by = scale[u];
        if (v > 0 && isfinite(v) && by > 0 && f->string)
            at[n++] = (struct pm_report_point){.x = v * by, .name = f->string, .kind = kind_of(f)};
    }
    if (n > 0) {
        qsort(at, n, sizeof *at, by_size);
        pm_report_bars(p, caption, name, x, at, n);
    }
    free(at);
}

static void put_figures(struct pm_page *p, const char *caption, const cJSON *group) {
    pm_page_table(p, caption, NULL, "figure|value|<unit");
    for (const cJSON *f = group ? group->child : NULL; f; f = f->next) {
        const char *unit = pm_report_string(f, "unit");
        if (!cJSON_IsObject(f) || !kind_of(f) || !f->string)
            continue;
        pm_page_row(p, f->string);
        pm_page_cell_kind(p, pm_report_number(f, "value"), kind_of(f));
        pm_page_cell(p, unit && strcmp(unit, "1") != 0 ? unit : "");
        pm_page_html(p, "</tr>\n");
    }
    pm_page_table_end(p);
}

void pm_report_chip(struct pm_page *p, const struct pm_report_file *f) {
    static const char *const times[] = {"ns", "us", "ms", "s", NULL};
    static const double to_us[] = {1e-3, 1, 1e3, 1e6};
    char name[256];
    pm_report_title(f, name, sizeof name);
    pm_page_html(
        p, "<p><span class=\"k kM\"></span>M measured here, <span class=\"k kS\"></span>S the source's, "
           "<span class=\"k kX\"></span>X public, <span class=\"k kA\"></span>A assumed: the worst of what a "
           "figure is made of. A dash is unknown.</p>\n");
    put_figures(p, "Figures", f->root);
    put_bars(p, f->root, "Latencies:", name, "us", times, to_us);
    put_bars(p, pm_report_item(f->root, "breakdown/component"), "Energy by component:", name, "uJ", NULL,
             NULL);
    put_bars(p, pm_report_item(f->root, "breakdown/action"), "Energy by action:", name, "uJ", NULL, NULL);
    put_bars(p, pm_report_item(f->root, "breakdown/layer"), "Energy by layer:", name, "uJ", NULL, NULL);
    put_bars(p, pm_report_item(f->root, "breakdown/area"), "Area by component:", name, "mm2", NULL, NULL);
    const cJSON *unknown = pm_report_item(f->root, "unknown");
    if (cJSON_IsArray(unknown) && unknown->child) {
        pm_page_html(p, "<details><summary>Unknown, and left out of the sums</summary>\n<ul>\n");
        for (const cJSON *e = unknown->child; e; e = e->next) {
            pm_page_html(p, "<li>");
            pm_page_text(p, cJSON_IsString(e) ? e->valuestring : "?");
            pm_page_html(p, "</li>\n");
        }
        pm_page_html(p, "</ul></details>\n");
    }
    pm_report_numbers(p, f);
}
