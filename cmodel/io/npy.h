// SPDX-License-Identifier: Apache-2.0
/* Integer tensors in NumPy's .npy files: format versions 1.0 to 3.0, C and Fortran order, either byte order;
 * bool, integers of 8 to 64 bits with or without sign, and float32 and float64 whose elements are integers.
 *
 * A file's header is never trusted: it is parsed strictly, and its shape is compared with the file's size
 * before anything is allocated. */
#ifndef PM_NPY_H
#define PM_NPY_H

#include <stdio.h>

#include "io/error.h"
#include "io/tensor.h"

/** Reads a file into the first dtype that holds every value of the file's: bool into uint8, uint16 into
 * int32, uint32, uint64 and floats into int64. PM_EIO, PM_EFORMAT, PM_ESHAPE (rank above PM_RANK, empty),
 * PM_ERANGE (an element is no integer of int64's range) or PM_ENOMEM with one line in *e. */
pm_status pm_npy_read(const char *path, struct pm_tensor *t, struct pm_error *e);

/** A pm_writer: writes a `const struct pm_tensor *` as version 1.0. */
bool pm_npy_write(FILE *f, const void *tensor);

#endif
