// SPDX-License-Identifier: Apache-2.0
// For every input voltage, as an int32 of 1/256 LSB: the code is the rounded, clamped value, it comes n+2 clocks
// after its start, and in 6-bit mode C7 is never touched. Starts come at any time, with either mode.
module pm_sar_ctrl_fv (
    input logic clk_i,
    input logic rst_ni,
    input logic start_i,
    input logic mode6_i
);
  (* anyconst *) logic [31:0] vin;
  logic cmp, c7_en, busy, valid;
  logic [6:0] dac, code;

  pm_sar_ctrl u_dut (
      .clk_i,
      .rst_ni,
      .start_i,
      .mode6_i,
      .cmp_i(cmp),
      .dac_o(dac),
      .c7_en_o(c7_en),
      .busy_o(busy),
      .code_o(code),
      .valid_o(valid)
  );

  // vin + 128 >= dac << 8, in 34 bits signed.
  logic signed [33:0] biased, level;
  assign biased = $signed({{2{vin[31]}}, vin}) + 34'sd128;
  assign level  = $signed({19'd0, dac, 8'd0});
  assign cmp    = biased >= level;

  // Floor of (vin + 128) / 256, limited.
  logic signed [33:0] rounded;
  logic [6:0] top, want;
  logic mode6_q;
  assign rounded = biased >>> 8;
  assign top     = mode6_q ? 7'd63 : 7'd127;
  assign want    = rounded < 0 ? 7'd0 : rounded > $signed({27'd0, top}) ? top : rounded[6:0];

  // Clocks since the accepted start: 0 when none is under way.
  logic [3:0] age_q;
  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      age_q   <= '0;
      mode6_q <= 1'b0;
    end else if (start_i && !busy) begin
      age_q   <= 4'd1;
      mode6_q <= mode6_i;
    end else if (valid) age_q <= '0;
    else if (age_q != 0 && age_q != 4'd15) age_q <= age_q + 1'b1;
  end

  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      code_is_rounded: assert (!valid || code == want);
      latency: assert (valid == (age_q == (mode6_q ? 4'd7 : 4'd8)));
      busy_while_converting: assert (busy == (age_q != 0));
      c7_is_still: assert (!(mode6_q && age_q != 0) || (!c7_en && !dac[6]));
      dac_rests: assert ((age_q != 0 && !valid) || dac == 0);
`ifdef CANARY
      canary: assert (!(valid && code == 7'd127));
`endif
      saturates_high: cover (valid && code == 7'd127 && !vin[31] && vin[30]);
      saturates_low: cover (valid && mode6_q && code == 0 && vin[31]);
      back_to_back: cover (age_q == 1 && mode6_q && code == 7'd63);
    end
  end
endmodule
