// SPDX-License-Identifier: Apache-2.0
#include "search_seen.h"

#include <errno.h>
#include <inttypes.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pm_status no_memory(struct pm_search *s) {
    return pm_fail(&s->run.error, PM_ENOMEM, "search", "out of memory");
}

/* The worst that a process met, in all of them: none waits for one that has ended. */
static pm_status agree(struct pm_search *s, pm_status status) {
    int worst = status != PM_OK;
    if (s->ranks > 1)
        MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return status == PM_OK && worst ? pm_fail(&s->run.error, PM_EIO, "search", "another process failed")
                                    : status;
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t n) {
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001B3);
    return h;
}

/* What accuracies belong to. */
static void heading(const struct pm_search *s, char text[static 160]) {
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (unsigned i = 0; i < s->policy.layers; i++) {
        const struct pm_node *node = &s->run.network.graph->node[s->policy.layer[i].node];
        const struct pm_matrix *m = node->matrix;
        if (node->kind == PM_NODE_MATRIX)
            h = hash_bytes(h, m->weight, (size_t)m->in * m->out * sizeof *m->weight);
    }
    snprintf(text, 160, "# network %016" PRIx64 ", %u layers, %u images, cells of %u bits, %dx%d\n", h,
             s->policy.layers, s->images, s->chip.cell, (int)s->chip.rows, (int)s->chip.cols);
}

static pm_status add(struct pm_search *s, const uint8_t *bits, unsigned correct) {
    const size_t width = 2 * s->policy.layers;
    if (s->count == s->room) {
        struct pm_seen *more = realloc(s->seen, (s->room + 64) * 2 * sizeof *more);
        if (!more)
            return no_memory(s);
        s->seen = more;
        s->room = (s->room + 64) * 2;
    }
    struct pm_seen *n = &s->seen[s->count];
    n->bits = malloc(width);
    if (!n->bits)
        return no_memory(s);
    memcpy(n->bits, bits, width);
    n->correct = correct;
    n->tried = false;
    n->time = 0;
    for (unsigned i = 0; i < s->policy.layers; i++) {
        int64_t t = 0, tiles;
        pm_xbar_cost(&s->chip, &s->policy.layer[i].shape, bits[2 * i], bits[2 * i + 1], &t, &tiles);
        n->time += t;
    }
    s->count++;
    return PM_OK;
}

/* A line: the correct images, then w and a of every layer. A last line that was cut off is measured anew. */
static pm_status take_line(struct pm_search *s, const char *line, uint8_t *bits) {
    unsigned correct;
    int used = 0;
    if (sscanf(line, "%u%n", &correct, &used) != 1 || correct > s->images)
        return PM_EFORMAT;
    for (unsigned i = 0; i < 2 * s->policy.layers; i++) {
        unsigned v;
        int n = 0;
        line += used;
        if (sscanf(line, "%u%n", &v, &n) != 1 || v < 2 || v > 8)
            return PM_EFORMAT;
        bits[i] = (uint8_t)v;
        used = n;
    }
    return line[used] == '\n' ? add(s, bits, correct) : PM_EFORMAT;
}

/* Whether the file begins as it must; what was killed while it wrote that has nothing to go on from. */
static pm_status take_heading(struct pm_search *s, const char *line, const char *head, bool *whole) {
    *whole = strcmp(line, head) == 0;
    return *whole || (!strchr(line, '\n') && strncmp(line, head, strlen(line)) == 0)
               ? PM_OK
               : pm_fail(&s->run.error, PM_EFORMAT, s->state,
                         "is of another network or search; remove it to begin anew");
}

/* *end: the bytes that are whole lines. */
static pm_status take_file(struct pm_search *s, FILE *f, const char *head, long *end) {
    char *line = NULL;
    size_t room = 0, number = 1;
    uint8_t *bits = malloc(2 * s->policy.layers);
    bool whole = false;
    pm_status status = bits ? PM_OK : no_memory(s);
    if (status == PM_OK)
        status = take_heading(s, getline(&line, &room, f) < 0 ? "" : line, head, &whole);
    *end = whole ? ftell(f) : 0;
    while (status == PM_OK && whole && getline(&line, &room, f) >= 0 && strchr(line, '\n')) {
        number++;
        status = take_line(s, line, bits);
        if (status == PM_EFORMAT)
            pm_fail(&s->run.error, status, s->state, "line %zu is no policy's", number);
        *end = ftell(f);
    }
    free(line);
    free(bits);
    return status;
}

