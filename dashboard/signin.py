"""Sign-in by OpenID Connect where the setting SIGN_IN asks for it: Streamlit's own, for pages and files alike."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import AUTH_COOKIE_NAME, get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from data import settings

GUARDED = ("/api/", "/feeds/")


def is_allowed(user: Mapping[str, Any], allowed: Sequence[str]) -> bool:
    """Whether somebody signed in is one of `allowed`: addresses, `@domain`, or `*` for all whom the provider knows."""
    address = str(user.get("email") or "").lower()
    proven = address if user.get("email_verified", True) is not False else ""
    named = (one == "*" or (proven and (proven == one or (one[0] == "@" and proven.endswith(one)))) for one in allowed)
    return bool(user.get("is_logged_in")) and any(named)


def require() -> None:
    """End the page here unless its visitor may see it."""
    allowed = settings.read().sign_in
    if not allowed or is_allowed(st.user.to_dict(), allowed):
        return
    st.title("Sign in")
    if st.user.is_logged_in:
        st.text("This account has no access here.")
        st.button("Use another account", on_click=st.logout)
    else:
        st.button("Sign in", type="primary", on_click=st.login)
    st.stop()


class SignedIn:
    """The same for files and feeds, by the cookie that Streamlit signs."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        allowed = settings.read().sign_in
        guarded = scope["type"] == "http" and scope["path"].startswith(GUARDED)
        if allowed and guarded and not is_allowed(_user(Request(scope)), allowed):
            refusal = JSONResponse({"error": "sign in on the dashboard first"}, 401, {"cache-control": "no-store"})
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _user(request: Request) -> Mapping[str, Any]:
    def one(name: str) -> bytes | None:
        value = request.cookies.get(name)
        return decode_signed_value(get_cookie_secret(), name, value.encode("latin-1")) if value else None

    try:
        found = json.loads(get_cookie_with_chunks(one, AUTH_COOKIE_NAME) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
