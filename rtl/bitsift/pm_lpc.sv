// SPDX-License-Identifier: Apache-2.0
/// Local pop controllers: a bank of slices of wordlines (FLARE, arXiv 2411.14733, section 4.4).
///
/// Popcount, pop detector and pop marker of each slice, combinational; what an instance leaves unconnected costs
/// nothing. All three come from one Sklansky prefix count. It is written bit-sliced, bit b of every row's count in one
/// vector, so that a bank of any size is a few vector operations in simulation and the same gates in synthesis.
module pm_lpc #(
    /// L, rows of a slice: 8, 16 or 32.
    parameter  int unsigned Slice  = 16,
    /// Slices of the bank, at least 1.
    parameter  int unsigned Slices = 1,
    localparam int unsigned Rows   = Slice * Slices,
    localparam int unsigned PopW   = $clog2(Slice + 1)
) (
    /// Ones that wait for an access; slice j at [j*Slice +: Slice], its first row lowest.
    input  logic [       Rows-1:0] v_i,
    /// Grants: how many ones to mark in each slice, 0..8 (4 bits a slice).
    input  logic [   Slices*4-1:0] k_i,
    /// Popcounts: 0..Slice.
    output logic [Slices*PopW-1:0] pop_o,
    /// Pop detectors: the slice fills an access alone, pop >= 8.
    output logic [     Slices-1:0] full_o,
    /// Pop markers: the first k ones of each slice, all of them when there are fewer.
    output logic [       Rows-1:0] mark_o
);
  if ((Slice != 8 && Slice != 16 && Slice != 32) || Slices < 1) begin : g_range
    $error("pm_lpc: Slice must be 8, 16 or 32, Slices at least 1");
  end

  localparam int unsigned Levels = $clog2(Slice);
  // Of each block of 2*2^l rows, the last one of the lower half: level l adds its count to the upper half.
  localparam logic [5*Rows-1:0] Last = {
    Rows'({(Rows + 31) / 32{32'h0000_8000}}),
    Rows'({(Rows + 15) / 16{16'h0080}}),
    Rows'({Rows / 8{8'h08}}),
    Rows'({Rows / 4{4'h2}}),
    Rows'({Rows / 2{2'h1}})
  };

  // count[b][r]: bit b of the ones in rows 0..r of r's slice.
  /* verilator coverage_off */  // few rows can hold a high bit: below 2^b rows bit b is 0
  logic [Rows-1:0] count[PopW];
  logic [Rows-1:0] add, carry, half;  // what the last step leaves in them is constant
  /* verilator coverage_on */
  always_comb begin
    for (int unsigned b = 0; b < PopW; b++) count[b] = b == 0 ? v_i : '0;
    add   = '0;
    half  = '0;
    carry = '0;
    for (int unsigned l = 0; l < Levels; l++) begin
      carry = '0;
      for (int unsigned b = 0; b < l + 2; b++) begin
        add = '0;
        if (b <= l) begin
          add = (count[b] & Last[l*Rows+:Rows]) << 1;
          for (int unsigned i = 0; i < l; i++) add = add | (add << (1 << i));
        end
        half = count[b] ^ add;
        add = count[b] & add;
        count[b] = half ^ carry;
        carry = add | (half & carry);
      end
    end
  end

  always_comb
    for (int unsigned j = 0; j < Slices; j++) for (int unsigned b = 0; b < PopW; b++) pop_o[j*PopW+b] = count[b][j*Slice+Slice-1];

  always_comb for (int unsigned j = 0; j < Slices; j++) full_o[j] = pop_o[j*PopW+3+:PopW-3] != 0;

  // A row is marked when its rank, the count of the row before it in the slice, is less than k.
  /* verilator coverage_off */  // as above: the last step has the constant bit
  logic [Rows-1:0] k, rank, less;
  /* verilator coverage_on */
  always_comb begin
    k = '0;
    rank = '0;
    less = '0;
    for (int unsigned b = 0; b < PopW; b++) begin
      for (int unsigned j = 0; j < Slices; j++) k[j*Slice+:Slice] = {Slice{b < 4 && k_i[j*4+b%4]}};
      rank = (count[b] << 1) & ~{Slices{Slice'(1)}};
      less = (k & ~rank) | (less & ~(k ^ rank));
    end
    mark_o = v_i & less;
  end
endmodule
