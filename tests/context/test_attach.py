"""Attachments, with real files, folders, links, pipes and repositories."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devchat.context import Attached
from devchat.context.attach import attach_stdin, read_attachments
from devchat.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
CHINESE = "这个函数读取一个文件,然后返回它的内容。如果文件不存在就报告错误。\n"
Read = Callable[..., Attached]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder outside any repository."""
    (tmp_path / "a.py").write_text("".join(f"line {number}\n" for number in range(1, 51)))
    (tmp_path / "中文.md").write_text("# 标题\n")
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "b.py").write_text("b = 1\n")
    (tmp_path / "sub" / "deep" / "c.py").write_text("c = 1")
    (tmp_path / "sub" / "photo.png").write_bytes(PNG)
    (tmp_path / "sub" / ".hidden.py").write_text("secret = 1\n")
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Read:
    def read(*specs: str, stdin: bytes = b"") -> Attached:
        return read_attachments(specs, folder=folder, read_stdin=lambda: stdin)

    return read


def names(attached: Attached) -> list[str]:
    return [text.name for text in attached.texts]


def refusal(read: Read, *specs: str, stdin: bytes = b"") -> str:
    """Return what a bad input says, checking that it is one line with a hint."""
    with pytest.raises(InputError) as caught:
        read(*specs, stdin=stdin)
    error = caught.value
    assert error.hint and "\n" not in error.message + error.hint
    assert error.exit_code == 5
    return f"{error.message} | {error.hint}"


@pytest.mark.parametrize(
    ("spec", "name", "text"),
    [
        ("sub/b.py", "sub/b.py", "b = 1\n"),
        ("中文.md", "中文.md", "# 标题\n"),
        ("a.py:2-3", "a.py:2-3", "line 2\nline 3\n"),
        ("a.py:50", "a.py:50", "line 50\n"),
        ("a.py:49-", "a.py:49-50", "line 49\nline 50\n"),
        ("a.py:1-50", "a.py:1-50", "".join(f"line {n}\n" for n in range(1, 51))),
        ("sub/deep/c.py:1", "sub/deep/c.py:1", "c = 1"),
        ("-", "stdin", "piped"),
    ],
)
def test_what_is_named_is_read(read: Read, spec: str, name: str, text: str) -> None:
    attached = read(spec, stdin=b"piped")
    assert [(one.name, one.text) for one in attached.texts] == [(name, text)]


def test_a_file_whose_name_has_a_range_wins(read: Read, folder: Path) -> None:
    (folder / "a.py:2-3").write_text("odd name")
    assert read("a.py:2-3").texts[0].text == "odd name"


def test_the_same_thing_is_read_once(read: Read, folder: Path) -> None:
    (folder / "same.py").symlink_to("a.py")
    specs = ["a.py", "./a.py", str(folder / "a.py"), "same.py", "a.py:1", "a.py:1-1", "-", "-"]
    assert names(read(*specs, stdin=b"x")) == ["a.py", "a.py:1", "stdin"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfmarked", "marked"),
        ("wide ✓".encode("utf-16"), "wide ✓"),
        ("wider ✓".encode("utf-32"), "wider ✓"),
        (b"\x1b[31mred\x1b[0m\r\n", "\x1b[31mred\x1b[0m\r\n"),
        (b"MZ and BM may begin a text", "MZ and BM may begin a text"),
    ],
)
def test_text_is_read_unchanged(read: Read, folder: Path, data: bytes, text: str) -> None:
    (folder / "x").write_bytes(data)
    assert read("x").texts[0].text == text


