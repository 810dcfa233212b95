"""Files and folders are replaced whole or not at all, by runs that end in whatever way."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from starcast.disk import replacement
from starcast.disk.lock import alone, beside
from starcast.disk.replacement import replace_file, replace_folder, standing
from starcast.errors import BusyError

KILLER = Path(__file__).parents[2] / "support" / "killed_at_every_step.py"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "stale").touch()
    with replace_folder(tmp_path / "mine") as fresh:
        (fresh / "a").write_text("new", encoding="utf-8")
        assert names(tmp_path / "mine") == ["stale"]
    assert names(tmp_path / "mine") == ["a"]
    assert names(tmp_path) == ["mine"]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("old", encoding="utf-8")
    with replace_file(tmp_path / "mine") as fresh:
        fresh.write_text("new", encoding="utf-8")
        assert (tmp_path / "mine").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["mine"]


@pytest.mark.parametrize("way", ["exchange", "renames"])
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_killed_at_any_step_the_old_or_the_new_is_there_whole(
    tmp_path: Path, kind: str, way: str
) -> None:
    argv = [sys.executable, str(KILLER), kind, way, str(tmp_path)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    killed, new = map(int, ended.stdout.split())
    assert killed >= 10
    assert 0 < new < killed


def put_by_renames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "_renameat2", lambda: None)


@pytest.mark.parametrize("cannot", [errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_exchange_is_asked_to_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cannot: int
) -> None:
    monkeypatch.setattr(replacement, "_renameat2", lambda: lambda *_: -1)
    monkeypatch.setattr("ctypes.get_errno", lambda: cannot)
    for content in ("old", "new"):
        with replace_folder(tmp_path / "mine") as fresh:
            (fresh / content).touch()
    assert names(tmp_path / "mine") == ["new"]
    assert names(tmp_path) == ["mine"]


def test_any_other_failure_to_exchange_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(replacement, "_renameat2", lambda: lambda *_: -1)
    monkeypatch.setattr("ctypes.get_errno", lambda: errno.EIO)
    with pytest.raises(OSError, match="Input/output error"), replace_folder(tmp_path / "mine"):
        pass
    assert names(tmp_path) == ["mine"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_between_the_two_renames_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "old").touch()
    put_by_renames(monkeypatch)
    rename = Path.rename

    def second_fails(self: Path, target: Path) -> Path:
        if target.name == "mine" and self != beside(target, "old"):
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(type(error)), replace_folder(tmp_path / "mine"):
        pass
    assert names(tmp_path / "mine") == ["old"]
    assert names(tmp_path) == ["mine"]


def test_a_folder_that_was_set_aside_is_found_and_put_back(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    assert standing(target) == target
    aside = beside(target, "old")
    aside.mkdir()
    assert standing(target) == aside
    with replace_folder(target):
        assert "mine" in names(tmp_path)
        assert not aside.exists()
    assert names(tmp_path) == ["mine"]


def test_everything_is_on_the_disk_before_the_old_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut may take what has not been written through, though the names are there."""
    done: list[str] = []
    fsync, put = os.fsync, replacement._put

    def note_fsync(opened: int) -> None:
        done.append(Path(f"/proc/self/fd/{opened}").readlink().name)
        fsync(opened)

    def note_put(fresh: Path, target: Path) -> None:
        done.append("put")
        put(fresh, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(replacement, "_put", note_put)
    with replace_folder(tmp_path / "mine") as fresh:
        (fresh / "inner").mkdir()
        (fresh / "inner" / "a").touch()
        (fresh / "b").touch()
    assert done[:2] == ["a", "inner"]
    assert done[2:] == ["b", fresh.name, "put", tmp_path.name]
    done.clear()
    with replace_file(tmp_path / "file") as file:
        file.touch()
    assert done == [file.name, tmp_path.name]


def test_what_killed_runs_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    left = [".mine.starcast-0123abcd", ".other.starcast-4567cdef", ".other.starcast-lock"]
    stay = [".mine.XyZ", ".mine.starcast-notes", "mine.starcast-0123abcd", "..starcast-old",
            "...starcast-old"]  # fmt: skip
    (tmp_path / left[0]).mkdir()
    (tmp_path / left[0] / "half").touch()
    for name in [*left[1:], *stay]:
        (tmp_path / name).touch()
    with replace_file(tmp_path / "new") as fresh:
        fresh.touch()
    assert names(tmp_path) == sorted([*stay, "new"])


def test_what_a_run_at_work_is_making_stays(tmp_path: Path) -> None:
    making = tmp_path / ".other.starcast-0123abcd"
    making.touch()
    argv = [sys.executable, "-c", HOLDER, str(tmp_path / "other")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with replace_file(tmp_path / "mine") as fresh:
            fresh.touch()
        assert making.exists()
        holder.kill()
    with replace_file(tmp_path / "mine") as fresh:
        fresh.touch()
    assert names(tmp_path) == ["mine"]


HOLDER = """
import sys
from pathlib import Path
from starcast.disk.lock import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_refused_with_the_number_of_the_first(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", HOLDER, str(tmp_path / "mine")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        said = rf"another run \(process {holder.pid}\) is writing {tmp_path}/mine;"
        with pytest.raises(BusyError, match=said), replace_file(tmp_path / "mine"):
            pass
        holder.kill()  # and nobody takes the lock's file away
    with replace_file(tmp_path / "mine") as fresh:
        fresh.touch()
    assert names(tmp_path) == ["mine"]


def test_another_thread_is_another_run(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write() -> None:
        with replace_file(tmp_path / "mine") as fresh:
            fresh.touch()

    with alone(tmp_path / "mine"):
        write()  # who holds it may write it
        with ThreadPoolExecutor(1) as thread, pytest.raises(BusyError, match=str(os.getpid())):
            thread.submit(write).result()


def test_a_lock_that_its_holder_took_away_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked though nobody can see it: a third run would lock its successor."""
    import fcntl

    flock, lock = fcntl.flock, beside(tmp_path / "mine", "lock")
    times: list[int] = []

    def others_end_first(opened: int, how: int) -> None:
        if not times:
            lock.unlink()
        times.append(how)
        flock(opened, how)

    monkeypatch.setattr(fcntl, "flock", others_end_first)
    with alone(tmp_path / "mine"):
        assert len(times) == 2
        assert lock.read_text(encoding="ascii") == str(os.getpid())
    assert names(tmp_path) == []


def test_without_locks_there_is_writing_but_no_sweeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", unknown)
    perhaps_at_work = tmp_path / ".other.starcast-0123abcd"
    perhaps_at_work.touch()
    with replace_file(tmp_path / "mine") as fresh:
        fresh.touch()
    assert names(tmp_path) == [perhaps_at_work.name, "mine"]


def test_a_link_in_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious", encoding="utf-8")
    beside(tmp_path / "mine", "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"), replace_file(tmp_path / "mine"):
        pass
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "precious"


def test_folders_above_stay_only_if_something_has_come_into_them(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), replace_folder(tmp_path / "a" / "b" / "mine"):
        raise RuntimeError
    assert names(tmp_path) == []
    with replace_folder(tmp_path / "a" / "b" / "mine"):
        pass
    assert names(tmp_path / "a" / "b") == ["mine"]


@pytest.mark.parametrize(("place", "said"), [("folder", "Is a dir"), ("a/mine", "No such file")])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=said), replace_file(tmp_path / place):
        pytest.fail("it was written")
    assert names(tmp_path) == ["folder"]


def test_what_a_link_points_to_is_replaced_and_the_link_kept(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/mine")
    with replace_file(tmp_path / "link") as fresh:
        fresh.write_text("new", encoding="utf-8")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "mine").read_text(encoding="utf-8") == "new"


def test_a_circle_of_links_is_an_error_like_others(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for replace in (replace_file, replace_folder):
        with pytest.raises(OSError), replace(tmp_path / "a" / "mine"):
            pass


def test_special_files_are_not_waited_for(tmp_path: Path) -> None:
    with replace_folder(tmp_path / "mine") as fresh:
        os.mkfifo(fresh / "pipe")
    assert names(tmp_path / "mine") == ["pipe"]


def test_a_lock_that_cannot_be_written_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk, where a name can still be made."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"), replace_file(tmp_path / "mine"):
        pytest.fail("it was written")
    assert names(tmp_path) == []
