/* nas_system.c - Serving System 0x24, Home Network 0x25, System Info 0x4D, and their indications 0x24 and 0x4E.
 *
 * Without service the status says "none" and what describes a system is left out. A cell's identity is shown for
 * as long as the modem claims service (SimQmiCall.camped), even after the cell was lost.
 *
 * The fields that all technologies share are too narrow for NR: of its cell identity the low 32 bits are sent, of its
 * tracking area code the low 16 bits; all of that code is in a field of its own (50, in the indication 52).
 *
 * Sources: libqmi data/qmi-service-nas.json, qmi-enums-nas.h; 3GPP TS 23.003 (LAC 0xFFFE: no valid one).
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/qmi/nas.h"

#define LAC_NONE 0xFFFE

static guint16 area_code(const SimCellView *cell)
{
	return cell->rat == SIM_RAT_LTE || cell->rat == SIM_RAT_NR ? LAC_NONE : (guint16)cell->tac;
}

static guint32 cell_identity(const SimCellView *cell)
{
	return (guint32)(cell->rat == SIM_RAT_NR ? cell->cell_id : cell->cell_id & 0x0FFFFFFF); /* 28 bits in LTE and UMTS, 16 in GSM */
}

/* QmiNasCallBarringStatus and QmiNasCellAccessStatus agree where we need them. */
static guint32 access_status(SimAccess access)
{
	switch (access) {
	case SIM_ACCESS_NORMAL:
		return 0;
	case SIM_ACCESS_EMERGENCY_ONLY:
		return 1;
	case SIM_ACCESS_NO_CALLS:
		return 2;
	case SIM_ACCESS_ALL_CALLS:
		return 3;
	}
	return 0;
}

static guint8 registration_state(SimRegistration registration)
{
	switch (registration) {
	case SIM_REG_NOT_REGISTERED:
		return 0;
	case SIM_REG_REGISTERED:
		return 1;
	case SIM_REG_SEARCHING:
		return 2;
	case SIM_REG_DENIED:
		return 3;
	case SIM_REG_UNKNOWN:
		return 4;
	}
	return 4;
}

static gboolean is_registered(const SimQmiCall *call)
{
	return call->state->registration == SIM_REG_REGISTERED;
}

/* 01 registration u8, CS attach u8, PS attach u8, network type u8, count u8, { radio i8 } */
static gboolean write_serving_system(const SimQmiCall *call, ByteWriter *w)
{
	const SimModemState *state = call->state;
	gboolean online = state->operating_mode == SIM_OPMODE_ONLINE;
	byte_writer_u8(w, registration_state(state->registration));
	byte_writer_u8(w, state->cs_attached ? 1 : 2);
	byte_writer_u8(w, state->ps_attached ? 1 : 2);
	byte_writer_u8(w, online ? 2 : 0); /* 3GPP, or unknown */
	byte_writer_u8(w, 1);
	byte_writer_u8(w, nas_radio(state->service == SIM_SERVICE_NONE ? SIM_RAT_NONE : call->rat));
	return TRUE;
}

/* 10 roaming u8: 0 on, 1 off */
static gboolean write_roaming(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, call->state->roaming ? 0 : 1);
	return is_registered(call);
}

/* 11 count u8, { data capability u8 } */
static gboolean write_data_capability(const SimQmiCall *call, ByteWriter *w)
{
	static const struct {
		SimRat rat;
		guint8 n, list[3];
	} rows[] = {
		{SIM_RAT_GSM, 2, {0x01, 0x02}},        /* GPRS, EDGE */
		{SIM_RAT_UMTS, 3, {0x03, 0x04, 0x05}}, /* HSDPA, HSUPA, WCDMA */
		{SIM_RAT_LTE, 1, {0x0B}},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (!is_registered(call) || rows[i].rat != call->rat)
			continue;
		byte_writer_u8(w, rows[i].n);
		byte_writer_put(w, rows[i].list, rows[i].n);
		return TRUE;
	}
	byte_writer_u8(w, 0);
	return TRUE;
}

/* MCC u16, MNC u16, name: length u8, text. The simulated networks have no name; modems then show the digits. */
static void put_plmn_named(ByteWriter *w, const char *mcc, const char *mnc)
{
	gsize mcc_length = strlen(mcc), mnc_length = strlen(mnc);
	nas_put_plmn_numbers(w, mcc, mnc);
	byte_writer_u8(w, (guint8)(mcc_length + mnc_length));
	byte_writer_put(w, mcc, mcc_length);
	byte_writer_put(w, mnc, mnc_length);
}