def test_lines_of_a_wide_encoding(read: Read, folder: Path) -> None:
    (folder / "x").write_bytes("ਊ\nzwei\ndrei\n".encode("utf-16"))
    assert read("x:2-3").texts[0].text == "zwei\ndrei\n"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a\1\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_pictures(read: Read, folder: Path, data: bytes, media_type: str) -> None:
    (folder / "shot").write_bytes(data)
    attached = read("shot", "-", stdin=data)
    assert [(image.name, image.media_type) for image in attached.images] == [
        ("shot", media_type),
        ("stdin", media_type),
    ]
    assert attached.images[0].data == data
    assert attach_stdin(data).images[0].name == "stdin"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "`x` is empty"),
        (b"\x7fELF\2\1\1\0", "an ELF program"),
        (b"%PDF-1.7\n", "`pdftotext x -`"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"\0" * 257 + b"ustar\x0000", "a tar archive"),
        (b"some\0zeros", "it has zero bytes"),
        ("plain words".encode("utf-16le"), "iconv -f utf-16le -t utf-8 x"),
        ("plain words".encode("utf-16be"), "iconv -f utf-16be -t utf-8 x"),
        (CHINESE.encode("gb18030"), "iconv -f gb18030 -t utf-8 x"),
        ("這個函數讀取檔案,然後傳回內容。".encode("big5"), "iconv -f big5 -t utf-8"),
        ("ファイルを読み込んで返します。".encode("shift_jis"), "iconv -f shift_jis -t"),
        ("ファイルを読み込んで返します。".encode("euc-jp"), "iconv -f euc-jp -t utf-8"),
        ("파일을 읽고 내용을 반환한다.".encode("euc-kr"), "iconv -f euc-kr -t utf-8"),
        ("naïve café déjà vu\n".encode("latin1"), "iconv -f latin1 -t utf-8"),
        (CHINESE.encode() + b"\xff", "damaged UTF-8: byte 0xff in line 2"),
        (b"ok\n\xfe\xfd\xfc\xff\x80\x81", "byte 0xfe in line 2"),
        (b"\xff\xfeodd", "damaged UTF-16"),
        (PNG + b"\0" * (21 << 20), "a picture of 21.0 MB; 20.0 MB is the limit"),
        (b"x" * ((32 << 20) + 1), "too large: 32.0 MB"),
    ],
)  # fmt: skip
def test_unusable_content(read: Read, folder: Path, data: bytes, said: str) -> None:
    (folder / "x").write_bytes(data)
    assert said in refusal(read, "x")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "names no file"),
        ("a.pi", "near it: `a.py`"),
        ("A.PY", "near it: `a.py`"),
        ("sub/bb.py", "near it: `sub/b.py`"),
        ("nothing-like-it", "`ls "),
        ("none/a.py", "there is no folder"),
        ("a.py/x", "does not exist"),
        ("a.pi:3", "near it: `a.py`"),
        ("a.py:51", "`a.py` has 50 lines, not 51 | `a.py:1-50`"),
        ("a.py:10-60", "has 50 lines, not 60"),
        ("sub/deep/c.py:2", "has 1 line, not 2 | `sub/deep/c.py:1`"),
        ("a.py:0", "begins at line 0"),
        ("a.py:9-3", "runs backwards"),
        ("empty:1", "is empty"),
        ("sub:3", "is a folder and has no lines"),
        ("sub/photo.png:3", "is a picture and has no lines"),
        ("*.rs", "matches no file"),
        ("none/*.rs", "matches no file"),
        ("loop", "leads back to itself"),
        ("broken", "does not exist"),
        ("hollow", "is a folder without any file"),
        ("pictures", "has no text that can be sent | `pictures/one.png` is a picture"),
        ("pipe", "is a named pipe"),
        ("socket", "is a socket"),
        ("/dev/null", "is a device"),
        ("/dev/fd/987", "does not exist"),
        ("x" * 300, "too long for a name"),
        ("a\0b", "can't be the name"),
        ("ftp://host/x", "only http:// and https://"),
        ("odd\udcff\u202e.py", "`odd\\xff\\u202e.py` does not exist"),
        ("-", "standard input is empty"),
    ],
)
def test_bad_names(read: Read, folder: Path, spec: str, said: str) -> None:
    (folder / "empty").touch()
    (folder / "loop").symlink_to("loop")
    (folder / "broken").symlink_to("gone")
    (folder / "hollow").mkdir()
    (folder / "pictures").mkdir()
    (folder / "pictures" / "one.png").write_bytes(PNG)
    (folder / "pictures" / "two.png").write_bytes(PNG)
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket"))
        assert said in refusal(read, spec)


