// SPDX-License-Identifier: Apache-2.0
/* Pictures: PNG, and PNM in its binary forms (P5, P6), of 8 bits a channel. Files may be hostile. */
#ifndef PM_IO_IMAGE_H
#define PM_IO_IMAGE_H

#include "io/error.h"

struct pm_image_shape {
    unsigned height, width, channels; /**< channels: 1 (grey) or 3 (red, green, blue) */
};

/** Reads `path` into pixels[height][width][channels], which has room for just the shape that is wanted.
 * PM_ESHAPE: it has another; PM_EFORMAT, PM_EIO, PM_ENOMEM. */
pm_status pm_image_read(const char *path, const struct pm_image_shape *want, uint8_t *pixels,
                        struct pm_error *e);

#endif
