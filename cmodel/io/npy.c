// SPDX-License-Identifier: Apache-2.0
#include "io/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest header that is read, as in NumPy. */
#define MAX_HEADER 10000

static const struct {
    const char *name, *descr;
    size_t size;
    int64_t min, max;
} dtypes[PM_DTYPES] = {
    [PM_INT8] = {"int8", "|i1", 1, INT8_MIN, INT8_MAX},
    [PM_UINT8] = {"uint8", "|u1", 1, 0, UINT8_MAX},
    [PM_INT16] = {"int16", "<i2", 2, INT16_MIN, INT16_MAX},
    [PM_INT32] = {"int32", "<i4", 4, INT32_MIN, INT32_MAX},
    [PM_INT64] = {"int64", "<i8", 8, INT64_MIN, INT64_MAX},
};

const char *pm_dtype_name(enum pm_dtype d) {
    return dtypes[d].name;
}
size_t pm_dtype_size(enum pm_dtype d) {
    return dtypes[d].size;
}
int64_t pm_dtype_min(enum pm_dtype d) {
    return dtypes[d].min;
}
int64_t pm_dtype_max(enum pm_dtype d) {
    return dtypes[d].max;
}

/* Elements of a shape and their bytes; false when that does not fit a size_t. */
static bool shape_size(unsigned rank, const size_t *shape, size_t element, size_t *count, size_t *bytes) {
    *count = 1;
    for (unsigned d = 0; d < rank; d++)
        if (__builtin_mul_overflow(*count, shape[d], count))
            return false;
    return !__builtin_mul_overflow(*count, element, bytes);
}

pm_status pm_tensor_new(struct pm_tensor *t, enum pm_dtype dtype, unsigned rank, const size_t *shape) {
    size_t bytes;
    *t = (struct pm_tensor){.dtype = dtype, .rank = rank};
    if (rank < 1 || rank > PM_RANK)
        return PM_ESHAPE;
    memcpy(t->shape, shape, rank * sizeof *shape);
    if (!shape_size(rank, shape, dtypes[dtype].size, &t->count, &bytes))
        return PM_ENOMEM;
    t->data = calloc(bytes ? bytes : 1, 1);
    return t->data ? PM_OK : PM_ENOMEM;
}

void pm_tensor_free(struct pm_tensor *t) {
    free(t->data);
    *t = (struct pm_tensor){0};
}

int64_t pm_tensor_get(const struct pm_tensor *t, size_t i) {
    switch (t->dtype) {
    case PM_INT8:
        return ((const int8_t *)t->data)[i];
    case PM_UINT8:
        return ((const uint8_t *)t->data)[i];
    case PM_INT16:
        return ((const int16_t *)t->data)[i];
    case PM_INT32:
        return ((const int32_t *)t->data)[i];
    default:
        return ((const int64_t *)t->data)[i];
    }
}

void pm_tensor_set(struct pm_tensor *t, size_t i, int64_t v) {
    switch (t->dtype) {
    case PM_INT8:
        ((int8_t *)t->data)[i] = (int8_t)v;
        break;
    case PM_UINT8:
        ((uint8_t *)t->data)[i] = (uint8_t)v;
        break;
    case PM_INT16:
        ((int16_t *)t->data)[i] = (int16_t)v;
        break;
    case PM_INT32:
        ((int32_t *)t->data)[i] = (int32_t)v;
        break;
    default:
        ((int64_t *)t->data)[i] = v;
    }
}

pm_status pm_tensor_convert(struct pm_tensor *t, enum pm_dtype dtype, int64_t lo, int64_t hi, size_t *at) {
    for (size_t i = 0; i < t->count; i++) {
        int64_t v = pm_tensor_get(t, i);
        if (v < lo || v > hi) {
            *at = i;
            return PM_ERANGE;
        }
    }
    if (dtype == t->dtype)
        return PM_OK;
    struct pm_tensor new;
    pm_status status = pm_tensor_new(&new, dtype, t->rank, t->shape);
    if (status != PM_OK)
        return status;
    for (size_t i = 0; i < t->count; i++)
        pm_tensor_set(&new, i, pm_tensor_get(t, i));
    pm_tensor_free(t);
    *t = new;
    return PM_OK;
}

static void list_text(char *text, size_t length, unsigned rank, const size_t *list) {
    size_t at = 0;
    for (unsigned d = 0; d < rank && at < length; d++)
        at += (size_t)snprintf(text + at, length - at, "%s%zu", d ? "," : "[", list[d]);
    if (at < length)
        snprintf(text + at, length - at, "%s", rank ? "]" : "[]");
}

void pm_shape_text(char *text, size_t length, unsigned rank, const size_t *shape) {
    list_text(text, length, rank, shape);
}

void pm_index_text(char *text, size_t length, const struct pm_tensor *t, size_t i) {
    size_t place[PM_RANK];
    for (unsigned d = t->rank; d-- > 0; i /= t->shape[d])
        place[d] = i % t->shape[d];
    list_text(text, length, t->rank, place);
}

