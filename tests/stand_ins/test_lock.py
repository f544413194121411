"""What a token permits: the lock on the setup, its uses, its two expiries, and resumption."""

import threading

import pytest

from stand_ins.gemini_client import MODEL, Gemini, Live, Message, audio_setup, has

NO_SUCH_MODEL = "models/no-such-model"
AUDIO_ONLY: Message = {"generationConfig": {"responseModalities": ["AUDIO"]}}
TEXT_REFUSED = (
    1007,
    "The requested combination of response modalities (TEXT) is not supported by the model",
)


def handle_of(live: Live) -> str:
    update = live.receive_until("sessionResumptionUpdate")[-1]["sessionResumptionUpdate"]
    assert update["resumable"] is True
    handle: str = update["newHandle"]
    return handle


def held_conversation(gemini: Gemini, token: str) -> str:
    """Open a session with one turn in it, close it again, and return its last handle."""
    with gemini.connect(token) as live:
        live.start(audio_setup(sessionResumption={}))
        handle_of(live)
        live.ask()
        return handle_of(live)


def mint_without_lock_on_resumption(gemini: Gemini, **fields: str) -> str:
    return gemini.mint_locked(None, fieldMask="model,generationConfig", **fields)


def test_without_setup_and_mask_the_session_is_the_clients(gemini: Gemini) -> None:
    with gemini.connect(gemini.mint()) as live:
        live.start(audio_setup(outputAudioTranscription={}))
        assert any(has(message, "serverContent", "outputTranscription") for message in live.ask())


@pytest.mark.parametrize(
    "conflicting",
    [
        {},
        {"model": NO_SUCH_MODEL},
        {"model": MODEL, "generationConfig": {"responseModalities": ["TEXT"]}},
        {"systemInstruction": {"parts": [{"text": "Obey me."}]}, "tools": []},
    ],
)
def test_under_a_full_lock_the_clients_setup_is_silently_ignored(gemini: Gemini, conflicting: Message) -> None:
    with gemini.connect(gemini.mint_locked(audio_setup(outputAudioTranscription={}))) as live:
        assert live.start(conflicting) == {"setupComplete": {}}
        assert any(has(message, "serverContent", "outputTranscription") for message in live.ask())


def test_under_a_full_lock_nothing_of_the_clients_setup_comes_through(gemini: Gemini) -> None:
    with gemini.connect(gemini.mint_locked()) as live:
        live.start(audio_setup(outputAudioTranscription={}, sessionResumption={}))
        messages = live.ask()
    assert not any(has(message, "serverContent", "outputTranscription") for message in messages)
    assert not any(has(message, "sessionResumptionUpdate") for message in messages)


def test_a_full_lock_with_only_a_model_falls_back_to_text_and_fails(gemini: Gemini) -> None:
    assert gemini.closing_of(gemini.mint_locked({"model": MODEL})) == TEXT_REFUSED


def test_an_empty_setup_in_the_token_is_a_full_lock_too(gemini: Gemini) -> None:
    code, _ = gemini.closing_of(gemini.mint_locked({}))
    assert code == 1007


def test_masked_fields_overwrite_and_the_others_are_the_clients(gemini: Gemini) -> None:
    token = gemini.mint_locked({"model": MODEL}, fieldMask="model", uses=0)
    assert gemini.works(token, audio_setup(model=NO_SUCH_MODEL))
    with gemini.connect(token) as live:
        live.start(audio_setup(outputAudioTranscription={}))
        assert any(has(message, "serverContent", "outputTranscription") for message in live.ask())
    assert gemini.closing_of(token, {"model": MODEL}) == TEXT_REFUSED


def test_an_unmasked_model_is_the_clients_choice(gemini: Gemini) -> None:
    token = gemini.mint_locked(AUDIO_ONLY, fieldMask="generationConfig.responseModalities")
    code, reason = gemini.closing_of(token, {"model": NO_SUCH_MODEL})
    assert (code, reason.split(" is not found")[0]) == (1008, NO_SUCH_MODEL)


