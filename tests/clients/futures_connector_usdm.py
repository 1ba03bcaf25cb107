"""binance-futures-connector: synchronous, parameters in the query, legacy stream addresses."""

import json
import sys

from binance.error import ClientError
from binance.um_futures import UMFutures
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient

from common import KEY, SECRET, number
from usdm_life import SYMBOL, Order, Refusal, judge


class Connector:
    name = "binance-futures-connector"
    cannot_say = set()

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.rest = UMFutures(key=key, secret=secret, base_url=exchange.http)
        self.url, self.sockets = exchange.ws, []
        self.events, self.accounts = [], []
        self.trades_seen, self.quotes, self.marks = [], [], []

    def close(self):
        for socket in self.sockets:
            socket.stop()

    def refusal(self, error):
        if not isinstance(error, ClientError):
            raise error
        wait = error.header.get("Retry-After")
        return Refusal(error.error_code, error.status_code, wait and int(wait))

    def market(self, symbol):
        known = [it for it in self.rest.exchange_info()["symbols"] if it["symbol"] == symbol]
        filters = {it["filterType"]: it for it in known[0]["filters"]}
        return {
            "tick": number(filters["PRICE_FILTER"]["tickSize"]),
            "step": number(filters["LOT_SIZE"]["stepSize"]),
            "notional_min": number(filters["MIN_NOTIONAL"]["notional"]),
        }

    def time(self):
        return self.rest.time()["serverTime"]

    def wallet(self, asset):
        return number([it for it in self.rest.balance() if it["asset"] == asset][0]["balance"])

    def position(self, symbol):
        held = self.rest.get_position_risk(symbol=symbol)
        return sum((number(it["positionAmt"]) for it in held), number(0))

    def set_leverage(self, symbol, leverage):
        self.rest.change_leverage(symbol=symbol, leverage=leverage)

    def fees(self, symbol):
        rates = self.rest.commission_rate(symbol=symbol)
        return number(rates["makerCommissionRate"]), number(rates["takerCommissionRate"])

    def book(self, symbol, limit):
        book = self.rest.depth(symbol, limit=limit)
        sides = [[(number(price), number(qty)) for price, qty in book[side]]
                 for side in ("bids", "asks")]
        return *sides, book["lastUpdateId"]

    def recent_trades(self, symbol):
        return [
            {"id": str(it["id"]), "price": number(it["price"]), "qty": number(it["qty"])}
            for it in self.rest.trades(symbol, limit=20)
        ]

    def candles(self, symbol):
        return [(it[0], *map(number, it[1:4])) for it in self.rest.klines(symbol, "1m")]

    def ticker(self, symbol):
        day = self.rest.ticker_24hr_price_change(symbol)
        return number(day["lastPrice"]), number(day["highPrice"]), number(day["lowPrice"])

    def fees_paid(self):
        income = self.rest.get_income_history(incomeType="COMMISSION")
        return -sum(number(it["income"]) for it in income)

    def listen(self, on_message):
        socket = UMFuturesWebsocketClient(
            stream_url=self.url, on_message=lambda _, text: on_message(json.loads(text))
        )
        self.sockets.append(socket)
        return socket

    def stream_book(self, symbol, book):
        def on_message(event):
            if event.get("e") != "depthUpdate":
                return
            book.on_difference(event)
            if book.waits:
                book.on_snapshot(self.rest.depth(symbol, limit=1000))
        self.listen(on_message).diff_book_depth(symbol=symbol, speed=100)

    def stream_quotes(self, symbol):
        def on_message(event):
            if event.get("e") == "bookTicker":
                self.quotes.append({"bid": number(event["b"]), "ask": number(event["a"])})
        self.listen(on_message).book_ticker(symbol=symbol)

    def stream_marks(self, symbol):
        def on_message(event):
            if event.get("e") == "markPriceUpdate":
                self.marks.append(number(event["p"]))
        self.listen(on_message).mark_price(symbol=symbol, speed=1)

    def stream_trades(self, symbol):
        def on_message(event):
            if event.get("e") == "aggTrade":
                self.trades_seen.append({
                    "id": str(event["a"]), "price": number(event["p"]), "qty": number(event["q"]),
                })
        self.listen(on_message).agg_trade(symbol=symbol)

    def stream_user(self):
        def on_message(event):
            if event.get("e") == "ORDER_TRADE_UPDATE":
                self.events.append(event["o"])
            if event.get("e") == "ACCOUNT_UPDATE":
                self.accounts.append(event["a"])
        listen_key = self.rest.new_listen_key()["listenKey"]
        self.listen(on_message).user_data(listen_key=listen_key, id=1)
        self.rest.renew_listen_key(listen_key)

    def place(self, side, qty, price, client_id=None, reduce_only=False, changes=None):
        order = {"symbol": SYMBOL, "side": side, "quantity": str(qty)}
        if price is None:
            order |= {"type": "MARKET", "newOrderRespType": "RESULT"}
        else:
            order |= {"type": "LIMIT", "price": str(price), "timeInForce": "GTC"}
        if client_id is not None:
            order["newClientOrderId"] = client_id
        if reduce_only:
            order["reduceOnly"] = "true"
        return Order.of_venue(self.rest.new_order(**(order | (changes or {}))))

    def query(self, order_id):
        return Order.of_venue(self.rest.query_order(SYMBOL, orderId=order_id))

    def open_orders(self):
        return [Order.of_venue(it) for it in self.rest.get_orders(symbol=SYMBOL)]

    def amend(self, order_id, side, qty, price):
        raw = self.rest.modify_order(SYMBOL, side, str(qty), str(price), orderId=order_id)
        return Order.of_venue(raw)

    def cancel(self, order_id):
        return Order.of_venue(self.rest.cancel_order(SYMBOL, orderId=order_id))

    def cancel_all(self):
        self.rest.cancel_open_orders(SYMBOL)

    def count_down(self, symbol, after_ms):
        self.rest.countdown_cancel_order(symbol, after_ms)

    def place_batch(self, orders):
        batch = [
            {"symbol": SYMBOL, "side": side, "type": "LIMIT", "timeInForce": "GTC",
             "quantity": str(qty), "price": str(price), "newClientOrderId": client_id}
            for side, qty, price, client_id in orders
        ]
        return [it["code"] if "code" in it else Order.of_venue(it)
                for it in self.rest.new_batch_order(batch)]

    def cancel_batch(self, ids):
        raw = self.rest.cancel_batch_order(SYMBOL, [int(it) for it in ids], None)
        return [Order.of_venue(it) for it in raw]

    def trades(self, symbol):
        return [
            {"order": str(it["orderId"]), "qty": number(it["qty"]), "price": number(it["price"])}
            for it in self.rest.get_account_trades(symbol=symbol)
        ]


if __name__ == "__main__":
    sys.exit(judge(Connector))
