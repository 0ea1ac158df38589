// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include "model.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("input", "images|pairs|text|prompt", "images"), .fact = true},
    {PM_SET_ONE_OF("drawn", "nothing|something", "nothing"), .fact = true},
    {PM_SET_ONE_OF("arrays", "none|some", "none"), .fact = true},
    {PM_SET_ONE_OF("engine", "golden|rtl|both", "golden"),
     .help = "both: the first rtl-images images, or two sentences, also in RTL, every integer compared"},
    {PM_SET_INTEGER("images", 0, 1e9, "0"), .when = "input=images engine=golden|both",
     .help = "images in golden C; 0: all"},
    {PM_SET_INTEGER("rtl-images", 1, 1e6, "4"), .when = "input=images engine=rtl|both",
     .help = "images in RTL"},
    {PM_SET_INTEGER("ablation-images", 0, 1e9, "0"), .when = "input=images engine=golden|both",
     .help = "images for each variant; 0: none"},
    {PM_SET_FLAG("fidelity", "0"), .when = "input=images engine=golden|both",
     .help = "every layer against float: cosine, SQNR; without labels in any case"},
    {PM_SET_INTEGER("batch", 1, 4096, "1"), .when = "input=pairs",
     .help = "sentences that are padded to the longest of them"},
    {PM_SET_INTEGER("rtl-tokens", 2, 8192, "128"), .when = "input=pairs|text engine=rtl|both",
     .help = "tokens of the longest sentence, whose one layer is in RTL, or of a text's beginning, with all "
             "layers"},
    {PM_SET_INTEGER("rtl-layer", 0, 63, "0"), .when = "input=pairs engine=both", .help = "that layer"},
    {PM_SET_INTEGER("tokenizer-seconds", 1, 86400, "600"), .when = "input=pairs",
     .help = "after which the network's tokenizer is ended"},
    {PM_SET_INTEGER("ablation-pairs", 0, 1e9, "0"), .when = "input=pairs",
     .help = "pairs for each variant; 0: none"},
    {PM_SET_INTEGER("windows", 0, 1e9, "0"), .when = "input=text engine=golden|both",
     .help = "of a text, in golden C, each of as many bytes as the network takes; 0: all"},
    {PM_SET_INTEGER("ablation-windows", 0, 1e9, "0"), .when = "input=text engine=golden|both",
     .help = "windows for each variant; 0: none"},
    {PM_SET_INTEGER("tokens", 1, 8192, "64"), .when = "input=prompt",
     .help = "that follow the prompt: bytes"},
    {PM_SET_NUMBER("temperature", 0, 100, "0"), .when = "input=prompt",
     .help =
         "0: the likeliest byte follows; else one that is drawn, of likelihoods to the power of its inverse"},
    {PM_SET_INTEGER("array-budget", 0, 1e9, "0"), .when = "arrays=some",
     .help = "arrays that there are for matrices; 0: as many as 1-bit cells take"},
    {PM_SET_ONE_OF("copies", "integer|fluid", "integer"), .when = "arrays=some",
     .help = "of the matrices in these arrays: whole ones, or by the ratio"},
    {PM_SET_NUMBER("endurance", 1, 1e15, "1e6"), .when = "arrays=some",
     .help = "pulses that a cell survives; no source names it"},
    {PM_SET_NUMBER("rate", 1e-9, 1e9, "1"), .when = "arrays=some",
     .help = "inferences a second, for the years that cells last"},
    {PM_SET_INTEGER("seed", 0, 4294967295.0, "1"), .when = "drawn=something", .help = "of what is drawn"},
    {PM_SET_INTEGER("threads", 0, 1024, "0"), .when = "input=images|pairs|text engine=golden|both",
     .help = "0: one a core"},
    {0},
};
const struct pm_setting_list pm_run_settings = {NULL, settings};
PM_SETTING_LIST(pm_run_settings);

pm_status pm_run_begin(struct pm_run_job *j) {
    j->settings = pm_settings_new(&pm_run_settings);
    pm_status status = j->settings ? pm_plan_new(&j->plan) : PM_ENOMEM;
    if (status == PM_OK)
        status = pm_plan_default(&j->plan, "attn*=flare ffn*=host", &j->error);
    return status == PM_OK || *j->error.text ? status : pm_fail(&j->error, status, "run", "out of memory");
}

