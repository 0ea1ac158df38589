// SPDX-License-Identifier: Apache-2.0
/* Settings of `perimeter chip`. */
#ifndef PM_CHIP_CONFIG_H
#define PM_CHIP_CONFIG_H

#include "chip/chip.h"
#include "io/settings.h"

extern const struct pm_setting_list pm_chip_settings;

/** Says which systems are in use, which decides on the settings that apply. */
void pm_chip_config_systems(struct pm_settings *s, const bool used[PM_CHIP_SYSTEMS]);
/** The values; refuses those that would be ignored. Systems are in use as said before. */
pm_status pm_chip_config(const struct pm_settings *s, struct pm_chip_config *c, struct pm_error *e);

#endif
