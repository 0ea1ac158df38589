// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: a whole network, every layer's attention by array models and digital periphery. */
#include "run.h"

#include "commands.h"
#include "io/json.h"
#include "placing.h"
#include "run_pairs.h"
#include "run_text.h"

#include <argp.h>
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool every_layer(const void *ctx, unsigned node) {
    (void)ctx, (void)node;
    return true;
}

static bool matrices(const void *graph, unsigned node) {
    return ((const struct pm_graph *)graph)->node[node].kind == PM_NODE_MATRIX;
}

/* What each choice costs, on the first `images` images; in RTL matrices alone. */
static pm_status run_variants(struct pm_run_job *j, enum pm_variant_use use, unsigned images,
                              struct pm_run_varied *to) {
    struct pm_variant variant[PM_RUN_VARIANTS];
    const unsigned count = pm_run_variants(use, variant);
    for (unsigned v = 0; v < count; v++) {
        struct pm_plan plan;
        pm_status status = pm_run_vary(j, variant[v].text, &plan);
        if (status == PM_EMODE)
            continue;
        if (status == PM_OK) {
            const bool rtl = use == PM_OF_RTL;
            const struct pm_run_pass pass = {.what = rtl ? "rtl" : pm_run_variant_name(&variant[v]),
                                             .plan = &plan,
                                             .images = images,
                                             .as_float = !rtl,
                                             .fidelity = variant[v].use & PM_OF_LAYERS ? PM_FIDELITY_ALONE
                                                                                       : PM_FIDELITY_NEVER,
                                             .watch = rtl ? matrices : NULL};
            to->variant[to->count] = variant[v];
            status = pm_run_images(j, &pass, &to->outcome[to->count++]);
            pm_plan_free(&plan);
        }
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

static pm_status measure(struct pm_run_job *j, struct pm_run_report *r) {
    const struct pm_settings *s = j->settings;
    const int64_t engine = pm_settings_int(s, "engine");
    const unsigned ablations = (unsigned)pm_settings_int(s, "ablation-images");
    const struct pm_run_pass rtl = {.what = "rtl",
                                    .plan = &j->plan,
                                    .images = (unsigned)pm_settings_int(s, "rtl-images"),
                                    .watch = every_layer},
                             golden = {.what = "golden",
                                       .plan = &j->plan,
                                       .images = (unsigned)pm_settings_int(s, "images"),
                                       .as_float = true,
                                       .fidelity = pm_settings_int(s, "fidelity") ? PM_FIDELITY_ALWAYS
                                                                                  : PM_FIDELITY_UNLABELLED};
    pm_status status = PM_OK;
    if (engine != PM_ENGINE_GOLDEN)
        status = pm_run_images(j, &rtl, &r->rtl);
    if (status == PM_OK && engine == PM_ENGINE_BOTH && ablations > 0)
        status = run_variants(j, PM_OF_RTL, 1, &r->rtl_varied);
    if (status == PM_OK && engine != PM_ENGINE_RTL)
        status = pm_run_images(j, &golden, &r->golden);
    if (status == PM_OK && ablations > 0)
        status = run_variants(j, PM_OF_IMAGES, ablations, &r->varied);
    return status;
}

static pm_status run(struct pm_run_job *j, struct pm_outfile *summary) {
    struct pm_run_report *r = calloc(1, sizeof *r);
    if (!r)
        return pm_fail(&j->error, PM_ENOMEM, "run", "out of memory");
    r->job = j;
    pm_run_print_config(j, stdout);
    fflush(stdout);
    pm_status status = measure(j, r);
    struct pm_results *found = status == PM_OK ? pm_run_results(r) : NULL;
    if (status == PM_OK && !found)
        status = pm_fail(&j->error, PM_ENOMEM, "run", "out of memory");
    if (status == PM_OK) {
        pm_run_print(r, found);
        if (r->golden.images)
            pm_run_warn(&r->golden.tally);
        status = pm_run_write(j, found, summary);
    }
    pm_results_free(found);
    pm_run_outcome_free(&r->golden);
    pm_run_outcome_free(&r->rtl);
    for (unsigned v = 0; v < r->varied.count; v++)
        pm_run_outcome_free(&r->varied.outcome[v]);
    for (unsigned v = 0; v < r->rtl_varied.count; v++)
        pm_run_outcome_free(&r->rtl_varied.outcome[v]);
    free(r);
    return status;
}

enum {
    OPTION_DATA = 256,
    OPTION_PAIRS,
    OPTION_COLUMNS,
    OPTION_SCORE_COLUMN,
    OPTION_HEADER,
    OPTION_PROMPT,
    OPTION_QUIET,
    OPTION_CONFIG,
    OPTION_SUMMARY,
    OPTION_REPLAY,
    OPTION_PLAN,
    OPTION_PLACE,
    OPTION_SET,
    OPTION_SPELLED,                      /* and on: those of systems that have an option of their own */
    OPTION_SETTING = OPTION_SPELLED + 8, /* and on: the run's own */
    OPTION_END = OPTION_SETTING + 64
};

/* Settings of systems that are options, too. */
static const char *const spelled[] = {"flare.preset", "flare.gpc", "flare.eplanes", "flare.q", NULL};

/* The command line, before files are read. */
struct arguments {
    struct pm_run_job *job;
    struct pm_placing placing;
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

/* The setting of option number `key`, --images and so on. */
static pm_status take_setting(struct pm_run_job *j, int key, const char *value) {
    struct pm_settings *all[] = {j->settings, NULL};
    char text[256];
    snprintf(text, sizeof text, "%s=%s", pm_run_settings.setting[key - OPTION_SETTING].name, value);
    return pm_settings_give(all, text, NULL, &j->error);
}

/* --gpc scan is --set flare.gpc=scan. */
static pm_status take_spelled(struct pm_run_job *j, const char *name, const char *value) {
    char text[256], where[64];
    snprintf(text, sizeof text, "%s=%s", name, value);
    snprintf(where, sizeof where, "--%s", strchr(name, '.') + 1);
    return pm_settings_give(j->plan.all, text, where, &j->error);
}

/* Below the options: argp would break the lines. */
static void print_systems(FILE *f) {
    fputs(
        "\nLayers are named attn0 (its matrices attn0.q, k, v, o), ffn0.up, ffn0.down, attn1, ..., patch, "
        "head;\nof a convolutional network conv1, conv2, ..., head, or as its config.json says.\nSystems and "
        "their settings:\n",
        f);
    pm_placing_help(f);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct arguments *a = state->input;
    struct pm_run_job *j = a->job;
    if (key >= OPTION_SETTING && key < OPTION_END)
        return take_setting(j, key, arg) == PM_OK ? 0 : EINVAL;
    if (key >= OPTION_SPELLED && key < OPTION_SETTING)
        return take_spelled(j, spelled[key - OPTION_SPELLED], arg) == PM_OK ? 0 : EINVAL;
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
    case OPTION_PROMPT:
        j->prompt = arg;
        return 0;
    case OPTION_QUIET:
        j->quiet = true;
        return 0;
    case OPTION_CONFIG:
        j->config = arg;
        return 0;
    case OPTION_SUMMARY:
        j->summary = arg;
        return 0;
    case OPTION_REPLAY:
        j->replay = arg;
        return 0;
    case OPTION_PLAN:
        a->placing.plan = arg;
        return 0;
    case OPTION_PLACE:
        return pm_placing_add(&a->placing, arg, &j->error) == PM_OK ? 0 : EINVAL;
    case OPTION_SET:
        return pm_settings_give(j->plan.all, arg, "--set", &j->error) == PM_OK ? 0 : EINVAL;
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        print_systems(stdout);
        exit(fflush(stdout) == 0 ? 0 : 2);
    default:
        return pm_command_key(key, arg, state, "network", &j->model, &j->error);
    }
}

static pm_status load_config(struct pm_run_job *j) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2] = {j->settings};
    struct pm_json json = {j->config, &j->error, NULL};
    pm_status status = pm_json_load(&json);
    if (status != PM_OK)
        return status;
    for (size_t i = 0; j->plan.all[i]; i++)
        all[i + 1] = j->plan.all[i];
    status = pm_settings_load(all, json.root, j->config, &j->error);
    cJSON_Delete(json.root);
    return status;
}

