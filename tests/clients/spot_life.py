"""The life that every client lives on the Spot dialect, told once.

A client has the methods of `Client` of the other life, without positions and leverage; its `wallet`
answers what is free and what is locked.
"""

import time
from decimal import Decimal

from common import (
    KEY, SECRET, Book, Checks, Exchange, engine_from_arguments, eventually, expect, expect_that,
    number,
)
from usdm_life import QTY, STATUS, SYMBOL, Order, Refusal, round_cent8

__all__ = ["QTY", "SYMBOL", "Order", "Refusal", "judge"]

DIALECT = "binance_spot"

# What makers and takers pay, of what they receive.
FEE = Decimal("0.001")

# What is refused, the code by which (sheet, section 13), and what is different from an order that
# would rest.
REFUSED = [
    ("a symbol that is not traded", -1121, {"symbol": "NOPEUSDT"}),
    ("a side that does not exist", -1117, {"side": "HOLD"}),
    ("an order type that does not exist", -1116, {"type": "WISH"}),
    ("a time in force that does not exist", -1115, {"timeInForce": "GTW"}),
    ("a time in force of contracts", -1115, {"timeInForce": "GTX"}),
    ("a price between two ticks", -1013, {"price": "58000.05"}),
    ("a quantity between two steps", -1013, {"quantity": "0.0105"}),
    ("a price with too many digits", -1111, {"price": "58000.123456789"}),
    ("a price far below the market", -1013, {"price": "5000.0"}),
    ("an order that the balance does not pay", -2010, {"quantity": "40.000"}),
    ("a client order id that is none", -1100, {"newClientOrderId": "x" * 37}),
    ("a conditional order", -2010, {"type": "STOP_LOSS_LIMIT", "stopPrice": "50000.0"}),
    ("an iceberg", -2010, {"icebergQty": "0.001"}),
]


