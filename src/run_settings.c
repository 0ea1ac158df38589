// SPDX-License-Identifier: Apache-2.0
#include "run_settings.h"

#include "choice.h"
#include "io/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pm_run_key_info pm_run_keys[PM_RUN_KEYS] = {
    [PM_RUN_ENGINE] = {"engine", "golden|rtl|both", "golden", 0, 0, false,
                       "both: the first rtl-images images also in RTL, every integer compared"},
    [PM_RUN_IMAGES] = {"images", NULL, "0", 0, 1e9, true, "images in golden C; 0: all", PM_RUN_OF_IMAGES},
    [PM_RUN_RTL_IMAGES] = {"rtl-images", NULL, "4", 1, 1e6, true, "images in RTL", PM_RUN_OF_IMAGES},
    [PM_RUN_ABLATION_IMAGES] = {"ablation-images", NULL, "0", 0, 1e9, true,
                                "images for each variant: norm, round, noise; 0: none", PM_RUN_OF_IMAGES},
    [PM_RUN_BATCH] = {"batch", NULL, "1", 1, 4096, true, "sentences that are padded to the longest of them",
                      PM_RUN_OF_PAIRS},
    [PM_RUN_RTL_TOKENS] = {"rtl-tokens", NULL, "128", 2, 512, true,
                           "tokens of the longest sentence whose one layer is in RTL", PM_RUN_OF_PAIRS},
    [PM_RUN_RTL_LAYER] = {"rtl-layer", NULL, "0", 0, 63, true, "that layer", PM_RUN_OF_PAIRS},
    [PM_RUN_ABLATION_PAIRS] = {"ablation-pairs", NULL, "0", 0, 1e9, true,
                               "pairs for each variant: norm, round, kvb, wo-scale, ffn; 0: none",
                               PM_RUN_OF_PAIRS},
    [PM_RUN_KVB] = {"kvb", NULL, "0", 0, 16, true, "bits of stored keys and values; 0: as calibrated"},
    [PM_RUN_WO_SCALE] = {"wo-scale", "column|layer", "column", 0, 0, false,
                         "W_O: one scale an output, or one"},
    [PM_RUN_NORM] = {"norm", "recip|pow2|none", "recip", 0, 0, false, "head normalisation"},
    [PM_RUN_ROUND] = {"round", "0|1", "1", 0, 0, false, "quantisers round; 0: truncate"},
    [PM_RUN_CODING_X] = {"coding-x", "twos|sign", "sign", 0, 0, false, "bit planes of x"},
    [PM_RUN_CODING_Q] = {"coding-q", "twos|sign", "twos", 0, 0, false, "bit planes of q"},
    [PM_RUN_CODING_O] = {"coding-o", "twos|sign", "sign", 0, 0, false, "bit planes of o"},
    [PM_RUN_NOISE] = {"noise", "0|1", "0", 0, 0, false, "drawn MRAM cells; 0: nominal"},
    [PM_RUN_TMR] = {"tmr", NULL, "1.5", 0.01, 1e6, false, "MRAM: tunnel magnetoresistance"},
    [PM_RUN_SIGMA_R] = {"sigma-r", NULL, "0.017", 0, 0.15, false, "MRAM: deviation of a cell's resistance"},
    [PM_RUN_READ_NOISE] = {"read-noise", NULL, "0", 0, 16, false, "deviation of a cell's read noise, LSB"},
    [PM_RUN_SENSE_OFFSET] = {"sense-offset", NULL, "0", 0, 16, false,
                             "deviation of a comparator's offset, LSB"},
    [PM_RUN_FFN] = {"ffn", "host|slc|mlc|ranks|int8", "host", 0, 0, false,
                    "feed-forward matrices: float, or arrays of 1-bit, 2-bit cells, both by ranks, or int8 "
                    "without arrays"},
    [PM_RUN_PROJECTIONS] = {"projections", "flare|slc|mlc|ranks", "flare", 0, 0, false,
                            "Q, K, V, O: flare with the attention; others: arrays, the attention in float"},
    [PM_RUN_SLC_PERCENT] = {"slc-percent", NULL, "10", 0, 100, true, "ranks: share in 1-bit cells"},
    [PM_RUN_RANK_ORDER] = {"rank-order", "gradient|value|random", "gradient", 0, 0, false,
                           "ranks: which go to 1-bit cells first"},
    [PM_RUN_FLIP] = {"flip", "0|1", "1", 0, 0, false, "arrays: column flip; 0: as the paper, sums clip"},
    [PM_RUN_ADC] = {"adc", "full|6|7|ideal", "full", 0, 0, false,
                    "arrays: converter bits; full: 6 for 1-bit, 7 for 2-bit cells; ideal: golden only"},
    [PM_RUN_SARS] = {"sars", "1|2|4|8", "8", 0, 0, false, "arrays: converters each"},
    [PM_RUN_MLC_SIGMA] = {"mlc-sigma", NULL, "0", 0, 0.5, false,
                          "RRAM: programming error of a 2-bit cell, relative"},
    [PM_RUN_SLC_SIGMA] = {"slc-sigma", NULL, "0", 0, 0.5, false, "RRAM: the same of a 1-bit cell"},
    [PM_RUN_RRAM_READ_NOISE] = {"rram-read-noise", NULL, "0", 0, 16, false,
                                "RRAM: deviation of a cell's read noise, LSB"},
    [PM_RUN_RRAM_WIRE] = {"rram-wire", NULL, "0", 0, 0.01, false,
                          "RRAM: wire between neighbouring cells over R_on (IR drop)"},
    [PM_RUN_SEED] = {"seed", NULL, "1", 0, 4294967295.0, true,
                     "of the arrays' random numbers and the RTL's stalls"},
    [PM_RUN_THREADS] = {"threads", NULL, "0", 0, 1024, true, "0: one a core"},
};

