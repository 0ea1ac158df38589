// SPDX-License-Identifier: Apache-2.0
/* `perimeter score`: how good answers are that some program gave. */
#include "net/score.h"
#include "commands.h"
#include "fileio.h"
#include "io/npy.h"
#include "io/pairs.h"
#include "io/results.h"

#include <stdlib.h>
#include <string.h>

struct job {
    const char *texts, *logits, *labels, *summary, *operand;
    struct pm_results *results;
    struct pm_error error;
};

static void rate(struct job *j, const char *what, const char *unit, const struct pm_edits *e) {
    const double percent = 100.0 * (double)e->edits / (double)e->length;
    char key[64];
    printf("%s error rate %.2f %%, %llu of %llu\n", what, percent, (unsigned long long)e->edits,
           (unsigned long long)e->length);
    snprintf(key, sizeof key, "%s_error_rate", what);
    pm_result_real(j->results, key, percent, "%", PM_RESULT_MEASURED);
    snprintf(key, sizeof key, "%s_edits", what);
    pm_result_int(j->results, key, (int64_t)e->edits, "edits", PM_RESULT_MEASURED);
    pm_result_int(j->results, unit, (int64_t)e->length, unit, PM_RESULT_MEASURED);
}

static pm_status score_texts(struct job *j) {
    struct pm_pairs p;
    struct pm_edits words = {0, 0}, characters = {0, 0};
    pm_status status = pm_pairs_load(&p, j->texts, &(struct pm_pairs_columns){.answers = true}, &j->error);
    for (size_t i = 0; i < p.count && status == PM_OK; i++)
        if ((status = pm_edits_add(&words, &characters, p.text[2 * i], p.text[2 * i + 1])) != PM_OK)
            pm_fail(&j->error, status, j->texts, "%s", pm_strerror(status));
    if (status == PM_OK && words.length == 0)
        status = pm_fail(&j->error, PM_EFORMAT, j->texts, "no words in the first column");
    if (status == PM_OK) {
        printf("%zu texts\n", p.count);
        rate(j, "word", "words", &words);
        rate(j, "character", "characters", &characters);
    }
    pm_pairs_free(&p);
    return status;
}

static pm_status check_answers(struct job *j, const struct pm_npy_array *x, const struct pm_npy_array *y) {
    if (!x->real || x->rank == 0)
        return pm_fail(&j->error, PM_EINVAL, j->logits, "no array of floats");
    if (y->real)
        return pm_fail(&j->error, PM_EINVAL, j->labels, "no integers");
    const size_t classes = x->shape[x->rank - 1];
    if (y->count != x->count / classes)
        return pm_fail(&j->error, PM_ESHAPE, j->labels, "%zu labels of %zu rows of logits", y->count,
                       x->count / classes);
    for (size_t i = 0; i < y->count; i++)
        if (y->i[i] < 0 || (uint64_t)y->i[i] >= classes)
            return pm_fail(&j->error, PM_ERANGE, j->labels, "label %lld of %zu classes", (long long)y->i[i],
                           classes);
    return PM_OK;
}

static void score_rows(struct job *j, const struct pm_npy_array *x, const struct pm_npy_array *y) {
    const size_t classes = x->shape[x->rank - 1];
    size_t first = 0, among_five = 0;
    double nats = 0;
    for (size_t i = 0; i < y->count; i++) {
        const float *row = x->f + i * classes;
        const size_t rank = pm_score_rank(row, classes, (size_t)y->i[i]);
        first += rank == 0;
        among_five += rank < 5;
        nats += pm_score_nats(row, classes, (size_t)y->i[i]);
    }
    const double n = (double)y->count, top1 = 100.0 * (double)first / n,
                 top5 = 100.0 * (double)among_five / n;
    const double perplexity = pm_perplexity(nats, y->count);
    printf("%zu rows of %zu classes\ntop-1 %.2f %%\ntop-5 %.2f %%\nperplexity %.6g\n", y->count, classes,
           top1, top5, perplexity);
    pm_result_int(j->results, "rows", (int64_t)y->count, "rows", PM_RESULT_MEASURED);
    pm_result_real(j->results, "top1", top1, "%", PM_RESULT_MEASURED);
    pm_result_real(j->results, "top5", top5, "%", PM_RESULT_MEASURED);
    pm_result_real(j->results, "perplexity", perplexity, NULL, PM_RESULT_MEASURED);
}

