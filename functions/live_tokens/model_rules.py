"""What each Live model refuses, as far as it is known: one dated table, which docs/settings.md shows.

Gemini mints a token with any of this, and closes the app's session with 1007. None of it was tried by this project:
each row says who saw it at Google's service, or where Google writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from live_tokens.config_shape import UNREADABLE, shown

AS_OF = "2026-11-27"
"""The day of this table. What Google has changed since, `[checks] trust = true` overrules."""

Setup = Mapping[str, object]
"""A `[config]` as `config_shape` reads it."""
Breach = str
"""The path of a field and what is wrong with it, as a sentence."""

_LIVE_GUIDE = "https://ai.google.dev/gemini-api/docs/live-tools"
_MODEL_PAGE = "https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live"


class Provenance(Enum):
    """How it is known."""

    MEASURED = "measured"
    """Seen at Google's service, with Gemini's words or again and again."""
    DOCUMENTED = "documented"
    """Written by Google."""
    REPORTED = "reported"
    """Told by users."""


class Effect(Enum):
    """What happens to a session."""

    REFUSED = "refused"
    """No session opens."""
    UNSUPPORTED = "not supported"
    """Google says so, and not what happens."""
    DEPENDS = "depends"
    """It hangs on something that a profile does not say, or does no harm to the session."""


@dataclass(frozen=True, slots=True)
class Model:
    """A family of models."""

    name: str
    ids: re.Pattern[str]


LIVE_38 = Model("gemini-3.8-live", re.compile(r"gemini-3\.8-live(-[0-9]+)?"))
THINKING_38 = Model("gemini-3.8-live-extended-thinking", re.compile(r"gemini-3\.8-live-extended-thinking(-[0-9]+)?"))
LIVE_31 = Model("gemini-3.1-flash-live-preview", re.compile(r"gemini-3\.1-flash-live(-preview(-[0-9-]+)?)?"))
NATIVE_25 = Model("gemini-2.5-flash-native-audio", re.compile(r"gemini-2\.5-flash-native-audio(-[a-z0-9-]+)?"))
TRANSLATE_35 = Model("gemini-3.5-live-translate-preview", re.compile(r"gemini-3\.5-live-translate(-[a-z0-9-]+)?"))
SHUT_DOWN_2025 = Model(
    "shut down on 2025-12-09", re.compile(r"gemini-live-2\.5-flash-preview|gemini-2\.0-flash-live-001")
)
GONE = Model("gemini-2.0-flash-exp", re.compile(r"gemini-2\.0-flash-exp"))

MODELS = (LIVE_38, THINKING_38, LIVE_31, NATIVE_25, TRANSLATE_35, SHUT_DOWN_2025, GONE)
"""The models that this table knows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row.

    Attributes:
        models: of which it is known; none for all Live models.
        what: the setting, for readers.
        says: what Google says or does.
        source: where it is written or who saw it, with the day where one is known.
        breaches: finds it in a setup.
    """

    models: tuple[Model, ...]
    what: str
    says: str
    effect: Effect
    provenance: Provenance
    source: str
    breaches: Callable[[Setup], Iterable[Breach]]

    @property
    def stops(self) -> bool:
        """Whether a profile that breaks it does not start."""
        return self.effect is Effect.REFUSED and self.provenance is not Provenance.REPORTED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the table says of one profile: sentences that begin with the path of a field, by weight."""

    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def judge(model: str, setup: Setup, *, trust: bool = False) -> Verdict:
    """Look a profile up in the table.

    Args:
        model: its id, with or without `models/`; empty if the profile has none.
        trust: whether the operator overrules the table: what it refuses is a warning then, and what it warns of a note.
    """
    name = model.removeprefix("models/")
    mine = [family for family in MODELS if family.ids.fullmatch(name)]
    refusals: list[str] = []
    warnings: list[str] = [] if mine or not name else [_unknown(name)]
    notes: list[str] = []
    for rule in RULES:
        if rule.models and not set(rule.models) & set(mine):
            continue
        weight = notes if rule.effect is Effect.DEPENDS else refusals if rule.stops and (mine or not name) else warnings
        weight.extend(f"{breach} [{rule.provenance.value}: {rule.source}]" for breach in rule.breaches(setup))
    if trust:
        return Verdict((), tuple(f"{text} Overruled by [checks] trust." for text in refusals), (*warnings, *notes))
    return Verdict(tuple(refusals), tuple(warnings), tuple(notes))


