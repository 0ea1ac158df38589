// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/therm_enc/pm_therm_enc.sv
