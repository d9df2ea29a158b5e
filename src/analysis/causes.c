/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/causes.h"

/* CAUSE_INTERNAL and CAUSE_CALL_MANAGER number apart from each other: one bit for each type. */
#define OF(type) (1u << (type))
#define BY_NETWORK OF(CAUSE_3GPP)
#define BY_MANAGER OF(CAUSE_CALL_MANAGER)
#define BY_MODEM OF(CAUSE_INTERNAL)
#define BY_ANY (BY_NETWORK | BY_MANAGER | BY_MODEM)

typedef struct {
	guint types;
	guint cause;
	CauseClass class;
	const char *name;
} SessionCause;

static const SessionCause session_causes[] = {
	{BY_NETWORK, 8, CAUSE_CLASS_ORDER, "operator determined barring"},
	{BY_NETWORK, 29, CAUSE_CLASS_ORDER, "user authentication failed"},
	{BY_NETWORK, 30, CAUSE_CLASS_ORDER, "request rejected by serving gateway"},
	{BY_NETWORK, 31, CAUSE_CLASS_ORDER, "request rejected, unspecified"},
	{BY_NETWORK, 32, CAUSE_CLASS_ORDER, "service option not supported"},
	{BY_NETWORK, 33, CAUSE_CLASS_ORDER, "requested service option not subscribed"},
	{BY_NETWORK, 66, CAUSE_CLASS_ORDER, "access point not supported in this network"},
	{BY_NETWORK, 26, CAUSE_CLASS_FAULT, "insufficient resources"},
	{BY_NETWORK, 34, CAUSE_CLASS_FAULT, "service option temporarily out of order"},
	{BY_NETWORK, 38, CAUSE_CLASS_FAULT, "network failure"},
	{BY_NETWORK, 67, CAUSE_CLASS_FAULT, "insufficient resources for slice and data network"},
	{BY_NETWORK, 69, CAUSE_CLASS_FAULT, "insufficient resources for slice"},
	{BY_NETWORK, 27, CAUSE_CLASS_CONFIGURATION, "unknown access point"},
	{BY_NETWORK, 28, CAUSE_CLASS_CONFIGURATION, "unknown kind of address"},
	{BY_NETWORK, 50, CAUSE_CLASS_CONFIGURATION, "IPv4 only allowed"},
	{BY_NETWORK, 51, CAUSE_CLASS_CONFIGURATION, "IPv6 only allowed"},
	{BY_ANY, 115, CAUSE_CLASS_BARRING, "access barred"},
	{BY_ANY, 121, CAUSE_CLASS_BARRING, "access barred"},
	{BY_ANY, 126, CAUSE_CLASS_BARRING, "access barred"},
	{BY_MANAGER, 1015, CAUSE_CLASS_OVERLOAD, "congestion"},
	{BY_MANAGER, 1017, CAUSE_CLASS_BARRING, "domain specific access class barring"},
	{BY_MANAGER, 1049, CAUSE_CLASS_RADIO, "uplink data not confirmed, radio link failure"},
	{BY_MANAGER, 1053, CAUSE_CLASS_BARRING, "connection establishment barred"},
	{BY_MANAGER, 1056, CAUSE_CLASS_RADIO, "connection establishment timed out"},
	{BY_MANAGER, 1057, CAUSE_CLASS_RADIO, "connection establishment: link failure"},
	{BY_MANAGER, 1059, CAUSE_CLASS_RADIO, "connection establishment: system information not read"},
	{BY_MANAGER, 1060, CAUSE_CLASS_OVERLOAD, "connection establishment rejected"},
	{BY_MANAGER, 1062, CAUSE_CLASS_RADIO, "radio link failure"},
	{BY_MANAGER, 1063, CAUSE_CLASS_RADIO, "connection re-establishment failed"},
	{BY_MANAGER, 1064, CAUSE_CLASS_RADIO, "out of service during re-establishment"},
	{BY_MANAGER, 1066, CAUSE_CLASS_RADIO, "system information not read"},
	{BY_MANAGER, 1067, CAUSE_CLASS_DETACH, "detached by the network, to sign in anew"},
	{BY_MANAGER, 1068, CAUSE_CLASS_DETACH, "detached by the network"},
	{BY_MANAGER | BY_MODEM, 1090, CAUSE_CLASS_RADIO, "radio connection lost"},
	{BY_MANAGER | BY_MODEM, 1118, CAUSE_CLASS_DETACH, "detached"},
	{BY_MODEM, 208, CAUSE_CLASS_OWN_SIDE, "IPv4 not allowed by the modem"},
	{BY_MODEM, 209, CAUSE_CLASS_OWN_SIDE, "IPv4 held back by the modem"},
	{BY_MODEM, 210, CAUSE_CLASS_OWN_SIDE, "IPv6 not allowed by the modem"},
	{BY_MODEM, 211, CAUSE_CLASS_OWN_SIDE, "IPv6 held back by the modem"},
	{BY_MODEM, 212, CAUSE_CLASS_OWN_SIDE, "modem restart"},
	{BY_MODEM, 218, CAUSE_CLASS_OWN_SIDE, "SIM card event"},
	{BY_MODEM, 219, CAUSE_CLASS_OWN_SIDE, "low power mode"},
	{BY_MODEM, 239, CAUSE_CLASS_OWN_SIDE, "access point not allowed when roaming"},
	{BY_MODEM, 243, CAUSE_CLASS_OWN_SIDE, "thermal protection"},
	{BY_MODEM, 246, CAUSE_CLASS_OWN_SIDE, "data roaming switched off"},
	{BY_MODEM, 255, CAUSE_CLASS_OWN_SIDE, "modem"},
	{BY_MANAGER, 2500, CAUSE_CLASS_OWN_SIDE, "modem offline"},
	{BY_MANAGER, 2504, CAUSE_CLASS_OWN_SIDE, "state of the SIM"},
};

