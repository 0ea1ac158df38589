// SPDX-License-Identifier: Apache-2.0
/* `perimeter search`: bits of weights and inputs for every matrix on crossbars, so that an inference takes
 * the least time within a loss of accuracy (Pelke et al., arXiv 2601.21737; docs/numerics.md, "Bit-width
 * search"). */
#include "commands.h"
#include "io/choice.h"
#include "search_job.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

/* ---- the report ---- */

static size_t best_of(const struct pm_search_job *c) {
    size_t best = c->eight;
    for (size_t i = 0; i < c->s.count; i++)
        if (pm_search_reward(c, i) > pm_search_reward(c, best))
            best = i;
    return best;
}

static void print_policy(const struct pm_search_job *c, const char *what, size_t number) {
    printf("%-28s %8.3fx %8.2f %% %+7.2f points\n", what, pm_search_speedup(c, number),
           pm_search_accuracy(c, number), pm_search_accuracy(c, number) - pm_search_accuracy(c, c->eight));
}

static int faster_first(const void *a, const void *b) {
    const struct pm_seen *x = *(const struct pm_seen *const *)a, *y = *(const struct pm_seen *const *)b;
    return x->time != y->time ? (x->time > y->time) - (x->time < y->time)
                              : (x->correct < y->correct) - (x->correct > y->correct);
}

/* Those that no other beats in both time and accuracy, from the fastest. */
static pm_status print_front(struct pm_search_job *c) {
    const struct pm_seen **by_time = malloc(c->s.count * sizeof *by_time);
    if (!by_time)
        return pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    for (size_t i = 0; i < c->s.count; i++)
        by_time[i] = &c->s.seen[i];
    qsort(by_time, c->s.count, sizeof *by_time, faster_first);
    printf("Front of all %zu policies seen:\n", c->s.count);
    for (size_t i = 0, best = 0; i < c->s.count; i++)
        if (i == 0 || by_time[i]->correct > best) {
            print_policy(c, "", (size_t)(by_time[i] - c->s.seen));
            best = by_time[i]->correct;
        }
    free(by_time);
    return PM_OK;
}

/* Whether every policy of the free layers that could be better than the best seen is among those seen. */
static bool knows_best(struct pm_search_job *c, size_t best) {
    const unsigned inner = c->s.policy.layers - 2;
    uint32_t all = 1, could = 0, seen = 0;
    if (inner > PM_SEARCH_FREE_LAYERS)
        return false;
    for (unsigned i = 0; i < inner; i++)
        all *= c->weights * PM_SEARCH_INPUTS;
    for (uint32_t code = 0; code < all; code++) {
        pm_search_set_code(c, code);
        could +=
            pm_search_reward_of(c, pm_policy_time(&c->s.policy, &c->s.chip), 100) > pm_search_reward(c, best);
    }
    const unsigned n = 2 * c->s.policy.layers;
    for (size_t i = 0; i < c->s.count; i++) {
        const uint8_t *b = c->s.seen[i].bits;
        bool counts = b[0] == 8 && b[1] == 8 && b[n - 2] == 8 && b[n - 1] == 8;
        for (unsigned k = 2; k < n - 2 && counts; k += 2)
            counts = b[k] % c->s.chip.cell == 0;
        seen += counts && pm_search_reward_of(c, c->s.seen[i].time, 100) > pm_search_reward(c, best);
    }
    return seen >= could;
}