static pm_status check_input(struct pm_run_job *j) {
    if (!j->model)
        return pm_fail(&j->error, PM_EINVAL, "MODEL", "missing; see perimeter run --help");
    if (!j->data && !j->pairs && !j->prompt)
        return pm_fail(&j->error, PM_EINVAL, "--data", "missing, as is --pairs; see perimeter run --help");
    if (j->data && (j->pairs || j->prompt))
        return pm_fail(&j->error, PM_EINVAL, j->pairs ? "--pairs" : "--prompt", "not with --data");
    if (j->pairs && j->prompt)
        return pm_fail(&j->error, PM_EINVAL, "--prompt", "not with --pairs");
    if (j->quiet && !j->prompt)
        return pm_fail(&j->error, PM_EINVAL, "--quiet", "ignored without --prompt");
    if (!j->pairs && (j->column[0] || j->score_column || j->header))
        return pm_fail(&j->error, PM_EINVAL,
                       j->column[0]      ? "--columns"
                       : j->score_column ? "--score-column"
                                         : "--header",
                       "ignored without --pairs");
    if (j->score_column && (j->score_column == j->column[0] || j->score_column == j->column[1]))
        return pm_fail(&j->error, PM_EINVAL, "--score-column", "column %u is a sentence", j->score_column);
    if (j->pairs && pm_settings_int(j->settings, "engine") == PM_ENGINE_RTL)
        return pm_fail(&j->error, PM_EINVAL, "engine", "golden or both with --pairs");
    if (j->prompt && pm_settings_int(j->settings, "engine") != PM_ENGINE_GOLDEN)
        return pm_fail(&j->error, PM_EINVAL, "engine", "golden with --prompt");
    if (j->replay && pm_settings_int(j->settings, "engine") == PM_ENGINE_GOLDEN)
        return pm_fail(&j->error, PM_EINVAL, "--replay", "ignored with the golden engine");
    return PM_OK;
}

