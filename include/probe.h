/* probe.h - between the recorder and jamlog-probe, the program that uses one modem's data session.
 *
 * Names are looked up, servers contacted and their answers read in a process of its own, one for each modem, never in the recorder:
 * what comes from the network is untrusted, libcurl with its libraries takes more memory than all the rest, and an interface that has
 * to be set up is left in order even when the recorder is killed. The recorder starts it, says over its standard input what to do, and
 * takes what it saw from its standard output. It does one thing at a time. When its input ends, it leaves the interface
 * as it was before and ends too.
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
 *        since setup), reason s (fixed words for the journal where not ok), sentence s (for the person: what, and what to do)
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
