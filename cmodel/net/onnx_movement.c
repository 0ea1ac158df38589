// SPDX-License-Identifier: Apache-2.0
/* Operators that move elements, or make them of nothing but shapes. */
#include <math.h>
#include <string.h>

#include "net/onnx_op.h"

/* y's elements, in order, are x's from `base` on, `stride` apart in each dimension (modulo 2^64: it may go
 * backwards). */
static void collect(const struct pm_onnx_tensor *x, size_t base, unsigned rank, const size_t *shape,
                    size_t stride[1][PM_ONNX_RANK], struct pm_onnx_tensor *y, size_t at) {
    struct pm_onnx_walk w;
    const bool is_float = pm_onnx_is_float(x->type);
    for (pm_onnx_walk_begin(&w, rank, shape, 1, stride); !w.done; pm_onnx_walk_next(&w), at += w.n) {
        const size_t from = base + w.at[0];
        if (is_float && w.step[0] == 1)
            memcpy(y->f + at, x->f + from, w.n * sizeof *y->f);
        else if (is_float)
            for (size_t i = 0; i < w.n; i++)
                y->f[at + i] = x->f[from + i * w.step[0]];
        else
            for (size_t i = 0; i < w.n; i++)
                y->i[at + i] = x->i[from + i * w.step[0]];
    }
}

/* Elements from..from+n-1 of x to `to` and on of y. */
static void copy(const struct pm_onnx_tensor *x, size_t from, size_t n, struct pm_onnx_tensor *y, size_t to) {
    if (pm_onnx_is_float(x->type))
        memcpy(y->f + to, x->f + from, n * sizeof *y->f);
    else
        memcpy(y->i + to, x->i + from, n * sizeof *y->i);
}

static pm_status same_kind(const struct pm_onnx_op *op, unsigned k) {
    return pm_onnx_is_float(op->in[k]->type) == pm_onnx_is_float(op->in[0]->type)
               ? PM_OK
               : pm_eval_fail(op, PM_EINVAL, "%s with %s", pm_onnx_type_name((int)op->in[0]->type),
                              pm_onnx_type_name((int)op->in[k]->type));
}

/* ---- other shapes of the same elements ---- */

static pm_status reshape(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const bool allow_zero = pm_eval_int(op, "allowzero", 0) != 0;
    const int64_t *v;
    size_t n, shape[PM_ONNX_RANK], known = 1;
    int open = -1;
    const pm_status status = pm_eval_known(op, 1, &v, &n);
    if (status != PM_OK)
        return status;
    if (n > PM_ONNX_RANK)
        return pm_eval_fail(op, PM_EINVAL, "%zu dimensions", n);
    for (size_t d = 0; d < n; d++) {
        if (v[d] < -1 || v[d] > (int64_t)PM_ONNX_COUNT || (v[d] == 0 && !allow_zero && d >= x->rank) ||
            (v[d] == -1 && open >= 0))
            return pm_eval_fail(op, PM_EINVAL, "dimension %zu is %lld", d, (long long)v[d]);
        shape[d] = v[d] == 0 && !allow_zero ? x->shape[d] : (size_t)v[d];
        if (v[d] == -1)
            open = (int)d;
        else if (__builtin_mul_overflow(known, shape[d], &known))
            return pm_eval_fail(op, PM_EINVAL, "a shape that is too large");
    }
    if (open >= 0)
        shape[open] = known ? x->count / known : 0;
    return pm_eval_view(op, (unsigned)n, shape);
}

static pm_status flatten(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int64_t axis = pm_eval_int(op, "axis", 1), rank = (int64_t)x->rank;
    if (axis < -rank || axis > rank)
        return pm_eval_fail(op, PM_EINVAL, "axis %lld of %u dimensions", (long long)axis, x->rank);
    const unsigned at = (unsigned)(axis < 0 ? axis + rank : axis);
    return pm_eval_view(op, 2,
                        (size_t[]){pm_onnx_product(x->shape, 0, at), pm_onnx_product(x->shape, at, x->rank)});
}

