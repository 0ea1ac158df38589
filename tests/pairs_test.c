// SPDX-License-Identifier: Apache-2.0
#include "io/pairs.h"
#include "rank_correlation.h"
#include "tokens.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/pairs-test-XXXXXX", file[64], program[64];

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/pairs.tsv", folder);
    snprintf(program, sizeof program, "%s/tokenize", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(file);
    unlink(program);
    return rmdir(folder);
}

static void write_file(const char *path, const char *text, size_t length) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
}

#define FILE_OF(text) (text), sizeof(text) - 1

static void pairs_good(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        struct pm_pairs_columns columns;
        size_t count;
        const char *first, *second; /* of the last pair */
        double score;
    } cases[] = {
        {FILE_OF("a\tb\n"), {{0, 0}, 0, false, false}, 1, "a", "b", 0},
        {FILE_OF("a\tb"), {{0, 0}, 0, false, false}, 1, "a", "b", 0},
        {FILE_OF("a\tb\r\nc d\te\r\n"), {{0, 0}, 0, false, false}, 2, "c d", "e", 0},
        {FILE_OF("\xef\xbb\xbf\xef\xbb\xbf"
                 "a\tb\tignored\t\n"),
         {{0, 0}, 0, false, false},
         1,
         "\xef\xbb\xbf"
         "a",
         "b",
         0},
        {FILE_OF("a\tb\n\n\r\n\n"), {{0, 0}, 0, false, false}, 1, "a", "b", 0},
        {FILE_OF("a\tb\r\n\r"), {{0, 0}, 0, false, false}, 1, "a", "b", 0},
        {FILE_OF("one\ttwo\tscore\r\na\tb\t2\r\n"), {{0, 0}, 3, true, false}, 1, "a", "b", 2},
        {FILE_OF("\xef\xbb\xbf\na\tb\nc\td"), {{0, 0}, 0, true, false}, 2, "c", "d", 0},
        {FILE_OF("a\tb\t-1.5e1\n"), {{0, 0}, 3, false, false}, 1, "a", "b", -15},
        {FILE_OF("0.25\ta\tb\n"), {{0, 0}, 1, false, false}, 1, "a", "b", 0.25},
        {FILE_OF("a\t4\tb\n"), {{0, 0}, 2, false, false}, 1, "a", "b", 4},
        {FILE_OF("x\ty\tb\t3\ta\n"), {{5, 3}, 4, false, false}, 1, "a", "b", 3},
        {FILE_OF("a\tb\nc\t\n"), {{0, 0}, 0, false, true}, 2, "c", "", 0},
        /* every length of UTF-8 and its ends; carriage returns and separators that are no line ends */
        {FILE_OF("\x01\x7f\t\xc2\x80\xdf\xbf\n"),
         {{0, 0}, 0, false, false},
         1,
         "\x01\x7f",
         "\xc2\x80\xdf\xbf",
         0},
        {FILE_OF("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\t\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\n"),
         {{0, 0}, 0, false, false},
         1,
         "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
         "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
         0},
        {FILE_OF("a\rb\t\xe2\x80\xa8\xc2\x85\v\f\n"),
         {{0, 0}, 0, false, false},
         1,
         "a\rb",
         "\xe2\x80\xa8\xc2\x85\v\f",
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_pairs p;
        struct pm_error e = {""};
        write_file(file, cases[i].text, cases[i].length);
        if (pm_pairs_load(&p, file, &cases[i].columns, &e) != PM_OK)
            fail_msg("case %zu: %s", i, e.text);
        assert_int_equal(p.count, cases[i].count);
        assert_string_equal(p.text[2 * p.count - 2], cases[i].first);
        assert_string_equal(p.text[2 * p.count - 1], cases[i].second);
        assert_int_equal(p.score != NULL, cases[i].columns.score != 0);
        assert_true(!p.score || fabs(p.score[p.count - 1] - cases[i].score) < 1e-12);
        pm_pairs_free(&p);
    }
}

