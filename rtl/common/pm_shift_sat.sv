// SPDX-License-Identifier: Apache-2.0
/// An arithmetic shift right, saturated. Combinational.
module pm_shift_sat #(
    /// Bits of the input, signed, at least 1.
    parameter int unsigned InW = 40,
    /// Bits of the output, signed, at least 2.
    parameter int unsigned OutW = 32,
    /// Bits of the shift, at least 1.
    parameter int unsigned ShiftW = 5
) (
    /// What is shifted, signed.
    input  logic [   InW-1:0] x_i,
    /// Places to the right.
    input  logic [ShiftW-1:0] shift_i,
    /// floor(x / 2^shift), or the largest or the least number where that is outside.
    output logic [  OutW-1:0] y_o
);
  localparam int unsigned W = InW > OutW + 1 ? InW : OutW + 1;
  logic signed [W-1:0] shifted;

  if (InW < 1 || OutW < 2 || ShiftW < 1) begin : g_range
    $error("pm_shift_sat: InW must be at least 1, OutW 2, ShiftW 1");
  end

  assign shifted = W'(signed'(x_i)) >>> shift_i;
  assign y_o     = shifted[W-1:OutW-1] == {(W - OutW + 1) {shifted[W-1]}} ? shifted[OutW-1:0] :
                   {shifted[W-1], {(OutW - 1) {!shifted[W-1]}}};

`ifdef TARGET_common
  // One place after the other, then the nearest number that there is.
  logic signed [W-1:0] fv_x, fv_max;
  always_comb begin
    fv_x = W'(signed'(x_i));
    for (int unsigned i = 0; i < 2 ** ShiftW; i++) if (i < 32'(shift_i)) fv_x = {fv_x[W-1], fv_x[W-1:1]};
    fv_max = (W'(1) << (OutW - 1)) - W'(1);
    saturated : assert (y_o == (fv_x > fv_max ? fv_max[OutW-1:0] : fv_x < ~fv_max ? ~fv_max[OutW-1:0] : fv_x[OutW-1:0]));
  end
`endif
endmodule
