/* probe.h - between the recorder and jamlog-probe, the program that uses one modem's data session.
 *
 * Names are looked up, servers contacted and their answers read in a process of its own, one for each modem, never in the recorder:
 * what comes from the network is untrusted, libcurl with its libraries takes more memory than all the rest, and an interface that has
 * to be set up is left in order even when the recorder is killed. The recorder starts it, says over its standard input what to do, and
 * takes what it saw from its standard output. It does one thing at a time. When its input ends, it leaves the interface
 * as it was before and ends too. One that does not come to the end of a round within 150 s is killed.
 *
 * A request is a line: a dictionary (a{sv}) in GVariant's text form, as on the control socket.
 *
 *   do 'setup'     interface s, own b, addresses as ("10.4.1.7/30", "2001:db8::7/64"), gateways as, resolvers as, mtu u (0: leave it)
 *                  own: the interface is set up for this program alone (src/probe/link.h) and taken down again; not own: somebody
 *                  else has set it up, and it is only used. Cleans up first what a killed one left on that interface.
 *   do 'round'     number u, attempt u (0: the session is not ours), budget t (bytes, both ways together), all the targets
 *   do 'down'      undoes setup; after it setup may come again
 *
 * What it says is frames: u8 type, u32 length (little-endian), payload.
 *
 *   'o'  an observation as observation.h codes it, of kind probe; source, sequence and clock are to be set by the recorder
 *   'd'  the request is done: a line as above:  ok b, rx_bytes t, tx_bytes t, rx_packets t, tx_packets t (through the interface
 *        since setup; absent where none is set up), reason s (fixed words for the journal where not ok), sentence s (for the person:
 *        what, and what to do). Reasons: bad-request, busy, not-set-up, no-interface, no-privilege, interface-in-use, setup-failed;
 *        of a round: interrupted (by 'down', which is answered after it), interface-gone
 *
 * What the observations of a round mean beyond observation.h:
 *   A page with the right status and another text has no failure (OONI has no word for it) and body_matches = 0; a check went well
 *   where there is no failure and body_matches is not 0.
 *   dns: one for each name and resolver, A and AAAA together; target, url, role and category are of the first target with that host,
 *   resolver says who was asked and address where; all of them carry the counters of the whole stage.
 *   web: without an address to try, step dns and no address. Two of one target over one family, with different resolvers: the first
 *   address was one that only the operator's resolver knows, and it did not go well there.
 *   sni: the control carries the helper's name as target. Controls come before the targets, and again after them if one failed.
 *   round: failure is interrupted where not everything was tried (budget, time, 'down'; ok all the same but for 'down'), network_down
 *   where the interface vanished. Only ip, dns and round: nothing answered at all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define PROBE_PROGRAM     "jamlog-probe"
#define PROBE_OBSERVATION 'o'
#define PROBE_DONE        'd'
#define PROBE_HEAD_SIZE   5
#define PROBE_PAYLOAD_MAX 4096
/* Command line: jamlog-probe --targets FILE... ; exit code 2 with a message on stderr where a file has errors. */
