#!/bin/sh
# After "make install": the user and group jamlog, and rules and unit where udevd and systemd run. Nothing is started.
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
[ -d /run/systemd/system ] || exit 0
systemd-sysusers jamlog.conf
systemctl daemon-reload
udevadm control --reload
udevadm trigger --subsystem-match=usbmisc --subsystem-match=wwan --action=change
echo "modems now belong to the group jamlog: sudo usermod -aG jamlog $(logname 2>/dev/null || echo USER)"
