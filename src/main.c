// SPDX-License-Identifier: Apache-2.0
/* perimeter: the command-line program. */
#include "commands.h"

#include <argp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"doctor", pm_cmd_doctor},       {"help", pm_cmd_help},     {"infer", pm_cmd_infer},
    {"inspect", pm_cmd_inspect},     {"op", pm_cmd_op},         {"run", pm_cmd_run},
    {"calibrate", pm_cmd_calibrate}, {"chip", pm_cmd_chip},     {"compile", pm_cmd_compile},
    {"partition", pm_cmd_partition}, {"report", pm_cmd_report}, {"score", pm_cmd_score},
    {"search", pm_cmd_search},       {"sweep", pm_cmd_sweep},
};

static const char doc[] =
    "The digital edge of analog compute-in-memory: golden model and RTL.\vCommands:\n"
    "  op NAME          run one block on your own vectors (.npy)\n"
    "  run MODEL        run a whole network: accuracy, accesses, cycles\n"
    "  infer FILE       run an ONNX network on your own tensors (.npy)\n"
    "  inspect FILE     what an ONNX network has: nodes, shapes, layers\n"
    "  calibrate MODEL  find the ranges of what its matrices see\n"
    "  chip NET         time, energy and area of a network on a chip\n"
    "  compile MODEL    slice it onto crossbars by a policy of bits\n"
    "  partition MODEL  choose engines and number formats of its layers\n"
    "  search MODEL     find such a policy\n"
    "  report [FILE]    one page of HTML from what these left\n"
    "  score            error rates of texts, perplexity and ranks of logits\n"
    "  sweep SPEC       many runs over a grid and seeds, in many processes\n"
    "  doctor           what is installed, and what that switches on\n"
    "  help WORD ...    the paragraphs of the pages that have these words\n\n"
    "perimeter COMMAND --help tells more. Exit status: 0 done, 1 engines differ, 2 bad usage or input.";

static const struct argp_option options[] = {
    {"help", 'h', NULL, 0, "This help", 0},
    {"version", 'V', NULL, 0, "The program's version", 0},
    {0},
};

struct args {
    const struct command *command;
    int at;    /* its place in argv */
    bool done; /* it was --help or --version */
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct args *a = state->input;
    switch (key) {
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        a->done = true;
        return 0;
    case 'V':
        printf("perimeter %s\n", pm_version);
        a->done = true;
        return 0;
    case ARGP_KEY_ARG:
        for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
            if (strcmp(arg, commands[k].name) == 0)
                a->command = &commands[k];
        if (!a->command)
            return EINVAL;
        /* The rest is the command's own. */
        a->at = state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_ERROR:
        fprintf(stderr, "perimeter: %s: no such command or option; see perimeter --help\n",
                state->argv[state->next - 1]);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv) {
    static const struct argp argp = {options, parse, "COMMAND ...", doc, NULL, NULL, NULL};
    struct args a = {0};
    /* A file that grows past its limit, or a closed pipe, is an error like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &a) != 0)
        return 2;
    if (!a.command) {
        if (!a.done)
            fprintf(stderr, "perimeter: no command; see perimeter --help\n");
        return a.done && fflush(stdout) == 0 ? 0 : 2;
    }
    char argv0[32];
    snprintf(argv0, sizeof argv0, "perimeter %s", a.command->name);
    argv[a.at] = argv0;
    return a.command->run(argc - a.at, argv + a.at);
}
