// SPDX-License-Identifier: Apache-2.0
/* `perimeter sweep`: a grid of settings times seeds, one line of JSON a point, in one process or in many.
 *
 * Rank 0 hands out points and alone writes the file; with mpirun the other ranks compute. A line is appended
 * by one write, so that what a killed run leaves is whole lines and at most one torn end, which the next run
 * cuts off. When every point is there the lines are put in order, so that the file does not tell who computed
 * what, or when. */
#include "commands.h"
#include "io/json.h"
#include "sweep_jobs.h"

#include <argp.h>
#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_POINTS 1000000
#define LINE       4096 /* bytes of a point's line */
#define POLL_NS    2000000

/* One key of the grid: a setting or "place", and its values. */
struct axis {
    char *name;
    char **value; /* "NAME=VALUE", or entries of a plan */
    unsigned n;
};

#define MAX_AXES 64

struct sweep {
    const char *spec, *output;
    struct pm_run_job job; /* its plan is the fixed part's */
    const struct pm_sweep_kind *kind;
    struct pm_settings *fixed;
    struct axis axis[MAX_AXES];
    unsigned axes, trials, points;
    char *head;  /* the file's first line: what the points are of */
    char **line; /* [points], NULL: to be computed */
    unsigned done;
};

/* ---- the specification ---- */

static bool is_place(const struct axis *a) {
    return strcmp(a->name, "place") == 0;
}

/* Settings that the user can name: the kind's, and those of systems. */
static void all_settings(const struct sweep *s, struct pm_settings *own, const struct pm_plan *plan,
                         struct pm_settings *all[PM_MAX_SYSTEMS + 2]) {
    size_t n = 0;
    all[n++] = own;
    for (size_t i = 0; s->kind->network && plan->all[i]; i++)
        all[n++] = plan->all[i];
    all[n] = NULL;
}

static void free_point(struct pm_sweep_point *p) {
    free(p->settings);
    pm_plan_free(&p->plan);
}

static struct pm_value *seed_of(struct pm_settings *s) {
    return pm_settings_value(s, "seed");
}

/* Point `index`: the last axis, then the seed, varies fastest. *p needs free_point in any case. */
static pm_status place(struct sweep *s, unsigned index, struct pm_sweep_point *p) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2];
    const unsigned trial = index % s->trials;
    *p = (struct pm_sweep_point){.settings = pm_settings_copy(s->fixed)};
    pm_status status = p->settings ? pm_plan_copy(&p->plan, &s->job.plan) : PM_ENOMEM;
    if (status != PM_OK)
        return pm_fail(&s->job.error, status, s->spec, "out of memory");
    all_settings(s, p->settings, &p->plan, all);
    index /= s->trials;
    for (unsigned a = s->axes; a-- > 0 && status == PM_OK; index /= s->axis[a].n) {
        const char *value = s->axis[a].value[index % s->axis[a].n];
        status = is_place(&s->axis[a]) ? pm_plan_override(&p->plan, value, &s->job.error)
                                       : pm_settings_give(all, value, s->spec, &s->job.error);
    }
    struct pm_value *seed = seed_of(p->settings);
    seed->given = seed->given || s->trials > 1;
    seed->at[0].i += trial;
    return status;
}

/* Whether the list holds the value already; as numbers, where both are. */
static bool there(const struct axis *a, const char *value) {
    for (unsigned i = 0; i < a->n; i++) {
        const char *x = a->value[i] + strcspn(a->value[i], "="), *y = value + strcspn(value, "=");
        char *end_x, *end_y;
        const double number_x = strtod(x + (*x != 0), &end_x), number_y = strtod(y + (*y != 0), &end_y);
        const bool numbers = !*end_x && !*end_y && end_x != x && end_y != y;
        if (strcmp(a->value[i], value) == 0 ||
            (numbers && !is_place(a) && !(number_x < number_y) && !(number_x > number_y)))
            return true;
    }
    return false;
}

static pm_status add_value(struct sweep *s, struct axis *a, const struct cJSON *item) {
    char text[512];
    const char *name = is_place(a) ? "" : a->name, *equals = is_place(a) ? "" : "=";
    int n = -1;
    if (cJSON_IsNumber(item) && !is_place(a))
        n = snprintf(text, sizeof text, "%s=%.17g", name, item->valuedouble);
    else if (cJSON_IsString(item))
        n = snprintf(text, sizeof text, "%s%s%s", name, equals, item->valuestring);
    if (n < 0 || n >= (int)sizeof text)
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: neither a number nor a short string", a->name);
    if (there(a, text))
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: %s is there twice, and would be drawn twice",
                       a->name, text + strlen(name) + strlen(equals));
    a->value[a->n] = strdup(text);
    return a->value[a->n++] ? PM_OK : pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory");
}

