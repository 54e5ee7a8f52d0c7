/**
 * What makes a shell complete `octolink`. The scripts know no command: they ask the program itself, so that they are
 * never older than its grammar, and names of peers and interfaces come from the running daemon.
 */

export const SHELLS = {
  bash: `# Completion of octolink for bash: eval "$(octolink completion bash)"
_octolink() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _octolink octolink
`,
  zsh: `#compdef octolink
# Completion of octolink for zsh: eval "$(octolink completion zsh)"
_octolink() {
  local line tab=$'\\t'
  local -a found
  for line in "\${(@f)$("\${words[1]}" --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$tab*}//:/\\\\:}:\${line#*$tab}")
  done
  if (( $#found )); then _describe octolink found; else _files; fi
}
if [[ $funcstack[1] == _octolink ]]; then _octolink "$@"; else compdef _octolink octolink; fi
`,
  fish: `# Completion of octolink for fish: octolink completion fish | source
complete -c octolink -s f -r -F
complete -c octolink -s C -r -F
complete -c octolink -f -k -a '(octolink --complete (commandline -opc)[2..-1] "$(commandline -ct)" 2>/dev/null)'
`,
} as const;