/* 12 named PLMN */
static gboolean write_current_plmn(const SimQmiCall *call, ByteWriter *w)
{
	if (!call->camped)
		return FALSE;
	put_plmn_named(w, call->camped->mcc, call->camped->mnc);
	return TRUE;
}

/* 15 count u8, { radio u8, roaming u8 } */
static gboolean write_roaming_list(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 1);
	byte_writer_u8(w, nas_radio(call->rat));
	byte_writer_u8(w, call->state->roaming ? 0 : 1);
	return is_registered(call);
}

/* LAC u16, 3GPP */
static gboolean write_lac(const SimQmiCall *call, ByteWriter *w)
{
	if (!call->camped)
		return FALSE;
	byte_writer_u16(w, area_code(call->camped));
	return TRUE;
}

/* Cell identity u32, 3GPP */
static gboolean write_cid(const SimQmiCall *call, ByteWriter *w)
{
	if (!call->camped)
		return FALSE;
	byte_writer_u32(w, cell_identity(call->camped));
	return TRUE;
}

/* Status u8, capability u8, HDR status u8, HDR hybrid u8, forbidden u8 */
static gboolean write_detailed_status(const SimQmiCall *call, ByteWriter *w)
{
	const SimModemState *state = call->state;
	byte_writer_u8(w, nas_service_status(state->service));
	byte_writer_u8(w, state->service == SIM_SERVICE_NONE ? NAS_DOMAIN_NONE : nas_domain(state));
	byte_writer_u8(w, 0);
	byte_writer_u8(w, 0);
	byte_writer_u8(w, state->forbidden ? 1 : 0);
	return TRUE;
}

/* LTE TAC u16 */
static gboolean write_lte_tac(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_camped(call, SIM_RAT_LTE);
	if (!cell)
		return FALSE;
	byte_writer_u16(w, (guint16)cell->tac);
	return TRUE;
}

/* UMTS primary scrambling code u16 */
static gboolean write_umts_psc(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_camped(call, SIM_RAT_UMTS);
	if (!cell)
		return FALSE;
	byte_writer_u16(w, (guint16)cell->pci);
	return TRUE;
}

/* MCC u16, MNC u16, MNC has three digits u8 */
static gboolean write_plmn_digits(const SimQmiCall *call, ByteWriter *w)
{
	if (!call->camped)
		return FALSE;
	nas_put_plmn_numbers(w, call->camped->mcc, call->camped->mnc);
	byte_writer_u8(w, nas_mnc_has_three(call->camped->mnc) ? 1 : 0);
	return TRUE;
}

const SimQmiTlv nas_serving_system_tlvs[] = {
	{0x01, write_serving_system}, {0x10, write_roaming}, {0x11, write_data_capability}, {0x12, write_current_plmn},
	{0x15, write_roaming_list},   {0x1C, write_lac},     {0x1D, write_cid},             {0x21, write_detailed_status},
	{0x24, write_lte_tac},        {0x26, write_umts_psc}, {0x27, write_plmn_digits},    {0},
};

const SimQmiTlv nas_serving_system_indication_tlvs[] = {
	{0x01, write_serving_system}, {0x10, write_roaming}, {0x11, write_data_capability}, {0x12, write_current_plmn},
	{0x15, write_roaming_list},   {0x1D, write_lac},     {0x1E, write_cid},             {0x22, write_detailed_status},
	{0x25, write_lte_tac},        {0x28, write_umts_psc}, {0x29, write_plmn_digits},    {0},
};

SimQmiError nas_need_home(SimQmiCall *call)
{
	gboolean known = call->state->card == SIM_CARD_READY && call->info->home_mcc && call->info->home_mnc;
	return known ? SIM_QMI_OK : SIM_QMI_NOT_PROVISIONED;
}

/* Home Network: 01 named PLMN */
static gboolean write_home(const SimQmiCall *call, ByteWriter *w)
{
	put_plmn_named(w, call->info->home_mcc, call->info->home_mnc);
	return TRUE;
}

/* 12 is 3GPP u8, MNC has three digits u8 */
static gboolean write_home_digits(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 1);
	byte_writer_u8(w, nas_mnc_has_three(call->info->home_mnc) ? 1 : 0);
	return TRUE;
}

