"""Sign-in with a real browser and a real provider, both on the loopback."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashboard.signin import is_allowed
from tests.browser.conftest import Server
from tests.conftest import installed
from tests.ports import free_port

PROVIDER = """
import sys, time
from oidc_provider_mock import User, run_server_in_thread
people = [User(sub=name, claims={"email": f"{name}@{host}", "email_verified": True}) for name, host in
          (("ann", "example.org"), ("eve", "elsewhere.example"))]
with run_server_in_thread(user_claims=people) as server:
    print(server.server_port, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("user", "allowed", "answer"),
    [
        ({"is_logged_in": True, "email": "Ann@example.org"}, ("ann@example.org",), True),
        ({"is_logged_in": True, "email": "ann@example.org"}, ("@example.org",), True),
        ({"is_logged_in": True, "email": "ann@notexample.org"}, ("@example.org",), False),
        ({"is_logged_in": True, "email": "ann@example.org", "email_verified": False}, ("@example.org",), False),
        ({"is_logged_in": True}, ("@example.org",), False),
        ({"is_logged_in": True}, ("*",), True),
        ({"is_logged_in": False, "email": "ann@example.org"}, ("*",), False),
        ({}, ("*",), False),
    ],
)
def test_who_may_come_in(user: dict[str, object], allowed: tuple[str, ...], answer: bool) -> None:
    assert is_allowed(user, allowed) is answer


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", PROVIDER], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    with process:
        assert process.stdout
        yield f"http://localhost:{int(process.stdout.readline())}"
        process.kill()


@pytest.fixture(scope="module")
def guarded(provider: str, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard for the people of example.org."""
    home = tmp_path_factory.mktemp("signin")
    store = installed(prepared, home)
    port = free_port()
    secrets = Path(home / "secrets.toml")
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"x" * 40}"\n'
        f'client_id = "monitor"\nclient_secret = "word"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    given = {"SIGN_IN": "@example.org", "STREAMLIT_SECRETS_FILES": str(secrets)}
    os.environ |= given
    try:
        made = Server(store.uri, port)
    finally:
        for name in given:
            del os.environ[name]
    made.url = f"http://localhost:{port}"
    yield made
    made.stop()


@pytest.mark.parametrize("path", ["/api/v1/indicators.json", "/api/v1/snapshot.zip", "/feeds/signals.atom"])
@pytest.mark.parametrize("cookie", ["", "_streamlit_user=forged", '_streamlit_user={"is_logged_in":true}'])
def test_without_sign_in_no_file_is_given(guarded: Server, path: str, cookie: str) -> None:
    request = urllib.request.Request(guarded.url + path, headers={"cookie": cookie})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 401
    assert json.loads(caught.value.read()) == {"error": "sign in on the dashboard first"}


@pytest.mark.browser
@pytest.mark.parametrize(("name", "comes_in"), [("ann", True), ("eve", False)])
def test_a_visitor_signs_in_at_the_provider(browser: Browser, guarded: Server, name: str, comes_in: bool) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(guarded.url)
    page.get_by_role("button", name="Sign in").click(timeout=90_000)
    page.wait_for_url("**/oauth2/authorize**", timeout=90_000)
    page.locator("input[name=sub]").fill(name)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url(f"{guarded.url}/**", timeout=90_000)
    if comes_in:
        page.get_by_text("Autonomy").first.wait_for(timeout=90_000)
    else:
        page.get_by_text("This account has no access here.").wait_for(timeout=90_000)
    answer = page.request.get(f"{guarded.url}/api/v1/indicators.json")
    assert answer.status == (200 if comes_in else 401)
    context.close()
