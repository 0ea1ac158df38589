// SPDX-License-Identifier: Apache-2.0
/// pm_emsb against the detector of the paper taken literally: bits are scanned from the MSB down, and the first
/// position at which a kept element differs from its sign is the effective MSB.
module pm_emsb_fv #(
    parameter int unsigned N = 16,
    parameter int unsigned W = 20
) (
    input logic [N*W-1:0] x_i,
    input logic [  N-1:0] keep_i,
    input logic           signed_i
);
  localparam int unsigned EW = $clog2(W + 1);
  logic [EW-1:0] e, scan, over;

  pm_emsb #(
      .N(N),
      .W(W)
  ) u_dut (
      .x_i,
      .keep_i,
      .signed_i,
      .e_o(e)
  );
  pm_emsb #(
      .N(N),
      .W(W),
      .FitSigned(3),
      .FitUnsigned(W)
  ) u_fit (
      .x_i,
      .keep_i,
      .signed_i,
      .e_o(over)
  );

  always_comb begin
    scan = '0;
    for (int unsigned b = W; b > 0; b--) begin
      for (int unsigned i = 0; i < N; i++) begin
        if (scan == '0 && keep_i[i] && x_i[i*W+b-1] != (signed_i && x_i[i*W+W-1])) scan = EW'(b);
      end
    end
    assert (e == scan);
    assert (over == (signed_i && scan > 3 ? scan - EW'(3) : '0));
`ifdef CANARY
    canary : assert (e != EW'(W - 1));
`endif
  end
endmodule
