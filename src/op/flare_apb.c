// SPDX-License-Identifier: Apache-2.0
#include "op/attention.h"

static pm_status prepare(struct pm_op_job *job) {
    if (job->rtl && job->dim['D'] % 4 != 0)
        return pm_op_fail(job, PM_ESHAPE, "x", "D=%zu is not a multiple of 4, as words of the bus are",
                          job->dim['D']);
    return pm_op_flare_attention.prepare(job);
}

/* All of flare-attention's, in RTL by the driver through the registers. */
static struct pm_op op;
__attribute__((constructor)) static void define(void) {
    op = pm_op_flare_attention;
    op.name = "flare-apb";
    op.block = "flare_apb";
    op.summary = "flare-attention, in RTL run by the driver through its peripheral's registers";
    op.driver = "pm_flare_apb_rtl";
    op.prepare = prepare;
    op.timing.signals = "psel penable pwrite paddr pwdata pready prdata pslverr";
    op.timing.clocks = 24;
}
PM_OP(op);
