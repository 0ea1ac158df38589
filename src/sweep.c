// SPDX-License-Identifier: Apache-2.0
/* `perimeter sweep`: a grid of settings times seeds, one line of JSON a point, in one process or in many.
 *
 * Rank 0 hands out points and alone writes the file; with mpirun the other ranks compute. A line is appended
 * by one write, so that what a killed run leaves is whole lines and at most one torn end, which the next run
 * cuts off. When every point is there the lines are put in order, so that the file does not tell who computed
 * what, or when. */
#include "commands.h"
#include "io/json.h"
#include "sweep_spec.h"

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

#define LINE    4096 /* bytes of a point's line */
#define POLL_NS 2000000

struct sweep {
    struct pm_sweep of;
    const char *output;
    char *head;  /* the file's first line: what the points are of */
    char **line; /* [points], NULL: to be computed */
    unsigned done;
};

/* ---- the file ---- */

static pm_status io_error(struct sweep *s, const char *what) {
    return pm_fail(&s->of.job.error, PM_EIO, s->output, "%s: %s", what, strerror(errno));
}

/* Takes one line of the file. */
static pm_status take_line(struct sweep *s, unsigned number, const char *text, size_t length) {
    if (number == 0)
        return strlen(s->head) == length && memcmp(s->head, text, length) == 0
                   ? PM_OK
                   : pm_fail(&s->of.job.error, PM_EINVAL, s->output,
                             "holds another sweep; name another file");
    char *line = strndup(text, length);
    if (!line)
        return pm_fail(&s->of.job.error, PM_ENOMEM, s->output, "out of memory");
    struct pm_json json = {s->output, &s->of.job.error, NULL};
    int64_t point;
    bool good = pm_json_parse(&json, line, length) == PM_OK &&
                pm_json_is_integer(cJSON_GetObjectItemCaseSensitive(json.root, "point"), 0,
                                   (int64_t)s->of.points - 1, &point) &&
                !s->line[point];
    cJSON_Delete(json.root);
    if (!good) {
        free(line);
        return pm_fail(&s->of.job.error, PM_EFORMAT, s->output,
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
        return pm_fail(&s->of.job.error, PM_EIO, s->output, "another sweep writes it");
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
        return pm_fail(&s->of.job.error, PM_EIO, s->output, "is no regular file");
    const size_t size = (size_t)st.st_size;
    char *text = malloc(size + 1);
    if (!text)
        return pm_fail(&s->of.job.error, PM_ENOMEM, s->output, "out of memory");
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
        status = pm_fail(&s->of.job.error, PM_EINVAL, s->output, "holds something else; name another file");
    if (status == PM_OK && at < size && ftruncate(*fd, (off_t)at) != 0)
        status = io_error(s, "cannot be written");
    if (status == PM_OK && at == 0 && write(*fd, s->head, strlen(s->head)) != (ssize_t)strlen(s->head))
        status = io_error(s, "cannot be written");
    free(text);
    return status;
}

static pm_status append(struct sweep *s, int fd, unsigned index, const char *text) {
    const size_t length = strlen(text);
    /* A chip's points are made sooner than they are on the disk: what is lost is made again. */
    if (write(fd, text, length) != (ssize_t)length || (!s->of.kind->chip && fdatasync(fd) != 0))
        return io_error(s, "cannot be written");
    s->line[index] = strdup(text);
    s->done++;
    return s->line[index] ? PM_OK : pm_fail(&s->of.job.error, PM_ENOMEM, s->output, "out of memory");
}

static bool write_sorted(FILE *f, const void *content) {
    const struct sweep *s = content;
    bool ok = fputs(s->head, f) >= 0;
    for (unsigned i = 0; i < s->of.points && ok; i++)
        ok = fputs(s->line[i], f) >= 0;
    return ok;
}

/* ---- handing out ---- */

static void progress(const struct sweep *s, unsigned before, double start) {
    if (!isatty(STDERR_FILENO))
        return;
    const unsigned now = s->done - before, left = s->of.points - s->done;
    const double seconds = now ? (omp_get_wtime() - start) / now * left : 0;
    fprintf(stderr, "\rsweep: %u of %u points", s->done, s->of.points);
    if (now && left)
        fprintf(stderr, ", about %.0f s left", seconds);
    fprintf(stderr, "\033[K%s", left ? "" : "\r\033[K");
    fflush(stderr);
}

static unsigned next_point(const struct sweep *s, unsigned from) {
    while (from < s->of.points && s->line[from])
        from++;
    return from;
}

static pm_status run_alone(struct sweep *s, int fd) {
    const unsigned before = s->done;
    const double start = omp_get_wtime();
    pm_status status = PM_OK;
    char text[LINE];
    for (unsigned i = next_point(s, 0); i < s->of.points && status == PM_OK; i = next_point(s, i)) {
        progress(s, before, start);
        status = pm_sweep_compute(&s->of, i, text, sizeof text);
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
    unsigned next = status == PM_OK ? next_point(s, 0) : s->of.points,
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
            status = pm_fail(&s->of.job.error, PM_EIO, s->of.path, "%s", text);
        const uint32_t point = status == PM_OK && next < s->of.points ? next : END;
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
            snprintf(text, sizeof text, "%.1000s", s->of.job.error.text);
        MPI_Send(text, (int)strlen(text) + 1, MPI_CHAR, 0, tag, MPI_COMM_WORLD);
        MPI_Recv(&point, 1, MPI_UINT32_T, 0, TAG_POINT, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (point == END)
            return;
        tag = pm_sweep_compute(&s->of, point, text, sizeof text) == PM_OK ? TAG_LINE : TAG_ERROR;
    }
}

/* ---- the command ---- */

/* Every process: the specification and what it needs. */
static pm_status prepare(struct sweep *s, struct cJSON **root) {
    return s->of.path && s->output ? pm_sweep_load(&s->of, root)
                                   : pm_fail(&s->of.job.error, PM_EINVAL, s->of.path ? "--output" : "SPEC",
                                             "missing; see perimeter sweep --help");
}

static pm_status run_rank0(struct sweep *s, const struct cJSON *root, int ranks, pm_status status) {
    struct pm_outfile sorted = {0};
    int fd = -1;
    if (status == PM_OK) {
        char *spec = cJSON_PrintUnformatted(root);
        s->line = calloc(s->of.points, sizeof *s->line);
        s->head = spec ? malloc(strlen(spec) + 32) : NULL;
        if (!spec || !s->head || !s->line)
            status = pm_fail(&s->of.job.error, PM_ENOMEM, s->of.path, "out of memory");
        else
            sprintf(s->head, "{\"sweep\":%s}\n", spec);
        free(spec);
    }
    if (status == PM_OK)
        status = pm_outfile_plan(&sorted, s->output, &s->of.job.error);
    if (status == PM_OK)
        status = open_output(s, &fd);
    if (ranks > 1)
        status = run_master(s, fd, ranks - 1, status);
    else if (status == PM_OK)
        status = run_alone(s, fd);
    const void *content[] = {s};
    if (status == PM_OK)
        status = pm_outfile_write_all(&sorted, 1, write_sorted, content, &s->of.job.error);
    if (status != PM_OK)
        pm_error_print(&s->of.job.error);
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
    default:
        return pm_command_key(key, arg, state, "specification", &s->of.path, &s->of.job.error);
    }
}

static void sweep_free(struct sweep *s) {
    for (unsigned i = 0; s->line && i < s->of.points; i++)
        free(s->line[i]);
    free(s->line);
    free(s->head);
    pm_sweep_free(&s->of);
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
    pm_status status = pm_run_begin(&s->of.job);
    free(s->of.job.settings); /* each point has its own */
    s->of.job.settings = NULL;
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
    if (ranks > 1 && status == PM_OK && s->of.kind->network &&
        !pm_settings_value(s->of.fixed, "threads")->given)
        pm_settings_value(s->of.fixed, "threads")->at[0].i = 1;
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
