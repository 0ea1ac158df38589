// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/tiny_mac/pm_tiny_mac.sv
