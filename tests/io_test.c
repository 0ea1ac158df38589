// SPDX-License-Identifier: Apache-2.0
/* The loaders of JSON, safetensors and IDX files: what they take, what they refuse, and with which words. */
#include <math.h>
#include <sys/stat.h>

#include "files.h"
#include "io/dataset.h"
#include "io/json.h"
#include "io/safetensors.h"

/* ---- JSON ---- */

static pm_status parse(const char *text, struct pm_json *j) {
    return pm_json_parse(j, text, strlen(text));
}

static void json_good(void **state) {
    (void)state;
    struct pm_error e = {""};
    struct pm_json j = {"t.json", &e, NULL};
    int64_t i;
    double r, pair[2];
    assert_int_equal(
        parse(" {\"a\" : 4096,\"b\":-1.5e+2,\"c\":[0.25,3],\t\"A\":\"\\u00e4\xc3\xa4\\n\\\"\",\r\n\"d\":"
              "[[],{},true,false,null],\"e\":-9007199254740992}\n",
              &j),
        PM_OK);
    assert_int_equal(pm_json_integer(&j, j.root, "a", 4096, 4096, &i), PM_OK);
    assert_int_equal(i, 4096);
    assert_int_equal(pm_json_integer(&j, j.root, "e", INT64_MIN, 0, &i), PM_OK);
    assert_true(i == -((int64_t)1 << 53));
    assert_int_equal(pm_json_real(&j, j.root, "b", -150, 0, &r), PM_OK);
    assert_true(r == -150);
    assert_int_equal(pm_json_reals(&j, j.root, "c", 2, 0, 3, pair), PM_OK);
    assert_true(pair[0] == 0.25 && pair[1] == 3);
    cJSON_Delete(j.root);
}

static void json_bad(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "at byte 0"},
        {"[]", "not an object"},
        {"{", "bad JSON"},
        {"{} x", "at byte 3"},
        {"{}{}", "bad JSON"},
        {"{}\v", "at byte 2"},
        {"\xef\xbb\xbf{}", "at byte 0"},
        {"{\"a\":01}", "at byte 5"},
        {"{\"a\":1.}", "at byte 5"},
        {"{\"a\":.5}", "at byte 5"},
        {"{\"a\":-}", "at byte 5"},
        {"{\"a\":+1}", "at byte 5"},
        {"{\"a\":1e}", "at byte 5"},
        {"{\"a\":1e+}", "at byte 5"},
        {"{\"a\":0x1}", "bad JSON"},
        {"{\"a\":NaN}", "at byte 5"},
        {"{\"a\":Infinity}", "at byte 5"},
        {"{\"a\":-Infinity}", "at byte 5"},
        {"{\"a\":1e999}", "beyond double precision"},
        {"{\"a\":nul}", "bad JSON"},
        {"{\"a\":1,}", "bad JSON"},
        {"{\"a\" 1}", "bad JSON"},
        {"{a:1}", "bad JSON"},
        {"{'a':1}", "at byte 1"},
        {"{\"a\":1/**/}", "at byte 6"},
        {"{\"a\":\"\t\"}", "at byte 5"},
        {"{\"a\":\"\xff\"}", "at byte 5"},
        {"{\"a\":\"\xed\xa0\x80\"}", "at byte 5"},
        {"{\"a\":\"\\x41\"}", "bad JSON"},
        {"{\"a\":\"\\u12\"}", "at byte 5"},
        {"{\"a\":\"\\u12g4\"}", "at byte 5"},
        {"{\"a\\u0000b\":1}", "at byte 1"},
        {"{\"a\":\"b}", "at byte 5"},
        {"{\"a\":\"b\\", "at byte 5"},
        {"{\"a\":1,\"a\":1}", "\"a\" is given twice"},
        {"{\"b\":1,\"a\":1,\"c\":{},\"\\u0061\":2}", "\"a\" is given twice"},
        {"{\"x\":[{\"a\":1},{\"a\":1,\"b\":2,\"a\":1}]}", "\"a\" is given twice"},
        {"{\"\":1,\"\":1}", "\"\" is given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_error e = {""};
        struct pm_json j = {in_folder("t.json"), &e, NULL};
        if (parse(cases[i].text, &j) != PM_EFORMAT)
            fail_msg("%s is taken", cases[i].text);
        assert_null(j.root);
        assert_message(&e, "t.json", cases[i].reason);
    }
    /* As deep as may be, and one deeper. */
    char deep[2 * PM_JSON_DEPTH + 8];
    for (int more = 0; more < 2; more++) {
        const size_t n = PM_JSON_DEPTH - 1 + (size_t)more;
        const size_t start = strlen(strcpy(deep, "{\"a\":"));
        memset(deep + start, '[', n);
        memset(deep + start + n, ']', n);
        strcpy(deep + start + 2 * n, "}");
        struct pm_error e;
        struct pm_json j = {"t.json", &e, NULL};
        assert_int_equal(parse(deep, &j), more ? PM_EFORMAT : PM_OK);
        cJSON_Delete(j.root);
    }
}

