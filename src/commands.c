// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

#include <errno.h>
#include <stdlib.h>

error_t pm_command_refuse(struct pm_error *e, const char *option, const char *arg, const char *what) {
    pm_fail(e, PM_EINVAL, option, "'%s' is not %s", arg, what);
    return EINVAL;
}

bool pm_command_integer(const char *arg, int64_t lo, int64_t hi, int64_t *v) {
    char *end;
    *v = strtoll(arg, &end, 10);
    return *arg && !*end && *v >= lo && *v <= hi;
}

error_t pm_command_key(int key, char *arg, struct argp_state *state, const char *what, const char **operand,
                       struct pm_error *e) {
    switch (key) {
    case 'h':
        argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
        exit(fflush(stdout) == 0 ? 0 : 2);
    case ARGP_KEY_ARG:
        if (*operand)
            return pm_fail(e, PM_EINVAL, arg, "one %s at a time", what), EINVAL;
        *operand = arg;
        return 0;
    case ARGP_KEY_ERROR:
        if (!*e->text)
            pm_fail(e, PM_EINVAL, state->argv[state->next - 1], "no such option, or its value is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
