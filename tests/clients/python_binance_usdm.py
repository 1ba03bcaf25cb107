"""python-binance: asynchronous, parameters sorted and in the body, routed stream addresses."""

import sys
import threading

from binance import AsyncClient, BinanceSocketManager
from binance.enums import FuturesType
from binance.exceptions import BinanceAPIException

from common import KEY, SECRET, Background, eventually, number
from usdm_life import SYMBOL, Order, Refusal, Stop, judge


def addresses(exchange):
    """The client's class, at our address: it has no other way to be told."""
    http, ws = exchange.http, exchange.ws

    class At(AsyncClient):
        API_URL, MARGIN_API_URL = f"{http}/api", f"{http}/sapi"
        FUTURES_URL, FUTURES_DATA_URL = f"{http}/fapi", f"{http}/futures/data"
        WS_API_URL, WS_FUTURES_URL = f"{ws}/ws-api/v3", f"{ws}/ws-fapi/v1"

    class Sockets(BinanceSocketManager):
        STREAM_URL = FSTREAM_URL = DSTREAM_URL = f"{ws}/"

    return At, Sockets


class PythonBinance:
    name = "python-binance"
    # It sends conditional types to another endpoint.
    cannot_say = {"STOP"}
    signs_ed25519 = True
    # It writes the Base64 of a signature into the message as if it stood in an address.
    signs_sockets = False

    def __init__(self, exchange, key=KEY, secret=SECRET):
        client, sockets = addresses(exchange)
        self.back = Background()
        self.events, self.accounts, self.stop_events = [], [], []
        self.trades_seen, self.quotes, self.marks = [], [], []
        self.readers = []

        async def make():
            is_pair = secret.startswith("-----BEGIN")
            rest = client(key, private_key=secret) if is_pair else client(key, secret)
            return rest, sockets(rest)
        self.rest, self.manager = self.back.run(make())

    def run(self, coroutine):
        return self.back.run(coroutine)

    def close(self):
        for reader in self.readers:
            reader.cancel()
        self.run(self.rest.close_connection())

    def refusal(self, error):
        if not isinstance(error, BinanceAPIException):
            raise error
        headers = getattr(error.response, "headers", {})
        wait = headers.get("Retry-After")
        return Refusal(error.code, error.status_code, wait and int(wait))

    def market(self, symbol):
        listed = self.run(self.rest.futures_exchange_info())["symbols"]
        known = [it for it in listed if it["symbol"] == symbol]
        filters = {it["filterType"]: it for it in known[0]["filters"]}
        return {
            "tick": number(filters["PRICE_FILTER"]["tickSize"]),
            "step": number(filters["LOT_SIZE"]["stepSize"]),
            "notional_min": number(filters["MIN_NOTIONAL"]["notional"]),
        }

    def time(self):
        return self.run(self.rest.futures_time())["serverTime"]

    def wallet(self, asset):
        balances = self.run(self.rest.futures_account_balance())
        return number([it for it in balances if it["asset"] == asset][0]["balance"])

    def position(self, symbol):
        held = self.run(self.rest.futures_position_information(symbol=symbol))
        return sum((number(it["positionAmt"]) for it in held), number(0))

    def set_leverage(self, symbol, leverage):
        self.run(self.rest.futures_change_leverage(symbol=symbol, leverage=leverage))

    def fees(self, symbol):
        rates = self.run(self.rest.futures_commission_rate(symbol=symbol))
        return number(rates["makerCommissionRate"]), number(rates["takerCommissionRate"])

    def book(self, symbol, limit):
        book = self.run(self.rest.futures_order_book(symbol=symbol, limit=limit))
        sides = [[(number(price), number(qty)) for price, qty in book[side]]
                 for side in ("bids", "asks")]
        return *sides, book["lastUpdateId"]

    def recent_trades(self, symbol):
        return [
            {"id": str(it["id"]), "price": number(it["price"]), "qty": number(it["qty"])}
            for it in self.run(self.rest.futures_recent_trades(symbol=symbol, limit=20))
        ]

    def candles(self, symbol):
        candles = self.run(self.rest.futures_klines(symbol=symbol, interval="1m"))
        return [(it[0], *map(number, it[1:4])) for it in candles]

    def ticker(self, symbol):
        day = self.run(self.rest.futures_ticker(symbol=symbol))
        return number(day["lastPrice"]), number(day["highPrice"]), number(day["lowPrice"])

    def fees_paid(self):
        income = self.run(self.rest.futures_income_history(incomeType="COMMISSION"))
        return -sum(number(it["income"]) for it in income)

    def listen(self, open_socket, on_message):
        """Opens a socket and reads it for ever; comes back once it is open."""
        opened = threading.Event()

        async def read():
            async with open_socket() as stream:
                opened.set()
                while True:
                    await on_message(await stream.recv())
        self.readers.append(self.back.start(read()))
        eventually(opened.is_set, "an open socket")

    def stream_book(self, symbol, book):
        async def on_message(message):
            book.on_difference(message["data"])
            if book.waits:
                book.on_snapshot(await self.rest.futures_order_book(symbol=symbol, limit=1000))
        stream = f"{symbol.lower()}@depth@100ms"
        usdm = FuturesType.USD_M
        self.listen(
            lambda: self.manager.futures_multiplex_socket([stream], usdm, "public"), on_message
        )

    def stream_quotes(self, symbol):
        async def on_message(message):
            event = message["data"]
            self.quotes.append({"bid": number(event["b"]), "ask": number(event["a"])})
        stream, usdm = f"{symbol.lower()}@bookTicker", FuturesType.USD_M
        self.listen(
            lambda: self.manager.futures_multiplex_socket([stream], usdm, "public"), on_message
        )

    def stream_marks(self, symbol):
        async def on_message(message):
            self.marks.append(number(message["data"]["p"]))
        self.listen(lambda: self.manager.symbol_mark_price_socket(symbol), on_message)

    def stream_trades(self, symbol):
        async def on_message(message):
            event = message["data"]
            self.trades_seen.append({
                "id": str(event["a"]), "price": number(event["p"]), "qty": number(event["q"]),
            })
        self.listen(lambda: self.manager.aggtrade_futures_socket(symbol), on_message)

    def stream_user(self):
        async def on_message(event):
            if event.get("e") == "ORDER_TRADE_UPDATE":
                self.events.append(event["o"])
            if event.get("e") == "ACCOUNT_UPDATE":
                self.accounts.append(event["a"])
            if event.get("e") == "ALGO_UPDATE":
                self.stop_events.append(event["o"])
        self.listen(self.manager.futures_user_socket, on_message)

    def order(self, side, qty, price, client_id, reduce_only, changes):
        order = {"symbol": SYMBOL, "side": side, "quantity": str(qty)}
        if price is None:
            order |= {"type": "MARKET", "newOrderRespType": "RESULT"}
        else:
            order |= {"type": "LIMIT", "price": str(price), "timeInForce": "GTC"}
        if client_id is not None:
            order["newClientOrderId"] = client_id
        if reduce_only:
            order["reduceOnly"] = "true"
        return order | (changes or {})

    def place(self, side, qty, price, client_id=None, reduce_only=False, changes=None):
        order = self.order(side, qty, price, client_id, reduce_only, changes)
        return Order.of_venue(self.run(self.rest.futures_create_order(**order)))

    def query(self, order_id):
        raw = self.run(self.rest.futures_get_order(symbol=SYMBOL, orderId=order_id))
        return Order.of_venue(raw)

    def open_orders(self):
        listed = self.run(self.rest.futures_get_open_orders(symbol=SYMBOL))
        return [Order.of_venue(it) for it in listed]

    def amend(self, order_id, side, qty, price):
        return Order.of_venue(self.run(self.rest.futures_modify_order(
            symbol=SYMBOL, side=side, quantity=str(qty), price=str(price), orderId=order_id
        )))

    def cancel(self, order_id):
        raw = self.run(self.rest.futures_cancel_order(symbol=SYMBOL, orderId=order_id))
        return Order.of_venue(raw)

    def cancel_all(self):
        self.run(self.rest.futures_cancel_all_open_orders(symbol=SYMBOL))

    def count_down(self, symbol, after_ms):
        self.run(self.rest.futures_countdown_cancel_all(symbol=symbol, countdownTime=after_ms))

    def place_batch(self, orders):
        batch = [
            {"symbol": SYMBOL, "side": side, "type": "LIMIT", "timeInForce": "GTC",
             "quantity": str(qty), "price": str(price), "newClientOrderId": client_id}
            for side, qty, price, client_id in orders
        ]
        answers = self.run(self.rest.futures_place_batch_order(batchOrders=batch))
        return [it["code"] if "code" in it else Order.of_venue(it) for it in answers]

    def cancel_batch(self, ids):
        # Its own spelling: what is spelled as documented it signs otherwise than it sends.
        listed = [int(it) for it in ids]
        raw = self.run(self.rest.futures_cancel_orders(symbol=SYMBOL, orderidlist=listed))
        return [Order.of_venue(it) for it in raw]

    def stop(self, kind, qty, trigger, client_id):
        stop = {"symbol": SYMBOL, "side": "SELL", "type": kind, "triggerPrice": str(trigger),
                "workingType": "MARK_PRICE", "clientAlgoId": client_id}
        if qty is None:
            return stop | {"closePosition": "true"}
        return stop | {"quantity": str(qty), "reduceOnly": "true"}

    def place_stop(self, kind, qty, trigger, client_id):
        stop = self.stop(kind, qty, trigger, client_id)
        return Stop.of_venue(self.run(self.rest.futures_create_order(**stop)))

    def query_stop(self, stop_id):
        return Stop.of_venue(self.run(self.rest.futures_get_algo_order(algoId=stop_id)))

    def open_stops(self):
        listed = self.run(self.rest.futures_get_open_algo_orders(symbol=SYMBOL))
        return [Stop.of_venue(it) for it in listed]

    def cancel_stop(self, stop_id):
        self.run(self.rest.futures_cancel_algo_order(algoId=stop_id))

    def cancel_stops(self):
        self.run(self.rest.futures_cancel_all_algo_open_orders(symbol=SYMBOL))

    def place_stop_over_socket(self, kind, qty, trigger, client_id):
        stop = self.stop(kind, qty, trigger, client_id)
        return Stop.of_venue(self.run(self.rest.ws_futures_create_order(**stop)))

    def cancel_stop_over_socket(self, stop_id):
        self.run(self.rest.ws_futures_cancel_algo_order(algoId=int(stop_id)))

    def trades(self, symbol):
        return [
            {"order": str(it["orderId"]), "qty": number(it["qty"]), "price": number(it["price"])}
            for it in self.run(self.rest.futures_account_trades(symbol=symbol))
        ]

    def place_over_socket(self, side, qty, price, client_id):
        order = self.order(side, qty, price, client_id, False, None)
        return Order.of_venue(self.run(self.rest.ws_futures_create_order(**order)))

    def cancel_over_socket(self, order_id):
        raw = self.run(self.rest.ws_futures_cancel_order(symbol=SYMBOL, orderId=int(order_id)))
        return Order.of_venue(raw)


if __name__ == "__main__":
    sys.exit(judge(PythonBinance))
