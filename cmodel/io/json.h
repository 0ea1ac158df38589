// SPDX-License-Identifier: Apache-2.0
/* Bounded reading of JSON: every value is checked for presence, type and range. */
#ifndef PM_NET_JSON_H
#define PM_NET_JSON_H

#include <cjson/cJSON.h>

#include "io/diag.h"

/** Longest JSON text that is accepted. cJSON needs up to 32 bytes of memory for one of text. */
#define PM_JSON_MAX ((size_t)8 << 20)

/** Parses text[length], which must be one object; text[length] must be readable and 0. The caller deletes
 * *root with cJSON_Delete. PM_EFORMAT where it is no object, or longer than PM_JSON_MAX. */
pm_status pm_json_parse(const struct pm_diag *d, const char *text, size_t length, cJSON **root);

/** Reads and parses the file d->path. PM_EIO, PM_ENOMEM, or as pm_json_parse. */
pm_status pm_json_load(const struct pm_diag *d, cJSON **root);

/** True where item is an integer in lo..hi (both exact in a double); its value goes to *out. item may be
 * NULL. */
bool pm_json_is_integer(const cJSON *item, int64_t lo, int64_t hi, int64_t *out);

/** Member `key` of object as an integer in lo..hi. PM_EFORMAT where missing or not a number, PM_ERANGE
 * otherwise. */
pm_status pm_json_integer(const struct pm_diag *d, const cJSON *object, const char *key, int64_t lo,
                          int64_t hi, int64_t *out);

/** Member `key` of object as a number in lo..hi. Errors as pm_json_integer. */
pm_status pm_json_real(const struct pm_diag *d, const cJSON *object, const char *key, double lo, double hi,
                       double *out);

/** Member `key` of object, an array of n numbers in lo..hi, to out[n]. PM_EFORMAT, PM_ESHAPE (not n),
 * PM_ERANGE. */
pm_status pm_json_reals(const struct pm_diag *d, const cJSON *object, const char *key, size_t n, double lo,
                        double hi, double *out);

/** Member `key` of object must be the string `expected`, otherwise PM_EFORMAT. */
pm_status pm_json_expect(const struct pm_diag *d, const cJSON *object, const char *key, const char *expected);

#endif
