// SPDX-License-Identifier: Apache-2.0
#include "io/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads on to the file's end, or to the first byte above `most`; NULL out of memory. */
static char *read_all(FILE *file, size_t most, size_t *length) {
    char *text = NULL;
    size_t room = 0;
    *length = 0;
    while (*length == room && room <= most) {
        room = room < most / 2 ? 2 * room + 4096 : most + 1;
        char *longer = realloc(text, room + 1);
        if (longer == NULL) {
            free(text);
            return NULL;
        }
        text = longer;
        *length += fread(text + *length, 1, room - *length, file);
    }
    text[*length] = '\0';
    return text;
}

pm_status pm_text_load(const char *path, size_t most, char **text, size_t *length, struct pm_error *e) {
    *text = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    pm_status s = PM_OK;
    char *all = read_all(file, most, length);
    if (all == NULL)
        s = pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    else if (ferror(file))
        s = pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    else if (*length > most)
        s = pm_fail(e, PM_EFORMAT, path, "more than %zu bytes of text", most);
    fclose(file);
    if (s == PM_OK)
        *text = all;
    else
        free(all);
    return s;
}

size_t pm_utf8_length(const char *text) {
    static const struct {
        unsigned char lo, hi, second_lo, second_hi;
        size_t length;
    } forms[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    const unsigned char *s = (const unsigned char *)text;
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