static pm_status cannot(struct pm_search *s) {
    return pm_fail(&s->run.error, PM_EIO, s->state, "%s", strerror(errno));
}

/* Of rank 0, which adds to what there is. */
static pm_status open_to_add(struct pm_search *s, const char *head, long end) {
    s->file = fopen(s->state, end ? "r+" : "w");
    if (!s->file)
        return cannot(s);
    const bool ok = end ? ftruncate(fileno(s->file), end) == 0 && fseek(s->file, end, SEEK_SET) == 0
                        : fputs(head, s->file) >= 0 && fflush(s->file) == 0;
    return ok ? PM_OK : cannot(s);
}

pm_status pm_search_resume(struct pm_search *s) {
    char head[160];
    long end = 0;
    pm_status status = PM_OK;
    heading(s, head);
    FILE *f = fopen(s->state, "r");
    if (f) {
        status = take_file(s, f, head, &end);
        fclose(f);
    } else if (errno != ENOENT) {
        status = cannot(s);
    }
    status = agree(s, status); /* and all have read */
    return agree(s, status == PM_OK && s->rank == 0 ? open_to_add(s, head, end) : status);
}

void pm_search_end(struct pm_search *s) {
    for (size_t i = 0; i < s->count; i++)
        free(s->seen[i].bits);
    free(s->seen);
    if (s->file)
        fclose(s->file);
    pm_policy_free(&s->policy);
    pm_run_end(&s->run);
}

static pm_status measure(struct pm_search *s, unsigned *correct) {
    struct pm_plan plan = {0};
    struct pm_run_outcome o = {0};
    char what[64];
    snprintf(what, sizeof what, "policy %zu", s->count + 1);
    pm_status status = pm_plan_new(&plan) == PM_OK ? PM_OK : no_memory(s);
    if (status == PM_OK)
        status = pm_policy_place(&s->policy, s->run.network.graph, &s->chip, &plan, &s->run.error);
    const struct pm_run_pass pass = {.what = what,
                                     .plan = &plan,
                                     .images = s->images,
                                     .held = true,
                                     .part = (unsigned)s->rank,
                                     .parts = (unsigned)s->ranks};
    if (status == PM_OK)
        status = pm_run_images(&s->run, &pass, &o);
    if (status == PM_OK && !o.labelled)
        status = pm_fail(&s->run.error, PM_EINVAL, s->run.data, "has no labels");
    status = agree(s, status);
    *correct = o.correct_integer;
    if (s->ranks > 1 && status == PM_OK)
        MPI_Allreduce(MPI_IN_PLACE, correct, 1, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
    pm_run_outcome_free(&o);
    pm_plan_free(&plan);
    return status;
}

static pm_status write_line(struct pm_search *s, const uint8_t *bits, unsigned correct) {
    if (!s->file)
        return PM_OK;
    bool ok = fprintf(s->file, "%u", correct) > 0;
    for (unsigned i = 0; i < 2 * s->policy.layers && ok; i++)
        ok = fprintf(s->file, " %u", bits[i]) > 0;
    return ok && fputc('\n', s->file) != EOF && fflush(s->file) == 0 ? PM_OK : cannot(s);
}

pm_status pm_search_see(struct pm_search *s, size_t *number) {
    const unsigned layers = s->policy.layers;
    uint8_t bits[2 * PM_PLAN_ENTRIES];
    unsigned correct;
    for (unsigned i = 0; i < layers; i++) {
        bits[2 * i] = (uint8_t)s->policy.layer[i].w;
        bits[2 * i + 1] = (uint8_t)s->policy.layer[i].a;
    }
    for (*number = 0; *number < s->count; ++*number)
        if (memcmp(s->seen[*number].bits, bits, 2 * layers) == 0)
            return PM_OK;
    pm_status status = measure(s, &correct);
    if (status == PM_OK)
        status = add(s, bits, correct);
    return agree(s, status == PM_OK ? write_line(s, bits, correct) : status);
}