void pm_run_end(struct pm_run_job *j) {
    pm_plan_free(&j->plan);
    pm_network_free(&j->network);
    pm_words_free(&j->words);
    pm_run_held_free(&j->held);
    free(j->settings);
}

void pm_run_held_free(struct pm_run_held *h) {
    free(h->pixels);
    free(h->label);
    *h = (struct pm_run_held){0};
}

void pm_run_progress(const char *what, unsigned done, unsigned total) {
    static unsigned last = UINT_MAX, first; /* first: done when this pass was first seen */
    static double start;
    if (!isatty(STDERR_FILENO))
        return;
    const double now = omp_get_wtime();
    if (done <= last) {
        first = done;
        start = now;
    }
    last = done == total ? UINT_MAX : done;
    fprintf(stderr, "\r%s: %u of %u", what, done, total);
    if (done > first)
        fprintf(stderr, ", %.0f s left", (now - start) / (done - first) * (total - done));
    fprintf(stderr, "\033[K%s", done == total ? "\r\033[K" : "");
    fflush(stderr);
}

/* Whether the network takes what the run has. */
static pm_status check_kind(struct pm_run_job *j) {
    const bool decoder = pm_network_is_decoder(&j->network), sentences = j->network.type == PM_NETWORK_BERT;
    if (decoder && j->pairs)
        return pm_fail(&j->error, PM_EINVAL, j->model, "takes a text: --data or --prompt");
    if (decoder)
        return pm_words_load(&j->words, j->folder, j->network.decoder.config.vocabulary, &j->error);
    if ((j->prompt || sentences != (j->pairs != NULL)))
        return pm_fail(&j->error, PM_EINVAL, j->model, "takes %s",
                       sentences ? "sentences: --pairs" : "images: --data");
    return PM_OK;
}

pm_status pm_run_load_network(struct pm_run_job *j) {
    pm_find_model(j->model, j->folder);
    pm_status status = pm_network_load(&j->network, j->folder, &j->error);
    if (status == PM_OK)
        status = check_kind(j);
    char path[PATH_MAX + 16];
    const bool own = j->plan.entries > 0 && !j->plan.entry[0].given;
    snprintf(path, sizeof path, "%s/schedule.json", j->folder);
    const bool compiled = access(path, F_OK) == 0;
    if (status == PM_OK && own && compiled) {
        snprintf(path, sizeof path, "%s/plan.json", j->folder);
        status = pm_plan_load(&j->plan, path, &j->error);
    } else if (status == PM_OK && own &&
               (j->network.type == PM_NETWORK_CNN || j->network.type == PM_NETWORK_LLAMA)) {
        status = pm_plan_default(&j->plan, "*=int8", &j->error);
    }
    return status;
}

/* What the run is of, a choice of the setting "input". */
static int input_of(const struct pm_run_job *j) {
    return j->pairs ? 1 : j->prompt ? 3 : pm_network_is_decoder(&j->network) ? 2 : 0;
}

/* Whether a plan has matrices in arrays. */
static bool has_arrays(const struct pm_run_job *j, const struct pm_plan *plan) {
    bool any = false;
    for (size_t i = 0; pm_systems[i]; i++)
        any = any || (pm_systems[i]->hold && (pm_systems[i]->takes & PM_TAKES(PM_NODE_MATRIX)) &&
                      pm_plan_uses(plan, j->network.graph, pm_systems[i]));
    return any;
}

/* Whether a plan has layers in systems that have RTL; of a run on pairs, the attention of layer rtl-layer. */
static bool has_rtl(const struct pm_run_job *j, const struct pm_plan *plan) {
    const struct pm_graph *g = j->network.graph;
    const int64_t layer = pm_settings_int(j->settings, "rtl-layer");
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_plan_entry *entry = pm_plan_of(plan, g, i);
        if (entry && pm_twin_of(entry->system) &&
            (!j->pairs || (g->node[i].kind == PM_NODE_ATTENTION && g->node[i].layer == layer)))
            return true;
    }
    return false;
}

