#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Own vectors through one block: run.sh [FOLDER for the files, by default a new one]
# NumPy writes them, golden C and RTL compute them, every integer is compared, NumPy reads the result.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
perimeter=${PERIMETER:-$here/../../build/perimeter}
folder=${1:-$(mktemp -d)}
python=${PYTHON:-/usr/bin/python3} # the one that has Debian's python3-numpy

"$python" - "$folder" <<'END'
import sys
import numpy as np

# Four tokens of 16 accumulators each; two are much smaller than the others.
rng = np.random.default_rng(1)
x = (rng.normal(size=(4, 16)) * np.array([[5000], [40], [900], [3]])).round().astype(np.int32)
np.save(sys.argv[1] + "/x.npy", x)
END

# eMSB-Q keeps the 8 bits from each token's highest used bit down.
"$perimeter" op emsbq --in x="$folder/x.npy" --set q=8 --out y="$folder/y.npy" s="$folder/s.npy" --engine both

"$python" - "$folder" <<'END'
import sys
import numpy as np

x, y, s = (np.load(f"{sys.argv[1]}/{name}.npy").astype(float) for name in ("x", "y", "s"))
value = y * 2 ** s.reshape(-1, 1)
for t in range(len(x)):
    print(f"token {t}: shift {s.reshape(-1)[t]:2.0f}, largest error {abs(x[t] - value[t]).max():5.1f} of {abs(x[t]).max():6.0f}")
assert (abs(x - value) <= np.maximum(2 ** (s.reshape(-1, 1) - 1), 0.5) + 2 ** s.reshape(-1, 1) * (abs(y) == 127)).all()
END
