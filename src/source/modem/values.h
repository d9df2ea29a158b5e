/* values.h - which numbers of a modem can be measurements, whatever its protocol.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

static inline gboolean modem_within(gint64 value, gint64 min, gint64 max)
{
	return value >= min && value <= max;
}

/* Ranges that a modem can mean. Outside lie the codes for "unknown" (-125, 0, -32768, 0xFFFF...) and nonsense. */
static inline gboolean modem_is_rssi(gint64 dbm)
{
	return modem_within(dbm, -120, -10);
}

static inline gboolean modem_is_rsrp(gint64 dbm)
{
	return modem_within(dbm, -156, -30);
}

static inline gboolean modem_is_rsrq(gint64 db)
{
	return modem_within(db, -43, 20);
}

static inline gboolean modem_is_snr_ddb(gint64 ddb)
{
	return modem_within(ddb, -300, 500);
}

static inline gboolean modem_is_power_ddbm(gint64 ddbm)
{
	return modem_within(ddbm, -1500, 300);
}

/* 28 bits on UMTS and LTE (TS 25.331 10.3.2.2, TS 36.331 6.3.4), fewer on GSM. NR has 36, which only NAS 0x43 tells. */
static inline gboolean modem_is_cell_id(guint64 id)
{
	return id < 1u << 28;
}

/* LAC and TAC: 0 and all ones but the last bit stand for "none" (TS 23.003 4.1, 19.4.2.3), all ones for "unknown". */
static inline gboolean modem_is_area(guint32 code)
{
	return code > 0 && code < 0xfffe;
}

/* The same in the 24 bits of NR (TS 38.413 9.3.3.10). */
static inline gboolean modem_is_nr_area(guint32 code)
{
	return code > 0 && code < 0xfffffe;
}

static inline gboolean modem_is_nr_cell_id(guint64 id)
{
	return id < G_GUINT64_CONSTANT(1) << 36;
}
