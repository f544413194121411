"""Labels that name a release, as the build of a release writes them."""

from live_tokens.release import Release
from live_tokens_operations.serving import LABEL_DIGEST_LENGTH, LABELS


def labels_of(release: Release) -> dict[str, str]:
    """Return the labels that name a release.

    Source of what a label may be: https://cloud.google.com/resource-manager/docs/labels-overview#requirements
    """
    values = (release.version.replace(".", "_"), release.commit, release.digest[:LABEL_DIGEST_LENGTH])
    return dict(zip(LABELS, values, strict=True))
