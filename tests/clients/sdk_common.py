"""What the venue's own clients have in common: their models, what they write down and throw."""

import logging
import re

from binance_common.errors import Error, TooManyRequestsError

from life import Refusal


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def plain(answer):
    """A model, or a list of them, in the venue's own names."""
    if isinstance(answer, list):
        return [plain(it) for it in answer]
    return answer.to_dict()


def whole(answer):
    """What is in a model that may be one of several."""
    return getattr(answer, "actual_instance", answer)


def secret_of(secret):
    """How the client is told a secret of HMAC, or an Ed25519 key."""
    return {"private_key" if secret.startswith("-----BEGIN") else "api_secret": secret}


def session_of(back, asked):
    """Whose session it is, by the answer to a request about it."""
    answer = back.run(asked).data()
    if not isinstance(answer, dict):
        return plain(answer.result).get("apiKey")
    if "result" not in answer:  # it has models for what is answered alone
        raise ValueError(answer.get("error", answer))
    return answer["result"]["apiKey"]


class Strict(logging.Handler):
    """What the client only writes down when one of our frames is not what its models say."""

    def __init__(self):
        super().__init__()
        self.said = []

    def emit(self, record):
        text = record.getMessage()
        if "Failed to parse" in text or "Error in callback" in text or "Unknown user data" in text:
            self.said.append(text)


def refusal_of(error):
    """What it throws, in few words."""
    if isinstance(error, ValueError) and error.args and isinstance(error.args[0], dict):
        return Refusal(error.args[0]["code"])
    if not isinstance(error, Error) or not hasattr(error, "status_code"):
        raise error
    # What it calls the status is the code.
    limited = isinstance(error, TooManyRequestsError)
    wait = error.retry_after if limited else None
    return Refusal(error.status_code, 429 if limited else None, wait)