pm_status pm_run_check(struct pm_run_job *j, const struct pm_plan *const plans[], size_t count, bool drawn) {
    const struct pm_graph *g = j->network.graph;
    const bool rtl = pm_settings_int(j->settings, "engine") != PM_ENGINE_GOLDEN;
    bool draws = drawn, any_rtl = false, arrays = false;
    for (size_t i = 0; i < count; i++) {
        draws = draws || pm_plan_draws(plans[i], g);
        arrays = arrays || has_arrays(j, plans[i]);
        any_rtl = any_rtl || has_rtl(j, plans[i]);
    }
    pm_settings_fact(j->settings, "input", input_of(j));
    pm_settings_fact(j->settings, "drawn", draws);
    pm_settings_fact(j->settings, "arrays", arrays);
    pm_status status = pm_plan_check(plans[0], g, rtl, &j->error);
    if (status == PM_OK)
        status = pm_settings_check(j->settings, rtl, &j->error);
    if (status == PM_OK)
        status = pm_plans_check(plans, count, g, &j->error);
    if (status == PM_OK && rtl && !any_rtl)
        status = pm_fail(&j->error, PM_EINVAL, j->pairs ? "engine, rtl-layer" : "engine",
                         j->pairs ? "there is no such attention in a system that has RTL"
                                  : "no layer is in a system that has RTL");
    return status;
}

unsigned pm_run_variants(enum pm_variant_use use, struct pm_variant variant[PM_RUN_VARIANTS]) {
    unsigned n = 0;
    if (use != PM_OF_RTL)
        variant[n++] = (struct pm_variant){.text = "", .use = use};
    for (size_t i = 0; pm_systems[i]; i++)
        for (const struct pm_variant *v = pm_systems[i]->variants; v && v->text && n < PM_RUN_VARIANTS; v++)
            if (v->use & use)
                variant[n++] = *v;
    return n;
}

const char *pm_run_variant_name(const struct pm_variant *v) {
    return *v->text ? v->text : "as configured";
}

/* The network's own file of a plan, beside what is placed now. PM_EMODE: there is none, or it takes a system
 * that is not in use. */
static pm_status load_variant(struct pm_run_job *j, const char *name, struct pm_plan *plan) {
    const struct pm_graph *g = j->network.graph;
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", j->folder, name);
    if (access(path, F_OK) != 0)
        return PM_EMODE;
    pm_status status = pm_plan_load(plan, path, &j->error);
    for (size_t i = 0; pm_systems[i] && status == PM_OK; i++)
        if (pm_plan_uses(plan, g, pm_systems[i]) && !pm_plan_uses(&j->plan, g, pm_systems[i]))
            status = PM_EMODE;
    return status;
}

pm_status pm_run_vary(struct pm_run_job *j, const char *text, struct pm_plan *plan) {
    static const char file[] = "plan=";
    struct pm_error e;
    pm_status status = pm_plan_copy(plan, &j->plan);
    if (status != PM_OK)
        return pm_fail(&j->error, status, "variants", "out of memory");
    if (strncmp(text, file, sizeof file - 1) == 0)
        status = load_variant(j, text + sizeof file - 1, plan);
    else
        status = pm_plan_override(plan, text, &j->error);
    if (status == PM_OK && pm_plan_check(plan, j->network.graph, false, &e) != PM_OK)
        status = PM_EMODE;
    for (const char *word = text; *word && status == PM_OK; word += strspn(word, " ")) {
        struct pm_settings *s;
        if (pm_settings_find(plan->all, word, strcspn(word, "= "), &s) >= 0) {
            const struct pm_system *system = pm_system_find(s->list->prefix, strlen(s->list->prefix));
            /* In use now as well: a variant does not bring in what its settings are of. */
            if (!pm_plan_uses(&j->plan, j->network.graph, system) ||
                !pm_plan_uses(plan, j->network.graph, system))
                status = PM_EMODE;
        }
        word += strcspn(word, " ");
    }
    if (status != PM_OK)
        pm_plan_free(plan);
    return status;
}

pm_status pm_run_place(struct pm_run_job *j, const struct pm_plan *plan, struct pm_placement **p) {
    return pm_placement_new(plan, j->network.graph, j->folder, (uint64_t)pm_settings_int(j->settings, "seed"),
                            p, &j->error);
}

pm_status pm_run_write(struct pm_run_job *j, const struct pm_results *r, struct pm_outfile *summary) {
    if (!j->summary)
        return PM_OK;
    char *json = pm_results_json(r, true);
    if (!json)
        return pm_fail(&j->error, PM_ENOMEM, j->summary, "out of memory");
    const void *content[] = {json};
    const pm_status status = pm_outfile_write_all(summary, 1, pm_write_text, content, &j->error);
    free(json);
    return status;
}
