"""Environment variables that huggingface_hub cannot use, told by name: its own errors name none."""

import os
import re
from urllib.parse import urlsplit

from helpers.checkpoint.integrity import unusable

SECONDS = ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
TOKENS = ("HF_OIDC_RESOURCE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def check_settings() -> None:
    """Raise ``CheckpointError`` for what huggingface_hub, and so transformers, stumbles over while it is imported."""
    for name in SECONDS:
        value = os.environ.get(name, "10")
        if not re.fullmatch(r"\s*\d{1,6}\s*", value):
            raise unusable(name, f"is set to {value!r}, which is no number of seconds", "write 30, or unset it")
    try:
        urlsplit(os.environ.get("HF_ENDPOINT", "")).port  # noqa: B018 - it is checked when it is read
    except ValueError as error:
        raise unusable("HF_ENDPOINT", f"is no address ({error})", "write https://host, or unset it") from None


def check_network() -> None:
    """Raise ``CheckpointError`` for an address, a proxy, a certificate or a token that makes no request."""
    from huggingface_hub import constants, get_session, get_token

    if not re.fullmatch(r"https?://[^\s/\"'<>]+\S*", constants.ENDPOINT):
        raise unusable("HF_ENDPOINT", f"is set to {constants.ENDPOINT!r}", "write https://host, or unset it")
    try:
        get_session()
    except Exception as error:  # each of its parts raises a kind of its own
        names = named(CERTIFICATES if isinstance(error, OSError) else PROXIES) or "a proxy of this computer's settings"
        cure = "correct or unset it; a proxy is http://host:port, a socks5:// one needs: pip install socksio"
        raise unusable(names, f"cannot be used ({type(error).__name__}: {error})", cure) from error
    try:
        wrong: object = re.search("[^!-~]", get_token() or "") and "there is a blank or a letter that no token has"
    except Exception as error:  # the file of a login may be anything
        wrong = error
    if wrong:
        raise unusable(named(TOKENS) or constants.HF_TOKEN_PATH, f"gives no token ({wrong})", "correct or unset it")


def named(names: tuple[str, ...]) -> str:
    """Those of the variables that are set, for a message."""
    return ", ".join(name for name in names if name in {*os.environ} and os.environ[name])  # Windows: upper case only
