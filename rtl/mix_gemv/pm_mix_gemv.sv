// SPDX-License-Identifier: Apache-2.0
/// Behind the engines of a mixed layer: their dot products in kernel order, as they are or as FP32 numbers at the power of
/// two that the vector's and the kernel's exponents give. (Khwa et al., Nature 639, 617 (2025); docs/numerics.md, "Mixed
/// layers".)
///
/// A result a clock, a clock after its dot product was taken, and pm_fp_norm's later where float_i is 1.
module pm_mix_gemv #(
    /// Kernels of the layer, at least 2.
    parameter int unsigned Kernels = 64,
    /// Bits of an exponent of two, signed, 2..16.
    parameter int unsigned PW = 10,
    localparam int unsigned W = 40
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    /// 1: FP32; 0: the dot product. This and the tables stand still while anything is inside.
    input  logic                  float_i,
    /// Kernel m's engine at [2*m +: 2]: 0 memristor, 1 SRAM, 2 tiny digital.
    input  logic [ 2*Kernels-1:0] dest_i,
    /// Kernel m's power of two at [m*PW +: PW], signed.
    input  logic [Kernels*PW-1:0] pw_i,
    /// Powers of two of the inputs, one a vector, signed, where float_i is 1. Taken with the vector's last dot product.
    input  logic                  px_valid_i,
    output logic                  px_ready_o,
    /// The power; a kernel's and a vector's add up within PW bits.
    input  logic [        PW-1:0] px_i,
    /// Dot products of engine 0, 1 and 2, each in kernel order. Ready follows y_ready_i within the clock.
    input  logic [           2:0] valid_i,
    output logic [           2:0] ready_o,
    /// Engine j's dot product, signed, at [j*40 +: 40].
    input  logic [       3*W-1:0] dpv_i,
    /// Results in kernel order, vector after vector.
    output logic                  y_valid_o,
    input  logic                  y_ready_i,
    /// FP32 in the low 32 bits, or the dot product.
    output logic [         W-1:0] y_o,
    /// FP32: it is +0 though the dot product is not 0.
    output logic                  uf_o,
    /// FP32: it is an infinity.
    output logic                  of_o
);
  if (Kernels < 2) begin : g_kernels_range
    $error("pm_mix_gemv: Kernels must be at least 2");
  end
  if (PW < 2 || PW > 16) begin : g_power_range
    $error("pm_mix_gemv: PW must be 2..16");
  end

  localparam int unsigned IndexW = $clog2(Kernels);

  logic dpv_valid, dpv_ready, enters, held_q, leaves, norm_ready, norm_valid, uf, of;
  logic [W-1:0] dpv, dpv_q;
  logic [PW-1:0] p_q;
  logic [IndexW-1:0] index;
  logic [31:0] norm;

  pm_kernel_route #(
      .Kernels(Kernels),
      .W(W)
  ) u_route (
      .clk_i,
      .rst_ni,
      .dest_i,
      .valid_i,
      .ready_o,
      .x_i(dpv_i),
      .y_valid_o(dpv_valid),
      .y_ready_i(dpv_ready),
      .y_o(dpv),
      .index_o(index)
  );

  // The tables' multiplexers end here.
  assign leaves     = !held_q || (float_i ? norm_ready : y_ready_i);
  assign enters     = dpv_valid && (!float_i || px_valid_i);
  assign dpv_ready  = leaves && (!float_i || px_valid_i);
  assign px_ready_o = float_i && dpv_valid && leaves && index == IndexW'(Kernels - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (leaves) held_q <= enters;
  end
  always_ff @(posedge clk_i) begin
    if (leaves && enters) begin
      dpv_q <= dpv;
      p_q   <= px_i + pw_i[index*PW+:PW];
    end
  end

  pm_fp_norm #(
      .DpvW(W),
      .PW  (PW)
  ) u_norm (
      .clk_i,
      .rst_ni,
      .x_valid_i(float_i && held_q),
      .x_ready_o(norm_ready),
      .dpv_i(dpv_q),
      .p_i(p_q),
      .y_valid_o(norm_valid),
      .y_ready_i,
      .y_o(norm),
      .uf_o(uf),
      .of_o(of)
  );

  assign y_valid_o = float_i ? norm_valid : held_q;
  assign y_o = float_i ? W'(norm) : dpv_q;
  assign {uf_o, of_o} = float_i ? {uf, of} : 2'b00;

`ifdef PERIMETER_FORMAL
  `include "pm_mix_gemv_fv.svh"
`endif
endmodule
