// What leaves the buffer, seen from inside pm_vdr_softmax: whole rows, with the true maximum of their kept logits.
logic fv_larger, fv_present, fv_kept;
logic fv_present_q, fv_kept_q;

always_comb begin
  fv_larger  = 1'b0;
  fv_present = fv_present_q;
  fv_kept    = fv_kept_q;
  for (int unsigned i = 0; i < Lanes; i++) begin
    if (beat_keep[i]) begin
      fv_kept = 1'b1;
      if ($signed(beat_x[i*8+:8]) > $signed(row_max)) fv_larger = 1'b1;
      if (beat_x[i*8+:8] == row_max) fv_present = 1'b1;
    end
  end
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_present_q <= 1'b0;
    fv_kept_q    <= 1'b0;
  end else if (beat_ready) begin
    fv_present_q <= fv_present && !beat_last;
    fv_kept_q    <= fv_kept && !beat_last;
  end
end

always_ff @(posedge clk_i) begin
  if (rst_ni) begin
    descriptor_fits : assert (!row_done || row_ready);
    row_is_stored : assert (!row_valid || beat_valid);
    if (beat_ready) begin
      none_larger : assert (!fv_larger);
      max_is_one : assert (!beat_last || !fv_kept || fv_present);
    end
  end
end
