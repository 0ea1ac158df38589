// SPDX-License-Identifier: Apache-2.0
#include "net/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/text.h"

double pm_score_nats(const float *logits, size_t classes, size_t target) {
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < classes; i++)
        most = fmax(most, (double)logits[i]);
    for (size_t i = 0; i < classes; i++)
        sum += exp((double)logits[i] - most);
    return log(sum) + most - (double)logits[target];
}

double pm_perplexity(double nats, size_t count) {
    return count ? exp(nats / (double)count) : 1;
}

size_t pm_score_rank(const float *logits, size_t classes, size_t target) {
    size_t better = 0;
    for (size_t i = 0; i < classes; i++)
        better += logits[i] > logits[target] || (i < target && logits[i] >= logits[target]);
    return better;
}

pm_status pm_edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t *distance) {
    /* row[j]: from what was seen of a to the first j of b. */
    size_t *row = malloc((m + 1) * sizeof *row);
    if (!row)
        return PM_ENOMEM;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 0; i < n; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < m; j++) {
            const size_t up = row[j + 1], least = up < row[j] ? up : row[j];
            const size_t same = diagonal + (a[i] != b[j]);
            row[j + 1] = same < least + 1 ? same : least + 1;
            diagonal = up;
        }
    }
    *distance = row[m];
    free(row);
    return PM_OK;
}

/* ---- texts ---- */

static bool is_space(unsigned char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct symbols {
    uint32_t *at;
    size_t count;
};

/* One a code point. `to` has room for the text's bytes. */
static struct symbols characters_of(const char *text, uint32_t *to) {
    struct symbols s = {to, 0};
    for (size_t n; *text; text += n) {
        n = pm_utf8_length(text);
        n = n ? n : 1;
        if (!is_space((unsigned char)*text)) {
            to[s.count] = 0;
            for (size_t k = 0; k < n; k++)
                to[s.count] = to[s.count] << 8 | (unsigned char)text[k];
            s.count++;
        } else if (s.count && to[s.count - 1] != ' ') {
            to[s.count++] = ' ';
        }
    }
    s.count -= s.count && to[s.count - 1] == ' ';
    return s;
}

/* A word's number is its first place among those of both texts: equal words have equal numbers. */
struct word {
    const uint32_t *at;
    size_t length;
};

static bool same_word(const struct word *a, const struct word *b) {
    return a->length == b->length && memcmp(a->at, b->at, a->length * sizeof *a->at) == 0;
}

static struct symbols words_of(struct symbols text, struct word *word, size_t *words, uint32_t *to) {
    struct symbols s = {to, 0};
    for (size_t i = 0, end; i < text.count; i = end + 1) {
        for (end = i; end < text.count && text.at[end] != ' ';)
            end++;
        size_t k = 0;
        word[*words] = (struct word){text.at + i, end - i};
        while (!same_word(&word[k], &word[*words]))
            k++;
        *words += k == *words;
        to[s.count++] = (uint32_t)k;
    }
    return s;
}

static pm_status add(struct pm_edits *e, struct symbols reference, struct symbols hypothesis) {
    size_t d = 0;
    const pm_status status =
        pm_edit_distance(reference.at, reference.count, hypothesis.at, hypothesis.count, &d);
    e->edits += d;
    e->length += reference.count;
    return status;
}

pm_status pm_edits_add(struct pm_edits *words, struct pm_edits *characters, const char *reference,
                       const char *hypothesis) {
    const size_t n = strlen(reference), m = strlen(hypothesis);
    uint32_t *symbol = calloc(2 * (n + m) + 1, sizeof *symbol);
    struct word *word = calloc(n + m + 1, sizeof *word);
    size_t found = 0;
    pm_status status = symbol && word ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        const struct symbols a = characters_of(reference, symbol), b = characters_of(hypothesis, symbol + n);
        const struct symbols v = words_of(a, word, &found, symbol + n + m);
        const struct symbols w = words_of(b, word, &found, symbol + 2 * n + m);
        status = add(characters, a, b);
        if (status == PM_OK)
            status = add(words, v, w);
    }
    free(symbol);
    free(word);
    return status;
}