/* Members of another kind or range than is meant. */
static void json_members(void **state) {
    (void)state;
    static const struct {
        const char *value;
        pm_status integer, real; /* in 1..64 */
    } cases[] = {
        {"1", PM_OK, PM_OK},
        {"64", PM_OK, PM_OK},
        {"64.0", PM_ERANGE, PM_OK},
        {"6.4e1", PM_ERANGE, PM_OK},
        {"2E0", PM_ERANGE, PM_OK},
        {"1.5", PM_ERANGE, PM_OK},
        {"0", PM_ERANGE, PM_ERANGE},
        {"65", PM_ERANGE, PM_ERANGE},
        {"-1", PM_ERANGE, PM_ERANGE},
        {"1e300", PM_ERANGE, PM_ERANGE},
        {"\"1\"", PM_EFORMAT, PM_EFORMAT},
        {"true", PM_EFORMAT, PM_EFORMAT},
        {"null", PM_EFORMAT, PM_EFORMAT},
        {"[1]", PM_EFORMAT, PM_EFORMAT},
        {"18446744073709551617", PM_ERANGE, PM_ERANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_error e = {""};
        struct pm_json j = {in_folder("t.json"), &e, NULL};
        char text[64];
        int64_t integer;
        double real;
        sprintf(text, "{\"x\":\"1\",\"a\":%s}", cases[i].value);
        assert_int_equal(parse(text, &j), PM_OK);
        assert_int_equal(pm_json_integer(&j, j.root, "a", 1, 64, &integer), cases[i].integer);
        if (cases[i].integer != PM_OK)
            assert_message(&e, "t.json", "\"a\" is ");
        assert_int_equal(pm_json_real(&j, j.root, "a", 1, 64, &real), cases[i].real);
        assert_int_equal(pm_json_real(&j, j.root, "A", 1, 64, &real), PM_EFORMAT);
        assert_message(&e, "t.json", "\"A\" is missing");
        cJSON_Delete(j.root);
    }
    /* Beyond 2^53 two integers may be one double. */
    struct pm_error e = {""};
    struct pm_json j = {in_folder("t.json"), &e, NULL};
    int64_t integer;
    assert_int_equal(parse("{\"a\":9007199254740994}", &j), PM_OK);
    assert_int_equal(pm_json_integer(&j, j.root, "a", 0, INT64_MAX, &integer), PM_ERANGE);
    cJSON_Delete(j.root);
}

static void json_files(void **state) {
    (void)state;
    struct pm_error e = {""};
    struct pm_json j = {in_folder("none"), &e, NULL};
    assert_int_equal(pm_json_load(&j), PM_EIO);
    assert_message(&e, "none", "No such file");
    j.path = in_folder(".");
    assert_int_equal(pm_json_load(&j), PM_EIO);
    assert_message(&e, ".", "Is a directory");
    write_file("t.json", "{}\0", 3);
    j.path = in_folder("t.json");
    assert_int_equal(pm_json_load(&j), PM_EFORMAT);
    assert_message(&e, "t.json", "at byte 2");
    char *large = malloc(PM_JSON_MAX + 1);
    memset(large, ' ', PM_JSON_MAX + 1);
    memcpy(large, "{}", 2);
    for (size_t more = 0; more < 2; more++) {
        write_file("t.json", large, PM_JSON_MAX + more);
        assert_int_equal(pm_json_load(&j), more ? PM_EFORMAT : PM_OK);
        cJSON_Delete(j.root);
    }
    assert_message(&e, "t.json", "more than 8388608 bytes");
    free(large);
}

/* ---- safetensors ---- */

static const float six[6] = {1.5f, -2.0f, 0.0f, 3.25f, 1e-30f, -1e30f};

/* Reads a [2,3] tensor "t" from a file of this header, followed by six floats. */
static pm_status read_six(const char *header, struct pm_error *e, float **out) {
    uint8_t bytes[1024];
    write_file("t.safetensors", bytes,
               put_safetensors(bytes, strlen(header), header, strlen(header), six, sizeof six));
    struct pm_safetensors st;
    *out = NULL;
    pm_status s = pm_safetensors_open(&st, in_folder("t.safetensors"), e);
    if (s != PM_OK)
        return s;
    s = pm_safetensors_f32(&st, "t", 2, (size_t[]){2, 3}, out, e);
    pm_safetensors_close(&st);
    return s;
}

#define TENSOR(dtype, shape, offsets)                                                                        \
    "{\"t\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void safetensors_good(void **state) {
    (void)state;
    static const char *const headers[] = {
        TENSOR("F32", "[2,3]", "[0,24]"),
        "{\"__metadata__\":{\"format\":\"pt\"},\"u\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[24,24]"
        "},"
        "\"t\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}   ",
    };
    for (size_t i = 0; i < 2; i++) {
        struct pm_error e = {""};
        float *t;
        assert_int_equal(read_six(headers[i], &e, &t), PM_OK);
        assert_memory_equal(t, six, sizeof six);
        assert_string_equal(e.text, "");
        free(t);
    }
}

