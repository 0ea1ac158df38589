// SPDX-License-Identifier: Apache-2.0
#include "io/image.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"

static pm_status check_shape(const char *path, const struct pm_image_shape *want, unsigned height,
                             unsigned width, unsigned channels, struct pm_error *e) {
    if (height == want->height && width == want->width && channels == want->channels)
        return PM_OK;
    return pm_fail(e, PM_ESHAPE, path, "%ux%u, %u channels; %ux%u, %u are wanted", height, width, channels,
                   want->height, want->width, want->channels);
}

/* ---- PNM: P5 or P6, width, height, 255, one white space, the pixels ---- */

static bool is_space(int c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A number of a header, after white space and comments; 0: there is none. */
static unsigned pnm_number(FILE *f) {
    unsigned n = 0;
    int c = getc(f);
    while (is_space(c) || c == '#')
        if (c == '#')
            while (c != '\n' && c != EOF)
                c = getc(f);
        else
            c = getc(f);
    for (; c >= '0' && c <= '9' && n < 1000000; c = getc(f))
        n = 10 * n + (unsigned)(c - '0');
    return is_space(c) ? n : 0;
}

static pm_status read_pnm(FILE *f, const char *path, unsigned channels, const struct pm_image_shape *want,
                          uint8_t *pixels, struct pm_error *e) {
    const unsigned width = pnm_number(f), height = pnm_number(f), most = pnm_number(f);
    const size_t bytes = (size_t)want->height * want->width * want->channels;
    if (width == 0 || height == 0 || most != 255)
        return pm_fail(e, PM_EFORMAT, path, "bad PNM: a header of width, height and 255 is wanted");
    const pm_status status = check_shape(path, want, height, width, channels, e);
    if (status != PM_OK)
        return status;
    if (fread(pixels, 1, bytes, f) != bytes)
        return pm_fail(e, ferror(f) ? PM_EIO : PM_EFORMAT, path, "%s",
                       ferror(f) ? strerror(errno) : "truncated");
    return getc(f) == EOF ? PM_OK : pm_fail(e, PM_EFORMAT, path, "more data behind the pixels");
}

/* ---- PNG ---- */

static pm_status read_png(FILE *f, const char *path, const struct pm_image_shape *want, uint8_t *pixels,
                          struct pm_error *e) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_stdio(&image, f))
        return pm_fail(e, PM_EFORMAT, path, "bad PNG: %s", image.message);
    const bool colours = image.format & PNG_FORMAT_FLAG_COLOR;
    pm_status status = PM_OK;
    if (image.format & (PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_LINEAR))
        status = pm_fail(e, PM_EFORMAT, path, "%s; 8 bits a channel without it are wanted",
                         image.format & PNG_FORMAT_FLAG_ALPHA ? "it has transparency" : "16 bits a channel");
    if (status == PM_OK)
        status = check_shape(path, want, image.height, image.width, colours ? 3 : 1, e);
    image.format = colours ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    if (status == PM_OK && !png_image_finish_read(&image, NULL, pixels, 0, NULL))
        status = pm_fail(e, PM_EFORMAT, path, "bad PNG: %s", image.message);
    png_image_free(&image);
    return status;
}

pm_status pm_image_read(const char *path, const struct pm_image_shape *want, uint8_t *pixels,
                        struct pm_error *e) {
    FILE *f;
    uint64_t size;
    pm_status status = pm_file_open(path, &f, &size, e);
    if (status != PM_OK)
        return status;
    const int first = getc(f), second = getc(f);
    if (first == 'P' && (second == '5' || second == '6')) {
        status = read_pnm(f, path, second == '5' ? 1 : 3, want, pixels, e);
    } else {
        rewind(f);
        status = read_png(f, path, want, pixels, e);
    }
    fclose(f);
    return status;
}