/* The plan and those of its variants that will run, together. */
static pm_status check_plans(struct pm_run_job *j) {
    const bool text = pm_network_is_decoder(&j->network);
    const unsigned use = j->pairs                                                   ? PM_OF_PAIRS
                         : text                                                     ? PM_OF_TEXT
                         : pm_settings_int(j->settings, "engine") == PM_ENGINE_BOTH ? PM_OF_IMAGES | PM_OF_RTL
                                                                                    : PM_OF_IMAGES;
    struct pm_variant variant[PM_RUN_VARIANTS];
    const bool ablations = pm_settings_int(j->settings, j->pairs ? "ablation-pairs"
                                                        : text   ? "ablation-windows"
                                                                 : "ablation-images") > 0;
    const unsigned variants = ablations ? pm_run_variants(use, variant) : 0;
    struct pm_plan *plan = calloc(variants + 1, sizeof *plan);
    const struct pm_plan *all[PM_RUN_VARIANTS + 1] = {&j->plan};
    size_t count = 1;
    pm_status status = plan ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "run", "out of memory");
    for (unsigned v = 0; v < variants && (status == PM_OK || status == PM_EMODE); v++) {
        status = pm_run_vary(j, variant[v].text, &plan[count]);
        if (status == PM_OK)
            all[count] = &plan[count], count++;
    }
    if (status == PM_OK || status == PM_EMODE)
        status = pm_run_check(j, all, count, j->prompt && pm_settings_real(j->settings, "temperature") > 0);
    for (size_t i = 1; i < count; i++)
        pm_plan_free(&plan[i]);
    free(plan);
    return status;
}

static pm_status prepare(const struct arguments *a, struct pm_outfile *summary) {
    struct pm_run_job *j = a->job;
    pm_status status = j->config ? load_config(j) : PM_OK;
    if (status == PM_OK)
        status = pm_placing_apply(&a->placing, &j->plan, &j->error);
    if (status == PM_OK)
        status = check_input(j);
    if (status == PM_OK)
        status = pm_run_load_network(j);
    if (status == PM_OK)
        status = check_plans(j);
    if (status == PM_OK)
        status = pm_placing_check(&a->placing, &j->plan, j->network.graph, &j->error);
    if (status == PM_OK && j->summary)
        status = pm_outfile_plan(summary, j->summary, &j->error);
    return status;
}

