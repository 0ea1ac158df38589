#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion of the program's commands, options and ops in a shell, from what the program says of itself.

    flow/completion.py          writes scripts/completion/perimeter.bash and _perimeter (zsh) anew
    flow/completion.py check    TAP: they are what would be written
"""

import re

from catalogue import ops, perimeter
from common import Failure, Tap, program, read, write

HEAD = "# SPDX-License-Identifier: Apache-2.0\n# By flow/completion.py.\n"
FOLDER = "scripts/completion"

BASH = r"""
_perimeter() {
    COMPREPLY=()
    local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option= key= op= i=$((COMP_CWORD - 1))
    # The shell takes NAME=VALUE apart.
    if [[ $cur == = ]]; then
        cur= key=${COMP_WORDS[COMP_CWORD - 1]}
    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        key=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == *=* ]]; then
        key=${cur%%=*} cur=${cur#*=}
    fi
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "$(_perimeter_of commands) --help --version" -- "$cur"))
        return
    fi
    if [[ $key == --* ]]; then
        option=$key key=
    else # the last option, which may take several values
        while ((i > 1)); do
            [[ ${COMP_WORDS[i]} == -* ]] && option=${COMP_WORDS[i]} && break
            i=$((i - 1))
        done
        # One that takes a single value has it already, or is a switch.
        case $option in
        -i | --in | -o | --out | -s | --set) [[ $command == op ]] || ((i == COMP_CWORD - 1)) || [[ $key ]] || option= ;;
        *) ((i == COMP_CWORD - 1)) || { [[ $key && $option == --place ]]; } || option= ;;
        esac
        [[ $option && -z $(_perimeter_of "takes-$command" "$option") && $option != -[ioswxeh] ]] && option=
    fi
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(_perimeter_of "options-$command")" -- "$cur"))
        return
    fi
    if [[ $command == op ]]; then
        for ((i = 2; i < COMP_CWORD; i++)); do
            [[ -n $(_perimeter_of "in-${COMP_WORDS[i]}")$(_perimeter_of "out-${COMP_WORDS[i]}") ]] && op=${COMP_WORDS[i]} && break
        done
        case $option in
        -e) option=--engine ;;
        -i | --in) [[ $key ]] || { _perimeter_keys "in-$op" "$cur"; return; } ;;
        -o | --out) [[ $key ]] || { _perimeter_keys "out-$op" "$cur"; return; } ;;
        -s | --set)
            if [[ $key ]]; then COMPREPLY=($(compgen -W "$(_perimeter_of "value-$op" "$key")" -- "$cur")); else _perimeter_keys "set-$op" "$cur"; fi
            return
            ;;
        -x | --sample)
            COMPREPLY=($(compgen -W "$(_perimeter_of "sample-$op")" -- "$cur"))
            return
            ;;
        '')
            if [[ -z $op ]]; then
                COMPREPLY=($(compgen -W "$(_perimeter_of ops)" -- "$cur"))
                return
            fi
            ;;
        esac
    elif [[ $option == --place && $key ]]; then
        COMPREPLY=($(compgen -W "$(_perimeter_of systems)" -- "$cur"))
        return
    elif [[ $option == --set && $command != chip ]]; then
        [[ $key ]] || _perimeter_keys settings "$cur"
        return
    fi
    case $(_perimeter_of "takes-$command" "$option") in
    *'|'*) COMPREPLY=($(compgen -W "$(_perimeter_of "takes-$command" "$option" | tr '|' ' ')" -- "$cur")) ;;
    '' | file) COMPREPLY=($(compgen -f -- "$cur")) ;;
    esac
}
_perimeter_keys() { # LIST CUR: names that a value follows
    COMPREPLY=($(compgen -W "$(_perimeter_of "$1")" -S = -- "$2"))
    compopt -o nospace 2>/dev/null || true
}
"""
TAIL = "complete -o filenames -F _perimeter perimeter\n"


def commands() -> list[str]:
    listing = perimeter("--help")
    return re.findall(r"^  (\w+) +\S", listing[listing.index("Commands:") :], re.MULTILINE)


def options(command: str) -> dict[str, str]:
    """Each long option, and what it takes: nothing, choices, a file, or a value of its own."""
    found = {}
    for name, value in re.findall(r"^ +(?:-\w(?:=\S+)?, +)?--([a-z0-9-]+)(?:=(\S+))?", perimeter(command, "--help"), re.MULTILINE):
        alternatives = "|" in value and re.fullmatch(r"[\w.|-]+", value)
        found[name] = value if alternatives else "file" if re.search(r"FILE|DIR|\.\w+$", value) else "value" if value else ""
    return found


def table() -> list[tuple[str, str]]:
    """What _perimeter_of knows: a question, its answer."""
    catalogue = ops()
    said = perimeter("run", "--help")
    said = said[said.index("Systems and their settings:") :]
    rows = [("commands", " ".join(commands())), ("ops", " ".join(op["name"] for op in catalogue))]
    rows += [("systems", " ".join(re.findall(r"^  (\w+) ", said, re.MULTILINE))), ("settings", " ".join(re.findall(r"^    (\w+\.[\w-]+) ", said, re.MULTILINE)))]
    for command in commands():
        own = options(command)
        rows.append((f"options-{command}", " ".join(f"--{name}" for name in own)))
        rows += [(f"takes-{command} --{name}", value) for name, value in own.items() if value]
    for op in catalogue:
        rows.append((f"in-{op['name']}", " ".join(tensor["name"] for tensor in op["in"])))
        rows.append((f"out-{op['name']}", " ".join(tensor["name"] for tensor in op["out"])))
        rows.append((f"set-{op['name']}", " ".join(setting["name"] for setting in op["set"])))
        rows.append((f"sample-{op['name']}", " ".join(sample["name"] for sample in op["samples"])))
        rows += [(f"value-{op['name']} {s['name']}", s["range"].replace("|", " ")) for s in op["set"] if re.fullmatch(r"[\w.|-]+", s["range"]) and "|" in s["range"]]
    for question, answer in rows:
        if re.search(r"['\\$`\"]", question + answer):
            raise Failure(f"{question}: {answer}: a shell would read it")
    return [row for row in rows if row[1]]


def files() -> dict[str, str]:
    cases = "".join(f"    '{question}') echo '{answer}' ;;\n" for question, answer in table())
    bash = f'{HEAD}# perimeter in bash: source it, or put it where bash-completion looks.\n{BASH.lstrip()}_perimeter_of() {{ # QUESTION [ABOUT]\n    case "$*" in\n{cases}    esac\n}}\n{TAIL}'
    zsh = f'#compdef perimeter\n{HEAD}# perimeter in zsh, by what bash has beside it: a folder of $fpath has both.\nautoload -Uz bashcompinit && bashcompinit\nsource "${{${{(%):-%x}}:A:h}}/perimeter.bash"\n_bash_complete -o filenames -F _perimeter perimeter\n'
    return {f"{FOLDER}/perimeter.bash": bash, f"{FOLDER}/_perimeter": zsh}


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            for path, text in files().items():
                write(path, text)
        case ["check"]:
            tap = Tap()
            for path, text in files().items():
                tap(read(path) == text, f"{path} is what flow/completion.py writes")
            return tap.failed
        case _:
            raise Failure("arguments: none or check")
    return 0


if __name__ == "__main__":
    program(main)
