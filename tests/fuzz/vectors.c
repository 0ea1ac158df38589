// SPDX-License-Identifier: Apache-2.0
/* Golden against RTL through the ops: an input chooses op, settings and each operand, from the edges of its
 * range or at random; every integer of every output is compared. Shapes are few, since each needs a model. */
#include "op/op.h"
#include "fuzz.h"

static struct bytes {
    const uint8_t *data;
    size_t left;
    uint64_t random;
} in;

static unsigned byte(void) {
    if (in.left == 0) { /* goes on at random, from what came before */
        in.random ^= in.random >> 12;
        in.random ^= in.random << 25;
        in.random ^= in.random >> 27;
        return (unsigned)(in.random * 0x2545F4914F6CDD1Du >> 56);
    }
    in.left--;
    in.random += *in.data;
    return *in.data++;
}

/* As TestFloat does: ends of the range, about zero, about powers of two, alternating bits, or anything. */
static int64_t operand(int64_t lo, int64_t hi) {
    const unsigned how = byte(), bit = byte() % 63;
    int64_t v = 0;
    switch (how % 8) {
    case 0:
        v = lo + (int64_t)(bit % 3);
        break;
    case 1:
        v = hi - (int64_t)(bit % 3);
        break;
    case 2:
        v = (int64_t)(bit % 5) - 2;
        break;
    case 3:
        v = ((int64_t)1 << bit) + (int64_t)(how >> 3) % 3 - 1;
        break;
    case 4:
        v = -((int64_t)1 << bit) + (int64_t)(how >> 3) % 3 - 1;
        break;
    case 5:
        v = (int64_t)(0x5555555555555555u >> bit) ^ -(int64_t)(how >> 3 & 1);
        break;
    default:
        for (int i = 0; i < 8; i++)
            v = (int64_t)((uint64_t)v << 8 | byte());
        v >>= bit;
    }
    if (v >= lo && v <= hi)
        return v;
    const uint64_t span = (uint64_t)hi - (uint64_t)lo + 1; /* 0: all of int64 */
    return (int64_t)((uint64_t)lo + (span ? (uint64_t)v % span : (uint64_t)v));
}

/* What is left to choose: sizes and settings that have a model of their own are fixed. */
static const struct plan {
    const char *op, *set; /* "name=value ..." */
    size_t dim[128];
    struct {
        const char *input;
        int64_t lo, hi;
    } range[3]; /* narrower than declared */
} plans[] = {
    {"bitsift", "bits=8 slice=16 mode=split signed=1", {['D'] = 64}, {{"x", -128, 127}}},
    {"bitsift", "bits=4 slice=8 mode=scan signed=0", {['D'] = 64}, {{"x", 0, 15}}},
    {"therm-enc", "", {['M'] = 64}, {{0}}},
    {"flare-gemv", "wbits=8 mode=split", {['D'] = 64, ['M'] = 5}, {{"x", -128, 127}, {"w", -128, 127}}},
    {"emsbq", "q=8 signed=1", {['n'] = 13}, {{"x", -2147483647 - 1, 2147483647}}},
    {"emsbq", "q=8 signed=1", {['n'] = 64}, {{0}}},
    {"msb-parse", "bits=10", {['n'] = 16}, {{"x", -2147483647 - 1, 2147483647}, {"shift", -8, 31}}},
    {"vdr-softmax", "", {['N'] = 19}, {{"ne", -14, 25}}},
    {"head-norm", "mode=recip", {['n'] = 7}, {{0}}},
    {"sar-ctrl", "", {['n'] = 32}, {{"vin_q8", -1000, 40000}}},
    {"nor-mul", "abits=8 bbits=8 asigned=1 bsigned=1", {['n'] = 40}, {{"a", -128, 127}, {"b", -128, 127}}},
    {"hyflex-gemv", "", {['D'] = 9, ['M'] = 3}, {{0}}},
};

static bool fixed(const struct plan *p, const char *name) {
    const size_t n = strlen(name);
    for (const char *at = strstr(p->set, name); at; at = strstr(at + 1, name))
        if (at[n] == '=' && (at == p->set || at[-1] == ' '))
            return true;
    return false;
}

static void settings(struct pm_op_job *job, const struct plan *p) {
    char all[256];
    snprintf(all, sizeof all, "%s", p->set);
    for (size_t k = 0; job->op->set[k].name; k++) {
        const struct pm_op_setting *s = &job->op->set[k];
        if (fixed(p, s->name) || s->kind != PM_SET_CHOICE || strstr(s->choices, "ideal"))
            continue;
        /* Of a choice, one that RTL has. */
        const char *c = s->choices;
        unsigned count = 1, pick;
        for (const char *a = c; *a; a++)
            count += *a == '|';
        for (pick = byte() % count; pick > 0; pick--)
            c = strchr(c, '|') + 1;
        char one[64];
        snprintf(one, sizeof one, "%.*s", (int)strcspn(c, "|"), c);
        FUZZ_NEED(pm_op_parse_setting(job, k, one) == PM_OK);
    }
    for (char *save, *item = strtok_r(all, " ", &save); item; item = strtok_r(NULL, " ", &save)) {
        char *equal = strchr(item, '=');
        *equal = 0;
        for (size_t k = 0; job->op->set[k].name; k++)
            if (strcmp(job->op->set[k].name, item) == 0)
                FUZZ_NEED(pm_op_parse_setting(job, k, equal + 1) == PM_OK);
    }
    pm_op_default_settings(job);
}