def test_a_hint_can_be_typed(read: Read, folder: Path) -> None:
    (folder / "my file").write_bytes(CHINESE.encode("gb18030"))
    assert "`iconv -f gb18030 -t utf-8 'my file'`" in refusal(read, "my file")


def test_what_is_wrong_with_piped_bytes(read: Read) -> None:
    assert "pipe it through `iconv -f gb18030 -t utf-8`" in refusal(
        read, "-", stdin=CHINESE.encode("gb18030")
    )
    assert "standard input is binary" in refusal(read, "-", stdin=b"\x7fELF\0")


def test_a_huge_file_is_not_read_but_its_first_lines_are(read: Read, folder: Path) -> None:
    with (folder / "huge.log").open("wb") as file:
        file.write(b"first\nsecond\n" + b"x" * (1 << 20))
        file.truncate(2 << 30)
    assert "2.0 GB" in refusal(read, "huge.log")
    assert read("huge.log:1-2").texts[0].text == "first\nsecond\n"
    assert "zero bytes" in refusal(read, "huge.log:3")


def test_lines_far_inside_a_large_file(read: Read, folder: Path) -> None:
    (folder / "large").write_bytes(b"0123456789abcde\n" * (3 << 20))
    assert read("large:3000000-3000001").texts[0].text == "0123456789abcde\n" * 2
    assert "has 3,145,728 lines" in refusal(read, "large:4000000")
    assert "more than 32.0 MB in these lines" in refusal(read, "large:2-")
    (folder / "wide").write_bytes(b"\xff\xfe" + b"a\0" * (17 << 20))
    assert "is UTF-16 of more than" in refusal(read, "wide:1")


@pytest.mark.parametrize("word", ["BM25", "MZ", "GGUF", "RIFF", "ID3", "BZh", "OggS", "fLaC"])
def test_lines_of_a_text_that_begins_as_binary_files_do(
    read: Read, folder: Path, word: str
) -> None:
    # Files are read a megabyte at a time: each of the three pieces begins so.
    piece = f"{word} {'字' * 300_000}"
    piece += "x" * ((1 << 20) - len(piece.encode()) - 1) + "\n"
    (folder / "words.md").write_text(2 * piece + f"{word}\n")
    assert read("words.md:3").texts[0].text == f"{word}\n"
    assert read("words.md:1").texts[0].text == piece


def test_lines_of_a_text_whose_characters_are_parted_by_reading(read: Read, folder: Path) -> None:
    (folder / "words.md").write_text("a" + "字" * 400_000 + "\nlast\n")
    assert read("words.md:2").texts[0].text == "last\n"


@pytest.mark.measured
def test_a_file_that_the_user_may_not_read(home: Path) -> None:
    """Root may read everything, so this is asked by somebody else."""
    (home / "closed").write_text("x")
    (home / "closed").chmod(0)
    (home / "locked").mkdir(mode=0)
    (home / "part").mkdir()
    (home / "part" / "open").write_text("x")
    (home / "part" / "shut").write_text("x")
    (home / "part" / "shut").chmod(0)
    (home / "part" / "half").mkdir()
    (home / "part" / "half" / "x").write_text("x")
    (home / "part" / "half").chmod(0o644)
    (home / "part" / "none").mkdir(mode=0)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from devchat.context.attach import read_attachments\n"
        "from devchat.errors import InputError\n"
        "import difflib, encodings.utf_8_sig, errno, shutil, subprocess\n"  # readable yet
        "was_root = os.getuid() == 0\n"
        "was_root and os.setresuid(65534, 65534, 0)\n"
        "for spec in ('closed', 'closed:1', 'locked', 'locked/x'):\n"
        "    try: read_attachments([spec], folder=Path('.'), read_stdin=bytes)\n"
        "    except InputError as error: print(error.message, '|', error.hint)\n"
        "print(read_attachments(['part'], folder=Path('.'), read_stdin=bytes).left_out)\n"
        "was_root and os.setresuid(0, 0, 0)\n"
    )
    home.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    for closed in ("locked", "part/half", "part/none"):
        (home / closed).chmod(0o700)
    assert done.stdout.count("can't be read: permission denied | `ls -ld ") == 4, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == (
        "(LeftOut(name='part/half/x', reason=\"can't be read: permission denied\"), "
        "LeftOut(name='part/none', reason=\"is a folder that can't be read\"), "
        "LeftOut(name='part/shut', reason=\"can't be read: permission denied\"))"
    )


