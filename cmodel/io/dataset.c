// SPDX-License-Identifier: Apache-2.0
#include "io/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- IDX ---- */

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

static pm_status open_idx(struct pm_dataset *d, const char *folder, const char *split, struct pm_error *e) {
    const struct pm_image_shape *shape = &d->form.shape;
    pm_status s = open_file(&d->images, folder, split, "images", 3, e);
    if (s == PM_OK && d->images.dim[0] == 0)
        s = pm_fail(e, PM_ESHAPE, d->images.path, "no images");
    if (s == PM_OK)
        s = open_file(&d->labels, folder, split, "labels", 1, e);
    if (s == PM_OK && d->labels.dim[0] != d->images.dim[0])
        s = pm_fail(e, PM_ESHAPE, d->labels.path, "%u labels for %u images", d->labels.dim[0],
                    d->images.dim[0]);
    if (s == PM_OK)
        s = check_labels(&d->labels, d->form.classes, e);
    if (s == PM_OK) { /* from the first one again */
        pm_idx_close(&d->labels);
        s = open_file(&d->labels, folder, split, "labels", 1, e);
    }
    if (s == PM_OK &&
        (d->images.dim[1] != shape->height || d->images.dim[2] != shape->width || shape->channels != 1))
        s = pm_fail(e, PM_ESHAPE, d->images.path, "images of %ux%u, the network takes %ux%u",
                    d->images.dim[1], d->images.dim[2], shape->height, shape->width);
    d->count = d->images.dim[0];
    d->labelled = true;
    return s;
}

static pm_status read_idx(struct pm_dataset *d, unsigned n, uint8_t *pixels, unsigned *labels,
                          struct pm_error *e) {
    pm_status s = pm_idx_read(&d->images, n, pixels, e);
    for (unsigned i = 0; i < n && s == PM_OK; i++) {
        uint8_t label;
        s = pm_idx_read(&d->labels, 1, &label, e);
        labels[i] = label;
    }
    return s;
}

/* ---- arrays ---- */

/* FOLDER/SPLIT-WHAT.npy or FOLDER/WHAT.npy; false: neither is there. */
static bool find_array(const char *folder, const char *split, const char *what, char *path, size_t room) {
    snprintf(path, room, "%s/%s-%s.npy", folder, split, what);
    if (access(path, F_OK) != 0)
        snprintf(path, room, "%s/%s.npy", folder, what);
    return access(path, F_OK) == 0;
}

static pm_status check_array(const struct pm_dataset *d, const char *path, struct pm_error *e) {
    const struct pm_image_shape *shape = &d->form.shape;
    const struct pm_npy_stream *a = &d->array;
    const bool first = d->form.channels_first;
    const size_t want[2][3] = {{shape->height, shape->width, shape->channels},
                               {shape->channels, shape->height, shape->width}};
    if (a->rank == 3 && shape->channels == 1 && a->shape[1] == shape->height && a->shape[2] == shape->width)
        return PM_OK;
    if (a->rank == 4 && memcmp(a->shape + 1, want[first], sizeof *want) == 0)
        return PM_OK;
    return pm_fail(e, PM_ESHAPE, path, "not [n, %zu, %zu, %zu], which the network takes", want[first][0],
                   want[first][1], want[first][2]);
}

static pm_status check_array_labels(struct pm_dataset *d, const char *path, struct pm_error *e) {
    int64_t label;
    pm_status s = pm_npy_open(&d->array_labels, path, e);
    if (s == PM_OK && (d->array_labels.rank != 1 || d->array_labels.count != d->count))
        s = pm_fail(e, PM_ESHAPE, path, "not [%u], a label for each image", d->count);
    for (unsigned i = 0; i < d->count && s == PM_OK; i++)
        s = pm_npy_next(&d->array_labels, 1, d->form.classes - 1, &label, e);
    pm_npy_close(&d->array_labels); /* from the first one again */
    return s == PM_OK ? pm_npy_open(&d->array_labels, path, e) : s;
}

static pm_status open_arrays(struct pm_dataset *d, const char *images, const char *labels,
                             struct pm_error *e) {
    pm_status s = pm_npy_open(&d->array, images, e);
    if (s == PM_OK)
        s = check_array(d, images, e);
    if (s == PM_OK && d->array.shape[0] > UINT32_MAX)
        s = pm_fail(e, PM_ESHAPE, images, "too many images");
    d->count = s == PM_OK ? (unsigned)d->array.shape[0] : 0;
    d->labelled = labels != NULL;
    return s == PM_OK && labels ? check_array_labels(d, labels, e) : s;
}

/* An image, channels innermost. */
static pm_status read_array(struct pm_dataset *d, uint8_t *pixels, unsigned *label, struct pm_error *e) {
    const struct pm_image_shape *shape = &d->form.shape;
    const size_t places = (size_t)shape->height * shape->width, channels = shape->channels;
    const bool first = d->form.channels_first;
    int64_t line[1024], number = 0;
    pm_status s = PM_OK;
    for (size_t done = 0; done < d->item && s == PM_OK;) {
        const size_t n = d->item - done < 1024 ? d->item - done : 1024;
        s = pm_npy_next(&d->array, n, UINT8_MAX, line, e);
        for (size_t i = 0; i < n && s == PM_OK; i++, done++)
            pixels[first ? done % places * channels + done / places : done] = (uint8_t)line[i];
    }
    if (s == PM_OK && d->labelled) {
        s = pm_npy_next(&d->array_labels, 1, d->form.classes - 1, &number, e);
        *label = (unsigned)number;
    }
    d->next++;
    return s;
}

