# SPDX-License-Identifier: Apache-2.0
"""The shell speaks the language of LANG, and English where it has no words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polib
import pytest
from cockpit_rhv import cli
from cockpit_rhv.i18n import translator
from cockpit_rhv.messages import msg

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locale" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    for english, text in {
        "There is no job {job}.": "No existe la tarea {job}.",
        "Phase {number}": "Fase {numero}",
        "Error: {sentence}": "Error: {sentence}",
        "List the jobs of this host.": "Listar las tareas de este anfitri\u00f3n.",
    }.items():
        catalogue.append(polib.POEntry(msgid=english, msgstr=text))
    catalogue.save_as_mofile(str(folder / "cockpit-rhv.mo"))
    monkeypatch.setenv("COCKPIT_RHV_DATA", str(tmp_path))
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "es_ES.UTF-8")


@pytest.mark.usefixtures("spanish")
def test_the_catalogue_of_lang_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    no_job = msg("job.not_found", "There is no job {job}.", job="x")
    assert translator()(no_job) == "No existe la tarea x."
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert translator()(no_job) == "There is no job x."
    monkeypatch.setenv("LANG", "C")
    assert translator()(no_job) == "There is no job x."


@pytest.mark.usefixtures("spanish")
def test_a_sentence_without_translation_stays_english_and_a_broken_one_too() -> None:
    assert translator()(msg("x", "Not in the catalogue.")) == "Not in the catalogue."
    assert translator()(msg("x", "Phase {number}", number=3)) == "Phase 3"
    assert translator()(msg("x", "")) == ""


@pytest.mark.usefixtures("spanish")
def test_errors_and_help_are_translated(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs", "nothing"]) == 3
    assert "No existe la tarea nothing." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "Listar las tareas" in capsys.readouterr().out


def test_wrong_usage_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [],
        ["nonsense"],
        ["deploy", "--admin-password-stdin", "--admin-password-fd", "3"],
        ["deploy", "--admin-password-stdin", "--answers", "-"],
    ):
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        assert caught.value.code == 2
    assert "cockpit-rhv" in capsys.readouterr().err