def _unknown(name: str) -> str:
    close = get_close_matches(name, [family.name for family in MODELS], n=1, cutoff=0.8)
    hint = f" Did you mean {close[0]}?" if close else ""
    return (
        f"model: {name[:100]} is not in the table of rules of {AS_OF}, so only what holds for every Live model was "
        f"looked at.{hint} Try the profile with `make smoke PROFILE=…`."
    )


# --- reading a setup


def _at(setup: Setup, name: str) -> tuple[str, object]:
    """Return path and value of a field that may be in the older generation_config as well; None if it is absent."""
    older = setup.get("generation_config")
    if name not in setup and isinstance(older, dict) and name in older:
        return f"config.generation_config.{name}", older[name]
    return f"config.{name}", setup.get(name)


def _within(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _tools(setup: Setup) -> Iterator[tuple[str, Mapping[str, object]]]:
    tools = setup.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else []):
        if isinstance(tool, dict):
            yield f"config.tools[{index}]", tool


def _functions(setup: Setup) -> Iterator[tuple[str, Mapping[str, object]]]:
    for path, tool in _tools(setup):
        functions = tool.get("function_declarations")
        for index, function in enumerate(functions if isinstance(functions, list) else []):
            if isinstance(function, dict):
                yield f"{path}.function_declarations[{index}]", function


# --- the rules


def _other_than_audio(setup: Setup) -> Iterator[Breach]:
    path, modalities = _at(setup, "response_modalities")
    wanted = 'it must be ["AUDIO"]'
    match modalities:
        case None:
            yield f"{path} is missing; {wanted}. Text comes with output_audio_transcription."
        case []:
            yield f"{path} is empty; {wanted}."
        case ["AUDIO"]:
            return
        case list() if UNREADABLE not in modalities:
            yield f"{path} is {shown(modalities)}; {wanted}. Text comes with output_audio_transcription."


def _no_window(setup: Setup) -> Iterator[Breach]:
    compression = setup.get("context_window_compression")
    if isinstance(compression, dict) and "sliding_window" not in compression:
        yield "config.context_window_compression needs sliding_window; sliding_window = {} takes Gemini's defaults."


def _level(setup: Setup) -> tuple[str, object, object]:
    """Return path and value of thinking_config, and its level; an unspecified one is none."""
    path, config = _at(setup, "thinking_config")
    level = _within(config, "thinking_level")
    return path, config, None if level == "THINKING_LEVEL_UNSPECIFIED" else level


def _no_level(setup: Setup) -> Iterator[Breach]:
    path, config, level = _level(setup)
    cure = 'the model wants a thinking level (LOW, MEDIUM or HIGH): thinking_config = { thinking_level = "LOW" }'
    if config is None:
        yield f"{path} is missing: {cure}."
    elif isinstance(config, dict) and level is None:
        yield f"{path}.thinking_level is missing: {cure}."


def _minimal_level(setup: Setup) -> Iterator[Breach]:
    path, _, level = _level(setup)
    if level == "MINIMAL":
        yield f"{path}.thinking_level is MINIMAL; allowed on this model: LOW, MEDIUM, HIGH."


def _any_level(setup: Setup) -> Iterator[Breach]:
    path, _, level = _level(setup)
    if level is not None:
        yield f"{path}: gemini-3.8-live takes no thinking level; leave it out, or take another model."


def _thinking_without_level(setup: Setup) -> Iterator[Breach]:
    path, config, level = _level(setup)
    if config is not None and level is None:
        yield f"{path}: not supported on this model; leave it out."


def _blocking(setup: Setup) -> Iterator[Breach]:
    for path, function in _functions(setup):
        if function.get("behavior") == "BLOCKING":
            yield f"{path}.behavior is BLOCKING; this model takes NON_BLOCKING only."


def _non_blocking(setup: Setup) -> Iterator[Breach]:
    for path, function in _functions(setup):
        if function.get("behavior") == "NON_BLOCKING":
            yield f"{path}.behavior is NON_BLOCKING: not supported on this model, which waits for every answer."


def _proactivity(setup: Setup) -> Iterator[Breach]:
    if "proactivity" in setup:
        yield "config.proactivity: not taken by this model; leave it out."


