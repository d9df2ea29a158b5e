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
	SIM_MBIM_STATUS_LATER = -1, /* none, and never sent: the command is answered when it is known */
	SIM_MBIM_STATUS_NONE = 0,
	SIM_MBIM_STATUS_BUSY = 1,
	SIM_MBIM_STATUS_FAILURE = 2,
	SIM_MBIM_STATUS_SIM_NOT_INSERTED = 3,
	SIM_MBIM_STATUS_BAD_SIM = 4,
	SIM_MBIM_STATUS_PIN_REQUIRED = 5,
	SIM_MBIM_STATUS_NOT_REGISTERED = 7,
	SIM_MBIM_STATUS_NO_DEVICE_SUPPORT = 9,
	SIM_MBIM_STATUS_MAX_ACTIVATED_CONTEXTS = 13,
	SIM_MBIM_STATUS_CONTEXT_NOT_ACTIVATED = 16,
	SIM_MBIM_STATUS_RADIO_POWER_OFF = 20,
	SIM_MBIM_STATUS_INVALID_PARAMETERS = 21,
} SimMbimStatus;

/* How often the host wants to hear of the signal, and what it heard last. */
typedef struct {
	guint32 interval_s, rssi_threshold, error_threshold; /* as set; 0 is the modem's own choice */
	gint64 reported_us;                                  /* monotonic time, 0: never */
	guint32 classes, rssi, rsrp[2];                      /* codes that were reported: technologies, and two levels at most */
} SimMbimSignal;

/* The session 0 of Connect: the data call that the host has started. */
typedef struct {
	gboolean own; /* it has asked for one since OPEN, and sees from then on that one, or its end, not the modem's own session */
	guint32 id;   /* of the call; 0: none */
	gboolean waits; /* the set is to be answered when the network has */
	gboolean given_up; /* while it waited */
	guint32 transaction;
	guint32 nw_error; /* why there is none any more */
	char access_point[SIM_APN_SIZE];
} SimMbimConnect;

/* A QMI request whose answer is still to come. */
typedef struct {
	gboolean waits;
	guint32 transaction; /* of MBIM */
	guint8 service, client;
	guint16 qmi_transaction;
} SimMbimQmiRequest;

#define SIM_MBIM_MAX_QMI_REQUESTS 16
#define SIM_MBIM_MAX_SERVICES 3
#define SIM_MBIM_QMI_CID      1 /* the only command of the QMI service */

typedef struct SimMbimService SimMbimService;

/* What modem and host agreed on. */
typedef struct {
	gboolean open;
	guint16 mbimex;
	guint64 subscribed[SIM_MBIM_MAX_SERVICES]; /* by service: bit n is set when the host wants to be told of CID n */
	SimMbimSignal signal;
	SimMbimConnect connect;
	const SimMbimService *const *services; /* that this modem has; ends with NULL */
	SimEngine *qmi;                        /* the QMI modem inside, or NULL */
	GByteArray *qmi_answer;                /* what it said to the last message, or NULL */
	SimMbimQmiRequest qmi_requests[SIM_MBIM_MAX_QMI_REQUESTS];
} SimMbimSession;

/* Everything that a row's functions may look at; all of it borrowed. */
typedef struct {
	const SimModemInfo *info;
	const SimModemState *state;
	const SimCellView *camped; /* sim_view_camped() */
	SimMbimSession *session;
	const SimEngine *engine;
	SimMbimCommand *request; /* NULL while a notification or a late answer is written */
	guint32 transaction;     /* of the request */
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
/* NwError of a reject of the packet service, until there is one. */
guint32 sim_mbim_packet_error(const SimModemState *state);
void sim_mbim_write_packet_service(const SimMbimCall *call, ByteWriter *w);
void sim_mbim_write_home_provider(const SimMbimCall *call, ByteWriter *w);

/* Connect, and what a session has: addresses, traffic (connect.c). */
#define SIM_MBIM_CONNECT_CID 12
SimMbimStatus sim_mbim_handle_connect(SimMbimCall *call);
void sim_mbim_write_connect(const SimMbimCall *call, ByteWriter *w);
SimMbimStatus sim_mbim_handle_addresses(SimMbimCall *call);
void sim_mbim_write_addresses(const SimMbimCall *call, ByteWriter *w);
void sim_mbim_write_statistics(const SimMbimCall *call, ByteWriter *w);
/* The status of a set that waited and can be answered now, with what sim_mbim_write_connect() says; LATER where there is none. */
SimMbimStatus sim_mbim_connect_late(const SimMbimCall *call);
/* The host has been told all that the state has for it. */
void sim_mbim_connect_settle(const SimMbimCall *call);
/* The modem is closed: the call ends. */
void sim_mbim_connect_close(const SimEngine *engine, SimMbimSession *session);

/* The transaction that a message of the QMI engine answers; FALSE when it answers none that waits. */
gboolean sim_mbim_qmi_late(SimMbimSession *session, const guint8 *message, gsize size, guint32 *ret_transaction);

/* Base Stations Info (cells.c). */
SimMbimStatus sim_mbim_handle_cells(SimMbimCall *call);
void sim_mbim_write_cells(const SimMbimCall *call, ByteWriter *w);