static pm_status print_report(struct pm_search_job *c) {
    printf("%s, seed %" PRIu64 ": %u candidates, the best by %u, %u validation images; target %.2f %%\n",
           pm_search_methods[c->method], c->seed, c->done, c->at, c->s.images, c->target);
    printf("policy                        speedup  accuracy\n");
    print_policy(c, "8/8", c->eight);
    print_policy(c, "4/4, ends 8/8: the ceiling", c->four);
    const uint8_t *bits = c->s.seen[c->uniform].bits;
    char what[32];
    snprintf(what, sizeof what, "%u/%u, the best uniform one", bits[2], bits[3]);
    print_policy(c, what, c->uniform);
    if (c->method == PM_SEARCH_ESCH || c->method == PM_SEARCH_DDPG)
        print_policy(c, "before the descent", c->alone);
    print_policy(c, "found", c->found);
    const size_t optimum = best_of(c);
    if (knows_best(c, optimum)) {
        print_policy(c, "best of all", optimum);
        printf("%.1f %% of the best's reward\n",
               pm_search_reward(c, optimum) > 0
                   ? 100 * pm_search_reward(c, c->found) / pm_search_reward(c, optimum)
                   : 100.0);
    }
    return print_front(c);
}

static pm_status save(struct pm_search_job *c, struct pm_outfile *file) {
    pm_search_set(c, pm_search_reward(c, c->uniform) > pm_search_reward(c, c->found) ? c->uniform : c->found);
    char *text = pm_policy_text(&c->s.policy);
    const pm_status status =
        text ? pm_outfile_write_all(file, 1, pm_write_line, (const void *[]){text}, &c->s.run.error)
             : pm_fail(&c->s.run.error, PM_ENOMEM, c->output, "out of memory");
    free(text);
    return status;
}

/* ---- the command ---- */

/* A policy of the same bits in all inner layers, whose number goes to *number. */
static pm_status see_uniform(struct pm_search_job *c, unsigned w, unsigned a, size_t *number) {
    for (unsigned i = 0; i < c->s.policy.layers; i++) {
        c->s.policy.layer[i].w = w;
        c->s.policy.layer[i].a = a;
    }
    pm_search_set_ends(c);
    const pm_status status = pm_search_see(&c->s, number);
    if (status == PM_OK)
        c->s.seen[*number].tried = true;
    return status;
}

/* All uniform policies of at least three bits: what a search has to beat. */
static pm_status see_all_uniform(struct pm_search_job *c) {
    const unsigned least = 4 % c->s.chip.cell == 0 ? 4 : c->weight[0]; /* 4/4, or a multiple of the cell */
    pm_status status = see_uniform(c, 8, 8, &c->eight);
    if (status == PM_OK)
        status = see_uniform(c, least, least, &c->four);
    if (status != PM_OK)
        return status;
    c->target = pm_search_accuracy(c, c->eight) - c->drop;
    c->uniform = c->eight;
    for (unsigned k = 0; k < c->weights; k++)
        for (unsigned a = 3; a <= 8 && status == PM_OK; a++) {
            size_t number;
            status = c->weight[k] < 3 ? PM_OK : see_uniform(c, c->weight[k], a, &number);
            if (status == PM_OK && c->weight[k] >= 3 &&
                pm_search_reward(c, number) > pm_search_reward(c, c->uniform))
                c->uniform = number;
        }
    return status;
}

static pm_status prepare(struct pm_search_job *c, struct pm_outfile *file) {
    struct pm_run_job *j = &c->s.run;
    const char *missing = !j->model ? "MODEL" : !j->data ? "--data" : !c->output ? "--output" : NULL;
    if (missing)
        return pm_fail(&j->error, PM_EINVAL, missing, "missing; see perimeter search --help");
    if (c->descent == UINT_MAX)
        c->descent = c->episodes / 3;
    if (c->descent >= c->episodes)
        return pm_fail(&j->error, PM_EINVAL, "--descent", "%u of %u candidates leave none to the method",
                       c->descent, c->episodes);
    snprintf(c->s.state, sizeof c->s.state, "%s.seen", c->output);
    pm_status status = pm_run_load_network(j);
    if (status == PM_OK && j->network.form.classes == 0)
        status = pm_fail(&j->error, PM_EINVAL, j->model, "takes no images");
    if (status == PM_OK && pm_policy_new(&c->s.policy, j->network.graph) != PM_OK)
        status = pm_fail(&j->error, PM_ENOMEM, "search", "out of memory");
    if (status == PM_OK && (c->s.policy.layers < 3 || c->s.policy.layers > PM_PLAN_ENTRIES))
        status = pm_fail(&j->error, PM_EINVAL, j->model, "%u matrices and products, a search takes 3 to %d",
                         c->s.policy.layers, PM_PLAN_ENTRIES);
    for (unsigned w = c->s.chip.cell; w <= 8; w += c->s.chip.cell)
        if (w >= 2)
            c->weight[c->weights++] = w;
    if (status == PM_OK)
        status = pm_outfile_plan(file, c->output, &j->error);
    return status == PM_OK ? pm_search_resume(&c->s) : status;
}