/* A column of a table, ended by a tab or the line's end. */
static char *column(char **line) {
    return strsep(line, "\t\n");
}

/* Escapes of a table become bytes in place; returns how many there are. */
static size_t unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        unsigned byte = (unsigned char)*from;
        if (*from == '\\' && from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1)
            from += 3;
        else if (*from == '\\')
            from++;
        *to++ = (char)byte;
    }
    return (size_t)(to - text);
}

/* What the format's reference implementation says of each case; tests/safetensors_cases.py has asked it. */
static void safetensors_cases(void **state) {
    (void)state;
    FILE *f = fopen("tests/safetensors_cases.tsv", "r");
    assert_non_null(f);
    char *text = NULL;
    size_t room = 0;
    unsigned taken = 0, refused = 0;
    static const char zeros[64];
    while (getline(&text, &room, f) > 0) {
        char *line = text;
        const bool take = strcmp(column(&line), "take") == 0;
        const uint64_t change = (uint64_t)strtoll(column(&line), NULL, 10);
        const size_t size = strtoul(column(&line), NULL, 10);
        const char *name = column(&line);
        char *header = column(&line);
        const size_t n = unescape(header);
        uint8_t bytes[2048];
        assert_true(n + size + 8 < sizeof bytes && size <= sizeof zeros);
        write_file("t.safetensors", bytes, put_safetensors(bytes, n + change, header, n, zeros, size));
        struct pm_safetensors st;
        struct pm_error e = {""};
        const pm_status status = pm_safetensors_open(&st, in_folder("t.safetensors"), &e);
        if (status != (take ? PM_OK : PM_EFORMAT))
            fail_msg("%s: status %d, '%s'", name, status, e.text);
        if (take)
            taken++;
        else
            refused++, assert_message(&e, "t.safetensors", ": ");
        pm_safetensors_close(&st);
    }
    free(text);
    fclose(f);
    assert_true(taken >= 50 && refused >= 300);
}

