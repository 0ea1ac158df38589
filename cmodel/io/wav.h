// SPDX-License-Identifier: Apache-2.0
/* Sound: WAV files of 16-bit PCM. Files may be hostile. */
#ifndef PM_IO_WAV_H
#define PM_IO_WAV_H

#include "io/error.h"

#define PM_WAV_CHANNELS 64 /**< at most */

struct pm_wav {
    uint32_t rate;     /**< frames a second, at least 1 */
    unsigned channels; /**< 1..PM_WAV_CHANNELS */
    size_t frames;     /**< at least 1 */
    float *sample;     /**< [frames][channels], -1 to below 1: integer/32768 */
};

/** Reads `path`: one `fmt ` chunk, plain or extensible, before one `data` chunk, both whole; others are
 * passed over. PM_EIO, PM_EFORMAT, PM_ERANGE (other samples than 16-bit PCM, too many channels), PM_ENOMEM,
 * with one line in *e; then *w is zeroed. */
pm_status pm_wav_read(const char *path, struct pm_wav *w, struct pm_error *e);
/** A zeroed struct is accepted. */
void pm_wav_free(struct pm_wav *w);

#endif