def _affective(setup: Setup) -> Iterator[Breach]:
    path, value = _at(setup, "enable_affective_dialog")
    if value is not None:
        yield f"{path}: not taken by this model; leave it out."


def _affective_unsupported(setup: Setup) -> Iterator[Breach]:
    path, value = _at(setup, "enable_affective_dialog")
    if value is not None and not _both(setup):
        yield f"{path}: not supported on this model; leave it out."


def _proactivity_unsupported(setup: Setup) -> Iterator[Breach]:
    if "proactivity" in setup and not _both(setup):
        yield "config.proactivity: not supported on this model; leave it out."


def _not_proactive(setup: Setup) -> Iterator[Breach]:
    if _within(setup.get("proactivity"), "proactive_audio") is False:
        yield "config.proactivity.proactive_audio: false is an error on this model; leave it out."


def _both(setup: Setup) -> bool:
    affective = _at(setup, "enable_affective_dialog")[1] is True
    return affective and _within(setup.get("proactivity"), "proactive_audio") is True


def _affective_and_proactive(setup: Setup) -> Iterator[Breach]:
    if _both(setup):
        path, _ = _at(setup, "enable_affective_dialog")
        yield f"{path}: affective dialog with proactivity never gets setupComplete on this model; leave both out."


def _unsupported_tools(setup: Setup) -> Iterator[Breach]:
    return _tools_named(setup, "url_context", "code_execution", "google_maps")


def _tools_of_other_models(setup: Setup) -> Iterator[Breach]:
    return _tools_named(setup, "file_search", "computer_use")


def _tools_named(setup: Setup, *names: str) -> Iterator[Breach]:
    for path, tool in _tools(setup):
        for name in names:
            if name in tool:
                yield f"{path}.{name}: not supported on this model."


def _retrieval(setup: Setup) -> Iterator[Breach]:
    for path, tool in _tools(setup):
        if "google_search_retrieval" in tool:
            yield f"{path}.google_search_retrieval: retrieval is not supported on this model; use google_search."


def _search(setup: Setup) -> Iterator[Breach]:
    for path, tool in _tools(setup):
        if "google_search" in tool:
            yield f"{path}.google_search: with a key of the free tier, sessions close with 1011 (quota)."


def _voice(setup: Setup) -> Iterator[Breach]:
    path, speech = _at(setup, "speech_config")
    if _within(speech, "voice_config") is not None:
        yield f"{path}.voice_config: this model is said to ignore the voice of a token."


_OF_OTHER_APIS = ("response_logprobs", "logprobs", "response_mime_type", "response_schema", "response_json_schema")


def _of_other_apis(setup: Setup) -> Iterator[Breach]:
    older = setup.get("generation_config")
    for name in (*_OF_OTHER_APIS, "stop_sequences"):
        if isinstance(older, dict) and name in older:
            yield f"config.generation_config.{name}: not supported in the Live API; leave it out."


def _shut_down(_setup: Setup) -> Iterator[Breach]:
    yield "model: Google has shut this model down; use gemini-3.8-live."


