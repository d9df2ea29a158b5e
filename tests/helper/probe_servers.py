"""The internet behind the modem in the tests of jamlog-probe: honest servers (nginx, dnsmasq) and those that misbehave.

Run as a program it is the misbehaving part: probe_servers.py FOLDER. Every address is one behaviour.
SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

OPERATOR, KNOWN = "198.51.100.53", "198.51.100.54"
NET = "203.0.113."
GOOD, CONTROL, WRONG_HOST, EXPIRED, UNKNOWN = (NET + n for n in ("10", "11", "12", "13", "14"))
RESET, EOF, GARBAGE_TLS, GARBAGE_HTTP, ENDLESS, HUGE, CLOSED, DROPPED = (NET + n for n in ("20", "21", "22", "23", "24", "25", "26", "27"))
HELPER, VPN, BLOCK_PAGE = NET + "30", NET + "40", "192.0.2.99"
GOOD6, CONTROL6 = "2001:db8:100::10", "2001:db8:100::11"

TRUTH = {name + ".test": (address, None) for name, address in {
    "nx": GOOD, "refuses": GOOD, "silent": GOOD, "lie": GOOD, "malformed": GOOD, "servfail": GOOD, "other": GOOD, "body": GOOD,
    "redirect": GOOD, "portal": GOOD, "slow": GOOD, "wronghost": WRONG_HOST, "expired": EXPIRED, "unknown": UNKNOWN, "reset": RESET,
    "eof": EOF, "garbagetls": GARBAGE_TLS, "garbagehttp": GARBAGE_HTTP, "endless": ENDLESS, "huge": HUGE, "closed": CLOSED,
    "dropped": DROPPED}.items()}
TRUTH["good.test"] = (GOOD, GOOD6)
TRUTH["control.test"] = (CONTROL, CONTROL6)


# --- certificates and configuration of the honest ones ---

def run(folder, command):
    subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True, timeout=60)


def make_certificates(folder):
    for name in ("ca", "stranger"):
        run(folder, f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 30 -subj /CN={name}")
    names = ",".join("DNS:" + n for n in TRUTH if not n.startswith("wronghost")) + ",DNS:helper.test"
    run(folder, "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server")
    with open(os.path.join(folder, "names"), "w", encoding="ascii") as handle:
        handle.write("subjectAltName=" + names)
    sign = "openssl x509 -req -in server.csr -CAcreateserial -extfile names"
    run(folder, f"{sign} -CA ca.pem -CAkey ca.key -out good.crt -days 30")
    run(folder, f"{sign} -CA stranger.pem -CAkey stranger.key -out unknown.crt -days 30")
    run(folder, f"faketime '-60 days' {sign} -CA ca.pem -CAkey ca.key -out expired.crt -days 30")


def nginx_config(folder):
    def server(address, certificate, more=""):
        return f"""server {{ listen {address}:80; listen {address}:443 ssl; root {folder}/www;
            ssl_certificate {certificate}.crt; ssl_certificate_key server.key; {more} }}\n"""
    extra = """location /moved { return 302 http://block.operator.test/why?from=here; } location /success { return 200 "success\\n"; }
        location /slow { limit_rate 8k; alias """ + folder + "/www/big; }"
    text = f"""daemon off; master_process off; user root; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{ }} http {{ access_log {folder}/access.log; client_body_temp_path {folder}/tmp1; proxy_temp_path {folder}/tmp2;
        fastcgi_temp_path {folder}/tmp3; uwsgi_temp_path {folder}/tmp4; scgi_temp_path {folder}/tmp5;\n"""
    text += server(GOOD, "good", f"listen [{GOOD6}]:443 ssl; {extra}") + server(CONTROL, "good", f"listen [{CONTROL6}]:443 ssl;")
    text += server(WRONG_HOST, "good") + server(EXPIRED, "expired") + server(UNKNOWN, "unknown")
    text += f"server {{ listen {BLOCK_PAGE}:80; location / {{ return 200 'not available by order of the court'; }} }}\n}}\n"
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="ascii") as handle:
        handle.write(text)


def prepare(folder):
    make_certificates(folder)
    nginx_config(folder)
    os.makedirs(os.path.join(folder, "www"))
    with open(os.path.join(folder, "www", "index.html"), "w", encoding="ascii") as handle:
        handle.write("<title>Hello from the internet</title>\n" + "padding " * 200)
    with open(os.path.join(folder, "www", "big"), "wb") as handle:
        handle.write(bytes(1000000))


def start_all(world, folder):
    """Addresses, then nginx, dnsmasq and the misbehaving ones, each waited for."""
    from rig import wait_for
    prepare(folder)
    addresses = {OPERATOR, KNOWN, HELPER, VPN, BLOCK_PAGE, *(v4 for v4, _ in TRUTH.values())}
    world.run_inet("; ".join(f"ip addr add {a}/32 dev lo" for a in sorted(addresses)) +
                   f"; ip -6 addr add {GOOD6}/128 dev lo nodad; ip -6 addr add {CONTROL6}/128 dev lo nodad")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    world.start_inet(["nginx", "-p", folder, "-c", folder + "/nginx.conf"], **quiet)
    records = [f"--host-record={name},{v4}" + (f",{v6}" if v6 else "") for name, (v4, v6) in TRUTH.items()]
    world.start_inet(["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--pid-file=", "--conf-file=/dev/null",
                      "--bind-interfaces", "--listen-address=" + KNOWN, "--except-interface=none", *records], **quiet)
    mine = world.start_inet([sys.executable, os.path.abspath(__file__), folder], stdout=subprocess.PIPE)
    mine.stdout.readline()

    def listening():
        lines = subprocess.run(world.inside(["ss", "-Hltun"]), capture_output=True, text=True, timeout=10, check=False).stdout
        return all(f"{a}:{p}" in lines for a, p in ((KNOWN, 53), (CONTROL, 443), (BLOCK_PAGE, 80)))
    assert wait_for(listening, 20, "nginx and dnsmasq")


# --- the operator's resolver ---

def read_name(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0], query[12:at + 5]


def answer_dns(query):
    name, kind, question = read_name(query)

    def reply(code=0, count=0, rest=b""):
        return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, count, 0, 0) + question + rest
    if name == "silent.test":
        return None
    code = {"nx.test": 3, "refuses.test": 5, "servfail.test": 2}.get(name)
    if code:
        return reply(code)
    if name == "malformed.test":
        return reply(0, 3, b"\xc0\x0c\x00\x01\x00\x01\xff\xff\xff\xff\xff\xff\x01")
    v4, v6 = TRUTH.get(name, (None, None))
    v4 = {"lie.test": "10.9.9.9", "other.test": BLOCK_PAGE}.get(name, v4)
    address = v4 if kind == 1 else v6 if kind == 28 else None
    if not address:
        return reply(0 if v4 else 3)
    packed = socket.inet_pton(socket.AF_INET if kind == 1 else socket.AF_INET6, address)
    return reply(0, 1, b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(packed)) + packed)


def serve_dns():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((OPERATOR, 53))
        READY.release()
        while True:
            query, peer = s.recvfrom(2048)
            answer = answer_dns(query)
            if answer:
                s.sendto(answer, peer)


# --- servers that misbehave: each is called with a connection ---

def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_on_hello(connection):
    connection.recv(4096)
    reset(connection)


def close_on_hello(connection):
    connection.recv(4096)
    connection.close()


def say_garbage(connection):
    connection.recv(4096)
    connection.sendall(bytes(range(256)) * 2)
    time.sleep(1)
    connection.close()


def never_end(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        connection.sendall(b".")
        time.sleep(0.3)


def send_much(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    block = b"x" * 65536
    while True:
        connection.sendall(block)


def help_but_for_one(connection):
    """TLS under any name but one, which is reset."""
    hello = connection.recv(4096, socket.MSG_PEEK)
    if b"blocked.test" in hello:
        connection.recv(4096)
        reset(connection)
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(FOLDER, "good.crt"), os.path.join(FOLDER, "server.key"))
    with context.wrap_socket(connection, server_side=True) as secured:
        secured.recv(100)


def handle(behave, connection):
    try:
        with connection:
            behave(connection)
    except OSError:
        pass  # they are gone, as they should


def serve(address, port, behave):
    with socket.create_server((address, port)) as listener:
        READY.release()
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=handle, args=(behave, connection), daemon=True).start()


READY = threading.Semaphore(0)
FOLDER = sys.argv[1] if __name__ == "__main__" else None

if __name__ == "__main__":
    parts = [(RESET, 443, reset_on_hello), (EOF, 443, close_on_hello), (GARBAGE_TLS, 443, say_garbage), (GARBAGE_HTTP, 80, say_garbage),
             (ENDLESS, 80, never_end), (HUGE, 80, send_much), (HELPER, 443, help_but_for_one)]
    for part in parts:
        threading.Thread(target=serve, args=part, daemon=True).start()
    threading.Thread(target=serve_dns, daemon=True).start()
    for _ in range(len(parts) + 1):
        READY.acquire()
    print("ready", flush=True)
    threading.Event().wait()
