bitsift
therm_enc
shift_add
flare_gemv/pm_flare_gemv.sv
