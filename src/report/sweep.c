// SPDX-License-Identifier: Apache-2.0
/* The section of a sweep: its points, and which no other beats. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is drawn against what, the first that all points have; less: y is better when it is less. */
static const struct axes {
    const char *x, *y, *x_title, *y_title;
    double scale;
    bool less, log;
} axes[] = {
    {"energy_uj_per_token", "accuracy", "energy, uJ a token", "accuracy, %", 100, false, false},
    {"cost/clocks", "accuracy_integer", "clocks, all images", "accuracy in integers, %", 100, false, false},
    {"cost/conversions", "accuracy_integer", "conversions, all images", "accuracy in integers, %", 100, false,
     false},
    {"accesses_per_image", "accuracy_integer", "accesses an image", "accuracy in integers, %", 100, false,
     false},
    {"token_latency_us", "energy_uj_per_token", "latency of a token, us", "energy, uJ a token", 1, true,
     true}};

/* A point's settings, "slc-percent 5, tokens 128"; the caller frees them. */
static char *name_of(const cJSON *point, const cJSON *grid) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    for (const cJSON *g = f && grid ? grid->child : NULL; g; g = g->next) {
        const cJSON *v = g->string ? cJSON_GetObjectItemCaseSensitive(point, g->string) : NULL;
        char *value = v ? cJSON_PrintUnformatted(v) : NULL;
        if (value)
            fprintf(f, "%s%s %s", ftell(f) > 0 ? ", " : "", g->string,
                    cJSON_IsString(v) ? v->valuestring : value);
        cJSON_free(value);
    }
    if (f)
        fclose(f);
    return text;
}

static unsigned points_of(const struct pm_report_file *f, const struct axes *a, struct pm_report_point *at,
                          char **name) {
    unsigned n = 0;
    for (unsigned i = 0; i < f->points; i++) {
        const double x = pm_report_number(f->point[i], a->x), y = pm_report_number(f->point[i], a->y);
        if (isfinite(x) && isfinite(y))
            at[n++] = (struct pm_report_point){.x = x, .y = a->scale * y, .name = name[i]};
    }
    return n;
}

/* The first setting of the grid that is a number, and the first result: what other jobs show. */
static struct axes first_numbers(const struct pm_report_file *f, const cJSON *grid) {
    struct axes a = {.scale = 1};
    for (const cJSON *g = grid ? grid->child : NULL; g && f->points > 0; g = g->next)
        if (!a.x && g->string && isfinite(pm_report_number(f->point[0], g->string)))
            a.x = a.x_title = g->string;
    for (const cJSON *v = f->points > 0 && f->point[0] ? f->point[0]->child : NULL; v; v = v->next)
        if (!a.y && cJSON_IsNumber(v) && v->string && strcmp(v->string, "point") != 0 &&
            strcmp(v->string, "seed") != 0 && !cJSON_GetObjectItemCaseSensitive(grid, v->string))
            a.y = a.y_title = v->string;
    return a;
}

static void put_table(struct pm_page *p, const struct pm_report_file *f, const struct axes *a,
                      const struct pm_report_point *at, unsigned n, bool front) {
    enum { MOST = 200 };
    unsigned rows = 0;
    char columns[256];
    snprintf(columns, sizeof columns, "point|%.80s|%.80s", a->x_title, a->y_title);
    const bool few = f->points <= MOST;
    pm_page_table(p, few || !front ? "Points" : "Points of the front", NULL, columns);
    for (unsigned i = 0; i < n && rows < MOST; i++) {
        if (!few && front && !at[i].front)
            continue;
        pm_page_row(p, at[i].name ? at[i].name : "");
        pm_page_cell_number(p, at[i].x, -1);
        pm_page_cell_number(p, at[i].y, -1);
        pm_page_html(p, "</tr>\n");
        rows++;
    }
    pm_page_table_end(p);
}

void pm_report_sweep(struct pm_page *p, const struct pm_report_file *f) {
    const cJSON *spec = pm_report_item(f->root, "sweep"), *grid = pm_report_item(spec, "grid");
    char *text = cJSON_PrintUnformatted(spec), title[256];
    struct pm_report_point *at = calloc(f->points + 1, sizeof *at);
    char **name = calloc(f->points + 1, sizeof *name);
    unsigned n = 0;
    struct axes a = {0};
    bool front = true;
    pm_page_html(p, "<p>%u points of <code>", f->points);
    pm_page_text(p, text ? text : "");
    pm_page_html(p, "</code></p>\n");
    for (unsigned i = 0; name && i < f->points; i++)
        name[i] = name_of(f->point[i], grid);
    for (size_t k = 0; at && name && k < sizeof axes / sizeof *axes && n < 2; k++) {
        a = axes[k];
        n = points_of(f, &a, at, name);
    }
    if (at && name && n < 2) {
        a = first_numbers(f, grid);
        front = false;
        n = a.x && a.y ? points_of(f, &a, at, name) : 0;
    }
    pm_report_title(f, title, sizeof title);
    if (n > 0 && front)
        pm_report_front(at, n, a.less);
    if (n > 0) {
        pm_report_scatter(p, front ? "Points, and those that no other beats in both:" : "Points:", title,
                          a.x_title, a.y_title, at, n, front, a.log);
        put_table(p, f, &a, at, n, front);
    } else {
        pm_page_html(p, "<p class=\"soft\">No two numbers that all points have.</p>\n");
    }
    for (unsigned i = 0; name && i < f->points; i++)
        free(name[i]);
    free(name);
    free(at);
    cJSON_free(text);
}