static pm_status parse_axis(struct sweep *s, const struct cJSON *item) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2], *of;
    struct axis *a = &s->axis[s->axes];
    const struct cJSON *value;
    const int n = cJSON_GetArraySize(item);
    const size_t length = strlen(item->string);
    all_settings(s, s->fixed, &s->job.plan, all);
    if (s->axes == MAX_AXES)
        return pm_fail(&s->job.error, PM_ERANGE, s->spec, "more than %d lists", MAX_AXES);
    if (!(s->kind->network && strcmp(item->string, "place") == 0)) {
        const int k = pm_settings_find(all, item->string, length, &of);
        if (k < 0)
            return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: no such setting of '%s'", item->string,
                           s->kind->name);
        if (of->value[k].given)
            return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: given twice", item->string);
    }
    if (!cJSON_IsArray(item) || n < 1 || n > MAX_POINTS / (int)s->points)
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: no list of values, or more than %d points",
                       item->string, MAX_POINTS);
    *a = (struct axis){.name = strdup(item->string), .value = calloc((size_t)n, sizeof *a->value)};
    s->axes++;
    if (!a->name || !a->value)
        return pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory");
    s->points *= (unsigned)n;
    cJSON_ArrayForEach(value, item) {
        const pm_status status = add_value(s, a, value);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

/* Trials of point after point: seed, seed + 1, ... Different seeds of a grid may not meet them. */
static pm_status check_seeds(struct sweep *s) {
    const int64_t most = UINT32_MAX - (int64_t)s->trials + 1;
    const struct axis *a = NULL;
    for (unsigned i = 0; i < s->axes; i++)
        if (strcmp(s->axis[i].name, "seed") == 0)
            a = &s->axis[i];
    if (!a && seed_of(s->fixed)->at[0].i > most)
        return pm_fail(&s->job.error, PM_ERANGE, s->spec, "seed, trials: the last seed is beyond 32 bits");
    for (unsigned i = 0; a && i < a->n; i++) {
        const double one = strtod(a->value[i] + 5, NULL);
        if (one > (double)most)
            return pm_fail(&s->job.error, PM_ERANGE, s->spec,
                           "seed, trials: the last seed is beyond 32 bits");
        for (unsigned k = 0; k < i; k++)
            if (fabs(one - strtod(a->value[k] + 5, NULL)) < s->trials)
                return pm_fail(&s->job.error, PM_EINVAL, s->spec,
                               "seed, trials: %u trials from seed %.0f and from %.0f share drawings",
                               s->trials, strtod(a->value[k] + 5, NULL), one);
    }
    return PM_OK;
}

/* Every point, before the first is computed. */
static pm_status check_points(struct sweep *s) {
    struct pm_sweep_point p;
    bool drawn = false;
    pm_status status = PM_OK;
    for (int pass = 0; pass < 2 && status == PM_OK; pass++) {
        for (unsigned i = 0; i < s->points && status == PM_OK; i += s->trials) {
            status = place(s, i, &p);
            if (status == PM_OK && pass == 0)
                drawn = drawn || s->kind->draws(&s->job, &p);
            else if (status == PM_OK)
                status = s->kind->check(&s->job, &p, drawn);
            free_point(&p);
        }
        if (status == PM_OK && s->trials > 1 && !drawn)
            status = pm_fail(&s->job.error, PM_EINVAL, s->spec,
                             "trials: nothing is drawn, they would all be alike");
    }
    return status;
}

/* "place": entries as on the command line. */
static pm_status parse_place(struct sweep *s, const struct cJSON *list) {
    const struct cJSON *item;
    cJSON_ArrayForEach(item, list) {
        const pm_status status =
            cJSON_IsString(item) ? pm_plan_place(&s->job.plan, item->valuestring, true, &s->job.error)
                                 : pm_fail(&s->job.error, PM_EINVAL, s->spec, "place: not a list of strings");
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

static pm_status parse_trials(struct sweep *s, const struct cJSON *trials) {
    const double n = trials ? trials->valuedouble : 1;
    if (!(n >= 1 && n <= MAX_POINTS / s->points) || n != (double)(unsigned)n)
        return pm_fail(&s->job.error, PM_ERANGE, s->spec, "trials: not an integer, or more than %d points",
                       MAX_POINTS);
    s->trials = (unsigned)n;
    s->points *= s->trials;
    return check_seeds(s);
}

/* The members of a specification. */
struct members {
    const char *kind, *plan;
    const struct cJSON *settings, *place, *grid, *trials;
};

static pm_status find_members(struct sweep *s, const struct cJSON *root, struct members *m) {
    const struct cJSON *item;
    *m = (struct members){.kind = "network"};
    cJSON_ArrayForEach(item, root) {
        const struct {
            const char *name;
            const char **text;
            const struct cJSON **item;
            bool fits;
        } known[] = {
            {"job", &m->kind, NULL, cJSON_IsString(item)},
            {"model", &s->job.model, NULL, cJSON_IsString(item)},
            {"data", &s->job.data, NULL, cJSON_IsString(item)},
            {"plan", &m->plan, NULL, cJSON_IsString(item)},
            {"settings", NULL, &m->settings, cJSON_IsObject(item)},
            {"place", NULL, &m->place, cJSON_IsArray(item)},
            {"grid", NULL, &m->grid, cJSON_IsObject(item)},
            {"trials", NULL, &m->trials, cJSON_IsNumber(item)},
        };
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(item->string, known[k].name) != 0)
            k++;
        if (k == sizeof known / sizeof *known || !known[k].fits)
            return pm_fail(&s->job.error, PM_EINVAL, s->spec,
                           "%s: not a member of a specification, or of another type", item->string);
        if (known[k].text)
            *known[k].text = item->valuestring;
        else
            *known[k].item = item;
    }
    return PM_OK;
}

static pm_status parse_spec(struct sweep *s, const struct cJSON *root) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2];
    struct members m;
    const struct cJSON *item;
    pm_status status = find_members(s, root, &m);
    if (status != PM_OK)
        return status;
    if (!(s->kind = pm_sweep_kind(m.kind)))
        return pm_fail(&s->job.error, PM_EINVAL, s->spec,
                       "job: '%s' is not one of network, conversion, bitsift", m.kind);
    if (s->kind->network != (s->job.model != NULL) || s->kind->network != (s->job.data != NULL))
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "model, data: %s",
                       s->kind->network ? "missing" : "ignored");
    if (!s->kind->network && (m.plan || m.place))
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "plan, place: ignored");
    if (!(s->fixed = pm_settings_new(s->kind->settings)))
        return pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory");
    if (m.plan)
        status = pm_plan_load(&s->job.plan, m.plan, &s->job.error);
    if (status == PM_OK)
        status = parse_place(s, m.place);
    all_settings(s, s->fixed, &s->job.plan, all);
    if (status == PM_OK)
        status = pm_settings_load(all, m.settings, s->spec, &s->job.error);
    s->points = 1;
    cJSON_ArrayForEach(item, m.grid) if (status == PM_OK) status = parse_axis(s, item);
    return status == PM_OK ? parse_trials(s, m.trials) : status;
}