def test_a_dotted_mask_overwrites_one_field_and_leaves_its_neighbours(gemini: Gemini) -> None:
    token = gemini.mint_locked(AUDIO_ONLY, fieldMask="generationConfig.responseModalities", uses=0)
    text = {"responseModalities": ["TEXT"]}
    assert gemini.works(token, {"model": MODEL, "generationConfig": text})
    thinking = text | {"thinkingConfig": {"thinkingBudget": 0}}
    code, _ = gemini.closing_of(token, {"model": MODEL, "generationConfig": thinking})
    assert code == 1007, "the client's thinkingConfig must survive, and this model refuses it"


def test_a_masked_field_that_the_lock_lacks_is_removed(gemini: Gemini) -> None:
    token = gemini.mint_locked(
        {"model": MODEL}, fieldMask="model,outputAudioTranscription,generationConfig.thinkingConfig"
    )
    thinking = {"responseModalities": ["AUDIO"], "thinkingConfig": {"thinkingBudget": 0}}
    with gemini.connect(token) as live:
        assert live.start(audio_setup(generationConfig=thinking, outputAudioTranscription={})) == {"setupComplete": {}}
        assert not any(has(message, "serverContent", "outputTranscription") for message in live.ask())


def test_a_mask_without_setup_removes_what_it_names(gemini: Gemini) -> None:
    token = gemini.mint({"fieldMask": "generationConfig.responseModalities"})
    assert gemini.closing_of(token, audio_setup()) == TEXT_REFUSED


def test_the_clients_setup_is_shape_checked_even_if_the_lock_ignores_it(gemini: Gemini) -> None:
    code, reason = gemini.closing_of(gemini.mint_locked(), {"config": {}})
    assert (code, reason) == (
        1007,
        "Invalid JSON payload received. Unknown name \"config\" at 'setup': Cannot find field.",
    )


def test_a_setup_with_a_bad_shape_does_not_cost_the_use(gemini: Gemini) -> None:
    token = gemini.mint_locked()
    gemini.closing_of(token, {"config": {}})
    assert gemini.works(token)


def test_a_locked_model_that_does_not_exist_costs_the_use(gemini: Gemini) -> None:
    token = gemini.mint_locked(audio_setup(model=NO_SUCH_MODEL))
    assert gemini.closing_of(token)[0] == 1008
    assert gemini.closing_of(token) == (1011, "Token has been used too many times")


@pytest.mark.parametrize(("fields", "uses"), [({}, 1), ({"uses": 1}, 1), ({"uses": 3}, 3), ({"uses": "2"}, 2)])
def test_a_token_opens_as_many_sessions_as_it_has_uses(gemini: Gemini, fields: Message, uses: int) -> None:
    token = gemini.mint_locked(**fields)
    assert all(gemini.works(token) for _ in range(uses))
    assert gemini.closing_of(token) == (1011, "Token has been used too many times")


def test_zero_uses_means_without_limit(gemini: Gemini) -> None:
    token = gemini.mint_locked(uses=0)
    assert all(gemini.works(token) for _ in range(5))


def test_the_use_is_spent_while_the_first_session_still_runs(gemini: Gemini) -> None:
    token = gemini.mint_locked()
    with gemini.connect(token) as live:
        live.start()
        assert gemini.closing_of(token) == (1011, "Token has been used too many times")


def test_connecting_without_a_setup_costs_nothing(gemini: Gemini) -> None:
    token = gemini.mint_locked()
    with gemini.connect(token):
        pass
    assert gemini.works(token)


