// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_fifo.sv
rtl/common/pm_shift_fifo.sv
rtl/common/pm_max_tree.sv
rtl/vdr_softmax/pm_vdr_square.sv
rtl/vdr_softmax/pm_vdr_reduce.sv
rtl/vdr_softmax/pm_vdr_exp.sv
rtl/vdr_softmax/pm_vdr_row.sv
rtl/vdr_softmax/pm_vdr_rows.sv
rtl/vdr_softmax/pm_vdr_softmax.sv
