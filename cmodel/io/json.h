// SPDX-License-Identifier: Apache-2.0
/* Strict, bounded reading of JSON: RFC 8259 and no more, no member twice; every value is checked for
 * presence, type and range. */
#ifndef PM_NET_JSON_H
#define PM_NET_JSON_H

#include <cjson/cJSON.h>

#include "io/error.h"

/** A document that is being read. */
struct pm_json {
    const char *path;   /**< names it in complaints */
    struct pm_error *e; /**< receives them */
    cJSON *root;        /**< an object, the caller's to cJSON_Delete; NULL before and after an error */
};

/** pm_fail on what the document says. */
#define pm_json_fail(json, status, ...) pm_fail((json)->e, status, (json)->path, __VA_ARGS__)

/** Longest JSON text that is accepted. cJSON needs up to 32 bytes of memory for one of text. */
#define PM_JSON_MAX ((size_t)8 << 20)
/** Most objects and arrays inside one another. */
#define PM_JSON_DEPTH 127

/** Parses text[length], which must be one object; text[length] must be readable and 0, to
 * j->root. PM_EFORMAT where it is no object, longer than PM_JSON_MAX or deeper than PM_JSON_DEPTH, or has a
 * member twice, a number beyond double precision or a zero character in a string. */
pm_status pm_json_parse(struct pm_json *j, const char *text, size_t length);

/** Reads and parses the file j->path. PM_EIO, PM_ENOMEM, or as pm_json_parse. */
pm_status pm_json_load(struct pm_json *j);

/** True where item of a parsed document is an integer in lo..hi (within 2^53), and written as one (not 64.0);
 * its value goes to *out. item may be NULL. */
bool pm_json_is_integer(const cJSON *item, int64_t lo, int64_t hi, int64_t *out);

/** Member `key` of object as an integer in lo..hi. PM_EFORMAT where missing or not a number, PM_ERANGE
 * otherwise. */
pm_status pm_json_integer(const struct pm_json *j, const cJSON *object, const char *key, int64_t lo,
                          int64_t hi, int64_t *out);

/** Member `key` of object as a number in lo..hi. Errors as pm_json_integer. */
pm_status pm_json_real(const struct pm_json *j, const cJSON *object, const char *key, double lo, double hi,
                       double *out);

/** Member `key` of object, an array of n numbers in lo..hi, to out[n]. PM_EFORMAT, PM_ESHAPE (not n),
 * PM_ERANGE. */
pm_status pm_json_reals(const struct pm_json *j, const cJSON *object, const char *key, size_t n, double lo,
                        double hi, double *out);

#endif
