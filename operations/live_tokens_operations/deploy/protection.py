"""Whether a plan deletes or replaces what is protected from deletion.

The refusal of Terraform comes too late: a replacement of the function has deleted the grant of the old one by then, and
the function has switched to a new secret, which holds no key. What could not be deleted stays in the state, protected,
and stops each later apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.plan import Plan

# Attributes that protect a resource from deletion.
_PROTECTIONS = {
    "deletion_protection": True,
    "delete_protection_state": "DELETE_PROTECTION_ENABLED",
    "deletion_policy": "PREVENT",
}


def is_protected(values: Mapping[str, Any]) -> bool:
    """Tell whether a resource with these values is protected."""
    return any(values.get(name) == value for name, value in _PROTECTIONS.items())


def require_protected_to_stay(plan: Plan) -> None:
    """Check that a plan leaves every resource in place that is protected now.

    Raises:
        MisuseError: it does not.
    """
    lost = [each for each in plan.changes if each.destroys and is_protected(each.before)]
    if not lost:
        return
    lines = "\n".join(f"  - {each.address}{' (deleted and made again)' if each.replaces else ''}" for each in lost)
    raise MisuseError(
        "This plan deletes what deletion_protection protects. Nothing was changed. No ACCEPT answers this.\n"
        f"{lines}\n"
        "Terraform would stop half way, with a function that refuses every app or has no key. Undo that change of the "
        "settings: a new function_name, secret_name, firestore_database or kms_key replaces the old resource.\n"
        "If the loss is meant, first run this with deletion_protection = false and no other change, and then with the "
        "change. infra/README.md, “Names are final”, says what apps notice."
    )