static pm_status squeeze(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    uint32_t set;
    bool given;
    size_t shape[PM_ONNX_RANK];
    unsigned rank = 0;
    const pm_status status = pm_eval_axes(op, 1, x->rank, &set, &given);
    if (status != PM_OK)
        return status;
    for (unsigned d = 0; d < x->rank; d++) {
        const bool drop = given ? (set >> d & 1) != 0 : x->shape[d] == 1;
        if (drop && x->shape[d] != 1)
            return pm_eval_fail(op, PM_EINVAL, "dimension %u is %zu, not 1", d, x->shape[d]);
        if (!drop)
            shape[rank++] = x->shape[d];
    }
    return pm_eval_view(op, rank, shape);
}

static pm_status unsqueeze(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    size_t n, m, shape[PM_ONNX_RANK];
    const int64_t *axes = pm_eval_ints(op, "axes", &n), *from_input;
    uint32_t set;
    bool given;
    pm_status status = pm_eval_known(op, 1, &from_input, &m);
    const unsigned rank = x->rank + (unsigned)(axes ? n : m);
    if (status == PM_OK && (axes ? n : m) + x->rank > PM_ONNX_RANK)
        status = pm_eval_fail(op, PM_EINVAL, "more than %d dimensions", PM_ONNX_RANK);
    if (status == PM_OK)
        status = pm_eval_axes(op, 1, rank, &set, &given);
    if (status != PM_OK)
        return status;
    if (!given)
        return pm_eval_fail(op, PM_EINVAL, "no axes");
    for (unsigned d = 0, from = 0; d < rank; d++)
        shape[d] = set >> d & 1 ? 1 : x->shape[from++];
    return pm_eval_view(op, rank, shape);
}

/* ---- moved elements ---- */

static pm_status transpose(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    size_t n, shape[PM_ONNX_RANK], own[PM_ONNX_RANK], stride[1][PM_ONNX_RANK];
    const int64_t *perm = pm_eval_ints(op, "perm", &n);
    uint32_t seen = 0;
    if (perm && n != x->rank)
        return pm_eval_fail(op, PM_EINVAL, "perm of %zu for %u dimensions", n, x->rank);
    pm_onnx_strides(x, x->rank, own);
    for (unsigned d = 0; d < x->rank; d++) {
        const int64_t from = perm ? perm[d] : (int64_t)(x->rank - 1 - d);
        if (from < 0 || from >= (int64_t)x->rank || seen >> from & 1)
            return pm_eval_fail(op, PM_EINVAL, "perm is no permutation");
        seen |= 1u << from;
        shape[d] = x->shape[from];
        stride[0][d] = own[from];
    }
    const pm_status status = pm_eval_out(op, 0, x->type, x->rank, shape);
    if (status == PM_OK && !op->dry)
        collect(x, 0, x->rank, shape, stride, &op->out[0], 0);
    return status;
}

