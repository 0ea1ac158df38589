// SPDX-License-Identifier: Apache-2.0
/* .npy files and output files: round trips, refusals, and every truncation and many corruptions of a header.
 */
#include "fileio.h"
#include "io/npy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/npy_test.XXXXXX";
static char path[64], other[64];

static void store(const char *name, const void *bytes, size_t n) {
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* A file of the given version with this header text, as it is, and n bytes of data 1, 2, 3 ... */
static void store_npy(unsigned version, const char *header, size_t n) {
    unsigned char b[2048] = "\x93NUMPY";
    size_t length = strlen(header), at = 8;
    b[6] = (unsigned char)version;
    b[at++] = (unsigned char)length;
    b[at++] = (unsigned char)(length >> 8);
    if (version > 1)
        at += 2;
    memcpy(b + at, header, length);
    at += length;
    for (size_t i = 0; i < n; i++)
        b[at++] = (unsigned char)(i + 1);
    store(path, b, at);
}

/* Reads `path` and expects `status`, with a reason that contains `why`. */
static void refuse(pm_status status, const char *why) {
    struct pm_tensor t;
    struct pm_error e = {"no text"};
    assert_int_equal(pm_npy_read(path, &t, &e), status);
    assert_null(t.data);
    assert_ptr_equal(strstr(e.text, path), e.text);
    if (!strstr(e.text, why))
        fail_msg("'%s' does not say '%s'", e.text, why);
    assert_null(strchr(e.text, '\n'));
}

static void accept(unsigned rank, const size_t *shape, enum pm_dtype dtype) {
    struct pm_tensor t;
    struct pm_error e = {"no text"};
    if (pm_npy_read(path, &t, &e) != PM_OK)
        fail_msg("%s", e.text);
    assert_int_equal(t.rank, rank);
    assert_int_equal(t.dtype, dtype);
    assert_memory_equal(t.shape, shape, rank * sizeof *shape);
    pm_tensor_free(&t);
}

static void round_trip(void **state) {
    (void)state;
    static const int64_t values[] = {
        0,      1,   -1,        127,       -128,      255,       32767,
        -32768, 256, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 0x0102030405060708};
    for (enum pm_dtype d = 0; d < PM_DTYPES; d++)
        for (unsigned rank = 1; rank <= PM_RANK; rank++) {
            size_t shape[PM_RANK] = {2, 3, 5, 7};
            struct pm_tensor t, u;
            struct pm_error e;
            assert_int_equal(pm_tensor_new(&t, d, rank, shape), PM_OK);
            for (size_t i = 0; i < t.count; i++)
                pm_tensor_set(&t, i, pm_clamp(values[i % 14], pm_dtype_min(d), pm_dtype_max(d)));
            struct pm_outfile o;
            assert_int_equal(pm_outfile_plan(&o, path, &e), PM_OK);
            assert_int_equal(pm_outfile_write_all(&o, 1, pm_npy_write, (const void *[]){&t}, &e), PM_OK);
            pm_outfile_free(&o);
            assert_int_equal(pm_npy_read(path, &u, &e), PM_OK);
            assert_int_equal(u.dtype, d);
            assert_int_equal(u.rank, rank);
            assert_int_equal(u.count, t.count);
            assert_memory_equal(u.shape, shape, rank * sizeof *shape);
            assert_memory_equal(u.data, t.data, t.count * pm_dtype_size(d));
            pm_tensor_free(&t);
            pm_tensor_free(&u);
        }
}

/* The very bytes that numpy.save writes for np.array([[1, -2, 300]], np.int16). */
static void bytes(void **state) {
    (void)state;
    static const char want[] =
        "\x93NUMPY\1\0\x76\0{'descr': '<i2', 'fortran_order': False, 'shape': (1, 3), }"
        "                                                          \n\1\0\xfe\xff\x2c\1";
    unsigned char got[256];
    size_t shape[] = {1, 3};
    struct pm_tensor t;
    assert_int_equal(pm_tensor_new(&t, PM_INT16, 2, shape), PM_OK);
    pm_tensor_set(&t, 0, 1);
    pm_tensor_set(&t, 1, -2);
    pm_tensor_set(&t, 2, 300);
    FILE *f = fopen(path, "wb+");
    assert_non_null(f);
    assert_true(pm_npy_write(f, &t));
    rewind(f);
    assert_int_equal(fread(got, 1, sizeof got, f), 128 + 6);
    assert_memory_equal(got, want, 128 + 6);
    fclose(f);
    pm_tensor_free(&t);
}

static void headers(void **state) {
    (void)state;
    const size_t s23[] = {2, 3}, s6[] = {6};
    store_npy(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }\n", 6);
    accept(2, s23, PM_INT8);
    store_npy(2, "{'shape': (2,3,), \"fortran_order\":False, 'descr':'|u1'}      \n", 6);
    accept(2, s23, PM_UINT8);
    store_npy(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (6,)}\n", 12);
    accept(1, s6, PM_INT16);

    static const struct {
        const char *header;
        size_t data;
        pm_status status;
        const char *why;
    } bad[] = {
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (6,), }\n", 12, PM_EFORMAT, "dtype <f2"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (6,), }\n", 48, PM_EFORMAT, "dtype <c8"},
        {"{'descr': '<i3', 'fortran_order': False, 'shape': (6,), }\n", 18, PM_EFORMAT, "dtype <i3"},
        {"{'descr': '<b4', 'fortran_order': False, 'shape': (6,), }\n", 24, PM_EFORMAT, "dtype <b4"},
        {"{'descr': '<i16', 'fortran_order': False, 'shape': (6,), }\n", 96, PM_EFORMAT, "dtype <i16"},
        {"{'descr': '!i4', 'fortran_order': False, 'shape': (6,), }\n", 24, PM_EFORMAT, "dtype !i4"},
        {"{'descr': 'i4', 'fortran_order': False, 'shape': (6,), }\n", 24, PM_EFORMAT, "dtype i4"},
        {"{'descr': '', 'fortran_order': False, 'shape': (6,), }\n", 24, PM_EFORMAT, "dtype  is not"},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (6,), }\n", 6, PM_ERANGE,
         "element [1] is no integer"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (3,2), }\n", 24, PM_ERANGE,
         "element [0,0] is no integer"},
        {"{'descr': '|i1', 'fortran_order': true, 'shape': (2, 3), }\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (6,), }\n", 48, PM_EFORMAT, "dtype |O"},
        {"{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (6,), }\n", 24, PM_EFORMAT,
         "plain dtype"},
        {"{'descr': '|i1', 'fortran_order': 0, 'shape': (2, 3), }\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }\n", 5, PM_EFORMAT, "truncated"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }\n", 7, PM_EFORMAT, "trailing"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (), }\n", 1, PM_ESHAPE, "scalar"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (0,), }\n", 0, PM_ESHAPE, "empty tensor"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (3, 0), }\n", 0, PM_ESHAPE, "empty tensor"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1), }\n", 1, PM_EFORMAT,
         "4 dimensions"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n", 8, PM_EFORMAT,
         "too large"},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (2305843009213693952,), }\n", 8, PM_EFORMAT,
         "too large"},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (18446744073709551616,), }\n", 8, PM_EFORMAT,
         "too large"},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000000,), }\n", 8, PM_EFORMAT,
         "truncated"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (6), }\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (-6,), }\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (06,), }\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (2 3), }\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (,), }\n", 1, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False}\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (6,)}\n", 6, PM_EFORMAT,
         "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (6,), 'more': 1}\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1' 'fortran_order': False, 'shape': (6,)}\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (6,)}", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (6,)} x\n", 6, PM_EFORMAT, "malformed"},
        {"{'descr': '|i1, 'fortran_order': False, 'shape': (6,)}\n", 6, PM_EFORMAT, ""},
        {"", 0, PM_EFORMAT, "malformed"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        store_npy(1, bad[k].header, bad[k].data);
        refuse(bad[k].status, bad[k].why);
    }
    store(path, "", 0);
    refuse(PM_EFORMAT, "the file is empty");
    store(path, "hello", 5);
    refuse(PM_EFORMAT, "not a .npy file");
    store_npy(3, "{'descr': '|i1', 'fortran_order': False, 'shape': (6,)}\n", 6);
    accept(1, s6, PM_INT8);
    store_npy(0, "{'descr': '|i1', 'fortran_order': False, 'shape': (6,)}\n", 6);
    refuse(PM_EFORMAT, "version 0.0");
    store(path, "\x93NUMPY\4\0\1\0\0\0\n", 13);
    refuse(PM_EFORMAT, "version 4.0");
    store(path, "\x93NUMPY\2\0\xff\xff\xff\xff{'descr'", 20);
    refuse(PM_EFORMAT, "a header of 4294967295 bytes");
    unlink(path);
    refuse(PM_EIO, "No such file");
    mkdir(path, 0777);
    refuse(PM_EIO, "Is a directory");
    rmdir(path);
    mkfifo(path, 0666);
    refuse(PM_EIO, "not a regular file");
    unlink(path);
}

