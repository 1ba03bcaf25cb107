"""ccxt: synchronous; its own words for everything, so its reading of our answers is judged too."""

import re
import sys

import ccxt

from common import KEY, SECRET, number
from usdm_life import SYMBOL, Order, Refusal, Stop, judge

UNIFIED = "BTC/USDT:USDT"


def pointed(client_class, exchange, key, secret):
    """A client of ccxt at our address."""
    options = {"fetchMarkets": {"types": ["linear"]}, "fetchMargins": False}
    client = client_class({"apiKey": key, "secret": secret, "enableRateLimit": False,
                           "options": options})
    client.has["fetchCurrencies"] = False
    hosts = {exchange.http: ("https://fapi", "https://api"),
             exchange.ws: ("wss://fstream", "wss://ws-fapi")}
    moved = [(f"{old}.binance.com", new) for new, names in hosts.items() for old in names]
    move(client.urls["api"], moved)
    return client


def move(urls, moved):
    for name, url in list(urls.items()):
        if isinstance(url, dict):
            move(url, moved)
        elif isinstance(url, str):
            for old, new in moved:
                url = url.replace(old, new)
            urls[name] = url


# What its words mean in the venue's.
STATUS = {"closed": "FILLED", "canceled": "CANCELED", "expired": "EXPIRED"}


def order_of(unified):
    traded = number(unified["filled"])
    open_as = "PARTIALLY_FILLED" if traded else "NEW"
    return Order(
        id=unified["id"], client_id=unified["clientOrderId"],
        status=STATUS.get(unified["status"], open_as if unified["status"] == "open" else "?"),
        qty=number(unified["amount"]), traded=traded, price=number(unified["price"] or 0),
    )


def stop_of(unified):
    status = {"open": "NEW"} | STATUS
    return Stop(
        id=unified["id"], client_id=unified["clientOrderId"],
        status=status.get(unified["status"], "?"), trigger=number(unified["triggerPrice"]),
    )


def stop_request(kind, qty, trigger, client_id):
    """Arguments of `create_order` for a sale at the market once the mark comes to a price."""
    word = {"STOP_MARKET": "stopLossPrice", "TAKE_PROFIT_MARKET": "takeProfitPrice"}[kind]
    amount = {"closePosition": True} if qty is None else {"reduceOnly": True}
    params = {word: float(trigger), "workingType": "MARK_PRICE", "clientAlgoId": client_id}
    return "market", "sell", float(qty or 0), None, params | amount


# How it tells conditional orders from others.
CONDITIONAL = {"trigger": True}


def levels(side):
    return [(number(price), number(qty)) for price, qty, *_ in side]


def request_of(qty, price, client_id, reduce_only, changes):
    """Arguments of `create_order` after the symbol and the side."""
    params = dict(changes or {})
    if client_id is not None:
        params["newClientOrderId"] = client_id
    if reduce_only:
        params["reduceOnly"] = True
    kind = "market" if price is None else "limit"
    return kind, float(qty), None if price is None else float(price), params


def refusal_of(error, headers, status):
    """The code in the exception's text, and what was read beside it."""
    code = re.search(r'"code":\s*(-\d+)', str(error))
    if not isinstance(error, ccxt.BaseError) or code is None:
        raise error
    wait = {name.lower(): value for name, value in (headers or {}).items()}.get("retry-after")
    return Refusal(int(code[1]), status, wait and int(wait))


def market_of(client):
    market = client.market(UNIFIED)
    return {
        "tick": number(market["precision"]["price"]),
        "step": number(market["precision"]["amount"]),
        "notional_min": number(market["limits"]["cost"]["min"]),
    }


