/** Completion scripts: commands, options, and the ids of the routes, which are read from the table at the time. */

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly name: string; readonly description: string }[];
  readonly takesRoutes: boolean;
}

const ROUTES = 'c2s-facade complete-routes 2>/dev/null';

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, takesRoutes }) => {
    const words = options.map((option) => option.name).join(' ');
    const routes = takesRoutes ? ` $(${ROUTES})` : '';
    return `    ${name}) words="${words}${routes}" ;;`;
  });
  return `# c2s-facade completion for bash: source <(c2s-facade completion bash)
_c2s_facade() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_CWORD}:\${COMP_WORDS[1]}" in
    1:*) words="${commands.map(({ name }) => name).join(' ')}" ;;
    *) case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _c2s_facade c2s-facade
`;
}

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options, takesRoutes }) => {
    const words = options.map((option) => quoted(`${option.name}:${option.description}`)).join(' ');
    const routes = takesRoutes ? ` compadd -- $(${ROUTES});` : '';
    return `    ${name}) options=(${words});${routes} _describe option options ;;`;
  });
  return `#compdef c2s-facade
# c2s-facade completion for zsh: source <(c2s-facade completion zsh)
_c2s_facade() {
  local -a commands options
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
}
compdef _c2s_facade c2s-facade
`;
}

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options, takesRoutes }) => {
    const here = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c c2s-facade -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...options.map(
        (option) => `complete -c c2s-facade ${here} -l ${option.name.slice(2)} -d ${quoted(option.description)}`,
      ),
      ...(takesRoutes ? [`complete -c c2s-facade ${here} -a ${quoted(`(${ROUTES})`)}`] : []),
    ];
  });
  return `# c2s-facade completion for fish: c2s-facade completion fish | source
complete -c c2s-facade -f
${lines.join('\n')}
`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
