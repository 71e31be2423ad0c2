/**
 * Completions for zsh.
 *
 * @module
 */

import { type CompletedCommand, type CompletedOption, spellings } from "./table.ts";

/**
 * Writes them.
 *
 * @param commands What is completed.
 * @returns A file for a folder of `fpath`, which can be sourced too.
 */
export function zshCompletions(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, takes }) => {
    const specs = options.flatMap(optionSpecs);
    specs.push(takes === "file" ? "'*:file:_files'" : `'*:word:(${takes.join(" ")})'`);
    return `    ${name}) _arguments ${specs.join(" ")} ;;`;
  });
  const names = commands.map(({ name }) => name).join(" ");
  return `#compdef bonsai
# Completions of bonsai for zsh: put this file as _bonsai into a folder of fpath, or source it after compinit.
_bonsai() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments --help --version
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
    help) _arguments ':command:(${names})' ;;
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _bonsai ]; then _bonsai "$@"; else compdef _bonsai bonsai; fi`;
}

function optionSpecs(option: CompletedOption): string[] {
  const { name, type, choices } = option;
  const value = type === "boolean" ? "" : `:${name}:${choices ? `(${choices.join(" ")})` : "_files"}`;
  return spellings(option).map((spelling) => `'${spelling}${value}'`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
