// SPDX-License-Identifier: Apache-2.0
/* `perimeter partition`: which engine and which numbers each layer gets, by loss measured layer by layer
 * (Khwa et al., "2DQA"; docs/numerics.md, "Partition"). */
#include "commands.h"
#include "partition_job.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { C = PM_PARTITION_CHOICES, SEARCHED = 50000000 /* partial choices, seconds */ };

struct command {
    struct pm_partition_job job;
    double points; /* of accuracy that may be lost */
    int64_t cap;
};

/* ---- choosing ---- */

struct result {
    uint8_t *cfg;
    size_t moves, taken_back;
    unsigned correct;
};

static struct pm_partition problem(const struct command *a, int64_t budget) {
    const struct pm_partition_job *p = &a->job;
    return (struct pm_partition){p->layers, C, p->s, p->e, p->bits, budget, a->cap};
}

/* The first n moves. */
static void replay(const struct pm_partition_job *p, const struct pm_partition_move *move, size_t n,
                   uint8_t *cfg) {
    memset(cfg, 0, p->layers);
    for (size_t i = 0; i < n; i++)
        cfg[move[i].layer] = (uint8_t)move[i].choice;
}

static int64_t bits_of(const struct pm_partition_job *p, const uint8_t *cfg) {
    int64_t sum = 0;
    for (unsigned l = 0; l < p->layers; l++)
        sum += p->bits[l * C + cfg[l]];
    return sum;
}

/* Losses do not quite add up: the moves run jointly, and the latest are taken back as long as too much is
 * lost. */
static pm_status settle(struct command *a, int64_t budget, const struct pm_partition_move *move, size_t moves,
                        struct result *r) {
    struct pm_partition_job *p = &a->job;
    pm_status status = PM_OK;
    for (r->moves = moves;; r->moves--) {
        replay(p, move, r->moves, r->cfg);
        if (bits_of(p, r->cfg) > a->cap)
            return pm_fail(&p->run.error, PM_ERANGE, "partition",
                           "no plan within --budget and --sram when its layers run together");
        status = pm_partition_correct(p, "all layers", r->cfg, &r->correct);
        if (status != PM_OK || r->moves == 0 || (int64_t)p->correct - r->correct <= budget)
            break;
    }
    r->taken_back = moves - r->moves;
    return status;
}

static pm_status choose(struct command *a, int64_t budget, struct result *r) {
    const struct pm_partition t = problem(a, budget);
    struct pm_partition_move *move;
    size_t moves;
    pm_status status = pm_partition(&t, r->cfg, &move, &moves);
    if (status == PM_ERANGE)
        return pm_fail(&a->job.run.error, status, "partition", "no plan within --budget and --sram");
    if (status != PM_OK)
        return pm_fail(&a->job.run.error, status, "partition", "%s", pm_strerror(status));
    status = settle(a, budget, move, moves, r);
    free(move);
    return status;
}

/* ---- telling ---- */

static void print_choice(const struct command *a, const char *name, const uint8_t *cfg) {
    const struct pm_partition t = problem(a, 0);
    const int64_t energy = pm_partition_energy(&t, cfg);
    uint8_t *start = calloc(t.layers, 1);
    const int64_t first = start ? pm_partition_energy(&t, start) : 0;
    printf("%-28s %14" PRId64 " units %+7.2f%%  %10" PRId64 " SRAM bits\n", name, energy,
           first ? 100 * ((double)energy / (double)first - 1) : 0, bits_of(&a->job, cfg));
    free(start);
}

/* The least energy of all choices, where they can all be looked at; as the sum of losses says, like the
 * greedy one's. */
static void print_optimum(const struct command *a, int64_t budget, const uint8_t *cfg) {
    const struct pm_partition t = problem(a, budget);
    uint8_t *best = calloc(t.layers, 1);
    const pm_status status = best ? pm_partition_exhaustive(&t, SEARCHED, best) : PM_ENOMEM;
    if (status == PM_OK) {
        const double least = (double)pm_partition_energy(&t, best),
                     found = (double)pm_partition_energy(&t, cfg);
        print_choice(a, "best of all choices", best);
        printf("distance to it: %+.2f%% energy\n", least > 0 ? 100 * (found / least - 1) : 0);
    } else {
        printf("all choices: not searched, more than %d partial ones\n", SEARCHED);
    }
    free(best);
}