/* ---- a point ---- */

static void add_axis(const struct sweep *s, const struct pm_sweep_point *p, const struct axis *a,
                     unsigned value, struct pm_results *line) {
    struct pm_settings *all[PM_MAX_SYSTEMS + 2], *of;
    all_settings(s, p->settings, &p->plan, all);
    const int k = is_place(a) ? -1 : pm_settings_find(all, a->name, strlen(a->name), &of);
    if (k >= 0)
        pm_setting_result(of, (size_t)k, a->name, line);
    else
        pm_result_text(line, a->name, a->value[value]);
}

/* What is asked at the point, then what is found. */
static void describe(const struct sweep *s, const struct pm_sweep_point *p, unsigned index,
                     struct pm_results *line) {
    unsigned value[MAX_AXES];
    pm_result_int(line, "point", index, NULL, PM_RESULT_PLAIN);
    index /= s->trials;
    for (unsigned a = s->axes; a-- > 0; index /= s->axis[a].n)
        value[a] = index % s->axis[a].n;
    for (unsigned a = 0; a < s->axes; a++)
        if (s->trials == 1 || strcmp(s->axis[a].name, "seed") != 0)
            add_axis(s, p, &s->axis[a], value[a], line);
    if (s->trials > 1)
        pm_result_int(line, "seed", seed_of(p->settings)->at[0].i, NULL, PM_RESULT_PLAIN);
}