class Ccxt:
    name = "ccxt"
    # It takes `type` for its own.
    cannot_say = {"WISH", "STOP"}
    signs_ed25519 = True

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.rest = pointed(ccxt.binanceusdm, exchange, key, secret)

    def close(self):
        self.rest.session.close()

    def refusal(self, error):
        status = 429 if isinstance(error, ccxt.DDoSProtection) else None
        return refusal_of(error, self.rest.last_response_headers, status)

    def market(self, symbol):
        self.rest.load_markets()
        return market_of(self.rest)

    def time(self):
        return self.rest.fetch_time()

    def wallet(self, asset):
        return number(self.rest.fetch_balance()[asset]["total"])

    def position(self, symbol):
        held = self.rest.fetch_positions([UNIFIED])
        sign = {"long": 1, "short": -1, None: 0}
        return sum((number(it["contracts"]) * sign[it["side"]] for it in held), number(0))

    def set_leverage(self, symbol, leverage):
        self.rest.set_leverage(leverage, UNIFIED)

    def fees(self, symbol):
        fee = self.rest.fetch_trading_fee(UNIFIED)
        return number(fee["maker"]), number(fee["taker"])

    def book(self, symbol, limit):
        book = self.rest.fetch_order_book(UNIFIED, limit)
        return levels(book["bids"]), levels(book["asks"]), book["nonce"]

    def recent_trades(self, symbol):
        return [
            {"id": it["id"], "price": number(it["price"]), "qty": number(it["amount"])}
            for it in self.rest.fetch_trades(UNIFIED, limit=20)
        ]

    def candles(self, symbol):
        candles = self.rest.fetch_ohlcv(UNIFIED, "1m")
        return [(it[0], *map(number, it[1:4])) for it in candles]

    def ticker(self, symbol):
        day = self.rest.fetch_ticker(UNIFIED)
        return number(day["last"]), number(day["high"]), number(day["low"])

    def fees_paid(self):
        asked = {"type": "future", "incomeType": "COMMISSION"}
        income = self.rest.fetch_ledger(None, params=asked)
        return sum(number(it["amount"]) for it in income)

    def place(self, side, qty, price, client_id=None, reduce_only=False, changes=None):
        request = request_of(qty, price, client_id, reduce_only, changes)
        kind, amount, limit, params = request
        return order_of(self.rest.create_order(UNIFIED, kind, side.lower(), amount, limit, params))

    def query(self, order_id):
        return order_of(self.rest.fetch_order(str(order_id), UNIFIED))

    def open_orders(self):
        return [order_of(it) for it in self.rest.fetch_open_orders(UNIFIED)]

    def amend(self, order_id, side, qty, price):
        limit = float(price)
        return order_of(
            self.rest.edit_order(order_id, UNIFIED, "limit", side.lower(), float(qty), limit)
        )

    def cancel(self, order_id):
        return order_of(self.rest.cancel_order(order_id, UNIFIED))

    def cancel_all(self):
        self.rest.cancel_all_orders(UNIFIED)

    def place_batch(self, orders):
        batch = [
            {"symbol": UNIFIED, "type": "limit", "side": side.lower(), "amount": float(qty),
             "price": float(price), "params": {"newClientOrderId": client_id}}
            for side, qty, price, client_id in orders
        ]
        answers = self.rest.create_orders(batch)
        # It sorts what it was told by time, and a refusal has none.
        refused = [int(it["info"]["code"]) for it in answers if "code" in it["info"]]
        taken = {it["clientOrderId"]: order_of(it) for it in answers if "code" not in it["info"]}
        return [taken.get(client_id) or refused.pop(0) for *_, client_id in orders]

    def cancel_batch(self, ids):
        return [order_of(it) for it in self.rest.cancel_orders(ids, UNIFIED)]

    def place_stop(self, kind, qty, trigger, client_id):
        return stop_of(self.rest.create_order(UNIFIED, *stop_request(kind, qty, trigger, client_id)))

    def query_stop(self, stop_id):
        return stop_of(self.rest.fetch_order(stop_id, UNIFIED, CONDITIONAL))

    def open_stops(self):
        return [stop_of(it) for it in self.rest.fetch_open_orders(UNIFIED, params=CONDITIONAL)]

    def cancel_stop(self, stop_id):
        self.rest.cancel_order(stop_id, UNIFIED, CONDITIONAL)

    def cancel_stops(self):
        self.rest.cancel_all_orders(UNIFIED, CONDITIONAL)

    def trades(self, symbol):
        return [
            {"order": it["order"], "qty": number(it["amount"]), "price": number(it["price"])}
            for it in self.rest.fetch_my_trades(UNIFIED)
        ]


if __name__ == "__main__":
    sys.exit(judge(Ccxt))
