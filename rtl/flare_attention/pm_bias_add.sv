/// Adds a bias to every element of a finished accumulator vector, at the token's own scale: y = acc + (bias >>> shift).
/// One register stage, full throughput; the register also frees the accumulators for the next vector.
/// Source: FLARE section 4.5; a negative shift goes left, amounts are clamped to 31 (numerics, the fused token).
module pm_bias_add #(
    /// Elements of the vector.
    parameter int unsigned N = 64,
    /// Bits of an accumulator element.
    parameter int unsigned AccW = 22,
    /// Bits of the sum. The caller derives it so that no sum wraps: max(AccW, 32 + largest left shift) + 1.
    parameter int unsigned SumW = 33,
    /// Bits of the shift.
    parameter int unsigned ExpW = 16
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    /// Biases at the accumulator's scale, 32 bits each. Configuration, stable.
    input  logic [       N*32-1:0] bias_i,
    input  logic                   valid_i,
    output logic                   ready_o,
    input  logic [     N*AccW-1:0] acc_i,
    /// Right shift of the bias, signed.
    input  logic signed [ExpW-1:0] shift_i,
    output logic                   valid_o,
    input  logic                   ready_i,
    output logic [     N*SumW-1:0] sum_o,
    /// The shift that came with the vector.
    output logic signed [ExpW-1:0] shift_o
);
  logic valid_q;
  logic [N*SumW-1:0] sum_d, sum_q;
  logic signed [ExpW-1:0] shift_q;
  logic [4:0] right, left;
  logic load;

  if (SumW <= AccW || SumW <= 32) $error("pm_bias_add: SumW too narrow");

  // |shift| clamped to 31.
  always_comb begin
    right = 5'd0;
    left  = 5'd0;
    if (shift_i < 0) left = shift_i < -(ExpW'(31)) ? 5'd31 : 5'(-shift_i);
    else right = shift_i > ExpW'(31) ? 5'd31 : shift_i[4:0];
  end

  always_comb begin
    logic signed [SumW-1:0] acc, bias;
    acc   = '0;
    bias  = '0;
    sum_d = sum_q;
    if (load) begin
      for (int unsigned n = 0; n < N; n++) begin
        acc  = SumW'($signed(acc_i[n*AccW+:AccW]));
        bias = SumW'($signed(bias_i[n*32+:32]));
        bias = bias <<< left;
        sum_d[n*SumW+:SumW] = acc + (bias >>> right);
      end
    end
  end

  assign ready_o = !valid_q || ready_i;
  assign load    = valid_i && ready_o;
  assign valid_o = valid_q;
  assign sum_o   = sum_q;
  assign shift_o = shift_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (ready_o) valid_q <= valid_i;
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      sum_q   <= sum_d;
      shift_q <= shift_i;
    end
  end
endmodule
