"""`devchat completion`: the script by which a shell completes devchat's command lines."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

_BASH = r"""# Tab completes devchat's command lines in bash. Written by `devchat completion bash`.
_devchat() {
    local answer line how=
    COMPREPLY=()
    answer=$(command DEVCHAT __complete bash "$2" "${COMP_TYPE:-9}" "${COMP_LINE:0:COMP_POINT}" \
        2>/dev/null </dev/null) || return 0
    while IFS= read -r line; do
        if [[ -z $how ]]; then how=$line; else COMPREPLY+=("$line"); fi
    done <<< "$answer"
    # The bash of macOS has no compopt; there, file names are completed where nothing else is.
    [[ $how == *files* ]] || compopt +o default 2>/dev/null
    [[ $how == *nospace* ]] && compopt -o nospace 2>/dev/null
    compopt -o nosort 2>/dev/null
    return 0
}
complete -o default -F _devchat devchat
"""
_ZSH = r"""#compdef devchat
# Tab completes devchat's command lines in zsh. Written by `devchat completion zsh`.
_devchat() {
    local answer line
    local -a words_only to_go_on
    answer=$(command DEVCHAT __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" \
        2>/dev/null </dev/null) || { _files; return }
    for line in "${(@f)answer}"; do
        case $line in
            (' '*) words_only+=("${line[2,-1]}") ;;
            ('+'*) to_go_on+=("${line[2,-1]}") ;;
            (*files*) [[ $PREFIX == --*=* ]] && compset -P '*='; _files; return ;;
        esac
    done
    (( $#words_only )) && _describe -V 'devchat' words_only
    (( $#to_go_on )) && _describe -V 'devchat, to go on' to_go_on -S ''
    return 0
}
if [[ $funcstack[1] == _devchat ]]; then
    _devchat "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef _devchat devchat
fi
"""
_FISH = r"""# Tab completes devchat's command lines in fish. Written by `devchat completion fish`.
function __devchat_asks
    set -l before (commandline -opc)
    set -l last (commandline -ct)
    set -g __devchat_answer (command DEVCHAT __complete fish $before[2..-1] "$last" \
        2>/dev/null </dev/null)
    and not string match -q '*files*' -- $__devchat_answer[1]
end
complete -c devchat -e
complete -c devchat -n __devchat_asks -f -k -a '$__devchat_answer[2..-1]'
"""
SCRIPTS: Mapping[str, str] = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")
    ],
) -> None:
    """Print the script by which Tab completes devchat in your shell.

    \b
    bash: eval "$(devchat completion bash)"     in ~/.bashrc
    zsh:  eval "$(devchat completion zsh)"      in ~/.zshrc, after compinit
    fish: devchat completion fish | source      in ~/.config/fish/config.fish
    """
    print(SCRIPTS[shell].replace("DEVCHAT", _called()), end="")


def _called() -> str:
    """Return how a shell calls this devchat: by its name where that leads here, else by its path.

    Never what the user has just typed: Tab must not run a file that only looks like devchat.
    """
    here, found = Path(sys.argv[0]), shutil.which("devchat")
    if here.name == "__main__.py":
        return shlex.join([sys.executable, "-m", "devchat"])
    if found and Path(found).resolve() == here.resolve():
        return "devchat"
    return shlex.quote(str(here.absolute()))