/* Computes point `index` into text[LINE]. */
static pm_status compute(struct sweep *s, unsigned index, char *text) {
    struct pm_sweep_point p;
    struct pm_results *line = pm_results_new();
    pm_status status = line ? place(s, index, &p) : PM_ENOMEM;
    if (status == PM_OK) {
        describe(s, &p, index, line);
        status = s->kind->run(&s->job, &p, line);
    }
    char *json = status == PM_OK ? pm_results_json(line, false) : NULL;
    if (status == PM_OK && (!json || snprintf(text, LINE, "%s\n", json) >= LINE))
        status = pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory, or a line is too long");
    if (line)
        free_point(&p);
    free(json);
    pm_results_free(line);
    return status;
}

/* ---- the file ---- */

static pm_status io_error(struct sweep *s, const char *what) {
    return pm_fail(&s->job.error, PM_EIO, s->output, "%s: %s", what, strerror(errno));
}

/* Takes one line of the file. */
static pm_status take_line(struct sweep *s, unsigned number, const char *text, size_t length) {
    if (number == 0)
        return strlen(s->head) == length && memcmp(s->head, text, length) == 0
                   ? PM_OK
                   : pm_fail(&s->job.error, PM_EINVAL, s->output, "holds another sweep; name another file");
    char *line = strndup(text, length);
    if (!line)
        return pm_fail(&s->job.error, PM_ENOMEM, s->output, "out of memory");
    struct pm_json json = {s->output, &s->job.error, NULL};
    int64_t point;
    bool good = pm_json_parse(&json, line, length) == PM_OK &&
                pm_json_is_integer(cJSON_GetObjectItemCaseSensitive(json.root, "point"), 0,
                                   (int64_t)s->points - 1, &point) &&
                !s->line[point];
    cJSON_Delete(json.root);
    if (!good) {
        free(line);
        return pm_fail(&s->job.error, PM_EFORMAT, s->output,
                       "line %u is no point of this sweep, or there twice", number + 1);
    }
    s->line[point] = line;
    s->done++;
    return PM_OK;
}

/* Opens the file for appending, under a lock, with what a run before this one has left. */
static pm_status open_output(struct sweep *s, int *fd) {
    struct stat st;
    *fd = open(s->output, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (*fd < 0)
        return io_error(s, "cannot be opened");
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        return pm_fail(&s->job.error, PM_EIO, s->output, "another sweep writes it");
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
        return pm_fail(&s->job.error, PM_EIO, s->output, "is no regular file");
    const size_t size = (size_t)st.st_size;
    char *text = malloc(size + 1);
    if (!text)
        return pm_fail(&s->job.error, PM_ENOMEM, s->output, "out of memory");
    size_t have = 0;
    for (ssize_t n = 1; have < size && n > 0; have += n > 0 ? (size_t)n : 0)
        n = pread(*fd, text + have, size - have, (off_t)have);
    pm_status status = have == size ? PM_OK : io_error(s, "cannot be read");
    size_t at = 0;
    for (unsigned number = 0; status == PM_OK; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end)
            break;
        status = take_line(s, number, text + at, (size_t)(end + 1 - (text + at)));
        at = (size_t)(end + 1 - text);
    }
    /* A torn first line is cut off only if it is the start of ours: it may be somebody's file. */
    if (status == PM_OK && at == 0 && (size >= strlen(s->head) || memcmp(text, s->head, size) != 0))
        status = pm_fail(&s->job.error, PM_EINVAL, s->output, "holds something else; name another file");
    if (status == PM_OK && at < size && ftruncate(*fd, (off_t)at) != 0)
        status = io_error(s, "cannot be written");
    if (status == PM_OK && at == 0 && write(*fd, s->head, strlen(s->head)) != (ssize_t)strlen(s->head))
        status = io_error(s, "cannot be written");
    free(text);
    return status;
}

static pm_status append(struct sweep *s, int fd, unsigned index, const char *text) {
    const size_t length = strlen(text);
    if (write(fd, text, length) != (ssize_t)length || fdatasync(fd) != 0)
        return io_error(s, "cannot be written");
    s->line[index] = strdup(text);
    s->done++;
    return s->line[index] ? PM_OK : pm_fail(&s->job.error, PM_ENOMEM, s->output, "out of memory");
}

