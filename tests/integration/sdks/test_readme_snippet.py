"""The snippet that people copy out of the README, run as it stands there."""

from pathlib import Path

from firebase_sign_in import sign_up
from stack import LocalStack
from support.sdks.node_scripts import NodeScripts

README = Path(__file__).parents[3] / "README.md"


def test_the_snippet_without_firebase_opens_a_session(scripts: NodeScripts, stack: LocalStack) -> None:
    user = sign_up(stack.auth_host)
    heard = scripts.run("snippet.mjs", {"source": snippet(), "mintUrl": stack.function_url, "idToken": user.id_token})
    assert heard["messages"][0] == {"setupComplete": {}}
    assert heard["isOpen"]
    assert heard["session"]  # what the next call renews, resumes or ends


def test_the_snippet_throws_the_reason_of_a_refusal(scripts: NodeScripts, stack: LocalStack) -> None:
    heard = scripts.run("snippet.mjs", {"source": snippet(), "mintUrl": stack.function_url, "idToken": "none"})
    assert heard["thrown"]["reason"] == "ID_TOKEN_INVALID"


def snippet() -> str:
    after = README.read_text(encoding="utf-8").split("<!-- runs-in-tests -->\n```js\n", 1)[1]
    return after.split("\n```", 1)[0]
