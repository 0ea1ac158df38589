// SPDX-License-Identifier: Apache-2.0
/* `perimeter help`: the paragraphs of the pages that have some words, those with the most first. */
#include "commands.h"
#include "io/text.h"
#include "rtl.h"

#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 16, SHOWN = 12, WIDTH = 100 };

struct paragraph {
    unsigned score;
    char page[128], heading[128];
    char *text;
};

struct search {
    const char *word[WORDS];
    unsigned words;
    struct paragraph *found;
    size_t n, room;
    struct pm_error error;
};

/* How often a word is there, whatever its case; twice where it is no part of a longer one. */
static unsigned count(const char *text, const char *word) {
    const size_t n = strlen(word);
    unsigned found = 0;
    for (const char *at = text; (at = strcasestr(at, word)) != NULL; at += n)
        found += (at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[n]) ? 2 : 1;
    return found;
}

/* A paragraph counts where all words are in it or in its heading; a heading is worth more. */
static pm_status look(struct search *s, const char *page, const char *heading, const char *text,
                      size_t length) {
    unsigned score = 0;
    char *copy = strndup(text, length);
    if (!copy)
        return PM_ENOMEM;
    for (unsigned w = 0; w < s->words; w++) {
        const unsigned here = count(copy, s->word[w]), above = count(heading, s->word[w]);
        if (here + above == 0) {
            free(copy);
            return PM_OK;
        }
        score += (here > 5 ? 5 : here) + 4 * (above > 2 ? 2 : above);
    }
    if (s->n == s->room) {
        const size_t room = s->room ? 2 * s->room : 64;
        struct paragraph *more = realloc(s->found, room * sizeof *more);
        if (!more) {
            free(copy);
            return PM_ENOMEM;
        }
        s->found = more;
        s->room = room;
    }
    struct paragraph *p = &s->found[s->n++];
    *p = (struct paragraph){.score = score, .text = copy};
    snprintf(p->page, sizeof p->page, "%s", page);
    snprintf(p->heading, sizeof p->heading, "%s", heading);
    return PM_OK;
}

static pm_status read_page(struct search *s, const char *path, const char *name) {
    char *text = NULL, heading[128] = "";
    size_t length;
    pm_status status = pm_text_load(path, (size_t)8 << 20, &text, &length, &s->error);
    for (char *at = text; status == PM_OK && at && *at;) {
        char *end = strstr(at, "\n\n");
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        if (*at == '#') {
            const size_t mark = strspn(at, "# ");
            snprintf(heading, sizeof heading, "%.*s", (int)(strcspn(at, "\n") - mark), at + mark);
        }
        status = look(s, name, heading, at, n);
        at += n + strspn(at + n, "\n");
    }
    free(text);
    return status;
}

static int by_score(const void *a, const void *b) {
    const struct paragraph *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    const int page = strcmp(x->page, y->page);
    return page ? page : strcmp(x->text, y->text);
}

/* Lines of a terminal's width, up to six of them, marks of tables and comments left out. */
static void print_paragraph(const struct paragraph *p) {
    printf("%s%s%s\n", p->page, *p->heading ? ": " : "", p->heading);
    unsigned column = 0, lines = 0;
    for (const char *at = p->text; *at && lines < 6;) {
        const size_t space = strspn(at, " \n\t"), n = strcspn(at + space, " \n\t");
        const char *end = strncmp(at + space, "<!--", 4) == 0 ? strstr(at + space, "-->") : NULL;
        if (end) { /* a page's marks are none of its text */
            at = end + 3;
            continue;
        }
        if (n == 0)
            break;
        if (column > 0 && column + 1 + n > WIDTH) {
            putchar('\n');
            column = 0;
            lines++;
        }
        if (lines < 6)
            column += (unsigned)printf("%s%.*s", column ? " " : "    ", (int)n, at + space);
        at += space + n;
    }
    puts(lines < 6 ? "\n" : "    ...\n");
}

/* The pages of the tree, or those that are installed beside the program. */
static void find_pages(glob_t *pages, char *root, size_t size) {
    static const char *const beside[] = {"", "../doc/perimeter/"}, *const which[] = {"README.md", "docs/*.md",
                                                                                     "docs/*/*.md"};
    for (size_t i = 0; i < 2 && pages->gl_pathc == 0; i++) {
        snprintf(root, size, "%s/%s", pm_home(), beside[i]);
        for (size_t k = 0; k < sizeof which / sizeof *which; k++) {
            char pattern[PATH_MAX + 160];
            snprintf(pattern, sizeof pattern, "%s%s", root, which[k]);
            glob(pattern, pages->gl_pathc ? GLOB_APPEND : 0, NULL, pages);
        }
    }
}

static pm_status search(struct search *s) {
    glob_t pages = {0};
    char root[PATH_MAX + 128];
    if (s->words == 0)
        return pm_fail(&s->error, PM_EINVAL, "help", "which word? For the commands: perimeter --help");
    find_pages(&pages, root, sizeof root);
    pm_status status = pages.gl_pathc ? PM_OK : pm_fail(&s->error, PM_EIO, root, "has no pages");
    for (size_t i = 0; i < pages.gl_pathc && status == PM_OK; i++)
        if ((status = read_page(s, pages.gl_pathv[i], pages.gl_pathv[i] + strlen(root))) == PM_ENOMEM)
            pm_fail(&s->error, status, "help", "out of memory");
    globfree(&pages);
    if (status != PM_OK)
        return status;
    if (s->n > 0)
        qsort(s->found, s->n, sizeof *s->found, by_score);
    for (size_t i = 0; i < s->n && i < SHOWN; i++)
        print_paragraph(&s->found[i]);
    if (s->n > SHOWN)
        printf("%zu more; another word narrows it down.\n", s->n - SHOWN);
    return s->n
               ? PM_OK
               : pm_fail(&s->error, PM_EINVAL, s->word[0], "no page has a paragraph with all of these words");
}

static const struct argp_option options[] = {{"help", 'h', NULL, 0, "This help", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct search *s = state->input;
    const char *none = NULL;
    if (key != ARGP_KEY_ARG)
        return pm_command_key(key, arg, state, "word", &none, &s->error);
    if (s->words == WORDS || !*arg)
        return pm_command_refuse(&s->error, "help", arg, *arg ? "among the first 16 words" : "a word"),
               EINVAL;
    s->word[s->words++] = arg;
    return 0;
}

int pm_cmd_help(int argc, char **argv) {
    static const struct argp argp = {
        options,    parse,
        "WORD ...", "The paragraphs of the pages that have all of these words, in whatever case.",
        NULL,       NULL,
        NULL};
    struct search s = {0};
    pm_status status = PM_OK;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &s) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = search(&s);
    if (status != PM_OK)
        pm_error_print(&s.error);
    for (size_t i = 0; i < s.n; i++)
        free(s.found[i].text);
    free(s.found);
    return status == PM_OK && fflush(stdout) == 0 ? 0 : 2;
}
