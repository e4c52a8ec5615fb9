"""Generated files are committed, and current."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fermata.config.generated import GeneratedFile
from fermata.config.management.commands import diagrams, openapi, permissions
from fermata.machine.states import EXECUTION_MOVES, STEP_MOVES


@pytest.mark.parametrize("name", ["diagrams", "openapi", "permissions"])
def test_the_committed_file_is_what_the_command_would_write(name: str) -> None:
    call_command(name, "--check")


@pytest.mark.parametrize("command", [diagrams.Command, openapi.Command, permissions.Command])
def test_check_refuses_a_file_that_drifted_and_writing_mends_it(
    command: type[GeneratedFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / command.path.name
    monkeypatch.setattr(command, "path", path)
    with pytest.raises(CommandError, match="run: python manage"):
        call_command(command(), "--check")
    assert not path.exists()
    call_command(command())
    call_command(command(), "--check")
    path.write_text(path.read_text() + "\n")
    with pytest.raises(CommandError, match=f"{path.name} is out of date"):
        call_command(command(), "--check")


def test_every_legal_move_is_drawn() -> None:
    page = diagrams.Command().render()
    for moves in (EXECUTION_MOVES, STEP_MOVES):
        for state, targets in moves.items():
            for target in targets or ("[*]",):
                assert f"    {state} --> {target}\n" in page
