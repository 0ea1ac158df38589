// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: a whole network, every layer's attention by array models and digital periphery. */
#include "run_job.h"

#include "commands.h"
#include "fileio.h"
#include "rtl.h"
#include "run_pairs.h"

#include <argp.h>
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What each choice costs, on the first images: settings that replace the given ones. */
static const struct {
    const char *set;
    const char *key; /* see struct pm_run_variant */
} variants[PM_RUN_VARIANTS] = {
    {"", NULL},
    {"norm=pow2", NULL},
    {"norm=none", NULL},
    {"round=0", NULL},
    {"noise=1", NULL},
    {"noise=1 sigma-r=0.051", NULL},
    {"ffn=slc", "slc"},
    {"ffn=mlc", "mlc"},
    {"ffn=slc flip=0", "literal_slc"},
    {"ffn=mlc flip=0", "literal"},
    {"ffn=mlc adc=6", "6bit"},
    {"ffn=mlc mlc-sigma=0.025", "sigma_0.025"},
    {"ffn=mlc mlc-sigma=0.132", "sigma_0.132"},
    {"ffn=mlc mlc-sigma=0.174", "sigma_0.174"},
    {"ffn=slc projections=slc", "projections_slc"},
    {"ffn=mlc projections=mlc", "projections_mlc"},
};

/* The same for arrays in RTL; noisy cells must not break equality. */
static const char *const rtl_variants[PM_RUN_RTL_VARIANTS] = {
    "ffn=slc",
    "ffn=mlc",
    "ffn=slc slc-sigma=0.05 rram-read-noise=0.1",
    "ffn=mlc mlc-sigma=0.132 rram-read-noise=0.1",
};

static pm_status run_variants(struct pm_run_job *j, struct pm_run_report *r) {
    const struct pm_run_settings as_given = j->settings;
    const unsigned images = (unsigned)as_given.value[PM_RUN_ABLATION_IMAGES];
    pm_status status = PM_OK;
    for (unsigned v = 0; v < PM_RUN_VARIANTS && status == PM_OK; v++) {
        if (v > 0 && !variants[v].key && as_given.value[PM_RUN_PROJECTIONS] != 0)
            continue; /* of the fused attention */
        struct pm_run_variant *to = &r->variant[r->variants++];
        *to = (struct pm_run_variant){.name = *variants[v].set ? variants[v].set : "as configured",
                                      .key = variants[v].key};
        status = pm_run_override(&j->settings, variants[v].set, &j->error);
        if (status == PM_OK)
            status = pm_run_golden_images(j, to->name, images, true, &to->golden);
        j->settings = as_given;
    }
    return status;
}

/* One image each. */
static pm_status run_rtl_variants(struct pm_run_job *j, struct pm_run_report *r) {
    const struct pm_run_settings as_given = j->settings;
    pm_status status = PM_OK;
    for (unsigned v = 0; v < PM_RUN_RTL_VARIANTS && status == PM_OK; v++) {
        r->rtl_variant[v].name = rtl_variants[v];
        status = pm_run_override(&j->settings, rtl_variants[v], &j->error);
        if (status == PM_OK)
            status = pm_run_rtl_images(j, 1, false, &r->rtl_variant[v].rtl);
        r->rtl_variants = v + 1;
        j->settings = as_given;
    }
    return status;
}

static bool write_text(FILE *f, const void *content) {
    return fputs(content, f) >= 0;
}