/* The header's dictionary: a Python literal of which only what NumPy writes is understood. */
struct parser {
    const char *at, *end;
    const char *reason; /* why it is refused */
};

static void spaces(struct parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t'))
        p->at++;
}

static bool take(struct parser *p, char c) {
    spaces(p);
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

static bool take_word(struct parser *p, const char *word) {
    size_t n = strlen(word);
    spaces(p);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0)
        return false;
    p->at += n;
    return true;
}

/* A quoted string without escapes; false if there is none or it does not fit. */
static bool take_string(struct parser *p, char *text, size_t length) {
    spaces(p);
    if (p->at == p->end || (*p->at != '\'' && *p->at != '"'))
        return false;
    char quote = *p->at++;
    size_t n = 0;
    for (; p->at < p->end && *p->at != quote; p->at++) {
        if (*p->at == '\\' || n + 1 >= length)
            return false;
        text[n++] = *p->at;
    }
    text[n] = 0;
    return take(p, quote);
}

static bool take_size(struct parser *p, size_t *value) {
    spaces(p);
    const char *start = p->at;
    *value = 0;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, *p->at - '0', value)) {
            p->reason = "the shape is too large";
            return false;
        }
    return p->at > start && !(*start == '0' && p->at > start + 1);
}

/* (), (3,) or (3, 4) with an optional comma at the end. */
static bool take_shape(struct parser *p, unsigned *rank, size_t *shape) {
    bool comma = false;
    *rank = 0;
    if (!take(p, '('))
        return false;
    while (!take(p, ')')) {
        if (*rank && !comma)
            return false;
        if (*rank == PM_RANK) {
            p->reason = "more than 4 dimensions";
            return false;
        }
        if (!take_size(p, &shape[*rank]))
            return false;
        ++*rank;
        comma = take(p, ',');
    }
    return *rank != 1 || comma;
}

static bool parse_header(struct parser *p, enum pm_dtype *dtype, unsigned *rank, size_t *shape, char *descr,
                         size_t descr_length) {
    enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
    unsigned seen = 0;
    bool comma = true;
    if (!take(p, '{'))
        return false;
    while (!take(p, '}')) {
        char key[16];
        if (!comma || !take_string(p, key, sizeof key) || !take(p, ':'))
            return false;
        unsigned bit = 0;
        if (strcmp(key, "descr") == 0) {
            bit = DESCR;
            if (!take_string(p, descr, descr_length)) {
                p->reason = "the header's descr is not a plain dtype";
                return false;
            }
        } else if (strcmp(key, "fortran_order") == 0) {
            bit = ORDER;
            if (take_word(p, "True")) {
                p->reason = "Fortran order; only C order is read";
                return false;
            }
            if (!take_word(p, "False"))
                return false;
        } else if (strcmp(key, "shape") == 0) {
            bit = SHAPE;
            if (!take_shape(p, rank, shape))
                return false;
        }
        if (!bit || seen & bit)
            return false;
        seen |= bit;
        comma = take(p, ',');
    }
    spaces(p);
    if (seen != ALL || p->end - p->at != 1 || *p->at != '\n')
        return false;
    for (*dtype = 0; *dtype < PM_DTYPES; ++*dtype)
        if (strcmp(descr, dtypes[*dtype].descr) == 0)
            return true;
    p->reason = "dtype";
    return false;
}

static int64_t decode(enum pm_dtype dtype, const unsigned char *b) {
    uint64_t u = 0;
    for (size_t i = dtypes[dtype].size; i-- > 0;)
        u = u << 8 | b[i];
    unsigned unused = 64 - 8 * (unsigned)dtypes[dtype].size;
    return dtype == PM_UINT8 ? (int64_t)u : (int64_t)(u << unused) >> unused;
}

static pm_status read_data(FILE *f, const char *path, struct pm_tensor *t, struct pm_error *e) {
    unsigned char buffer[1 << 15];
    size_t size = dtypes[t->dtype].size;
    for (size_t i = 0; i < t->count;) {
        size_t want = t->count - i < sizeof buffer / size ? t->count - i : sizeof buffer / size;
        if (fread(buffer, size, want, f) != want)
            return pm_fail(e, PM_EIO, path, "%s",
                           ferror(f) ? strerror(errno) : "became shorter while it was read");
        for (size_t j = 0; j < want; j++)
            pm_tensor_set(t, i++, decode(t->dtype, buffer + j * size));
    }
    return PM_OK;
}