pm_status pm_run_parse(const struct pm_run_key_info *k, const char *text, const char *subject, double *value,
                       struct pm_error *e) {
    double v;
    if (k->choices) {
        int index = pm_choice(k->choices, text, strlen(text));
        if (index < 0)
            return pm_fail(e, PM_EINVAL, subject, "'%s' is not one of %s", text, k->choices);
        v = index;
    } else {
        char *end;
        v = strtod(text, &end);
        if (end == text || *end || !isfinite(v) || (k->integer && v != floor(v)))
            return pm_fail(e, PM_EINVAL, subject, "'%s' is not %s", text,
                           k->integer ? "an integer" : "a number");
        if (v < k->lo || v > k->hi)
            return pm_fail(e, PM_ERANGE, subject, "%s is outside %g..%g", text, k->lo, k->hi);
    }
    *value = v;
    return PM_OK;
}

pm_status pm_run_set(struct pm_run_settings *s, enum pm_run_key key, const char *text, const char *subject,
                     struct pm_error *e) {
    return pm_run_parse(&pm_run_keys[key], text, subject, &s->value[key], e);
}

void pm_run_defaults(struct pm_run_settings *s) {
    struct pm_error e;
    *s = (struct pm_run_settings){0};
    for (enum pm_run_key k = 0; k < PM_RUN_KEYS; k++)
        if (pm_run_set(s, k, pm_run_keys[k].fallback, pm_run_keys[k].name, &e) != PM_OK)
            abort();
}

static enum pm_run_key find(const char *name, size_t length) {
    enum pm_run_key k = 0;
    while (k < PM_RUN_KEYS &&
           (strlen(pm_run_keys[k].name) != length || strncmp(pm_run_keys[k].name, name, length) != 0))
        k++;
    return k;
}