static pm_status run(struct pm_run_job *j, struct pm_outfile *summary) {
    struct pm_run_report r = {
        .model = j->model, .data = j->data, .settings = &j->settings, .network = &j->network.config};
    enum pm_engine engine = (enum pm_engine)j->settings.value[PM_RUN_ENGINE];
    char text[1024];
    pm_run_text(&j->settings, PM_RUN_OF_IMAGES, text, sizeof text);
    printf("perimeter run: %s on %s: %s\n", j->model, j->data, text);
    fflush(stdout);
    pm_status status = PM_OK;
    const bool ablations = j->settings.value[PM_RUN_ABLATION_IMAGES] > 0;
    if (engine != PM_ENGINE_GOLDEN)
        status = pm_run_rtl_images(j, (unsigned)j->settings.value[PM_RUN_RTL_IMAGES], true, &r.rtl);
    if (status == PM_OK && engine == PM_ENGINE_BOTH && ablations)
        status = run_rtl_variants(j, &r);
    if (status == PM_OK && engine != PM_ENGINE_RTL)
        status =
            pm_run_golden_images(j, "golden", (unsigned)j->settings.value[PM_RUN_IMAGES], true, &r.golden);
    if (status == PM_OK && ablations)
        status = run_variants(j, &r);
    if (status != PM_OK)
        return status;
    pm_run_print(&r);
    if (!j->summary)
        return PM_OK;
    char *json = pm_run_summary(&r);
    if (!json)
        return pm_fail(&j->error, PM_ENOMEM, j->summary, "out of memory");
    const void *content[] = {json};
    status = pm_outfile_write_all(summary, 1, write_text, content, &j->error);
    free(json);
    return status;
}

enum {
    OPTION_DATA = 256,
    OPTION_PAIRS,
    OPTION_COLUMNS,
    OPTION_SCORE_COLUMN,
    OPTION_HEADER,
    OPTION_CONFIG,
    OPTION_SUMMARY,
    OPTION_SET
};

/* "N", from 1. */
static bool column(const char *text, char end, unsigned *to, const char **rest) {
    char *stop;
    const unsigned long n = *text >= '0' && *text <= '9' ? strtoul(text, &stop, 10) : 0;
    if (n < 1 || n > 1000000 || *stop != end)
        return false;
    *to = (unsigned)n;
    *rest = stop + (end != 0);
    return true;
}

