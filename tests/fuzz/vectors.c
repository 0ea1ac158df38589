// SPDX-License-Identifier: Apache-2.0
/* Golden against RTL through the ops: an input chooses one of their samples, the settings that it leaves open
 * and each random operand, from the edges of its range or at random; every integer of every output is
 * compared. Sizes are the samples', since each needs a model. */
#include "fuzz.h"
#include "op_job.h"

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

/* Sample number n of all that are meant for it, with its op; NULL: there are fewer. */
static const struct pm_op_sample *sample(size_t n, const struct pm_op **op) {
    for (size_t k = 0; (*op = pm_op_at(k)) != NULL; k++)
        for (const struct pm_op_sample *s = (*op)->sample; s->name; s++)
            if (strcmp(s->name, "timing") != 0 && n-- == 0)
                return s;
    return NULL;
}

/* Choices that the sample leaves open; those that need another model are set by it. */
static void settings(struct pm_op_job *job) {
    const char *set = job->sample->set ? job->sample->set : "";
    for (size_t k = 0; k < job->settings->count; k++) {
        const struct pm_setting *d = &job->op->set.setting[k];
        char term[64], one[64];
        snprintf(term, sizeof term, "%s=", d->name);
        if (strstr(set, term) || d->kind != PM_SET_CHOICE || d->golden)
            continue;
        const char *c = d->choices;
        unsigned count = 1, pick;
        for (const char *a = c; *a; a++)
            count += *a == '|';
        for (pick = byte() % count; pick > 0; pick--)
            c = strchr(c, '|') + 1;
        snprintf(one, sizeof one, "%.*s", (int)strcspn(c, "|"), c);
        FUZZ_NEED(pm_setting_parse(d, one, d->name, &job->settings->value[k], &job->error) == PM_OK);
        job->settings->value[k].given = true;
    }
    FUZZ_NEED(pm_op_sample_settings(job) == PM_OK);
}

/* Takes the sample's tensors and replaces what is random in them; false where the settings refuse them. */
static bool inputs(struct pm_op_job *job) {
    if (pm_op_load(job) != PM_OK)
        return false;
    for (size_t k = 0; job->op->in[k].name; k++) {
        const struct pm_op_values v = pm_op_sample_values(job->op, job->sample, k);
        for (size_t i = 0; i < job->in[k].count && !v.list; i++)
            pm_tensor_set(&job->in[k], i, operand(v.lo, v.hi));
    }
    return !job->op->prepare || job->op->prepare(job) == PM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    in = (struct bytes){.data = data, .left = n, .random = 0x9E3779B97F4A7C15u};
    const struct pm_op *op;
    size_t samples = 0;
    while (sample(samples, &op))
        samples++;
    struct pm_op_job *job = calloc(1, sizeof *job);
    FUZZ_NEED(job != NULL);
    const struct pm_op_sample *chosen = sample(byte() % samples, &op);
    FUZZ_NEED(pm_op_begin(job, op) == PM_OK);
    job->sample = chosen;
    job->golden = true;
    job->rtl = op->driver != NULL;
    settings(job);
    if (inputs(job)) {
        struct pm_tensor golden[PM_OP_OUTPUTS], rtl[PM_OP_OUTPUTS];
        const pm_status status = pm_op_run(job, false, golden);
        const pm_status other = pm_op_run(job, job->rtl, rtl);
        if (other != status)
            fprintf(stderr, "%s: %s: golden %d, rtl %d\n", op->name, job->error.text, status, other);
        FUZZ_NEED(other == status);
        for (size_t k = 0; status == PM_OK && job->op->out[k].name; k++) {
            FUZZ_NEED(golden[k].count == rtl[k].count);
            for (size_t i = 0; i < golden[k].count && !job->op->out[k].measured; i++) {
                const int64_t g = pm_tensor_get(&golden[k], i), r = pm_tensor_get(&rtl[k], i);
                if (g != r)
                    fprintf(stderr, "%s %s[%zu]: golden %lld, rtl %lld\n", op->name, job->op->out[k].name, i,
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
