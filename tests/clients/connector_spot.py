"""binance-connector on Spot: synchronous, parameters in the query, numbers over the socket."""

import json
import sys
import time

from binance.error import ClientError
from binance.lib.utils import get_uuid
from binance.spot import Spot
from binance.websocket.spot.websocket_api import SpotWebsocketAPIClient
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

from common import KEY, SECRET, eventually, number
from spot_life import SYMBOL, Order, Refusal, judge


class Connector:
    name = "binance-connector"
    cannot_say = set()

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.rest = Spot(api_key=key, api_secret=secret, base_url=exchange.http)
        self.url, self.key, self.secret, self.sockets = exchange.ws, key, secret, []
        self.trades_seen, self.answers, self.api = [], {}, None

    def close(self):
        for socket in self.sockets:
            socket.stop()

    def refusal(self, error):
        if not isinstance(error, ClientError):
            raise error
        wait = error.header.get("Retry-After")
        return Refusal(error.error_code, error.status_code, wait and int(wait))

    def market(self, symbol):
        known = self.rest.exchange_info(symbol=symbol)["symbols"][0]
        filters = {it["filterType"]: it for it in known["filters"]}
        return {
            "tick": number(filters["PRICE_FILTER"]["tickSize"]),
            "step": number(filters["LOT_SIZE"]["stepSize"]),
            "notional_min": number(filters["NOTIONAL"]["minNotional"]),
        }

    def time(self):
        return self.rest.time()["serverTime"]

    def wallet(self, asset):
        balances = self.rest.account()["balances"]
        held = [it for it in balances if it["asset"] == asset][0]
        return number(held["free"]), number(held["locked"])

    def fees(self, symbol):
        rates = self.rest.account()["commissionRates"]
        return number(rates["maker"]), number(rates["taker"])

    def book(self, symbol, limit):
        book = self.rest.depth(symbol, limit=limit)
        sides = [[(number(price), number(qty)) for price, qty in book[side]]
                 for side in ("bids", "asks")]
        return *sides, book["lastUpdateId"]

    def order(self, side, qty, price, client_id, changes):
        order = {"symbol": SYMBOL, "side": side, "quantity": str(qty)}
        if price is None:
            order |= {"type": "MARKET"}
        else:
            order |= {"type": "LIMIT", "price": str(price), "timeInForce": "GTC"}
        if client_id is not None:
            order["newClientOrderId"] = client_id
        return order | (changes or {})

    def place(self, side, qty, price, client_id=None, changes=None):
        order = self.order(side, qty, price, client_id, changes)
        return Order.of_venue(self.rest.new_order(**order))

    def place_post_only(self, side, qty, price):
        terms = {"quantity": str(qty), "price": str(price)}
        return self.rest.new_order(SYMBOL, side, "LIMIT_MAKER", **terms)

    def query(self, order_id):
        return Order.of_venue(self.rest.get_order(SYMBOL, orderId=order_id))

    def open_orders(self):
        return [Order.of_venue(it) for it in self.rest.get_open_orders(SYMBOL)]

    def replace(self, order_id, side, qty, price, client_id):
        raw = self.rest.cancel_and_replace(
            SYMBOL, side, "LIMIT", "STOP_ON_FAILURE", cancelOrderId=order_id, timeInForce="GTC",
            quantity=str(qty), price=str(price), newClientOrderId=client_id,
        )
        return Order.of_venue(raw["newOrderResponse"])

    def cancel(self, order_id):
        return Order.of_venue(self.rest.cancel_order(SYMBOL, orderId=order_id))

    def cancel_all(self):
        self.rest.cancel_open_orders(SYMBOL)

    def trades(self, symbol):
        return [
            {"order": str(it["orderId"]), "qty": number(it["qty"]), "price": number(it["price"])}
            for it in self.rest.my_trades(symbol)
        ]

    def over_socket(self, ask):
        if self.api is None:
            def on_message(_, text):
                answer = json.loads(text)
                self.answers[answer["id"]] = answer
            self.api = SpotWebsocketAPIClient(
                stream_url=f"{self.url}/ws-api/v3", api_key=self.key, api_secret=self.secret,
                on_message=on_message,
            )
            self.sockets.append(self.api)
            time.sleep(0.3)
        number_of_it = get_uuid()
        ask(number_of_it)
        answer = eventually(lambda: self.answers.get(number_of_it), "an answer")
        return Order.of_venue(answer["result"])

    def place_over_socket(self, side, qty, price, client_id):
        return self.over_socket(lambda id: self.api.new_order(
            id=id, symbol=SYMBOL, side=side, type="LIMIT", timeInForce="GTC", quantity=float(qty),
            price=float(price), newClientOrderId=client_id, newOrderRespType="RESULT",
        ))

    def cancel_over_socket(self, order_id):
        return self.over_socket(
            lambda id: self.api.cancel_order(id=id, symbol=SYMBOL, orderId=int(order_id))
        )

    def listen(self, on_message):
        socket = SpotWebsocketStreamClient(
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

    def stream_trades(self, symbol):
        def on_message(event):
            if event.get("e") == "aggTrade":
                self.trades_seen.append({"price": number(event["p"]), "qty": number(event["q"])})
        self.listen(on_message).agg_trade(symbol=symbol)


if __name__ == "__main__":
    sys.exit(judge(Connector))
