// SPDX-License-Identifier: Apache-2.0
// A token's side word leaves with it. fv_base, the number of the oldest token inside, and fv_eager come from the module above; names
// with a dot are those of the parts.
wire fv_eager;
wire [4:0] fv_base;
(* hierconn *) wire \u_gemv.fv_eager ;
(* hierconn *) wire [6:0] \u_gemv.fv_count ;
(* hierconn *) wire [39:0] \u_gemv.fv_words ;
(* hierconn *) wire [6:0] \u_side.u_fifo.count_q ;
(* hierconn *) wire [8*SideW-1:0] \u_side.u_fifo.words_q ;
wire [6:0] fv_count;
assign \u_gemv.fv_eager = fv_eager;
assign fv_count = \u_gemv.fv_count ;

always_comb if (rst_ni) begin
  in_step : assert (\u_side.u_fifo.count_q == fv_count && y_valid == y_valid_o);
  for (int unsigned i = 0; i < 8; i++)
    if (fv_count > 7'(i))
      assert (\u_gemv.fv_words [i*5+:5] == 5'(fv_base + 5'(i)) && \u_side.u_fifo.words_q [i*SideW+:SideW] == SideW'(5'(fv_base + 5'(i))));
end
