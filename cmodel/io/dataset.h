// SPDX-License-Identifier: Apache-2.0
/* Labelled images in two IDX files, by the names of the MNIST family. */
#ifndef PM_IO_DATASET_H
#define PM_IO_DATASET_H

#include "io/idx.h"

struct pm_dataset {
    struct pm_idx images; /**< [n][rows][columns] */
    struct pm_idx labels; /**< [n] */
};

/** Opens FOLDER's `split` ("t10k", "train"). The files are SPLIT-images-idx3-ubyte.gz and
 * SPLIT-labels-idx1-ubyte.gz, or have no .gz, or a point before idx, or both; the first that is there is
 * taken. Every label is read once. Beside what pm_idx_open says, PM_ESHAPE: no images, or not as many labels;
 * PM_ERANGE: a label that is not below `classes`. After an error nothing is left open. */
pm_status pm_dataset_open(struct pm_dataset *d, const char *folder, const char *split, unsigned classes,
                          struct pm_error *e);

/** Closes both files; a zeroed struct is accepted. */
void pm_dataset_close(struct pm_dataset *d);

#endif
