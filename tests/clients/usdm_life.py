"""The life that every client lives on the USDS-M dialect, told once."""

import time
from decimal import Decimal

import life
from common import eventually, expect, expect_that, number
from life import QTY, STATUS, SYMBOL, Order, Refusal, Stop, round_cent8

__all__ = ["SYMBOL", "Order", "Refusal", "Stop", "judge"]

# How far off the mark the ends of a bracket are: the market goes there in seconds, and not before
# both stand; and how long it may take.
WIDTH = Decimal(8)
BRACKET_S_MAX = 90

# What is refused, the code by which (sheet, section 10), and what is different from an order that
# would rest.
REFUSED = [
    ("a symbol that is not traded", -1121, {"symbol": "NOPEUSDT"}),
    ("a side that does not exist", -1117, {"side": "HOLD"}),
    ("an order type that does not exist", -1116, {"type": "WISH"}),
    ("a time in force that does not exist", -1115, {"timeInForce": "GTW"}),
    ("a price between two ticks", -4014, {"price": "58000.05"}),
    ("a quantity between two steps", -4023, {"quantity": "0.0105"}),
    ("a price with too many digits", -1111, {"price": "58000.123456789"}),
    ("a notional that is too small", -4164, {"quantity": "0.001"}),
    ("a price too far above the mark", -4016, {"price": "90000.0"}),
    ("an order that the margin does not carry", -2019, {"quantity": "40.000"}),
    ("a post-only order that would take", -5022, {"timeInForce": "GTX", "price": "crossing"}),
    ("a fill-or-kill order that cannot be filled", -5021, {"timeInForce": "FOK"}),
    ("a reduce-only order without a position", -2022, {"reduceOnly": "true"}),
    ("a client order id that is none", -4015, {"newClientOrderId": "x" * 37}),
    ("a conditional order at the ordinary endpoint", -4120, {"type": "STOP"}),
    ("a position side of the hedge mode", -4061, {"positionSide": "LONG"}),
    ("a date that is too near", -5040, {"timeInForce": "GTD", "goodTillDate": "soon"}),
]


