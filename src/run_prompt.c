// SPDX-License-Identifier: Apache-2.0
/* A decoder's own text: the prompt at once, then byte by byte behind it, on what the layers keep of those
 * before. */
#include "run_text.h"

#include "analog/random.h"
#include "io/text.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text so far. */
struct talk {
    uint32_t *id; /* [network's tokens] */
    unsigned prompt, n, wanted;
    double temperature;
    uint32_t seed;
    double seconds_prompt, seconds;
};

static pm_status begin(struct pm_run_job *j, struct talk *t) {
    const unsigned most = j->network.graph->tokens;
    const size_t length = strlen(j->prompt);
    uint32_t *id = NULL;
    size_t count = 0;
    *t = (struct talk){.wanted = (unsigned)pm_settings_int(j->settings, "tokens"),
                       .temperature = pm_settings_real(j->settings, "temperature"),
                       .seed = (uint32_t)pm_settings_int(j->settings, "seed")};
    if (length == 0)
        return pm_fail(&j->error, PM_EINVAL, "--prompt", "empty: there is nothing to go on from");
    for (size_t at = 0, n; at < length; at += n)
        if ((n = pm_utf8_length(j->prompt + at)) == 0)
            return pm_fail(&j->error, PM_EFORMAT, "--prompt", "byte %zu is not UTF-8", at + 1);
    pm_status status = pm_words_of(&j->words, j->prompt, length, &id, &count, &j->error);
    if (status == PM_OK && (count >= most || t->wanted > most - count))
        status = pm_fail(&j->error, PM_ERANGE, "--prompt, --tokens", "%zu and %u %s, the network takes %u",
                         count, t->wanted, pm_words_unit(&j->words), most);
    if (status == PM_OK && !(t->id = malloc(most * sizeof *t->id)))
        status = pm_fail(&j->error, PM_ENOMEM, "--prompt", "out of memory");
    if (status == PM_OK) {
        memcpy(t->id, id, count * sizeof *id);
        t->prompt = t->n = (unsigned)count;
    }
    free(id);
    return status;
}

/* The likeliest, or one drawn by likelihood at a temperature; the draw is the place's. */
static uint32_t choose(const struct talk *t, const float *logits, unsigned classes) {
    double sum = 0;
    unsigned best = 0;
    for (unsigned i = 1; i < classes; i++)
        best = logits[i] > logits[best] ? i : best;
    if (t->temperature == 0)
        return best;
    for (unsigned i = 0; i < classes; i++)
        sum += exp(((double)logits[i] - logits[best]) / t->temperature);
    uint32_t word[4];
    pm_philox((const uint32_t[]){t->n, 0, 0, 0}, (const uint32_t[]){t->seed, 0}, word);
    double left = sum * (word[0] + 0.5) / 0x1p32;
    for (unsigned i = 0; i < classes; i++)
        if ((left -= exp(((double)logits[i] - logits[best]) / t->temperature)) < 0)
            return i;
    return best;
}

static pm_status say(struct pm_run_job *j, const char *text, size_t length) {
    return fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0
               ? PM_OK
               : pm_fail(&j->error, PM_EIO, "standard output", "cannot be written");
}

static pm_status go_on(struct pm_run_job *j, struct talk *t, struct pm_worker *w, float *out) {
    const unsigned classes = pm_graph_outputs(w->graph);
    pm_status status = say(j, j->prompt, strlen(j->prompt));
    const double start = omp_get_wtime();
    for (unsigned past = 0; t->n < t->prompt + t->wanted && status == PM_OK; past = t->n++) {
        const struct pm_graph_input in = {.ids = t->id + past, .n = t->n - past, .past = past};
        status = pm_worker_run(w, &in, out);
        if (status != PM_OK)
            return pm_fail(&j->error, status, "--prompt", "%s", pm_strerror(status));
        t->id[t->n] = choose(t, out + (size_t)(in.n - 1) * classes, classes);
        const char *bytes;
        const size_t length = pm_words_bytes(&j->words, t->id[t->n], &bytes);
        status = say(j, bytes, length);
        if (past == 0)
            t->seconds_prompt = omp_get_wtime() - start;
    }
    t->seconds = omp_get_wtime() - start - t->seconds_prompt;
    return status == PM_OK ? say(j, "\n", 1) : status;
}

