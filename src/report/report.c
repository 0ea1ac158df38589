// SPDX-License-Identifier: Apache-2.0
/* `perimeter report`: one self-contained page of what commands left in files. */
#include "report/report.h"

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "fileio.h"
#include "io/json.h"
#include "io/text.h"
#include "rtl.h"

enum { FILES = 64 };

struct job {
    const char *operand[FILES], *output;
    unsigned operands;
    struct pm_report_file file[FILES];
    unsigned files;
    struct pm_error error;
};

/* ---- files ---- */

/* Lines of JSON behind a heading. */
static pm_status load_points(struct job *j, struct pm_report_file *f, char *text) {
    unsigned lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    f->point = calloc(lines + 1, sizeof *f->point);
    if (!f->point)
        return pm_fail(&j->error, PM_ENOMEM, f->path, "out of memory");
    char *line = strchr(text, '\n');
    for (unsigned number = 2; line && line[1]; number++) {
        char *start = line + 1, *end = strchr(start, '\n');
        struct pm_error why = {{0}};
        struct pm_json json = {f->path, &why, NULL};
        if (!end)
            return pm_fail(&j->error, PM_EFORMAT, f->path,
                           "line %u is cut off; the same sweep again completes it", number);
        *end = 0;
        if (pm_json_parse(&json, start, (size_t)(end - start)) != PM_OK)
            return pm_fail(&j->error, PM_EFORMAT, f->path, "line %u is no JSON object", number);
        f->point[f->points++] = json.root;
        line = end;
    }
    return f->points ? PM_OK : pm_fail(&j->error, PM_EFORMAT, f->path, "a sweep without points");
}

static pm_status load(struct job *j, const char *path) {
    struct pm_report_file *f = &j->file[j->files++];
    char *text = NULL;
    size_t length;
    *f = (struct pm_report_file){.path = path};
    pm_status status = pm_text_load(path, PM_JSON_MAX, &text, &length, &j->error);
    if (status != PM_OK)
        return status;
    struct pm_json json = {path, &j->error, NULL};
    /* A sweep's first line is an object of its own. */
    const size_t first = strcspn(text, "\n");
    const bool sweep = strncmp(text, "{\"sweep\":", 9) == 0;
    if (sweep)
        text[first] = 0;
    status = pm_json_parse(&json, text, sweep ? first : length);
    f->root = json.root;
    if (status == PM_OK && sweep) {
        text[first] = first < length ? '\n' : 0;
        f->kind = PM_REPORT_SWEEP;
        status = load_points(j, f, text);
    } else if (status == PM_OK) {
        f->kind = cJSON_IsObject(pm_report_item(f->root, "effective_config")) ? PM_REPORT_RUN
                  : cJSON_IsObject(pm_report_item(f->root, "breakdown"))      ? PM_REPORT_CHIP
                                                                              : PM_REPORT_SCORE;
        if (f->kind == PM_REPORT_SCORE && !isfinite(pm_report_number(f->root, "words")) &&
            !isfinite(pm_report_number(f->root, "rows")))
            status = pm_fail(&j->error, PM_EFORMAT, path,
                             "no summary of perimeter run, infer or score, nor what chip or sweep writes");
    }
    free(text);
    return status;
}

/* What `make run` and others have left, where nothing is named. */
static pm_status find(struct job *j, glob_t *found) {
    char json[4096], lines[4096 + 1];
    snprintf(json, sizeof json, "%s/run/*.json", pm_build());
    snprintf(lines, sizeof lines, "%sl", json);
    if (glob(json, 0, NULL, found) != 0 && found->gl_pathc == 0)
        globfree(found);
    glob(lines, GLOB_APPEND, NULL, found);
    if (found->gl_pathc == 0)
        return pm_fail(&j->error, PM_EINVAL, json,
                       "no runs yet: make run, or name what --summary or --output wrote");
    for (size_t i = 0; i < found->gl_pathc && i < FILES; i++)
        j->operand[j->operands++] = found->gl_pathv[i];
    return PM_OK;
}

/* ---- the page ---- */

