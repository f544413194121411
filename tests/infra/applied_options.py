"""What the applied copies of the module are given."""

from pathlib import Path

EVERY_OPTION = f"-var-file={Path(__file__).parent / 'every_option.tfvars'}"
FAKE_KEY = "AQ.made-up-7f3c9e1b5d2a8046-made-up"