static pm_status search(struct pm_search_job *c, struct pm_outfile *file) {
    pm_status status = prepare(c, file);
    if (status == PM_OK)
        status = see_all_uniform(c);
    if (status != PM_OK)
        return status;
    c->begun = time(NULL);
    c->all = c->method == PM_SEARCH_ESCH || c->method == PM_SEARCH_DDPG ? c->episodes : 0;
    status = c->method == PM_SEARCH_EXHAUSTIVE ? pm_search_exhaust(c)
             : c->method == PM_SEARCH_ESCH     ? pm_search_evolve(c)
             : c->method == PM_SEARCH_SINGLE   ? pm_search_single(c)
                                               : pm_search_learn(c);
    if (status == PM_OK && (c->method == PM_SEARCH_ESCH || c->method == PM_SEARCH_DDPG))
        status = pm_search_descend(c);
    if (c->done > 0 && pm_search_tells(c))
        fputs("\r\033[K", stderr);
    if (status != PM_OK || c->s.rank > 0)
        return status;
    status = save(c, file);
    return status == PM_OK ? print_report(c) : status;
}

enum {
    OPTION_DATA = 256,
    OPTION_CELL,
    OPTION_XBAR,
    OPTION_DROP,
    OPTION_METHOD,
    OPTION_EPISODES,
    OPTION_DESCENT,
    OPTION_IMAGES,
    OPTION_SEED,
    OPTION_OUTPUT
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct pm_search_job *c = state->input;
    int64_t v;
    char *end;
    switch (key) {
    case OPTION_DATA:
        c->s.run.data = arg;
        return 0;
    case OPTION_OUTPUT:
        c->output = arg;
        return 0;
    case OPTION_CELL:
        if (!pm_command_integer(arg, 1, 4, &v))
            return pm_command_refuse(&c->s.run.error, "--cell", arg, "1..4");
        c->s.chip.cell = (unsigned)v;
        return 0;
    case OPTION_XBAR:
        return pm_policy_crossbar(arg, &c->s.chip)
                   ? 0
                   : pm_command_refuse(&c->s.run.error, "--xbar", arg,
                                       "ROWSxCOLUMNS, 16..1024 rows, 2..4096 columns, even");
    case OPTION_DROP:
        c->drop = strtod(arg, &end);
        return *arg && !*end && c->drop >= 0 && c->drop <= 100
                   ? 0
                   : pm_command_refuse(&c->s.run.error, "--drop", arg, "a number in 0..100");
    case OPTION_METHOD: {
        const int method = pm_choice("exhaustive|esch|ddpg|single", arg, strlen(arg));
        c->method = (enum pm_search_method)method;
        return method >= 0
                   ? 0
                   : pm_command_refuse(&c->s.run.error, "--method", arg, "exhaustive, esch, ddpg or single");
    }
    case OPTION_EPISODES:
        if (!pm_command_integer(arg, 1, 1000000, &v))
            return pm_command_refuse(&c->s.run.error, "--episodes", arg, "1..1000000");
        c->episodes = (unsigned)v;
        return 0;
    case OPTION_DESCENT:
        if (!pm_command_integer(arg, 0, 1000000, &v))
            return pm_command_refuse(&c->s.run.error, "--descent", arg, "0..1000000");
        c->descent = (unsigned)v;
        return 0;
    case OPTION_IMAGES:
        if (!pm_command_integer(arg, 1, 30000, &v))
            return pm_command_refuse(&c->s.run.error, "--images", arg, "1..30000");
        c->s.images = (unsigned)v;
        return 0;
    case OPTION_SEED:
        if (!pm_command_integer(arg, 0, UINT32_MAX, &v))
            return pm_command_refuse(&c->s.run.error, "--seed", arg, "0..4294967295");
        c->seed = (uint64_t)v;
        return 0;
    default:
        return pm_command_key(key, arg, state, "network", &c->s.run.model, &c->s.run.error);
    }
}

