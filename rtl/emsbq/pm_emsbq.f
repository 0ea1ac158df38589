// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_lead_one.sv
rtl/emsbq/pm_emsb.sv
rtl/emsbq/pm_emsbq.sv
rtl/emsbq/pm_msb_narrow.sv
rtl/emsbq/pm_msb_round.sv
rtl/emsbq/pm_msb_parse.sv