@pytest.mark.parametrize("wrap", [str, lambda name: f"{name}:2"])
def test_process_substitution(read: Read, wrap: Callable[[str], str]) -> None:
    for end, other in (os.pipe(), [one.detach() for one in socket.socketpair()]):
        os.write(other, b"one\ntwo\n")
        os.close(other)
        try:
            text = read(wrap(f"/dev/fd/{end}")).texts[0].text
        finally:
            os.close(end)
        assert text in ("one\ntwo\n", "two\n")


def test_an_endless_process_substitution_is_refused(read: Read) -> None:
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as yes:
        assert yes.stdout is not None
        assert "is longer than 32.0 MB" in refusal(read, f"/dev/fd/{yes.stdout.fileno()}")
        yes.kill()


def test_the_standard_input_of_the_process_by_its_name(folder: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from devchat.context.attach import read_attachments\n"
        "print(read_attachments(['/dev/stdin'], folder=Path('.'), read_stdin=bytes).texts)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"piped", capture_output=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert b"text='piped'" in done.stdout


def test_a_folder_outside_a_repository(read: Read, folder: Path) -> None:
    for skipped in ("node_modules", "__pycache__", ".venv"):
        (folder / "sub" / skipped).mkdir()
        (folder / "sub" / skipped / "x.js").write_text("x")
    (folder / "sub" / "empty.py").touch()
    (folder / "sub" / "large.txt").write_bytes(b"x" * ((1 << 20) + 1))
    (folder / "sub" / "old.txt").write_bytes(CHINESE.encode("gb18030"))
    (folder / "sub" / "gone").symlink_to("nowhere")
    (folder / "sub" / "out.py").symlink_to("../a.py")
    (folder / "sub" / "in.py").symlink_to("b.py")
    (folder / "sub" / "up").symlink_to("..")
    attached = read("sub", "sub/")
    assert names(attached) == ["sub/b.py", "sub/deep/c.py"]
    assert {one.name: one.reason for one in attached.left_out} == {
        "sub/gone": "is a link to nothing",
        "sub/large.txt": "is larger than 1.0 MB: 1.0 MB",
        "sub/old.txt": "is not UTF-8: byte 0xd5 in line 1",
        "sub/out.py": "links out of the folder",
        "sub/photo.png": "is a picture: name it by itself",
    }
    assert not attached.images
    assert names(read(".", "sub/photo.png"))[0] == "a.py"


def test_a_picture_left_out_of_a_folder_can_be_named(read: Read) -> None:
    attached = read("sub", "sub/photo.png")
    assert [image.name for image in attached.images] == ["sub/photo.png"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["a.py"]),
        ("**/*.py", ["a.py", "sub/b.py", "sub/deep/c.py"]),
        ("**/**/c.py", ["sub/deep/c.py"]),
        ("sub/**", ["sub/b.py", "sub/deep/c.py"]),
        ("sub/*/?.py", ["sub/deep/c.py"]),
        ("./[ab].py", ["./a.py"]),
        ("sub/.*.py", ["sub/.hidden.py"]),
        ("node_*/*.js", ["node_modules/x.js"]),
        ("node_modules/*.js", ["node_modules/x.js"]),
    ],
)
def test_globs(read: Read, folder: Path, pattern: str, found: list[str]) -> None:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x.js").write_text("x")
    assert names(read(pattern)) == found
    assert names(read(f"{folder}/{pattern}")) == [f"{folder}/{name}" for name in found]


