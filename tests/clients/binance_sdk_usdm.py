"""binance-sdk-derivatives-trading-usds-futures: the venue's own client.

It checks every answer and event against its models, so a field of another type fails here.
"""

import json
import logging
import sys

from binance_common.configuration import (
    ConfigurationRestAPI, ConfigurationWebSocketAPI, ConfigurationWebSocketStreams,
)
from binance_common.signature import Signers
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)
from binance_sdk_derivatives_trading_usds_futures.websocket_streams.models import (
    AccountUpdate, AlgoUpdate, OrderTradeUpdate,
)

from common import KEY, SECRET, Background, number
from sdk_common import Strict, plain, refusal_of, secret_of, session_of, snake, whole
from usdm_life import SYMBOL, Order, Stop, judge


class BinanceSdk:
    name = "binance-sdk-usdm"
    cannot_say = set()
    signs_ed25519 = True

    def __init__(self, exchange, key=KEY, secret=SECRET):
        self.back = Background()
        self.events, self.accounts, self.stop_events = [], [], []
        self.trades_seen, self.quotes, self.marks = [], [], []
        self.sdk = DerivativesTradingUsdsFutures(
            config_rest_api=ConfigurationRestAPI(
                api_key=key, **secret_of(secret), base_path=exchange.http, timeout=10_000
            ),
            config_ws_api=ConfigurationWebSocketAPI(
                api_key=key, **secret_of(secret), stream_url=f"{exchange.ws}/ws-fapi/v1"
            ),
            config_ws_streams=ConfigurationWebSocketStreams(stream_url=exchange.ws),
        )
        self.signer = Signers.get_signer(secret) if secret.startswith("-----BEGIN") else None
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

    def market(self, symbol):
        listed = plain(self.rest.exchange_information().data())["symbols"]
        known = [it for it in listed if it["symbol"] == symbol]
        filters = {it["filterType"]: it for it in known[0]["filters"]}
        return {
            "tick": number(filters["PRICE_FILTER"]["tickSize"]),
            "step": number(filters["LOT_SIZE"]["stepSize"]),
            "notional_min": number(filters["MIN_NOTIONAL"]["notional"]),
        }

    def time(self):
        return self.rest.check_server_time().data().server_time

    def wallet(self, asset):
        balances = plain(self.rest.futures_account_balance_v3().data())
        return number([it for it in balances if it["asset"] == asset][0]["balance"])

    def position(self, symbol):
        held = plain(self.rest.position_information_v3(symbol=symbol).data())
        return sum((number(it["positionAmt"]) for it in held), number(0))

    def set_leverage(self, symbol, leverage):
        self.rest.change_initial_leverage(symbol=symbol, leverage=leverage)

    def fees(self, symbol):
        rates = plain(self.rest.user_commission_rate(symbol=symbol).data())
        return number(rates["makerCommissionRate"]), number(rates["takerCommissionRate"])

    def book(self, symbol, limit):
        book = plain(self.rest.order_book(symbol=symbol, limit=limit).data())
        sides = [[(number(price), number(qty)) for price, qty in book[side]]
                 for side in ("bids", "asks")]
        return *sides, book["lastUpdateId"]

    def recent_trades(self, symbol):
        return [
            {"id": str(it["id"]), "price": number(it["price"]), "qty": number(it["qty"])}
            for it in plain(self.rest.recent_trades_list(symbol=symbol, limit=20).data())
        ]

    def candles(self, symbol):
        candles = self.rest.kline_candlestick_data(symbol=symbol, interval="1m").data()
        return [(int(it[0]), *map(number, it[1:4])) for it in map(whole, candles)]

    def ticker(self, symbol):
        day = whole(self.rest.ticker24hr_price_change_statistics(symbol=symbol).data())
        day = day.to_dict() if hasattr(day, "to_dict") else day
        return number(day["lastPrice"]), number(day["highPrice"]), number(day["lowPrice"])

    def fees_paid(self):
        income = plain(self.rest.get_income_history(income_type="COMMISSION").data())
        return -sum(number(it["income"]) for it in income)

    def connected(self):
        if self.streams is None:
            self.streams = self.run(self.sdk.websocket_streams.create_connection())
        return self.streams

    def listen(self, asked, on_message):
        self.run(asked).on("message", on_message)

    def stream_book(self, symbol, book):
        def on_message(event):
            book.on_difference(plain(event))
            if book.waits:
                book.on_snapshot(plain(self.rest.order_book(symbol=symbol, limit=1000).data()))
        streams = self.connected()
        asked = streams.diff_book_depth_streams(symbol=symbol.lower(), update_speed="100ms")
        self.listen(asked, on_message)

    def stream_quotes(self, symbol):
        def on_message(event):
            event = plain(event)
            self.quotes.append({"bid": number(event["b"]), "ask": number(event["a"])})
        streams = self.connected()
        asked = streams.individual_symbol_book_ticker_streams(symbol=symbol.lower())
        self.listen(asked, on_message)

    def stream_marks(self, symbol):
        def on_message(event):
            self.marks.append(number(plain(event)["p"]))
        self.listen(self.connected().mark_price_stream(symbol=symbol.lower()), on_message)

    def stream_trades(self, symbol):
        def on_message(event):
            self.trades_seen.append(
                {"id": str(event.a), "price": number(event.p), "qty": number(event.q)}
            )
        self.listen(self.connected().aggregate_trade_streams(symbol=symbol.lower()), on_message)

    def stream_user(self):
        def on_message(event):
            event = event.actual_instance
            if isinstance(event, OrderTradeUpdate):
                self.events.append(plain(event.o))
            if isinstance(event, AccountUpdate):
                self.accounts.append(plain(event.a))
            if isinstance(event, AlgoUpdate):
                self.stop_events.append(plain(event.o))
        listen_key = self.rest.start_user_data_stream().data().listen_key
        self.listen(self.connected().user_data(listen_key), on_message)
        self.rest.keepalive_user_data_stream()

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
        return {snake(name): value for name, value in (order | (changes or {})).items()}

    def place(self, side, qty, price, client_id=None, reduce_only=False, changes=None):
        order = self.order(side, qty, price, client_id, reduce_only, changes)
        return Order.of_venue(plain(self.rest.new_order(**order).data()))

    def query(self, order_id):
        found = self.rest.query_order(symbol=SYMBOL, order_id=int(order_id))
        return Order.of_venue(plain(found.data()))

    def open_orders(self):
        listed = plain(self.rest.current_all_open_orders(symbol=SYMBOL).data())
        return [Order.of_venue(it) for it in listed]

    def amend(self, order_id, side, qty, price):
        amended = self.rest.modify_order(
            symbol=SYMBOL, side=side, quantity=str(qty), price=str(price), order_id=int(order_id)
        )
        return Order.of_venue(plain(amended.data()))

    def cancel(self, order_id):
        canceled = self.rest.cancel_order(symbol=SYMBOL, order_id=int(order_id))
        return Order.of_venue(plain(canceled.data()))

    def cancel_all(self):
        self.rest.cancel_all_open_orders(symbol=SYMBOL)

    def count_down(self, symbol, after_ms):
        self.rest.auto_cancel_all_open_orders(symbol=symbol, countdown_time=after_ms)

    def place_batch(self, orders):
        batch = [
            {"symbol": SYMBOL, "side": side, "type": "LIMIT", "timeInForce": "GTC",
             "quantity": str(qty), "price": str(price), "newClientOrderId": client_id}
            for side, qty, price, client_id in orders
        ]
        # Its parameter is the text of a list.
        answers = plain(self.rest.place_multiple_orders(batch_orders=json.dumps(batch)).data())
        return [it["code"] if it.get("code") else Order.of_venue(it) for it in answers]

    def cancel_batch(self, ids):
        listed = json.dumps([int(it) for it in ids])
        answers = self.rest.cancel_multiple_orders(symbol=SYMBOL, order_id_list=listed)
        return [Order.of_venue(it) for it in plain(answers.data())]

    def stop(self, kind, qty, trigger, client_id):
        stop = {"algo_type": "CONDITIONAL", "symbol": SYMBOL, "side": "SELL", "type": kind,
                "trigger_price": str(trigger), "working_type": "MARK_PRICE",
                "client_algo_id": client_id}
        if qty is None:
            return stop | {"close_position": "true"}
        return stop | {"quantity": str(qty), "reduce_only": "true"}

    def place_stop(self, kind, qty, trigger, client_id):
        stop = self.stop(kind, qty, trigger, client_id)
        return Stop.of_venue(plain(self.rest.new_algo_order(**stop).data()))

    def query_stop(self, stop_id):
        return Stop.of_venue(plain(self.rest.query_algo_order(algo_id=int(stop_id)).data()))

    def open_stops(self):
        listed = plain(self.rest.current_all_algo_open_orders(symbol=SYMBOL).data())
        return [Stop.of_venue(it) for it in listed]

    def cancel_stop(self, stop_id):
        self.rest.cancel_algo_order(algo_id=int(stop_id)).data()

    def cancel_stops(self):
        self.rest.cancel_all_algo_open_orders(symbol=SYMBOL).data()

    def place_stop_over_socket(self, kind, qty, trigger, client_id):
        stop = self.stop(kind, qty, trigger, client_id)
        placed = self.run(self.socket().new_algo_order(**stop))
        return Stop.of_venue(plain(placed.data().result))

    def cancel_stop_over_socket(self, stop_id):
        self.run(self.socket().cancel_algo_order(algo_id=int(stop_id))).data()

    def trades(self, symbol):
        return [
            {"order": str(it["orderId"]), "qty": number(it["qty"]), "price": number(it["price"])}
            for it in plain(self.rest.account_trade_list(symbol=symbol).data())
        ]

    def answers(self):
        """Questions whose answers its models check, by name."""
        rest, one = self.rest, {"symbol": SYMBOL}
        asked = {
            "account v2": rest.account_information_v2,
            "account v3": rest.account_information_v3,
            "balance v2": rest.futures_account_balance_v2,
            "accountConfig": rest.futures_account_configuration,
            "positionRisk v2": lambda: rest.position_information_v2(**one),
            "symbolConfig": lambda: rest.symbol_configuration(**one),
            "leverageBracket": lambda: rest.notional_and_leverage_brackets(**one),
            "rateLimit/order": rest.query_user_rate_limit,
            "apiTradingStatus": rest.futures_trading_quantitative_rules_indicators,
            "multiAssetsMargin": rest.get_current_multi_assets_mode,
            "positionSide/dual": rest.get_current_position_mode,
            "income": rest.get_income_history,
            "allOrders": lambda: rest.all_orders(**one),
            "allAlgoOrders": lambda: rest.query_all_algo_orders(**one),
            "premiumIndex": lambda: rest.mark_price(**one),
            "bookTicker": lambda: rest.symbol_order_book_ticker(**one),
            "ticker/price": lambda: rest.symbol_price_ticker(**one),
            "ticker/price v2": lambda: rest.symbol_price_ticker_v2(**one),
            "aggTrades": lambda: rest.compressed_aggregate_trades_list(**one),
        }
        over_socket = {
            "account.status": lambda api: api.account_information(),
            "v2/account.status": lambda api: api.account_information_v2(),
            "account.balance": lambda api: api.futures_account_balance(),
            "v2/account.balance": lambda api: api.futures_account_balance_v2(),
            "account.position": lambda api: api.position_information(**one),
            "depth": lambda api: api.order_book(**one),
            "ticker.book": lambda api: api.symbol_order_book_ticker(**one),
            "ticker.price": lambda api: api.symbol_price_ticker(**one),
        }
        asked = {name: lambda ask=ask: ask().data() for name, ask in asked.items()}
        for name, ask in over_socket.items():
            asked[name] = lambda ask=ask: whole(self.run(ask(self.api)).data()).result
        return asked

    def socket(self):
        if self.api is None:
            self.api = self.run(self.sdk.websocket_api.create_connection())
        return self.api

    def over_socket(self, ask):
        return Order.of_venue(plain(self.run(ask(self.socket())).data().result))

    def place_over_socket(self, side, qty, price, client_id):
        order = self.order(side, qty, price, client_id, False, None)
        return self.over_socket(lambda api: api.new_order(**order))

    def cancel_over_socket(self, order_id):
        return self.over_socket(lambda api: api.cancel_order(symbol=SYMBOL, order_id=int(order_id)))

    # It knows sessions, and has no methods for them on this market.
    def log_on(self):
        asked = {"method": "session.logon", "params": {}}
        sent = self.socket().send_signed_message(asked, self.signer, session_logon=True)
        return session_of(self.back, sent)

    def log_off(self):
        asked = {"method": "session.logout", "params": {}}
        return session_of(self.back, self.socket().send_message(asked, session_logout=True))


if __name__ == "__main__":
    sys.exit(judge(BinanceSdk))
