// SPDX-License-Identifier: Apache-2.0
/* `perimeter sweep`: a grid of settings times seeds, one line of JSON a point, in one process or in many.
 *
 * Rank 0 hands out points and alone writes the file; with mpirun the other ranks compute. A line is appended
 * by one write, so that what a killed run leaves is whole lines and at most one torn end, which the next run
 * cuts off. When every point is there the lines are put in order, so that the file does not tell who computed
 * what, or when. */
#include "commands.h"
#include "fileio.h"
#include "io/json.h"
#include "sweep_jobs.h"

#include <argp.h>
#include <cblas.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
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

/* One key of the grid. */
struct axis {
    unsigned key, n;
    double *value;
};

struct sweep {
    const char *spec, *output;
    struct pm_run_job job;
    const struct pm_sweep_kind *kind;
    struct pm_sweep_point fixed;
    struct axis axis[PM_SWEEP_MAX_KEYS];
    unsigned axes, trials, points;
    char *head;  /* the file's first line: what the points are of */
    char **line; /* [points], NULL: to be computed */
    unsigned done;
};

/* ---- the specification ---- */

static pm_status parse_value(struct sweep *s, unsigned key, const struct cJSON *item, double *value) {
    char text[64], subject[4300];
    const struct pm_run_key_info *k = &s->kind->keys[key];
    snprintf(subject, sizeof subject, "%s: %s", s->spec, k->name);
    if (cJSON_IsNumber(item))
        snprintf(text, sizeof text, "%.17g", item->valuedouble);
    else if (cJSON_IsString(item) && strlen(item->valuestring) < sizeof text)
        snprintf(text, sizeof text, "%s", item->valuestring);
    else
        return pm_fail(&s->job.error, PM_EINVAL, subject, "neither a number nor a short string");
    return pm_run_parse(k, text, subject, value, &s->job.error);
}

static pm_status find_key(struct sweep *s, const struct cJSON *item, unsigned *key) {
    *key = pm_sweep_key(s->kind, item->string);
    if (*key == s->kind->n_keys)
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: no such setting of '%s'", item->string,
                       s->kind->name);
    if (s->fixed.given[*key])
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: given twice", item->string);
    s->fixed.given[*key] = true;
    return PM_OK;
}

static pm_status parse_settings(struct sweep *s, const struct cJSON *object) {
    const struct cJSON *item;
    cJSON_ArrayForEach(item, object) {
        unsigned key;
        pm_status status = find_key(s, item, &key);
        if (status == PM_OK)
            status = parse_value(s, key, item, &s->fixed.value[key]);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

static pm_status parse_grid(struct sweep *s, const struct cJSON *object) {
    const struct cJSON *item, *value;
    cJSON_ArrayForEach(item, object) {
        struct axis *a = &s->axis[s->axes];
        unsigned key;
        pm_status status = find_key(s, item, &key);
        if (status != PM_OK)
            return status;
        const int n = cJSON_GetArraySize(item);
        if (!cJSON_IsArray(item) || n < 1 || n > MAX_POINTS / (int)s->points)
            return pm_fail(&s->job.error, PM_EINVAL, s->spec, "%s: no list of values, or more than %d points",
                           item->string, MAX_POINTS);
        *a = (struct axis){.key = key, .value = malloc((size_t)n * sizeof *a->value)};
        if (!a->value)
            return pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory");
        s->axes++;
        cJSON_ArrayForEach(value, item) {
            status = parse_value(s, key, value, &a->value[a->n++]);
            if (status != PM_OK)
                return status;
        }
        s->points *= a->n;
    }
    return PM_OK;
}

/* Point `index`: the last axis, then the seed, varies fastest. */
static struct pm_sweep_point place(const struct sweep *s, unsigned index) {
    struct pm_sweep_point p = s->fixed;
    p.value[pm_sweep_key(s->kind, "seed")] += index % s->trials;
    index /= s->trials;
    for (unsigned a = s->axes; a-- > 0; index /= s->axis[a].n)
        p.value[s->axis[a].key] = s->axis[a].value[index % s->axis[a].n];
    return p;
}

static pm_status parse_spec(struct sweep *s, const struct cJSON *root) {
    const struct cJSON *item, *settings = NULL, *grid = NULL, *trials = NULL;
    const char *kind = "network";
    cJSON_ArrayForEach(item, root) {
        const char *name = item->string;
        if (strcmp(name, "job") == 0 && cJSON_IsString(item))
            kind = item->valuestring;
        else if (strcmp(name, "model") == 0 && cJSON_IsString(item))
            s->job.model = item->valuestring;
        else if (strcmp(name, "data") == 0 && cJSON_IsString(item))
            s->job.data = item->valuestring;
        else if (strcmp(name, "settings") == 0 && cJSON_IsObject(item))
            settings = item;
        else if (strcmp(name, "grid") == 0 && cJSON_IsObject(item))
            grid = item;
        else if (strcmp(name, "trials") == 0 && cJSON_IsNumber(item))
            trials = item;
        else
            return pm_fail(&s->job.error, PM_EINVAL, s->spec,
                           "%s: not a member of a specification, or of another type", name);
    }
    s->kind = pm_sweep_kind(kind);
    if (!s->kind)
        return pm_fail(&s->job.error, PM_EINVAL, s->spec,
                       "job: '%s' is not one of network, conversion, bitsift", kind);
    if (s->kind->network != (s->job.model != NULL) || s->kind->network != (s->job.data != NULL))
        return pm_fail(&s->job.error, PM_EINVAL, s->spec, "model, data: %s",
                       s->kind->network ? "missing" : "ignored");
    for (unsigned k = 0; k < s->kind->n_keys; k++) {
        const pm_status status = pm_run_parse(&s->kind->keys[k], s->kind->keys[k].fallback,
                                              s->kind->keys[k].name, &s->fixed.value[k], &s->job.error);
        if (status != PM_OK)
            return status;
    }
    s->points = 1;
    pm_status status = parse_settings(s, settings);
    if (status == PM_OK)
        status = parse_grid(s, grid);
    if (status != PM_OK)
        return status;
    const double n = trials ? trials->valuedouble : 1;
    if (!(n >= 1 && n <= MAX_POINTS / s->points) || n != (double)(unsigned)n)
        return pm_fail(&s->job.error, PM_ERANGE, s->spec, "trials: not an integer, or more than %d points",
                       MAX_POINTS);
    s->trials = (unsigned)n;
    s->points *= s->trials;
    for (unsigned i = 0; i < s->points && status == PM_OK; i++) {
        const struct pm_sweep_point p = place(s, i);
        status = s->kind->check(&p, &s->job.error);
    }
    return status;
}

/* ---- a point ---- */

static void add_value(const struct sweep *s, const struct pm_sweep_point *p, unsigned key,
                      struct cJSON *line) {
    const struct pm_run_key_info *k = &s->kind->keys[key];
    if (!k->choices) {
        cJSON_AddNumberToObject(line, k->name, p->value[key]);
        return;
    }
    const char *at = k->choices;
    for (unsigned i = (unsigned)p->value[key]; i > 0; i--)
        at += strcspn(at, "|") + 1;
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "|"), at);
    cJSON_AddStringToObject(line, k->name, text);
}

