// SPDX-License-Identifier: Apache-2.0
/* Sound, good and bad. */
#include "files.h"
#include "io/wav.h"

static uint8_t bytes[65536];
static size_t length;

static void put(uint32_t value, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        bytes[length++] = (uint8_t)(value >> 8 * i);
}

static void put_text(const char *text) {
    while (*text)
        bytes[length++] = (uint8_t)*text++;
}

/* A chunk of type `name` that claims `claimed` bytes. */
static void chunk(const char *name, uint32_t claimed) {
    put_text(name);
    put(claimed, 4);
}

static void begin(void) {
    length = 0;
    chunk("RIFF", 0);
    put_text("WAVE");
}

/* The length of RIFF's chunk is what was put, and `more`. */
static void end(const char *name, uint32_t more) {
    const size_t all = length;
    length = 4;
    put((uint32_t)all - 8 + more, 4);
    length = all;
    write_file(name, bytes, all);
}

static void format(uint32_t tag, uint32_t channels, uint32_t rate, uint32_t bits) {
    chunk("fmt ", tag == 0xfffe ? 40 : 16);
    put(tag, 2);
    put(channels, 2);
    put(rate, 4);
    put(rate * channels * 2, 4);
    put(channels * 2, 2);
    put(bits, 2);
    if (tag == 0xfffe) {
        put(22, 2);
        put(bits, 2);
        put(3, 4);
        put(1, 2); /* PCM */
        for (int i = 0; i < 14; i++)
            put(i == 13 ? 0x71 : 0, 1);
    }
}

static int16_t sample_of(size_t i) {
    return (int16_t)(i * 7919 + (i % 3 == 0 ? 32768 : 0));
}

static void samples(size_t count) {
    chunk("data", (uint32_t)(2 * count));
    for (size_t i = 0; i < count; i++)
        put((uint16_t)sample_of(i), 2);
}

static void good(void **state) {
    (void)state;
    for (uint32_t channels = 1; channels <= PM_WAV_CHANNELS; channels += channels < 3 ? 1 : 61)
        for (int other = 0; other < 2; other++)
            for (int extensible = 0; extensible < 2; extensible++) {
                const size_t frames = 4097 / channels;
                struct pm_wav w;
                struct pm_error e;
                begin();
                format(extensible ? 0xfffe : 1, channels, 16000, 16);
                if (other) {
                    chunk("LIST", 3);
                    put(0, 4); /* one fills */
                }
                samples(frames * channels);
                if (other) {
                    chunk("tail", 1);
                    put(0, 1); /* what would fill is missing */
                }
                end("good.wav", 0);
                assert_int_equal(pm_wav_read(in_folder("good.wav"), &w, &e), PM_OK);
                assert_int_equal(w.rate, 16000);
                assert_int_equal(w.channels, channels);
                assert_int_equal(w.frames, frames);
                for (size_t i = 0; i < frames * channels; i++)
                    assert_true((double)w.sample[i] * 32768 == sample_of(i));
                pm_wav_free(&w);
            }
}

static void refused(const char *name, pm_status status, const char *reason) {
    struct pm_wav w;
    struct pm_error e;
    assert_int_equal(pm_wav_read(in_folder(name), &w, &e), status);
    assert_message(&e, name, reason);
    assert_null(w.sample);
}

static void bad(void **state) {
    (void)state;
    static const struct {
        uint32_t tag, channels, rate, bits;
        pm_status status;
        const char *reason;
    } formats[] = {
        {3, 1, 8000, 32, PM_ERANGE, "format 3 of 32 bits; 16-bit PCM is wanted"},
        {1, 1, 8000, 8, PM_ERANGE, "format 1 of 8 bits"},
        {1, 1, 8000, 24, PM_ERANGE, "format 1 of 24 bits"},
        {7, 1, 8000, 16, PM_ERANGE, "format 7 of 16 bits"},
        {0xfffe, 1, 8000, 24, PM_ERANGE, "format 1 of 24 bits"},
        {1, 0, 8000, 16, PM_ERANGE, "0 channels, 1..64 are wanted"},
        {1, 65, 8000, 16, PM_ERANGE, "65 channels"},
        {1, 1, 0, 16, PM_EFORMAT, "0 frames a second"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        begin();
        format(formats[i].tag, formats[i].channels, formats[i].rate, formats[i].bits);
        samples(4);
        end("bad.wav", 0);
        refused("bad.wav", formats[i].status, formats[i].reason);
    }
    refused("none.wav", PM_EIO, "No such file");
    refused("", PM_EIO, "");
    write_file("empty.wav", "", 0);
    refused("empty.wav", PM_EFORMAT, "no WAV file");
    write_file("text.wav", "RIFX....WAVEfmt ", 16);
    refused("text.wav", PM_EFORMAT, "no WAV file");
    begin();
    samples(4);
    end("bad.wav", 0);
    refused("bad.wav", PM_EFORMAT, "no fmt chunk before the data");
    begin();
    format(1, 1, 8000, 16);
    end("bad.wav", 0);
    refused("bad.wav", PM_EFORMAT, "no data chunk");
    format(1, 1, 8000, 16);
    samples(2);
    end("bad.wav", 0);
    refused("bad.wav", PM_EFORMAT, "two fmt chunks");
    begin();
    format(1, 1, 8000, 16);
    samples(2);
    samples(2);
    end("bad.wav", 0);
    refused("bad.wav", PM_EFORMAT, "two data chunks");
    for (uint32_t claimed = 0; claimed <= 0x7fffffff; claimed = claimed * 8 + 3) {
        begin();
        format(1, 2, 8000, 16);
        chunk("data", claimed);
        put(0, 2);
        end("bad.wav", 0);
        refused("bad.wav", PM_EFORMAT, claimed > 2 ? "truncated" : "no whole frames");
    }
    begin();
    format(1, 2, 8000, 16);
    samples(3);
    end("bad.wav", 0);
    refused("bad.wav", PM_EFORMAT, "6 bytes of samples are no whole frames");
    begin();
    format(1, 1, 8000, 16);
    samples(3);
    end("bad.wav", 1);
    refused("bad.wav", PM_EFORMAT, "truncated");
}

/* Every length of a file that is cut, and every byte of it wrong: no crash, one line. */
static void spoilt(void **state) {
    (void)state;
    begin();
    format(0xfffe, 2, 8000, 16);
    chunk("LIST", 3);
    put(0, 4);
    samples(6);
    end("whole.wav", 0);
    for (size_t i = 0; i < length; i++) {
        struct pm_wav w;
        struct pm_error e;
        write_file("cut.wav", bytes, i);
        refused("cut.wav", PM_EFORMAT, "");
        bytes[i] ^= 0xa5;
        write_file("cut.wav", bytes, length);
        bytes[i] ^= 0xa5;
        if (pm_wav_read(in_folder("cut.wav"), &w, &e) != PM_OK)
            assert_message(&e, "cut.wav", "");
        pm_wav_free(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad),
                                       cmocka_unit_test(spoilt)};
    return cmocka_run_group_tests_name("wav", tests, make_folder, remove_folder);
}
