"""A client whose key is of Ed25519: what it signs is taken, and where it can it logs on.

The keys are the ones of the venue's own examples and one that is nobody's.
"""

import tempfile

from common import KEY, SECRET, Exchange, expect

HEAD, TAIL = "-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----"
PRIVATE = HEAD + "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u" + TAIL
NOBODYS = HEAD + "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + TAIL

ACCOUNTS = """accounts:
  - key: {key}
    public_key: MCowBQYDK2VwAyEAGUIKv9dSpWXBViXp2m6vAIb8QMFJYBgyFEQsFJlqgA0=
    spot: {{USDT: 100000, BTC: 10}}
    usdm: 100000
"""


def signs(checks, engine, make, life):
    """The part of a life that such a key has beside what every key has."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as accounts:
        accounts.write(ACCOUNTS.format(key=KEY))
        accounts.flush()
        with Exchange(engine, dialect=life.DIALECT, accounts=accounts.name) as exchange:
            client = make(exchange, KEY, PRIVATE)
            asker = life(checks, exchange, client, make)
            try:
                over_http(checks, asker)
                over_socket(checks, asker)
                log_on(checks, asker)
            finally:
                client.close()
            for name, secret in (("another Ed25519 key", NOBODYS), ("a secret of HMAC", SECRET)):
                wrong = make(exchange, KEY, secret)
                ask = lambda: wrong.wallet("USDT")
                asker.refuse(f"a signature by {name}", -1022, ask, wrong)
                wrong.close()


def over_http(checks, asker):
    client = asker.client
    with checks.check("an Ed25519 key signs an order, a question and a cancel"):
        name = asker.next_id()
        order = client.place("BUY", asker.QTY, asker.resting(), client_id=name)
        asker.true_order(name, "NEW")
        expect([it.client_id for it in client.open_orders()], [name], "open orders")
        client.cancel(order.id)
        asker.true_order(name, "CANCELED")


def over_socket(checks, asker):
    client = asker.client
    if not hasattr(client, "place_over_socket") or not getattr(client, "signs_sockets", True):
        return
    with checks.check("an Ed25519 key signs what is said over the socket"):
        lives_over_socket(asker)


def lives_over_socket(asker):
    """An order that is placed and cancelled."""
    client, name = asker.client, asker.next_id()
    order = client.place_over_socket("BUY", asker.QTY, asker.resting(), client_id=name)
    asker.true_order(name, "NEW")
    expect(client.cancel_over_socket(order.id).status, "CANCELED", "status")
    asker.true_order(name, "CANCELED")


def log_on(checks, asker):
    """Where a client logs on, it signs no request of the socket any more."""
    client = asker.client
    if not hasattr(client, "log_on"):
        return
    with checks.check("an Ed25519 key logs on, and what follows needs no signature"):
        expect(client.log_on(), KEY, "whose session it is")
        lives_over_socket(asker)
        expect(asker.exchange.truth()["requests"]["SAY session.logon"], 1, "logons")
    with checks.check("a logout ends the session, and what follows is signed again"):
        expect(client.log_off(), None, "whose session it is")
        lives_over_socket(asker)
    with Exchange(asker.exchange.engine, dialect=asker.DIALECT) as exchange:
        other = asker.make(exchange, KEY, SECRET)
        asker.refuse("a logon with a secret of HMAC", -4056, other.log_on, other)
        other.close()