RULES: tuple[Rule, ...] = (
    Rule(
        (),
        '`response_modalities` other than `["AUDIO"]`, empty or missing',
        "1007 `The requested combination of response modalities (TEXT) is not supported by the model`",
        Effect.REFUSED,
        Provenance.MEASURED,
        "google-gemini/cookbook#386, 2026",
        _other_than_audio,
    ),
    Rule(
        (),
        "`context_window_compression` without `sliding_window`",
        "1007, or an error while the session runs",
        Effect.REFUSED,
        Provenance.MEASURED,
        "pipecat#4560, livekit/agents#2376, tau2-bench#510",
        _no_window,
    ),
    Rule(
        (),
        "the tool `google_search_retrieval`",
        "not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        _MODEL_PAGE,
        _retrieval,
    ),
    Rule(
        (),
        "`generation_config` with a response schema or MIME type, log probabilities or stop sequences",
        "not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        "https://ai.google.dev/api/live#BidiGenerateContentSetup",
        _of_other_apis,
    ),
    Rule(
        (LIVE_38,),
        "any `thinking_level`",
        "1007 `Thinking level is not supported for this model`",
        Effect.REFUSED,
        Provenance.MEASURED,
        "hermes-agent#114116, 2026-10-01",
        _any_level,
    ),
    Rule(
        (LIVE_38,),
        "`thinking_config` without a level",
        "leave it out: not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        _MODEL_PAGE,
        _thinking_without_level,
    ),
    Rule(
        (LIVE_38,),
        "`proactive_audio = false`",
        "an error",
        Effect.REFUSED,
        Provenance.DOCUMENTED,
        _MODEL_PAGE,
        _not_proactive,
    ),
    Rule(
        (LIVE_38,),
        "`enable_affective_dialog`",
        "removed",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        _MODEL_PAGE,
        _affective_unsupported,
    ),
    Rule(
        (THINKING_38,),
        "`thinking_config` or its level missing",
        "1007 `Thinking level must be specified for this model.`",
        Effect.REFUSED,
        Provenance.MEASURED,
        "google-gemini/cookbook#1379, 2026-09-21 and 2026-09-29",
        _no_level,
    ),
    Rule(
        (THINKING_38,),
        "`thinking_level` other than LOW, MEDIUM, HIGH",
        "1007",
        Effect.REFUSED,
        Provenance.MEASURED,
        "third party, 2026-09-29",
        _minimal_level,
    ),
    Rule(
        (THINKING_38,),
        'a function with `behavior = "BLOCKING"`',
        "1007 `BLOCKING function calls are not supported for this model`",
        Effect.REFUSED,
        Provenance.MEASURED,
        "gemini-skills#81, 2026-09-15; third party, 2026-09-29",
        _blocking,
    ),
    Rule(
        (THINKING_38,),
        "`proactivity`",
        "1007, an unknown field",
        Effect.REFUSED,
        Provenance.MEASURED,
        "third party, 2026-09-29",
        _proactivity,
    ),
    Rule(
        (THINKING_38,),
        "`enable_affective_dialog`",
        "1007, an unknown field",
        Effect.REFUSED,
        Provenance.MEASURED,
        "third party, 2026-09-29",
        _affective,
    ),
    Rule(
        (LIVE_31,),
        "`enable_affective_dialog` together with `proactive_audio`",
        "never sends setupComplete",
        Effect.REFUSED,
        Provenance.MEASURED,
        "PatterAI/Patter#210, always",
        _affective_and_proactive,
    ),
    Rule(
        (LIVE_31,),
        "`proactivity`",
        "not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        "https://ai.google.dev/gemini-api/docs/models",
        _proactivity_unsupported,
    ),
    Rule(
        (LIVE_31,),
        "`enable_affective_dialog`",
        "not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        "https://ai.google.dev/gemini-api/docs/models",
        _affective_unsupported,
    ),
    Rule(
        (LIVE_31,),
        'a function with `behavior = "NON_BLOCKING"`',
        "function calls are synchronous only",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        _LIVE_GUIDE,
        _non_blocking,
    ),
    Rule(
        (LIVE_31,),
        "a voice",
        "ignored with a live token: the session has the default voice",
        Effect.DEPENDS,
        Provenance.REPORTED,
        "gemini-live-api-examples#49, google-gemini/cookbook#1333",
        _voice,
    ),
    Rule(
        (LIVE_38, LIVE_31, NATIVE_25),
        "the tools `url_context`, `code_execution`, `google_maps`",
        "not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        _LIVE_GUIDE,
        _unsupported_tools,
    ),
    Rule(
        (LIVE_38,),
        "the tools `file_search`, `computer_use`",
        "not supported",
        Effect.UNSUPPORTED,
        Provenance.DOCUMENTED,
        _MODEL_PAGE,
        _tools_of_other_models,
    ),
    Rule(
        (LIVE_38, THINKING_38),
        "the tool `google_search`",
        "1011 with a key of the free tier",
        Effect.DEPENDS,
        Provenance.MEASURED,
        "third party, 2026-09-29 and 2026-10-01",
        _search,
    ),
    Rule(
        (SHUT_DOWN_2025,),
        "the model",
        "shut down on 2025-12-09",
        Effect.REFUSED,
        Provenance.DOCUMENTED,
        "https://ai.google.dev/gemini-api/docs/deprecations",
        _shut_down,
    ),
    Rule(
        (GONE,),
        "the model",
        "1008 `models/gemini-2.0-flash-exp is not found`",
        Effect.REFUSED,
        Provenance.MEASURED,
        "third party, undated",
        _shut_down,
    ),
)
"""The table. A row that Google has changed is corrected here and in local/stand_ins/gemini, which has its own copy."""