static pm_status score_logits(struct job *j) {
    struct pm_npy_array x = {0}, y = {0};
    pm_status status = pm_npy_read_array(j->logits, &x, &j->error);
    if (status == PM_OK)
        status = pm_npy_read_array(j->labels, &y, &j->error);
    if (status == PM_OK)
        status = check_answers(j, &x, &y);
    if (status == PM_OK)
        score_rows(j, &x, &y);
    pm_npy_array_free(&x);
    pm_npy_array_free(&y);
    return status;
}

static pm_status score(struct job *j) {
    struct pm_outfile file = {0};
    if (!j->texts && !(j->logits && j->labels))
        return pm_fail(&j->error, PM_EINVAL, "score", "--texts, or --logits and --labels, are missing");
    j->results = pm_results_new();
    pm_status status = j->results ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "score", "out of memory");
    if (status == PM_OK && j->summary)
        status = pm_outfile_plan(&file, j->summary, &j->error);
    if (status == PM_OK)
        status = j->texts ? score_texts(j) : PM_OK;
    if (status == PM_OK)
        status = j->logits ? score_logits(j) : PM_OK;
    char *json = status == PM_OK && j->summary ? pm_results_json(j->results, true) : NULL;
    if (status == PM_OK && j->summary)
        status = json ? pm_outfile_write_all(&file, 1, pm_write_text, (const void *[]){json}, &j->error)
                      : pm_fail(&j->error, PM_ENOMEM, j->summary, "out of memory");
    free(json);
    pm_outfile_free(&file);
    pm_results_free(j->results);
    return status;
}

/* ---- the command line ---- */

enum { OPTION_TEXTS = 256, OPTION_LOGITS, OPTION_LABELS, OPTION_SUMMARY };

static const struct argp_option options[] = {
    {"texts", OPTION_TEXTS, "FILE", 0,
     "Texts, one a line, in a first column what is right, in a second, behind a tab, the answer: word and "
     "character error rates",
     0},
    {"logits", OPTION_LOGITS, "FILE.npy", 0, "Floats [..., classes]: top-1, top-5, perplexity", 0},
    {"labels", OPTION_LABELS, "FILE.npy", 0, "The right class of each row of logits", 0},
    {"summary", OPTION_SUMMARY, "FILE", 0, "Where the scores go as JSON", 0},
    {"help", 'h', NULL, 0, "This help", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct job *j = state->input;
    switch (key) {
    case OPTION_TEXTS:
        j->texts = arg;
        return 0;
    case OPTION_LOGITS:
        j->logits = arg;
        return 0;
    case OPTION_LABELS:
        j->labels = arg;
        return 0;
    case OPTION_SUMMARY:
        j->summary = arg;
        return 0;
    case ARGP_KEY_ARG:
        return pm_fail(&j->error, PM_EINVAL, arg, "no option; see perimeter score --help"), EINVAL;
    default:
        return pm_command_key(key, arg, state, "operand", &j->operand, &j->error);
    }
}

int pm_cmd_score(int argc, char **argv) {
    static const struct argp argp = {options, parse, NULL, "Scores answers.", NULL, NULL, NULL};
    struct job j = {0};
    pm_status status = PM_OK;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &j) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = score(&j);
    if (status != PM_OK)
        pm_error_print(&j.error);
    return status == PM_OK && fflush(stdout) == 0 ? 0 : 2;
}
