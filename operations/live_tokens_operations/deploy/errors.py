"""Why a deployment stops, beside a failure of gcloud or Terraform (`ProgramError`). Each message says what to do.

DeployError
├── MisuseError         wrong arguments, or a resource that is not ours
├── PrerequisiteError   something is missing; nothing was done
├── DeclinedError       the operator did not agree
├── UnansweredError     Google did not answer a question
├── NotPublicError      no app may call the service
├── HeldBackError       the new revision gets no traffic
└── SmokeTestError      everything is deployed, but does not work
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


class UnansweredError(DeployError):
    """Google did not answer, and the deployment cannot go on without knowing."""


class NotPublicError(DeployError):
    """Everything is deployed, but Cloud Run refuses every app."""


class HeldBackError(DeployError):
    """Everything is deployed, but traffic stays at an earlier revision."""


class SmokeTestError(DeployError):
    """Everything is deployed, but the smoke test failed."""
