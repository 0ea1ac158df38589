// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/wake/pm_wake.sv
