"""Changing the file: comments stay, mistakes change nothing, what was set is what is read."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from devchat.errors import SettingsError, StorageError
from devchat.settings import Paths
from devchat.settings.edit import set_key, template, unset_key
from devchat.settings.load import check_text, load, value_of
from devchat.settings.schema import read_schema, split_key

Environ = dict[str, str]
FILE = """\
# mine
model = "a" # why
local.threads = 2

[providers.mine] # a
base_url = "http://x/v1"
"""


@pytest.fixture
def filled(paths: Paths) -> Paths:
    """A file with comments, a dotted key and a table."""
    paths.config_file.parent.mkdir()
    paths.config_file.write_text(FILE)
    return paths


def test_setting_keeps_comments_and_the_rest(filled: Paths, environ: Environ) -> None:
    for key, text in [("model", "b"), ("local.keep_alive", "7"), ("providers.mine.images", "yes")]:
        set_key(key, text, filled)
    text = filled.config_file.read_text()
    assert "# mine" in text
    assert '"b" # why' in text
    assert "[providers.mine] # a" in text
    loaded = load(environ).settings
    assert (loaded.model, loaded.local.threads, loaded.local.keep_alive) == ("b", 2, 7.0)
    assert loaded.providers["mine"].images


def test_the_file_is_made_where_there_is_none(paths: Paths) -> None:
    set_key("providers.mine.base_url", "http://x/v1", paths)
    assert paths.config_file.read_text() == '[providers.mine]\nbase_url = "http://x/v1"\n'
    assert paths.config_file.stat().st_mode & 0o777 == 0o644
    assert paths.config_file.parent.stat().st_mode & 0o777 == 0o700


def test_mode_and_link_are_kept(filled: Paths) -> None:
    real = filled.config_file.with_name("dotfiles.toml")
    filled.config_file.rename(real)
    real.chmod(0o600)
    filled.config_file.symlink_to(real)
    set_key("model", "b", filled)
    assert filled.config_file.is_symlink()
    assert 'model = "b"' in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o600


def test_unsetting(filled: Paths, environ: Environ) -> None:
    assert unset_key("local.threads", filled)
    assert not unset_key("local.threads", filled)
    assert not unset_key("remote.retries", filled)
    assert load(environ).origins["local.threads"] == "default"
    assert "# mine" in filled.config_file.read_text()


def test_an_unknown_key_can_be_taken_out(filled: Paths, environ: Environ) -> None:
    filled.config_file.write_text("oops = 1\nalas = 2\n" + FILE)
    assert unset_key("oops", filled) and unset_key("alas", filled)
    assert load(environ).settings.model == "a"


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("modl", "x", "unknown key `modl`"),
        ("local", "x", "unknown key `local`"),
        ("aliases.", "x", "unknown key `aliases.`"),
        ("aliases", "x", "unknown key `aliases`"),
        ("providers.openai", "x", "unknown key `providers.openai`"),
        ("providers..tier", "tiny", "unknown key `providers..tier`"),
        ("temperature", "3", "`temperature` must be a number from 0 to 2"),
        ("local.threads", "many", "`local.threads` must be a whole number from 0 to 1,024"),
        ("providers.mine.images", "maybe", "`providers.mine.images` must be true or false"),
        ("providers.new.tier", "tiny", "provider `new` has no `base_url`"),
    ],
)
def test_a_mistake_changes_nothing(filled: Paths, key: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        set_key(key, text, filled)
    assert message in caught.value.message
    assert filled.config_file.read_text() == FILE


@pytest.mark.parametrize(
    ("before", "message"),
    [("a = [", "not TOML"), ("local = 3", "must be a table"), ("oops = 1", "unknown key `oops`")],
)
def test_a_file_wrong_already_is_left_alone(paths: Paths, before: str, message: str) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_text(before)
    with pytest.raises(SettingsError, match=message):
        set_key("local.threads", "1", paths)
    assert paths.config_file.read_text() == before
    with pytest.raises(SettingsError, match="unknown key|not TOML"):
        unset_key("local.x", paths)


@pytest.mark.parametrize(
    ("before", "key", "text"),
    [
        ("providers = {vllm.tier = 'tiny'}", "providers.ollama.images", "yes"),
        ("local = {}", "local.threads", "5"),
        ("providers.ollama.images = true", "model", "x"),
        (
            "[providers]\n[providers.ollama]\n[local]\n[providers.vllm]",
            "providers.vllm.tier",
            "tiny",
        ),
        ("local.threads = 1\n[aliases]", "local.keep_alive", "5"),
    ],
)
def test_other_styles_of_table(
    paths: Paths, environ: Environ, before: str, key: str, text: str
) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_text(before)
    set_key(key, text, paths)
    assert load(environ).origins[key].startswith(str(paths.config_file))


@pytest.mark.parametrize(
    "before",
    [
        "providers.vllm = {tier = 'tiny'}\nlocal.threads = 1\n",
        f"model = {'[' * 200}{']' * 200}\n",
    ],
)
def test_a_file_too_unusual_is_left_to_its_owner(paths: Paths, before: str) -> None:
    paths.config_file.parent.mkdir()
    paths.config_file.write_text(before)
    with pytest.raises(SettingsError, match="too unusual") as caught:
        set_key("providers.openai.tier", "small", paths)
    assert "config edit" in caught.value.hint
    assert paths.config_file.read_text() == before


def test_a_read_only_folder_is_a_storage_error(filled: Paths) -> None:
    # /proc refuses new files even to root, under whom tests may run.
    filled.config_file.unlink()
    filled.config_file.symlink_to("/proc/self/config.toml")
    with pytest.raises(StorageError, match="can't be written") as caught:
        set_key("model", "b", filled)
    assert caught.value.exit_code == 6


def test_the_template_is_all_comments_and_every_line_of_it_is_valid(paths: Paths) -> None:
    text = template(read_schema())
    assert check_text(text, paths.config_file, read_schema()) == {}
    active = "".join(line.removeprefix("# ") + "\n" for line in text.split("\n")[1:]).replace(
        'key = ""', 'key = "mine"'
    )
    found = check_text(active, paths.config_file, read_schema())
    assert len(found) == len(read_schema())


VALUES = st.one_of(
    st.tuples(st.just("model"), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)),
    st.tuples(st.just("temperature"), st.floats(0, 2)),
    st.tuples(st.just("max_tokens"), st.integers(1, 10_000_000)),
    st.tuples(st.sampled_from(["local.keep_alive", "remote.timeout"]), st.floats(0.1, 1e6)),
    st.tuples(st.just("local.gpu_layers"), st.integers(-1, 99)),
    st.tuples(st.just("providers.ollama.images"), st.booleans()),
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map("aliases.{}".format),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
)


@pytest.mark.no_cover
@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(VALUES, max_size=5))
def test_what_was_set_is_what_is_read(
    paths: Paths, environ: Environ, given: list[tuple[str, object]]
) -> None:
    paths.config_file.unlink(missing_ok=True)
    for key, value in given:
        set_key(key, str(value), paths)
    settings = load(environ).settings
    for key, value in dict(given).items():
        read = value_of(settings, split_key(key))
        assert math.isclose(read, value) if isinstance(read, float) else read == value  # type: ignore[arg-type]
    for key in dict(given):
        assert unset_key(key, paths)
    assert set(load(environ).origins.values()) == {"default"}
