"""ccxt.pro on Spot: asynchronous, orders over the socket, its own upkeep of the book."""

import sys
import time

import ccxt
import ccxt.pro

from ccxt_pro_usdm import CcxtPro
from ccxt_spot import UNIFIED, market_of, pointed, refusal_on_spot
from ccxt_usdm import levels, order_of, request_of
from common import KEY, SECRET, Background, eventually, number
from spot_life import judge


class CcxtProSpot(CcxtPro):
    name = "ccxt.pro spot"
    # It takes `type` for its own.
    cannot_say = {"WISH", "STOP_LOSS_LIMIT"}
    amend = None

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.back = Background()
        self.events, self.trades_seen, self.readers = [], [], []

        async def make():
            return pointed(ccxt.pro.binance, exchange, key, secret)
        self.both = self.run(make())

    def refusal(self, error):
        status = 429 if isinstance(error, ccxt.DDoSProtection) else None
        return refusal_on_spot(error, self.both.last_response_headers, status)

    def market(self, symbol):
        self.run(self.both.load_markets())
        return market_of(self.both)

    def wallet(self, asset):
        held = self.run(self.both.fetch_balance())[asset]
        return number(held["free"]), number(held["used"])

    fees = None

    def book(self, symbol, limit):
        book = self.run(self.both.fetch_order_book(UNIFIED, limit))
        return levels(book["bids"]), levels(book["asks"]), book["nonce"]

    def stream_book(self, symbol, book):
        async def once():
            now = await self.both.watch_order_book(UNIFIED)
            book.on_book(now["nonce"], now["bids"], now["asks"])
        self.watch(once)

    def stream_trades(self, symbol):
        async def once():
            for trade in await self.both.watch_trades(UNIFIED):
                qty, price = number(trade["amount"]), number(trade["price"])
                self.trades_seen.append({"price": price, "qty": qty})
        self.watch(once)

    def stream_user(self):
        self.hear_orders()
        self.watch(lambda: self.both.watch_orders(UNIFIED))
        eventually(self.is_private, "an open private subscription")
        # It drops what comes before it has handled the subscription.
        time.sleep(0.5)

    def is_private(self):
        sockets = [it for url, it in self.both.clients.items() if "/ws-api/" in url]
        return any(it.connected.done() for it in sockets)

    def place(self, side, qty, price, client_id=None, changes=None):
        kind, amount, limit, params = request_of(qty, price, client_id, False, changes)
        created = self.both.create_order_ws(UNIFIED, kind, side.lower(), amount, limit, params)
        return order_of(self.run(created))

    def query(self, order_id):
        return order_of(self.run(self.both.fetch_order_ws(str(order_id), UNIFIED)))

    def open_orders(self):
        return [order_of(it) for it in self.run(self.both.fetch_open_orders_ws(UNIFIED))]

    def replace(self, order_id, side, qty, price, client_id):
        params = {"newClientOrderId": client_id}
        edited = self.both.edit_order_ws(
            order_id, UNIFIED, "limit", side.lower(), float(qty), float(price), params
        )
        return order_of(self.run(edited))

    def cancel(self, order_id):
        return order_of(self.run(self.both.cancel_order_ws(order_id, UNIFIED)))

    def cancel_all(self):
        self.run(self.both.cancel_all_orders(UNIFIED))

    def trades(self, symbol):
        return [
            {"order": it["order"], "qty": number(it["amount"]), "price": number(it["price"])}
            for it in self.run(self.both.fetch_my_trades_ws(UNIFIED))
        ]


if __name__ == "__main__":
    sys.exit(judge(CcxtProSpot))
