// SPDX-License-Identifier: Apache-2.0
/* Settings of `perimeter run`: from the command line and from a JSON file, checked in one place. */
#ifndef PM_RUN_SETTINGS_H
#define PM_RUN_SETTINGS_H

#include "flare_attention.h"
#include "io/error.h"

struct cJSON;

enum pm_engine { PM_ENGINE_GOLDEN, PM_ENGINE_RTL, PM_ENGINE_BOTH };

/** Choices of `ffn` and `projections`: where a matrix is; at home on the host, or in flare's attention. */
enum pm_run_where { PM_RUN_HOME, PM_RUN_SLC, PM_RUN_MLC, PM_RUN_RANKS, PM_RUN_INT8 };
/** Choices of `adc`. */
enum pm_run_adc { PM_RUN_ADC_FULL, PM_RUN_ADC_6, PM_RUN_ADC_7, PM_RUN_ADC_IDEAL, PM_RUN_ADCS };

enum pm_run_key {
    PM_RUN_ENGINE,
    PM_RUN_IMAGES,
    PM_RUN_RTL_IMAGES,
    PM_RUN_ABLATION_IMAGES,
    PM_RUN_BATCH,
    PM_RUN_RTL_TOKENS,
    PM_RUN_RTL_LAYER,
    PM_RUN_ABLATION_PAIRS,
    PM_RUN_KVB,
    PM_RUN_WO_SCALE,
    PM_RUN_NORM,
    PM_RUN_ROUND,
    PM_RUN_CODING_X,
    PM_RUN_CODING_Q,
    PM_RUN_CODING_O,
    PM_RUN_NOISE,
    PM_RUN_TMR,
    PM_RUN_SIGMA_R,
    PM_RUN_READ_NOISE,
    PM_RUN_SENSE_OFFSET,
    PM_RUN_FFN,
    PM_RUN_PROJECTIONS,
    PM_RUN_SLC_PERCENT,
    PM_RUN_RANK_ORDER,
    PM_RUN_FLIP,
    PM_RUN_ADC,
    PM_RUN_SARS,
    PM_RUN_MLC_SIGMA,
    PM_RUN_SLC_SIGMA,
    PM_RUN_RRAM_READ_NOISE,
    PM_RUN_RRAM_WIRE,
    PM_RUN_SEED,
    PM_RUN_THREADS,
    PM_RUN_KEYS
};

/** Which runs read a setting. */
enum pm_run_use { PM_RUN_BOTH, PM_RUN_OF_IMAGES, PM_RUN_OF_PAIRS };

struct pm_run_key_info {
    const char *name;    /**< "rtl-images": option --rtl-images, JSON key "rtl-images" */
    const char *choices; /**< "golden|rtl|both"; NULL: a number */
    const char *fallback;
    double lo, hi; /**< inclusive */
    bool integer;
    const char *help;
    enum pm_run_use use;
};
extern const struct pm_run_key_info pm_run_keys[PM_RUN_KEYS];

struct pm_run_settings {
    double value[PM_RUN_KEYS]; /**< a choice: its index */
    bool given[PM_RUN_KEYS];
};

/** Every key at its fallback. */
void pm_run_defaults(struct pm_run_settings *s);
/** Parses `text` as a value of key k. */
pm_status pm_run_parse(const struct pm_run_key_info *k, const char *text, const char *subject, double *value,
                       struct pm_error *e);
/** Parses `text` for a key; `subject` names its source in an error. */
pm_status pm_run_set(struct pm_run_settings *s, enum pm_run_key key, const char *text, const char *subject,
                     struct pm_error *e);
/** Takes what a JSON object in file `path` sets and the command line did not. */
pm_status pm_run_load(struct pm_run_settings *s, const char *path, struct pm_error *e);
/** Sets keys by "ffn=mlc flip=0". */
pm_status pm_run_override(struct pm_run_settings *s, const char *text, struct pm_error *e);
/** Whether a matrix is split by ranks. */
bool pm_run_ranks(const struct pm_run_settings *s);
/** Refuses settings that contradict each other or would be ignored in a run of `use`. */
pm_status pm_run_check(const struct pm_run_settings *s, enum pm_run_use use, struct pm_error *e);
/** The effective settings of a run of `use` as text, or as members of `object`. */
void pm_run_text(const struct pm_run_settings *s, enum pm_run_use use, char *text, size_t length);
void pm_run_json(const struct pm_run_settings *s, enum pm_run_use use, struct cJSON *object);

#endif
