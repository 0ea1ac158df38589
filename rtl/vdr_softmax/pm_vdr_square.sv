/// u^2 from half of the partial products: row i has 2*u[i]*u[j] for j < i-1 and, from bit 2i on, u[i]*(1 + 2*u[i-1])
/// with u[i] + 2*u[i]*u[i-1] written as two bits that never carry.
module pm_vdr_square #(
    /// Bits of u.
    parameter int unsigned W = 14
) (
    input  logic [  W-1:0] u_i,
    output logic [2*W-1:0] square_o
);
  logic [2*W-1:0] row;

  always_comb begin
    square_o = '0;
    for (int i = 0; i < W; i++) begin
      row = '0;
      for (int j = 0; j < i - 1; j++) row[i+j+1] = u_i[i] && u_i[j];
      row[2*i] = u_i[i] && (i == 0 || !u_i[i>0?i-1 : 0]);
      row[2*i+1] = i > 0 && u_i[i] && u_i[i>0?i-1 : 0];
      square_o = square_o + row;
    end
  end
endmodule
