// SPDX-License-Identifier: Apache-2.0
/* Pictures and data sets of pictures, good and bad. */
#include <png.h>

#include "files.h"
#include "io/dataset.h"

enum { H = 3, W = 5 };
static uint8_t grey[H * W], colour[H * W * 3];
static const struct pm_image_shape one = {H, W, 1}, three = {H, W, 3};

static void draw(void) {
    for (unsigned i = 0; i < sizeof colour; i++)
        colour[i] = (uint8_t)(i * 41 + 7);
    for (unsigned i = 0; i < sizeof grey; i++)
        grey[i] = (uint8_t)(i * 97 + 3);
}

static void write_png(const char *name, unsigned format, const void *pixels) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = W, .height = H, .format = format};
    assert_true(png_image_write_to_file(&image, in_folder(name), 0, pixels, 0, NULL));
}

static void write_pnm(const char *name, const char *header, const void *pixels, size_t size) {
    uint8_t bytes[512];
    const size_t n = strlen(header);
    memcpy(bytes, header, n);
    memcpy(bytes + n, pixels, size);
    write_file(name, bytes, n + size);
}

static void pictures(void **state) {
    (void)state;
    uint8_t pixels[sizeof colour];
    struct pm_error e;
    draw();
    write_png("g.png", PNG_FORMAT_GRAY, grey);
    write_png("c.png", PNG_FORMAT_RGB, colour);
    write_pnm("g.pgm", "P5\n5 3\n255\n", grey, sizeof grey);
    write_pnm("c.ppm", "P6 # a comment\n#another\n 5\t3 255\n", colour, sizeof colour);
    const char *const greys[] = {"g.png", "g.pgm"}, *const colours[] = {"c.png", "c.ppm"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pm_image_read(in_folder(greys[i]), &one, pixels, &e), PM_OK);
        assert_memory_equal(pixels, grey, sizeof grey);
        assert_int_equal(pm_image_read(in_folder(colours[i]), &three, pixels, &e), PM_OK);
        assert_memory_equal(pixels, colour, sizeof colour);
        assert_int_equal(pm_image_read(in_folder(greys[i]), &three, pixels, &e), PM_ESHAPE);
        assert_message(&e, greys[i], "3x5, 1 channels; 3x5, 3 are wanted");
        assert_int_equal(pm_image_read(in_folder(colours[i]), &one, pixels, &e), PM_ESHAPE);
        assert_int_equal(pm_image_read(in_folder(greys[i]), &(struct pm_image_shape){W, H, 1}, pixels, &e),
                         PM_ESHAPE);
    }
}

static void bad_pictures(void **state) {
    (void)state;
    static const struct {
        const char *header;
        size_t size;
        const char *reason;
    } cases[] = {
        {"P5\n5 3\n255\n", sizeof grey - 1, "truncated"},
        {"P5\n5 3\n255\n", sizeof grey + 1, "more data behind the pixels"},
        {"P5\n5 3\n254\n", sizeof grey, "bad PNM"},
        {"P5\n5 3\n65535\n", sizeof grey, "bad PNM"},
        {"P5\n5 99999999999999999999\n255\n", 0, "bad PNM"},
        {"P5\n0 3\n255\n", 0, "bad PNM"},
        {"P5\n-5 3\n255\n", sizeof grey, "bad PNM"},
        {"P5\n5 3", 0, "bad PNM"},
        {"P5\n# without end", 0, "bad PNM"},
        {"P5", 0, "bad PNM"},
        {"P2\n5 3\n255\n", sizeof grey, "bad PNG"},
        {"", 0, "bad PNG"},
    };
    uint8_t pixels[sizeof colour], bytes[4096];
    uint16_t deep[H * W] = {0};
    struct pm_error e;
    draw();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_pnm("bad", cases[i].header, colour, cases[i].size);
        assert_int_not_equal(pm_image_read(in_folder("bad"), &one, pixels, &e), PM_OK);
        assert_message(&e, "bad", cases[i].reason);
    }
    assert_int_equal(pm_image_read(in_folder("none.png"), &one, pixels, &e), PM_EIO);
    assert_message(&e, "none.png", "No such file");
    write_png("a.png", PNG_FORMAT_GA, deep);
    assert_int_equal(pm_image_read(in_folder("a.png"), &one, pixels, &e), PM_EFORMAT);
    assert_message(&e, "a.png", "transparency");
    write_png("l.png", PNG_FORMAT_LINEAR_Y, deep);
    assert_int_equal(pm_image_read(in_folder("l.png"), &one, pixels, &e), PM_EFORMAT);
    assert_message(&e, "l.png", "16 bits a channel");
    /* Every length of a file that is cut, and every byte of it wrong: no crash, one line. */
    write_png("g.png", PNG_FORMAT_GRAY, grey);
    FILE *f = fopen(in_folder("g.png"), "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    unsigned refused = 0;
    for (size_t i = 0; i < n; i++) {
        write_file("cut.png", bytes, i);
        refused += pm_image_read(in_folder("cut.png"), &one, pixels, &e) != PM_OK;
        bytes[i] ^= 0x55;
        write_file("cut.png", bytes, n);
        if (pm_image_read(in_folder("cut.png"), &one, pixels, &e) != PM_OK)
            assert_null(strchr(e.text, '\n'));
        bytes[i] ^= 0x55;
    }
    assert_true(refused > n - 20); /* without the last chunk a picture is whole */
}

