// SPDX-License-Identifier: Apache-2.0
/* config.json of networks without weights, and calibration.json: the first byte chooses. */
#include "net/network.h"
#include "system/calibration.h"
#include "fuzz.h"

static const char *folder;

static void load_network(void) {
    struct pm_network network;
    struct pm_error e = {""};
    const pm_status status = pm_network_load(&network, folder, &e);
    FUZZ_NEED(status != PM_OK); /* there are no weights */
    fuzz_named(status, e.text, folder);
    pm_network_free(&network);
}

static void load_calibration(void) {
    struct pm_calibration c;
    struct pm_range r;
    struct pm_error e = {""};
    const pm_status status = pm_calibration_load(folder, &c, &e);
    if (status != PM_OK)
        FUZZ_NEED(strncmp(e.text, folder, strlen(folder)) == 0 && strchr(e.text, '\n') == NULL);
    else if (pm_calibration_range(&c, "m", &r))
        FUZZ_NEED(r.low <= 0 && r.high >= 0 && r.high > r.low);
    pm_calibration_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    const char *file = fuzz_file(data + 1, n - 1);
    fuzz_link("config.json", file);
    folder = fuzz_link("calibration.json", file);
    if (data[0] & 1)
        load_calibration();
    else
        load_network();
    return 0;
}
