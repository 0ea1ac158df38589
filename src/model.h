// SPDX-License-Identifier: Apache-2.0
/* Networks as the user names them. */
#ifndef PM_MODEL_H
#define PM_MODEL_H

#include <limits.h>

/** The folder: as named, or a name of models/ or of the build. */
void pm_find_model(const char *name, char folder[PATH_MAX]);

#endif
