// SPDX-License-Identifier: Apache-2.0
// An array of one's own: what stands here is the only thing to replace. It is asked once for every access, at the
// pins that a real macro would have, and answers with its comparators.
#include <cstdint>
#include <cstring>

#include <svdpi.h>

namespace {
constexpr int Rows = 32, Columns = 16, K = 8;
bool cell[Rows][Columns];
unsigned long reads;
} // namespace

extern "C" void macro_program(int row, int column, svBit on) {
    cell[row][column] = on != 0;
}

// wordlines: bit r is row r. comparators: bit k of column c, at c*8 + k, says that the column is at least k + 1/2 LSB.
extern "C" void macro_read(const svBitVecVal *wordlines, svBitVecVal *comparators) {
    std::memset(comparators, 0, Columns * K / 8);
    for (int c = 0; c < Columns; c++) {
        double current = 0; // in units of a conducting cell: here resistances, noise and drops would come in
        for (int r = 0; r < Rows; r++)
            current += (wordlines[r / 32] >> r % 32 & 1) && cell[r][c] ? 1.0 : 0.0;
        for (int k = 0; k < K; k++)
            if (current >= k + 0.5)
                comparators[(c * K + k) / 32] |= 1u << (c * K + k) % 32;
    }
    reads++;
}

extern "C" int macro_reads() {
    return static_cast<int>(reads);
}
