// SPDX-License-Identifier: Apache-2.0
#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/text.h"

/* In a number's cJSON type: it is written as an integer, and is exact. cJSON looks at the lowest 8 bits, and
 * uses bits 8 and 9. */
#define INTEGER (1 << 16)

/* RFC 8259 as far as cJSON takes more: strings, numbers and spaces are checked here, how they are put
 * together there. All texts end with a zero, and have none before. */
static const char digits[] = "0123456789", hex[] = "0123456789abcdefABCDEF";

/* Past the string whose first quote is at s, or NULL. No escaped zero either: names must not end early. */
static const char *skip_string(const char *s) {
    for (s++; *s != '"';) {
        const size_t n = pm_utf8_length(s);
        if (n == 0 || (unsigned char)*s < ' ')
            return NULL;
        if (*s == '\\') {
            s++;
            if (*s == 'u' && (strspn(s + 1, hex) < 4 || strncmp(s + 1, "0000", 4) == 0))
                return NULL;
            if (*s == '\0')
                return NULL;
        }
        s += n;
    }
    return s + 1;
}

/* Past the digits at *s; false where there are none. */
static bool skip_digits(const char **s) {
    const size_t n = strspn(*s, digits);
    *s += n;
    return n > 0;
}

/* Past the number at s, or NULL. *integer: it is written as one. */
static const char *skip_number(const char *s, bool *integer) {
    const bool minus = *s == '-';
    s += minus;
    const char *first = s;
    if (!skip_digits(&s) || (*first == '0' && s > first + 1))
        return NULL;
    *integer = *s != '.' && *s != 'e' && *s != 'E' && !(minus && *first == '0');
    if (*s == '.' && (s++, !skip_digits(&s)))
        return NULL;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        if (!skip_digits(&s))
            return NULL;
    }
    return s;
}

static bool starts_number(char c) {
    return c == '-' || (c >= '0' && c <= '9');
}

/* Where the text is not JSON, or NULL. */
static const char *bad_token(const char *text) {
    int depth = 0;
    bool integer;
    for (const char *s = text, *next; *s != '\0'; s = next) {
        depth += (*s == '{' || *s == '[') - (*s == '}' || *s == ']');
        if (*s == '"')
            next = skip_string(s);
        else if (starts_number(*s))
            next = skip_number(s, &integer);
        else /* the letters are those of true, false and null */
            next = depth <= PM_JSON_DEPTH && strchr(" \t\n\r{}[]:,truefalsn", *s) != NULL ? s + 1 : NULL;
        if (next == NULL)
            return s;
    }
    return NULL;
}

/* Whether the next number of a checked text is written as an integer. */
static bool next_is_integer(const char **s) {
    bool integer = false;
    while (!starts_number(**s))
        *s = **s == '"' ? skip_string(*s) : *s + 1;
    *s = skip_number(*s, &integer);
    return integer;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static pm_status check_names(const struct pm_json *j, const cJSON *object) {
    const size_t n = (size_t)cJSON_GetArraySize(object);
    const char **names = malloc((n + 1) * sizeof *names);
    if (names == NULL)
        return pm_json_fail(j, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
    size_t i = 0;
    for (const cJSON *item = object->child; item != NULL; item = item->next)
        names[i++] = item->string;
    qsort(names, n, sizeof *names, by_name);
    pm_status s = PM_OK;
    for (i = 1; i < n && s == PM_OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            s = pm_json_fail(j, PM_EFORMAT, "\"%.40s\" is given twice", names[i]);
    free(names);
    return s;
}

/* Members given twice, numbers that no double holds; marks integers, whose text is found from *at on. */
static pm_status check_item(const struct pm_json *j, cJSON *item, const char **at) {
    pm_status s = cJSON_IsObject(item) ? check_names(j, item) : PM_OK;
    if (cJSON_IsNumber(item)) {
        if (!isfinite(item->valuedouble))
            return pm_json_fail(j, PM_EFORMAT, "bad JSON: a number beyond double precision");
        if (next_is_integer(at) && fabs(item->valuedouble) <= 0x1p53)
            item->type |= INTEGER;
    }
    for (cJSON *child = item->child; child != NULL && s == PM_OK; child = child->next)
        s = check_item(j, child, at);
    return s;
}

pm_status pm_json_parse(struct pm_json *j, const char *text, size_t length) {
    j->root = NULL;
    if (length > PM_JSON_MAX)
        return pm_json_fail(j, PM_EFORMAT, "JSON text of more than %zu bytes", PM_JSON_MAX);
    const char *end = bad_token(text);
    if (end == NULL && strlen(text) != length)
        end = text + strlen(text);
    cJSON *root = end == NULL ? cJSON_ParseWithLengthOpts(text, length + 1, &end, 1) : NULL;
    if (root == NULL)
        return pm_json_fail(j, PM_EFORMAT, "bad JSON at byte %zu", end == NULL ? 0 : (size_t)(end - text));
    pm_status s = PM_OK;
    if (!cJSON_IsObject(root))
        s = pm_json_fail(j, PM_EFORMAT, "bad JSON: not an object");
    else
        s = check_item(j, root, &text);
    if (s == PM_OK)
        j->root = root;
    else
        cJSON_Delete(root);
    return s;
}

pm_status pm_json_load(struct pm_json *j) {
    char *text;
    size_t length;
    j->root = NULL;
    pm_status s = pm_text_load(j->path, PM_JSON_MAX, &text, &length, j->e);
    if (s == PM_OK)
        s = pm_json_parse(j, text, length);
    free(text);
    return s;
}

bool pm_json_is_integer(const cJSON *item, int64_t lo, int64_t hi, int64_t *out) {
    if (!cJSON_IsNumber(item) || !(item->type & INTEGER))
        return false;
    double v = item->valuedouble;
    if (!(v >= (double)lo && v <= (double)hi))
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
        s = pm_json_fail(j, PM_ERANGE,
                         "\"%s\" is %g, not an integer in %lld..%lld (without fraction and exponent)", key,
                         item->valuedouble, (long long)lo, (long long)hi);
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
