"""ccxt on Spot: synchronous; its own words for everything, so its reading of our answers is judged
too."""

import sys

import ccxt

from ccxt_usdm import levels, move, order_of, refusal_of, request_of
from common import KEY, SECRET, number
from spot_life import Refusal, judge

UNIFIED = "BTC/USDT"


def pointed(client_class, exchange, key, secret):
    """A client of ccxt at our address."""
    options = {"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False}
    client = client_class({"apiKey": key, "secret": secret, "enableRateLimit": False,
                           "options": options})
    client.has["fetchCurrencies"] = False
    moved = [("https://api.binance.com", exchange.http),
             ("wss://stream.binance.com:9443", exchange.ws),
             ("wss://ws-api.binance.com:443", exchange.ws)]
    move(client.urls["api"], moved)
    return client


def market_of(client):
    market = client.market(UNIFIED)
    return {
        "tick": number(market["precision"]["price"]),
        "step": number(market["precision"]["amount"]),
        "notional_min": number(market["limits"]["cost"]["min"]),
    }


# What it knows by the venue's words it throws with them alone: the exception is its reading of the
# code.
READ = {ccxt.InsufficientFunds: -2010, ccxt.OrderImmediatelyFillable: -2010}


def refusal_on_spot(error, headers, status):
    """The code in the exception's text, or the one that the exception itself stands for."""
    if type(error) in READ:
        return Refusal(READ[type(error)])
    if isinstance(error, ccxt.InvalidOrder) and "Filter failure: PERCENT_PRICE" in str(error):
        return Refusal(-1013)
    return refusal_of(error, headers, status)


class Ccxt:
    name = "ccxt spot"
    # It takes `type` for its own.
    cannot_say = {"WISH", "STOP_LOSS_LIMIT"}
    signs_ed25519 = True

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.rest = pointed(ccxt.binance, exchange, key, secret)

    def close(self):
        self.rest.session.close()

    def refusal(self, error):
        status = 429 if isinstance(error, ccxt.DDoSProtection) else None
        return refusal_on_spot(error, self.rest.last_response_headers, status)

    def market(self, symbol):
        self.rest.load_markets()
        return market_of(self.rest)

    def time(self):
        return self.rest.fetch_time()

    def wallet(self, asset):
        held = self.rest.fetch_balance()[asset]
        return number(held["free"]), number(held["used"])

    def book(self, symbol, limit):
        book = self.rest.fetch_order_book(UNIFIED, limit)
        return levels(book["bids"]), levels(book["asks"]), book["nonce"]

    def place(self, side, qty, price, client_id=None, changes=None):
        kind, amount, limit, params = request_of(qty, price, client_id, False, changes)
        return order_of(self.rest.create_order(UNIFIED, kind, side.lower(), amount, limit, params))

    def place_post_only(self, side, qty, price):
        kind, amount, limit, _ = request_of(qty, price, None, False, None)
        params = {"postOnly": True}
        return order_of(self.rest.create_order(UNIFIED, kind, side.lower(), amount, limit, params))

    def query(self, order_id):
        return order_of(self.rest.fetch_order(str(order_id), UNIFIED))

    def open_orders(self):
        return [order_of(it) for it in self.rest.fetch_open_orders(UNIFIED)]

    def replace(self, order_id, side, qty, price, client_id):
        params = {"newClientOrderId": client_id}
        return order_of(self.rest.edit_order(
            order_id, UNIFIED, "limit", side.lower(), float(qty), float(price), params
        ))

    def cancel(self, order_id):
        return order_of(self.rest.cancel_order(order_id, UNIFIED))

    def cancel_all(self):
        self.rest.cancel_all_orders(UNIFIED)

    def trades(self, symbol):
        return [
            {"order": it["order"], "qty": number(it["amount"]), "price": number(it["price"])}
            for it in self.rest.fetch_my_trades(UNIFIED)
        ]


if __name__ == "__main__":
    sys.exit(judge(Ccxt))