/* Everything that argp shows; help texts live in `text`. */
static void list_options(struct argp_option *options, char (*text)[256]) {
    static const struct argp_option own[] = {
        {"data", OPTION_DATA, "DIR", 0,
         "Test set: a folder of IDX or NumPy files or pictures, or a list of these; of a decoder a text", 0},
        {"pairs", OPTION_PAIRS, "FILE", 0, "Sentence pairs, tab-separated columns, instead of images", 0},
        {"columns", OPTION_COLUMNS, "A,B", 0, "Columns of the two sentences (the first two but the score's)",
         0},
        {"score-column", OPTION_SCORE_COLUMN, "N", 0, "Column of the pairs' scores, for Spearman", 0},
        {"header", OPTION_HEADER, NULL, 0, "The pairs' first line names their columns", 0},
        {"prompt", OPTION_PROMPT, "TEXT", 0, "A decoder goes on from it", 0},
        {"quiet", OPTION_QUIET, NULL, 0, "Nothing but the prompt and what follows", 0},
        {"config", OPTION_CONFIG, "FILE", 0, "JSON object with settings; the command line comes first", 0},
        {"summary", OPTION_SUMMARY, "FILE", 0, "Where the results go as JSON", 0},
        {"replay", OPTION_REPLAY, "DIR", 0, "Where the tensors of a difference go, to replay it", 0},
        {"plan", OPTION_PLAN, "FILE", 0, "JSON plan: which layer goes to which system", 0},
        {"place", OPTION_PLACE, "LAYERS=SYSTEM[,SETTING=VALUE]", 0,
         "Places layers, as in ffn*=hyflex,cell=2; the last that matches wins", 0},
        {"set", OPTION_SET, "SYSTEM.SETTING=VALUE", 0, "A setting of a system, see below", 0},
        {"help", 'h', NULL, 0, "This help", 0},
    };
    size_t n = sizeof own / sizeof *own;
    memcpy(options, own, sizeof own);
    for (int k = 0; pm_run_settings.setting[k].name; k++) {
        const struct pm_setting *d = &pm_run_settings.setting[k];
        char note[200];
        if (d->fact)
            continue;
        pm_setting_note(d, note, sizeof note);
        snprintf(text[k], sizeof text[k], "%s (%s)", note, d->fallback);
        options[n++] =
            (struct argp_option){d->name, OPTION_SETTING + k, d->choices ? d->choices : "N", 0, text[k], 1};
    }
    for (int k = 0; spelled[k]; k++, n++) {
        snprintf(text[n], sizeof text[n], "As --set %s=VALUE", spelled[k]);
        options[n] =
            (struct argp_option){strchr(spelled[k], '.') + 1, OPTION_SPELLED + k, "VALUE", 0, text[n], 1};
    }
    options[n] = (struct argp_option){0};
}

int pm_cmd_run(int argc, char **argv) {
    enum { OPTIONS = 64 };
    struct argp_option options[OPTIONS];
    char help[OPTIONS][256];
    list_options(options, help);
    const struct argp argp = {options,
                              parse,
                              "MODEL --data DIR\nMODEL --pairs FILE\nMODEL --prompt TEXT",
                              "Runs a network on images, on pairs of sentences or on a text: accuracy, "
                              "accesses, cycles, golden against RTL.",
                              NULL,
                              NULL,
                              NULL};
    struct pm_run_job *j = calloc(1, sizeof *j);
    struct arguments a = {.job = j};
    if (!j) {
        fprintf(stderr, "perimeter: run: out of memory\n");
        return 2;
    }
    struct pm_outfile summary = {0};
    openblas_set_num_threads(1);
    pm_status status = pm_run_begin(j);
    if (status == PM_OK && argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &a) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = prepare(&a, &summary);
    if (status == PM_OK)
        status = j->pairs                             ? pm_run_sentence_pairs(j, &summary)
                 : j->prompt                          ? pm_run_prompt(j, &summary)
                 : pm_network_is_decoder(&j->network) ? pm_run_text(j, &summary)
                                                      : run(j, &summary);
    if (status != PM_OK && status != PM_EDIFFER)
        pm_error_print(&j->error);
    pm_outfile_free(&summary);
    pm_run_end(j);
    free(j);
    return status == PM_OK ? 0 : status == PM_EDIFFER ? 1 : 2;
}
