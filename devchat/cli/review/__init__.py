"""`devchat review`: review a change, and show what was found with a receipt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from devchat.cli.here import here
from devchat.cli.options import DryRun, Model, Seed, Temperature, load_settings

Level = Literal["error", "warning", "note"]


def review(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[REVISION_RANGE | PATCHFILE | -]",
            help="Revisions as for `git diff`, a patch file, or - for a patch on standard input;"
            " without any, what is piped in, else the current branch and uncommitted work.",
        ),
    ] = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="Review what the next commit would hold.")
    ] = False,
    worktree: Annotated[
        bool, typer.Option("--worktree", help="Review what is changed and not staged.")
    ] = False,
    path: Annotated[
        list[str] | None,
        typer.Option("--path", metavar="GLOB", help="Only files like this, as in .gitignore."),
    ] = None,
    form: Annotated[
        Literal["text", "json", "markdown", "sarif", "github"],
        typer.Option("--format", help="github: annotations, by workflow commands."),
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the review into a file."),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option(help="Exit with 1 for findings as bad as this, or worse."),
    ] = "error",
    min_severity: Annotated[
        Level | None, typer.Option(help="Leave out findings that are less bad.")
    ] = None,
    max_findings: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Show so many, and count the rest. [default: 5]"),
    ] = None,
    model: Model = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Let only analyzers look; ask no model.")
    ] = False,
    model_findings: Annotated[
        bool, typer.Option("--model-findings", help="Let a tiny model find too, often wrongly.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Have a large model look twice at each finding.")
    ] = False,
    shots: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="How many of the prompt's examples to send along."),
    ] = None,
    temperature: Temperature = None,
    seed: Seed = None,
    trust_worktree_config: Annotated[
        bool,
        typer.Option(
            "--trust-worktree-config",
            help="Obey .devchat.toml as the change leaves it, not as it was before.",
        ),
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Review a change: what analyzers and a model find, on the lines it is about.

    Exits with 1 for errors (--fail-on chooses), and with 7 where a part of the review failed.
    Patches can be piped in, in any folder: git diff | devchat review
    """
    from devchat.cli.review.ending import check_output, exit_code
    from devchat.cli.review.reviewing import Wanted, check_model, run
    from devchat.cli.review.target import Target, read_target
    from devchat.review import Wishes

    if no_model:
        check_model({"--model": model, "--model-findings": model_findings, "--verify": verify})
    loaded = load_settings(model, temperature, None)
    wishes = Wishes(
        min_severity=min_severity,
        max_findings=max_findings,
        paths=tuple(path or ()),
        model_findings=model_findings,
        verify=verify,
        shots=shots,
        temperature=loaded.settings.temperature,
        seed=seed,
        trust_worktree=trust_worktree_config,
    )
    wanted = Wanted(form, output, wishes, no_model, dry_run)
    check_output(output)
    change, diff = read_target(Target(target, staged, worktree), here())
    done = run(change, diff, loaded, wanted, os.environ)
    return 0 if done is None else exit_code(done, fail_on)