static pm_status open_set(struct pm_dataset *d, const char *name, struct pm_error *e) {
    return pm_dataset_open(d, in_folder(name), "t10k", &(struct pm_dataset_form){one, 10, false}, e);
}

static void write_list(const char *text) {
    write_file("list.tsv", text, strlen(text));
}

static void lists(void **state) {
    (void)state;
    uint8_t pixels[2 * sizeof grey];
    unsigned label[2];
    struct pm_dataset d;
    struct pm_error e;
    draw();
    write_pnm("a.pgm", "P5\n5 3\n255\n", grey, sizeof grey);
    write_pnm("b.pgm", "P5\n5 3\n255\n", colour, sizeof grey);
    write_list("b.pgm\t9\na.pgm\t0\r\nb.pgm\t3");
    assert_int_equal(open_set(&d, "list.tsv", &e), PM_OK);
    assert_true(d.count == 3 && d.labelled && d.item == sizeof grey);
    assert_int_equal(pm_dataset_read(&d, 2, pixels, label, &e), PM_OK);
    assert_memory_equal(pixels, colour, sizeof grey);
    assert_memory_equal(pixels + sizeof grey, grey, sizeof grey);
    assert_true(label[0] == 9 && label[1] == 0);
    assert_int_equal(pm_dataset_read(&d, 2, pixels, label, &e), PM_EINVAL);
    assert_int_equal(pm_dataset_read(&d, 1, pixels, label, &e), PM_OK);
    assert_true(label[0] == 3);
    pm_dataset_close(&d);
    char text[256];
    snprintf(text, sizeof text, "%s\na.pgm\n", in_folder("b.pgm")); /* an absolute path, no labels */
    write_list(text);
    assert_int_equal(open_set(&d, "list.tsv", &e), PM_OK);
    assert_true(d.count == 2 && !d.labelled);
    assert_int_equal(pm_dataset_read(&d, 1, pixels, label, &e), PM_OK);
    assert_memory_equal(pixels, colour, sizeof grey);
    pm_dataset_close(&d);
    static char long_line[5000];
    memset(long_line, 'a', sizeof long_line - 1);
    const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "no images"},
        {"a.pgm\t10\n", "line 1: the label is no number below 10"},
        {"a.pgm\t1\nb.pgm\t-1\n", "line 2: the label"},
        {"a.pgm\t1x\n", "line 1: the label"},
        {"a.pgm\t\n", "line 1: the label"},
        {"a.pgm\t99999999999999999999\n", "line 1: the label"},
        {"a.pgm\t1\nb.pgm\n", "line 2: labels stand on all lines or on none"},
        {"a.pgm\nb.pgm\t1\n", "line 2: labels stand on all lines or on none"},
        {"\n", "line 1: no path"},
        {"a.pgm\n\na.pgm\n", "line 2: no path"},
        {long_line, "line 1: longer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_list(cases[i].text);
        assert_int_not_equal(open_set(&d, "list.tsv", &e), PM_OK);
        assert_message(&e, "list.tsv", cases[i].reason);
        assert_null(d.list);
    }
    write_list("nowhere.pgm\n");
    assert_int_equal(open_set(&d, "list.tsv", &e), PM_OK);
    assert_int_equal(pm_dataset_read(&d, 1, pixels, label, &e), PM_EIO);
    assert_message(&e, "nowhere.pgm", "No such file");
    pm_dataset_close(&d);
}

/* A tensor of `dtype`, element k of it k * step + first. */
static void write_array(const char *name, enum pm_dtype dtype, unsigned rank, const size_t *shape,
                        int64_t first, int64_t step) {
    struct pm_tensor t;
    assert_int_equal(pm_tensor_new(&t, dtype, rank, shape), PM_OK);
    for (size_t i = 0; i < t.count; i++)
        pm_tensor_set(&t, i, first + (int64_t)i * step);
    FILE *f = fopen(in_folder(name), "wb");
    assert_true(pm_npy_write(f, &t));
    assert_int_equal(fclose(f), 0);
    pm_tensor_free(&t);
}