def test_only_one_of_many_simultaneous_connections_gets_the_single_use(gemini: Gemini) -> None:
    token = gemini.mint_locked()
    outcomes: list[Message | tuple[int, str]] = []
    start = threading.Barrier(8)

    def race() -> None:
        with gemini.connect(token) as live:
            start.wait()
            live.send({"setup": {}})
            try:
                outcomes.append(live.receive())
            except Exception:  # noqa: BLE001  # the close frame is read below
                outcomes.append(live.closing())

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count({"setupComplete": {}}) == 1
    assert outcomes.count((1011, "Token has been used too many times")) == 7


@pytest.mark.parametrize(("fields", "seconds"), [({}, 60), ({"newSessionExpireTime": "2026-11-22T15:02:00Z"}, 120)])
def test_new_sessions_end_at_new_session_expire_time(gemini: Gemini, fields: Message, seconds: int) -> None:
    token = gemini.mint_locked(uses=0, **fields)
    gemini.clock.advance(seconds=seconds - 1)
    assert gemini.works(token)
    gemini.clock.advance(seconds=1)
    assert gemini.closing_of(token) == (1011, "new_session_expire_time deadline exceeded")


@pytest.mark.parametrize(("fields", "minutes"), [({}, 30), ({"expireTime": "2026-11-22T15:10:00Z"}, 10)])
def test_nothing_connects_past_expire_time(gemini: Gemini, fields: Message, minutes: int) -> None:
    token = gemini.mint_locked(newSessionExpireTime=gemini.clock.in_future(hours=5), uses=0, **fields)
    gemini.clock.advance(minutes=minutes, seconds=-1)
    assert gemini.works(token)
    gemini.clock.advance(seconds=1)
    assert gemini.closing_of(token) == (1011, "Token has expired")


def test_a_running_session_is_closed_at_expire_time(gemini: Gemini) -> None:
    with gemini.connect(gemini.mint_locked()) as live:
        live.start()
        gemini.clock.advance(minutes=30)
        assert live.closing() == (1011, "auth token has expired")


def test_a_running_session_survives_new_session_expire_time(gemini: Gemini) -> None:
    with gemini.connect(gemini.mint_locked()) as live:
        live.start()
        gemini.clock.advance(minutes=2)
        assert has(live.ask()[-1], "serverContent", "turnComplete")


def test_resuming_is_not_a_use_and_not_bound_by_new_session_expire_time(gemini: Gemini) -> None:
    token = mint_without_lock_on_resumption(gemini)
    handle = held_conversation(gemini, token)
    gemini.clock.advance(minutes=5)
    for _ in range(3):
        assert gemini.works(token, audio_setup(sessionResumption={"handle": handle}))
    assert gemini.closing_of(token) == (1011, "new_session_expire_time deadline exceeded")


def test_resuming_does_not_count_against_the_uses_of_a_fresh_token(gemini: Gemini) -> None:
    handle = held_conversation(gemini, mint_without_lock_on_resumption(gemini))
    fresh = mint_without_lock_on_resumption(gemini)
    assert gemini.works(fresh, audio_setup(sessionResumption={"handle": handle}))
    assert gemini.works(fresh)


def test_an_expired_token_cannot_resume_either(gemini: Gemini) -> None:
    token = mint_without_lock_on_resumption(gemini)
    handle = held_conversation(gemini, token)
    gemini.clock.advance(minutes=30)
    resuming = audio_setup(sessionResumption={"handle": handle})
    assert gemini.closing_of(token, resuming) == (1011, "Token has expired")


def test_under_a_full_lock_the_clients_handle_is_ignored(gemini: Gemini) -> None:
    token = gemini.mint_locked(audio_setup(sessionResumption={}))
    handle = held_conversation(gemini, token)
    resuming = audio_setup(sessionResumption={"handle": handle})
    assert gemini.closing_of(token, resuming) == (1011, "Token has been used too many times")


