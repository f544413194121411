"""Billing is on: without it nothing is built or served."""

from __future__ import annotations

from live_tokens_operations.checks.finding import Finding, bad, ok, unanswered
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Looks, Missing
from live_tokens_operations.remedies import command


def check_billing(api: Looks, project_id: str) -> Finding:
    """Source: https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo."""
    url = f"https://cloudbilling.googleapis.com/v1/projects/{project_id}/billingInfo"
    match api.get(url, "roles/browser"):
        case Found({"billingEnabled": True}):
            return ok("Billing: on")
        case Found() | Missing():
            return bad("Billing: off; nothing is built or served", command(gcloud_commands.link_billing(project_id)))
        case unseen:
            return unanswered("Billing", unseen)
