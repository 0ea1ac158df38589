// SPDX-License-Identifier: Apache-2.0
/* The register map of pm_flare_apb, by flow/registers.py from rtl/flare_apb/registers.tsv. */
#ifndef PM_FLARE_APB_REGISTERS_H
#define PM_FLARE_APB_REGISTERS_H

/* clang-format off */

/* Address of Id: "PMFA", the engine's name in ASCII, 0x504d4641. */
#define PM_FLARE_APB_ID_AT 0x0000u

/* Address of Shape */
#define PM_FLARE_APB_SHAPE_AT 0x0004u
/* Model width. */
#define PM_FLARE_APB_SHAPE_D_LSB 0u
#define PM_FLARE_APB_SHAPE_D_BITS 11u
/* Heads. */
#define PM_FLARE_APB_SHAPE_HEADS_LSB 11u
#define PM_FLARE_APB_SHAPE_HEADS_BITS 5u
/* MaxTokens. */
#define PM_FLARE_APB_SHAPE_TOKENS_LSB 16u
#define PM_FLARE_APB_SHAPE_TOKENS_BITS 10u
/* Bits of stored keys and values. */
#define PM_FLARE_APB_SHAPE_KVB_LSB 26u
#define PM_FLARE_APB_SHAPE_KVB_BITS 5u

/* Address of Control */
#define PM_FLARE_APB_CONTROL_AT 0x0008u
/* 1: starts a run of Tokens tokens. Refused while one is under way, and where Tokens is 0 or more than the arrays have room for. */
#define PM_FLARE_APB_CONTROL_START_LSB 0u

/* Address of Status */
#define PM_FLARE_APB_STATUS_AT 0x000cu
/* A run is under way: configuration is refused. */
#define PM_FLARE_APB_STATUS_BUSY_LSB 0u
/* It is in pass 2. */
#define PM_FLARE_APB_STATUS_PASS2_LSB 1u
/* The run takes another token: X, then Push. */
#define PM_FLARE_APB_STATUS_ROOM_LSB 2u
/* A result waits in Y and YExp: Pop. */
#define PM_FLARE_APB_STATUS_RESULT_LSB 3u
/* Tokens whose keys and values the arrays hold, those of the run under way included. */
#define PM_FLARE_APB_STATUS_HELD_LSB 16u
#define PM_FLARE_APB_STATUS_HELD_BITS 10u

/* Address of Flags */
#define PM_FLARE_APB_FLAGS_AT 0x0010u
/* Sticky since the run's first token: a head's row had Z = 0. */
#define PM_FLARE_APB_FLAGS_Z_ZERO_LSB 0u
/* Sticky: an element of K was clamped. */
#define PM_FLARE_APB_FLAGS_K_SAT_LSB 1u
/* Sticky: an element of V was clamped. */
#define PM_FLARE_APB_FLAGS_V_SAT_LSB 2u

/* Address of IrqEnable */
#define PM_FLARE_APB_IRQ_ENABLE_AT 0x0014u
/* A result that waits raises the interrupt. */
#define PM_FLARE_APB_IRQ_ENABLE_RESULT_LSB 0u
/* A run's end raises it. */
#define PM_FLARE_APB_IRQ_ENABLE_DONE_LSB 1u

/* Address of Irq */
#define PM_FLARE_APB_IRQ_AT 0x0018u
/* A run has ended; a 1 that is written clears it. */
#define PM_FLARE_APB_IRQ_DONE_LSB 1u

/* Address of Tokens: Tokens of the next run, 1..MaxTokens. */
#define PM_FLARE_APB_TOKENS_AT 0x0020u
#define PM_FLARE_APB_TOKENS_LSB 0u
#define PM_FLARE_APB_TOKENS_BITS 10u

