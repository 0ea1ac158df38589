// SPDX-License-Identifier: Apache-2.0
/* A network of any type. */
#ifndef PM_NET_NETWORK_H
#define PM_NET_NETWORK_H

#include "io/dataset.h"
#include "net/cnn.h"
#include "net/decoder.h"
#include "net/encoder.h"

struct pm_network {
    enum pm_network_type {
        PM_NETWORK_VIT,
        PM_NETWORK_BERT,
        PM_NETWORK_CNN,
        PM_NETWORK_GPT,
        PM_NETWORK_LLAMA
    } type;
    union {
        struct pm_encoder encoder; /**< of PM_NETWORK_VIT and PM_NETWORK_BERT */
        struct pm_cnn cnn;
        struct pm_decoder decoder; /**< of PM_NETWORK_GPT and PM_NETWORK_LLAMA */
    };
    const struct pm_graph *graph; /**< NULL: nothing is loaded */
    struct pm_dataset_form form;  /**< of images; all 0: it takes sentences or a text */
};

/** Whether it predicts the next token of a text. */
bool pm_network_is_decoder(const struct pm_network *network);

/** Loads the network in DIR, whose config.json has its type. Not to be moved then. Errors as
 * pm_encoder_load. */
pm_status pm_network_load(struct pm_network *network, const char *dir, struct pm_error *e);
/** Releases everything; a zeroed struct is accepted. */
void pm_network_free(struct pm_network *network);

#endif
