/**
 * Completions for bash.
 *
 * @module
 */

import { type CompletedCommand, spellings } from "./table.ts";

const FILES = "_bonsai_files";

/**
 * Writes them.
 *
 * @param commands What is completed.
 * @returns A script to be sourced.
 */
export function bashCompletions(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, takes }) => {
    const valued = options.filter(({ type }) => type === "string");
    const values = valued.flatMap((option) =>
      option.choices ? [`        ${spellings(option).join("|")}) ${words(option.choices)}; return ;;`] : []
    );
    const others = valued.filter(({ choices }) => !choices).flatMap(spellings);
    if (others.length > 0) values.push(`        ${others.join("|")}) ${FILES}; return ;;`);
    const previous = values.length > 0 ? `      case "$previous" in\n${values.join("\n")}\n      esac\n` : "";
    const all = options.map(({ name }) => `--${name}`);
    return `    ${name})
${previous}      case "$word" in
        -*) ${words(all)} ;;
        *) ${takes === "file" ? FILES : words(takes)} ;;
      esac ;;`;
  });
  const names = commands.map(({ name }) => name);
  return `# Completions of bonsai for bash: source this file, or put it where bash-completion looks.
_bonsai() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  _bonsai_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }
  _bonsai_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); }
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${words([...names, "help", "--help", "--version"])}
    return
  fi
  case "\${COMP_WORDS[1]}" in
    help) ${words(names)} ;;
${cases.join("\n")}
  esac
}
complete -F _bonsai bonsai`;
}

function words(list: readonly string[]): string {
  return `_bonsai_words "${list.join(" ")}"`;
}
