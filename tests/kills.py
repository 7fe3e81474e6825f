#!/usr/bin/env python3
"""Sessions that end badly, at a server that counts.

    cargo build --release --workspace --bins
    python3 tests/kills.py [--sessions 1000] [--seed 1]

Each session is one inference over TCP, through a relay. At a random moment the client is killed, or
the server is (and started again on the same folder), or the relay resets both connections or
forwards nothing any more. After every session the server's counts are asked for: an answer that a
client printed is counted, nothing is counted twice, and what was counted before is still there.
Every answer that was printed must be that of the network in the clear. Python 3 alone.
"""

import argparse
import collections
import json
import pathlib
import random
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from siege import PROGRAMS, ROOT, SAMPLES, expected, free_port, wait_for

CLIENT = "127.0.0.1"


class Server:
    """pp-server on one port and one folder, also after it was killed."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.log = open(folder / "log", "w+b")
        self.start()

    def start(self):
        command = [PROGRAMS / "pp-server", "--model", ROOT / "models" / "deepcardio.bin", "--step-timeout", "2"]
        command += ["--listen", f"127.0.0.1:{self.port}", "--state", self.folder / "state"]
        command += ["--inferences-per-day", "unlimited", "--preparations-per-day", "unlimited"]
        self.process = subprocess.Popen(command, stderr=self.log, env={})
        wait_for(self.process, self.port)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def counts(self):
        """Answers and preparations of all times."""
        command = [PROGRAMS / "pp-server", "quota", "list", "--json", "--state", self.folder / "state"]
        told = subprocess.run(command, check=True, capture_output=True, env={}).stdout
        accounts = {account["client"]: account for account in json.loads(told)["accounts"]}
        account = accounts.get(CLIENT, {"all-answers": 0, "all-preparations": 0})
        return account["all-answers"], account["all-preparations"]


class Relay:
    """Forwards one connection, until it resets both ends or stops forwarding."""

    def __init__(self, to):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.to, self.ends, self.stalled = to, [], threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            client = self.listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            return
        self.ends = [client, server]
        for ends in (self.ends, self.ends[::-1]):
            threading.Thread(target=self.forward, args=ends, daemon=True).start()

    def forward(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                while self.stalled.is_set():
                    time.sleep(0.05)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One end is gone: so the other hears of it.
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def reset(self):
        for end in self.ends:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # It also wakes the thread that waits for bytes of this end: until then the end stays open.
                end.shutdown(socket.SHUT_RDWR)
                end.close()
            except OSError:
                pass

    def close(self):
        self.stalled.clear()
        self.listener.close()
        for end in self.ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


def session(server, kind, moment, sample):
    """One inference that ends badly at `moment`, in seconds; gives what the client printed."""
    relay = Relay(server.port)
    command = [PROGRAMS / "pp-client", "infer", "--json", "--quiet", "--retry-for", "0"]
    command += ["--server", f"127.0.0.1:{relay.port}", ROOT / "samples" / sample]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={})
    time.sleep(moment)
    if kind == "client":
        client.send_signal(signal.SIGKILL)
    elif kind == "server":
        server.kill()
    elif kind == "reset":
        relay.reset()
    elif kind == "stall":
        relay.stalled.set()
        time.sleep(2.5)
        relay.close()
    out = client.communicate(timeout=120)[0]
    relay.close()
    if kind == "server":
        server.start()
    return json.loads(out)["label"] if client.returncode == 0 else None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--sessions", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    chance, labels, tally = random.Random(options.seed), expected(), collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        server = Server(pathlib.Path(name))
        begin = time.monotonic()
        session(server, "none", 0, SAMPLES[0])
        whole = time.monotonic() - begin
        answers, preparations = server.counts()
        assert (answers, preparations) == (1, 1), "a session without a fault counts one of each"
        for number in range(options.sessions):
            kind = chance.choices(["client", "server", "reset", "stall"], [4, 3, 4, 1])[0]
            sample = chance.randrange(len(SAMPLES))
            # Half of them around the end, where answers are counted and leave.
            moment = chance.choice([chance.uniform(0, 1.1), chance.uniform(0.8, 1.1)]) * whole
            label = session(server, kind, moment, SAMPLES[sample])
            now = server.counts()
            counted, prepared = now[0] - answers, now[1] - preparations
            assert label in (None, labels[sample]), f"session {number}: a wrong answer"
            assert counted in (0, 1) and prepared in (0, 1), f"session {number}, {kind}: {counted}, {prepared} more"
            assert counted <= prepared, f"session {number}, {kind}: an answer without a preparation"
            assert label is None or counted == 1, f"session {number}, {kind}: an answer that is not counted"
            outcome = "printed" if label else "counted, not printed" if counted else "prepared" if prepared else "nothing"
            tally[kind, outcome] += 1
            answers, preparations = now
        assert session(server, "none", 0, SAMPLES[0]) == labels[0], "the server serves on"
        server.kill()
    print(f"{options.sessions} sessions, {whole:.2f} s each without a fault: no count lost or doubled")
    for (kind, outcome), count in sorted(tally.items()):
        print(f"  {kind:8} {outcome:22} {count:5}")


if __name__ == "__main__":
    main()