static pm_status concat(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    size_t shape[PM_ONNX_RANK];
    unsigned axis;
    pm_status status = pm_eval_axis(op, pm_eval_int(op, "axis", INT64_MIN), x->rank, &axis);
    if (status != PM_OK)
        return status;
    memcpy(shape, x->shape, sizeof shape);
    for (unsigned k = 1; k < op->inputs; k++) {
        const struct pm_onnx_tensor *t = op->in[k];
        if (!t)
            return pm_eval_fail(op, PM_EINVAL, "input %u is left out", k);
        status = same_kind(op, k);
        bool fits = t->rank == x->rank;
        for (unsigned d = 0; d < x->rank && fits; d++)
            fits = d == axis || t->shape[d] == x->shape[d];
        if (status != PM_OK || !fits)
            return status != PM_OK ? status : pm_eval_fail(op, PM_EINVAL, "input %u has another shape", k);
        if (__builtin_add_overflow(shape[axis], t->shape[axis], &shape[axis]))
            return pm_eval_fail(op, PM_ERANGE, "too large");
    }
    status = pm_eval_out(op, 0, x->type, x->rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    const size_t outer = pm_onnx_product(shape, 0, axis), inner = pm_onnx_product(shape, axis + 1, x->rank);
    size_t at = 0;
    for (size_t o = 0; o < outer; o++)
        for (unsigned k = 0; k < op->inputs; k++) {
            const size_t n = op->in[k]->shape[axis] * inner;
            copy(op->in[k], o * n, n, &op->out[0], at);
            at += n;
        }
    return PM_OK;
}

/* The parts' sizes: given, or as equal as can be. */
static pm_status part_sizes(const struct pm_onnx_op *op, size_t whole, const int64_t **given) {
    size_t n;
    const int64_t *v = pm_eval_ints(op, "split", &n);
    if (!v) {
        const pm_status status = pm_eval_known(op, 1, &v, &n);
        if (status != PM_OK)
            return status;
    }
    *given = v;
    if (!v)
        return op->outputs > 0 && (whole % op->outputs == 0 || op->net->opset >= 18)
                   ? PM_OK
                   : pm_eval_fail(op, PM_EINVAL, "%zu into %u equal parts", whole, op->outputs);
    size_t left = whole;
    for (size_t k = 0; k < n; k++) {
        if (v[k] < 0 || (uint64_t)v[k] > left)
            return pm_eval_fail(op, PM_EINVAL, "the parts are not of %zu together", whole);
        left -= (size_t)v[k];
    }
    return left == 0 && n == op->node->outputs
               ? PM_OK
               : pm_eval_fail(op, PM_EINVAL, "%zu parts that leave %zu of %zu, for %u outputs", n, left,
                              whole, op->node->outputs);
}

static pm_status split(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int64_t *given;
    size_t shape[PM_ONNX_RANK], from = 0;
    unsigned axis;
    pm_status status = pm_eval_axis(op, pm_eval_int(op, "axis", 0), x->rank, &axis);
    if (status == PM_OK)
        status = part_sizes(op, x->shape[axis], &given);
    if (status != PM_OK)
        return status;
    const size_t whole = x->shape[axis], most = (whole + op->outputs - 1) / op->outputs;
    const size_t outer = pm_onnx_product(x->shape, 0, axis),
                 inner = pm_onnx_product(x->shape, axis + 1, x->rank);
    memcpy(shape, x->shape, sizeof shape);
    for (unsigned k = 0; k < op->outputs && status == PM_OK; k++, from += shape[axis]) {
        shape[axis] = given ? (size_t)given[k] : whole - from < most ? whole - from : most;
        status = pm_eval_out(op, k, x->type, x->rank, shape);
        for (size_t o = 0; o < outer && status == PM_OK && !op->dry; o++)
            copy(x, (o * whole + from) * inner, shape[axis] * inner, &op->out[k], o * shape[axis] * inner);
    }
    return status;
}

/* Where a slice along a dimension of `size` begins, and how many there are. */
static void slice_of(size_t size, int64_t start, int64_t end, int64_t step, size_t *first, size_t *count) {
    const int64_t n = (int64_t)size, lo = step > 0 ? 0 : -1, hi = step > 0 ? n : n - 1;
    start += start < 0 ? n : 0;
    end += end < 0 ? n : 0;
    start = start < lo ? lo : start > hi ? hi : start;
    end = end < lo ? lo : end > hi ? hi : end;
    const int64_t span = step > 0 ? end - start : start - end, by = step > 0 ? step : -step;
    *count = span > 0 ? (size_t)((span - 1) / by + 1) : 0;
    *first = *count ? (size_t)start : 0;
}

static pm_status slice(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int64_t *v[5] = {0};
    size_t n[5] = {0}, shape[PM_ONNX_RANK], stride[1][PM_ONNX_RANK], base = 0;
    uint32_t seen = 0;
    for (unsigned k = 1; k < 5; k++) {
        const pm_status status = pm_eval_known(op, k, &v[k], &n[k]);
        if (status != PM_OK)
            return status;
        if (v[k] && n[k] != n[1])
            return pm_eval_fail(op, PM_EINVAL, "input %u has %zu elements, not %zu", k, n[k], n[1]);
    }
    memcpy(shape, x->shape, sizeof shape);
    pm_onnx_strides(x, x->rank, stride[0]);
    for (size_t k = 0; k < n[1]; k++) {
        unsigned d;
        size_t first;
        const int64_t step = v[4] ? v[4][k] : 1;
        const pm_status status = pm_eval_axis(op, v[3] ? v[3][k] : (int64_t)k, x->rank, &d);
        if (status != PM_OK)
            return status;
        if (seen >> d & 1 || step == 0 || step == INT64_MIN)
            return pm_eval_fail(op, PM_EINVAL, "axis %u twice, or a step of %lld", d, (long long)step);
        seen |= 1u << d;
        slice_of(x->shape[d], v[1][k], v[2][k], step, &first, &shape[d]);
        base += first * stride[0][d];
        stride[0][d] *= (size_t)step;
    }
    const pm_status status = pm_eval_out(op, 0, x->type, x->rank, shape);
    if (status == PM_OK && !op->dry)
        collect(x, base, x->rank, shape, stride, &op->out[0], 0);
    return status;
}

static pm_status bad_index(const struct pm_onnx_op *op, int64_t index, size_t size) {
    return pm_eval_fail(op, PM_EINVAL, "index %lld of a dimension of %zu", (long long)index, size);
}

static pm_status gather(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *index = op->in[1];
    size_t shape[2 * PM_ONNX_RANK];
    unsigned axis, rank = 0;
    pm_status status = pm_eval_need_int(op, 1);
    if (status == PM_OK)
        status = pm_eval_axis(op, pm_eval_int(op, "axis", 0), x->rank, &axis);
    if (status != PM_OK)
        return status;
    for (unsigned d = 0; d < axis; d++)
        shape[rank++] = x->shape[d];
    for (unsigned d = 0; d < index->rank; d++)
        shape[rank++] = index->shape[d];
    for (unsigned d = axis + 1; d < x->rank; d++)
        shape[rank++] = x->shape[d];
    status = pm_eval_out(op, 0, x->type, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    const size_t outer = pm_onnx_product(x->shape, 0, axis),
                 inner = pm_onnx_product(x->shape, axis + 1, x->rank);
    const size_t size = x->shape[axis];
    size_t at = 0;
    for (size_t o = 0; o < outer; o++)
        for (size_t k = 0; k < index->count; k++, at += inner) {
            const int64_t i = index->i[k] < 0 ? index->i[k] + (int64_t)size : index->i[k];
            if (i < 0 || i >= (int64_t)size)
                return bad_index(op, index->i[k], size);
            copy(x, (o * size + (size_t)i) * inner, inner, &op->out[0], at);
        }
    return PM_OK;
}

static pm_status gather_elements(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *index = op->in[1];
    unsigned axis;
    pm_status status = pm_eval_need_int(op, 1);
    if (status == PM_OK)
        status = pm_eval_axis(op, pm_eval_int(op, "axis", 0), x->rank, &axis);
    if (status != PM_OK)
        return status;
    bool fits = index->rank == x->rank;
    for (unsigned d = 0; d < x->rank && fits; d++)
        fits = d == axis || index->shape[d] <= x->shape[d];
    if (!fits)
        return pm_eval_fail(op, PM_EINVAL, "indices of another shape");
    status = pm_eval_out(op, 0, x->type, x->rank, index->shape);
    if (status != PM_OK || op->dry)
        return status;
    size_t stride[PM_ONNX_RANK], place[PM_ONNX_RANK] = {0};
    pm_onnx_strides(x, x->rank, stride);
    for (size_t k = 0; k < index->count; k++) {
        const int64_t size = (int64_t)x->shape[axis], i = index->i[k] < 0 ? index->i[k] + size : index->i[k];
        if (i < 0 || i >= size)
            return bad_index(op, index->i[k], x->shape[axis]);
        size_t from = 0;
        for (unsigned d = 0; d < x->rank; d++)
            from += (d == axis ? (size_t)i : place[d]) * stride[d];
        copy(x, from, 1, &op->out[0], k);
        for (unsigned d = x->rank; d-- > 0 && ++place[d] == index->shape[d];)
            place[d] = 0;
    }
    return PM_OK;
}

/* A shape in an input: dimensions 0..2^31. */
static pm_status shape_in(const struct pm_onnx_op *op, unsigned k, unsigned *rank, size_t *shape) {
    const int64_t *v;
    size_t n;
    const pm_status status = pm_eval_known(op, k, &v, &n);
    if (status != PM_OK)
        return status;
    if (n > PM_ONNX_RANK)
        return pm_eval_fail(op, PM_EINVAL, "%zu dimensions", n);
    *rank = (unsigned)n;
    for (size_t d = 0; d < n; d++) {
        if (v[d] < 0 || v[d] > (int64_t)PM_ONNX_COUNT)
            return pm_eval_fail(op, PM_EINVAL, "dimension %zu is %lld", d, (long long)v[d]);
        shape[d] = (size_t)v[d];
    }
    return PM_OK;
}

static pm_status expand(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    size_t want[PM_ONNX_RANK], shape[PM_ONNX_RANK], stride[1][PM_ONNX_RANK];
    unsigned rank, wanted;
    pm_status status = shape_in(op, 1, &wanted, want);
    if (status == PM_OK && !pm_onnx_broadcast(x->rank, x->shape, wanted, want, &rank, shape))
        status = pm_eval_fail(op, PM_EINVAL, "the input cannot be broadcast to this shape");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    pm_onnx_strides(x, rank, stride[0]);
    collect(x, 0, rank, shape, stride, &op->out[0], 0);
    return PM_OK;
}

/* Every dimension becomes two, of which the first does not move. */
static pm_status tile(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    size_t times[PM_ONNX_RANK], shape[PM_ONNX_RANK], place[PM_ONNX_RANK] = {0}, stride[PM_ONNX_RANK];
    unsigned n;
    pm_status status = shape_in(op, 1, &n, times);
    if (status == PM_OK && n != x->rank)
        status = pm_eval_fail(op, PM_EINVAL, "%u repeats for %u dimensions", n, x->rank);
    for (unsigned d = 0; d < x->rank && status == PM_OK; d++)
        if (__builtin_mul_overflow(x->shape[d], times[d], &shape[d]))
            status = pm_eval_fail(op, PM_ERANGE, "too large");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    pm_onnx_strides(x, x->rank, stride);
    const unsigned last = x->rank ? x->rank - 1 : 0;
    const size_t run = x->rank ? x->shape[last] : 1;
    for (size_t at = 0; at < op->out[0].count; at += run) { /* a row of x at a time */
        size_t from = 0;
        for (unsigned d = 0; d < last; d++)
            from += place[d] % x->shape[d] * stride[d];
        copy(x, from, run, &op->out[0], at);
        if (x->rank && ++place[last] < times[last])
            continue;
        place[last] = 0;
        for (unsigned d = last; d-- > 0 && ++place[d] == shape[d];)
            place[d] = 0;
    }
    return PM_OK;
}

/* ---- pads ---- */

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };

/* Where element `at` of a padded dimension comes from, -1: nowhere. */
static int64_t padded_from(enum pad_mode mode, int64_t at, int64_t size) {
    if (at >= 0 && at < size)
        return at;
    if (mode == PAD_CONSTANT)
        return -1;
    if (mode == PAD_EDGE)
        return at < 0 ? 0 : size - 1;
    if (mode == PAD_WRAP)
        return (at % size + size) % size;
    const int64_t period = 2 * (size - 1);
    if (period == 0)
        return 0;
    at = (at % period + period) % period;
    return at < size ? at : period - at;
}

/* Pads of each dimension: begins, then ends. */
static pm_status pads_of(const struct pm_onnx_op *op, unsigned rank, int64_t pads[2 * PM_ONNX_RANK]) {
    const int64_t *v, *axes;
    size_t n, m;
    pm_status status = pm_eval_known(op, 1, &v, &n);
    if (status == PM_OK)
        status = pm_eval_known(op, 3, &axes, &m);
    if (status != PM_OK)
        return status;
    const size_t of = axes ? m : rank;
    memset(pads, 0, 2 * PM_ONNX_RANK * sizeof *pads);
    if (n != 2 * of)
        return pm_eval_fail(op, PM_EINVAL, "%zu pads for %zu dimensions", n, of);
    for (size_t k = 0; k < of; k++) {
        unsigned d;
        status = pm_eval_axis(op, axes ? axes[k] : (int64_t)k, rank, &d);
        if (status != PM_OK)
            return status;
        pads[d] = v[k];
        pads[rank + d] = v[of + k];
        if (v[k] > INT32_MAX || v[k] < INT32_MIN || v[of + k] > INT32_MAX || v[of + k] < INT32_MIN)
            return pm_eval_fail(op, PM_ERANGE, "pads %lld, %lld", (long long)v[k], (long long)v[of + k]);
    }
    return PM_OK;
}

/* Copies the rows of x, `n` dimensions of it from d on, into y's place `to`. */
static void pad_rows(const struct pm_onnx_tensor *x, const int64_t *pads, enum pad_mode mode,
                     struct pm_onnx_tensor *y) {
    size_t stride[PM_ONNX_RANK], place[PM_ONNX_RANK] = {0};
    pm_onnx_strides(x, x->rank, stride);
    const unsigned last = x->rank - 1;
    for (size_t at = 0; at < y->count; at += y->shape[last]) {
        size_t base = 0;
        bool inside = true;
        for (unsigned d = 0; d < last; d++) {
            const int64_t from = padded_from(mode, (int64_t)place[d] - pads[d], (int64_t)x->shape[d]);
            inside = inside && from >= 0;
            base += inside ? (size_t)from * stride[d] : 0;
        }
        for (size_t i = 0; inside && i < y->shape[last]; i++) {
            const int64_t from = padded_from(mode, (int64_t)i - pads[last], (int64_t)x->shape[last]);
            if (from >= 0)
                copy(x, base + (size_t)from, 1, y, at + i);
        }
        for (unsigned d = last; d-- > 0 && ++place[d] == y->shape[d];)
            place[d] = 0;
    }
}

static pm_status pad(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *fill = pm_eval_in(op, 2);
    const int mode = pm_eval_choice(op, "mode", "constant|reflect|edge|wrap", "constant");
    int64_t pads[2 * PM_ONNX_RANK];
    size_t shape[PM_ONNX_RANK];
    pm_status status =
        mode < 0 ? pm_eval_fail(op, PM_EINVAL, "a mode that is not known") : pads_of(op, x->rank, pads);
    if (status == PM_OK && fill)
        status = fill->count != 1 ? pm_eval_fail(op, PM_EINVAL, "input 2 is no scalar") : same_kind(op, 2);
    for (unsigned d = 0; d < x->rank && status == PM_OK; d++) {
        const int64_t size = (int64_t)x->shape[d] + pads[d] + pads[x->rank + d];
        if (size < 0 || (mode != PAD_CONSTANT && x->shape[d] == 0))
            status = pm_eval_fail(op, PM_EINVAL, "pads %lld, %lld of a dimension of %zu", (long long)pads[d],
                                  (long long)pads[x->rank + d], x->shape[d]);
        shape[d] = (size_t)size;
    }
    if (status == PM_OK && x->rank == 0)
        return pm_eval_view(op, 0, shape);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    struct pm_onnx_tensor *y = &op->out[0];
    for (size_t i = 0; fill && i < y->count; i++)
        copy(fill, 0, 1, y, i);
    if (x->count && y->count)
        pad_rows(x, pads, (enum pad_mode)mode, y);
    return PM_OK;
}

/* ---- channels and blocks ---- */

enum { TO_SPACE, TO_DEPTH };

/* As a transposition of six dimensions. */
static pm_status blocks(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int64_t block = pm_eval_int(op, "blocksize", 0);
    const int mode = pm_eval_choice(op, "mode", "DCR|CRD", "DCR");
    const size_t *s = x->shape, b = (size_t)block;
    if (x->rank != 4 || block < 1 || block > 65536 || mode < 0)
        return pm_eval_fail(op, PM_EINVAL, "%u dimensions, blocksize %lld or a mode that is not known",
                            x->rank, (long long)block);
    const bool to_space = op->node->op->variant == TO_SPACE;
    if (to_space ? s[1] % (b * b) != 0 : s[2] % b != 0 || s[3] % b != 0)
        return pm_eval_fail(op, PM_EINVAL, "a blocksize that does not divide the dimensions");
    const size_t h = to_space ? s[2] : s[2] / b, v = to_space ? s[3] : s[3] / b,
                 c = to_space ? s[1] / (b * b) : s[1];
    const size_t plane = h * v, row = to_space ? v : v * b; /* of x */
    const pm_status status = pm_eval_out(
        op, 0, x->type, 4, to_space ? (size_t[]){s[0], c, h * b, v * b} : (size_t[]){s[0], c * b * b, h, v});
    if (status != PM_OK || op->dry)
        return status;
    const size_t by_y = mode == 0 ? b * c * plane : b * plane, by_x = mode == 0 ? c * plane : plane;
    const size_t by_c = mode == 0 ? plane : b * b * plane;
    if (to_space)
        collect(x, 0, 6, (size_t[]){s[0], c, h, b, v, b},
                (size_t[1][PM_ONNX_RANK]){{c * b * b * plane, by_c, row, by_y, 1, by_x}}, &op->out[0], 0);
    else
        collect(x, 0, 6, (size_t[]){s[0], b, b, c, h, v},
                (size_t[1][PM_ONNX_RANK]){{c * plane * b * b, row, 1, plane * b * b, row * b, b}},
                &op->out[0], 0);
    return PM_OK;
}

/* ---- from shapes alone ---- */

static pm_status shape(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int64_t rank = (int64_t)x->rank;
    int64_t from = pm_eval_int(op, "start", 0), to = pm_eval_int(op, "end", rank);
    from = from < -rank ? 0 : from < 0 ? from + rank : from > rank ? rank : from;
    to = to < -rank ? 0 : to < 0 ? to + rank : to > rank ? rank : to;
    const size_t n = to > from ? (size_t)(to - from) : 0;
    const pm_status status = pm_eval_out_known(op, 0, PM_ONNX_INT64, 1, &n);
    for (size_t d = 0; d < n && status == PM_OK; d++)
        op->out[0].i[d] = (int64_t)x->shape[(size_t)from + d];
    return status;
}

static pm_status size(struct pm_onnx_op *op) {
    const pm_status status = pm_eval_out_known(op, 0, PM_ONNX_INT64, 0, NULL);
    if (status == PM_OK)
        op->out[0].i[0] = (int64_t)op->in[0]->count;
    return status;
}

/* The value is one of several attributes. */
static pm_status constant(struct pm_onnx_op *op) {
    size_t n;
    const float *floats = pm_eval_floats(op, "value_floats", &n);
    const int64_t *ints;
    pm_status status;
    if (pm_eval_has(op, "value"))
        return pm_eval_tensor(op, "value", &op->out[0]);
    if (pm_eval_has(op, "value_float") || floats) {
        status = pm_eval_out_known(op, 0, PM_ONNX_FLOAT, floats != NULL, &n);
        for (size_t i = 0; i < op->out[0].count && status == PM_OK; i++)
            op->out[0].f[i] = floats ? floats[i] : pm_eval_float(op, "value_float", 0);
        return status;
    }
    ints = pm_eval_ints(op, "value_ints", &n);
    if (!pm_eval_has(op, "value_int") && !ints)
        return pm_eval_fail(op, PM_EINVAL, "a value of a kind that is not supported");
    status = pm_eval_out_known(op, 0, PM_ONNX_INT64, ints != NULL, &n);
    for (size_t i = 0; i < op->out[0].count && status == PM_OK; i++)
        op->out[0].i[i] = ints ? ints[i] : pm_eval_int(op, "value_int", 0);
    return status;
}

static pm_status constant_of_shape(struct pm_onnx_op *op) {
    struct pm_onnx_tensor value = {.type = PM_ONNX_FLOAT, .count = 1};
    size_t of[PM_ONNX_RANK];
    unsigned rank;
    pm_status status = shape_in(op, 0, &rank, of);
    if (status == PM_OK && pm_eval_has(op, "value"))
        status = pm_eval_tensor(op, "value", &value);
    if (status == PM_OK && value.count != 1)
        status = pm_eval_fail(op, PM_EINVAL, "a value that is no scalar");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, value.type, rank, of);
    for (size_t i = 0; status == PM_OK && !op->dry && value.data && i < op->out[0].count; i++)
        copy(&value, 0, 1, &op->out[0], i);
    pm_onnx_drop(&value);
    return status;
}