pm_status pm_run_override(struct pm_run_settings *s, const char *text, struct pm_error *e) {
    while (*text) {
        const size_t name = strcspn(text, "= "), item = strcspn(text, " ");
        const enum pm_run_key k = find(text, name);
        char value[64];
        if (k == PM_RUN_KEYS || name == item)
            return pm_fail(e, PM_EINVAL, text, "no such setting");
        snprintf(value, sizeof value, "%.*s", (int)(item - name - 1), text + name + 1);
        const pm_status status = pm_run_set(s, k, value, pm_run_keys[k].name, e);
        if (status != PM_OK)
            return status;
        text += item + strspn(text + item, " ");
    }
    return PM_OK;
}

pm_status pm_run_load(struct pm_run_settings *s, const char *path, struct pm_error *e) {
    struct pm_json json = {path, e, NULL};
    pm_status status = pm_json_load(&json);
    if (status != PM_OK)
        return status;
    const struct cJSON *item;
    bool seen[PM_RUN_KEYS] = {false};
    cJSON_ArrayForEach(item, json.root) {
        enum pm_run_key k = find(item->string, strlen(item->string));
        char subject[4300], text[64];
        snprintf(subject, sizeof subject, "%s: %.100s", path, item->string);
        if (k == PM_RUN_KEYS)
            status = pm_fail(e, PM_EINVAL, subject, "no such setting");
        else if (cJSON_IsNumber(item))
            snprintf(text, sizeof text, "%.17g", item->valuedouble);
        else if (cJSON_IsString(item) && strlen(item->valuestring) < sizeof text)
            snprintf(text, sizeof text, "%s", item->valuestring);
        else
            status = pm_fail(e, PM_EINVAL, subject, "neither a number nor a short string");
        if (status == PM_OK && seen[k])
            status = pm_fail(e, PM_EINVAL, subject, "given twice");
        if (status == PM_OK && !s->given[k])
            status = pm_run_set(s, k, text, subject, e);
        if (status != PM_OK)
            break;
        seen[k] = true;
    }
    for (enum pm_run_key k = 0; k < PM_RUN_KEYS; k++)
        s->given[k] = s->given[k] || seen[k];
    cJSON_Delete(json.root);
    return status;
}

bool pm_run_ranks(const struct pm_run_settings *s) {
    return s->value[PM_RUN_FFN] == PM_RUN_RANKS || s->value[PM_RUN_PROJECTIONS] == PM_RUN_RANKS;
}

