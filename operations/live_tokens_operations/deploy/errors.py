"""Why a deployment stops. Every message is for the operator, and ends with what to do.

DeployError
├── MisuseError         wrong arguments, or a resource that is not ours
├── PrerequisiteError   something is missing; nothing was done
├── DeclinedError       the operator did not agree
├── ProgramError        gcloud or Terraform failed
└── HeldBackError       the new revision gets no traffic
"""

from __future__ import annotations

from live_tokens_operations.arguments import UsageError
from live_tokens_operations.process import OperationError


class DeployError(OperationError):
    """The deployment stops here. The message says why, and what to do."""


class MisuseError(DeployError, UsageError):
    """The arguments contradict each other, or would damage an existing resource."""


class PrerequisiteError(DeployError):
    """Something that the deployment needs is missing. Nothing was done."""


class DeclinedError(DeployError):
    """The operator did not agree, or could not be asked."""


class ProgramError(DeployError):
    """A program failed. Its output is part of the message, or was shown before."""


class HeldBackError(DeployError):
    """Everything is deployed, but traffic stays at an earlier revision."""