static void safetensors_wrong_tensor(void **state) {
    (void)state;
    static const struct {
        const char *header;
        pm_status status;
        const char *reason;
    } cases[] = {
        {TENSOR("I32", "[2,3]", "[0,24]"), PM_EFORMAT, "dtype I32"},
        {TENSOR("a\\nb", "[2,3]", "[0,24]"), PM_EFORMAT, "tensor t: no dtype"},
        {TENSOR("F32", "[6]", "[0,24]"), PM_ESHAPE, "rank is 1"},
        {TENSOR("F32", "[3,2]", "[0,24]"), PM_ESHAPE, "dimension 0 is 3"},
        {TENSOR("F32", "[2,3,1]", "[0,24]"), PM_ESHAPE, "rank is 3"},
        {TENSOR("F32", "[2,3.0]", "[0,24]"), PM_EFORMAT, "the shape does not take the bytes"},
        {TENSOR("F32", "[2,3]", "[0,20]"), PM_EFORMAT, "the shape does not take the bytes"},
        {TENSOR("F32", "[2,3]", "[4,28]"), PM_EFORMAT, "leaves a gap"},
        {TENSOR("F32", "[2,2]", "[0,16]"), PM_EFORMAT, "trailing bytes"},
        {TENSOR("F32", "[2,4]", "[0,32]"), PM_EFORMAT, "truncated"},
        {"{\"T\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", PM_EFORMAT,
         "tensor t is missing"},
        {"{\"t\":1,\"a\\u001bb\":1,\"a\\u001bb\":1}", PM_EFORMAT, "\"a?b\" is given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_error e = {""};
        float *t;
        assert_int_equal(read_six(cases[i].header, &e, &t), cases[i].status);
        assert_null(t);
        assert_message(&e, "t.safetensors", cases[i].reason);
    }
}

static void safetensors_bad_files(void **state) {
    (void)state;
    static const struct {
        uint64_t length;
        const char *content;
        const char *reason;
    } cases[] = {
        {3, "{}", "header length 3 exceeds the file's"},
        {UINT64_MAX, "{}", "header length 18446744073709551615 exceeds"},
        {UINT64_MAX - 7, "{}", "exceeds"},
        {(uint64_t)1 << 40, "{}", "exceeds"},
        {0, "{}", "bad JSON"},
        {1, "{}", "bad JSON"},
    };
    uint8_t bytes[64];
    struct pm_error e;
    struct pm_safetensors st;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file("t.safetensors", bytes,
                   put_safetensors(bytes, cases[i].length, cases[i].content, 2, "", 0));
        assert_int_equal(pm_safetensors_open(&st, in_folder("t.safetensors"), &e), PM_EFORMAT);
        assert_message(&e, "t.safetensors", cases[i].reason);
    }
    for (size_t size = 0; size < 8; size++) { /* empty, and shorter than the length */
        write_file("t.safetensors", bytes, size);
        assert_int_equal(pm_safetensors_open(&st, in_folder("t.safetensors"), &e), PM_EFORMAT);
        assert_message(&e, "t.safetensors", "truncated");
    }
    assert_int_equal(pm_safetensors_open(&st, in_folder("none"), &e), PM_EIO);
    assert_message(&e, "none", "No such file");
    assert_int_equal(pm_safetensors_open(&st, in_folder("."), &e), PM_EIO);
    assert_message(&e, ".", "Is a directory");
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_int_equal(pm_safetensors_open(&st, in_folder("fifo"), &e), PM_EIO);
    assert_message(&e, "fifo", "not a regular file");
}

static void safetensors_header_of_many_megabytes(void **state) {
    (void)state;
    /* A header that does lie in the file, but is larger than any model's. */
    size_t length = PM_JSON_MAX + 1;
    char *header = malloc(length + 1);
    uint8_t *bytes = malloc(length + 8);
    assert_true(header != NULL && bytes != NULL);
    memset(header, ' ', length);
    memcpy(header, "{}", 2);
    header[length] = '\0';
    write_file("t.safetensors", bytes, put_safetensors(bytes, length, header, length, "", 0));
    struct pm_error e;
    struct pm_safetensors st;
    assert_int_equal(pm_safetensors_open(&st, in_folder("t.safetensors"), &e), PM_EFORMAT);
    assert_message(&e, "t.safetensors", "header length 8388609 exceeds 8388608");
    /* Deep nesting ends in an error, not in a stack overflow. */
    memset(header, '[', length - 1);
    header[length - 1] = '\0';
    write_file("t.safetensors", bytes, put_safetensors(bytes, length - 1, header, length - 1, "", 0));
    assert_int_equal(pm_safetensors_open(&st, in_folder("t.safetensors"), &e), PM_EFORMAT);
    assert_message(&e, "t.safetensors", "bad JSON");
    free(header);
    free(bytes);
}

