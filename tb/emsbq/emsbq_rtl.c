// SPDX-License-Identifier: Apache-2.0
#include "emsbq_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    bool parses;
    struct pm_emsbq_cfg cfg;
    const int64_t *group;
    const uint8_t *keep;
    const int32_t *shift;
    size_t groups, n, driven; /* driven: groups that the parse has seen */
    int16_t *result;
    int32_t *s;
    uint8_t *sat;
    struct pm_stream_out x;
    struct pm_stream_in y;
} run;

/* Group g, padded with zeros. */
static void put_group(uint32_t *x, unsigned elements, unsigned w, size_t g, bool is_signed) {
    for (unsigned i = 0; i < elements; i++)
        pm_pins_put(x, i, w, i < run.n ? run.group[g * run.n + i] : 0, is_signed);
}

unsigned char pm_emsbq_tb_parses(void) {
    return run.parses;
}

void pm_emsbq_step(int n, int w, int q, unsigned char x_ready, unsigned char y_valid, const uint32_t *y,
                   const uint32_t *s, unsigned char *is_signed, unsigned char *round, unsigned char *x_valid,
                   uint32_t *x, uint32_t *keep, unsigned char *y_ready) {
    const unsigned elements = (unsigned)n, bits = (unsigned)q;
    if (run.cfg.q != bits || run.n > elements) {
        pm_sim_finish(run.cfg.q != bits ? PM_EINVAL : PM_ESHAPE);
        return;
    }
    pm_stream_fired(&run.x, x_ready);
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(*s, y, elements * bits), run.x.taken)) {
        const size_t g = run.y.taken - 1;
        for (size_t i = 0; i < run.n; i++)
            run.result[g * run.n + i] = (int16_t)(run.cfg.is_signed ? pm_get_signed(y, i * bits, bits)
                                                                    : pm_get_bits(y, i * bits, bits));
        run.s[g] = (int32_t)*s;
    }
    pm_stream_end(&run.y, 0);

    *x_valid = pm_stream_offer(&run.x);
    *y_ready = pm_stream_ready(&run.y, y_valid);
    *is_signed = run.cfg.is_signed == run.x.valid;
    *round = run.cfg.round == run.x.valid;
    if (!run.x.valid) {
        pm_pins_noise(x, elements * (size_t)w);
        pm_pins_noise(keep, elements);
        return;
    }
    put_group(x, elements, (unsigned)w, run.x.taken, run.cfg.is_signed);
    for (unsigned i = 0; i < elements; i++)
        pm_set_bits(keep, i, 1, i < run.n && (!run.keep || run.keep[run.x.taken * run.n + i]));
}

void pm_msb_parse_step(int n, int w, int bits, const uint32_t *y, const uint32_t *sat, uint32_t *x,
                       uint32_t *m, unsigned char *round) {
    const unsigned elements = (unsigned)n;
    if (run.n > elements) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    if (run.driven > 0) {
        const size_t at = (run.driven - 1) * run.n;
        for (size_t i = 0; i < run.n; i++) {
            run.result[at + i] = (int16_t)pm_get_signed(y, i * (unsigned)bits, (unsigned)bits);
            if (run.sat)
                run.sat[at + i] = (uint8_t)pm_get_bits(sat, i, 1);
        }
        pm_sim_progress();
    }
    if (run.driven == run.groups) {
        pm_sim_finish(PM_OK);
        return;
    }
    put_group(x, elements, (unsigned)w, run.driven, true);
    *m = (uint32_t)pm_clamp(run.shift[run.driven], -64, 63) & 0x7f;
    *round = run.cfg.round;
    run.driven++;
}

pm_status pm_emsbq_rtl(const struct pm_sim_opts *opts, const struct pm_emsbq_cfg *cfg, const int64_t *x,
                       const uint8_t *keep, size_t groups, size_t n, int16_t *y, int32_t *s,
                       uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.cfg = *cfg;
    run.group = x;
    run.keep = keep;
    run.x.items = run.y.items = groups;
    run.n = n;
    run.result = y;
    run.s = s;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.x.first + 1;
    return status;
}

pm_status pm_msb_parse_sat_rtl(const struct pm_sim_opts *opts, const int64_t *x, const int32_t *shift,
                               size_t groups, size_t n, bool round, int16_t *y, uint8_t *sat) {
    memset(&run, 0, sizeof run);
    run.parses = true;
    run.cfg.round = round;
    run.group = x;
    run.shift = shift;
    run.groups = groups;
    run.n = n;
    run.result = y;
    run.sat = sat;
    return pm_sim_run(opts, NULL);
}

pm_status pm_msb_parse_rtl(const struct pm_sim_opts *opts, const int64_t *x, const int32_t *shift,
                           size_t groups, size_t n, bool round, int16_t *y) {
    return pm_msb_parse_sat_rtl(opts, x, shift, groups, n, round, y, NULL);
}