static pm_status read_file(FILE *f, uint64_t size, const char *path, struct pm_tensor *t,
                           struct pm_error *e) {
    unsigned char start[12];
    char header[MAX_HEADER], descr[24] = "";
    if (size == 0)
        return pm_fail(e, PM_EFORMAT, path, "the file is empty");
    size_t got = fread(start, 1, 10, f);
    if (got < 6 || memcmp(start, "\x93NUMPY", 6) != 0)
        return pm_fail(e, PM_EFORMAT, path, "not a .npy file");
    if (got < 10)
        return pm_fail(e, PM_EFORMAT, path, "the header is truncated");
    if ((start[6] != 1 && start[6] != 2) || start[7] != 0)
        return pm_fail(e, PM_EFORMAT, path, ".npy version %u.%u; only 1.0 and 2.0 are read", start[6],
                       start[7]);
    uint64_t length = start[8] | (uint64_t)start[9] << 8, before = 10;
    if (start[6] == 2) {
        if (fread(start + 10, 1, 2, f) != 2)
            return pm_fail(e, PM_EFORMAT, path, "the header is truncated");
        length |= (uint64_t)start[10] << 16 | (uint64_t)start[11] << 24;
        before = 12;
    }
    if (length > MAX_HEADER)
        return pm_fail(e, PM_EFORMAT, path, "a header of %" PRIu64 " bytes; at most %d are read", length,
                       MAX_HEADER);
    if (fread(header, 1, (size_t)length, f) != length)
        return pm_fail(e, PM_EFORMAT, path, "the header is truncated");
    struct parser p = {.at = header, .end = header + length, .reason = "the header is malformed"};
    enum pm_dtype dtype;
    unsigned rank = 0;
    size_t shape[PM_RANK], count, bytes;
    if (!parse_header(&p, &dtype, &rank, shape, descr, sizeof descr)) {
        if (strcmp(p.reason, "dtype") == 0)
            return pm_fail(e, PM_EFORMAT, path, "dtype %s is not int8, uint8, int16, int32 or int64", descr);
        return pm_fail(e, PM_EFORMAT, path, "%s", p.reason);
    }
    if (rank == 0)
        return pm_fail(e, PM_ESHAPE, path, "no dimensions; a scalar is a tensor of shape [1]");
    for (unsigned d = 0; d < rank; d++)
        if (shape[d] == 0)
            return pm_fail(e, PM_ESHAPE, path, "empty tensor");
    if (!shape_size(rank, shape, dtypes[dtype].size, &count, &bytes))
        return pm_fail(e, PM_EFORMAT, path, "the shape is too large");
    uint64_t data = size - before - length;
    if (data != bytes)
        return pm_fail(e, PM_EFORMAT, path, "%s: the shape needs %zu bytes of data, the file has %" PRIu64,
                       data < bytes ? "truncated" : "trailing bytes", bytes, data);
    if (pm_tensor_new(t, dtype, rank, shape) != PM_OK)
        return pm_fail(e, PM_ENOMEM, path, "out of memory (%zu bytes)", bytes);
    pm_status status = read_data(f, path, t, e);
    if (status != PM_OK)
        pm_tensor_free(t);
    return status;
}

pm_status pm_npy_read(const char *path, struct pm_tensor *t, struct pm_error *e) {
    struct stat st;
    *t = (struct pm_tensor){0};
    /* O_NONBLOCK: a named pipe must not hang the program before it is refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return pm_fail(e, PM_EIO, path, "%s", S_ISDIR(st.st_mode) ? strerror(EISDIR) : "not a regular file");
    }
    FILE *f = fdopen(fd, "rb");
    if (!f) {
        close(fd);
        return pm_fail(e, PM_ENOMEM, path, "out of memory");
    }
    pm_status status = read_file(f, (uint64_t)st.st_size, path, t, e);
    fclose(f);
    return status;
}

bool pm_npy_write(FILE *f, const void *tensor) {
    const struct pm_tensor *t = tensor;
    char header[128 + PM_RANK * 24];
    int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                     dtypes[t->dtype].descr);
    for (unsigned d = 0; d < t->rank; d++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%s%zu", d ? ", " : "", t->shape[d]);
    n += snprintf(header + n, sizeof header - (size_t)n, "%s), }", t->rank == 1 ? "," : "");
    /* Spaces and a newline up to a multiple of 64, 10 bytes of which come before the header. */
    unsigned length = ((unsigned)n + 1 + 10 + 63) / 64 * 64 - 10;
    unsigned char start[10] = "\x93NUMPY\1";
    start[8] = (unsigned char)length;
    start[9] = (unsigned char)(length >> 8);
    fwrite(start, 1, sizeof start, f);
    fprintf(f, "%-*s\n", (int)length - 1, header);
    unsigned char buffer[1 << 15];
    size_t size = dtypes[t->dtype].size, filled = 0;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t u = (uint64_t)pm_tensor_get(t, i);
        for (size_t b = 0; b < size; b++)
            buffer[filled++] = (unsigned char)(u >> 8 * b);
        if (filled == sizeof buffer || i + 1 == t->count) {
            if (fwrite(buffer, 1, filled, f) != filled)
                return false;
            filled = 0;
        }
    }
    return !ferror(f);
}
