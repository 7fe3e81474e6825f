#!/usr/bin/env python3
"""Flips one byte at a random place of a whole session, again and again, over TCP: every run must end with an error and no result.

A forwarder stands between the real programs and changes one byte of one direction in each run. The backends and what the server reveals
take turns. Needs Python 3.9 and the programs built:

    cargo build --release -p client -p server
    python3 tests/flips.py --runs 300
"""
import argparse, collections, pathlib, random, re, socket, subprocess, sys, threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
BACKENDS = ["ot", "gc"]
REVEALS = ["label", "scores"]
# The client's last frame: a request to finish. When it says so it has its result, so the server alone refuses a change of it.
FAREWELL_BYTES = 26


class Forwarder:
    """Carries one connection to `server`; changes byte `at` of direction `up` by `mask`."""

    def __init__(self, server, up=True, at=None, mask=0):
        self.server, self.up, self.at, self.mask = server, up, at, mask
        self.bytes = {True: 0, False: 0}
        self.flipped = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        near, _ = self.listener.accept()
        # Nobody gets a second try.
        self.listener.close()
        host, port = self.server.rsplit(":", 1)
        far = socket.create_connection((host, int(port)))
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = [threading.Thread(target=self.carry, args=way) for way in ((near, far, True), (far, near, False))]
        for way in ways:
            way.start()
        for way in ways:
            way.join()
        near.close()
        far.close()

    def carry(self, reader, writer, up):
        try:
            while piece := bytearray(reader.recv(1 << 16)):
                at = None if self.at is None or up != self.up else self.at - self.bytes[up]
                if at is not None and 0 <= at < len(piece):
                    piece[at] ^= self.mask
                    self.flipped = True
                self.bytes[up] += len(piece)
                writer.sendall(piece)
        except OSError:
            pass
        try:
            writer.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def start_server(programs, model, reveal):
    server = subprocess.Popen([programs / "pp-server", "--model", model, "--listen", "127.0.0.1:0", "--reveal", reveal],
                              stderr=subprocess.PIPE, text=True, env={"NO_COLOR": "1"})
    for line in server.stderr:
        if "listening address=" in line:
            threading.Thread(target=lambda: collections.deque(server.stderr, maxlen=0), daemon=True).start()
            return server, line.split("listening address=")[1].strip()
    sys.exit("pp-server did not start")


def client(args, forwarder, backend):
    command = [args.bin / "pp-client", "infer", ROOT / "samples/synthetic-af.csv", "--server", forwarder.address, "--json",
               "--nonlinear", backend, "--timeout", str(args.timeout)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    forwarder.thread.join()
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target/release", help="folder of the programs")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/deepcardio-lstm.bin")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--timeout", type=int, default=20, help="seconds that a silent server is waited for")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    dice = random.Random(args.seed)
    servers = {reveal: start_server(args.bin, args.model, reveal) for reveal in REVEALS}
    lengths, errors, wrong = {}, collections.Counter(), []
    for run in range(args.runs):
        backend, reveal = BACKENDS[run % 2], REVEALS[run // 2 % 2]
        address = servers[reveal][1]
        if (backend, reveal) not in lengths:
            honest = Forwarder(address)
            assert client(args, honest, backend).returncode == 0, "a session without a changed byte failed"
            lengths[backend, reveal] = honest.bytes
        sent = lengths[backend, reveal]
        # By the bytes of a direction most places would be in the garbled tables: the directions take turns.
        up = run // 4 % 2 == 0
        at = dice.randrange(sent[up] - (FAREWELL_BYTES if up else 0))
        forwarder = Forwarder(address, up, at, 1 << dice.randrange(8))
        done = client(args, forwarder, backend)
        said = done.stderr.strip().splitlines()[-1:] or [""]
        place = f"{backend} {reveal}, byte {at} {'up' if up else 'down'}"
        if not forwarder.flipped or done.returncode == 0 or done.stdout.strip() or "internal" in said[0]:
            wrong.append(f"{place}: flipped {forwarder.flipped}, exit code {done.returncode}, {said[0]} {done.stdout.strip()[:200]}")
        errors[done.returncode, re.sub(r"\d+", "N", said[0])] += 1
    for (code, text), count in errors.most_common():
        print(f"{count:4} x exit code {code}: {text}")
    for line in wrong:
        print(f"ACCEPTED OR WRONG: {line}")
    print(f"{args.runs} runs, {args.runs - len(wrong)} refused, {len(wrong)} accepted or wrong")
    for server, _ in servers.values():
        server.terminate()
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
