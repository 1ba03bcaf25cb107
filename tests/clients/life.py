"""What every client's life has in common, whatever the dialect, and who is judged in it.

A client is whatever has the methods of `Client`. What it cannot do it does not have, and the checks
of it are not run; everything else is run for everybody.
"""

import time
from dataclasses import dataclass
from decimal import Decimal

import ed25519
from common import (
    KEY, SECRET, Book, Checks, Exchange, engine_from_arguments, eventually, expect, expect_that,
    number,
)

SYMBOL = "BTCUSDT"
QTY = Decimal("0.010")

# The words of the control port, in the venue's.
STATUS = {
    "New": "NEW", "PartiallyFilled": "PARTIALLY_FILLED", "Filled": "FILLED",
    "Canceled": "CANCELED", "Expired": "EXPIRED",
}


@dataclass(frozen=True)
class Order:
    """An order as a client tells of it."""

    id: str
    client_id: str
    status: str
    qty: Decimal
    traded: Decimal
    price: Decimal

    @staticmethod
    def of_venue(raw):
        return Order(
            id=str(raw["orderId"]), client_id=raw["clientOrderId"], status=raw["status"],
            qty=number(raw["origQty"]), traded=number(raw["executedQty"]),
            price=number(raw["price"]),
        )


@dataclass(frozen=True)
class Stop:
    """A conditional order as a client tells of it."""

    id: str
    client_id: str
    status: str
    trigger: Decimal

    @staticmethod
    def of_venue(raw):
        return Stop(
            id=str(raw["algoId"]), client_id=raw["clientAlgoId"], status=raw["algoStatus"],
            trigger=number(raw["triggerPrice"]),
        )


@dataclass(frozen=True)
class Refusal:
    """A request that was refused, as a client tells of it. None is what it does not tell."""

    code: int
    status: int | None = None
    retry_after: int | None = None


class Client:
    """What a judge's client can be asked to do; each file of a client implements it.

    Optional: streams (`stream_book`, `stream_quotes`, `stream_marks`, `stream_trades`,
    `stream_user`; what came is in `quotes`, `marks`, `trades_seen`, `events` and `accounts`),
    `place_batch`, `cancel_batch`, `place_over_socket`, `cancel_over_socket`, `count_down`,
    `place_stop` with `query_stop`, `open_stops`, `cancel_stop`, `cancel_stops` (what came of them
    is in `stop_events`), `place_stop_over_socket`, `cancel_stop_over_socket`,
    `log_on` and `log_off` (each answers whose session it is then), `answers` (questions whose answers the client itself holds against models), `complaints`.
    """

    name = ""
    # Values of `REFUSED` that it does not let through to the exchange.
    cannot_say = set()
    # Whether its secret may be an Ed25519 key as PEM, and whether it signs rightly with it what it
    # says over a socket.
    signs_ed25519 = False
    signs_sockets = True

    def __init__(self, exchange, key=KEY, secret=SECRET):
        raise NotImplementedError

    def close(self):
        """Ends connections."""

    def refusal(self, error):
        """The `Refusal` in what the client threw; throws what is none."""
        raise NotImplementedError