void pm_report_title(const struct pm_report_file *f, char *text, size_t size) {
    const char *model, *system;
    char systems[160] = "";
    switch (f->kind) {
    case PM_REPORT_CHIP:
        model = pm_report_string(f->root, "network/path");
        system = pm_report_string(f->root, "system");
        snprintf(text, size, "%.120s on %.60s", model ? model : "?", system ? system : "?");
        return;
    case PM_REPORT_SWEEP:
        model = pm_report_string(f->root, "sweep/model");
        system = pm_report_string(f->root, "sweep/job");
        snprintf(text, size, "sweep of %.120s", model ? model : system ? system : "?");
        return;
    case PM_REPORT_SCORE:
        snprintf(text, size, "scores");
        return;
    default:
        break;
    }
    model = pm_report_string(f->root, "effective_config/model");
    const cJSON *place = pm_report_item(f->root, "effective_config/place");
    for (const cJSON *e = cJSON_IsArray(place) ? place->child : NULL; e; e = e->next) {
        system = pm_report_string(e, "system");
        const size_t n = strlen(systems);
        if (system && !strstr(systems, system) && n + strlen(system) + 3 < sizeof systems)
            snprintf(systems + n, sizeof systems - n, "%s%s", n ? ", " : "", system);
    }
    snprintf(text, size, "%.120s on %.100s", model ? model : "?", *systems ? systems : "the host");
}

/* Of a run: the measure that it has, in float and in integers. */
static void put_measure(struct pm_page *p, const cJSON *root) {
    static const struct {
        const char *name, *by_float, *by_integer;
        double scale;
        int digits;
    } measure[] = {{"accuracy, %", "accuracy_float", "accuracy_integer", 100, 2},
                   {"perplexity", "perplexity_float", "perplexity_integer", 1, 4},
                   {"Spearman", "spearman_float", "spearman_integer", 1, 4},
                   {"same class, %", "", "same_class", 100, 2}};
    for (size_t i = 0; i < sizeof measure / sizeof *measure; i++)
        if (isfinite(pm_report_number(root, measure[i].by_integer))) {
            pm_page_cell(p, measure[i].name);
            pm_page_cell_number(
                p,
                *measure[i].by_float ? measure[i].scale * pm_report_number(root, measure[i].by_float) : NAN,
                measure[i].digits);
            pm_page_cell_number(p, measure[i].scale * pm_report_number(root, measure[i].by_integer),
                                measure[i].digits);
            return;
        }
    pm_page_cell(p, "");
    pm_page_cell_number(p, NAN, 0);
    pm_page_cell_number(p, NAN, 0);
}

/* The sum of what differed, NAN where nothing was compared. */
static double differ(const cJSON *of) {
    double sum = NAN;
    for (const cJSON *e = of ? of->child : NULL; e; e = e->next) {
        const size_t n = e->string ? strlen(e->string) : 0;
        const double v = cJSON_IsObject(e) || cJSON_IsArray(e) ? differ(e)
                         : cJSON_IsNumber(e) && n >= 6 && strcmp(e->string + n - 6, "differ") == 0
                             ? e->valuedouble
                             : NAN;
        sum = isnan(v) ? sum : isnan(sum) ? v : sum + v;
    }
    return sum;
}

void pm_report_overview(struct pm_page *p, const struct pm_report_file *f, unsigned n) {
    unsigned runs = 0;
    for (unsigned i = 0; i < n; i++)
        runs += f[i].kind == PM_REPORT_RUN;
    if (runs == 0)
        return;
    pm_page_table(p, "Runs", NULL,
                  "file|<what ran|<engine|seed|<measure|float|integers|integers of the RTL that differ");
    for (unsigned i = 0; i < n; i++) {
        char title[256];
        const char *engine = pm_report_string(f[i].root, "effective_config/engine");
        if (f[i].kind != PM_REPORT_RUN)
            continue;
        pm_report_title(&f[i], title, sizeof title);
        pm_page_row(p, f[i].path);
        pm_page_html(p, "<td><a href=\"#f%u\">", i + 1);
        pm_page_text(p, title);
        pm_page_html(p, "</a></td>");
        pm_page_cell(p, engine ? engine : "");
        pm_page_cell_number(p, pm_report_number(f[i].root, "effective_config/seed"), 0);
        put_measure(p, f[i].root);
        pm_page_cell_number(p, differ(f[i].root), 0);
        pm_page_html(p, "</tr>\n");
    }
    pm_page_table_end(p);
}

static void put_section(struct pm_page *p, const struct pm_report_file *f, unsigned number) {
    char title[256];
    pm_report_title(f, title, sizeof title);
    pm_page_html(p, "<section>\n<h2 id=\"f%u\">", number);
    pm_page_text(p, title);
    pm_page_html(p, "</h2>\n<p class=\"soft\"><code>");
    pm_page_text(p, f->path);
    pm_page_html(p, "</code></p>\n");
    if (f->kind == PM_REPORT_RUN)
        pm_report_run(p, f);
    else if (f->kind == PM_REPORT_CHIP)
        pm_report_chip(p, f);
    else if (f->kind == PM_REPORT_SWEEP)
        pm_report_sweep(p, f);
    else
        pm_report_numbers(p, f);
    pm_page_html(p, "</section>\n");
}