static bool write_sorted(FILE *f, const void *content) {
    const struct sweep *s = content;
    bool ok = fputs(s->head, f) >= 0;
    for (unsigned i = 0; i < s->points && ok; i++)
        ok = fputs(s->line[i], f) >= 0;
    return ok;
}

/* ---- handing out ---- */

static void progress(const struct sweep *s, unsigned before, double start) {
    if (!isatty(STDERR_FILENO))
        return;
    const unsigned now = s->done - before, left = s->points - s->done;
    const double seconds = now ? (omp_get_wtime() - start) / now * left : 0;
    fprintf(stderr, "\rsweep: %u of %u points", s->done, s->points);
    if (now && left)
        fprintf(stderr, ", about %.0f s left", seconds);
    fprintf(stderr, "\033[K%s", left ? "" : "\r\033[K");
    fflush(stderr);
}

static unsigned next_point(const struct sweep *s, unsigned from) {
    while (from < s->points && s->line[from])
        from++;
    return from;
}

static pm_status run_alone(struct sweep *s, int fd) {
    const unsigned before = s->done;
    const double start = omp_get_wtime();
    pm_status status = PM_OK;
    char text[LINE];
    for (unsigned i = next_point(s, 0); i < s->points && status == PM_OK; i = next_point(s, i)) {
        progress(s, before, start);
        status = compute(s, i, text);
        if (status == PM_OK)
            status = append(s, fd, i, text);
    }
    progress(s, before, start);
    return status;
}

/* Messages: a worker's line, or its error (tag: which), answered by the next point, or END. */
enum { TAG_READY, TAG_LINE, TAG_ERROR, TAG_POINT };
#define END UINT32_MAX

/* Waits without keeping a core busy. */
static void wait_for_worker(MPI_Status *st) {
    int there = 0;
    for (;;) {
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, st);
        if (there)
            return;
        nanosleep(&(struct timespec){0, POLL_NS}, NULL);
    }
}