/* A file of two elements of `descr`, in either byte order, from little-endian bytes. */
static void store_two(const char *descr, const void *bytes, size_t size) {
    char b[256] = "\x93NUMPY\1", *at = b + 10;
    at += sprintf(at, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }\n", descr);
    b[8] = (char)(at - b - 10);
    for (size_t i = 0; i < 2 * size; i++)
        *at++ = ((const char *)bytes)[descr[0] == '>' ? i / size * size + size - 1 - i % size : i];
    store(path, b, (size_t)(at - b));
}

/* Every kind of element, at its ends; integers and floats of NumPy's that are none of int64 are refused. */
static void forms(void **state) {
    (void)state;
    static const float singles[2] = {-16777215, 0x1p62f}, beyond_single[2] = {0, 0x1p63f},
                       half[2] = {1, 0.5f};
    static const double doubles[2] = {-0x1p63, 4503599627370497.0},
                        beyond_double[2] = {1, -0x1.0000000000001p63}, none[2] = {3, NAN};
    static const struct {
        const char *form;
        const void *bytes;
        size_t size;
        enum pm_dtype dtype; /* PM_DTYPES: refused */
        int64_t want[2];
    } cases[] = {
        {"b1", "\0\1", 1, PM_UINT8, {0, 1}},
        {"b1", "\1\2", 1, PM_DTYPES, {0}},
        {"i1", "\x80\x7f", 1, PM_INT8, {-128, 127}},
        {"u1", "\x80\xff", 1, PM_UINT8, {128, 255}},
        {"i2", "\0\x80\xff\x7f", 2, PM_INT16, {INT16_MIN, INT16_MAX}},
        {"u2", "\1\2\xff\xff", 2, PM_INT32, {0x201, UINT16_MAX}},
        {"i4", "\0\0\0\x80\xff\xff\xff\x7f", 4, PM_INT32, {INT32_MIN, INT32_MAX}},
        {"u4", "\1\2\3\4\xff\xff\xff\xff", 4, PM_INT64, {0x4030201, UINT32_MAX}},
        {"i8", "\0\0\0\0\0\0\0\x80\1\2\3\4\5\6\7\x08", 8, PM_INT64, {INT64_MIN, 0x807060504030201}},
        {"u8",
         "\1\2\3\4\5\6\7\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
         8,
         PM_INT64,
         {0x807060504030201, INT64_MAX}},
        {"u8", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", 8, PM_DTYPES, {0}},
        {"f4", singles, 4, PM_INT64, {-16777215, (int64_t)1 << 62}},
        {"f4", beyond_single, 4, PM_DTYPES, {0}},
        {"f4", half, 4, PM_DTYPES, {0}},
        {"f8", doubles, 8, PM_INT64, {INT64_MIN, 4503599627370497}},
        {"f8", beyond_double, 8, PM_DTYPES, {0}},
        {"f8", none, 8, PM_DTYPES, {0}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (const char *order = "<>|="; *order; order++) {
            char descr[5];
            struct pm_tensor t;
            struct pm_error e = {""};
            snprintf(descr, sizeof descr, "%c%s", *order, cases[k].form);
            store_two(descr, cases[k].bytes, cases[k].size);
            if (cases[k].dtype == PM_DTYPES) {
                refuse(PM_ERANGE, "element [1] is no integer of 64 bits");
                continue;
            }
            if (pm_npy_read(path, &t, &e) != PM_OK)
                fail_msg("%s", e.text);
            assert_int_equal(t.dtype, cases[k].dtype);
            for (size_t i = 0; i < 2; i++)
                if (pm_tensor_get(&t, i) != cases[k].want[i])
                    fail_msg("%s: element %zu", descr, i);
            pm_tensor_free(&t);
        }
}

/* In Fortran order the first index runs fastest. */
static void fortran(void **state) {
    (void)state;
    static const size_t shape[PM_RANK] = {2, 3, 5, 4};
    for (unsigned rank = 1; rank <= PM_RANK; rank++) {
        char header[128], *h = header;
        struct pm_tensor t;
        struct pm_error e;
        size_t count = 1;
        h += sprintf(h, "{'descr': '|u1', 'fortran_order': True, 'shape': (");
        for (unsigned d = 0; d < rank; d++, count *= shape[d - 1])
            h += sprintf(h, "%zu, ", shape[d]);
        sprintf(h, "), }\n");
        store_npy(1, header, count);
        assert_int_equal(pm_npy_read(path, &t, &e), PM_OK);
        for (size_t i = 0; i < count; i++) {
            size_t place = 0, stride = 1, rest = i, index[PM_RANK];
            for (unsigned d = rank; d-- > 0; rest /= shape[d])
                index[d] = rest % shape[d];
            for (unsigned d = 0; d < rank; stride *= shape[d++])
                place += index[d] * stride;
            assert_int_equal(pm_tensor_get(&t, i), place + 1);
        }
        pm_tensor_free(&t);
    }
}

/* No prefix of a file is a file, and a corrupted one is refused or read as something consistent. */
static void corruptions(void **state) {
    (void)state;
    char header[] = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }     \n";
    unsigned char good[128], b[128];
    uint64_t rng = 1;
    unsigned read = 0, refused = 0;
    store_npy(1, header, 6);
    FILE *f = fopen(path, "rb");
    size_t n = fread(good, 1, sizeof good, f);
    fclose(f);
    for (size_t cut = 0; cut < n; cut++) {
        store(path, good, cut);
        refuse(PM_EFORMAT, "");
    }
    for (int trial = 0; trial < 4000; trial++) {
        struct pm_tensor t;
        struct pm_error e;
        memcpy(b, good, n);
        for (int edits = 1 + trial % 3; edits > 0; edits--) {
            rng = rng * 6364136223846793005u + 1442695040888963407u;
            size_t at = 6 + (rng >> 33) % (n - 6);
            b[at] = edits & 1 ? (unsigned char)(rng >> 24) : good[6 + (rng >> 13) % (n - 6)];
        }
        store(path, b, n);
        if (pm_npy_read(path, &t, &e) == PM_OK) {
            size_t count = 1;
            for (unsigned d = 0; d < t.rank; d++)
                count *= t.shape[d];
            assert_int_equal(count, t.count);
            assert_true(count > 0 && count * pm_dtype_size(t.dtype) < n);
            read++;
        } else {
            assert_null(strchr(e.text, '\n'));
            refused++;
        }
        pm_tensor_free(&t);
    }
    assert_int_equal(read + refused, 4000);
    assert_true(read > 100 && refused > 1000);
}

static void conversion(void **state) {
    (void)state;
    size_t shape[] = {3}, at = 99;
    struct pm_tensor t;
    assert_int_equal(pm_tensor_new(&t, PM_INT64, 1, shape), PM_OK);
    pm_tensor_set(&t, 1, 128);
    assert_int_equal(pm_tensor_convert(&t, PM_INT8, -128, 127, &at), PM_ERANGE);
    assert_int_equal(at, 1);
    assert_int_equal(t.dtype, PM_INT64);
    assert_int_equal(pm_tensor_convert(&t, PM_UINT8, 0, 255, &at), PM_OK);
    assert_int_equal(t.dtype, PM_UINT8);
    assert_int_equal(pm_tensor_get(&t, 1), 128);
    pm_tensor_free(&t);
    size_t huge[] = {SIZE_MAX / 2, 3};
    assert_int_equal(pm_tensor_new(&t, PM_INT8, 2, huge), PM_ENOMEM);
    assert_int_equal(pm_tensor_new(&t, PM_INT8, 0, shape), PM_ESHAPE);
    assert_int_equal(pm_tensor_new(&t, PM_INT8, PM_RANK + 1, shape), PM_ESHAPE);
}

static bool write_text(FILE *f, const void *content) {
    return strcmp(content, "fail") != 0 && fputs(content, f) != EOF;
}

static void expect_content(const char *name, const char *want) {
    char got[64] = "";
    FILE *f = fopen(name, "rb");
    if (!want) {
        assert_null(f);
        return;
    }
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = 0;
    fclose(f);
    assert_string_equal(got, want);
}

static unsigned files_in_folder(void) {
    char command[96];
    unsigned n = 99;
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_int_equal(fscanf(p, "%u", &n), 1);
    pclose(p);
    return n;
}

/* All outputs or none, and no temporary file. */
static void all_or_none(void **state) {
    (void)state;
    struct pm_outfile o[2];
    struct pm_error e;
    unlink(path);
    unlink(other);
    store(path, "old", 3);
    assert_int_equal(pm_outfile_plan(&o[0], path, &e), PM_OK);
    assert_int_equal(pm_outfile_plan(&o[1], other, &e), PM_OK);
    assert_false(pm_outfile_same(&o[0], &o[1]));
    assert_int_equal(pm_outfile_write_all(o, 2, write_text, (const void *[]){"new", "fail"}, &e), PM_EIO);
    expect_content(path, "old");
    expect_content(other, NULL);
    assert_int_equal(files_in_folder(), 1);
    pm_outfile_free(&o[0]);
    pm_outfile_free(&o[1]);

    mode_t mask = umask(027);
    assert_int_equal(pm_outfile_plan(&o[0], path, &e), PM_OK);
    assert_int_equal(pm_outfile_plan(&o[1], other, &e), PM_OK);
    assert_int_equal(pm_outfile_write_all(o, 2, write_text, (const void *[]){"new", "two"}, &e), PM_OK);
    umask(mask);
    expect_content(path, "new");
    expect_content(other, "two");
    struct stat st;
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(files_in_folder(), 2);
    pm_outfile_free(&o[0]);
    pm_outfile_free(&o[1]);

    /* A symbolic link stays one; it and its target are the same file. */
    unlink(other);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(pm_outfile_plan(&o[0], path, &e), PM_OK);
    assert_int_equal(pm_outfile_plan(&o[1], other, &e), PM_OK);
    assert_true(pm_outfile_same(&o[0], &o[1]));
    assert_int_equal(pm_outfile_write_all(&o[1], 1, write_text, (const void *[]){"linked"}, &e), PM_OK);
    expect_content(path, "linked");
    assert_int_equal(lstat(other, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    pm_outfile_free(&o[0]);
    pm_outfile_free(&o[1]);

    assert_int_equal(pm_outfile_plan(&o[0], "/dev/full", &e), PM_OK);
    assert_int_equal(pm_outfile_write_all(o, 1, write_text, (const void *[]){"x"}, &e), PM_EIO);
    assert_string_equal(e.text, "/dev/full: No space left on device");
    pm_outfile_free(&o[0]);
    unlink(path);
    unlink(other);
    assert_int_equal(files_in_folder(), 0);
}

static int enter(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/x.npy", folder);
    snprintf(other, sizeof other, "%s/y.npy", folder);
    return 0;
}

static int leave(void **state) {
    (void)state;
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(bytes),       cmocka_unit_test(headers),
        cmocka_unit_test(forms),      cmocka_unit_test(fortran),     cmocka_unit_test(corruptions),
        cmocka_unit_test(conversion), cmocka_unit_test(all_or_none),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