class Life(life.Life):
    """One client's life on the contracts."""

    DIALECT = "binance_usdm"
    PATH = "/fapi/v1"
    CHAPTERS = (
        "reference", "account", "market", "order", "partial_fill", "tape", "expiry", "trading",
        "cancel_all", "batches", "sockets", "stops", "bracket", "shapes", "refusals", "ledger",
    )

    def reference(self):
        with self.checks.check("the markets are loaded with the venue's filters"):
            market = self.client.market(SYMBOL)
            expect(market["tick"], Decimal("0.1"), "price tick")
            expect(market["step"], Decimal("0.001"), "quantity step")
            expect(market["notional_min"], Decimal("100"), "smallest notional")
        with self.checks.check("the exchange tells the time"):
            away = abs(self.client.time() - time.time() * 1000)
            expect_that(away < 5000, f"a time within 5 s, it is {away} ms away")

    def account(self):
        with self.checks.check("the balance is what the account began with"):
            expect(self.client.wallet("USDT"), Decimal(100000), "wallet balance")
        with self.checks.check("there is no position"):
            expect(self.client.position(SYMBOL), Decimal(0), "position")
        with self.checks.check("leverage can be set and is told"):
            self.client.set_leverage(SYMBOL, 10)
            config = self.exchange.ask_signed("/fapi/v1/symbolConfig", symbol=SYMBOL)
            expect(config[0]["leverage"], 10, "leverage by symbolConfig")
        with self.checks.check("the fees are told"):
            expect(self.client.fees(SYMBOL), (Decimal("0.0002"), Decimal("0.0005")), "maker, taker")

    def market(self):
        with self.checks.check("a snapshot of the book is the exchange's"):
            eventually(self.same_snapshot, "the same snapshot twice")
        if not self.streams:
            return
        with self.checks.check("the streamed book is the book of the snapshots"):
            self.streamed_book()
        with self.checks.check("the best prices are streamed"):
            self.client.stream_quotes(SYMBOL)
            self.best_prices()
        with self.checks.check("the mark is streamed"):
            self.client.stream_marks(SYMBOL)
            self.marks()
        with self.checks.check("trades are streamed as they were made"):
            self.client.stream_trades(SYMBOL)
            trade = eventually(lambda: list(self.client.trades_seen), "a trade")[0]
            expect_that(trade in self.true_trades(), f"{trade} on the tape")
            touch = number(self.ask("/premiumIndex", symbol=SYMBOL)["markPrice"])
            expect_that(abs(trade["price"] / touch - 1) < Decimal("0.01"), "a trade at the market")

    def best_prices(self):
        quote = eventually(lambda: list(self.client.quotes), "a quote")[-1]
        expect_that(quote["bid"] < quote["ask"], f"a bid below the ask: {quote}")
        mark = number(self.ask("/premiumIndex", symbol=SYMBOL)["markPrice"])
        for price in (quote["bid"], quote["ask"]):
            expect_that(abs(price / mark - 1) < Decimal("0.01"), f"{price} about the mark {mark}")

    def marks(self):
        mark = eventually(lambda: list(self.client.marks), "a mark")[-1]
        now = number(self.ask("/premiumIndex", symbol=SYMBOL)["markPrice"])
        expect_that(abs(mark / now - 1) < Decimal("0.01"), f"{mark} about the mark {now}")

    def true_trades(self):
        """The tape as a plain request of ours tells it."""
        tape = self.ask("/aggTrades", symbol=SYMBOL, limit=1000)
        return [{"id": str(it["a"]), "price": number(it["p"]), "qty": number(it["q"])}
                for it in tape]

    def tape(self):
        eventually(self.true_trades, "a trade on the tape")
        with self.checks.check("the last trades are those of the tape"):
            trades = self.client.recent_trades(SYMBOL)
            expect_that(trades, "some trades")
            tape = self.true_trades()
            expect([it for it in trades if it not in tape], [], "trades that are not on the tape")
        with self.checks.check("a candle begins with the first trade of its minute"):
            start, opened, high, low = self.client.candles(SYMBOL)[-1]
            tape = self.ask("/aggTrades", symbol=SYMBOL, limit=1000)
            within = [number(it["p"]) for it in tape if start <= it["T"] < start + 60_000]
            expect(opened, within[0], "opening price")
            expect_that(low <= opened <= high, "an opening price between the low and the high")
            expect_that({high, low} <= set(within), f"trades at {high} and {low}")
        with self.checks.check("the ticker tells a price that was traded"):
            last, high, low = self.client.ticker(SYMBOL)
            expect_that(low <= last <= high, f"{last} between {low} and {high}")
            prices = {it["price"] for it in self.true_trades()}
            expect_that({last, high, low} <= prices, f"trades at {last}, {high} and {low}")

    def order(self):
        client, name = self.client, self.next_id()
        if self.streams:
            client.stream_user()
        price, order = self.resting(), None
        with self.checks.check("a limit order rests"):
            order = client.place("BUY", QTY, price, client_id=name)
            self.told(order, "NEW")
            true = self.true_order(name, "NEW")
            expect((str(true["order_id"]), number(true["price"])), (order.id, price), "id, price")
        if self.streams:
            with self.checks.check("the private stream tells of it"):
                event = self.event(name, "NEW", "NEW")
                expect(number(event["q"]), QTY, "quantity of the event")
        with self.checks.check("it is found by its number"):
            found = client.query(order.id)
            self.told(found, "NEW")
            expect((found.client_id, found.price), (name, price), "client id, price")
        with self.checks.check("it is among the open orders"):
            expect([it.client_id for it in client.open_orders()], [name], "open orders")
        with self.checks.check("it is amended"):
            client.amend(order.id, "BUY", QTY * 2, price - 10)
            true = self.true_order(name, "NEW", QTY * 2)
            expect(number(true["price"]), price - 10, "price on the exchange")
            event = self.event(name, "AMENDMENT", "NEW")
            if event is not None:
                expect((number(event["p"]), number(event["q"])), (price - 10, QTY * 2), "the event")
        with self.checks.check("it is cancelled"):
            canceled = client.cancel(order.id)
            expect((canceled.status, canceled.traded), ("CANCELED", 0), "status, traded")
            expect(STATUS[self.exchange.order(name)["status"]], "CANCELED", "on the exchange")
            self.event(name, "CANCELED", "CANCELED")
            expect(client.open_orders(), [], "open orders")

    def partial_fill(self):
        client, name, half = self.client, self.next_id(), QTY / 2
        price, order = self.resting(), None
        with self.checks.check("an order fills in part"):
            self.exchange.arm("partial_fill", "place")
            order = client.place("BUY", QTY, price, client_id=name)
            self.told(client.query(order.id), "PARTIALLY_FILLED", QTY, half)
            self.true_order(name, "PARTIALLY_FILLED", QTY, half)
        if self.streams:
            with self.checks.check("the private stream tells of the fill"):
                event = self.event(name, "TRADE", "PARTIALLY_FILLED")
                told = (number(event["l"]), number(event["z"]), number(event["L"]), event["m"])
                expect(told, (half, half, price, True), "last, cumulated, price, maker")
                fee = half * price * Decimal("0.0002")
                expect((number(event["n"]), event["N"]), (fee, "USDT"), "fee")
        with self.checks.check("the fill is among the account's trades"):
            trades = [it for it in client.trades(SYMBOL) if it["order"] == order.id]
            expect([(it["qty"], it["price"]) for it in trades], [(half, price)], "trades")
        with self.checks.check("the position is what was filled"):
            expect(client.position(SYMBOL), half, "position by the client")
            expect(self.true_position(), half, "position on the exchange")
        with self.checks.check("the rest is cancelled"):
            canceled = client.cancel(order.id)
            expect((canceled.status, canceled.traded), ("CANCELED", half), "status, traded")
            self.event(name, "CANCELED", "CANCELED")

    def expiry(self):
        client, price = self.client, self.resting()
        with self.checks.check("an immediate order that finds nothing expires"):
            name = self.next_id()
            client.place("BUY", QTY, price, client_id=name, changes={"timeInForce": "IOC"})
            self.true_order(name, "EXPIRED")
            self.event(name, "EXPIRED", "EXPIRED")
        with self.checks.check("an expired order is told as such"):
            self.told(client.query(self.exchange.order(name)["order_id"]), "EXPIRED")
        if hasattr(client, "count_down"):
            with self.checks.check("an order is cancelled when the countdown ends"):
                name = self.next_id()
                client.place("BUY", QTY, price, client_id=name)
                client.count_down(SYMBOL, 300)
                self.event(name, "CANCELED", "CANCELED")
                self.true_order(name, "CANCELED")

    def account_event(self, held):
        """The last word on the account is what the exchange holds."""
        def found():
            told = [it for it in self.client.accounts if number(it["P"][0]["pa"]) == held]
            return told[-1:]
        told = eventually(found, f"an account event with a position of {held}")[0]
        wallet = round_cent8(number(self.exchange.truth()["balances"][0]["wallet"]))
        balance, position = told["B"][0], told["P"][0]
        expect((balance["a"], number(balance["wb"])), ("USDT", wallet), "asset, wallet balance")
        expect((told["m"], position["s"], position["ps"]), ("ORDER", SYMBOL, "BOTH"), "the event")

    def true_position(self):
        held = [it for it in self.exchange.truth()["positions"] if it["symbol"] == SYMBOL]
        return number(held[0]["qty"])

    def trading(self):
        client = self.client
        with self.checks.check("a market order fills"):
            name, before = self.next_id(), self.true_position()
            client.place("BUY", QTY, None, client_id=name)
            self.true_order(name, "FILLED", QTY, QTY)
            self.event(name, "TRADE", "FILLED")
            expect(client.position(SYMBOL), before + QTY, "position")
        if hasattr(client, "accounts"):
            with self.checks.check("the private stream tells of wallet and position"):
                self.account_event(before + QTY)
        with self.checks.check("a reduce-only order closes the position"):
            name, held = self.next_id(), self.true_position()
            client.place("SELL", held, None, client_id=name, reduce_only=True)
            self.true_order(name, "FILLED", held, held)
            expect(client.position(SYMBOL), Decimal(0), "position")
        with self.checks.check("the wallet is what the exchange says"):
            true = self.exchange.truth()["balances"][0]
            expect(true["asset"], "USDT", "asset")
            expect(client.wallet("USDT"), round_cent8(number(true["wallet"])), "wallet")

        with self.checks.check("the fees that the ledger tells are those of the trades"):
            true = sum(number(it["fee"]) for it in self.exchange.truth()["trades"])
            expect(client.fees_paid(), round_cent8(true), "fees")

    def batches(self):
        client = self.client
        if not hasattr(client, "place_batch"):
            return
        price = self.resting()
        with self.checks.check("a batch places what it can and refuses the rest"):
            names = [self.next_id() for _ in range(3)]
            wrong = Decimal("0.001")
            orders = [("BUY", QTY, price, names[0]), ("BUY", wrong, price, names[1]),
                      ("BUY", QTY, price - 1, names[2])]
            answers = client.place_batch(orders)
            expect(answers[1], -4164, "the second answer")
            expect([answers[at].status for at in (0, 2)], ["NEW", "NEW"], "the others")
            expect(self.exchange.order(names[1]), None, "the refused order on the exchange")
            self.true_order(names[0], "NEW")
            self.true_order(names[2], "NEW")
        if hasattr(client, "cancel_batch"):
            with self.checks.check("a batch is cancelled"):
                ids = [answers[0].id, answers[2].id]
                expect([it.status for it in client.cancel_batch(ids)], ["CANCELED"] * 2, "answers")
                self.true_order(names[0], "CANCELED")
                self.true_order(names[2], "CANCELED")
        client.cancel_all()

    def true_stop(self, client_id, status):
        """The exchange itself says so."""
        stop = self.exchange.conditional(client_id)
        expect_that(stop is not None, f"a conditional order {client_id} on the exchange")
        expect(stop["status"], status, f"status of {client_id} on the exchange")
        return stop

    def stop_event(self, client_id, status):
        """The private stream says so, where the client reads of it."""
        if not hasattr(self.client, "stop_events"):
            return

        def found():
            named = [it for it in self.client.stop_events if it["caid"] == client_id]
            return [it for it in named if it["X"] == status]
        eventually(found, f"an ALGO_UPDATE {status} of {client_id}")

    def stops(self):
        client = self.client
        if not hasattr(client, "place_stop"):
            return
        name, stop = self.next_id(), None
        far = (self.resting() * Decimal("0.9")).quantize(Decimal("1"))
        with self.checks.check("a stop waits"):
            stop = client.place_stop("STOP_MARKET", QTY, far, name)
            expect((stop.client_id, stop.status, stop.trigger), (name, "NEW", far), "the stop")
            true = self.true_stop(name, "New")
            expect((str(true["algo_id"]), number(true["qty"])), (stop.id, QTY), "id, quantity")
            self.stop_event(name, "NEW")
        with self.checks.check("a stop is found by its number, and is no open order"):
            found = client.query_stop(stop.id)
            expect((found.client_id, found.status, found.trigger), (name, "NEW", far), "the stop")
            expect([it.client_id for it in client.open_stops()], [name], "open stops")
            expect(client.open_orders(), [], "open orders")
        with self.checks.check("a stop is cancelled"):
            client.cancel_stop(stop.id)
            self.true_stop(name, "Canceled")
            self.stop_event(name, "CANCELED")
            expect(client.query_stop(stop.id).status, "CANCELED", "status")
        with self.checks.check("all stops are cancelled at once"):
            names = [self.next_id() for _ in range(2)]
            for name in names:
                client.place_stop("STOP_MARKET", QTY, far, name)
            expect(sorted(it.client_id for it in client.open_stops()), sorted(names), "open stops")
            client.cancel_all()
            expect(len(client.open_stops()), 2, "stops after all orders were cancelled")
            client.cancel_stops()
            expect(client.open_stops(), [], "open stops")
            for name in names:
                self.true_stop(name, "Canceled")
        if hasattr(client, "place_stop_over_socket"):
            with self.checks.check("a stop is placed and cancelled over the socket"):
                name = self.next_id()
                stop = client.place_stop_over_socket("STOP_MARKET", QTY, far, name)
                expect((stop.client_id, stop.status), (name, "NEW"), "the stop")
                self.true_stop(name, "New")
                client.cancel_stop_over_socket(stop.id)
                self.true_stop(name, "Canceled")
        self.refuse("a stop that would trigger at once", -2021, lambda: client.place_stop(
            "STOP_MARKET", QTY, self.crossing(), self.next_id()))
        self.refuse("a stop that closes a position that is not there", -4509,
                    lambda: client.place_stop("STOP_MARKET", None, far, self.next_id()))
        self.refuse("a cancel of a stop that is over", -2011, lambda: client.cancel_stop(stop.id))

    def bracket(self):
        client = self.client
        if not hasattr(client, "place_stop"):
            return
        ends = {"STOP_MARKET": self.next_id(), "TAKE_PROFIT_MARKET": self.next_id()}
        with self.checks.check("a bracket stands about a position"):
            client.place("BUY", QTY, None, client_id=self.next_id())
            mark = number(self.ask("/premiumIndex", symbol=SYMBOL)["markPrice"])
            mark = mark.quantize(Decimal("1"))
            client.place_stop("STOP_MARKET", None, mark - WIDTH, ends["STOP_MARKET"])
            client.place_stop("TAKE_PROFIT_MARKET", None, mark + WIDTH, ends["TAKE_PROFIT_MARKET"])
        with self.checks.check("the market comes to one of its ends, and the position is closed"):
            eventually(lambda: self.true_position() == 0, "no position", BRACKET_S_MAX)
            states = {it: self.exchange.conditional(it)["status"] for it in ends.values()}
            expect(sorted(states.values()), ["Expired", "Finished"], "what became of both ends")
            fired = next(it for it, state in states.items() if state == "Finished")
            self.true_order(fired, "FILLED", QTY, QTY)
            self.event(fired, "TRADE", "FILLED")
            for state in ("TRIGGERING", "TRIGGERED", "FINISHED"):
                self.stop_event(fired, state)
            self.stop_event(next(it for it in states if it != fired), "EXPIRED")
            expect(client.position(SYMBOL), Decimal(0), "position by the client")

    def shapes(self):
        """Answers that no other check reads, held against the client's own models."""
        for name, ask in getattr(self.client, "answers", dict)().items():
            with self.checks.check(f"the shape of {name}"):
                expect_that(ask(), "an answer that is not empty")

    def refusals(self):
        client, before = self.client, len(self.exchange.truth()["orders"])
        for name, code, different in REFUSED:
            if client.cannot_say & set(different.values()):
                continue
            changes = dict(different)
            if changes.get("price") == "crossing":
                changes["price"] = str(self.crossing())
            if changes.get("goodTillDate") == "soon":
                changes["goodTillDate"] = int(time.time() * 1000) + 60_000
            price = self.resting()
            self.refuse(name, code, lambda: client.place("BUY", QTY, price, changes=changes))
        with self.checks.check("nothing of what was refused exists"):
            expect(len(self.exchange.truth()["orders"]), before, "orders on the exchange")
        name, price = self.next_id(), self.resting()
        order = client.place("BUY", QTY, price, client_id=name)
        self.refuse("an id that an open order has", -4116,
                    lambda: client.place("BUY", QTY, price, client_id=name))
        client.cancel(order.id)
        self.refuse("a cancel of an order that is over", -2011, lambda: client.cancel(order.id))
        self.refuse("a question after an order that never was", -2013, lambda: client.query(99999))
        self.strangers()


def judge(make):
    """Runs the whole life for a client."""
    return life.judge(make, Life)
