// SPDX-License-Identifier: Apache-2.0
#include "pairs.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file and a final zero. */
static pm_status slurp(const char *path, char **text, size_t *length, struct pm_error *e) {
    size_t room = 1 << 16, used = 0;
    char *buffer = malloc(room);
    FILE *f = fopen(path, "rb");
    pm_status status = PM_OK;
    *text = NULL;
    if (!f)
        status = pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    while (status == PM_OK && buffer) {
        const size_t n = fread(buffer + used, 1, room - used - 1, f);
        used += n;
        if (n == 0)
            break;
        if (room - used < 2) {
            char *more = realloc(buffer, room *= 2);
            if (!more)
                free(buffer);
            buffer = more;
        }
    }
    if (status == PM_OK && !buffer)
        status = pm_fail(e, PM_ENOMEM, path, "out of memory");
    if (status == PM_OK && ferror(f))
        status = pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    if (f)
        fclose(f);
    if (status != PM_OK) {
        free(buffer);
        return status;
    }
    buffer[used] = 0;
    *text = buffer;
    *length = used;
    return PM_OK;
}

/* Bytes of the well-formed UTF-8 sequence at s (RFC 3629: shortest form, no surrogates, up to U+10FFFF), or
 * 0. The text ends with a zero byte, which continues nothing. */
static size_t utf8_length(const unsigned char *s) {
    static const struct {
        unsigned char lo, hi, second_lo, second_hi;
        size_t length;
    } forms[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (s[0] < forms[i].lo || s[0] > forms[i].hi)
            continue;
        if (forms[i].length > 1 && (s[1] < forms[i].second_lo || s[1] > forms[i].second_hi))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        return forms[i].length;
    }
    return 0;
}

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
    for (unsigned side = 0; side < 2; side++)
        if (!*p->text[2 * index + side]) {
            snprintf(reason, room, "column %u, a sentence, is empty", c->text[side]);
            return reason;
        }
    return NULL;
}

static const char *bad_bytes(const char *line, size_t length, char *reason, size_t room) {
    for (size_t i = 0; i < length;) {
        const size_t n = utf8_length((const unsigned char *)line + i);
        if (n == 0) {
            snprintf(reason, room, line[i] ? "byte %zu is not UTF-8" : "byte %zu is zero", i + 1);
            return reason;
        }
        i += n;
    }
    return NULL;
}

static pm_status parse(struct pm_pairs *p, const char *path, char *line, const char *end,
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
            return pm_fail(e, PM_EFORMAT, path, "line %zu: %s", i + 1, bad);
        line = stop + 1;
    }
    return PM_OK;
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
    pm_status status = slurp(path, &p->memory, &length, e);
    if (status != PM_OK)
        return status;
    char *line = p->memory, *end = p->memory + length;
    if (length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    for (const char *at = line; at < end; p->count++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        at = feed ? feed + 1 : end;
    }
    p->text = calloc(2 * p->count, sizeof *p->text);
    p->score = c.score ? calloc(p->count, sizeof *p->score) : NULL;
    if (p->count == 0)
        status = pm_fail(e, PM_EFORMAT, path, "no pairs");
    else if (!p->text || (c.score && !p->score))
        status = pm_fail(e, PM_ENOMEM, path, "out of memory");
    else
        status = parse(p, path, line, end, &c, e);
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
