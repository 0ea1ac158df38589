// SPDX-License-Identifier: Apache-2.0
/* What a network's matrices see, for systems whose inputs have one scale a layer: member "matrices" of
 * calibration.json, which `perimeter calibrate` writes. */
#ifndef PM_SYSTEM_CALIBRATION_H
#define PM_SYSTEM_CALIBRATION_H

#include "io/error.h"

struct cJSON;

struct pm_calibration {
    bool affine;               /**< integers of inputs may have another zero than 0 */
    bool channels;             /**< weights have a scale for each output; false: one a layer */
    struct cJSON *in, *scales; /**< the layers' ranges; scales of weights */
    struct cJSON *root;
};

/** What of a layer's inputs is to be told apart: low <= 0 <= high, high > low. */
struct pm_range {
    double low, high;
};

/** Reads FOLDER/calibration.json; a file that is not there, or has no "matrices", knows no layer. PM_EFORMAT,
 * PM_ESHAPE, PM_ERANGE, PM_EIO, PM_ENOMEM; then *c is empty. */
pm_status pm_calibration_load(const char *folder, struct pm_calibration *c, struct pm_error *e);
/** A zeroed one is accepted. */
void pm_calibration_free(struct pm_calibration *c);
/** The range of a layer's inputs; false: it is not known. */
bool pm_calibration_range(const struct pm_calibration *c, const char *layer, struct pm_range *range);
/** The scale of a layer's weights, where that is not to follow from the largest; 0: it is. */
double pm_calibration_scale(const struct pm_calibration *c, const char *layer);

#endif
