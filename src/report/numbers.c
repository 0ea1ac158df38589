// SPDX-License-Identifier: Apache-2.0
/* Every number of a file, and what two files do not share. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct leaf {
    char *path;
    const char *key;
    const cJSON *item;
};

struct leaves {
    struct leaf *of;
    size_t n, room;
};

static void add(struct leaves *all, const char *path, const char *key, const cJSON *item) {
    if (all->n == all->room) {
        const size_t room = all->room ? 2 * all->room : 256;
        struct leaf *more = realloc(all->of, room * sizeof *more);
        if (!more)
            return;
        all->of = more;
        all->room = room;
    }
    char *copy = strdup(path);
    if (copy)
        all->of[all->n++] = (struct leaf){copy, key, item};
}

/* What a path calls an element of a list: its name, or its place. */
static void name_of(const cJSON *item, unsigned place, char *name, size_t size) {
    static const char *const keys[] = {"variant", "layer", "gemv"};
    const char *own = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !own; i++)
        own = pm_report_string(item, keys[i]);
    if (item->string)
        snprintf(name, size, "%s", item->string);
    else if (own)
        snprintf(name, size, "%s", own);
    else
        snprintf(name, size, "%u", place);
}

static void walk(struct leaves *all, const cJSON *of, const char *path, const char *key) {
    unsigned place = 0;
    for (const cJSON *e = of->child; e; e = e->next, place++) {
        char name[128], full[512];
        const char *own = e->string ? e->string : key;
        name_of(e, place, name, sizeof name);
        snprintf(full, sizeof full, "%.380s%s%s", path, *path ? " / " : "", name);
        if (!*path &&
            (strcmp(name, "units") == 0 || strcmp(name, "confusion") == 0 || strcmp(name, "changed") == 0))
            continue;
        if (cJSON_IsObject(e) || cJSON_IsArray(e))
            walk(all, e, full, own);
        else
            add(all, full, own, e);
    }
}

static void free_leaves(struct leaves *all) {
    for (size_t i = 0; i < all->n; i++)
        free(all->of[i].path);
    free(all->of);
}

void pm_report_numbers(struct pm_page *p, const struct pm_report_file *f) {
    enum { MOST = 5000 };
    struct leaves all = {0};
    const cJSON *units = pm_report_item(f->root, "units");
    size_t n = 0;
    walk(&all, f->root, "", "");
    pm_page_html(p, "<details><summary>Every number</summary>\n");
    pm_page_table(p, "Every number", NULL, "what|value|<unit|<kind");
    for (size_t i = 0; i < all.n && n < MOST; i++) {
        const struct leaf *l = &all.of[i];
        const cJSON *about = cJSON_IsObject(units) ? cJSON_GetObjectItemCaseSensitive(units, l->key) : NULL;
        const char *unit = pm_report_string(about, "unit"), *kind = pm_report_string(about, "kind");
        if (!cJSON_IsNumber(l->item) || strncmp(l->path, "effective_config", 16) == 0)
            continue;
        pm_page_row(p, l->path);
        pm_page_cell_number(p, l->item->valuedouble, -1);
        pm_page_cell(p, unit ? unit : "");
        pm_page_cell(p, kind ? kind : "");
        pm_page_html(p, "</tr>\n");
        n++;
    }
    pm_page_table_end(p);
    if (n == MOST)
        pm_page_html(p, "<p class=\"soft\">The first %zu; the file has more.</p>\n", n);
    pm_page_html(p, "</details>\n");
    free_leaves(&all);
}

/* ---- differences ---- */

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct leaf *)a)->path, ((const struct leaf *)b)->path);
}

static void cell_of(struct pm_page *p, const struct leaf *l) {
    if (!l)
        pm_page_cell(p, "");
    else if (cJSON_IsNumber(l->item))
        pm_page_cell_number(p, l->item->valuedouble, -1);
    else
        pm_page_cell(p, cJSON_IsString(l->item) ? l->item->valuestring : "\xe2\x80\x93");
}

static void put_row(struct pm_page *p, const struct leaf *a, const struct leaf *b) {
    const bool numbers = a && b && cJSON_IsNumber(a->item) && cJSON_IsNumber(b->item);
    const double x = numbers ? a->item->valuedouble : NAN, y = numbers ? b->item->valuedouble : NAN;
    pm_page_row(p, a ? a->path : b->path);
    cell_of(p, a);
    cell_of(p, b);
    pm_page_cell_number(p, y - x, -1);
    pm_page_cell_number(p, x != 0 ? y / x : NAN, 4);
    pm_page_html(p, "</tr>\n");
}

void pm_report_differences(struct pm_page *p, const struct pm_report_file *a,
                           const struct pm_report_file *b) {
    struct leaves x = {0}, y = {0};
    size_t i = 0, k = 0, same = 0, differ = 0;
    walk(&x, a->root, "", "");
    walk(&y, b->root, "", "");
    if (x.n > 0)
        qsort(x.of, x.n, sizeof *x.of, by_path);
    if (y.n > 0)
        qsort(y.of, y.n, sizeof *y.of, by_path);
    pm_page_html(p, "<section>\n<h2 id=\"differences\">Differences</h2>\n");
    pm_page_table(p, "A, B, and B over A", NULL, "what|A|B|B - A|B / A");
    while (i < x.n || k < y.n) {
        const int order = i == x.n ? 1 : k == y.n ? -1 : strcmp(x.of[i].path, y.of[k].path);
        const struct leaf *l = order <= 0 ? &x.of[i] : NULL, *r = order >= 0 ? &y.of[k] : NULL;
        i += order <= 0;
        k += order >= 0;
        if (l && r && cJSON_Compare(l->item, r->item, true)) {
            same++;
            continue;
        }
        differ++;
        put_row(p, l, r);
    }
    pm_page_table_end(p);
    pm_page_html(p, "<p>A is <code>");
    pm_page_text(p, a->path);
    pm_page_html(p, "</code>, B <code>");
    pm_page_text(p, b->path);
    pm_page_html(p, "</code>: %zu entries are the same, %zu differ or are in one alone.</p>\n</section>\n",
                 same, differ);
    free_leaves(&x);
    free_leaves(&y);
}
