"""python-binance on Spot: asynchronous, parameters sorted and in the body, private events by a
signed subscription on the connection of the orders."""

import sys

from common import number
from python_binance_usdm import PythonBinance
from spot_life import SYMBOL, Order, judge


class PythonBinanceSpot(PythonBinance):
    name = "python-binance spot"
    cannot_say = set()
    signs_sockets = True

    def market(self, symbol):
        listed = self.run(self.rest.get_exchange_info())["symbols"]
        known = [it for it in listed if it["symbol"] == symbol]
        filters = {it["filterType"]: it for it in known[0]["filters"]}
        return {
            "tick": number(filters["PRICE_FILTER"]["tickSize"]),
            "step": number(filters["LOT_SIZE"]["stepSize"]),
            "notional_min": number(filters["NOTIONAL"]["minNotional"]),
        }

    def time(self):
        return self.run(self.rest.get_server_time())["serverTime"]

    def wallet(self, asset):
        held = self.run(self.rest.get_asset_balance(asset=asset))
        return number(held["free"]), number(held["locked"])

    def fees(self, symbol):
        rates = self.run(self.rest.get_account())["commissionRates"]
        return number(rates["maker"]), number(rates["taker"])

    def book(self, symbol, limit):
        book = self.run(self.rest.get_order_book(symbol=symbol, limit=limit))
        sides = [[(number(price), number(qty)) for price, qty in book[side]]
                 for side in ("bids", "asks")]
        return *sides, book["lastUpdateId"]

    def stream_book(self, symbol, book):
        async def on_message(message):
            book.on_difference(message["data"])
            if book.waits:
                book.on_snapshot(await self.rest.get_order_book(symbol=symbol, limit=1000))
        stream = f"{symbol.lower()}@depth@100ms"
        self.listen(lambda: self.manager.multiplex_socket([stream]), on_message)

    def stream_trades(self, symbol):
        async def on_message(event):
            self.trades_seen.append({"price": number(event["p"]), "qty": number(event["q"])})
        self.listen(lambda: self.manager.trade_socket(symbol), on_message)

    def stream_user(self):
        async def on_message(event):
            event = event.get("event", event)
            if event.get("e") == "executionReport":
                self.events.append(event)
        self.listen(self.manager.user_socket, on_message)

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
        return Order.of_venue(self.run(self.rest.create_order(**order)))

    def place_post_only(self, side, qty, price):
        order = {"symbol": SYMBOL, "side": side, "quantity": str(qty), "price": str(price)}
        return self.run(self.rest.create_order(type="LIMIT_MAKER", **order))

    def query(self, order_id):
        return Order.of_venue(self.run(self.rest.get_order(symbol=SYMBOL, orderId=order_id)))

    def open_orders(self):
        return [Order.of_venue(it) for it in self.run(self.rest.get_open_orders(symbol=SYMBOL))]

    amend = None

    def replace(self, order_id, side, qty, price, client_id):
        raw = self.run(self.rest.cancel_replace_order(
            symbol=SYMBOL, side=side, type="LIMIT", timeInForce="GTC", quantity=str(qty),
            price=str(price), newClientOrderId=client_id, cancelOrderId=order_id,
            cancelReplaceMode="STOP_ON_FAILURE",
        ))
        return Order.of_venue(raw["newOrderResponse"])

    def cancel(self, order_id):
        return Order.of_venue(self.run(self.rest.cancel_order(symbol=SYMBOL, orderId=order_id)))

    def cancel_all(self):
        self.run(self.rest.cancel_all_open_orders(symbol=SYMBOL))

    def trades(self, symbol):
        return [
            {"order": str(it["orderId"]), "qty": number(it["qty"]), "price": number(it["price"])}
            for it in self.run(self.rest.get_my_trades(symbol=symbol))
        ]

    def place_over_socket(self, side, qty, price, client_id):
        order = self.order(side, qty, price, client_id, None)
        return Order.of_venue(self.run(self.rest.ws_create_order(**order)))

    def cancel_over_socket(self, order_id):
        raw = self.run(self.rest.ws_cancel_order(symbol=SYMBOL, orderId=int(order_id)))
        return Order.of_venue(raw)


if __name__ == "__main__":
    sys.exit(judge(PythonBinanceSpot))