def test_a_glob_may_name_pictures(read: Read) -> None:
    assert [image.name for image in read("sub/*.png").images] == ["sub/photo.png"]


def test_too_many_files(read: Read, folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(501):
        (folder / "many" / f"{number}.txt").write_text("x")
    assert "`many` has 501 files; 500 is the limit" in refusal(read, "many")
    (folder / "many" / "0.txt").unlink()
    assert len(read("many").texts) == 500


def test_a_folder_is_read_up_to_a_total(read: Read, folder: Path) -> None:
    (folder / "big").mkdir()
    for number in range(33):
        (folder / "big" / f"{number:02}.txt").write_bytes(b"x" * (1 << 20))
    attached = read("big")
    assert len(attached.texts) == 32
    assert [one.reason for one in attached.left_out] == ["comes after the first 32.0 MB"]


@pytest.fixture
def repository(folder: Path) -> Iterator[Path]:
    """The folder as a repository whose settings would run a program, were they obeyed."""
    trap = folder / ".git" / "trap"
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (
        ["init", "-q"],
        ["add", "a.py", "sub"],
        ["commit", "-q", "-m", "one"],
        ["config", "core.fsmonitor", f"touch {trap}; true"],
    ):
        subprocess.run([*git, *command], check=True)
    (folder / ".gitignore").write_text("*.log\nbuild/\n")
    (folder / "noise.log").write_text("noise")
    (folder / "new.py").write_text("new = 1\n")
    (folder / "build").mkdir()
    (folder / "build" / "made.py").write_text("made = 1\n")
    yield folder
    assert not trap.exists()


def test_a_repository_says_which_files_belong(read: Read, repository: Path) -> None:
    (repository / "sub" / "b.py").unlink()
    subprocess.run(["git", "init", "-q", str(repository / "nested")], check=True)
    (repository / "nested" / "x.py").write_text("x")
    attached = read(".")
    assert names(attached) == [
        ".gitignore", "a.py", "new.py", "sub/.hidden.py", "sub/deep/c.py", "中文.md",
    ]  # fmt: skip
    assert {one.name for one in attached.left_out} == {"nested/", "sub/photo.png"}
    assert names(read("sub")) == ["sub/.hidden.py", "sub/deep/c.py"]


def test_an_ignored_folder_is_read_when_named(read: Read, repository: Path) -> None:
    assert names(read("build")) == ["build/made.py"]


def test_a_hook_s_variables_do_not_choose_the_repository(
    read: Read, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / "elsewhere"))
    assert "noise.log" not in names(read("."))


def test_git_is_not_taken_from_the_folder(
    read: Read, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "git").write_text("#!/bin/sh\ntouch .git/trap\n")
    (repository / "git").chmod(0o755)
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", ".")
    assert "noise.log" in names(read("."))


def test_git_fetches_nothing_for_a_folder(read: Read, repository: Path) -> None:
    git = ["git", "-C", str(repository), "-c", "core.fsmonitor=", "-c", "user.name=a"]
    git += ["-c", "user.email=a@b.c"]
    ran = repository / ".git" / "trap"

    def run(*command: str) -> str:
        return subprocess.run([*git, *command], check=True, capture_output=True, text=True).stdout

    run("add", ".gitignore")
    run("commit", "-q", "-m", "two")
    # A file that is not there is read from its object, and the object would be fetched.
    run("update-index", "--skip-worktree", ".gitignore")
    name = run("rev-parse", "HEAD:.gitignore").strip()
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    (repository / ".gitignore").unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://host/r",
        "core.sshCommand": f"touch {ran}; false",
    }.items():
        run("config", key, value)
    assert "a.py" in names(read("."))


def test_a_git_that_does_not_start(
    read: Read, repository: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    elsewhere = tmp_path_factory.mktemp("bin")
    (elsewhere / "git").write_text("#!/no/such/program\n")
    (elsewhere / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(elsewhere))
    assert "noise.log" in names(read("."))
