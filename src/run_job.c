// SPDX-License-Identifier: Apache-2.0
#include "run_job.h"

#include "io/json.h"
#include "rtl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

pm_status pm_run_data_open(struct pm_run_job *j, struct pm_dataset *d) {
    const struct pm_encoder_config *c = &j->network.config;
    pm_status status = pm_dataset_open(d, j->data, "t10k", c->classes, &j->error);
    if (status == PM_OK && (d->images.dim[1] != c->image || d->images.dim[2] != c->image))
        status = pm_fail(&j->error, PM_ESHAPE, d->images.path, "images of %ux%u, the network takes %ux%u",
                         d->images.dim[1], d->images.dim[2], c->image, c->image);
    if (status != PM_OK)
        pm_dataset_close(d);
    return status;
}

void pm_run_progress(const char *what, unsigned done, unsigned total) {
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%s: %u of %u%s", what, done, total, done == total ? "\r\033[K" : "");
    fflush(stderr);
}

struct pm_attention_cfg pm_run_attention_cfg(const struct pm_run_job *j, unsigned layer) {
    const double *v = j->settings.value;
    struct pm_attention_cfg c = {
        .round = v[PM_RUN_ROUND] != 0,
        .coding_x = (enum pm_coding)v[PM_RUN_CODING_X],
        .coding_q = (enum pm_coding)v[PM_RUN_CODING_Q],
        .coding_o = (enum pm_coding)v[PM_RUN_CODING_O],
        .norm = (enum pm_norm)v[PM_RUN_NORM],
        .mram = pm_array_mram(v[PM_RUN_NOISE] != 0, (uint64_t)v[PM_RUN_SEED]),
    };
    if (c.mram.noise) {
        c.mram.tmr = v[PM_RUN_TMR];
        c.mram.sigma_r = v[PM_RUN_SIGMA_R];
        c.mram.read_noise = v[PM_RUN_READ_NOISE];
        c.mram.sense_offset = v[PM_RUN_SENSE_OFFSET];
    }
    pm_encoder_map_configure(&j->network, layer, &c);
    return c;
}

/* The model's folder: as named, or a name of models/ or of the build. */
static void find_folder(struct pm_run_job *j) {
    snprintf(j->folder, sizeof j->folder, "%s", j->model);
    if (strchr(j->model, '/') || access(j->model, F_OK) == 0)
        return;
    snprintf(j->folder, sizeof j->folder, "%s/models/%s", pm_home(), j->model);
    if (access(j->folder, F_OK) == 0)
        return;
    snprintf(j->folder, sizeof j->folder, "%s/%s", pm_build(), j->model);
    if (access(j->folder, F_OK) != 0)
        snprintf(j->folder, sizeof j->folder, "%s", j->model);
}

pm_status pm_run_load_network(struct pm_run_job *j) {
    find_folder(j);
    pm_status status = pm_encoder_load(&j->network, j->folder, &j->error);
    if (status == PM_OK && j->network.config.type != (j->pairs ? PM_ENCODER_BERT : PM_ENCODER_VIT))
        status = pm_fail(&j->error, PM_EINVAL, j->model, "takes %s",
                         j->pairs ? "images: --data" : "sentences: --pairs");
    return status;
}

pm_status pm_run_map_network(struct pm_run_job *j) {
    const struct pm_encoder_map_options options = {.kvb = (unsigned)j->settings.value[PM_RUN_KVB],
                                                   .wo_one_scale = j->settings.value[PM_RUN_WO_SCALE] != 0};
    return pm_encoder_map_load(&j->network, j->folder, &options, &j->error);
}

/* Four weight arrays a layer. */
uint32_t pm_run_array_id(unsigned layer) {
    return 4 * layer;
}