static pm_status range(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *from = op->in[0], *to = op->in[1], *by = op->in[2];
    pm_status status = same_kind(op, 1);
    if (status == PM_OK)
        status = same_kind(op, 2);
    if (status == PM_OK &&
        (!from->data || !to->data || !by->data || from->count != 1 || to->count != 1 || by->count != 1))
        status = pm_eval_fail(op, PM_EINVAL, "limits that are no scalars, or depend on the network's inputs");
    if (status != PM_OK)
        return status;
    const bool is_float = pm_onnx_is_float(from->type);
    const double a = is_float ? (double)from->f[0] : (double)from->i[0];
    const double b = is_float ? (double)to->f[0] : (double)to->i[0];
    const double step = is_float ? (double)by->f[0] : (double)by->i[0];
    const double n = step != 0 ? ceil((b - a) / step) : NAN;
    if (!(n <= (double)PM_ONNX_COUNT))
        return pm_eval_fail(op, PM_EINVAL, "from %g to %g by %g", a, b, step);
    status = pm_eval_out(op, 0, from->type, 1, &(size_t){n > 0 ? (size_t)n : 0});
    for (size_t i = 0; status == PM_OK && !op->dry && i < op->out[0].count; i++)
        if (is_float)
            op->out[0].f[i] = from->f[0] + (float)i * by->f[0];
        else
            op->out[0].i[i] = (int64_t)((uint64_t)from->i[0] + i * (uint64_t)by->i[0]);
    return status;
}

