// SPDX-License-Identifier: Apache-2.0
#include "io/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "io/file.h"

/* The longest header that is read, as in NumPy. */
#define MAX_HEADER 10000

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

/* An element in a file, and the tensor's dtype that holds it. Floats must be integers. */
static const struct form {
    char kind; /* as in NumPy's descr */
    char size;
    enum pm_dtype dtype;
} forms[] = {{'b', '1', PM_UINT8}, {'i', '1', PM_INT8},  {'u', '1', PM_UINT8}, {'i', '2', PM_INT16},
             {'u', '2', PM_INT32}, {'i', '4', PM_INT32}, {'u', '4', PM_INT64}, {'i', '8', PM_INT64},
             {'u', '8', PM_INT64}, {'f', '4', PM_INT64}, {'f', '8', PM_INT64}};

/* What a header says. */
struct header {
    char descr[24];
    const struct form *form;
    bool big_endian, fortran;
    unsigned rank;
    size_t shape[PM_RANK];
};

/* The descr as a form that is read, such as <i4; false if it is none. */
static bool find_form(struct header *h) {
    const char *d = h->descr;
    if (strlen(d) != 3 || !strchr("<>|=", d[0]))
        return false;
    h->big_endian = d[0] == '>';
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (d[1] == forms[i].kind && d[2] == forms[i].size) {
            h->form = &forms[i];
            return true;
        }
    return false;
}

static bool parse_header(struct parser *p, struct header *h) {
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
            if (!take_string(p, h->descr, sizeof h->descr)) {
                p->reason = "the header's descr is not a plain dtype";
                return false;
            }
        } else if (strcmp(key, "fortran_order") == 0) {
            bit = ORDER;
            h->fortran = take_word(p, "True");
            if (!h->fortran && !take_word(p, "False"))
                return false;
        } else if (strcmp(key, "shape") == 0) {
            bit = SHAPE;
            if (!take_shape(p, &h->rank, h->shape))
                return false;
        }
        if (!bit || seen & bit)
            return false;
        seen |= bit;
        comma = take(p, ',');
    }
    spaces(p);
    return seen == ALL && p->end - p->at == 1 && *p->at == '\n';
}

/* One element as an integer; false where it is none of 64 bits. */
static bool decode(const struct header *h, const unsigned char *b, int64_t *value) {
    const unsigned size = (unsigned)(h->form->size - '0');
    uint64_t u = 0;
    for (unsigned i = 0; i < size; i++)
        u = u << 8 | b[h->big_endian ? i : size - 1 - i];
    if (h->form->kind == 'f') {
        double v;
        float single;
        const uint32_t low = (uint32_t)u;
        if (size == sizeof single) {
            memcpy(&single, &low, sizeof single);
            v = (double)single;
        } else {
            memcpy(&v, &u, sizeof v);
        }
        if (!(v >= -0x1p63 && v < 0x1p63) || v != floor(v))
            return false;
        *value = (int64_t)v;
        return true;
    }
    const unsigned unused = 64 - 8 * size;
    *value = h->form->kind == 'i' ? (int64_t)(u << unused) >> unused : (int64_t)u;
    return h->form->kind == 'b' ? u <= 1 : u <= INT64_MAX || h->form->kind == 'i';
}

/* The element's place in C order that follows `at` in a file of Fortran order; place[] is that of `at`. */
static size_t next_fortran(const struct pm_tensor *t, size_t *place, size_t at) {
    size_t stride = t->count;
    for (unsigned d = 0; d < t->rank; d++) {
        stride /= t->shape[d];
        at += stride;
        if (++place[d] < t->shape[d])
            return at;
        at -= stride * t->shape[d];
        place[d] = 0;
    }
    return at;
}

static pm_status read_data(FILE *f, const char *path, const struct header *h, struct pm_tensor *t,
                           struct pm_error *e) {
    unsigned char buffer[1 << 15];
    const size_t size = (size_t)(h->form->size - '0');
    size_t place[PM_RANK] = {0}, at = 0;
    for (size_t done = 0; done < t->count;) {
        size_t want = t->count - done < sizeof buffer / size ? t->count - done : sizeof buffer / size;
        if (fread(buffer, size, want, f) != want)
            return pm_fail(e, PM_EIO, path, "%s",
                           ferror(f) ? strerror(errno) : "became shorter while it was read");
        for (size_t j = 0; j < want; j++) {
            int64_t value;
            if (!decode(h, buffer + j * size, &value)) {
                char where[96];
                pm_index_text(where, sizeof where, t, at);
                return pm_fail(e, PM_ERANGE, path, "dtype %s: element %s is no integer of 64 bits", h->descr,
                               where);
            }
            pm_tensor_set(t, at, value);
            at = h->fortran ? next_fortran(t, place, at) : at + 1;
        }
        done += want;
    }
    return PM_OK;
}

