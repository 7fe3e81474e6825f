#!/usr/bin/env python3
"""Eight honest clients beside two hundred attackers, at a server with its default settings.

    cargo build --release --workspace --bins
    python3 tests/siege.py [--seconds 60] [--tls] [--attackers 200]

First the eight run alone, then beside the attackers, each for so many seconds. Every answer must be
that of the network in the clear, every client must be served, and at the end the server's memory,
descriptors and threads must be about where they were. With --tls every client has a certificate of
its own and all connections come from one address; without, the attackers have addresses of their
own on loopback. Python 3 alone.

What the attackers do, over and over: they say nothing; greet and say nothing; greet byte by byte;
send a frame byte by byte; send garbage; announce a frame of 4 GB; close one direction; and two
thousand connections are made at once.
"""

import argparse
import asyncio
import json
import pathlib
import random
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "target" / "release"
SAMPLES = ["synthetic-normal.csv", "synthetic-af.csv", "synthetic-noise.csv", "synthetic-af-microvolts.csv"]
CLIENTS = 8
STORM = 2000
# A greeting begins: its tag, its length.
GREETING = bytes([1, 85, 0, 0, 0]) + bytes(85)


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def wait_for(process, port):
    """Waits until the server listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.05)


class Server:
    """pp-server on a port of its own, without the settings of whoever runs this."""

    def __init__(self, folder, tls):
        self.port = free_port()
        command = [PROGRAMS / "pp-server", "--model", ROOT / "models" / "deepcardio.bin"]
        command += ["--listen", f"127.0.0.1:{self.port}"]
        if tls:
            names = [part for number in range(CLIENTS) for part in ("--client", f"gateway-{number}")]
            subprocess.run([PROGRAMS / "pp-server", "certs", "--dir", folder, "--server-name", "localhost", *names],
                           check=True, stdout=subprocess.DEVNULL, env={})
            command += ["--tls-cert", folder / "server.crt", "--tls-key", folder / "server.key"]
            command += ["--client-ca", folder / "ca.crt", "--revocations", folder / "revoked.crl"]
        self.log = open(folder / "log", "w+b")
        self.process = subprocess.Popen(command, stderr=self.log, env={})
        wait_for(self.process, self.port)

    def use(self):
        """Resident megabytes, descriptors, threads."""
        folder = pathlib.Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
        descriptors = len(list((folder / "fd").iterdir()))
        return int(status["VmRSS"].split()[0]) // 1000, descriptors, int(status["Threads"])


def expected():
    """The labels by an embedded server whose every layer is compared with the network in the clear."""
    command = [PROGRAMS / "pp-client", "infer", "--embedded", "--verify", "--json", "--quiet", "--label-only"]
    command += [ROOT / "samples" / name for name in SAMPLES]
    lines = subprocess.run(command, check=True, capture_output=True, env={}).stdout.splitlines()
    return [json.loads(line)["label"] for line in lines]


async def honest(server, number, folder, tls, labels, until, seconds):
    """One client after another until the time is up; notes how long each took."""
    command = [str(PROGRAMS / "pp-client"), "infer", "--json", "--quiet"]
    if tls:
        identity = folder / "clients" / f"gateway-{number}"
        command += ["--server", f"localhost:{server.port}", "--tls-ca", str(folder / "ca.crt")]
        command += ["--tls-cert", f"{identity}.crt", "--tls-key", f"{identity}.key"]
    else:
        command += ["--server", f"127.0.0.1:{server.port}"]
    turn = number
    while time.monotonic() < until:
        index = turn % len(SAMPLES)
        begin = time.monotonic()
        client = await asyncio.create_subprocess_exec(
            *command, str(ROOT / "samples" / SAMPLES[index]), env={},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, told = await client.communicate()
        if client.returncode != 0:
            raise SystemExit(f"an honest client was not served: {told.decode()}")
        if json.loads(out)["label"] != labels[index]:
            raise SystemExit("an honest client got a wrong answer")
        seconds.append(time.monotonic() - begin)
        turn += 1


async def attack(kind, server, source, until):
    """One attacker, which connects again whenever it is cut off."""
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(source, 0))
        except OSError:
            await asyncio.sleep(0.1)
            continue
        try:
            await asyncio.wait_for(act(kind, reader, writer), max(0.1, until - time.monotonic()))
        except (OSError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()
        await asyncio.sleep(random.random())


async def act(kind, reader, writer):
    if kind == "silent":
        await reader.read()
    elif kind == "greet and say nothing":
        writer.write(GREETING[:20])
        await reader.read()
    elif kind in ("slow greeting", "slow frame"):
        for byte in GREETING if kind == "slow greeting" else bytes([10, 0, 0, 4, 0]) + bytes(1000):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)
    elif kind == "garbage":
        writer.write(random.randbytes(4096))
        await reader.read()
    elif kind == "oversize":
        writer.write(bytes([1, 255, 255, 255, 255]) + bytes(4096))
        await reader.read()
    elif kind == "half-closed":
        writer.write_eof()
        await reader.read()


KINDS = ["silent", "greet and say nothing", "slow greeting", "slow frame", "garbage", "oversize", "half-closed"]


async def storms(server, source, until):
    """Two thousand connections at once, again and again."""
    while time.monotonic() < until:
        held = []
        for _ in range(STORM):
            connection = socket.socket()
            connection.setblocking(False)
            connection.bind((source, 0))
            connection.connect_ex(("127.0.0.1", server.port))
            held.append(connection)
        await asyncio.sleep(5)
        for connection in held:
            connection.close()
        await asyncio.sleep(10)


async def phase(server, folder, arguments, labels, attackers):
    until = time.monotonic() + arguments.seconds
    seconds = [[] for _ in range(CLIENTS)]
    source = (lambda number: "127.0.0.1") if arguments.tls else (lambda number: f"127.0.0.{2 + number % 200}")
    tasks = [asyncio.create_task(attack(KINDS[number % len(KINDS)], server, source(number), until))
             for number in range(attackers)]
    if attackers:
        tasks.append(asyncio.create_task(storms(server, source(0), until)))
    clients = [honest(server, number, folder, arguments.tls, labels, until, seconds[number])
               for number in range(CLIENTS)]
    await asyncio.gather(*clients)
    await asyncio.gather(*tasks)
    return [second for of_one in seconds for second in of_one]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--attackers", type=int, default=200)
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    labels = expected()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(folder, arguments.tls)
        try:
            alone = asyncio.run(phase(server, folder, arguments, labels, 0))
            before = server.use()
            beside = asyncio.run(phase(server, folder, arguments, labels, arguments.attackers))
            time.sleep(15)
            after = server.use()
        finally:
            server.process.terminate()
        code = server.process.wait(60)
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"alone:  {len(alone)} answers, median {statistics.median(alone):.2f} s, worst {max(alone):.2f} s")
    print(f"beside: {len(beside)} answers, median {statistics.median(beside):.2f} s, worst {max(beside):.2f} s")
    print(f"median beside {arguments.attackers} attackers / alone: {ratio:.2f}")
    print("megabytes, descriptors, threads: before {}, {}, {}; after {}, {}, {}".format(*before, *after))
    if code != 0:
        raise SystemExit(f"the server ended with code {code}")
    if after[1] > before[1] + 8:
        raise SystemExit("descriptors are still open")


if __name__ == "__main__":
    main()