static void safetensors_not_finite(void **state) {
    (void)state;
    static const char header[] = TENSOR("F32", "[2,3]", "[0,24]");
    const float values[2][6] = {{0, 0, 0, NAN, 0, 0}, {0, 0, 0, -INFINITY, 0, 0}};
    for (int i = 0; i < 2; i++) {
        uint8_t bytes[256];
        write_file("t.safetensors", bytes,
                   put_safetensors(bytes, strlen(header), header, strlen(header), values[i], sizeof six));
        struct pm_error e;
        struct pm_safetensors st;
        float *t;
        assert_int_equal(pm_safetensors_open(&st, in_folder("t.safetensors"), &e), PM_OK);
        assert_int_equal(pm_safetensors_f32(&st, "t", 2, (size_t[]){2, 3}, &t, &e), PM_EFORMAT);
        assert_message(&e, "t.safetensors", "element 3 is not finite");
        assert_null(t);
        pm_safetensors_close(&st);
    }
}

/* ---- IDX ---- */

static const uint8_t idx_images[16 + 12] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                            0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};

static void idx_good(void **state) {
    (void)state;
    write_file("t.idx", idx_images, sizeof idx_images);
    gzFile gz = gzopen(in_folder("t.idx.gz"), "wb");
    assert_int_equal(gzwrite(gz, idx_images, sizeof idx_images), (int)sizeof idx_images);
    assert_int_equal(gzclose(gz), Z_OK);
    static const char *const names[] = {"t.idx", "t.idx.gz"};
    for (int i = 0; i < 2; i++) {
        struct pm_idx idx;
        struct pm_error e = {""};
        uint8_t item[12];
        assert_int_equal(pm_idx_open(&idx, in_folder(names[i]), 3, &e), PM_OK);
        assert_int_equal(idx.dim[0], 2);
        assert_int_equal(idx.dim[1], 2);
        assert_int_equal(idx.dim[2], 3);
        assert_int_equal(idx.item, 6);
        assert_int_equal(pm_idx_read(&idx, 0, item, &e), PM_OK);
        assert_int_equal(pm_idx_read(&idx, 1, item, &e), PM_OK);
        assert_memory_equal(item, idx_images + 16, 6);
        assert_int_equal(pm_idx_read(&idx, 2, item, &e), PM_EINVAL);
        assert_message(&e, names[i], "1 are left");
        assert_int_equal(pm_idx_read(&idx, 1, item, &e), PM_OK);
        assert_memory_equal(item, idx_images + 22, 6);
        assert_int_equal(pm_idx_read(&idx, 1, item, &e), PM_EINVAL);
        pm_idx_close(&idx);
    }
}

/* Opens and reads both items of the [2,2,3] file. */
static pm_status read_both(const char *name, struct pm_error *e) {
    struct pm_idx idx;
    uint8_t items[12];
    pm_status s = pm_idx_open(&idx, in_folder(name), 3, e);
    if (s == PM_OK) {
        s = pm_idx_read(&idx, 2, items, e);
        pm_idx_close(&idx);
    }
    return s;
}

