"""What a call asks of others: the first of an instance, and every later one. More would be slower for every caller."""

from collections.abc import Mapping

from support.production.function_process import StartFunction
from support.production.local_google import LocalGoogle


def requests_so_far(google: LocalGoogle) -> Mapping[str, int]:
    return {
        "certificates": google.certificates.requests,
        "look-up": google.accounts.requests,
        "metadata server": google.metadata.requests,
        "Secret Manager": google.secret_manager.requests,
        "Gemini": google.gemini.requests,
    }


def test_an_instance_looks_for_credentials_certificates_and_key_once(
    start_function: StartFunction, google: LocalGoogle
) -> None:
    """The stand-in's access tokens are too short-lived to be kept: each authorised request takes its own, in two."""
    search, access_token = 2, 2
    function = start_function(google.metadata_server)
    asked = []
    for _ in range(3):
        before = requests_so_far(google)
        assert function.call(google.sign_in()).result
        after = requests_so_far(google)
        asked.append({name: after[name] - before[name] for name in after})
    warm = {"certificates": 0, "look-up": 1, "metadata server": access_token, "Secret Manager": 0, "Gemini": 1}
    once = {"certificates": 1, "metadata server": search + 2 * access_token, "Secret Manager": 1}
    assert asked == [warm | once, warm, warm]
