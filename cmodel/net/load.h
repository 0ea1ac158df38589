// SPDX-License-Identifier: Apache-2.0
/* What the loaders of networks share: members of config.json, tensors of model.safetensors. */
#ifndef PM_NET_LOAD_H
#define PM_NET_LOAD_H

#include "io/json.h"
#include "io/safetensors.h"
#include "net/layers.h"

/** Member `key` of the document's root, an integer in 1..hi. */
pm_status pm_read_unsigned(const struct pm_json *d, const char *key, unsigned hi, unsigned *out);
/** A number in lo..hi. */
pm_status pm_read_float(const struct pm_json *d, const char *key, double lo, double hi, float *out);
/** One of "a|b|c"; *out is its place. */
pm_status pm_read_choice(const struct pm_json *d, const char *key, const char *choices, unsigned *out);

/** The file that tensors come from and the first error, after which nothing more is read. */
struct pm_source {
    struct pm_safetensors file;
    struct pm_error *error;
    pm_status status;
};
/** Tensor "PREFIX.SUFFIX", or PREFIX alone where suffix is NULL, of `rank` 1 or 2. */
void pm_load_tensor(struct pm_source *src, const char *prefix, const char *suffix, unsigned rank, size_t d0,
                    size_t d1, float **out);
/** Packs a matrix' weights for the host. */
void pm_pack_matrix(struct pm_source *src, const char *name, struct pm_matrix *m);
/** "NAME.weight" [out][in] and "NAME.bias", packed. */
void pm_load_matrix(struct pm_source *src, const char *name, unsigned in, unsigned out, struct pm_matrix *m);
/** The same of a matrix that has no bias: all 0. */
void pm_load_matrix_alone(struct pm_source *src, const char *name, unsigned in, unsigned out,
                          struct pm_matrix *m);
/** A bias of 0. */
void pm_add_bias(struct pm_source *src, const char *name, struct pm_matrix *m);
/** "NAME.weight" [width] and, but for RMSNorm, "NAME.bias". */
void pm_load_norm(struct pm_source *src, const char *name, unsigned width, float eps, bool rms,
                  struct pm_layernorm *norm);
/** What a norm owns. */
void pm_norm_free(struct pm_layernorm *norm);
/** What a matrix owns. */
void pm_matrix_free(struct pm_matrix *m);

#endif
