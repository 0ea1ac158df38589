// SPDX-License-Identifier: Apache-2.0
/// Successive approximation for a charge-redistribution converter of 6 or 7 bits, chosen at each start
/// (HyFlexPIM section 3.2).
///
/// In the start clock the converter samples. Then each clock holds one trial, `dac_o`, whose comparison is taken at
/// its end: the bit stays where `cmp_i` is 1. In 6-bit mode the search begins at C6; C7 is neither enabled nor
/// switched. The code is valid n+2 clocks after start, both included, and a start in the clock after that is taken:
/// one conversion in n+2 clocks. Every analog pin comes straight from a register.
module pm_sar_ctrl #(
    /// 0: 6 bits only, whatever mode6_i: the fixed converter to compare with.
    parameter bit Flexible = 1'b1
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    /// Sample and convert; ignored while busy.
    input  logic       start_i,
    /// 1: 6 bits, 0: 7 bits; read in the start clock.
    input  logic       mode6_i,
    /// Comparator: the sampled voltage, plus half an LSB, is at least `dac_o`.
    input  logic       cmp_i,
    /// Capacitors C7 (bit 6) to C1 on the reference; 0 outside a conversion's comparisons.
    output logic [6:0] dac_o,
    /// C7 belongs to the array (7-bit mode). Changes only in the clock after a start.
    output logic       c7_en_o,
    /// From the clock after start until the code is valid, both included.
    output logic       busy_o,
    /// 0..63 or 0..127; holds its value until the next conversion's end.
    output logic [6:0] code_o,
    /// One clock, n+2 clocks after start, both included.
    output logic       valid_o
);
  logic [6:0] bit_q;  // one-hot: the bit on trial
  logic [6:0] dac_q, code_q, kept, first;
  logic mode6, accept, busy_q, c7_en_q, valid_q;

  assign accept  = start_i && !busy_q;
  assign mode6   = mode6_i || !Flexible;
  assign first   = mode6 ? 7'h20 : 7'h40;
  assign kept    = cmp_i ? dac_q : dac_q & ~bit_q;

  assign dac_o   = dac_q;
  assign c7_en_o = c7_en_q;
  assign busy_o  = busy_q;
  assign code_o  = code_q;
  assign valid_o = valid_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bit_q   <= '0;
      dac_q   <= '0;
      c7_en_q <= 1'b0;
      busy_q  <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      busy_q  <= accept || bit_q != '0;
      valid_q <= bit_q[0];
      if (accept) begin
        bit_q   <= first;
        dac_q   <= first;
        c7_en_q <= !mode6;
      end else begin
        bit_q <= bit_q >> 1;
        dac_q <= bit_q[0] ? '0 : kept | bit_q >> 1;
      end
    end
  end

  always_ff @(posedge clk_i) if (bit_q[0]) code_q <= kept;
endmodule
