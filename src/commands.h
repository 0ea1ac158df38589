// SPDX-License-Identifier: Apache-2.0
/* The program's commands: each gets its own name as argv[0] and returns the exit status (0 done, 1 engines
 * differ, 2 bad usage or input). */
#ifndef PM_COMMANDS_H
#define PM_COMMANDS_H

int pm_cmd_calibrate(int argc, char **argv);
int pm_cmd_compile(int argc, char **argv);
int pm_cmd_infer(int argc, char **argv);
int pm_cmd_inspect(int argc, char **argv);
int pm_cmd_op(int argc, char **argv);
int pm_cmd_partition(int argc, char **argv);
int pm_cmd_run(int argc, char **argv);
int pm_cmd_search(int argc, char **argv);
int pm_cmd_sweep(int argc, char **argv);

#endif