int pm_cmd_search(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"data", OPTION_DATA, "DIR", 0, "Folder with the data set's IDX files", 0},
        {"cell", OPTION_CELL, "BITS", 0, "of a cell, 1..4 (4); weights have multiples of it", 0},
        {"xbar", OPTION_XBAR, "ROWSxCOLUMNS", 0, "Size of a crossbar (256x256)", 0},
        {"drop", OPTION_DROP, "POINTS", 0, "of accuracy that may be lost against 8/8 (0.5)", 0},
        {"method", OPTION_METHOD, "exhaustive|esch|ddpg|single", 0,
         "(ddpg); single: what each layer alone costs at few bits", 0},
        {"episodes", OPTION_EPISODES, "N", 0, "Candidates of esch and ddpg (600)", 0},
        {"descent", OPTION_DESCENT, "N", 0,
         "The last N of them change one or two layers of the best policy (a third of them)", 0},
        {"images", OPTION_IMAGES, "N", 0, "Validation images: the last N of the training set (1000)", 0},
        {"seed", OPTION_SEED, "N", 0, "of esch and ddpg (1)", 0},
        {"output", OPTION_OUTPUT, "P.json", 0,
         "The policy, for compile. P.json.seen has every policy's accuracy: a later call goes on from it", 0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {options,
                                     parse,
                                     "MODEL --data DIR --output P.json",
                                     "Finds the bits of weights and inputs of every matrix, and of every "
                                     "product of attention, with which an "
                                     "inference on crossbars takes the least "
                                     "time within a loss of accuracy. The first and the last layer have 8. "
                                     "Under mpirun the ranks share the images; "
                                     "the result is the same for any number of them.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct pm_search_job *c = calloc(1, sizeof *c);
    struct pm_outfile file = {0};
    if (!c) {
        fprintf(stderr, "perimeter: search: out of memory\n");
        return 2;
    }
    c->s.chip = (struct pm_xbar_chip){.cell = 4, .rows = 256, .cols = 256, .write = 560, .mvm = 14};
    c->method = PM_SEARCH_DDPG;
    c->drop = 0.5;
    c->episodes = 600;
    c->descent = UINT_MAX;
    c->seed = 1;
    c->s.images = 1000;
    c->s.ranks = 1;
    const bool mpi = getenv("PMIX_RANK") || getenv("OMPI_COMM_WORLD_SIZE");
    if (mpi) {
        MPI_Init(NULL, NULL);
        MPI_Comm_rank(MPI_COMM_WORLD, &c->s.rank);
        MPI_Comm_size(MPI_COMM_WORLD, &c->s.ranks);
    }
    pm_status status = pm_run_begin(&c->s.run);
    if (status == PM_OK && argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, c) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = search(c, &file);
    if (status == PM_OK && fflush(stdout) != 0)
        status = pm_fail(&c->s.run.error, PM_EIO, "standard output", "cannot be written");
    if (status != PM_OK && c->s.rank == 0)
        pm_error_print(&c->s.run.error);
    pm_search_end(&c->s);
    pm_outfile_free(&file);
    free(c);
    if (mpi)
        MPI_Finalize();
    return status == PM_OK ? 0 : 2;
}