static pm_status read_file(FILE *f, uint64_t size, const char *path, struct pm_tensor *t,
                           struct pm_error *e) {
    unsigned char start[12];
    char text[MAX_HEADER];
    if (size == 0)
        return pm_fail(e, PM_EFORMAT, path, "the file is empty");
    size_t got = fread(start, 1, 10, f);
    if (got < 6 || memcmp(start, "\x93NUMPY", 6) != 0)
        return pm_fail(e, PM_EFORMAT, path, "not a .npy file");
    if (got < 10)
        return pm_fail(e, PM_EFORMAT, path, "the header is truncated");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return pm_fail(e, PM_EFORMAT, path, ".npy version %u.%u; only 1.0, 2.0 and 3.0 are read", start[6],
                       start[7]);
    uint64_t length = start[8] | (uint64_t)start[9] << 8, before = 10;
    if (start[6] > 1) {
        if (fread(start + 10, 1, 2, f) != 2)
            return pm_fail(e, PM_EFORMAT, path, "the header is truncated");
        length |= (uint64_t)start[10] << 16 | (uint64_t)start[11] << 24;
        before = 12;
    }
    if (length > MAX_HEADER)
        return pm_fail(e, PM_EFORMAT, path, "a header of %" PRIu64 " bytes; at most %d are read", length,
                       MAX_HEADER);
    if (fread(text, 1, (size_t)length, f) != length)
        return pm_fail(e, PM_EFORMAT, path, "the header is truncated");
    struct parser p = {.at = text, .end = text + length, .reason = "the header is malformed"};
    struct header h = {.rank = 0};
    size_t count, bytes;
    if (!parse_header(&p, &h))
        return pm_fail(e, PM_EFORMAT, path, "%s", p.reason);
    if (!find_form(&h))
        return pm_fail(e, PM_EFORMAT, path,
                       "dtype %s is not bool, an integer of 8 to 64 bits, float32 or float64", h.descr);
    if (h.rank == 0)
        return pm_fail(e, PM_ESHAPE, path, "no dimensions; a scalar is a tensor of shape [1]");
    for (unsigned d = 0; d < h.rank; d++)
        if (h.shape[d] == 0)
            return pm_fail(e, PM_ESHAPE, path, "empty tensor");
    if (!pm_shape_size(h.rank, h.shape, (size_t)(h.form->size - '0'), &count, &bytes))
        return pm_fail(e, PM_EFORMAT, path, "the shape is too large");
    uint64_t data = size - before - length;
    if (data != bytes)
        return pm_fail(e, PM_EFORMAT, path, "%s: the shape needs %zu bytes of data, the file has %" PRIu64,
                       data < bytes ? "truncated" : "trailing bytes", bytes, data);
    if (pm_tensor_new(t, h.form->dtype, h.rank, h.shape) != PM_OK)
        return pm_fail(e, PM_ENOMEM, path, "out of memory (%zu bytes)", bytes);
    pm_status status = read_data(f, path, &h, t, e);
    if (status != PM_OK)
        pm_tensor_free(t);
    return status;
}

pm_status pm_npy_read(const char *path, struct pm_tensor *t, struct pm_error *e) {
    FILE *f;
    uint64_t size;
    *t = (struct pm_tensor){0};
    pm_status status = pm_file_open(path, &f, &size, e);
    if (status != PM_OK)
        return status;
    status = read_file(f, size, path, t, e);
    fclose(f);
    return status;
}

/* As NumPy writes them. */
static const char *const descrs[PM_DTYPES] = {
    [PM_INT8] = "|i1", [PM_UINT8] = "|u1", [PM_INT16] = "<i2", [PM_INT32] = "<i4", [PM_INT64] = "<i8"};

bool pm_npy_write(FILE *f, const void *tensor) {
    const struct pm_tensor *t = tensor;
    char header[128 + PM_RANK * 24];
    int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                     descrs[t->dtype]);
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
    size_t size = pm_dtype_size(t->dtype), filled = 0;
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
