"""What this program takes for granted where nobody says otherwise. A test compares it with infra/variables.tf."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
