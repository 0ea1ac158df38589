// SPDX-License-Identifier: Apache-2.0
#include "io/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens the first of the file's names that is there; where none is, the first one is complained about. */
static pm_status open_file(struct pm_idx *idx, const char *folder, const char *split, const char *what,
                           unsigned rank, struct pm_error *e) {
    static const char *const forms[] = {"%s/%s-%s-idx%u-ubyte.gz", "%s/%s-%s-idx%u-ubyte",
                                        "%s/%s-%s.idx%u-ubyte.gz", "%s/%s-%s.idx%u-ubyte"};
    const size_t room = strlen(folder) + strlen(split) + strlen(what) + 32;
    char *path = malloc(room);
    if (path == NULL)
        return pm_fail(e, PM_ENOMEM, folder, "%s", pm_strerror(PM_ENOMEM));
    size_t form = 0;
    const size_t n = sizeof forms / sizeof *forms;
    for (size_t i = 0; i <= n; i++) {
        form = i % n;
        snprintf(path, room, forms[form], folder, split, what, rank);
        if (access(path, F_OK) == 0)
            break;
    }
    pm_status s = pm_idx_open(idx, path, rank, e);
    free(path);
    return s;
}

static pm_status check_labels(struct pm_idx *labels, unsigned classes, struct pm_error *e) {
    uint8_t chunk[4096];
    while (labels->next < labels->dim[0]) {
        const uint32_t first = labels->next, left = labels->dim[0] - first;
        const uint32_t n = left < sizeof chunk ? left : (uint32_t)sizeof chunk;
        pm_status s = pm_idx_read(labels, n, chunk, e);
        for (uint32_t i = 0; i < n && s == PM_OK; i++)
            if (chunk[i] >= classes)
                s = pm_fail(e, PM_ERANGE, labels->path, "label %u is %u, the network has %u classes",
                            first + i, chunk[i], classes);
        if (s != PM_OK)
            return s;
    }
    return PM_OK;
}

pm_status pm_dataset_open(struct pm_dataset *d, const char *folder, const char *split, unsigned classes,
                          struct pm_error *e) {
    *d = (struct pm_dataset){0};
    pm_status s = open_file(&d->images, folder, split, "images", 3, e);
    if (s == PM_OK && d->images.dim[0] == 0)
        s = pm_fail(e, PM_ESHAPE, d->images.path, "no images");
    if (s == PM_OK)
        s = open_file(&d->labels, folder, split, "labels", 1, e);
    if (s == PM_OK && d->labels.dim[0] != d->images.dim[0])
        s = pm_fail(e, PM_ESHAPE, d->labels.path, "%u labels for %u images", d->labels.dim[0],
                    d->images.dim[0]);
    if (s == PM_OK)
        s = check_labels(&d->labels, classes, e);
    if (s == PM_OK) { /* from the first one again */
        pm_idx_close(&d->labels);
        s = open_file(&d->labels, folder, split, "labels", 1, e);
    }
    if (s != PM_OK)
        pm_dataset_close(d);
    return s;
}

void pm_dataset_close(struct pm_dataset *d) {
    pm_idx_close(&d->images);
    pm_idx_close(&d->labels);
}
