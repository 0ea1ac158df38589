// SPDX-License-Identifier: Apache-2.0
#include "report/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/text.h"

const char *const pm_plot_colour[PM_PLOT_COLOURS] = {"#2f7ed8", "#b8660f", "#2b8a5c",
                                                     "#8a63c9", "#c2453d", "#7a7f87"};

void pm_plot_begin(struct pm_plot *plot) {
    *plot = (struct pm_plot){0};
    plot->script = open_memstream(&plot->text, &plot->size);
}

void pm_plot_drop(struct pm_plot *plot) {
    if (plot->script)
        fclose(plot->script);
    free(plot->text);
    *plot = (struct pm_plot){0};
}

void pm_plot_word(struct pm_plot *plot, const char *s) {
    enum { LONGEST = 48 };
    unsigned n = 0;
    fputc('"', plot->script);
    for (; *s && n < LONGEST; n++) {
        const size_t length = pm_utf8_length(s);
        if (length > 1)
            fwrite(s, 1, length, plot->script);
        else
            fputc(length == 0 || *s < ' ' || *s == 127 || strchr("\"'`\\$@%", *s) ? '?' : *s, plot->script);
        s += length ? length : 1;
    }
    fputs(*s ? "...\"" : "\"", plot->script);
}

/* Runs gnuplot on the script; what it prints, which the caller frees, or NULL. */
static char *draw(const char *script, size_t size) {
    int ends[2];
    FILE *in = tmpfile();
    if (!in || fwrite(script, 1, size, in) != size || fflush(in) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
        if (in)
            fclose(in);
        return NULL;
    }
    rewind(in);
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_WRONLY);
        if (dup2(fileno(in), STDIN_FILENO) >= 0 && dup2(ends[1], STDOUT_FILENO) >= 0 &&
            dup2(null, STDERR_FILENO) >= 0)
            execlp("gnuplot", "gnuplot", "-d", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    fclose(in);
    char *svg = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&svg, &length);
    char block[4096];
    for (ssize_t n; to && ((n = read(ends[0], block, sizeof block)) > 0 || (n < 0 && errno == EINTR));)
        if (n > 0)
            fwrite(block, 1, (size_t)n, to);
    close(ends[0]);
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (to)
        fclose(to);
    if (svg && (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !strstr(svg, "</svg>"))) {
        free(svg);
        svg = NULL;
    }
    return svg;
}

static bool starts(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

/* One line of a drawing: hovering by title elements, no names that two plots would share. */
static void put_line(struct pm_page *p, const char *line, size_t n) {
    static const char hover[] = "showHypertext(evt,'";
    const char *text = memmem(line, n, hover, strlen(hover)), *end;
    const char *id = memmem(line, n, "<g id=\"", 7);
    if (text && (end = memmem(text, (size_t)(line + n - text), "')\"", 3))) {
        text += strlen(hover);
        pm_page_html(p, "<g><title>%.*s</title>\n", (int)(end - text), text);
    } else if (id) {
        pm_page_html(p, "<g>\n");
    } else {
        fwrite(line, 1, n, p->f);
        fputc('\n', p->f);
    }
}

/* The drawing without its head, which the page's own replaces, its marks, which all plots share, and groups
 * with nothing in them. */
static void put_drawing(struct pm_page *p, const char *svg) {
    const char *at = strstr(svg, "<defs>"), *end;
    const bool marks = !p->drawn;
    if (!at || !(end = strstr(at, "</defs>")))
        return;
    p->drawn = true;
    if (marks)
        fwrite(at, 1, (size_t)(end + 8 - at), p->f);
    fputs("<g>\n", p->f); /* which the canvas had opened */
    for (at = end + 8; *at && !starts(at, "</svg>");) {
        const size_t n = strcspn(at, "\n");
        const char *next = at + n + (at[n] == '\n');
        if (starts(at, "<g fill=") && starts(next, "</g>\n"))
            next += 5;
        else if (n > 0)
            put_line(p, at, n);
        at = next;
    }
    fputs("</svg>\n", p->f);
}

void pm_plot_end(struct pm_plot *plot, struct pm_page *p, const char *caption, const char *name,
                 unsigned width, unsigned height) {
    if (!plot->script)
        return;
    fflush(plot->script);
    char head[256];
    const int n = snprintf(head, sizeof head,
                           "set terminal svg size %u,%u dynamic name 'p' font 'sans-serif,13' noenhanced\n"
                           "set encoding utf8\nset grid\n",
                           width, height);
    char *script = malloc((size_t)n + plot->size + 1), *svg = NULL;
    if (script) {
        memcpy(script, head, (size_t)n);
        memcpy(script + n, plot->text, plot->size + 1);
        svg = draw(script, (size_t)n + plot->size);
    }
    free(script);
    pm_plot_drop(plot);
    p->plots++;
    pm_page_html(p, "<figure>\n<figcaption id=\"p%u\">%s", p->plots, caption);
    if (name) {
        fputc(' ', p->f);
        pm_page_text(p, name);
    }
    fputs("</figcaption>\n", p->f);
    if (svg) {
        pm_page_html(p, "<svg role=\"img\" aria-labelledby=\"p%u\" viewBox=\"0 0 %u %u\">\n", p->plots, width,
                     height);
        put_drawing(p, svg);
    } else {
        fputs("<p class=\"bad\">No plot: gnuplot is missing (Debian: gnuplot-nox) or failed.</p>\n", p->f);
    }
    fputs("</figure>\n", p->f);
    free(svg);
}
