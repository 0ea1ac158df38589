// SPDX-License-Identifier: Apache-2.0
// The rules of APB (AMBA 4, IHI 0024C, chapters 3 and 4) at a completer's pins psel_i, penable_i, pwrite_i, paddr_i, pstrb_i, pwdata_i,
// pready_o, pslverr_o: what a requester does is assumed, what a completer does is asserted. FvApbWaits: clocks by which a transfer may
// be lengthened. A transfer is selected in one clock (setup) and enabled from the next on, until ready.
logic fv_apb_init_q = 1'b1;
logic fv_setup_q, fv_access_q, fv_write_q;
logic [$bits(paddr_i)-1:0] fv_address_q;
logic [3:0] fv_strobes_q;
logic [31:0] fv_wdata_q;
logic [7:0] fv_waits_q;
always @(posedge clk_i) begin
  fv_apb_init_q <= 1'b0;
  fv_setup_q    <= rst_ni && psel_i && !penable_i;
  fv_access_q   <= rst_ni && psel_i && penable_i && !pready_o;
  {fv_write_q, fv_address_q, fv_strobes_q, fv_wdata_q} <= {pwrite_i, paddr_i, pstrb_i, pwdata_i};
  fv_waits_q <= psel_i && penable_i && !pready_o ? fv_waits_q + 8'd1 : '0;
end
always_comb if (!fv_apb_init_q && rst_ni) begin
  // The requester: an access follows its setup, and nothing else does; nothing moves meanwhile; reads have no strobes.
  assume (psel_i && penable_i ? fv_setup_q || fv_access_q : !fv_setup_q && !fv_access_q);
  if (fv_setup_q || fv_access_q) begin
    assume (psel_i && pwrite_i == fv_write_q && paddr_i == fv_address_q && pstrb_i == fv_strobes_q);
    if (pwrite_i) assume (pwdata_i == fv_wdata_q);
  end
  if (psel_i && !pwrite_i) assume (pstrb_i == '0);
  // The completer.
  error_with_ready : assert (!pslverr_o || (psel_i && penable_i && pready_o));
  ends : assert (fv_waits_q <= FvApbWaits);
end