/* ---- pictures ---- */

static int is_picture(const struct dirent *entry) {
    static const char *const ends[] = {".png", ".pgm", ".ppm"};
    const char *end = strrchr(entry->d_name, '.');
    for (size_t i = 0; end && i < sizeof ends / sizeof *ends; i++)
        if (strcmp(end, ends[i]) == 0)
            return 1;
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Whether there are pictures. */
static bool open_folder(struct pm_dataset *d, const char *folder) {
    const int n = scandir(folder, &d->name, is_picture, by_name);
    d->count = n > 0 ? (unsigned)n : 0;
    if (n == 0) {
        free(d->name);
        d->name = NULL;
    }
    return n > 0;
}

/* The list's next line, its end taken off; NULL at the end. */
static char *read_line(struct pm_dataset *d, char *line, size_t room, bool *complete) {
    char *text = fgets(line, (int)room, d->list);
    *complete = text && strchr(text, '\n') != NULL;
    if (text)
        text[strcspn(text, "\r\n")] = '\0';
    return text;
}

/* Splits off a line's label; false: it is none below `classes`. *label is `classes` where there is none. */
static bool take_label(const struct pm_dataset *d, char *line, unsigned *label) {
    char *tab = strchr(line, '\t'), *end;
    *label = d->form.classes;
    if (!tab)
        return true;
    *tab++ = '\0';
    const unsigned long v = *tab >= '0' && *tab <= '9' ? strtoul(tab, &end, 10) : d->form.classes;
    if (v >= d->form.classes || *end)
        return false;
    *label = (unsigned)v;
    return true;
}

/* Every line once: how many there are, and their labels. */
static pm_status open_list(struct pm_dataset *d, const char *path, struct pm_error *e) {
    char line[4096];
    bool complete;
    const char *slash = strrchr(path, '/');
    d->list = fopen(path, "r");
    if (!d->list)
        return pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    d->path = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (!d->path)
        return pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    while (read_line(d, line, sizeof line, &complete)) {
        unsigned label;
        if (d->count++ == UINT32_MAX || (!complete && !feof(d->list)))
            return pm_fail(e, PM_EFORMAT, path, "line %u: longer than %zu characters, or too many", d->count,
                           sizeof line - 2);
        if (!take_label(d, line, &label))
            return pm_fail(e, PM_ERANGE, path, "line %u: the label is no number below %u", d->count,
                           d->form.classes);
        if (!*line)
            return pm_fail(e, PM_EFORMAT, path, "line %u: no path", d->count);
        if (d->count == 1)
            d->labelled = label < d->form.classes;
        if (d->labelled != (label < d->form.classes))
            return pm_fail(e, PM_EFORMAT, path, "line %u: labels stand on all lines or on none", d->count);
    }
    if (ferror(d->list))
        return pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    if (d->count == 0)
        return pm_fail(e, PM_ESHAPE, path, "no images");
    rewind(d->list);
    return PM_OK;
}

static pm_status read_picture(struct pm_dataset *d, uint8_t *pixels, unsigned *label, struct pm_error *e) {
    char line[4096], path[8300];
    bool complete;
    if (d->list && (!read_line(d, line, sizeof line, &complete) || !take_label(d, line, label)))
        return pm_fail(e, PM_EIO, d->path, "the list became another while it was read");
    const char *name = d->list ? line : d->name[d->next]->d_name;
    if (*name == '/')
        snprintf(path, sizeof path, "%s", name);
    else
        snprintf(path, sizeof path, "%.4100s/%s", d->path, name);
    d->next++;
    return pm_image_read(path, &d->form.shape, pixels, e);
}

/* ---- all of them ---- */

pm_status pm_dataset_open(struct pm_dataset *d, const char *path, const char *split,
                          const struct pm_dataset_form *form, struct pm_error *e) {
    const struct pm_image_shape *shape = &form->shape;
    char images[4200], labels[4200];
    struct stat st;
    *d = (struct pm_dataset){.form = *form, .item = (size_t)shape->height * shape->width * shape->channels};
    pm_status s = PM_OK;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        s = open_list(d, path, e);
    else if (find_array(path, split, "images", images, sizeof images))
        s = open_arrays(d, images, find_array(path, split, "labels", labels, sizeof labels) ? labels : NULL,
                        e);
    else if (!open_folder(d, path))
        s = open_idx(d, path, split, e);
    else if ((d->path = strdup(path)) == NULL)
        s = pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    if (s != PM_OK)
        pm_dataset_close(d);
    return s;
}

pm_status pm_dataset_read(struct pm_dataset *d, unsigned n, uint8_t *pixels, unsigned *labels,
                          struct pm_error *e) {
    pm_status s = PM_OK;
    if (d->images.file)
        return read_idx(d, n, pixels, labels, e);
    if (n > d->count - d->next)
        return pm_fail(e, PM_EINVAL, d->path ? d->path : d->array.path,
                       "%u images were asked for, %u are left", n, d->count - d->next);
    for (unsigned i = 0; i < n && s == PM_OK; i++)
        s = (d->path ? read_picture : read_array)(d, pixels + i * d->item, &labels[i], e);
    return s;
}

void pm_dataset_close(struct pm_dataset *d) {
    pm_idx_close(&d->images);
    pm_idx_close(&d->labels);
    pm_npy_close(&d->array);
    pm_npy_close(&d->array_labels);
    for (unsigned i = 0; d->name && i < d->count; i++)
        free(d->name[i]);
    free(d->name);
    if (d->list)
        fclose(d->list);
    free(d->path);
    *d = (struct pm_dataset){0};
}
