"""binance-sdk-spot: the venue's own client.

It checks every answer and event against its models, so a field of another type fails here.
"""

import logging
import sys

from binance_common.configuration import (
    ConfigurationRestAPI, ConfigurationWebSocketAPI, ConfigurationWebSocketStreams,
)
from binance_sdk_spot.spot import Spot
from binance_sdk_spot.websocket_api.models import ExecutionReport

from common import KEY, SECRET, Background, number
from sdk_common import Strict, plain, refusal_of, secret_of, session_of, snake
from spot_life import SYMBOL, Order, judge


class BinanceSdkSpot:
    name = "binance-sdk-spot"
    cannot_say = set()
    signs_ed25519 = True

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.back = Background()
        self.events, self.trades_seen = [], []
        self.sdk = Spot(
            config_rest_api=ConfigurationRestAPI(
                api_key=key, **secret_of(secret), base_path=exchange.http, timeout=10_000
            ),
            config_ws_api=ConfigurationWebSocketAPI(
                api_key=key, **secret_of(secret), stream_url=f"{exchange.ws}/ws-api/v3"
            ),
            config_ws_streams=ConfigurationWebSocketStreams(stream_url=exchange.ws),
        )
        self.rest = self.sdk.rest_api
        self.streams, self.api = None, None
        self.strict = Strict()
        logging.getLogger().addHandler(self.strict)

    def run(self, coroutine):
        return self.back.run(coroutine)

    def complaints(self):
        return self.strict.said

    def close(self):
        logging.getLogger().removeHandler(self.strict)
        for connection in (self.streams, self.api):
            if connection is not None:
                self.run(connection.close_connection(close_session=True))

    def refusal(self, error):
        return refusal_of(error)

    def connected(self):
        if self.streams is None:
            self.streams = self.run(self.sdk.websocket_streams.create_connection())
        return self.streams

    def listen(self, asked, on_message):
        self.run(asked).on("message", on_message)

    def market(self, symbol):
        known = plain(self.rest.exchange_info(symbol=symbol).data())["symbols"][0]
        filters = {it["filterType"]: it for it in known["filters"]}
        return {
            "tick": number(filters["PRICE_FILTER"]["tickSize"]),
            "step": number(filters["LOT_SIZE"]["stepSize"]),
            "notional_min": number(filters["NOTIONAL"]["minNotional"]),
        }

    def time(self):
        return self.rest.time().data().server_time

    def wallet(self, asset):
        balances = plain(self.rest.get_account().data())["balances"]
        held = [it for it in balances if it["asset"] == asset][0]
        return number(held["free"]), number(held["locked"])

    def fees(self, symbol):
        rates = plain(self.rest.account_commission(symbol=symbol).data())["standardCommission"]
        return number(rates["maker"]), number(rates["taker"])

    def book(self, symbol, limit):
        book = plain(self.rest.depth(symbol=symbol, limit=limit).data())
        sides = [[(number(price), number(qty)) for price, qty in book[side]]
                 for side in ("bids", "asks")]
        return *sides, book["lastUpdateId"]

    def stream_book(self, symbol, book):
        def on_message(event):
            book.on_difference(plain(event))
            if book.waits:
                book.on_snapshot(plain(self.rest.depth(symbol=symbol, limit=1000).data()))
        streams = self.connected()
        asked = streams.diff_book_depth(symbol=symbol.lower(), update_speed="100ms")
        self.listen(asked, on_message)

    def stream_trades(self, symbol):
        def on_message(event):
            self.trades_seen.append({"price": number(event.p), "qty": number(event.q)})
        self.listen(self.connected().agg_trade(symbol=symbol.lower()), on_message)

    def opened(self):
        if self.api is None:
            self.api = self.run(self.sdk.websocket_api.create_connection())
        return self.api

    def stream_user(self):
        def on_message(event):
            event = getattr(event, "actual_instance", event)
            if isinstance(event, ExecutionReport):
                self.events.append(plain(event))
        subscribed = self.run(self.opened().user_data_stream_subscribe_signature())
        subscribed.stream.on("message", on_message)

    def order(self, side, qty, price, client_id, changes):
        order = {"symbol": SYMBOL, "side": side, "quantity": str(qty)}
        if price is None:
            order |= {"type": "MARKET"}
        else:
            order |= {"type": "LIMIT", "price": str(price), "timeInForce": "GTC"}
        if client_id is not None:
            order["newClientOrderId"] = client_id
        return {snake(name): value for name, value in (order | (changes or {})).items()}

    def place(self, side, qty, price, client_id=None, changes=None):
        order = self.order(side, qty, price, client_id, changes)
        return Order.of_venue(plain(self.rest.new_order(**order).data()))

    def place_post_only(self, side, qty, price):
        return self.rest.new_order(
            symbol=SYMBOL, side=side, type="LIMIT_MAKER", quantity=str(qty), price=str(price)
        )

    def query(self, order_id):
        found = self.rest.get_order(symbol=SYMBOL, order_id=int(order_id))
        return Order.of_venue(plain(found.data()))

    def open_orders(self):
        listed = plain(self.rest.get_open_orders(symbol=SYMBOL).data())
        return [Order.of_venue(it) for it in listed]

    def amend(self, order_id, qty, client_id):
        amended = self.rest.order_amend_keep_priority(
            symbol=SYMBOL, new_qty=str(qty), order_id=int(order_id), new_client_order_id=client_id
        )
        raw = plain(amended.data())["amendedOrder"]
        return Order.of_venue(raw | {"origQty": raw["qty"]})

    def replace(self, order_id, side, qty, price, client_id):
        raw = plain(self.rest.order_cancel_replace(
            symbol=SYMBOL, side=side, type="LIMIT", cancel_replace_mode="STOP_ON_FAILURE",
            time_in_force="GTC", quantity=str(qty), price=str(price),
            new_client_order_id=client_id, cancel_order_id=int(order_id),
        ).data())
        return Order.of_venue(raw["newOrderResponse"])

    def cancel(self, order_id):
        canceled = self.rest.delete_order(symbol=SYMBOL, order_id=int(order_id))
        return Order.of_venue(plain(canceled.data()))

    def cancel_all(self):
        self.rest.delete_open_orders(symbol=SYMBOL)

    def trades(self, symbol):
        return [
            {"order": str(it["orderId"]), "qty": number(it["qty"]), "price": number(it["price"])}
            for it in plain(self.rest.my_trades(symbol=symbol).data())
        ]

    def place_over_socket(self, side, qty, price, client_id):
        order = self.order(side, qty, price, client_id, None)
        answer = self.run(self.opened().order_place(**order))
        return Order.of_venue(plain(answer.data().result))

    def cancel_over_socket(self, order_id):
        answer = self.run(self.opened().order_cancel(symbol=SYMBOL, order_id=int(order_id)))
        return Order.of_venue(plain(answer.data().result))

    def log_on(self):
        return session_of(self.back, self.opened().session_logon())

    def log_off(self):
        return session_of(self.back, self.opened().session_logout())


if __name__ == "__main__":
    sys.exit(judge(BinanceSdkSpot))