const SimQmiTlv nas_home_network_tlvs[] = {{0x01, write_home}, {0x12, write_home_digits}, {0}};

/* Status u8, true status u8, preferred data path u8: of one technology */
static gboolean put_service(const SimQmiCall *call, SimRat rat, ByteWriter *w)
{
	gboolean here = call->rat == rat;
	byte_writer_u8(w, here ? nas_service_status(call->state->service) : 0);
	byte_writer_u8(w, here ? nas_service_status(call->state->true_service) : 0);
	byte_writer_u8(w, 0);
	return TRUE;
}

static gboolean write_gsm_service(const SimQmiCall *call, ByteWriter *w)
{
	return put_service(call, SIM_RAT_GSM, w);
}

static gboolean write_wcdma_service(const SimQmiCall *call, ByteWriter *w)
{
	return put_service(call, SIM_RAT_UMTS, w);
}

static gboolean write_lte_service(const SimQmiCall *call, ByteWriter *w)
{
	return put_service(call, SIM_RAT_LTE, w);
}

static void put_valid(ByteWriter *w, gboolean valid, guint8 value)
{
	byte_writer_u8(w, valid ? 1 : 0);
	byte_writer_u8(w, valid ? value : 0);
}

/* The part that the technologies have in common, each value after a u8 that says whether it is valid:
 * domain u8, capability u8, roaming u8, forbidden u8, LAC u16, cell identity u32, reject { domain u8, cause u8 },
 * network { MCC 3 characters, MNC 3 characters }. NULL cell: nothing is written. */
static gboolean put_system(const SimQmiCall *call, const SimCellView *cell, ByteWriter *w)
{
	const SimModemState *state = call->state;
	if (!cell)
		return FALSE;
	gboolean rejected = nas_has_reject_of(state, cell->rat);
	put_valid(w, TRUE, nas_domain(state));
	put_valid(w, TRUE, cell->rat == SIM_RAT_NR ? NAS_DOMAIN_PS : NAS_DOMAIN_CS_PS);
	put_valid(w, is_registered(call), state->roaming ? 1 : 0);
	put_valid(w, TRUE, state->forbidden ? 1 : 0);
	byte_writer_u8(w, 1);
	byte_writer_u16(w, area_code(cell));
	byte_writer_u8(w, 1);
	byte_writer_u32(w, cell_identity(cell));
	put_valid(w, rejected, nas_reject_domain(state));
	byte_writer_u8(w, rejected ? (guint8)state->reject_cause : 0);
	byte_writer_u8(w, 1);
	nas_put_plmn_text(w, cell->mcc, cell->mnc);
	return TRUE;
}

/* 17 common, EGPRS supported { valid u8, u8 }, DTM supported { valid u8, u8 } */
static gboolean write_gsm_system(const SimQmiCall *call, ByteWriter *w)
{
	if (!put_system(call, nas_camped(call, SIM_RAT_GSM), w))
		return FALSE;
	put_valid(w, TRUE, 1);
	put_valid(w, TRUE, 0);
	return TRUE;
}

/* 18 common, HS call status { valid u8, u8 }, HS service { valid u8, u8 }, scrambling code { valid u8, u16 } */
static gboolean write_wcdma_system(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_camped(call, SIM_RAT_UMTS);
	if (!put_system(call, cell, w))
		return FALSE;
	put_valid(w, TRUE, 0);
	put_valid(w, TRUE, 3); /* HSDPA and HSUPA */
	byte_writer_u8(w, 1);
	byte_writer_u16(w, (guint16)cell->pci);
	return TRUE;
}

/* 19 common, TAC { valid u8, u16 } */
static gboolean write_lte_system(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_camped(call, SIM_RAT_LTE);
	if (!put_system(call, cell, w))
		return FALSE;
	byte_writer_u8(w, 1);
	byte_writer_u16(w, (guint16)cell->tac);
	return TRUE;
}

/* 1E geo system index u16: 0xFFFF, not known */
static gboolean write_lte_geo_index(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u16(w, 0xFFFF);
	return nas_camped(call, SIM_RAT_LTE) != NULL;
}

/* 1F, 20 CS i32, PS i32: the barring of 2G and 3G, which the world does not have */
static gboolean write_gsm_barring(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, 0);
	byte_writer_u32(w, 0);
	return nas_camped(call, SIM_RAT_GSM) != NULL;
}