/* Address of Mode */
#define PM_FLARE_APB_MODE_AT 0x0024u
/* Rounding in every quantiser; otherwise truncation. */
#define PM_FLARE_APB_MODE_ROUND_LSB 0u
/* Sign coding of x; otherwise two's complement. */
#define PM_FLARE_APB_MODE_SIGN_X_LSB 1u
/* Sign coding of q. */
#define PM_FLARE_APB_MODE_SIGN_Q_LSB 2u
/* Sign coding of o. */
#define PM_FLARE_APB_MODE_SIGN_O_LSB 3u
/* A token attends to itself and those before it alone. */
#define PM_FLARE_APB_MODE_CAUSAL_LSB 4u
/* The run's tokens follow those that the arrays hold. */
#define PM_FLARE_APB_MODE_APPEND_LSB 5u

/* Address of Shift */
#define PM_FLARE_APB_SHIFT_AT 0x0028u
/* M_K, the calibrated right shift of keys. */
#define PM_FLARE_APB_SHIFT_MK_LSB 0u
#define PM_FLARE_APB_SHIFT_MK_BITS 5u
/* M_V, of values. */
#define PM_FLARE_APB_SHIFT_MV_LSB 8u
#define PM_FLARE_APB_SHIFT_MV_BITS 5u

/* Address of Push */
#define PM_FLARE_APB_PUSH_AT 0x002cu
/* The exponent of the token in X, signed, and its handing over; refused where Room is 0. */
#define PM_FLARE_APB_PUSH_EX_LSB 0u
#define PM_FLARE_APB_PUSH_EX_BITS 16u

/* Address of YExp: Exponent of the result, signed. */
#define PM_FLARE_APB_Y_EXP_AT 0x0030u
#define PM_FLARE_APB_Y_EXP_LSB 0u
#define PM_FLARE_APB_Y_EXP_BITS 16u

/* Address of Pop: Anything: the result is done with; refused where Result is 0. */
#define PM_FLARE_APB_POP_AT 0x0034u

/* Address of E0: e0 of a head, signed. */
#define PM_FLARE_APB_E0_AT 0x0040u
#define PM_FLARE_APB_E0_LSB 0u
#define PM_FLARE_APB_E0_BITS 16u

/* Address of Keep: Key mask, token 0 lowest; without Causal 0 also for tokens behind the run's last. */
#define PM_FLARE_APB_KEEP_AT 0x0080u
#define PM_FLARE_APB_KEEP_LSB 0u
#define PM_FLARE_APB_KEEP_BITS 32u

/* Address of X: The next token, element 0 lowest, 8 bits signed; refused while a token that was pushed waits. */
#define PM_FLARE_APB_X_AT 0x0400u
#define PM_FLARE_APB_X_LSB 0u
#define PM_FLARE_APB_X_BITS 32u

/* Address of Y: The oldest result, likewise; 0 where none waits. */
#define PM_FLARE_APB_Y_AT 0x0800u
#define PM_FLARE_APB_Y_LSB 0u
#define PM_FLARE_APB_Y_BITS 32u

/* Address of Lut: Softmax tables: l, b and c of entry e of head h at index 24*h + 3*e. */
#define PM_FLARE_APB_LUT_AT 0x1000u
#define PM_FLARE_APB_LUT_LSB 0u
#define PM_FLARE_APB_LUT_BITS 32u

/* Address of BiasK: Bias of K, signed, at the accumulators' scale. */
#define PM_FLARE_APB_BIAS_K_AT 0x4000u
#define PM_FLARE_APB_BIAS_K_LSB 0u
#define PM_FLARE_APB_BIAS_K_BITS 32u

/* Address of BiasV: Bias of V. */
#define PM_FLARE_APB_BIAS_V_AT 0x5000u
#define PM_FLARE_APB_BIAS_V_LSB 0u
#define PM_FLARE_APB_BIAS_V_BITS 32u

/* Address of BiasQ: Bias of Q. */
#define PM_FLARE_APB_BIAS_Q_AT 0x6000u
#define PM_FLARE_APB_BIAS_Q_LSB 0u
#define PM_FLARE_APB_BIAS_Q_BITS 32u

/* Address of BiasO: Bias of O. */
#define PM_FLARE_APB_BIAS_O_AT 0x7000u
#define PM_FLARE_APB_BIAS_O_LSB 0u
#define PM_FLARE_APB_BIAS_O_BITS 32u
/* clang-format on */

#endif
