// SPDX-License-Identifier: Apache-2.0
/* Writes a small random sentence encoder, post-LayerNorm, with its calibration: mkbert DIR. Its shape is that
 * of a model that the benches build: D = 64, 4 heads. DIR/tokenize gives a word its length modulo 10 and adds
 * token 10 and 11 at the ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { D = 64, FFN = 96, LAYERS = 2, TOKENS = 48, WORDS = 12 };

static uint32_t seed = 1;
static float uniform(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

static char header[8192] = "{";
static FILE *data;
static long bytes;

static void tensor(const char *name, unsigned d0, unsigned d1, float centre, float spread) {
    const unsigned count = d0 * (d1 ? d1 : 1);
    char shape[32];
    snprintf(shape, sizeof shape, d1 ? "[%u,%u]" : "[%u]", d0, d1);
    const size_t used = strlen(header);
    snprintf(header + used, sizeof header - used,
             "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%ld,%ld]}", used > 1 ? "," : "",
             name, shape, bytes, bytes + 4 * (long)count);
    bytes += 4 * (long)count;
    for (unsigned i = 0; i < count; i++) {
        const float v = centre + spread * uniform();
        fwrite(&v, sizeof v, 1, data);
    }
}

static void both(const char *prefix, const char *name, unsigned in, unsigned out) {
    char full[64];
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    if (in)
        tensor(full, out, in, 0, 0.2f);
    else
        tensor(full, out, 0, 1, 0.2f);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    tensor(full, out, 0, 0, 0.1f);
}

static FILE *create(const char *dir, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static void calibration(FILE *f) {
    fprintf(f, "{\"kvb\":10,\"layers\":[");
    for (int l = 0; l < LAYERS; l++) {
        fprintf(f, "%s{\"mu\":[0", l ? "," : "");
        for (int i = 1; i < D; i++)
            fprintf(f, ",0");
        fprintf(f, "],\"a_log2\":[0");
        for (int i = 1; i < D; i++)
            fprintf(f, ",0");
        /* |x| < 8 after LayerNorm of 64 channels, |k|, |v| < 512 * 2^12 * 2^-12 * 0.2 / 127 */
        fprintf(f, "],\"sx\":0.000244140625,\"mk\":14,\"mv\":14}");
    }
    fprintf(f, "]}");
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 1;
    data = tmpfile();
    if (!data)
        return 1;
    tensor("words", WORDS, D, 0, 1);
    tensor("pos", TOKENS, D, 0, 0.3f);
    both("", "norm", 0, D);
    for (int l = 0; l < LAYERS; l++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "layers.%d.", l);
        both(prefix, "ln1", 0, D);
        both(prefix, "ln2", 0, D);
        both(prefix, "attn.q", D, D);
        both(prefix, "attn.k", D, D);
        both(prefix, "attn.v", D, D);
        both(prefix, "attn.o", D, D);
        both(prefix, "ffn.up", D, FFN);
        both(prefix, "ffn.down", FFN, D);
    }
    strcat(header, "}");
    FILE *f = create(argv[1], "model.safetensors");
    const uint64_t length = strlen(header);
    fwrite(&length, sizeof length, 1, f);
    fwrite(header, 1, length, f);
    rewind(data);
    for (int c; (c = getc(data)) != EOF;)
        putc(c, f);
    fclose(f);
    fclose(data);
    f = create(argv[1], "config.json");
    fprintf(f,
            "{\"type\":\"bert\",\"norm\":\"post\",\"activation\":\"gelu\",\"layers\":%d,\"width\":%d,"
            "\"heads\":4,\"ffn\":%d,"
            "\"tokens\":%d,\"vocabulary\":%d,\"pool\":\"mean\",\"layernorm_eps\":1e-12}",
            LAYERS, D, FFN, TOKENS, WORDS);
    fclose(f);
    f = create(argv[1], "calibration.json");
    calibration(f);
    fclose(f);
    f = create(argv[1], "tokenize");
    fprintf(
        f,
        "#!/bin/sh\nLC_ALL=C awk '{ printf \"10 \"; for (i = 1; i <= NF && i <= %d; i++) printf \"%%d \", "
        "length($i) %% 10; print 11 }'\n",
        TOKENS - 2);
    fchmod(fileno(f), 0755);
    fclose(f);
    return 0;
}
