// SPDX-License-Identifier: Apache-2.0
/* Which classes a pass over images gave, beside how many were right. */
#ifndef PM_RUN_CLASSES_H
#define PM_RUN_CLASSES_H

#include "io/image.h"
#include "io/results.h"

/** Images whose class is another in integers than in float: the first ones. */
#define PM_RUN_CHANGED 12
/** More classes than this have no matrix. */
#define PM_RUN_CONFUSED 100

struct pm_run_classes {
    unsigned classes;
    uint64_t *confusion; /**< [classes][classes]: label, class in integers; NULL: no labels, or too many */
    struct pm_run_changed {
        unsigned image, label, by_float, by_integer; /**< label: the number of classes where there is none */
        uint8_t *pixels;                             /**< NULL: too many to keep */
    } changed[PM_RUN_CHANGED];
    unsigned count; /**< of these */
};

/** PM_ENOMEM. */
pm_status pm_run_classes_new(struct pm_run_classes *c, unsigned classes, bool labelled);
void pm_run_classes_free(struct pm_run_classes *c);
/** What was found of an image of `item` bytes. PM_ENOMEM. */
pm_status pm_run_classes_add(struct pm_run_classes *c, const struct pm_run_changed *found,
                             const uint8_t *pixels, size_t item);
/** "confusion", a row a label; "changed": number, label, classes and, of small pictures, pixels, row by row,
 * channels innermost, in hexadecimal. */
void pm_run_add_classes(const struct pm_run_classes *c, const struct pm_image_shape *shape,
                        struct pm_results *r);

#endif
