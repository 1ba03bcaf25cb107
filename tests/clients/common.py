"""What every judge needs: an exchange to speak to, a second road to the truth, and named checks.

A check is a line: `ok JUDGE: NAME`, or `FAILED JUDGE: NAME: what was expected, what came`. What a
client says is compared with what the exchange itself tells over its control port, with an own plain
request, or with the venue's documents; never with what the same client said before.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from decimal import Decimal

KEY = "paper-key"
SECRET = "paper-secret"

# How long anything may take to happen on a busy machine, seconds.
PATIENCE = 20


class Exchange:
    """A process of `engine exchange` with a market of its own."""

    def __init__(
        self, engine, dialect="binance_usdm", seed=7, clock_offset_ms=0, weight_per_minute=None,
        accounts=None,
    ):
        self.engine = engine
        command = [engine, "exchange", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
        command += ["--dialect", dialect]
        command += ["--seed", str(seed), "--clock-offset-ms", str(clock_offset_ms)]
        if weight_per_minute is not None:
            command += ["--weight-per-minute", str(weight_per_minute)]
        if accounts is not None:
            command += ["--accounts", accounts]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.control = self._read("faults and truth at ").removesuffix("/control")
        self.host = self._read("simulated exchange at http://").split(" ")[0]
        self.http, self.ws = f"http://{self.host}", f"ws://{self.host}"

    def _read(self, start):
        line = self.process.stdout.readline().strip()
        if not line.startswith(start):
            self.stop()
            raise RuntimeError(f"the exchange says {line!r} instead of {start!r}")
        return line.removeprefix(start)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def truth(self):
        """What really happened, from the control port."""
        return json.loads(_fetch("GET", f"http://{self.control}/control/truth")[2])

    def order(self, client_id):
        """The truth about one order, or None."""
        named = [it for it in self.truth()["orders"] if it["client_id"] == client_id]
        return named[-1] if named else None

    def conditional(self, client_id):
        """The truth about one conditional order, or None."""
        named = [it for it in self.truth()["conditionals"] if it["client_id"] == client_id]
        return named[-1] if named else None

    def arm(self, fault, on):
        """The next request of that kind meets a fault, once."""
        status, _, body = _fetch(
            "POST", f"http://{self.control}/control/faults?fault={fault}&on={on}"
        )
        expect(status, 200, f"arming {fault}: {body}")

    def ask(self, path, **params):
        """A plain public request of our own."""
        query = urllib.parse.urlencode(params)
        status, _, body = _fetch("GET", f"{self.http}{path}?{query}")
        expect(status, 200, f"GET {path}: {body}")
        return json.loads(body)

    def ask_signed(self, path, **params):
        """A signed question of our own."""
        query = urllib.parse.urlencode(params | {"timestamp": int(time.time() * 1000)})
        seal = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        url = f"{self.http}{path}?{query}&signature={seal}"
        status, _, body = _fetch("GET", url, {"X-MBX-APIKEY": KEY})
        expect(status, 200, f"GET {path}: {body}")
        return json.loads(body)


def _fetch(method, url, headers=None):
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


class Checks:
    """Runs named checks and counts them."""

    def __init__(self, judge):
        self.judge = judge
        self.failed = 0

    @contextmanager
    def check(self, name):
        try:
            yield
        except Exception as error:  # whatever a client throws is a finding, not an end
            self.failed += 1
            said = str(error) if isinstance(error, AssertionError) else f"{error!r} {error}"
            print(f"FAILED {self.judge}: {name}: {said[:600]}", flush=True)
        else:
            print(f"ok {self.judge}: {name}", flush=True)


def expect(came, wanted, what):
    if came != wanted:
        raise AssertionError(f"{what}: expected {wanted!r}, came {came!r}")


def expect_that(holds, what):
    if not holds:
        raise AssertionError(f"expected {what}")


def eventually(found, what, patience=PATIENCE):
    """Asks until there is something, and answers it."""
    end = time.monotonic() + patience
    while True:
        answer = found()
        if answer:
            return answer
        if end < time.monotonic():
            raise AssertionError(f"expected {what}, nothing of the kind within {patience} s")
        time.sleep(0.02)


def number(value):
    """Any client's number as a decimal."""
    return Decimal(str(value))


class Background:
    """An event loop of its own, so that a life is told in order whatever its client is made of."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def start(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)


class Book:
    """A book as a client keeps it, and every state that it had, by the last update in it."""

    KEPT = 10

    def __init__(self):
        self.states = {}
        self._sides = None
        self._last = None
        self._waiting = []
        self.gaps = 0

    def on_book(self, update_id, bids, asks):
        """A client that keeps its own book shows it."""
        shown = tuple(
            [(number(price), number(qty)) for price, qty, *_ in side[: self.KEPT]]
            for side in (bids, asks)
        )
        self.states[update_id] = shown

    def on_difference(self, event):
        """A client that leaves it to its user: the venue's rules (sheet, section 7)."""
        if self._sides is None:
            self._waiting.append(event)
            return
        if self._last is None:
            # Contracts name the event before; Spot counts on by one (its sheet, section 8).
            follows = 0 if "pu" in event else 1
            if event["u"] < self._snapshot_id + follows:
                return
            around = event["U"] <= self._snapshot_id + follows
            expect_that(around, "the first difference around the snapshot")
        elif event.get("pu", event["U"] - 1) != self._last:
            self.gaps += 1
        for side, levels in zip(self._sides, (event["b"], event["a"])):
            for price, qty in levels:
                if number(qty) == 0:
                    side.pop(number(price), None)
                else:
                    side[number(price)] = number(qty)
        self._last = event["u"]
        bids, asks = self._sides
        self.on_book(event["u"], sorted(bids.items(), reverse=True), sorted(asks.items()))

    def on_snapshot(self, snapshot):
        """A snapshot, after the first difference has come."""
        self._snapshot_id = snapshot["lastUpdateId"]
        sides = (snapshot["bids"], snapshot["asks"])
        self._sides = [{number(price): number(qty) for price, qty in side} for side in sides]
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self.on_difference(event)

    @property
    def waits(self):
        """Whether differences have come and no snapshot."""
        return self._sides is None and bool(self._waiting)

    def before(self, update_id):
        """The state before that update, once a later one is known."""
        known = list(self.states)
        if not any(update_id <= it for it in known):
            return None
        earlier = [it for it in known if it < update_id]
        return self.states[max(earlier)] if earlier else None


def engine_from_arguments():
    """Where the engine is: `--engine FILE`."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--engine", required=True)
    engine = arguments.parse_args().engine
    if not os.access(engine, os.X_OK):
        sys.exit(f"{engine} is no program: build it first (cargo build)")
    return engine