static const SessionCause *find_session(CauseType type, guint cause)
{
	for (gsize i = 0; i < G_N_ELEMENTS(session_causes); i++)
		if (session_causes[i].cause == cause && (session_causes[i].types & OF(type)))
			return &session_causes[i];
	return NULL;
}

CauseClass causes_of_session(CauseType type, guint cause)
{
	const SessionCause *found = find_session(type, cause);
	return found ? found->class : CAUSE_CLASS_OTHER;
}

const char *causes_session_name(CauseType type, guint cause)
{
	const SessionCause *found = find_session(type, cause);
	return found ? found->name : NULL;
}

typedef struct {
	guint cause;
	RejectClass class;
	const char *name;
} RejectCause;

static const RejectCause reject_causes[] = {
	{2, REJECT_CLASS_SUBSCRIBER, "subscriber unknown"},
	{3, REJECT_CLASS_SUBSCRIBER, "illegal subscriber"},
	{5, REJECT_CLASS_SUBSCRIBER, "equipment not accepted"},
	{6, REJECT_CLASS_SUBSCRIBER, "illegal equipment"},
	{7, REJECT_CLASS_SUBSCRIBER, "packet services not allowed"},
	{8, REJECT_CLASS_SUBSCRIBER, "packet and other services not allowed"},
	{9, REJECT_CLASS_RESYNC, "identity cannot be derived by the network"},
	{10, REJECT_CLASS_RESYNC, "implicitly detached"},
	{11, REJECT_CLASS_AREA, "network not allowed"},
	{12, REJECT_CLASS_AREA, "tracking area not allowed"},
	{13, REJECT_CLASS_AREA, "roaming not allowed in this tracking area"},
	{14, REJECT_CLASS_AREA, "packet services not allowed in this network"},
	{15, REJECT_CLASS_AREA, "no suitable cells in tracking area"},
	{17, REJECT_CLASS_OVERLOAD, "network failure"},
	{19, REJECT_CLASS_SESSION, "session refused"},
	{20, REJECT_CLASS_AUTHENTICATION, "authentication: wrong code"},
	{21, REJECT_CLASS_AUTHENTICATION, "authentication: out of step"},
	{22, REJECT_CLASS_OVERLOAD, "congestion"},
	{25, REJECT_CLASS_AREA, "not authorized for this closed group of cells"},
	{35, REJECT_CLASS_AREA, "requested service option not authorized in this network"},
	{40, REJECT_CLASS_RESYNC, "no bearer active"},
	{42, REJECT_CLASS_OVERLOAD, "severe network failure"},
	{78, REJECT_CLASS_AREA, "network not allowed at this place"},
};

/* Where 5GMM means something else, or has what EMM has not. */
static const RejectCause nr_reject_causes[] = {
	{27, REJECT_CLASS_OTHER_RAT, "5G not allowed"},
	{28, REJECT_CLASS_AREA, "restricted service area"},
	{31, REJECT_CLASS_OTHER_RAT, "sent to LTE"},
	{62, REJECT_CLASS_OTHER_RAT, "no network slice available"},
	{73, REJECT_CLASS_AREA, "serving network not authorized"},
};

static const RejectCause *find_reject(Rat rat, guint cause)
{
	for (gsize i = 0; rat == RAT_NR && i < G_N_ELEMENTS(nr_reject_causes); i++)
		if (nr_reject_causes[i].cause == cause)
			return &nr_reject_causes[i];
	for (gsize i = 0; i < G_N_ELEMENTS(reject_causes); i++)
		if (reject_causes[i].cause == cause)
			return &reject_causes[i];
	return NULL;
}

RejectClass causes_of_reject(Rat rat, guint cause)
{
	const RejectCause *found = find_reject(rat, cause);
	return found ? found->class : REJECT_CLASS_OTHER;
}

const char *causes_reject_name(Rat rat, guint cause)
{
	const RejectCause *found = find_reject(rat, cause);
	return found ? found->name : NULL;
}
