// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/shift_add/pm_shift_add.sv
