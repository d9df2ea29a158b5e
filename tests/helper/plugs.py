"""A computer with sockets into which tests plug simulated modems and receivers: umockdev's /sys and events, ptys in its /dev.

SPDX-License-Identifier: GPL-3.0-or-later"""
import json
import os
import subprocess

import field
import rig

WRAPPER = "umockdev-wrapper"
PCI = "/devices/pci0000:00/0000:00:14.0"


class Computer:
    """tests/helper/udev_testbed and the environment in which a program sees its devices."""

    def __init__(self):
        self.process = rig.start([WRAPPER, os.path.join(rig.BUILD, "tests/helper/udev_testbed")], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, bufsize=1, env=quiet_asan(os.environ))
        self.root = self.process.stdout.readline().strip()
        self.files = rig.folder()
        self.tell_count = 0
        self.environment = quiet_asan({**os.environ, "UMOCKDEV_DIR": self.root, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
        os.makedirs(os.path.join(self.root, "dev"), exist_ok=True)
        self.load(device(PCI, SUBSYSTEM="pci"))

    def tell(self, command, argument):
        self.process.stdin.write(f"{command} {argument}\n")
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise RuntimeError(f"{command} {argument}: {answer}")

    def load(self, text):
        self.tell_count += 1
        path = os.path.join(self.files, str(self.tell_count))
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text)
        self.tell("load", path)

    def node(self, name):
        return os.path.join(self.root, "dev", name)

    def link(self, name, pty):
        """A node of /dev that leads to a terminal. What stat(2) says of a node's number umockdev takes from a link in .node."""
        number = os.stat(pty).st_rdev
        os.makedirs(self.node(".node"), exist_ok=True)
        os.symlink(f"{os.major(number)}:{os.minor(number)}", self.node(f".node/{name}"))
        os.symlink(pty, self.node(name))

    def unlink(self, name):
        for path in (self.node(name), self.node(f".node/{name}")):
            if os.path.islink(path):
                os.unlink(path)

    def run(self, *arguments, prefix=(), environment=None, **more):
        """A command of jamlog on this computer. Without the right to look into processes that have more rights: those that stand
        for hardware have, and must not be seen to hold it."""
        return rig.run([*prefix, *unprivileged(), WRAPPER, rig.JAMLOG, *arguments], env={**self.environment, **(environment or {})}, **more)

    def record(self, *options, environment=None, prefix=(), **more):
        return field.Recorder(*options, prefix=[*prefix, *unprivileged(), WRAPPER], environment={**self.environment, **(environment or {})},
                              **more)


def unprivileged():
    return ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"] if os.geteuid() == 0 else []


def quiet_asan(environment):
    """umockdev has to be preloaded, which the sanitizer's runtime wants to be first."""
    return {**environment, "ASAN_OPTIONS": environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def device(path, attributes=None, links=None, **properties):
    """One device in umockdev's format."""
    lines = [f"P: {path}"] + [f"E: {key}={value}" for key, value in properties.items()]
    lines += [f"A: {key}={value}" for key, value in (attributes or {}).items()] + [f"L: {key}={value}" for key, value in (links or {}).items()]
    return "\n".join(lines) + "\n\n"


def usb_device(socket, vendor, product, name, **properties):
    return device(f"{PCI}/usb1/{socket}", {"idVendor": vendor, "idProduct": product, "product": name}, SUBSYSTEM="usb",
                  DEVTYPE="usb_device", **properties)


def usb_interface(socket, number, driver):
    return device(f"{PCI}/usb1/{socket}/{socket}:1.{number}", {"bInterfaceNumber": f"{number:02x}"},
                  {"driver": f"../../../../../../bus/usb/drivers/{driver}"}, SUBSYSTEM="usb", DEVTYPE="usb_interface", DRIVER=driver)


class Modem(field.Modem):
    """A simulated modem in a USB socket."""

    def __init__(self, computer, socket="1-2", vendor="2c7c", product="0125", name="EC25", driver="qmi_wwan", interface=4,
                 **properties):
        super().__init__("modem", link=False)
        self.computer, self.socket, self.driver, self.interface = computer, socket, driver, interface
        self.protocol = "mbim" if driver == "cdc_mbim" else "qmi"
        self.ids = (vendor, product, name)
        self.properties = properties
        self.pty = None
        self.path = f"{PCI}/usb1/{socket}"
        self.nodes = []

    def switch_on(self, state=field.SERVED):
        self.process = rig.start([os.path.join(rig.BUILD, "tests/helper/sim_modem_host"), self.protocol], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pty = json.loads(self.process.stdout.readline())["path"]
        self.tell(state)

    def insert(self, node="cdc-wdm0", event=True, link=True, twin=None, net=None):
        """Shows its USB device and its nodes, each with udevd's event."""
        if not self.process or self.process.poll() is not None:
            self.switch_on()
        interface = f"{self.path}/{self.socket}:1.{self.interface}"
        self.computer.load(usb_device(self.socket, *self.ids, **self.properties) +
                           usb_interface(self.socket, self.interface, self.driver))
        self.nodes = [(f"{interface}/usbmisc/{node}", "usbmisc", node, {})]
        if net:  # without one ModemManager finds no modem
            self.nodes.append((f"{interface}/net/{net}", "net", net, {}))
        if twin:
            self.nodes.append((f"{interface}/wwan/{twin[:5]}/{twin}", "wwan", twin, {"type": "MBIM" if "mbim" in twin else "QMI"}))
        for path, subsystem, name, attributes in self.nodes:
            properties = {"INTERFACE": name} if subsystem == "net" else {"DEVNAME": f"/dev/{name}", "MAJOR": 180, "MINOR": name[-1]}
            properties.update({"MINOR": 0} if subsystem == "wwan" else {})
            if link and subsystem != "net":
                self.computer.link(name, self.pty)
            self.computer.load(device(path, attributes, SUBSYSTEM=subsystem, ID_MM_CANDIDATE="1", **properties))
            if event:
                self.computer.tell("add", path)
        return self

    def pull_out(self, power_off=True):
        """As it goes: the connection breaks, its nodes go, the events come."""
        if power_off:
            self.process.kill()
            self.process.wait()
        for path, _, name, _ in self.nodes:
            self.computer.unlink(name)
            self.computer.tell("remove", path)
        self.computer.tell("remove", f"{self.path}/{self.socket}:1.{self.interface}")
        self.computer.tell("remove", self.path)
        self.nodes = []


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""


class SystemBus:
    """A system bus of the computer's own, and the real ModemManager on it."""

    def __init__(self, computer):
        self.computer, folder = computer, rig.folder()
        path = os.path.join(folder, "bus")
        with open(path + ".conf", "w", encoding="utf-8") as handle:
            handle.write(BUS.format(path=path))
        self.bus = rig.start(["dbus-daemon", f"--config-file={path}.conf", "--nofork"], stderr=subprocess.DEVNULL)
        if not rig.wait_for(lambda: os.path.exists(path), 5, "the bus"):
            raise RuntimeError("dbus-daemon does not start")
        computer.environment["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={path}"
        self.manager = self.polkit = None

    def start_polkit(self, *arguments):
        self.polkit = rig.start([os.path.join(rig.BUILD, "tests/helper/polkit_yes"), *arguments], stdout=subprocess.PIPE,
                                env=self.computer.environment)
        self.polkit.stdout.readline()

    def start_manager(self):
        # With a network namespace of its own, and so with a qmi-proxy of its own: one of another test would know no such modem.
        self.manager = rig.start(["unshare", "-n", WRAPPER, "ModemManager", "--debug"], env=self.computer.environment, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        return rig.wait_for(lambda: self.call("org.freedesktop.DBus.Peer.Ping").returncode == 0, 10, "ModemManager")

    def stop_manager(self):
        self.manager.terminate()
        self.manager.wait()

    def call(self, method, *arguments):
        return rig.run(["dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.ModemManager1",
                        "/org/freedesktop/ModemManager1", method, *arguments], env=self.computer.environment)

    def inhibit(self, modem):
        """What it answers to somebody who asks for the modem, for a moment."""
        return self.call("org.freedesktop.ModemManager1.InhibitDevice", f"string:/sys{modem.path}", "boolean:true").stderr

    def manages(self, modem):
        return f"/sys{modem.path}" in self.call("org.freedesktop.DBus.ObjectManager.GetManagedObjects").stdout
