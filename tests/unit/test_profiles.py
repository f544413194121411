"""`profiles`: what a file may say, and that every fault of every file is told at once."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.issuing import Profile
from live_tokens.profiles import ProfileError, load_profiles

LIFETIME = "[lifetime]\nstart_within_seconds = 60\nsession_seconds = 900\n"
CONFIG = '[config]\nresponse_modalities = ["AUDIO"]\n'
GOOD = f'model = "gemini-3.8-live"\n{LIFETIME}{CONFIG}'
LONGEST = 20 * 3600 - 60


def nothing_wrong(profile: Profile) -> Sequence[str]:
    return []


def write(directory: Path, text: str = GOOD, name: str = "default.toml") -> None:
    (directory / name).write_text(text, encoding="utf-8")


def faults_of(directory: Path) -> tuple[str, ...]:
    with pytest.raises(ProfileError) as refusal:
        load_profiles(directory, nothing_wrong)
    assert [fault for fault in refusal.value.faults if fault not in str(refusal.value)] == []
    return refusal.value.faults


def test_a_file_is_a_profile_named_after_it(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, GOOD.replace("900", "60"), "tutor-2.toml")
    (tmp_path / "README.md").write_text("not a profile")
    default = Profile(
        name="default",
        model="models/gemini-3.8-live",
        start_within=timedelta(seconds=60),
        session=timedelta(seconds=900),
        config={"response_modalities": ["AUDIO"]},
    )
    profiles = load_profiles(tmp_path, nothing_wrong)
    assert set(profiles) == {"default", "tutor-2"}
    assert profiles["default"] == default
    assert profiles["tutor-2"].name == "tutor-2"
    assert profiles["tutor-2"].session == timedelta(seconds=60)


@pytest.mark.parametrize("spelling", ["gemini-3.8-live", "models/gemini-3.8-live"])
def test_both_spellings_of_a_model_are_one(tmp_path: Path, spelling: str) -> None:
    write(tmp_path, GOOD.replace("gemini-3.8-live", spelling))
    assert load_profiles(tmp_path, nothing_wrong)["default"].model == "models/gemini-3.8-live"


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("model = ", "is not valid TOML:"),
        ("\ufeff" + GOOD, "is not valid TOML:"),
        (LIFETIME + CONFIG, "model is missing."),
        *((f"model = {bad}\n{LIFETIME}{CONFIG}", "model must be") for bad in ["7", '""', '"models/"', '"Gemini 3.8"']),
        (f'model = "publishers/google/models/x"\n{LIFETIME}{CONFIG}', "model must be"),
        (f'model = "m"\n{CONFIG}', "[lifetime] must hold"),
        (f'model = "m"\nlifetime = 900\n{CONFIG}', "[lifetime] must hold"),
        (f'model = "m"\n[lifetime]\nsession_seconds = 900\n{CONFIG}', "[lifetime] must hold"),
        (f'model = "m"\n{LIFETIME}uses = 2\n{CONFIG}', "[lifetime] must hold"),
        (f'model = "m"\n{LIFETIME}', "[config] must be"),
        (f'model = "m"\n{LIFETIME}[config]', "[config] must be"),
        (f'model = "m"\nconfig = 3\n{LIFETIME}', "[config] must be"),
        (f'model = "m"\nquota = 3\n{LIFETIME}{CONFIG}', "quota is not known here."),
        *(
            (GOOD.replace(" 60\n", f" {bad}\n"), "lifetime.start_within_seconds must be")
            for bad in ["0", "-1", "1.5", "true", '"60"', str(LONGEST + 1)]
        ),
        *(
            (GOOD.replace(" 900\n", f" {bad}\n").replace(" 60\n", " 1\n"), "lifetime.session_seconds must be")
            for bad in ["0", "true", str(LONGEST + 1), "9" * 30]
        ),
        (GOOD.replace("900", "59"), "lifetime.start_within_seconds must not be longer"),
    ],
)
def test_a_bad_file_is_one_fault_that_names_file_and_field(tmp_path: Path, text: str, begins: str) -> None:
    write(tmp_path, text)
    (fault,) = faults_of(tmp_path)
    assert fault.startswith(f"default.toml: {begins}")


def test_a_file_that_is_not_utf_8_is_not_toml(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_bytes(b'model = "\xff"')
    assert faults_of(tmp_path)[0].startswith("default.toml: is not valid TOML:")


@pytest.mark.parametrize("name", ["Tutor.toml", "my_tutor.toml", "-x.toml", f"{'x' * 64}.toml", "a b.toml"])
def test_a_bad_name_is_a_fault(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    write(tmp_path, name=name)
    (fault,) = faults_of(tmp_path)
    assert fault.startswith(f"{name}: has a name")


@pytest.mark.parametrize("directory", [".", "no-such-folder"])
def test_there_must_be_a_default(tmp_path: Path, directory: str) -> None:
    write(tmp_path, name="tutor.toml")
    (fault,) = faults_of(tmp_path / directory)
    assert fault.startswith("default.toml: this file is missing")


def test_a_broken_default_is_not_missing_as_well(tmp_path: Path) -> None:
    write(tmp_path, "model")
    assert [fault for fault in faults_of(tmp_path) if "missing" in fault] == []


def test_the_longest_lifetime_is_a_minute_less_than_google_allows(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("900", str(LONGEST)))
    assert load_profiles(tmp_path, nothing_wrong)["default"].session == timedelta(hours=19, minutes=59)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "colour = 1")
    write(tmp_path, GOOD.replace("60", "0"), "tutor.toml")
    assert [fault.split(" ")[:2] for fault in faults_of(tmp_path)] == [
        ["default.toml:", "colour"],
        ["default.toml:", "model"],
        ["default.toml:", "[config]"],
        ["default.toml:", "[lifetime]"],
        ["tutor.toml:", "lifetime.start_within_seconds"],
    ]


def test_what_the_config_check_finds_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, name="tutor.toml")
    with pytest.raises(ProfileError) as refusal:
        load_profiles(tmp_path, lambda profile: [f"config.{profile.name} is odd."])
    assert refusal.value.faults == ("default.toml: config.default is odd.", "tutor.toml: config.tutor is odd.")


def test_the_config_of_a_file_with_other_faults_is_not_checked(tmp_path: Path) -> None:
    checked: list[Profile] = []

    def check(profile: Profile) -> Sequence[str]:
        checked.append(profile)
        return []

    write(tmp_path, GOOD.replace("model", "modle"))
    with pytest.raises(ProfileError):
        load_profiles(tmp_path, check)
    assert checked == []


def test_loaded_profiles_do_not_change(tmp_path: Path) -> None:
    write(tmp_path)
    profiles = load_profiles(tmp_path, nothing_wrong)
    for mapping in (profiles, profiles["default"].config):
        assert not hasattr(mapping, "__setitem__")


toml_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 100_000) | st.sampled_from(["gemini-3.8-live", "", "models/x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["session_seconds", "x"]), inner),
    max_leaves=4,
)


def as_toml(value: object) -> str:
    match value:
        case None:
            return "1.5"
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{name} = {as_toml(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@given(st.dictionaries(st.sampled_from(["model", "lifetime", "config", "x"]), toml_values))
def test_whatever_a_file_says_it_is_a_profile_or_faults(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, object]
) -> None:
    directory = tmp_path_factory.getbasetemp()
    write(directory, "".join(f"{name} = {as_toml(value)}\n" for name, value in document.items()))
    with contextlib.suppress(ProfileError):
        assert set(load_profiles(directory, nothing_wrong)) == {"default"}