/* The upper or the lower triangle of the last two dimensions. */
static pm_status trilu(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const bool upper = pm_eval_int(op, "upper", 1) != 0;
    const int64_t *v;
    size_t n;
    pm_status status = pm_eval_known(op, 1, &v, &n);
    if (status == PM_OK && (x->rank < 2 || n > 1))
        status = pm_eval_fail(op, PM_EINVAL, "%u dimensions, or k is no scalar", x->rank);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, x->shape);
    if (status != PM_OK || op->dry)
        return status;
    const int64_t k = n ? v[0] : 0;
    const size_t columns = x->shape[x->rank - 1], rows = x->shape[x->rank - 2];
    for (size_t i = 0; i < x->count; i++) {
        const int64_t off = (int64_t)(i % columns) - (int64_t)(i / columns % rows);
        if (upper ? off >= k : off <= k)
            copy(x, i, 1, &op->out[0], i);
    }
    return PM_OK;
}

const struct pm_onnx_operator pm_onnx_movement[] = {
    {"Concat", 1, 1, PM_ONNX_ANY, 1, concat, 0, NULL},
    {"Constant", 1, 0, 0, 1, constant, 0, NULL},
    {"ConstantOfShape", 9, 1, 1, 1, constant_of_shape, 0, NULL},
    {"DepthToSpace", 1, 1, 1, 1, blocks, TO_SPACE, NULL},
    {"Expand", 8, 2, 2, 1, expand, 0, NULL},
    {"Flatten", 1, 1, 1, 1, flatten, 0, NULL},
    {"Gather", 1, 2, 2, 1, gather, 0, NULL},
    {"GatherElements", 11, 2, 2, 1, gather_elements, 0, NULL},
    {"Pad", 1, 2, 4, 1, pad, 0, NULL},
    {"Range", 11, 3, 3, 1, range, 0, NULL},
    {"Reshape", 1, 2, 2, 1, reshape, 0, NULL},
    {"Shape", 1, 1, 1, 1, shape, 0, NULL},
    {"Size", 1, 1, 1, 1, size, 0, NULL},
    {"Slice", 1, 3, 5, 1, slice, 0, NULL},
    {"SpaceToDepth", 1, 1, 1, 1, blocks, TO_DEPTH, NULL},
    {"Split", 1, 1, 2, PM_ONNX_ANY, split, 0, NULL},
    {"Squeeze", 1, 1, 2, 1, squeeze, 0, NULL},
    {"Tile", 1, 2, 2, 1, tile, 0, NULL},
    {"Transpose", 1, 1, 1, 1, transpose, 0, NULL},
    {"Trilu", 14, 1, 2, 1, trilu, 0, NULL},
    {"Unsqueeze", 1, 1, 2, 1, unsqueeze, 0, NULL},
    {0},
};
