// SPDX-License-Identifier: Apache-2.0
/* `perimeter chip`: what a network costs on a chip, time, energy and area. */
#include "chip_query.h"
#include "commands.h"
#include "fileio.h"

#include <argp.h>
#include <stdlib.h>

#define SETS 128

struct chip {
    struct pm_chip_query query;
    const char *system, *output, *set[SETS];
    unsigned sets;
    char whole[64];
    struct pm_error error;
};

enum { OPTION_SYSTEM = 256, OPTION_PLACE, OPTION_CONFIG, OPTION_MEASURED, OPTION_SET, OPTION_OUTPUT };

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct chip *c = state->input;
    switch (key) {
    case OPTION_SYSTEM:
        c->system = arg;
        return pm_chip_system_of(arg) < PM_CHIP_SYSTEMS && pm_chip_system_of(arg) > PM_CHIP_HOST
                   ? 0
                   : pm_command_refuse(&c->error, "--system", arg, "hyflexpim, flare, khwa, nmc or xbar");
    case OPTION_PLACE:
        if (c->query.places == PM_CHIP_PLACES - 1)
            return pm_command_refuse(&c->error, "--place", arg, "one of the first 63");
        c->query.place[++c->query.places] = arg;
        return 0;
    case OPTION_CONFIG:
        c->query.config_path = arg;
        return 0;
    case OPTION_MEASURED:
        c->query.measured_path = arg;
        return 0;
    case OPTION_SET:
        if (c->sets == SETS)
            return pm_command_refuse(&c->error, "--set", arg, "one of the first 128");
        c->set[c->sets++] = arg;
        return 0;
    case OPTION_OUTPUT:
        c->output = arg;
        return 0;
    default:
        return pm_command_key(key, arg, state, "network", &c->query.network, &c->error);
    }
}

/* --system is the place of all layers, before those of --place. */
static pm_status begin(struct chip *c) {
    struct pm_chip_query *q = &c->query;
    if (!q->network)
        return pm_fail(&c->error, PM_EINVAL, "NET", "missing; see perimeter chip --help");
    if (!c->system && q->places == 0)
        return pm_fail(&c->error, PM_EINVAL, "--system", "missing; see perimeter chip --help");
    snprintf(c->whole, sizeof c->whole, "*=%s", c->system ? c->system : "host");
    q->place[0] = c->whole;
    q->places++;
    return pm_chip_query_load(q, &c->error);
}

static pm_status write_json(struct chip *c, const char *text) {
    struct pm_outfile out;
    const void *content[] = {text};
    pm_status status = pm_outfile_plan(&out, c->output, &c->error);
    if (status == PM_OK)
        status = pm_outfile_write_all(&out, 1, pm_write_line, content, &c->error);
    pm_outfile_free(&out);
    return status;
}

static pm_status answer(struct chip *c) {
    struct pm_chip_bill bill;
    pm_status status = pm_chip_evaluate(&c->query.job, &bill, &c->error);
    if (status != PM_OK)
        return status;
    char *text = c->output ? pm_chip_json(&c->query, &bill) : NULL;
    if (c->output)
        status = text ? write_json(c, text) : pm_fail(&c->error, PM_ENOMEM, c->output, "out of memory");
    if (status == PM_OK)
        pm_chip_print(&c->query, &bill, stdout);
    free(text);
    pm_chip_bill_free(&bill);
    return status;
}

int pm_cmd_chip(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"system", OPTION_SYSTEM, "NAME", 0,
         "Whose chip computes the network: hyflexpim, flare, khwa, nmc or xbar", 0},
        {"place", OPTION_PLACE, "PATTERN=NAME", 0,
         "Layers of other systems, one bill for all; host leaves them out. Again for more, the last one wins",
         0},
        {"config", OPTION_CONFIG, "FILE", 0, "JSON: settings, and components that replace the table's", 0},
        {"measured", OPTION_MEASURED, "FILE", 0, "The summary of a run: its counts replace what is assumed",
         0},
        {"set", OPTION_SET, "KEY=VALUE", 0,
         "A setting, a key of NET, or COMPONENT.KEY: count, area_mm2, power_mw, energy_pj", 0},
        {"output", OPTION_OUTPUT, "FILE", 0, "All of it as JSON", 0},
        {"help", 'h', NULL, 0, "This help", 0},
        {0},
    };
    static const struct argp argp = {
        options,
        parse,
        "NET --system NAME",
        "Time, energy and area of a network on a chip: actions counted from its shape "
        "times a table of components. NET is a description, a network's folder or a "
        "name of models/shapes; each figure says how far to trust it.",
        NULL,
        NULL,
        NULL};
    struct chip *c = calloc(1, sizeof *c);
    if (!c) {
        fprintf(stderr, "perimeter: chip: out of memory\n");
        return 2;
    }
    pm_status status = PM_OK;
    if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, c) != 0)
        status = PM_EINVAL;
    if (status == PM_OK)
        status = begin(c);
    for (unsigned i = 0; i < c->sets && status == PM_OK; i++)
        status = pm_chip_query_set(&c->query, c->set[i], &c->error);
    if (status == PM_OK)
        status = pm_chip_query_prepare(&c->query, &c->error);
    if (status == PM_OK)
        status = answer(c);
    if (status != PM_OK)
        pm_error_print(&c->error);
    pm_chip_query_free(&c->query);
    free(c);
    return status == PM_OK ? 0 : 2;
}
