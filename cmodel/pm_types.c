// SPDX-License-Identifier: Apache-2.0
#include "pm_types.h"

const char *pm_strerror(pm_status s) {
    switch (s) {
    case PM_OK:
        return "ok";
    case PM_EINVAL:
        return "invalid argument";
    case PM_EIO:
        return "input or output error";
    case PM_EFORMAT:
        return "malformed file";
    case PM_ESHAPE:
        return "wrong shape";
    case PM_ERANGE:
        return "value out of range";
    case PM_ENOMEM:
        return "out of memory";
    case PM_EMODE:
        return "mode not available in this engine";
    case PM_EBUILD:
        return "simulation model could not be built";
    case PM_EHANG:
        return "simulation made no progress";
    case PM_EDIFFER:
        return "engines differ";
    }
    return "unknown status";
}