class Life:
    """One client's life on one exchange."""

    def __init__(self, checks, exchange, client, make):
        self.checks, self.exchange, self.client, self.make = checks, exchange, client, make
        self.number = 0
        self.streams = hasattr(client, "stream_user")

    def live(self):
        for chapter in (
            self.reference, self.account, self.market, self.order, self.partial_fill,
            self.trading, self.cancel_all, self.sockets, self.refusals, self.ledger,
        ):
            try:
                chapter()
            except Exception as error:  # the next chapter may still be worth reading
                with self.checks.check(f"the chapter on {chapter.__name__}"):
                    raise error

    # Where a price is that rests, and one that crosses.
    def resting(self):
        best = self.exchange.ask("/api/v3/ticker/bookTicker", symbol=SYMBOL)
        return (number(best["bidPrice"]) * Decimal("0.97")).quantize(Decimal("1"))

    def crossing(self):
        best = self.exchange.ask("/api/v3/ticker/bookTicker", symbol=SYMBOL)
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

    def true_wallet(self, asset):
        """Free and locked, from the control port."""
        held = [it for it in self.exchange.truth()["balances"] if it["asset"] == asset][0]
        wallet, locked = number(held["wallet"]), number(held["locked"])
        return wallet - locked, locked

    def told(self, order, status, qty=QTY, traded=Decimal(0)):
        """The client says so."""
        expect((order.status, order.qty, order.traded), (status, qty, traded), "the order")

    def event(self, client_id, kind, status):
        """The private events say so, where the client hears them. A cancel has an id of its own and
        names the order's beside it."""
        if not self.streams:
            return None

        def found():
            named = [it for it in self.client.events if client_id in (it["c"], it["C"])]
            return [it for it in named if (it["x"], it["X"]) == (kind, status)]
        return eventually(found, f"an event {kind}/{status} of {client_id}")[-1]

    def reference(self):
        with self.checks.check("the markets are loaded with the venue's filters"):
            market = self.client.market(SYMBOL)
            expect(market["tick"], Decimal("0.1"), "price tick")
            expect(market["step"], Decimal("0.001"), "quantity step")
            expect(market["notional_min"], Decimal("5"), "smallest notional")
        with self.checks.check("the exchange tells the time"):
            away = abs(self.client.time() - time.time() * 1000)
            expect_that(away < 5000, f"a time within 5 s, it is {away} ms away")

    def account(self):
        with self.checks.check("the balances are what the account began with"):
            expect(self.client.wallet("USDT"), (Decimal(100000), Decimal(0)), "USDT")
            expect(self.client.wallet("BTC"), (Decimal(10), Decimal(0)), "BTC")
        if getattr(self.client, "fees", None):
            with self.checks.check("the fees are told"):
                expect(self.client.fees(SYMBOL), (FEE, FEE), "maker, taker")

    def market(self):
        with self.checks.check("a snapshot of the book is the exchange's"):
            eventually(self.same_snapshot, "the same snapshot twice")
        if not hasattr(self.client, "stream_book"):
            return
        with self.checks.check("the streamed book is the book of the snapshots"):
            self.streamed_book()
        with self.checks.check("trades are streamed as they were made"):
            self.client.stream_trades(SYMBOL)
            trade = eventually(lambda: list(self.client.trades_seen), "a trade")[0]
            average = self.exchange.ask("/api/v3/avgPrice", symbol=SYMBOL)
            away = abs(trade["price"] / number(average["price"]) - 1)
            expect_that(away < Decimal("0.01"), "a trade at the market")
            expect_that(trade["qty"] % Decimal("0.001") == 0, "a quantity of whole steps")

    def same_snapshot(self):
        ours = self.exchange.ask("/api/v3/depth", symbol=SYMBOL, limit=20)
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
            ours = self.exchange.ask("/api/v3/depth", symbol=SYMBOL, limit=20)
            # A snapshot between two differences is the state of the one before.
            update_id = ours["lastUpdateId"] + 1
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
        expect_that(8 <= same, f"8 of 10 snapshots in the streamed states, {same}: {different[:1]}")
        expect(book.gaps, 0, "gaps between the differences")

    def order(self):
        client, name = self.client, self.next_id()
        if self.streams:
            client.stream_user()
        price, order = self.resting(), None
        with self.checks.check("a limit order rests and locks what it would cost"):
            order = client.place("BUY", QTY, price, client_id=name)
            self.told(order, "NEW")
            true = self.true_order(name, "NEW")
            expect((str(true["order_id"]), number(true["price"])), (order.id, price), "id, price")
            expect(client.wallet("USDT"), (100000 - QTY * price, QTY * price), "free, locked")
        if self.streams:
            with self.checks.check("the private events tell of it"):
                event = self.event(name, "NEW", "NEW")
                expect(number(event["q"]), QTY, "quantity of the event")
        with self.checks.check("it is found by its number"):
            found = client.query(order.id)
            self.told(found, "NEW")
            expect((found.client_id, found.price), (name, price), "client id, price")
        with self.checks.check("it is among the open orders"):
            expect([it.client_id for it in client.open_orders()], [name], "open orders")
        if getattr(client, "amend", None):
            with self.checks.check("it is made smaller and keeps its place"):
                amended = client.amend(order.id, QTY / 2, name)
                expect(amended.qty, QTY / 2, "quantity")
                self.true_order(name, "NEW", QTY / 2)
                self.event(name, "REPLACED", "NEW")
        if hasattr(client, "replace"):
            with self.checks.check("it is replaced by another"):
                name, before = self.next_id(), name
                order = client.replace(order.id, "BUY", QTY, price - 10, name)
                self.told(order, "NEW")
                true = self.exchange.order(before)
                expect(STATUS[true["status"]], "CANCELED", "the order before")
                expect(number(self.true_order(name, "NEW")["price"]), price - 10, "price")
        with self.checks.check("it is cancelled"):
            canceled = client.cancel(order.id)
            expect(canceled.status, "CANCELED", "status")
            expect(STATUS[self.exchange.order(name)["status"]], "CANCELED", "on the exchange")
            self.event(name, "CANCELED", "CANCELED")
            expect(client.open_orders(), [], "open orders")
            expect(client.wallet("USDT"), (Decimal(100000), Decimal(0)), "free, locked")

    def partial_fill(self):
        client, name, half = self.client, self.next_id(), QTY / 2
        price, order = self.resting(), None
        with self.checks.check("an order fills in part"):
            self.exchange.arm("partial_fill", "place")
            order = client.place("BUY", QTY, price, client_id=name)
            self.told(client.query(order.id), "PARTIALLY_FILLED", QTY, half)
            self.true_order(name, "PARTIALLY_FILLED", QTY, half)
        if self.streams:
            with self.checks.check("the private events tell of the fill"):
                event = self.event(name, "TRADE", "PARTIALLY_FILLED")
                told = (number(event["l"]), number(event["z"]), number(event["L"]), event["m"])
                expect(told, (half, half, price, True), "last, cumulated, price, maker")
                expect((number(event["n"]), event["N"]), (half * FEE, "BTC"), "fee")
        with self.checks.check("the fill is among the account's trades"):
            trades = [it for it in client.trades(SYMBOL) if it["order"] == order.id]
            expect([(it["qty"], it["price"]) for it in trades], [(half, price)], "trades")
        with self.checks.check("the balance is what was received, without the fee"):
            expect(client.wallet("BTC"), (10 + half * (1 - FEE), Decimal(0)), "BTC")
            expect(client.wallet("USDT")[1], half * price, "USDT that is locked")
        with self.checks.check("the rest is cancelled"):
            canceled = client.cancel(order.id)
            expect((canceled.status, canceled.traded), ("CANCELED", half), "status, traded")
            self.event(name, "CANCELED", "CANCELED")

    def trading(self):
        client = self.client
        for side in ("BUY", "SELL"):
            with self.checks.check(f"a market order fills: {side}"):
                name = self.next_id()
                order = client.place(side, QTY, None, client_id=name)
                self.told(order, "FILLED", QTY, QTY)
                self.true_order(name, "FILLED", QTY, QTY)
                self.event(name, "TRADE", "FILLED")
        with self.checks.check("a fill-or-kill order that cannot be filled expires"):
            name, qty = self.next_id(), Decimal("0.010")
            client.place("BUY", qty, self.resting(), client_id=name, changes={"timeInForce": "FOK"})
            self.true_order(name, "EXPIRED", qty)
            self.event(name, "EXPIRED", "EXPIRED")
        with self.checks.check("the balances are what the exchange says"):
            for asset in ("USDT", "BTC"):
                true = tuple(round_cent8(it) for it in self.true_wallet(asset))
                expect(client.wallet(asset), true, asset)

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

    def refusals(self):
        client, before = self.client, len(self.exchange.truth()["orders"])
        for name, code, different in REFUSED:
            if client.cannot_say & set(different.values()):
                continue
            price = self.resting()
            self.refuse(name, code,
                        lambda: client.place("BUY", QTY, price, changes=dict(different)))
        self.refuse("a notional that is too small", -1013,
                    lambda: client.place("SELL", QTY / 10, Decimal("1.0")))
        if hasattr(client, "place_post_only"):
            price = self.crossing()
            self.refuse("a post-only order that would take", -2010,
                        lambda: client.place_post_only("BUY", QTY, price))
        with self.checks.check("nothing of what was refused exists"):
            expect(len(self.exchange.truth()["orders"]), before, "orders on the exchange")
        name, price = self.next_id(), self.resting()
        order = client.place("BUY", QTY, price, client_id=name)
        self.refuse("an id that an open order has", -2010,
                    lambda: client.place("BUY", QTY, price, client_id=name))
        client.cancel(order.id)
        self.refuse("a cancel of an order that is over", -2011, lambda: client.cancel(order.id))
        self.refuse("a cancel of all where there is none", -2011, client.cancel_all)
        self.refuse("a question after an order that never was", -2013, lambda: client.query(99999))
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
        if hasattr(self.client, "complaints"):
            with self.checks.check("no answer and no event was of another shape than documented"):
                expect(self.client.complaints(), [], "complaints of the client")
        if not self.streams:
            return
        with self.checks.check("every order was told of in a private event"):
            told = {it["c"] for it in self.client.events}
            there = {it["client_id"] for it in truth["orders"]}
            expect(sorted(there - told), [], "orders that no event told of")
        with self.checks.check("every trade was told of in a private event"):
            told = sorted(it["t"] for it in self.client.events if it["x"] == "TRADE")
            expect(told, sorted(it["id"] for it in truth["trades"]), "trade ids")


def clocks(checks, engine, make):
    """A venue whose clock is another's."""
    for name, offset_ms in (("a request that is too old", 60_000), ("a request from ahead", -5_000)):
        with Exchange(engine, clock_offset_ms=offset_ms, dialect=DIALECT) as exchange:
            client = make(exchange, KEY, SECRET)
            life = Life(checks, exchange, client, make)
            life.refuse(name, -1021, lambda: client.wallet("USDT"))
            client.close()


def rate_limit(checks, engine, make):
    """A venue that has had enough."""
    with Exchange(engine, weight_per_minute=150, dialect=DIALECT) as exchange:
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


def judge(make):
    """Runs the whole life for a client; the exit code says whether all was well."""
    engine = engine_from_arguments()
    checks = Checks(make.name)
    with Exchange(engine, dialect=DIALECT) as exchange:
        client = make(exchange, KEY, SECRET)
        try:
            Life(checks, exchange, client, make).live()
        finally:
            client.close()
    clocks(checks, engine, make)
    rate_limit(checks, engine, make)
    return 1 if checks.failed else 0