static void pairs_of_any_length(void **state) {
    (void)state;
    enum { PAIRS = 3000, LONG = 70000 };
    static char text[PAIRS * 20 + 2 * LONG];
    size_t used = 0;
    for (int i = 0; i < PAIRS; i++)
        used += (size_t)snprintf(text + used, 20, "%d\t-%d\n", i, i);
    memset(text + used, 'x', LONG);
    text[used + LONG / 2] = '\t';
    used += LONG;
    write_file(file, text, used);
    struct pm_pairs p;
    struct pm_error e;
    assert_int_equal(pm_pairs_load(&p, file, &(struct pm_pairs_columns){0}, &e), PM_OK);
    assert_int_equal(p.count, PAIRS + 1);
    assert_string_equal(p.text[2 * 2999 + 1], "-2999");
    assert_int_equal(strlen(p.text[2 * PAIRS]), LONG / 2);
    assert_int_equal(strlen(p.text[2 * PAIRS + 1]), LONG - LONG / 2 - 1);
    pm_pairs_free(&p);
}

static void pairs_bad(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        struct pm_pairs_columns columns;
        const char *reason;
    } cases[] = {
        {FILE_OF(""), {{0, 0}, 0, false, false}, ": no pairs"},
        {FILE_OF("\xef\xbb\xbf"), {{0, 0}, 0, false, false}, ": no pairs"},
        {FILE_OF("\n\r\n"), {{0, 0}, 0, false, false}, ": no pairs"},
        {FILE_OF("one\ttwo\n\n"), {{0, 0}, 0, true, false}, ": no pairs"},
        {FILE_OF("one\ttwo"), {{0, 0}, 0, true, false}, ": no pairs"},
        {FILE_OF("a\tb\n\nc\td\n"), {{0, 0}, 0, false, false}, ": line 2: 1 column, 2 needed"},
        {FILE_OF("a\tb\n \n"), {{0, 0}, 0, false, false}, ": line 2: 1 column, 2 needed"},
        {FILE_OF("one\ttwo\nc\n"), {{0, 0}, 0, true, false}, ": line 2: 1 column, 2 needed"},
        {FILE_OF("a b\n"), {{0, 0}, 0, false, false}, ": line 1: 1 column, 2 needed"},
        {FILE_OF("a\tb\n"), {{0, 0}, 3, false, false}, ": line 1: 2 columns, 3 needed"},
        {FILE_OF("a\tb\n"), {{1, 9}, 0, false, false}, ": line 1: 2 columns, 9 needed"},
        {FILE_OF("a\t\n"), {{0, 0}, 0, false, false}, ": line 1: column 2, a sentence, is empty"},
        {FILE_OF("a\tb\nc\t\r\n"), {{0, 0}, 0, false, false}, ": line 2: column 2, a sentence, is empty"},
        {FILE_OF("\ta\n"), {{0, 0}, 0, false, false}, ": line 1: column 1, a sentence, is empty"},
        {FILE_OF("\ta\n"), {{0, 0}, 0, false, true}, ": line 1: column 1, a sentence, is empty"},
        {FILE_OF("a\n"), {{0, 0}, 0, false, true}, ": line 1: 1 column, 2 needed"},
        {FILE_OF("a\tb\tscore\n"),
         {{0, 0}, 3, false, false},
         ": line 1: column 3, the score, is 'score', not a number"},
        {FILE_OF("a\tb\t1 \n"), {{0, 0}, 3, false, false}, ": line 1: column 3, the score, is '1 '"},
        {FILE_OF("a\tb\t\n"), {{0, 0}, 3, false, false}, ": line 1: column 3, the score, is ''"},
        {FILE_OF("a\tb\tnan\n"), {{0, 0}, 3, false, false}, ": line 1: column 3"},
        {FILE_OF("a\tb\t1e999\n"), {{0, 0}, 3, false, false}, ": line 1: column 3"},
        {FILE_OF("a\tb\0c\n"), {{0, 0}, 0, false, false}, ": line 1: byte 4 is zero"},
        {FILE_OF("a\tb\nc\t\x80\n"), {{0, 0}, 0, false, false}, ": line 2: byte 3 is not UTF-8"},
        {FILE_OF("a\t\xc1\xbf\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xc3\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xc3"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xe0\x9f\xbf\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xe2\x82\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xed\xa0\x80\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xf0\x8f\xbf\xbf\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xf4\x90\x80\x80\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("a\t\xf5\x80\x80\x80\n"), {{0, 0}, 0, false, false}, ": line 1: byte 3"},
        {FILE_OF("\xff\xfe"
                 "a\0"),
         {{0, 0}, 0, false, false},
         ": line 1: byte 1 is not UTF-8"},
    };
    struct pm_pairs p;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_error e = {""};
        write_file(file, cases[i].text, cases[i].length);
        assert_int_equal(pm_pairs_load(&p, file, &cases[i].columns, &e), PM_EFORMAT);
        if (!strstr(e.text, cases[i].reason) || strncmp(e.text, file, strlen(file)) != 0)
            fail_msg("case %zu: '%s' lacks '%s'", i, e.text, cases[i].reason);
        assert_null(p.memory);
    }
    struct pm_error e;
    unlink(file);
    assert_int_equal(pm_pairs_load(&p, file, &(struct pm_pairs_columns){0}, &e), PM_EIO);
    assert_int_equal(pm_pairs_load(&p, folder, &(struct pm_pairs_columns){0}, &e), PM_EIO);
}

