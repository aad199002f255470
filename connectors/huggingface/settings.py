"""Where the Hub is and who we are there, from the environment; read at each call.

`CATALOG_HUGGINGFACE_ENDPOINT` (else `CATALOG_HF_ENDPOINT`, `HF_ENDPOINT`) names the Hub or a mirror,
`CATALOG_HF_RESOLVER` the host that serves files, `CATALOG_HF_VIEWER` the dataset viewer. The token is
huggingface_hub's: `HF_TOKEN`, else the file that `hf auth login` writes.
"""

from __future__ import annotations

import logging
import os
from typing import Final

from catalog.connector import Credential
from catalog.endpoints import named_endpoint, origin
from catalog.errors import Fatal

HUB: Final = "https://huggingface.co"
VIEWER: Final = "https://datasets-server.huggingface.co"
ENDPOINT_NAMES: Final = ("CATALOG_HUGGINGFACE_ENDPOINT", "CATALOG_HF_ENDPOINT", "HF_ENDPOINT")
RESOLVER_NAMES: Final = ("CATALOG_HF_RESOLVER",)
VIEWER_NAMES: Final = ("CATALOG_HF_VIEWER",)
OFFLINE_NAMES: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")

log = logging.getLogger(__name__)


def endpoint() -> str:
    """The Hub's address, without a slash at its end."""
    return named_endpoint(*ENDPOINT_NAMES) or HUB


def resolver() -> str:
    """The address below which files are: the Hub's own unless another is named."""
    return named_endpoint(*RESOLVER_NAMES) or endpoint()


def viewer() -> str:
    """The dataset viewer's address."""
    return named_endpoint(*VIEWER_NAMES) or VIEWER


def hosts() -> frozenset[str]:
    """The hosts that the user named in the environment: for `WebSettings.allow_private_hosts`."""
    named = (named_endpoint(*names) for names in (ENDPOINT_NAMES, RESOLVER_NAMES, VIEWER_NAMES))
    return frozenset(host for address in named if (host := origin(address)[1]))


def check_online() -> None:
    """Raise `Fatal` where the user asked Hub clients to stay offline."""
    for name in OFFLINE_NAMES:
        if _is_true(name):
            raise Fatal(f"{name} is set, so the Hub is not asked.", f"Unset {name} to use the network.")


def token() -> str | None:
    """The user's token for the Hub, None where there is none.

    A huggingface_hub that cannot be imported is said in one warning, and the Hub is read without a login.
    """
    if _is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        return None
    own = os.environ.get("HF_TOKEN", "").strip()
    if own and "HF_OIDC_RESOURCE" not in os.environ:
        return own
    try:
        from huggingface_hub import get_token

        return get_token()
    except Exception as error:  # a broken package may raise anything while it is imported
        log.warning(
            "huggingface_hub cannot give a token (%s: %s), so the Hub is read without a login; "
            "set HF_TOKEN, or mend it with `pip install --force-reinstall huggingface_hub`.",
            type(error).__name__,
            str(error)[:200],
        )
        return own or None


def credential() -> Credential:
    """Where the token for the Hub is, if there is one. No network."""
    if _is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        return Credential("token", problem="HF_HUB_DISABLE_IMPLICIT_TOKEN is set, so none is looked for.")
    for name in ("HF_OIDC_RESOURCE", "HF_TOKEN"):
        if os.environ.get(name, "").strip():
            return Credential("token", name)
    try:
        from huggingface_hub import constants, get_token

        return Credential("token", str(constants.HF_TOKEN_PATH) if get_token() else "")
    except Exception as error:  # a broken package may raise anything while it is imported
        return Credential("token", problem=f"huggingface_hub cannot be used ({type(error).__name__}); set HF_TOKEN.")


def token_for(url: str) -> str | None:
    """The token where `url` is the Hub's or its resolver's, None for any other host."""
    ours = {origin(endpoint()), origin(resolver())}
    return token() if origin(url) in ours else None


def _is_true(name: str) -> bool:
    return os.environ.get(name, "").strip().upper() in ("1", "ON", "YES", "TRUE")
