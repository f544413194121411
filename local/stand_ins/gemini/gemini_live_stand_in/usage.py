"""What a conversation has cost so far, in tokens. Audio stays audio, and every turn pays for all that came before."""

from dataclasses import dataclass
from typing import Any

_AUDIO_TOKENS_PER_SECOND = 25
_CHARACTERS_PER_TOKEN = 4


@dataclass(slots=True)
class Context:
    """The tokens that the model has in front of it."""

    text: int = 0
    audio: int = 0

    def hear(self, characters: int, spoken_seconds: float) -> None:
        """Add a question."""
        self.text += -(-characters // _CHARACTERS_PER_TOKEN)
        self.audio += _audio_tokens(spoken_seconds)

    def say(self, seconds: float) -> dict[str, Any]:
        """Add what the model said in a turn, and return the `usageMetadata` of that turn."""
        said = _audio_tokens(seconds)
        prompt = self._details(self.text, self.audio)
        usage = {
            "promptTokenCount": self.text + self.audio,
            "responseTokenCount": said,
            "totalTokenCount": self.text + self.audio + said,
            "promptTokensDetails": prompt,
            "responseTokensDetails": self._details(0, said),
        }
        self.audio += said
        return usage

    @staticmethod
    def _details(text: int, audio: int) -> list[dict[str, Any]]:
        counts = {"TEXT": text, "AUDIO": audio}
        return [{"modality": modality, "tokenCount": count} for modality, count in counts.items() if count]


def _audio_tokens(seconds: float) -> int:
    return round(seconds * _AUDIO_TOKENS_PER_SECOND)
