// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/emsbq/pm_msb_narrow.sv
rtl/emsbq/pm_msb_round.sv
rtl/kv_write/pm_kv_write.sv
