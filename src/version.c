// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

const char pm_version[] = PM_VERSION;
