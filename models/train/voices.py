# SPDX-License-Identifier: Apache-2.0
"""Speech from Debian's espeak-ng and flite, 16,000 samples a second, -1 to 1; the same for the same seed."""

import io
import os
import subprocess
import tempfile
import wave

import numpy as np

from program import fail

RATE = 16000
ESPEAK = [f"{language}+{variant}" for language in ("en-us", "en-gb", "en-gb-scotland") for variant in ("m1", "m3", "m7", "f2", "f4", "f5")]
FLITE = ["awb", "rms", "slt", "kal16"]


def resample(x, rate):
    """Band-limited, by its spectrum."""
    if rate == RATE:
        return x
    n = round(len(x) * RATE / rate)
    spectrum = np.fft.rfft(x)[: n // 2 + 1]
    return np.fft.irfft(np.pad(spectrum, (0, n // 2 + 1 - len(spectrum))), n) * n / len(x)


def samples(data):
    with wave.open(io.BytesIO(data)) as w:
        return resample(np.frombuffer(w.readframes(w.getnframes()), "<i2").astype(np.float64) / 32768, w.getframerate())


def espeak(text, voice, speed=175, pitch=50):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s.wav")
        speak(["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", path, text])
        with open(path, "rb") as f:
            return samples(f.read())


def flite(text, voice, stretch=1.0):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s.wav")
        speak(["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", text, "-o", path])
        with open(path, "rb") as f:
            return samples(f.read())


def speak(command):
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(command[0], f"does not speak: {error}")


def anyone(text, r):
    """One of all voices, at a speed and pitch of its own."""
    if r.random() < 0.3:
        return flite(text, FLITE[r.integers(len(FLITE))], round(r.uniform(0.85, 1.2), 2))
    return espeak(text, ESPEAK[r.integers(len(ESPEAK))], int(r.integers(130, 200)), int(r.integers(30, 70)))


def with_noise(x, r, low, high):
    """Silence around it, a level of its own, and pink or white noise at low..high dB below the speech."""
    x = np.concatenate((np.zeros(int(r.uniform(0.6, 1.0) * RATE)), x, np.zeros(int(0.7 * RATE))))
    noise = np.fft.rfft(r.normal(size=len(x)))
    if r.random() < 0.5:
        noise[1:] /= np.sqrt(np.arange(1, len(noise)))
    noise = np.fft.irfft(noise, len(x))
    power = (x**2).mean() / (noise**2).mean() / 10 ** (r.uniform(low, high) / 10)
    x = x + np.sqrt(power) * noise
    return (x * r.uniform(0.15, 0.6) / np.abs(x).max()).astype(np.float32)
