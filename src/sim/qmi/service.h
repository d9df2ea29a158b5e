/* service.h - what a QMI service of the simulated modem is made of: tables.
 *
 * A service is a table of requests and a table of indications; each of their rows names the TLVs of the
 * message, in the order in which they are sent, with the function that writes one. A writer returns
 * FALSE to leave its TLV out, which is how real firmware says "not known" wherever the format lets it.
 * So a new TLV is a row and a writer, a new message is a row and its TLVs, a new service is a file and
 * a line in sim_qmi_services.
 *
 * Values are rounded and clamped here, to what the format and Qualcomm's documented ranges allow
 * (nas.h); the world's state is exact.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/port/engine.h"
#include "sim/qmi/mux.h"
#include "sim/world/modem_state.h"

/* Signal values that thresholds can be set for, all in tenths of dB or dBm. */
#define SIM_QMI_MAX_THRESHOLDS 32
typedef struct {
	guint n_thresholds;
	gint16 thresholds[SIM_QMI_MAX_THRESHOLDS];
	guint16 delta;        /* used where there is no threshold */
	gint16 last_reported; /* valid while the client's signal_rat is that of this value */
} SimQmiSignalWatch;
#define SIM_QMI_SIGNAL_WATCHES 10

/* A client's session with the receiver inside. */
typedef struct {
	gboolean started, single, wants_intermediate;
	guint8 id;
	guint32 interval_ms, n_fixes;
	guint32 mode;         /* operation mode that was asked for last */
	guint modes_asked, modes_told;
} SimQmiLocSession;

/* The data call that a WDS client has started, or had. */
typedef struct {
	gboolean own;	 /* it has started one: that one, or its end, is what it sees from then on, not the modem's own session */
	guint32 id;	 /* the call's, which is its packet data handle as well; 0: none */
	guint8 family;	 /* Set IP Family; 0: not set */
	gboolean starts, stops; /* Start, Stop Network is to be answered when the call is up or has ended */
	guint16 start_transaction, stop_transaction;
	gboolean aborted; /* the start was */
} SimQmiWdsCall;

/* One allocated client id and what its owner has asked for. */
typedef struct {
	guint8 service, id;
	guint32 reports; /* set of the service's own report bits: indications that are wanted */
	SimQmiSignalWatch signal[SIM_QMI_SIGNAL_WATCHES];
	SimRat signal_rat;  /* technology of the last Signal Info indication, NONE before the first */
	gboolean signal_nr; /* it told of NR as well */
	SimQmiLocSession loc;
	SimQmiWdsCall wds;
	gboolean leaked;   /* given back, but the modem goes on keeping it */
	gboolean mismatched; /* was out when SIM_FAULT_POLICY_MISMATCH began */
} SimQmiClient;

typedef struct SimQmiClients SimQmiClients;

/* Everything that a handler or a writer may look at; all of it borrowed. */
typedef struct {
	const SimEngine *engine;
	const SimModemInfo *info;
	const SimModemState *state;
	const SimCellView *camped; /* sim_view_camped() */
	SimRat rat; /* technology that the service state belongs to: of the last cell camped on, LTE at first */
	SimQmiClients *clients;
	SimQmiClient *client;       /* NULL for CTL */
	const SimQmiFrame *request; /* NULL while an indication is written */
} SimQmiCall;

typedef struct {
	guint8 type;
	gboolean (*write)(const SimQmiCall *call, ByteWriter *w);
} SimQmiTlv;

/* Tables end with a row of zeros. */
typedef struct {
	guint16 message;
	const char *name;
	SimQmiError (*handle)(SimQmiCall *call); /* reads the request, acts, refuses; NULL: nothing to do */
	const SimQmiTlv *tlvs;                   /* of a successful response; NULL: the result alone */
} SimQmiRequest;

typedef struct {
	guint16 message;
	const char *name;
	guint32 report; /* the report bit that a client needs to get it */
	const SimQmiTlv *tlvs;
	/* Is one due for call->client? NULL: when the encoded message is not what it was before. */
	gboolean (*is_due)(const SimQmiCall *call, const SimQmiCall *before);
} SimQmiIndication;

typedef struct {
	guint8 id;
	guint16 major, minor;
	guint max_clients;      /* client ids that can be out at once; firmware has few */
	guint32 default_reports; /* of a new client */
	gboolean of_gnss; /* only a modem with a receiver inside has it */
	const SimQmiRequest *requests;
	const SimQmiIndication *indications; /* NULL: none */
	/* Each may be NULL. */
	/* Writes an answer that had to wait for the state that is now there; FALSE when there is none. Before the indications. */
	gboolean (*late_answer)(SimQmiCall *call, SimQmiMessage *message);
	/* The client has been told all that the state has for it. */
	void (*settle)(SimQmiCall *call);
	/* The client's id is given back, or lost. */
	void (*release)(const SimEngine *engine, SimQmiClient *client);
} SimQmiService;

extern const SimQmiService sim_qmi_ctl, sim_qmi_wds, sim_qmi_dms, sim_qmi_nas, sim_qmi_uim, sim_qmi_loc, sim_qmi_wda;
extern const SimQmiService *const sim_qmi_services[]; /* ends with NULL */
const SimQmiService *sim_qmi_service_find(guint8 id);

/* Writes the TLVs of a table. */
void sim_qmi_write_tlvs(const SimQmiCall *call, const SimQmiTlv *tlvs, SimQmiMessage *message);

/* Text without terminator, the way a TLV that is one string has it; NULL is "". */
gboolean sim_qmi_write_text(ByteWriter *w, const char *text);