static bool two_columns(const char *text, unsigned to[2]) {
    const char *rest;
    return column(text, ',', &to[0], &rest) && column(rest, 0, &to[1], &rest) && to[0] != to[1];
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct pm_run_job *j = state->input;
    if (key >= OPTION_SET && key < OPTION_SET + PM_RUN_KEYS) {
        enum pm_run_key k = (enum pm_run_key)(key - OPTION_SET);
        char subject[64];
        snprintf(subject, sizeof subject, "--%s", pm_run_keys[k].name);
        if (j->settings.given[k])
            return pm_fail(&j->error, PM_EINVAL, subject, "given twice"), EINVAL;
        j->settings.given[k] = true;
        return pm_run_set(&j->settings, k, arg, subject, &j->error) == PM_OK ? 0 : EINVAL;
    }
    switch (key) {
    case OPTION_DATA:
        j->data = arg;
        return 0;
    case OPTION_PAIRS:
        j->pairs = arg;
        return 0;
    case OPTION_COLUMNS:
        if (two_columns(arg, j->column))
            return 0;
        return pm_fail(&j->error, PM_EINVAL, "--columns", "'%s' is not two columns, as in 1,2", arg), EINVAL;
    case OPTION_SCORE_COLUMN:
        if (column(arg, 0, &j->score_column, &(const char *){NULL}))
            return 0;
        return pm_fail(&j->error, PM_EINVAL, "--score-column", "'%s' is not a column, from 1", arg), EINVAL;
    case OPTION_HEADER:
        j->header = true;
        return 0;
    case OPTION_CONFIG:
        j->config = arg;
        return 0;
    case OPTION_SUMMARY:
        j->summary = arg;
        return 0;
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        exit(fflush(stdout) == 0 ? 0 : 2);
    case ARGP_KEY_ARG:
        if (j->model)
            return pm_fail(&j->error, PM_EINVAL, arg, "one network at a time"), EINVAL;
        j->model = arg;
        return 0;
    case ARGP_KEY_ERROR:
        if (!*j->error.text)
            pm_fail(&j->error, PM_EINVAL, state->argv[state->next - 1],
                    "no such option, or its value is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static pm_status check(struct pm_run_job *j) {
    if (!j->model)
        return pm_fail(&j->error, PM_EINVAL, "MODEL", "missing; see perimeter run --help");
    if (!j->data == !j->pairs)
        return pm_fail(&j->error, PM_EINVAL, j->data ? "--pairs" : "--data",
                       j->data ? "not with --data" : "missing, as is --pairs; see perimeter run --help");
    if (!j->pairs && (j->column[0] || j->score_column || j->header))
        return pm_fail(&j->error, PM_EINVAL,
                       j->column[0]      ? "--columns"
                       : j->score_column ? "--score-column"
                                         : "--header",
                       "ignored without --pairs");
    if (j->score_column && (j->score_column == j->column[0] || j->score_column == j->column[1]))
        return pm_fail(&j->error, PM_EINVAL, "--score-column", "column %u is a sentence", j->score_column);
    return pm_run_check(&j->settings, j->pairs ? PM_RUN_OF_PAIRS : PM_RUN_OF_IMAGES, &j->error);
}

static pm_status prepare(struct pm_run_job *j, struct pm_outfile *summary) {
    pm_status status = j->config ? pm_run_load(&j->settings, j->config, &j->error) : PM_OK;
    if (status == PM_OK)
        status = check(j);
    if (status != PM_OK)
        return status;
    status = pm_run_load_network(j);
    if (status == PM_OK)
        status = pm_run_map_network(j);
    if (status == PM_OK && pm_run_ranks(&j->settings) &&
        j->settings.value[PM_RUN_RANK_ORDER] == PM_RANK_GRADIENT)
        status = pm_run_load_gradients(j);
    if (status == PM_OK && j->summary)
        status = pm_outfile_plan(summary, j->summary, &j->error);
    return status;
}

static pm_status run_any(struct pm_run_job *j, struct pm_outfile *summary) {
    openblas_set_num_threads(1);
    if (!j->pairs)
        return run(j, summary);
    if ((enum pm_engine)j->settings.value[PM_RUN_ENGINE] == PM_ENGINE_RTL)
        return pm_fail(&j->error, PM_EINVAL, "engine", "golden or both with --pairs");
    return pm_run_sentence_pairs(j, summary);
}

int pm_cmd_run(int argc, char **argv) {
    struct argp_option options[PM_RUN_KEYS + 9] = {
        {"data", OPTION_DATA, "DIR", 0, "Folder with the test set's IDX files", 0},
        {"pairs", OPTION_PAIRS, "FILE", 0, "Sentence pairs, tab-separated columns, instead of images", 0},
        {"columns", OPTION_COLUMNS, "A,B", 0, "Columns of the two sentences (the first two but the score's)",
         0},
        {"score-column", OPTION_SCORE_COLUMN, "N", 0, "Column of the pairs' scores, for Spearman", 0},
        {"header", OPTION_HEADER, NULL, 0, "The pairs' first line names their columns", 0},
        {"config", OPTION_CONFIG, "FILE", 0, "JSON object with settings; the command line comes first", 0},
        {"summary", OPTION_SUMMARY, "FILE", 0, "Where the results go as JSON", 0},
        {"help", 'h', NULL, 0, "This help", 0},
    };
    char help[PM_RUN_KEYS][256];
    for (int k = 0; k < PM_RUN_KEYS; k++) {
        const struct pm_run_key_info *i = &pm_run_keys[k];
        snprintf(help[k], sizeof help[k], "%s (%s)", i->help, i->fallback);
        options[8 + k] =
            (struct argp_option){i->name, OPTION_SET + k, i->choices ? i->choices : "N", 0, help[k], 1};
    }
    const struct argp argp = {options,
                              parse,
                              "MODEL --data DIR\nMODEL --pairs FILE",
                              "Runs a network on images or on pairs of sentences: accuracy, accesses, "
                              "cycles, golden against RTL.",
                              NULL,
                              NULL,
                              NULL};
    struct pm_run_job *j = calloc(1, sizeof *j);
    if (!j) {
        fprintf(stderr, "perimeter: run: out of memory\n");
        return 2;
    }
    struct pm_outfile summary = {0};
    pm_run_defaults(&j->settings);
    pm_status status = PM_EINVAL;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, j) == 0)
        status = prepare(j, &summary);
    if (status == PM_OK)
        status = run_any(j, &summary);
    if (status != PM_OK && status != PM_EDIFFER)
        pm_error_print(&j->error);
    pm_outfile_free(&summary);
    pm_encoder_free(&j->network);
    free(j->gradient);
    free(j);
    return status == PM_OK ? 0 : status == PM_EDIFFER ? 1 : 2;
}