static void print_layers(const struct pm_partition_job *p, const uint8_t *cfg) {
    printf("%-16s %-32s %6s %14s %12s\n", "layer", "configuration", "lost", "units", "SRAM bits");
    for (unsigned l = 0; l < p->layers; l++) {
        const size_t at = (size_t)l * C + cfg[l];
        printf("%-16s %-32s %6" PRId32 " %14" PRId32 " %12" PRId64 "\n",
               p->run.network.graph->node[p->node[l]].name, pm_partition_choices[cfg[l]], p->s[at], p->e[at],
               p->bits[at]);
    }
}

static void print_all(const struct command *a, int64_t budget, const struct result *r) {
    const struct pm_partition_job *p = &a->job;
    uint8_t *all = calloc(p->layers, 1);
    print_layers(p, r->cfg);
    printf(
        "\n%zu moves, %zu taken back; %u of %u validation images correct, %u as they began; budget %" PRId64
        "\n",
        r->moves, r->taken_back, r->correct, p->images, p->correct, budget);
    printf("Energy of a model, an image: %" PRId64 " a memristor access and column pair, %" PRId64
           " an SRAM plane, row pair and column, %" PRId64 " a tiny MAC\n",
           p->unit[0], p->unit[1], p->unit[2]);
    if (all) {
        print_choice(a, "all in SRAM, floating point", all);
        memset(all, 7, p->layers);
        print_choice(a, "all in memristors, integers", all);
    }
    print_choice(a, "this plan", r->cfg);
    print_optimum(a, budget, r->cfg);
    free(all);
}

static pm_status save_plan(struct pm_partition_job *p, const uint8_t *cfg, struct pm_outfile *file) {
    struct pm_plan plan;
    pm_status status = pm_partition_plan(p, cfg, &plan);
    struct pm_results *r = pm_results_new();
    if (status == PM_OK && r)
        pm_plan_results(&plan, r);
    char *text = status == PM_OK && r ? pm_results_json(r, true) : NULL;
    if (text)
        status = pm_outfile_write_all(file, 1, pm_write_line, (const void *[]){text}, &p->run.error);
    else if (status == PM_OK)
        status = pm_fail(&p->run.error, PM_ENOMEM, p->output, "out of memory");
    pm_results_free(r);
    free(text);
    pm_plan_free(&plan);
    return status;
}

/* ---- the command ---- */

static pm_status partition(struct command *a, struct pm_outfile *file) {
    struct pm_partition_job *p = &a->job;
    struct pm_run_job *j = &p->run;
    struct result r = {0};
    unsigned kept = 0;
    const char *missing = !j->model ? "MODEL" : !j->data ? "--data" : !p->output ? "--output" : NULL;
    if (missing)
        return pm_fail(&j->error, PM_EINVAL, missing, "missing; see perimeter partition --help");
    snprintf(p->state, sizeof p->state, "%s.measured", p->output);
    pm_status status = pm_run_load_network(j);
    if (status == PM_OK && j->network.form.classes == 0)
        status = pm_fail(&j->error, PM_EINVAL, j->model, "takes no images");
    if (status == PM_OK)
        status = pm_outfile_plan(file, p->output, &j->error);
    if (status == PM_OK)
        status = pm_partition_prepare(p);
    if (status == PM_OK)
        status = pm_partition_resume(p, &kept);
    if (status == PM_OK && kept > 0)
        printf("%u of %u losses are in %s\n", kept, p->layers * C, p->state);
    if (status == PM_OK)
        status = pm_partition_measure(p);
    if (status != PM_OK)
        return status;
    const int64_t budget = (int64_t)floor(p->images * a->points / 100 + 1e-9);
    r.cfg = calloc(p->layers, 1);
    status = r.cfg ? choose(a, budget, &r) : pm_fail(&j->error, PM_ENOMEM, "partition", "out of memory");
    if (status == PM_OK)
        status = save_plan(p, r.cfg, file);
    if (status == PM_OK) {
        print_all(a, budget, &r);
        unlink(p->state);
    }
    free(r.cfg);
    return status;
}

