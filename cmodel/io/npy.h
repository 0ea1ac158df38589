// SPDX-License-Identifier: Apache-2.0
/* Tensors in NumPy's .npy files: format versions 1.0 to 3.0, C and Fortran order, either byte order; bool,
 * integers of 8 to 64 bits with or without sign, float32 and float64.
 *
 * A file's header is never trusted: it is parsed strictly, and its shape is compared with the file's size
 * before anything is allocated. */
#ifndef PM_NPY_H
#define PM_NPY_H

#include <stdio.h>

#include "io/error.h"
#include "io/tensor.h"

/** Reads a file, of integers or of floats that are integers, into the first dtype that holds every value of
 * the file's: bool into uint8, uint16 into int32, uint32, uint64 and floats into int64. PM_EIO, PM_EFORMAT,
 * PM_ESHAPE (rank above PM_RANK, empty), PM_ERANGE (an element is no integer of int64's range) or PM_ENOMEM
 * with one line in *e. */
pm_status pm_npy_read(const char *path, struct pm_tensor *t, struct pm_error *e);

#define PM_NPY_RANK 8 /**< most dimensions of an array */

/** Numbers as they are: floats, or integers in 64 bits. */
struct pm_npy_array {
    bool real;
    unsigned rank; /**< 0: a scalar */
    size_t shape[PM_NPY_RANK], count;
    union {
        float *f;
        int64_t *i;
        void *data;
    };
};

/** Reads a file as it is. PM_EIO, PM_EFORMAT, PM_ESHAPE (empty), PM_ERANGE (a uint64 above int64's range),
 * PM_ENOMEM, with one line in *e. */
pm_status pm_npy_read_array(const char *path, struct pm_npy_array *a, struct pm_error *e);
/** A zeroed array is accepted. */
void pm_npy_array_free(struct pm_npy_array *a);
/** Integers of a file that are read from the first to the last; memory does not depend on how many. */
struct pm_npy_stream {
    unsigned rank;
    size_t shape[PM_NPY_RANK], count;
    size_t next; /**< elements that were read */
    FILE *file;  /* private, as the rest */
    char *path;
    struct pm_npy_header *header;
};
/** PM_EFORMAT also for Fortran order; otherwise as pm_npy_read. After an error nothing is left open. */
pm_status pm_npy_open(struct pm_npy_stream *s, const char *path, struct pm_error *e);
/** The next n elements, of those that are left. PM_ERANGE: one is not in 0..most; PM_EIO. */
pm_status pm_npy_next(struct pm_npy_stream *s, size_t n, int64_t most, int64_t *to, struct pm_error *e);
/** A zeroed stream is accepted. */
void pm_npy_close(struct pm_npy_stream *s);
/** A pm_writer: writes a `const struct pm_npy_array *`. */
bool pm_npy_write_array(FILE *f, const void *array);

/** A pm_writer: writes a `const struct pm_tensor *` as version 1.0. */
bool pm_npy_write(FILE *f, const void *tensor);

#endif
