/* service.h - what a device service of the simulated MBIM modem is made of: a table of commands.
 *
 * A row names a command, what a host may do with it, and the function that writes its information buffer; the same buffer
 * answers a query, answers a set, and is the notification. So a new command is a row and a writer, a new service is a
 * file and a line in engine.c.
 *
 * MBIMEx (Microsoft's extensions of MBIM 1.0) changes the buffers of commands that exist: a writer asks session->mbimex,
 * which is what modem and host agreed on since the modem was opened.
 *
 * Values are rounded and clamped here, to what the format allows (values.h); the world's state is exact.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/mbim/frame.h"
#include "sim/port/engine.h"

#define SIM_MBIMEX_1 0x0100
#define SIM_MBIMEX_2 0x0200
#define SIM_MBIMEX_3 0x0300 /* the newest that this modem speaks */

#define SIM_MBIM_DONT_CARE 0xFFFFFFFF /* a threshold that is none; a number that is not known */

/* Status codes of a COMMAND_DONE (9.4.5). */
typedef enum {
	SIM_MBIM_STATUS_NONE = 0,
	SIM_MBIM_STATUS_FAILURE = 2,
	SIM_MBIM_STATUS_SIM_NOT_INSERTED = 3,
	SIM_MBIM_STATUS_BAD_SIM = 4,
	SIM_MBIM_STATUS_PIN_REQUIRED = 5,
	SIM_MBIM_STATUS_NO_DEVICE_SUPPORT = 9,
	SIM_MBIM_STATUS_CONTEXT_NOT_ACTIVATED = 16,
	SIM_MBIM_STATUS_INVALID_PARAMETERS = 21,
} SimMbimStatus;

/* How often the host wants to hear of the signal, and what it heard last. */
typedef struct {
	guint32 interval_s, rssi_threshold, error_threshold; /* as set; 0 is the modem's own choice */
	gint64 reported_us;                                  /* monotonic time, 0: never */
	guint32 classes, rssi, rsrp[2];                      /* codes that were reported: technologies, and two levels at most */
} SimMbimSignal;

#define SIM_MBIM_MAX_SERVICES 3
#define SIM_MBIM_QMI_CID      1 /* the only command of the QMI service */

typedef struct SimMbimService SimMbimService;

/* What modem and host agreed on. */
typedef struct {
	gboolean open;
	guint16 mbimex;
	guint64 subscribed[SIM_MBIM_MAX_SERVICES]; /* by service: bit n is set when the host wants to be told of CID n */
	SimMbimSignal signal;
	const SimMbimService *const *services; /* that this modem has; ends with NULL */
	SimEngine *qmi;                        /* the QMI modem inside, or NULL */
	GByteArray *qmi_answer;                /* what it said to the last message, or NULL */
} SimMbimSession;

/* Everything that a row's functions may look at; all of it borrowed. */
typedef struct {
	const SimModemInfo *info;
	const SimModemState *state;
	const SimCellView *camped; /* sim_view_camped() */
	SimMbimSession *session;
	SimMbimCommand *request;                          /* NULL while a notification is written */
	void (*order)(SimOrder order, gpointer user_data); /* the device's ear, with its data, or NULL */
	gpointer order_data;
} SimMbimCall;

enum { SIM_MBIM_QUERY = 1 << 0, SIM_MBIM_SET = 1 << 1, SIM_MBIM_NOTIFY = 1 << 2 };

/* Tables end with a row of zeros. */
typedef struct {
	guint32 cid; /* below 64 */
	const char *name;
	guint verbs;
	/* Reads the request, acts, refuses; NULL: nothing to do. */
	SimMbimStatus (*handle)(SimMbimCall *call);
	void (*write)(const SimMbimCall *call, ByteWriter *w); /* NULL: nothing to say */
	/* Is a notification due? NULL: when the buffer is not what it was before. */
	gboolean (*is_due)(const SimMbimCall *call);
} SimMbimRow;

struct SimMbimService {
	guint8 uuid[SIM_MBIM_UUID_SIZE];
	gboolean standard; /* its notifications come unasked, until the host says which ones it wants */
	const SimMbimRow *rows;
};

extern const SimMbimService sim_mbim_basic, sim_mbim_extensions, sim_mbim_qmi;

/* The technology's cell that is being received and served by, or NULL. */
const SimCellView *sim_mbim_serving(const SimMbimCall *call);
/* Tells the device what the host wants of it; it is done when the answer is out. */
void sim_mbim_order(const SimMbimCall *call, SimOrder order);
/* For commands that need the card, and its PIN. */
SimMbimStatus sim_mbim_need_card(const SimMbimCall *call);

/* Device Caps of Basic Connect, and of Microsoft's extensions (caps.c). */
void sim_mbim_write_caps(const SimMbimCall *call, ByteWriter *w);
void sim_mbim_write_ms_caps(const SimMbimCall *call, ByteWriter *w);

/* Device Service Subscribe List and Device Services (subscribe.c). */
void sim_mbim_subscribe_default(SimMbimSession *session);
SimMbimStatus sim_mbim_handle_subscribe(SimMbimCall *call);
void sim_mbim_write_subscribed(const SimMbimCall *call, ByteWriter *w);
void sim_mbim_write_services(const SimMbimCall *call, ByteWriter *w);

/* Signal State (signal.c). */
SimMbimStatus sim_mbim_handle_signal(SimMbimCall *call);
void sim_mbim_write_signal(const SimMbimCall *call, ByteWriter *w);
gboolean sim_mbim_signal_is_due(const SimMbimCall *call);

/* Registration, packet service and what else the network decides (network.c). */
SimMbimStatus sim_mbim_handle_register(SimMbimCall *call);
void sim_mbim_write_register(const SimMbimCall *call, ByteWriter *w);
void sim_mbim_write_packet_service(const SimMbimCall *call, ByteWriter *w);
SimMbimStatus sim_mbim_handle_connect(SimMbimCall *call);
void sim_mbim_write_connect(const SimMbimCall *call, ByteWriter *w);
void sim_mbim_write_home_provider(const SimMbimCall *call, ByteWriter *w);

/* Base Stations Info (cells.c). */
SimMbimStatus sim_mbim_handle_cells(SimMbimCall *call);
void sim_mbim_write_cells(const SimMbimCall *call, ByteWriter *w);