enum { OPTION_DATA = 256, OPTION_BUDGET, OPTION_ENERGY, OPTION_SRAM, OPTION_IMAGES, OPTION_OUTPUT };

/* "1,1,1" */
static bool energies(const char *arg, int64_t unit[PM_KHWA_ENGINES]) {
    for (unsigned part = 0; part < PM_KHWA_ENGINES; part++) {
        char *end;
        unit[part] = strtoll(arg, &end, 10);
        if (end == arg || unit[part] < 0 || unit[part] > 1000000 ||
            *end != (part + 1 < PM_KHWA_ENGINES ? ',' : 0))
            return false;
        arg = end + 1;
    }
    return true;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct command *a = state->input;
    struct pm_run_job *j = &a->job.run;
    int64_t v;
    char *end;
    switch (key) {
    case OPTION_DATA:
        j->data = arg;
        return 0;
    case OPTION_OUTPUT:
        a->job.output = arg;
        return 0;
    case OPTION_BUDGET:
        a->points = strtod(arg, &end);
        return *arg && !*end && a->points >= 0 && a->points <= 100
                   ? 0
                   : pm_command_refuse(&j->error, "--budget", arg, "a number in 0..100");
    case OPTION_ENERGY:
        return energies(arg, a->job.unit)
                   ? 0
                   : pm_command_refuse(&j->error, "--energy", arg, "three numbers in 0..1000000");
    case OPTION_SRAM:
        return pm_command_integer(arg, 0, INT64_C(1) << 53, &a->cap)
                   ? 0
                   : pm_command_refuse(&j->error, "--sram", arg, "0..2^53");
    case OPTION_IMAGES:
        if (!pm_command_integer(arg, 1, 30000, &v))
            return pm_command_refuse(&j->error, "--images", arg, "1..30000");
        a->job.images = (unsigned)v;
        return 0;
    default:
        return pm_command_key(key, arg, state, "network", &j->model, &j->error);
    }
}

int pm_cmd_partition(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"data", OPTION_DATA, "DIR", 0, "Folder with the data set's IDX files", 0},
        {"budget", OPTION_BUDGET, "POINTS", 0, "Points of accuracy that may be lost (0.45)", 0},
        {"sram", OPTION_SRAM, "BITS", 0, "Bits of SRAM for weights (1048576)", 0},
        {"energy", OPTION_ENERGY, "M,S,T", 0,
         "Of a memristor access and column pair, an SRAM plane, row pair and column, a tiny MAC (1,1,1)", 0},
        {"images", OPTION_IMAGES, "N", 0, "Validation images: the last N of the training set (1000)", 0},
        {"output", OPTION_OUTPUT, "PLAN.json", 0,
         "The plan, for run --plan. PLAN.json.measured has what was measured until it is there; a later call "
         "goes on from it",
         0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {options,
                                     parse,
                                     "MODEL --data DIR --output PLAN.json",
                                     "Chooses engine, number formats and kernels of each layer of system "
                                     "khwa: measures what each layer loses alone in each "
                                     "configuration, takes the moves that save the most energy for each lost "
                                     "image, and takes back the latest where the layers "
                                     "together lose more.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct command *a = calloc(1, sizeof *a);
    struct pm_outfile file = {0};
    if (!a) {
        fprintf(stderr, "perimeter: partition: out of memory\n");
        return 2;
    }
    a->points = 0.45;
    a->cap = 1 << 20;
    a->job.images = 1000;
    for (unsigned part = 0; part < PM_KHWA_ENGINES; part++)
        a->job.unit[part] = 1;
    pm_status status = pm_run_begin(&a->job.run);
    if (status == PM_OK && argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, a) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = partition(a, &file);
    if (status == PM_OK && fflush(stdout) != 0)
        status = pm_fail(&a->job.run.error, PM_EIO, "standard output", "cannot be written");
    if (status != PM_OK)
        pm_error_print(&a->job.run.error);
    pm_partition_end(&a->job);
    pm_outfile_free(&file);
    free(a);
    return status == PM_OK ? 0 : 2;
}
