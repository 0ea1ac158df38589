// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: what its parts share. */
#ifndef PM_RUN_JOB_H
#define PM_RUN_JOB_H

#include "io/dataset.h"
#include "net/hyflex_linear.h"
#include "net/int8_linear.h"
#include "run.h"

#include <limits.h>

struct pm_run_job {
    const char *model; /**< as given */
    const char *data, *pairs, *config, *summary;
    char folder[PATH_MAX]; /**< of the model */
    unsigned column[2];    /**< of the sentences in `pairs`, from 1; 0: the first two but the score's */
    unsigned score_column; /**< from 1; 0: none */
    bool header;           /**< the first line of `pairs` is none */
    struct pm_run_settings settings;
    struct pm_error error;
    struct pm_encoder network;
    double *gradient; /**< [layers][PM_ENCODER_MATRICES][width], see docs/systems/network.md; NULL: not loaded */
};

/** The test set, read from front to back. */
pm_status pm_run_data_open(struct pm_run_job *j, struct pm_dataset *d);

/** DIR/ranks.json into j->gradient. */
pm_status pm_run_load_gradients(struct pm_run_job *j);

/** "WHAT: DONE of TOTAL" on a terminal. */
void pm_run_progress(const char *what, unsigned done, unsigned total);

/** The network in the folder that j->model names, of the type that the run takes; and its maps, by the
 * settings. */
pm_status pm_run_load_network(struct pm_run_job *j);
pm_status pm_run_map_network(struct pm_run_job *j);

/** The attention engine's configuration for one layer, and the number of its first array. */
struct pm_attention_cfg pm_run_attention_cfg(const struct pm_run_job *j, unsigned layer);
uint32_t pm_run_array_id(unsigned layer);

const char *pm_run_matrix_name(enum pm_encoder_matrix m);

/** Matrices in HyFlexPIM arrays or in integers on the host; programmed once, shared by threads. */
struct pm_run_matrices {
    struct pm_hyflex_linear *of[PM_RUN_MAX_LAYERS][PM_ENCODER_MATRICES]; /**< NULL: elsewhere */
    struct pm_int8_linear *int8[PM_RUN_MAX_LAYERS][PM_ENCODER_MATRICES]; /**< NULL: elsewhere */
    bool projected[PM_ENCODER_MATRICES];
};
pm_status pm_run_matrices_new(struct pm_run_job *j, struct pm_run_matrices *m);
void pm_run_matrices_free(struct pm_run_matrices *m);
/** A projected matrix: x[n][in] -> y[n][out]; the last arguments as pm_hyflex_linear_run. */
pm_status pm_run_matrix(const struct pm_run_matrices *m, unsigned layer, enum pm_encoder_matrix which,
                        size_t n, const float *x, uint32_t first_vector, float *y,
                        struct pm_hyflex_linear_cost *cost, pm_hyflex_watch *watch, void *ctx);

/** Golden engines over the first `images` images (0: all), `as_float` in float as well. */
pm_status pm_run_golden_images(struct pm_run_job *j, const char *what, unsigned images, bool as_float,
                               struct pm_run_golden *g);

/** RTL against golden over the first `images` images; `attention`: not only the matrices. */
pm_status pm_run_rtl_images(struct pm_run_job *j, unsigned images, bool attention, struct pm_run_rtl *r);

/** A sentence in RTL: the attention of `layers` layers from `first` on. */
struct pm_run_rtl_text {
    struct pm_encoder_input input;
    unsigned first, layers;
    struct pm_run_rtl rtl;
};
/** RTL for up to `tokens` tokens against golden. */
pm_status pm_run_rtl_texts(struct pm_run_job *j, unsigned tokens, struct pm_run_rtl_text *texts,
                           unsigned count);

#endif
