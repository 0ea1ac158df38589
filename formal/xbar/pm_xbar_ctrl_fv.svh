// SPDX-License-Identifier: Apache-2.0
// For every precision, any array and any gaps between vectors: planes ascend, in each the slices go down from the weight's top bit to
// bit 0 without a gap or an overlap, none wider than a cell; wl is the plane of the vector that was taken; only the last plane is
// negative; the last access is the last slice of the last plane; an access stands until it is answered. Counted as pm_slice_acc
// counts, a vector's accesses add up to (2^abits - 1)(2^wbits - 1).
logic fv_init_q = 1'b1;
(* anyconst *) logic [AbitsW-1:0] fv_abits;
(* anyconst *) logic [WbitsW-1:0] fv_wbits;
(* anyconst *) logic [2:0] fv_cell;
(* anyconst *) logic fv_signed;
logic [Rows*A-1:0] fv_x_q;
logic [31:0] fv_top_q, fv_ledger_q, fv_entry, fv_whole;
logic [Rows-1:0] fv_wl;

assign fv_entry = ((32'd1 << (fv_top_q - 32'(shift_o))) - 1) << shift_o << plane_o;
assign fv_whole = (32'd1 << fv_wbits) - 1;

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (load) begin
    fv_x_q      <= x_i;
    fv_top_q    <= 32'(fv_wbits);
    fv_ledger_q <= '0;
  end else if (step) begin
    fv_top_q    <= last_slice ? 32'(fv_wbits) : 32'(shift_o);
    fv_ledger_q <= fv_ledger_q + fv_entry;
  end
  if (!fv_init_q && rst_ni && $past(rst_ni) && $past(access_valid_o && !access_ready_i))
    stands : assert (access_valid_o && $stable(wl_o) && $stable(slice_o) && $stable(plane_o));
end

always_comb begin
  fv_wl = '0;
  for (int unsigned r = 0; r < Rows; r++) for (int unsigned p = 0; p < A; p++) if (plane_q == PlaneW'(p)) fv_wl[r] = fv_x_q[r*A+p];
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (abits_i == fv_abits && wbits_i == fv_wbits && cell_i == fv_cell && signed_i == fv_signed);
  assume (fv_abits >= 1 && fv_abits <= A && fv_wbits >= 2 && fv_wbits <= B && fv_cell >= 1 && fv_cell <= 4);
  if (!fv_init_q && rst_ni && access_valid_o) begin
    in_range : assert (AbitsW'(plane_o) < fv_abits && 32'(shift_o) < fv_top_q && fv_top_q <= 32'(fv_wbits));
    top : assert ((slice_o == 0) == (fv_top_q == 32'(fv_wbits)));
    place : assert (fv_top_q + 32'(slice_o) * 32'(fv_cell) == 32'(fv_wbits));
    width : assert (fv_top_q - 32'(shift_o) == (fv_top_q < 32'(fv_cell) ? fv_top_q : 32'(fv_cell)));
    plane_of_x : assert (wl_o == fv_wl);
    shifted : assert (x_q == shifted_x());
    sign : assert (neg_o == (fv_signed && AbitsW'(plane_o) == fv_abits - 1'b1));
    last : assert (last_o == (shift_o == 0 && AbitsW'(plane_o) == fv_abits - 1'b1));
    ledger : assert (fv_ledger_q == ((32'd1 << plane_o) - 1) * fv_whole + (((32'd1 << fv_wbits) - (32'd1 << fv_top_q)) << plane_o));
    if (last_o) whole : assert (fv_ledger_q + fv_entry == ((32'd1 << fv_abits) - 1) * fv_whole);
    cover (last_o && plane_o == PlaneW'(A - 1) && slice_o != 0);
`ifdef CANARY
    canary : assert (!(last_o && plane_o == PlaneW'(A - 1)));
`endif
  end
end

// verilator lint_off VARHIDDEN
function logic [Rows*A-1:0] shifted_x();
  shifted_x = '0;
  for (int unsigned r = 0; r < Rows; r++) shifted_x[r*A+:A] = fv_x_q[r*A+:A] >> plane_q;
endfunction
// verilator lint_on VARHIDDEN
