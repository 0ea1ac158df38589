// SPDX-License-Identifier: Apache-2.0
/* The program's commands: each gets its own name as argv[0] and returns the exit status (0 done, 1 engines
 * differ, 2 bad usage or input). */
#ifndef PM_COMMANDS_H
#define PM_COMMANDS_H

#include <argp.h>

#include "io/error.h"

/** As `perimeter --version` has it. */
extern const char pm_version[];

int pm_cmd_calibrate(int argc, char **argv);
int pm_cmd_chip(int argc, char **argv);
int pm_cmd_compile(int argc, char **argv);
int pm_cmd_doctor(int argc, char **argv);
int pm_cmd_help(int argc, char **argv);
int pm_cmd_infer(int argc, char **argv);
int pm_cmd_inspect(int argc, char **argv);
int pm_cmd_op(int argc, char **argv);
int pm_cmd_partition(int argc, char **argv);
int pm_cmd_report(int argc, char **argv);
int pm_cmd_run(int argc, char **argv);
int pm_cmd_score(int argc, char **argv);
int pm_cmd_search(int argc, char **argv);
int pm_cmd_sweep(int argc, char **argv);

/* For their parsers. */

/** What an argp parser does with keys that are not its own: --help, the one operand, which is a `what`, and
 * options that there are not. */
error_t pm_command_key(int key, char *arg, struct argp_state *state, const char *what, const char **operand,
                       struct pm_error *e);
/** EINVAL, and "OPTION: 'ARG' is not WHAT" in *e. */
error_t pm_command_refuse(struct pm_error *e, const char *option, const char *arg, const char *what);
/** Whether arg is an integer in lo..hi, which goes to *v. */
bool pm_command_integer(const char *arg, int64_t lo, int64_t hi, int64_t *v);

#endif
