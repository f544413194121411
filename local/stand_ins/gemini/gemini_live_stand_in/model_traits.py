"""How each model talks: what differs between models once a session runs. Sources are in the README."""

from collections.abc import Mapping
from dataclasses import dataclass

from gemini_live_stand_in.model_rules import EXTENDED_THINKING, LIVE_3_1, LIVE_3_8


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraits:
    """The habits of one model. The defaults are those of a model that nothing is known about.

    Attributes:
        interaction_status: whether turns carry `interactionStatus`, and one prompt may bring several model turns.
        model_turns: how many model turns one prompt brings.
        audio_stream_end: whether `audioStreamEnd` ends a spoken turn.
        media_chunks: whether the deprecated `realtimeInput.mediaChunks` is taken.
        initial_history: whether `initialHistoryInClientContent` is obeyed.
        late_client_content: whether `clientContent` is taken after the first model turn.
        voice_activity: whether the server says when it hears speech begin and end.
        tool_response_name: whether a function response must repeat the name of the function.
        blocking_tools: whether a function without a `behavior` is BLOCKING.
    """

    interaction_status: bool = False
    model_turns: int = 1
    audio_stream_end: bool = True
    media_chunks: bool = False
    initial_history: bool = True
    late_client_content: bool = True
    voice_activity: bool = False
    tool_response_name: bool = False
    blocking_tools: bool = True


_OF_2_5 = ModelTraits(media_chunks=True, initial_history=False)
_TRAITS: Mapping[str, ModelTraits] = {
    LIVE_3_8: ModelTraits(interaction_status=True, audio_stream_end=False, blocking_tools=False),
    EXTENDED_THINKING: ModelTraits(
        interaction_status=True,
        model_turns=2,
        audio_stream_end=False,
        voice_activity=True,
        tool_response_name=True,
        blocking_tools=False,
    ),
    LIVE_3_1: ModelTraits(late_client_content=False),
    "gemini-2.5-flash-native-audio-preview-12-2025": _OF_2_5,
    "gemini-2.5-flash-native-audio-latest": _OF_2_5,
}


def traits_of(model: str) -> ModelTraits:
    """Return the traits of a model, named with or without `models/`."""
    return _TRAITS.get(model.removeprefix("models/"), ModelTraits())