static char *const sentences[] = {"a bb ccc", "\xe2\x80\xa8 \r x", "dddd"};
enum { SENTENCES = sizeof sentences / sizeof *sentences };

static void write_program(const char *text) {
    write_file(program, text, strlen(text));
    assert_int_equal(chmod(program, 0700), 0);
}

static void tokens_good(void **state) {
    (void)state;
    struct pm_tokens t;
    struct pm_error e = {""};
    /* Sentences arrive byte by byte: words' lengths, as C counts them. */
    write_program(
        "#!/bin/sh\nLC_ALL=C awk '{ for (i = 1; i <= NF; i++) printf \"%d \", length($i); print \"\" }'\n");
    if (pm_tokens_run(&t, folder, sentences, SENTENCES, 5, 3, 60, &e) != PM_OK)
        fail_msg("%s", e.text);
    static const uint32_t ids[] = {1, 2, 3, 3, 1, 1, 4};
    static const size_t start[] = {0, 3, 6, 7};
    assert_int_equal(t.count, SENTENCES);
    assert_memory_equal(t.start, start, sizeof start);
    assert_memory_equal(t.id, ids, sizeof ids);
    pm_tokens_free(&t);
    /* more than a pipe holds, in both directions */
    enum { MANY = 40000 };
    static char *many[MANY];
    for (int i = 0; i < MANY; i++)
        many[i] = sentences[i % SENTENCES];
    write_program("#!/bin/sh\nsed 's/.*/7 8 9/'\n");
    assert_int_equal(pm_tokens_run(&t, folder, many, MANY, 10, 3, 60, &e), PM_OK);
    assert_int_equal(t.start[MANY], 3 * MANY);
    assert_int_equal(t.id[3 * MANY - 1], 9);
    pm_tokens_free(&t);
}

