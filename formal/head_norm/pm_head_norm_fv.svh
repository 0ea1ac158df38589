// Each step of pm_head_norm at its full widths, seen from inside: the leading one and the table from their definition
// with a division, the product as a sum of rows, the limits as comparisons.
logic [31:0] fv_twice, fv_rec;
logic [63:0] fv_z;
logic signed [63:0] fv_product, fv_quotient;

always_comb begin
  fv_z     = {{64 - ZW{1'b0}}, z_i};
  fv_twice = 32'd65 + {26'd0, below, 1'b0};
  fv_rec   = (32'd32768 + fv_twice) / (fv_twice << 1);

  fv_product = '0;
  for (int i = 0; i < 8; i++) begin
    if (factor[i]) fv_product = fv_product + ({{64 - OW{o_i[OW-1]}}, o_i[OW-1:0]} << i);
  end

  fv_quotient = {{64 - PW{product_q[PW-1]}}, product_q[PW-1:0]};
  fv_quotient = fv_quotient >>> shift_q;
  if (fv_quotient > 64'sd2147483647) fv_quotient = 64'sd2147483647;
  if (fv_quotient < -64'sd2147483648) fv_quotient = -64'sd2147483648;

  if (z_i != '0) begin
    leading_one : assert (fv_z >= 64'd1 << position && fv_z >> position == 64'd1);
    five_below : assert (((fv_z << 5) >> position) == {59'd1, below});
    table_entry : assert ({23'd0, factor} == fv_rec);
  end else begin
    zero_factor : assert (factor == 0);
  end
  product_of_rows : assert ($signed(product[PW-1:0]) == fv_product);
  limited : assert (y[31:0] == fv_quotient[31:0]);
`ifdef CANARY
  canary : assert (!(y[31:0] == 32'h7fffffff && shift_q == 5'd5));
`endif
end