/* How many of the chosen bytes float finds likeliest, each behind those before. */
static pm_status agreed(struct pm_worker *w, const struct talk *t, float *out, unsigned *same) {
    const unsigned classes = pm_graph_outputs(w->graph);
    const pm_status status =
        pm_worker_run_host(w, &(struct pm_graph_input){.ids = t->id, .n = t->n - 1}, out);
    const struct talk greedy = {0};
    for (unsigned i = t->prompt; i < t->n && status == PM_OK; i++)
        *same += choose(&greedy, out + (size_t)(i - 1) * classes, classes) == t->id[i];
    return status;
}

static struct pm_results *results(const struct pm_run_job *j, const struct talk *t,
                                  const struct pm_tally *tally, unsigned same) {
    struct pm_results *r = pm_results_new();
    const unsigned made = t->n - t->prompt;
    if (!r)
        return NULL;
    pm_run_add_config(j, r);
    pm_result_int(r, "prompt_bytes", t->prompt, pm_words_unit(&j->words), PM_RESULT_MEASURED);
    pm_result_int(r, "made_bytes", made, pm_words_unit(&j->words), PM_RESULT_MEASURED);
    pm_result_real(r, "same_next", pm_ratio(same, made), NULL, PM_RESULT_MEASURED);
    pm_result_real(r, "seconds_prompt", t->seconds_prompt, "s", PM_RESULT_MEASURED);
    pm_result_real(r, "bytes_per_second", pm_ratio(made - 1, t->seconds),
                   j->words.count ? "tokens/s" : "bytes/s", PM_RESULT_MEASURED);
    pm_run_add_sum(tally, PM_COUNT_WINDOWS, PM_COUNT_ACCESSES, "accesses", r);
    pm_run_add_sum(tally, PM_COUNT_WRITES, PM_COUNT_WRITES, "writes", r);
    pm_run_add_arrays(tally, r);
    pm_run_add_counts(tally, r);
    return r;
}

static void report(const struct pm_run_job *j, const struct talk *t, const struct pm_results *found) {
    fprintf(stderr,
            "%u %s behind %u: %.3f s for the first, %.1f a second behind it; float finds %.1f %% of them "
            "likeliest\n",
            t->n - t->prompt, pm_words_unit(&j->words), t->prompt, t->seconds_prompt,
            pm_results_number(found, "bytes_per_second"), 100 * pm_results_number(found, "same_next"));
    if (pm_results_number(found, "accesses") > 0)
        fprintf(stderr, "%.0f accesses, %.0f keys' and values' elements written\n",
                pm_results_number(found, "accesses"), pm_results_number(found, "writes"));
}

static pm_status deliver(struct pm_run_job *j, const struct talk *t, const struct pm_tally *tally,
                         unsigned same, struct pm_outfile *summary) {
    struct pm_results *found = results(j, t, tally, same);
    if (!found)
        return pm_fail(&j->error, PM_ENOMEM, "--prompt", "out of memory");
    if (!j->quiet)
        report(j, t, found);
    const pm_status status = pm_run_write(j, found, summary);
    pm_results_free(found);
    return status;
}

pm_status pm_run_prompt(struct pm_run_job *j, struct pm_outfile *summary) {
    const struct pm_graph *g = j->network.graph;
    struct talk t;
    struct pm_placement *p = NULL;
    struct pm_worker w = {0};
    struct pm_tally tally = {0};
    unsigned same = 0;
    pm_status status = begin(j, &t);
    if (status == PM_OK)
        status = pm_run_place(j, &j->plan, &p);
    if (status == PM_OK && pm_placement_settles(p))
        status =
            pm_fail(&j->error, PM_EMODE, "--prompt", "the plan has settings that need typical texts first");
    float *out = malloc(pm_graph_floats(g, g->tokens) * sizeof *out);
    if (status == PM_OK &&
        (!out || pm_worker_begin(&w, g, p, g->tokens) != PM_OK || pm_tally_new(&tally, g, p) != PM_OK))
        status = pm_fail(&j->error, PM_ENOMEM, "--prompt", "out of memory");
    if (status == PM_OK && !j->quiet)
        pm_run_print_config(j, stderr);
    if (status == PM_OK)
        status = go_on(j, &t, &w, out);
    if (status == PM_OK && (status = agreed(&w, &t, out, &same)) != PM_OK)
        pm_fail(&j->error, status, "--prompt", "%s", pm_strerror(status));
    if (status == PM_OK) {
        pm_tally_add(&tally, &w);
        status = deliver(j, &t, &tally, same, summary);
    }
    pm_tally_free(&tally);
    if (w.graph)
        pm_worker_end(&w);
    pm_placement_free(p);
    free(out);
    free(t.id);
    return status;
}