static void tokens_bad(void **state) {
    (void)state;
    static const struct {
        const char *program;
        pm_status status;
        const char *reason;
    } cases[] = {
        {"#!/bin/sh\nsed 's/.*/5/'\n", PM_EFORMAT, "sentence 1: '5' is not an id below 5"},
        {"#!/bin/sh\nsed 's/.*/1 -1/'\n", PM_EFORMAT, "sentence 1: '-1' is not an id"},
        {"#!/bin/sh\nsed 's/.*/99999999999999999999999/'\n", PM_EFORMAT, "is not an id below 5"},
        {"#!/bin/sh\nsed 's/.*/1 x/'\n", PM_EFORMAT, "sentence 1: 'x' is not an id below 5"},
        {"#!/bin/sh\nsed 's/.*/1 2 3 4/'\n", PM_EFORMAT, "sentence 1: more than 3 ids"},
        {"#!/bin/sh\nsed '2s/.*//;2!s/.*/1/'\n", PM_EFORMAT, "sentence 2: no ids"},
        {"#!/bin/sh\nsed 's/.*/1/;2q'\n", PM_EFORMAT, "2 lines for 3 sentences"},
        {"#!/bin/sh\nsed 's/.*/1/'; echo 1\n", PM_EFORMAT, "4 lines for 3 sentences"},
        {"#!/bin/sh\nsed 's/.*/1/'; exit 3\n", PM_EIO, "ended with status 3"},
        {"#!/bin/sh\nkill -9 $$\n", PM_EIO, "ended with status 137"},
        {"#!/nowhere/at/all\n", PM_EIO, "No such file"},
    };
    struct pm_tokens t;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_error e = {""};
        write_program(cases[i].program);
        assert_int_equal(pm_tokens_run(&t, folder, sentences, SENTENCES, 5, 3, 60, &e), cases[i].status);
        if (!strstr(e.text, cases[i].reason) || strncmp(e.text, program, strlen(program)) != 0)
            fail_msg("case %zu: '%s' lacks '%s'", i, e.text, cases[i].reason);
        assert_null(t.id);
    }
    struct pm_error e;
    unlink(program);
    assert_int_equal(pm_tokens_run(&t, folder, sentences, SENTENCES, 5, 3, 60, &e), PM_EIO);
}

/* One that never ends, before, amid and after its output, is ended with all that it has started. */
static void tokens_in_time(void **state) {
    (void)state;
    static const char *const programs[] = {"#!/bin/sh\nsleep 1000\n",
                                           "#!/bin/sh\necho 1; sleep 1000 & wait\n",
                                           "#!/bin/sh\nsed 's/.*/1/'; exec >&-; sleep 1000\n"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct pm_tokens t;
        struct pm_error e = {""};
        const time_t before = time(NULL);
        write_program(programs[i]);
        assert_int_equal(pm_tokens_run(&t, folder, sentences, SENTENCES, 5, 3, 1, &e), PM_EIO);
        assert_non_null(strstr(e.text, "has not ended in time"));
        assert_in_range(time(NULL) - before, 0, 20);
        assert_null(t.id);
    }
}

static void spearman_of_known_ranks(void **state) {
    (void)state;
    static const double up[] = {1, 2, 3, 4}, down[] = {9, 5, -1, -7}, ties[] = {10, 20, 20, 30},
                        swapped[] = {1, 3, 2, 4}, flat[] = {2, 2, 2, 2};
    assert_true(fabs(pm_spearman(up, up, 4) - 1) < 1e-12);
    assert_true(fabs(pm_spearman(up, down, 4) + 1) < 1e-12);
    assert_true(fabs(pm_spearman(up, swapped, 4) - 0.8) < 1e-12); /* 1 - 6 * 2 / (4 * 15) */
    assert_true(fabs(pm_spearman(ties, up, 4) - 4.5 / sqrt(4.5 * 5)) < 1e-12);
    assert_true(isnan(pm_spearman(up, flat, 4)) && isnan(pm_spearman(up, up, 1)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_good),
        cmocka_unit_test(pairs_of_any_length),
        cmocka_unit_test(pairs_bad),
        cmocka_unit_test(tokens_good),
        cmocka_unit_test(tokens_bad),
        cmocka_unit_test(tokens_in_time),
        cmocka_unit_test(spearman_of_known_ranks),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
