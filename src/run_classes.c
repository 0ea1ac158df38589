// SPDX-License-Identifier: Apache-2.0
#include "run_classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a picture that a summary shows. */
#define PIXELS 4096

pm_status pm_run_classes_new(struct pm_run_classes *c, unsigned classes, bool labelled) {
    *c = (struct pm_run_classes){.classes = classes};
    if (!labelled || classes > PM_RUN_CONFUSED)
        return PM_OK;
    c->confusion = calloc((size_t)classes * classes, sizeof *c->confusion);
    return c->confusion ? PM_OK : PM_ENOMEM;
}

void pm_run_classes_free(struct pm_run_classes *c) {
    for (unsigned i = 0; i < c->count; i++)
        free(c->changed[i].pixels);
    free(c->confusion);
    *c = (struct pm_run_classes){0};
}

pm_status pm_run_classes_add(struct pm_run_classes *c, const struct pm_run_changed *found,
                             const uint8_t *pixels, size_t item) {
    if (c->confusion && found->label < c->classes)
        c->confusion[(size_t)found->label * c->classes + found->by_integer]++;
    if (found->by_float == found->by_integer || c->count == PM_RUN_CHANGED)
        return PM_OK;
    struct pm_run_changed *to = &c->changed[c->count++];
    *to = *found;
    to->pixels = NULL;
    if (item > PIXELS)
        return PM_OK;
    to->pixels = malloc(item);
    if (!to->pixels)
        return PM_ENOMEM;
    memcpy(to->pixels, pixels, item);
    return PM_OK;
}

static void add_changed(const struct pm_run_classes *c, const struct pm_run_changed *found,
                        const struct pm_image_shape *shape, struct pm_results *r) {
    const size_t item = (size_t)shape->height * shape->width * shape->channels;
    char hex[2 * PIXELS + 1];
    pm_result_group(r, NULL);
    pm_result_int(r, "image", found->image, NULL, PM_RESULT_PLAIN);
    if (found->label < c->classes)
        pm_result_int(r, "label", found->label, NULL, PM_RESULT_PLAIN);
    pm_result_int(r, "class_float", found->by_float, NULL, PM_RESULT_MEASURED);
    pm_result_int(r, "class_integer", found->by_integer, NULL, PM_RESULT_MEASURED);
    if (found->pixels) {
        for (size_t i = 0; i < item; i++)
            sprintf(hex + 2 * i, "%02x", found->pixels[i]);
        pm_result_int(r, "height", shape->height, "pixels", PM_RESULT_PLAIN);
        pm_result_int(r, "width", shape->width, "pixels", PM_RESULT_PLAIN);
        pm_result_int(r, "channels", shape->channels, NULL, PM_RESULT_PLAIN);
        pm_result_text(r, "pixels", hex);
    }
    pm_result_end(r);
}

void pm_run_add_classes(const struct pm_run_classes *c, const struct pm_image_shape *shape,
                        struct pm_results *r) {
    if (c->confusion) {
        pm_result_list(r, "confusion");
        for (unsigned i = 0; i < c->classes; i++)
            pm_result_ints(r, NULL, c->confusion + (size_t)i * c->classes, c->classes, "images",
                           PM_RESULT_MEASURED);
        pm_result_end(r);
    }
    pm_result_list(r, "changed");
    for (unsigned i = 0; i < c->count; i++)
        add_changed(c, &c->changed[i], shape, r);
    pm_result_end(r);
}
