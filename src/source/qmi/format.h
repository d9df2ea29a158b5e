/* format.h - the kernel's idea of the packets on a QMI modem's interface made the modem's own.
 *
 * The qmi_wwan driver takes them for Ethernet frames unless it is told otherwise (/sys/class/net/IF/qmi/raw_ip), and most modems of
 * today send raw IP: without an agreement nothing passes, which would look like data that are cut. The modem is asked (WDA 0x21 Get
 * Data Format) and the kernel follows; the modem's own setting is left alone. Where the kernel has no such switch (QMI over MBIM, PCIe)
 * there is nothing to do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "source/modem/protocol.h"

#include <libqmi-glib.h>

/* `done` follows once, never from within this call: FALSE where they differ and the kernel could not be told (it needs root, and the
 * interface down). A modem that does not answer is taken to agree. */
void qmi_format_match(QmiDevice *device, void (*done)(gboolean matches, gpointer user_data), gpointer user_data);
