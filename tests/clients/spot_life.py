"""The life that every client lives on the Spot dialect, told once.

A client has the methods of `life.Client`, without positions and leverage; its `wallet` answers what
is free and what is locked.
"""

import time
from decimal import Decimal

import life
from common import eventually, expect, expect_that, number
from life import QTY, STATUS, SYMBOL, Order, Refusal, round_cent8

__all__ = ["QTY", "SYMBOL", "Order", "Refusal", "judge"]

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


class Life(life.Life):
    """One client's life on Spot."""

    DIALECT = "binance_spot"
    PATH = "/api/v3"
    CHAPTERS = (
        "reference", "account", "market", "order", "partial_fill", "trading", "cancel_all",
        "sockets", "refusals", "ledger",
    )
    # A snapshot between two differences is the state of the one before.
    SNAPSHOT_BEHIND = 1

    def true_wallet(self, asset):
        """Free and locked, from the control port."""
        held = [it for it in self.exchange.truth()["balances"] if it["asset"] == asset][0]
        wallet, locked = number(held["wallet"]), number(held["locked"])
        return wallet - locked, locked

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
            average = self.ask("/avgPrice", symbol=SYMBOL)
            away = abs(trade["price"] / number(average["price"]) - 1)
            expect_that(away < Decimal("0.01"), "a trade at the market")
            expect_that(trade["qty"] % Decimal("0.001") == 0, "a quantity of whole steps")

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
        self.strangers()


def judge(make):
    """Runs the whole life for a client."""
    return life.judge(make, Life)
