// SPDX-License-Identifier: Apache-2.0
#include "system/integer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"

/* Scales and limits of the inputs, of what is known of them. */
static pm_status set_inputs(struct pm_integer *m, const struct pm_calibration *c, const struct pm_node *node,
                            const struct pm_integer_cfg *cfg, struct pm_error *e) {
    struct pm_range r;
    if (!pm_calibration_range(c, node->name, &r))
        return pm_fail(e, PM_EINVAL, node->name,
                       "calibration.json has no range of its inputs; perimeter calibrate finds it");
    if (r.low < 0 && c->affine) {
        if (!cfg->affine)
            return pm_fail(e, PM_EINVAL, node->name,
                           "its inputs are calibrated as affine, which is not "
                           "for this system; perimeter calibrate --activations symmetric");
        m->high = (1 << cfg->xbits) - 1;
        m->x_scale = (float)((r.high - r.low) / m->high);
        m->zero = (int32_t)lrint(-r.low / m->x_scale);
        return PM_OK;
    }
    m->high = (1 << (cfg->xbits - (r.low < 0))) - 1;
    m->low = r.low < 0 ? -m->high : 0;
    m->x_scale = (float)(fmax(r.high, -r.low) / m->high);
    return PM_OK;
}

static float largest_of(const float *w, size_t n) {
    float largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(w[i]));
    return largest;
}

/* The weights' scale: as calibrated, or so that the largest of an output, or of all, is `most`. */
static float scale_of(const struct pm_calibration *c, const struct pm_node *node, size_t output, float most) {
    const struct pm_matrix *m = node->matrix;
    const double given = pm_calibration_scale(c, node->name);
    const float largest = c->channels ? largest_of(m->weight + output * m->in, m->in)
                                      : largest_of(m->weight, (size_t)m->in * m->out);
    return given > 0 ? (float)given : largest / most > 0 ? largest / most : 1.0f;
}

static void set_weights(struct pm_integer *m, const struct pm_calibration *c, const struct pm_node *node,
                        unsigned bits) {
    const float most = (float)((1 << (bits - 1)) - 1),
                of_layer = c->channels ? 0 : scale_of(c, node, 0, most);
    for (size_t o = 0; o < m->out; o++) {
        m->w_scale[o] = c->channels ? scale_of(c, node, o, most) : of_layer;
        for (size_t i = 0; i < m->in; i++) {
            const float w = rintf(node->matrix->weight[o * m->in + i] / m->w_scale[o]);
            m->weight[i * m->out + o] = (int16_t)fmaxf(fminf(w, most), -most);
            m->offset[o] += (int64_t)m->zero * m->weight[i * m->out + o];
        }
    }
    memcpy(m->bias, node->matrix->bias, m->out * sizeof *m->bias);
    pm_gemm_pack(m->weight, m->in, m->out, m->packed);
}

pm_status pm_integer_new(struct pm_site *site, const struct pm_node *node, const struct pm_integer_cfg *cfg,
                         struct pm_integer **integer, struct pm_error *e) {
    const struct pm_calibration *c;
    const struct pm_matrix *from = node->matrix;
    pm_status status = pm_site_calibration(site, &c, e);
    *integer = NULL;
    if (status != PM_OK)
        return status;
    struct pm_integer *m = calloc(1, sizeof *m);
    if (!m)
        return PM_ENOMEM;
    m->in = from->in;
    m->out = from->out;
    m->weight = malloc((size_t)m->in * m->out * sizeof *m->weight);
    m->w_scale = malloc(m->out * sizeof *m->w_scale);
    m->offset = calloc(m->out, sizeof *m->offset);
    m->bias = malloc(m->out * sizeof *m->bias);
    m->packed = malloc(pm_gemm_packed(m->in, m->out) * sizeof *m->packed);
    status = m->weight && m->w_scale && m->offset && m->bias && m->packed ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        status = set_inputs(m, c, node, cfg, e);
    if (status == PM_OK) {
        set_weights(m, c, node, cfg->wbits);
        *integer = m;
    } else {
        pm_integer_free(m);
    }
    return status;
}

void pm_integer_free(struct pm_integer *m) {
    if (!m)
        return;
    free(m->weight);
    free(m->w_scale);
    free(m->offset);
    free(m->bias);
    free(m->packed);
    free(m);
}

void pm_integer_quantise(const struct pm_integer *m, size_t n, const float *x, size_t stride, int16_t *xq) {
    const float low = (float)(m->low - m->zero), high = (float)(m->high - m->zero), scale = m->x_scale;
    const int32_t zero = m->zero;
    for (size_t t = 0; t < n; t++, x += m->in, xq += stride) {
        for (size_t i = 0; i < m->in; i++) {
            float v = x[i] / scale;
            v = v > low ? v : low;
            v = v < high ? v : high;
            xq[i] = (int16_t)(pm_integer_nearest(v) + zero);
        }
        memset(xq + m->in, 0, (stride - m->in) * sizeof *xq);
    }
}

/* Whether int32 holds every sum. */
static bool sums_fit(const struct pm_integer *m) {
    return (int64_t)(m->high - m->low) * INT8_MAX * m->in <= INT32_MAX;
}

void pm_integer_multiply(const struct pm_integer *m, size_t n, const int16_t *xq, int64_t *y) {
    const size_t stride = pm_gemm_stride(m->in);
    if (sums_fit(m)) {
        pm_gemm(pm_kernels(PM_ISA_BEST), xq, stride, (unsigned)n, m->packed, m->in, m->out, y, NULL);
        return;
    }
    memset(y, 0, n * m->out * sizeof *y);
    for (size_t t = 0; t < n; t++, xq += stride, y += m->out)
        for (size_t i = 0; i < m->in; i++)
            for (size_t o = 0; o < m->out; o++)
                y[o] += xq[i] * m->weight[i * m->out + o];
}

void pm_integer_restore(const struct pm_integer *m, size_t n, const int64_t *product, float *y) {
    for (size_t t = 0; t < n; t++)
        for (size_t o = 0; o < m->out; o++, y++, product++)
            *y = (float)(*product - m->offset[o]) * (m->w_scale[o] * m->x_scale) + m->bias[o];
}
