// SPDX-License-Identifier: Apache-2.0
#include "io/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
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
        if (*rank == PM_NPY_RANK) {
            p->reason = "more than 8 dimensions";
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
struct pm_npy_header {
    char descr[24];
    const struct form *form;
    bool big_endian, fortran;
    unsigned rank;
    size_t shape[PM_NPY_RANK], count;
};

/* The descr as a form that is read, such as <i4; false if it is none. */
static bool find_form(struct pm_npy_header *h) {
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

static bool parse_header(struct parser *p, struct pm_npy_header *h) {
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

/* One element: its bits, and of a float its value. */
static uint64_t decode(const struct pm_npy_header *h, const unsigned char *b, double *real) {
    const unsigned size = (unsigned)(h->form->size - '0');
    uint64_t u = 0;
    for (unsigned i = 0; i < size; i++)
        u = u << 8 | b[h->big_endian ? i : size - 1 - i];
    if (h->form->kind == 'f') {
        float single;
        const uint32_t low = (uint32_t)u;
        if (size == sizeof single) {
            memcpy(&single, &low, sizeof single);
            *real = (double)single;
        } else {
            memcpy(real, &u, sizeof *real);
        }
    }
    return u;
}

/* One element as an integer; false where it is none of 64 bits. */
static bool decode_integer(const struct pm_npy_header *h, const unsigned char *b, int64_t *value) {
    double v = 0;
    const uint64_t u = decode(h, b, &v);
    if (h->form->kind == 'f') {
        if (!(v >= -0x1p63 && v < 0x1p63) || v != floor(v))
            return false;
        *value = (int64_t)v;
        return true;
    }
    const unsigned unused = 64 - 8 * (unsigned)(h->form->size - '0');
    *value = h->form->kind == 'i' ? (int64_t)(u << unused) >> unused : (int64_t)u;
    return h->form->kind == 'b' ? u <= 1 : u <= INT64_MAX || h->form->kind == 'i';
}

/* The element's place in C order that follows `at` in a file of Fortran order; place[] is that of `at`. */
static size_t next_fortran(const struct pm_npy_header *h, size_t *place, size_t at) {
    size_t stride = h->count;
    for (unsigned d = 0; d < h->rank; d++) {
        stride /= h->shape[d];
        at += stride;
        if (++place[d] < h->shape[d])
            return at;
        at -= stride * h->shape[d];
        place[d] = 0;
    }
    return at;
}

/* Where elements go: a tensor of integers, or numbers as they are. */
struct sink {
    struct pm_tensor *integers;
    struct pm_npy_array *array;
};

static bool store(const struct pm_npy_header *h, const unsigned char *b, const struct sink *to, size_t at) {
    int64_t integer;
    double real = 0;
    if (to->array && to->array->real) {
        decode(h, b, &real);
        to->array->f[at] = (float)real;
        return true;
    }
    if (!decode_integer(h, b, &integer))
        return false;
    if (to->array)
        to->array->i[at] = integer;
    else
        pm_tensor_set(to->integers, at, integer);
    return true;
}

static pm_status read_data(FILE *f, const char *path, const struct pm_npy_header *h, const struct sink *to,
                           struct pm_error *e) {
    unsigned char buffer[1 << 15];
    const size_t size = (size_t)(h->form->size - '0');
    size_t place[PM_NPY_RANK] = {0}, at = 0;
    for (size_t done = 0; done < h->count;) {
        size_t want = h->count - done < sizeof buffer / size ? h->count - done : sizeof buffer / size;
        if (fread(buffer, size, want, f) != want)
            return pm_fail(e, PM_EIO, path, "%s",
                           ferror(f) ? strerror(errno) : "became shorter while it was read");
        for (size_t j = 0; j < want; j++) {
            if (!store(h, buffer + j * size, to, at)) {
                struct pm_tensor t = {.rank = h->rank, .count = h->count};
                char where[96];
                memcpy(t.shape, h->shape, sizeof t.shape);
                if (h->rank <= PM_RANK)
                    pm_index_text(where, sizeof where, &t, at);
                else
                    snprintf(where, sizeof where, "number %zu", at);
                return pm_fail(e, PM_ERANGE, path, "dtype %s: element %s is no integer of 64 bits", h->descr,
                               where);
            }
            at = h->fortran ? next_fortran(h, place, at) : at + 1;
        }
        done += want;
    }
    return PM_OK;
}

/* The header; what follows are elements of the shape that it says. */
static pm_status read_header(FILE *f, uint64_t size, const char *path, struct pm_npy_header *h, size_t *bytes,
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
    *h = (struct pm_npy_header){.rank = 0};
    if (!parse_header(&p, h))
        return pm_fail(e, PM_EFORMAT, path, "%s", p.reason);
    if (!find_form(h))
        return pm_fail(e, PM_EFORMAT, path,
                       "dtype %s is not bool, an integer of 8 to 64 bits, float32 or float64", h->descr);
    for (unsigned d = 0; d < h->rank; d++)
        if (h->shape[d] == 0)
            return pm_fail(e, PM_ESHAPE, path, "empty tensor");
    if (!pm_shape_size(h->rank, h->shape, (size_t)(h->form->size - '0'), &h->count, bytes))
        return pm_fail(e, PM_EFORMAT, path, "the shape is too large");
    uint64_t data = size - before - length;
    if (data != *bytes)
        return pm_fail(e, PM_EFORMAT, path, "%s: the shape needs %zu bytes of data, the file has %" PRIu64,
                       data < *bytes ? "truncated" : "trailing bytes", *bytes, data);
    return PM_OK;
}

static pm_status read_tensor(FILE *f, const char *path, const struct pm_npy_header *h, size_t bytes,
                             struct pm_tensor *t, struct pm_error *e) {
    if (h->rank == 0)
        return pm_fail(e, PM_ESHAPE, path, "no dimensions; a scalar is a tensor of shape [1]");
    if (h->rank > PM_RANK)
        return pm_fail(e, PM_EFORMAT, path, "more than 4 dimensions");
    if (pm_tensor_new(t, h->form->dtype, h->rank, h->shape) != PM_OK)
        return pm_fail(e, PM_ENOMEM, path, "out of memory (%zu bytes)", bytes);
    const pm_status status = read_data(f, path, h, &(struct sink){.integers = t}, e);
    if (status != PM_OK)
        pm_tensor_free(t);
    return status;
}

static pm_status read_array(FILE *f, const char *path, const struct pm_npy_header *h, size_t bytes,
                            struct pm_npy_array *a, struct pm_error *e) {
    *a = (struct pm_npy_array){.real = h->form->kind == 'f', .rank = h->rank, .count = h->count};
    memcpy(a->shape, h->shape, sizeof a->shape);
    a->data = calloc(h->count, a->real ? sizeof *a->f : sizeof *a->i);
    if (!a->data)
        return pm_fail(e, PM_ENOMEM, path, "out of memory (%zu bytes)", bytes);
    const pm_status status = read_data(f, path, h, &(struct sink){.array = a}, e);
    if (status != PM_OK)
        pm_npy_array_free(a);
    return status;
}

/* To one of both. */
static pm_status read_file(const char *path, struct pm_tensor *t, struct pm_npy_array *a,
                           struct pm_error *e) {
    FILE *f;
    uint64_t size;
    struct pm_npy_header h;
    size_t bytes;
    pm_status status = pm_file_open(path, &f, &size, e);
    if (status != PM_OK)
        return status;
    status = read_header(f, size, path, &h, &bytes, e);
    if (status == PM_OK)
        status = t ? read_tensor(f, path, &h, bytes, t, e) : read_array(f, path, &h, bytes, a, e);
    fclose(f);
    return status;
}

pm_status pm_npy_read(const char *path, struct pm_tensor *t, struct pm_error *e) {
    *t = (struct pm_tensor){0};
    return read_file(path, t, NULL, e);
}

pm_status pm_npy_read_array(const char *path, struct pm_npy_array *a, struct pm_error *e) {
    *a = (struct pm_npy_array){0};
    return read_file(path, NULL, a, e);
}

void pm_npy_array_free(struct pm_npy_array *a) {
    free(a->data);
    *a = (struct pm_npy_array){0};
}

pm_status pm_npy_open(struct pm_npy_stream *s, const char *path, struct pm_error *e) {
    uint64_t size;
    size_t bytes;
    *s = (struct pm_npy_stream){0};
    pm_status status = pm_file_open(path, &s->file, &size, e);
    if (status != PM_OK)
        return status;
    s->path = strdup(path);
    s->header = malloc(sizeof *s->header);
    if (!s->path || !s->header)
        status = pm_fail(e, PM_ENOMEM, path, "out of memory");
    if (status == PM_OK)
        status = read_header(s->file, size, path, s->header, &bytes, e);
    if (status == PM_OK && s->header->fortran && s->header->rank > 1)
        status = pm_fail(e, PM_EFORMAT, path, "Fortran order; numpy.ascontiguousarray makes it C order");
    if (status == PM_OK) {
        s->rank = s->header->rank;
        s->count = s->header->count;
        memcpy(s->shape, s->header->shape, sizeof s->shape);
    } else {
        pm_npy_close(s);
    }
    return status;
}

pm_status pm_npy_next(struct pm_npy_stream *s, size_t n, int64_t most, int64_t *to, struct pm_error *e) {
    unsigned char buffer[1 << 13];
    const size_t size = (size_t)(s->header->form->size - '0');
    for (size_t done = 0; done < n;) {
        const size_t want = n - done < sizeof buffer / size ? n - done : sizeof buffer / size;
        if (fread(buffer, size, want, s->file) != want)
            return pm_fail(e, PM_EIO, s->path, "%s",
                           ferror(s->file) ? strerror(errno) : "became shorter while it was read");
        for (size_t i = 0; i < want; i++)
            if (!decode_integer(s->header, buffer + i * size, &to[done + i]) || to[done + i] < 0 ||
                to[done + i] > most)
                return pm_fail(e, PM_ERANGE, s->path, "element number %zu is no integer of 0..%" PRId64,
                               s->next + done + i, most);
        done += want;
    }
    s->next += n;
    return PM_OK;
}

void pm_npy_close(struct pm_npy_stream *s) {
    if (s->file)
        fclose(s->file);
    free(s->path);
    free(s->header);
    *s = (struct pm_npy_stream){0};
}

/* As NumPy writes them. */
static const char *const descrs[PM_DTYPES] = {
    [PM_INT8] = "|i1", [PM_UINT8] = "|u1", [PM_INT16] = "<i2", [PM_INT32] = "<i4", [PM_INT64] = "<i8"};

static bool write_header(FILE *f, const char *descr, unsigned rank, const size_t *shape) {
    char header[128 + PM_NPY_RANK * 24];
    int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (unsigned d = 0; d < rank; d++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%s%zu", d ? ", " : "", shape[d]);
    n += snprintf(header + n, sizeof header - (size_t)n, "%s), }", rank == 1 ? "," : "");
    /* Spaces and a newline up to a multiple of 64, 10 bytes of which come before the header. */
    unsigned length = ((unsigned)n + 1 + 10 + 63) / 64 * 64 - 10;
    unsigned char start[10] = "\x93NUMPY\1";
    start[8] = (unsigned char)length;
    start[9] = (unsigned char)(length >> 8);
    return fwrite(start, 1, sizeof start, f) == sizeof start &&
           fprintf(f, "%-*s\n", (int)length - 1, header) > 0;
}

/* Little-endian bytes, gathered. */
struct writer {
    FILE *f;
    unsigned char buffer[1 << 15];
    size_t filled;
};

static bool flush(struct writer *w) {
    const bool ok = fwrite(w->buffer, 1, w->filled, w->f) == w->filled;
    w->filled = 0;
    return ok;
}

static bool put(struct writer *w, uint64_t u, size_t size) {
    for (size_t b = 0; b < size; b++)
        w->buffer[w->filled++] = (unsigned char)(u >> 8 * b);
    return w->filled + 8 <= sizeof w->buffer || flush(w);
}

bool pm_npy_write(FILE *f, const void *tensor) {
    const struct pm_tensor *t = tensor;
    struct writer w = {.f = f};
    bool ok = write_header(f, descrs[t->dtype], t->rank, t->shape);
    for (size_t i = 0; i < t->count && ok; i++)
        ok = put(&w, (uint64_t)pm_tensor_get(t, i), pm_dtype_size(t->dtype));
    return ok && flush(&w) && !ferror(f);
}

bool pm_npy_write_array(FILE *f, const void *array) {
    const struct pm_npy_array *a = array;
    struct writer w = {.f = f};
    bool ok = write_header(f, a->real ? "<f4" : "<i8", a->rank, a->shape);
    for (size_t i = 0; i < a->count && ok; i++) {
        uint32_t bits = 0;
        if (a->real)
            memcpy(&bits, &a->f[i], sizeof bits);
        ok = put(&w, a->real ? bits : (uint64_t)a->i[i], a->real ? sizeof bits : sizeof *a->i);
    }
    return ok && flush(&w) && !ferror(f);
}
