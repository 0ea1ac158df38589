// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/prealign/pm_fp_norm.sv
rtl/mix_gemv/pm_kernel_route.sv
rtl/mix_gemv/pm_mix_gemv.sv