static void inputs(struct pm_op_job *job, const struct plan *p) {
    memcpy(job->dim, p->dim, sizeof job->dim);
    job->dim['T'] = byte() % 4 + 1;
    job->dim['1'] = 1;
    for (size_t k = 0; job->op->in[k].name; k++) {
        const struct pm_op_input *d = &job->op->in[k];
        size_t shape[PM_RANK];
        int64_t lo = d->lo, hi = d->hi;
        for (size_t r = 0; r < 3; r++)
            if (p->range[r].input && strcmp(p->range[r].input, d->name) == 0)
                lo = p->range[r].lo, hi = p->range[r].hi;
        unsigned rank = 0;
        for (; d->dims[rank]; rank++)
            shape[rank] = job->dim[(unsigned char)d->dims[rank]];
        if (d->optional && byte() % 2)
            continue;
        FUZZ_NEED(pm_tensor_new(&job->in[k], d->dtype, rank, shape) == PM_OK);
        job->in_path[k] = d->name;
        job->in_file[k] = d->dtype;
        for (size_t i = 0; i < job->in[k].count; i++)
            pm_tensor_set(&job->in[k], i, operand(lo, hi));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    in = (struct bytes){.data = data, .left = n, .random = 0x9E3779B97F4A7C15u};
    const struct plan *p = &plans[byte() % (sizeof plans / sizeof *plans)];
    struct pm_op_job *job = calloc(1, sizeof *job);
    FUZZ_NEED(job != NULL);
    for (size_t k = 0; pm_ops[k]; k++)
        if (strcmp(pm_ops[k]->name, p->op) == 0)
            job->op = pm_ops[k];
    FUZZ_NEED(job->op != NULL);
    settings(job, p);
    inputs(job, p);
    struct pm_tensor golden[PM_OP_OUTPUTS], rtl[PM_OP_OUTPUTS];
    pm_status status = job->op->prepare ? job->op->prepare(job) : PM_OK;
    if (status == PM_OK) {
        status = pm_op_run(job, false, golden);
        const pm_status other = pm_op_run(job, true, rtl);
        if (other != status)
            fprintf(stderr, "%s: %s: golden %d, rtl %d\n", p->op, job->error.text, status, other);
        FUZZ_NEED(other == status);
        for (size_t k = 0; status == PM_OK && job->op->out[k].name; k++) {
            FUZZ_NEED(golden[k].count == rtl[k].count);
            for (size_t i = 0; i < golden[k].count && !job->op->out[k].measured; i++) {
                const int64_t g = pm_tensor_get(&golden[k], i), r = pm_tensor_get(&rtl[k], i);
                if (g != r)
                    fprintf(stderr, "%s %s[%zu]: golden %lld, rtl %lld\n", p->op, job->op->out[k].name, i,
                            (long long)g, (long long)r);
                FUZZ_NEED(g == r);
            }
        }
        pm_op_free_outputs(golden);
        pm_op_free_outputs(rtl);
    }
    pm_op_free(job);
    free(job);
    return 0;
}

/* Models stay loaded: opening one asks a script whether it is up to date. */
pm_status __real_pm_rtl_open(const char *block, const char *params, bool wave, struct pm_rtl **rtl, char *err,
                             size_t errlen);
pm_status __wrap_pm_rtl_open(const char *block, const char *params, bool wave, struct pm_rtl **rtl, char *err,
                             size_t errlen);
void __wrap_pm_rtl_close(struct pm_rtl *rtl);

pm_status __wrap_pm_rtl_open(const char *block, const char *params, bool wave, struct pm_rtl **rtl, char *err,
                             size_t errlen) {
    static struct {
        char key[256];
        struct pm_rtl *rtl;
    } models[64];
    char key[256];
    snprintf(key, sizeof key, "%s %s", block, params);
    size_t k = 0;
    while (models[k].rtl && strcmp(models[k].key, key) != 0)
        k++;
    FUZZ_NEED(k + 1 < sizeof models / sizeof *models);
    pm_status status = PM_OK;
    if (!models[k].rtl) {
        memcpy(models[k].key, key, sizeof key);
        status = __real_pm_rtl_open(block, params, wave, &models[k].rtl, err, errlen);
    }
    *rtl = models[k].rtl;
    return status;
}
void __wrap_pm_rtl_close(struct pm_rtl *rtl) {
    (void)rtl;
}
