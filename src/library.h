// SPDX-License-Identifier: Apache-2.0
/* Ops and systems for another language, as a shared library: arrays in memory instead of files, errors as
 * text instead of lines on stderr. python/perimeter is its user; nothing of it is installed. */
#ifndef PM_LIBRARY_H
#define PM_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#define PM_LIBRARY_RANK 4

/** Integers in C order. dtype: 0 int8, 1 uint8, 2 int16, 3 int32, 4 int64, as enum pm_dtype. */
struct pm_library_array {
    const char *name;
    uint32_t dtype, rank;
    size_t shape[PM_LIBRARY_RANK];
    void *data;
};

/** As `perimeter op --catalogue` prints it; NULL: out of memory. To be freed. */
char *pm_library_catalogue(void);
const char *pm_library_version(void);

/** One op's golden function. set: "NAME=VALUE", ended by NULL; sample: makes up the inputs that are not
 * given, as
 * --sample does, or NULL. out has room for `most`; *outs of them are
 * filled, and their data is to be freed. A pm_status; error[size] receives the line that `perimeter op` would
 * print, with an input's name for its file. */
int pm_library_op(const char *op, const char *const *set, const char *sample,
                  const struct pm_library_array *in, size_t ins, struct pm_library_array *out, size_t most,
                  size_t *outs, char *error, size_t size);
/** Frees what the others gave. */
void pm_library_free(void *memory);

/** Matrices on systems: y = W x + bias. */
struct pm_library_matrix {
    const char *name; /**< which patterns match */
    uint32_t inputs, outputs;
    const float *weight, *bias; /**< [outputs][inputs]; bias may be NULL */
    double low, high; /**< of its inputs, for systems whose inputs have one scale a layer; 0, 0: unknown */
};
struct pm_library_model;

/** Places them: place and set as `perimeter run` has --place and --set, each ended by NULL. Weights are
 * copied. NULL after an error. */
struct pm_library_model *pm_library_model_new(const struct pm_library_matrix *matrix, size_t count,
                                              const char *const *place, const char *const *set, uint64_t seed,
                                              char *error, size_t size);
/** The system of a matrix; NULL: none has it, and it cannot be run. */
const char *pm_library_model_system(const struct pm_library_model *m, size_t matrix);
/** x[n][inputs] to y[n][outputs], on all cores. `first` numbers the vectors, for what is drawn of each. A
 * pm_status. */
int pm_library_model_run(struct pm_library_model *m, size_t matrix, size_t n, uint64_t first, const float *x,
                         float *y, char *error, size_t size);
/** NULL is accepted. */
void pm_library_model_free(struct pm_library_model *m);

#endif
