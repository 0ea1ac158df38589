// SPDX-License-Identifier: Apache-2.0
/* Of a run: confusion matrix, and items whose class is another in integers than in float. */
#include "report/report.h"

#include <ctype.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

static void put_confusion(struct pm_page *p, const cJSON *rows) {
    enum { MOST = 100 };
    const int n = cJSON_GetArraySize(rows);
    if (n < 2 || n > MOST)
        return;
    char columns[6 * MOST + 16] = "label";
    for (int i = 0; i < n; i++)
        sprintf(columns + strlen(columns), "|%d", i);
    pm_page_html(p, "<div class=\"m\">\n");
    pm_page_table(p, "Confusion matrix: labels in rows, classes in integers in columns", NULL, columns);
    int i = 0;
    for (const cJSON *r = rows->child; r; r = r->next, i++) {
        char label[16];
        double sum = 0;
        int k = 0;
        for (const cJSON *e = cJSON_IsArray(r) ? r->child : NULL; e; e = e->next)
            sum += cJSON_IsNumber(e) && e->valuedouble > 0 ? e->valuedouble : 0;
        snprintf(label, sizeof label, "%d", i);
        pm_page_row(p, label);
        for (const cJSON *e = cJSON_IsArray(r) ? r->child : NULL; e && k < n; e = e->next, k++) {
            const double v = cJSON_IsNumber(e) && e->valuedouble >= 0 ? e->valuedouble : 0;
            pm_page_html(
                p,
                "<td class=\"n%s\" style=\"--a:%.2f\" data-v=\"%.17g\" title=\"label %d as class %d: "
                "%.10g\">%.10g</td>",
                v > 0 ? " h" : "", sum > 0 ? 0.5 * sqrt(v / sum) : 0, v, i, k, v, v);
        }
        pm_page_html(p, "</tr>\n");
    }
    pm_page_table_end(p);
    pm_page_html(p, "</div>\n");
}

static void put_base64(FILE *f, const uint8_t *b, size_t n) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const unsigned v =
            (unsigned)b[i] << 16 | (i + 1 < n ? (unsigned)b[i + 1] << 8 : 0) | (i + 2 < n ? b[i + 2] : 0);
        fputc(digit[v >> 18], f);
        fputc(digit[v >> 12 & 63], f);
        fputc(i + 1 < n ? digit[v >> 6 & 63] : '=', f);
        fputc(i + 2 < n ? digit[v & 63] : '=', f);
    }
}

/* The picture, where its size is that of its digits. */
static bool put_picture(struct pm_page *p, const cJSON *e, const char *alt) {
    const double height = pm_report_number(e, "height"), width = pm_report_number(e, "width"),
                 channels = pm_report_number(e, "channels");
    const char *hex = pm_report_string(e, "pixels");
    const size_t n = hex ? strlen(hex) / 2 : 0;
    if (n == 0 || !(height >= 1 && height <= 4096 && width >= 1 && width <= 4096) ||
        floor(height) != height || floor(width) != width || (channels != 1 && channels != 3) ||
        height * width * channels != (double)n || strspn(hex, "0123456789abcdef") != 2 * n)
        return false;
    uint8_t *pixels = malloc(n), *png = NULL;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t size = 0;
    for (size_t i = 0; pixels && i < n; i++) {
        const char byte[3] = {hex[2 * i], hex[2 * i + 1], 0};
        pixels[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    bool ok = pixels && png_image_write_to_memory(&image, NULL, &size, 0, pixels, 0, NULL) &&
              (png = malloc(size)) != NULL &&
              png_image_write_to_memory(&image, png, &size, 0, pixels, 0, NULL);
    if (ok) {
        pm_page_html(p, "<img alt=\"%s\" width=\"%.0f\" height=\"%.0f\" src=\"data:image/png;base64,", alt,
                     width, height);
        put_base64(p->f, png, size);
        pm_page_html(p, "\">");
    }
    free(pixels);
    free(png);
    return ok;
}

static void put_image(struct pm_page *p, const cJSON *e) {
    const double label = pm_report_number(e, "label");
    char alt[64];
    snprintf(alt, sizeof alt, "test image %.0f", pm_report_number(e, "image"));
    pm_page_html(p, "<li>");
    put_picture(p, e, alt);
    pm_page_html(p, "%s:", alt);
    if (isfinite(label))
        pm_page_html(p, " label %.0f,", label);
    pm_page_html(p, " float %.0f, integers %.0f</li>\n", pm_report_number(e, "class_float"),
                 pm_report_number(e, "class_integer"));
}

/* Of a text the next byte, of pairs the cosine. */
static void put_text(struct pm_page *p, const cJSON *e) {
    pm_page_html(p, "<li>");
    for (const cJSON *k = e->child; k; k = k->next) {
        char *value = cJSON_PrintUnformatted(k);
        pm_page_text(p, k->string ? k->string : "");
        pm_page_html(p, " <code>");
        pm_page_text(p, cJSON_IsString(k) ? k->valuestring : value ? value : "");
        pm_page_html(p, "</code>%s", k->next ? ", " : "");
        cJSON_free(value);
    }
    pm_page_html(p, "</li>\n");
}

void pm_report_classes(struct pm_page *p, const struct pm_report_file *f) {
    const cJSON *confusion = pm_report_item(f->root, "confusion"),
                *changed = pm_report_item(f->root, "changed");
    if (cJSON_IsArray(confusion))
        put_confusion(p, confusion);
    if (!cJSON_IsArray(changed))
        return;
    if (!changed->child) {
        pm_page_html(p, "<p>Nothing that integers give differs from what float gives.</p>\n");
        return;
    }
    const bool images = isfinite(pm_report_number(changed->child, "image"));
    pm_page_html(p, "<h3>The first whose %s</h3>\n<ul%s>\n",
                 images ? "class is another in integers than in float"
                        : "answer is another in integers than in float",
                 images ? " class=\"pictures\"" : "");
    for (const cJSON *e = changed->child; e; e = e->next)
        if (cJSON_IsObject(e))
            (images ? put_image : put_text)(p, e);
    pm_page_html(p, "</ul>\n");
}