static pm_status run_master(struct sweep *s, int fd, int workers, pm_status status) {
    const unsigned before = s->done;
    const double start = omp_get_wtime();
    unsigned next = status == PM_OK ? next_point(s, 0) : s->points,
             *at = calloc((size_t)workers + 1, sizeof *at);
    while (workers > 0) {
        MPI_Status st;
        char text[LINE];
        wait_for_worker(&st);
        MPI_Recv(text, LINE, MPI_CHAR, st.MPI_SOURCE, st.MPI_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (!at)
            status = PM_ENOMEM;
        else if (st.MPI_TAG == TAG_LINE && status == PM_OK)
            status = append(s, fd, at[st.MPI_SOURCE], text);
        else if (st.MPI_TAG == TAG_ERROR && status == PM_OK)
            status = pm_fail(&s->job.error, PM_EIO, s->spec, "%s", text);
        const uint32_t point = status == PM_OK && next < s->points ? next : END;
        if (point != END) {
            at[st.MPI_SOURCE] = next;
            next = next_point(s, next + 1);
        } else {
            workers--;
        }
        MPI_Send(&point, 1, MPI_UINT32_T, st.MPI_SOURCE, TAG_POINT, MPI_COMM_WORLD);
        progress(s, before, start);
    }
    free(at);
    return status;
}

static void run_worker(struct sweep *s, pm_status status) {
    char text[LINE] = "";
    int tag = status == PM_OK ? TAG_READY : TAG_ERROR;
    for (;;) {
        uint32_t point;
        if (tag == TAG_ERROR)
            snprintf(text, sizeof text, "%.1000s", s->job.error.text);
        MPI_Send(text, (int)strlen(text) + 1, MPI_CHAR, 0, tag, MPI_COMM_WORLD);
        MPI_Recv(&point, 1, MPI_UINT32_T, 0, TAG_POINT, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (point == END)
            return;
        tag = compute(s, point, text) == PM_OK ? TAG_LINE : TAG_ERROR;
    }
}

/* ---- the command ---- */

/* Every process: the specification and what it needs. */
static pm_status prepare(struct sweep *s, struct cJSON **root) {
    if (!s->spec || !s->output)
        return pm_fail(&s->job.error, PM_EINVAL, s->spec ? "--output" : "SPEC",
                       "missing; see perimeter sweep --help");
    struct pm_json json = {s->spec, &s->job.error, NULL};
    pm_status status = pm_json_load(&json);
    *root = json.root;
    if (status == PM_OK)
        status = parse_spec(s, *root);
    if (status == PM_OK && s->kind->network)
        status = pm_run_load_network(&s->job);
    if (status == PM_OK)
        status = check_points(s);
    return status;
}

static pm_status run_rank0(struct sweep *s, const struct cJSON *root, int ranks, pm_status status) {
    struct pm_outfile sorted = {0};
    int fd = -1;
    if (status == PM_OK) {
        char *spec = cJSON_PrintUnformatted(root);
        s->line = calloc(s->points, sizeof *s->line);
        s->head = spec ? malloc(strlen(spec) + 32) : NULL;
        if (!spec || !s->head || !s->line)
            status = pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory");
        else
            sprintf(s->head, "{\"sweep\":%s}\n", spec);
        free(spec);
    }
    if (status == PM_OK)
        status = pm_outfile_plan(&sorted, s->output, &s->job.error);
    if (status == PM_OK)
        status = open_output(s, &fd);
    if (ranks > 1)
        status = run_master(s, fd, ranks - 1, status);
    else if (status == PM_OK)
        status = run_alone(s, fd);
    const void *content[] = {s};
    if (status == PM_OK)
        status = pm_outfile_write_all(&sorted, 1, write_sorted, content, &s->job.error);
    if (status != PM_OK)
        pm_error_print(&s->job.error);
    if (fd >= 0)
        close(fd);
    pm_outfile_free(&sorted);
    return status;
}

enum { OPTION_OUTPUT = 'o' };

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct sweep *s = state->input;
    switch (key) {
    case OPTION_OUTPUT:
        s->output = arg;
        return 0;
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        exit(fflush(stdout) == 0 ? 0 : 2);
    case ARGP_KEY_ARG:
        if (s->spec)
            return pm_fail(&s->job.error, PM_EINVAL, arg, "one specification at a time"), EINVAL;
        s->spec = arg;
        return 0;
    case ARGP_KEY_ERROR:
        if (!*s->job.error.text)
            pm_fail(&s->job.error, PM_EINVAL, state->argv[state->next - 1],
                    "no such option, or its value is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void sweep_free(struct sweep *s) {
    for (unsigned i = 0; s->line && i < s->points; i++)
        free(s->line[i]);
    for (unsigned a = 0; a < s->axes; a++) {
        for (unsigned i = 0; s->axis[a].value && i < s->axis[a].n; i++)
            free(s->axis[a].value[i]);
        free(s->axis[a].value);
        free(s->axis[a].name);
    }
    free(s->line);
    free(s->head);
    free(s->fixed);
    pm_run_end(&s->job);
    free(s);
}

int pm_cmd_sweep(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"output", OPTION_OUTPUT, "FILE", 0, "Where the results are appended, one line of JSON a point", 0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {options,
                                     parse,
                                     "SPEC --output FILE",
                                     "Runs every point of a grid of settings, again and again with other "
                                     "seeds. Finished points of FILE are kept. "
                                     "Under mpirun, rank 0 hands points to the others.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct sweep *s = calloc(1, sizeof *s);
    struct cJSON *root = NULL;
    int rank = 0, ranks = 1;
    /* Without mpirun nothing of MPI is started. */
    const bool mpi = getenv("PMIX_RANK") || getenv("OMPI_COMM_WORLD_SIZE");
    if (!s) {
        fprintf(stderr, "perimeter: sweep: out of memory\n");
        return 2;
    }
    pm_status status = pm_run_begin(&s->job);
    free(s->job.settings); /* each point has its own */
    s->job.settings = NULL;
    if (status == PM_OK && argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, s) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = prepare(s, &root);
    openblas_set_num_threads(1);
    if (mpi) {
        MPI_Init(NULL, NULL);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    }
    /* A process of many computes in one thread unless told otherwise. */
    if (ranks > 1 && status == PM_OK && s->kind->network && !pm_settings_value(s->fixed, "threads")->given)
        pm_settings_value(s->fixed, "threads")->at[0].i = 1;
    if (rank > 0)
        run_worker(s, status);
    else
        status = run_rank0(s, root, ranks, status);
    if (mpi)
        MPI_Finalize();
    cJSON_Delete(root);
    sweep_free(s);
    return rank > 0 || status == PM_OK ? 0 : 2;
}