static gboolean write_wcdma_barring(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, 0);
	byte_writer_u32(w, 0);
	return nas_camped(call, SIM_RAT_UMTS) != NULL;
}

/* 21 u8 */
static gboolean write_lte_voice(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, 1);
	return nas_camped(call, SIM_RAT_LTE) != NULL;
}

/* SIM reject u32: which services the network has shut to this card until it is taken out or the modem restarts
 * (3GPP TS 24.301, 5.5.1.2.5: causes 3, 6, 8 for all, 7 for packets; TS 24.008: 2). */
static gboolean write_sim_reject(const SimQmiCall *call, ByteWriter *w)
{
	enum { UNAVAILABLE = 0, AVAILABLE = 1, CS_INVALID = 2, PS_INVALID = 3, ALL_INVALID = 4 } reject = AVAILABLE;
	guint cause = nas_has_reject(call->state) ? call->state->reject_cause : 0;
	if (call->state->card != SIM_CARD_READY)
		reject = UNAVAILABLE;
	else if (cause == 3 || cause == 6 || cause == 8)
		reject = ALL_INVALID;
	else if (cause == 7)
		reject = PS_INVALID;
	else if (cause == 2)
		reject = CS_INVALID;
	byte_writer_u32(w, (guint32)reject);
	return TRUE;
}

/* 31 LTE registration domain u32 */
static gboolean write_lte_domain(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, nas_domain(call->state)); /* camped is limited service here */
	return nas_camped(call, SIM_RAT_LTE) != NULL;
}

/* 44 LTE cell access u32: of the cell that is received */
static gboolean write_lte_access(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u32(w, access_status(call->state->access));
	return nas_serving(call, SIM_RAT_LTE) != NULL;
}

static gboolean write_nr_service(const SimQmiCall *call, ByteWriter *w)
{
	return call->info->has_nr && put_service(call, SIM_RAT_NR, w);
}

/* 4B, 4D common, TAC { valid u8, u16 } */
static gboolean write_nr_system(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_camped(call, SIM_RAT_NR);
	if (!put_system(call, cell, w))
		return FALSE;
	byte_writer_u8(w, 1);
	byte_writer_u16(w, (guint16)cell->tac);
	return TRUE;
}

/* 4E, 50 u8: upperLayerIndication of the LTE cell */
static gboolean write_endc_available(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, call->state->nr_available ? 1 : 0);
	return call->info->has_nr && nas_camped(call, SIM_RAT_LTE);
}

/* 4F, 51 u8 */
static gboolean write_dcnr_restriction(const SimQmiCall *call, ByteWriter *w)
{
	byte_writer_u8(w, call->state->dcnr_restricted ? 1 : 0);
	return call->info->has_nr && nas_camped(call, SIM_RAT_LTE);
}

/* 50, 52 octets of the code */
static gboolean write_nr_tac(const SimQmiCall *call, ByteWriter *w)
{
	const SimCellView *cell = nas_camped(call, SIM_RAT_NR);
	if (!cell)
		return FALSE;
	nas_put_nr_tac(w, cell->tac);
	return TRUE;
}

#define SYSTEM_TLVS                                                                                                       \
	{0x12, write_gsm_service}, {0x13, write_wcdma_service}, {0x14, write_lte_service}, {0x17, write_gsm_system},      \
		{0x18, write_wcdma_system}, {0x19, write_lte_system}, {0x1E, write_lte_geo_index},                        \
		{0x1F, write_gsm_barring}, {0x20, write_wcdma_barring}, {0x21, write_lte_voice}

const SimQmiTlv nas_system_info_tlvs[] = {
	SYSTEM_TLVS,
	{0x27, write_sim_reject},
	{0x31, write_lte_domain},
	{0x44, write_lte_access},
	{0x4A, write_nr_service},
	{0x4B, write_nr_system},
	{0x4E, write_endc_available},
	{0x4F, write_dcnr_restriction},
	{0x50, write_nr_tac},
	{0},
};

/* The indication has other numbers from 24 on, and no cell access status. */
const SimQmiTlv nas_system_info_indication_tlvs[] = {
	SYSTEM_TLVS,
	{0x28, write_sim_reject},
	{0x4C, write_nr_service},
	{0x4D, write_nr_system},
	{0x50, write_endc_available},
	{0x51, write_dcnr_restriction},
	{0x52, write_nr_tac},
	{0},
};
