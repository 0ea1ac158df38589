// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/nor_pim/pm_nor_reduce.sv
rtl/nor_pim/pm_nor_pim.sv