static void idx_bad(void **state) {
    (void)state;
    struct pm_error e;
    for (size_t size = 0; size < sizeof idx_images; size++) {
        write_file("t.idx", idx_images, size);
        assert_int_equal(read_both("t.idx", &e), PM_EFORMAT);
        assert_message(&e, "t.idx", "truncated");
    }
    static const struct {
        size_t at;
        uint8_t value;
        pm_status status;
        const char *reason;
    } cases[] = {
        {0, 1, PM_EFORMAT, "two zero bytes"},     {1, 1, PM_EFORMAT, "two zero bytes"},
        {2, 0x0d, PM_EFORMAT, "data type 0x0d"},  {3, 1, PM_ESHAPE, "rank is 1, expected 3"},
        {3, 255, PM_ESHAPE, "rank is 255"},       {4, 255, PM_EFORMAT, "truncated"},
        {8, 255, PM_EFORMAT, "an item of more"},  {11, 0, PM_EFORMAT, "no bytes"},
        {12, 255, PM_EFORMAT, "an item of more"}, {15, 4, PM_EFORMAT, "truncated"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[sizeof idx_images];
        memcpy(bytes, idx_images, sizeof bytes);
        bytes[cases[i].at] = cases[i].value;
        write_file("t.idx", bytes, sizeof bytes);
        if (cases[i].at == 4) { /* very many items: nothing is allocated for them, the file just ends */
            struct pm_idx idx;
            uint8_t items[18];
            assert_int_equal(pm_idx_open(&idx, in_folder("t.idx"), 3, &e), PM_OK);
            assert_int_equal(pm_idx_read(&idx, 3, items, &e), cases[i].status);
            pm_idx_close(&idx);
        } else if (cases[i].at == 15) {
            struct pm_idx idx;
            uint8_t items[16];
            assert_int_equal(pm_idx_open(&idx, in_folder("t.idx"), 3, &e), PM_OK);
            assert_int_equal(pm_idx_read(&idx, 2, items, &e), cases[i].status);
            pm_idx_close(&idx);
        } else {
            assert_int_equal(read_both("t.idx", &e), cases[i].status);
        }
        assert_message(&e, "t.idx", cases[i].reason);
    }
    uint8_t longer[sizeof idx_images + 1] = {0};
    memcpy(longer, idx_images, sizeof idx_images);
    write_file("t.idx", longer, sizeof longer);
    assert_int_equal(read_both("t.idx", &e), PM_EFORMAT);
    assert_message(&e, "t.idx", "more data after the last item");
    struct pm_idx idx;
    assert_int_equal(pm_idx_open(&idx, in_folder("none"), 3, &e), PM_EIO);
    assert_message(&e, "none", "No such file");
    assert_int_equal(pm_idx_open(&idx, in_folder("."), 3, &e), PM_EIO);
    assert_int_equal(pm_idx_open(&idx, in_folder("t.idx"), 0, &e), PM_EINVAL);
    assert_int_equal(pm_idx_open(&idx, in_folder("t.idx"), 5, &e), PM_EINVAL);
}

static void idx_bad_gzip(void **state) {
    (void)state;
    gzFile gz = gzopen(in_folder("t.idx.gz"), "wb");
    assert_int_equal(gzwrite(gz, idx_images, sizeof idx_images), (int)sizeof idx_images);
    assert_int_equal(gzclose(gz), Z_OK);
    uint8_t bytes[128];
    FILE *f = fopen(in_folder("t.idx.gz"), "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    struct pm_error e;
    assert_in_range(size, 30, sizeof bytes - 1);
    for (size_t kept = 0; kept < size; kept++) { /* every truncation, the trailing checksum included */
        write_file("t.idx.gz", bytes, kept);
        pm_status s = read_both("t.idx.gz", &e);
        if (s != PM_EFORMAT)
            fail_msg("%zu of %zu bytes: status %d", kept, size, s);
    }
    bytes[size - 8] ^= 1; /* the checksum */
    write_file("t.idx.gz", bytes, size);
    assert_int_equal(read_both("t.idx.gz", &e), PM_EFORMAT);
    assert_message(&e, "t.idx.gz", "corrupt");
}

/* ---- data sets ---- */

/* An IDX file of n items of `item` bytes (1: labels; 4: images of 2x2), all of them `value`. */
static void write_idx(const char *name, bool gz, uint8_t n, uint8_t item, uint8_t value) {
    uint8_t bytes[256] = {0, 0, 8, item == 1 ? 1 : 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2};
    const size_t head = item == 1 ? 8 : 16;
    memset(bytes + head, value, (size_t)n * item);
    if (!gz) {
        write_file(name, bytes, head + (size_t)n * item);
        return;
    }
    gzFile f = gzopen(in_folder(name), "wb");
    assert_int_equal(gzwrite(f, bytes, (unsigned)(head + (size_t)n * item)), (int)head + n * item);
    assert_int_equal(gzclose(f), Z_OK);
}

static void dataset_names(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"},
        {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
        {"t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte.gz"},
        {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
    };
    struct pm_dataset d;
    struct pm_error e = {""};
    assert_int_equal(pm_dataset_open(&d, folder, "t10k", &(struct pm_dataset_form){{2, 2, 1}, 10, false}, &e),
                     PM_EIO);
    assert_message(&e, "t10k-images-idx3-ubyte.gz", "No such file");
    for (int images = 0; images < 4; images++)
        for (int labels = 0; labels < 4; labels++) {
            uint8_t pixels[8];
            unsigned label[2];
            write_idx(names[images][0], images % 2 == 0, 2, 4, 7);
            write_idx(names[labels][1], labels % 2 == 0, 2, 1, 9);
            if (pm_dataset_open(&d, folder, "t10k", &(struct pm_dataset_form){{2, 2, 1}, 10, false}, &e) !=
                PM_OK)
                fail_msg("%s", e.text);
            assert_int_equal(d.item, 4);
            assert_true(d.labelled && d.count == 2);
            assert_int_equal(pm_dataset_read(&d, 2, pixels, label, &e), PM_OK);
            assert_true(pixels[7] == 7 && label[0] == 9);
            pm_dataset_close(&d);
            unlink(in_folder(names[images][0]));
            unlink(in_folder(names[labels][1]));
        }
}

static void dataset_bad(void **state) {
    (void)state;
    static const char images[] = "t10k-images-idx3-ubyte", labels[] = "t10k-labels-idx1-ubyte";
    struct pm_dataset d;
    struct pm_error e = {""};
    static const struct {
        uint8_t images, labels, label;
        unsigned classes;
        pm_status status;
        const char *file, *reason;
    } cases[] = {
        {2, 2, 9, 10, PM_OK, NULL, NULL},
        {2, 2, 255, 256, PM_OK, NULL, NULL},
        {2, 2, 10, 10, PM_ERANGE, labels, "label 0 is 10, the network has 10 classes"},
        {2, 2, 255, 2, PM_ERANGE, labels, "label 0 is 255"},
        {0, 0, 0, 10, PM_ESHAPE, images, "no images"},
        {0, 2, 0, 10, PM_ESHAPE, images, "no images"},
        {2, 0, 0, 10, PM_ESHAPE, labels, "0 labels for 2 images"},
        {2, 3, 0, 10, PM_ESHAPE, labels, "3 labels for 2 images"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_idx(images, false, cases[i].images, 4, 0);
        write_idx(labels, false, cases[i].labels, 1, cases[i].label);
        assert_int_equal(pm_dataset_open(&d, folder, "t10k",
                                         &(struct pm_dataset_form){{2, 2, 1}, cases[i].classes, false}, &e),
                         cases[i].status);
        if (cases[i].status != PM_OK) {
            assert_message(&e, cases[i].file, cases[i].reason);
            assert_null(d.images.file);
            assert_null(d.labels.file);
        }
        pm_dataset_close(&d);
    }
    /* A wrong label far behind, and labels that end early. */
    uint8_t bytes[8 + 10000] = {0, 0, 8, 1, 0, 0, 10000 >> 8, 10000 & 255},
                      head[16 + 40000] = {0, 0, 8, 3, 0, 0, 10000 >> 8, 10000 & 255, 0, 0, 0, 2, 0, 0, 0, 2};
    bytes[8 + 9999] = 11;
    write_file(images, head, sizeof head);
    write_file(labels, bytes, sizeof bytes);
    assert_int_equal(pm_dataset_open(&d, folder, "t10k", &(struct pm_dataset_form){{2, 2, 1}, 10, false}, &e),
                     PM_ERANGE);
    assert_message(&e, labels, "label 9999 is 11");
    write_file(labels, bytes, sizeof bytes - 1);
    assert_int_equal(pm_dataset_open(&d, folder, "t10k", &(struct pm_dataset_form){{2, 2, 1}, 10, false}, &e),
                     PM_EFORMAT);
    assert_message(&e, labels, "truncated");
    unlink(in_folder(labels));
    assert_int_equal(pm_dataset_open(&d, folder, "t10k", &(struct pm_dataset_form){{2, 2, 1}, 10, false}, &e),
                     PM_EIO);
    assert_message(&e, "t10k-labels-idx1-ubyte.gz", "No such file");
    unlink(in_folder(images));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_good),
        cmocka_unit_test(json_bad),
        cmocka_unit_test(json_members),
        cmocka_unit_test(json_files),
        cmocka_unit_test(safetensors_good),
        cmocka_unit_test(safetensors_cases),
        cmocka_unit_test(safetensors_wrong_tensor),
        cmocka_unit_test(safetensors_bad_files),
        cmocka_unit_test(safetensors_header_of_many_megabytes),
        cmocka_unit_test(safetensors_not_finite),
        cmocka_unit_test(idx_good),
        cmocka_unit_test(idx_bad),
        cmocka_unit_test(idx_bad_gzip),
        cmocka_unit_test(dataset_names),
        cmocka_unit_test(dataset_bad),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