static void arrays(void **state) {
    (void)state;
    uint8_t pixels[2 * sizeof colour];
    unsigned label[2];
    char command[256];
    struct pm_dataset d;
    struct pm_error e;
    snprintf(command, sizeof command, "mkdir %s", in_folder("arrays"));
    assert_int_equal(system(command), 0);
    write_array("arrays/images.npy", PM_UINT8, 3, (size_t[]){2, H, W}, 0, 1);
    assert_int_equal(open_set(&d, "arrays", &e), PM_OK);
    assert_true(d.count == 2 && !d.labelled);
    pm_dataset_close(&d);
    write_array("arrays/t10k-labels.npy", PM_INT64, 1, (size_t[]){2}, 4, 5);
    assert_int_equal(open_set(&d, "arrays", &e), PM_OK);
    assert_true(d.count == 2 && d.labelled);
    assert_int_equal(pm_dataset_read(&d, 2, pixels, label, &e), PM_OK);
    assert_int_equal(pm_dataset_read(&d, 1, pixels, label, &e), PM_EINVAL);
    assert_true(pixels[2 * H * W - 1] == 2 * H * W - 1 && label[0] == 4 && label[1] == 9);
    pm_dataset_close(&d);
    /* Channels behind and before, of any integers. */
    for (int first = 0; first < 2; first++) {
        const struct pm_dataset_form form = {three, 10, first};
        write_array("arrays/images.npy", PM_INT32, 4, first ? (size_t[]){2, 3, H, W} : (size_t[]){2, H, W, 3},
                    0, 2);
        assert_int_equal(pm_dataset_open(&d, in_folder("arrays"), "t10k", &form, &e), PM_OK);
        assert_int_equal(pm_dataset_read(&d, 2, pixels, label, &e), PM_OK);
        for (unsigned i = 0; i < 2; i++)
            for (unsigned p = 0; p < H * W; p++)
                for (unsigned c = 0; c < 3; c++)
                    assert_int_equal(pixels[(i * H * W + p) * 3 + c],
                                     2 * (first ? (i * 3 + c) * H * W + p : (i * H * W + p) * 3 + c));
        pm_dataset_close(&d);
    }
    const struct {
        unsigned rank;
        size_t shape[4];
        int64_t step;
        size_t labels;
        int64_t label;
        const char *file, *reason;
    } cases[] = {
        {3, {2, W, H}, 1, 2, 0, "images.npy", "not [n, 3, 5, 1]"},
        {4, {2, H, W, 3}, 1, 2, 0, "images.npy", "not [n, 3, 5, 1]"},
        {2, {2, H * W}, 1, 2, 0, "images.npy", "not [n, 3, 5, 1]"},
        {3, {2, H, W}, 1, 3, 0, "t10k-labels.npy", "not [2], a label for each image"},
        {3, {2, H, W}, 1, 2, 6, "t10k-labels.npy", "element number 1 is no integer of 0..9"},
        {3, {2, H, W}, 1, 2, -1, "t10k-labels.npy", "element number 0 is no integer of 0..9"},
        {3, {2, H, W}, 9, 2, 0, "images.npy", "element number 29 is no integer of 0..255"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_array("arrays/images.npy", PM_INT16, cases[i].rank, cases[i].shape, 0, cases[i].step);
        write_array("arrays/t10k-labels.npy", PM_INT64, 1, &cases[i].labels, cases[i].label, 5);
        pm_status status = open_set(&d, "arrays", &e);
        if (status == PM_OK) {
            status = pm_dataset_read(&d, 2, pixels, label, &e);
            pm_dataset_close(&d);
        }
        assert_int_not_equal(status, PM_OK);
        assert_non_null(strstr(e.text, cases[i].file));
        if (!strstr(e.text, cases[i].reason))
            fail_msg("\"%s\" does not say \"%s\"", e.text, cases[i].reason);
    }
    static const char fortran[] =
        "\x93NUMPY\1\0\x76\0{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 5), }";
    char text[128 + 30];
    memset(text, ' ', sizeof text);
    memcpy(text, fortran, sizeof fortran - 1);
    text[127] = '\n';
    write_file("arrays/images.npy", text, sizeof text);
    assert_int_equal(open_set(&d, "arrays", &e), PM_EFORMAT);
    assert_non_null(strstr(e.text, "Fortran order"));
}

static void folders(void **state) {
    (void)state;
    uint8_t pixels[3 * sizeof grey];
    unsigned label[3];
    char command[256];
    struct pm_dataset d;
    struct pm_error e;
    draw();
    snprintf(command, sizeof command, "mkdir %s", in_folder("set"));
    assert_int_equal(system(command), 0);
    write_pnm("set/10.pgm", "P5\n5 3\n255\n", grey, sizeof grey);
    write_png("set/2.png", PNG_FORMAT_GRAY, colour);
    write_file("set/notes.txt", "x", 1);
    assert_int_equal(open_set(&d, "set", &e), PM_OK);
    assert_true(d.count == 2 && !d.labelled);
    assert_int_equal(pm_dataset_read(&d, 3, pixels, label, &e), PM_EINVAL);
    assert_int_equal(pm_dataset_read(&d, 2, pixels, label, &e), PM_OK);
    assert_memory_equal(pixels, grey, sizeof grey);
    assert_memory_equal(pixels + sizeof grey, colour, sizeof grey);
    pm_dataset_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures), cmocka_unit_test(bad_pictures),
                                       cmocka_unit_test(lists), cmocka_unit_test(arrays),
                                       cmocka_unit_test(folders)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