class Life:
    """One client's life on one exchange; each dialect has a life of its own."""

    # How the exchange is started, where its paths begin, and the chapters in their order.
    DIALECT = ""
    PATH = ""
    CHAPTERS = ()
    # How far behind its number in the stream the state of a snapshot is.
    SNAPSHOT_BEHIND = 0
    QTY = QTY

    def __init__(self, checks, exchange, client, make):
        self.checks, self.exchange, self.client, self.make = checks, exchange, client, make
        self.number = 0
        self.streams = hasattr(client, "stream_user")

    def live(self):
        for name in self.CHAPTERS:
            try:
                getattr(self, name)()
            except Exception as error:  # the next chapter may still be worth reading
                with self.checks.check(f"the chapter on {name}"):
                    raise error

    def ask(self, path, **params):
        """A plain request of ours."""
        return self.exchange.ask(self.PATH + path, **params)

    # Where a price is that rests, and one that crosses.
    def resting(self):
        best = self.ask("/ticker/bookTicker", symbol=SYMBOL)
        return (number(best["bidPrice"]) * Decimal("0.97")).quantize(Decimal("1"))

    def crossing(self):
        best = self.ask("/ticker/bookTicker", symbol=SYMBOL)
        return (number(best["askPrice"]) * Decimal("1.01")).quantize(Decimal("1"))

    def next_id(self):
        self.number += 1
        return f"judge-{self.number}"

    def true_order(self, client_id, status, qty=QTY, traded=Decimal(0)):
        """The exchange itself says so."""
        order = self.exchange.order(client_id)
        expect_that(order is not None, f"an order {client_id} on the exchange")
        expect(STATUS[order["status"]], status, f"status of {client_id} on the exchange")
        expect(number(order["qty"]), qty, f"quantity of {client_id} on the exchange")
        expect(number(order["traded"]), traded, f"what traded of {client_id} on the exchange")
        return order

    def told(self, order, status, qty=QTY, traded=Decimal(0)):
        """The client says so."""
        expect((order.status, order.qty, order.traded), (status, qty, traded), "the order")

    def event(self, client_id, kind, status):
        """The private stream says so, where the client has one. On Spot a cancel has an id of its
        own and names the order's beside it."""
        if not self.streams:
            return None

        def found():
            named = [it for it in self.client.events if client_id in (it["c"], it.get("C"))]
            return [it for it in named if (it["x"], it["X"]) == (kind, status)]
        return eventually(found, f"an event {kind}/{status} of {client_id}")[-1]

    def same_snapshot(self):
        ours = self.ask("/depth", symbol=SYMBOL, limit=20)
        bids, asks, update_id = self.client.book(SYMBOL, 20)
        if update_id != ours["lastUpdateId"]:
            return False
        for name, side in (("bids", bids), ("asks", asks)):
            plain = [(number(price), number(qty)) for price, qty in ours[name]]
            expect(side, plain, name)
        return True

    def streamed_book(self):
        book = Book()
        self.client.stream_book(SYMBOL, book)
        eventually(lambda: 5 < len(book.states), "a streamed book")
        same, different = 0, []
        while same + len(different) < 10:
            ours = self.ask("/depth", symbol=SYMBOL, limit=20)
            update_id = ours["lastUpdateId"] + self.SNAPSHOT_BEHIND
            kept = eventually(lambda: book.before(update_id), "a later state of the book")
            plain = tuple(
                [(number(price), number(qty)) for price, qty in ours[side][: Book.KEPT]]
                for side in ("bids", "asks")
            )
            if kept == plain:
                same += 1
            else:
                different.append((kept, plain))
        # A snapshot that is taken within a change of the book is none of the streamed states.
        what = f"8 of 10 snapshots among the streamed states, {same} are; {different[:1]}"
        expect_that(8 <= same, what)
        expect(book.gaps, 0, "gaps between the differences")

    def cancel_all(self):
        client, price = self.client, self.resting()
        with self.checks.check("all orders are cancelled at once"):
            names = [self.next_id() for _ in range(3)]
            for at, name in enumerate(names):
                client.place("BUY", QTY, price - at, client_id=name)
            expect(sorted(it.client_id for it in client.open_orders()), sorted(names), "open")
            client.cancel_all()
            expect(client.open_orders(), [], "open orders")
            for name in names:
                self.true_order(name, "CANCELED")
                self.event(name, "CANCELED", "CANCELED")

    def sockets(self):
        client = self.client
        if not hasattr(client, "place_over_socket"):
            return
        with self.checks.check("an order is placed and cancelled over the socket"):
            name = self.next_id()
            order = client.place_over_socket("BUY", QTY, self.resting(), client_id=name)
            self.told(order, "NEW")
            self.true_order(name, "NEW")
            expect(client.cancel_over_socket(order.id).status, "CANCELED", "status")
            self.true_order(name, "CANCELED")

    def refuse(self, name, code, act, client=None):
        """The exchange says no, with that code."""
        client = client or self.client
        with self.checks.check(f"refused: {name}"):
            try:
                answer = act()
            except Exception as error:
                refusal = client.refusal(error)
                expect(refusal.code, code, "code")
                return
            raise AssertionError(f"expected {code}, it was done: {answer}")

    def strangers(self):
        """Who does not sign as the owner does, or is nobody."""
        wrong = self.make(self.exchange, KEY, "not-the-secret")
        self.refuse("a bad signature", -1022, lambda: wrong.wallet("USDT"), wrong)
        wrong.close()
        wrong = self.make(self.exchange, "not-the-key", SECRET)
        self.refuse("an unknown key", -2015, lambda: wrong.wallet("USDT"), wrong)
        wrong.close()

    def ledger(self):
        """At the end: what the client was told of is what happened."""
        truth = self.exchange.truth()
        with self.checks.check("nothing is left open"):
            expect([it for it in truth["orders"] if it["is_open"]], [], "open orders")
            waiting = [it for it in truth["conditionals"] if it["is_open"]]
            expect(waiting, [], "conditional orders that wait")
        if hasattr(self.client, "complaints"):
            with self.checks.check("no answer and no event was of another shape than documented"):
                expect(self.client.complaints(), [], "complaints of the client")
        if not self.streams:
            return
        with self.checks.check("every order was told of on the private stream"):
            told = {it["c"] for it in self.client.events}
            there = {it["client_id"] for it in truth["orders"]}
            expect(sorted(there - told), [], "orders that no event told of")
        with self.checks.check("every trade was told of on the private stream"):
            told = sorted(it["t"] for it in self.client.events if it["x"] == "TRADE")
            expect(told, sorted(it["id"] for it in truth["trades"]), "trade ids")


