// SPDX-License-Identifier: Apache-2.0
#include "flare_driver.h"

#include "flare_apb_registers.h"

#define ID 0x504d4641u /* "PMFA" */

/* Field FIELD of a word, and a value in its place. */
#define GET(WORD, FIELD)                                                                                     \
    ((WORD) >> PM_FLARE_APB_##FIELD##_LSB & (((uint32_t)1 << PM_FLARE_APB_##FIELD##_BITS) - 1))
#define BIT(FIELD) ((uint32_t)1 << PM_FLARE_APB_##FIELD##_LSB)

static pm_status get(const struct pm_flare_device *dev, uint32_t address, uint32_t *data) {
    return dev->bus.read(dev->bus.ctx, address, data);
}

static pm_status put(const struct pm_flare_device *dev, uint32_t address, uint32_t data) {
    return dev->bus.write(dev->bus.ctx, address, data);
}

pm_status pm_flare_probe(const struct pm_flare_bus *bus, struct pm_flare_device *dev) {
    uint32_t id, shape = 0;
    *dev = (struct pm_flare_device){.bus = *bus};
    pm_status status = get(dev, PM_FLARE_APB_ID_AT, &id);
    if (status == PM_OK && id != ID)
        status = PM_EFORMAT;
    if (status == PM_OK)
        status = get(dev, PM_FLARE_APB_SHAPE_AT, &shape);
    dev->width = GET(shape, SHAPE_D);
    dev->heads = GET(shape, SHAPE_HEADS);
    dev->max_tokens = GET(shape, SHAPE_TOKENS);
    dev->kvb = GET(shape, SHAPE_KVB);
    return status;
}

static pm_status load_head(const struct pm_flare_device *dev, unsigned h, double s0, int32_t e0) {
    struct pm_vdr_lut lut;
    pm_status status = pm_vdr_lut_init(&lut, s0);
    if (status == PM_OK)
        status = put(dev, PM_FLARE_APB_E0_AT + 4 * h, (uint32_t)e0 & 0xffff);
    for (unsigned e = 0; e < PM_VDR_ENTRIES; e++) {
        const uint32_t word[3] = {lut.e[e].l, lut.e[e].b, lut.e[e].c};
        for (unsigned i = 0; i < 3 && status == PM_OK; i++)
            status = put(dev, PM_FLARE_APB_LUT_AT + 4 * ((h * PM_VDR_ENTRIES + e) * 3 + i), word[i]);
    }
    return status;
}

pm_status pm_flare_load(struct pm_flare_device *dev, const struct pm_attention_cfg *cfg,
                        const struct pm_attention_weights *w) {
    const struct {
        uint32_t at;
        const int32_t *bias;
    } bias[] = {{PM_FLARE_APB_BIAS_K_AT, w->bk},
                {PM_FLARE_APB_BIAS_V_AT, w->bv},
                {PM_FLARE_APB_BIAS_Q_AT, w->bq},
                {PM_FLARE_APB_BIAS_O_AT, w->bo}};
    if (cfg->width != dev->width || cfg->heads != dev->heads || cfg->kvb != dev->kvb || cfg->adc ||
        cfg->norm != PM_NORM_RECIP || (cfg->q != 0 && cfg->q != 8))
        return PM_EMODE;
    pm_status status = pm_attention_check(cfg);
    dev->mode = (cfg->round ? BIT(MODE_ROUND) : 0) | (cfg->coding_x == PM_SIGN ? BIT(MODE_SIGN_X) : 0) |
                (cfg->coding_q == PM_SIGN ? BIT(MODE_SIGN_Q) : 0) |
                (cfg->coding_o == PM_SIGN ? BIT(MODE_SIGN_O) : 0) | (cfg->causal ? BIT(MODE_CAUSAL) : 0);
    if (status == PM_OK)
        status = put(dev, PM_FLARE_APB_SHIFT_AT,
                     cfg->mk << PM_FLARE_APB_SHIFT_MK_LSB | cfg->mv << PM_FLARE_APB_SHIFT_MV_LSB);
    for (unsigned h = 0; h < dev->heads && status == PM_OK; h++)
        status = load_head(dev, h, cfg->s0[h], cfg->e0[h]);
    for (unsigned m = 0; m < 4; m++)
        for (unsigned i = 0; i < dev->width && status == PM_OK; i++)
            status = put(dev, bias[m].at + 4 * i, bias[m].bias ? (uint32_t)bias[m].bias[i] : 0);
    return status;
}

/* 32 bits of the key mask from token `first` on, of `tokens` that there are. */
static uint32_t keep_word(const uint8_t *keep, unsigned first, unsigned tokens) {
    uint32_t word = 0;
    for (unsigned j = 0; j < 32 && first + j < tokens; j++)
        word |= (uint32_t)(!keep || keep[first + j]) << j;
    return word;
}

static pm_status start(const struct pm_flare_device *dev, const uint8_t *keep, unsigned n, bool append) {
    uint32_t word;
    pm_status status = get(dev, PM_FLARE_APB_STATUS_AT, &word);
    if (status != PM_OK)
        return status;
    const unsigned tokens = n + (append ? GET(word, STATUS_HELD) : 0);
    if (n < 1 || n > dev->max_tokens || tokens > dev->max_tokens)
        return PM_ERANGE;
    status = put(dev, PM_FLARE_APB_TOKENS_AT, n);
    if (status == PM_OK)
        status = put(dev, PM_FLARE_APB_MODE_AT, dev->mode | (append ? BIT(MODE_APPEND) : 0));
    for (unsigned j = 0; j < dev->max_tokens && status == PM_OK; j += 32)
        status = put(dev, PM_FLARE_APB_KEEP_AT + j / 8, keep_word(keep, j, tokens));
    return status == PM_OK ? put(dev, PM_FLARE_APB_CONTROL_AT, BIT(CONTROL_START)) : status;
}

static pm_status push(const struct pm_flare_device *dev, const int8_t *x, int32_t ex) {
    pm_status status = PM_OK;
    for (unsigned i = 0; i < dev->width && status == PM_OK; i += 4) {
        uint32_t word = 0;
        for (unsigned j = 0; j < 4; j++)
            word |= (uint32_t)(uint8_t)x[i + j] << 8 * j;
        status = put(dev, PM_FLARE_APB_X_AT + i, word);
    }
    return status == PM_OK ? put(dev, PM_FLARE_APB_PUSH_AT, (uint32_t)ex & 0xffff) : status;
}

static pm_status pop(const struct pm_flare_device *dev, int8_t *y, int32_t *e) {
    uint32_t word = 0;
    pm_status status = PM_OK;
    for (unsigned i = 0; i < dev->width && status == PM_OK; i += 4) {
        status = get(dev, PM_FLARE_APB_Y_AT + i, &word);
        for (unsigned j = 0; j < 4; j++)
            y[i + j] = (int8_t)(uint8_t)(word >> 8 * j);
    }
    if (status == PM_OK)
        status = get(dev, PM_FLARE_APB_Y_EXP_AT, &word);
    *e = (int16_t)(uint16_t)word;
    return status == PM_OK ? put(dev, PM_FLARE_APB_POP_AT, 0) : status;
}

pm_status pm_flare_run(const struct pm_flare_device *dev, const int8_t *x, const int32_t *ex,
                       const uint8_t *keep, unsigned n, bool append, int8_t *y, int32_t *e,
                       struct pm_flare_flags *flags) {
    const size_t d = dev->width;
    uint32_t word = 0;
    pm_status status = start(dev, keep, n, append);
    for (unsigned pushed = 0, popped = 0; popped < n && status == PM_OK;) {
        status = get(dev, PM_FLARE_APB_STATUS_AT, &word);
        if (status == PM_OK && word & BIT(STATUS_RESULT)) {
            status = pop(dev, y + popped * d, e + popped);
            popped++;
        } else if (status == PM_OK &&
                   word & BIT(STATUS_ROOM)) { /* each token twice, a pass after the other */
            status = push(dev, x + pushed % n * d, ex[pushed % n]);
            pushed++;
        }
    }
    if (status == PM_OK)
        status = get(dev, PM_FLARE_APB_FLAGS_AT, &word);
    if (flags)
        *flags = (struct pm_flare_flags){(word & BIT(FLAGS_Z_ZERO)) != 0, (word & BIT(FLAGS_K_SAT)) != 0,
                                         (word & BIT(FLAGS_V_SAT)) != 0};
    return status;
}
