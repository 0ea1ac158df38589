// SPDX-License-Identifier: Apache-2.0
#include "io/wav.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"

enum { FormatBytes = 16, ExtensibleBytes = 40, Pcm = 1, Extensible = 0xfffe };

struct reader {
    FILE *file;
    const char *path;
    uint64_t left; /* bytes of the RIFF chunk that were not read */
    struct pm_error *error;
};

static uint32_t little(const uint8_t *b, unsigned bytes) {
    uint32_t v = 0;
    while (bytes-- > 0)
        v = v << 8 | b[bytes];
    return v;
}

static pm_status take(struct reader *r, void *to, uint64_t bytes) {
    if (bytes > r->left)
        return pm_fail(r->error, PM_EFORMAT, r->path, "truncated");
    if (fread(to, 1, bytes, r->file) != bytes)
        return pm_fail(r->error, PM_EIO, r->path, "%s", strerror(ferror(r->file) ? errno : EIO));
    r->left -= bytes;
    return PM_OK;
}

static pm_status pass_over(struct reader *r, uint64_t bytes) {
    if (bytes > r->left)
        return pm_fail(r->error, PM_EFORMAT, r->path, "truncated");
    if (fseeko(r->file, (off_t)bytes, SEEK_CUR) != 0)
        return pm_fail(r->error, PM_EIO, r->path, "%s", strerror(errno));
    r->left -= bytes;
    return PM_OK;
}

static pm_status read_format(struct reader *r, uint32_t bytes, struct pm_wav *w) {
    uint8_t b[ExtensibleBytes] = {0};
    if (w->channels)
        return pm_fail(r->error, PM_EFORMAT, r->path, "two fmt chunks");
    if (bytes < FormatBytes)
        return pm_fail(r->error, PM_EFORMAT, r->path, "a fmt chunk of %u bytes", bytes);
    const uint32_t known = bytes < ExtensibleBytes ? bytes : ExtensibleBytes;
    pm_status status = take(r, b, known);
    if (status == PM_OK)
        status = pass_over(r, bytes - known);
    if (status != PM_OK)
        return status;
    /* What an extensible format is stands at the beginning of its GUID. */
    const uint32_t tag = little(b, 2);
    const uint32_t kind = tag == Extensible && known == ExtensibleBytes ? little(b + 24, 2) : tag;
    const uint32_t channels = little(b + 2, 2), bits = little(b + 14, 2);
    if (kind != Pcm || bits != 16)
        return pm_fail(r->error, PM_ERANGE, r->path, "format %u of %u bits; 16-bit PCM is wanted", kind,
                       bits);
    if (channels == 0 || channels > PM_WAV_CHANNELS)
        return pm_fail(r->error, PM_ERANGE, r->path, "%u channels, 1..%d are wanted", channels,
                       PM_WAV_CHANNELS);
    w->rate = little(b + 4, 4);
    if (w->rate == 0 || little(b + 12, 2) != 2 * channels)
        return pm_fail(r->error, PM_EFORMAT, r->path, "%u frames a second of %u bytes", w->rate,
                       little(b + 12, 2));
    w->channels = channels;
    return PM_OK;
}

static pm_status read_data(struct reader *r, uint32_t bytes, struct pm_wav *w) {
    if (!w->channels || w->sample)
        return pm_fail(r->error, PM_EFORMAT, r->path,
                       w->sample ? "two data chunks" : "no fmt chunk before the data");
    if (bytes > r->left)
        return pm_fail(r->error, PM_EFORMAT, r->path, "truncated");
    if (bytes == 0 || bytes % (2 * w->channels) != 0)
        return pm_fail(r->error, PM_EFORMAT, r->path, "%u bytes of samples are no whole frames", bytes);
    const size_t count = bytes / 2;
    w->frames = count / w->channels;
    w->sample = malloc(count * sizeof *w->sample);
    if (!w->sample)
        return pm_fail(r->error, PM_ENOMEM, r->path, "%s", pm_strerror(PM_ENOMEM));
    for (size_t i = 0, n; i < count; i += n) {
        uint8_t b[4096];
        n = count - i < sizeof b / 2 ? count - i : sizeof b / 2;
        const pm_status status = take(r, b, 2 * n);
        if (status != PM_OK)
            return status;
        for (size_t k = 0; k < n; k++)
            w->sample[i + k] = (float)(int16_t)little(b + 2 * k, 2) / 32768;
    }
    return PM_OK;
}

static pm_status read_chunks(struct reader *r, struct pm_wav *w) {
    pm_status status = PM_OK;
    while (r->left > 0 && status == PM_OK) {
        uint8_t head[8];
        if ((status = take(r, head, sizeof head)) != PM_OK)
            break;
        const uint32_t bytes = little(head + 4, 4);
        if (memcmp(head, "fmt ", 4) == 0)
            status = read_format(r, bytes, w);
        else if (memcmp(head, "data", 4) == 0)
            status = read_data(r, bytes, w);
        else
            status = pass_over(r, bytes);
        /* Chunks begin at even places; what fills may be missing at the end. */
        if (status == PM_OK && bytes % 2 == 1 && r->left > 0)
            status = pass_over(r, 1);
    }
    if (status == PM_OK && !w->sample)
        status = pm_fail(r->error, PM_EFORMAT, r->path, "no data chunk");
    return status;
}

/* The `bytes` behind RIFF's length, of which WAVE was read. */
static pm_status read_riff(struct reader *r, uint32_t bytes, struct pm_wav *w) {
    if (bytes < 4 || bytes - 4 > r->left)
        return pm_fail(r->error, PM_EFORMAT, r->path, "truncated");
    r->left = bytes - 4;
    return read_chunks(r, w);
}

pm_status pm_wav_read(const char *path, struct pm_wav *w, struct pm_error *e) {
    struct reader r = {.path = path, .error = e};
    uint8_t head[12] = {0};
    *w = (struct pm_wav){0};
    pm_status status = pm_file_open(path, &r.file, &r.left, e);
    if (status != PM_OK)
        return status;
    if (r.left < sizeof head || take(&r, head, sizeof head) != PM_OK || memcmp(head, "RIFF", 4) != 0 ||
        memcmp(head + 8, "WAVE", 4) != 0)
        status = pm_fail(e, PM_EFORMAT, path, "no WAV file");
    else
        status = read_riff(&r, little(head + 4, 4), w);
    fclose(r.file);
    if (status != PM_OK)
        pm_wav_free(w);
    return status;
}

void pm_wav_free(struct pm_wav *w) {
    free(w->sample);
    *w = (struct pm_wav){0};
}
