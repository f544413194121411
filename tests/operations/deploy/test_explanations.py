"""Failures that people run into: the words of Terraform, gcloud and Google, and the one sentence on what to do."""

import pytest

from live_tokens_operations.deploy.explanations import remedy_for


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (
            "Error 400: One or more users named in the policy do not belong to a permitted customer.",
            "An organisation policy forbids public members.",
        ),
        (
            "Constraint constraints/iam.allowedPolicyMemberDomains violated for projects/p",
            "An organisation policy forbids public members.",
        ),
        (
            "Operation denied by constraints/iam.managed.disableServiceAccountApiKeyCreation",
            "An organisation policy forbids API keys that are bound to service accounts",
        ),
        ("violates constraint constraints/gcp.resourceLocations", "An organisation policy forbids this"),
        (
            "Error 400: INVALID_PROJECT_ID : Identity Platform has already been enabled for this project.",
            "Remove identity_platform from the settings of the project, or import the existing configuration",
        ),
        (
            (
                "Error creating Project: googleapi: Error 403: The caller does not have permission\n\n"
                "  with google_firebase_project.this[0],"
            ),
            "Firebase refuses accounts that have not accepted its terms",
        ),
        (
            "Error creating Secret: googleapi: Error 403: The caller does not have permission",
            "The account lacks a role.",
        ),
        (
            "Error 403: Caller does not have required permission to use project p: serviceusage.services.use",
            "Your credentials have no quota project",
        ),
        (
            "Error 403: The identitytoolkit.googleapis.com API requires a quota project, which is not set by default.",
            "Your credentials have no quota project",
        ),
        (
            "Cloud Resource Manager API has not been used in project 12 before or it is disabled. SERVICE_DISABLED",
            "An API is not active yet.",
        ),
        (
            "Build failed with status: FAILURE. Access to bucket gcf-v2-sources-12-europe-west1 denied.",
            "The build account's roles may not be effective yet.",
        ),
        (
            "Build failed: due to quota restrictions, cannot run builds in this region.",
            "Google allows some projects to build only in a few regions",
        ),
        ("Error 404: Cannot find metric(s) that match type", "Cloud Monitoring does not know the new metric yet."),
        ("Error acquiring the state lock", "Another deployment is running, or an earlier one was killed."),
        ("Error 409: Requested entity already exists", "A resource of this name exists"),
        ('oauth2: "invalid_grant" "reauth related error (invalid_rapt)"', "Your credentials have expired."),
        ("Error 429: Quota exceeded for quota metric 'Write requests'", "A quota of the project is used up."),
        ("Error 403: Permission 'secretmanager.secrets.create' denied", "The account lacks a role."),
    ],
)
def test_a_known_failure_comes_with_what_to_do(words: str, advice: str) -> None:
    assert remedy_for(words).startswith(advice)


def test_an_unknown_failure_is_left_to_its_own_words() -> None:
    assert remedy_for("Error: Provider produced inconsistent final plan") == ""
