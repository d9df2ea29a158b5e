"""jamlog-probe in a world of two network namespaces: this one, with the modem's interface wan0, and an "internet" behind it.

The two are joined by a pair of TUN devices, raw IP as a modem has it, and a relay that delays each packet. This process is in the
namespace of the host; the internet is a child's. SPDX-License-Identifier: GPL-3.0-or-later"""
import ctypes
import fcntl
import heapq
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from rig import BUILD, ROOT, folder, start, wait_for

PROBE = os.path.join(BUILD, "jamlog-probe")
MARKER = b"the capture ends here"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def enter_world():
    """Starts this script again in namespaces of its own; whoever is root here is root there."""
    if "JAMLOG_PROBE_WORLD" in os.environ:
        return
    os.environ["JAMLOG_PROBE_WORLD"] = "root" if os.geteuid() == 0 else "user"
    options = ["-n", "--mount"] if os.geteuid() == 0 else ["-Urn", "--mount"]
    if subprocess.run(["unshare", *options, "true"], capture_output=True, check=False).returncode != 0:
        print("1..0 # SKIP namespaces cannot be had here (in a chroot: only where its root is a mount point)")
        sys.exit(0)
    os.execvp("unshare", ["unshare", *options, "--fork", "--kill-child", sys.executable, *sys.argv])


def sh(command, check=True):
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout


# --- the relay ---

