// SPDX-License-Identifier: Apache-2.0
#include "io/choice.h"

#include <string.h>

int pm_choice(const char *choices, const char *text, size_t length) {
    for (int index = 0;; index++) {
        const size_t n = strcspn(choices, "|");
        if (n == length && memcmp(choices, text, n) == 0)
            return index;
        if (!choices[n])
            return -1;
        choices += n + 1;
    }
}

int pm_choice_text(const char *choices, int index, const char **start) {
    while (index-- > 0)
        choices += strcspn(choices, "|") + 1;
    *start = choices;
    return (int)strcspn(choices, "|");
}
