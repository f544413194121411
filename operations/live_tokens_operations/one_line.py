"""Text of others, made safe for a terminal."""


def one_line(text: str) -> str:
    """Return one line, with a replacement character in place of each control character, which a terminal would obey."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