def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def relay(a, b, delay_s):
    """Packets from a to b and back, each after delay_s. Ends when a device does."""
    waiting, count = [], 0
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for fd in select.select([a, b], [], [], pause)[0]:
            try:
                packet = os.read(fd, 65535)
            except BlockingIOError:
                continue
            except OSError:
                return
            count += 1
            heapq.heappush(waiting, (time.monotonic() + delay_s, count, b if fd == a else a, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, fd, packet = heapq.heappop(waiting)
            try:
                os.write(fd, packet)
            except OSError:
                pass  # the other side is down


class World:
    """The internet's namespace, and the relay to it."""

    def __init__(self, delay_s=0.015):
        self.delay_s = delay_s
        self.inet = start(["unshare", "-n", "sleep", "infinity"])
        wait_for(lambda: os.readlink(f"/proc/{self.inet.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 5, "a namespace")
        sh("ip link set lo up")
        self.run_inet("ip link set lo up")
        self.relay_pid = 0
        self.plug()

    def inside(self, command):
        words = command if isinstance(command, list) else ["sh", "-c", command]
        return ["nsenter", "-t", str(self.inet.pid), "-n", "--", *words]

    def run_inet(self, command):
        subprocess.run(self.inside(command), check=True, capture_output=True, timeout=60)

    def start_inet(self, command, **more):
        return start(self.inside(command), **more)

    def plug(self):
        """wan0 here, net0 there; also after wan0 was taken away."""
        if self.relay_pid:
            os.kill(self.relay_pid, signal.SIGKILL)
            os.waitpid(self.relay_pid, 0)
        mine = open_tun("wan0")
        ready_r, ready_w = os.pipe()
        self.relay_pid = os.fork()
        if self.relay_pid == 0:
            libc = ctypes.CDLL(None)
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with the test
            with open(f"/proc/{self.inet.pid}/ns/net", "rb") as handle:
                assert libc.setns(handle.fileno(), 0) == 0
            theirs = open_tun("net0")
            os.write(ready_w, b"x")
            try:
                relay(mine, theirs, self.delay_s)
            finally:
                os._exit(0)
        os.close(mine)
        os.read(ready_r, 1)
        os.close(ready_r)
        os.close(ready_w)
        self.run_inet("sysctl -qw net.ipv6.conf.net0.router_solicitations=0 net.ipv6.conf.net0.addr_gen_mode=1;"
                      "ip link set net0 multicast off; ip addr add 10.4.0.1/32 dev net0; ip -6 addr add 2001:db8:4::1/128 dev net0 nodad;"
                      "ip link set net0 up; ip route add 10.4.1.0/24 dev net0; ip -6 route add 2001:db8:4::/64 dev net0")


# --- what the host's network looks like ---

def host_state():
    """Rules, routes, addresses; without what counts or ages."""
    text = sh("ip rule; ip -6 rule; ip route show table all; ip -6 route show table all; ip addr; "
              "grep -s . /proc/sys/net/ipv[46]/conf/wan0/*; true")
    return re.sub(r" qdisc \w+", "", text)  # the kernel gives one at the first "up", and keeps it


# --- frames and observations ---

def _tables():
    with open(os.path.join(ROOT, "include", "observation.h"), encoding="utf-8") as handle:
        header = handle.read()
    with open(os.path.join(ROOT, "src", "core", "observation.c"), encoding="utf-8") as handle:
        source = handle.read()
    words = {name: re.findall(r'"([^"]*)"', text) for name, text in
             re.findall(r"(\w+_words)\[\] = \{(.*?)\}", source, re.S)}
    block = re.search(r"#define PROBE_FIELDS\(F\)(.*?)\n\n", header, re.S).group(1)
    return {int(number): (name, kind, words.get(more)) for number, name, kind, more in
            re.findall(r"F\((\d+), (\w+), (\w+), (\w+)\)", block)}


FIELDS = _tables()


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


def decode(data):
    """The fields of a probe observation that are present, by name."""
    r = _Reader(data)
    assert r.bytes(1)[0] == 10, "not a probe"
    r.bytes(1)
    r.varint(), r.varint(), r.varint()
    r.bytes(r.varint())
    fields = {}
    while r.at < len(data):
        key = r.varint()
        name, kind, words = FIELDS[key >> 2]
        value = r.bytes(r.varint()).decode() if key & 3 == 2 else r.varint()
        fields[name] = words[value] if kind == "ENUM" and words else value
    return fields


def _parse_done(text):
    """GVariant's text form of the few types that an answer has."""
    answer = {}
    for key, value in re.findall(r"'(\w+)': <((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^<>'\"])*)>", text):
        value = value.strip()
        if value in ("true", "false"):
            answer[key] = value == "true"
        elif value.startswith(("'", '"')):
            answer[key] = value[1:-1]
        else:
            answer[key] = int(value.split()[-1])
    return answer


class Prober:
    def __init__(self, targets, prefix=()):
        self.process = start([*prefix, PROBE, "--targets", *targets], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.buffer = b""

    def write(self, line):
        os.write(self.process.stdin.fileno(), line.encode() + b"\n")

    def _need(self, n, deadline):
        while len(self.buffer) < n:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError("no frame from jamlog-probe")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise EOFError("jamlog-probe is gone")
            self.buffer += more

    def frame(self, seconds=150):
        """("o", fields) or ("d", answer)."""
        deadline = time.monotonic() + seconds
        self._need(5, deadline)
        kind, length = struct.unpack("<cI", self.buffer[:5])
        self._need(5 + length, deadline)
        payload, self.buffer = self.buffer[5:5 + length], self.buffer[5 + length:]
        return (kind.decode(), decode(payload) if kind == b"o" else _parse_done(payload.decode()))

    def collect(self, seconds=150):
        """Observations up to the answer, and the answer."""
        seen = []
        while True:
            kind, value = self.frame(seconds)
            if kind == "d":
                return seen, value
            seen.append(value)

    def ask(self, line, seconds=150):
        self.write(line)
        return self.collect(seconds)

    def setup(self, own=True, interface="wan0", addresses=("10.4.1.7/30", "2001:db8:4::7/64"), gateways=(),
              resolvers=("198.51.100.53",), mtu=1400):
        def array(values):
            return f"<@as [{', '.join(repr(v) for v in values)}]>"
        return self.ask(f"{{'do': <'setup'>, 'interface': <'{interface}'>, 'own': <{'true' if own else 'false'}>, "
                        f"'addresses': {array(addresses)}, 'gateways': {array(gateways)}, 'resolvers': {array(resolvers)}, "
                        f"'mtu': <uint32 {mtu}>}}", 20)[1]

    def round(self, number=0, attempt=1, budget=20000000, seconds=150):
        return self.ask(self.round_line(number, attempt, budget), seconds)

    @staticmethod
    def round_line(number=0, attempt=1, budget=20000000):
        return f"{{'do': <'round'>, 'number': <uint32 {number}>, 'attempt': <uint32 {attempt}>, 'budget': <uint64 {budget}>}}"

    def down(self):
        return self.ask("{'do': <'down'>}", 20)[1]

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code


class Capture:
    """tcpdump on all interfaces of this namespace; judge() ends it. It cannot run in a user namespace: there the check is skipped."""

    def __init__(self):
        self.blind = os.environ["JAMLOG_PROBE_WORLD"] == "user"
        if self.blind:
            return
        self.path = os.path.join(folder(), "packets.pcap")
        self.process = start(["tcpdump", "-Z", "root", "-n", "-U", "--immediate-mode", "-i", "any", "-w", self.path], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                break

    def judge(self, tap, name, is_good):
        """is_good is given one text for each packet, with its interface's name in it, and returns (whether, detail)."""
        if self.blind:
            tap.skip(name, "tcpdump needs root")
            return
        good, detail = is_good(self._lines())
        tap.ok(good, name, detail)

    def _lines(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(MARKER, ("127.0.0.1", 9))  # whatever was on the wire before it is in the file when it is
        wait_for(lambda: MARKER in open(self.path, "rb").read(), 10, "the end of the capture")
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=10)
        self.process.stderr.close()
        return subprocess.run(["tcpdump", "-Z", "root", "-n", "-r", self.path], capture_output=True, text=True, timeout=60,
                              check=False).stdout.splitlines()
