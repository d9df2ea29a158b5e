/* phase.c - what each phase of a modem (registration.h) is called and looks like from outside.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/registration.h"

const char *sim_phase_name(SimPhase phase)
{
	switch (phase) {
	case SIM_PHASE_OFF:
		return "off";
	case SIM_PHASE_SEARCHING:
		return "searching";
	case SIM_PHASE_ACQUIRING:
		return "acquiring";
	case SIM_PHASE_LIMITED:
		return "limited";
	case SIM_PHASE_REGISTERING:
		return "registering";
	case SIM_PHASE_REGISTERED:
		return "registered";
	case SIM_PHASE_REESTABLISHING:
		return "re-establishing";
	}
	return "unknown";
}

SimRegistration sim_phase_registration(SimPhase phase, SimCard card, gboolean denied)
{
	switch (phase) {
	case SIM_PHASE_OFF:
		return SIM_REG_NOT_REGISTERED;
	case SIM_PHASE_REGISTERED:
	case SIM_PHASE_REESTABLISHING:
		return SIM_REG_REGISTERED;
	case SIM_PHASE_LIMITED:
		if (card != SIM_CARD_READY)
			return SIM_REG_NOT_REGISTERED;
		return denied ? SIM_REG_DENIED : SIM_REG_SEARCHING;
	case SIM_PHASE_SEARCHING:
	case SIM_PHASE_ACQUIRING:
	case SIM_PHASE_REGISTERING:
		return SIM_REG_SEARCHING;
	}
	return SIM_REG_UNKNOWN;
}

SimService sim_phase_service(SimPhase phase, SimAccess access)
{
	switch (phase) {
	case SIM_PHASE_REGISTERED:
		return SIM_SERVICE_FULL;
	case SIM_PHASE_LIMITED:
		/* Access class 10 barred too: not even emergency calls. */
		return access == SIM_ACCESS_NO_CALLS ? SIM_SERVICE_NONE : SIM_SERVICE_LIMITED;
	case SIM_PHASE_ACQUIRING:
	case SIM_PHASE_REGISTERING:
		return SIM_SERVICE_LIMITED;
	case SIM_PHASE_OFF:
	case SIM_PHASE_SEARCHING:
	case SIM_PHASE_REESTABLISHING:
		return SIM_SERVICE_NONE;
	}
	return SIM_SERVICE_NONE;
}
