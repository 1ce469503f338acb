/** `kubectl-prune completion`: the script that makes a shell ask `kubectl-prune __complete`. */
import { exitCodes, Refused, type Command } from './command.ts';
import { parseWithName, seeHelp } from './flags.ts';

/** kubectl runs this name for the completion of `kubectl prune`. */
export const kubectlCompletion = 'kubectl_complete-prune';

const scripts = {
  bash: `_kubectl_prune() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :0) compopt -o default ;;
      :*) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kubectl_prune kubectl-prune
`,
  zsh: `#compdef kubectl-prune
_kubectl_prune() {
  local line
  local -a found
  while IFS= read -r line; do
    case $line in
      :0) _files; return ;;
      :*) ;;
      *) found+=("\${\${line//:/\\\\:}/$'\\t'/:}") ;;
    esac
  done < <($words[1] __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe kubectl-prune found
}
compdef _kubectl_prune kubectl-prune
`,
  fish: `function __kubectl_prune
  set -l words (commandline -opc)
  for line in ($words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path (commandline -ct)
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c kubectl-prune -f -a '(__kubectl_prune)'
`,
} as const;

const shells = ['bash', 'zsh', 'fish'] as const;

const described = {
  name: 'completion',
  summary: 'print the completion script of a shell',
  usage: ['bash | zsh | fish'],
  about: `Completes commands, flags and the names of PruneJobs. For \`kubectl prune\` a link is enough, because kubectl's own completion
asks a program of that name: ln -s kubectl-prune ${kubectlCompletion}, beside it on the PATH.`,
  words: shells,
  flags: {},
  examples: ['source <(kubectl-prune completion bash)', 'source <(kubectl-prune completion zsh)', 'kubectl-prune completion fish | source'],
} as const;

export const completion: Command = {
  ...described,
  run(args, terminal) {
    const { name } = parseWithName(described, args);
    const shell = shells.find((known) => known === name);
    if (shell === undefined) throw new Refused(`${name ?? 'Nothing'} is no shell that is known; write bash, zsh or fish. ${seeHelp(described)}`);
    terminal.out(scripts[shell]);
    return exitCodes.done;
  },
};
