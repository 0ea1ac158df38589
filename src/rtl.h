// SPDX-License-Identifier: Apache-2.0
/* The RTL engine: a block's verilated bench, built on demand and loaded at run time. */
#ifndef PM_RTL_H
#define PM_RTL_H

#include "pm_types.h"
#include "tb/common/pm_sim.h"

struct pm_rtl;

/** Where rtl/, tb/, scripts/ and models/ are: PERIMETER_HOME, or what was installed with this program, or the
 * tree that it was built in. */
const char *pm_home(void);
/** Where models are built: PERIMETER_BUILD, or the user's cache folder where the program is installed, or the
 * folder that it was built into. */
const char *pm_build(void);

/** Loads BLOCK's bench elaborated with `params` ("Rows=64 Slice=16", names of pm_BLOCK_tb's parameters),
 * building it first where it is missing or older than its sources. `wave`: with waveforms. On error prints
 * nothing and writes one line into err. */
pm_status pm_rtl_open(const char *block, const char *params, bool wave, struct pm_rtl **rtl, char *err,
                      size_t errlen);

/** The function `name` of a loaded bench, as declared in tb/BLOCK/BLOCK_rtl.h; NULL where it has none. The
 * caller casts it to the declared type. */
void (*pm_rtl_function(struct pm_rtl *rtl, const char *name))(void);

/** Runs argv; the first line of what it prints, on either output, goes to `line`. Its exit status; -1: it
 * could not be run, or was ended. */
int pm_first_line(const char *const argv[], char *line, size_t size);

void pm_rtl_close(struct pm_rtl *rtl);

#endif
