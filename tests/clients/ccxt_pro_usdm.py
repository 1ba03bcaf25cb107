"""ccxt.pro: asynchronous, orders over the socket, its own upkeep of the book."""

import sys
import time

import ccxt
import ccxt.pro

from ccxt_usdm import (
    CONDITIONAL, UNIFIED, levels, market_of, order_of, pointed, refusal_of, request_of, stop_of,
    stop_request,
)
from common import KEY, SECRET, Background, eventually, number
from usdm_life import judge


class CcxtPro:
    name = "ccxt.pro"
    cannot_say = set()

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.back = Background()
        self.events, self.stop_events, self.readers = [], [], []
        self.trades_seen, self.quotes, self.marks = [], [], []

        async def make():
            return pointed(ccxt.pro.binanceusdm, exchange, key, secret)
        self.both = self.run(make())

    def run(self, coroutine):
        return self.back.run(coroutine)

    def close(self):
        for reader in self.readers:
            reader.cancel()
        self.run(self.both.close())

    def refusal(self, error):
        status = 429 if isinstance(error, ccxt.DDoSProtection) else None
        return refusal_of(error, self.both.last_response_headers, status)

    def market(self, symbol):
        self.run(self.both.load_markets())
        return market_of(self.both)

    def time(self):
        return self.run(self.both.fetch_time())

    def wallet(self, asset):
        return number(self.run(self.both.fetch_balance())[asset]["total"])

    def position(self, symbol):
        held = self.run(self.both.fetch_positions_ws([UNIFIED]))
        sign = {"long": 1, "short": -1, None: 0}
        return sum((number(it["contracts"]) * sign[it["side"]] for it in held), number(0))

    def set_leverage(self, symbol, leverage):
        self.run(self.both.set_leverage(leverage, UNIFIED))

    def fees(self, symbol):
        fee = self.run(self.both.fetch_trading_fee(UNIFIED))
        return number(fee["maker"]), number(fee["taker"])

    def book(self, symbol, limit):
        book = self.run(self.both.fetch_order_book_ws(UNIFIED, limit))
        return levels(book["bids"]), levels(book["asks"]), book["nonce"]

    def recent_trades(self, symbol):
        return [
            {"id": it["id"], "price": number(it["price"]), "qty": number(it["amount"])}
            for it in self.run(self.both.fetch_trades(UNIFIED, limit=20))
        ]

    def candles(self, symbol):
        candles = self.run(self.both.fetch_ohlcv(UNIFIED, "1m"))
        return [(it[0], *map(number, it[1:4])) for it in candles]

    def ticker(self, symbol):
        day = self.run(self.both.fetch_ticker(UNIFIED))
        return number(day["last"]), number(day["high"]), number(day["low"])

    def fees_paid(self):
        asked = {"type": "future", "incomeType": "COMMISSION"}
        income = self.run(self.both.fetch_ledger(None, params=asked))
        return sum(number(it["amount"]) for it in income)

    def watch(self, once):
        """Reads one of its streams for ever."""
        async def read():
            while True:
                await once()
        self.readers.append(self.back.start(read()))

    def stream_book(self, symbol, book):
        async def once():
            now = await self.both.watch_order_book(UNIFIED)
            book.on_book(now["nonce"], now["bids"], now["asks"])
        self.watch(once)

    def stream_quotes(self, symbol):
        async def once():
            best = (await self.both.watch_bids_asks([UNIFIED]))[UNIFIED]
            self.quotes.append({"bid": number(best["bid"]), "ask": number(best["ask"])})
        self.watch(once)

    def stream_marks(self, symbol):
        async def once():
            mark = await self.both.watch_mark_price(UNIFIED)
            self.marks.append(number(mark["markPrice"]))
        self.watch(once)

    def stream_trades(self, symbol):
        async def once():
            for trade in await self.both.watch_trades(UNIFIED):
                qty, price = number(trade["amount"]), number(trade["price"])
                self.trades_seen.append({"id": trade["id"], "price": price, "qty": qty})
        self.watch(once)

    def stream_user(self):
        self.hear_orders()
        self.watch(lambda: self.both.watch_orders(UNIFIED))
        eventually(self.is_private, "an open private socket")
        # It drops what comes before it has handled the opening.
        time.sleep(0.3)

    def hear_orders(self):
        """Every report as it comes in: of those that come together, what `watch_orders` answers is
        only the last."""
        handle = self.both.handle_order_update

        def heard(client, message):
            if message["e"] == "ALGO_UPDATE":
                self.stop_events.append(message["o"])
                return handle(client, message)
            is_contract = message["e"] == "ORDER_TRADE_UPDATE"
            self.events.append(message["o"] if is_contract else message)
            return handle(client, message)
        self.both.handle_order_update = heard

    def is_private(self):
        sockets = [it for url, it in self.both.clients.items() if "/private/" in url]
        return any(it.connected.done() for it in sockets)

    def place(self, side, qty, price, client_id=None, reduce_only=False, changes=None):
        kind, amount, limit, params = request_of(qty, price, client_id, reduce_only, changes)
        created = self.both.create_order_ws(UNIFIED, kind, side.lower(), amount, limit, params)
        return order_of(self.run(created))

    def query(self, order_id):
        return order_of(self.run(self.both.fetch_order_ws(str(order_id), UNIFIED)))

    def open_orders(self):
        return [order_of(it) for it in self.run(self.both.fetch_open_orders(UNIFIED))]

    def amend(self, order_id, side, qty, price):
        edited = self.both.edit_order_ws(
            order_id, UNIFIED, "limit", side.lower(), float(qty), float(price)
        )
        return order_of(self.run(edited))

    def cancel(self, order_id):
        return order_of(self.run(self.both.cancel_order_ws(order_id, UNIFIED)))

    def cancel_all(self):
        self.run(self.both.cancel_all_orders(UNIFIED))

    def place_stop(self, kind, qty, trigger, client_id):
        request = stop_request(kind, qty, trigger, client_id)
        return stop_of(self.run(self.both.create_order_ws(UNIFIED, *request)))

    def query_stop(self, stop_id):
        return stop_of(self.run(self.both.fetch_order(stop_id, UNIFIED, CONDITIONAL)))

    def open_stops(self):
        found = self.run(self.both.fetch_open_orders(UNIFIED, params=CONDITIONAL))
        return [stop_of(it) for it in found]

    def cancel_stop(self, stop_id):
        self.run(self.both.cancel_order_ws(stop_id, UNIFIED, CONDITIONAL))

    def cancel_stops(self):
        self.run(self.both.cancel_all_orders(UNIFIED, CONDITIONAL))

    def trades(self, symbol):
        return [
            {"order": it["order"], "qty": number(it["amount"]), "price": number(it["price"])}
            for it in self.run(self.both.fetch_my_trades(UNIFIED))
        ]


if __name__ == "__main__":
    sys.exit(judge(CcxtPro))
