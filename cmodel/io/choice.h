// SPDX-License-Identifier: Apache-2.0
/* Choices of a setting, "a|b|c". */
#ifndef PM_CHOICE_H
#define PM_CHOICE_H

#include <stddef.h>

/** The place of text[length] among the choices, or -1. */
int pm_choice(const char *choices, const char *text, size_t length);

/** Choice number `index`, which exists: its length, and where it begins. */
int pm_choice_text(const char *choices, int index, const char **start);

#endif
