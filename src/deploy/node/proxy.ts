import { quote } from './shell.ts'

/** A way to the indexes that one run has: a proxy on the loopback of the node, for whoever knows its password. */
export interface NodeProxy {
  readonly port: number
  readonly password: string
}

export const proxyUser = 'wheelhouse'

/** As installers take it, from the environment. */
export function proxyUrl({ port, password }: NodeProxy): string {
  return `http://${proxyUser}:${password}@127.0.0.1:${port}`
}

/** Tells the proxy of a run that is under way, which it was started with; nothing of one that is not. */
export function keptProxyScript({ root, attempt }: { readonly root: string; readonly attempt: string }): string {
  return `run=${quote(`${root}/.wheelhouse/runs/${attempt}`)}; [ ! -d "$run/started" ] || cat "$run/proxy" 2>/dev/null || :`
}

/** The node could say anything. */
export function proxyIn(output: string): NodeProxy | undefined {
  const [, password, port] = /^http:\/\/wheelhouse:([0-9a-f]{48})@127\.0\.0\.1:([1-9]\d{0,4})\n?$/.exec(output) ?? []
  if (password === undefined || Number(port) > 65_535) return undefined
  return { port: Number(port), password }
}

/**
 * Sets the environment of a run that has a proxy, in both spellings that installers know, and for every host: NO_PROXY of the machine is for
 * its own network. As the way may be away until another worker has taken over, they try longer.
 */
export const proxyEnvironment = `if [ -f "$run/proxy" ]; then
  read -r proxy <"$run/proxy"
  export HTTP_PROXY="$proxy" http_proxy="$proxy" HTTPS_PROXY="$proxy" https_proxy="$proxy" NO_PROXY= no_proxy=
  export WHEELHOUSE_RETRIES=8
fi`
