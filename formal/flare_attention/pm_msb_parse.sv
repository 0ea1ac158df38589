/// Contract of pm_msb_parse here: the token's number.
module pm_msb_parse #(
    parameter int unsigned N = 64,
    parameter int unsigned W = 32,
    parameter int unsigned Bits = 10
) (
    input  logic        [   N*W-1:0] x_i,
    input  logic signed [       6:0] m_i,
    input  logic                     round_i,
    output logic        [N*Bits-1:0] y_o,
    output logic        [     N-1:0] sat_o
);
  assign y_o   = {N{Bits'(x_i[4:0])}};
  assign sat_o = '0;
endmodule
