/* modems.h - reading one modem's control node out of udev's device.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "devices.h"

#include <gudev/gudev.h>

extern const char *const devices_modem_subsystems[]; /* NULL-terminated */

/* NULL where the device is no control node that we can speak on. Owned by the caller. */
DeviceModem *devices_modem_read(GUdevDevice *device);
/* The USB device that a node belongs to, or NULL. Owned by the caller. */
GUdevDevice *devices_usb_parent(GUdevDevice *device);
/* All control nodes that `client` knows, as devices_list_modems(). */
GPtrArray *devices_modems_scan(GUdevClient *client);
