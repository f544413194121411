"""Why a deployment stops. Every text is for the operator, and ends in what to do.

DeployError
├── MisuseError         typed wrong, or a place that is not ours to change
├── PrerequisiteError   something is missing; nothing was done
├── DeclinedError       the operator did not agree
├── ProgramError        gcloud or Terraform failed
└── HeldBackError       what was deployed serves nobody
"""

from __future__ import annotations

from live_tokens_operations.arguments import UsageError
from live_tokens_operations.process import OperationError


class DeployError(OperationError):
    """The deployment stops here. The text says why, and what to do."""


class MisuseError(DeployError, UsageError):
    """What was typed makes no sense, or asks for something that would harm what is there."""


class PrerequisiteError(DeployError):
    """Something that the deployment needs is missing. Nothing was done."""


class DeclinedError(DeployError):
    """The operator was asked, and did not agree, or could not be asked."""


class ProgramError(DeployError):
    """A program failed. Its own words are part of the text, or have been shown already."""


class HeldBackError(DeployError):
    """Everything is deployed, and traffic stays with a revision that was there before."""
