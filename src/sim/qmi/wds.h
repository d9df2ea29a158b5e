/* wds.h - the parts of WDS: what wds.c puts into its tables from wds_call.c (calls) and wds_settings.c (addresses).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/qmi/service.h"

enum { SIM_QMI_FAMILY_IPV4 = 4, SIM_QMI_FAMILY_IPV6 = 6, SIM_QMI_FAMILY_UNSPECIFIED = 8 };

/* The client's call as the state has it, or NULL. */
const SimDataCall *sim_qmi_wds_call(const SimQmiCall *call);
/* Of that call, or of the modem's own session for a client that never started one. */
gboolean sim_qmi_wds_is_connected(const SimQmiCall *call);

SimQmiError sim_qmi_wds_handle_start(SimQmiCall *call);
SimQmiError sim_qmi_wds_handle_stop(SimQmiCall *call);
SimQmiError sim_qmi_wds_handle_abort(SimQmiCall *call);
SimQmiError sim_qmi_wds_handle_family(SimQmiCall *call);
/* Call end reason u16; verbose call end reason { type u16, reason u16 }: of a call that has ended. */
gboolean sim_qmi_wds_write_end(const SimQmiCall *call, ByteWriter *w);
gboolean sim_qmi_wds_write_verbose_end(const SimQmiCall *call, ByteWriter *w);
gboolean sim_qmi_wds_write_family(const SimQmiCall *call, ByteWriter *w);
gboolean sim_qmi_wds_late_answer(SimQmiCall *call, SimQmiMessage *message);
void sim_qmi_wds_settle(SimQmiCall *call);
void sim_qmi_wds_release(const SimEngine *engine, SimQmiClient *client);

SimQmiError sim_qmi_wds_handle_settings(SimQmiCall *call);
extern const SimQmiTlv sim_qmi_wds_settings_tlvs[];
SimQmiError sim_qmi_wds_handle_throttle(SimQmiCall *call);
extern const SimQmiTlv sim_qmi_wds_throttle_tlvs[];
