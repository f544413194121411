"""Do Live clients survive Live? Published clients meet scenarios of the stand-in; a table says what became of them."""
