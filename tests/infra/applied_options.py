"""What the applied copies of the module are given."""

from pathlib import Path

EVERY_OPTION = f"-var-file={Path(__file__).parent / 'every_option.tfvars'}"