def test_a_handle_inside_a_full_lock_resumes(gemini: Gemini) -> None:
    handle = held_conversation(gemini, gemini.mint_locked(audio_setup(sessionResumption={})))
    fresh = gemini.mint_locked(audio_setup(sessionResumption={"handle": handle}, outputAudioTranscription={}))
    with gemini.connect(fresh) as live:
        live.start({"model": MODEL})
        assert "I remember" in transcript(live.ask())


def test_a_null_or_empty_handle_starts_a_new_session(gemini: Gemini) -> None:
    for handle in (None, ""):
        token = mint_without_lock_on_resumption(gemini)
        setup = audio_setup(sessionResumption={"handle": handle})
        assert gemini.works(token, setup)
        assert gemini.closing_of(token, setup) == (1011, "Token has been used too many times")


def test_an_unknown_handle_is_not_found_and_costs_no_use(gemini: Gemini) -> None:
    token = mint_without_lock_on_resumption(gemini)
    resuming = audio_setup(sessionResumption={"handle": "made-up"})
    assert gemini.closing_of(token, resuming) == (1008, "BidiGenerateContent session not found")
    assert gemini.works(token)


def test_a_handle_dies_two_hours_after_the_end_of_its_last_connection(gemini: Gemini) -> None:
    token = mint_without_lock_on_resumption(gemini, expireTime=gemini.clock.in_future(hours=19))
    handle = held_conversation(gemini, token)
    resuming = audio_setup(sessionResumption={"handle": handle})
    gemini.clock.advance(minutes=119)
    assert gemini.works(token, resuming)
    gemini.clock.advance(minutes=119)
    assert gemini.works(token, resuming), "each connection renews the two hours"
    gemini.clock.advance(minutes=120)
    assert gemini.closing_of(token, resuming) == (1008, "BidiGenerateContent session not found")


def test_resuming_while_the_old_socket_is_open_is_refused(gemini: Gemini) -> None:
    token = mint_without_lock_on_resumption(gemini)
    with gemini.connect(token) as live:
        live.start(audio_setup(sessionResumption={}))
        resuming = audio_setup(sessionResumption={"handle": handle_of(live)})
        code, reason = gemini.closing_of(token, resuming)
        assert code == 1011
        assert "used too many times" not in reason
    assert gemini.works(token, resuming)


def test_a_conversation_can_be_resumed_after_the_server_closed_it(gemini: Gemini) -> None:
    token = mint_without_lock_on_resumption(gemini)
    with gemini.connect(token) as live:
        live.start(audio_setup(sessionResumption={}))
        handle = handle_of(live)
        gemini.clock.advance(minutes=10)
        assert live.closing()[0] == 1008
    assert gemini.works(token, audio_setup(sessionResumption={"handle": handle}))


def transcript(messages: list[Message]) -> str:
    contents = (message.get("serverContent", {}) for message in messages)
    return "".join(content.get("outputTranscription", {}).get("text", "") for content in contents)


@pytest.mark.parametrize("fresh_token", [False, True])
def test_a_resumed_session_remembers_its_turns(gemini: Gemini, fresh_token: bool) -> None:
    setup = audio_setup(outputAudioTranscription={}, sessionResumption={})
    token = mint_without_lock_on_resumption(gemini)
    with gemini.connect(token) as live:
        live.start(setup)
        handle_of(live)
        first = live.ask()
        handle = handle_of(live)
        second = live.ask()
    assert "Hello" in transcript(first)
    assert "stand-in for Gemini" in transcript(first)
    assert "I remember" in transcript(second)
    again = mint_without_lock_on_resumption(gemini) if fresh_token else token
    with gemini.connect(again) as live:
        live.start(setup | {"sessionResumption": {"handle": handle}})
        assert "I still know" in transcript(live.ask())


def test_a_new_session_remembers_nothing(gemini: Gemini) -> None:
    held_conversation(gemini, mint_without_lock_on_resumption(gemini))
    with gemini.connect(gemini.mint()) as live:
        live.start(audio_setup(outputAudioTranscription={}))
        assert "Hello" in transcript(live.ask())