pm_status pm_run_check(const struct pm_run_settings *s, enum pm_run_use use, struct pm_error *e) {
    static const enum pm_run_key of_noise[] = {PM_RUN_TMR, PM_RUN_SIGMA_R, PM_RUN_READ_NOISE,
                                               PM_RUN_SENSE_OFFSET};
    static const enum pm_run_key of_flare[] = {PM_RUN_NORM,     PM_RUN_ROUND,    PM_RUN_CODING_X,
                                               PM_RUN_CODING_Q, PM_RUN_CODING_O, PM_RUN_NOISE,
                                               PM_RUN_KVB,      PM_RUN_WO_SCALE};
    static const enum pm_run_key of_arrays[] = {PM_RUN_FLIP,           PM_RUN_ADC,       PM_RUN_SARS,
                                                PM_RUN_SLC_SIGMA,      PM_RUN_MLC_SIGMA, PM_RUN_RRAM_WIRE,
                                                PM_RUN_RRAM_READ_NOISE};
    static const enum pm_run_key of_ranks[] = {PM_RUN_SLC_PERCENT, PM_RUN_RANK_ORDER};
    for (enum pm_run_key k = 0; k < PM_RUN_KEYS; k++)
        if (s->given[k] && pm_run_keys[k].use != PM_RUN_BOTH && pm_run_keys[k].use != use)
            return pm_fail(e, PM_EINVAL, pm_run_keys[k].name, "ignored %s --pairs",
                           use == PM_RUN_OF_PAIRS ? "with" : "without");
    if (s->value[PM_RUN_KVB] == 1)
        return pm_fail(e, PM_ERANGE, "kvb", "1 is neither 0 nor in 2..16");
    const bool ablations = s->value[PM_RUN_ABLATION_IMAGES] > 0;
    const bool flare = s->value[PM_RUN_PROJECTIONS] == PM_RUN_HOME;
    const bool host = s->value[PM_RUN_FFN] == PM_RUN_HOME || s->value[PM_RUN_FFN] == PM_RUN_INT8;
    const bool arrays = !host || !flare || ablations;
    const enum pm_engine engine = (enum pm_engine)s->value[PM_RUN_ENGINE];
    if (engine == PM_ENGINE_GOLDEN && s->given[PM_RUN_RTL_IMAGES])
        return pm_fail(e, PM_EINVAL, "rtl-images", "the golden engine would ignore it");
    if (engine == PM_ENGINE_RTL && (s->given[PM_RUN_IMAGES] || s->given[PM_RUN_ABLATION_IMAGES] ||
                                    s->given[PM_RUN_ABLATION_PAIRS] || s->given[PM_RUN_THREADS]))
        return pm_fail(e, PM_EINVAL, "engine",
                       "rtl runs nothing else and ignores images, ablations, threads");
    if (engine != PM_ENGINE_GOLDEN && s->value[PM_RUN_NORM] != PM_NORM_RECIP)
        return pm_fail(e, PM_EMODE, "norm", "pow2 and none are in the golden engine only");
    if (engine != PM_ENGINE_GOLDEN && s->value[PM_RUN_ADC] == PM_RUN_ADC_IDEAL)
        return pm_fail(e, PM_EMODE, "adc", "ideal is in the golden engine only");
    const struct {
        const enum pm_run_key *keys;
        size_t count;
        bool used;
        const char *why;
    } groups[] = {
        {of_noise, sizeof of_noise / sizeof *of_noise, s->value[PM_RUN_NOISE] != 0 || ablations,
         "ignored without noise=1"},
        {of_flare, sizeof of_flare / sizeof *of_flare, flare, "ignored, the projections are not in flare"},
        {of_arrays, sizeof of_arrays / sizeof *of_arrays, arrays, "ignored, no matrix is in such arrays"},
        {of_ranks, sizeof of_ranks / sizeof *of_ranks, pm_run_ranks(s),
         "ignored, no matrix is split by ranks"},
    };
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (size_t i = 0; i < groups[g].count && !groups[g].used; i++)
            if (s->given[groups[g].keys[i]])
                return pm_fail(e, PM_EINVAL, pm_run_keys[groups[g].keys[i]].name, "%s", groups[g].why);
    return PM_OK;
}

static int value_text(const struct pm_run_settings *s, enum pm_run_key k, char *text, size_t length) {
    if (!pm_run_keys[k].choices)
        return snprintf(text, length, "%.10g", s->value[k]);
    const char *start;
    int n = pm_choice_text(pm_run_keys[k].choices, (int)s->value[k], &start);
    return snprintf(text, length, "%.*s", n, start);
}

static bool applies(enum pm_run_key k, enum pm_run_use use) {
    return pm_run_keys[k].use == PM_RUN_BOTH || pm_run_keys[k].use == use;
}

void pm_run_text(const struct pm_run_settings *s, enum pm_run_use use, char *text, size_t length) {
    size_t at = 0;
    for (enum pm_run_key k = 0; k < PM_RUN_KEYS && at < length; k++) {
        char value[64];
        if (!applies(k, use))
            continue;
        value_text(s, k, value, sizeof value);
        at += (size_t)snprintf(text + at, length - at, "%s%s=%s", k ? " " : "", pm_run_keys[k].name, value);
    }
}

void pm_run_json(const struct pm_run_settings *s, enum pm_run_use use, struct cJSON *object) {
    for (enum pm_run_key k = 0; k < PM_RUN_KEYS; k++) {
        char value[64];
        if (!applies(k, use))
            continue;
        value_text(s, k, value, sizeof value);
        if (pm_run_keys[k].choices && strcmp(pm_run_keys[k].choices, "0|1") != 0)
            cJSON_AddStringToObject(object, pm_run_keys[k].name, value);
        else
            cJSON_AddNumberToObject(object, pm_run_keys[k].name, s->value[k]);
    }
}
