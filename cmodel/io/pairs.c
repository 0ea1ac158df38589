// SPDX-License-Identifier: Apache-2.0
#include "io/pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/text.h"

static unsigned largest(const struct pm_pairs_columns *c) {
    unsigned m = c->text[0] > c->text[1] ? c->text[0] : c->text[1];
    return m > c->score ? m : c->score;
}

/* One line's columns into pair `index`; returns what is wrong, or NULL. */
static const char *split(struct pm_pairs *p, size_t index, char *line, const struct pm_pairs_columns *c,
                         char *reason, size_t room) {
    unsigned column = 0;
    const unsigned needed = largest(c);
    for (char *field = line, *next; field; field = next) {
        next = strchr(field, '\t');
        if (next)
            *next++ = 0;
        column++;
        for (unsigned side = 0; side < 2; side++)
            if (column == c->text[side])
                p->text[2 * index + side] = field;
        if (column == c->score) {
            char *end;
            p->score[index] = strtod(field, &end);
            if (end == field || *end || !isfinite(p->score[index])) {
                snprintf(reason, room, "column %u, the score, is '%.40s', not a number", column, field);
                return reason;
            }
        }
    }
    if (column < needed) {
        snprintf(reason, room, "%u column%s, %u needed", column, column == 1 ? "" : "s", needed);
        return reason;
    }
    for (unsigned side = 0; side < (c->answers ? 1u : 2u); side++)
        if (!*p->text[2 * index + side]) {
            snprintf(reason, room, "column %u, a sentence, is empty", c->text[side]);
            return reason;
        }
    return NULL;
}

static const char *bad_bytes(const char *line, size_t length, char *reason, size_t room) {
    for (size_t i = 0; i < length;) {
        const size_t n = pm_utf8_length(line + i);
        if (n == 0) {
            snprintf(reason, room, line[i] ? "byte %zu is not UTF-8" : "byte %zu is zero", i + 1);
            return reason;
        }
        i += n;
    }
    return NULL;
}

/* The lines from number `first` on. */
static pm_status parse(struct pm_pairs *p, const char *path, size_t first, char *line, const char *end,
                       const struct pm_pairs_columns *c, struct pm_error *e) {
    for (size_t i = 0; line < end; i++) {
        char reason[128], *feed = memchr(line, '\n', (size_t)(end - line));
        char *stop = feed ? feed : line + (end - line);
        const size_t length = (size_t)(stop - line);
        *stop = 0;
        const char *bad = bad_bytes(line, length, reason, sizeof reason);
        if (length > 0 && stop[-1] == '\r')
            stop[-1] = 0;
        if (!bad)
            bad = split(p, i, line, c, reason, sizeof reason);
        if (bad)
            return pm_fail(e, PM_EFORMAT, path, "line %zu: %s", first + i, bad);
        line = stop + 1;
    }
    return PM_OK;
}

/* The end of a text without the last line's end and empty lines behind it. */
static char *without_last_ends(const char *text, char *end) {
    while (end > text && (end[-1] == '\n' || (end[-1] == '\r' && (end - 1 == text || end[-2] == '\n'))))
        end--;
    return end;
}

static char *after_line(char *line, char *end) {
    char *feed = memchr(line, '\n', (size_t)(end - line));
    return feed ? feed + 1 : end;
}

pm_status pm_pairs_load(struct pm_pairs *p, const char *path, const struct pm_pairs_columns *columns,
                        struct pm_error *e) {
    struct pm_pairs_columns c = *columns;
    size_t length;
    *p = (struct pm_pairs){0};
    for (unsigned side = 0, next = 1; side < 2 && !columns->text[side]; side++, next++) {
        next += next == c.score;
        c.text[side] = next;
    }
    pm_status status = pm_text_load(path, PM_PAIRS_BYTES, &p->memory, &length, e);
    if (status != PM_OK)
        return status;
    char *line = p->memory;
    if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    char *end = without_last_ends(line, p->memory + length);
    if (c.header)
        line = after_line(line, end);
    for (char *at = line; at < end; p->count++)
        at = after_line(at, end);
    p->text = calloc(2 * p->count, sizeof *p->text);
    p->score = c.score ? calloc(p->count, sizeof *p->score) : NULL;
    if (p->count == 0)
        status = pm_fail(e, PM_EFORMAT, path, "no pairs");
    else if (!p->text || (c.score && !p->score))
        status = pm_fail(e, PM_ENOMEM, path, "out of memory");
    else
        status = parse(p, path, c.header ? 2 : 1, line, end, &c, e);
    if (status != PM_OK)
        pm_pairs_free(p);
    return status;
}

void pm_pairs_free(struct pm_pairs *p) {
    free(p->text);
    free(p->score);
    free(p->memory);
    *p = (struct pm_pairs){0};
}