def round_cent8(value):
    return value.quantize(Decimal("0.00000001"))


def clocks(checks, engine, make, life):
    """A venue whose clock is another's."""
    ahead_and_behind = (("a request that is too old", 60_000), ("a request from ahead", -5_000))
    for name, offset_ms in ahead_and_behind:
        with Exchange(engine, clock_offset_ms=offset_ms, dialect=life.DIALECT) as exchange:
            client = make(exchange, KEY, SECRET)
            asker = life(checks, exchange, client, make)
            asker.refuse(name, -1021, lambda: client.wallet("USDT"))
            client.close()


def rate_limit(checks, engine, make, life):
    """A venue that has had enough."""
    with Exchange(engine, weight_per_minute=150, dialect=life.DIALECT) as exchange:
        client = make(exchange, KEY, SECRET)
        with checks.check("refused: more than the rate limit, with a time to wait"):
            refusal = None
            for _ in range(200):
                try:
                    client.wallet("USDT")
                except Exception as error:
                    refusal = client.refusal(error)
                    break
            expect_that(refusal is not None, "a refusal")
            expect((refusal.code, refusal.status), (-1003, 429), "code, HTTP status")
            expect_that(1 <= (refusal.retry_after or 0) <= 60, f"seconds, {refusal.retry_after}")
        client.close()


def judge(make, life):
    """Runs the whole life for a client; the exit code says whether all was well."""
    engine = engine_from_arguments()
    checks = Checks(make.name)
    with Exchange(engine, dialect=life.DIALECT) as exchange:
        client = make(exchange, KEY, SECRET)
        try:
            life(checks, exchange, client, make).live()
        finally:
            client.close()
    if getattr(make, "signs_ed25519", False):
        ed25519.signs(checks, engine, make, life)
    clocks(checks, engine, make, life)
    rate_limit(checks, engine, make, life)
    return 1 if checks.failed else 0
