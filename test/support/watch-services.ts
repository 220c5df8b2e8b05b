import type { DeploySite } from './deploy-site.ts'

/** Asks all the time, until it is stopped: how many services did not answer, at worst. */
export function watchServices(site: Pick<DeploySite, 'running'>) {
  let [most, stopped] = [0, false]
  const watching = (async () => {
    while (!stopped) {
      const running = await site.running()
      most = Math.max(most, running.filter((one) => one === undefined).length)
    }
  })()
  return {
    stop: async () => {
      stopped = true
      await watching
      return most
    },
  }
}
