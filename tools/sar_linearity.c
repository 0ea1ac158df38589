// SPDX-License-Identifier: Apache-2.0
/* Prints the DNL and INL of one drawn converter, and the root mean square over many: data of
 * flow/plot.py sar. */
#include "analog/sar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { Converters = 1000 };

int main(int argc, char **argv) {
    const struct pm_sar_cfg cfg = {.cap_sigma = argc > 1 ? atof(argv[1]) : 0.02, .seed = 1};
    if (pm_sar_check(&cfg) != PM_OK) {
        fprintf(stderr, "sar_linearity: sigma must be 0..0.1\n");
        return 2;
    }
    for (unsigned bits = 6; bits <= 7; bits++) {
        double one_dnl[128], one_inl[128], dnl2[128] = {0}, inl2[128] = {0}, worst = 0;
        for (uint32_t i = 0; i < Converters; i++) {
            double dnl[128], inl[128];
            struct pm_sar s;
            pm_sar_init(&s, &cfg, 0, i);
            pm_sar_linearity(&s, bits, dnl, inl);
            for (int k = 0; k < 1 << bits; k++) {
                dnl2[k] += dnl[k] * dnl[k];
                inl2[k] += inl[k] * inl[k];
                if (i == 0) {
                    one_dnl[k] = dnl[k];
                    one_inl[k] = inl[k];
                }
            }
        }
        double energy = 0;
        for (unsigned code = 0; code < 1u << bits; code++)
            energy += pm_sar_energy(code, bits) / (1 << bits);
        printf(
            "# %u bits, unit capacitor sigma %g, %d converters; code, DNL, INL of converter 0, their rms\n",
            bits, cfg.cap_sigma, Converters);
        for (int k = 0; k < 1 << bits; k++) {
            const double dnl_rms = sqrt(dnl2[k] / Converters), inl_rms = sqrt(inl2[k] / Converters);
            printf("%d %.5f %.5f %.5f %.5f\n", k, one_dnl[k], one_inl[k], dnl_rms, inl_rms);
            worst = fmax(worst, dnl_rms);
        }
        printf("# worst rms DNL %.4f LSB, mean switching energy %.2f C_unit V_ref^2\n\n\n", worst, energy);
    }
    return 0;
}
