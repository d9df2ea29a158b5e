/* targets.h - what may be contacted, and nothing else: a readable file of targets.
 *
 * A key file (keyfile.h). Several files may be given: the one that came with jamlog and, say, one for a country. A name stands once in
 * its kind over all files; the later file's group takes the earlier one's place.
 *
 *   [trust]            authorities = FILE   certificates (PEM) that are believed beside those of the system
 *   [resolver NAME]    address = IP         a known resolver; the operator's own is asked without being named
 *   [ip NAME]          address = IP, port   raw reachability: a TCP connection, no name looked up
 *   [web NAME]         url = http(s)://HOST[:PORT]/PATH; role = target (or control), category, status = 200, body = TEXT that the answer holds
 *   [helper NAME]      address = IP, port = 443, server-name = NAME   a TLS server that answers to any name; the control is this name
 *   [sni NAME]         helper = NAME, server-name = HOST, category   TLS to the helper under that name
 *   [portal NAME]      url = http://..., status = 204, body = TEXT   known answer; another one is a captive portal
 *   [vpn NAME]         protocol = wireguard, openvpn (UDP) or openvpn-tcp; address = IP, port; wireguard: public-key (the server's),
 *                      private-key (a peer's that it knows); category
 *   [rate NAME]        url, bytes = 262144 (the cap), role = target or control, category
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
