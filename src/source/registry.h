/* registry.h - the classes of source: a new kind adds its line here and one in registry.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source.h"

extern const SourceClass source_class_modem; /* modem/modem.c: a modem through libqmi or libmbim */
extern const SourceClass source_class_gpsd;  /* gps/gpsd.c: a gpsd on this machine through libgps */