static pm_status make_page(struct job *j, struct pm_page *p, bool compare) {
    if (pm_page_begin(p, "Perimeter: what ran, and what came of it") != PM_OK)
        return pm_fail(&j->error, PM_ENOMEM, "report", "out of memory");
    pm_page_html(
        p,
        "<p class=\"soft\">Printed by perimeter %s. Golden model in C, RTL in Verilator; an integer that "
        "differs would have ended its run.</p>\n<nav aria-label=\"Sections\"><ul>\n",
        pm_version);
    if (compare)
        pm_page_html(p, "<li><a href=\"#differences\">Differences</a></li>\n");
    for (unsigned i = 0; i < j->files; i++) {
        char title[256];
        pm_report_title(&j->file[i], title, sizeof title);
        pm_page_html(p, "<li><a href=\"#f%u\">", i + 1);
        pm_page_text(p, title);
        pm_page_html(p, "</a></li>\n");
    }
    pm_page_html(p, "</ul></nav>\n");
    pm_report_overview(p, j->file, j->files);
    if (compare)
        pm_report_differences(p, &j->file[0], &j->file[1]);
    for (unsigned i = 0; i < j->files; i++)
        put_section(p, &j->file[i], i + 1);
    return pm_page_end(p) == PM_OK ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "report", "out of memory");
}

static pm_status report(struct job *j) {
    struct pm_outfile file = {0};
    struct pm_page page = {0};
    glob_t found = {0};
    const bool named = j->operands > 0;
    if (!j->output)
        return pm_fail(&j->error, PM_EINVAL, "report", "--output FILE is missing");
    pm_status status = pm_outfile_plan(&file, j->output, &j->error);
    if (status == PM_OK && !named)
        status = find(j, &found);
    for (unsigned i = 0; i < j->operands && status == PM_OK; i++)
        status = load(j, j->operand[i]);
    const bool compare =
        named && j->files == 2 && j->file[0].kind == j->file[1].kind && j->file[0].kind != PM_REPORT_SWEEP;
    if (status == PM_OK)
        status = make_page(j, &page, compare);
    if (status == PM_OK)
        status = pm_outfile_write_all(&file, 1, pm_write_text, (const void *[]){page.text}, &j->error);
    if (status == PM_OK)
        printf("%s: %u file%s, %u plots, %zu KiB\n", j->output, j->files, j->files == 1 ? "" : "s",
               page.plots, (page.size + 1023) / 1024);
    pm_page_free(&page);
    pm_outfile_free(&file);
    globfree(&found);
    return status;
}

/* ---- the command line ---- */

static const struct argp_option options[] = {
    {"output", 'o', "FILE.html", 0, "Where the page goes", 0},
    {"help", 'h', NULL, 0, "This help", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct job *j = state->input;
    const char *none = NULL;
    switch (key) {
    case 'o':
        j->output = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (j->operands == FILES)
            return pm_fail(&j->error, PM_EINVAL, arg, "more than %d files", FILES), EINVAL;
        j->operand[j->operands++] = arg;
        return 0;
    default:
        return pm_command_key(key, arg, state, "file", &none, &j->error);
    }
}

int pm_cmd_report(int argc, char **argv) {
    static const struct argp argp = {
        options,
        parse,
        "[RUN.json ...] --output FILE.html",
        "One page of what run, infer, chip, sweep and score left; of two files also "
        "how they differ. Without names: what is in build/run.",
        NULL,
        NULL,
        NULL};
    struct job *j = calloc(1, sizeof *j);
    pm_status status = PM_OK;
    if (!j) {
        fprintf(stderr, "perimeter: report: out of memory\n");
        return 2;
    }
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, j) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = report(j);
    if (status != PM_OK)
        pm_error_print(&j->error);
    for (unsigned i = 0; i < j->files; i++) {
        for (unsigned k = 0; k < j->file[i].points; k++)
            cJSON_Delete(j->file[i].point[k]);
        free(j->file[i].point);
        cJSON_Delete(j->file[i].root);
    }
    free(j);
    return status == PM_OK && fflush(stdout) == 0 ? 0 : 2;
}
