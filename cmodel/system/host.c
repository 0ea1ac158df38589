// SPDX-License-Identifier: Apache-2.0
/* The host, in float: the graph computes what is here itself. */
#include "system/system.h"

const struct pm_system pm_system_host = {
    .name = "host", .summary = "float on the host", .title = "the host", .takes = PM_TAKES(PM_NODE_MATRIX)};
