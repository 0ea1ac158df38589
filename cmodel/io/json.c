// SPDX-License-Identifier: Apache-2.0
#include "io/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pm_status pm_json_parse(struct pm_json *j, const char *text, size_t length) {
    j->root = NULL;
    if (length > PM_JSON_MAX)
        return pm_json_fail(j, PM_EFORMAT, "JSON text of more than %zu bytes", PM_JSON_MAX);
    if (memchr(text, 0, length) != NULL)
        return pm_json_fail(j, PM_EFORMAT, "bad JSON: a zero byte");
    const char *end = NULL;
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, length + 1, &end, 1);
    if (parsed == NULL)
        return pm_json_fail(j, PM_EFORMAT, "bad JSON at byte %zu", end == NULL ? 0 : (size_t)(end - text));
    if (!cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return pm_json_fail(j, PM_EFORMAT, "bad JSON: not an object");
    }
    j->root = parsed;
    return PM_OK;
}

/* The whole file, or the first PM_JSON_MAX + 1 bytes of one that is too long, and a zero; NULL out of memory.
 */
static char *read_text(FILE *file, size_t *length) {
    char *text = NULL;
    size_t room = 0;
    *length = 0;
    while (*length == room && room <= PM_JSON_MAX) {
        room = room < PM_JSON_MAX / 2 ? 2 * room + 4096 : PM_JSON_MAX + 1;
        char *longer = realloc(text, room + 1);
        if (longer == NULL) {
            free(text);
            return NULL;
        }
        text = longer;
        *length += fread(text + *length, 1, room - *length, file);
    }
    text[*length] = '\0';
    return text;
}

pm_status pm_json_load(struct pm_json *j) {
    j->root = NULL;
    FILE *file = fopen(j->path, "rb");
    if (file == NULL)
        return pm_json_fail(j, PM_EIO, "%s", strerror(errno));
    pm_status s;
    size_t length;
    char *text = read_text(file, &length);
    if (text == NULL)
        s = pm_json_fail(j, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
    else if (ferror(file))
        s = pm_json_fail(j, PM_EIO, "%s", strerror(errno));
    else
        s = pm_json_parse(j, text, length);
    free(text);
    fclose(file);
    return s;
}

bool pm_json_is_integer(const cJSON *item, int64_t lo, int64_t hi, int64_t *out) {
    if (!cJSON_IsNumber(item))
        return false;
    double v = item->valuedouble;
    if (!(v >= (double)lo && v <= (double)hi) || v != floor(v))
        return false;
    *out = (int64_t)v;
    return true;
}

static pm_status number(const struct pm_json *j, const cJSON *object, const char *key, const cJSON **item) {
    *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (*item == NULL)
        return pm_json_fail(j, PM_EFORMAT, "\"%s\" is missing", key);
    if (!cJSON_IsNumber(*item))
        return pm_json_fail(j, PM_EFORMAT, "\"%s\" is not a number", key);
    return PM_OK;
}

pm_status pm_json_integer(const struct pm_json *j, const cJSON *object, const char *key, int64_t lo,
                          int64_t hi, int64_t *out) {
    const cJSON *item;
    pm_status s = number(j, object, key, &item);
    if (s == PM_OK && !pm_json_is_integer(item, lo, hi, out))
        s = pm_json_fail(j, PM_ERANGE, "\"%s\" is %g, not an integer in %lld..%lld", key, item->valuedouble,
                         (long long)lo, (long long)hi);
    return s;
}

pm_status pm_json_real(const struct pm_json *j, const cJSON *object, const char *key, double lo, double hi,
                       double *out) {
    const cJSON *item;
    pm_status s = number(j, object, key, &item);
    if (s != PM_OK)
        return s;
    if (!(item->valuedouble >= lo && item->valuedouble <= hi))
        return pm_json_fail(j, PM_ERANGE, "\"%s\" is %g, not in %g..%g", key, item->valuedouble, lo, hi);
    *out = item->valuedouble;
    return PM_OK;
}

pm_status pm_json_reals(const struct pm_json *j, const cJSON *object, const char *key, size_t n, double lo,
                        double hi, double *out) {
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsArray(array))
        return pm_json_fail(j, PM_EFORMAT, "\"%s\" is missing or not an array", key);
    size_t i = 0;
    for (const cJSON *item = array->child; item != NULL; item = item->next, i++) {
        if (i == n)
            return pm_json_fail(j, PM_ESHAPE, "\"%s\" has more than %zu elements", key, n);
        if (!cJSON_IsNumber(item))
            return pm_json_fail(j, PM_EFORMAT, "\"%s\"[%zu] is not a number", key, i);
        if (!(item->valuedouble >= lo && item->valuedouble <= hi))
            return pm_json_fail(j, PM_ERANGE, "\"%s\"[%zu] is %g, not in %g..%g", key, i, item->valuedouble,
                                lo, hi);
        out[i] = item->valuedouble;
    }
    if (i != n)
        return pm_json_fail(j, PM_ESHAPE, "\"%s\" has %zu elements, expected %zu", key, i, n);
    return PM_OK;
}

pm_status pm_json_expect(const struct pm_json *j, const cJSON *object, const char *key,
                         const char *expected) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(item))
        return pm_json_fail(j, PM_EFORMAT, "\"%s\" is missing or not a string", key);
    if (strcmp(item->valuestring, expected) != 0)
        return pm_json_fail(j, PM_EFORMAT, "\"%s\" is \"%.40s\", expected \"%s\"", key, item->valuestring,
                            expected);
    return PM_OK;
}