/* Computes point `index` into text[LINE]. */
static pm_status compute(struct sweep *s, unsigned index, char *text) {
    const struct pm_sweep_point p = place(s, index);
    const unsigned seed = pm_sweep_key(s->kind, "seed");
    struct cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "point", index);
    for (unsigned a = 0; a < s->axes; a++)
        add_value(s, &p, s->axis[a].key, line);
    if (s->trials > 1)
        add_value(s, &p, seed, line);
    pm_status status = s->kind->run(&s->job, &p, line);
    if (status == PM_OK && !cJSON_PrintPreallocated(line, text, LINE - 8, false))
        status = pm_fail(&s->job.error, PM_ENOMEM, s->spec, "out of memory");
    cJSON_Delete(line);
    if (status == PM_OK)
        strcat(text, "\n");
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
    struct cJSON *line = cJSON_ParseWithLength(text, length);
    const struct cJSON *point = cJSON_GetObjectItemCaseSensitive(line, "point");
    const double index = cJSON_IsNumber(point) ? point->valuedouble : -1;
    cJSON_Delete(line);
    if (!(index >= 0 && index < s->points) || s->line[(unsigned)index])
        return pm_fail(&s->job.error, PM_EFORMAT, s->output,
                       "line %u is no point of this sweep, or there twice", number + 1);
    s->line[(unsigned)index] = strndup(text, length);
    s->done++;
    return s->line[(unsigned)index] ? PM_OK : pm_fail(&s->job.error, PM_ENOMEM, s->output, "out of memory");
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
    for (unsigned a = 0; a < s->axes; a++)
        free(s->axis[a].value);
    free(s->line);
    free(s->head);
    pm_encoder_free(&s->job.network);
    free(s->job.gradient);
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
    pm_status status = PM_EINVAL;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, s) == 0)
        status = prepare(s, &root);
    openblas_set_num_threads(1);
    if (mpi) {
        MPI_Init(NULL, NULL);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    }
    /* A process of many computes in one thread unless told otherwise. */
    const unsigned threads = s->kind ? pm_sweep_key(s->kind, "threads") : 0;
    if (ranks > 1 && status == PM_OK && threads < s->kind->n_keys && !s->fixed.given[threads])
        s->fixed.value[threads] = 1;
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
