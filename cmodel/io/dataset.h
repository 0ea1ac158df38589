// SPDX-License-Identifier: Apache-2.0
/* Images, with or without labels, read from the first to the last. Memory does not depend on how many there
 * are, but for a folder's names. A data set is
 *
 * - a folder with files of the MNIST family, SPLIT-images-idx3-ubyte.gz and SPLIT-labels-idx1-ubyte.gz, or
 *   without .gz, or with a point before idx; or
 *
 * - a folder with arrays, SPLIT-images.npy or images.npy, integers 0..255 [n][height][width] or also with
 *   channels, and, where there are labels, SPLIT-labels.npy or labels.npy [n]; or
 *
 * - a folder with pictures (io/image.h), *.png, *.pgm, *.ppm, in the order of their names, without labels; or
 *
 * - a text file, a line a picture: its path, from the file's folder on, and, on all lines or none, a tab and
 *   its label. */
#ifndef PM_IO_DATASET_H
#define PM_IO_DATASET_H

#include <stdio.h>

#include "io/idx.h"
#include "io/image.h"
#include "io/npy.h"

/** What the network takes. */
struct pm_dataset_form {
    struct pm_image_shape shape;
    unsigned classes;    /**< labels are below it */
    bool channels_first; /**< of arrays: [n][channels][height][width] */
};

struct pm_dataset {
    unsigned count; /**< of images, at least 1 */
    bool labelled;
    struct pm_dataset_form form;
    size_t item; /**< bytes of an image */
    /* Private: where it comes from. */
    struct pm_idx images, labels;
    struct pm_npy_stream array, array_labels;
    FILE *list;
    struct dirent **name; /* [count] of a folder */
    char *path;
    unsigned next;
};

/** Opens the data set at `path`, of the MNIST family its `split` ("t10k", "train"). Labels are all read once.
 * PM_ESHAPE: no images, images of another shape, or not as many labels; PM_ERANGE: a label that is not below
 * `classes`; PM_EIO, PM_EFORMAT, PM_ENOMEM. After an error nothing is left open. */
pm_status pm_dataset_open(struct pm_dataset *d, const char *path, const char *split,
                          const struct pm_dataset_form *form, struct pm_error *e);

/** Reads the next n images into pixels[n][item], row by row, channels innermost, and, of labelled ones, their
 * labels. PM_EINVAL: fewer are left; PM_ESHAPE, PM_EFORMAT, PM_EIO, PM_ENOMEM. */
pm_status pm_dataset_read(struct pm_dataset *d, unsigned n, uint8_t *pixels, unsigned *labels,
                          struct pm_error *e);

/** Closes it; a zeroed struct is accepted. */
void pm_dataset_close(struct pm_dataset *d);

#endif
