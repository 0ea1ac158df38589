// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "io/text.h"
#include "tokens.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES          256
#define PIECES         ((size_t)1 << 28)
#define SECONDS        600
#define MOST_OF_A_TEXT UINT_MAX

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A line of `pieces`, whose end this returns; NULL: it is none. */
static const char *read_piece(struct pm_words *w, unsigned id, const char *at) {
    size_t n = w->start[id];
    for (; digit(at[0]) >= 0 && digit(at[1]) >= 0; at += 2)
        w->byte[n++] = (uint8_t)(16 * digit(at[0]) + digit(at[1]));
    w->start[id + 1] = n;
    return *at == '\n' ? at + 1 : NULL;
}

static pm_status read_pieces(struct pm_words *w, const char *path, const char *text, size_t length,
                             struct pm_error *e) {
    w->byte = malloc(length / 2 + 1);
    w->start = calloc(w->count + (size_t)1, sizeof *w->start);
    if (!w->byte || !w->start || !w->folder)
        return pm_fail(e, PM_ENOMEM, path, "out of memory");
    const char *at = text;
    for (unsigned i = 0; i < w->count; i++)
        if ((at = read_piece(w, i, at)) == NULL)
            return pm_fail(e, PM_EFORMAT, path, "line %u is no even number of hexadecimal digits", i + 1);
    return at == text + length ? PM_OK : pm_fail(e, PM_EFORMAT, path, "more than %u lines", w->count);
}

pm_status pm_words_load(struct pm_words *w, const char *folder, unsigned vocabulary, struct pm_error *e) {
    char path[PATH_MAX + 16], *text;
    size_t length;
    *w = (struct pm_words){0};
    if (vocabulary == BYTES)
        return PM_OK;
    snprintf(path, sizeof path, "%s/pieces", folder);
    if (access(path, F_OK) != 0)
        return pm_fail(
            e, PM_EINVAL, folder,
            "of its %u tokens a text's bytes are not all: `pieces` and `tokenize` are missing, which "
            "convert_gpt.py makes of a tokenizer",
            vocabulary);
    pm_status status = pm_text_load(path, PIECES, &text, &length, e);
    if (status != PM_OK)
        return status;
    w->count = vocabulary;
    w->folder = strdup(folder);
    status = read_pieces(w, path, text, length, e);
    free(text);
    if (status != PM_OK)
        pm_words_free(w);
    return status;
}

void pm_words_free(struct pm_words *w) {
    free(w->byte);
    free(w->start);
    free(w->folder);
    *w = (struct pm_words){0};
}

const char *pm_words_unit(const struct pm_words *w) {
    return w->count ? "tokens" : "bytes";
}

pm_status pm_words_of(const struct pm_words *w, const char *text, size_t length, uint32_t **ids,
                      size_t *count, struct pm_error *e) {
    if (w->count) {
        struct pm_tokens t;
        const pm_status status = pm_tokens_run(&t, w->folder, (char *[]){(char *)(uintptr_t)text}, 1,
                                               w->count, MOST_OF_A_TEXT, SECONDS, e);
        *ids = t.id;
        *count = status == PM_OK ? t.start[1] : 0;
        free(t.start);
        return status;
    }
    *ids = malloc((length + 1) * sizeof **ids);
    *count = length;
    for (size_t i = 0; *ids && i < length; i++)
        (*ids)[i] = (uint8_t)text[i];
    return *ids ? PM_OK : pm_fail(e, PM_ENOMEM, "text", "out of memory");
}

size_t pm_words_bytes(const struct pm_words *w, uint32_t id, const char **bytes) {
    static _Thread_local char byte;
    byte = (char)id;
    *bytes = w->count ? (const char *)w->byte + w->start[id] : &byte;
    return w->count ? w->start[id + 1] - w->start[id] : 1;
}
