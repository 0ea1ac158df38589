// SPDX-License-Identifier: Apache-2.0
#include "net/network.h"

#include <limits.h>
#include <stdio.h>

#include "net/load.h"

static pm_status read_type(const char *dir, enum pm_network_type *type, struct pm_error *e) {
    char path[PATH_MAX];
    struct pm_json d = {path, e, NULL};
    unsigned choice = 0;
    snprintf(path, sizeof path, "%s/config.json", dir);
    pm_status status = pm_json_load(&d);
    if (status != PM_OK)
        return status;
    status = pm_read_choice(&d, "type", "vit|bert|cnn|gpt|llama", &choice);
    *type = (enum pm_network_type)choice;
    cJSON_Delete(d.root);
    return status;
}

pm_status pm_network_load(struct pm_network *network, const char *dir, struct pm_error *e) {
    *network = (struct pm_network){0};
    pm_status status = read_type(dir, &network->type, e);
    if (status != PM_OK)
        return status;
    if (network->type == PM_NETWORK_CNN) {
        status = pm_cnn_load(&network->cnn, dir, e);
        network->graph = status == PM_OK ? &network->cnn.graph : NULL;
        network->form =
            (struct pm_dataset_form){{network->cnn.image, network->cnn.image, network->cnn.pixels.channels},
                                     network->cnn.classes,
                                     network->cnn.channels_first};
    } else if (pm_network_is_decoder(network)) {
        status = pm_decoder_load(&network->decoder, dir, e);
        network->graph = status == PM_OK ? &network->decoder.graph : NULL;
    } else {
        status = pm_encoder_load(&network->encoder, dir, e);
        network->graph = status == PM_OK ? &network->encoder.graph : NULL;
        const struct pm_encoder_config *c = &network->encoder.config;
        if (network->type == PM_NETWORK_VIT)
            network->form = (struct pm_dataset_form){{c->image, c->image, 1}, c->classes, false};
    }
    return status;
}

bool pm_network_is_decoder(const struct pm_network *network) {
    return network->type == PM_NETWORK_GPT || network->type == PM_NETWORK_LLAMA;
}

void pm_network_free(struct pm_network *network) {
    if (network->graph && network->type == PM_NETWORK_CNN)
        pm_cnn_free(&network->cnn);
    else if (network->graph && pm_network_is_decoder(network))
        pm_decoder_free(&network->decoder);
    else if (network->graph)
        pm_encoder_free(&network->encoder);
    *network = (struct pm_network){0};
}
